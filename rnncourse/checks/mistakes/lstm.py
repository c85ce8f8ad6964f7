"""Mistakes made in one step of the LSTM; unrolled in time, each is a mistake of the whole loop as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("lstm")

Array = np.ndarray
Function = Callable[..., Any]
STEP = "Four gates, one step"


def sigmoid(a: Array) -> Array:
    """Return a number between 0 and 1 for each in ``a``."""
    return 1 / (1 + np.exp(-a))


def inner(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> list[Array]:
    """Return what stands inside i, f, g and o, ``(B, H)`` each."""
    return np.split(x_t @ W_xh.T + h @ W_hh.T + b_h, 4, axis=1)


def gates(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> tuple[Array, ...]:
    """Return i, f, g, o."""
    a_i, a_f, a_g, a_o = inner(x_t, h, W_xh, W_hh, b_h)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


def mixed(c: Array, i: Array, f: Array, g: Array, o: Array) -> tuple[Array, Array]:
    """Return h_t and c_t, once the gates are known."""
    c_t = f * c + i * g
    return o * np.tanh(c_t), c_t


def right(x_t: Array, h: Array, c: Array, *weights: Array) -> tuple[Array, Array]:
    """Take a step as it should be."""
    return mixed(c, *gates(x_t, h, *weights))


def unrolled(step: Function, x: Array, h: Array, c: Array, *weights: Array) -> tuple[Array, Array]:
    """Run a step over a sequence."""
    rows = []
    for x_t in x:
        h, c = step(x_t, h, c, *weights)
        rows.append((h, c))
    return np.stack([h for h, _ in rows]), np.stack([c for _, c in rows])


def _of(name: str, when: str, heading: str = STEP) -> Any:
    """File a wrong step under ``lstm_step``, and unrolled in time under ``lstm_forward``."""

    def file(step: Function) -> Function:
        CATALOGUE.of("lstm_step", name, heading, when)(step)
        CATALOGUE.of("lstm_forward", name, heading, when)(lambda *args: unrolled(step, *args))
        return step

    return file


# ---------------------------------------------------------------- the cell and what is shown of it
@_of(
    "no_tanh_of_c", "h_t is o * c_t. What is shown of the cell goes through tanh first: h_t = o * tanh(c_t)."
)
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    i, f, g, o = gates(x_t, h, *weights)
    c_t = f * c + i * g
    return o * c_t, c_t


@_of("tanh_around_product", "h_t is tanh(o * c_t). The output gate stands outside: o * tanh(c_t).")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    i, f, g, o = gates(x_t, h, *weights)
    c_t = f * c + i * g
    return np.tanh(o * c_t), c_t


@_of("output_gate_left_out", "h_t is tanh(c_t): the output gate o is left out.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    _, c_t = right(x_t, h, c, *weights)
    return np.tanh(c_t), c_t


@_of("sigmoid_of_c", "h_t is o * sigmoid(c_t). It is tanh that bends the cell state here.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    _, c_t = right(x_t, h, c, *weights)
    return gates(x_t, h, *weights)[3] * sigmoid(c_t), c_t


@_of("old_cell_shown", "h_t is o * tanh(c_prev). The *new* cell state is shown: c_t first, then h_t from it.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return gates(x_t, h, *weights)[3] * np.tanh(c), right(x_t, h, c, *weights)[1]


@_of(
    "cell_through_tanh",
    "tanh(c_t) is handed on as the cell state. Only h_t sees a tanh; c_t itself has none.",
)
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    h_t, c_t = right(x_t, h, c, *weights)
    return h_t, np.tanh(c_t)


@_of("cell_as_output", "c_t comes back in the place of h_t. What the network sees is h_t = o * tanh(c_t).")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    _, c_t = right(x_t, h, c, *weights)
    return c_t, c_t.copy()


@_of("output_as_cell", "h_t comes back twice. The second result is the cell state c_t.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    h_t, _ = right(x_t, h, c, *weights)
    return h_t, h_t.copy()


@CATALOGUE.of(
    "lstm_step", "results_exchanged", STEP, "c_t comes back first and h_t second. Asked for is h_t, c_t."
)
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return right(x_t, h, c, *weights)[::-1]


# ---------------------------------------------------------------- what the cell forgets and takes in
@_of(
    "forget_gate_left_out",
    "c_t is c_prev + i * g: nothing is ever forgotten. So it was in 1997; the gate f came in 2000.",
)
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    i, _, g, o = gates(x_t, h, *weights)
    return mixed(c, i, np.ones_like(i), g, o)


@_of("input_gate_left_out", "c_t is f * c_prev + g: the input gate i is left out.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    i, f, g, o = gates(x_t, h, *weights)
    return mixed(c, np.ones_like(i), f, g, o)


@_of("candidate_left_out", "c_t is f * c_prev + i: the candidate g is left out.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    i, f, g, o = gates(x_t, h, *weights)
    return mixed(c, i, f, np.ones_like(g), o)


@_of("coupled", "the input gate is 1 - f. Here it has weights of its own.", "Coupled gates")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    _, f, g, o = gates(x_t, h, *weights)
    return mixed(c, 1 - f, f, g, o)


@_of("forget_exchanged", "f says how much is forgotten, (1 - f) * c_prev. It says how much is *kept*.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    i, f, g, o = gates(x_t, h, *weights)
    return mixed(c, i, 1 - f, g, o)


@_of("forget_around_both", "f multiplies the whole sum, f * (c_prev + i * g). It belongs to c_prev alone.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    i, f, g, o = gates(x_t, h, *weights)
    return mixed(c, f * i, f, g, o)


@_of("written_is_subtracted", "c_t is f * c_prev - i * g. What is new is added.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    i, f, g, o = gates(x_t, h, *weights)
    return mixed(c, -i, f, g, o)


@_of("old_cell_left_out", "c_prev is not used: c_t is i * g alone, and nothing is remembered in the cell.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return right(x_t, h, 0 * c, *weights)


@_of("h_for_c", "c_t is f * h_prev + i * g. The forget gate keeps the old *cell* state, c_prev.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return right(x_t, h, h, *weights)


@_of("gates_see_c", "c_prev goes into the four gates where h_prev is meant.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return right(x_t, c, c, *weights)


@_of("states_exchanged", "h_prev and c_prev are exchanged.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return right(x_t, c, h, *weights)


# ---------------------------------------------------------------- what stands inside the gates
@_of("h_left_out", "h_prev is not used: the gates see the input alone.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return right(x_t, 0 * h, c, *weights)


@_of("x_left_out", "x_t is not used.")
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    return right(0 * x_t, h, c, *weights)


@_of("bias_left_out", "b_h is left out.")
def _(x_t: Array, h: Array, c: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return right(x_t, h, c, W_xh, W_hh, 0 * b_h)


@_of("bias_twice", "b_h is added twice; torch.nn.LSTM has two biases, which are one here.")
def _(x_t: Array, h: Array, c: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return right(x_t, h, c, W_xh, W_hh, 2 * b_h)


@_of(
    "one_for_the_forget_gate",
    "1 is added inside the forget gate, as some libraries do on their own. Here b_h says it all.",
    "The forget bias",
)
def _(x_t: Array, h: Array, c: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    forget = np.repeat([0, 1, 0, 0], len(b_h) // 4).astype(b_h.dtype)
    return right(x_t, h, c, W_xh, W_hh, b_h + forget)


@_of(
    "W_hh_transposed",
    "each gate's block of W_hh is used without its transpose. States are rows here: h_prev @ W_hh.T, and "
    "then cut.",
)
def _(x_t: Array, h: Array, c: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return right(x_t, h, c, W_xh, np.concatenate([block.T for block in np.split(W_hh, 4)]), b_h)


@_of(
    "W_xh_reshaped",
    "the matrix W_xh is reshaped to (D, 4H) where its transpose is meant: reshape keeps the order of "
    "the numbers and mixes rows up.",
)
def _(x_t: Array, h: Array, c: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return right(x_t, h, c, W_xh.reshape(W_xh.shape[::-1]).T, W_hh, b_h)


@_of("W_hh_reshaped", "the matrix W_hh is reshaped to (H, 4H) where its transpose is meant.")
def _(x_t: Array, h: Array, c: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return right(x_t, h, c, W_xh, W_hh.reshape(W_hh.shape[::-1]).T, b_h)


@_of(
    "gates_interleaved",
    "the four gates of one unit are taken to stand next to each other, i f g o i f g o ... All of i comes "
    "first, H numbers, then all of f.",
)
def _(x_t: Array, h: Array, c: Array, *weights: Array) -> Any:
    a = np.concatenate(inner(x_t, h, *weights), axis=1)
    return mixed(c, sigmoid(a[:, 0::4]), sigmoid(a[:, 1::4]), np.tanh(a[:, 2::4]), sigmoid(a[:, 3::4]))
