"""TODO"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_shape, check_sizes
from rnncourse.reference.gates import sigmoid
from rnncourse.reference.torch_names import layer_arrays, read_layer


class Params(NamedTuple):
    """Weights of one layer: ``W_xh (4H, D)``, ``W_hh (4H, H)``, ``b_h (4H,)``; gradients use it too."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray

    @classmethod
    def from_torch(cls, source: Any, layer: str = "l0") -> "Params":
        """Copy one layer of ``torch.nn.LSTM`` (or of ``rnncourse.nn.LSTM``): a module or its state_dict.

        ``layer`` is the ending of the names: ``"l0"``, ``"l1"``, ``"l0_reverse"`` ...  Raises a
        ``ValueError`` when the layer is not there or has a projection (``proj_size``).
        """
        W_xh, W_hh, bias_ih, bias_hh = read_layer(source, layer)
        return cls(W_xh, W_hh, bias_ih + bias_hh)  # only their sum can matter

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under ``torch.nn.LSTM``'s names; ``bias_hh`` is zero, ``bias_ih`` holds ``b_h``."""
        return layer_arrays(layer, self.W_xh, self.W_hh, self.b_h, np.zeros_like(self.b_h))


def check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
    check_shape("W_hh", params.W_hh, "4H", "H")
    H = params.W_hh.shape[1]
    check_shape("W_hh", params.W_hh, 4 * H, H)
    check_shape("W_xh", params.W_xh, 4 * H, "D")
    check_shape("b_h", params.b_h, 4 * H)
    return params.W_xh.shape[1], H


def init(
    rng: np.random.Generator, input_size: int, hidden_size: int, dtype: DTypeLike = np.float64
) -> Params:
    """Draw fresh weights, uniform in ``+-1/sqrt(hidden_size)``, the range that ``torch.nn.LSTM`` uses.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    check_sizes(input_size=input_size, hidden_size=hidden_size)
    bound = 1 / np.sqrt(hidden_size)
    shapes = [(4 * hidden_size, input_size), (4 * hidden_size, hidden_size), (4 * hidden_size,)]
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def _gates(params: Params, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray) -> list[np.ndarray]:
    """Check one step's arguments and return its i, f, g, o, each ``(B, H)``."""
    D, H = check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    check_shape("c_prev", c_prev, len(x_t), H)
    a_t = x_t @ params.W_xh.T + h_prev @ params.W_hh.T + params.b_h  # (B, 4H)
    i, f, g, o = np.split(a_t, 4, axis=1)
    return [sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)]


def step(
    params: Params, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take one step: ``c_t = f * c_prev + i * g`` and ``h_t = o * tanh(c_t)``.

    Parameters
    ----------
    params : Params
        ``W_xh (4H, D)``, ``W_hh (4H, H)``, ``b_h (4H,)``, gates in the order i, f, g, o.
    x_t : array (B, D)
        The input of this step.
    h_prev, c_prev : arrays (B, H)
        Both parts of the state that the step before left behind.

    Returns
    -------
    h_t, c_t : arrays (B, H)
    """
    i, f, g, o = _gates(params, x_t, h_prev, c_prev)
    c_t = f * c_prev + i * g
    return o * np.tanh(c_t), c_t


def step_backward(
    params: Params,
    dh_t: np.ndarray,
    dc_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Params]:
    """Go back through one step.

    Parameters
    ----------
    params, x_t, h_prev, c_prev
        What ``step`` was given.
    dh_t : array (B, H)
        The *total* derivative of the loss with respect to ``h_t``.
    dc_t : array (B, H)
        What reaches ``c_t`` from later steps, *without* the path through ``h_t``: that path lies
        inside this step and is added here.

    Returns
    -------
    dx_t : array (B, D)
    dh_prev, dc_prev : arrays (B, H)
        What reaches the state before by way of this step.
    dparams : Params
        This step's share of the weight gradients, summed over the batch.
    """
    i, f, g, o = _gates(params, x_t, h_prev, c_prev)
    check_shape("dh_t", dh_t, *h_prev.shape)
    check_shape("dc_t", dc_t, *h_prev.shape)
    tanh_c = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - tanh_c**2)  # through c_{t+1}, and through h_t
    da_t = np.concatenate(
        [
            dc * g * i * (1 - i),
            dc * c_prev * f * (1 - f),
            dc * i * (1 - g**2),
            dh_t * tanh_c * o * (1 - o),
        ],
        axis=1,
    )  # (B, 4H)
    dparams = Params(W_xh=da_t.T @ x_t, W_hh=da_t.T @ h_prev, b_h=da_t.sum(axis=0))
    return da_t @ params.W_xh, da_t @ params.W_hh, dc * f, dparams


