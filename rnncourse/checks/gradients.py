"""The exercises of "Vanishing and exploding gradients" on Jacobians; more in ``gradients_remedies``."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.exercise import Case, Exercise, distinct, standard_cases
from rnncourse.checks.gradients_remedies import (
    ADDING_PROBLEM,
    CLIP_BY_GLOBAL_NORM,
    ORTHOGONAL_FROM,
    VANISHING_HORIZON,
)
from rnncourse.checks.gradients_spectrum import SPECTRAL_RADIUS
from rnncourse.checks.rules import sides, values
from rnncourse.reference import gradients as reference

Rng = np.random.Generator
Args = dict[str, Any]


# ---------------------------------------------------------------- step_jacobian
def _loop(rng: Rng, H: int) -> np.ndarray:
    """Draw a W_hh under which a gradient neither explodes nor dies at once."""
    return rng.normal(size=(H, H)) * 1.3 / np.sqrt(H)


def _step(rng: Rng, H: int) -> Args:
    return {"h_t": rng.uniform(-0.9, 0.9, H), "W_hh": _loop(rng, H)}


STEP_JACOBIAN = Exercise(
    id="gradients.step_jacobian",
    results=("jacobian",),
    draw=lambda rng: standard_cases(rng, lambda r: distinct(r, H=(3, 7)), _step, edges=({"H": 1}, {"H": 2})),
    reference=reference.step_jacobian,
    rules=(values("values", 0.75), *sides("H = 1, H = 2")),
    heading="One step's Jacobian",
    hints=(
        "Entry [i, j] says how unit i of h_t reacts to unit j of h_prev. Whose tanh is in between?",
        "The slope of tanh can be read off its value: 1 - h_t**2. It belongs to the unit that reacts, "
        "so it multiplies a whole row of W_hh.",
        "(1 - h_t**2) as a column times W_hh: a column is made by [:, None]. np.diag(1 - h_t**2) @ W_hh "
        "is the same.",
    ),
)


# ---------------------------------------------------------------- jacobian_norms
def _sizes(rng: Rng) -> dict[str, int]:
    return distinct(rng, T=(5, 8), H=(3, 6))


def _sequence(rng: Rng, T: int, H: int) -> Args:
    return {"h": rng.uniform(-0.8, 0.8, (T, H)), "W_hh": _loop(rng, H)}


def _last_two(norms: np.ndarray) -> np.ndarray:
    kept = np.zeros_like(norms)
    kept[-2:] = norms[-2:]
    return kept


_EQUAL = dict.fromkeys("TH", 4)

JACOBIAN_NORMS = Exercise(
    id="gradients.jacobian_norms",
    results=("norms",),
    draw=lambda rng: standard_cases(
        rng, _sizes, _sequence, edges=({"T": 1}, {"T": 2, "H": 3}, {"H": 1}, _EQUAL)
    ),
    reference=lambda h, W_hh: reference.jacobian_norms(h[:, None], W_hh)[:, 0],
    rules=(
        values("the last two, norms[-2:]", 0.2, part=_last_two),
        values("every step", 0.55),
        *sides("T = 1, T = 2, H = 1, all sizes equal"),
    ),
    heading="A product of Jacobians",
    hints=(
        "How many Jacobians lie between h_{T-1} and h_T? How many between h_T and itself?",
        "Go backwards with a running product that begins as the identity. On which side does the next "
        "Jacobian join: dh_T/dh_{t-1} = dh_T/dh_t times what?",
        "for t in reversed(range(T)): norms[t] = np.linalg.norm(product, 2); then product = product @ "
        "step_jacobian(h[t], W_hh).",
    ),
)


# ---------------------------------------------------------------- the twist
def _leaky(rng: Rng, T: int, H: int, mask: np.ndarray) -> Args:
    """Draw a run of the leaky network: inputs are random, masked steps carry the state over."""
    leak, W_hh, h0 = rng.uniform(0.25, 0.9, H), _loop(rng, H), rng.uniform(-0.8, 0.8, H)
    states, state = [], h0
    for counts in mask:
        candidate = np.tanh(W_hh @ state + rng.normal(size=H) * 0.7)
        state = (1 - leak) * state + leak * candidate if counts else state.copy()
        states.append(state)
    return {"h": np.stack(states), "h0": h0, "W_hh": W_hh, "leak": leak, "mask": mask}


def _holes(rng: Rng, T: int, *more: int) -> np.ndarray:
    """Return a mask with a hole in the middle, where steps count on both sides, and at ``more`` places."""
    mask = np.ones(T)
    mask[[int(rng.integers(2, T - 2)), *more]] = 0
    return mask


def _unmasked(rng: Rng, T: int, H: int) -> Args:
    return _leaky(rng, T, H, np.ones(T))


def _masked(rng: Rng, T: int, H: int) -> Args:
    return _leaky(rng, T, H, _holes(rng, T) if T > 4 else np.arange(T) % 2.0)


def _draw_leaky(rng: Rng) -> list[Case]:
    cases = standard_cases(rng, _sizes, _masked, edges=({"T": 1}, {"T": 2, "H": 3}, {"H": 1}, _EQUAL))
    T, H = cases[0].args["h"].shape
    long = _leaky(rng, 8, 3, np.array([1, 1, 0, 0, 0, 1, 1, 1]))
    boolean, whole = _masked(rng, **_sizes(rng)), _masked(rng, **_sizes(rng))
    sudden = _sequence(rng, **_sizes(rng))
    sudden |= {"h0": sudden["h"][0] / 2, "leak": np.ones_like(sudden["h"][0])}
    sudden |= {"mask": np.ones(len(sudden["h"]))}
    order = ("h", "h0", "W_hh", "leak", "mask")
    return [
        *(Case("full", _unmasked(rng, **_sizes(rng))) for _ in range(2)),
        *cases[:-1],
        Case("plain", _leaky(rng, T, H, _holes(rng, T, 0)), note="the first step masked"),
        Case("plain", _leaky(rng, T, H, _holes(rng, T, -1)), note="the last step masked"),
        Case("edge", long, note="three masked steps in a row"),
        Case("edge", {**boolean, "mask": boolean["mask"] != 0}, note="a boolean mask"),
        Case("edge", {**whole, "mask": whole["mask"].astype(np.int64)}, note="a mask of integers"),
        Case("edge", {name: sudden[name] for name in order}, note="leak = 1"),
        cases[-1],
    ]


def _leaky_reference(
    h: np.ndarray, h0: np.ndarray, W_hh: np.ndarray, leak: np.ndarray, mask: np.ndarray
) -> np.ndarray:
    before = np.concatenate([h0[None], h[:-1]])
    candidates = (h - (1 - leak) * before) / leak
    jacobians = np.diag(1 - leak) + leak[:, None] * reference.step_jacobian(candidates, W_hh)
    jacobians[mask == 0] = np.eye(len(h0))
    norms, product = np.empty(len(h), h.dtype), np.eye(len(h0))
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(product, 2)
        product = product @ jacobians[t]
    return norms


LEAKY_JACOBIAN_NORMS = Exercise(
    id="gradients.leaky_jacobian_norms",
    results=("norms",),
    draw=_draw_leaky,
    reference=_leaky_reference,
    rules=(
        values("every step counting", 0.4, ("full",)),
        values("masked steps change nothing", 0.35),
        *sides("T = 1, T = 2, H = 1, all sizes equal, leak = 1, other masks"),
    ),
    heading="A product of Jacobians",
    hints=(
        "Along how many ways does h_{t-1} reach h_t here? What is the derivative along each?",
        "First get the tanh back: (h_t - (1 - leak) * h_{t-1}) / leak. Its slope is what the second way "
        "needs; the first way is a diagonal matrix. What is the derivative of a step that does not happen?",
        "np.diag(1 - leak) + (leak * (1 - candidate**2))[:, None] * W_hh, or np.eye(H) where the mask is "
        "0. The product runs as in jacobian_norms.",
    ),
)

EXERCISES = (
    SPECTRAL_RADIUS,
    STEP_JACOBIAN,
    JACOBIAN_NORMS,
    VANISHING_HORIZON,
    CLIP_BY_GLOBAL_NORM,
    ORTHOGONAL_FROM,
    ADDING_PROBLEM,
    LEAKY_JACOBIAN_NORMS,
)
