"""Writing every student's feedback page with nbgrader, one after another; none stops another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rnncourse.grading import gradebook, record
from rnncourse.grading.course import Course, open_course
from rnncourse.grading.engine import started
from rnncourse.grading.outcome import GRADED, Outcome
from rnncourse.grading.submission import digest


def write(course: Path, *, echo: Callable[[str], None] = print) -> list[str]:
    """Write feedback/STUDENT/ASSIGNMENT/*.html for all that is graded; return a sentence for each failure.

    A page is written again only if the graded notebook, a mark or a comment has changed.

    Raises
    ------
    CourseError
        "there is no course folder ...", "another run is at work ...".
    """
    here = open_course(course)
    graded = [outcome for outcome in record.outcomes(here) if outcome.state == GRADED]
    failures, written = [], 0
    with here.alone(), started(here) as engine:
        done = here.recall("feedback")
        for outcome in graded:
            key = f"{outcome.assignment}/{outcome.student}"
            version = _version(here, outcome)
            if done.get(key) == version and _pages(here, outcome, "feedback", ".html"):
                continue
            error = engine.feedback(outcome.student, outcome.assignment)
            if error is not None:
                failures.append(
                    f"no feedback for {outcome.student} on {outcome.assignment}: {type(error).__name__}: "
                    f"{error}; see {engine.logfile}"
                )
                echo(failures[-1])
                continue
            written += 1
            done[key] = version
            here.remember("feedback", done)
    unchanged = len(graded) - written - len(failures)
    echo(f"feedback: {written} written, {unchanged} unchanged, in {here.root / 'feedback'}")
    return failures


def _pages(course: Course, outcome: Outcome, step: str, suffix: str) -> list[Path]:
    folder = course.root / step / outcome.student / outcome.assignment
    return sorted(path for path in folder.glob("*") if path.suffix == suffix)


def _version(course: Course, outcome: Outcome) -> str:
    """Hash what the page shows: the graded notebook, all marks, all comments."""
    shown = {Path(path.name): path.read_bytes() for path in _pages(course, outcome, "autograded", ".ipynb")}
    with gradebook.opened(course) as book:
        for notebook in book.find_submission(outcome.assignment, outcome.student).notebooks:
            for grade in notebook.grades:
                values = (grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade)
                shown[Path(f"{notebook.name}.grade") / grade.name] = repr(values).encode()
            for comment in notebook.comments:
                shown[Path(f"{notebook.name}.comment") / comment.name] = repr(comment.comment).encode()
    return digest(shown)
