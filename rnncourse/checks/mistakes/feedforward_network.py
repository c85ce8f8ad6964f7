"""Mistakes made with the network on a window, the plain and the dilated one."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("feedforward")
_of = CATALOGUE.of

_SLIDES = "A window that slides"
_NETWORK = "A network on the window"


def _mlp(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> np.ndarray:
    return np.tanh(x @ W1.T + b1) @ W2.T + b2


# ---------------------------------------------------------------- mlp_forward
@_of(
    "mlp_forward",
    "no_tanh",
    _NETWORK,
    "there is no tanh. Without it two layers are no more than one: W2 W1 is a matrix too.",
)
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return (x @ W1.T + b1) @ W2.T + b2


@_of(
    "mlp_forward",
    "sigmoid",
    _NETWORK,
    "the hidden layer has the logistic sigmoid (0 to 1) in place of tanh (-1 to 1).",
)
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return 1 / (1 + np.exp(-(x @ W1.T + b1))) @ W2.T + b2


@_of("mlp_forward", "relu", _NETWORK, "the hidden layer has a ReLU in place of tanh.")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return np.maximum(x @ W1.T + b1, 0) @ W2.T + b2


@_of(
    "mlp_forward",
    "tanh_twice",
    _NETWORK,
    "the output goes through tanh too. The output layer (F3) is linear: its values may be of any size.",
)
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return np.tanh(_mlp(x, W1, b1, W2, b2))


@_of("mlp_forward", "bias_outside_tanh", _NETWORK, "b1 is added after the tanh. In (F2) it stands inside.")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return (np.tanh(x @ W1.T) + b1) @ W2.T + b2


@_of("mlp_forward", "b1_dropped", _NETWORK, "b1 is left out.")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return np.tanh(x @ W1.T) @ W2.T + b2


@_of("mlp_forward", "b2_dropped", _NETWORK, "b2 is left out.")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return np.tanh(x @ W1.T + b1) @ W2.T


@_of(
    "mlp_forward",
    "tanh_of_input",
    _NETWORK,
    "tanh is taken of x, before W1. The nonlinearity belongs after the first layer.",
)
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return (np.tanh(x) @ W1.T + b1) @ W2.T + b2


@_of(
    "mlp_forward",
    "outputs_in_rows",
    _NETWORK,
    "examples stand in the columns of y. One example is one row: (N, O).",
)
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return _mlp(x, W1, b1, W2, b2).T.copy()


@_of(
    "mlp_forward",
    "softmax_on_output",
    _NETWORK,
    "a softmax is taken of the outputs. The network returns the plain values y; the loss takes the softmax.",
)
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    e = np.exp(_mlp(x, W1, b1, W2, b2))
    return e / e.sum(axis=1, keepdims=True)


@_of("mlp_forward", "no_biases", _NETWORK, "both biases are left out.")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return np.tanh(x @ W1.T) @ W2.T


@_of(
    "mlp_forward",
    "hidden_layer_only",
    _NETWORK,
    "the hidden layer comes back: this is h of (F2), not y.",
)
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return np.tanh(x @ W1.T + b1)


# ---------------------------------------------------------------- dilated_window_mlp
def _rows(series: np.ndarray, width: int, dilation: int, count: int) -> np.ndarray:
    return series[np.arange(max(count, 0))[:, None] + dilation * np.arange(width)]


@_of(
    "dilated_window_mlp",
    "dilation_ignored",
    _SLIDES,
    "the values of a window stand side by side: the dilation is not used.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    width = net[0].shape[1]
    return _mlp(_rows(series, width, 1, len(series) - width), *net)


@_of(
    "dilated_window_mlp",
    "row_too_many",
    _SLIDES,
    "every window that fits gets a row. The value one dilation *after* the window has to exist too.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    width = net[0].shape[1]
    return _mlp(_rows(series, width, dilation, len(series) - (width - 1) * dilation), *net)


@_of(
    "dilated_window_mlp",
    "target_one_after",
    _SLIDES,
    "the windows are counted as if the next value to be predicted came one step after the window; "
    "it comes one "
    "*dilation* after.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    width = net[0].shape[1]
    return _mlp(_rows(series, width, dilation, len(series) - (width - 1) * dilation - 1), *net)


@_of(
    "dilated_window_mlp",
    "last_row_lost",
    _SLIDES,
    "the last row is missing: N = len(series) - width * dilation rows have all they need.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    width = net[0].shape[1]
    return _mlp(_rows(series, width, dilation, len(series) - width * dilation - 1), *net)


@_of(
    "dilated_window_mlp",
    "gap_for_step",
    _SLIDES,
    "`dilation` values are left out between two that are read. A dilation of 2 reads every second value.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    width = net[0].shape[1]
    return _mlp(_rows(series, width, dilation + 1, len(series) - width * (dilation + 1)), *net)


@_of(
    "dilated_window_mlp",
    "rows_jump",
    _SLIDES,
    "the windows themselves begin `dilation` steps apart (thinning the series first, "
    "series[::dilation], does that too). "
    "Only the values inside a window are apart; row n begins at n.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    width = net[0].shape[1]
    return _mlp(_rows(series, width, dilation, len(series) - width * dilation)[::dilation], *net)


@_of(
    "dilated_window_mlp",
    "newest_first",
    _SLIDES,
    "each window runs backwards, newest value first. The oldest one, series[n], meets the first weight.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    width = net[0].shape[1]
    return _mlp(_rows(series, width, dilation, len(series) - width * dilation)[:, ::-1], *net)


@_of("dilated_window_mlp", "no_tanh", _NETWORK, "the windows are right and the hidden layer has no tanh.")
def _(
    series: np.ndarray, dilation: int, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> Any:
    width = W1.shape[1]
    return (_rows(series, width, dilation, len(series) - width * dilation) @ W1.T + b1) @ W2.T + b2


@_of(
    "dilated_window_mlp",
    "window_shifted",
    _SLIDES,
    "every window begins one dilation too late, so that it holds the value that should be predicted.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    width = net[0].shape[1]
    return _mlp(_rows(series[dilation:], width, dilation, len(series) - width * dilation), *net)


@_of(
    "dilated_window_mlp",
    "width_from_wrong_axis",
    _SLIDES,
    "the width is read off the wrong axis of W1: len(W1) is H, and W1.shape[1] is the width.",
)
def _(series: np.ndarray, dilation: int, *net: np.ndarray) -> Any:
    count = len(series) - len(net[0]) * dilation
    rows = np.arange(max(count, 0))[:, None] + dilation * np.arange(net[0].shape[1])
    return _mlp(series[np.minimum(rows, len(series) - 1)], *net)


@_of("dilated_window_mlp", "hidden_bias_dropped", _NETWORK, "the windows are right and b1 is left out.")
def _(
    series: np.ndarray, dilation: int, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> Any:
    width = W1.shape[1]
    return _mlp(_rows(series, width, dilation, len(series) - width * dilation), W1, 0 * b1, W2, b2)


@_of("dilated_window_mlp", "output_bias_dropped", _NETWORK, "the windows are right and b2 is left out.")
def _(
    series: np.ndarray, dilation: int, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> Any:
    width = W1.shape[1]
    return _mlp(_rows(series, width, dilation, len(series) - width * dilation), W1, b1, W2, 0 * b2)
