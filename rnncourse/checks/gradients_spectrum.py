"""The exercise on the spectral radius, and matrices whose eigenvalues are known."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.exercise import LAYOUTS, Case, Exercise, single
from rnncourse.checks.rules import sides, values
from rnncourse.reference import gradients as reference

Rng = np.random.Generator

# The eigenvalues other than a drawn rest, as parts of the radius: one real number is itself, two are the
# parts of a complex pair. In each kind another wrong reading of "largest" goes wrong.
_SPECTRA = {
    "plain": ((1.0,), (-0.6,), (0.3, 0.4)),
    "negative": ((-1.0,), (0.6,), (0.3, 0.4)),
    "complex": ((-0.4, 0.9165151389911680), (0.6,), (-0.35,)),  # of absolute value 1, the real part negative
}


def _matrix(rng: Rng, spectrum: str, H: int = 4, skew: float = 0.8) -> np.ndarray:
    """Draw a matrix with eigenvalues of one kind; ``skew`` moves its norm away from its radius."""
    radius = float(rng.choice([rng.uniform(0.5, 0.8), rng.uniform(1.25, 2)]))
    triangle = np.triu(skew * rng.uniform(0.5, 1, (H, H)) * rng.choice([-1, 1], (H, H)), 1)
    np.fill_diagonal(triangle, rng.uniform(-0.2, 0.2, H))
    place = 0
    for parts in _SPECTRA[spectrum]:
        if len(parts) == 1:
            triangle[place, place] = parts[0]
        else:  # a turn: [[a, b], [-b, a]] has the eigenvalues a + ib and a - ib
            a, b = parts
            triangle[place : place + 2, place : place + 2] = [[a, b], [-b, a]]
        place += len(parts)
    Q = reference.orthogonal(rng, H)
    return radius * Q @ triangle @ Q.T


def _listed_late(rng: Rng, spectrum: str, H: int) -> np.ndarray:
    """Draw a matrix like that whose largest eigenvalue is neither the first nor the last in LAPACK's list.

    Two units are driven by all others and drive none of them; what is alone in a corner is listed first.
    """
    while True:
        inner = _matrix(rng, spectrum, H - 2)
        W = np.block(
            [[0.1 * rng.normal(size=(2, 2)), rng.normal(size=(2, H - 2))], [np.zeros((H - 2, 2)), inner]]
        )
        sizes = np.abs(np.linalg.eigvals(W))
        if max(sizes[0], sizes[-1]) < 0.9 * sizes.max():
            return W


def _draw_matrices(rng: Rng) -> list[Case]:
    def case(tag: str, H: int, spectrum: str = "", layout: str = "plain", skew: float = 0.8) -> Case:
        return Case(tag, {"W": _matrix(rng, spectrum or tag, H, skew)}, layout, LAYOUTS.get(layout, ""))

    late = {tag: int(rng.integers(6, 9)) for tag in _SPECTRA}
    H, other, third = (int(size) for size in 4 + rng.permutation(4)[:3])
    first = case("plain", H)
    a, turn = rng.uniform(3, 5), 1.5 * np.array([[-0.3, 0.8], [-0.9, 0.2]])
    one = {"W": np.array([[-rng.uniform(0.3, 0.9)]])}
    return [
        first,
        case("plain", H, skew=4.0),
        case("plain", other),
        case("negative", third),
        case("negative", H),
        case("complex", other),
        case("complex", third),
        *(Case(tag, {"W": _listed_late(rng, tag, size)}) for tag, size in late.items()),
        case("layout", H, "complex", "strided"),
        case("layout", other, "negative", "read-only"),
        Case("edge", one, note="H = 1"),
        Case("edge", {"W": turn * rng.uniform(0.5, 1)}, note="H = 2, a turn"),
        Case("edge", {"W": np.array([[0.5, a], [0.0, -0.3]])}, note="H = 2, a norm far above the radius"),
        Case("float32", single({"W": _matrix(rng, "complex", third)}), note="float32"),
        Case("again", first.args),
    ]


SPECTRAL_RADIUS = Exercise(
    id="gradients.spectral_radius",
    results=("radius",),
    kind="float",
    draw=_draw_matrices,
    reference=reference.spectral_radius,
    rules=(
        values("a positive eigenvalue is the largest", 0.3),
        values("a negative eigenvalue is the largest", 0.2, ("negative",)),
        values("a complex pair is the largest", 0.25, ("complex",)),
        *sides("H = 1, H = 2"),
    ),
    heading="Spectral radius and spectral norm",
    hints=(
        "What does a matrix with the eigenvalue -2 do to a vector, step after step? And one with the "
        "eigenvalues 3i and -3i?",
        "NumPy lists all eigenvalues, complex ones too: np.linalg.eigvals. How large is a complex number?",
        "The largest of np.abs(np.linalg.eigvals(W)), as a float.",
    ),
)
