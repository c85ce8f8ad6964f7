"""The pictures of the chapter "Backpropagation through time", and the numbers that readers follow by hand.

The chapter measures, in cells that show how; the drawing functions only draw what they are given.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from rnncourse.figures import LINES, blank, book_style
from rnncourse.figures.rnn import pencil_network
from rnncourse.reference import losses, output_layer, rnn


class Flow(NamedTuple):
    """A gradient on its way back, step by step; row t belongs to the state ``h[t]``, ``(T, H)`` each.

    ``direct`` enters from above, ``carried`` comes from the step after, ``total`` is their sum, ``da`` the
    gradient inside the tanh. ``shares (T, H, H)`` is what each step adds to the gradient of ``W_hh``, and
    ``dh0 (H,)`` is what leaves at the other end.
    """

    direct: np.ndarray
    carried: np.ndarray
    total: np.ndarray
    da: np.ndarray
    shares: np.ndarray
    dh0: np.ndarray


def flow(
    direct: np.ndarray, h: np.ndarray, h0: np.ndarray, W_hh: np.ndarray, window: int | None = None
) -> Flow:
    """Go back through one sequence with the reference's step, and keep everything on the way.

    Parameters
    ----------
    direct : array (T, H)
        The direct derivatives.
    h : array (T, H)
        The states after each step.
    h0 : array (H,)
    W_hh : array (H, H)
    window : int, optional
        Steps per window; nothing crosses from a window to the one before.
    """
    T, H = h.shape
    before = np.concatenate([h0[None], h[:-1]])  # (T, H)
    # The inputs' weight is 1: what stands in x_t's place has the gradient da_t, then.
    cell = rnn.Params(np.eye(H), W_hh, np.zeros(H))
    carried, total, da, shares = (np.zeros(shape) for shape in ((T, H), (T, H), (T, H), (T, H, H)))
    coming = np.zeros(H)
    for t in reversed(range(T)):
        carried[t] = coming
        total[t] = direct[t] + carried[t]
        row = slice(t, t + 1)  # a batch of one
        dx, dh_prev, dcell = rnn.step_backward(cell, total[row], np.zeros((1, H)), before[row], h[row])
        da[t], shares[t] = dx[0], dcell.W_hh
        cut = window is not None and t > 0 and t % window == 0
        coming = np.zeros(H) if cut else dh_prev[0]
    return Flow(direct, carried, total, da, shares, coming)


def pencil_flow(last: str = "cat", window: int | None = None) -> Flow:
    """Return the gradients of the figure ``<gradient-flow>``.

    The network of ``<unrolled-rnn>`` has read "The cat sat on the". Its loss is the mean surprise, in nats
    per word, when the next words were *cat, sat, on, the* and ``last``.
    """
    net = pencil_network()
    h0 = np.zeros(len(net.cell.W_hh))
    h, _ = rnn.forward(net.cell, net.E[net.ids])  # (T, 1, H)
    came = ("cat", "sat", "on", "the", last)
    targets = np.array([[net.vocabulary.index(word)] for word in came])
    logits = output_layer.forward(h, net.W_hy, net.b_y)
    dlogits = losses.softmax_cross_entropy_backward(logits, targets)
    dh, _, _ = output_layer.backward(dlogits, h, net.W_hy)
    return flow(dh[:, 0], h[:, 0], h0, net.cell.W_hh, window)


class Paper(NamedTuple):
    """Three steps to do on paper.

    ``direct (3, H)`` holds the direct derivatives, ``h (3, H)`` the states, ``h0 (H,)`` the state before.
    """

    direct: np.ndarray
    h: np.ndarray
    h0: np.ndarray
    W_hh: np.ndarray


def on_paper(units: int) -> Paper:
    """Return the numbers of "Derive it on paper", for 1 unit or for 2.

    The states are chosen, not computed: 0, 0.6 and 0.8 have the slopes 1, 0.64 and 0.36. Some input leads to
    each of them.
    """
    if units == 1:
        direct, h = [[0.32], [0.91], [0.5]], [[0.6], [-0.8], [0.8]]
        return Paper(np.array(direct), np.array(h), np.array([0.5]), np.array([[0.5]]))
    direct, h = [[0.445, 0.36], [0.59, -0.64], [0.5, 1.0]], [[0.6, -0.8], [0.8, 0.0], [0.0, 0.6]]
    return Paper(np.array(direct), np.array(h), np.array([0.5, 1.0]), np.array([[0.5, -1.0], [0.25, 1.0]]))


@book_style
def errors_by_eps(epsilons: ArrayLike, errors: Mapping[str, np.ndarray]) -> Figure:
    """Draw how far measured gradients are off, over the size of the nudge.

    Parameters
    ----------
    epsilons : array (N,)
    errors : mapping
        Label -> relative error ``(N,)``.
    """
    figure, axes = blank(6.6, 4.2)
    for line, (label, found) in zip(LINES, errors.items()):
        axes.loglog(epsilons, found, label=label, markevery=2, **line._asdict())
    axes.set(xlabel="size of the nudge, ε", ylabel="relative error of the measured slope")
    axes.set_ylim(top=1e4)  # room for the legend
    axes.legend(loc="upper right")
    return figure


@book_style
def truncation_errors(windows: Sequence[int], errors: Mapping[str, Sequence[float]]) -> Figure:
    """Draw how far a truncated gradient is from the whole one.

    Parameters
    ----------
    windows : sequence of N ints
        Steps per window.
    errors : mapping
        Label -> relative error ``(N,)``.
    """
    figure, axes = blank()
    for line, (label, found) in zip(LINES, errors.items()):
        axes.semilogx(windows, found, label=label, **line._asdict())
    axes.set_xticks(windows, [str(window) for window in windows])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="steps per window", ylabel="relative error of the gradient of $W_{hh}$", ylim=(0, 1))
    axes.legend()
    return figure


@book_style
def learned(windows: Sequence[int], errors: np.ndarray, delay: int) -> Figure:
    """Draw what training with truncated gradients ended with, one mark for each run.

    Parameters
    ----------
    windows : sequence of N ints
        Steps per window.
    errors : array (N, seeds)
        Mean squared error at the end.
    delay : int
        How many steps back the answer lies.
    """
    figure, axes = blank()
    places = np.arange(len(windows))
    for run, column in enumerate(errors.T):
        axes.plot(
            places + 0.08 * (run - (errors.shape[1] - 1) / 2), column, color=LINES[0].color, marker="o", ls=""
        )
    axes.axvline(np.searchsorted(windows, delay + 1) - 0.5, color=LINES[1].color, ls="--", lw=1.2)
    axes.axhline(1, color="#555555", ls=":", lw=1.2)
    axes.set_xticks(places, [str(window) for window in windows])
    axes.set(
        xlabel=f"steps per window (dashed: the clue lies {delay} steps back)", ylabel="mean squared error"
    )
    axes.set_ylim(-0.06, 1.12)
    return figure


@book_style
def memory(lengths: Sequence[int], peaks: Mapping[str, np.ndarray]) -> Figure:
    """Draw the memory that a way back needs, over the length of the sequence.

    Parameters
    ----------
    lengths : sequence of N ints
        Steps.
    peaks : mapping
        Label -> bytes ``(N,)``.
    """
    figure, axes = blank()
    for line, (label, found) in zip(LINES, peaks.items()):
        axes.loglog(lengths, found / 1e6, label=label, **line._asdict())
    axes.set_xticks(lengths, [str(length) for length in lengths])
    axes.set_xticks([], minor=True)
    ticks = [0.5, 1, 2, 5, 10, 20]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.set_yticks([], minor=True)
    axes.set(xlabel="steps T of the sequence", ylabel="memory at the peak, MB", ylim=(0.4, 40))
    axes.legend(loc="upper left")
    return figure


@book_style
def caught(counts: Mapping[str, int], total: int) -> Figure:
    """Draw how many broken functions each test finds.

    Parameters
    ----------
    counts : mapping
        What the test's data are -> how many it finds.
    total : int
        How many there are.
    """
    figure, axes = blank(6.8, 0.42 * len(counts) + 1.0)
    rows = np.arange(len(counts))
    axes.barh(rows, list(counts.values()), color=LINES[0].color, height=0.6)
    for row, count in zip(rows, counts.values()):
        axes.annotate(str(count), (count, row), (4, 0), textcoords="offset points", va="center")
    axes.axvline(total, color="#555555", ls=":", lw=1.2)
    axes.set_yticks(rows, list(counts))
    axes.invert_yaxis()
    axes.set(xlabel=f"broken functions found, of {total}", xlim=(0, total * 1.1))
    axes.grid(False)
    return figure
