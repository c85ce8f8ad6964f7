"""Ten students who answer every assignment, right and wrong in known ways: a class to try the tools with.

Nothing is random, and no exercise is known by name: a wrong answer is one that the checks' catalogue of
mistakes holds, a right one written otherwise is one of its variants.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnncourse.checks import mistakes, variants
from rnncourse.errors import CourseError
from rnncourse.grading.answers import Exercise, exercises, text, written
from rnncourse.grading.autograde import prepare
from rnncourse.grading.course import CONFIG, Course
from rnncourse.grading.engine import Engine, RefusedAssignment, started

MARKER = "sample_class"
PROSE = "I worked it out with pencil and paper first, then compared with the check."


# What a student writes into an answer cell; two answers stand for a text that is not known here.
RIGHT = "the instructor's own"
UNSOLVED = "as it was released"


def _otherwise(exercise: Exercise, place: int, count: int) -> str:
    """Return a right answer in another form, where the checks know one that stands on its own."""
    return _first_written(exercise, variants.of(exercise.id), RIGHT)


def _one_mistake(exercise: Exercise, place: int, count: int) -> str:
    return _first_mistake(exercise, place, count) if place == 0 else RIGHT


def _first_mistake(exercise: Exercise, place: int, count: int) -> str:
    return _first_written(exercise, [mistake.function for mistake in mistakes.of(exercise.id)], UNSOLVED)


def _last_mistake(exercise: Exercise, place: int, count: int) -> str:
    return _first_written(
        exercise, [mistake.function for mistake in mistakes.of(exercise.id)][::-1], UNSOLVED
    )


def _half(exercise: Exercise, place: int, count: int) -> str:
    return RIGHT if place < count // 2 else UNSOLVED


def _raises(exercise: Exercise, place: int, count: int) -> str:
    """Stop while the first cell runs, and inside the last function; the rest is right."""
    if place == 0:
        return 'raise RuntimeError("I ran the cells in another order")'
    return f"def {exercise.name}(*arguments):\n    return 1 / 0" if place == count - 1 else RIGHT


def _endless(exercise: Exercise, place: int, count: int) -> str:
    return f"def {exercise.name}(*arguments):\n    while True:\n        pass" if place == count - 1 else RIGHT


def _right(exercise: Exercise, place: int, count: int) -> str:
    return RIGHT


def _empty(exercise: Exercise, place: int, count: int) -> str:
    return UNSOLVED


def _first_written(exercise: Exercise, functions: list[Callable[..., Any]], otherwise: str) -> str:
    """Return the first of the functions that can be written as an answer."""
    sources = (written(function, exercise.name) for function in functions)
    return next((source for source in sources if source is not None), otherwise)


@dataclass(frozen=True)
class Student:
    """`answer` maps an exercise, its place and how many there are to what this student writes."""

    answer: Callable[[Exercise, int, int], str]
    prose: bool = True
    damaged: bool = False


STUDENTS = {
    "ada_right": Student(_right),
    "bela_otherwise": Student(_otherwise),
    "chen_one_mistake": Student(_one_mistake),
    "dora_first_mistakes": Student(_first_mistake),
    "emil_last_mistakes": Student(_last_mistake),
    "fay_half": Student(_half, prose=False),
    "gus_raises": Student(_raises),
    "hana_endless": Student(_endless),
    "ivo_empty": Student(_empty, prose=False),
    "jo_damaged": Student(_right, damaged=True),
}


def make(course: Path, source: Path) -> None:
    """Make the sample class in the folder `course`, or bring it up to date; what is unchanged stays.

    Raises
    ------
    CourseError
        "... is not a sample class ...": a folder that this function did not make is never written to;
        "... holds no assignment ...".
    """
    root, source = Path(course).absolute(), Path(source).resolve()
    if not any(source.glob("*/*.ipynb")):
        raise CourseError(f"{source} holds no assignment (ASSIGNMENT/ASSIGNMENT.ipynb); build them first")
    marker = root / ".rnncourse" / f"{MARKER}.json"
    if root.exists() and (not root.is_dir() or any(root.iterdir())) and not marker.is_file():
        raise CourseError(f"{root} is there and is not a sample class; name a folder that does not exist yet")
    (root / "submitted").mkdir(parents=True, exist_ok=True)
    here = Course(root, source)
    here.remember(MARKER, {"students": list(STUDENTS)})
    _write(root / "nbgrader_config.py", CONFIG.format(source=str(source)).encode())
    with here.alone(), started(here) as engine:
        for assignment in here.assignments():
            _prepare(here, engine, assignment)
            for notebook in here.notebooks(assignment):
                for student in STUDENTS:
                    target = here.submission(student, assignment) / notebook.name
                    _write(target, _handed_in(here, student, assignment, notebook))


def _prepare(course: Course, engine: Engine, assignment: str) -> None:
    try:
        prepare(course, engine, assignment)
    except RefusedAssignment:
        # nbgrader lets no cell come or go once work is graded; this class is ours, so it starts afresh
        for step in ("autograded", "feedback", "release"):
            shutil.rmtree(course.root / step, ignore_errors=True)
        course.gradebook.unlink(missing_ok=True)
        for memory in ("outcomes", "feedback", "sources"):
            course.remember(memory, {})
        for name in course.assignments():
            prepare(course, engine, name)


def _write(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        draft.write_bytes(content)
        draft.replace(path)


def _handed_in(course: Course, student: str, assignment: str, notebook: Path) -> bytes:
    """Return what a student hands in, as bytes."""
    content = _filled(course, student, assignment, notebook).encode()
    # as after a download that broke off
    return content[: 2 * len(content) // 3] if STUDENTS[student].damaged else content


def _filled(course: Course, student: str, assignment: str, notebook: Path) -> str:
    """Return the released notebook with a student's answers."""
    release = course.root / "release" / assignment / notebook.name
    made, solved = (json.loads(path.read_text(encoding="utf-8")) for path in (release, notebook))
    who = STUDENTS[student]
    asked = exercises(made)
    for place, exercise in enumerate(asked):
        answer = who.answer(exercise, place, len(asked))
        if answer is RIGHT:
            answer = _unmarked(text(solved["cells"][exercise.answer]))
        if answer is not UNSOLVED:
            made["cells"][exercise.answer]["source"] = answer
    for cell in made["cells"] if who.prose else []:
        setting = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "markdown" and setting.get("solution"):
            cell["source"] = PROSE
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _unmarked(source: str) -> str:
    """Drop the marks between which the instructor's lines stand; a student does not see them."""
    return "\n".join(line for line in source.splitlines() if not line.strip().startswith("### "))
