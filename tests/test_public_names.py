"""Every public name of the package's two halves: documented with shapes, tested, and against an oracle.

What counts as public: what a module of ``rnncourse.reference`` or ``rnncourse.nn`` defines without a leading
underscore, and the methods and attributes that a class defines itself.
"""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import rnncourse.nn
import rnncourse.reference

ROOT = Path(__file__).resolve().parent.parent
SHAPE = re.compile(r"\((?:[A-Z]\w*|\d+|\.\.\.|·)(?:[ *+/-]*\w+)*,[^)]*\)|\bscalar\b|\bshape\b", re.ASCII)
ARRAYS = ("ndarray", "Tensor", "ArrayLike", "Params", "State")
# What a gradient may be held to: another library's autograd, or differences of the loss itself.
ORACLES = ("torch", "projection_error", "numerical_gradient", "gradcheck")


def modules():
    for package in (rnncourse.reference, rnncourse.nn):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def public(owner, module):
    """Yield qualified names and the functions or classes behind them."""
    for name, value in vars(owner).items():
        value = getattr(value, "__func__", value)  # a classmethod
        mine = getattr(value, "__module__", None) == module.__name__
        if name.startswith("_") or not mine or not (inspect.isfunction(value) or inspect.isclass(value)):
            continue
        qualified = name if owner is module else f"{owner.__name__}.{name}"
        yield qualified, value
        if inspect.isclass(value):
            yield from public(value, module)


NAMES = [(module, name, value) for module in modules() for name, value in public(module, module)]
IDS = [f"{module.__name__.removeprefix('rnncourse.')}.{name}" for module, name, _ in NAMES]
TESTS = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}


def texts_about(module):
    """Return the texts of the tests that know a module: those that import it, or something of it."""
    package, _, stem = module.__name__.rpartition(".")
    wanted = re.compile(
        rf"from {package} import [^#\n]*\b{stem}\b|from {package}\.{stem} import|from {package} import \("
        rf"[^)]*\b{stem}\b|from rnncourse import nn\b|from {package} import [A-Z]"
    )
    return [text for path, text in TESTS.items() if path.name != Path(__file__).name and wanted.search(text)]


def test_there_are_names_to_look_at():
    assert len(NAMES) > 60
    assert {"reference.lstm.step_backward", "nn.lstm.LSTM", "reference.rnn.Params.from_torch"} <= set(IDS)


@pytest.mark.parametrize(("module", "name", "value"), NAMES, ids=IDS)
def test_has_a_docstring_with_shapes(module, name, value):
    words = inspect.getdoc(value)
    assert words and not words.startswith("Alias for field"), "no docstring"
    if inspect.isfunction(value):
        taken = str(inspect.signature(value))
        if any(kind in taken for kind in ARRAYS):
            around = inspect.getdoc(module) if name == "init" else ""
            assert SHAPE.search(words + (around or "")), f"no shape in the docstring of {name}{taken}"


@pytest.mark.parametrize(("module", "name", "value"), NAMES, ids=IDS)
def test_is_used_by_a_test(module, name, value):
    last = name.rsplit(".")[-1]
    assert any(re.search(rf"\b{last}\b", text) for text in texts_about(module)), f"no test speaks of {name}"


BACKWARD = [entry for entry in zip(NAMES, IDS) if re.search(r"backward|gradient", entry[1])]


@pytest.mark.parametrize(("module", "name", "value"), [e for e, _ in BACKWARD], ids=[i for _, i in BACKWARD])
def test_a_gradient_has_an_oracle(module, name, value):
    last = name.rsplit(".")[-1]
    texts = [text for text in texts_about(module) if re.search(rf"\b{last}\b", text)]
    assert any(oracle in text for text in texts for oracle in ORACLES), f"nothing independent judges {name}"
