"""The source format, the build, and the check that guards the committed notebooks."""

import json
import shutil
from dataclasses import replace

import nbformat
import pytest

from rnncourse import checks
from rnncourse.authoring import build, check
from rnncourse.authoring.percent import BEGIN, END, KINDS, parse
from rnncourse.errors import CourseError

SOURCE = '''\
# a comment for authors

# %% [markdown] id=task
# # Step
#
# - a list

# %% setup id=imports
import numpy as np

# %% solution id=rnn_step
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    """Take a step."""
    ### BEGIN SOLUTION
    a_t = x_t @ W_xh.T + h_prev @ W_hh.T + b_h

    return np.tanh(a_t)
    ### END SOLUTION

# %% tests id=rnn_step points=6
check("rnn.rnn_step", rnn_step).marks(6)

# %% [markdown] manual id=why points=10
# ### BEGIN SOLUTION
# Because it is so.
# ### END SOLUTION
'''


def write(tmp_path, text):
    path = tmp_path / "solutions" / "rnn.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_cells_carry_kind_id_points_text_and_line(tmp_path):
    cells = parse(write(tmp_path, SOURCE))
    assert [cell[:3] + cell[4:] for cell in cells] == [
        ("[markdown]", "task", 0, 3),
        ("setup", "imports", 0, 8),
        ("solution", "rnn_step", 0, 11),
        ("tests", "rnn_step", 6, 20),
        ("[markdown] manual", "why", 10, 23),
    ]
    assert cells[0].source == "# Step\n\n- a list"
    assert cells[1].source == "import numpy as np"
    assert cells[2].source.startswith("def rnn_step(") and cells[2].source.endswith(END)
    assert [cell.grade_id for cell in cells[2:4]] == ["rnn_step", "rnn_step-tests"]
    assert cells[2].hidden == ["a_t = x_t @ W_xh.T + h_prev @ W_hh.T + b_h", "return np.tanh(a_t)"]
    assert cells[4].hidden == ["Because it is so."]


