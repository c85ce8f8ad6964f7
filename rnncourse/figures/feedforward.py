"""Pictures of the chapter "The limits of feedforward networks"; the numbers come from the page's own runs."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rnncourse.figures import LINES, blank, book_style, panels

Errors = NDArray[np.float64]


def _spread(axes: Axes, x: Sequence[int], runs: Errors, label: str, n: int) -> None:
    """Draw the median of the runs (seeds, len(x)) as the figure's n-th line, in a band from least to most."""
    axes.plot(x, np.median(runs, axis=0), label=label, **LINES[n]._asdict())
    axes.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=LINES[n].color, alpha=0.2, linewidth=0)


@book_style
def next_words(contexts: Mapping[str, Mapping[str, int]], words: Sequence[str]) -> Figure:
    """Draw how often (share) each word follows each context: one panel of bars per context."""
    figure, axes = panels(len(contexts))
    places = np.arange(len(words))
    for ax, (context, counts) in zip(axes, contexts.items(), strict=True):
        ax.barh(places, [counts.get(word, 0) / sum(counts.values()) for word in words], color=LINES[0].color)
        ax.set(title=f"“{context} …”", xlim=(0, 1.05), xticks=[0, 0.5, 1], xticklabels=["0", "½", "1"])
        ax.title.set_fontsize(9.5)
    axes[0].set_yticks(places, words)
    axes[0].invert_yaxis()
    figure.supxlabel("share of the times", fontsize=10)
    return figure


@book_style
def loss_and_floor(widths: Sequence[int], floor: Sequence[float], trained: Errors) -> Figure:
    """Draw the loss (nats per word) of trained networks (seeds, widths) above the floor of their window."""
    figure, axes = blank()
    _spread(axes, widths, trained, "trained network", 0)
    axes.plot(widths, floor, label="floor: the best any function can do", **LINES[1]._asdict())
    axes.set(xlabel="words in the window", ylabel="loss (nats per word)", xticks=widths, ylim=(0, None))
    axes.legend()
    return figure


@book_style
def unseen(orders: Sequence[int], words: Sequence[float], characters: Sequence[float]) -> Figure:
    """Draw which share of the test text's n-grams the training text never shows."""
    figure, axes = blank()
    axes.plot(orders, [100 * share for share in words], label="words", **LINES[0]._asdict())
    axes.plot(orders, [100 * share for share in characters], label="characters", **LINES[1]._asdict())
    axes.set(xlabel="n, the length of the n-gram", ylabel="never seen in training (%)", xticks=orders)
    axes.set(ylim=(-3, 103))
    axes.legend()
    return figure


@book_style
def parameters(widths: Sequence[int], window: Sequence[int], recurrent: int) -> Figure:
    """Draw the parameters of the window network against its width, and those of the recurrent one."""
    figure, axes = blank()
    axes.plot(
        widths, [count / 1000 for count in window], label="network on the window (F5)", **LINES[0]._asdict()
    )
    level = LINES[1]
    axes.axhline(
        recurrent / 1000, label="recurrent network (F6)", color=level.color, linestyle=level.linestyle
    )
    axes.set(xlabel="words that can be seen", ylabel="parameters (thousands)", ylim=(0, None))
    axes.legend()
    return figure


@book_style
def recall(
    distances: Sequence[int], curves: Mapping[str, Errors], chance: float, trained_to: int | None = None
) -> Figure:
    """Draw the error (%) against the distance of the clue; `curves` holds errors (seeds, distances) by name.

    The horizontal line is chance; the vertical one marks the longest distance that was trained, if given.
    """
    figure, axes = blank(height=4.3)
    for n, (label, errors) in enumerate(curves.items()):
        _spread(axes, distances, 100 * errors, label, n)
    axes.axhline(100 * chance, color="#555555", linestyle=":", linewidth=1.5, label="chance")
    if trained_to is not None:
        axes.axvline(trained_to, color="#555555", linestyle="--", linewidth=1.5, label="longest in training")
    axes.set(xlabel="distance of the clue (words back)", ylabel="wrong answers (%)", ylim=(-4, 104))
    if max(distances) > 20:
        ticks = [2**k for k in range(int(np.log2(max(distances))) + 1)]
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
    # above the axes, where no line can run behind it
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=9.5)
    return figure
