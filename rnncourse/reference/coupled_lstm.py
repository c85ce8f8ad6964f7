r"""LSTM with coupled gates, with its backward pass derived by hand.

The plain LSTM (``lstm``) decides twice: how much of the old cell state is kept, and how much is written.
Here one gate decides both: what is forgotten makes room for what is written, ``i = 1 - f``.

.. math::

    f_t &= \sigma(W_{xf} x_t + W_{hf} h_{t-1} + b_f)            && \text{forget gate} \\
    g_t &= \tanh(W_{xg} x_t + W_{hg} h_{t-1} + b_g)             && \text{candidate} \\
    o_t &= \sigma(W_{xo} x_t + W_{ho} h_{t-1} + b_o)            && \text{output gate} \\
    c_t &= f_t \odot c_{t-1} + (1 - f_t) \odot g_t              && \text{(L10) between old and new} \\
    h_t &= o_t \odot \tanh(c_t)

A quarter of the weights is gone, and the cell state can no longer grow: it stays between the old one and
the candidate.  The three gates' weights are stacked in the order f, g, o.

Going back
----------
The two parts of the state are seen along the same paths as in ``lstm``,

.. math::

    \delta h_t &= \partial L / \partial h_t + W_{hh}^\top\, da_{t+1} \\
    \delta c_t &= \delta h_t \odot o_t \odot (1 - \tanh^2 c_t) + \delta c_{t+1} \odot f_{t+1} ,

but the forget gate now acts twice, with opposite signs: a little more f is a little more of the old
state *and* a little less of the candidate.

.. math::

    da^f_t &= \delta c_t \odot (c_{t-1} - g_t) \odot f_t \odot (1 - f_t) \\
    da^g_t &= \delta c_t \odot (1 - f_t) \odot (1 - g_t^2) \\
    da^o_t &= \delta h_t \odot \tanh(c_t) \odot o_t \odot (1 - o_t)

Sources: Greff et al. 2017, "LSTM: a search space odyssey", who call it CIFG (coupled input and forget
gate; theirs keeps the input gate and sets ``f = 1 - i``, the same family of functions, and has peepholes).
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
from rnncourse.reference.gates import apart, chunks, prepared, rows, sigmoid, stacked_rows
from rnncourse.reference.torch_names import layer_arrays, read_layer


class Params(NamedTuple):
    """Weights of one layer: ``W_xh (3H, D)``, ``W_hh (3H, H)``, ``b_h (3H,)``; gradients use it too."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray

    @classmethod
    def from_torch(cls, source: Any, layer: str = "l0") -> "Params":
        """Copy one layer of ``rnncourse.nn.CoupledLSTM``: a module or its state_dict.

        ``layer`` is the ending of the names: ``"l0"``, ``"l1"``, ``"l0_reverse"`` ...  Raises a
        ``ValueError`` when the layer is not there or has a projection (``proj_size``).
        """
        W_xh, W_hh, bias_ih, bias_hh = read_layer(source, layer, gates=3)
        return cls(W_xh, W_hh, bias_ih + bias_hh)  # only their sum can matter

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under Torch's names; ``bias_hh`` is zero, ``bias_ih`` holds ``b_h``."""
        return layer_arrays(layer, self.W_xh, self.W_hh, self.b_h, np.zeros_like(self.b_h))


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own."""

    params: Params
    x: np.ndarray  # (T, B, D), zero where the mask is zero
    gates: np.ndarray  # (T, 3, B, H): f, g, o after their functions; 1, 0, 0 where the mask is zero
    h: np.ndarray  # (T + 1, B, H): h0 first, so h[t] is what step t starts from
    c: np.ndarray  # (T + 1, B, H): c0 first
    skipped: np.ndarray | None  # (T, B, 1), True where the state was carried over


def _check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
    check_kind("params", params, Params)
    check_shape("W_hh", params.W_hh, "3H", "H")
    H = params.W_hh.shape[1]
    check_shape("W_hh", params.W_hh, 3 * H, H)
    check_shape("W_xh", params.W_xh, 3 * H, "D")
    check_shape("b_h", params.b_h, 3 * H)
    return params.W_xh.shape[1], H


def init(
    rng: np.random.Generator, input_size: int, hidden_size: int, dtype: DTypeLike = np.float64
) -> Params:
    """Draw fresh weights, uniform in ``+-1/sqrt(hidden_size)``, the range that ``lstm.init`` uses.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    check_draw(rng, dtype, input_size=input_size, hidden_size=hidden_size)
    bound, H = 1 / np.sqrt(hidden_size), hidden_size
    shapes = [(3 * H, input_size), (3 * H, H), (3 * H,)]
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def _gates(
    params: Params, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check one step's arguments and return its f, g, o, each ``(B, H)``."""
    D, H = _check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    check_shape("c_prev", c_prev, len(x_t), H)
    a_t = x_t @ params.W_xh.T + h_prev @ params.W_hh.T + params.b_h  # (B, 3H)
    f, g, o = np.split(a_t, 3, axis=1)
    return sigmoid(f), np.tanh(g), sigmoid(o)


def step(
    params: Params, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take one step (L10): ``c_t = f * c_prev + (1 - f) * g`` and ``h_t = o * tanh(c_t)``.

    Parameters
    ----------
    params : Params
        ``W_xh (3H, D)``, ``W_hh (3H, H)``, ``b_h (3H,)``, gates in the order f, g, o.
    x_t : array (B, D)
        The input of this step.
    h_prev, c_prev : arrays (B, H)
        Both parts of the state that the step before left behind.

    Returns
    -------
    h_t, c_t : arrays (B, H)
    """
    f, g, o = _gates(params, x_t, h_prev, c_prev)
    c_t = f * c_prev + (1 - f) * g  # (L10)
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
    f, g, o = _gates(params, x_t, h_prev, c_prev)
    check_shape("dh_t", dh_t, *h_prev.shape)
    check_shape("dc_t", dc_t, *h_prev.shape)
    tanh_c = np.tanh(f * c_prev + (1 - f) * g)
    dc = dc_t + dh_t * o * (1 - tanh_c**2)  # through c_{t+1}, and through h_t
    da_t = np.concatenate(
        [
            dc * (c_prev - g) * f * (1 - f),  # more of the old, less of the new
            dc * (1 - f) * (1 - g**2),
            dh_t * tanh_c * o * (1 - o),
        ],
        axis=1,
    )  # (B, 3H)
    dparams = Params(W_xh=da_t.T @ x_t, W_hh=da_t.T @ h_prev, b_h=da_t.sum(axis=0))
    return da_t @ params.W_xh, da_t @ params.W_hh, dc * f, dparams


def forward(
    params: Params,
    x: np.ndarray,
    h0: np.ndarray | None = None,
    c0: np.ndarray | None = None,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, Cache]:
    """Run the recurrence over a whole sequence.

    Parameters
    ----------
    params : Params
        ``W_xh (3H, D)``, ``W_hh (3H, H)``, ``b_h (3H,)``, gates in the order f, g, o.
    x : array (T, B, D)
        The inputs, time first.
    h0, c0 : arrays (B, H), optional
        The state before the first step; zeros when left out.
    mask : array (T, B) of numbers or booleans, optional
        Where it is 0, the step does not happen: both parts of the state are carried over unchanged,
        and what stands in ``x`` (even NaN) does not matter.

    Returns
    -------
    h, c : arrays (T, B, H)
        Both parts of the state after every step.
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
    c0 = np.zeros((B, H), float_dtype(x, *params)) if c0 is None else c0
    check_shape("h0", h0, B, H)
    check_shape("c0", c0, B, H)
    dtype = float_dtype(x, h0, c0, *params)

    # Copies: backward must find what forward saw, whatever the caller does in between.
    params = Params(*(np.array(p, dtype, order="C") for p in params))
    x, skipped = copy_unmasked(x, mask, dtype)
    h, c = np.empty((T + 1, B, H), dtype), np.empty((T + 1, B, H), dtype)
    h[0], c[0] = h0, c0

    # sigmoid(a) = 1/2 tanh(a/2) + 1/2, so that one tanh serves all three; the candidate is 1 tanh(a) + 0.
    halves = np.array([0.5, 1, 0.5], dtype)
    W_xh, W_hh = prepared(params.W_xh, halves), prepared(params.W_hh, halves)
    scale = np.repeat(halves, B * H).reshape(3, B, H)  # full size: quicker to use than to broadcast
    shift = 1 - scale
    # a step that does not happen keeps everything and shows nothing
    idle = np.array([1, 0, 0], dtype)[:, None, None]

    gates = np.empty((T, 3, B, H), dtype)
    # The inputs' share of all gates at all steps does not wait for any state.
    np.matmul(x[:, None], W_xh, out=gates)
    gates += (apart(params.b_h, 3) * halves[:, None])[:, None]
    from_state = np.empty((3, B, H), dtype)
    tanh_c = from_state[0]  # a name for memory that is free again once the gates are known
    for t in range(T):
        a = gates[t]
        a += np.matmul(h[t], W_hh, out=from_state)
        np.tanh(a, out=a)
        a *= scale
        a += shift
        if skipped is not None:
            np.copyto(a, idle, where=skipped[t])
        f, g, o = a
        c_t = np.subtract(c[t], g, out=c[t + 1])
        c_t *= f
        c_t += g  # g + f (c_prev - g) = f c_prev + (1 - f) g
        np.multiply(o, np.tanh(c_t, out=tanh_c), out=h[t + 1])
        if skipped is not None:
            np.copyto(h[t + 1], h[t], where=skipped[t])
    return h[1:].copy(), c[1:].copy(), Cache(params, x, gates, h, c, skipped)


def backward(
    dh: np.ndarray, dc_last: np.ndarray, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Params]:
    """Backpropagate through time.

    Parameters
    ----------
    dh : array (T, B, H)
        The *direct* derivative of the loss with respect to every ``h[t]``: what enters at step t from
        above, without what comes back from later steps.
    dc_last : array (B, H)
        The direct derivative with respect to the last cell state, ``c[-1]``.
    cache : Cache
        What ``forward`` returned.
    window : int, optional
        Truncate: no gradient crosses from step t to t - 1 where ``t > 0`` and ``t % window == 0``
        (t counts from 0), as if both parts of the state had been detached between windows.

    Returns
    -------
    dx : array (T, B, D)
    dh0, dc0 : arrays (B, H)
        With ``window``, what reaches them inside the first window.
    dparams : Params
        Gradients of ``W_xh``, ``W_hh`` and ``b_h``, summed over steps and batch.

    Raises
    ------
    ValueError
        When ``dh`` or ``dc_last`` has another shape than its state, or ``window`` is below 1.
    """
    check_kind("cache", cache, Cache)
    params, x, gates, h, c, skipped = cache
    (T, B, D), H, dtype = x.shape, h.shape[2], h.dtype
    check_shape("dh", dh, T, B, H)
    check_shape("dc_last", dc_last, B, H)
    check_window(window)

    W_hh = apart(params.W_hh, 3)
    dparams = Params(*(np.zeros_like(p) for p in params))
    dx = np.empty((T, B, D), dtype)
    total, through_h = np.empty((B, H), dtype), np.empty((B, H), dtype)
    through_gates = np.empty((3, B, H), dtype)
    carried = np.zeros((B, H), dtype)  # what later steps send back to h_t
    dc = np.array(dc_last, dtype)  # what later steps send back to c_t, and then its total derivative
    for start, stop in chunks(T, gates[:1].nbytes):
        # What does not depend on later steps comes first, for all steps of the chunk at once.
        da, slope_h = _slopes(gates[start:stop], c[start : stop + 1])
        for t in reversed(range(start, stop)):
            da_t = da[:, t - start]
            np.add(dh[t], carried, out=total, casting="same_kind")  # direct + carried = total
            dc += np.multiply(slope_h[t - start], total, out=through_h)
            da_t[:2] *= dc  # f, g act on the cell state,
            da_t[2] *= total  # o on what is shown of it
            dc *= gates[t, 0]  # on its way to c_{t-1}: the forget gate and nothing else
            np.matmul(da_t, W_hh, out=through_gates)
            np.add.reduce(through_gates, axis=0, out=carried)  # on its way to h_{t-1}
            if skipped is not None:
                carried += np.where(skipped[t], total, 0)  # h_t was h_{t-1}: all of it passes
            if window is not None and t > 0 and t % window == 0:
                carried[...] = dc[...] = 0

        # The sums over time: every step's outer product, all in one matrix product per weight.
        da_rows = stacked_rows(da)  # (steps * B, 3H)
        dparams.W_xh[...] += da_rows.T @ rows(x[start:stop])
        dparams.W_hh[...] += da_rows.T @ rows(h[start:stop])  # the state that each step started from
        dparams.b_h[...] += da_rows.sum(axis=0)
        np.matmul(da_rows, params.W_xh, out=rows(dx[start:stop]))
    return dx, carried, dc, dparams


def _slopes(gates: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Differentiate some steps at once, as far as that goes without knowing what comes back.

    Parameters
    ----------
    gates : array (steps, 3, B, H)
    c : array (steps + 1, B, H)
        The cell states before and after each of them.

    Returns
    -------
    slopes : array (3, steps, B, H)
        Of ``c_t`` by what stands inside f and g, and of ``h_t`` by what stands inside o.
    slope_h : array (steps, B, H)
        Of ``h_t`` by ``c_t``.
    """
    f, g, o = gates.swapaxes(0, 1)
    tanh_c = np.tanh(c[1:])  # again: quicker than fetching it from far away
    slopes = np.empty((3, *f.shape), gates.dtype)
    np.multiply((c[:-1] - g) * f, 1 - f, out=slopes[0])
    np.multiply(1 - f, 1 - g * g, out=slopes[1])  # zero at a step that did not happen: f is 1 there
    np.multiply(tanh_c * o, 1 - o, out=slopes[2])
    return slopes, o * (1 - tanh_c * tanh_c)
