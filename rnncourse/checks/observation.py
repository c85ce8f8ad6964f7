"""Watching a function at work on every case: what it returned, what it changed, what it shares."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnncourse.checks.exercise import Case, Exercise
from rnncourse.checks.given import handed
from rnncourse.checks.guard import SECONDS, Failure, Outcome, run
from rnncourse.checks.plain_data import NUMERIC, Plain, arrays_in, plain

SECONDS_IN_ALL = 5.0  # for all calls of one check together
NOT_TRIED = Failure("NotTried", "not tried after that")


@dataclass
class Observation:
    """One call, seen from outside.

    ``returned`` is the result as plain data, ``results`` one entry for each name that the exercise returns
    (after ``interpret``), ``failure`` is set where the call did not return. ``changed`` and ``shared`` name
    arguments that were written to, or whose memory the result uses. ``kept`` is False where the result
    changed afterwards, during other calls.
    """

    case: Case
    returned: Plain = None
    results: tuple[Plain, ...] = ()
    failure: Failure | None = None
    changed: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    kept: bool = True
    printed: str = ""
    warned: tuple[str, ...] = ()
    live: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list, repr=False)


def observe(
    exercise: Exercise,
    answer: Callable[..., Any],
    cases: Sequence[Case],
    go_on: Callable[[Observation], bool] = lambda observation: True,
) -> list[Observation]:
    """Call ``answer`` on every case. A call that hangs or exits ends it: the rest counts as not tried.

    Once ``go_on`` says no to what was seen, there is nothing more to be learned, and the rest is left out.
    """
    seen: list[Observation] = []
    over, ends = False, time.monotonic() + SECONDS_IN_ALL
    for case in cases:
        seen.append(Observation(case, failure=NOT_TRIED) if over else _one(exercise, answer, case))
        failure = seen[-1].failure
        over = over or (failure is not None and failure.final) or time.monotonic() > ends
        if not go_on(seen[-1]):
            break
    for observation in seen:  # only now: has a later call changed an earlier result?
        observation.kept = all(np.array_equal(now, then, equal_nan=True) for now, then in observation.live)
        observation.live.clear()
    return seen


def _one(exercise: Exercise, answer: Callable[..., Any], case: Case) -> Observation:
    args = handed(case.materialise())
    outcome: Outcome = run(answer, args, lambda value: _look(value, args), SECONDS)
    observation = Observation(case, failure=outcome.failure, printed=outcome.printed, warned=outcome.warned)
    observation.changed = tuple(
        name
        for (name, before), after in zip(case.args.items(), args, strict=True)
        if not _unchanged(before, after)
    )
    if outcome.failure is None:
        observation.returned, shared, observation.live = outcome.seen
        observation.shared = tuple(name for name, used in zip(case.args, shared, strict=True) if used)
        observation.results = _separate(exercise, observation.returned, case)
    return observation


def _unchanged(before: Any, after: Any) -> bool:
    """Say whether an argument is what it was: an array, a list of arrays, or what nobody can write to."""
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_unchanged, before, after))
    if not isinstance(before, np.ndarray):
        return True
    if type(after) is not np.ndarray:  # in a list, anything can be put in an array's place
        return False
    same_kind = before.shape == after.shape and before.dtype == after.dtype
    return same_kind and bool(np.array_equal(before, after, equal_nan=before.dtype.kind == "f"))


def _look(
    value: object, args: Sequence[Any]
) -> tuple[Plain, list[bool], list[tuple[np.ndarray, np.ndarray]]]:
    """Take plain data out of a result, see which arguments' memory it uses, and keep it in sight."""
    arrays = arrays_in(value)
    shared = [
        any(np.may_share_memory(own, array) for own in arrays_in(arg) for array in arrays) for arg in args
    ]
    live = [
        (array, array.copy())
        for array in arrays
        if type(array) is np.ndarray and array.dtype.kind in NUMERIC and array.size < 100_000
    ]
    return plain(value), shared, live


def _separate(exercise: Exercise, returned: Plain, case: Case) -> tuple[Plain, ...]:
    if exercise.interpret is not None:
        return (exercise.interpret(returned, case),)
    if len(exercise.results) == 1:
        return (returned,)
    fits = isinstance(returned, tuple | list) and len(returned) == len(exercise.results)
    return tuple(returned) if fits else (returned,)
