"""The assignments: solved they earn everything, unsolved nothing, half right their part; nbgrader agrees."""

import contextlib
import doctest
import inspect
import os
import re
import runpy
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade

from rnncourse import checks
from rnncourse.authoring.percent import BEGIN, END, parse

# The contract: names and arguments that students, checks and other people's tests rely on; the twist last.
SIGNATURES = {
    "feedforward": """
        one_hot(ids, vocab_size)
        sliding_windows(series, width)
        mlp_forward(x, W1, b1, W2, b2)
        window_mlp_parameters(width, input_size, hidden_size, output_size)
        rnn_parameters(input_size, hidden_size, output_size)
        bigram_probabilities(ids, vocab_size, alpha)
        dilated_window_mlp(series, dilation, W1, b1, W2, b2)
    """,
    "rnn": """
        rnn_step(x_t, h_prev, W_xh, W_hh, b_h)
        rnn_forward(x, h0, W_xh, W_hh, b_h)
        output_layer(h, W_hy, b_y)
        softmax_cross_entropy(logits, targets, mask=None)
        delay_line_weights(delay)
        truncate_and_carry(x, h0, W_xh, W_hh, b_h, chunk)
        leaky_rnn_forward(x, h0, W_xh, W_hh, b_h, leak, mask)
    """,
    "bptt": """
        softmax_cross_entropy_backward(logits, targets, mask=None)
        output_layer_backward(dy, h, W_hy)
        rnn_step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh)
        rnn_backward(dh, x, h0, h, W_xh, W_hh)
        embedding_backward(ids, dvectors, vocab_size)
        numerical_gradient(f, x, eps=1e-06)
        truncated_bptt(dh, x, h0, h, W_xh, W_hh, window)
        catch_the_bug(rnn_backward)
        leaky_rnn_backward(dh, x, h0, h, W_xh, W_hh, b_h, leak, mask)
    """,
    "gradients": """
        spectral_radius(W)
        step_jacobian(h_t, W_hh)
        jacobian_norms(h, W_hh)
        vanishing_horizon(rate, threshold)
        clip_by_global_norm(gradients, max_norm)
        orthogonal_from(A)
        adding_problem(values, marks)
        leaky_jacobian_norms(h, h0, W_hh, leak, mask)
    """,
    "lstm": """
        lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h)
        lstm_forward(x, h0, c0, W_xh, W_hh, b_h)
        lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h)
        lstm_backward(dh, dc_last, x, h0, c0, W_xh, W_hh, b_h)
        forget_bias(b_h, value)
        peephole_lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h, p_i, p_f, p_o)
        coupled_lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h)
        coupled_peephole_lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h, p_f, p_o)
    """,
    "gru": """
        gru_step(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
        gru_forward(x, h0, W_xh, W_hh, b_h, b_hn)
        gru_step_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_h, b_hn)
        gru_backward(dh, x, h0, W_xh, W_hh, b_h, b_hn)
        gru_step_reset_before(x_t, h_prev, W_xh, W_hh, b_h)
        parameter_count(cell, input_size, hidden_size)
        minimal_gated_step_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    """,
}
POINTS = {
    "feedforward": (40, 10),
    "rnn": (60, 10),
    "bptt": (60, 10),
    "gradients": (60, 10),
    "lstm": (60, 10),
    "gru": (60, 10),
}  # by the checks, by a person
STEMS = tuple(SIGNATURES)


@pytest.fixture(scope="module")
def root():
    return Path(__file__).resolve().parent.parent


def script(root, stem):
    """Run a source as a script and return its names."""
    return runpy.run_path(str(root / "solutions" / f"{stem}.py"))


def of_kind(root, stem, name):
    return [cell for cell in parse(root / "solutions" / f"{stem}.py") if cell.name == name]


def test_every_assignment_is_tested_here():
    assert checks.stems() == STEMS


@pytest.mark.parametrize("stem", STEMS)
def test_names_and_signatures_are_the_contracts(root, stem, capsys):
    names = script(root, stem)
    contract = SIGNATURES[stem].split("\n")[1:-1]
    answers = [names[cell.id] for cell in of_kind(root, stem, "solution")]
    assert [f"{answer.__name__}{inspect.signature(answer)}" for answer in answers] == [
        line.strip() for line in contract
    ]


@pytest.mark.parametrize("stem", STEMS)
def test_the_source_runs_as_a_plain_script(root, stem, tmp_path):
    command = [sys.executable, "-W", "error", str(root / "solutions" / f"{stem}.py")]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stem", STEMS)
def test_solved_every_check_gives_full_marks(root, stem, monkeypatch, capsys):
    given = []
    marks = checks.Verdict.marks
    monkeypatch.setattr(
        checks.Verdict,
        "marks",
        lambda self, points: given.append((self.exercise, points, marks(self, points))),
    )
    script(root, stem)
    points = [cell.points for cell in of_kind(root, stem, "tests")]
    assert given == [(id, worth, worth) for id, worth in zip(checks.exercises(stem), points, strict=True)]


