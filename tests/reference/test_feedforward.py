from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import feedforward, rnn
from rnncourse.reference.gradcheck import projection_error

N, I, H, O = 7, 4, 5, 3  # noqa: E741


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    params = feedforward.init(rng, I, H, O)
    return params, rng.standard_normal((N, I)), rng.standard_normal((N, O))


def test_agrees_with_torch(problem):
    params, x, dy = problem
    y, cache = feedforward.forward(params, x)
    dx, dparams = feedforward.backward(dy, cache)
    tx, *weights = (torch.tensor(a, requires_grad=True) for a in (x, *params))
    W1, b1, W2, b2 = weights
    ty = torch.nn.functional.linear(torch.tanh(torch.nn.functional.linear(tx, W1, b1)), W2, b2)
    ty.backward(torch.tensor(dy))
    assert_allclose(y, ty.detach(), rtol=1e-10, atol=1e-10)
    for ours, theirs in zip([dx, *dparams], [tx, *weights]):
        assert_allclose(ours, theirs.grad, rtol=1e-10, atol=1e-10)


def test_gradients_agree_with_central_differences(problem):
    params, x, dy = problem
    dx, dparams = feedforward.backward(dy, feedforward.forward(params, x)[1])

    def loss(x, *weights):
        return float(np.sum(feedforward.forward(feedforward.Params(*weights), x)[0] * dy))

    assert projection_error(loss, [x, *params], [dx, *dparams], np.random.default_rng(1)) < 1e-7


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layout_dtype_and_aliasing(problem, dtype):
    params, x, dy = problem
    params, x, dy = feedforward.Params(*(p.astype(dtype) for p in params)), x.astype(dtype), dy.astype(dtype)
    y, cache = feedforward.forward(params, x)
    expected = [y, *(lambda dx, dp: [dx, *dp])(*feedforward.backward(dy, cache))]
    arguments = [np.asfortranarray(a) for a in (x, dy, *params)]
    for array in arguments:
        array.flags.writeable = False
    y, cache = feedforward.forward(feedforward.Params(*arguments[2:]), arguments[0])
    dx, dparams = feedforward.backward(arguments[1], cache)
    for result, want in zip([y, dx, *dparams], expected):
        assert result.dtype == dtype
        assert_allclose(result, want, rtol=1e-5, atol=1e-6)
        assert not any(np.shares_memory(result, array) for array in [*arguments, *cache.params, cache.x])


def test_the_cache_does_not_see_later_changes(problem):
    params, x, dy = problem
    y, cache = feedforward.forward(params, x)
    dx, dparams = feedforward.backward(dy, cache)
    for array in (x, y, *params):
        array[...] = 99
    again, dparams_again = feedforward.backward(dy, cache)
    for a, b in zip([dx, *dparams], [again, *dparams_again]):
        assert_array_equal(a, b)


def test_init_draws_in_the_range_of_each_layer():
    params = feedforward.init(np.random.default_rng(0), 100, 25, 40)
    for weight, bound in zip(params, (0.1, 0.1, 0.2, 0.2)):
        assert 0.8 * bound < np.abs(weight).max() <= bound
    single = feedforward.init(np.random.default_rng(0), 100, 25, 40, np.float32)
    assert_array_equal(single.W2, params.W2.astype(np.float32))


def test_one_hot():
    ids = np.array([[2, 0], [1, 2], [2, 2]])
    vectors = feedforward.one_hot(ids, 4)
    assert vectors.dtype == np.float64
    assert_array_equal(vectors, torch.nn.functional.one_hot(torch.tensor(ids), 4))
    E = np.random.default_rng(0).standard_normal((4, 3))
    assert_array_equal(vectors @ E, E[ids])  # (F1)
    with pytest.raises(ValueError, match=r"ids should lie in 0 \.\.\. 3, got values from 0 to 4"):
        feedforward.one_hot(np.array([0, 4]), 4)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(length=st.integers(2, 20), data=st.data())
def test_sliding_windows(length, data):
    width = data.draw(st.integers(1, length - 1))
    series = np.random.default_rng(length).standard_normal(length)
    inputs, targets = feedforward.sliding_windows(series, width)
    assert inputs.shape == (length - width, width) and targets.shape == (length - width,)
    for n in range(length - width):
        assert_array_equal(inputs[n], series[n : n + width])
        assert targets[n] == series[n + width]
    assert not np.shares_memory(inputs, series) and not np.shares_memory(targets, series)
    inputs[0] = np.nan  # rows are their own: nothing else moves
    assert np.isfinite(inputs[1:]).all()


@pytest.mark.parametrize("width", [0, 5, 6])
def test_a_window_that_does_not_fit_is_refused(width):
    with pytest.raises(ValueError, match=rf"width should lie in 1 \.\.\. 4 for this series, got {width}"):
        feedforward.sliding_windows(np.arange(5.0), width)


@pytest.mark.parametrize("width", [1, 6])
def test_parameters_are_as_many_as_there_are(width):
    params = feedforward.init(np.random.default_rng(0), width * I, H, O)
    assert feedforward.window_mlp_parameters(width, I, H, O) == sum(p.size for p in params)
    cell = rnn.init(np.random.default_rng(0), I, H)
    assert feedforward.rnn_parameters(I, H, O) == sum(p.size for p in cell) + O * H + O


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_bigram_probabilities_count_pairs(dtype):
    V, alpha = 20, 0.3
    ids = np.random.default_rng(0).integers(0, V - 1, 500)  # V - 1 never occurs
    counts = np.zeros((V, V))
    for i, j in pairwise(ids):
        counts[i, j] += 1
    p = feedforward.bigram_probabilities(ids.astype(dtype), V, alpha)
    assert_allclose(p, (counts + alpha) / (counts + alpha).sum(axis=1, keepdims=True), rtol=1e-12)
    assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    assert_allclose(p[V - 1], 1 / V, rtol=1e-12)


def test_bigram_probabilities_of_hardly_anything():
    assert_allclose(feedforward.bigram_probabilities(np.array([1]), 3, 1), 1 / 3)
    assert_allclose(feedforward.bigram_probabilities(np.array([1, 0]), 2, 1), [[0.5, 0.5], [2 / 3, 1 / 3]])
    with pytest.raises(ValueError, match="alpha should be above 0, got 0"):
        feedforward.bigram_probabilities(np.array([1, 0]), 2, 0)


def test_wrong_shapes_are_named(problem):
    params, x, dy = problem
    with pytest.raises(ValueError, match=r"x should have shape \(N, 4\), got \(4, 7\)"):
        feedforward.forward(params, x.T)
    with pytest.raises(ValueError, match=r"W2 should have shape \(O, 5\), got \(5, 3\)"):
        feedforward.forward(params._replace(W2=params.W2.T), x)
    with pytest.raises(ValueError, match=r"dy should have shape \(7, 3\), got \(6, 3\)"):
        feedforward.backward(dy[1:], feedforward.forward(params, x)[1])
