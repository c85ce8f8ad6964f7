"""Mistakes made with coupled gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array, Function, mixed, sigmoid
from rnncourse.checks.mistakes.lstm_gates import exchanged_in_words

CATALOGUE = Catalogue("lstm")


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("coupled_lstm_step", name, "Coupled gates", when)


def three(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> list[Array]:
    """Return what stands inside f, g and o."""
    return np.split(x_t @ W_xh.T + h @ W_hh.T + b_h, 3, axis=1)


def coupled(x_t: Array, h: Array, c: Array, *weights: Array) -> tuple[Array, Array]:
    """Take a step with coupled gates as it should be."""
    a_f, a_g, a_o = three(x_t, h, *weights)
    f = sigmoid(a_f)
    return mixed(c, 1 - f, f, np.tanh(a_g), sigmoid(a_o))


@_of("input_gate_is_f", "the candidate gets f, like the old cell. It gets what f leaves: i = 1 - f.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    a_f, a_g, a_o = three(x_t, h, *weights)
    return mixed(c, sigmoid(a_f), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o))


COUPLES: dict[str, tuple[str, Callable[[Array, Array, Array], tuple[Array, ...]]]] = {
    "f_exchanged": (
        "f and 1 - f are exchanged: the candidate gets f. f says how much of the old cell is *kept*.",
        lambda a_f, a_g, a_o: (sigmoid(a_f), 1 - sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)),
    ),
    "no_input_gate": (
        "the candidate is added whole, f * c_prev + g. Its share is 1 - f.",
        lambda a_f, a_g, a_o: (np.ones_like(a_f), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)),
    ),
    "no_forget_gate": (
        "the old cell is kept whole, c_prev + (1 - f) * g. Its share is f.",
        lambda a_f, a_g, a_o: (1 - sigmoid(a_f), np.ones_like(a_f), np.tanh(a_g), sigmoid(a_o)),
    ),
    "rest_for_both": (
        "old cell and candidate both get 1 - f. The old cell gets f.",
        lambda a_f, a_g, a_o: (1 - sigmoid(a_f), 1 - sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)),
    ),
    "one_minus_inside": (
        "1 - stands inside the sigmoid, sigmoid(1 - a_f). It stands outside: i = 1 - sigmoid(a_f).",
        lambda a_f, a_g, a_o: (sigmoid(1 - a_f), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)),
    ),
    "one_minus_bare": (
        "i is 1 - a_f: the sigmoid is missing in it. i = 1 - sigmoid(a_f).",
        lambda a_f, a_g, a_o: (1 - a_f, sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)),
    ),
    "input_from_o": (
        "the input gate is 1 - o. It hangs on the forget gate: i = 1 - f.",
        lambda a_f, a_g, a_o: (1 - sigmoid(a_o), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)),
    ),
    "output_is_coupled_too": (
        "the output gate is 1 - f as well. It has weights of its own.",
        lambda a_f, a_g, a_o: (1 - sigmoid(a_f), sigmoid(a_f), np.tanh(a_g), 1 - sigmoid(a_f)),
    ),
    "sigmoid_on_candidate": (
        "the candidate g goes through a sigmoid. It may be negative, so it goes through tanh.",
        lambda a_f, a_g, a_o: (1 - sigmoid(a_f), sigmoid(a_f), sigmoid(a_g), sigmoid(a_o)),
    ),
    "tanh_on_f": (
        "the gate f goes through tanh. A gate lies between 0 and 1: sigmoid.",
        lambda a_f, a_g, a_o: (1 - np.tanh(a_f), np.tanh(a_f), np.tanh(a_g), sigmoid(a_o)),
    ),
    "tanh_on_o": (
        "the gate o goes through tanh. A gate lies between 0 and 1: sigmoid.",
        lambda a_f, a_g, a_o: (1 - sigmoid(a_f), sigmoid(a_f), np.tanh(a_g), np.tanh(a_o)),
    ),
    "candidate_bare": (
        "the candidate g goes through no function. It goes through tanh.",
        lambda a_f, a_g, a_o: (1 - sigmoid(a_f), sigmoid(a_f), a_g, sigmoid(a_o)),
    ),
    "f_and_g_exchanged": (
        exchanged_in_words("f", "g", "fgo"),
        lambda a_f, a_g, a_o: (1 - sigmoid(a_g), sigmoid(a_g), np.tanh(a_f), sigmoid(a_o)),
    ),
    "f_and_o_exchanged": (
        exchanged_in_words("f", "o", "fgo"),
        lambda a_f, a_g, a_o: (1 - sigmoid(a_o), sigmoid(a_o), np.tanh(a_g), sigmoid(a_f)),
    ),
    "g_and_o_exchanged": (
        exchanged_in_words("g", "o", "fgo"),
        lambda a_f, a_g, a_o: (1 - sigmoid(a_f), sigmoid(a_f), np.tanh(a_o), sigmoid(a_g)),
    ),
}


def _couples(of: Callable[[Array, Array, Array], tuple[Array, ...]]) -> Function:
    return lambda x_t, h, c, *weights: mixed(c, *of(*three(x_t, h, *weights)))


for name, (when, of) in COUPLES.items():
    _of(name, when)(_couples(of))


@_of("no_tanh_of_c", "h_t is o * c_t. What is shown of the cell goes through tanh first.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    _, c_t = coupled(x_t, h, c, *weights)
    return sigmoid(three(x_t, h, *weights)[2]) * c_t, c_t


@_of("bias_left_out", "b_h is left out.")
def _(x_t: Array, h: Array, c: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return coupled(x_t, h, c, W_xh, W_hh, 0 * b_h)


@_of("h_for_c", "the forget gate keeps h_prev. It keeps the old *cell* state, c_prev.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return coupled(x_t, h, h, *weights)


@_of("W_hh_transposed", "each gate's block of W_hh is used without its transpose. It is h_prev @ W_hh.T.")
def _(x_t: Array, h: Array, c: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return coupled(x_t, h, c, W_xh, np.concatenate([block.T for block in np.split(W_hh, 3)]), b_h)


@_of("cell_as_output", "c_t comes back in the place of h_t. What the network sees is h_t = o * tanh(c_t).")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    _, c_t = coupled(x_t, h, c, *weights)
    return c_t, c_t.copy()


@_of("results_exchanged", "c_t comes back first and h_t second. Asked for is h_t, c_t.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return coupled(x_t, h, c, *weights)[::-1]