@pytest.mark.parametrize("stem", STEMS)
def test_points_are_as_the_text_tells_and_the_twist_is_a_quarter(root, stem):
    by_checks = [cell.points for cell in of_kind(root, stem, "tests")]
    by_person = [cell.points for cell in of_kind(root, stem, "[markdown] manual")]
    assert (sum(by_checks), sum(by_person)) == POINTS[stem]
    assert 4 * by_checks[-1] >= sum(by_checks) + sum(by_person)
    told = " ".join(of_kind(root, stem, "[markdown]")[0].source.split())
    assert (
        f"give {sum(by_checks)} points, and the question in prose at the end gives {sum(by_person)}" in told
    )
    (answer,) = of_kind(root, stem, "[markdown] manual")
    shares = re.findall(r"^- (\d+)", answer.source, re.MULTILINE)
    assert f"**Rubric, {answer.points} points**" in answer.source
    assert sum(map(int, shares)) == answer.points


@pytest.mark.parametrize("stem", STEMS)
def test_examples_in_the_docstrings_are_true(root, stem, capsys):
    names = script(root, stem)
    runner = doctest.DocTestRunner()
    for cell in of_kind(root, stem, "solution"):
        (example,) = doctest.DocTestFinder(recurse=False).find(names[cell.id], cell.id, globs=names)
        assert example.examples
        assert runner.run(example) == (0, len(example.examples)), cell.id


@pytest.mark.parametrize("stem", STEMS)
def test_each_text_points_at_a_section_of_its_chapter(root, stem):
    chapter = root / "book" / f"{stem}.md"
    written = chapter.is_file()
    headings = set(re.findall(r"^## (.+)$", chapter.read_text("utf-8"), re.MULTILINE)) if written else set()
    for cell in of_kind(root, stem, "[markdown]"):
        if cell.id.endswith("-task"):
            told = " ".join(cell.source.split())
            pointer = re.search(r"(?:\*In the book:\*|nowhere in the book;)(.*?)\*A hint:\*", told)
            sections = re.findall(r'"([^"]+)"', pointer[1])
            assert sections and (not written or set(sections) <= headings), cell.id


def test_the_numbers_in_the_model_answer_are_right(root, capsys):
    names = script(root, "feedforward")
    (answer,) = of_kind(root, "feedforward", "[markdown] manual")
    window, recurrent = names["window_mlp_parameters"], names["rnn_parameters"]
    narrow, wide = window(5, 50, 100, 1000), window(14, 50, 100, 1000)
    right = {narrow, wide, wide - narrow, recurrent(50, 100, 1000)}
    told = re.findall(r"\d+,\d{3}", answer.source)
    assert {int(number.replace(",", "")) for number in told} == right


def test_the_norms_in_the_model_answer_are_right(root, capsys):
    names = script(root, "gradients")
    (answer,) = of_kind(root, "gradients", "[markdown] manual")
    told = re.search(r"The norms are ([\d., ]+), \.\.\.", answer.source)[1].split(", ")
    W = np.array([[0.5, 4.95], [0.0, 0.5]])
    norms = names["jacobian_norms"](np.zeros((len(told) + 1, 2)), W)[-2::-1]
    np.testing.assert_allclose(norms, [float(norm) for norm in told], atol=0.005)
    assert round(names["spectral_radius"](W), 6) == 0.5
    saturated = names["step_jacobian"](np.array([0.0, 0.95]), np.array([[2.0, -2.0], [2.0, -2.0]]))
    assert f"{names['spectral_radius'](saturated):.3f}" == "1.805"
    assert "the eigenvalues 0 and 1.805" in " ".join(answer.source.split())
    assert f"{saturated[1, 0]:.3f} & {saturated[1, 1]:.3f}" in answer.source


# -- as nbgrader runs and reads them -----------------------------------------------------------------------


def released(root, stem):
    return nbformat.read(root / "exercises" / stem / f"{stem}.ipynb", as_version=4)


