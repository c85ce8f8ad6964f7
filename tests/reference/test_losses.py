import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import losses
from rnncourse.reference.gradcheck import numerical_gradient

T, B, V = 7, 4, 6


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    mask = rng.random((T, B)) < 0.7
    return 3 * rng.standard_normal((T, B, V)), rng.integers(0, V, (T, B)), mask


def torch_loss(logits, targets, mask=None):
    """Torch's mean cross-entropy and its gradient; masked positions by ``ignore_index``."""
    z = torch.tensor(logits, requires_grad=True)
    y = torch.tensor(targets if mask is None else np.where(mask, targets, -100))
    loss = torch.nn.functional.cross_entropy(z.reshape(-1, z.shape[-1]), y.reshape(-1))
    loss.backward()
    return loss.item(), z.grad.numpy()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("scale", [1, 1e3])
def test_agrees_with_torch(arrays, masked, scale):
    logits, targets, mask = arrays
    mask = mask if masked else None
    loss, gradient = torch_loss(scale * logits, targets, mask)
    assert_allclose(losses.softmax_cross_entropy(scale * logits, targets, mask), loss, rtol=1e-12)
    ours = losses.softmax_cross_entropy_backward(scale * logits, targets, mask)
    assert_allclose(ours, gradient, rtol=1e-10, atol=1e-14)


def test_softmax_agrees_with_torch(arrays):
    logits = 300 * arrays[0]
    assert_allclose(losses.log_softmax(logits), torch.log_softmax(torch.tensor(logits), -1), rtol=1e-12)
    assert_allclose(losses.softmax(logits), torch.softmax(torch.tensor(logits), -1), rtol=1e-10)


@pytest.mark.parametrize("masked", [False, True])
def test_gradient_agrees_with_central_differences(arrays, masked):
    logits, targets, mask = arrays
    mask = mask if masked else None
    expected = numerical_gradient(lambda z: losses.softmax_cross_entropy(z, targets, mask), logits)
    gradient = losses.softmax_cross_entropy_backward(logits, targets, mask)
    assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


def test_large_logits_cost_what_they_should():
    # one position sure and right, one sure and wrong by 2000 nats
    logits = np.array([[[1e3, -1e3, 0.0]], [[1e3, -1e3, 0.0]]])
    assert losses.softmax_cross_entropy(logits, np.array([[0], [1]])) == 1000.0
    assert losses.softmax_cross_entropy(logits.astype(np.float32), np.array([[0], [0]])) == 0.0


def test_knowing_nothing_costs_log_of_the_vocabulary():
    loss = losses.softmax_cross_entropy(np.full((T, B, V), 7.0), np.zeros((T, B), int))
    assert loss == pytest.approx(np.log(V), rel=1e-14)


def test_an_excluded_word_has_probability_zero():
    logits = np.array([[0.0, -np.inf, 0.0]])
    assert_allclose(losses.softmax(logits), [[0.5, 0, 0.5]])
    assert losses.softmax_cross_entropy(logits, np.array([2])) == pytest.approx(np.log(2))


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -np.inf, 1e308])
def test_what_stands_under_the_mask_does_not_matter(arrays, rubbish):
    logits, targets, mask = arrays
    clean = losses.softmax_cross_entropy(logits, targets, mask)
    gradient = losses.softmax_cross_entropy_backward(logits, targets, mask)
    spoilt, wrong = logits.copy(), targets.copy()
    spoilt[~mask], wrong[~mask] = rubbish, -100
    assert losses.softmax_cross_entropy(spoilt, wrong, mask) == clean
    assert_array_equal(losses.softmax_cross_entropy_backward(spoilt, wrong, mask), gradient)
    assert not gradient[~mask].any()


@pytest.mark.parametrize("dtype", [bool, np.int64, np.uint8, np.float32])
def test_a_mask_may_have_any_dtype(arrays, dtype):
    logits, targets, mask = arrays
    expected = torch_loss(logits, targets, mask)[0]
    assert losses.softmax_cross_entropy(logits, targets, mask.astype(dtype)) == pytest.approx(expected, 1e-12)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(sizes=st.tuples(*[st.integers(1, 6)] * 3), seed=st.integers(0, 2**32 - 1))
def test_gradients_sum_to_zero_and_probabilities_to_one(sizes, seed):
    rng = np.random.default_rng(seed)
    logits, targets = 10 * rng.standard_normal(sizes), rng.integers(0, sizes[2], sizes[:2])
    assert_allclose(losses.softmax(logits).sum(axis=-1), 1, rtol=1e-12)
    gradient = losses.softmax_cross_entropy_backward(logits, targets)
    assert_allclose(gradient.sum(axis=-1), 0, atol=1e-12)
    assert_allclose(gradient, torch_loss(logits, targets)[1], rtol=1e-10, atol=1e-13)


