"""The pictures of the chapter "Long short-term memory", and the small cells that readers follow.

The chapter measures, in cells that show how; these functions only draw what they are given.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnncourse.figures import LINES, blank, book_style, panels
from rnncourse.reference import lstm


def pencil_cell() -> lstm.Params:
    """Return the cell of the pencil example, D = H = 1, its gates in the order i, f, g, o."""
    return lstm.Params(
        W_xh=np.array([[0.6], [1.0], [-0.9], [0.4]]),
        W_hh=np.array([[-0.2], [0.4], [0.8], [1.2]]),
        b_h=np.array([0.0, 1.0, 0.0, -0.5]),
    )


def explorer_params(weight: float) -> lstm.Params:
    """Return the unit of the figure ``<gate-explorer>``: D = 4 inputs, one for the inside of each gate.

    ``weight`` leads from the old h into the candidate, the only way back that is not the belt.
    """
    return lstm.Params(W_xh=np.eye(4), W_hh=np.array([[0.0], [0.0], [weight], [0.0]]), b_h=np.zeros(4))


def explorer_start() -> tuple[np.ndarray, float]:
    """Return what the figure shows first: inputs ``(10, 1, 4)`` and the weight into the candidate.

    The unit writes once, at step 1, and keeps what it wrote; a test holds the script equal to it.
    """
    inside = np.empty((10, 1, 4))
    inside[..., 0], inside[..., 1], inside[..., 3] = -6, 6, 3
    inside[0, 0, :2] = 4, -2
    inside[:, 0, 2] = 1.5, -1, 0.5, -1.5, 1, -0.5, -1, 1.5, -1, 0.5
    return inside, 0.0


@book_style
def latch(cells: Mapping[str, np.ndarray], bound: np.ndarray) -> Figure:
    """Draw a cell state that keeps one bit, and what it can fall to at worst.

    Parameters
    ----------
    cells : mapping
        Label -> cell states ``(T,)``.
    bound : array (T,)
        The least size that the state can have at each step.
    """
    figure, axes = blank(6.4, 3.6)
    steps = np.arange(1, len(bound) + 1)
    for line, (label, history) in zip(LINES, cells.items()):
        axes.plot(steps, history, label=label, markevery=max(1, len(steps) // 8), **line._asdict())
    for sign in (1, -1):
        axes.plot(steps, sign * bound, color="#555555", linewidth=1, label="at worst" if sign > 0 else None)
    axes.set(xlabel="step t", ylabel="cell state c", ylim=(-1.1, 1.1))
    axes.legend(loc="center right")
    return figure


@book_style
def gradient_back(totals: Mapping[str, np.ndarray], directs: Mapping[str, np.ndarray]) -> Figure:
    """Draw how large a gradient is, the further back it goes.

    Parameters
    ----------
    totals : mapping
        Label -> size of the total derivative ``(lags,)``, the last step first, as a share of that.
    directs : mapping
        Label -> the same along the direct path alone; labels that it lacks get no line.
    """
    figure, axes = blank(6.6, 4.2)
    for line, (label, sizes) in zip(LINES, totals.items()):
        lags = np.arange(len(sizes))
        if label in directs:
            axes.semilogy(lags, directs[label], color=line.color, linewidth=0.9)
        style = {**line._asdict(), "linestyle": "none", "markersize": 4.5}
        axes.semilogy(lags, sizes, label=label, markevery=4, **style)
    axes.set(xlabel="steps back from the loss", ylabel="size of the gradient, 1 at the last step")
    axes.set_ylim(1e-12, 10)
    # above the drawing: inside it there is no place without a mark
    axes.legend(
        title="marks: all paths; lines: the belt alone",
        loc="lower center",
        bbox_to_anchor=(0.5, 1),
        ncols=2,
        fontsize="small",
    )
    return figure


@book_style
def timer(states: Mapping[str, Sequence[np.ndarray]]) -> Figure:
    """Draw the cell state and the output of a timer, one panel for each network.

    Parameters
    ----------
    states : mapping
        Title -> (h, c), each ``(T,)``.
    """
    figure, grid = panels(len(states), 7.2, 3.2)
    for axes, (title, (h, c)) in zip(grid, states.items()):
        steps = np.arange(1, len(h) + 1)
        axes.plot(steps, c, label="cell state c", markevery=5, **LINES[0]._asdict())
        axes.plot(steps, h, label="state h", markevery=5, **LINES[1]._asdict())
        axes.set(title=title, xlabel="step t")
    grid[0].legend(loc="upper left")
    return figure


@book_style
def keeping(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw which networks learned to keep one bit, and for how many steps.

    Parameters
    ----------
    rows : sequence of mappings
        ``kind``, ``steps`` and ``updates``: for each run the updates that it needed, or None.
    """
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    lengths = sorted({row["steps"] for row in rows})
    figure, axes = blank(6.8, 0.55 * len(kinds) + 1.0)
    share = np.full((len(kinds), len(lengths)), np.nan)
    for row in rows:
        place = kinds.index(row["kind"]), lengths.index(row["steps"])
        needed = [n for n in row["updates"] if n is not None]
        share[place] = len(needed) / len(row["updates"])
        text = f"{len(needed)} of {len(row['updates'])}"
        if needed:
            text += f"\n({np.median(needed):.0f})"
        color = "white" if share[place] > 0.6 else "black"
        axes.text(place[1], place[0], text, ha="center", va="center", color=color, fontsize="small")
    for kind, length in np.argwhere(np.isnan(share)):
        axes.text(length, kind, "not tried", ha="center", va="center", color="#555555", fontsize="small")
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(lengths)), [str(length) for length in lengths])
    axes.set_yticks(range(len(kinds)), kinds)
    axes.set_xlabel("steps from the bit to the question")
    axes.grid(False)
    return figure
