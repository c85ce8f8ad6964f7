r"""Going back through a long sequence with little memory: recompute, or cut.

Backpropagation through time needs what forward saw at every step, so its memory grows with T.

**Recompute.**  Keep only the state at the start of every segment of k steps, and when the way back reaches
a segment, run it forward once more.  At any time there are :math:`T / k` states and the cache of k steps,
least when both are alike: :math:`k = \sqrt T`.  The gradients are those of plain backpropagation, and
the price is one more forward pass.  Every cell of this package will do::

    h, c, kept = checkpointing.forward(lstm, params, x, h0, c0)
    dx, dh0, dc0, dparams = checkpointing.backward(kept, dh, dc_last)

**Cut.**  Truncated backpropagation lets no gradient cross from one window to the one before.  So no window
needs to be kept after it was used, and the memory does not depend on T; nor does the sequence have to
end.  That needs no function of its own: start from the last state and drop what comes back to it::

    for x, targets in stream:
        h, cache = rnn.forward(params, x, state)
        ...                                        # the loss, dh, and
        dx, _, dparams = rnn.backward(dh, cache)   # no gradient for the state: it counts as a constant
        state = h[-1]

The gradients equal those of ``backward(..., window=k)`` over all windows at once.  An LSTM's ``dc_last`` is
zero for every window but the last.

Sources: Chen et al. 2016, "Training deep nets with sublinear memory cost", for the square root; Gruslys et
al. 2016, "Memory-efficient backpropagation through time", for recurrent networks; Williams and Peng 1990,
"An efficient gradient-based algorithm for on-line training of recurrent network trajectories", for the cut.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.arguments import check_kind, check_shape, check_sizes
from rnncourse.reference.buffers import empty


class Checkpoints(NamedTuple):
    """What ``backward`` needs from ``forward``; only ``x`` and ``mask`` are the caller's own."""

    cell: Any  # a module: rnn, lstm, gru ...
    params: Any
    x: np.ndarray  # (T, B, D)
    mask: np.ndarray | None  # (T, B)
    options: dict[str, Any]
    segments: list[tuple[int, int]]  # (start, stop), in steps
    states: list[tuple[np.ndarray | None, ...]]  # what every segment starts from: parts (B, H)
    last: Any  # the last segment's cache, where the way back begins


def forward(
    cell: Any,
    params: Any,
    x: np.ndarray,
    *initial: np.ndarray | None,
    mask: np.ndarray | None = None,
    segment: int | None = None,
    **options: Any,
) -> tuple[Any, ...]:
    """Run a cell over a whole sequence and keep one state per segment.

    Parameters
    ----------
    cell : module
        ``rnn``, ``lstm``, ``gru`` or any other that has their ``forward`` and ``backward``.
    params : cell.Params
    x : array (T, B, D)
        The inputs, time first.  They are not copied, which would cost a part of what is saved here: leave
        ``x`` and ``mask`` as they are until ``backward`` is done.
    initial : arrays (B, H)
        The parts of the state before the first step, h0 or h0 and c0; zeros when left out.
    mask : array (T, B), optional
        As in ``cell.forward``.
    segment : int, optional
        Steps from one kept state to the next; the square root of T when left out.
    options
        What else ``cell.forward`` takes.

    Returns
    -------
    histories : arrays (T, B, H)
        What ``cell.forward`` returns: h, or h and c.
    kept : Checkpoints
        For ``backward``.

    Raises
    ------
    ValueError
        ``"x should have shape (T, B, D), got ..."``, ``"segment should be at least 1, got 0"``, and what
        the cell has to say.
    """
    check_shape("x", x, "T", "B", "D")
    if mask is not None:
        mask = np.asarray(mask)
        check_shape("mask", mask, *x.shape[:2])
    T = len(x)
    length = max(1, math.isqrt(T)) if segment is None else segment
    check_sizes(segment=length)
    check_kind("params", params, cell.Params)
    params = type(params)(*(np.array(p) for p in params))
    segments = [(start, min(start + length, T)) for start in range(0, T, length)] or [(0, 0)]

    state = tuple(None if part is None else np.array(part) for part in initial)
    states: list[tuple[np.ndarray | None, ...]] = []
    histories: list[np.ndarray] = []
    cache = None
    for start, stop in segments:
        states.append(state)
        cache = None  # nobody needs the cache of the segment before: let its memory be used again
        *pieces, cache = cell.forward(params, x[start:stop], *state, mask=_part(mask, start, stop), **options)
        histories = histories or [empty((T, *piece.shape[1:]), piece.dtype) for piece in pieces]
        for history, piece in zip(histories, pieces):
            history[start:stop] = piece
        state = tuple(np.array(piece[-1]) for piece in pieces) if T else state
    return *histories, Checkpoints(cell, params, x, mask, options, segments, states, cache)


def backward(kept: Checkpoints, dh: np.ndarray, *dlast: np.ndarray) -> tuple[Any, ...]:
    """Backpropagate through time, segment by segment from the last to the first.

    Parameters
    ----------
    kept : Checkpoints
        What ``forward`` returned.  It stays as it is: going back twice gives the same twice.
    dh : array (T, B, H)
        The *direct* derivative of the loss with respect to every ``h[t]``.
    dlast : arrays (B, H)
        What ``cell.backward`` takes between ``dh`` and the cache: for an LSTM ``dc_last``.

    Returns
    -------
    dx : array (T, B, D)
    dinitial : arrays (B, H)
        dh0, or dh0 and dc0.
    dparams : cell.Params

    Raises
    ------
    ValueError
        When ``dh`` has another number of steps than ``x``; when ``x`` or ``mask`` has visibly changed since
        ``forward``; and what the cell has to say.
    """
    check_kind("kept", kept, Checkpoints)
    cell, params, x, mask, options, segments, states, cache = kept
    check_shape("dh", dh, len(x), "B", "H")
    gradient: tuple[np.ndarray, ...] = (np.zeros((), dh.dtype), *dlast)  # what later segments send back
    dx, dparams = None, None
    for (start, stop), state, after in zip(segments[::-1], states[::-1], [None, *states[:0:-1]]):
        if after is not None:  # the last segment's cache is there, all others' are computed once more
            cache = None
            *pieces, cache = cell.forward(
                params, x[start:stop], *state, mask=_part(mask, start, stop), **options
            )
            _check_same(pieces, after)
        direct = np.array(dh[start:stop], np.result_type(dh, gradient[0]))
        direct[-1:] += gradient[0]
        piece, *gradient, share = cell.backward(direct, *gradient[1:], cache)
        if dx is None or dparams is None:
            dx, dparams = empty(x.shape, piece.dtype), share
        else:
            for total, part in zip(dparams, share):
                total += part
        dx[start:stop] = piece
    return dx, *gradient, dparams


def _part(mask: np.ndarray | None, start: int, stop: int) -> np.ndarray | None:
    return None if mask is None else mask[start:stop]


def _check_same(pieces: list[np.ndarray], after: tuple[Any, ...]) -> None:
    """Raise a ``ValueError`` unless a segment that ran once more ended where it ended the first time."""
    for piece, part in zip(pieces, after):
        if not np.allclose(piece[-1], part, rtol=1e-2, atol=1e-2, equal_nan=True):
            raise ValueError("x or mask has changed since forward: leave both alone until backward is done")