def graded(book):
    """Run a notebook as nbgrader does and return its marks by grade id, and what went to stderr."""
    book, _ = Execute(timeout=60).preprocess(book, {})
    cells = [cell for cell in book.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    marks = {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in cells}
    outputs = [(cell, output) for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    loud = [output.text for _, output in outputs if output.get("name") == "stderr"]
    failed = [cell.id for cell, output in outputs if output.output_type == "error"]
    results = [cell.id for cell, output in outputs if output.output_type == "execute_result"]
    return marks, loud, failed, results


@pytest.mark.parametrize("stem", STEMS)
def test_unsolved_everything_runs_and_earns_nothing(root, stem):
    tests = [cell.grade_id for cell in of_kind(root, stem, "tests")]
    (manual,) = of_kind(root, stem, "[markdown] manual")
    marks, loud, failed, results = graded(released(root, stem))
    assert marks == dict.fromkeys([*tests, manual.grade_id], 0)
    assert (loud, failed) == ([], [])
    assert results == tests  # each shows its verdict and its marks, none is passed over


# Right numbers, but always in float64; what is built on such an answer carries its float64 on.
HALF_RIGHT = {
    "feedforward": (
        "mlp_forward",
        "    return (np.tanh(x @ W1.T + b1) @ W2.T + b2).astype(np.float64)",
        set(),
    ),
    "rnn": (
        "rnn_step",
        "    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h).astype(np.float64)",
        {"rnn_forward-tests", "truncate_and_carry-tests"},
    ),
    "bptt": (
        "embedding_backward",
        "    return np.eye(vocab_size)[ids.ravel()].T @ dvectors.reshape(ids.size, -1)",
        set(),
    ),
    "gradients": (
        "step_jacobian",
        "    return ((1 - h_t**2)[:, None] * W_hh).astype(np.float64)",
        {"jacobian_norms-tests", "leaky_jacobian_norms-tests"},
    ),
    "lstm": (
        "lstm_step",
        "    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)\n"
        "    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)\n"
        "    return (sigmoid(o) * np.tanh(c_t)).astype(np.float64), c_t.astype(np.float64)",
        {"lstm_forward-tests", "lstm_backward-tests"},
    ),
    "gru": (
        "gru_step",
        "    x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)\n"
        "    h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=1)\n"
        "    r, z = 1 / (1 + np.exp(-(x_r + h_r))), 1 / (1 + np.exp(-(x_z + h_z)))\n"
        "    n = np.tanh(x_n + r * (h_n + b_hn))\n"
        "    return (n + z * (h_prev - n)).astype(np.float64)",
        {"gru_forward-tests", "gru_backward-tests"},
    ),
}


@pytest.mark.parametrize("stem", STEMS)
def test_a_half_right_answer_gets_its_part_from_nbgrader(root, stem):
    half, body, built_on_it = HALF_RIGHT[stem]
    book = released(root, stem)
    cells = {cell.id: cell for cell in book.cells}
    stub = "    # YOUR CODE HERE\n    raise NotImplementedError()"
    for cell in of_kind(root, stem, "solution"):
        solution = (
            body if cell.id == half else cell.source.partition(f"{BEGIN}\n")[2].partition(f"    {END}")[0]
        )
        assert stub in cells[cell.id].source
        cells[cell.id].source = cells[cell.id].source.replace(stub, solution)
    (manual,) = of_kind(root, stem, "[markdown] manual")
    cells[manual.id].source = "Because it depends."
    marks, loud, failed, _ = graded(book)
    assert marks.pop(manual.id) is None  # written, so it waits for a person
    assert (loud, failed) == ([], [])
    worth = {cell.grade_id: cell.points for cell in of_kind(root, stem, "tests")}
    part = marks.pop(f"{half}-tests")
    whole = worth.pop(f"{half}-tests")
    namespace = {}
    for source in [*(cell.source for cell in of_kind(root, stem, "setup")), cells[half].source]:
        exec(source, namespace)
    assert 0 < part < whole
    assert part == round(checks.check(f"{stem}.{half}", namespace[half]).score * whole, 2)
    assert {id for id in worth if marks[id] != worth[id]} == built_on_it
    assert all(0 < marks[id] < worth[id] for id in built_on_it)


def test_nbgrader_itself_makes_the_same_releases(root, tmp_path):
    shutil.copy(root / "nbgrader_config.py", tmp_path)
    shutil.copytree(root / "solutions", tmp_path / "solutions")
    shutil.copy(root / "solutions/rnn.py", tmp_path / "solutions/rnn/rnn.py")  # must not reach the students
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "*"]
    environment = os.environ | {"PATH": search}  # nbgrader calls alembic by name
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    made = {
        path.relative_to(tmp_path): path for path in (tmp_path / "exercises").rglob("*") if path.is_file()
    }
    assert {path.as_posix() for path in made} == {f"exercises/{stem}/{stem}.ipynb" for stem in STEMS}
    for name, path in made.items():
        assert path.read_bytes() == (root / name).read_bytes(), name
    with contextlib.closing(sqlite3.connect(tmp_path / "gradebook.db")) as gradebook:
        assert gradebook.execute("select name, course_id from assignment order by name").fetchall() == [
            (stem, "the-machine-that-remembers") for stem in sorted(STEMS)
        ]
        (points,) = gradebook.execute("select sum(max_score) from grade_cells").fetchone()
        assert points == sum(map(sum, POINTS.values()))
