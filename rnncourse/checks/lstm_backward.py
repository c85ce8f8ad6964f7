"""The exercises of "Long short-term memory" on the way back: through one step, and through time."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.exercise import Case, Exercise, standard_cases
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
    upstream,
)
from rnncourse.checks.rules import sides, values
from rnncourse.reference import lstm as reference

Gradients = tuple[np.ndarray, ...]
_GATES = ("i", "f", "g", "o")


# ---------------------------------------------------------------- one step
def _step(rng: Rng, B: int, D: int, H: int) -> Args:
    return {"dh_t": upstream(rng, B, H), "dc_t": upstream(rng, B, H), **step(rng, B, D, H)}


def _step_back(
    dh_t: np.ndarray,
    dc_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    *weights: np.ndarray,
) -> Gradients:
    *states, dparams = reference.step_backward(reference.Params(*weights), dh_t, dc_t, x_t, h_prev, c_prev)
    return *states, *dparams


LSTM_STEP_BACKWARD = Exercise(
    id="lstm.lstm_step_backward",
    results=("dx_t", "dh_prev", "dc_prev", "dW_xh", "dW_hh", "db_h"),
    draw=lambda rng: standard_cases(rng, never_twice(batch), _step, edges=EDGES),
    reference=_step_back,
    rules=(
        values("dx_t", 0.12, result=0),
        values("dh_prev", 0.15, result=1),
        values("dc_prev", 0.15, result=2),
        values("dW_xh", 0.11, result=3),
        values("dW_hh", 0.13, result=4),
        values("db_h", 0.09, result=5),
        *sides(EDGES_TOLD),
    ),
    heading="Back through one step",
    gates=_GATES,
    hints=(
        "On which two ways does the loss see c_t? Which of them is already in dc_t, and which lies inside "
        "this step?",
        "Compute i, f, g, o and c_t again. Then dc, the whole gradient of c_t; from dc the gradients inside "
        "i, f and g; from dh_t the one inside o. Stack the four: all else are products with that stack.",
        "dc = dc_t + dh_t * o * (1 - np.tanh(c_t)**2). The blocks: dc * g * i * (1 - i), "
        "dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * np.tanh(c_t) * o * (1 - o). With their "
        "stack da (B, 4H): dh_prev = da @ W_hh, dW_hh = da.T @ h_prev, and dc_prev = dc * f.",
    ),
)


# ---------------------------------------------------------------- through time
def _sequence(rng: Rng, T: int, B: int, D: int, H: int) -> Args:
    return {"dh": upstream(rng, T, B, H), "dc_last": upstream(rng, B, H), **sequence(rng, T, B, D, H)}


def _draw(rng: Rng) -> list[Case]:
    drawn = never_twice(sizes)
    cases = standard_cases(rng, drawn, _sequence, edges=EDGES_IN_TIME)
    late = [_sequence(rng, **drawn(rng)) for _ in range(2)]
    for args in late:
        args["dh"][:-1] = 0
        args["dc_last"][:] = 0
    last = [Case("last", args, note="a loss that sees the last h and nothing else") for args in late]
    cell = _sequence(rng, **drawn(rng))
    cell["dh"][:] = 0
    return [
        *cases[:3],
        *last,
        *cases[3:-1],
        Case("edge", cell, note="a loss that sees the last c and nothing else"),
        cases[-1],
    ]


def _back(
    dh: np.ndarray,
    dc_last: np.ndarray,
    x: np.ndarray,
    h0: np.ndarray,
    c0: np.ndarray,
    *weights: np.ndarray,
) -> Gradients:
    cache = reference.forward(reference.Params(*weights), x, h0, c0)[2]
    *states, dparams = reference.backward(dh, dc_last, cache)
    return *states, *dparams


LSTM_BACKWARD = Exercise(
    id="lstm.lstm_backward",
    results=("dx", "dh0", "dc0", "dW_xh", "dW_hh", "db_h"),
    draw=_draw,
    reference=_back,
    rules=(
        values("dx", 0.12, result=0),
        values("dh0", 0.1, result=1),
        values("dc0", 0.12, result=2),
        values("dW_xh", 0.1, result=3),
        values("dW_hh", 0.11, result=4),
        values("db_h", 0.08, result=5),
        values("a loss that sees the last h only", 0.12, ("last",)),
        *sides(EDGES_IN_TIME_TOLD),
    ),
    heading="Back through time",
    gates=_GATES,
    hints=(
        "What reaches h[t] from above, and what from step t + 1? What reaches c[t], if nobody reads it but "
        "the next step?",
        "First the states: forward once, with h0 and c0 in front. Then t from T - 1 down to 0, carrying two "
        "arrays back: what step t + 1 sent to h[t], and what it sent to c[t]. Weight gradients add up.",
        "dx[t], dh_next, dc_next, *shares = lstm_step_backward(dh[t] + dh_next, dc_next, x[t], h_prev, "
        "c_prev, W_xh, W_hh, b_h); dh_next starts as zeros and ends as dh0, dc_next starts as dc_last and "
        "ends as dc0.",
    ),
)
