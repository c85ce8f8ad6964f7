"""What is minGRU's own; all that cells have in common stands in tests/architectures."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnncourse.reference import gru, min_gru
from rnncourse.reference.gates import sigmoid

T, B, D, H = 7, 4, 3, 5


@pytest.fixture
def params():
    return min_gru.init(np.random.default_rng(0), D, H)


@pytest.fixture
def run_input():
    rng = np.random.default_rng(1)
    return rng.standard_normal((T, B, D)), rng.standard_normal((B, H))


def test_every_state_is_a_weighted_mean_of_all_candidates_and_the_start(params, run_input):
    """The recurrence solved: no state appears on the right-hand side."""
    x, h0 = run_input
    a = x @ params.W_xh.T + params.b_h
    z, n = sigmoid(a[:, :, :H]), a[:, :, H:]
    h, _ = min_gru.forward(params, x, h0)
    for t in range(T):
        weights = [z[s] * np.prod(1 - z[s + 1 : t + 1], axis=0) for s in range(t + 1)]
        weights.append(np.prod(1 - z[: t + 1], axis=0))
        assert_allclose(sum(weights), 1, rtol=1e-12)
        assert_allclose(h[t], sum(w * v for w, v in zip(weights, [*n[: t + 1], h0])), rtol=1e-11, atol=1e-13)


def test_the_gate_says_what_is_new_and_not_what_is_kept(params, run_input):
    x, h0 = run_input

    def biased(value):
        return params._replace(b_h=np.concatenate([np.full(H, value), params.b_h[H:]]))

    assert_allclose(min_gru.step(biased(-1e3), x[0], h0), h0, rtol=1e-12)
    candidate = (x[0] @ params.W_xh.T + params.b_h)[:, H:]
    assert_allclose(min_gru.step(biased(1e3), x[0], h0), candidate, rtol=1e-12)
    # in gru, the same bias does the opposite
    plain = gru.init(np.random.default_rng(2), D, H)
    plain.b_h[H : 2 * H] = 1e3
    assert_allclose(gru.step(plain, x[0], h0), h0, rtol=1e-12)


def test_with_the_gate_shut_state_and_gradient_pass_unchanged(params):
    rng = np.random.default_rng(3)
    shut = params._replace(b_h=np.concatenate([np.full(H, -1e3), params.b_h[H:]]))
    h0, dh = rng.standard_normal((B, H)), np.zeros((1000, B, H))
    dh[-1] = rng.standard_normal((B, H))
    h, cache = min_gru.forward(shut, rng.standard_normal((1000, B, D)), h0)
    assert (h == h0).all()
    assert (min_gru.backward(dh, cache)[1] == dh[-1]).all()


@pytest.mark.parametrize(
    "name, array, message",
    [
        ("W_xh", np.zeros((2 * H + 1, D)), r"W_xh should have shape \(10, D\), got \(11, 3\)"),
        ("W_xh", np.zeros(2 * H), r"W_xh should have shape \(2H, D\), got \(10,\)"),
        ("b_h", np.zeros(H), r"b_h should have shape \(10,\), got \(5,\)"),
    ],
)
def test_wrong_weights_are_named(params, name, array, message):
    wrong = params._replace(**{name: array})
    with pytest.raises(ValueError, match=message):
        min_gru.forward(wrong, np.zeros((T, B, D)))
    with pytest.raises(ValueError, match=message):
        min_gru.step(wrong, np.zeros((B, D)), np.zeros((B, H)))
