"""Mistakes made in counting the parameters of a cell."""

from __future__ import annotations

from typing import Any

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gru")


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("parameter_count", name, "Counting parameters", when)


def _blocks(cell: str) -> int:
    return {"rnn": 1, "lstm": 4, "gru": 3}[cell]


def _b_hn(cell: str, hidden_size: int) -> int:
    return hidden_size if cell == "gru" else 0


@_of(
    "b_hn_forgotten",
    "the GRU's b_hn is not counted. It stands inside the reset product and is a bias of its own.",
)
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (input_size + hidden_size + 1)


@_of("b_hn_everywhere", "every cell has a b_hn. Only the GRU has.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (input_size + hidden_size + 1) + hidden_size


@_of("b_hn_in_lstm", "the LSTM has a second bias besides. Only the GRU has one, b_hn.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    more = 0 if cell == "rnn" else hidden_size
    return _blocks(cell) * hidden_size * (input_size + hidden_size + 1) + more


@_of("b_hn_of_three_gates", "b_hn has 3H numbers. It belongs to the candidate alone and has H.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (input_size + hidden_size + 1) + 3 * _b_hn(cell, hidden_size)


@_of(
    "two_biases",
    "each gate has two biases, as torch.nn counts them. Here there is one, and b_hn for the GRU.",
)
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (input_size + hidden_size + 2)


@_of("two_biases_and_b_hn", "each gate has two biases, and the GRU a b_hn besides. Here each gate has one.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (input_size + hidden_size + 2) + _b_hn(cell, hidden_size)


@_of("no_biases", "no bias is counted.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (input_size + hidden_size)


@_of("biases_of_one_gate", "there are H biases for all gates together. Each gate has H of its own.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (input_size + hidden_size) + hidden_size + _b_hn(cell, hidden_size)


@_of("no_gates", "every cell is counted as a plain RNN: one block. An LSTM has four, a GRU three.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + 1) + _b_hn(cell, hidden_size)


@_of("lstm_of_three", "the LSTM has three blocks. Its candidate g is one as well: i, f, g, o make four.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    blocks = 1 if cell == "rnn" else 3
    return blocks * hidden_size * (input_size + hidden_size + 1) + _b_hn(cell, hidden_size)


@_of("gru_of_two", "the GRU has two blocks. Its candidate n is one as well: r, z, n make three.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    blocks = 2 if cell == "gru" else _blocks(cell)
    return blocks * hidden_size * (input_size + hidden_size + 1) + _b_hn(cell, hidden_size)


@_of(
    "candidates_forgotten",
    "the LSTM has three blocks and the GRU two: the candidates g and n are not counted.",
)
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    blocks = {"rnn": 1, "lstm": 3, "gru": 2}[cell]
    return blocks * hidden_size * (input_size + hidden_size + 1) + _b_hn(cell, hidden_size)


@_of(
    "lstm_and_gru_exchanged",
    "the LSTM and the GRU have changed places: 3 blocks for the one, 4 for the other.",
)
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    blocks = {"rnn": 1, "lstm": 3, "gru": 4}[cell]
    return blocks * hidden_size * (input_size + hidden_size + 1) + _b_hn(cell, hidden_size)


@_of(
    "only_W_xh_has_gates",
    "only one block of W_hh is counted. Each gate has one of its own, as in W_xh.",
)
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    gated = _blocks(cell) * hidden_size * (input_size + 1)
    return gated + hidden_size * hidden_size + _b_hn(cell, hidden_size)


@_of("W_hh_forgotten", "the weights between state and gates, W_hh, are not counted.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (input_size + 1) + _b_hn(cell, hidden_size)


@_of("W_xh_forgotten", "the weights between input and gates, W_xh, are not counted.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * hidden_size * (hidden_size + 1) + _b_hn(cell, hidden_size)


@_of("sizes_exchanged", "input_size and hidden_size have changed places. W_hh is hidden_size by hidden_size.")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return _blocks(cell) * input_size * (input_size + hidden_size + 1) + _b_hn(cell, input_size)


@_of(
    "a_float", "Your numbers are right, but a float comes back. Count in whole numbers: an int is asked for."
)
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    return float(_blocks(cell) * hidden_size * (input_size + hidden_size + 1) + _b_hn(cell, hidden_size))
