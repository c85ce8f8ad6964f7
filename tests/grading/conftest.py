"""Two small assignments that know nothing of the course's own checks, and classes made from them."""

import json
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rnncourse.grading.autograde import autograde, prepare
from rnncourse.grading.course import CONFIG, open_course
from rnncourse.grading.engine import started

DOUBLE = "def double(x):\n    return 2 * x"
SQUARE = "def square(x):\n    return x * x"


def setting(grade_id, *, grade=False, solution=False, points=None, cell_type="code"):
    """The hidden settings that nbgrader keeps in a cell."""
    found = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
        "cell_type": cell_type,
    }
    return {"nbgrader": found | ({"points": points} if points is not None else {})}


def code(text, grade_id=None, **settings):
    cell = new_code_cell(text, id=grade_id or "free")
    cell.metadata.update(setting(grade_id, **settings) if grade_id else {})
    return cell


def solved(signature, body):
    return f"{signature}\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION"


def notebook(*cells):
    made = new_notebook(cells=list(cells))
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def alpha():
    """Automatic: 2.75 points in two parts, and 1.5 by assertion; by hand: 3 points; a task to read."""
    question = new_markdown_cell("Because.", id="why")
    question.metadata.update(setting("why", grade=True, solution=True, points=3, cell_type="markdown"))
    task = new_markdown_cell("Why is twice a number even?", id="task")
    task.metadata.update(setting("task", cell_type="markdown"))
    return notebook(
        code("import math", "imports"),
        code(solved("def double(x):", "return 2 * x"), "double", solution=True),
        code(
            "round((double(2) == 4) * 1.25 + (double(-3) == -6) * 1.5, 2)",
            "check_double",
            grade=True,
            points=2.75,
        ),
        code(solved("def square(x):", "return x * x"), "square", solution=True),
        code("assert square(3) == 9", "check_square", grade=True, points=1.5),
        task,
        question,
    )


def beta():
    return notebook(
        code(solved("def half(x):", "return x / 2"), "half", solution=True),
        code("float(half(3) == 1.5)", "check_half", grade=True, points=1),
    )


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The instructor's notebooks of two assignments."""
    folder = tmp_path_factory.mktemp("teacher") / "solutions"
    for name, made in (("alpha", alpha()), ("beta", beta())):
        (folder / name).mkdir(parents=True)
        nbformat.write(made, folder / name / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="session")
def template(source, tmp_path_factory):
    """A class without students whose gradebook knows both assignments; tests copy it."""
    root = tmp_path_factory.mktemp("template") / "course"
    (root / "submitted").mkdir(parents=True)
    course = open_course(root, source)
    with started(course) as engine:
        for name in course.assignments():
            prepare(course, engine, name)
    (root / "nbgrader_config.py").write_text(CONFIG.format(source=str(source)))
    return root


class Classroom:
    """A class in a temporary folder, and the means to hand something in."""

    def __init__(self, root, source):
        self.root, self.source = root, source

    def release(self, assignment="alpha"):
        """The notebook that students got, as plain JSON."""
        return json.loads((self.root / "release" / assignment / f"{assignment}.ipynb").read_text())

    def answered(self, assignment="alpha", /, **answers):
        """The release with some answer cells filled in; `imports` and the like may be named, too."""
        made = self.release(assignment)
        for cell in made["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if grade_id in answers:
                cell["source"] = answers.pop(grade_id)
        assert not answers
        return made

    def right(self):
        return self.answered(double=DOUBLE, square=SQUARE, why="Since twice is twice.")

    def hand_in(self, student, content, assignment="alpha", name=None):
        """Write a submission: a notebook as JSON, text, or bytes."""
        folder = self.root / "submitted" / student / assignment
        folder.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else json.dumps(content)).encode()
        path = folder / (name or f"{assignment}.ipynb")
        path.write_bytes(content)
        return path


@pytest.fixture(scope="session")
def new_classroom(template, source, tmp_path_factory):
    def make():
        root = tmp_path_factory.mktemp("class") / "course"
        shutil.copytree(template, root)
        return Classroom(root, source)

    return make


@pytest.fixture
def classroom(new_classroom):
    return new_classroom()


class Graded(Classroom):
    """A class that was graded once; what was said and what lay there before are kept."""

    def grade(self, **settings):
        self.lines = []
        settings = {"isolation": "none", "timeout": 3} | settings
        outcomes = autograde(self.root, echo=self.lines.append, **settings)
        self.outcomes = {(outcome.student, outcome.assignment): outcome for outcome in outcomes}
        return self.outcomes


KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
STUBBORN = (
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
)
WARNS = "import sys\ndef double(x):\n    print('careful', file=sys.stderr)\n    return 2 * x"


@pytest.fixture(scope="session")
def graded_once(template, source, tmp_path_factory):
    """Graded once for all tests that only look at it: kernels cost a second each."""
    root = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(template, root)
    room = Graded(root, source)
    room.hand_in("ada", room.right())
    room.hand_in("bob", room.answered(double="def double(x):\n    return 4", square=SQUARE))
    room.hand_in("cleo", room.release())
    room.hand_in("dan", room.answered(double=KILL, square=SQUARE))
    room.hand_in("eve", room.answered(double=STUBBORN, square=SQUARE))
    room.hand_in("fritz", room.answered(double="raise SystemExit(3)", square=SQUARE))
    room.hand_in("gina", room.answered(double=WARNS, square=SQUARE))
    room.hand_in("hugo", room.answered(double="raise ValueError('oh')", square=SQUARE))
    room.hand_in(
        "ines", room.answered(double=DOUBLE + "\n\ndef round(*_):\n    return 'many'", square=SQUARE)
    )
    room.hand_in(
        "jan", room.answered(double=DOUBLE + "\n\ndef round(*_):\n    return float('nan')", square=SQUARE)
    )
    room.hand_in("kim", "{ this is no notebook")
    room.hand_in("lea", room.right(), name="alpha (1).ipynb")
    (room.root / "submitted" / "mia").mkdir()
    room.hand_in("zoe", room.right())
    room.hand_in("zoe", room.answered("beta", half="def half(x):\n    return x / 2"), "beta")
    room.before = {path: path.read_bytes() for path in (root / "submitted").rglob("*") if path.is_file()}
    room.grade()
    return room


@pytest.fixture
def graded(graded_once, tmp_path):
    """A copy of the graded class that a test may change."""
    root = tmp_path / "course"
    shutil.copytree(graded_once.root, root)
    return Graded(root, graded_once.source)


@pytest.fixture(scope="session")
def grade_one():
    """Grade one notebook as ada's and return the outcome."""

    def grade(room, content, **settings):
        room.hand_in("ada", content)
        quiet = {"echo": lambda line: None, "isolation": "none", "timeout": 20}
        return autograde(room.root, ["alpha"], ["ada"], **quiet | settings)[0]

    return grade
