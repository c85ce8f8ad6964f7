"""Mistakes made with the adding problem."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gradients")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("adding_problem", name, "The adding problem", when)


@_of("marks_ignored", "all values are added up. Only the two marked ones count.")
def _(values: Array, marks: Array) -> Any:
    return values.sum(axis=0)


@_of(
    "sum_over_the_batch",
    "the sum runs over the batch, to (T,). Each sequence has a target of its own: sum over time, axis 0.",
)
def _(values: Array, marks: Array) -> Any:
    return np.where(marks, values, 0 * values).sum(axis=1)


@_of(
    "mean_of_the_two",
    "the two marked values are averaged. Their *sum* is meant.",
)
def _(values: Array, marks: Array) -> Any:
    return np.where(marks, values, 0 * values).sum(axis=0) / 2


@_of("product", "the two marked values are multiplied. Their *sum* is asked for.")
def _(values: Array, marks: Array) -> Any:
    return np.where(marks, values, 0 * values + 1).prod(axis=0)


@_of("first_only", "only the first marked value is taken. There are two.")
def _(values: Array, marks: Array) -> Any:
    first = np.argmax(marks != 0, axis=0)
    return values[first, np.arange(values.shape[1])]


@_of("last_only", "only the last marked value is taken. There are two.")
def _(values: Array, marks: Array) -> Any:
    last = len(marks) - 1 - np.argmax(marks[::-1] != 0, axis=0)
    return values[last, np.arange(values.shape[1])]


@_of(
    "first_twice",
    "the first marked value is added to itself, not to the second.",
)
def _(values: Array, marks: Array) -> Any:
    first = np.argmax(marks != 0, axis=0)
    return values[first, np.arange(values.shape[1])] * 2


@_of("difference", "one marked value is subtracted from the other. Add them.")
def _(values: Array, marks: Array) -> Any:
    columns = [values[marks[:, b] != 0, b] for b in range(values.shape[1])]
    return np.array([first - second for first, second in columns])


@_of(
    "mixed_up_sequences",
    "values[marks] is cut into pairs. It lists marked values step by step through the whole batch, so that "
    "the pairs mix sequences.",
)
def _(values: Array, marks: Array) -> Any:
    return values[marks != 0].reshape(2, -1).sum(axis=0)


@_of(
    "neighbours_paired",
    "marked values are paired as they come, time step by time step. Both of a pair must stand in one column.",
)
def _(values: Array, marks: Array) -> Any:
    return values[marks != 0].reshape(-1, 2).sum(axis=1)


@_of(
    "one_number_for_all",
    "the whole batch has one sum. Each sequence has a target of its own: sum over time only.",
)
def _(values: Array, marks: Array) -> Any:
    return np.where(marks, values, 0 * values).sum() + 0 * values[0]


@_of(
    "axis_kept",
    "the axis of time is kept, with length 1: (1, B). The targets are (B,).",
)
def _(values: Array, marks: Array) -> Any:
    return np.where(marks, values, 0 * values).sum(axis=0, keepdims=True)


@_of(
    "positions_added",
    "the *places* of the marks are added. The values that stand there are asked for.",
)
def _(values: Array, marks: Array) -> Any:
    return ((marks != 0) * np.arange(len(marks))[:, None]).sum(axis=0).astype(values.dtype)


@_of(
    "all_between",
    "everything from the first mark to the second is added. Only the two marked values count.",
)
def _(values: Array, marks: Array) -> Any:
    seen = np.cumsum(marks != 0, axis=0)
    between = (seen == 1) | (marks != 0)
    return np.where(between, values, 0 * values).sum(axis=0)


@_of("unmarked", "the values that are *not* marked are added up.")
def _(values: Array, marks: Array) -> Any:
    return np.where(marks, 0 * values, values).sum(axis=0)


@_of(
    "one_step_late",
    "the values one step after the marks are added up. Mark and value stand at the same step.",
)
def _(values: Array, marks: Array) -> Any:
    return np.where(np.roll(marks, 1, axis=0), values, 0 * values).sum(axis=0)


@_of(
    "marks_added",
    "the marks are added to the values: each sum is too large.",
)
def _(values: Array, marks: Array) -> Any:
    return np.where(marks, values + 1, 0 * values).sum(axis=0)
