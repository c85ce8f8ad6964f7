"""The exercises of "The limits of feedforward networks" on windows; the rest is in ``feedforward_words``."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.exercise import Case, Exercise, distinct, standard_cases
from rnncourse.checks.feedforward_words import (
    BIGRAM_PROBABILITIES,
    ONE_HOT,
    RNN_PARAMETERS,
    WINDOW_MLP_PARAMETERS,
)
from rnncourse.checks.rules import sides, values
from rnncourse.reference import feedforward as reference

Rng = np.random.Generator
Args = dict[str, Any]


# ---------------------------------------------------------------- sliding_windows
def _series(rng: Rng, N: int, width: int) -> Args:
    return {"series": rng.normal(size=N + width), "width": width}


def _draw_windows(rng: Rng) -> list[Case]:
    cases = standard_cases(
        rng,
        lambda r: distinct(r, N=(5, 9), width=(2, 4)),
        _series,
        edges=({"width": 1}, {"N": 1}, {"N": 3, "width": 3}),
    )
    whole = {"series": rng.integers(-50, 50, 9), "width": 2}
    return [*cases[:-1], Case("integers", whole, note="a series of integers"), cases[-1]]


SLIDING_WINDOWS = Exercise(
    id="feedforward.sliding_windows",
    results=("inputs", "targets"),
    draw=_draw_windows,
    reference=reference.sliding_windows,
    rules=(
        values("inputs", 0.4, result=0),
        values("targets", 0.35, result=1),
        *sides("width = 1, a single window, N = width"),
    ),
    heading="A window that slides",
    hints=(
        "For a series of 5 values and width 3: how many windows have a value after them?",
        "There are len(series) - width windows. Window n begins at n; which value follows its last one?",
        "inputs[n] is series[n : n + width], targets[n] is series[n + width]. Return copies, not "
        "views of the series.",
    ),
)


# ---------------------------------------------------------------- mlp_forward
def _mlp(rng: Rng, N: int, I: int, H: int, O: int) -> Args:  # noqa: E741
    return {
        "x": rng.normal(size=(N, I)),
        "W1": rng.normal(size=(H, I)) * 0.6,
        "b1": rng.normal(size=H) * 0.5,
        "W2": rng.normal(size=(O, H)),
        "b2": rng.normal(size=O),
    }


def _mlp_reference(
    x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> np.ndarray:
    return reference.forward(reference.Params(W1, b1, W2, b2), x)[0]


MLP_FORWARD = Exercise(
    id="feedforward.mlp_forward",
    results=("y",),
    draw=lambda rng: standard_cases(
        rng,
        lambda r: distinct(r, N=(3, 7), I=(2, 6), H=(2, 6), O=(2, 6)),
        _mlp,
        edges=({"N": 1}, {"H": 1}, {"O": 1}, dict.fromkeys("NIHO", 3)),
    ),
    reference=_mlp_reference,
    rules=(values("values", 0.75), *sides("one example, unit or output; all sizes equal")),
    heading="A network on the window",
    hints=(
        "Which of the two layers has a tanh? What shape has x @ W1.T?",
        "Hidden layer (F2): tanh of everything, bias included. Output (F3): linear, with its own bias.",
        "h = np.tanh(x @ W1.T + b1), then the same pattern once more with W2 and b2, without a tanh.",
    ),
)


# ---------------------------------------------------------------- the twist
def _dilated(rng: Rng, N: int, width: int, dilation: int, H: int, O: int) -> Args:  # noqa: E741
    net = _mlp(rng, N, width, H, O)
    series = rng.normal(size=N + width * dilation)
    return {"series": series, "dilation": dilation, **{name: net[name] for name in ("W1", "b1", "W2", "b2")}}


def _dilated_reference(
    series: np.ndarray, dilation: int, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> np.ndarray:
    width = W1.shape[1]
    rows = np.arange(len(series) - width * dilation)[:, None] + dilation * np.arange(width)
    return _mlp_reference(series[rows], W1, b1, W2, b2)


DILATED_WINDOW_MLP = Exercise(
    id="feedforward.dilated_window_mlp",
    results=("y",),
    draw=lambda rng: standard_cases(
        rng,
        lambda r: distinct(r, N=(4, 8), width=(2, 4), dilation=(2, 4), H=(2, 7), O=(2, 7)),
        _dilated,
        edges=({"dilation": 1}, {"width": 1}, {"N": 1}, {"N": 3, "width": 3, "dilation": 3, "H": 3, "O": 3}),
    ),
    reference=_dilated_reference,
    rules=(values("values", 0.75), *sides("dilation = 1, width = 1, a single window, all sizes equal")),
    heading="A window that slides",
    hints=(
        "With width 3 and dilation 2, which values of the series does row 0 see? And which is the "
        "one after them?",
        "width is W1.shape[1]. Row n needs series[n + width * dilation] to exist: that says how "
        "many rows there are.",
        "The window of row n is series[n : n + width * dilation : dilation]; stack them and use "
        "your mlp_forward.",
    ),
)

EXERCISES = (
    ONE_HOT,
    SLIDING_WINDOWS,
    MLP_FORWARD,
    WINDOW_MLP_PARAMETERS,
    RNN_PARAMETERS,
    BIGRAM_PROBABILITIES,
    DILATED_WINDOW_MLP,
)
