"""A student's way through one exercise, in the released notebook: wrong, told why, mended, full marks."""

import json
import re

import nbformat
import pytest

from rnncourse.authoring.percent import BEGIN, END, parse
from rnncourse.cli import main
from rnncourse.grading.autograde import autograde
from rnncourse.grading.course import CONFIG

STUB = "    # YOUR CODE HERE\n    raise NotImplementedError()"
WRONG = """\
    a_i, a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    tanh_c = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - tanh_c**2)
    blocks = [
        dc * g * i * (1 - i),
        dc * c_prev * f * (1 - f),
        dc * i * (1 - g**2),
        dh_t * tanh_c * o * (1 - o),
    ]
    dh_prev = 0
    for block, W in zip(blocks, np.split(W_hh, 4)):
        dh_prev = dh_prev + block @ W.T
    da = np.concatenate(blocks, axis=1)
    return da @ W_xh, dh_prev, dc * f, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)
"""
MENDED = WRONG.replace("block @ W.T", "block @ W")
SENTENCE = "dh_prev takes each gate's block of W_hh transposed"


@pytest.fixture(scope="module")
def solved(root):
    """The instructor's answers by the ids of their cells, without signature and docstring."""
    cells = [cell for cell in parse(root / "solutions" / "lstm.py") if cell.name == "solution"]
    return {cell.id: cell.source.partition(f"{BEGIN}\n")[2].partition(f"    {END}")[0] for cell in cells}


def notebook(root, answers):
    """The released notebook with some answers filled in."""
    made = nbformat.read(root / "exercises/lstm/lstm.ipynb", as_version=4)
    cells = {cell.id: cell for cell in made.cells}
    for name, body in answers.items():
        assert STUB in cells[name].source
        cells[name].source = cells[name].source.replace(STUB, body)
    return made


def test_in_the_students_own_terminal(root, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for body, status in ((WRONG, 1), (MENDED, 0)):
        made = notebook(root, {"lstm_step_backward": body})
        last = next(at for at, cell in enumerate(made.cells) if cell.id == "lstm_step_backward-tests")
        keep = [cell for cell in made.cells[: last + 1] if not cell.source.startswith("check(")]
        made.cells = [*keep, made.cells[last]]
        nbformat.write(made, tmp_path / "lstm.ipynb")
        assert main(["check", "lstm"]) == status
        out = " ".join(capsys.readouterr().out.split())
        if status:
            assert SENTENCE in out
            assert "not yet dh_prev" in out and "ok dc_prev" in out
            # it costs dh_prev's own share, 0.15, and what is tried in other sizes, layouts and float32
            assert re.search(r"([\d.]+) of 12 marks", out)[1] == "8.88"
        else:
            assert out.endswith("12 of 12")


def test_in_the_gradebook(root, tmp_path, solved):
    course = tmp_path / "course"
    (course / "submitted" / "mia" / "lstm").mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(CONFIG.format(source=str(root / "solutions")))

    def hand_in(step):
        made = notebook(root, solved | {"lstm_step_backward": step})
        path = course / "submitted" / "mia" / "lstm" / "lstm.ipynb"
        path.write_text(json.dumps(made))
        [outcome] = autograde(course, ["lstm"], isolation="none", echo=lambda line: None)
        graded = course / "autograded" / "mia" / "lstm" / "lstm.ipynb"
        return outcome, " ".join(str(graded.read_text("utf-8")).replace("\\n", " ").split())

    first, shown = hand_in(WRONG)
    assert SENTENCE in shown
    assert first.state == "graded"
    assert 40 < first.score < 60  # the step and the loop that calls it lose marks, and nothing else
    mended, shown = hand_in(MENDED)
    assert (mended.state, mended.score) == ("graded", 60)
    assert SENTENCE not in shown and "12 of 12 marks" in shown
