"""Mistakes made with the four gates: exchanged, used twice, with a wrong function; forwards and backwards."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import STEP, Array, Function, inner, mixed, right, sigmoid, unrolled

CATALOGUE = Catalogue("lstm")

NAMES = "ifgo"
OTHER_LIBRARIES = {  # which of the exchanged orders a learner may have seen elsewhere
    "go": " Stanford's CS231n stacks i, f, o, g.",
    "fg": " Haiku stacks i, g, f, o.",
}


def _both(name: str, when: str, step: Function) -> None:
    """File a wrong step under ``lstm_step``, and unrolled in time under ``lstm_forward``."""
    CATALOGUE.of("lstm_step", name, STEP, when)(step)
    CATALOGUE.of("lstm_forward", name, STEP, when)(lambda *args: unrolled(step, *args))


def reordered(stack: Array, order: tuple[int, ...]) -> Array:
    """Put block ``order[k]`` where block k was."""
    blocks = np.split(stack, len(order))
    return np.concatenate([blocks[k] for k in order])


def exchange(first: str, second: str, names: str = NAMES) -> tuple[int, ...]:
    """Return the order in which two gates have changed places."""
    order = list(range(len(names)))
    order[names.index(first)], order[names.index(second)] = names.index(second), names.index(first)
    return tuple(order)


def replaced(first: str, second: str, names: str = NAMES) -> tuple[int, ...]:
    """Return the order in which the second gate's block stands in the place of the first one, too."""
    return tuple(names.index(second if name == first else name) for name in names)


def exchanged_in_words(first: str, second: str, names: str = NAMES) -> str:
    """Say that two gates are exchanged."""
    library = OTHER_LIBRARIES.get(first + second, "") if names == NAMES else ""
    return f"the gates {first} and {second} are exchanged. The stack is {', '.join(names)}.{library}"


def replaced_in_words(first: str, second: str) -> str:
    """Say that one gate is computed with another one's weights."""
    return f"the gate {first} is computed with the weights of {second}. Each gate has its own block of rows."


def with_stacks(step: Function, order: tuple[int, ...]) -> Function:
    """Return a step that takes its gates from the stacks in another order."""

    def wrong(*args: Array) -> Any:
        *before, W_xh, W_hh, b_h = args
        return step(*before, *(reordered(stack, order) for stack in (W_xh, W_hh, b_h)))

    return wrong


for one, two in combinations(NAMES, 2):
    _both(
        f"{one}_and_{two}_exchanged",
        exchanged_in_words(one, two),
        with_stacks(right, exchange(one, two)),
    )
for one, two in permutations(NAMES, 2):
    _both(f"{one}_from_{two}", replaced_in_words(one, two), with_stacks(right, replaced(one, two)))


# ---------------------------------------------------------------- the wrong function
def _plain(a: Array) -> Array:
    return a


def _relu(a: Array) -> Array:
    return np.maximum(a, 0)


def with_functions(*functions: Function) -> Function:
    """Return a step whose gates go through these functions."""

    def wrong(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
        return mixed(c, *(f(a) for f, a in zip(functions, inner(x_t, h, *weights), strict=True)))

    return wrong


s, t = sigmoid, np.tanh
FUNCTIONS: dict[str, tuple[tuple[Function, ...], str]] = {
    "sigmoid_on_candidate": (
        (s, s, s, s),
        "the candidate g goes through a sigmoid. It may be negative, so it goes through tanh.",
    ),
    "tanh_on_i": ((t, s, t, s), "the gate i goes through tanh. A gate lies between 0 and 1: sigmoid."),
    "tanh_on_f": ((s, t, t, s), "the gate f goes through tanh. A gate lies between 0 and 1: sigmoid."),
    "tanh_on_o": ((s, s, t, t), "the gate o goes through tanh. A gate lies between 0 and 1: sigmoid."),
    "tanh_everywhere": ((t, t, t, t), "all four parts go through tanh. i, f and o go through a sigmoid."),
    "functions_exchanged": ((t, t, s, t), "tanh and sigmoid are exchanged: sigmoid for i, f, o, tanh for g."),
    "candidate_bare": ((s, s, _plain, s), "the candidate g goes through no function. It goes through tanh."),
    "gates_bare": (
        (_plain, _plain, t, _plain),
        "i, f and o go through no function. They go through a sigmoid.",
    ),
    "relu_on_candidate": ((s, s, _relu, s), "the candidate g goes through a ReLU. It goes through tanh."),
    "sigmoid_negated": (
        (lambda a: s(-a), lambda a: s(-a), t, lambda a: s(-a)),
        "the sigmoid is 1 / (1 + exp(a)). The minus sign is missing: 1 / (1 + exp(-a)).",
    ),
}
for name, (functions, when) in FUNCTIONS.items():
    _both(name, when, with_functions(*functions))
