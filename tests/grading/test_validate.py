"""`rnncourse check` and nbgrader's Validate: a student is told what is wrong, outside the notebook too."""

import subprocess
import sys

import nbformat
import pytest

from rnncourse.cli import main
from rnncourse.grading import validate

WRONG = "    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh + b_h)"
RIGHT = "    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)"


@pytest.fixture
def work(root, tmp_path, monkeypatch):
    """A student's folder with the released assignment, of which only the first check is kept."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rnn").mkdir()

    def answer(line):
        notebook = nbformat.read(root / "exercises/rnn/rnn.ipynb", as_version=4)
        last = next(at for at, cell in enumerate(notebook.cells) if cell.source.startswith("check("))
        notebook.cells = notebook.cells[: last + 1]
        for cell in notebook.cells:
            if "def rnn_step" in cell.source and cell.cell_type == "code":
                head, _, _ = cell.source.partition("    # YOUR CODE HERE")
                cell.source = head + line
        path = tmp_path / "rnn" / "rnn.ipynb"
        nbformat.write(notebook, path)
        return path

    return answer


def test_the_mistake_is_named_in_the_terminal_and_nothing_is_changed(work, capsys):
    path = work(WRONG)
    before = path.read_bytes()
    assert main(["check", "rnn"]) == 1
    out = capsys.readouterr().out
    assert "W_hh where its transpose is meant" in out
    assert "'One step of the loop'" in out
    assert out.rstrip().endswith("0 of 6")
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == ["rnn.ipynb"]


def test_a_right_answer_is_status_zero_and_needs_no_name(work, capsys):
    work(RIGHT)
    assert main(["check"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("6 of 6")


def test_an_error_of_another_cell_and_a_missing_function_are_told(work, capsys):
    path = work(RIGHT)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("def rnn_step", "def step")
    nbformat.write(notebook, path)
    assert main(["check", str(path)]) == 1
    assert "NameError: name 'rnn_step' is not defined" in capsys.readouterr().out


def test_a_notebook_that_ends_its_python_is_one_sentence(work, capsys):
    work("    import os; os._exit(3)")
    assert main(["check", "rnn"]) == 2
    line = capsys.readouterr().err.strip()
    assert "ended its own Python while cell" in line and "by hand" not in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (["lisp"], "no notebook lisp.ipynb: name an assignment or a notebook; known are feedforward, rnn"),
        (["other/rnn.ipynb"], "no notebook other/rnn.ipynb: name an assignment or a notebook"),
        ([], "go to the folder of your notebooks, or name one"),
        (["empty.ipynb"], "empty.ipynb is empty. Mend the notebook empty.ipynb, then run this again"),
    ],
)
def test_what_cannot_be_checked_is_one_sentence(tmp_path, monkeypatch, capsys, wanted, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.ipynb").touch()
    assert main(["check", *wanted]) == 2
    captured = capsys.readouterr()
    assert words in captured.err and len(captured.err.splitlines()) == 1


def test_assignments_are_found_where_students_keep_them(root, tmp_path):
    (tmp_path / "exercises" / "rnn").mkdir(parents=True)
    for path in ("exercises/rnn/rnn.ipynb", "feedforward.ipynb"):
        (tmp_path / path).touch()
    names = [str(path.relative_to(tmp_path)) for path in validate.find([], tmp_path)]
    assert names == ["feedforward.ipynb", "exercises/rnn/rnn.ipynb"]


def test_nbgraders_validate_shows_the_verdict(work):
    path = work(WRONG)
    command = [sys.executable, "-m", "nbgrader", "validate", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=path.parent, timeout=120)
    assert "VALIDATION FAILED ON 1 CELL(S)" in run.stdout
    assert "Your numbers are what comes out when the state is multiplied by W_hh" in run.stdout
    work(RIGHT)
    run = subprocess.run(command, capture_output=True, text=True, cwd=path.parent, timeout=120)
    assert "Success! Your notebook passes all the tests." in run.stdout
