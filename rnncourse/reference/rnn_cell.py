r"""One step of the simple (Elman) recurrent network, (R1) and (R2), there and back, (B4) to (B7).

.. math::

    a_t &= W_{xh} x_t + W_{hh} h_{t-1} + b_h && (R1) \\
    h_t &= \tanh(a_t)                        && (R2)

Whole sequences, quickly, are the work of ``rnncourse.reference.rnn``, which knows these names as well.
Weights are laid out as in ``torch.nn.RNN``, whose two biases are one here.

Source: Elman 1990 [elman1990finding].
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_draw, check_kind, check_shape
from rnncourse.reference.torch_names import layer_arrays, read_layer


class Params(NamedTuple):
    """Weights of one layer: ``W_xh (H, D)``, ``W_hh (H, H)``, ``b_h (H,)``; gradients use it too."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray

    @classmethod
    def from_torch(cls, source: Any, layer: str = "l0") -> "Params":
        """Copy the weights of one layer of ``torch.nn.RNN`` (or of ``rnncourse.nn.RNN``).

        Parameters
        ----------
        source : module or mapping
            A module, or its ``state_dict()``; the values may be tensors or NumPy arrays.
        layer : str
            The ending of the parameters' names: ``"l0"``, ``"l1"``, ``"l0_reverse"`` ...

        Raises
        ------
        ValueError
            ``"no weight_ih_l0 among ..."`` when the layer is not there.
        """
        W_xh, W_hh, bias_ih, bias_hh = read_layer(source, layer, gates=1)
        # Torch adds two biases (cuDNN wants both); only their sum can matter
        return cls(W_xh, W_hh, bias_ih + bias_hh)

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under ``torch.nn.RNN``'s names; ``bias_hh`` is zero, ``bias_ih`` holds ``b_h``."""
        return layer_arrays(layer, self.W_xh, self.W_hh, self.b_h, np.zeros_like(self.b_h))


# name -> (the function, its derivative written in terms of its value)
_Function = Callable[..., np.ndarray]
_NONLINEARITIES: dict[str, tuple[_Function, _Function]] = {
    "tanh": (np.tanh, lambda h: 1 - h * h),
    "relu": (lambda a, out=None: np.maximum(a, 0, out=out), lambda h: (h > 0).astype(h.dtype)),
}


def nonlinear(name: str) -> tuple[_Function, _Function]:
    """Return the function of (R2) and its derivative, the latter written in terms of ``h (..., H)``."""
    if name not in _NONLINEARITIES:
        raise ValueError(f"nonlinearity should be 'tanh' or 'relu', got {name!r}")
    return _NONLINEARITIES[name]


def slope(h: np.ndarray, nonlinearity: str = "tanh") -> np.ndarray:
    """Return the derivative of ``"tanh"`` or ``"relu"`` where its value is ``h``; same shape."""
    return nonlinear(nonlinearity)[1](h)


def check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
    check_kind("params", params, Params)
    check_shape("W_xh", params.W_xh, "H", "D")
    H, D = params.W_xh.shape
    check_shape("W_hh", params.W_hh, H, H)
    check_shape("b_h", params.b_h, H)
    return D, H


def init(
    rng: np.random.Generator, input_size: int, hidden_size: int, dtype: DTypeLike = np.float64
) -> Params:
    """Draw fresh weights, uniform in ``+-1/sqrt(hidden_size)``, the range that ``torch.nn.RNN`` uses.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    check_draw(rng, dtype, input_size=input_size, hidden_size=hidden_size)
    bound = 1 / np.sqrt(hidden_size)
    shapes = [(hidden_size, input_size), (hidden_size, hidden_size), (hidden_size,)]
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def step(params: Params, x_t: np.ndarray, h_prev: np.ndarray, nonlinearity: str = "tanh") -> np.ndarray:
    """Take one step, (R1) and (R2): ``h_t = tanh(W_xh x_t + W_hh h_prev + b_h)``.

    Parameters
    ----------
    params : Params
        ``W_xh (H, D)``, ``W_hh (H, H)``, ``b_h (H,)``.
    x_t : array (B, D)
        The input of this step.
    h_prev : array (B, H)
        The state that the step before left behind.
    nonlinearity : {"tanh", "relu"}
        The function in (R2).

    Returns
    -------
    h_t : array (B, H)
    """
    D, H = check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    function, _ = nonlinear(nonlinearity)
    a_t = x_t @ params.W_xh.T + h_prev @ params.W_hh.T + params.b_h  # (R1)
    return function(a_t)  # (R2)


def step_backward(
    params: Params,
    dh_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    h_t: np.ndarray,
    nonlinearity: str = "tanh",
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Go back through one step, (B4) to (B7).

    Parameters
    ----------
    params, x_t, h_prev, h_t, nonlinearity
        What ``step`` was given, and what it returned.
    dh_t : array (B, H)
        The *total* derivative of the loss with respect to ``h_t``.

    Returns
    -------
    dx_t : array (B, D)
    dh_prev : array (B, H)
        What reaches ``h_prev`` by way of this step.
    dparams : Params
        This step's share of the weight gradients, summed over the batch.
    """
    D, H = check_params(params)
    check_shape("x_t", x_t, "B", D)
    for name, array in (("dh_t", dh_t), ("h_prev", h_prev), ("h_t", h_t)):
        check_shape(name, array, len(x_t), H)
    _, derivative = nonlinear(nonlinearity)
    da_t = dh_t * derivative(h_t)  # (B4): back through (R2)
    # Back through (R1).  Forward multiplied by W.T, so the gradient is multiplied by W.
    dparams = Params(W_xh=da_t.T @ x_t, W_hh=da_t.T @ h_prev, b_h=da_t.sum(axis=0))  # (B7), one step of it
    return da_t @ params.W_xh, da_t @ params.W_hh, dparams  # (B6), (B5)
