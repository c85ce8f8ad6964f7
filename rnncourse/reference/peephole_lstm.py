r"""LSTM with peepholes, with its backward pass derived by hand.

In the plain LSTM (``lstm``) the gates see the cell state only as far as the output gate shows it: while
``o`` is shut, nobody knows what is in the cell.  A peephole is one weight per unit through which a gate
looks at the cell state itself.

.. math::

    i_t &= \sigma(W_{xi} x_t + W_{hi} h_{t-1} + p_i \odot c_{t-1} + b_i) && \text{input gate} \\
    f_t &= \sigma(W_{xf} x_t + W_{hf} h_{t-1} + p_f \odot c_{t-1} + b_f) && \text{forget gate} \\
    g_t &= \tanh(W_{xg} x_t + W_{hg} h_{t-1} + b_g)                      && \text{candidate} \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t                             && \text{cell state} \\
    o_t &= \sigma(W_{xo} x_t + W_{ho} h_{t-1} + p_o \odot c_t + b_o)     && \text{output gate} \\
    h_t &= o_t \odot \tanh(c_t)

These are the equations (L9).  The input and forget gates decide before there is a new cell state, so they
look at the old one; the output gate comes last and looks at the *new* one.  With all three peepholes zero
this is ``lstm``.

Going back
----------
Each peephole is one more path on which the loss sees a cell state.  With ``da`` for the gradient of what
stands inside the brackets, and ``dh_t`` total as in ``lstm``,

.. math::

    \delta c_t = \underbrace{\delta h_t \odot o_t \odot (1 - \tanh^2 c_t)}_{\text{through } h_t}
               + \underbrace{p_o \odot da^o_t}_{\text{through } o_t}
               + \underbrace{\delta c_{t+1} \odot f_{t+1} + p_i \odot da^i_{t+1} + p_f \odot da^f_{t+1}}
                            _{\text{through step } t + 1}

(at the last step ``dc_last`` stands for the last group).  A peephole is used once per step, so its
gradient is the sum of what the steps contribute:

.. math::

    dp_i = \sum_t da^i_t \odot c_{t-1} , \quad dp_f = \sum_t da^f_t \odot c_{t-1} , \quad
    dp_o = \sum_t da^o_t \odot c_t .

Sources: Gers and Schmidhuber 2000, "Recurrent nets that time and count"; with the whole gradient as in
Graves 2012 [graves2012supervised], where the first paper cut it short.
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
from rnncourse.reference.torch_names import layer_arrays, read_array, read_layer


class Params(NamedTuple):
    """``W_xh (4H, D)``, ``W_hh (4H, H)``, ``b_h (4H,)``, ``p_i p_f p_o (H,)``; gradients use it too."""

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    p_i: np.ndarray
    p_f: np.ndarray
    p_o: np.ndarray

    @classmethod
    def from_torch(cls, source: Any, layer: str = "l0") -> "Params":
        """Copy one layer of ``rnncourse.nn.PeepholeLSTM``: a module or its state_dict.

        The names are those of ``torch.nn.LSTM``, and ``weight_p_l0 (3H,)`` holds p_i, p_f, p_o.
        ``layer`` is the ending of the names: ``"l0"``, ``"l1"``, ``"l0_reverse"`` ...  Raises a
        ``ValueError`` when the layer is not there or has a projection (``proj_size``).
        """
        W_xh, W_hh, bias_ih, bias_hh = read_layer(source, layer, gates=4)
        peepholes = read_array(source, "weight_p", layer)
        check_shape(f"weight_p_{layer}", peepholes, 3 * W_hh.shape[1])
        p_i, p_f, p_o = (p.copy() for p in apart(peepholes, 3))
        return cls(W_xh, W_hh, bias_ih + bias_hh, p_i, p_f, p_o)

    def to_torch(self, layer: str = "l0") -> dict[str, np.ndarray]:
        """Return copies under those names; ``bias_hh`` is zero, ``bias_ih`` holds ``b_h``."""
        arrays = layer_arrays(layer, self.W_xh, self.W_hh, self.b_h, np.zeros_like(self.b_h))
        return arrays | {f"weight_p_{layer}": np.concatenate([self.p_i, self.p_f, self.p_o])}


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own."""

    params: Params
    x: np.ndarray  # (T, B, D), zero where the mask is zero
    gates: np.ndarray  # (T, 4, B, H): i, f, g, o after their functions; 0, 1, 0, 0 where the mask is zero
    h: np.ndarray  # (T + 1, B, H): h0 first, so h[t] is what step t starts from
    c: np.ndarray  # (T + 1, B, H): c0 first
    skipped: np.ndarray | None  # (T, B, 1), True where the state was carried over


