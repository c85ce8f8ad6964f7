"""Mistakes made in counting parameters."""

from __future__ import annotations

from typing import Any

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("feedforward")
_of = CATALOGUE.of

_COSTS = "What the window costs"


# ---------------------------------------------------------------- window_mlp_parameters
@_of("window_mlp_parameters", "no_biases", _COSTS, "both biases are left out. They are learned too.")
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * width * input_size + output_size * hidden_size


@_of("window_mlp_parameters", "no_hidden_bias", _COSTS, "the bias of the hidden layer is left out.")
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * width * input_size + output_size * hidden_size + output_size


@_of("window_mlp_parameters", "no_output_bias", _COSTS, "the bias of the output layer is left out.")
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * width * input_size + hidden_size + output_size * hidden_size


@_of(
    "window_mlp_parameters",
    "width_forgotten",
    _COSTS,
    "the network sees one value at a time: the width is missing from the shape of W1.",
)
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * input_size + hidden_size + output_size * hidden_size + output_size


@_of(
    "window_mlp_parameters",
    "width_counts_all",
    _COSTS,
    "everything is counted once for each place in the window. Only W1 grows with the width.",
)
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return width * (hidden_size * input_size + hidden_size + output_size * hidden_size + output_size)


@_of(
    "window_mlp_parameters",
    "hidden_bias_per_place",
    _COSTS,
    "there is a hidden bias for each place in the window. A hidden unit has one bias, however much it sees.",
)
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return width * (hidden_size * input_size + hidden_size) + output_size * hidden_size + output_size


@_of("window_mlp_parameters", "biases_twice", _COSTS, "both biases are counted twice.")
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * width * input_size + 2 * hidden_size + output_size * hidden_size + 2 * output_size


@_of(
    "window_mlp_parameters",
    "width_added",
    _COSTS,
    "width and input_size are added. A window of width vectors holds width * input_size numbers.",
)
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (width + input_size) + hidden_size + output_size * hidden_size + output_size


@_of(
    "window_mlp_parameters",
    "loop_in_window",
    _COSTS,
    "a hidden-to-hidden matrix is counted. The network on a window has no loop.",
)
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (width * input_size + hidden_size + 1 + output_size) + output_size


@_of(
    "window_mlp_parameters",
    "one_bias_per_layer",
    _COSTS,
    "each layer has one bias in all. Every hidden unit and every output has its own.",
)
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * width * input_size + 1 + output_size * hidden_size + 1


@_of(
    "window_mlp_parameters",
    "layers_exchanged",
    _COSTS,
    "hidden_size and output_size are exchanged. The window goes into the hidden layer.",
)
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return output_size * (width * input_size + 1) + hidden_size * (output_size + 1)


@_of(
    "window_mlp_parameters",
    "output_sees_window",
    _COSTS,
    "the output layer grows with the window too. It reads the hidden units: W2 is (O, H) for every width.",
)
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (width * input_size + 1) + output_size * (width * hidden_size + 1)


# ---------------------------------------------------------------- rnn_parameters
@_of("rnn_parameters", "no_loop", _COSTS, "the matrix that makes the loop is left out: W_hh, H by H.")
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * input_size + hidden_size + output_size * hidden_size + output_size


@_of(
    "rnn_parameters",
    "loop_is_a_vector",
    _COSTS,
    "the loop has one number for each unit. Every unit listens to every unit: W_hh is H by H.",
)
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * input_size + 2 * hidden_size + output_size * hidden_size + output_size


@_of("rnn_parameters", "no_biases", _COSTS, "both biases are left out. They are learned too.")
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + output_size)


@_of("rnn_parameters", "no_output_bias", _COSTS, "the bias of the output is left out.")
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + 1 + output_size)


@_of("rnn_parameters", "no_hidden_bias", _COSTS, "the bias of the hidden units is left out.")
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + output_size) + output_size


@_of(
    "rnn_parameters",
    "two_hidden_biases",
    _COSTS,
    "the hidden units have two biases. torch.nn.RNN keeps two, which are only ever added; here there is one.",
)
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + 2 + output_size) + output_size


@_of("rnn_parameters", "no_output_layer", _COSTS, "the output layer is left out, W_hy and b_y.")
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + 1)


@_of(
    "rnn_parameters",
    "output_sees_input",
    _COSTS,
    "the output layer reads the input, (O, D). It reads the state: W_hy is (O, H).",
)
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + 1) + output_size * input_size + output_size


@_of(
    "rnn_parameters",
    "loop_on_inputs",
    _COSTS,
    "the loop's matrix is D by D. The loop goes from state to state: W_hh is (H, H).",
)
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + 1 + output_size) + input_size**2 + output_size


@_of(
    "rnn_parameters",
    "one_bias_per_layer",
    _COSTS,
    "each layer has one bias in all. Every hidden unit and every output has its own.",
)
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + output_size) + 2


@_of(
    "rnn_parameters",
    "sizes_exchanged",
    _COSTS,
    "input_size and output_size are exchanged, so that the bias of the output has the wrong length.",
)
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + 1 + output_size) + input_size


@_of(
    "rnn_parameters",
    "four_gates",
    _COSTS,
    "the recurrent layer is counted four times, as in an LSTM. This network has no gates.",
)
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return 4 * hidden_size * (input_size + hidden_size + 1) + output_size * (hidden_size + 1)
