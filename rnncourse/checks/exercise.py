"""What an exercise is: how its inputs are drawn, what is right, how its marks are split, what helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnncourse.checks.compare import DOUBLE, SINGLE, Right, Tolerance
from rnncourse.checks.given import handed
from rnncourse.checks.plain_data import Plain, arrays_in

if TYPE_CHECKING:
    from rnncourse.checks.rules import Rule

Arguments = Mapping[str, Any]
LAYOUTS = {  # in the words of "With ...: "
    "strided": "arguments that lie in memory with gaps",
    "read-only": "arguments that must not be written to",
}


@dataclass(frozen=True)
class Case:
    """One call: the arguments by name, in the order of the call; a function among them is a ``Given``.

    ``tag`` says which rules look at it. ``layout`` says how arrays lie in memory: ``plain`` (fresh, C order),
    ``strided`` (every other element of a larger array), ``read-only`` (Fortran order, writing raises).
    An argument may also be a list of arrays; each of them is treated like an argument of its own.
    ``material`` is what an exercise's ``interpret`` needs besides.
    """

    tag: str
    args: Arguments
    layout: str = "plain"
    note: str = ""
    material: Any = None

    @property
    def single(self) -> bool:
        """Whether the call is made in float32."""
        return any(array.dtype == np.float32 for value in self.args.values() for array in arrays_in(value))

    def materialise(self) -> list[Any]:
        """Lay out fresh copies of the arguments: one call cannot spoil the next."""
        return [
            in_each_array(value, lambda array: _lay_out(array, self.layout)) for value in self.args.values()
        ]

    def exact(self) -> list[Any]:
        """Return the arguments for the reference: float32 numbers in float64, so that it does not round."""
        return [in_each_array(value, _widened) for value in self.args.values()]


def in_each_array(value: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Return an argument with ``change`` made to it if it is an array, to each of its arrays if a list."""
    if isinstance(value, list):
        return [in_each_array(item, change) for item in value]
    return change(value) if isinstance(value, np.ndarray) else value


def _widened(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype == np.float32 else array


def _narrowed(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _lay_out(array: np.ndarray, layout: str) -> np.ndarray:
    if layout == "strided":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    copied = array.copy(order="F" if layout == "read-only" else "C")
    if layout == "read-only":
        copied.flags.writeable = False
    return copied


@dataclass(frozen=True)
class Exercise:
    """Everything that :func:`rnncourse.checks.check` needs to know about one exercise.

    Parameters
    ----------
    id : str
        ``stem.function``, e.g. ``rnn.rnn_step``.
    results : tuple of str
        What is returned, by name; more than one name means a tuple.
    kind : str or tuple of str
        What each result should be: ``array``, ``arrays`` (a list of arrays, or a tuple), ``float``,
        ``int`` or ``bool``. One word holds for all of them; a tuple has one for each.
    draw : callable
        ``draw(rng)`` returns the cases, drawn anew from the generator.
    reference : callable
        Called like the learner's function; returns the right result.
    rules : tuple of Rule
        The properties that are marked. Their weights add up to 1.
    heading : str
        The section of the chapter that teaches it.
    hints : tuple of str
        A question, a pointer, almost the line.
    interpret : callable, optional
        ``interpret(result, case)`` turns a result into what is compared, where many results are right.
    gates : tuple of str
        Names of the cell's gates, in the order in which W_xh, W_hh and b_h stack them; () for other cells.
    tolerance, match : Tolerance
        How close to the reference is right; how close to a mistake's numbers is that mistake.
    """

    id: str
    results: tuple[str, ...]
    draw: Callable[[np.random.Generator], list[Case]]
    reference: Callable[..., Any]
    rules: tuple[Rule, ...]
    heading: str
    hints: tuple[str, str, str]
    kind: str | tuple[str, ...] = "array"
    interpret: Callable[[Plain, Case], Plain] | None = None
    gates: tuple[str, ...] = ()
    tolerance: Tolerance = DOUBLE
    match: Tolerance | None = None
    stem: str = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        stem, name = self.id.split(".")
        object.__setattr__(self, "stem", stem)
        object.__setattr__(self, "name", name)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What each result should be, one word for each name in ``results``."""
        return (self.kind,) * len(self.results) if isinstance(self.kind, str) else self.kind

    @property
    def core_tags(self) -> frozenset[str]:
        """Tags of the ordinary calls, by whose numbers a mistake is recognised."""
        return frozenset(tag for rule in self.rules if rule.core for tag in rule.tags)

    def tolerance_of(self, case: Case) -> Tolerance:
        """Return what counts as close enough in this case."""
        return SINGLE if case.single else self.tolerance

    def expected(self, case: Case) -> tuple[Right, ...]:
        """Return the right results of a case, one for each name: an array, or a list of arrays."""
        with np.errstate(all="ignore"):
            value = self.reference(*handed(case.exact()))
            if self.interpret is not None:
                value = self.interpret(value, case)
        values = value if len(self.results) > 1 else (value,)
        return tuple(
            [_right(item, case.single) for item in v] if kind == "arrays" else _right(v, case.single)
            for v, kind in zip(values, self.kinds, strict=True)
        )


def _right(value: Any, in_float32: bool) -> np.ndarray:
    array = np.asarray(value)
    return _narrowed(array) if in_float32 else array


def distinct(rng: np.random.Generator, **ranges: tuple[int, int]) -> dict[str, int]:
    """Draw a size for each name from ``low..high`` (both included), all different.

    Equal sizes hide transposed matrices and exchanged axes.
    """
    while True:
        sizes = {name: int(rng.integers(low, high + 1)) for name, (low, high) in ranges.items()}
        if len(set(sizes.values())) == len(sizes):
            return sizes


def single(args: Arguments) -> dict[str, Any]:
    """Return the arguments in float32; integers stay what they are."""
    return {name: in_each_array(value, _narrowed) for name, value in args.items()}


def standard_cases(
    rng: np.random.Generator,
    sizes: Callable[[np.random.Generator], dict[str, int]],
    make: Callable[..., Arguments],
    edges: tuple[dict[str, int], ...] = (),
    float32: bool = True,
) -> list[Case]:
    """Draw the cases that every exercise on arrays has.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all numbers.
    sizes : callable
        ``sizes(rng)`` draws the sizes, all different.
    make : callable
        ``make(rng, **sizes)`` draws the arguments.
    edges : tuple of dict
        Sizes to be overruled, for T = 1 and B = 1, or to make all of them equal.
    float32 : bool
        Whether a call in float32 belongs to it.

    Returns
    -------
    list of Case
        Two calls of the same sizes and one in which every size is another (``plain``: no size can be written
        down in the answer), the first call again at the very end (``again``: a function that keeps something
        between calls gives itself away), and the rest.
    """
    same, other = sizes(rng), sizes(rng)
    while any(size == other[name] for name, size in same.items()):
        other = sizes(rng)
    cases = [Case("plain", make(rng, **size)) for size in (same, same, other)]
    cases += [
        Case("layout", make(rng, **sizes(rng)), layout, note=LAYOUTS[layout])
        for layout in ("strided", "read-only")
    ]
    for edge in edges:
        note = ", ".join(f"{name} = {size}" for name, size in edge.items())
        cases.append(Case("edge", make(rng, **{**sizes(rng), **edge}), note=note))
    if float32:
        cases.append(Case("float32", single(make(rng, **sizes(rng))), note="float32"))
    return [*cases, replace(cases[0], tag="again", note="the first call again")]
