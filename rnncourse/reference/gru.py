r"""Gated recurrent units (GRU) over whole sequences, with the backward pass derived by hand, in both forms.

``step`` (in ``gru_cell``, with the equations) is the GRU as it is read; ``forward`` computes the same
numbers faster, and ``backward`` goes all the way back.

Going back: direct and total
----------------------------
The loss sees ``h_t`` *directly* (the caller's ``dh[t]``) and through step t + 1, where it is used four
times.  With ``a`` for what stands inside the brackets of a gate, and ``q`` for the candidate's view, the
*total* derivative is (U12), with what step t + 1 sends back, (U10):

.. math::

    \delta h_t = \underbrace{\partial^+ L / \partial h_t}_{\text{direct}}
        + \underbrace{\delta h_{t+1} \odot z_{t+1}}_{\text{kept as it is}}
        + \underbrace{W_{hr}^\top \delta a^r_{t+1} + W_{hz}^\top \delta a^z_{t+1}}_{\text{through the gates}}
        + \underbrace{W_{hn}^\top \delta q_{t+1}}_{\text{through the candidate}} .

Inside a step everything is proportional to it:

.. math::

    \delta a^n_t &= \delta h_t \odot (1 - z_t) \odot (1 - n_t^2)                 && (U6) \\
    \delta a^z_t &= \delta h_t \odot (h_{t-1} - n_t) \odot z_t \odot (1 - z_t)   && (U7) \\
    \delta a^r_t &= \delta a^n_t \odot q_t \odot r_t \odot (1 - r_t)             && (U8) \\
    \delta q_t &= \delta a^n_t \odot r_t                                         && (U9) \\
    \delta x_t &= W_{xr}^\top \delta a^r_t + W_{xz}^\top \delta a^z_t + W_{xn}^\top \delta a^n_t && (U11)

and the weights' gradients are sums over time and batch, (U13): in ``dW_hh`` and in the bias ``b_hn`` the
candidate's row is ``dq``, in ``dW_xh`` and ``db_h`` it is ``da_n``.

In the other form, (U15), the candidate sends ``dm = W_hn^T da_n`` back to ``m = r * h_{t-1}``, and from there
it reaches both factors: ``da_r = dm * h_{t-1} * r (1 - r)``, and ``dm * r`` goes on to ``h_{t-1}``.

Sources: as in ``gru_cell``.
"""

from typing import NamedTuple

import numpy as np

from rnncourse.reference.arguments import check_kind, check_shape, check_window, copy_unmasked, float_dtype
from rnncourse.reference.buffers import copied, empty, zeros
from rnncourse.reference.gates import apart, chunks, prepared, rows
from rnncourse.reference.gru_cell import Params, check_params, init, slopes, step, step_backward

__all__ = ["Cache", "Params", "backward", "forward", "init", "step", "step_backward"]


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own, and stay as they are."""

    params: Params
    x: np.ndarray  # (T, B, D + 1): zero where the mask is zero, and a one behind every input
    gates: np.ndarray  # (T, 3, B, H): r, z, n after their functions; z is 1 where the mask is zero
    seen: np.ndarray  # (T, B, H): q; reset before the product, m = r * h_prev
    h: np.ndarray  # (T + 1, B, H): h0 first, so h[t] is what step t starts from
    reset_before: bool


def forward(
    params: Params,
    x: np.ndarray,
    h0: np.ndarray | None = None,
    mask: np.ndarray | None = None,
    reset_before: bool = False,
) -> tuple[np.ndarray, Cache]:
    """Run the recurrence, (U1) to (U5), over a whole sequence.

    Parameters
    ----------
    params : Params
        ``W_xh (3H, D)``, ``W_hh (3H, H)``, ``b_h (3H,)`` in the order r, z, n, and ``b_hn (H,)``.
    x : array (T, B, D)
        The inputs, time first.
    h0 : array (B, H), optional
        The state before the first step; zeros when left out.
    mask : array (T, B) of numbers or booleans, optional
        Where it is 0, the step does not happen: the state is carried over unchanged, and what stands
        in ``x`` (even NaN) does not matter.
    reset_before : bool
        The reset gate acts on the state before the product, and ``b_hn`` is ignored.

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
    D, H = check_params(params)
    check_shape("x", x, "T", "B", D)
    T, B, _ = x.shape
    h0 = np.zeros((B, H), float_dtype(x, *params)) if h0 is None else h0
    check_shape("h0", h0, B, H)
    dtype = float_dtype(x, h0, *params)

    # Copies: backward must find what forward saw, whatever the caller does in between.
    params = Params(*(copied(p, dtype) for p in params))
    x, skipped = copy_unmasked(x, mask, dtype, ones=True)
    h = empty((T + 1, B, H), dtype)
    h[0] = h0

    # sigmoid(a) = 1/2 tanh(a/2) + 1/2: the inner half goes into the weights of r and z.
    halves = np.array([0.5, 0.5, 1], dtype)
    W_xh = prepared(params.W_xh, halves, params.b_h)  # (3, D + 1, H)
    W_hh = prepared(params.W_hh, halves)  # (3, H, H)
    half = np.array(0.5, dtype)
    b_hn = np.tile(params.b_hn, (B, 1))  # full size: quicker to use than to broadcast

    gates, seen = empty((T, 3, B, H), dtype), empty((T, B, H), dtype)
    np.matmul(x[:, None], W_xh, out=gates)  # the inputs' share and the biases wait for no state
    from_state = empty((3, B, H), dtype)
    for_both, for_candidate = from_state[:2], from_state[2]
    ready = 2 if reset_before else 3  # gates whose product with the state needs no other gate
    W_ready, W_hn, from_ready = W_hh[:ready], W_hh[2], from_state[:ready]
    skips = [None] * T if skipped is None else skipped
    steps = zip(gates[:, :2], *gates.swapaxes(0, 1), seen, h, h[1:], skips)
    for r_and_z, r, z, n, seen_t, h_prev, h_t, skip in steps:
        np.matmul(h_prev, W_ready, out=from_ready)
        r_and_z += for_both
        np.tanh(r_and_z, out=r_and_z)
        r_and_z *= half
        r_and_z += half
        if reset_before:
            np.multiply(r, h_prev, out=seen_t)  # m
            n += np.matmul(seen_t, W_hn, out=for_candidate)
        else:
            np.add(for_candidate, b_hn, out=seen_t)  # q
            n += np.multiply(r, seen_t, out=for_candidate)
        np.tanh(n, out=n)
        np.subtract(h_prev, n, out=h_t)
        h_t *= z
        h_t += n  # n + z (h_prev - n) = (1 - z) n + z h_prev
        if skip is not None:  # a step that does not happen keeps everything
            np.copyto(z, 1, where=skip)
            np.copyto(h_t, h_prev, where=skip)
    return copied(h[1:], dtype), Cache(params, x, gates, seen, h, reset_before)


