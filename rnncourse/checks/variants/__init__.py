"""Right answers written differently: every check must accept them.

A check that knows only one way of writing an answer punishes whoever found another.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

_STEMS = ("feedforward", "rnn", "bptt", "gradients", "lstm", "gru")


class Collection:
    """Collects the variants of one module; its :meth:`of` is the decorator that files them."""

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self.variants: list[tuple[str, Callable[..., Any]]] = []

    def of(self, exercise: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """File the decorated function as a right answer to ``exercise`` (its name without the stem)."""

        def file(function: Callable[..., Any]) -> Callable[..., Any]:
            self.variants.append((f"{self.stem}.{exercise}", function))
            return function

        return file


@cache
def _load(stem: str) -> tuple[tuple[str, Callable[..., Any]], ...]:
    return tuple(importlib.import_module(f"{__name__}.{stem}").VARIANTS.variants)


def of(exercise: str) -> list[Callable[..., Any]]:
    """Return the right variants of one exercise, by its full id."""
    stem = exercise.split(".")[0]
    return [function for name, function in _load(stem) if name == exercise] if stem in _STEMS else []
