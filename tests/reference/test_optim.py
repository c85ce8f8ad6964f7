import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import optim, rnn

SHAPES = [(5, 3), (5, 5), (5,)]


@pytest.fixture
def draw():
    rng = np.random.default_rng(0)
    return lambda: [rng.standard_normal(shape) for shape in SHAPES]


def follow_torch(draw, make_optimizer, step):
    """Take six steps with random gradients, ours beside Torch's; equal after every one."""
    parameters, state = draw(), None
    theirs = [torch.tensor(p, requires_grad=True) for p in parameters]
    optimizer = make_optimizer(theirs)
    for _ in range(6):
        gradients = draw()
        for tensor, gradient in zip(theirs, gradients):
            tensor.grad = torch.tensor(gradient)
        optimizer.step()
        parameters, state = step(parameters, gradients, state)
        for ours, tensor in zip(parameters, theirs):
            assert_allclose(ours, tensor.detach(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_agrees_with_torch(draw, momentum):
    follow_torch(
        draw,
        lambda p: torch.optim.SGD(p, lr=0.3, momentum=momentum),
        lambda p, g, state: optim.sgd(p, g, 0.3, momentum, state),
    )


@pytest.mark.parametrize("betas, epsilon", [((0.9, 0.999), 1e-8), ((0.5, 0.8), 1e-2)])
def test_adam_agrees_with_torch(draw, betas, epsilon):
    follow_torch(
        draw,
        lambda p: torch.optim.Adam(p, lr=0.02, betas=betas, eps=epsilon),
        lambda p, g, state: optim.adam(p, g, 0.02, state, betas, epsilon),
    )


def test_adam_has_torchs_defaults(draw):
    follow_torch(draw, torch.optim.Adam, lambda p, g, state: optim.adam(p, g, state=state))


@pytest.mark.parametrize("share", [0.1, 0.99])
def test_clipping_agrees_with_torch(draw, share):
    gradients = draw()
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    tensors = [torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in SHAPES]
    for tensor, gradient in zip(tensors, gradients):
        tensor.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_norm_(tensors, share * norm)
    clipped, before = optim.clip_by_global_norm(gradients, share * norm)
    assert type(before) is float and before == pytest.approx(norm, rel=1e-14)
    assert np.sqrt(sum((g**2).sum() for g in clipped)) == pytest.approx(share * norm, rel=1e-14)
    for ours, tensor in zip(clipped, tensors):
        # Torch adds 1e-6 to the norm before it divides; that much, and no more, lies between us
        assert_allclose(ours, tensor.grad * (1 + 1e-6 / norm), rtol=1e-12)


@pytest.mark.parametrize("factor", [1.0, 1.5, 1e6])
def test_nothing_changes_below_the_threshold(draw, factor):
    gradients = draw()
    _, norm = optim.clip_by_global_norm(gradients, 1e9)
    clipped, _ = optim.clip_by_global_norm(gradients, factor * norm)
    for ours, gradient in zip(clipped, gradients):
        assert_array_equal(ours, gradient)
        assert not np.shares_memory(ours, gradient)


def test_a_gradient_of_zeros_stays_zero():
    clipped, norm = optim.clip_by_global_norm([np.zeros(3)], 0.5)
    assert norm == 0.0 and not clipped[0].any()


def test_the_norm_of_a_float32_gradient_does_not_overflow():
    gradients = [np.full(4, 1e30, np.float32)]  # its squares are past float32
    clipped, norm = optim.clip_by_global_norm(gradients, 1.0)
    assert norm == pytest.approx(2e30, rel=1e-6)
    assert clipped[0].dtype == np.float32
    assert_allclose(clipped[0], 0.5, rtol=1e-6)


def steps_of_all_kinds(parameters, gradients):
    """Two steps with each optimizer, learning rates as NumPy scalars: all arrays that come out."""
    rate = np.float64(0.1)
    once, velocity = optim.sgd(parameters, gradients, rate, np.float64(0.9))
    twice, velocity_after = optim.sgd(once, gradients, rate, 0.9, velocity)
    adam_once, state = optim.adam(parameters, gradients, rate)
    adam_twice, state_after = optim.adam(adam_once, gradients, rate, state)
    clipped, _ = optim.clip_by_global_norm(gradients, np.float64(0.1))
    lists = [once, velocity, twice, velocity_after, adam_once, adam_twice, clipped]
    lists += [state.mean, state.square, state_after.mean, state_after.square]
    return [array for arrays in lists for array in arrays]


def test_everything_is_new_and_keeps_its_dtype(draw):
    parameters, gradients = ([a.astype(np.float32) for a in draw()] for _ in range(2))
    before = [a.copy() for a in parameters + gradients]
    for array in parameters + gradients:
        array.flags.writeable = False
    results = steps_of_all_kinds(parameters, gradients)
    assert all(array.dtype == np.float32 for array in results)
    for i, array in enumerate(results):
        assert not any(np.shares_memory(array, other) for other in parameters + gradients + results[:i])
    for array, copy in zip(parameters + gradients, before):
        assert_array_equal(array, copy)


def test_params_come_back_as_params(draw):
    params, gradients = rnn.Params(*draw()), rnn.Params(*draw())
    for result in (
        optim.sgd(params, gradients, 0.1)[0],
        optim.adam(params, gradients, 0.1)[0],
        optim.clip_by_global_norm(gradients, 0.1)[0],
    ):
        assert type(result) is rnn.Params
    assert type(optim.clip_by_global_norm(tuple(gradients[:2]), 0.1)[0]) is list
    assert type(optim.clip_by_global_norm(iter(gradients), 0.1)[0]) is list


def test_errors_say_what_is_wrong(draw):
    parameters, gradients = draw(), draw()
    for function in (optim.sgd, optim.adam):
        with pytest.raises(ValueError, match="gradients should hold 3 arrays, got 2"):
            function(parameters, gradients[:2], 0.1)
        with pytest.raises(ValueError, match=r"gradients\[1\] should have shape \(5, 5\), got \(5,\)"):
            function(parameters, [gradients[0], gradients[2], gradients[2]], 0.1)
    with pytest.raises(ValueError, match="max_norm should be above 0, got 0"):
        optim.clip_by_global_norm(gradients, 0)
