"""Inputs for the exercises of "Gated recurrent units": every gate of its own, none of them saturated."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.exercise import distinct

Rng = np.random.Generator
Args = dict[str, Any]

# Last come sizes that let a wrong product or a wrong axis pass: right answers do not mind them, `if` and
# `try` on shapes do.
_SQUARE = {"D": 6, "H": 2}  # W_xh is (3H, D)
_EQUAL = dict.fromkeys("BDH", 3)
EDGES = ({"B": 1}, {"D": 1}, {"H": 1}, _EQUAL, _SQUARE)
EDGES_IN_TIME = ({"T": 1}, {"B": 1}, {"T": 3, **_EQUAL}, _SQUARE)


def batch(rng: Rng) -> dict[str, int]:
    """Draw B, D, H, all different; a stack of gates, 3H, is longer than any of them."""
    return distinct(rng, B=(2, 5), D=(2, 5), H=(3, 6))


def sizes(rng: Rng) -> dict[str, int]:
    """Draw T, B, D, H, all different; T is long enough to tell a first, a middle and a last step."""
    return distinct(rng, T=(4, 8), B=(2, 5), D=(2, 5), H=(3, 6))


def weights(rng: Rng, D: int, H: int, gates: int = 3) -> Args:
    """Draw weights of so many gates that open them neither wholly nor not at all."""
    return {
        "W_xh": rng.normal(size=(gates * H, D)) * 0.5,
        "W_hh": rng.normal(size=(gates * H, H)) * 0.9 / np.sqrt(H),
        "b_h": rng.normal(size=gates * H) * 0.4,
    }


def second_bias(rng: Rng, H: int) -> Args:
    """Draw ``b_hn``, the bias inside the reset product; nowhere near 0."""
    return {"b_hn": rng.uniform(0.2, 0.8, H) * rng.choice([-1, 1], H)}


def reset_step(rng: Rng, B: int, D: int, H: int) -> Args:
    """Draw one step of the form that resets before the product."""
    return {"x_t": rng.normal(size=(B, D)), "h_prev": rng.uniform(-0.9, 0.9, (B, H)), **weights(rng, D, H)}


def step(rng: Rng, B: int, D: int, H: int) -> Args:
    """Draw one step."""
    return {**reset_step(rng, B, D, H), **second_bias(rng, H)}


def sequence(rng: Rng, T: int, B: int, D: int, H: int) -> Args:
    """Draw a sequence, a state before it that is not zero, and weights."""
    x, h0 = rng.normal(size=(T, B, D)), rng.uniform(-0.9, 0.9, (B, H))
    return {"x": x, "h0": h0, **weights(rng, D, H), **second_bias(rng, H)}


def upstream(rng: Rng, *shape: int) -> np.ndarray:
    """Draw what comes from above, so large that a gradient which is clipped on the way shows it."""
    return rng.normal(size=shape) * 4
