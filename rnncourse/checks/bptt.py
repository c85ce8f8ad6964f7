"""The exercises of "Backpropagation through time": one step back, all steps back, truncated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from rnncourse.checks.bptt_catch import CATCH_THE_BUG
from rnncourse.checks.bptt_inputs import backward, draw_sequence, with_states
from rnncourse.checks.bptt_leaky import LEAKY_RNN_BACKWARD
from rnncourse.checks.bptt_numerical import NUMERICAL_GRADIENT
from rnncourse.checks.bptt_output import (
    EMBEDDING_BACKWARD,
    OUTPUT_LAYER_BACKWARD,
    SOFTMAX_CROSS_ENTROPY_BACKWARD,
)
from rnncourse.checks.exercise import LAYOUTS, Case, Exercise, distinct, single, standard_cases
from rnncourse.checks.rnn import sequence, sizes
from rnncourse.checks.rules import sides, values
from rnncourse.reference import rnn as reference

Rng = np.random.Generator
Args = dict[str, Any]
Array = np.ndarray

_EQUAL = dict.fromkeys("TBDH", 3)  # last: right answers do not mind, `if` and `try` on shapes do
_WEIGHTS = ("dW_xh", "dW_hh", "db_h")


# ---------------------------------------------------------------- rnn_step_backward
def _step(rng: Rng, B: int, D: int, H: int) -> Args:
    args, h = with_states(sequence(rng, 1, B, D, H))
    return {
        "dh_t": rng.normal(size=(B, H)),
        "x_t": args["x"][0],
        "h_prev": args["h0"],
        "h_t": h[0],
        "W_xh": args["W_xh"],
        "W_hh": args["W_hh"],
    }


def _step_backward(
    dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    params = reference.Params(W_xh, W_hh, np.zeros(len(W_hh)))  # the way back asks for no bias
    dx_t, dh_prev, dparams = reference.step_backward(params, dh_t, x_t, h_prev, h_t)
    return dx_t, dh_prev, *dparams


RNN_STEP_BACKWARD = Exercise(
    id="bptt.rnn_step_backward",
    results=("dx_t", "dh_prev", *_WEIGHTS),
    draw=lambda rng: standard_cases(
        rng,
        lambda r: distinct(r, B=(2, 6), D=(2, 6), H=(2, 6)),
        _step,
        edges=({"B": 1}, {"D": 1}, {"H": 1}, dict.fromkeys("BDH", 3)),
    ),
    reference=_step_backward,
    rules=(
        values("dx_t", 0.15, result=0),
        values("dh_prev", 0.17, result=1),
        values("dW_xh", 0.14, result=2),
        values("dW_hh", 0.16, result=3),
        values("db_h", 0.13, result=4),
        *sides("B = 1, D = 1, H = 1, all sizes equal"),
    ),
    heading="Back through one step",
    hints=(
        "Five results, and all of them need the gradient of what stands inside the tanh. What is it?",
        "The slope of tanh is 1 - h_t**2, written with its own value. Forward multiplied by W.T; the "
        "way back multiplies by W.",
        "da = dh_t * (1 - h_t**2). Then da @ W_xh, da @ W_hh, da.T @ x_t, da.T @ h_prev, da.sum(axis=0).",
    ),
)


# ---------------------------------------------------------------- rnn_backward
def _draw_sequences(rng: Rng) -> list[Case]:
    cases = standard_cases(rng, sizes, draw_sequence, edges=({"T": 1}, {"B": 1}, {"H": 1}, _EQUAL))
    # large gradients, which nobody may clip; they are scaled up, so that everything else shows as well
    large = cases[1].args
    cases[1] = replace(cases[1], args={**large, "dh": 1e6 * large["dh"]})
    long = draw_sequence(rng, **{**sizes(rng), "T": 24})
    last = draw_sequence(rng, **sizes(rng))
    last["dh"][:-1] = 0
    extra = [
        Case("edge", last, note="dh zero but for the last step"),
        Case("edge", long, note="T = 24"),
    ]
    return [*cases[:-1], *extra, cases[-1]]


RNN_BACKWARD = Exercise(
    id="bptt.rnn_backward",
    results=("dx", "dh0", *_WEIGHTS),
    draw=_draw_sequences,
    reference=backward,
    rules=(
        values("dx", 0.15, result=0),
        values("dh0", 0.16, result=1),
        values("dW_xh", 0.14, result=2),
        values("dW_hh", 0.17, result=3),
        values("db_h", 0.13, result=4),
        *sides("T = 1, B = 1, H = 1, T = 24, all sizes equal, dh at the last step only"),
    ),
    heading="Back through time",
    hints=(
        "A state is read out, and it starts the next step. How many gradients arrive at it?",
        "Go from the last step to the first with a variable `carried` that starts as zeros: what step t + 1 "
        "sends back to h[t]. The weights' gradients add up over the steps.",
        "for t in reversed(range(T)): call rnn_step_backward with dh[t] + carried, and h[t - 1] if t else "
        "h0. Its dh_prev is the next `carried`, and in the end dh0.",
    ),
)


# ---------------------------------------------------------------- truncated_bptt
def _windows(rng: Rng, tag: str, T: int, window: int, layout: str = "plain", note: str = "") -> Case:
    size = distinct(rng, T=(T, T), B=(2, 6), D=(2, 6), H=(2, 6))
    return Case(tag, {**draw_sequence(rng, **size), "window": window}, layout, note)


def _draw_windows(rng: Rng) -> list[Case]:
    even = _windows(rng, "plain", 8, 2)
    T, B, D = even.args["x"].shape
    same = {"T": T, "B": B, "D": D, "H": len(even.args["W_hh"])}
    b = distinct(rng, T=(7, 7), D=(2, 6), H=(2, 6))
    return [
        even,
        Case("plain", {**draw_sequence(rng, **same), "window": 2}),
        _windows(rng, "plain", 9, 3),
        _windows(rng, "plain", 7, 3, note="T = 7 and window = 3"),
        _windows(rng, "plain", 8, 5, note="T = 8 and window = 5"),
        _windows(rng, "layout", 7, 2, "strided", note=LAYOUTS["strided"]),
        _windows(rng, "layout", 8, 4, "read-only", note=LAYOUTS["read-only"]),
        _windows(rng, "edge", 5, 1, note="window = 1"),
        _windows(rng, "edge", 4, 4, note="window = T"),
        _windows(rng, "edge", 4, 9, note="a window longer than the sequence"),
        Case("edge", {**draw_sequence(rng, B=1, **b), "window": 3}, note="B = 1"),
        Case("edge", {**draw_sequence(rng, **_EQUAL), "window": 2}, note="T = B = D = H"),
        Case("float32", single(_windows(rng, "float32", 7, 3).args), note="float32"),
        Case("again", even.args),
    ]


TRUNCATED_BPTT = Exercise(
    id="bptt.truncated_bptt",
    results=("dx", "dh0", *_WEIGHTS),
    draw=_draw_windows,
    reference=backward,
    rules=(
        values("dx", 0.15, result=0),
        values("dh0", 0.16, result=1),
        values("dW_xh", 0.14, result=2),
        values("dW_hh", 0.17, result=3),
        values("db_h", 0.13, result=4),
        *sides("window = 1, window >= T, B = 1, all sizes equal"),
    ),
    heading="Cutting time short",
    hints=(
        "Which sums of rnn_backward lose a term, and which keep all of theirs? Is any dh[t] lost?",
        "The loop is that of rnn_backward. Only what is carried from the first step of a window to the step "
        "before it is thrown away, except at t = 0.",
        "After the step at t: if t > 0 and t % window == 0, set carried to zeros. All else stays as it is.",
    ),
)

EXERCISES = (
    SOFTMAX_CROSS_ENTROPY_BACKWARD,
    OUTPUT_LAYER_BACKWARD,
    RNN_STEP_BACKWARD,
    RNN_BACKWARD,
    EMBEDDING_BACKWARD,
    NUMERICAL_GRADIENT,
    TRUNCATED_BPTT,
    CATCH_THE_BUG,
    LEAKY_RNN_BACKWARD,
)
