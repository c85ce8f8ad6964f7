r"""What gated cells share: the sigmoid, weights seen gate by gate, and backward sums in chunks of steps.

A gate is a sigmoid, and a sigmoid is a tanh at half the speed:

.. math::  \sigma(a) = \tfrac12 \bigl(1 + \tanh(a / 2)\bigr) .

Besides being safe (it never overflows), this lets a loop call tanh once for all gates of a step: fold
the inner half into the weights before the loop, and multiply by one half and add one half after tanh.

Inside the loops the gates stand apart: an array ``(G, B, H)`` holds each gate's ``(B, H)`` in one piece,
where rows ``(B, G H)`` would cut it into B pieces.  That makes the element-wise work quicker, and four
small matrix products are no slower than one that is four times as wide.
"""

from collections.abc import Iterator

import numpy as np

from rnncourse.reference.buffers import empty

# A chunk of steps should fit well inside a core's second-level cache, and be long enough for its matrix
# products to be worth their while.
CHUNK_BYTES = 2**18
SHORTEST_CHUNK = 8


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Return ``1 / (1 + exp(-a))`` for an array of any shape, without overflow, in the dtype of ``a``."""
    return (1 + np.tanh(a / 2)) / 2


def apart(stacked: np.ndarray, gates: int) -> np.ndarray:
    """View ``(gates * H, ...)`` as ``(gates, H, ...)``: one gate after the other."""
    return stacked.reshape(gates, len(stacked) // gates, *stacked.shape[1:])


def prepared(weight: np.ndarray, scale: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Lay weights out for the loop.

    Parameters
    ----------
    weight : array (G H, N)
        The gates' weights, stacked.
    scale : array (G,)
        One factor per gate: 1/2 for a sigmoid that will be computed by tanh, 1 for a tanh.
    bias : array (G H,), optional
        To be added by way of a one that stands behind each input.

    Returns
    -------
    array (G, N, H), with a bias (G, N + 1, H)
        Scaled, transposed and contiguous, so that ``rows @ prepared`` is ``(G, B, H)`` without any
        re-ordering at each step.
    """
    separate = apart(weight, len(scale)).swapaxes(1, 2)
    G, N, H = separate.shape
    out = empty((G, N if bias is None else N + 1, H), np.result_type(weight, scale))
    np.multiply(separate, scale[:, None, None], out=out[:, :N])
    if bias is not None:
        np.multiply(apart(bias, G), scale[:, None], out=out[:, N])
    return out


def chunks(steps: int, bytes_per_step: int) -> Iterator[tuple[int, int]]:
    """Cut ``0 ... steps`` into pieces ``(start, stop)``, last one first, of ``CHUNK_BYTES`` or 8 steps.

    A backward pass reads what a step left behind several times.  Doing so chunk by chunk finds it in
    the cache, and memory for the gradients of one chunk serves all of them.
    """
    length = max(SHORTEST_CHUNK, CHUNK_BYTES // max(1, bytes_per_step))
    for stop in range(steps, 0, -length):
        yield max(0, stop - length), stop


def rows(array: np.ndarray) -> np.ndarray:
    """Put steps and batch on one axis: ``(T, B, N)`` becomes ``(T * B, N)``."""
    T, B, N = array.shape
    return array.reshape(T * B, N)


def stacked_rows(separate: np.ndarray) -> np.ndarray:
    """Copy ``(G, T, B, H)`` to rows ``(T * B, G * H)``, the gates stacked again.

    The loop wants the gates apart; the sums over time are one product per weight when they stand side
    by side, and the copy costs little beside it.
    """
    G, T, B, H = separate.shape
    return separate.transpose(1, 2, 0, 3).reshape(T * B, G * H)
