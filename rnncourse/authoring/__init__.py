"""Assignments: from ``solutions/<stem>.py`` to the notebooks that instructors and students see.

::

    solutions/rnn.py           the source, see rnncourse.authoring.percent
    solutions/rnn/rnn.ipynb    nbgrader's source: answers, rubric, points
    exercises/rnn/rnn.ipynb    nbgrader's release: what students get

`build` writes the notebooks; `check` says what is wrong with those that are committed. The release is made
by nbgrader's own preprocessors, so it is what ``nbgrader generate_assignment`` makes.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat

from rnncourse import checks
from rnncourse.authoring.percent import Cell, parse
from rnncourse.errors import CourseError

FOLDERS = ("solutions", "exercises")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def build(root: Path) -> list[str]:
    """Write both notebooks of every source under `root`; return the names of those that changed.

    Raises
    ------
    CourseError
        where a source has an error; then nothing at all is written.
    """
    made: dict[str, bytes] = {}
    for path in _sources(root):
        made |= _files(path.stem, notebook(parse(path)))
    changed = [name for name, content in made.items() if _read(root / name) != content]
    for name in changed:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(made[name])
    return changed


def notebook(cells: list[Cell]) -> Any:
    """Make the instructor's notebook. Cell ids are the grade ids, so that two builds are the same bytes."""
    made = []
    for cell in cells:
        kind, metadata = cell.kind, {}
        if kind.grade or kind.solution or kind.locked:
            flags = {"grade": kind.grade, "solution": kind.solution, "locked": kind.locked, "task": False}
            points = {"points": cell.points} if kind.grade else {}
            metadata = {"nbgrader": {"schema_version": 3, "grade_id": cell.grade_id, **flags, **points}}
        new = nbformat.v4.new_code_cell if kind.cell_type == "code" else nbformat.v4.new_markdown_cell
        made.append(new(cell.source, id=cell.grade_id, metadata=metadata))
    return nbformat.v4.new_notebook(cells=made, metadata=METADATA)


def release(source: Any) -> Any:
    """Make the student's notebook by the steps of ``nbgrader generate_assignment``, without a gradebook."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells

    source = deepcopy(source)  # some of the steps work in place
    resources: dict[str, Any] = {}
    for step in GenerateAssignment.class_traits()["preprocessors"].default():
        if step is not SaveCells:
            source, resources = step()(source, resources)
    return source


def check(root: Path) -> list[str]:
    """Say what is wrong with the assignments under `root`, a sentence for each; write nothing."""
    problems: list[str] = []
    secrets: dict[str, str] = {}
    known: set[str] = set()
    try:
        sources = _sources(root)
    except CourseError as error:
        return [str(error)]
    for stem in sorted(set(checks.stems()) - {path.stem for path in sources}):
        problems.append(f"rnncourse.checks has the assignment '{stem}', but solutions/{stem}.py is missing.")
    for path in sources:
        known |= {f"solutions/{path.name}", *(f"{top}/{path.stem}/{path.stem}.ipynb" for top in FOLDERS)}
        try:
            cells = parse(path)
        except CourseError as error:
            problems.append(str(error))
            continue
        secrets |= {line: f"solutions/{path.name}" for cell in cells for line in cell.hidden}
        problems += _complete(path.stem, cells) + _graded(path.stem, cells)
        for name, content in _files(path.stem, notebook(cells)).items():
            if _read(root / name) != content:
                problems.append(
                    f"{name} is not what solutions/{path.name} makes; run: rnncourse exercises build"
                )
    return problems + _strays(root, known) + _leaks(root, secrets)


def _sources(root: Path) -> list[Path]:
    sources = sorted((root / "solutions").glob("*.py"))
    if not sources:
        raise CourseError(f"There is no assignment to build: no *.py in {root / 'solutions'}.")
    return sources


def _files(stem: str, source: Any) -> dict[str, bytes]:
    """Return both files of an assignment: name from the root, content."""
    pair = zip(FOLDERS, (source, release(source)))
    return {f"{top}/{stem}/{stem}.ipynb": f"{nbformat.writes(book)}\n".encode() for top, book in pair}


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _complete(stem: str, cells: list[Cell]) -> list[str]:
    """Every exercise once and in order, with tests and a hint; the twist, the last, counts a quarter."""
    problems = []
    exercises = [exercise.partition(".")[2] for exercise in checks.exercises(stem)]
    wanted = [f"the {name} of {id}" for id in exercises for name in ("solution", "tests")]
    found = [f"the {cell.name} of {cell.id}" for cell in cells if cell.name in ("solution", "tests")]
    for one, other in zip([*found, "nothing more"], [*wanted, "nothing more"]):
        if one != other:
            problems.append(f"found {one} where rnncourse.checks has {other}")
            break
    told = "\n".join(cell.source for cell in cells if cell.name == "[markdown]")
    for id in exercises:
        if f'hint("{stem}.{id}")' not in told or not checks.find(f"{stem}.{id}").hints:
            problems.append(f"the exercise {id} has no hint, or its text does not mention it")
    total = sum(cell.points for cell in cells)
    twist = sum(cell.points for cell in cells if cell.name == "tests" and cell.id == exercises[-1])
    if 4 * twist < total:
        problems.append(f"the twist {exercises[-1]} counts {twist} of {total} points, less than a quarter")
    if not any(cell.name == "[markdown] manual" for cell in cells):
        problems.append("no question is answered in prose")
    return [f"solutions/{stem}.py: {problem}." for problem in problems]


def _graded(stem: str, cells: list[Cell]) -> list[str]:
    """Full marks for the solutions, none for the release as students get it."""
    problems = []
    source = notebook(cells)
    for state, right, book in (("solved", 1.0, source), ("unsolved", 0.0, release(source))):
        answers: dict[str, Any] = {}
        for cell, made in zip(cells, book.cells):
            if cell.name in ("setup", "solution"):
                try:
                    exec(compile(made.source, f"<{cell.id}>", "exec"), answers)
                except Exception as error:
                    problems.append(f"solutions/{stem}.py: the cell {cell.id} raises {error!r}.")
        for exercise in (id for id in checks.exercises(stem) if id.partition(".")[2] in answers):
            verdict = checks.check(exercise, answers[exercise.partition(".")[2]], seed=0)
            if verdict.score != right:
                why = next((entry.message for entry in verdict.details if not entry.passed), "all is right")
                problems.append(f"{exercise} {state} scores {verdict.score:g}, not {right:g}: {why}")
    return problems


def _strays(root: Path, known: set[str]) -> list[str]:
    left_behind = {"__pycache__", ".ipynb_checkpoints"}  # by Python and Jupyter; git ignores them, too
    paths = [path for top in FOLDERS for path in sorted((root / top).rglob("*")) if path.is_file()]
    names = [path.relative_to(root) for path in paths]
    strays = [name.as_posix() for name in names if not left_behind & set(name.parts)]
    return [f"{name} belongs to no assignment; remove it." for name in strays if name not in known]


def _leaks(root: Path, secrets: dict[str, str]) -> list[str]:
    """No line that stands between markers may stand in any cell of what students get."""
    problems = []
    for path in sorted((root / "exercises").rglob("*.ipynb")):
        name = path.relative_to(root).as_posix()
        try:
            cells = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4).cells
        except Exception:  # nbformat raises what it likes for a file that is no notebook
            problems.append(f"{name} is not a notebook; run: rnncourse exercises build")
            continue
        for line in (line.strip() for cell in cells for line in cell.source.splitlines()):
            if line in secrets:
                problems.append(f"{name} gives away a line of {secrets[line]}: {line}")
    return problems
