"""Mistakes made in setting the forget bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array

CATALOGUE = Catalogue("lstm")


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("forget_bias", name, "The forget bias", when)


def _set(b_h: Array, places: slice, value: float) -> Array:
    changed = b_h.copy()
    changed[places] = value
    return changed


@_of(
    "input_quarter",
    "the value stands in the first quarter. That is the input gate's; the order is i, f, g, o.",
)
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(0, len(b_h) // 4), value)


@_of(
    "candidate_quarter",
    "the value stands in the third quarter. That is the candidate's; the order is i, f, g, o.",
)
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(len(b_h) // 2, 3 * len(b_h) // 4), value)


@_of(
    "output_quarter",
    "the value stands in the last quarter. That is the output gate's; the order is i, f, g, o.",
)
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(3 * len(b_h) // 4, len(b_h)), value)


@_of("everywhere", "the value stands in all four parts. Only the forget gate's is to change.")
def _(b_h: Array, value: float) -> Any:
    return np.full_like(b_h, value)


@_of("from_H_on", "the value stands in everything from H on. The forget gate's part ends at 2H.")
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(len(b_h) // 4, len(b_h)), value)


@_of("up_to_2H", "the value stands in everything up to 2H. The forget gate's part begins at H.")
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(0, len(b_h) // 2), value)


@_of("one_too_many", "the value goes one place too far, H : 2H + 1. The end of a slice is left out: H : 2H.")
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(len(b_h) // 4, len(b_h) // 2 + 1), value)


@_of("one_place_only", "only b_h[H] is set. Every unit has a forget gate of its own: H : 2H.")
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(len(b_h) // 4, len(b_h) // 4 + 1), value)


@_of(
    "every_fourth",
    "every fourth number is set, as if each unit's four biases stood together. All of i comes first.",
)
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(1, None, 4), value)


@_of("three_gates", "the vector is cut in three, as for a GRU. An LSTM has four parts: H = len(b_h) // 4.")
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(len(b_h) // 3, 2 * (len(b_h) // 3)), value)


@_of("value_added", "the value is added to the forget part. It is to stand in its place.")
def _(b_h: Array, value: float) -> Any:
    quarter = slice(len(b_h) // 4, len(b_h) // 2)
    return _set(b_h, quarter, b_h[quarter] + value)  # type: ignore[arg-type]


@_of("always_one", "the forget part is 1, whatever the value is.")
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(len(b_h) // 4, len(b_h) // 2), 1)


@_of("others_zero", "the other three parts are zero. They stay what they were.")
def _(b_h: Array, value: float) -> Any:
    return _set(0 * b_h, slice(len(b_h) // 4, len(b_h) // 2), value)


@_of("forget_part_only", "only the forget part comes back, (H,). All four are asked for, (4H,).")
def _(b_h: Array, value: float) -> Any:
    return np.full_like(b_h[: len(b_h) // 4], value)


@_of("left_as_it_was", "nothing is changed: b_h comes back as it was.")
def _(b_h: Array, value: float) -> Any:
    return b_h.copy()


@_of("halved", "half of the value stands in the forget part, for torch's two biases. There is one here.")
def _(b_h: Array, value: float) -> Any:
    return _set(b_h, slice(len(b_h) // 4, len(b_h) // 2), value / 2)
