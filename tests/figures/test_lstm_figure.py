"""The pictures of the chapter on long short-term memory show what they are given, and not by colour alone."""

import numpy as np
from matplotlib.figure import Figure

from rnncourse.figures import lstm as pictures
from rnncourse.reference import lstm


def drawn(figure: Figure) -> None:
    """Lay the figure out, as a page does; what cannot be drawn fails here."""
    figure.draw_without_rendering()


def labelled(axes) -> dict:
    return {line.get_label(): line for line in axes.get_lines() if not line.get_label().startswith("_")}


def assert_told_apart_without_colour(lines) -> None:
    looks = [(line.get_marker(), str(line._dash_pattern)) for line in lines]
    assert len(set(looks)) == len(looks)


def test_the_pencil_cell_can_be_followed_with_a_pencil():
    for array in pictures.pencil_cell():
        np.testing.assert_array_equal(array, array.round(1))
    h, c = lstm.step(pictures.pencil_cell(), np.ones((1, 1)), np.full((1, 1), 0.5), np.full((1, 1), 0.8))
    # by hand: 0.9002 * 0.8 - 0.6225 * 0.4621, and 0.6225 * tanh of it
    np.testing.assert_allclose([c[0, 0], h[0, 0]], [0.4326, 0.2536], atol=1e-4)


def test_the_explorer_s_unit_takes_its_inputs_as_the_inside_of_the_gates():
    inside, weight = pictures.explorer_start()
    assert inside.shape == (10, 1, 4) and weight == 0
    _, c, cache = lstm.forward(pictures.explorer_params(3.0), inside)
    i, f, g, _ = cache.gates[:, :, 0, 0].T
    np.testing.assert_allclose(f, 1 / (1 + np.exp(-inside[:, 0, 1])))
    assert np.isclose(np.arctanh(g[0]), inside[0, 0, 2])
    assert not np.isclose(np.arctanh(g[1]), inside[1, 0, 2])  # from step 2 on, h has a say
    assert abs(c[0, 0, 0] - i[0] * g[0]) < 1e-12


def test_latch_draws_the_cells_between_what_is_possible_at_worst():
    cells = {"+1": np.array([0.9, 0.8]), "−1": np.array([-0.9, -0.85])}
    bound = np.array([0.85, 0.7])
    figure = pictures.latch(cells, bound)
    drawn(figure)
    (axes,) = figure.axes
    for label, history in cells.items():
        np.testing.assert_array_equal(labelled(axes)[label].get_xydata(), np.column_stack([[1, 2], history]))
    thin = [line.get_ydata() for line in axes.get_lines() if line.get_linewidth() == 1]
    np.testing.assert_array_equal(thin, [bound, -bound])
    assert_told_apart_without_colour(labelled(axes)[label] for label in cells)


def test_gradient_back_draws_marks_for_the_totals_and_lines_for_the_belt():
    totals = {"RNN": np.array([1.0, 0.1]), "LSTM": np.array([1.0, 0.5])}
    figure = pictures.gradient_back(totals, {"LSTM": np.array([1.0, 0.4])})
    drawn(figure)
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    marks = labelled(axes)
    for label, sizes in totals.items():
        np.testing.assert_array_equal(marks[label].get_xydata(), np.column_stack([[0, 1], sizes]))
        assert marks[label].get_linestyle() == "None"
    (belt,) = (line for line in axes.get_lines() if line.get_label() not in totals)
    np.testing.assert_array_equal(belt.get_ydata(), [1.0, 0.4])
    assert belt.get_color() == marks["LSTM"].get_color()
    assert_told_apart_without_colour(marks.values())


def test_timer_puts_each_network_into_its_panel():
    h, c = np.array([0.0, 0.7]), np.array([0.1, 0.2])
    figure = pictures.timer({"with": (h, c), "without": (c, h)})
    drawn(figure)
    left, right = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["with", "without"]
    np.testing.assert_array_equal(labelled(left)["cell state c"].get_ydata(), c)
    np.testing.assert_array_equal(labelled(right)["state h"].get_ydata(), c)
    assert_told_apart_without_colour(labelled(left).values())


def test_keeping_writes_how_many_runs_learned_it_and_leaves_gaps_empty():
    rows = [
        {"kind": "RNN", "steps": 10, "updates": [40, None, 50]},
        {"kind": "LSTM", "steps": 10, "updates": [30, 20, 10]},
        {"kind": "LSTM", "steps": 30, "updates": [None, None, None]},
    ]
    figure = pictures.keeping(rows)
    drawn(figure)
    (axes,) = figure.axes
    shown = {tuple(map(float, text.get_position())): text.get_text() for text in axes.texts}
    assert shown == {
        (0, 0): "2 of 3\n(45)",
        (0, 1): "3 of 3\n(20)",
        (1, 1): "0 of 3",
        (1, 0): "not tried",
    }
    assert [label.get_text() for label in axes.get_yticklabels()] == ["RNN", "LSTM"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10", "30"]


def test_axes_are_labelled():
    one = np.array([0.5, 0.25])
    rows = [{"kind": "RNN", "steps": 10, "updates": [1]}]
    for figure in (
        pictures.latch({"a": one}, one),
        pictures.gradient_back({"a": one}, {}),
        pictures.timer({"a": (one, one)}),
        pictures.keeping(rows),
    ):
        assert figure.axes[0].get_xlabel()
