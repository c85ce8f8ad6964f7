"""The pictures of the chapter on recurrent networks show what they are given, and not by colour alone."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from rnncourse.figures import power_of_ten
from rnncourse.figures import rnn as pictures
from rnncourse.reference import losses, output_layer, rnn


def drawn(figure: Figure) -> None:
    """Lay the figure out, as a page does; what cannot be drawn fails here."""
    figure.draw_without_rendering()


def lines(axes) -> dict:
    return {line.get_label(): line for line in axes.get_lines()}


def assert_told_apart_without_colour(labelled) -> None:
    # get_linestyle() says "--" of every dash pattern; only the pattern itself tells them apart
    looks = [(line.get_marker(), str(line._dash_pattern)) for line in labelled]
    assert len(set(looks)) == len(looks)


def test_the_pencil_network_answers_the_same_word_in_two_ways():
    net = pictures.pencil_network()
    h, _ = rnn.forward(net.cell, net.E[net.ids])
    p = losses.softmax(output_layer.forward(h, net.W_hy, net.b_y))[:, 0]
    assert net.ids[0, 0] == net.ids[4, 0]
    assert [net.vocabulary[best] for best in p.argmax(axis=1)] == ["cat", "sat", "on", "the", "mat"]
    assert p.max(axis=1).min() > 0.9


def test_the_pencil_network_can_be_followed_with_a_pencil():
    net = pictures.pencil_network()
    for array in (net.E, *net.cell, net.W_hy, net.b_y):
        np.testing.assert_array_equal(array, array.round(1))


def test_next_words_writes_the_probabilities_at_their_places():
    p = np.array([[0.7, 0.3, 0.0], [0.004, 0.016, 0.98]])
    figure = pictures.next_words({"the cat": p, "the dog": p[::-1]}, ["the", "cat", "mat"])
    drawn(figure)
    left, right = figure.axes
    shown = {(*text.get_position(), text.get_text()) for text in left.texts}
    assert shown == {(0, 0, "0.70"), (0, 1, "0.30"), (1, 1, "0.02"), (1, 2, "0.98")}  # 0.004 would read 0.00
    assert [label.get_text() for label in left.get_xticklabels()] == ["the", "cat"]
    assert [label.get_text() for label in right.get_xticklabels()] == ["the", "dog"]
    assert [label.get_text() for label in left.get_yticklabels()] == ["the", "cat", "mat"]


def test_after_one_kick_puts_each_column_into_its_panel():
    states = {"weight 1": np.array([[1.0, 2.0], [3.0, 4.0]]), "weight 2": np.array([[5.0, 6.0], [7.0, 8.0]])}
    figure = pictures.after_one_kick(states, ["tanh", "ReLU"])
    drawn(figure)
    for panel, axes in enumerate(figure.axes):
        assert axes.get_title() == ["tanh", "ReLU"][panel]
        assert axes.get_yscale() == "log"
        for label, history in states.items():
            np.testing.assert_array_equal(lines(axes)[label].get_xydata()[:, 0], [1, 2])
            np.testing.assert_array_equal(lines(axes)[label].get_xydata()[:, 1], history[:, panel])
        assert_told_apart_without_colour(axes.get_lines())


def test_loss_positions_marks_the_steps_that_count_by_shape_and_word():
    figure = pictures.loss_positions({"one": np.array([0, 0, 1]), "all": np.array([True, True, True])})
    drawn(figure)
    (axes,) = figure.axes
    marks = {tuple(line.get_xydata()[0]): line.get_marker() for line in axes.get_lines()}
    assert marks == {(1, 0): "x", (2, 0): "x", (3, 0): "o", (1, 1): "o", (2, 1): "o", (3, 1): "o"}
    assert {tuple(map(float, text.xy)) for text in axes.texts if text.get_text() == "loss"} == {
        place for place, marker in marks.items() if marker == "o"
    }


def test_delay_error_draws_measurements_as_marks_and_estimates_as_lines():
    sizes = np.array([0.01, 0.1])
    figure = pictures.delay_error(
        sizes, {"delay 1": sizes**3, "delay 2": 2 * sizes**3}, [sizes**2, 3 * sizes**2]
    )
    drawn(figure)
    (axes,) = figure.axes
    marks = [line for line in axes.get_lines() if line.get_marker() != "None"]
    estimates = [line for line in axes.get_lines() if line.get_marker() == "None"]
    assert [line.get_label() for line in marks] == ["delay 1", "delay 2"]
    for line, values in zip(
        [*marks, *estimates], [sizes**3, 2 * sizes**3, sizes**2, 3 * sizes**2], strict=True
    ):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([sizes, values]))
    assert_told_apart_without_colour(marks)


def test_chunk_error_keeps_exact_zeros_on_the_picture():
    figure = pictures.chunk_error({"carried": np.zeros(6), "forgotten": np.array([0, 0, 0, 1, 0.1, 0.01])}, 3)
    drawn(figure)
    (axes,) = figure.axes
    np.testing.assert_array_equal(lines(axes)["carried"].get_ydata(), np.full(6, 1e-17))
    np.testing.assert_array_equal(lines(axes)["forgotten"].get_ydata()[3:], [1, 0.1, 0.01])
    assert list(axes.get_xticks()) == [1, 4]  # where chunks begin
    assert_told_apart_without_colour(axes.get_lines())


def test_learning_curve_draws_the_curve_and_every_baseline():
    figure = pictures.learning_curve([0, 10], [6.0, 3.0], {"bigram": 3.5, "unigram": 4.5})
    drawn(figure)
    (axes,) = figure.axes
    np.testing.assert_array_equal(lines(axes)["our RNN"].get_xydata(), [[0, 6], [10, 3]])
    assert set(lines(axes)["bigram"].get_ydata()) == {3.5}
    assert set(lines(axes)["unigram"].get_ydata()) == {4.5}
    assert_told_apart_without_colour(axes.get_lines())


@pytest.mark.parametrize(
    "name", ["next_words", "after_one_kick", "loss_positions", "delay_error", "chunk_error"]
)
def test_axes_are_labelled(name):
    one = np.array([[0.5, 0.5], [0.25, 0.75]])
    figure = {
        "next_words": lambda: pictures.next_words({"the cat": one}, ["the", "cat"]),
        "after_one_kick": lambda: pictures.after_one_kick({"weight": one}, ["tanh", "ReLU"]),
        "loss_positions": lambda: pictures.loss_positions({"one": one[0]}),
        "delay_error": lambda: pictures.delay_error(one[0], {"delay": one[0]}, [one[0]]),
        "chunk_error": lambda: pictures.chunk_error({"carried": one[0]}, 1),
    }[name]()
    axes = figure.axes[0]
    assert axes.get_xlabel()
    assert axes.get_ylabel() or axes.get_yticklabels()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.2e-6, "3·10⁻⁶"),
        (9.6e-9, "1·10⁻⁸"),
        (-4.4e-12, "−4·10⁻¹²"),
        (np.float64(2e10), "2·10¹⁰"),
        (0, "0·10⁰"),
    ],
)
def test_a_small_number_is_written_for_readers(value, text):
    assert power_of_ten(value) == text
