"""The exercises of "Vanishing and exploding gradients" on horizons, clipping, good starts and a task."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.compare import EQUAL
from rnncourse.checks.exercise import LAYOUTS, Case, Exercise, distinct, single, standard_cases
from rnncourse.checks.rules import float32, fresh, kinds, sides, untouched, values
from rnncourse.reference import gradients as reference
from rnncourse.reference import optim

Rng = np.random.Generator
Args = dict[str, Any]


# ---------------------------------------------------------------- vanishing_horizon
def _between(rng: Rng, rate: float, whole: int, part: float) -> Args:
    """Return arguments whose answer is ``whole + 1``, far from every power: rounding cannot matter."""
    return {"rate": rate, "threshold": rate ** (whole + part)}


def _draw_horizons(rng: Rng) -> list[Case]:
    rates = rng.uniform(0.55, 0.95, 4)
    parts = [rng.uniform(0.1, 0.4), rng.uniform(0.6, 0.9)] * 2
    plain = [
        _between(rng, float(rate), int(rng.integers(4, 15)), part)
        for rate, part in zip(rates, parts, strict=True)
    ]
    # Powers of 1/2 are exact, by ** and by a loop. With the exponents 2, 4 and 8 the quotient of two
    # logarithms is exact as well, in whatever base, by / and by //: they differ by a power of two alone.
    # With others it may round to either side, and marks would hang on the draw.
    half, quarter = (int(m) for m in rng.choice([2, 4, 8], 2))
    same = float(rng.uniform(0.2, 0.8))
    exact = [
        {"rate": 0.5, "threshold": 0.5**half},
        {"rate": 0.25, "threshold": 0.25**quarter},
        {"rate": same, "threshold": same},
    ]
    edges = {
        "many steps": _between(rng, 0.999, int(rng.integers(2000, 4000)), 0.4),
        "a single step": _between(rng, float(rng.uniform(0.1, 0.5)), 0, 0.5),
        "a tiny threshold": _between(rng, float(rng.uniform(0.01, 0.1)), 110, 0.5),
    }
    return [
        *(Case("plain", args) for args in plain),
        *(Case("exact", args, note="a threshold that is an exact power of rate") for args in exact),
        *(Case("edge", args, note=note) for note, args in edges.items()),
    ]


VANISHING_HORIZON = Exercise(
    id="gradients.vanishing_horizon",
    results=("steps",),
    kind="int",
    draw=_draw_horizons,
    reference=reference.vanishing_horizon,
    tolerance=EQUAL,
    rules=(
        values("the number of steps", 0.55),
        values("strictly below, also at exact powers", 0.2, ("exact",)),
        kinds("an int", 0.1),
        values("one step, many steps, tiny thresholds", 0.15, ("edge",), core=False),
    ),
    heading="How far back a gradient reaches",
    hints=(
        "With rate 0.5, what is left after 1, 2, 3 steps? Which is the first of these that is below 0.25?",
        "Count: how long is rate**k still at least threshold? A logarithm is faster, and it may round to "
        "the wrong side of an exact power.",
        "k = 1; while rate**k >= threshold: k += 1. Then k is the answer.",
    ),
)


# ---------------------------------------------------------------- clip_by_global_norm
def _gradients(rng: Rng, scale: float) -> list[np.ndarray]:
    """Draw arrays of three shapes: one entry is above ``scale``, two arrays have norms below it."""
    size = distinct(rng, H=(2, 5), D=(2, 5), V=(3, 6))
    shapes = (size["H"], size["D"]), (size["V"],), (2, size["V"], size["H"])
    arrays = [rng.normal(size=shape) for shape in shapes]
    for array, norm in zip(arrays, (0.7, 0.4, 0.5), strict=True):
        array *= norm / np.linalg.norm(array)
    arrays[1][rng.integers(size["V"])] = 1.5 * rng.choice([-1, 1])  # the smallest array has the largest entry
    return [array * scale for array in arrays]


def _clipping(rng: Rng, scale: float, above: bool) -> Args:
    """Draw arguments whose gradients are clipped (``above``), or are to stay as they are."""
    arrays = _gradients(rng, scale)
    norm = float(np.sqrt(sum(np.sum(array**2) for array in arrays)))
    return {"gradients": arrays, "max_norm": float(rng.uniform(0.9, 1.2) * scale if above else norm * 1.5)}


def _draw_clipping(rng: Rng) -> list[Case]:
    small, large = float(rng.uniform(0.05, 0.2)), float(rng.uniform(5, 40))
    first = _clipping(rng, large, above=True)
    zeros = [np.zeros((2, 3)), np.zeros(4)]
    triangle = [np.array([3.0, 0.0]), np.array([[0.0], [-4.0]])]
    alone, mixed = _gradients(rng, 3.0)[:1], [*_gradients(rng, large), np.zeros((3, 2))]
    cases = [
        ("plain", first, ""),
        ("plain", _clipping(rng, small, True), ""),
        ("plain", _clipping(rng, large, True), ""),
        ("below", _clipping(rng, large, False), "gradients below max_norm"),
        ("below", _clipping(rng, small, False), "gradients below max_norm"),
        ("edge", {"gradients": zeros, "max_norm": 0.7}, "gradients that are zero"),
        ("edge", {"gradients": triangle, "max_norm": 5.0}, "a norm of exactly max_norm"),
        ("edge", {"gradients": alone, "max_norm": 1}, "one array, and max_norm an int"),
        ("edge", {"gradients": mixed, "max_norm": large}, "one array of zeros among others"),
        ("edge", _clipping(rng, 1e-9, True), "tiny gradients and a tinier max_norm"),
        ("float32", single(_clipping(rng, large, True)), "float32"),
        ("float32", single(_clipping(rng, small, False)), "float32, below max_norm"),
    ]
    return [
        *(Case(tag, args, note=note) for tag, args, note in cases),
        *(Case("layout", _clipping(rng, large, True), layout, LAYOUTS[layout]) for layout in LAYOUTS),
        Case("layout", _clipping(rng, large, False), "read-only", LAYOUTS["read-only"]),
        Case("again", first),
    ]


CLIP_BY_GLOBAL_NORM = Exercise(
    id="gradients.clip_by_global_norm",
    results=("clipped", "norm"),
    kind=("arrays", "float"),
    draw=_draw_clipping,
    reference=optim.clip_by_global_norm,
    rules=(
        values("the norm before clipping", 0.2, ("plain", "below"), result=1),
        values("above max_norm: shorter, same direction", 0.3, result=0),
        values("below max_norm: nothing changes", 0.15, ("below",), result=0, core=False),
        kinds("a list of arrays and a float", 0.06),
        float32(0.05),
        values("zeros, one array, a norm of exactly max_norm", 0.08, ("edge",), core=False),
        values("any layout in memory", 0.02, ("layout",), core=False),
        untouched(0.06),
        fresh(0.08),
    ),
    heading="Exploding, and clipping",
    hints=(
        "If you shorten one array and not the others, does the step still point the same way?",
        "One norm for all: add up the squares of every entry of every array, then take the root. One factor "
        "for all: which one makes the norm max_norm?",
        "scale = max_norm / norm if norm > max_norm else 1.0; then [g * scale for g in gradients], norm. "
        "With float(norm) a float32 array stays float32.",
    ),
)


# ---------------------------------------------------------------- orthogonal_from
def _square(rng: Rng, H: int) -> Args:
    """Draw a matrix, well away from singular, for which every wrong choice of signs is wrong.

    With four rows or more: LAPACK's own signs are mixed, the right Q has a mixed diagonal, and det Q = -1.
    """
    while True:
        A = rng.normal(size=(H, H))
        if np.linalg.cond(A) > 12:
            continue
        signs = np.sign(np.diag(np.linalg.qr(A)[1]))
        right = np.diag(_orthogonal(A))
        mixed = np.ptp(signs) > 0 and np.ptp(np.sign(right)) > 0
        if H < 4 or (mixed and np.linalg.det(A) < 0):
            return {"A": A}


def _orthogonal(A: np.ndarray) -> np.ndarray:
    Q, R = np.linalg.qr(A)
    return Q * np.sign(np.diag(R))


def _upright(Q: np.ndarray) -> np.ndarray:
    """Turn every column so that its largest entry is positive."""
    if not Q.size:
        return Q
    largest = np.take_along_axis(Q, np.abs(Q).argmax(axis=0)[None], axis=0)
    return Q * np.sign(largest)


ORTHOGONAL_FROM = Exercise(
    id="gradients.orthogonal_from",
    results=("Q",),
    draw=lambda rng: standard_cases(
        rng, lambda r: distinct(r, H=(4, 6)), _square, edges=({"H": 1}, {"H": 2}, {"H": 7})
    ),
    reference=_orthogonal,
    rules=(
        values("every column, up to its sign", 0.35, part=_upright),
        values("the signs too", 0.4),
        *sides("H = 1, H = 2, H = 7"),
    ),
    heading="Starting well",
    hints=(
        "If Q R = A, and you turn the sign of a column of Q: what must you turn in R so that the product "
        "stays?",
        "np.linalg.qr gives Q and R. Where R's diagonal is negative, the *column* of Q gets a minus.",
        "Q * np.sign(np.diag(R)): a row of signs multiplies the columns.",
    ),
)


# ---------------------------------------------------------------- adding_problem
def _marked(rng: Rng, T: int, B: int, places: tuple[tuple[int, int], ...] = ()) -> Args:
    """Draw values, and two marks in each sequence; ``places`` says where in the first sequences."""
    marks = np.zeros((T, B))
    for b in range(B):
        marks[list(places[b]) if b < len(places) else rng.permutation(T)[:2], b] = 1
    return {"values": rng.uniform(0.1, 1, (T, B)) * rng.choice([-1, 1], (T, B)), "marks": marks}


def _far_and_near(rng: Rng, T: int, B: int) -> Args:
    """Mark the first and the last step of one sequence, and two neighbours late in another."""
    return _marked(rng, T, B, ((0, T - 1), (T - 3, T - 2)) if T > 4 else ())


def _draw_adding(rng: Rng) -> list[Case]:
    def sizes(r: Rng) -> dict[str, int]:
        return distinct(r, T=(6, 9), B=(2, 5))

    cases = standard_cases(
        rng, sizes, _far_and_near, edges=({"T": 2, "B": 3}, {"B": 1}, dict.fromkeys("TB", 5))
    )
    others = [_far_and_near(rng, **sizes(rng)) for _ in range(3)]
    for args, dtype in zip(others, (np.bool_, np.int64, np.uint8), strict=True):
        args["marks"] = args["marks"].astype(dtype)
    notes = ("boolean marks", "marks of integers", "marks of unsigned integers")
    return [
        *cases[:-1],
        *(Case("edge", args, note=note) for args, note in zip(others, notes, strict=True)),
        cases[-1],
    ]


ADDING_PROBLEM = Exercise(
    id="gradients.adding_problem",
    results=("targets",),
    draw=_draw_adding,
    reference=lambda values, marks: np.where(marks != 0, values, 0).sum(axis=0),
    rules=(values("values", 0.75), *sides("T = 2, B = 1, all sizes equal, other marks")),
    heading="The adding problem",
    hints=(
        "Which axis is time? How many numbers come out for a batch of B sequences?",
        "What is a value times its mark, where the mark is 1, and where it is 0?",
        "Multiply values by marks, and sum over time: axis 0.",
    ),
)
