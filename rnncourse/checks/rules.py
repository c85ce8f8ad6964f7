"""The properties that are marked: each is a rule with a name, a weight, and a way to judge what was seen.

A *core* rule looks at numbers. Side rules (dtype, inputs untouched, ...) count only once a core rule is met:
a function that returns nothing leaves its inputs untouched too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rnncourse.checks.compare import Difference, Right, difference, in_words, kind_difference, pieces_of
from rnncourse.checks.exercise import Exercise
from rnncourse.checks.observation import Observation

Expected = Sequence[tuple[Right, ...]]
Judge = Callable[[Exercise, Sequence[Observation], Expected], Difference | None]


@dataclass(frozen=True)
class Rule:
    """One marked property; ``judge`` returns None where it holds."""

    name: str
    weight: float
    judge: Judge
    core: bool = False
    tags: tuple[str, ...] = ()


def compare_case(
    exercise: Exercise,
    seen: Observation,
    expected: tuple[Right, ...],
    result: int | None = None,
    part: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Difference | None:
    """Compare one call's results with the expected ones: all of them, one of them, or a ``part`` of it."""
    if seen.failure is not None:
        return Difference(seen.failure.sentence())
    names = exercise.results
    if len(seen.results) != len(names):
        asked = f"the tuple ({', '.join(names)})" if len(names) > 1 else names[0]
        return Difference(f"What came back is {in_words(seen.returned)}; {asked} is asked for.")
    tolerance = exercise.tolerance_of(seen.case)
    for index, name in enumerate(names):
        if result is not None and index != result:
            continue
        found = difference(name, seen.results[index], expected[index], tolerance, part)
        if found is not None:
            return found
    return None


def values(
    name: str,
    weight: float,
    tags: Sequence[str] = ("plain",),
    result: int | None = None,
    part: Callable[[np.ndarray], np.ndarray] | None = None,
    core: bool = True,
) -> Rule:
    """Make the rule that the numbers are right in every case with one of the ``tags``."""

    def judge(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> Difference | None:
        for observation, right in zip(seen, expected, strict=True):
            if observation.case.tag not in tags:
                continue
            found = compare_case(exercise, observation, right, result, part)
            if found is not None:
                note = f"With {observation.case.note}: " if observation.case.note else ""
                return Difference(note + found.text, note + found.numbers if found.numbers else "")
        return None

    return Rule(name, weight, judge, core, tuple(tags))


def kinds(name: str = "shape and dtype", weight: float = 0.06) -> Rule:
    """Make the rule that results are what is asked for: arrays of the right shape and dtype, floats, ints."""

    def judge(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> Difference | None:
        for observation, right in zip(seen, expected, strict=True):
            if observation.case.tag not in ("plain", "integers"):
                continue
            if observation.failure is not None:
                return Difference("Not every call came back.")
            if len(observation.results) != len(exercise.results):
                return Difference(f"What came back is {in_words(observation.returned)}.")
            asked = zip(exercise.results, observation.results, right, exercise.kinds, strict=True)
            for result, got, want, kind in asked:
                found = kind_difference(result, got, want, kind)
                if found is not None:
                    note = f"With {observation.case.note}: " if observation.case.note else ""
                    return Difference(note + found.text)
        return None

    return Rule(name, weight, judge)


def float32(weight: float = 0.05) -> Rule:
    """Make the rule that a call in float32 is answered in float32, within what float32 allows."""

    def judge(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> Difference | None:
        for observation, right in zip(seen, expected, strict=True):
            if observation.case.tag != "float32":
                continue
            found = compare_case(exercise, observation, right)
            if found is not None:
                return found
            asked = zip(exercise.results, observation.results, right, exercise.kinds, strict=True)
            for result, got, want, kind in asked:
                pairs = zip(got, want, strict=True) if isinstance(want, list) else [(got, want)]
                for mine, right_one in pairs if kind in ("array", "arrays") else ():
                    if isinstance(mine, np.ndarray) and mine.dtype.newbyteorder("=") != right_one.dtype:
                        return Difference(
                            f"{result} is {mine.dtype} where the inputs are float32: dtype in, dtype out."
                        )
        return None

    return Rule("float32 in, float32 out", weight, judge)


def untouched(weight: float = 0.04) -> Rule:
    """Make the rule that no argument is written to."""

    def judge(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> Difference | None:
        for observation in seen:
            if observation.changed:
                names = ", ".join(observation.changed)
                return Difference(
                    f"The call changed {names}. Whoever passed it in does not expect that; work on a copy."
                )
        return None

    return Rule("inputs untouched", weight, judge)


def fresh(weight: float = 0.04) -> Rule:
    """Make the rule that results are new arrays, and that a second call starts from nothing."""

    def judge(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> Difference | None:
        for observation, right in zip(seen, expected, strict=True):
            if observation.shared:
                names = ", ".join(observation.shared)
                return Difference(
                    f"What came back shares its memory with {names}: a later change there changes "
                    f"it too. Copy."
                )
            if not observation.kept:
                return Difference(
                    "A later call changed what an earlier one had returned. Make the array inside "
                    "the function."
                )
            if observation.case.tag == "again" and observation.failure is not None:
                return Difference("Not every call came back.")
            if observation.case.tag == "again" and not _repeats(exercise, seen, observation, right):
                return Difference(
                    "The same call gives other numbers the second time: something is kept between calls."
                )
        return None

    return Rule("results are new", weight, judge)


def _repeats(
    exercise: Exercise, seen: Sequence[Observation], again: Observation, right: tuple[Right, ...]
) -> bool:
    """Say whether a repeated call gives what the first one gave, be it right or wrong."""
    if compare_case(exercise, again, right) is None:
        return True
    first = next(observation for observation in seen if observation.case.args is again.case.args)
    pairs = zip(first.results, again.results, strict=False)
    return all(
        len(pieces_of(one)) == len(pieces_of(two)) and all(map(_equal, pieces_of(one), pieces_of(two)))
        for one, two in pairs
    )


def _equal(one: np.ndarray | None, two: np.ndarray | None) -> bool:
    if one is None or two is None:
        return one is two
    return np.array_equal(one, two, equal_nan=True)


def sides(edges: str = "", single_precision: bool = True) -> tuple[Rule, ...]:
    """Return the usual side rules; together they weigh 0.25.

    Parameters
    ----------
    edges : str
        Name of the property that the ``edge`` cases prove, e.g. ``T = 1 and B = 1``; "" where there are none.
    single_precision : bool
        Whether there is a float32 case.
    """
    rest = 0.25 - 0.06 - 0.04 - 0.04 - 0.03
    share = rest / (bool(edges) + single_precision)
    rules = [kinds()]
    if single_precision:
        rules.append(float32(share))
    if edges:
        rules.append(values(edges, share, ("edge",), core=False))
    rules.append(values("any layout in memory", 0.03, ("layout",), core=False))
    return (*rules, untouched(), fresh())
