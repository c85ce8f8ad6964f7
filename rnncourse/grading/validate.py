"""Running a student's own notebook from top to bottom and showing what its checks say, in a terminal.

Nothing is graded and nothing is written.  The checks draw fresh inputs, as they do for the grade.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbgrader.utils import determine_grade, is_grade, is_solution

from rnncourse import checks
from rnncourse.errors import CourseError
from rnncourse.grading.execution import Execute, NeedsAPerson
from rnncourse.grading.notebook import load, settings

SECONDS = 60  # for one cell; a whole check takes one or two


class Said(NamedTuple):
    """What one check said: its text, its marks, and the marks that it could have given."""

    name: str
    text: str
    marks: float
    points: float


def find(wanted: list[str], where: Path) -> list[Path]:
    """Find the notebooks that a student means.

    Parameters
    ----------
    wanted : list of str
        Assignments by name, or notebooks by path; every assignment that is there where the list is empty.
    where : Path
        The folder to look in: ``rnn.ipynb``, ``rnn/rnn.ipynb`` and ``exercises/rnn/rnn.ipynb`` are found.

    Raises
    ------
    CourseError
        Where there is no such notebook, with what to do.
    """
    found = []
    for name in wanted or checks.stems():
        path = Path(name)
        places = [where / path] if path.suffix == ".ipynb" else _places(where, name)
        here = next((place for place in places if place.is_file()), None)
        if here is not None:
            found.append(here)
        elif wanted:
            known = (
                "" if path.suffix or name in checks.stems() else f"; known are {', '.join(checks.stems())}"
            )
            raise CourseError(f"there is no notebook {places[0]}: name an assignment or a notebook{known}")
    if not found:
        raise CourseError(
            f"there is no assignment in {where.resolve()}: go to the folder of your notebooks, or name one"
        )
    return found


def _places(where: Path, stem: str) -> list[Path]:
    name = f"{stem}.ipynb"
    return [where / name, where / stem / name, where / "exercises" / stem / name]


def run(path: Path) -> Iterator[Said]:
    """Run a notebook and yield what each of its checks said.

    Parameters
    ----------
    path : Path
        The notebook; it is not changed.

    Raises
    ------
    CourseError
        Where the notebook cannot be read, or ends its own Python.
    """
    try:
        settings(load(path.read_bytes(), path.name))
        notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
        execute = Execute(timeout=SECONDS, allow_errors=True, raise_on_iopub_timeout=False)
        execute.preprocess(notebook, {"metadata": {"path": str(path.parent.resolve())}})
    except NeedsAPerson as error:
        what, _, _ = str(error).partition(". ")  # what comes after it is for a teacher
        raise CourseError(f"{what}. Mend the notebook {path}, then run this again") from None
    for cell in notebook.cells:
        if is_grade(cell) and not is_solution(cell):
            marks, points = determine_grade(cell)
            name = str(cell.metadata.nbgrader["grade_id"]).removesuffix("-tests")
            yield Said(name, _text(cell), float(marks or 0), float(points))


def _text(cell: Any) -> str:
    """Return what a check cell showed, as plain text."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(output.text)
        elif output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}")
        elif output.output_type == "display_data":
            parts.append(str(output.data.get("text/plain", "")))
    return "\n".join(part.rstrip() for part in parts)
