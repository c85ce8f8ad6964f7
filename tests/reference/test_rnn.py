"""What is the simple network's own; all that cells have in common stands in tests/architectures."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnncourse.reference import output_layer, rnn, rnn_cell


def run_delay_line(delay, x, **options):
    W_xh, W_hh, b_h, W_hy, b_y = rnn.delay_line(delay, **options)
    h, _ = rnn.forward(rnn.Params(W_xh, W_hh, b_h), x)
    return output_layer.forward(h, W_hy, b_y)


def delayed(x, delay):
    return np.concatenate([np.zeros_like(x[:delay]), x[: len(x) - delay]])


@pytest.mark.parametrize("delay", [0, 1, 2, 9])
def test_the_delay_line_repeats_its_input(delay):
    x = np.random.default_rng(delay).uniform(-0.01, 0.01, (30, 3, 1))
    y = run_delay_line(delay, x)
    assert_allclose(y, delayed(x, delay), rtol=0, atol=1e-14 * (delay + 1) + 4e-13 * (delay + 1))


def test_the_delay_line_holds_for_long_delays():
    x = np.random.default_rng(0).uniform(-0.01, 0.01, (400, 2, 1))
    assert_allclose(run_delay_line(300, x), delayed(x, 300), rtol=0, atol=2e-10)


def test_the_delay_line_errs_as_its_docstring_says():
    # unscaled, the last unit has lost (delay + 1) x**3 / 3: the first term that tanh leaves out
    x = np.full((40, 1, 1), 0.01)
    lost = delayed(x, 9) - run_delay_line(9, x, scale=1.0)
    assert_allclose(lost[9:], 10 * 0.01**3 / 3, rtol=0.01)


def test_the_delay_line_holds_in_float32():
    x = np.random.default_rng(0).uniform(-0.01, 0.01, (30, 3, 1)).astype(np.float32)
    y = run_delay_line(5, x, dtype=np.float32)
    assert y.dtype == np.float32
    assert_allclose(y, delayed(x, 5), rtol=1e-5, atol=1e-9)


def test_the_delay_line_is_a_shift_register():
    W_xh, W_hh, b_h, W_hy, b_y = rnn.delay_line(3)
    assert (W_xh.shape, b_h.shape, W_hy.shape, b_y.shape) == ((4, 1), (4,), (1, 4), (1,))
    assert W_hh.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert W_hy[0, 3] * W_xh[0, 0] == 1


def test_there_is_no_negative_delay():
    with pytest.raises(ValueError, match="delay should be at least 0, got -1"):
        rnn.delay_line(-1)


@pytest.fixture
def params():
    return rnn.init(np.random.default_rng(1), 3, 5)


@pytest.mark.parametrize("function", ["step", "forward"])
def test_another_nonlinearity_is_refused(params, function):
    x = np.zeros((4, 3)) if function == "step" else np.zeros((7, 4, 3))
    h = np.zeros((4, 5))
    with pytest.raises(ValueError, match="nonlinearity should be 'tanh' or 'relu', got 'sigmoid'"):
        getattr(rnn, function)(params, x, h, nonlinearity="sigmoid")


@pytest.mark.parametrize(
    "name, array, message",
    [
        ("W_xh", np.zeros(5), r"W_xh should have shape \(H, D\), got \(5,\)"),
        ("W_hh", np.zeros((5, 4)), r"W_hh should have shape \(5, 5\), got \(5, 4\)"),
        ("b_h", np.zeros((5, 1)), r"b_h should have shape \(5,\), got \(5, 1\)"),
    ],
)
def test_wrong_weights_are_named(params, name, array, message):
    wrong = params._replace(**{name: array})
    with pytest.raises(ValueError, match=message):
        rnn.forward(wrong, np.zeros((7, 4, 3)))
    with pytest.raises(ValueError, match=message):
        rnn.step(wrong, np.zeros((4, 3)), np.zeros((4, 5)))


@pytest.mark.parametrize("nonlinearity, function", [("tanh", np.tanh), ("relu", lambda a: np.maximum(a, 0))])
def test_a_slope_is_read_off_the_value(nonlinearity, function):
    a, nudge = np.random.default_rng(3).standard_normal((4, 5)), 1e-6
    measured = (function(a + nudge) - function(a - nudge)) / (2 * nudge)
    assert_allclose(rnn_cell.slope(function(a), nonlinearity), measured, rtol=0, atol=1e-9)
