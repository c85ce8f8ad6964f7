r"""Long short-term memory (LSTM) over whole sequences, with its backward pass derived by hand.

``step`` (in ``lstm_cell``, with the equations) is the LSTM as it is read; ``forward`` computes the same
numbers faster, and ``backward`` goes all the way back.

Going back: direct and total
----------------------------
The loss sees ``h_t`` *directly* (what is read out at step t; the caller's ``dh[t]``) and through the
four gates of step t + 1.  With ``da`` for the gradient of what stands inside the brackets above,
its *total* derivative is

.. math::

    \delta h_t = \underbrace{\partial L / \partial h_t}_{\text{direct}}
               + \underbrace{W_{hh}^\top\, da_{t+1}}_{\text{through the gates of } t + 1} . \qquad (L5)

The cell state is seen along two paths as well: through ``h_t``, and through ``c_{t+1}``.  The second
is the reason for the whole design: nothing but ``f`` stands in its way, no weight and no tanh.

.. math::

    \delta c_t = \underbrace{\delta h_t \odot o_t \odot (1 - \tanh^2 c_t)}_{\text{through } h_t}
               + \underbrace{\delta c_{t+1} \odot f_{t+1}}_{\text{through } c_{t+1}} \qquad (L6)

(at the last step ``dc_last`` stands for the second term).  From there each gate is one factor away,
times the slope of its own function, which can be read off its value: ``s(1 - s)`` for a sigmoid,
``1 - g**2`` for tanh (L7).

.. math::

    da^i_t &= \delta c_t \odot g_t \odot i_t \odot (1 - i_t) \\
    da^f_t &= \delta c_t \odot c_{t-1} \odot f_t \odot (1 - f_t) \\
    da^g_t &= \delta c_t \odot i_t \odot (1 - g_t^2) \\
    da^o_t &= \delta h_t \odot \tanh(c_t) \odot o_t \odot (1 - o_t)

Every parameter is used once per step, so its gradient is the sum of what the steps contribute (L8):

.. math::

    dW_{xh} = \sum_t da_t\, x_t^\top , \quad dW_{hh} = \sum_t da_t\, h_{t-1}^\top , \quad
    db_h = \sum_t da_t , \qquad dx_t = W_{xh}^\top\, da_t .

Four things make it quick: the inputs' products wait for no state and are made before the loop; the sums
over time are one product per weight; one tanh serves all gates (``gates``); and memory starts on a cache
line and is used again (``buffers``).

Sources: as in ``lstm_cell``; the backward pass as in Graves 2012 [graves2012supervised], without peepholes.
"""

from typing import NamedTuple

import numpy as np

from rnncourse.reference.arguments import check_kind, check_shape, check_window, copy_unmasked, float_dtype
from rnncourse.reference.buffers import copied, empty, zeros
from rnncourse.reference.gates import apart, chunks, prepared, rows
from rnncourse.reference.lstm_cell import Params, check_params, init, slopes, step, step_backward

