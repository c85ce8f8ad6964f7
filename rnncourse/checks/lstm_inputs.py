"""Inputs for the exercises of "Long short-term memory": four gates that differ, none saturated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.exercise import distinct

Rng = np.random.Generator
Args = dict[str, Any]
Sizes = Callable[[Rng], dict[str, int]]

# Last come sizes that let a wrong product or a wrong axis pass: right answers do not mind them, `if` and
# `try` on shapes do.
_EQUAL = dict.fromkeys("BDH", 4)
_SQUARE = {"D": 8, "H": 2}  # W_xh is (4H, D)
EDGES = ({"B": 1}, {"D": 1}, {"H": 1}, _EQUAL, _SQUARE)
EDGES_IN_TIME = ({"T": 1}, {"B": 1}, {"H": 1}, {"T": 4, **_EQUAL}, _SQUARE)
EDGES_TOLD = "B = 1, D = 1, H = 1, all sizes equal, a square W_xh"
EDGES_IN_TIME_TOLD = "T = 1, B = 1, H = 1, all sizes equal, a square W_xh"


def batch(rng: Rng) -> dict[str, int]:
    """Draw B, D, H, all different; a stack of gates is longer than any of them."""
    return distinct(rng, B=(2, 6), D=(2, 6), H=(3, 7))


def sizes(rng: Rng) -> dict[str, int]:
    """Draw T, B, D, H, all different; T is long enough to tell a first, a middle and a last step."""
    return distinct(rng, T=(5, 9), B=(2, 6), D=(2, 6), H=(3, 7))


def never_twice(draw: Sizes) -> Sizes:
    """Return ``draw`` such that it gives no sizes twice.

    What an answer keeps between calls of the same sizes then shows in the two calls that are meant for it,
    and in no other one by chance.
    """
    before: list[dict[str, int]] = []

    def other(rng: Rng) -> dict[str, int]:
        while (drawn := draw(rng)) in before:
            pass
        before.append(drawn)
        return drawn

    return other


def weights(rng: Rng, D: int, H: int, gates: int = 4) -> Args:
    """Draw weights that open the gates neither wholly nor not at all."""
    return {
        "W_xh": rng.normal(size=(gates * H, D)) * 0.5,
        "W_hh": rng.normal(size=(gates * H, H)) * 0.9 / np.sqrt(H),
        "b_h": rng.normal(size=gates * H) * 0.4,
    }


def apart(rng: Rng, *shape: int, low: float, high: float) -> np.ndarray:
    """Draw numbers of either sign whose size lies in ``low..high``: none is near 0, where terms vanish."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(low, high, shape)


def states(rng: Rng, B: int, H: int, names: tuple[str, str]) -> Args:
    """Draw h inside -1..1, where every state lies, and c outside of it too: there tanh(c) is not nearly c."""
    return {
        names[0]: apart(rng, B, H, low=0.1, high=0.9),
        names[1]: apart(rng, B, H, low=0.3, high=1.8),
    }


def step(rng: Rng, B: int, D: int, H: int, gates: int = 4) -> Args:
    """Draw one step."""
    return {
        "x_t": rng.normal(size=(B, D)),
        **states(rng, B, H, ("h_prev", "c_prev")),
        **weights(rng, D, H, gates),
    }


def sequence(rng: Rng, T: int, B: int, D: int, H: int) -> Args:
    """Draw a sequence, and both parts of the state before it."""
    return {"x": rng.normal(size=(T, B, D)), **states(rng, B, H, ("h0", "c0")), **weights(rng, D, H)}


def peepholes(rng: Rng, H: int, *names: str) -> Args:
    """Draw peephole weights, one number for each unit; each of them lets something be seen."""
    return {name: apart(rng, H, low=0.3, high=1.2) for name in names}


def upstream(rng: Rng, *shape: int) -> np.ndarray:
    """Draw what comes from above: nowhere near 0, and so large that clipping on the way shows."""
    return apart(rng, *shape, low=5, high=25)
