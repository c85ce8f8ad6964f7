"""The source of an assignment, ``solutions/<stem>.py``: a script in the percent format that runs as it is.

A line that starts with ``# %%`` opens a cell; its words say what nbgrader shall make of it.

``# %% [markdown] id=intro``
    Text to read, locked.
``# %% setup id=imports``
    Code that everybody shares, locked.
``# %% open id=playground``
    Code that students may change; never graded.
``# %% solution id=rnn_step``
    An answer, one function. Signature and docstring stay; what lies between ``### BEGIN SOLUTION`` and
    ``### END SOLUTION`` is taken out of the students' notebook.
``# %% tests id=rnn_step points=6``
    Exactly the line ``check("rnn.rnn_step", rnn_step).marks(6)``.
``# %% [markdown] manual id=why points=10``
    An answer in prose, graded by a person. The model answer and the rubric stand between the same markers.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from rnncourse import checks
from rnncourse.errors import CourseError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# nbgrader looks for these anywhere in a line
NBGRADERS_WORDS = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)|AUTOTEST")


class Kind(NamedTuple):
    """What nbgrader has to know about a cell; a cell without any flag is the student's own."""

    cell_type: str
    grade: bool = False
    solution: bool = False
    locked: bool = False


KINDS = {
    "[markdown]": Kind("markdown", locked=True),
    "setup": Kind("code", locked=True),
    "open": Kind("code"),
    "solution": Kind("code", solution=True),
    "tests": Kind("code", grade=True, locked=True),
    "[markdown] manual": Kind("markdown", grade=True, solution=True),
}


class Cell(NamedTuple):
    """One cell; `line` is where its header stands in the source, counted from 1."""

    name: str
    id: str
    points: int
    source: str
    line: int

    @property
    def kind(self) -> Kind:
        """What nbgrader has to know about it."""
        return KINDS[self.name]

    @property
    def grade_id(self) -> str:
        """The id in nbgrader's gradebook: an answer and its tests share a name, not an id."""
        return f"{self.id}-tests" if self.name == "tests" else self.id

    @property
    def hidden(self) -> list[str]:
        """The lines between the markers, those left out that are too short to give anything away."""
        region = self.source.partition(BEGIN)[2].partition(END)[0] if self.kind.solution else ""
        return [line.strip() for line in region.splitlines() if len(line.strip()) > 8]


def parse(path: Path) -> list[Cell]:
    """Read the cells of a source.

    Raises
    ------
    CourseError
        with file and line, where something is not as this module's text asks.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        place = error.object.count(b"\n", 0, error.start) + 1
        raise _error(path, place, "this is not UTF-8; save it as UTF-8") from None
    starts = [number for number, line in enumerate(lines) if line.startswith("# %%")]
    for number, line in enumerate(lines[: starts[0] if starts else None]):
        if line.strip() and not line.startswith("#"):
            raise _error(path, number + 1, "code before the first '# %%' line; give it a cell of its own")
    cells: list[Cell] = []
    taken: dict[str, int] = {}
    for start, stop in zip(starts, [*starts[1:], len(lines)]):
        cell = _header(path, start + 1, lines[start])
        if cell.grade_id in taken:
            raise _error(path, cell.line, f"id={cell.id} is taken by the cell in line {taken[cell.grade_id]}")
        taken[cell.grade_id] = cell.line
        body = _uncomment(path, cell, lines[start + 1 : stop])
        cell = cell._replace(source="\n".join(body).rstrip())
        _check_markers(path, cell)
        if cell.name == "solution":
            _check_answer(path, cell)
        if cell.name == "tests":
            _check_tests(path, cell)
        cells.append(cell)
    return cells


def _error(path: Path, line: int, what: str) -> CourseError:
    return CourseError(f"{path.parent.name}/{path.name}, line {line}: {what}.")


def _header(path: Path, number: int, line: str) -> Cell:
    words = line.removeprefix("# %%").split()
    name = " ".join(word for word in words if "=" not in word)
    options = dict(word.split("=", 1) for word in words if "=" in word)
    if name not in KINDS:
        raise _error(path, number, f"unknown kind of cell '{name}'; the kinds are {', '.join(KINDS)}")
    wanted = {"id", "points"} if KINDS[name].grade else {"id"}
    if set(options) != wanted:
        asked, given = ", ".join(sorted(wanted)), ", ".join(sorted(options)) or "none"
        raise _error(path, number, f"a cell of the kind '{name}' has the options {asked}, here: {given}")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,58}", options["id"]):
        raise _error(path, number, f"id={options['id']} should be 1 to 58 letters, digits, '_' or '-'")
    if not re.fullmatch(r"[1-9][0-9]*", options.get("points", "1")):
        raise _error(path, number, f"points={options['points']} should be a whole number above 0")
    return Cell(name, options["id"], int(options.get("points", 0)), "", number)


def _uncomment(path: Path, cell: Cell, lines: list[str]) -> list[str]:
    """Take the comment signs off a markdown cell; leave code as it is."""
    if cell.kind.cell_type == "code":
        return lines
    for number, line in enumerate(lines, start=cell.line + 1):
        if line not in ("", "#") and not line.startswith("# "):
            raise _error(path, number, "a line of a markdown cell has to start with '# '")
    return [line[2:] for line in lines]


def _check_markers(path: Path, cell: Cell) -> None:
    markers = [line.strip() for line in cell.source.splitlines() if NBGRADERS_WORDS.search(line)]
    if not cell.kind.solution and markers:
        raise _error(
            path, cell.line, f"'{markers[0]}' may stand in an answer only; nbgrader takes such lines out"
        )
    if cell.kind.solution and markers != [BEGIN, END]:
        raise _error(path, cell.line, f"the answer '{cell.id}' needs one '{BEGIN}' and one '{END}' after it")
    if cell.kind.solution and not cell.hidden:
        raise _error(path, cell.line, f"nothing stands between the markers of the answer '{cell.id}'")


def _check_answer(path: Path, cell: Cell) -> None:
    """Outside of its markers an answer is a signature and a docstring: all else would be given away."""
    before, _, rest = cell.source.partition(BEGIN)
    inside, _, after = rest.partition(END)
    stub = f"{before}raise NotImplementedError()" + "\n" * inside.count("\n") + after  # as many lines
    try:
        ast.parse(cell.source)
        body = ast.parse(stub).body
    except SyntaxError as error:
        raise _error(path, cell.line + (error.lineno or 0), f"this is not Python ({error.msg})") from None
    function = body[0]
    if (
        not isinstance(function, ast.FunctionDef)
        or function.name != cell.id
        or not ast.get_docstring(function)
    ):
        raise _error(
            path, cell.line, f"the answer '{cell.id}' has to begin with 'def {cell.id}' and a docstring"
        )
    marker = before.count("\n") + 1
    for node in [*function.body[1:], *body[1:]]:
        if node.lineno != marker:
            line = cell.line + node.lineno
            raise _error(path, line, f"code outside of the markers of the answer '{cell.id}'")
    if function.body[-1].lineno != marker:
        raise _error(
            path, cell.line + marker, f"the markers have to stand inside of the function '{cell.id}'"
        )


def _check_tests(path: Path, cell: Cell) -> None:
    exercise = f"{path.stem}.{cell.id}"
    if path.stem not in checks.stems() or exercise not in checks.exercises(path.stem):
        raise _error(path, cell.line, f"rnncourse.checks has no exercise '{exercise}'")
    line = f'check("{exercise}", {cell.id}).marks({cell.points})'
    if cell.source.strip() != line:
        raise _error(path, cell.line, f"the tests of '{cell.id}' have to be the one line {line}")
