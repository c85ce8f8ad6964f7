"""Finding out which mistake was made: run the known ones on the same inputs and see whose numbers agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncourse.checks import mistakes
from rnncourse.checks.compare import Tolerance, numbers_of, pieces_of
from rnncourse.checks.exercise import Exercise
from rnncourse.checks.observation import Observation, observe
from rnncourse.checks.plain_data import Plain
from rnncourse.checks.rules import Expected, compare_case

EXACT = Tolerance(1e-8, 1e-12)  # two roads to the same wrong number differ by rounding alone
ROUNDED = Tolerance(1e-4, 1e-6)  # the same in float32


def name_mistake(
    exercise: Exercise, seen: Sequence[Observation], expected: Expected
) -> mistakes.Mistake | None:
    """Return the known mistake whose behaviour is that of the learner's function, or None.

    First asked for is agreement in everything: numbers, dtype, failures, arguments changed or shared. Where
    no mistake agrees so far, the numbers of the ordinary calls decide: then the learner made a known mistake
    and something else besides. A mistake whose numbers are right never explains wrong ones, however near.
    """
    if not any(_has_numbers(observation) for observation in seen):
        return None
    wrong = [
        index
        for index, observation in enumerate(seen)
        if _has_numbers(observation) and compare_case(exercise, observation, expected[index]) is not None
    ]
    plain = [index for index, observation in enumerate(seen) if observation.case.tag in exercise.core_tags]
    cases = [observation.case for observation in seen]
    ordinary = {id(cases[index]): seen[index] for index in plain}

    def still_agrees(theirs: Observation) -> bool:
        """Say whether it may be this mistake; the first ordinary call mostly tells that it is not."""
        mine = ordinary.get(id(theirs.case))
        return mine is None or _same_numbers(exercise, mine, theirs)

    by_numbers = None
    for mistake in mistakes.of(exercise.id):
        known = observe(exercise, mistake.function, cases, still_agrees)
        if not still_agrees(known[-1]):
            continue
        if not any(_has_numbers(observation) for observation in known):
            continue
        if any(compare_case(exercise, known[index], expected[index]) is None for index in wrong):
            continue
        pairs = list(zip(seen, known, strict=True))
        agreeing = [_same_numbers(exercise, mine, theirs) for mine, theirs in pairs]
        if all(agreeing) and all(_same_conduct(exercise, mine, theirs) for mine, theirs in pairs):
            return mistake
        if by_numbers is None and set(wrong) & set(plain):  # in the ordinary calls they agree
            by_numbers = mistake
    return by_numbers


def _has_numbers(observation: Observation) -> bool:
    return observation.failure is None and any(
        piece is not None for result in observation.results for piece in pieces_of(result)
    )


def _same_numbers(exercise: Exercise, mine: Observation, theirs: Observation) -> bool:
    if mine.failure is not None or theirs.failure is not None:
        return (mine.failure and mine.failure.kind) == (theirs.failure and theirs.failure.kind)
    if len(mine.results) != len(theirs.results):
        return False
    tolerance = ROUNDED if mine.case.single else exercise.match or EXACT
    for left, right in zip(mine.results, theirs.results, strict=True):
        ours, known = pieces_of(left), pieces_of(right)
        if len(ours) != len(known) or not all(
            _near(a, b, tolerance) for a, b in zip(ours, known, strict=True)
        ):
            return False
    return True


def _near(a: np.ndarray | None, b: np.ndarray | None, tolerance: Tolerance) -> bool:
    if a is None or b is None or a.shape != b.shape:
        return False
    with np.errstate(all="ignore"):
        scale = float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b)))
        limit = tolerance.relative * scale + tolerance.absolute
        return np.allclose(a, b, rtol=0.0, atol=limit, equal_nan=True)


def _kinds(exercise: Exercise, observation: Observation) -> list[object]:
    """List dtypes and types of the results, as far as they matter.

    Where a list of arrays is asked for a tuple is as good, and where a number is, NumPy's are as good.
    """

    def kind(result: Plain, asked: str = "array") -> object:
        if asked in ("float", "int", "bool") and not isinstance(result, tuple | list):
            numbers = numbers_of(result)
            return None if numbers is None else (numbers.dtype.kind, numbers.shape)
        return result.dtype if isinstance(result, np.ndarray) else type(result)

    return [
        [kind(item) for item in result]
        if asked == "arrays" and isinstance(result, tuple | list)
        else kind(result, asked)
        for result, asked in zip(observation.results, exercise.kinds, strict=False)
    ]


def _same_conduct(exercise: Exercise, mine: Observation, theirs: Observation) -> bool:
    kinds = [_kinds(exercise, observation) for observation in (mine, theirs)]
    return kinds[0] == kinds[1] and (mine.changed, mine.shared, mine.kept) == (
        theirs.changed,
        theirs.shared,
        theirs.kept,
    )
