"""Reading nbgrader's gradebook, and taking back marks that no longer hold."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SQLAlchemyError

from rnncourse.errors import CourseError
from rnncourse.grading.course import Course, is_text


@dataclass(frozen=True)
class Marks:
    """What the gradebook holds of one submission, in points.

    score : marks of the automatic checks (a person's override counts in place of the machine's), or None
        while any of them is missing
    max_score : what the automatic checks can give
    waiting : points of the cells that wait for a person
    by_hand : points that a person gave for cells that only a person can mark
    late : points taken off for lateness
    """

    score: float | None
    max_score: float
    waiting: float
    by_hand: float
    late: float


@contextlib.contextmanager
def opened(course: Course) -> Iterator[Gradebook]:
    """Open the gradebook; raise CourseError where it is damaged, locked, or cannot be written."""
    try:
        with Gradebook(course.database) as book:
            yield book
    except SQLAlchemyError as error:
        raise unusable(course, error) from None


def unusable(course: Course, error: SQLAlchemyError) -> CourseError:
    """Say that the gradebook cannot be used, and why."""
    why = str(getattr(error, "orig", error)).splitlines()[0]
    return CourseError(
        f"the gradebook {course.gradebook} cannot be used ({why}); close what else has it open, see that the "
        "disk has space, put a copy in its place if it is damaged, then run this again: it goes on"
    )


def create(course: Course) -> None:
    """Make the gradebook where there is none, whole or not at all; nbgrader would leave half of one."""
    if course.gradebook.exists():
        return
    draft = course.gradebook.with_name("gradebook.draft")
    draft.unlink(missing_ok=True)
    try:
        Gradebook(f"sqlite:///{draft}").close()
    except SQLAlchemyError as error:
        raise unusable(course, error) from None
    draft.replace(course.gradebook)


def marks(course: Course, assignment: str) -> dict[str, Marks]:
    """Return the marks of every student who has a row for this assignment; asking makes no gradebook."""
    if not course.gradebook.exists():
        return {}
    with opened(course) as book:
        try:
            submissions = book.find_assignment(assignment).submissions
        except MissingEntry:
            return {}
        return {submission.student.id: _marks(submission) for submission in submissions}


def _marks(submission: Any) -> Marks:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    by_person = {
        cell.id
        for notebook in submission.assignment.notebooks
        for cell in notebook.grade_cells
        if cell.cell_type != "code" or cell.name in {other.name for other in notebook.solution_cells}
    } | {cell.id for notebook in submission.assignment.notebooks for cell in notebook.task_cells}
    automatic = [grade for grade in grades if grade.cell_id not in by_person]
    scores = [grade.auto_score if grade.manual_score is None else grade.manual_score for grade in automatic]
    return Marks(
        score=None if None in scores else round(sum(scores), 6),
        max_score=round(sum(grade.cell.max_score for grade in automatic), 6),
        waiting=sum(grade.cell.max_score for grade in grades if grade.needs_manual_grade),
        by_hand=sum(
            (grade.manual_score or 0.0) + (grade.extra_credit or 0.0)
            for grade in grades
            if grade.cell_id in by_person
        ),
        late=sum(notebook.late_submission_penalty or 0.0 for notebook in submission.notebooks),
    )


def withdraw(course: Course, student: str, assignment: str) -> None:
    """Take back the automatic marks and mark all cells as waiting; what a person gave stays.

    Makes the row where there is none, so that nobody who handed something in is missing from the gradebook;
    a student whose name is no text can have none.
    """
    if not is_text(student):
        return
    with opened(course) as book:
        book.update_or_create_student(student)
        submission = book.update_or_create_submission(assignment, student)
        for notebook in submission.notebooks:
            notebook.late_submission_penalty = None
            for grade in notebook.grades:
                grade.auto_score = None
                grade.needs_manual_grade = True
        book.db.commit()


def has_assignment(course: Course, assignment: str) -> bool:
    """Whether the gradebook knows the assignment and its cells."""
    with opened(course) as book:
        try:
            return bool(book.find_assignment(assignment).notebooks)
        except MissingEntry:
            return False
