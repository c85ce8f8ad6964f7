"""Functions that an exercise hands to the learner's own function, such as the ``f`` of a gradient check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Given:
    """A function as an argument of a case; it is made anew for every call.

    What a function remembers of one call (a counter, a buffer that is never cleared) must not reach the
    next: the learner's call, the reference's and those of the known mistakes each get a fresh one.

    Parameters
    ----------
    text : str
        What it is, in the words of a message. Two with the same text count as the same draw.
    make : callable
        Makes the function.
    """

    text: str
    make: Callable[[], Callable[..., Any]] = field(compare=False)

    def __repr__(self) -> str:
        return self.text


def always(function: Callable[..., Any]) -> Callable[[], Callable[..., Any]]:
    """Return what "makes" a function that remembers nothing: it gives the same one every time."""
    return lambda: function


def handed(arguments: Sequence[Any]) -> list[Any]:
    """Return the arguments of a call with each :class:`Given` made into a function."""
    return [value.make() if isinstance(value, Given) else value for value in arguments]
