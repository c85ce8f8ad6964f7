"""How a submission ended: one of three states, marks where there are some, a sentence for the teacher."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnncourse.grading.gradebook import Marks

GRADED, NEEDS_A_PERSON, NOT_SUBMITTED = "graded", "needs a person", "not submitted"
NOT_GRADED = "not graded"  # in a report only: handed in or changed since the last run


@dataclass(frozen=True)
class Outcome:
    """How one submission ended.

    state : "graded", "needs a person" or "not submitted"
    sentence : what happened and what to do; empty where there is nothing to say
    score, max_score : points from the automatic checks; None unless graded (never a silent 0)
    manual_waiting : points of the cells that wait for a person; None unless graded
    by_hand : points that a person gave; late : points taken off for lateness
    """

    student: str
    assignment: str
    state: str
    sentence: str = ""
    score: float | None = None
    max_score: float | None = None
    manual_waiting: float | None = None
    by_hand: float = 0.0
    late: float = 0.0

    @property
    def total(self) -> float | None:
        """Points of the machine and of a person, lateness taken off; None where a check has no mark."""
        return None if self.score is None else max(0.0, self.score + self.by_hand - self.late)

    def marked(self, marks: Marks) -> Outcome:
        """Return the same outcome with these marks."""
        return replace(
            self,
            score=marks.score,
            max_score=marks.max_score,
            manual_waiting=marks.waiting,
            by_hand=marks.by_hand,
            late=marks.late,
        )

    def __str__(self) -> str:
        head = f"{self.assignment}  {self.student}  {self.state}"
        if self.score is not None and self.max_score is not None:
            head += f", {points(self.score)} of {points(self.max_score)}"
            if self.by_hand:
                head += f", {points(self.by_hand)} by hand"
            if self.late:
                head += f", {points(self.late)} off for lateness"
            if self.manual_waiting:
                head += f", {points(self.manual_waiting)} more wait for a person"
        return f"{head}: {self.sentence}" if self.sentence else head


def points(value: float) -> str:
    """Write points as a person does: 7, 7.5, 7.25."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
