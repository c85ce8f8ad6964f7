"""Grading a class: every submission ends in one state, with one sentence, and none stops another.

The state is *graded*, *needs a person* or *not submitted*. What was graded and has not changed is not graded
again; a run that was killed goes on where it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rnncourse.errors import CourseError
from rnncourse.grading import gradebook, record, submission
from rnncourse.grading.course import Course, choose, open_course
from rnncourse.grading.engine import Engine, started
from rnncourse.grading.execution import NeedsAPerson, troubles
from rnncourse.grading.gradebook import Marks
from rnncourse.grading.interrupt import heard
from rnncourse.grading.notebook import load
from rnncourse.grading.outcome import GRADED, NEEDS_A_PERSON, NOT_SUBMITTED, Outcome

REFUSAL = (
    "grading runs the students' code. This version has no sandbox yet and runs it as you, with your files "
    "and your network; for work that you trust, accept that with --isolation none"
)
WARNING = (
    "isolation none: the submissions' code runs as you. It could read and change your files, the gradebook "
    "and the other submissions, use the network, and decide its own marks. Grade only work that you trust."
)


def autograde(
    course: Path,
    assignments: list[str] | None = None,
    students: list[str] | None = None,
    isolation: str | None = None,
    force: bool = False,
    *,
    source: Path | None = None,
    timeout: int = 30,
    echo: Callable[[str], None] = print,
) -> list[Outcome]:
    """Grade a class with nbgrader, in this process, one submission after another.

    Parameters
    ----------
    course
        The class's folder, as `rnncourse.grading.course` draws it.
    assignments, students
        Which to grade; all where none is named.
    isolation
        Must be "none": how students' code is kept apart from the instructor's.
    force
        Grade again what has not changed.
    source
        The instructor's notebooks, if not where the course says.
    timeout
        Seconds that one cell may run.
    echo
        Takes one line per submission, for the person who waits.

    Returns
    -------
    One outcome per student and assignment, in the order of assignments, then students.

    Raises
    ------
    CourseError
        "grading runs the students' code ...", "there is no course folder ...", "there is no assignment ...",
        "there is no student ...", "another run is at work ...".
    """
    if isolation != "none":
        asked = f"isolation {isolation!r} is not there: " if isolation is not None else ""
        raise CourseError(asked + REFUSAL)
    here = open_course(course, source)
    chosen = choose(assignments, here.assignments(), "assignment")
    people = choose(students, here.students(), "student")
    if not people:
        raise CourseError(f"nobody has handed anything in: {here.submitted} is empty")
    with here.alone(), started(here, timeout) as engine:
        echo(WARNING)
        for stray in here.strays():
            echo(f"not looked at: submitted/{stray.name} lies outside of every student's folder")
        return _grade_all(here, engine, chosen, people, force, echo)


def _grade_all(
    course: Course,
    engine: Engine,
    chosen: list[str],
    people: list[str],
    force: bool,
    echo: Callable[[str], None],
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    total, unchanged = len(chosen) * len(people), 0
    # all before any is graded: what is wrong with an assignment should show at once
    versions = {assignment: prepare(course, engine, assignment) for assignment in chosen}
    with heard() as ask:
        for assignment, version in versions.items():
            marks = gradebook.marks(course, assignment)
            for student in people:
                ask()
                job = _Job(course, engine, student, assignment, version)
                outcome = None if force else job.unchanged(marks.get(student))
                if outcome is None:
                    outcome = job.grade()
                    echo(f"[{len(outcomes) + 1:>{len(str(total))}}/{total}] {outcome}")
                else:
                    unchanged += 1
                outcomes.append(outcome)
    if unchanged:
        echo(f"{unchanged} of {total} were graded before and have not changed (--force grades them again)")
    return outcomes


def prepare(course: Course, engine: Engine, assignment: str) -> str:
    """Enter the assignment into the gradebook where that is not done; return the hash of its source.

    Raises
    ------
    CourseError
        "the instructor's notebook ... cannot be used ...", "nbgrader cannot take assignment ...".
    """
    for path in course.notebooks(assignment):
        try:
            load(path.read_bytes(), path.name)
        except NeedsAPerson as reason:
            # what a student should do about it is of no use here
            what = str(reason).partition(". ")[0]
            raise CourseError(f"the instructor's notebook {path} cannot be used: {what}") from None
    gradebook.create(course)
    version = course.source_hash(assignment)
    filled = course.recall("sources")
    if filled.get(assignment) != version or not gradebook.has_assignment(course, assignment):
        engine.fill(assignment)
        course.remember("sources", {**filled, assignment: version})
    return version


@dataclass(frozen=True)
class _Job:
    """One submission to grade; `version` is the hash of the source."""

    course: Course
    engine: Engine
    student: str
    assignment: str
    version: str

    def unchanged(self, marks: Marks | None) -> Outcome | None:
        """Return the recorded outcome with the gradebook's present marks, if nothing has changed since."""
        known = record.fetch(self.course, self.student, self.assignment)
        if known is None or (known.source, known.submission) != (self.version, self._fingerprint()):
            return None
        if known.outcome.state != GRADED:
            return known.outcome
        there = marks is not None and all(path.is_file() for path in self._autograded())
        return known.outcome.marked(marks) if marks is not None and there else None

    def grade(self) -> Outcome:
        """Grade, record, and return what happened."""
        known = record.fetch(self.course, self.student, self.assignment)
        handed_in_before = known is not None and known.outcome.state != NOT_SUBMITTED
        # whoever is interrupted from here on is graded again by the next run
        record.store(self.course, self.student, self.assignment, None)
        seen = self._fingerprint()
        try:
            outcome = self._outcome(handed_in_before)
        except (NeedsAPerson, RecursionError, LookupError, TypeError, ValueError, AttributeError) as reason:
            # but for the first, a notebook so odd that our own look at it failed: that is no reason to stop
            self._take_back()
            sentence = str(reason) if isinstance(reason, NeedsAPerson) else _odd(reason)
            outcome = Outcome(self.student, self.assignment, NEEDS_A_PERSON, sentence)
        record.store(self.course, self.student, self.assignment, record.Record(seen, self.version, outcome))
        return outcome

    def _outcome(self, handed_in_before: bool) -> Outcome:
        files = submission.read(self.course, self.student, self.assignment)
        if files is None and handed_in_before:
            raise NeedsAPerson(
                "It was handed in before, and now its folder is gone. Put it back, then grade again."
            )
        if files is None:
            return Outcome(self.student, self.assignment, NOT_SUBMITTED)
        checked = submission.inspect(self.course, self.assignment, files)
        # from here until the new marks are in, the old ones must not look current
        self._take_back()
        try:
            seed = self.course.seed(self.student, self.assignment, checked.hash)
            self.engine.autograde(self.student, self.assignment, seed)
        finally:
            self._put_back(files)
        marks = gradebook.marks(self.course, self.assignment)[self.student]
        if marks.score is None:
            raise NeedsAPerson(
                "Some check left no mark in the gradebook. Mark by hand, or grade again with --force."
            )
        notes = [*(troubles(path) for path in self._autograded()), *checked.notes]
        sentence = " ".join(note for note in notes if note)
        return Outcome(self.student, self.assignment, GRADED, sentence).marked(marks)

    def _put_back(self, files: dict[Path, bytes]) -> None:
        """Restore what the submission's own code may have done to the original."""
        if self._fingerprint() == submission.digest(files):
            return
        folder = self.course.submission(self.student, self.assignment)
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        raise NeedsAPerson(
            "The notebook changed the submitted files while it ran. They were put back as they were; "
            "read the code with care before anything else."
        )

    def _take_back(self) -> None:
        """Leave no mark, graded notebook or feedback of an earlier time that could pass for a current one."""
        gradebook.withdraw(self.course, self.student, self.assignment)
        for step in ("autograded", "feedback"):
            shutil.rmtree(self.course.root / step / self.student / self.assignment, ignore_errors=True)

    def _autograded(self) -> list[Path]:
        folder = self.course.root / "autograded" / self.student / self.assignment
        return [folder / path.name for path in self.course.notebooks(self.assignment)]

    def _fingerprint(self) -> str:
        return record.fingerprint(self.course, self.student, self.assignment)


def _odd(reason: Exception) -> str:
    return (
        f"Looking at the submission failed with {type(reason).__name__}: {str(reason)[:100]}. "
        "Look at the notebook and mark by hand."
    )