__all__ = ["Cache", "Params", "backward", "forward", "init", "step", "step_backward"]


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own, and stay as they are."""

    params: Params
    x: np.ndarray  # (T, B, D + 1): zero where the mask is zero, and a one behind every input
    gates: np.ndarray  # (T, 4, B, H): i, f, g, o after their functions; 0, 1, 0, 0 where the mask is zero
    h: np.ndarray  # (T + 1, B, H): h0 first, so h[t] is what step t starts from
    c: np.ndarray  # (T + 1, B, H): c0 first
    skipped: np.ndarray | None  # (T, B, 1), True where the state was carried over


def forward(
    params: Params,
    x: np.ndarray,
    h0: np.ndarray | None = None,
    c0: np.ndarray | None = None,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, Cache]:
    """Run the recurrence, (L1) to (L4), over a whole sequence.

    Parameters
    ----------
    params : Params
        ``W_xh (4H, D)``, ``W_hh (4H, H)``, ``b_h (4H,)``, gates in the order i, f, g, o.
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
    D, H = check_params(params)
    check_shape("x", x, "T", "B", D)
    T, B, _ = x.shape
    h0 = np.zeros((B, H), float_dtype(x, *params)) if h0 is None else h0
    c0 = np.zeros((B, H), float_dtype(x, *params)) if c0 is None else c0
    check_shape("h0", h0, B, H)
    check_shape("c0", c0, B, H)
    dtype = float_dtype(x, h0, c0, *params)

    # Copies: backward must find what forward saw, whatever the caller does in between.
    params = Params(*(copied(p, dtype) for p in params))
    x, skipped = copy_unmasked(x, mask, dtype, ones=True)
    h, c = empty((T + 1, B, H), dtype), empty((T + 1, B, H), dtype)
    h[0], c[0] = h0, c0

    # sigmoid(a) = 1/2 tanh(a/2) + 1/2, so that one tanh serves all four; the candidate is 1 tanh(a) + 0.
    halves = np.array([0.5, 0.5, 1, 0.5], dtype)
    W_xh = prepared(params.W_xh, halves, params.b_h)  # (4, D + 1, H)
    W_hh = prepared(params.W_hh, halves)  # (4, H, H)
    scale = np.repeat(halves, B * H).reshape(4, B, H)  # full size: quicker to use than to broadcast
    shift = 1 - scale
    # a step that does not happen writes nothing, forgets nothing and shows nothing
    idle = np.array([0, 1, 0, 0], dtype)[:, None, None]

    gates = empty((T, 4, B, H), dtype)
    np.matmul(x[:, None], W_xh, out=gates)  # the inputs' share and the bias wait for no state
    from_state = empty((4, B, H), dtype)
    written, tanh_c = from_state[:2]  # names for memory that is free again once the gates are known
    skips = [None] * T if skipped is None else skipped
    steps = zip(gates, *gates.swapaxes(0, 1), h, h[1:], c, c[1:], skips)
    for a, i, f, g, o, h_prev, h_t, c_prev, c_t, skip in steps:
        a += np.matmul(h_prev, W_hh, out=from_state)
        np.tanh(a, out=a)
        a *= scale
        a += shift
        if skip is not None:
            np.copyto(a, idle, where=skip)
        np.multiply(f, c_prev, out=c_t)  # (L3)
        c_t += np.multiply(i, g, out=written)
        np.multiply(o, np.tanh(c_t, out=tanh_c), out=h_t)
        if skip is not None:
            np.copyto(h_t, h_prev, where=skip)
    return copied(h[1:], dtype), copied(c[1:], dtype), Cache(params, x, gates, h, c, skipped)


def backward(
    dh: np.ndarray, dc_last: np.ndarray, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Params]:
    """Backpropagate through time, (L5) to (L8).

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
    T, _, B, H = gates.shape
    D, dtype = x.shape[2] - 1, h.dtype
    check_shape("dh", dh, T, B, H)
    check_shape("dc_last", dc_last, B, H)
    check_window(window)

    W_hh = apart(params.W_hh, 4)
    dW_hh, dW_xh = zeros((4 * H, H), dtype), zeros((4 * H, D + 1), dtype)
    dx = empty((T, B, D), dtype)
    total, through_h = empty((2, B, H), dtype)
    through_gates = empty((4, B, H), dtype)
    carried = zeros((B, H), dtype)  # what later steps send back to h_t
    dc = np.array(dc_last, dtype)  # what later steps send back to c_t, and then its total derivative
    pieces = list(chunks(T, gates[:1].nbytes))
    longest = pieces[0][1] - pieces[0][0] if pieces else 0
    room, stacked = empty((6, longest, B, H), dtype), empty((longest, B, 4, H), dtype)
    for start, stop in pieces:
        # What does not depend on later steps comes first, for all steps of the chunk at once.
        da, slope_h = slopes(gates[start:stop], c[start : stop + 1], room[:, : stop - start])
        steps = zip(range(start, stop), dh[start:stop], slope_h, gates[start:stop, 1], da.swapaxes(0, 1), *da)
        for t, dh_t, h_by_c, f, da_t, di, df, dg, do in reversed(list(steps)):
            np.add(dh_t, carried, out=total, casting="same_kind")  # (L5): direct + carried = total
            dc += np.multiply(h_by_c, total, out=through_h)
            di *= dc  # these three act on the cell state,
            df *= dc
            dg *= dc
            do *= total  # this one on what is shown of it
            dc *= f  # on its way to c_{t-1}: the forget gate and nothing else
            np.matmul(da_t, W_hh, out=through_gates)
            np.add.reduce(through_gates, axis=0, out=carried)  # on its way to h_{t-1}
            if skipped is not None:
                carried += np.where(skipped[t], total, 0)  # h_t was h_{t-1}: all of it passes
            if window is not None and t > 0 and t % window == 0:
                carried[...] = dc[...] = 0

        # The sums over time, (L8): every step's outer product, all in one matrix product per weight.
        side_by_side = stacked[: stop - start]
        side_by_side[...] = da.transpose(1, 2, 0, 3)
        da_rows = side_by_side.reshape(-1, 4 * H)  # (steps * B, 4H)
        dW_xh += da_rows.T @ rows(x[start:stop])
        dW_hh += da_rows.T @ rows(h[start:stop])  # the state that each step started from
        np.matmul(da_rows, params.W_xh, out=rows(dx[start:stop]))
    return dx, carried, dc, Params(dW_xh[:, :D].copy(), dW_hh, dW_xh[:, D].copy())
