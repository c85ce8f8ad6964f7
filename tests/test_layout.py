"""One stem per idea: the same name for a chapter, its reference, its checks, its exercise, its tests."""

import ast
import re

import pytest
import yaml

from rnncourse import checks

# Stems that have no chapter of their own, and why. A new file must join a stem or be named here.
MACHINERY = {
    "reference": {
        "arguments": "what every function asks of its arguments",
        "output_layer": "the layer that every cell shares",
        "embedding": "the layer that every cell shares",
        "losses": "plain functions",
        "optim": "plain functions",
        "gradcheck": "plain functions",
        "gates": "what gated cells share",
        "rnn_cell": "one step of rnn, with the equations",
        "lstm_cell": "one step of lstm, with the equations",
        "gru_cell": "one step of gru, with the equations",
        "delay_line": "weights for rnn that nobody trained",
        "buffers": "memory for the loops over time",
        "checkpointing": "long sequences in little memory, for every cell",
        "torch_names": "what every Params.from_torch begins with",
        "bidirectional": "built of any cell",
        "stacked": "built of any cell",
        "attention": "plain functions, for the chapter translation",
        "decoding": "plain functions, for the chapters translation, text_generation and captioning",
        "sampling": "plain functions, for the chapters text_generation and music",
        "ctc": "plain functions, for the chapter speech",
        "ctc_trellis": "what the functions of ctc share",
        "ctc_decoding": "plain functions, for the chapter speech",
        "crf": "plain functions, for the chapter tagging",
        "crf_chain": "what the functions of crf share",
    },
    "labs": {"circumstances": "what every record says beside its results"},
    "nn": {
        "arguments": "what every recurrent module asks of its arguments",
        "recurrent": "what every recurrent module shares",
        "linear_scan": "a recurrence without matrix products, for MinGRU",
        "attention": "modules, for the chapter translation",
        "ctc": "module, for the chapter speech",
        "crf": "module, for the chapter tagging",
        "packing": "what every recurrent module shares",
        "scan": "what every recurrent module shares",
        "function": "what every recurrent module shares",
    },
}
# Cells that a chapter treats beside the one it is named for.
VARIANTS = {"peephole_lstm": "lstm", "coupled_lstm": "lstm", "min_gru": "gru"}
# Stems whose modules exist and whose chapters are still to come, and what they serve until then. Once a
# chapter is written its stem is known from the table of contents, and its line here must go.
AHEAD_OF_THEIR_CHAPTER = {
    "text_generation": "its data and its first lab serve the chapter rnn",
}
ASSIGNMENT = (
    "book/{}.md",
    "rnncourse/reference/{}.py",
    "rnncourse/checks/{}.py",
    "rnncourse/checks/mistakes/{}.py",
    "rnncourse/checks/variants/{}.py",
    "rnncourse/figures/{}.py",
    "solutions/{}.py",
    "solutions/{0}/{0}.ipynb",
    "exercises/{0}/{0}.ipynb",
)
WITH_THE_CHAPTER = ("book/", "rnncourse/figures/")
# Chapters on what other stems' references already hold: a module of their own would say it twice.
REFERENCE_ELSEWHERE = {"bptt": "the backward functions of rnn, losses, output_layer, embedding; gradcheck"}


def written(top):
    """Return the files below a folder that a person wrote: no caches."""
    caches = ("__pycache__", ".mypy_cache", ".ruff_cache", ".ipynb_checkpoints", ".jupyter_cache")
    return [path for path in top.rglob("*") if path.is_file() and not set(caches) & set(path.parts)]


def chapters(root):
    """Return the stems of the book's pages in reading order, read where the order lives."""
    contents = yaml.safe_load((root / "_toc.yml").read_text())
    pages = [chapter for part in contents.get("parts", [contents]) for chapter in part["chapters"]]
    return [page["file"].removeprefix("book/") for page in pages]


@pytest.mark.parametrize("stem", checks.stems())
@pytest.mark.parametrize("pattern", ASSIGNMENT)
def test_a_stem_with_exercises_has_every_room(root, stem, pattern):
    comes_with_the_chapter = stem in AHEAD_OF_THEIR_CHAPTER and pattern.startswith(WITH_THE_CHAPTER)
    stands_elsewhere = stem in REFERENCE_ELSEWHERE and pattern.startswith("rnncourse/reference/")
    assert (root / pattern.format(stem)).is_file() != (comes_with_the_chapter or stands_elsewhere)


