"""Picture and tables of the page "How fast it is", from the figures that ``rnncourse bench`` recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from rnncourse.figures import LINES, blank, book_style

Rows = Sequence[Mapping[str, Any]]
TICKS = (0.1, 0.2, 0.5, 1, 2, 5)


def summary(rows: Rows) -> list[Mapping[str, Any]]:
    """Return one row for each comparison: its geometric mean, or the only row that it has."""
    kinds = {(row["work"], row["anchor"]): row for row in rows}  # the last one of each, which is the mean
    return list(kinds.values())


def table(rows: Rows, shapes: bool) -> str:
    """Return a Markdown table of some rows, with the shapes that they were measured on or without."""
    heads = [
        "work",
        "measured against",
        *(["shape"] if shapes else []),
        "ratio",
        "goal: at most",
        "goal met?",
    ]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row in rows:
        cells = [row["work"], row["anchor"], *([row["shape"]] if shapes else []), f"{row['ratio']:.2f}"]
        cells += [f"{row['goal']:.2f}", "yes" if row["ratio"] <= row["goal"] else "no"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


@book_style
def ratios(rows: Rows) -> Figure:
    """Draw the ratio of each comparison as a dot, its goal as a bar: left of the bar, the goal is met."""
    chosen = summary(rows)
    figure, axes = blank(width=7.2, height=0.8 + 0.27 * len(chosen))
    places = range(len(chosen))
    dot, bar = LINES[0], LINES[1]
    measured = [row["ratio"] for row in chosen]
    goals = [row["goal"] for row in chosen]
    axes.plot(measured, places, label="measured", color=dot.color, marker=dot.marker, linestyle="")
    axes.plot(goals, places, label="goal", color=bar.color, marker="|", markersize=13, linestyle="")
    axes.axvline(1, color="#555555", linewidth=1)
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axes.set_yticks(places, [f"{row['work']} / {row['anchor']}" for row in chosen], fontsize=7.5)
    axes.invert_yaxis()
    axes.set_xlabel("ours over the anchor (logarithmic)")
    axes.legend(loc="lower right")
    return figure
