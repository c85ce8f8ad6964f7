"""What is the peephole LSTM's own; all that cells have in common stands in tests/architectures."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnncourse.reference import lstm, peephole_lstm

T, B, D, H = 7, 4, 3, 5
PEEPHOLES = ("p_i", "p_f", "p_o")


@pytest.fixture
def params():
    return peephole_lstm.init(np.random.default_rng(0), D, H)


@pytest.fixture
def step_input():
    rng = np.random.default_rng(1)
    return rng.standard_normal((B, D)), rng.standard_normal((B, H)), rng.standard_normal((B, H))


def test_without_peepholes_it_is_the_lstm(params):
    rng = np.random.default_rng(2)
    x, (h0, c0, dc) = rng.standard_normal((T, B, D)), rng.standard_normal((3, B, H))
    dh, mask = rng.standard_normal((T, B, H)), rng.random((T, B)) < 0.6
    shut = params._replace(**{name: np.zeros(H) for name in PEEPHOLES})
    plain = lstm.Params(*params[:3])
    h, c, cache = peephole_lstm.forward(shut, x, h0, c0, mask)
    expected_h, expected_c, plain_cache = lstm.forward(plain, x, h0, c0, mask)
    assert_allclose(h, expected_h, rtol=1e-12)
    assert_allclose(c, expected_c, rtol=1e-12)
    *gradients, dparams = peephole_lstm.backward(dh, dc, cache)
    *expected, dplain = lstm.backward(dh, dc, plain_cache)
    for actual, want in zip([*gradients, *dparams[:3]], [*expected, *dplain]):
        assert_allclose(actual, want, rtol=1e-10, atol=1e-12)
    # a peephole that is shut has a gradient all the same, or it could never be learnt
    assert all((getattr(dparams, name) != 0).all() for name in PEEPHOLES)


def test_each_peephole_opens_its_own_gate_onto_the_right_cell_state(params, step_input):
    x_t, h_prev, c_prev = step_input
    wide = lambda **peepholes: peephole_lstm.step(  # noqa: E731
        params._replace(**{name: np.full(H, value) for name, value in peepholes.items()}), *step_input
    )
    g = np.tanh((x_t @ params.W_xh.T + h_prev @ params.W_hh.T + params.b_h)[:, 2 * H : 3 * H])
    positive = c_prev > 0
    # i and f as switches thrown by the sign of the OLD cell state
    _, c_t = wide(p_i=1e6, p_f=1e6)
    assert_allclose(c_t, np.where(positive, c_prev + g, 0), rtol=1e-12, atol=1e-12)
    _, c_t = wide(p_i=-1e6, p_f=1e6)
    assert_allclose(c_t, np.where(positive, c_prev, g), rtol=1e-12)
    # o by the sign of the NEW one, which differs from the old one somewhere
    h_t, c_t = wide(p_i=-1e6, p_f=1e6, p_o=1e6)
    assert (np.sign(c_t) != np.sign(c_prev)).any()
    assert_allclose(h_t, np.where(c_t > 0, np.tanh(c_t), 0), rtol=1e-12, atol=1e-12)


def test_the_peepholes_stand_in_one_vector_under_torchs_names(params):
    arrays = params.to_torch("l1_reverse")
    assert_allclose(arrays["weight_p_l1_reverse"], np.concatenate(params[3:]), rtol=0)
    arrays["weight_p_l1_reverse"][...] = np.arange(3 * H)
    again = peephole_lstm.Params.from_torch(arrays, "l1_reverse")
    assert_allclose(np.stack(again[3:]), np.arange(3 * H).reshape(3, H), rtol=0)
    with pytest.raises(ValueError, match=r"no weight_p_l0 among \['bias_hh_l0', 'bias_ih_l0', "):
        peephole_lstm.Params.from_torch(torch.nn.LSTM(D, H))


@pytest.mark.parametrize(
    "name, array, message",
    [
        ("W_xh", np.zeros((H, D)), r"W_xh should have shape \(20, D\), got \(5, 3\)"),
        ("W_hh", np.zeros((3 * H, H)), r"W_hh should have shape \(20, 5\), got \(15, 5\)"),
        ("b_h", np.zeros(H), r"b_h should have shape \(20,\), got \(5,\)"),
        ("p_i", np.zeros((H, H)), r"p_i should have shape \(5,\), got \(5, 5\)"),
        ("p_f", np.zeros(1), r"p_f should have shape \(5,\), got \(1,\)"),
        ("p_o", np.zeros((1, H)), r"p_o should have shape \(5,\), got \(1, 5\)"),
    ],
)
def test_wrong_weights_are_named(params, step_input, name, array, message):
    wrong = params._replace(**{name: array})
    with pytest.raises(ValueError, match=message):
        peephole_lstm.forward(wrong, np.zeros((T, B, D)))
    with pytest.raises(ValueError, match=message):
        peephole_lstm.step(wrong, *step_input)


def test_a_wrong_cell_state_or_gradient_is_named(params):
    x, right, wrong = np.zeros((T, B, D)), np.zeros((B, H)), np.zeros((B, D))
    with pytest.raises(ValueError, match=r"c0 should have shape \(4, 5\), got \(4, 3\)"):
        peephole_lstm.forward(params, x, right, wrong)
    with pytest.raises(ValueError, match=r"c_prev should have shape \(4, 5\), got \(4, 3\)"):
        peephole_lstm.step(params, x[0], right, wrong)
    with pytest.raises(ValueError, match=r"dc_t should have shape \(4, 5\), got \(4, 3\)"):
        peephole_lstm.step_backward(params, right, wrong, x[0], right, right)
    _, _, cache = peephole_lstm.forward(params, x)
    with pytest.raises(ValueError, match=r"dc_last should have shape \(4, 5\), got \(4, 3\)"):
        peephole_lstm.backward(np.zeros((T, B, H)), wrong, cache)