ANSWER = SOURCE[SOURCE.index("# %% solution") : SOURCE.index("# %% tests")]
DAMAGES = {
    "unknown kind": (
        "setup id",
        "setpu id",
        8,
        f"unknown kind of cell 'setpu'; the kinds are {', '.join(KINDS)}",
    ),
    "no kind": ("# %% setup id=imports", "# %% id=imports", 8, "unknown kind of cell ''"),
    "no id": ("setup id=imports", "setup", 8, "a cell of the kind 'setup' has the options id, here: none"),
    "empty id": ("id=imports", "id=", 8, "id= should be 1 to 58 letters, digits, '_' or '-'"),
    "id with a dot": ("id=imports", "id=im.ports", 8, "id=im.ports should be 1 to 58 letters"),
    "unknown option": ("id=imports", "id=imports lock=no", 8, "has the options id, here: id, lock"),
    "no points": (" points=6", "", 20, "a cell of the kind 'tests' has the options id, points, here: id"),
    "no points for prose": (" points=10", "", 23, "manual' has the options id, points, here: id"),
    "points for text": ("id=task", "id=task points=3", 3, "has the options id, here: id, points"),
    "half points": ("points=6", "points=1.5", 20, "points=1.5 should be a whole number above 0"),
    "points of nothing": ("points=10", "points=0", 23, "points=0 should be a whole number above 0"),
    "duplicate id": ("id=imports", "id=task", 8, "id=task is taken by the cell in line 3"),
    "answer twice": (ANSWER, ANSWER + ANSWER, 20, "id=rnn_step is taken by the cell in line 11"),
    "no begin": (f"    {BEGIN}\n", "", 11, f"the answer 'rnn_step' needs one '{BEGIN}' and one '{END}'"),
    "no end": (f"    {END}\n", "", 11, f"the answer 'rnn_step' needs one '{BEGIN}' and one '{END}'"),
    "no end for prose": (f"# {END}\n", "", 23, f"the answer 'why' needs one '{BEGIN}' and one '{END}'"),
    "misspelt marker": (f"    {BEGIN}", "    # BEGIN SOLUTION", 11, "the answer 'rnn_step' needs one"),
    "markers in a text": ("# # Step", "# ### BEGIN SOLUTION", 3, "may stand in an answer only"),
    "hidden tests": (
        "import numpy",
        "### BEGIN HIDDEN TESTS\nimport numpy",
        8,
        "'### BEGIN HIDDEN TESTS' may stand in",
    ),
    "markers beside the function": (
        f"    {BEGIN}",
        BEGIN,
        14,
        "the markers have to stand inside of the function",
    ),
    "nothing hidden": (
        "# Because it is so.\n",
        "",
        23,
        "nothing stands between the markers of the answer 'why'",
    ),
    "code after": (f"    {END}", f"    {END}\n    print(1)", 19, "code outside of the markers of the answer"),
    "code before": ('step."""', 'step."""\n    a_t = 0', 14, "code outside of the markers of the answer"),
    "code beside": (f"{END}\n\n# %% tests", f"{END}\nh = 1\n\n# %% tests", 19, "code outside of the markers"),
    "other function": ("def rnn_step", "def step", 11, "has to begin with 'def rnn_step' and a docstring"),
    "no docstring": ('    """Take a step."""\n', "", 11, "has to begin with 'def rnn_step' and a docstring"),
    "no Python": ("return np.tanh(a_t)", "return np.tanh(a_t", 17, "this is not Python"),
    "unknown exercise": (
        "tests id=rnn_step",
        "tests id=rnn_stop",
        20,
        "rnncourse.checks has no exercise 'rnn.rnn_stop'",
    ),
    "other points": (
        "marks(6)",
        "marks(5)",
        20,
        'have to be the one line check("rnn.rnn_step", rnn_step).marks(6)',
    ),
    "more tests": (
        "marks(6)",
        "marks(6)\nassert True",
        20,
        "the tests of 'rnn_step' have to be the one line",
    ),
    "bare text": ("# # Step", "Step", 4, "a line of a markdown cell has to start with '# '"),
    "no space": ("# # Step", "## Step", 4, "a line of a markdown cell has to start with '# '"),
    "code on top": ("# a comment for authors", "x = 1", 1, "code before the first '# %%' line"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_source_gives_a_sentence_with_its_line(tmp_path, damage):
    old, new, line, sentence = DAMAGES[damage]
    assert SOURCE.count(old) >= 1
    path = write(tmp_path, SOURCE.replace(old, new, 1))
    with pytest.raises(CourseError) as caught:
        parse(path)
    message = str(caught.value)
    assert message.startswith(f"solutions/rnn.py, line {line}: ")
    assert sentence in message
    assert message.endswith(".") and "\n" not in message


def test_unknown_assignment(tmp_path):
    path = write(tmp_path, SOURCE).rename(tmp_path / "solutions" / "unheard_of.py")
    with pytest.raises(
        CourseError, match=r"line 20: rnncourse\.checks has no exercise 'unheard_of\.rnn_step'"
    ):
        parse(path)


def test_build_makes_nbgraders_cells(tmp_path):
    write(tmp_path, SOURCE)
    assert build(tmp_path) == ["solutions/rnn/rnn.ipynb", "exercises/rnn/rnn.ipynb"]
    source, release = (
        nbformat.read(tmp_path / top / "rnn/rnn.ipynb", 4) for top in ("solutions", "exercises")
    )
    for book in (source, release):
        nbformat.validate(book)
        assert [cell.id for cell in book.cells] == ["task", "imports", "rnn_step", "rnn_step-tests", "why"]
        flags = [
            [cell.metadata.nbgrader[flag] for flag in ("grade", "solution", "locked")] for cell in book.cells
        ]
        assert flags == [
            [False, False, True],
            [False, False, True],
            [False, True, False],
            [True, False, True],
            [True, True, False],
        ]
        assert [cell.metadata.nbgrader.get("points") for cell in book.cells] == [None, None, None, 6, 10]
        assert {cell.metadata.nbgrader.schema_version for cell in book.cells} == {3}
        assert set(book.metadata) == {"kernelspec", "language_info"}  # above all, no pairing with a text file
    assert source.cells[2].source == ANSWER.partition("\n")[2].strip()
    stub = "    # YOUR CODE HERE\n    raise NotImplementedError()"
    assert release.cells[2].source == SOURCE[SOURCE.index("def") : SOURCE.index("    ###")] + stub
    assert release.cells[4].source == "YOUR ANSWER HERE"
    assert "checksum" in release.cells[2].metadata.nbgrader


def test_build_writes_only_what_changed_and_the_same_bytes_again(tmp_path):
    path = write(tmp_path, SOURCE)
    build(tmp_path)
    first = {file: file.read_bytes() for file in tmp_path.rglob("*.ipynb")}
    assert build(tmp_path) == []
    for file in first:
        file.unlink()
    assert len(build(tmp_path)) == 2
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.ipynb")} == first
    path.write_text(SOURCE.replace("Because it is so", "Because it was so"), encoding="utf-8")
    assert build(tmp_path) == ["solutions/rnn/rnn.ipynb"]  # what students get has not changed


def test_a_damaged_source_leaves_everything_as_it_was(course):
    before = {file: file.read_bytes() for file in course.rglob("*.ipynb")}
    edit(course / "solutions/feedforward.py", "pick", "chose")  # a sound change, which would be written first
    edit(course / "solutions/rnn.py", "# %% tests", "# %% test")
    with pytest.raises(CourseError, match="unknown kind of cell 'test'"):
        build(course)
    assert {file: file.read_bytes() for file in course.rglob("*.ipynb")} == before


def test_no_sources_is_a_sentence(tmp_path):
    with pytest.raises(CourseError, match=r"There is no assignment to build: no \*\.py in "):
        build(tmp_path)
    assert check(tmp_path)[0].startswith("There is no assignment to build")


# -- check: every way of breaking a course that it is there to find ----------------------------------------


@pytest.fixture
def course(root, tmp_path):
    """Make a copy of both assignments that a test may break."""
    for top in ("solutions", "exercises"):
        shutil.copytree(root / top, tmp_path / top, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_committed_notebooks_are_fine(root):
    assert check(root) == []


def plant(course, cell_id, line):
    path = course / "exercises/rnn/rnn.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in book["cells"] if cell["id"] == cell_id)
    cell["source"].append(f"\n    {line}  ")
    path.write_text(json.dumps(book), encoding="utf-8")


@pytest.mark.parametrize(
    ("cell_id", "line"),
    [
        ("rnn_step", "return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)"),
        ("truncate_and_carry-task", "return np.concatenate(chunks)"),
        ("zeros", "**Rubric, 10 points**"),
    ],
)
def test_check_finds_a_planted_line_of_a_solution(course, cell_id, line):
    plant(course, cell_id, line)
    problems = check(course)
    assert f"exercises/rnn/rnn.ipynb gives away a line of solutions/rnn.py: {line}" in problems
    assert len(problems) == 2  # and it is not what the source makes


def test_check_finds_a_leak_in_another_folder(course):
    shutil.copytree(course / "solutions/rnn", course / "exercises/old")
    problems = check(course)
    assert "exercises/old/rnn.ipynb belongs to no assignment; remove it." in problems
    assert any(problem.startswith("exercises/old/rnn.ipynb gives away a line") for problem in problems)


@pytest.mark.parametrize("top", ["solutions", "exercises"])
def test_check_finds_notebooks_that_are_not_what_the_source_makes(course, top):
    path = course / top / "feedforward/feedforward.ipynb"
    path.write_bytes(path.read_bytes() + b"\n")
    sentence = f"{top}/feedforward/feedforward.ipynb is not what solutions/feedforward.py makes"
    assert check(course) == [f"{sentence}; run: rnncourse exercises build"]
    path.unlink()
    assert check(course) == [f"{sentence}; run: rnncourse exercises build"]
    assert build(course) == [f"{top}/feedforward/feedforward.ipynb"]
    assert check(course) == []


@pytest.mark.parametrize("content", [b"no JSON", b"[1, 2]", b"\xff\xfe", b""])
def test_check_finds_a_release_that_is_no_notebook(course, content):
    (course / "exercises/rnn/rnn.ipynb").write_bytes(content)
    assert "exercises/rnn/rnn.ipynb is not a notebook; run: rnncourse exercises build" in check(course)


def test_check_finds_strays_and_passes_over_what_jupyter_leaves(course):
    shutil.copy(course / "solutions/rnn.py", course / "solutions/rnn/rnn.py")
    (course / "exercises/rnn/notes.txt").write_text("to do")
    (course / "exercises/rnn/.ipynb_checkpoints").mkdir()
    (course / "exercises/rnn/.ipynb_checkpoints/rnn-checkpoint.txt").write_text("")
    assert check(course) == [
        "solutions/rnn/rnn.py belongs to no assignment; remove it.",
        "exercises/rnn/notes.txt belongs to no assignment; remove it.",
    ]


def test_check_finds_a_missing_source(course):
    (course / "solutions/rnn.py").unlink()
    assert "rnncourse.checks has the assignment 'rnn', but solutions/rnn.py is missing." in check(course)


BROKEN = {
    "a wrong solution": (
        "    return np.tanh(x_t",
        "    return np.sin(x_t",
        "rnn.rnn_step solved scores 0, not 1: ",
    ),
    "a partly wrong solution": (
        "    return np.stack(states)",
        "    return np.stack(states).astype(np.float64)",
        "rnn.rnn_forward solved scores 0.",
    ),
    "an answer outside of its cell": (
        "# %% [markdown] id=rnn_forward-task",
        "# %% setup id=slip\ndef rnn_step(x_t, h_prev, W_xh, W_hh, b_h):\n"
        "    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h + 0)\n\n# %% [markdown] id=rnn_forward-task",
        "rnn.rnn_step unsolved scores 1, not 0: ",
    ),
    "an import that fails": (
        "import numpy as np",
        "import numpi",
        "the cell imports raises ModuleNotFoundError(",
    ),
    "no mention of a hint": (
        ' *A hint:* `hint("rnn.output_layer")`.',
        "",
        "the exercise output_layer has no hint, or its text does not mention it.",
    ),
    "tests without an answer": (
        '# %% tests id=output_layer points=4\ncheck("rnn.output_layer", output_layer).marks(4)\n',
        "",
        "found the solution of softmax_cross_entropy where rnncourse.checks has the tests of output_layer.",
    ),
    "a small twist": (
        'points=18\ncheck("rnn.leaky_rnn_forward", leaky_rnn_forward).marks(18)',
        'points=17\ncheck("rnn.leaky_rnn_forward", leaky_rnn_forward).marks(17)',
        "the twist leaky_rnn_forward counts 17 of 69 points, less than a quarter.",
    ),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_check_finds_an_assignment_that_is_not_whole(course, damage):
    old, new, sentence = BROKEN[damage]
    edit(course / "solutions/rnn.py", old, new)
    build(course)
    problems = check(course)
    assert any(sentence in problem for problem in problems), problems


def test_check_asks_for_a_hint_in_the_checks(course, monkeypatch):
    find = checks.find
    mute = replace(find("rnn.output_layer"), hints=())
    monkeypatch.setattr(checks, "find", lambda id: mute if id == "rnn.output_layer" else find(id))
    sentence = "the exercise output_layer has no hint, or its text does not mention it."
    assert any(sentence in problem for problem in check(course))


def test_check_asks_for_a_question_in_prose(course):
    path = course / "solutions/rnn.py"
    path.write_text(path.read_text(encoding="utf-8").partition("# %% [markdown] manual")[0], encoding="utf-8")
    build(course)
    assert check(course) == ["solutions/rnn.py: no question is answered in prose."]
