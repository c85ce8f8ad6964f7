"""The catalogue of mistakes: small wrong implementations, each with what to tell the learner who made it.

It serves three ends. A failing check runs the mistakes on the learner's own inputs and names the one whose
numbers agree; the book prints the catalogue of a chapter; the tests prove that every check rejects every one
of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

_MODULES = {
    "feedforward": (
        "feedforward",
        "feedforward_words",
        "feedforward_pairs",
        "feedforward_network",
        "feedforward_counts",
    ),
    "rnn": (
        "rnn",
        "rnn_sequence",
        "rnn_output",
        "rnn_loss",
        "rnn_mask",
        "rnn_delay",
        "rnn_chunks",
        "rnn_leaky",
    ),
    "bptt": (
        "bptt_loss",
        "bptt_output",
        "bptt",
        "bptt_time",
        "bptt_sums",
        "bptt_numerical",
        "bptt_truncated",
        "bptt_catch",
        "bptt_leaky",
    ),
    "gradients": (
        "gradients_spectrum",
        "gradients",
        "gradients_product",
        "gradients_clipping",
        "gradients_horizon",
        "gradients_orthogonal",
        "gradients_adding",
        "gradients_leaky",
    ),
    "lstm": (
        "lstm_sequence",
        "lstm",
        "lstm_gates",
        "lstm_backward",
        "lstm_backward_sums",
        "lstm_step_backward",
        "lstm_step_gradients",
        "lstm_step_again",
        "lstm_forget_bias",
        "lstm_peephole",
        "lstm_coupled",
        "lstm_twist",
        "lstm_twist_gradients",
        "lstm_twist_again",
        "lstm_kept",
    ),
    "gru": (
        "gru",
        "gru_gates",
        "gru_sequence",
        "gru_step_backward",
        "gru_step_again",
        "gru_step_gradients",
        "gru_backward",
        "gru_backward_sums",
        "gru_reset_before",
        "gru_count",
        "gru_minimal",
        "gru_minimal_gradients",
    ),
}


@dataclass(frozen=True)
class Mistake:
    """One mistake: its id and exercise, what to say, where to read, and how to get the wrong function."""

    id: str
    exercise: str
    sentence: str
    section: tuple[str, str]  # stem of the chapter, heading
    make: Callable[[], Callable[..., Any]]

    @property
    def function(self) -> Callable[..., Any]:
        """The wrong function; a new one each time where it keeps something between its calls."""
        return self.make()


class Catalogue:
    """Collects the mistakes of one module; its :meth:`of` is the decorator that files them."""

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self.mistakes: list[Mistake] = []

    def of(
        self, exercise: str, name: str, heading: str, when: str, keeps: bool = False
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """File the decorated function as a mistake made in ``exercise``.

        Parameters
        ----------
        exercise : str
            Name of the exercise, without the stem.
        name : str
            Name of the mistake; its id is ``stem.exercise:name``.
        heading : str
            The section of the chapter that puts it right.
        when : str
            How "Your numbers are what comes out when ..." goes on. A text that begins with a capital letter
            is the whole sentence (for mistakes that numbers do not show).
        keeps : bool
            The function keeps something between its calls. Then what is decorated makes it, without
            arguments, so that one check cannot spoil the next.
        """

        def file(function: Callable[..., Any]) -> Callable[..., Any]:
            sentence = when if when[0].isupper() else f"Your numbers are what comes out when {when}"
            full = f"{self.stem}.{exercise}"
            make = function if keeps else lambda: function
            self.mistakes.append(Mistake(f"{full}:{name}", full, sentence, (self.stem, heading), make))
            return function

        return file


@cache
def _load(stem: str) -> tuple[Mistake, ...]:
    modules = [importlib.import_module(f"{__name__}.{name}") for name in _MODULES[stem]]
    return tuple(mistake for module in modules for mistake in module.CATALOGUE.mistakes)


def catalogue(stem: str) -> list[Mistake]:
    """Return all mistakes of a chapter, exercise by exercise in the order of its assignment.

    Raises
    ------
    ValueError
        ``"no catalogue of mistakes for 'x'; there are: feedforward, rnn, ..."``.
    """
    if stem not in _MODULES:
        raise ValueError(f"no catalogue of mistakes for {stem!r}; there are: {', '.join(_MODULES)}")
    from rnncourse.checks import exercises  # here, since that package needs this one

    order = exercises(stem)
    return sorted(_load(stem), key=lambda mistake: order.index(mistake.exercise))


def of(exercise: str) -> list[Mistake]:
    """Return the mistakes of one exercise, by its full id; an empty list where there are none."""
    stem = exercise.split(".")[0]
    return [mistake for mistake in _load(stem) if mistake.exercise == exercise] if stem in _MODULES else []


def score(seeds: tuple[int, ...] = (1, 2, 3)) -> dict[str, list[dict[str, str | int]]]:
    """Try every check on every mistake and every right variant; count what it caught, named and accepted.

    Returns
    -------
    dict
        ``{"exercises": [{"exercise", "mistakes", "caught", "named", "variants", "accepted"}]}``. A mistake
        counts as caught (named) when it is at every seed, and a variant as accepted likewise.
    """
    from rnncourse import checks
    from rnncourse.checks import variants

    rows: list[dict[str, str | int]] = []
    for exercise in (name for stem in checks.stems() for name in checks.exercises(stem)):
        wrong, right = of(exercise), variants.of(exercise)
        verdicts = [[checks.check(exercise, mistake.function, seed) for seed in seeds] for mistake in wrong]
        accepted = [all(checks.check(exercise, variant, seed).passed for seed in seeds) for variant in right]
        named = [all(v.mistake == m.id for v in tried) for m, tried in zip(wrong, verdicts, strict=True)]
        rows.append(
            {
                "exercise": exercise,
                "mistakes": len(wrong),
                "caught": sum(not any(v.passed for v in tried) for tried in verdicts),
                "named": sum(named),
                "variants": len(right),
                "accepted": sum(accepted),
            }
        )
    return {"exercises": rows}