def _check_params(params: Params) -> tuple[int, int]:
    """Return ``(D, H)`` of well-formed parameters."""
    check_kind("params", params, Params)
    check_shape("W_hh", params.W_hh, "4H", "H")
    H = params.W_hh.shape[1]
    check_shape("W_hh", params.W_hh, 4 * H, H)
    check_shape("W_xh", params.W_xh, 4 * H, "D")
    check_shape("b_h", params.b_h, 4 * H)
    for name in ("p_i", "p_f", "p_o"):
        check_shape(name, getattr(params, name), H)
    return params.W_xh.shape[1], H


def init(
    rng: np.random.Generator, input_size: int, hidden_size: int, dtype: DTypeLike = np.float64
) -> Params:
    """Draw fresh weights, peepholes too, uniform in ``+-1/sqrt(hidden_size)``, as ``lstm.init`` does.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    check_draw(rng, dtype, input_size=input_size, hidden_size=hidden_size)
    bound, H = 1 / np.sqrt(hidden_size), hidden_size
    shapes = [(4 * H, input_size), (4 * H, H), (4 * H,), (H,), (H,), (H,)]
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def _gates(
    params: Params, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Check one step's arguments and return its i, f, g, o and c_t, each ``(B, H)``."""
    D, H = _check_params(params)
    check_shape("x_t", x_t, "B", D)
    check_shape("h_prev", h_prev, len(x_t), H)
    check_shape("c_prev", c_prev, len(x_t), H)
    a_t = x_t @ params.W_xh.T + h_prev @ params.W_hh.T + params.b_h  # (B, 4H)
    a_i, a_f, a_g, a_o = np.split(a_t, 4, axis=1)
    i = sigmoid(a_i + params.p_i * c_prev)  # (L9): they decide before there is a c_t
    f = sigmoid(a_f + params.p_f * c_prev)
    g = np.tanh(a_g)
    c_t = f * c_prev + i * g
    return i, f, g, sigmoid(a_o + params.p_o * c_t), c_t


