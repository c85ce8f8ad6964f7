"""The pictures of the chapter on gated recurrent units show what they are given, and not by colour alone."""

import numpy as np
import pytest

from rnncourse.figures import gru as pictures
from rnncourse.reference import gru, lstm


def lines(axes) -> dict:
    return {line.get_label(): line for line in axes.get_lines()}


def assert_told_apart_without_colour(labelled) -> None:
    # get_linestyle() says "--" of every dash pattern; only the pattern itself tells them apart
    looks = [(line.get_marker(), str(line._dash_pattern)) for line in labelled]
    assert len(set(looks)) == len(looks)


def test_the_two_cells_read_a_value_and_its_mark():
    x, of_lstm, of_gru = pictures.two_cells(pictures.SETTINGS["Add two values"])
    assert x.shape == (pictures.STEPS, 1, 2)
    assert np.flatnonzero(x[:, 0, 0]).tolist() == np.flatnonzero(x[:, 0, 1]).tolist() == [3, 11]
    assert of_lstm.b_h.tolist() == [-4, 6, 0, 4] and of_gru.b_h.tolist() == [-4, 6, 0]
    assert of_lstm.W_xh[0, 1] == 10 == -of_gru.W_xh[1, 1]


@pytest.mark.parametrize("setting", pictures.SETTINGS)
def test_a_setting_holds_plain_numbers_for_every_slider(setting):
    values = pictures.SETTINGS[setting]
    assert values.x.shape == (pictures.STEPS,) and (2 * np.array(values[1:]) % 1 == 0).all()


def test_what_the_settings_are_named_for_happens():
    end = {}
    for name, setting in pictures.SETTINGS.items():
        x, of_lstm, of_gru = pictures.two_cells(setting)
        end[name] = lstm.forward(of_lstm, x)[1][-1, 0, 0], gru.forward(of_gru, x)[0][-1, 0, 0]
    assert max(np.abs(end["Fresh"])) < 0.01
    assert min(end["Hold a value"]) > 0.9
    assert end["Add two values"][0] > 1.8 > 1 > end["Add two values"][1]
    assert abs(end["Count up and down"][0]) < 0.1 < 0.5 < -end["Count up and down"][1]


def test_counter_draws_both_cells_and_where_the_bs_begin():
    c, h = np.array([1.0, 2, 1, 0]), {"z = 0.5": np.array([0.5, 0.75, -0.1, -0.5]), "z = 0.9": np.zeros(4)}
    figure = pictures.counter(c, h)
    figure.draw_without_rendering()
    left, right = figure.axes
    np.testing.assert_array_equal(left.get_lines()[0].get_xydata(), np.column_stack([[1, 2, 3, 4], c]))
    for label, states in h.items():
        np.testing.assert_array_equal(lines(right)[label].get_ydata(), states)
    assert_told_apart_without_colour([lines(right)[label] for label in h])
    assert left.get_lines()[-1].get_xdata()[0] == right.get_lines()[-1].get_xdata()[0] == 2.5


def test_equal_size_draws_every_run_and_the_median():
    scores = {
        "copying": {"LSTM": [0.5, 0.9, 1.0], "GRU": [0.25, 0.75]},
        "play": {"LSTM": [2.0], "GRU": [3.0]},
    }
    figure = pictures.equal_size(scores, {"copying": "right", "play": "bits"})
    figure.draw_without_rendering()
    first, second = figure.axes
    assert [sorted(line.get_ydata()) for line in first.get_lines()] == [[0.5, 0.9, 1.0], [0.25, 0.75]]
    medians = [bar.get_segments()[0][0, 1] for bar in first.collections]
    assert medians == [0.9, 0.5]
    assert first.get_ylabel() == "right" and second.get_title() == "play"
    assert [label.get_text() for label in first.get_xticklabels()] == ["LSTM", "GRU"]
    assert_told_apart_without_colour(first.get_lines())
    # the dots of one cell stay on its own place
    assert all(abs(line.get_xdata() - k).max() < 0.4 for k, line in enumerate(first.get_lines()))


def test_reach_draws_the_measured_share_and_the_path_through_z():
    measured = {"a": np.array([1, 0.5, 0.25]), "b": np.array([1, 0.9, 0.8])}
    direct = {"a": np.array([1, 0.4, 0.1]), "b": np.array([1, 0.8, 0.7])}
    figure = pictures.reach(measured, direct, (1e-3, 2))
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert axes.get_yscale() == "log" and axes.get_ylim() == (1e-3, 2)
    drawn = axes.get_lines()
    for k, label in enumerate(measured):
        assert drawn[2 * k].get_label() == label
        np.testing.assert_array_equal(drawn[2 * k].get_xydata(), np.column_stack([range(3), measured[label]]))
        np.testing.assert_array_equal(drawn[2 * k + 1].get_ydata(), direct[label])
        assert drawn[2 * k].get_color() == drawn[2 * k + 1].get_color()
    assert_told_apart_without_colour(drawn[::2])
