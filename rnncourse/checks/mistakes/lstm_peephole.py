"""Mistakes made with peepholes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array, Function, inner, mixed, sigmoid
from rnncourse.checks.mistakes.lstm_gates import NAMES, exchange, exchanged_in_words, with_stacks

CATALOGUE = Catalogue("lstm")


def _peep(name: str, when: str) -> Any:
    return CATALOGUE.of("peephole_lstm_step", name, "Peepholes", when)


def looking(a: list[Array], c: Array, at_i: Array, at_f: Array, at_o: Any) -> tuple[Array, Array]:
    """Take a step whose gates see these numbers; what o sees is a function of c_t."""
    a_i, a_f, a_g, a_o = a
    c_t = sigmoid(a_f + at_f) * c + sigmoid(a_i + at_i) * np.tanh(a_g)
    return sigmoid(a_o + at_o(c_t)) * np.tanh(c_t), c_t


def peephole(x_t: Array, h: Array, c: Array, *others: Array) -> tuple[Array, Array]:
    """Take a step with peepholes as it should be."""
    *weights, p_i, p_f, p_o = others
    a = inner(x_t, h, *weights)
    return looking(a, c, p_i * c, p_f * c, lambda c_t: p_o * c_t)


@_peep("o_sees_old_cell", "the output gate sees c_prev. When o opens, c_t is known: p_o sees c_t.")
def _(x_t: Array, h: Array, c: Array, *others: Array) -> Any:
    *weights, p_i, p_f, p_o = others
    a = inner(x_t, h, *weights)
    a_o = a[3] + p_o * c
    c_t = sigmoid(a[1] + p_f * c) * c + sigmoid(a[0] + p_i * c) * np.tanh(a[2])
    return sigmoid(a_o) * np.tanh(c_t), c_t


def _first_c(a: list[Array], c: Array) -> Array:
    """Return the cell state of a step without peepholes: a c_t for gates that should not need one."""
    return mixed(c, sigmoid(a[0]), sigmoid(a[1]), np.tanh(a[2]), sigmoid(a[3]))[1]


LOOKS: dict[str, tuple[str, Callable[..., tuple[Array, Array, Any]]]] = {
    "i_sees_new_cell": (
        "the input gate sees a c_t that was computed without peepholes. c_t does not exist yet: "
        "p_i sees c_prev.",
        lambda a, h, c, p_i, p_f, p_o: (p_i * _first_c(a, c), p_f * c, lambda c_t: p_o * c_t),
    ),
    "f_sees_new_cell": (
        "the forget gate sees a c_t that was computed without peepholes. c_t does not exist yet: "
        "p_f sees c_prev.",
        lambda a, h, c, p_i, p_f, p_o: (p_i * c, p_f * _first_c(a, c), lambda c_t: p_o * c_t),
    ),
    "i_and_f_see_new_cell": (
        "i and f see a c_t that was computed without peepholes. They decide about c_t, so they see c_prev.",
        lambda a, h, c, p_i, p_f, p_o: (p_i * _first_c(a, c), p_f * _first_c(a, c), lambda c_t: p_o * c_t),
    ),
    "no_peepholes": (
        "no gate sees the cell: p_i, p_f and p_o are not used.",
        lambda a, h, c, p_i, p_f, p_o: (0 * c, 0 * c, lambda c_t: 0 * c_t),
    ),
    "i_is_blind": (
        "p_i is not used.",
        lambda a, h, c, p_i, p_f, p_o: (0 * c, p_f * c, lambda c_t: p_o * c_t),
    ),
    "f_is_blind": (
        "p_f is not used.",
        lambda a, h, c, p_i, p_f, p_o: (p_i * c, 0 * c, lambda c_t: p_o * c_t),
    ),
    "o_is_blind": (
        "p_o is not used.",
        lambda a, h, c, p_i, p_f, p_o: (p_i * c, p_f * c, lambda c_t: 0 * c_t),
    ),
    "p_i_and_p_f_exchanged": (
        "p_i and p_f are exchanged.",
        lambda a, h, c, p_i, p_f, p_o: (p_f * c, p_i * c, lambda c_t: p_o * c_t),
    ),
    "p_i_and_p_o_exchanged": (
        "p_i and p_o are exchanged.",
        lambda a, h, c, p_i, p_f, p_o: (p_o * c, p_f * c, lambda c_t: p_i * c_t),
    ),
    "p_f_and_p_o_exchanged": (
        "p_f and p_o are exchanged.",
        lambda a, h, c, p_i, p_f, p_o: (p_i * c, p_o * c, lambda c_t: p_f * c_t),
    ),
    "o_sees_tanh": (
        "the output gate sees tanh(c_t). A peephole shows the cell as it is: p_o * c_t.",
        lambda a, h, c, p_i, p_f, p_o: (p_i * c, p_f * c, lambda c_t: p_o * np.tanh(c_t)),
    ),
    "all_see_tanh": (
        "the gates see tanh of the cell. A peephole shows the cell as it is.",
        lambda a, h, c, p_i, p_f, p_o: (
            p_i * np.tanh(c),
            p_f * np.tanh(c),
            lambda c_t: p_o * np.tanh(c_t),
        ),
    ),
    "peepholes_on_h": (
        "the peepholes of i and f see h_prev. The gates see h_prev anyway; a peephole shows c_prev.",
        lambda a, h, c, p_i, p_f, p_o: (p_i * h, p_f * h, lambda c_t: p_o * c_t),
    ),
    "peepholes_summed": (
        "each gate sees the sum c_prev @ p over all units. A peephole is number by number: a unit "
        "sees its own cell.",
        lambda a, h, c, p_i, p_f, p_o: (
            (c @ p_i)[:, None],
            (c @ p_f)[:, None],
            lambda c_t: (c_t @ p_o)[:, None],
        ),
    ),
    "peepholes_without_weights": (
        "the gates see the cell itself: p_i, p_f and p_o are left out of the products.",
        lambda a, h, c, p_i, p_f, p_o: (c, c, lambda c_t: c_t),
    ),
    "peepholes_without_cell": (
        "p_i, p_f and p_o are added as if they were biases. They multiply the cell.",
        lambda a, h, c, p_i, p_f, p_o: (p_i, p_f, lambda c_t: p_o),
    ),
}


def _looks(look: Callable[..., tuple[Array, Array, Any]]) -> Function:
    def wrong(x_t: Array, h: Array, c: Array, *others: Array) -> Any:
        *weights, p_i, p_f, p_o = others
        a = inner(x_t, h, *weights)
        return looking(a, c, *look(a, h, c, p_i, p_f, p_o))

    return wrong


for name, (when, look) in LOOKS.items():
    _peep(name, when)(_looks(look))


@_peep(
    "candidate_sees_cell",
    "the candidate sees the cell as well, p_i * c_prev. Only i, f and o have a peephole.",
)
def _(x_t: Array, h: Array, c: Array, *others: Array) -> Any:
    *weights, p_i, p_f, p_o = others
    a_i, a_f, a_g, a_o = inner(x_t, h, *weights)
    return looking([a_i, a_f, a_g + p_i * c, a_o], c, p_i * c, p_f * c, lambda c_t: p_o * c_t)


@_peep(
    "outside_the_sigmoid", "what the gates see is added to i, f and o after the sigmoid. It belongs inside."
)
def _(x_t: Array, h: Array, c: Array, *others: Array) -> Any:
    *weights, p_i, p_f, p_o = others
    a_i, a_f, a_g, a_o = inner(x_t, h, *weights)
    c_t = (sigmoid(a_f) + p_f * c) * c + (sigmoid(a_i) + p_i * c) * np.tanh(a_g)
    return (sigmoid(a_o) + p_o * c_t) * np.tanh(c_t), c_t


@_peep("no_tanh_of_c", "h_t is o * c_t. What is shown of the cell goes through tanh first.")
def _(x_t: Array, h: Array, c: Array, *others: Array) -> Any:
    *weights, p_i, p_f, p_o = others
    _, c_t = peephole(x_t, h, c, *weights, p_i, p_f, p_o)
    return sigmoid(inner(x_t, h, *weights)[3] + p_o * c_t) * c_t, c_t


@_peep("results_exchanged", "c_t comes back first and h_t second. Asked for is h_t, c_t.")
def _(*args: Array) -> Any:
    return peephole(*args)[::-1]


@_peep(
    "sigmoid_on_candidate",
    "the candidate g goes through a sigmoid. It may be negative, so it goes through tanh.",
)
def _(x_t: Array, h: Array, c: Array, *others: Array) -> Any:
    *weights, p_i, p_f, p_o = others
    a_i, a_f, a_g, a_o = inner(x_t, h, *weights)
    c_t = sigmoid(a_f + p_f * c) * c + sigmoid(a_i + p_i * c) * sigmoid(a_g)
    return sigmoid(a_o + p_o * c_t) * np.tanh(c_t), c_t


@_peep("old_cell_left_out", "c_prev is seen by the gates and then forgotten: c_t is i * g alone.")
def _(x_t: Array, h: Array, c: Array, *others: Array) -> Any:
    *weights, p_i, p_f, p_o = others
    return looking(inner(x_t, h, *weights), 0 * c, p_i * c, p_f * c, lambda c_t: p_o * c_t)


def _file_exchanged(one: str, two: str) -> None:
    order = exchange(one, two)

    @_peep(f"{one}_and_{two}_exchanged", exchanged_in_words(one, two))
    def wrong(x_t: Array, h: Array, c: Array, *others: Array) -> Any:
        return with_stacks(lambda *w: peephole(x_t, h, c, *w, *others[3:]), order)(*others[:3])


for first, second in combinations(NAMES, 2):
    _file_exchanged(first, second)
