"""Jacobians against autograd, norms against SciPy, horizons by counting, and the two memory tasks."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import gradients, rnn

T, B, D, H = 6, 3, 2, 4  # all different, all above 1


@pytest.fixture
def params():
    return rnn.Params(*(np.random.default_rng(3).normal(0, 0.7, shape) for shape in ((H, D), (H, H), (H,))))


def states(params, nonlinearity="tanh"):
    x = np.random.default_rng(4).normal(size=(T, B, D))
    return x, rnn.forward(params, x, np.full((B, H), 0.3), nonlinearity=nonlinearity)[0]


def torch_step(params, x_t, h, nonlinearity):
    W_xh, W_hh, b_h = map(torch.from_numpy, params)
    return getattr(torch, nonlinearity)(torch.from_numpy(x_t) @ W_xh.T + h @ W_hh.T + b_h)


# -- spectral radius ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matrix", "radius"),
    [
        ([[0.0, -3.0], [3.0, 0.0]], 3.0),  # a quarter turn: both eigenvalues are imaginary
        ([[-2.0, 7.0], [0.0, 1.0]], 2.0),  # the largest in size is negative
        ([[0.5, 4.95], [0.0, 0.5]], 0.5),  # not normal: the norm is 5
        ([[0.0, 9.0], [0.0, 0.0]], 0.0),
        ([[-0.25]], 0.25),
    ],
)
def test_radius_of_matrices_that_can_be_done_on_paper(matrix, radius):
    found = gradients.spectral_radius(np.array(matrix))
    assert type(found) is float
    assert found == pytest.approx(radius, abs=1e-12)


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_radius_is_the_growth_of_high_powers(size):
    """Gelfand: the k-th root of the norm of the k-th power; at k = 2**40 nothing is left to see."""
    W = np.random.default_rng(size).normal(size=(size, size))
    power, logarithm = W, 0.0  # the true power is power * exp(logarithm)
    for _ in range(40):
        power, logarithm = power @ power, 2 * logarithm
        scale = scipy.linalg.norm(power)
        power, logarithm = power / scale, logarithm + math.log(scale)
    assert gradients.spectral_radius(W) == pytest.approx(math.exp(logarithm / 2**40), rel=1e-10)


# -- Jacobians ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_a_steps_jacobian_is_autograds(params, nonlinearity):
    x, h = states(params, nonlinearity)
    before = np.full(H, 0.3)
    right = torch.autograd.functional.jacobian(
        lambda prev: torch_step(params, x[0, 1], prev, nonlinearity), torch.from_numpy(before)
    )
    assert_allclose(gradients.step_jacobian(h[0, 1], params.W_hh, nonlinearity), right, rtol=0, atol=1e-12)


def test_jacobians_come_for_a_whole_batch_too(params):
    _, h = states(params)
    together = gradients.step_jacobian(h, params.W_hh)
    assert together.shape == (T, B, H, H)
    assert_array_equal(together[2, 1], gradients.step_jacobian(h[2, 1], params.W_hh))


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_norms_are_those_of_autograds_jacobians(params, nonlinearity):
    x, h = states(params, nonlinearity)
    norms = gradients.jacobian_norms(h, params.W_hh, nonlinearity)
    assert norms.shape == (T, B)
    assert_array_equal(norms[-1], 1)
    for b in range(B):
        for t in range(T):

            def last(state, b=b, t=t):
                for later in range(t + 1, T):
                    state = torch_step(params, x[later, b], state, nonlinearity)
                return state

            jacobian = torch.autograd.functional.jacobian(last, torch.from_numpy(h[t, b].copy()))
            assert norms[t, b] == pytest.approx(scipy.linalg.svdvals(jacobian.numpy())[0], abs=1e-12)


def test_one_step_and_float32(params):
    _, h = states(params)
    assert_array_equal(gradients.jacobian_norms(h[:1], params.W_hh), np.ones((1, B)))
    short = gradients.jacobian_norms(h.astype(np.float32), params.W_hh.astype(np.float32))
    assert short.dtype == np.float32
    assert_allclose(short, gradients.jacobian_norms(h, params.W_hh), rtol=1e-5)


def test_a_norm_below_one_is_sufficient_and_a_radius_below_one_is_not():
    """What the module's head says, on the matrices that show it."""
    W = np.array([[2.0, -2.0], [2.0, -2.0]])  # W @ W = 0: its radius is 0
    assert gradients.spectral_radius(W) == pytest.approx(0, abs=1e-7)
    saturated = np.array([0.0, np.sqrt(0.9)])  # slopes 1 and 0.1
    assert gradients.spectral_radius(gradients.step_jacobian(saturated, W)) == pytest.approx(1.8)
    grown = gradients.jacobian_norms(np.broadcast_to(saturated, (20, 1, 2)), W)
    assert grown[0, 0] > 1e4
    W = 0.9 * gradients.orthogonal(np.random.default_rng(0), H)
    h = np.random.default_rng(1).uniform(-1, 1, (T, B, H))
    norms = gradients.jacobian_norms(h, W)
    assert np.all(norms <= 0.9 ** np.arange(T - 1, -1, -1)[:, None] + 1e-15)


def test_arguments_are_not_changed_and_shapes_are_asked_for(params):
    _, h = states(params)
    W_hh = params.W_hh.copy()
    for array in (h, W_hh):
        array.flags.writeable = False
    gradients.jacobian_norms(h, W_hh)
    with pytest.raises(ValueError, match=r"h should have shape \(T, B, H\), got \(6, 4\)"):
        gradients.jacobian_norms(h[:, 0], W_hh)
    with pytest.raises(ValueError, match=r"W_hh should have shape \(4, 4\), got \(4, 2\)"):
        gradients.step_jacobian(h, W_hh[:, :2])
    with pytest.raises(ValueError, match=r"W should have shape \(4, 4\), got \(4, 2\)"):
        gradients.spectral_radius(W_hh[:, :2])
    with pytest.raises(ValueError, match="nonlinearity should be 'tanh' or 'relu', got 'sin'"):
        gradients.step_jacobian(h, W_hh, "sin")


