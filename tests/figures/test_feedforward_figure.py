"""The pictures of the chapter on windows show the lines that their captions promise."""

import io

import matplotlib
import numpy as np
import pytest

from rnncourse import figures
from rnncourse.figures import feedforward as pictures

matplotlib.use("Agg")


def labels(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def line(figure, label):
    (found,) = (x for x in figure.axes[0].get_lines() if x.get_label() == label)
    return found


def test_lines_differ_in_more_than_colour():
    for field in ("color", "marker", "linestyle"):
        assert len({getattr(style, field) for style in figures.LINES}) == len(figures.LINES)


def luminance(color):
    rgb = np.array(matplotlib.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("style", figures.LINES)
def test_every_line_stands_out_from_the_card(style):
    assert 1.05 / (luminance(style.color) + 0.05) >= 3


def test_next_words_draws_shares_of_each_context():
    figure = pictures.next_words({"the": {"mat": 1, "cat": 3}, "on the": {"mat": 5}}, ["cat", "mat", "rug"])
    first, second = ([bar.get_width() for bar in ax.patches] for ax in figure.axes)
    assert first == [0.75, 0.25, 0] and second == [0, 1, 0]
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["cat", "mat", "rug"]


def test_loss_and_floor_draws_the_median_above_the_floor():
    trained = np.array([[0.9, 0.6], [0.8, 0.7], [1.2, 0.5]])
    figure = pictures.loss_and_floor([1, 2], [0.7, 0.4], trained)
    np.testing.assert_allclose(line(figure, "trained network").get_ydata(), [0.9, 0.6])
    (floor,) = (x for x in figure.axes[0].get_lines() if x.get_label().startswith("floor"))
    np.testing.assert_allclose(floor.get_ydata(), [0.7, 0.4])


def test_unseen_draws_percent():
    figure = pictures.unseen([1, 2], [0.06, 0.36], [0.0, 0.01])
    np.testing.assert_allclose(line(figure, "words").get_ydata(), [6, 36])
    np.testing.assert_allclose(line(figure, "characters").get_ydata(), [0, 1])


def test_parameters_draws_the_count_and_the_level():
    figure = pictures.parameters([1, 2, 5], [1000, 1500, 3000], 1200)
    np.testing.assert_allclose(line(figure, "network on the window (F5)").get_ydata(), [1, 1.5, 3])
    np.testing.assert_allclose(line(figure, "recurrent network (F6)").get_ydata(), [1.2, 1.2])


@pytest.mark.parametrize("far", [8, 80])
def test_recall_draws_medians_bands_and_chance(far):
    errors = {"window": np.array([[0.0, 0.7], [0.2, 0.8], [0.1, 0.7]]), "recurrent": np.zeros((2, 2))}
    figure = pictures.recall([1, far], errors, 0.75, trained_to=5)
    assert labels(figure) == ["window", "recurrent", "chance", "longest in training"]
    np.testing.assert_allclose(line(figure, "window").get_ydata(), [10, 70])
    np.testing.assert_allclose(line(figure, "chance").get_ydata(), [75, 75])
    np.testing.assert_allclose(line(figure, "longest in training").get_xdata(), [5, 5])
    band = figure.axes[0].collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((0, 80))
    styles = {(x.get_color(), x.get_linestyle(), x.get_marker()) for x in figure.axes[0].get_lines()}
    assert len(styles) == len(figure.axes[0].get_lines())


def test_a_figure_stands_on_a_white_card_and_leaves_the_style_alone():
    before = dict(matplotlib.rcParams)
    figure = pictures.unseen([1, 2], [0.1, 0.2], [0.0, 0.1])
    assert matplotlib.colors.to_hex(figure.get_facecolor()) == "#ffffff"
    assert dict(matplotlib.rcParams) == before
    figure.savefig(picture := io.BytesIO(), format="png")
    assert picture.getvalue().startswith(b"\x89PNG")
