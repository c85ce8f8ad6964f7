"""The pictures of the chapter "Gated recurrent units", and the two cells that readers set side by side.

The chapter measures, in cells that show how, or shows a record; these functions only draw what they get.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from rnncourse.figures import LINES, blank, book_style
from rnncourse.reference import gru, lstm

STEPS = 24


class Setting(NamedTuple):
    """What readers can set: the inputs' values ``x (T,)``, biases of gates, and how gates answer a value."""

    x: np.ndarray
    b_i: float
    b_f: float
    b_o: float
    b_r: float
    b_z: float
    mark: float


def _values(entries: Mapping[int, float]) -> np.ndarray:
    x = np.zeros(STEPS)
    for step, value in entries.items():
        x[step - 1] = value
    return x


# What the buttons of the figure <lstm-beside-gru> set.
SETTINGS = {
    "Fresh": Setting(_values({4: 1}), 0, 0, 0, 0, 0, 0),
    "Hold a value": Setting(_values({4: 1}), -4, 6, 4, -4, 6, 10),
    "Add two values": Setting(_values({4: 1, 12: 1}), -4, 6, 4, -4, 6, 10),
    "Count up and down": Setting(np.repeat([1.0, -1.0], STEPS // 2), 8, 8, 4, -4, 2, 0),
}


def two_cells(setting: Setting) -> tuple[np.ndarray, lstm.Params, gru.Params]:
    """Return the inputs ``(T, 1, 2)`` and the weights of one unit of each cell, D = 2 and H = 1.

    An input is a value and a mark that is 1 where there is a value. The candidates see the value alone, and
    the mark opens the LSTM's input gate and closes the GRU's update gate.
    """
    x = np.stack([setting.x, setting.x != 0], axis=-1)[:, None].astype(float)
    mark = setting.mark
    of_lstm = lstm.Params(
        W_xh=np.array([[0, mark], [0, 0], [2, 0], [0, 0]], float),
        W_hh=np.zeros((4, 1)),
        b_h=np.array([setting.b_i, setting.b_f, 0, setting.b_o], float),
    )
    of_gru = gru.Params(
        W_xh=np.array([[0, 0], [0, -mark], [2, 0]], float),
        W_hh=np.array([[0.0], [0.0], [1.0]]),
        b_h=np.array([setting.b_r, setting.b_z, 0], float),
        b_hn=np.zeros(1),
    )
    return x, of_lstm, of_gru


@book_style
def counter(cell_state: np.ndarray, gru_states: Mapping[str, np.ndarray]) -> Figure:
    """Draw what counts: an LSTM's cell state ``(T,)`` beside the states ``(T,)`` of some GRUs."""
    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = np.arange(1, len(cell_state) + 1)
    every = max(1, len(steps) // 6)
    left.plot(steps, cell_state, markevery=every, **LINES[0]._asdict())
    left.set(title="LSTM", xlabel="step t", ylabel="cell state c")
    for line, (label, h) in zip(LINES[1:], gru_states.items()):
        right.plot(steps, h, label=label, markevery=every, **line._asdict())
    right.set(title="GRU", xlabel="step t", ylabel="state h", ylim=(-1.1, 1.1))
    right.legend(fontsize="small", loc="lower left")
    for axes in (left, right):
        axes.axvline(len(steps) / 2 + 0.5, color="#555555", linewidth=1, linestyle=":")
    return figure


@book_style
def equal_size(scores: Mapping[str, Mapping[str, Sequence[float]]], labels: Mapping[str, str]) -> Figure:
    """Draw every run of every cell, one panel for each task: a dot for a run, a bar at the median.

    Parameters
    ----------
    scores : mapping
        Task -> cell -> one score for each seed.
    labels : mapping
        Task -> what the score is, for the axis.
    """
    figure = Figure(figsize=(7.4, 3.5), layout="constrained")
    grid = figure.subplots(1, len(scores), squeeze=False)[0]
    for axes, (task, cells) in zip(grid, scores.items(), strict=True):
        for place, (line, runs) in enumerate(zip(LINES, cells.values())):
            beside = place + np.linspace(-0.16, 0.16, len(runs))  # so that no run hides another
            dots = {**line._asdict(), "linestyle": "none", "markersize": 5}
            axes.plot(beside, sorted(runs), **dots)
            axes.hlines(np.median(runs), place - 0.36, place + 0.36, color=line.color, linewidth=2.5)
        axes.set_xticks(range(len(cells)), list(cells), fontsize=8)
        axes.set(title=task, ylabel=labels[task], xlim=(-0.6, len(cells) - 0.4))
        axes.grid(False, axis="x")
    return figure


@book_style
def reach(
    measured: Mapping[str, np.ndarray], direct: Mapping[str, np.ndarray], levels: tuple[float, float]
) -> Figure:
    """Draw how much of a gradient arrives, against how far back (log scale).

    Parameters
    ----------
    measured : mapping
        Label -> share of the gradient of ``h_T`` that reaches ``h_{T-k}``, k = 0, 1, ...
    direct : mapping
        The same labels -> what the path through z alone brings there.
    levels : pair of float
        The axis ends at these.
    """
    figure, axes = blank(6.6)
    for line, (label, share) in zip(LINES, measured.items()):
        lags = np.arange(len(share))
        every = max(1, len(share) // 6)
        axes.semilogy(lags, share, label=label, markevery=every, **line._asdict())
        axes.semilogy(lags, direct[label], color=line.color, linewidth=0.8)
    axes.set(xlabel="steps back, k", ylabel="share of the gradient that arrives", ylim=levels)
    axes.legend(title="thin lines: the path through z alone", loc="lower left", fontsize="small")
    return figure