# -- horizon -----------------------------------------------------------------------------------------------


@given(a=st.integers(1, 20), m=st.integers(1, 50))
def test_strictly_below_at_exact_powers(a, m):
    assert gradients.vanishing_horizon(0.5**a, 0.5 ** (a * m)) == m + 1


@given(rate=st.floats(0.01, 0.99), threshold=st.floats(1e-6, 0.99))
def test_the_horizon_is_the_first_power_below(rate, threshold):
    steps = gradients.vanishing_horizon(rate, threshold)
    power, count = Fraction(rate), 1  # exact; floating-point powers may differ where they nearly touch
    while power >= Fraction(threshold) * (1 + Fraction(1, 10**12)) and count < 2000:
        power, count = power * Fraction(rate), count + 1
    nearly = abs(power / Fraction(threshold) - 1) < Fraction(1, 10**11)
    assert steps == count or nearly


@pytest.mark.parametrize(("rate", "threshold", "steps"), [(0.5, 0.25, 3), (0.3, 0.3, 2), (0.1, 0.5, 1)])
def test_horizons_that_can_be_counted_on_fingers(rate, threshold, steps):
    assert gradients.vanishing_horizon(rate, threshold) == steps
    assert type(gradients.vanishing_horizon(rate, threshold)) is int


def test_a_long_horizon():
    steps = gradients.vanishing_horizon(1 - 1e-7, 1e-3)
    assert (1 - 1e-7) ** steps < 1e-3 <= (1 - 1e-7) ** (steps - 1)


@pytest.mark.parametrize(("rate", "threshold", "name"), [(1.0, 0.5, "rate"), (0.5, 0.0, "threshold")])
def test_rates_and_thresholds_lie_between_0_and_1(rate, threshold, name):
    with pytest.raises(ValueError, match=f"{name} should lie between 0 and 1"):
        gradients.vanishing_horizon(rate, threshold)


# -- orthogonal --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_orthogonal_keeps_lengths_and_is_unique(gain):
    Q = gradients.orthogonal(np.random.default_rng(5), 6, gain)
    assert_allclose(Q.T @ Q, gain**2 * np.eye(6), rtol=0, atol=1e-14)
    drawn = np.random.default_rng(5).standard_normal((6, 6))
    R = Q.T @ drawn / gain  # the only orthogonal Q for which this is triangular with a positive diagonal
    assert_allclose(np.tril(R, -1), 0, atol=1e-13)
    assert np.all(np.diag(R) > 0)
    assert gradients.orthogonal(np.random.default_rng(5), 6, gain, np.float32).dtype == np.float32


def test_orthogonal_matrices_are_spread_evenly():
    """Each entry has the mean 0 and the variance 1/H; with LAPACK's own signs some means are not 0."""
    rng = np.random.default_rng(6)
    drawn = np.stack([gradients.orthogonal(rng, 3) for _ in range(4000)])
    assert np.abs(drawn.mean(axis=0)).max() < 5 / np.sqrt(3 * 4000)
    assert_allclose(drawn.var(axis=0), 1 / 3, atol=0.03)


# -- tasks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [2, 3, 12])
def test_adding(steps):
    x, targets = gradients.adding_problem(np.random.default_rng(7), steps, 5)
    assert x.shape == (steps, 5, 2)
    values, marks = x[..., 0], x[..., 1]
    assert set(np.unique(marks)) <= {0, 1}
    assert_array_equal(marks[: steps // 2].sum(axis=0), 1)
    assert_array_equal(marks[steps // 2 :].sum(axis=0), 1)
    assert_allclose(targets, [values[:, b][marks[:, b] == 1].sum() for b in range(5)], rtol=1e-15)


def test_always_answering_one_is_the_line_to_beat():
    _, targets = gradients.adding_problem(np.random.default_rng(8), 10, 40_000)
    assert np.mean((targets - 1) ** 2) == pytest.approx(1 / 6, rel=0.02)


def test_adding_in_float32_and_without_room():
    x, targets = gradients.adding_problem(np.random.default_rng(9), 5, 3, np.float32)
    assert x.dtype == targets.dtype == np.float32
    with pytest.raises(ValueError, match="steps should be at least 2, got 1"):
        gradients.adding_problem(np.random.default_rng(9), 1, 3)


def test_copying():
    ids, targets = gradients.copying_problem(np.random.default_rng(10), 7, 5, symbols=4, length=3)
    nothing, signal = 4, 5
    assert ids.shape == targets.shape == (7 + 2 * 3, 5)
    for b in range(5):
        said, rest = ids[:3, b].tolist(), ids[3:, b].tolist()
        assert set(said) <= set(range(4))
        assert rest == [nothing] * 6 + [signal] + [nothing] * 3
        assert targets[:, b].tolist() == [nothing] * 10 + said
    assert set(np.unique(ids)) == set(range(6))


def test_copying_at_once():
    ids, targets = gradients.copying_problem(np.random.default_rng(11), 1, 2, symbols=3, length=2)
    assert ids[2].tolist() == [4, 4]
    assert_array_equal(targets[3:], ids[:2])
    with pytest.raises(ValueError, match="delay should be at least 1, got 0"):
        gradients.copying_problem(np.random.default_rng(11), 0, 2)
