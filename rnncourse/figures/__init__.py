"""The book's pictures: one function per figure, each returns a `matplotlib.figure.Figure`.

Every figure stands on a white card, so that it reads the same on a light and on a dark page. No line is told
from another by colour alone: the n-th line of a figure has the n-th colour, marker and dashes of `LINES`.
"""

from typing import Any, NamedTuple

from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine


class Line(NamedTuple):
    """How a line is drawn: colour, marker and dash pattern go together.

    The fields are the keyword arguments of `Axes.plot`; write ``axes.plot(x, y, **LINES[0]._asdict())``.
    """

    color: str
    marker: str
    linestyle: str | tuple[int, tuple[int, ...]]


# Okabe and Ito's colours, each at least 3:1 against white: distinct with the common kinds of colour blindness
LINES = (
    Line("#0072b2", "o", "-"),
    Line("#b34700", "s", (0, (5, 2))),
    Line("#00735a", "^", (0, (1, 1))),
    Line("#8a3a76", "D", (0, (3, 1, 1, 1))),
    Line("#3d3d3d", "v", (0, (8, 2, 1, 2))),
)

STYLE: dict[Any, Any] = {
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "grid.color": "#dddddd",
    "legend.framealpha": 1.0,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "savefig.facecolor": "white",
}


SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# every figure function is decorated with it: the style holds while the figure is drawn, and nowhere else
book_style = rc_context(STYLE)


def blank(width: float = 6.0, height: float = 3.9) -> tuple[Figure, Axes]:
    """Return an empty figure (inches) with a card's margin around the drawing, and its axes.

    The figure belongs to no global state (`pyplot` is not used), so nothing has to be closed.
    """
    figure, axes = panels(1, width, height)
    return figure, axes[0]


def panels(count: int, width: float = 6.0, height: float = 3.3) -> tuple[Figure, list[Axes]]:
    """Return an empty figure (inches) with panels side by side that share both axes."""
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    axes = figure.subplots(1, count, sharex=True, sharey=True, squeeze=False)[0]
    for ax in axes:
        ax.set_axisbelow(True)
    return figure, list(axes)


def in_notebook() -> None:
    """Show figures in a notebook as SVG, the same bytes for the same figure."""
    # imported here: only a notebook's kernel needs them
    from IPython.core.getipython import get_ipython
    from matplotlib_inline.backend_inline import configure_inline_support, set_matplotlib_formats

    configure_inline_support(get_ipython(), "module://matplotlib_inline.backend_inline")
    set_matplotlib_formats("svg", metadata={"Date": None}, bbox_inches=None)
    # paths are named after their content, not at random
    rcParams["svg.hashsalt"] = "rnncourse"


def power_of_ten(value: float) -> str:
    """Write a small number for running text: 3e-06 as "3·10⁻⁶", one digit before the dot."""
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit}·10{str(int(exponent)).translate(SUPERSCRIPT)}".replace("-", "−")
