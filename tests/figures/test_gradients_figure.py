"""The pictures of the chapter on gradients show what they are given, and not by colour alone."""

import numpy as np
import pytest

from rnncourse.figures import gradients as pictures
from rnncourse.reference import gradients


def lines(axes) -> dict:
    return {line.get_label(): line for line in axes.get_lines()}


def assert_told_apart_without_colour(labelled) -> None:
    looks = [(line.get_marker(), str(line._dash_pattern)) for line in labelled]
    assert len(set(looks)) == len(looks)


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.3])
def test_the_sliders_matrices_have_the_radius_and_only_one_is_normal(radius):
    normal, other = (pictures.slider_matrix(radius, choice) for choice in (True, False))
    for W in (normal, other):
        np.testing.assert_allclose(abs(np.linalg.eigvals(W)), radius, rtol=1e-6)
    np.testing.assert_allclose(normal @ normal.T, radius**2 * np.eye(8), atol=1e-12)
    assert np.linalg.norm(normal, 2) == pytest.approx(radius)
    assert np.linalg.norm(other, 2) > radius + 0.4
    assert abs(other @ other.T - other.T @ other).max() > 0.1


def test_the_sliders_norms_are_those_of_products_of_jacobians():
    W = pictures.slider_matrix(1.1, normal=False)
    powers = [1, *(np.linalg.norm(power, 2) for power in (W, W @ W))]
    np.testing.assert_allclose(pictures.slider_norms(1.1, "linear", normal=False)[:3], powers)
    for kind, slope in (("tanh", lambda h: 1 - h**2), ("relu", lambda h: h > 0)):
        h, J = np.zeros(8), []
        for t in range(1, pictures.LAGS + 2):
            a = W @ h + 0.5 * np.sin(1.3 * t + 2.1 * np.arange(8))
            h = np.tanh(a) if kind == "tanh" else np.maximum(a, 0)
            J.append(np.diag(slope(h)) @ W)
        norms = pictures.slider_norms(1.1, kind, normal=False)
        assert len(norms) == pictures.LAGS + 1
        np.testing.assert_allclose(norms[:3], [1, np.linalg.norm(J[-1], 2), np.linalg.norm(J[-1] @ J[-2], 2)])
        whole = np.linalg.multi_dot(J[:0:-1])  # newest on the left; the oldest of 61 states ends the 60 lags
        assert norms[-1] == pytest.approx(np.linalg.norm(whole, 2), rel=1e-9)


def test_by_lag_draws_every_line_and_ends_one_where_it_is_zero():
    norms = {"a": np.array([1.0, 0.5, 0.0]), "b": np.array([1.0, 2.0, 4.0])}
    figure = pictures.by_lag(norms, {"bound": np.array([1.0, 3.0])})
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    np.testing.assert_array_equal(lines(axes)["a"].get_ydata(), [1, 0.5, np.nan])
    np.testing.assert_array_equal(lines(axes)["b"].get_xydata(), [[0, 1], [1, 2], [2, 4]])
    np.testing.assert_array_equal(lines(axes)["bound"].get_ydata(), [1, 3])
    assert_told_apart_without_colour(axes.get_lines())
    assert axes.get_xlabel() and axes.get_ylabel()


def test_spectra_draws_eigenvalues_and_both_circles():
    W = np.array([[0.0, -2.0], [2.0, 0.0]])
    figure = pictures.spectra({"turn": W, "half": W / 4, "again": W, "last": W / 8})
    figure.draw_without_rendering()
    for axes, scale in zip(figure.axes, (2, 0.5, 2, 0.25), strict=True):
        one, norm, values = axes.get_lines()
        np.testing.assert_allclose(np.hypot(*one.get_xydata().T), 1)
        np.testing.assert_allclose(np.hypot(*norm.get_xydata().T), scale)
        np.testing.assert_allclose(
            sorted(map(tuple, values.get_xydata())), [(0, -scale), (0, scale)], atol=1e-12
        )
    assert [axes.get_title() for axes in figure.axes] == ["turn", "half", "again", "last"]


def test_rates_draws_every_line():
    figure = pictures.rates([0.5, 1.0], {"tanh": np.array([0.4, 0.7]), "ReLU": np.array([0.3, 0.6])})
    figure.draw_without_rendering()
    (axes,) = figure.axes
    np.testing.assert_array_equal(lines(axes)["ReLU"].get_xydata(), [[0.5, 0.3], [1.0, 0.6]])
    assert_told_apart_without_colour([lines(axes)["tanh"], lines(axes)["ReLU"]])


@pytest.mark.parametrize("log", [False, True])
def test_singular_values_come_largest_first(log):
    figure = pictures.singular_values({"a": np.diag([1.0, 0.0, 3.0]), "b": np.eye(3)}, log=log)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    np.testing.assert_allclose(lines(axes)["a"].get_xydata(), [[1, 3], [2, 1], [3, np.nan if log else 0]])
    assert (axes.get_yscale() == "log") == log
    assert_told_apart_without_colour(axes.get_lines())


def test_two_runs_marks_the_one_that_broke():
    losses = {"plain": [1.0, 5.0, None], "clipped": [1.0, 0.5, 0.1]}
    figure = pictures.two_runs(losses, {"plain": [2.0, None, None], "clipped": [2.0, 1.0, 1.0]})
    figure.draw_without_rendering()
    above, below = figure.axes
    np.testing.assert_array_equal(lines(above)["plain"].get_ydata(), [1, 5, np.nan])
    np.testing.assert_array_equal(lines(above)["clipped"].get_ydata(), [1, 0.5, 0.1])
    assert [text.get_text() for text in (*above.texts, *below.texts)] == ["NaN", "NaN"]
    assert above.texts[0].xy == (2, 5)


def test_task_draws_every_run_and_the_line_to_beat():
    curves = {
        "RNN": {"steps": [0, 10], "scores": [[1.0, 0.9], [1.1, 0.8]]},
        "GRU": {"steps": [0, 10], "scores": [[1.2, 0.1]]},
    }
    figure = pictures.task(curves, 0.5, "guessing", "error", log=True)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    drawn = [line.get_xydata().tolist() for line in axes.get_lines()]
    assert [[0, 1.1], [10, 0.8]] in drawn and [[0, 1.2], [10, 0.1]] in drawn
    assert set(lines(axes)["guessing"].get_ydata()) == {0.5}
    assert axes.get_yscale() == "log" and axes.get_ylabel() == "error"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["RNN", "GRU", "guessing"]


def test_an_adding_sequence_shows_its_marks_by_shape_and_number():
    x, targets = gradients.adding_problem(np.random.default_rng(0), 9, 2)
    figure = pictures.adding_example(x[:, 1, 0], x[:, 1, 1], targets[1])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    places = np.flatnonzero(x[:, 1, 1])
    np.testing.assert_array_equal(lines(axes)["marked value"].get_xdata(), places + 1)
    np.testing.assert_array_equal(lines(axes)["value"].get_ydata(), x[:, 1, 0])
    assert [text.get_text() for text in axes.texts] == [f"{x[p, 1, 0]:.2f}" for p in places]
    assert f"{targets[1]:.2f}" in axes.get_title()
