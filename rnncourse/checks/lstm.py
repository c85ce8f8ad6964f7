"""The exercises of "Long short-term memory" on the way forward; the way back is in ``lstm_backward``."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.exercise import Case, Exercise, distinct, standard_cases
from rnncourse.checks.lstm_backward import LSTM_BACKWARD, LSTM_STEP_BACKWARD
from rnncourse.checks.lstm_inputs import (
    EDGES,
    EDGES_IN_TIME,
    EDGES_IN_TIME_TOLD,
    EDGES_TOLD,
    Args,
    Rng,
    batch,
    never_twice,
    sequence,
    sizes,
    step,
)
from rnncourse.checks.lstm_relatives import (
    COUPLED_LSTM_STEP,
    COUPLED_PEEPHOLE_LSTM_STEP_BACKWARD,
    PEEPHOLE_LSTM_STEP,
)
from rnncourse.checks.rules import sides, values
from rnncourse.reference import lstm as reference

States = tuple[np.ndarray, np.ndarray]
GATES = ("i", "f", "g", "o")


# ---------------------------------------------------------------- one step, and the loop
def _step(x_t: np.ndarray, h_prev: np.ndarray, c_prev: np.ndarray, *weights: np.ndarray) -> States:
    return reference.step(reference.Params(*weights), x_t, h_prev, c_prev)


LSTM_STEP = Exercise(
    id="lstm.lstm_step",
    results=("h_t", "c_t"),
    draw=lambda rng: standard_cases(rng, never_twice(batch), step, edges=EDGES),
    reference=_step,
    rules=(values("h_t", 0.4, result=0), values("c_t", 0.35, result=1), *sides(EDGES_TOLD)),
    heading="Four gates, one step",
    gates=GATES,
    hints=(
        "Which of the four parts lie between 0 and 1, and which one between -1 and 1? Which of them "
        "decides about the past?",
        "One product gives all four: a = x_t @ W_xh.T + h_prev @ W_hh.T + b_h is (B, 4H). Cut it along its "
        "last axis into i, f, g, o; then first c_t, and from it h_t.",
        "c_t = f * c_prev + i * g, and h_t = o * np.tanh(c_t). Sigmoid for i, f, o; tanh for g.",
    ),
)


def _forward(x: np.ndarray, h0: np.ndarray, c0: np.ndarray, *weights: np.ndarray) -> States:
    return reference.forward(reference.Params(*weights), x, h0, c0)[:2]


def _first_step_only(states: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(states)
    kept[:1] = states[:1]
    return kept


LSTM_FORWARD = Exercise(
    id="lstm.lstm_forward",
    results=("h", "c"),
    draw=lambda rng: standard_cases(rng, never_twice(sizes), sequence, edges=EDGES_IN_TIME),
    reference=_forward,
    rules=(
        values("the first step, h[0] and c[0]", 0.15, part=_first_step_only),
        values("h at every step", 0.3, result=0),
        values("c at every step", 0.3, result=1),
        *sides(EDGES_IN_TIME_TOLD),
    ),
    heading="Unrolled in time",
    gates=GATES,
    hints=(
        "What does a step hand on to the next: one array, or two?",
        "Keep two variables that start as h0 and c0. In every step, compute both anew and store each in its "
        "own list.",
        "for x_t in x: h, c = lstm_step(x_t, h, c, W_xh, W_hh, b_h); hs.append(h); cs.append(c). Then "
        "np.stack twice.",
    ),
)


# ---------------------------------------------------------------- forget_bias
def _bias(rng: Rng, H: int) -> Args:
    return {"b_h": rng.normal(size=4 * H), "value": float(rng.uniform(1, 5))}


def _bias_reference(b_h: np.ndarray, value: float) -> np.ndarray:
    H = len(b_h) // 4
    changed = b_h.copy()
    changed[H : 2 * H] = value
    return changed


def _draw_bias(rng: Rng) -> list[Case]:
    cases = standard_cases(rng, lambda r: distinct(r, H=(2, 9)), _bias)
    edges = [
        Case("edge", {**_bias(rng, H), "value": value}, note=f"H = {H} and value = {value}")
        for H, value in ((1, 0.0), (3, -1.5), (4, 2))
    ]
    return [*cases[:-1], *edges, cases[-1]]


FORGET_BIAS = Exercise(
    id="lstm.forget_bias",
    results=("b_new",),
    draw=_draw_bias,
    reference=_bias_reference,
    rules=(values("values", 0.75), *sides("H = 1, other values")),
    heading="The forget bias",
    gates=GATES,
    hints=(
        "b_h holds four parts of the same length. The second belongs to the forget gate: where does it "
        "begin and end?",
        "H = len(b_h) // 4; the parts begin at 0, H, 2H and 3H. Work on a copy.",
        "new = b_h.copy(); then new[H : 2 * H] = value; and return new.",
    ),
)

EXERCISES = (
    LSTM_STEP,
    LSTM_FORWARD,
    LSTM_STEP_BACKWARD,
    LSTM_BACKWARD,
    FORGET_BIAS,
    PEEPHOLE_LSTM_STEP,
    COUPLED_LSTM_STEP,
    COUPLED_PEEPHOLE_LSTM_STEP_BACKWARD,
)
