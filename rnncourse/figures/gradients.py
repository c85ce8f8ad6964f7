"""The pictures of the chapter on vanishing and exploding gradients, and the network behind its slider.

The chapter measures, in cells that show how; these functions only draw what they are given.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from rnncourse.figures import LINES, blank, book_style
from rnncourse.reference import gradients, rnn

Numbers = Sequence[float | None]

# The network of <gradient-decay>: four pairs of units, and how far its lags go.
PAIRS, LAGS = 4, 60
COUPLING = 0.8
NONLINEARITIES = ("tanh", "linear", "relu")


def slider_matrix(radius: float, normal: bool) -> np.ndarray:
    """Return the ``W_hh (8, 8)`` of the figure ``<gradient-decay>``; its spectral radius is ``radius``.

    Each pair of units is turned, by angles that differ, and stretched by the radius: a normal matrix, whose
    norm is the radius too.  The other matrix lets every pair also feed the pair before it.  That moves no
    eigenvalue, as it is block triangular, and makes the norm larger.
    """
    W = np.zeros((2 * PAIRS, 2 * PAIRS))
    for k in range(PAIRS):
        angle = 0.4 + 0.7 * k
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        W[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = radius * np.array(turn)
        if k and not normal:
            W[2 * k - 2 : 2 * k, 2 * k : 2 * k + 2] = COUPLING * np.eye(2)
    return W


def slider_norms(radius: float, nonlinearity: str, normal: bool) -> np.ndarray:
    """Return how much a gradient can be stretched over 0, 1, ... ``LAGS`` steps back, ``(LAGS + 1,)``.

    The network reads a fixed signal; ``"linear"`` has slopes of 1, so its product is a power of ``W_hh``.
    """
    W_hh = slider_matrix(radius, normal)
    if nonlinearity == "linear":
        powers = [np.linalg.matrix_power(W_hh, lag) for lag in range(LAGS + 1)]
        return np.array([np.linalg.norm(power, 2) for power in powers])
    t, unit = np.arange(1, LAGS + 2)[:, None, None], np.arange(2 * PAIRS)
    signal = 0.5 * np.sin(1.3 * t + 2.1 * unit)  # (T, 1, 8): one input for each unit
    cell = rnn.Params(np.eye(2 * PAIRS), W_hh, np.zeros(2 * PAIRS))
    h, _ = rnn.forward(cell, signal, nonlinearity=nonlinearity)
    return gradients.jacobian_norms(h, W_hh, nonlinearity)[::-1, 0]


def _every(count: int) -> int:
    """Return a distance between markers that leaves the line visible."""
    return max(1, count // 6)


@book_style
def by_lag(
    norms: Mapping[str, np.ndarray], compared: Mapping[str, np.ndarray] = MappingProxyType({})
) -> Figure:
    """Draw norms against the number of steps back, on a logarithmic scale.

    Parameters
    ----------
    norms : mapping
        Label -> norms ``(K,)`` at 0, 1, ... K - 1 steps back.
    compared : mapping
        The same for lines that are only there for comparison: drawn thin.
    """
    figure, axes = blank(6.8)
    for line, (label, values) in zip(LINES, norms.items()):
        # a norm of exactly 0 has no place on the axis: the line ends there
        drawn = np.where(values > 0, values, np.nan)
        axes.semilogy(drawn, label=label, markevery=_every(len(values)), **line._asdict())
    for label, values in compared.items():
        axes.semilogy(values, color="#555555", linewidth=1, linestyle="-", label=label)
    axes.set(xlabel="steps back", ylabel="norm of the product")
    axes.legend()
    return figure


@book_style
def spectra(matrices: Mapping[str, np.ndarray]) -> Figure:
    """Draw the eigenvalues of four matrices in the complex plane, with the unit circle.

    Parameters
    ----------
    matrices : mapping
        Title -> matrix ``(H, H)``; a dashed circle shows its spectral norm.
    """
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    grid = figure.subplots(2, 2, sharex=True, sharey=True).ravel()
    for axes, (title, W) in zip(grid, matrices.items(), strict=True):
        values = np.linalg.eigvals(W)
        turn = np.exp(2j * np.pi * np.linspace(0, 1, 200))
        norm = np.linalg.norm(W, 2)
        axes.plot(turn.real, turn.imag, color="#555555", linewidth=1, label="circle of radius 1")
        axes.plot(norm * turn.real, norm * turn.imag, color=LINES[1].color, linestyle="--", linewidth=1.5)
        axes.plot(values.real, values.imag, linestyle="none", marker="o", markersize=3, color=LINES[0].color)
        axes.set(title=title, aspect="equal")
    figure.supxlabel("real part", fontsize="medium")
    figure.supylabel("imaginary part", fontsize="medium")
    return figure


@book_style
def rates(gains: Sequence[float], measured: Mapping[str, np.ndarray]) -> Figure:
    """Draw the factor per step at which gradients grow or shrink, against the gain of ``W_hh``.

    Parameters
    ----------
    gains : sequence (N,)
    measured : mapping
        Label -> factors ``(N,)``.
    """
    figure, axes = blank(6.6)
    for line, (label, values) in zip(LINES, measured.items()):
        axes.plot(gains, values, label=label, **line._asdict())
    axes.axhline(1, color="#555555", linewidth=1)
    axes.set(xlabel="gain g of the orthogonal matrix", ylabel="factor per step")
    axes.legend()
    return figure


@book_style
def singular_values(matrices: Mapping[str, np.ndarray], log: bool = False) -> Figure:
    """Draw the singular values of some matrices, largest first.

    Parameters
    ----------
    matrices : mapping
        Label -> matrix ``(H, H)``.
    log : bool
        Whether the values are drawn on a logarithmic scale.
    """
    figure, axes = blank(6.6)
    for line, (label, W) in zip(LINES, matrices.items()):
        values = np.linalg.svd(W, compute_uv=False)
        values = np.where(values > 0, values, np.nan) if log else values  # 0 has no place on such an axis
        axes.plot(
            range(1, len(values) + 1), values, label=label, markevery=_every(len(values)), **line._asdict()
        )
    axes.set(xlabel="number, largest first", ylabel="singular value")
    if log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.legend()
    return figure


@book_style
def two_runs(losses: Mapping[str, Numbers], norms: Mapping[str, Numbers]) -> Figure:
    """Draw loss and gradient norm of training runs, one above the other, on logarithmic scales.

    Parameters
    ----------
    losses, norms : mappings
        Label -> a number for each step; None, where it is not finite, is marked with a cross at the top.
    """
    figure = Figure(figsize=(6.8, 5.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    for axes, runs, ylabel in ((above, losses, "loss"), (below, norms, "gradient norm, before clipping")):
        for line, (label, values) in zip(LINES, runs.items()):
            numbers = np.array([np.nan if value is None else value for value in values], float)
            style = {**line._asdict(), "linewidth": 1.3, "marker": None}
            axes.semilogy(numbers, label=label, **style)
            if np.isnan(numbers[-1]):
                axes.annotate(
                    "NaN",
                    (len(numbers) - 1, np.nanmax(numbers)),
                    (8, -4),
                    textcoords="offset points",
                    color=line.color,
                    fontweight="bold",
                )
                axes.plot(len(numbers) - 1, np.nanmax(numbers), "X", color=line.color, markersize=9)
        axes.set_ylabel(ylabel)
    above.legend(loc="upper right")
    below.set_xlabel("training step")
    return figure


def _scores(axes: Axes, curves: Mapping[str, Mapping[str, Any]]) -> None:
    for line, (label, curve) in zip(LINES, curves.items()):
        for number, scores in enumerate(curve["scores"]):
            name = label if number == 0 else "_nolegend_"
            style = {**line._asdict(), "linewidth": 1.3, "markersize": 5}
            axes.plot(curve["steps"], scores, label=name, markevery=_every(len(scores)), **style)


@book_style
def task(curves: Mapping[str, Mapping[str, Any]], level: float, name: str, ylabel: str, log: bool) -> Figure:
    """Draw how networks learn a task: one line for each training run, one look for each cell.

    Parameters
    ----------
    curves : mapping
        Cell -> ``{"steps": (N,), "scores": (seeds, N)}``.
    level, name : float, str
        The line to beat, and what it is called.
    log : bool
        Whether the scores are drawn on a logarithmic scale.
    """
    figure, axes = blank(6.8)
    _scores(axes, curves)
    axes.axhline(level, color="#555555", linewidth=1, linestyle=":", label=name)
    if log:
        axes.set_yscale("log")
    else:
        axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.set(xlabel="training steps", ylabel=ylabel)
    axes.legend()
    return figure


@book_style
def adding_example(values: np.ndarray, marks: np.ndarray, target: float) -> Figure:
    """Draw one sequence of the adding problem: values ``(T,)`` as stems, the marked ones filled."""
    figure, axes = blank(6.8, 2.8)
    steps = np.arange(1, len(values) + 1)
    axes.vlines(steps, 0, values, color="#999999", linewidth=1)
    axes.plot(steps, values, "o", markersize=4, markerfacecolor="white", color=LINES[0].color, label="value")
    marked = marks == 1
    axes.plot(steps[marked], values[marked], "s", markersize=9, color=LINES[1].color, label="marked value")
    for step, value in zip(steps[marked], values[marked]):
        axes.annotate(f"{value:.2f}", (step, value), (0, 8), textcoords="offset points", ha="center")
    axes.set(xlabel="step", ylabel="value", ylim=(0, 1.25), title=f"target: {target:.2f}")
    axes.legend(loc="upper right", ncols=2)
    return figure
