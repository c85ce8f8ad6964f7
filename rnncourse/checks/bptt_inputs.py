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
    """Call the reference the way that the exercises call: separate arrays, and no bias."""
    params = reference.Params(W_xh, W_hh, np.zeros(len(W_hh)))
    x_and_one = np.concatenate([x, np.ones_like(x[:, :, :1])], axis=2)  # the bias's input, as a cache has it
    cache = reference.Cache(params, x_and_one, np.concatenate([h0[None], h]), None, "tanh")
    dx, dh0, dparams = reference.backward(dh, cache, window)
    return dx, dh0, *dparams