def step(
    params: Params, x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take one step (L9): ``c_t = f * c_prev + i * g``, then o looks at ``c_t``, and ``h_t = o * tanh(c_t)``.

    Parameters
    ----------
    params : Params
        ``W_xh (4H, D)``, ``W_hh (4H, H)``, ``b_h (4H,)`` in the order i, f, g, o; ``p_i, p_f, p_o (H,)``.
    x_t : array (B, D)
        The input of this step.
    h_prev, c_prev : arrays (B, H)
        Both parts of the state that the step before left behind.

    Returns
    -------
    h_t, c_t : arrays (B, H)
    """
    _, _, _, o, c_t = _gates(params, x_t, h_prev, c_prev)
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
        What reaches ``c_t`` from later steps; the paths through ``h_t`` and through the output gate lie
        inside this step and are added here.

    Returns
    -------
    dx_t : array (B, D)
    dh_prev, dc_prev : arrays (B, H)
        What reaches the state before by way of this step.
    dparams : Params
        This step's share of the weight gradients, summed over the batch.
    """
    i, f, g, o, c_t = _gates(params, x_t, h_prev, c_prev)
    check_shape("dh_t", dh_t, *h_prev.shape)
    check_shape("dc_t", dc_t, *h_prev.shape)
    tanh_c = np.tanh(c_t)
    da_o = dh_t * tanh_c * o * (1 - o)  # o first: part of dc comes through it
    dc = dc_t + dh_t * o * (1 - tanh_c**2) + params.p_o * da_o
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_t = np.concatenate([da_i, da_f, dc * i * (1 - g**2), da_o], axis=1)  # (B, 4H)
    dparams = Params(
        W_xh=da_t.T @ x_t,
        W_hh=da_t.T @ h_prev,
        b_h=da_t.sum(axis=0),
        p_i=(da_i * c_prev).sum(axis=0),
        p_f=(da_f * c_prev).sum(axis=0),
        p_o=(da_o * c_t).sum(axis=0),
    )
    dc_prev = dc * f + params.p_i * da_i + params.p_f * da_f
    return da_t @ params.W_xh, da_t @ params.W_hh, dc_prev, dparams


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
        ``W_xh (4H, D)``, ``W_hh (4H, H)``, ``b_h (4H,)`` in the order i, f, g, o; ``p_i, p_f, p_o (H,)``.
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

    # sigmoid(a) = 1/2 tanh(a/2) + 1/2: the inner half goes into the weights, peepholes and biases.
    halves = np.array([0.5, 0.5, 1, 0.5], dtype)
    W_xh, W_hh = prepared(params.W_xh, halves), prepared(params.W_hh, halves)
    p_before = np.stack([params.p_i, params.p_f])[:, None] / 2  # (2, 1, H): they see the old cell state
    p_after = params.p_o / 2
    # a step that does not happen writes nothing, forgets nothing and shows nothing
    idle = np.array([0, 1, 0, 0], dtype)[:, None, None]

    gates = np.empty((T, 4, B, H), dtype)
    # The inputs' share of all gates at all steps does not wait for any state.
    np.matmul(x[:, None], W_xh, out=gates)
    gates += (apart(params.b_h, 4) * halves[:, None])[:, None]
    from_state = np.empty((4, B, H), dtype)
    free = from_state[0]  # free again once the gates know the state
    for t in range(T):
        a = gates[t]
        a += np.matmul(h[t], W_hh, out=from_state)
        a[:2] += np.multiply(p_before, c[t], out=from_state[:2])
        np.tanh(a[:3], out=a[:3])
        a[:2] *= 0.5
        a[:2] += 0.5
        if skipped is not None:
            np.copyto(a[:3], idle[:3], where=skipped[t])
        i, f, g, o = a
        c_t = np.multiply(f, c[t], out=c[t + 1])
        c_t += np.multiply(i, g, out=free)
        o += np.multiply(p_after, c_t, out=free)  # only now is there something for it to see
        np.tanh(o, out=o)
        o *= 0.5
        o += 0.5
        np.multiply(o, np.tanh(c_t, out=free), out=h[t + 1])
        if skipped is not None:
            np.copyto(o, 0, where=skipped[t])
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
        Gradients of all weights and peepholes, summed over steps and batch.

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

    W_hh = apart(params.W_hh, 4)
    dparams = Params(*(np.zeros_like(p) for p in params))
    dx = np.empty((T, B, D), dtype)
    total, through_h = np.empty((B, H), dtype), np.empty((B, H), dtype)
    through_gates = np.empty((4, B, H), dtype)
    carried = np.zeros((B, H), dtype)  # what later steps send back to h_t
    dc = np.array(dc_last, dtype)  # what later steps send back to c_t, and then its total derivative
    for start, stop in chunks(T, gates[:1].nbytes):
        # What does not depend on later steps comes first, for all steps of the chunk at once.
        da, slope_h, kept = _slopes(params, gates[start:stop], c[start : stop + 1])
        for t in reversed(range(start, stop)):
            da_t = da[:, t - start]
            np.add(dh[t], carried, out=total, casting="same_kind")  # direct + carried = total
            dc += np.multiply(slope_h[t - start], total, out=through_h)
            da_t[:3] *= dc  # i, f, g act on the cell state,
            da_t[3] *= total  # o on what is shown of it
            dc *= kept[t - start]  # on its way to c_{t-1}
            np.matmul(da_t, W_hh, out=through_gates)
            np.add.reduce(through_gates, axis=0, out=carried)  # on its way to h_{t-1}
            if skipped is not None:
                carried += np.where(skipped[t], total, 0)  # h_t was h_{t-1}: all of it passes
            if window is not None and t > 0 and t % window == 0:
                carried[...] = dc[...] = 0

        # The sums over time: every step's outer product, all in one matrix product per weight.
        da_rows = stacked_rows(da)  # (steps * B, 4H)
        dparams.W_xh[...] += da_rows.T @ rows(x[start:stop])
        dparams.W_hh[...] += da_rows.T @ rows(h[start:stop])  # the state that each step started from
        dparams.b_h[...] += da_rows.sum(axis=0)
        dparams.p_i[...] += (da[0] * c[start:stop]).sum(axis=(0, 1))
        dparams.p_f[...] += (da[1] * c[start:stop]).sum(axis=(0, 1))
        dparams.p_o[...] += (da[3] * c[start + 1 : stop + 1]).sum(axis=(0, 1))  # o saw the new one
        np.matmul(da_rows, params.W_xh, out=rows(dx[start:stop]))
    return dx, carried, dc, dparams


def _slopes(params: Params, gates: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Differentiate some steps at once, as far as that goes without knowing what comes back.

    Parameters
    ----------
    params : Params
    gates : array (steps, 4, B, H)
    c : array (steps + 1, B, H)
        The cell states before and after each of them.

    Returns
    -------
    slopes : array (4, steps, B, H)
        Of ``c_t`` by what stands inside i, f and g, and of ``h_t`` by what stands inside o.
    slope_h : array (steps, B, H)
        Of ``h_t`` by ``c_t``, the way through the output gate included.
    kept : array (steps, B, H)
        Of ``c_t`` by ``c_{t-1}``, the ways through the input and the forget gate included.
    """
    values = gates.swapaxes(0, 1)
    i, f, g, o = values
    tanh_c = np.tanh(c[1:])  # again: quicker than fetching it from far away
    slopes = np.empty(values.shape, gates.dtype)
    np.multiply(values, values, out=slopes)
    np.subtract(values, slopes, out=slopes)  # s - s**2 = s (1 - s), right for three of the four
    np.subtract(1, g * g, out=slopes[2])
    slopes[0] *= g
    slopes[1] *= c[:-1]
    slopes[2] *= i
    slopes[3] *= tanh_c
    slope_h = o * (1 - tanh_c * tanh_c) + params.p_o * slopes[3]
    return slopes, slope_h, f + params.p_i * slopes[0] + params.p_f * slopes[1]
