"""What is the GRU's own; all that cells have in common stands in tests/architectures."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnncourse.reference import gru

T, B, D, H = 7, 4, 3, 5


@pytest.fixture
def params():
    return gru.init(np.random.default_rng(0), D, H)


@pytest.fixture
def step_input():
    rng = np.random.default_rng(1)
    return rng.standard_normal((B, D)), rng.standard_normal((B, H))


def with_bias(params, r=None, z=None):
    b_h = params.b_h.copy()
    for value, part in ((r, slice(0, H)), (z, slice(H, 2 * H))):
        if value is not None:
            b_h[part] = value
    return params._replace(b_h=b_h)


@pytest.mark.parametrize("reset_before", [False, True])
def test_with_the_update_gate_open_the_state_stays(params, reset_before):
    rng = np.random.default_rng(2)
    h0, dh = rng.standard_normal((B, H)), np.zeros((1000, B, H))
    dh[-1] = rng.standard_normal((B, H))
    x = rng.standard_normal((1000, B, D))
    h, cache = gru.forward(with_bias(params, z=1e3), x, h0, reset_before=reset_before)
    assert_allclose(h, np.broadcast_to(h0, h.shape), rtol=1e-12)
    assert_allclose(gru.backward(dh, cache)[1], dh[-1], rtol=1e-12)


def test_with_the_reset_gate_shut_the_candidate_sees_no_state(params, step_input):
    x_t, h_prev = step_input
    shut = with_bias(params, r=-1e3, z=-1e3)
    expected = np.tanh(x_t @ params.W_xh[2 * H :].T + params.b_h[2 * H :])
    for reset_before in (False, True):
        assert_allclose(gru.step(shut, x_t, h_prev, reset_before), expected, rtol=1e-12)


def test_with_the_reset_gate_open_both_forms_agree_up_to_the_bias(params, step_input):
    opened = with_bias(params, r=1e3)
    before = gru.step(opened, *step_input, reset_before=True)
    assert_allclose(gru.step(opened._replace(b_hn=np.zeros(H)), *step_input), before, rtol=1e-12)
    assert np.abs(gru.step(opened, *step_input) - before).max() > 1e-3
    half = gru.step(params._replace(b_hn=np.zeros(H)), *step_input)
    assert np.abs(half - gru.step(params, *step_input, reset_before=True)).max() > 1e-3


def test_reset_before_has_no_use_for_the_second_bias(params):
    rng = np.random.default_rng(3)
    x, dh = rng.standard_normal((T, B, D)), rng.standard_normal((T, B, H))
    h, cache = gru.forward(params, x, reset_before=True)
    other, _ = gru.forward(params._replace(b_hn=params.b_hn + 1), x, reset_before=True)
    assert (h == other).all()
    assert not gru.backward(dh, cache)[2].b_hn.any()


def test_the_biases_go_where_torch_has_them():
    module = torch.nn.GRU(D, H, dtype=torch.float64)
    params = gru.Params.from_torch(module)
    bias_ih, bias_hh = module.bias_ih_l0.detach().numpy(), module.bias_hh_l0.detach().numpy()
    assert_allclose(params.b_h[: 2 * H], (bias_ih + bias_hh)[: 2 * H], rtol=0, atol=0)
    assert_allclose(params.b_h[2 * H :], bias_ih[2 * H :], rtol=0, atol=0)
    assert_allclose(params.b_hn, bias_hh[2 * H :], rtol=0, atol=0)
    back = params.to_torch()
    assert_allclose(back["bias_ih_l0"], params.b_h, rtol=0, atol=0)
    assert_allclose(back["bias_hh_l0"], np.concatenate([np.zeros(2 * H), params.b_hn]), rtol=0, atol=0)


@pytest.mark.parametrize(
    "name, array, message",
    [
        ("W_xh", np.zeros((H, D)), r"W_xh should have shape \(15, D\), got \(5, 3\)"),
        ("W_hh", np.zeros((4 * H, H)), r"W_hh should have shape \(15, 5\), got \(20, 5\)"),
        ("W_hh", np.zeros(3 * H), r"W_hh should have shape \(3H, H\), got \(15,\)"),
        ("b_h", np.zeros(H), r"b_h should have shape \(15,\), got \(5,\)"),
        ("b_hn", np.zeros(3 * H), r"b_hn should have shape \(5,\), got \(15,\)"),
    ],
)
def test_wrong_weights_are_named(params, name, array, message):
    wrong = params._replace(**{name: array})
    with pytest.raises(ValueError, match=message):
        gru.forward(wrong, np.zeros((T, B, D)))
    with pytest.raises(ValueError, match=message):
        gru.step(wrong, np.zeros((B, D)), np.zeros((B, H)))
