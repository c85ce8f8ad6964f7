"""The page on speed shows the recorded rows as they are."""

import pytest

from rnncourse.figures import benchmarks as pictures

ROWS = [
    {"work": "ours", "anchor": "theirs", "shape": "T=5", "ratio": 0.5, "goal": 0.7},
    {"work": "ours", "anchor": "theirs", "shape": "T=9", "ratio": 2.0, "goal": 0.7},
    {"work": "ours", "anchor": "theirs", "shape": "geometric mean", "ratio": 1.0, "goal": 0.8},
    {"work": "alone", "anchor": "theirs", "shape": "", "ratio": 0.25, "goal": 0.25},
]


def test_the_summary_keeps_the_mean_or_the_only_row():
    assert pictures.summary(ROWS) == ROWS[2:]


def test_a_table_says_which_goals_are_met():
    *_, missed, mean, met = pictures.table(ROWS, shapes=True).splitlines()
    assert missed == "| ours | theirs | T=9 | 2.00 | 0.70 | no |"
    assert mean == "| ours | theirs | geometric mean | 1.00 | 0.80 | no |"
    assert met == "| alone | theirs |  | 0.25 | 0.25 | yes |"
    assert pictures.table(ROWS[3:], shapes=False).splitlines()[-1] == "| alone | theirs | 0.25 | 0.25 | yes |"


def test_dots_and_bars_stand_at_ratios_and_goals():
    (axes,) = pictures.ratios(ROWS).axes
    dots, bars, _ = axes.get_lines()
    assert list(dots.get_xdata()) == [1.0, 0.25]
    assert list(bars.get_xdata()) == [0.8, 0.25]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ours / theirs", "alone / theirs"]
    assert axes.get_xscale() == "log"
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {"measured", "goal"}
    assert axes.yaxis_inverted() == pytest.approx(True)
