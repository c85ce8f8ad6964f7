"""What is remembered of each submission, so that a second run is quick and a report never shows old marks."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rnncourse.grading import gradebook, submission
from rnncourse.grading.course import Course
from rnncourse.grading.execution import NeedsAPerson
from rnncourse.grading.outcome import GRADED, NOT_GRADED, NOT_SUBMITTED, Outcome


@dataclass(frozen=True)
class Record:
    """The outcome of one submission, with the hashes of what decided it."""

    submission: str
    source: str
    outcome: Outcome


def fetch(course: Course, student: str, assignment: str) -> Record | None:
    """Return what is remembered of a submission."""
    found = course.recall("outcomes").get(assignment, {}).get(student)
    if found is None:
        return None
    return Record(found["submission"], found["source"], Outcome(**found["outcome"]))


def store(course: Course, student: str, assignment: str, record: Record | None) -> None:
    """Remember a submission's outcome, or forget it (None), at once and whole."""
    records = course.recall("outcomes")
    own = records.setdefault(assignment, {})
    own.pop(student, None)
    if record is not None:
        own[student] = asdict(record)
    course.remember("outcomes", records)


def fingerprint(course: Course, student: str, assignment: str) -> str:
    """Return a hash of what lies there now; where that cannot be read, the reason."""
    try:
        files = submission.read(course, student, assignment)
    except NeedsAPerson as reason:
        return f"unreadable: {reason}"
    return "nothing" if files is None else submission.digest(files)


def outcomes(course: Course) -> list[Outcome]:
    """Return how every submission stands now, in the order of assignments, then students.

    Marks come from the gradebook, so that what a person gave since counts. What was never graded, or was
    changed after it was graded, is "not graded", whatever the gradebook says.
    """
    found = []
    for assignment in course.assignments():
        marks = gradebook.marks(course, assignment)
        for student in course.students():
            record = fetch(course, student, assignment)
            now = fingerprint(course, student, assignment)
            if record is not None and record.submission == now:
                outcome = record.outcome
                if outcome.state == GRADED and student in marks:
                    outcome = outcome.marked(marks[student])
            elif record is None and now == "nothing":
                outcome = Outcome(student, assignment, NOT_SUBMITTED)
            else:
                why = "Not graded yet" if record is None else "Changed since it was graded"
                outcome = Outcome(student, assignment, NOT_GRADED, f"{why}. Run `rnncourse autograde`.")
            found.append(outcome)
    return found
