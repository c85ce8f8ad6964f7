"""Every public name of the package's two halves: documented with shapes, tested, and held to an oracle.

Public is what a module of ``rnncourse.reference`` or ``rnncourse.nn`` defines without a leading underscore,
and the methods that its classes define.  A new name fails here until it has all three.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import rnncourse.nn
import rnncourse.reference
import tests.nn.oracles
import tests.reference.oracles
from tests.reference.calls import CALLS

ROOT = Path(__file__).resolve().parent.parent
AXIS = r"(?:\.\.\.|·|sum\(sizes\)|\w+)(?: ?[*+/-] ?\w+| [A-Z]\b)*"
SHAPE = re.compile(  # (T, B, D), (2 L + 1,), (layers * directions, B, H); in an aside there is no capital
    rf"\((?=[^)]*[A-Z0-9]|\w+,\)|sum\(){AXIS},(?: {AXIS},?)*\)|\(\.\.\.\)"
    r"|\b(?:any|its|same) shapes?\b|\bshapes? of\b"
)
ELSEWHERE = re.compile(
    r"\b[Aa]s (?:in )?[`\w., ]*`|\bWhat ``|\blike ``|\bthose of ``|\bthe call before returned"
)
ARRAY = re.compile(r"ndarray|Tensor|ArrayLike")


def modules():
    for package in (rnncourse.reference, rnncourse.nn):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def public(owner, module):
    """Yield qualified names and the functions or classes behind them."""
    for name, value in vars(owner).items():
        value = getattr(value, "__func__", getattr(value, "fget", value))  # a class method, a property
        mine = getattr(value, "__module__", None) == module.__name__
        if name.startswith("_") or not mine or not (inspect.isfunction(value) or inspect.isclass(value)):
            continue
        yield name if owner is module else f"{owner.__name__}.{name}", value
        if inspect.isclass(value):
            yield from ((f"{name}.{inner.rpartition('.')[2]}", v) for inner, v in public(value, module))


NAMES = {
    f"{module.__name__.removeprefix('rnncourse.')}.{name}": value
    for module in modules()
    for name, value in public(module, module)
}
every_name = pytest.mark.parametrize("name", NAMES)


def test_there_are_names_to_look_at():
    assert len(NAMES) > 200
    assert {
        "reference.lstm_cell.step_backward",
        "nn.lstm.LSTM",
        "reference.rnn_cell.Params.from_torch",
    } <= set(NAMES)


# Docstrings


def entries(docstring, section):
    """Return the entries of a section as ``(names, everything that is said of them)``."""
    match = re.search(rf"^{section}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", docstring, re.MULTILINE | re.DOTALL)
    said = re.findall(r"^(\S.*(?:\n(?: .*|(?=\n)))*)", match[1], re.MULTILINE) if match else []
    return [(re.findall(r"\w+", re.split(r" : | \(", entry.split("\n")[0])[0]), entry) for entry in said]


def without_a_shape(value):
    """Yield what of a function's arrays has no shape in its docstring."""
    words = inspect.getdoc(value)
    signature = inspect.signature(value)
    arrays = [
        n
        for n, p in signature.parameters.items()
        if ARRAY.search(str(p.annotation)) and "Callable" not in str(p.annotation)
    ]
    given, returned = entries(words, "Parameters"), entries(words, "Returns")
    speaks = lambda text: SHAPE.search(text) or ELSEWHERE.search(text)  # noqa: E731
    if not given:
        if arrays and not speaks(words):
            yield ", ".join(arrays)
        return
    for name in arrays:
        about = [text for names, text in given if name in names]
        if not about or not any(speaks(text) for text in about):
            yield name
    if ARRAY.search(str(signature.return_annotation)):
        for names, text in returned:
            if re.search(r"\b(?:arrays?|tensors?)\b", text.split("\n")[0]) and not speaks(text):
                yield f"what is returned: {' '.join(names)}"


def bare_fields(value):
    """Yield the array fields of a NamedTuple that neither its docstring nor a comment gives a shape."""
    pieces = re.split(r"^    (?=\w+:)", inspect.getsource(value), flags=re.MULTILINE)  # one per field
    in_docstring = SHAPE.search(inspect.getdoc(value) or "")
    for field, kind in inspect.get_annotations(value).items():
        said = next(piece for piece in pieces if piece.startswith(f"{field}:")).split("\n\n")[0]
        if ARRAY.search(str(kind)) and not in_docstring and not SHAPE.search(said):
            yield field


@every_name
def test_has_a_docstring_with_shapes(name):
    value = NAMES[name]
    assert value.__doc__ and not value.__doc__.startswith("Alias for field"), "no docstring"
    missing = list(without_a_shape(value) if inspect.isfunction(value) else ())
    if inspect.isclass(value) and hasattr(value, "_fields"):
        missing = list(bare_fields(value))
    assert not missing, f"the docstring of {name} gives no shape for: {missing}"


# Tests


def imported(tree):
    """Return what the names of a test file stand for, and which helpers of ours it imports."""
    bound, helpers = {}, []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.startswith(("rnncourse", "tests"))
        ):
            source = importlib.import_module(node.module)
            for alias in node.names:
                try:
                    found = getattr(source, alias.name)
                except AttributeError:
                    found = importlib.import_module(f"{node.module}.{alias.name}")
                bound[alias.asname or alias.name] = found
            if node.module.startswith("tests"):
                helpers.append(Path(inspect.getfile(source)))
    return bound, helpers


