"""The exercises of "Gated recurrent units" on the way forward; those on the way back are next door."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.compare import EQUAL
from rnncourse.checks.exercise import Case, Exercise, distinct, standard_cases
from rnncourse.checks.gru_backward import GRU_BACKWARD, GRU_STEP_BACKWARD
from rnncourse.checks.gru_inputs import (
    EDGES,
    EDGES_IN_TIME,
    Args,
    Rng,
    batch,
    reset_step,
    sequence,
    sizes,
    step,
)
from rnncourse.checks.gru_minimal import MINIMAL_GATED_STEP_BACKWARD
from rnncourse.checks.rules import kinds, sides, values
from rnncourse.reference import gru as reference


def _first_step_only(h: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(h)
    kept[:1] = h[:1]
    return kept


GRU_STEP = Exercise(
    id="gru.gru_step",
    results=("h_t",),
    draw=lambda rng: standard_cases(rng, batch, step, edges=EDGES),
    reference=lambda x_t, h_prev, *w: reference.step(reference.Params(*w), x_t, h_prev),
    rules=(values("values", 0.75), *sides("B = 1, D = 1, H = 1, all sizes equal, a square W_xh")),
    heading="One step",
    gates=("r", "z", "n"),
    hints=(
        "If z is 1 everywhere, what is h_t? And what does the candidate see of the past if r is 0?",
        "Two products for everything: x_t @ W_xh.T + b_h and h_prev @ W_hh.T, both (B, 3H). Cut each into r, "
        "z, n with np.split(..., 3, axis=1); add the parts for r and z, but keep those for n apart.",
        "n = np.tanh(x_n + r * (h_n + b_hn)), with x_n and h_n the last parts of the two; then "
        "(1 - z) * n + z * h_prev.",
    ),
)

GRU_FORWARD = Exercise(
    id="gru.gru_forward",
    results=("h",),
    draw=lambda rng: standard_cases(rng, sizes, sequence, edges=EDGES_IN_TIME),
    reference=lambda x, h0, *w: reference.forward(reference.Params(*w), x, h0)[0],
    rules=(
        values("the first step, h[0]", 0.15, part=_first_step_only),
        values("every step", 0.6),
        *sides("T = 1, B = 1, all sizes equal, a square W_xh"),
    ),
    heading="Unrolled in time",
    gates=("r", "z", "n"),
    hints=(
        "What is different from rnn_forward, apart from the step?",
        "Keep a variable that starts as h0. In every step: compute the new state, store it in its own row.",
        "for x_t in x: h = gru_step(x_t, h, W_xh, W_hh, b_h, b_hn); rows.append(h). Then np.stack(rows).",
    ),
)


def _reset_before(
    x_t: np.ndarray, h_prev: np.ndarray, W_xh: np.ndarray, W_hh: np.ndarray, b_h: np.ndarray
) -> np.ndarray:
    no_second_bias = np.zeros_like(b_h[: h_prev.shape[1]])
    return reference.step(reference.Params(W_xh, W_hh, b_h, no_second_bias), x_t, h_prev, reset_before=True)


GRU_STEP_RESET_BEFORE = Exercise(
    id="gru.gru_step_reset_before",
    results=("h_t",),
    draw=lambda rng: standard_cases(rng, batch, reset_step, edges=EDGES),
    reference=_reset_before,
    rules=(values("values", 0.75), *sides("B = 1, D = 1, H = 1, all sizes equal, a square W_xh")),
    heading="Reset before or after",
    gates=("r", "z", "n"),
    hints=(
        "Can one product with W_hh still serve all three gates, if the candidate's has to wait for r?",
        "Cut W_hh into W_hr, W_hz, W_hn by np.split(W_hh, 3). First r and z; then what is left of the state, "
        "r * h_prev; then its product with W_hn.",
        "n = np.tanh(x_n + (r * h_prev) @ W_hn.T), with x_n the last part of x_t @ W_xh.T + b_h; then mix as "
        "in gru_step.",
    ),
)


# ---------------------------------------------------------------- parameter_count
_GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def _count(cell: str, input_size: int, hidden_size: int) -> int:
    of_one = hidden_size * (input_size + hidden_size + 1)
    return _GATES[cell] * of_one + (hidden_size if cell == "gru" else 0)


def _draw_counts(rng: Rng) -> list[Case]:
    def counted(cell: str, low: int, high: int) -> Args:
        size = distinct(rng, input_size=(low, high), hidden_size=(low, high))
        return {"cell": cell, **size}

    return [
        *(Case(cell, counted(cell, 2, 40)) for cell in _GATES for _ in range(3)),
        *(Case("integers", counted(cell, 2, 40), note=f"cell={cell!r}") for cell in _GATES),
        *(
            Case("edge", counted(cell, 30000, 60000), note="very large sizes") for cell in _GATES
        ),  # past 32 bits
        *(
            Case("edge", {"cell": cell, "input_size": 1, "hidden_size": 1}, note="sizes of 1")
            for cell in _GATES
        ),
        *(
            Case("edge", {"cell": cell, "input_size": 7, "hidden_size": 7}, note="equal sizes")
            for cell in _GATES
        ),
    ]


PARAMETER_COUNT = Exercise(
    id="gru.parameter_count",
    results=("count",),
    kind="int",
    draw=_draw_counts,
    reference=_count,
    tolerance=EQUAL,
    rules=(
        values('"rnn"', 0.2, ("rnn",)),
        values('"lstm"', 0.25, ("lstm",)),
        values('"gru"', 0.35, ("gru",)),
        kinds("an int", 0.1),
        values("very large, very small and equal sizes", 0.1, ("edge",), core=False),
    ),
    heading="Counting parameters",
    hints=(
        "Which shapes have W_xh, W_hh and b_h of a plain RNN? How many times the rows has an LSTM, a GRU?",
        "A block of one gate has hidden_size rows, each with input_size + hidden_size weights and one bias.",
        "1, 4 or 3 blocks of hidden_size * (input_size + hidden_size + 1); the GRU has b_hn besides.",
    ),
)

EXERCISES: tuple[Exercise, ...] = (
    GRU_STEP,
    GRU_FORWARD,
    GRU_STEP_BACKWARD,
    GRU_BACKWARD,
    GRU_STEP_RESET_BEFORE,
    PARAMETER_COUNT,
    MINIMAL_GATED_STEP_BACKWARD,
)
