"""What is the coupled LSTM's own; all that cells have in common stands in tests/architectures."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnncourse.reference import coupled_lstm, lstm

T, B, D, H = 7, 4, 3, 5


@pytest.fixture
def params():
    return coupled_lstm.init(np.random.default_rng(0), D, H)


def test_it_is_an_lstm_whose_input_gate_opposes_its_forget_gate(params):
    """1 - sigmoid(a) = sigmoid(-a): four gates, the first with the second one's weights turned round."""
    rng = np.random.default_rng(1)
    x, (h0, c0, dc) = rng.standard_normal((T, B, D)), rng.standard_normal((3, B, H))
    dh, mask = rng.standard_normal((T, B, H)), rng.random((T, B)) < 0.6
    four = lstm.Params(*(np.concatenate([-p[:H], p]) for p in params))
    h, c, cache = coupled_lstm.forward(params, x, h0, c0, mask)
    expected_h, expected_c, plain_cache = lstm.forward(four, x, h0, c0, mask)
    assert_allclose(h, expected_h, rtol=1e-12, atol=1e-13)
    assert_allclose(c, expected_c, rtol=1e-12, atol=1e-13)
    *gradients, dparams = coupled_lstm.backward(dh, dc, cache)
    *expected, dfour = lstm.backward(dh, dc, plain_cache)
    folded = [np.concatenate([d[H : 2 * H] - d[:H], d[2 * H :]]) for d in dfour]
    for actual, want in zip([*gradients, *dparams], [*expected, *folded]):
        assert_allclose(actual, want, rtol=1e-10, atol=1e-12)


def test_the_cell_state_cannot_grow(params):
    """The plain LSTM can count: with i and f open its cell state grows by a step. This one cannot."""
    x = np.random.default_rng(2).standard_normal((500, B, D))
    _, c, _ = coupled_lstm.forward(coupled_lstm.Params(*(5 * p for p in params)), x)
    assert 0.9 < np.abs(c).max() <= 1
    _, c, _ = lstm.forward(lstm.Params(np.zeros((4 * H, D)), np.zeros((4 * H, H)), np.full(4 * H, 1e3)), x)
    assert_allclose(c[-1], 500)


def test_with_the_forget_gate_open_the_cell_state_stays(params):
    rng = np.random.default_rng(3)
    c0, dc_last = rng.standard_normal((2, B, H))
    b_h = np.concatenate([np.full(H, 1e3), np.zeros(2 * H)])
    still = coupled_lstm.Params(params.W_xh, np.zeros((3 * H, H)), b_h)
    _, c, cache = coupled_lstm.forward(still, rng.standard_normal((1000, B, D)), None, c0)
    assert_allclose(c, np.broadcast_to(c0, c.shape), rtol=1e-12)
    _, _, dc0, _ = coupled_lstm.backward(np.zeros((1000, B, H)), dc_last, cache)
    assert (dc0 == dc_last).all()


@pytest.mark.parametrize(
    "name, array, message",
    [
        ("W_xh", np.zeros((4 * H, D)), r"W_xh should have shape \(15, D\), got \(20, 3\)"),
        ("W_hh", np.zeros((4 * H, H)), r"W_hh should have shape \(15, 5\), got \(20, 5\)"),
        ("W_hh", np.zeros(3 * H), r"W_hh should have shape \(3H, H\), got \(15,\)"),
        ("b_h", np.zeros(H), r"b_h should have shape \(15,\), got \(5,\)"),
    ],
)
def test_wrong_weights_are_named(params, name, array, message):
    wrong = params._replace(**{name: array})
    with pytest.raises(ValueError, match=message):
        coupled_lstm.forward(wrong, np.zeros((T, B, D)))
    with pytest.raises(ValueError, match=message):
        coupled_lstm.step(wrong, np.zeros((B, D)), np.zeros((B, H)), np.zeros((B, H)))


def test_a_wrong_cell_state_or_gradient_is_named(params):
    x, right, wrong = np.zeros((T, B, D)), np.zeros((B, H)), np.zeros((B, D))
    with pytest.raises(ValueError, match=r"c0 should have shape \(4, 5\), got \(4, 3\)"):
        coupled_lstm.forward(params, x, right, wrong)
    with pytest.raises(ValueError, match=r"c_prev should have shape \(4, 5\), got \(4, 3\)"):
        coupled_lstm.step(params, x[0], right, wrong)
    with pytest.raises(ValueError, match=r"dc_t should have shape \(4, 5\), got \(4, 3\)"):
        coupled_lstm.step_backward(params, right, wrong, x[0], right, right)
    _, _, cache = coupled_lstm.forward(params, x)
    with pytest.raises(ValueError, match=r"dc_last should have shape \(4, 5\), got \(4, 3\)"):
        coupled_lstm.backward(np.zeros((T, B, H)), wrong, cache)
