"""Turning a function of the catalogue into the text of an answer cell."""

import functools
import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from rnncourse import checks
from rnncourse.checks import mistakes, variants
from rnncourse.grading.answers import exercises, written

FACTOR = 3
TABLE = {"not": "plain"}


def _shift(values: Sequence[float], by: int = FACTOR) -> "np.ndarray":
    """Move all values."""
    return np.asarray(values) + by


@functools.cache
def scaled(values: Sequence[float]) -> "np.ndarray":
    """Scale, then move."""
    moved: np.ndarray = _shift(values)
    return FACTOR * moved


def test_a_function_takes_along_what_it_needs_and_leaves_what_it_cannot_have():
    source = written(scaled.__wrapped__, "answer")
    assert "cache" not in source
    assert "Sequence" not in source
    names = {"np": np}
    exec(source, names)
    assert set(names) == {"np", "answer", "__builtins__"}
    np.testing.assert_array_equal(names["answer"]([1.0, -2.0]), [12.0, 3.0])


def outer(value):
    return lambda: value


def needs_a_table(value):
    return TABLE[value]


def leans_on_the_checks(value):
    return checks.stems() + value


def calls_itself(value):
    return 1 if value <= 1 else value * calls_itself(value - 1)


def pairs(values):
    return list(itertools.pairwise(values))


def test_a_function_that_calls_itself_and_one_that_needs_a_module():
    names = {}
    exec(written(calls_itself, "answer"), names)
    exec(written(pairs, "other"), names)
    assert names["answer"](4) == 24
    assert names["other"]([1, 5, 2]) == [(1, 5), (5, 2)]
    assert set(names) == {"answer", "other", "__builtins__"}


@pytest.mark.parametrize(
    "function", [outer(1), needs_a_table, len, functools.partial(scaled, 1), leans_on_the_checks]
)
def test_what_cannot_stand_alone_is_not_written(function):
    assert written(function, "answer") is None


@pytest.mark.parametrize("exercise", [name for stem in checks.stems() for name in checks.exercises(stem)])
def test_a_written_mistake_or_variant_scores_what_its_function_scores(exercise):
    name = exercise.split(".")[1]
    functions = [
        mistakes.of(exercise)[0].function,
        mistakes.of(exercise)[-1].function,
        variants.of(exercise)[0],
    ]
    for function in functions:
        names = {"np": np}
        exec(written(function, name), names)
        assert (
            checks.check(exercise, names[name], seed=5).score
            == checks.check(exercise, function, seed=5).score
        )


def test_exercises_are_found_by_what_the_checks_call():
    def cell(source, **settings):
        return {"cell_type": "code", "metadata": {"nbgrader": settings}, "source": source}

    notebook = {
        "cells": [
            cell("import numpy"),
            cell(["def second(x):\n", "    return x"], solution=True),
            cell("def first(x):\n    return x", solution=True),
            cell('check("stem.first", first).marks(2)', grade=True, points=2),
            cell('check("stem.second", second).marks(5)', grade=True, points=5),
            cell('check("stem.absent", absent).marks(7)', grade=True, points=7),
            {
                "cell_type": "markdown",
                "metadata": {"nbgrader": {"grade": True, "solution": True}},
                "source": "?",
            },
        ]
    }
    found = [(one.id, one.name, one.points, one.answer) for one in exercises(notebook)]
    assert found == [("stem.first", "first", 2.0, 2), ("stem.second", "second", 5.0, 1)]
