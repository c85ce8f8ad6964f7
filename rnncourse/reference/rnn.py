r"""The simple (Elman) recurrent network, (R1) and (R2), with its backward pass derived by hand.

.. math::

    a_t &= W_{xh} x_t + W_{hh} h_{t-1} + b_h && (R1) \\
    h_t &= \tanh(a_t)                        && (R2)

``step`` is the equation as it is read; ``forward`` computes the same numbers faster.  Two things make
it fast: the product with the inputs does not depend on the state, so it is one large matrix product
before the loop; and the weight gradients are sums over time, so each is one large matrix product
after the loop.

Going back: direct and total
----------------------------
The loss sees ``h_t`` along two paths: directly, through what is read out at step t, and through
``h_{t+1}`` and all that follows.  Call the first part the *direct* derivative; it is what the caller
hands in as ``dh[t]``.  The *total* derivative is the sum of both,

.. math::

    \delta_t = \underbrace{\partial L / \partial h_t}_{\text{direct}}
        + \underbrace{W_{hh}^\top \bigl(\delta_{t+1} \odot \tanh'(a_{t+1})\bigr)}_{\text{through } h_{t+1}} ,

and the second part is why the loop runs backwards; at the last step there is no second part.  tanh is
cheap to differentiate because its derivative can be read off its value:
``tanh'(a) = 1 - tanh(a)**2 = 1 - h**2``.  Every parameter is used once per step, so its gradient is the
sum of what the steps contribute.

Sources: Elman 1990 [elman1990finding] for the network, Werbos 1990 [werbos1990backpropagation] and
Goodfellow et al. 2016, section 10.2 [goodfellow2016deep] for the backward pass.  Weights are laid out
as in ``torch.nn.RNN``, whose two biases are one here.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import check_shape, check_window, copy_unmasked, float_dtype
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
        W_xh, W_hh, bias_ih, bias_hh = read_layer(source, layer)
        # Torch adds two biases (cuDNN wants both); only their sum can matter
        return cls(W_xh, W_hh, bias_ih + bias_hh)

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under ``torch.nn.RNN``'s names; ``bias_hh`` is zero, ``bias_ih`` holds ``b_h``."""
        return layer_arrays(layer, self.W_xh, self.W_hh, self.b_h, np.zeros_like(self.b_h))


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own."""

    params: Params
    x: np.ndarray  # (T, B, D), zero where the mask is zero
    states: np.ndarray  # (T + 1, B, H): h0 first, so states[t] is what step t starts from
    skipped: np.ndarray | None  # (T, B, 1), True where the state was carried over
    nonlinearity: str


# name -> (the function, its derivative written in terms of its value)
_Function = Callable[..., np.ndarray]
_NONLINEARITIES: dict[str, tuple[_Function, _Function]] = {
    "tanh": (np.tanh, lambda h: 1 - h * h),
    "relu": (lambda a, out=None: np.maximum(a, 0, out=out), lambda h: (h > 0).astype(h.dtype)),
}


def _nonlinearity(name: str) -> tuple[_Function, _Function]:
    if name not in _NONLINEARITIES:
        raise ValueError(f"nonlinearity should be 'tanh' or 'relu', got {name!r}")
    return _NONLINEARITIES[name]


def slope(h: np.ndarray, nonlinearity: str = "tanh") -> np.ndarray:
    """Return the derivative of ``"tanh"`` or ``"relu"`` where its value is ``h``; same shape."""
    return _nonlinearity(nonlinearity)[1](h)


def _check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
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
    D, H = _check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    function, _ = _nonlinearity(nonlinearity)
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
    """Go back through one step.

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
    D, H = _check_params(params)
    check_shape("x_t", x_t, "B", D)
    for name, array in (("dh_t", dh_t), ("h_prev", h_prev), ("h_t", h_t)):
        check_shape(name, array, len(x_t), H)
    _, derivative = _nonlinearity(nonlinearity)
    da_t = dh_t * derivative(h_t)  # back through (R2)
    # Back through (R1).  Forward multiplied by W.T, so the gradient is multiplied by W.
    dparams = Params(W_xh=da_t.T @ x_t, W_hh=da_t.T @ h_prev, b_h=da_t.sum(axis=0))
    return da_t @ params.W_xh, da_t @ params.W_hh, dparams


def forward(
    params: Params,
    x: np.ndarray,
    h0: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    nonlinearity: str = "tanh",
) -> tuple[np.ndarray, Cache]:
    """Run the recurrence (R1), (R2) over a whole sequence.

    Parameters
    ----------
    params : Params
        ``W_xh (H, D)``, ``W_hh (H, H)``, ``b_h (H,)``.
    x : array (T, B, D)
        The inputs, time first.
    h0 : array (B, H), optional
        The state before the first step; zeros when left out.
    mask : array (T, B) of numbers or booleans, optional
        Where it is 0, the step does not happen: the state is carried over unchanged, and what stands
        in ``x`` (even NaN) does not matter.
    nonlinearity : {"tanh", "relu"}
        The function in (R2).

    Returns
    -------
    h : array (T, B, H)
        The state after every step; ``h[-1]`` is the last state, padding or not.
    cache : Cache
        For ``backward``.

    Raises
    ------
    ValueError
        ``"x should have shape (T, B, 3), got ..."`` and the like.
    """
    D, H = _check_params(params)
    check_shape("x", x, "T", "B", D)
    T, B, _ = x.shape
    function, _ = _nonlinearity(nonlinearity)
    if h0 is None:
        h0 = np.zeros((B, H), float_dtype(x, *params))
    check_shape("h0", h0, B, H)
    dtype = float_dtype(x, h0, *params)

    # Copies: backward must find what forward saw, whatever the caller does in between.
    params = Params(*(np.array(p, dtype, order="C") for p in params))
    x, skipped = copy_unmasked(x, mask, dtype)

    states = np.empty((T + 1, B, H), dtype)
    states[0] = h0
    # (R1), first and last term, for all steps in one product: they do not wait for any state.  They
    # are put where the states will stand, which saves a buffer as large as all states together.
    np.matmul(x.reshape(T * B, D), params.W_xh.T, out=states[1:].reshape(T * B, H))
    states[1:] += params.b_h
    W_hh_T = np.ascontiguousarray(params.W_hh.T)  # laid out for h @ W once, not at every step
    from_state = np.empty((B, H), dtype)
    for t in range(T):
        h_t = states[t + 1]
        np.matmul(states[t], W_hh_T, out=from_state)
        h_t += from_state  # (R1) is complete
        function(h_t, out=h_t)  # (R2)
        if skipped is not None:
            np.copyto(h_t, states[t], where=skipped[t])
    return states[1:].copy(), Cache(params, x, states, skipped, nonlinearity)