def backward(
    dh: np.ndarray, cache: Cache, window: int | None = None
) -> tuple[np.ndarray, np.ndarray, Params]:
    """Backpropagate through time, (U12) and (U13).

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
        Gradients of ``W_xh``, ``W_hh``, ``b_h`` and ``b_hn``, summed over steps and batch.

    Raises
    ------
    ValueError
        When ``dh`` has another shape than ``h``, or ``window`` is below 1.
    """
    check_kind("cache", cache, Cache)
    params, x, gates, seen, h, reset_before = cache
    T, _, B, H = gates.shape
    D, dtype = x.shape[2] - 1, h.dtype
    check_shape("dh", dh, T, B, H)
    check_window(window)

    W_hr_and_hz, W_hn = apart(params.W_hh, 3)[:2], params.W_hh[2 * H :]
    W_hh, W_xh = apart(params.W_hh, 3), np.roll(params.W_xh, H, axis=0)  # the latter for n, r, z
    dW_xh, dW_hh = zeros((3 * H, D + 1), dtype), zeros((3 * H, H), dtype)
    db_hn = zeros((H,), dtype)
    dx = empty((T, B, D), dtype)
    total, dm = empty((2, B, H), dtype)
    ways_back = empty((4, B, H), dtype)  # from h_t to h_{t-1}: by r, by z, by the candidate, kept as it is
    carried = zeros((B, H), dtype)  # what later steps send back to h_t
    pieces, used = list(chunks(T, gates[:1].nbytes)), 3 if reset_before else 4
    longest = pieces[0][1] - pieces[0][0] if pieces else 0
    room, stacked = empty((5, longest, B, H), dtype), empty((longest, B, used, H), dtype)
    for start, stop in pieces:
        # What does not depend on later steps comes first, for all steps of the chunk at once.
        da = slopes(gates[start:stop], seen[start:stop], h[start:stop], reset_before, room[:, : stop - start])
        da = da[:used]
        steps = zip(range(start, stop), dh[start:stop], gates[start:stop], da.swapaxes(0, 1))
        for t, dh_t, (r, z, _), da_t in reversed(list(steps)):
            np.add(dh_t, carried, out=total, casting="same_kind")  # (U12): direct + carried = total
            np.multiply(z, total, out=ways_back[3])
            if reset_before:
                da_t[::2] *= total  # n and z
                np.matmul(da_t[0], W_hn, out=dm)
                da_t[1] *= dm
                np.matmul(da_t[1:], W_hr_and_hz, out=ways_back[:2])
                np.multiply(dm, r, out=ways_back[2])
            else:
                da_t *= total
                np.matmul(da_t[1:], W_hh, out=ways_back[:3])
            np.add.reduce(ways_back, axis=0, out=carried)  # on its way to h_{t-1}
            if window is not None and t > 0 and t % window == 0:
                carried[...] = 0

        # The sums over time, (U13): every step's outer product, all in one matrix product per weight.
        side_by_side = stacked[: stop - start]
        side_by_side[...] = da.transpose(1, 2, 0, 3)
        da_rows = side_by_side.reshape(-1, used * H)  # (steps * B, 4H): n, r, z, q
        by_inputs, by_state = da_rows[:, : 3 * H], da_rows[:, H:]
        h_rows = rows(h[start:stop])  # the state that each step started from
        dW_xh += by_inputs.T @ rows(x[start:stop])
        np.matmul(by_inputs, W_xh, out=rows(dx[start:stop]))
        dW_hh[: len(by_state.T)] += by_state.T @ h_rows  # r, z, q or r, z alone
        if reset_before:
            dW_hh[2 * H :] += da_rows[:, :H].T @ rows(seen[start:stop])
        else:
            db_hn += da_rows[:, 3 * H :].sum(axis=0)
    dW_xh = np.roll(dW_xh, -H, axis=0)  # r, z, n again
    return dx, carried, Params(dW_xh[:, :D].copy(), dW_hh, dW_xh[:, D].copy(), db_hn)
