"""What a check says: marks, property by property, and words."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from typing import TextIO

from rnncourse.checks import render

VALIDATING = "NBGRADER_VALIDATING"  # set in the environment while a student's notebook is validated


@dataclass(frozen=True)
class Property:
    """One marked property of an answer.

    ``weight`` is its share of the marks. ``guarded`` says what ``message`` says without giving expected
    values away. ``counted`` is False for a side property that was not looked at, since no value was right
    yet.
    """

    name: str
    passed: bool
    weight: float
    message: str = ""
    guarded: str = ""
    counted: bool = True


@dataclass(frozen=True, repr=False)
class Verdict:
    """The outcome of one check.

    Attributes
    ----------
    exercise : str
        Its id.
    passed : bool
        Whether every property holds; exactly then ``score`` is 1.0.
    score : float
        Share of the marks, 0 to 1.
    mistake : str or None
        Id of the named mistake whose numbers these are.
    details : tuple of Property
        One entry for each property.
    called : str
        The call, with the shapes of its arguments.
    findings : tuple of str
        What is known about the error besides: the mistake's sentence, or a pattern in the numbers.
    section : tuple of str
        Stem and heading of the section of the book to read.
    seed : int
        ``check(exercise, answer, seed)`` repeats exactly this check.
    printed : str
        What the function printed.
    warned : tuple of str
        Warnings that it caused.
    points : float or None
        The marks that a full score is worth, where that is known.
    """

    exercise: str
    passed: bool
    score: float
    mistake: str | None
    details: tuple[Property, ...]
    called: str = ""
    findings: tuple[str, ...] = ()
    section: tuple[str, str] = ("", "")
    seed: int = 0
    printed: str = ""
    warned: tuple[str, ...] = ()
    points: float | None = None

    @property
    def worth(self) -> float:
        """The marks that the verdict is worth, out of ``points``."""
        return float(round(self.score * (self.points or 0.0), 2))

    @property
    def message(self) -> str:
        """The verdict as plain text."""
        return render.text(self)

    @property
    def guarded_message(self) -> str:
        """The verdict as plain text that gives no expected value away, for checks whose inputs are secret."""
        return render.text(self, guarded=True)

    def __repr__(self) -> str:
        return self.message

    def _repr_html_(self) -> str:
        return render.html(self)

    def marks(self, points: float) -> float:
        """Show the verdict and return the marks that it is worth, out of ``points``.

        As the last line of a cell it explains *and* gives marks: nbgrader records the last value of a cell.
        """
        marked = replace(self, points=float(points))
        show(marked)
        return marked.worth


def show(verdict: Verdict) -> None:
    """Show a verdict: as a rich display inside IPython, printed elsewhere.

    Never on stderr, where a grader takes a word for a failure; but a notebook's "Validate" button shows a
    failed cell's words from there and nowhere else, and tells us so.
    """
    ipython = sys.modules.get("IPython")  # if it is not loaded, nobody is using it
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display

        display(verdict)
        if VALIDATING in os.environ and not verdict.passed:
            _print(verdict.message, sys.stderr)
        return
    _print(verdict.message, sys.stdout)


def _print(message: str, stream: TextIO) -> None:
    try:
        print(message, file=stream)
    except UnicodeEncodeError:  # a terminal that knows fewer letters than the learner's own text
        print(message.encode("ascii", "backslashreplace").decode("ascii"), file=stream)
