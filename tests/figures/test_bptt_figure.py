"""The pictures and the pencil numbers of the chapter on backpropagation through time."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.figures import bptt as pictures
from rnncourse.figures import rnn as rnn_pictures
from rnncourse.reference import losses, output_layer, rnn
from rnncourse.reference.gradcheck import numerical_gradient


def drawn(figure: Figure):
    """Lay the figure out, as a page does, and return its axes; what cannot be drawn fails here."""
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert axes.get_xlabel()
    return axes


def lines(axes) -> dict:
    return {line.get_label(): line for line in axes.get_lines()}


def assert_told_apart_without_colour(labelled) -> None:
    looks = [(line.get_marker(), str(line._dash_pattern)) for line in labelled]
    assert len(set(looks)) == len(looks)


# ------------------------------------------------------------------------------------------------ gradients
@pytest.mark.parametrize("window", [None, 1, 2, 3, 9])
def test_a_flow_ends_where_the_reference_does(window):
    rng = np.random.default_rng(0)
    T, D, H = 7, 3, 4
    cell, x, h0, dh = (
        rnn.init(rng, D, H),
        rng.normal(size=(T, 1, D)),
        rng.normal(size=H),
        rng.normal(size=(T, H)),
    )
    h, cache = rnn.forward(cell, x, h0[None])
    _, dh0, dcell = rnn.backward(dh[:, None], cache, window=window)
    flow = pictures.flow(dh, h[:, 0], h0, cell.W_hh, window)
    assert_allclose(flow.shares.sum(axis=0), dcell.W_hh, rtol=1e-12)
    assert_allclose(flow.da.sum(axis=0), dcell.b_h, rtol=1e-12)
    assert_allclose(flow.dh0, dh0[0], rtol=1e-12)
    assert_array_equal(flow.direct, dh)
    assert_array_equal(flow.total, flow.direct + flow.carried)


@pytest.mark.parametrize("last", ["cat", "mat"])
def test_the_totals_of_the_pencil_network_are_measured(last):
    net, flow = rnn_pictures.pencil_network(), pictures.pencil_flow(last)
    x = net.E[net.ids]
    h, _ = rnn.forward(net.cell, x)
    targets = np.array([[net.vocabulary.index(word)] for word in ("cat", "sat", "on", "the", last)])
    for t in range(len(x)):

        def loss(state, t=t, follow=True):
            later = rnn.forward(net.cell, x[t + 1 :], state[None])[0] if follow else h[t + 1 :]
            states = np.concatenate([h[:t], state[None, None], later])
            return losses.softmax_cross_entropy(output_layer.forward(states, net.W_hy, net.b_y), targets)

        assert_allclose(numerical_gradient(loss, h[t, 0]), flow.total[t], atol=1e-8)
        held = numerical_gradient(lambda state, loss=loss: loss(state, follow=False), h[t, 0])
        assert_allclose(held, flow.direct[t], atol=1e-8)


@pytest.mark.parametrize(
    ("units", "expected"), [(1, [[0.232]]), (2, [[0.776, 0.032], [0.122, 0.22]])], ids=["numbers", "matrices"]
)
def test_what_is_derived_on_paper_is_right_and_short_in_decimals(units, expected):
    paper = pictures.on_paper(units)
    before = np.concatenate([paper.h0[None], paper.h[:-1]])
    x = (np.arctanh(paper.h) - before @ paper.W_hh.T)[:, None]
    cell = rnn.Params(np.eye(units), paper.W_hh, np.zeros(units))

    def loss(W):
        return float((paper.direct[:, None] * rnn.forward(cell._replace(W_hh=W), x, paper.h0[None])[0]).sum())

    assert_allclose(rnn.forward(cell, x, paper.h0[None])[0][:, 0], paper.h, atol=1e-14)
    assert_allclose(numerical_gradient(loss, paper.W_hh), expected, atol=1e-9)
    flow = pictures.flow(*paper)
    assert_allclose(flow.shares.sum(axis=0), expected, atol=1e-14)
    for array in (*paper, *flow):
        assert_allclose(array, array.round(3), atol=1e-14)  # three digits are enough on the way


# ------------------------------------------------------------------------------------------------- pictures
CURVES = {"one": np.array([0.1, 0.01, 0.5]), "two": np.array([0.2, 0.03, 0.4])}


@pytest.mark.parametrize("name", ["errors_by_eps", "truncation_errors"])
def test_curves_are_drawn_as_given_and_told_apart(name):
    axes = drawn(getattr(pictures, name)([1, 2, 4], CURVES))
    for label, values in CURVES.items():
        assert_array_equal(lines(axes)[label].get_xydata(), np.column_stack([[1, 2, 4], values]))
    assert_told_apart_without_colour([lines(axes)[label] for label in CURVES])
    assert axes.get_ylabel() and {text.get_text() for text in axes.get_legend().get_texts()} == set(CURVES)


def test_memory_is_drawn_in_megabytes():
    axes = drawn(pictures.memory([100, 200], {"kept": np.array([1e6, 2e6]), "cut": np.array([5e5, 5e5])}))
    assert_array_equal(lines(axes)["kept"].get_ydata(), [1, 2])
    assert_array_equal(lines(axes)["cut"].get_ydata(), [0.5, 0.5])
    assert "MB" in axes.get_ylabel()
    assert_told_apart_without_colour([lines(axes)["kept"], lines(axes)["cut"]])


def test_learned_draws_every_run_and_the_boundary_after_the_delay():
    windows, errors = [1, 5, 6, 24], np.array([[0.3, 0.5], [1.0, 0.9], [0.0, 0.01], [0.0, 0.0]])
    axes = drawn(pictures.learned(windows, errors, delay=5))
    marks = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert_array_equal(np.column_stack([line.get_ydata() for line in marks]), errors)
    boundary = next(line for line in axes.get_lines() if line.get_linestyle() == "--")
    assert set(boundary.get_xdata()) == {1.5}  # between the windows 5 and 6
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "5", "6", "24"]


def test_caught_writes_the_numbers_beside_the_bars():
    axes = drawn(pictures.caught({"easy": 3, "honest": 8}, total=9))
    assert [bar.get_width() for bar in axes.patches] == [3, 8]
    assert [text.get_text() for text in axes.texts] == ["3", "8"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["easy", "honest"]
    assert axes.yaxis_inverted() and "of 9" in axes.get_xlabel()
