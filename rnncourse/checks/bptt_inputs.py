"""What the exercises of "Backpropagation through time" share: a network that has run, and its way back."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.rnn import sequence
from rnncourse.reference import rnn as reference

Rng = np.random.Generator
Args = dict[str, Any]
Array = np.ndarray


def with_states(args: Args) -> tuple[Args, Array]:
    """Run the network over drawn arguments; return them without the bias, and its states."""
    params = reference.Params(args["W_xh"], args["W_hh"], args["b_h"])
    h, _ = reference.forward(params, args["x"], args["h0"])
    return {name: value for name, value in args.items() if name != "b_h"}, h


def draw_sequence(rng: Rng, T: int, B: int, D: int, H: int) -> Args:
    """Draw a call of ``rnn_backward``: states that the network ran through, gradients at every step."""
    args, h = with_states(sequence(rng, T, B, D, H))
    return {
        "dh": rng.normal(size=(T, B, H)),
        "x": args["x"],
        "h0": args["h0"],
        "h": h,
        "W_xh": args["W_xh"],
        "W_hh": args["W_hh"],
    }


def backward(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int | None = None
) -> tuple[Array, ...]:
    """Go back with the reference's step; its whole loop would ask for a cache, and for a bias."""
    params = reference.Params(W_xh, W_hh, np.zeros_like(W_hh[0]))  # the way back makes no use of the bias
    dx, carried, sums = np.zeros_like(x), np.zeros_like(h0), [np.zeros_like(p) for p in params]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t else h0
        dx[t], carried, shares = reference.step_backward(params, dh[t] + carried, x[t], before, h[t])
        sums = [total + share for total, share in zip(sums, shares, strict=True)]
        if window is not None and t > 0 and t % window == 0:
            carried = np.zeros_like(h0)
    return dx, carried, *sums
