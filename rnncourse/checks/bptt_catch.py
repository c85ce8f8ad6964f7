"""The exercise whose answer is a test: it judges backward functions, and the check judges it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnncourse.checks import bptt_broken
from rnncourse.checks.bptt_inputs import backward, draw_sequence
from rnncourse.checks.compare import Difference, numbers_of
from rnncourse.checks.exercise import Exercise
from rnncourse.checks.observation import Observation
from rnncourse.checks.rules import Expected, Rule, kinds

_RIGHT = ("plain", "right")
_WRONGLY_REJECTED = (
    "It answered False for a right function. Two right ones differ by rounding, about 1e-15 of the largest "
    "number, and from central differences by about 1e-9: how strict is your comparison? And is what you "
    "compare with right itself?"
)


def _verdict(observation: Observation) -> bool | None:
    """Return what the test answered; None where that is neither yes nor no."""
    answer = numbers_of(observation.results[0]) if observation.results else None
    if observation.failure is not None or answer is None or answer.ndim or answer not in (0, 1):
        return None
    return bool(answer)


def _no_verdict(observation: Observation, seen: Sequence[Observation]) -> str:
    if observation.failure is not None and observation.failure.kind == "NotTried":  # then say why it was not
        stopped = (other for other in seen if other.failure is not None and other.failure.final)
        observation = next(stopped, observation)
    if observation.failure is None:
        return "It answered neither True nor False."
    raised = observation.failure.sentence()
    if observation.failure.kind == "AssertionError":
        return f"{raised}\nA test that is asked for an answer gives one: `return False` instead of `assert`."
    return f"{raised}\nThe function that it was given: {observation.case.note}."


def _accepts(seen: Sequence[Observation], tags: Sequence[str]) -> Difference | None:
    for observation in seen:
        if observation.case.tag in tags and _verdict(observation) is not True:
            answered = _verdict(observation) is False
            return Difference(_WRONGLY_REJECTED if answered else _no_verdict(observation, seen))
    return None


def _rejects(seen: Sequence[Observation], family: str) -> Difference | None:
    """Ask for a False for every broken function of a family, and a True for the plainest right one."""
    blind = _accepts(seen, ("plain",))
    if blind is not None:
        return blind
    shown = [observation for observation in seen if observation.case.tag == family]
    slipped = [observation.case.note for observation in shown if _verdict(observation) is True]
    if slipped:
        count = (
            f"{len(slipped)} of {len(shown)} broken functions" if len(slipped) > 1 else "a broken function"
        )
        return Difference(f"It let {count} pass. What is broken: {'; '.join(slipped)}.")
    silent = next((observation for observation in shown if _verdict(observation) is None), None)
    return None if silent is None else Difference(_no_verdict(silent, seen))


def _catches(name: str, weight: float, family: str) -> Rule:
    """Make the rule that a family of broken functions is rejected, and not just everything."""
    return Rule(name, weight, lambda exercise, seen, expected: _rejects(seen, family), True, (family,))


def _accepts_what_is_right(weight: float) -> Rule:
    """Make the rule that right functions are accepted, by a test that does not accept everything."""

    def judge(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> Difference | None:
        return _accepts(seen, _RIGHT) or _rejects(seen, "through")

    return Rule("right functions, written in six ways", weight, judge, True, _RIGHT)


def tells(rnn_backward: Callable[..., Any]) -> bool:
    """Judge a backward function by the reference: numbers, shapes, arguments, a second call."""
    rng = np.random.default_rng(20)
    for sizes in ((5, 3, 2, 4), (6, 2, 5, 3)):
        args = draw_sequence(rng, *sizes)
        right = backward(**args)
        for _ in range(2):
            given = [array.copy() for array in args.values()]
            results = rnn_backward(*given)
            if len(results) != len(right) or not all(map(_close, results, right)):
                return False
            if not all(map(np.array_equal, given, args.values())):
                return False
    return True


def _close(result: np.ndarray, right: np.ndarray) -> bool:
    return result.shape == right.shape and float(np.max(np.abs(result - right))) <= 1e-9 * np.max(
        np.abs(right)
    )


CATCH_THE_BUG = Exercise(
    id="bptt.catch_the_bug",
    results=("verdict",),
    kind="bool",
    draw=bptt_broken.cases,
    reference=tells,
    rules=(
        _accepts_what_is_right(0.14),
        _catches("broken through and through", 0.14, "through"),
        _catches("one result broken", 0.13, "one"),
        _catches("broken at the initial state", 0.11, "start"),
        _catches("broken over many steps", 0.1, "long"),
        _catches("broken in what enters from above", 0.1, "upstream"),
        _catches("broken in a batch", 0.09, "batch"),
        _catches("wrong by a thousandth", 0.07, "close"),
        _catches("changes its arguments, or keeps something", 0.06, "conduct"),
        _catches("results that do not fit", 0.04, "shape"),
        kinds("True or False", 0.02),
    ),
    heading="A test that finds the bug",
    hints=(
        "With h0 = 0, a function that forgets h0 looks right. Which other data hide a bug, so that yours "
        "should be none of them?",
        "Draw sizes that all differ, an h0 that is not zero and a dh that is not zero at any step. Which "
        "number has exactly the gradients that rnn_backward claims? Measure them with numerical_gradient.",
        "The number is (dh * rnn_forward(x, h0, ...)).sum(). Compare all five results by shape and then by "
        "value; call twice; look whether your arrays have changed.",
    ),
)
