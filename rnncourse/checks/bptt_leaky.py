"""The twist of "Backpropagation through time": back through leaky units and masked positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.exercise import Case, Exercise, standard_cases
from rnncourse.checks.rnn import leaky_sequence, leaky_states, sizes
from rnncourse.checks.rules import sides, values

Rng = np.random.Generator
Args = dict[str, Any]
Array = np.ndarray


def _leaky(rng: Rng, T: int, B: int, D: int, H: int) -> Args:
    return _with_states(rng, leaky_sequence(rng, T, B, D, H))


def _with_states(rng: Rng, args: Args) -> Args:
    """Run the leaky network and put everything in the order of the call; gradients enter at every step."""
    h = leaky_states(**args)
    order = ("dh", "x", "h0", "h", "W_xh", "W_hh", "b_h", "leak", "mask")
    drawn = {**args, "dh": rng.normal(size=h.shape), "h": h}
    return {name: drawn[name] for name in order}


def _draw(rng: Rng) -> list[Case]:
    cases = standard_cases(rng, sizes, _leaky, edges=({"T": 1}, {"B": 1}, dict.fromkeys("TBDH", 3)))
    full = []
    for _ in range(2):
        args = leaky_sequence(rng, **sizes(rng))
        full.append(_with_states(rng, {**args, "mask": np.ones_like(args["mask"])}))
    extra, other = (leaky_sequence(rng, **sizes(rng)) for _ in range(2))
    whole = {**extra, "mask": extra["mask"] != 0, "leak": np.ones_like(extra["leak"])}
    integer = {**other, "mask": other["mask"].astype(np.int64)}
    last = _leaky(rng, **sizes(rng))
    last["dh"][:-1] = 0
    return [
        *(Case("full", args) for args in full),
        *cases[:-1],
        Case("edge", _with_states(rng, whole), note="a boolean mask and leak = 1"),
        Case("edge", _with_states(rng, integer), note="a mask of integers"),
        Case("edge", last, note="dh zero but for the last step"),
        cases[-1],
    ]


def _backward(
    dh: Array,
    x: Array,
    h0: Array,
    h: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    leak: Array,
    mask: Array,
) -> tuple[Array, ...]:
    before = np.concatenate([h0[None], h[:-1]])
    counts = np.asarray(mask)[:, :, None] != 0
    candidate = np.tanh(x @ W_xh.T + before @ W_hh.T + b_h)  # all states are known: no loop is needed
    da, dleak = np.zeros_like(h), np.zeros_like(leak)
    carried = np.zeros_like(h0)
    for t in reversed(range(len(x))):
        total = dh[t] + carried
        happened = np.where(counts[t], total, 0)
        dleak += (happened * (candidate[t] - before[t])).sum(axis=0)
        da[t] = happened * leak * (1 - candidate[t] ** 2)
        # three ways back to the state before: past the unit, through the unit, or the step did not happen
        carried = (1 - leak) * happened + da[t] @ W_hh + np.where(counts[t], 0, total)
    dW_xh = np.tensordot(da, np.where(counts, x, 0), axes=((0, 1), (0, 1)))
    dW_hh = np.tensordot(da, before, axes=((0, 1), (0, 1)))
    return da @ W_xh, carried, dW_xh, dW_hh, da.sum(axis=(0, 1)), dleak


_BOTH = ("full", "plain")

LEAKY_RNN_BACKWARD = Exercise(
    id="bptt.leaky_rnn_backward",
    results=("dx", "dh0", "dW_xh", "dW_hh", "db_h", "dleak"),
    draw=_draw,
    reference=_backward,
    rules=(
        values("all six, every position counting", 0.2, ("full",)),
        values("dx", 0.09, _BOTH, result=0),
        values("dh0", 0.09, _BOTH, result=1),
        values("dW_xh", 0.08, _BOTH, result=2),
        values("dW_hh", 0.1, _BOTH, result=3),
        values("db_h", 0.08, _BOTH, result=4),
        values("dleak", 0.11, _BOTH, result=5),
        *sides("T = 1, B = 1, all sizes equal, leak = 1, other masks"),
    ),
    heading="Masks on the way back",
    hints=(
        "By how many ways does h_{t-1} reach h_t? Each of them brings a gradient back. Which is left where "
        "the mask is 0?",
        "With c = tanh(...), h_t = h_prev + leak * (c - h_prev): differentiate by c, by h_prev and by leak. "
        "The slope of tanh is 1 - c**2, and c is not h_t any more.",
        "da = m * total * leak * (1 - c**2); carried = m * (1 - leak) * total + da @ W_hh + (1 - m) * total; "
        "dleak adds m * total * (c - h_prev), summed over the batch.",
    ),
)