def backward(
    dh: np.ndarray, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Backpropagate through time.

    Parameters
    ----------
    dh : array (T, B, H)
        The *direct* derivative of the loss with respect to every ``h[t]``: what enters at step t from
        above, without what comes back from later steps.  The loop below adds that.
    cache : Cache
        What ``forward`` returned.
    window : int, optional
        Truncate: no gradient crosses from step t to t - 1 where ``t > 0`` and ``t % window == 0``
        (t counts from 0), as if the state had been detached between windows.

    Returns
    -------
    dx : array (T, B, D)
    dh0 : array (B, H)
        With ``window``, what reaches ``h0`` inside the first window.
    dparams : Params
        Gradients of ``W_xh``, ``W_hh`` and ``b_h``, summed over steps and batch.

    Raises
    ------
    ValueError
        When ``dh`` has another shape than ``h``, or ``window`` is below 1.
    """
    params, x, states, skipped, nonlinearity = cache
    T, B, D = x.shape
    H = states.shape[2]
    check_shape("dh", dh, T, B, H)
    check_window(window)
    _, derivative = _nonlinearity(nonlinearity)

    # da starts as the derivative of (R2) for all steps and becomes the gradient with respect to a_t.
    da = derivative(states[1:])  # (T, B, H)
    if skipped is not None:
        np.copyto(da, 0, where=skipped)  # a step that did not happen has no slope
    total = np.empty((B, H), states.dtype)
    carried = np.zeros((B, H), states.dtype)  # what later steps send back to h_t
    for t in reversed(range(T)):
        np.add(dh[t], carried, out=total, casting="same_kind")  # direct + carried = total
        da[t] *= total
        np.matmul(da[t], params.W_hh, out=carried)  # on its way to h_{t-1}
        if skipped is not None:
            carried += np.where(skipped[t], total, 0)  # h_t was h_{t-1}: all of it passes
        if window is not None and t > 0 and t % window == 0:
            carried[...] = 0

    # The sums over time: every step's outer product, all in one matrix product per weight.
    da_rows = da.reshape(T * B, H)
    dparams = Params(
        W_xh=da_rows.T @ x.reshape(T * B, D),
        W_hh=da_rows.T @ states[:-1].reshape(T * B, H),  # the state that each step *started* from
        b_h=da_rows.sum(axis=0),
    )
    return (da_rows @ params.W_xh).reshape(T, B, D), carried, dparams


def delay_line(
    delay: int, scale: float = 2.0**-10, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    r"""Build a network that repeats its input ``delay`` steps later, (R6).

    No training: the ``H = delay + 1`` units form a shift register.  Unit 0 takes the input in, and at
    every step unit i hands its value on to unit i + 1, which makes ``W_hh`` zero except for ones just
    below the diagonal,

    .. math::  W_{hh}[i + 1, i] = 1 , \qquad (R6)

    and the output reads the last unit.  What went in at step t stands in unit ``delay`` at step
    ``t + delay``.

    Every hand-over passes through tanh, which would bend the value; but near zero
    :math:`\tanh(a) = a - a^3/3 + \dots`, so a small value a loses only about :math:`a^3/3`.  The input
    is therefore scaled down on its way in and up again on its way out: over ``delay + 1`` steps the
    error is about :math:`(delay + 1)\,scale^2\,|x|^3/3`.  For \|x\| <= 0.01 that is 3e-7 per step with
    ``scale=1``, and 3e-13 with the default.  A power of two scales without any rounding.

    Parameters
    ----------
    delay : int
        Steps to wait; 0 puts out what comes in.
    scale : float
        What the input is multiplied by on its way in.
    dtype : dtype
        Of the weights.

    Returns
    -------
    W_xh (H, 1), W_hh (H, H), b_h (H,), W_hy (1, H), b_y (1,)
        For a zero initial state and the nonlinearity tanh.

    Raises
    ------
    ValueError
        ``"delay should be at least 0, got -1"``.
    """
    if delay < 0:
        raise ValueError(f"delay should be at least 0, got {delay}")
    H = delay + 1
    W_xh = np.zeros((H, 1), dtype)
    W_xh[0, 0] = scale
    W_hh = np.eye(H, k=-1, dtype=dtype)  # (R6): ones just below the diagonal
    W_hy = np.zeros((1, H), dtype)
    W_hy[0, delay] = 1 / scale
    return W_xh, W_hh, np.zeros(H, dtype), W_hy, np.zeros(1, dtype)
