"""The exercise on the gradient that is measured: functions to be differentiated are handed over."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.compare import Tolerance
from rnncourse.checks.exercise import Case, Exercise, distinct, standard_cases
from rnncourse.checks.given import Given, always
from rnncourse.checks.rules import sides, values
from rnncourse.reference import gradcheck

Rng = np.random.Generator
Args = dict[str, Any]


def _function(rng: Rng, *shape: int, fast: bool = False, as_array: bool = False) -> Given:
    """Draw a function of one array: cubes, so that an eps shows, and a tie between all entries.

    Central differences of a cubic are off by a term in ``eps**2`` that is known exactly; without it, forward
    and central differences with any eps at all would look alike. The tie shows a nudge that was not undone.
    ``fast`` makes it a function of sines that wave a thousand times as fast, so that an eps of 1e-5 shows
    where 1e-6 is asked for.
    """
    linear, cubic, tie = rng.normal(size=(3, *shape))
    tie /= np.sqrt(np.prod(shape))

    def f(a: np.ndarray) -> Any:
        if np.shape(a) != shape:
            raise ValueError(
                f"f takes an array of the shape of x, {shape}; it got one of shape {np.shape(a)}"
            )
        b = np.sin(1e3 * a) if fast else a
        value = np.sum(linear * b + cubic * b**3) + np.sum(tie * b) ** 3
        return np.asarray(value) if as_array else float(value)

    return Given(f"a function of one array of shape {shape}", always(f))


def _matrix(rng: Rng, M: int, N: int) -> Args:
    x = rng.choice([-1.0, 1.0], (M, N)) * rng.uniform(0.3, 1.5, (M, N))
    return {"f": _function(rng, M, N), "x": x, "eps": float(rng.uniform(0.05, 0.2))}


def _draw(rng: Rng) -> list[Case]:
    cases = standard_cases(
        rng, lambda r: distinct(r, M=(2, 6), N=(2, 6)), _matrix, edges=({"M": 1}, {"N": 1}), float32=False
    )
    size = distinct(rng, a=(2, 4), b=(2, 4), c=(2, 4))
    shapes = {
        "x of one axis": (size["a"] + 2,),
        "x of three axes": tuple(size.values()),
        "x of four axes": (2, 3, 1, 2),
        "x of one number": (1,),
    }
    others = [
        Case(
            "edge",
            {
                "f": _function(rng, *shape, as_array=len(shape) == 3),
                "x": rng.normal(size=shape),
                "eps": float(rng.uniform(0.05, 0.2)),
            },
            note=note,
        )
        for note, shape in shapes.items()
    ]
    default = [
        Case(
            "default",
            {"f": _function(rng, *shape, fast=True), "x": _matrix(rng, *shape)["x"]},
            note="eps left out, so 1e-6",
        )
        for shape in ((3, 2), (2, 4))
    ]
    return [*cases[:-1], *default, *others, cases[-1]]


NUMERICAL_GRADIENT = Exercise(
    id="bptt.numerical_gradient",
    results=("gradient",),
    draw=_draw,
    reference=gradcheck.numerical_gradient,
    rules=(
        values("with an eps of about 0.1", 0.55),
        values("with eps left out: 1e-6", 0.2, ("default",)),
        *sides("other numbers of axes", single_precision=False),
    ),
    heading="Checking a gradient",
    hints=(
        "The slope at a point from two values of f: which two, and how far are they apart?",
        "For each entry of x: a copy with that entry raised by eps, a copy with it lowered by eps, and all "
        "other entries as in x. np.ndindex(x.shape) lists the entries, whatever the number of axes.",
        "gradient[i] = (f(above) - f(below)) / (2 * eps), where above and below are copies of x with "
        "above[i] += eps and below[i] -= eps.",
    ),
    # With eps = 1e-6 the difference of two values keeps about ten digits, and which ones depends on the order
    # of the sums.
    tolerance=Tolerance(1e-8),
    match=Tolerance(1e-8),
)