def test_every_stem_with_exercises_is_a_chapter_or_will_be(root):
    assert set(checks.stems()) <= {*chapters(root), *AHEAD_OF_THEIR_CHAPTER}


def test_every_chapter_is_in_the_table_of_contents(root):
    contents = yaml.safe_load((root / "_toc.yml").read_text())
    written = {path.stem for path in (root / "book").glob("*.md")}
    assert written == {*chapters(root), contents["root"].removeprefix("book/")}


@pytest.mark.parametrize("folder", ["reference", "nn", "labs", "figures"])
def test_every_module_belongs_to_a_stem(root, folder):
    known = {*chapters(root), *AHEAD_OF_THEIR_CHAPTER, *MACHINERY.get(folder, ())}
    known |= {variant for variant, stem in VARIANTS.items() if stem in known}
    modules = {path.stem for path in (root / "rnncourse" / folder).glob("*.py")} - {"__init__"}
    assert modules <= known


def test_no_stem_is_called_ahead_of_a_chapter_that_exists(root):
    assert set(AHEAD_OF_THEIR_CHAPTER) & set(chapters(root)) == set()


def test_no_grab_bags_and_no_numbers_in_file_names(root):
    paths = [path for top in ("rnncourse", "tests", "book", "solutions") for path in written(root / top)]
    names = {path.stem for path in paths}
    assert {name for name in names if re.search(r"\d|utils|helpers|common|misc", name)} == set()


ALLOWED = {
    "errors": set(),
    "reference": {"reference"},
    "nn": {"nn"},
    "data": {"data", "errors"},
    "labs": {"labs", "nn", "data", "reference", "errors"},
    "checks": {"checks", "reference", "errors"},
    "grading": {"grading", "checks", "errors", "authoring"},
    "figures": {"figures", "labs", "nn", "data", "reference"},
    "authoring": {"authoring", "checks", "errors"},
}


def our_imports(path):
    """Return the rooms of our own package that a module imports, wherever in the file it does so."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            rooms |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: our imports are absolute"
            rooms |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in rooms if name.startswith("rnncourse.")}


@pytest.mark.parametrize("room", ALLOWED)
def test_arrows_run_one_way(root, room):
    top = root / "rnncourse"
    paths = [top / f"{room}.py"] if (top / f"{room}.py").is_file() else sorted((top / room).rglob("*.py"))
    assert paths
    crossing = {str(path.relative_to(top)): our_imports(path) - ALLOWED[room] for path in paths}
    assert {path: rooms for path, rooms in crossing.items() if rooms} == {}


def test_reference_needs_numpy_alone(root):
    allowed = {
        "numpy",
        "collections",
        "types",
        "typing",
        "math",
        "weakref",
        "__future__",
        "rnncourse",
        "dataclasses",
        "functools",
    }
    for path in (root / "rnncourse" / "reference").glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        tops = {
            alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names
        }
        tops |= {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
        assert tops <= allowed, path


def test_grading_knows_no_exercise_by_name(root):
    names = {exercise.split(".")[1] for stem in checks.stems() for exercise in checks.exercises(stem)}
    for path in (root / "rnncourse" / "grading").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert {name for name in names if re.search(rf"\b{name}\b", text)} == set(), path


def test_the_repository_speaks_of_the_product_alone(root):
    """No path of a developer's machine stands in a file that we ship."""
    forbidden = re.compile(r"(?<![\w.-])/(?:root|home|tmp|Users)/")
    tops = ["book", "rnncourse", "solutions", "exercises", ".ci"]
    files = [path for top in tops for path in written(root / top)]
    files += [
        root / name
        for name in ("README.md", "Makefile", "package-lock.json", "pyproject.toml", "_config.yml")
    ]
    found = {}
    for path in files:
        if hits := forbidden.findall(path.read_text(encoding="utf-8")):
            found[str(path.relative_to(root))] = hits
    assert found == {}
