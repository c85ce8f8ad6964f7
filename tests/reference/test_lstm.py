"""What is the LSTM's own; all that cells have in common stands in tests/architectures."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnncourse.reference import lstm

T, B, D, H = 7, 4, 3, 5


@pytest.fixture
def params():
    return lstm.init(np.random.default_rng(0), D, H)


def by_gate(array):
    return dict(zip("ifgo", np.split(array, 4)))


def test_with_the_forget_gate_open_the_cell_state_stays():
    """The reason for the design: over any number of steps nothing is lost, going there or back."""
    b_h = np.zeros(4 * H)
    b_h[:H], b_h[H : 2 * H] = -1e3, 1e3  # nothing is written, all is kept
    rng = np.random.default_rng(1)
    c0, dc_last = rng.standard_normal((2, B, H))
    params = lstm.Params(rng.uniform(-1, 1, (4 * H, D)), np.zeros((4 * H, H)), b_h)
    _, c, cache = lstm.forward(params, rng.standard_normal((1000, B, D)), None, c0)
    assert (c == c0).all()
    _, _, dc0, _ = lstm.backward(np.zeros((1000, B, H)), dc_last, cache)
    assert (dc0 == dc_last).all()


def test_every_gate_does_what_its_name_says(params):
    rng = np.random.default_rng(2)
    x_t, h_prev, c_prev = rng.standard_normal((B, D)), *rng.standard_normal((2, B, H))

    def step(**bias):
        b_h = np.concatenate(
            [np.full(H, bias[k]) if k in bias else b for k, b in by_gate(params.b_h).items()]
        )
        return lstm.step(params._replace(b_h=b_h), x_t, h_prev, c_prev)

    h_t, c_t = step(o=-1e3)
    assert not h_t.any() and c_t.any()  # nothing is shown
    h_t, c_t = step(o=1e3)
    assert_allclose(h_t, np.tanh(c_t), rtol=1e-13)  # all is shown
    assert_allclose(step(i=-1e3, f=1e3)[1], c_prev, rtol=1e-13)
    assert_allclose(step(i=1e3, f=-1e3, g=1e3)[1], 1, rtol=1e-13)
    assert_allclose(step(i=1e3, f=-1e3, g=-1e3)[1], -1, rtol=1e-13)


def test_the_last_cell_states_gradient_enters_at_the_last_step_alone(params):
    rng = np.random.default_rng(3)
    _, _, cache = lstm.forward(params, rng.standard_normal((T, B, D)))
    dc_last = rng.standard_normal((B, H))
    nothing = np.zeros((T, B, H))
    dx, *_ = lstm.backward(nothing, dc_last, cache)
    assert dx.any(axis=(1, 2)).all()
    dx, *_ = lstm.backward(nothing, dc_last, cache, window=3)
    assert dx.any(axis=(1, 2)).tolist() == [False] * 6 + [True]


@pytest.mark.parametrize(
    "name, array, message",
    [
        ("W_xh", np.zeros((H, D)), r"W_xh should have shape \(20, D\), got \(5, 3\)"),
        ("W_xh", np.zeros(4 * H), r"W_xh should have shape \(20, D\), got \(20,\)"),
        ("W_hh", np.zeros((3 * H, H)), r"W_hh should have shape \(20, 5\), got \(15, 5\)"),
        ("W_hh", np.zeros(4 * H), r"W_hh should have shape \(4H, H\), got \(20,\)"),
        ("b_h", np.zeros(H), r"b_h should have shape \(20,\), got \(5,\)"),
    ],
)
def test_wrong_weights_are_named(params, name, array, message):
    wrong = params._replace(**{name: array})
    with pytest.raises(ValueError, match=message):
        lstm.forward(wrong, np.zeros((T, B, D)))
    with pytest.raises(ValueError, match=message):
        lstm.step(wrong, np.zeros((B, D)), np.zeros((B, H)), np.zeros((B, H)))


def test_a_wrong_cell_state_or_gradient_is_named(params):
    x, right, wrong = np.zeros((T, B, D)), np.zeros((B, H)), np.zeros((B, D))
    with pytest.raises(ValueError, match=r"c0 should have shape \(4, 5\), got \(4, 3\)"):
        lstm.forward(params, x, right, wrong)
    with pytest.raises(ValueError, match=r"c_prev should have shape \(4, 5\), got \(4, 3\)"):
        lstm.step(params, x[0], right, wrong)
    with pytest.raises(ValueError, match=r"dc_t should have shape \(4, 5\), got \(4, 3\)"):
        lstm.step_backward(params, right, wrong, x[0], right, right)
    _, _, cache = lstm.forward(params, x)
    with pytest.raises(ValueError, match=r"dc_last should have shape \(4, 5\), got \(4, 3\)"):
        lstm.backward(np.zeros((T, B, H)), wrong, cache)


def test_a_projected_state_is_refused():
    with pytest.raises(ValueError, match="weight_hr_l0 should not be there: projected states are not supp"):
        lstm.Params.from_torch(torch.nn.LSTM(D, H, proj_size=2))
