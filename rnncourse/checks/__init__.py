"""Checks: what graded cells call, and what they say.

``check("rnn.rnn_step", rnn_step)`` calls the learner's function on fresh random inputs, compares every
property with the reference, and names the known mistake whose numbers come out. It never raises for what
that function does.
"""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from rnncourse.checks.compare import in_words
from rnncourse.checks.diagnose import name_mistake
from rnncourse.checks.exercise import Case, Exercise
from rnncourse.checks.guard import run
from rnncourse.checks.observation import Observation, observe
from rnncourse.checks.patterns import pattern
from rnncourse.checks.plain_data import arrays_in, plain
from rnncourse.checks.rules import Expected, compare_case
from rnncourse.checks.verdict import Property, Verdict, show

__all__ = ["Property", "Verdict", "check", "exercises", "hint", "show", "stems"]

_STEMS = ("feedforward", "rnn", "bptt", "gradients", "lstm", "gru")
_hints_given: dict[str, int] = {}


@cache
def _exercises(stem: str) -> dict[str, Exercise]:
    module = importlib.import_module(f"{__name__}.{stem}")
    return {exercise.id: exercise for exercise in module.EXERCISES}


def stems() -> tuple[str, ...]:
    """Return the chapters that have exercises, in the order of the book."""
    return _STEMS


def exercises(stem: str) -> tuple[str, ...]:
    """Return the ids of a chapter's exercises, in the order of its assignment."""
    if stem not in _STEMS:
        raise ValueError(f"there are no exercises for {stem!r}; there are some for: {', '.join(_STEMS)}")
    return tuple(_exercises(stem))


def find(exercise: str) -> Exercise:
    """Return an exercise by its id.

    Raises
    ------
    ValueError
        ``"there is no exercise 'x'; there are: ..."``: an error of whoever wrote the cell, not of the
        learner.
    """
    stem = exercise.split(".")[0]
    if stem in _STEMS and exercise in _exercises(stem):
        return _exercises(stem)[exercise]
    names = ", ".join(name for known in _STEMS for name in _exercises(known))
    raise ValueError(f"there is no exercise {exercise!r}; there are: {names}")


def check(exercise: str, answer: Callable[..., Any], seed: int | None = None) -> Verdict:
    """Check an answer.

    Parameters
    ----------
    exercise : str
        Its id, e.g. ``"rnn.rnn_step"``.
    answer : callable
        The learner's function.
    seed : int, optional
        Draws the same inputs again. Left out, they are new every time, but for a graded submission: there the
        environment variable ``RNNCOURSE_SEED`` says it, so that grading again gives the same.

    Returns
    -------
    Verdict
        Whatever the function does: an exception, an endless loop or a strange result becomes a sentence.
    """
    asked = find(exercise)
    seed = _seed() if seed is None else seed
    if not callable(answer):
        what = in_words(run(lambda: answer, (), plain).seen) if answer is not None else "None"
        sentence = f"{asked.name} should be a function; here it is {what}."
        details = tuple(
            Property(rule.name, False, rule.weight, sentence, sentence, counted=rule.core)
            for rule in asked.rules
        )
        return Verdict(asked.id, False, 0.0, None, details, section=(asked.stem, asked.heading), seed=seed)
    cases = asked.draw(np.random.default_rng(seed))
    expected = [asked.expected(case) for case in cases]
    seen = observe(asked, answer, cases)
    details = _judge(asked, seen, expected)
    passed = all(entry.passed for entry in details)
    # a rounding error in a sum of weights must neither give nor take the last mark
    score = (
        1.0 if passed else min(round(float(sum(entry.weight for entry in details if entry.passed)), 6), 0.99)
    )
    verdict = Verdict(asked.id, passed, score, None, details, section=(asked.stem, asked.heading), seed=seed)
    return _explained(verdict, asked, seen, expected)


def _seed() -> int:
    told = os.environ.get("RNNCOURSE_SEED", "")
    return int(told) if told.isdecimal() else secrets.randbelow(2**32)


def _judge(asked: Exercise, seen: Sequence[Observation], expected: Expected) -> tuple[Property, ...]:
    """Judge the core rules; side rules count only where one of those is met."""
    found = {rule.name: rule.judge(asked, seen, expected) for rule in asked.rules}
    begun = any(found[rule.name] is None for rule in asked.rules if rule.core)
    details = []
    for rule in asked.rules:
        miss = found[rule.name]
        if not rule.core and not begun:
            details.append(Property(rule.name, False, rule.weight, counted=False))
        elif miss is None:
            details.append(Property(rule.name, True, rule.weight))
        else:
            details.append(Property(rule.name, False, rule.weight, miss.numbers or miss.text, miss.text))
    return tuple(details)


def _explained(verdict: Verdict, asked: Exercise, seen: Sequence[Observation], expected: Expected) -> Verdict:
    """Add what helps a learner: the call, the mistake's name or a pattern, what the function said."""
    talking = next((s for s in seen if s.printed or s.warned), seen[0])
    wrong = (s for s, right in zip(seen, expected, strict=True) if compare_case(asked, s, right) is not None)
    call = _call(asked, next(wrong, seen[0]).case)
    extra: dict[str, Any] = {"printed": talking.printed, "warned": talking.warned, "called": call}
    if not verdict.passed:
        mistake = name_mistake(asked, seen, expected)
        if mistake is not None:
            extra |= {"mistake": mistake.id, "findings": (mistake.sentence,), "section": mistake.section}
        else:
            extra["findings"] = pattern(asked, seen, expected)
    return replace(verdict, **extra)


def _call(asked: Exercise, case: Case) -> str:
    """Write the call down: arguments by name, arrays by shape, everything else by value."""
    shown = []
    for name, value in case.args.items():
        arrays = arrays_in(value)
        if isinstance(value, list) and arrays:
            shown.append(f"{name} [{', '.join(str(a.shape) for a in arrays)}] {arrays[0].dtype}")
        elif arrays:
            shown.append(f"{name} {value.shape} {value.dtype}")
        else:
            shown.append(f"{name}={value!r}")
    return f"{asked.name}({', '.join(shown)})"


def hint(exercise: str) -> None:
    """Print the next hint for an exercise: first a question, then a pointer, then almost the line."""
    hints = find(exercise).hints
    step = min(_hints_given.get(exercise, 0), len(hints) - 1)
    _hints_given[exercise] = step + 1
    more = f'\n(Ask again for more: hint("{exercise}"))' if step + 1 < len(hints) else ""
    print(f"Hint {step + 1} of {len(hints)}: {hints[step]}{more}")
