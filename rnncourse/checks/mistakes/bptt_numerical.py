"""Mistakes made in measuring a gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("bptt")

Array = np.ndarray
Function = Callable[[Array], float]


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("numerical_gradient", name, "Checking a gradient", when)


def _measured(slope: Any, x: Array) -> Array:
    """Fill in ``slope(step)`` for every entry, where ``step`` is 1 at that entry and 0 elsewhere."""
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = 1
        gradient[place] = slope(step)
    return gradient


@_of(
    "forward_difference",
    "only the upper side is looked at, (f(x + eps) - f(x)) / eps. Central differences take both.",
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + eps * step) - f(x.copy())) / eps, x)


@_of(
    "backward_difference",
    "only the lower side is looked at, (f(x) - f(x - eps)) / eps. Central differences take both.",
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x.copy()) - f(x - eps * step)) / eps, x)


@_of("divided_by_eps", "the difference is divided by eps. From x - eps to x + eps it is 2 * eps.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + eps * step) - f(x - eps * step)) / eps, x)


@_of("divided_by_two", "the difference is divided by 2 alone. The two points are 2 * eps apart.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + eps * step) - f(x - eps * step)) / 2, x)


@_of("not_divided", "the difference f(x + eps) - f(x - eps) is not divided by anything.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: f(x + eps * step) - f(x - eps * step), x)


@_of(
    "no_parentheses", "it says / 2 * eps, which divides by 2 and multiplies by eps. Parentheses: / (2 * eps)."
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + eps * step) - f(x - eps * step)) / 2 * eps, x)


@_of("sign", "the two values are subtracted the wrong way round. The upper one comes first.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x - eps * step) - f(x + eps * step)) / (2 * eps), x)


@_of("eps_ignored", "eps is always 1e-6. Use the argument.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + 1e-6 * step) - f(x - 1e-6 * step)) / 2e-6, x)


@_of("half_steps", "each side is moved by eps / 2. It is eps to either side.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + eps / 2 * step) - f(x - eps / 2 * step)) / eps, x)


@_of("relative_steps", "each entry is moved by eps times its own value. It is eps, whatever stands there.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + eps * x * step) - f(x - eps * x * step)) / (2 * eps), x)


@_of(
    "nudged_all_at_once",
    "all entries are moved at the same time. Each number of the gradient is about one entry.",
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + eps) - f(x - eps)) / (2 * eps), x)


@_of(
    "not_put_back",
    "an entry that was raised stays raised while the next one is measured. Begin with a fresh copy of x.",
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    above, below, gradient = x.copy(), x.copy(), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        above[place] += eps
        below[place] -= eps
        gradient[place] = (f(above) - f(below)) / (2 * eps)
    return gradient


@_of(
    "left_at_the_lower_side",
    "an entry that was lowered stays lowered while the next one is measured. Put it back.",
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    nudged, gradient = x.copy(), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        nudged[place] += eps
        above = f(nudged)
        nudged[place] -= 2 * eps
        gradient[place] = (above - f(nudged)) / (2 * eps)
    return gradient


@_of("one_copy_for_both", "both sides are one and the same array, above = below = x.copy(). Make two copies.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        above = below = x.copy()
        above[place] += eps
        below[place] -= eps
        gradient[place] = (f(above) - f(below)) / (2 * eps)
    return gradient


@_of("flat", "the gradient comes back as one long row. It has the shape of x.")
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    return _measured(lambda step: (f(x + eps * step) - f(x - eps * step)) / (2 * eps), x).ravel()


@_of(
    "rows_only",
    "the loop runs over the first axis: a whole row is moved at a time. Move one number at a time.",
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    gradient = np.zeros(x.shape)
    for i in range(len(x)):
        above, below = x.copy(), x.copy()
        above[i] += eps
        below[i] -= eps
        gradient[i] = (f(above) - f(below)) / (2 * eps)
    return gradient


@_of(
    "x_left_nudged",
    "an entry of x itself is raised and left so. Work on a copy: x is the caller's, who still needs it.",
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += eps
        above = f(x)
        x[place] -= 2 * eps
        gradient[place] = (above - f(x)) / (2 * eps)
    return gradient


@_of(
    "x_put_back",
    "Your numbers are right, but x itself is moved and put back, which fails where x must not be written to. "
    "Move a copy.",
)
def _(f: Function, x: Array, eps: float = 1e-6) -> Any:
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        value = x[place]
        x[place] = value + eps
        above = f(x)
        x[place] = value - eps
        gradient[place] = (above - f(x)) / (2 * eps)
        x[place] = value
    return gradient