def used_by(path):
    """Return the ids of all functions and classes that a file uses.

    Either by their name; or as an attribute of something that a loop or a fixture draws from a table of
    modules: ``cell.step`` in a file that has ``rnn`` and ``lstm`` in such a table, or imports the table.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bound, helpers = imported(tree)
    used, loose, table, classes = set(), set(), [], []
    bases = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found = resolve(node, bound)
            (loose.add(node.attr) if found is None else used.add(identity(found)))
            classes += [found] if inspect.isclass(found) else []
        elif isinstance(node, ast.Name) and node.id in bound:
            used.add(identity(bound[node.id]))
            if inspect.ismodule(bound[node.id]) and id(node) not in bases:
                table.append(bound[node.id])
    for helper in helpers:
        if helper.name in ("cells.py", "conftest.py"):
            more_used, more_loose, more_table = used_by(helper)
            used, loose, table = used | more_used, loose | more_loose, table + more_table
    for owner in list(table):
        table += [value for value in vars(owner).values() if inspect.isclass(value)]
    table += classes
    used |= {identity(getattr(owner, attr)) for owner in table for attr in loose if hasattr(owner, attr)}
    return used, loose, table


def resolve(node, bound):
    """Return what an attribute stands for; None where it starts from something that was not imported."""
    if isinstance(node, ast.Name):
        return bound.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = resolve(node.value, bound)
    return None if owner is None else getattr(owner, node.attr, None)


def identity(value):
    return id(getattr(value, "__func__", value))


@pytest.fixture(scope="module")
def used():
    files = [
        p for part in ("reference", "architectures", "nn") for p in (ROOT / "tests" / part).glob("test_*.py")
    ]
    files = [path for path in files if path.name != "test_bad_input.py"]  # which calls everything
    found = [used_by(path) for path in files]
    methods = set().union(*(loose for _, loose, _ in found))
    return set().union(*(used for used, _, _ in found)), methods


@pytest.fixture(scope="module")
def reached():
    """The code that runs when every public function of the references, and every module, runs once."""
    codes = set()
    sys.setprofile(lambda frame, event, _: codes.add(frame.f_code) if event == "call" else None)
    try:
        for call in CALLS.values():
            call()
        for problem in tests.nn.oracles.PROBLEMS.values():
            module, run, inputs = problem()
            outputs = tests.nn.oracles.flat(run(*inputs))
            sum(out.sum() for out in outputs).backward()
            repr(module)
    finally:
        sys.setprofile(None)
    return codes


MACHINERY = re.compile(
    r"reference\.(arguments|buffers|gates|torch_names|crf_chain|ctc_trellis|gru_cell\.slopes|lstm_cell\.slopes)\b"
    r"|check_params$|check_parts$|nonlinear$|nn\.(arguments|packing|scan|function|recurrent)\b|extra_repr$"
)


@every_name
def test_is_tested(name, used, reached):
    """A test uses it; machinery may be reached by what the tests use instead."""
    value, (directly, methods) = NAMES[name], used
    if identity(value) in directly:
        return
    if name.startswith("nn.") and name.count(".") == 3 and name.rpartition(".")[2] in methods | {"forward"}:
        return  # a method of a torch.nn.Module: called on an object that has no name in the test's imports
    if inspect.isclass(value) and hasattr(value, "_fields"):
        return  # what a function returns, and is tested with it
    assert MACHINERY.search(name), f"no test uses {name}"
    if getattr(value, "_is_protocol", False):
        return
    codes = {f.__code__ for _, f in inspect.getmembers(value, inspect.isfunction)} | {
        getattr(value, "__code__", None)
    }
    assert codes & reached, f"{name} is never reached"


# Oracles


BACKWARD = [name for name in NAMES if re.search(r"(^|[._])backward$", name)]
GRADIENTS = {f"reference.{label}" for label in tests.reference.oracles.GRADIENTS}
MODULES = [
    name
    for name, value in NAMES.items()
    if inspect.isclass(value)
    and name.startswith("nn.")
    and issubclass(value, rnncourse.nn.recurrent.torch.nn.Module)
    and value.__name__ != "Recurrent"
]


def test_every_gradient_has_an_oracle():
    assert len(BACKWARD) > 25 and len(MODULES) == 10
    without = [name for name in BACKWARD if name.startswith("reference.") and name not in GRADIENTS]
    ours = [*MODULES, *(name.removesuffix(".backward") for name in BACKWARD if name.startswith("nn."))]
    without += [name for name in ours if name not in tests.nn.oracles.PROBLEMS]
    assert not without, f"nothing independent judges {without}"


@pytest.mark.parametrize("label", tests.reference.oracles.GRADIENTS)
def test_a_gradient_of_the_references_agrees_with_central_differences(label):
    assert tests.reference.oracles.worst_error(label) < 1e-6


@pytest.mark.parametrize("name", tests.nn.oracles.PROBLEMS)
def test_a_gradient_of_a_module_agrees_with_central_differences(name):
    tests.nn.oracles.check(name)


def test_every_function_has_a_right_call_that_can_be_spoilt():
    """``tests/reference/test_bad_input.py`` spoils these calls; what they leave out is machinery."""
    called = {f"reference.{label}" for label in CALLS}
    functions = {n for n, v in NAMES.items() if n.startswith("reference.") and inspect.isfunction(v)}
    left_out = {name for name in functions - called if not MACHINERY.search(name)}
    assert left_out <= {"reference.rnn_cell.slope"}, left_out