def test_layout_dtype_and_aliasing(arrays):
    logits, targets, mask = arrays
    single = np.asfortranarray(logits.astype(np.float32))
    for array in (single, targets, mask):
        array.flags.writeable = False
    loss = losses.softmax_cross_entropy(single, targets, mask)
    assert type(loss) is float
    assert loss == pytest.approx(losses.softmax_cross_entropy(logits, targets, mask), rel=1e-6)
    gradient = losses.softmax_cross_entropy_backward(single, targets, mask)
    assert gradient.dtype == losses.softmax(single).dtype == np.float32
    for result in (gradient, losses.log_softmax(single), losses.softmax(single)):
        assert not np.shares_memory(result, single)
    # a float32 mean over many positions keeps float32's digits
    many = np.zeros((2**17, V), np.float32)
    loss = losses.softmax_cross_entropy(many, np.zeros(2**17, int))
    assert loss == pytest.approx(np.log(V), rel=2e-7)


def test_errors_say_what_is_wrong(arrays):
    logits, targets, mask = arrays
    for function in (losses.softmax_cross_entropy, losses.softmax_cross_entropy_backward):
        with pytest.raises(ValueError, match=r"targets should have shape \(7, 4\), got \(4, 7\)"):
            function(logits, targets.T)
        with pytest.raises(ValueError, match=r"mask should have shape \(7, 4\), got \(7,\)"):
            function(logits, targets, mask[:, 0])
        with pytest.raises(ValueError, match="mask should let at least one position count, got none"):
            function(logits, targets, np.zeros((T, B)))
        with pytest.raises(ValueError, match=r"targets should lie in 0 \.\.\. 5, got values from 1 to 6"):
            function(logits, np.clip(targets + 1, 1, 6) + (targets == V))
        with pytest.raises(ValueError, match="targets should hold integers, got dtype float64"):
            function(logits, targets.astype(float))


@pytest.fixture
def forecasts():
    rng = np.random.default_rng(1)
    return rng.standard_normal((T, B, V)), rng.standard_normal((T, B, V)), rng.random((T, B)) < 0.7


@pytest.mark.parametrize("masked", [False, True])
def test_squared_error_agrees_with_torch(forecasts, masked):
    predictions, targets, mask = forecasts
    mask = mask if masked else None
    p, y = torch.tensor(predictions, requires_grad=True), torch.tensor(targets)
    counts = torch.ones((T, B), dtype=torch.bool) if mask is None else torch.tensor(mask)
    loss = torch.nn.functional.mse_loss(p[counts], y[counts])
    loss.backward()
    ours = losses.mean_squared_error(predictions, targets, mask)
    assert type(ours) is float and ours == pytest.approx(loss.item(), rel=1e-14)
    gradient = losses.mean_squared_error_backward(predictions, targets, mask)
    assert_allclose(gradient, p.grad, rtol=1e-12, atol=1e-16)
    for array in (predictions, targets):  # one mask entry per number, and a mask that leaves out time
        whole = losses.mean_squared_error(predictions, targets, np.ones((T, B, V)))
        assert whole == losses.mean_squared_error(predictions, targets)
        assert losses.mean_squared_error(array, array, np.ones(T)) == 0


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, 1e308])
def test_squared_error_leaves_out_what_the_mask_does(forecasts, rubbish):
    predictions, targets, mask = forecasts
    clean = losses.mean_squared_error(predictions, targets, mask)
    gradient = losses.mean_squared_error_backward(predictions, targets, mask)
    spoilt, wrong = predictions.copy(), targets.copy()
    spoilt[~mask], wrong[~mask] = rubbish, -rubbish
    assert losses.mean_squared_error(spoilt, wrong, mask.astype(float)) == clean
    assert_array_equal(losses.mean_squared_error_backward(spoilt, wrong, mask), gradient)
    assert not gradient[~mask].any()


def test_squared_error_layout_dtype_and_errors(forecasts):
    predictions, targets, mask = forecasts
    single = np.asfortranarray(predictions.astype(np.float32))
    single.flags.writeable = False
    gradient = losses.mean_squared_error_backward(single, targets.astype(np.float32), mask)
    assert gradient.dtype == np.float32 and not np.shares_memory(gradient, single)
    assert_allclose(
        gradient, losses.mean_squared_error_backward(predictions, targets, mask), rtol=1e-4, atol=1e-7
    )
    whole_numbers = losses.mean_squared_error(np.array([1, 2]), np.array([2, 4]))
    assert whole_numbers == 2.5
    for function in (losses.mean_squared_error, losses.mean_squared_error_backward):
        with pytest.raises(ValueError, match=r"targets should have shape \(7, 4, 6\), got \(7, 4\)"):
            function(predictions, targets[..., 0])
        with pytest.raises(ValueError, match=r"mask should have shape \(7, 4\), got \(4, 7\)"):
            function(predictions, targets, mask.T)
        with pytest.raises(ValueError, match=r"mask should have at most 3 axes, got \(7, 4, 6, 1\)"):
            function(predictions, targets, np.ones((T, B, V, 1)))
        with pytest.raises(ValueError, match="mask should let at least one position count, got none"):
            function(predictions, targets, np.zeros((T, B)))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_log_sum_exp_agrees_with_torch(axis):
    a = 300 * np.random.default_rng(2).standard_normal((T, B, V))
    a[:, 1, 2] = a[3, :, :] = -np.inf  # some of the terms, and all of them
    assert_allclose(losses.log_sum_exp(a, axis), torch.logsumexp(torch.tensor(a), axis), rtol=1e-13)
    assert losses.log_sum_exp(a.astype(np.float32), axis).dtype == np.float32
