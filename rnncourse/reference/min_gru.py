r"""minGRU: a GRU whose gate and candidate no longer look at the state; backward pass derived by hand.

.. math::

    z_t &= \sigma(W_{xz} x_t + b_z)                             && \text{(U16) gate: how much is new} \\
    n_t &= W_{xn} x_t + b_n                                     && \text{(U17) candidate: linear, no tanh} \\
    h_t &= (1 - z_t) \odot h_{t-1} + z_t \odot n_t              && \text{(U18) state}

There is no ``W_hh`` and no reset gate.  Given the inputs, ``h_t`` is a *linear* function of ``h_{t-1}``,
one unit at a time: every matrix product can be done for all steps at once, and what is left of the
recurrence is one multiplication and one addition per unit and step (and could even be done as a parallel
scan, as ``rnncourse.nn.MinGRU`` does).  The weights are stacked in the order z, n.

.. warning:: z is what is *new* here, as in the paper; in ``gru`` it is what is *kept*.

This is the plain form of the paper (its section 3.1).  The authors also give a second one that works with
logarithms; that needs a positive candidate, ``n + 1/2`` where n is positive and ``sigmoid(n)`` elsewhere,
which is another function, and logarithms cost accuracy.  In the plain form nothing can overflow: the
factors ``1 - z`` are below 1, and a product of many of them that becomes zero has rightly become zero.

Going back
----------
The loss sees ``h_t`` directly and through ``h_{t+1}``, where only ``1 - z`` stands in its way:

.. math::

    \delta h_t &= \partial L / \partial h_t + \delta h_{t+1} \odot (1 - z_{t+1}) \\
    da^z_t &= \delta h_t \odot (n_t - h_{t-1}) \odot z_t \odot (1 - z_t) \\
    da^n_t &= \delta h_t \odot z_t

Source: Feng et al. 2024, "Were RNNs all we needed?"; the scan is Martin and Cundy's 2018, "Parallelizing
linear recurrent neural nets over sequence length".
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import (
    check_draw,
    check_kind,
    check_shape,
    check_window,
    copy_unmasked,
    float_dtype,
)
from rnncourse.reference.gates import rows, sigmoid
from rnncourse.reference.torch_names import read_array


class Params(NamedTuple):
    """Weights of one layer: ``W_xh (2H, D)`` and ``b_h (2H,)``; gradients use it too."""

    W_xh: np.ndarray
    b_h: np.ndarray

    @classmethod
    def from_torch(cls, source: Any, layer: str = "l0") -> "Params":
        """Copy one layer of ``rnncourse.nn.MinGRU``: a module or its state_dict.

        The names are ``weight_ih_l0`` and ``bias_ih_l0``; ``layer`` is their ending: ``"l0"``, ``"l1"``,
        ``"l0_reverse"`` ...  Raises a ``ValueError`` when the layer is not there.
        """
        W_xh = read_array(source, "weight_ih", layer)
        check_shape(f"weight_ih_{layer}", W_xh, "2H", "D")
        bias = read_array(source, "bias_ih", layer, default=np.zeros(len(W_xh), W_xh.dtype))
        check_shape(f"bias_ih_{layer}", bias, len(W_xh))
        check_shape(f"weight_ih_{layer}", W_xh, len(W_xh) // 2 * 2, "D")  # an even number of rows
        return cls(W_xh, bias)

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under the names that ``from_torch`` reads."""
        return {f"weight_ih_{layer}": self.W_xh.copy(), f"bias_ih_{layer}": self.b_h.copy()}


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own."""

    params: Params
    x: np.ndarray  # (T, B, D), zero where the mask is zero
    z: np.ndarray  # (T, B, H), zero where the mask is zero
    n: np.ndarray  # (T, B, H)
    h: np.ndarray  # (T + 1, B, H): h0 first, so h[t] is what step t starts from


def _check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
    check_kind("params", params, Params)
    check_shape("W_xh", params.W_xh, "2H", "D")
    H = len(params.W_xh) // 2
    check_shape("W_xh", params.W_xh, 2 * H, "D")
    check_shape("b_h", params.b_h, 2 * H)
    return params.W_xh.shape[1], H


def init(
    rng: np.random.Generator, input_size: int, hidden_size: int, dtype: DTypeLike = np.float64
) -> Params:
    """Draw fresh weights, uniform in ``+-1/sqrt(hidden_size)``, the range that ``gru.init`` uses.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    check_draw(rng, dtype, input_size=input_size, hidden_size=hidden_size)
    bound = 1 / np.sqrt(hidden_size)
    shapes = [(2 * hidden_size, input_size), (2 * hidden_size,)]
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def _gates(params: Params, x_t: np.ndarray, h_prev: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check one step's arguments and return its z and n, both ``(B, H)``."""
    D, H = _check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    a_z, n = np.split(x_t @ params.W_xh.T + params.b_h, 2, axis=1)  # (U17)
    return sigmoid(a_z), n  # (U16)


def step(params: Params, x_t: np.ndarray, h_prev: np.ndarray) -> np.ndarray:
    """Take one step: ``h_t = (1 - z) * h_prev + z * n``.

    Parameters
    ----------
    params : Params
        ``W_xh (2H, D)``, ``b_h (2H,)`` in the order z, n.
    x_t : array (B, D)
        The input of this step.
    h_prev : array (B, H)
        The state that the step before left behind.

    Returns
    -------
    h_t : array (B, H)
    """
    z, n = _gates(params, x_t, h_prev)
    return (1 - z) * h_prev + z * n  # (U18)


def step_backward(
    params: Params, dh_t: np.ndarray, x_t: np.ndarray, h_prev: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Go back through one step.

    Parameters
    ----------
    params, x_t, h_prev
        What ``step`` was given.
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
    z, n = _gates(params, x_t, h_prev)
    check_shape("dh_t", dh_t, *h_prev.shape)
    da_t = np.concatenate([dh_t * (n - h_prev) * z * (1 - z), dh_t * z], axis=1)  # (B, 2H)
    return da_t @ params.W_xh, dh_t * (1 - z), Params(W_xh=da_t.T @ x_t, b_h=da_t.sum(axis=0))


def forward(
    params: Params, x: np.ndarray, h0: np.ndarray | None = None, mask: np.ndarray | None = None
) -> tuple[np.ndarray, Cache]:
    """Run the recurrence over a whole sequence.

    Parameters
    ----------
    params : Params
        ``W_xh (2H, D)``, ``b_h (2H,)`` in the order z, n.
    x : array (T, B, D)
        The inputs, time first.
    h0 : array (B, H), optional
        The state before the first step; zeros when left out.
    mask : array (T, B) of numbers or booleans, optional
        Where it is 0, the step does not happen: the state is carried over unchanged, and what stands
        in ``x`` (even NaN) does not matter.

    Returns
    -------
    h : array (T, B, H)
        The state after every step.
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
    h0 = np.zeros((B, H), float_dtype(x, *params)) if h0 is None else h0
    check_shape("h0", h0, B, H)
    dtype = float_dtype(x, h0, *params)

    # Copies: backward must find what forward saw, whatever the caller does in between.
    params = Params(*(np.array(p, dtype, order="C") for p in params))
    x, skipped = copy_unmasked(x, mask, dtype)

    # Nothing here waits for any state: all gates and candidates of all steps, before the loop.
    z, n = ((rows(x) @ W.T + b).reshape(T, B, H) for W, b in zip(*(np.split(p, 2) for p in params)))
    z = sigmoid(z)
    if skipped is not None:
        np.copyto(z, 0, where=skipped)  # a step that does not happen brings nothing new
    h = np.empty((T + 1, B, H), dtype)
    h[0] = h0
    for t in range(T):
        h_t = np.subtract(n[t], h[t], out=h[t + 1])
        h_t *= z[t]
        h_t += h[t]  # h_prev + z (n - h_prev) = (1 - z) h_prev + z n
    return h[1:].copy(), Cache(params, x, z, n, h)


def backward(
    dh: np.ndarray, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Backpropagate through time.

    Parameters
    ----------
    dh : array (T, B, H)
        The *direct* derivative of the loss with respect to every ``h[t]``: what enters at step t from
        above, without what comes back from later steps.
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
        Gradients of ``W_xh`` and ``b_h``, summed over steps and batch.

    Raises
    ------
    ValueError
        When ``dh`` has another shape than ``h``, or ``window`` is below 1.
    """
    check_kind("cache", cache, Cache)
    params, x, z, n, h = cache
    T, B, H = z.shape
    check_shape("dh", dh, T, B, H)
    check_window(window)

    keep = 1 - z
    total = np.array(dh, h.dtype)  # direct; the loop adds what is carried
    carried = np.zeros((B, H), h.dtype)  # what later steps send back to h_t
    for t in reversed(range(T)):
        total[t] += carried
        np.multiply(total[t], keep[t], out=carried)  # on its way to h_{t-1}
        if window is not None and t > 0 and t % window == 0:
            carried[...] = 0

    # Everything else is a product over all steps at once, as on the way there.
    da = np.empty((T, B, 2 * H), h.dtype)
    da_n = np.multiply(total, z, out=da[:, :, H:])
    np.multiply((n - h[:-1]) * keep, da_n, out=da[:, :, :H])
    da_rows = rows(da)
    dparams = Params(W_xh=da_rows.T @ rows(x), b_h=da_rows.sum(axis=0))
    return (da_rows @ params.W_xh).reshape(x.shape), carried, dparams
