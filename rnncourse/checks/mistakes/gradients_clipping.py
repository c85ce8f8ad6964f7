"""Mistakes made in clipping gradients by their global norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gradients")

Arrays = list[np.ndarray]


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("clip_by_global_norm", name, "Exploding, and clipping", when)


def _norm(gradients: Arrays) -> float:
    return float(np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in gradients)))


def _times(gradients: Arrays, factor: float) -> Arrays:
    return [g * float(factor) for g in gradients]


@_of(
    "by_value",
    "every entry is cut off at max_norm. That bends the direction of the step; one factor for all keeps it.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    return [np.clip(g, -max_norm, max_norm) for g in gradients], _norm(gradients)


@_of(
    "one_by_one",
    "each array is clipped by a norm of its own. One norm for all keeps the direction of the whole step.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    clipped = []
    for g in gradients:
        own = float(np.sqrt(np.sum(np.square(g, dtype=np.float64))))
        clipped.append(g * (max_norm / own) if own > max_norm else g.copy())
    return clipped, _norm(gradients)


@_of("never_clipped", "nothing is ever clipped: the gradients come back as they were.")
def _(gradients: Arrays, max_norm: float) -> Any:
    return _times(gradients, 1.0), _norm(gradients)


@_of("root_missing", "the root is missing: the sum of the squares is taken for the norm.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients) ** 2
    return _times(gradients, max_norm / norm if norm > max_norm else 1.0), norm


@_of(
    "always_scaled",
    "gradients below max_norm are made *longer*. Scale only where the norm is above max_norm.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return _times(gradients, max_norm / norm if norm else 1.0), norm


@_of(
    "zero_divided_by_zero",
    "gradients below max_norm are made *longer*, and gradients of zero become NaN, 0 / 0. Divide only where "
    "the norm is above max_norm.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = np.float64(_norm(gradients))
    return _times(gradients, max_norm / norm), float(norm)


@_of(
    "condition_reversed",
    "the condition is the wrong way round: what is short is scaled.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return _times(gradients, max_norm / norm if 0 < norm <= max_norm else 1.0), norm


@_of("norm_after_clipping", "the norm *after* clipping is returned. Before, it tells when training explodes.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return _times(gradients, max_norm / norm if norm > max_norm else 1.0), min(norm, float(max_norm))


@_of(
    "sum_of_norms",
    "the norms of the arrays are added up. Squares are added up, and the root is taken once, at the end.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = float(sum(np.linalg.norm(g.astype(np.float64)) for g in gradients))
    return _times(gradients, max_norm / norm if norm > max_norm else 1.0), norm


@_of("largest_norm", "the largest of the arrays' norms is taken for the norm of all together.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = max(_norm([g]) for g in gradients)
    return _times(gradients, max_norm / norm if norm > max_norm else 1.0), norm


@_of("largest_entry", "the largest entry is taken for the norm.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = float(max(np.abs(g).max() for g in gradients))
    return _times(gradients, max_norm / norm if norm > max_norm else 1.0), norm


@_of("absolute_values", "absolute values are added up in place of squares.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = float(sum(np.abs(g.astype(np.float64)).sum() for g in gradients))
    return _times(gradients, max_norm / norm if norm > max_norm else 1.0), norm


@_of("mean_square", "the squares are averaged. A norm adds them up.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients) / float(np.sqrt(sum(g.size for g in gradients)))
    return _times(gradients, max_norm / norm if norm > max_norm else 1.0), norm


@_of("first_array_only", "the norm of the first array alone decides. All arrays have one norm together.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients[:1])
    return _times(gradients, max_norm / norm if norm > max_norm else 1.0), norm


@_of(
    "to_length_one",
    "what is too long is scaled to the length 1, gradient / norm. It should have the length max_norm.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return _times(gradients, 1 / norm if norm > max_norm else 1.0), norm


@_of("times_max_norm", "what is too long is multiplied by max_norm and not divided by the norm.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return _times(gradients, max_norm if norm > max_norm else 1.0), norm


@_of("dropped", "what is too long is set to zero. Clipping shortens the step; it still goes somewhere.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return _times(gradients, 0.0 if norm > max_norm else 1.0), norm


@_of(
    "small_number_added",
    "a small number is added to the norm. Nothing is divided by zero where the norm is above max_norm.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return _times(gradients, min(1.0, max_norm / (norm + 1e-6))), norm


@_of("scaled_by_the_root", "the factor is the root of max_norm / norm. The norm has its root already.")
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return _times(gradients, np.sqrt(max_norm / norm) if norm > max_norm else 1.0), norm


@_of(
    "same_arrays_below",
    "Your numbers are right, but below max_norm the very arrays that came in are returned. New arrays are "
    "asked for there too: whoever changes the result must not change the gradients.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return (_times(gradients, max_norm / norm) if norm > max_norm else gradients), norm


@_of(
    "in_place",
    "Your numbers are right, but the gradients that came in are changed, *=. Build new arrays.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    if norm > max_norm:
        for g in gradients:
            g *= max_norm / norm
    return [g.copy() for g in gradients], norm


@_of(
    "list_overwritten",
    "Your numbers are right, but the list that came in is changed: its places hold the clipped arrays now. "
    "Build a new list.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    for i, g in enumerate(gradients):
        gradients[i] = g * (max_norm / norm if norm > max_norm else 1.0)
    return [g.copy() for g in gradients], norm


@_of(
    "widened_to_float64",
    "Your numbers are right, but float32 gradients come back in float64: the factor is a NumPy float64, and "
    "that widens. float(...) makes a Python float of it.",
)
def _(gradients: Arrays, max_norm: float) -> Any:
    norm = _norm(gradients)
    return [g * np.float64(max_norm / norm if norm > max_norm else 1.0) for g in gradients], norm
