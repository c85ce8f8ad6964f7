"""The exercises of "A loop that remembers" on the recurrence; those on its output are in ``rnn_output``."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.exercise import LAYOUTS, Case, Exercise, distinct, single, standard_cases
from rnncourse.checks.rnn_output import DELAY_LINE_WEIGHTS, OUTPUT_LAYER, SOFTMAX_CROSS_ENTROPY
from rnncourse.checks.rules import sides, values
from rnncourse.reference import rnn as reference

Rng = np.random.Generator
Args = dict[str, Any]


_EQUAL = dict.fromkeys("TBDH", 3)  # last: right answers do not mind, `if` and `try` on shapes do


def sizes(rng: Rng) -> dict[str, int]:
    """Draw T, B, D, H, all different; T is long enough to tell a first, a middle and a last step."""
    return distinct(rng, T=(4, 8), B=(2, 5), D=(2, 6), H=(2, 6))


def weights(rng: Rng, D: int, H: int) -> Args:
    """Draw weights that bend tanh without pinning it at 1, where every mistake would look alike."""
    return {
        "W_xh": rng.normal(size=(H, D)) * 0.5,
        "W_hh": rng.normal(size=(H, H)) * 0.9 / np.sqrt(H),
        "b_h": rng.normal(size=H) * 0.4,
    }


def _step(rng: Rng, B: int, D: int, H: int) -> Args:
    return {"x_t": rng.normal(size=(B, D)), "h_prev": rng.uniform(-0.9, 0.9, (B, H)), **weights(rng, D, H)}


def sequence(rng: Rng, T: int, B: int, D: int, H: int) -> Args:
    """Draw a sequence, a state before it that is not zero, and weights."""
    return {"x": rng.normal(size=(T, B, D)), "h0": rng.uniform(-0.9, 0.9, (B, H)), **weights(rng, D, H)}


def _params(W_xh: np.ndarray, W_hh: np.ndarray, b_h: np.ndarray) -> reference.Params:
    return reference.Params(W_xh, W_hh, b_h)


def _first_step_only(h: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(h)
    kept[:1] = h[:1]
    return kept


RNN_STEP = Exercise(
    id="rnn.rnn_step",
    results=("h_t",),
    draw=lambda rng: standard_cases(
        rng,
        lambda r: distinct(r, B=(2, 6), D=(2, 6), H=(2, 6)),
        _step,
        edges=({"B": 1}, {"D": 1}, {"H": 1}, dict.fromkeys("BDH", 3)),
    ),
    reference=lambda x_t, h_prev, *w: reference.step(_params(*w), x_t, h_prev),
    rules=(values("values", 0.75), *sides("B = 1, D = 1, H = 1, all sizes equal")),
    heading="One step of the loop",
    hints=(
        "How many terms stand inside the tanh? Which of them carries the memory?",
        "With one example in each row, W_xh x_t becomes x_t @ W_xh.T. Do the same for the state; "
        "add the bias once.",
        "np.tanh of (x_t @ W_xh.T + the state's term + b_h); the whole sum goes in, not one term.",
    ),
)

RNN_FORWARD = Exercise(
    id="rnn.rnn_forward",
    results=("h",),
    draw=lambda rng: standard_cases(rng, sizes, sequence, edges=({"T": 1}, {"B": 1}, _EQUAL)),
    reference=lambda x, h0, *w: reference.forward(_params(*w), x, h0)[0],
    rules=(
        values("the first step, h[0]", 0.15, part=_first_step_only),
        values("every step", 0.6),
        *sides("T = 1, B = 1, all sizes equal"),
    ),
    heading="Unrolled in time",
    hints=(
        "What does step t need that step t - 1 made? What stands in its place at t = 0?",
        "Keep a variable h that starts as h0. In every step: compute the new h, store it in its own row.",
        "for t in range(len(x)): h = rnn_step(x[t], h, W_xh, W_hh, b_h); rows.append(h). Then "
        "np.stack(rows).",
    ),
)


# ---------------------------------------------------------------- truncate_and_carry
def _chunked(rng: Rng, tag: str, T: int, chunk: int, layout: str = "plain", note: str = "") -> Case:
    size = distinct(rng, T=(T, T), B=(2, 6), D=(2, 6), H=(2, 6))
    return Case(tag, {**sequence(rng, **size), "chunk": chunk}, layout, note)


def _draw_chunks(rng: Rng) -> list[Case]:
    even = _chunked(rng, "plain", 8, 2)
    float32 = _chunked(rng, "float32", 7, 3, note="float32")
    b = distinct(rng, T=(7, 7), D=(2, 6), H=(2, 6))
    return [
        even,
        Case("plain", {**sequence(rng, **_shape(even)), "chunk": 2}),
        _chunked(rng, "plain", 9, 3),
        _chunked(rng, "ragged", 7, 3, note="T = 7 and chunk = 3"),
        _chunked(rng, "ragged", 8, 5, note="T = 8 and chunk = 5"),
        _chunked(rng, "layout", 7, 2, "strided", note=LAYOUTS["strided"]),
        _chunked(rng, "layout", 8, 4, "read-only", note=LAYOUTS["read-only"]),
        _chunked(rng, "edge", 5, 1, note="chunk = 1"),
        _chunked(rng, "edge", 4, 4, note="chunk = T"),
        _chunked(rng, "edge", 4, 9, note="a chunk longer than the sequence"),
        Case("edge", {**sequence(rng, B=1, **b), "chunk": 3}, note="B = 1"),
        Case("edge", {**sequence(rng, **_EQUAL), "chunk": 2}, note="T = B = D = H"),
        Case("float32", single(float32.args), note="float32"),
        Case("again", even.args),
    ]


def _shape(case: Case) -> dict[str, int]:
    T, B, D = case.args["x"].shape
    return {"T": T, "B": B, "D": D, "H": len(case.args["b_h"])}


TRUNCATE_AND_CARRY = Exercise(
    id="rnn.truncate_and_carry",
    results=("h",),
    draw=_draw_chunks,
    reference=lambda x, h0, W_xh, W_hh, b_h, chunk: reference.forward(_params(W_xh, W_hh, b_h), x, h0)[0],
    rules=(
        values("chunks that divide the sequence", 0.4),
        values("a last chunk that is shorter", 0.35, ("ragged",)),
        *sides("chunk = 1, chunk >= T, B = 1, all sizes equal"),
    ),
    heading="Chunk by chunk",
    hints=(
        "What does the second chunk need from the first, so that nobody can see the cut?",
        "Cut x at 0, chunk, 2 * chunk, ...; run rnn_forward on each piece. What is the last state "
        "of a piece for the next?",
        "for start in range(0, len(x), chunk): h = rnn_forward(x[start : start + chunk], state, "
        "...); state = h[-1].",
    ),
)


# ---------------------------------------------------------------- the twist
def leaky_sequence(rng: Rng, T: int, B: int, D: int, H: int) -> Args:
    """Draw leaks that differ from unit to unit and a mask with holes: at the start, inside and at the end."""
    mask = (rng.random((T, B)) < 0.6).astype(np.float64)
    if T > 1:
        mask[:, 0] = 1
        mask[0, -1], mask[T // 2, -1], mask[-1, -1] = 0, 0, 0
        mask[1, -1] = 1
    return {**sequence(rng, T, B, D, H), "leak": rng.uniform(0.15, 0.85, H), "mask": mask}


def _draw_leaky(rng: Rng) -> list[Case]:
    cases = standard_cases(rng, sizes, leaky_sequence, edges=({"T": 1}, {"B": 1}, _EQUAL))
    full = [{**leaky_sequence(rng, **sizes(rng)), "mask": None} for _ in range(2)]
    for args in full:
        args["mask"] = np.ones(args["x"].shape[:2])
    extra = leaky_sequence(rng, **sizes(rng))
    whole = {**extra, "mask": extra["mask"] != 0, "leak": np.ones_like(extra["leak"])}
    integer = {**extra, "mask": extra["mask"].astype(np.int64)}
    return [
        *(Case("full", args) for args in full),
        *cases[:-1],
        Case("edge", whole, note="a boolean mask and leak = 1"),
        Case("edge", integer, note="a mask of integers"),
        cases[-1],
    ]


def leaky_states(
    x: np.ndarray,
    h0: np.ndarray,
    W_xh: np.ndarray,
    W_hh: np.ndarray,
    b_h: np.ndarray,
    leak: np.ndarray,
    mask: np.ndarray,
) -> np.ndarray:
    """Run the leaky network; return the state after every step, (T, B, H)."""
    states, h = np.empty((*x.shape[:2], len(b_h)), np.result_type(x, h0)), h0
    for t in range(len(x)):
        leaked = (1 - leak) * h + leak * reference.step(_params(W_xh, W_hh, b_h), x[t], h)
        h = np.where(mask[t][:, None] != 0, leaked, h)
        states[t] = h
    return states


LEAKY_RNN_FORWARD = Exercise(
    id="rnn.leaky_rnn_forward",
    results=("h",),
    draw=_draw_leaky,
    reference=leaky_states,
    rules=(
        values("every position counting", 0.4, ("full",)),
        values("masked positions carry the state over", 0.35),
        *sides("T = 1, B = 1, all sizes equal, leak = 1, other masks"),
    ),
    heading="Unrolled in time",
    hints=(
        "With leak = 1, which network is this? With a tiny leak, how fast does a state change?",
        "First the ordinary step, then mix it with the state before, unit by unit. Only then ask the mask.",
        "new = (1 - leak) * h + leak * rnn_step(...); h = np.where(mask[t][:, None], new, h); store h.",
    ),
)

EXERCISES = (
    RNN_STEP,
    RNN_FORWARD,
    OUTPUT_LAYER,
    SOFTMAX_CROSS_ENTROPY,
    DELAY_LINE_WEIGHTS,
    TRUNCATE_AND_CARRY,
    LEAKY_RNN_FORWARD,
)
