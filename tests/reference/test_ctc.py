"""CTC against Torch in float64, and against the sum over every single path."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import ctc
from rnncourse.reference.gradcheck import projection_error
from rnncourse.reference.losses import log_softmax

T, B, V, L = 9, 6, 5, 4
INPUT_LENGTHS = np.array([9, 7, 8, 5, 3, 6])
TARGET_LENGTHS = np.array([4, 3, 2, 0, 3, 1])  # an empty one; three labels in three frames


def draw(blank=0, scale=2.0):
    """Logits, and targets with repeats and without the blank (but for the padding, which is rubbish)."""
    rng = np.random.default_rng(0)
    symbols = np.array([k for k in range(V) if k != blank])
    picks = np.array([[0, 0, 1, 1], [2, 2, 2, -1], [3, 1, -1, -1], [-1] * 4, [1, 2, 3, -1], [2, -1, -1, -1]])
    targets = np.where(picks < 0, -7, symbols[picks])
    return scale * rng.standard_normal((T, B, V)), targets, rng.standard_normal(B)


def by_torch(logits, targets, input_lengths, target_lengths, blank, dloss, zero_infinity=False):
    leaf = torch.tensor(logits, requires_grad=True)
    losses = torch.nn.functional.ctc_loss(
        torch.log_softmax(leaf, -1), torch.tensor(targets), torch.tensor(input_lengths),
        torch.tensor(target_lengths), blank, "none", zero_infinity,
    )  # fmt: skip
    losses.backward(torch.tensor(dloss))
    return losses.detach().numpy(), leaf.grad.numpy()


@pytest.mark.parametrize("scale", [0.5, 2, 300])
@pytest.mark.parametrize("blank", [0, 2, V - 1])
def test_agrees_with_torch(blank, scale):
    logits, targets, dloss = draw(blank, scale)
    given = (logits, targets, INPUT_LENGTHS, TARGET_LENGTHS, blank)
    losses, gradient = by_torch(*given, dloss)
    assert np.isfinite(losses).all()
    assert_allclose(ctc.loss(*given), losses, rtol=1e-10, atol=1e-10)
    assert_allclose(ctc.loss_backward(dloss, *given), gradient, rtol=1e-10, atol=1e-10)


def test_without_lengths_everything_counts():
    logits, targets, dloss = draw()
    logits, targets = logits[:, :2], np.array([[1, 2, 2], [3, 3, 4]])
    expected = by_torch(logits, targets, [T, T], [3, 3], 0, dloss[:2])
    assert_allclose(ctc.loss(logits, targets), expected[0], rtol=1e-10)
    assert_allclose(ctc.loss_backward(dloss[:2], logits, targets), expected[1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("blank", range(3))
@pytest.mark.parametrize("frames", [0, 1, 2, 4])
def test_agrees_with_the_sum_over_every_path(frames, blank):
    rng = np.random.default_rng(frames)
    log_probs = log_softmax(rng.standard_normal((frames, 1, 3)))
    spelt = {}
    for path in itertools.product(range(3), repeat=frames):
        labels = tuple(k for k, _ in itertools.groupby(path) if k != blank)
        p = np.exp(sum(log_probs[t, 0, k] for t, k in enumerate(path)))
        spelt[labels] = spelt.get(labels, 0) + p
    assert sum(spelt.values()) == pytest.approx(1)
    others = [k for k in range(3) if k != blank]
    for n in range(frames + 2):
        for labels in itertools.product(others, repeat=n):
            loss = ctc.loss(log_probs, np.array([labels], int).reshape(1, n), blank=blank)[0]
            assert np.exp(-loss) == pytest.approx(spelt.get(labels, 0), rel=1e-12)


def test_gradient_agrees_with_central_differences():
    logits, targets, dloss = draw()
    rest = (targets, INPUT_LENGTHS, TARGET_LENGTHS)
    gradient = ctc.loss_backward(dloss, logits, *rest)
    loss = lambda z: float(ctc.loss(z, *rest) @ dloss)  # noqa: E731
    assert projection_error(loss, [logits], [gradient], np.random.default_rng(1)) < 1e-7


@settings(deadline=None, max_examples=40, derandomize=True)
@given(data=st.data())
def test_any_sizes_and_lengths(data):
    T, B, V, L = (data.draw(st.integers(low, 6)) for low in (1, 1, 2, 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    blank = int(rng.integers(V))
    targets = rng.integers(0, V - 1, (B, L))
    targets += targets >= blank
    given = (
        rng.standard_normal((T, B, V)), targets, rng.integers(0, T + 1, B), rng.integers(0, L + 1, B), blank,
    )  # fmt: skip
    dloss = rng.standard_normal(B)
    losses, gradient = by_torch(*given, dloss)
    assert_allclose(ctc.loss(*given), losses, rtol=1e-10, atol=1e-10)
    finite = np.isfinite(losses)
    ours = ctc.loss_backward(dloss, *given)
    assert_allclose(ours[:, finite], gradient[:, finite], rtol=1e-9, atol=1e-10)
    zeroed = by_torch(*given, dloss, zero_infinity=True)
    assert_allclose(ctc.loss(*given, zero_infinity=True), zeroed[0], rtol=1e-10, atol=1e-10)
    assert_allclose(ctc.loss_backward(dloss, *given, zero_infinity=True), zeroed[1], rtol=1e-9, atol=1e-10)


def test_too_few_frames_have_an_infinite_loss_and_no_gradient():
    logits, _, dloss = draw()
    targets = np.array([[1, 1, 2], [1, 3, 2]])  # the first needs 4 frames, the second 3
    given = (logits[:, :2], targets, np.array([3, 3]), np.array([3, 3]))
    losses = ctc.loss(*given)
    assert np.isposinf(losses[0]) and np.isfinite(losses[1])
    gradient = ctc.loss_backward(dloss[:2], *given)
    assert np.isnan(gradient[:3, 0]).all() and not gradient[3:].any()
    assert gradient[:3, 1].all()
    assert ctc.loss(*given, zero_infinity=True)[0] == 0
    zeroed = ctc.loss_backward(dloss[:2], *given, zero_infinity=True)
    assert not zeroed[:, 0].any()
    assert_array_equal(zeroed[:, 1], gradient[:, 1])


def test_padding_and_batch_split_change_nothing():
    logits, targets, dloss = draw()
    given = (targets, INPUT_LENGTHS, TARGET_LENGTHS)
    losses, gradient = ctc.loss(logits, *given), ctc.loss_backward(dloss, logits, *given)
    spoilt = logits.copy()
    spoilt[np.arange(T)[:, None] >= INPUT_LENGTHS] = np.nan
    assert_array_equal(ctc.loss(spoilt, *given), losses)
    assert_array_equal(ctc.loss_backward(dloss, spoilt, *given), gradient)
    for b, (frames, labels) in enumerate(zip(INPUT_LENGTHS, TARGET_LENGTHS)):
        alone = (logits[:frames, [b]], targets[[b], :labels])
        assert_allclose(ctc.loss(*alone)[0], losses[b], rtol=1e-12)
        one = ctc.loss_backward(dloss[[b]], *alone)
        assert_allclose(one, gradient[:frames, [b]], rtol=1e-10, atol=1e-13)
        assert not gradient[frames:, b].any()


def test_a_symbol_may_be_impossible():
    logits, targets, dloss = draw()
    logits[:, :, 4] = -np.inf
    targets[targets == 4] = 1  # so that it stands in no target
    given = (logits, targets, INPUT_LENGTHS, TARGET_LENGTHS)
    less = (logits[:, :, :4], *given[1:])
    assert_allclose(ctc.loss(*given), ctc.loss(*less), rtol=1e-12)
    gradient = ctc.loss_backward(dloss, *given)
    assert not gradient[:, :, 4].any()
    assert_allclose(gradient[:, :, :4], ctc.loss_backward(dloss, *less), rtol=1e-10, atol=1e-14)


def test_the_gradient_sums_to_zero_over_the_symbols():
    logits, targets, dloss = draw()
    gradient = ctc.loss_backward(dloss, logits, targets, INPUT_LENGTHS, TARGET_LENGTHS)
    assert_allclose(gradient.sum(axis=2), 0, atol=1e-13)


def test_layout_dtype_and_aliasing():
    logits, targets, dloss = draw()
    given = (targets, INPUT_LENGTHS, TARGET_LENGTHS)
    single = np.asfortranarray(logits.astype(np.float32))
    arrays = [single, dloss, *given]
    for array in arrays:
        array.flags.writeable = False
    losses, gradient = ctc.loss(single, *given), ctc.loss_backward(dloss, single, *given)
    assert losses.dtype == gradient.dtype == np.float32
    assert_allclose(losses, ctc.loss(logits, *given), rtol=1e-5)
    assert_allclose(gradient, ctc.loss_backward(dloss, logits, *given), rtol=1e-3, atol=1e-5)
    assert ctc.loss(single, *given, zero_infinity=True).dtype == np.float32
    assert not any(np.shares_memory(result, a) for result in (losses, gradient) for a in arrays)


@pytest.mark.parametrize(
    "path, blank, labels",
    [
        ([0, 3, 3, 0, 3, 5, 5], 0, [3, 3, 5]),
        ([3, 3, 3], 0, [3]),
        ([0, 0], 0, []),
        ([], 0, []),
        ([0, 3, 3, 0, 3, 5, 5], 5, [0, 3, 0, 3]),
        ([2, 0, 0, 2, 0, 1], 2, [0, 0, 1]),
    ],
)
def test_collapse(path, blank, labels):
    found = ctc.collapse(np.array(path), blank)
    assert found.tolist() == labels and np.issubdtype(found.dtype, np.integer)


def test_errors_say_what_is_wrong():
    logits, targets, dloss = draw()
    lengths = (INPUT_LENGTHS, TARGET_LENGTHS)
    for call in (ctc.loss, lambda *a, **k: ctc.loss_backward(dloss, *a, **k)):
        with pytest.raises(ValueError, match=r"logits should have shape \(T, B, V\), got \(9, 5\)"):
            call(logits[:, 0], targets)
        with pytest.raises(ValueError, match=r"targets should have shape \(6, L\), got \(5, 4\)"):
            call(logits, targets[1:])
        with pytest.raises(ValueError, match=r"targets should lie in 0 \.\.\. 4, got values from -7 to 4"):
            call(logits, targets)
        with pytest.raises(ValueError, match=r"targets should lie in 0 \.\.\. 4, got values from 2 to 5"):
            call(logits, targets + 1, *lengths)
        with pytest.raises(ValueError, match="targets should not hold the blank, 3"):
            call(logits, targets, *lengths, blank=3)
        with pytest.raises(ValueError, match="targets should hold integers, got dtype float64"):
            call(logits, targets.astype(float), *lengths)
        with pytest.raises(
            ValueError, match=r"input_lengths should lie in 0 \.\.\. 9, got values from 4 to 10"
        ):
            call(logits, targets, INPUT_LENGTHS + 1, TARGET_LENGTHS)
        with pytest.raises(ValueError, match=r"target_lengths should lie in 0 \.\.\. 4, got values from -1"):
            call(logits, targets, INPUT_LENGTHS, TARGET_LENGTHS - 1)
        with pytest.raises(ValueError, match=r"target_lengths should have shape \(6,\), got \(5,\)"):
            call(logits, targets, INPUT_LENGTHS, TARGET_LENGTHS[1:])
        with pytest.raises(ValueError, match=r"blank should lie in 0 \.\.\. 4, got values from 5 to 5"):
            call(logits, targets, *lengths, blank=5)
        spoilt = logits.copy()
        spoilt[2, 1, 3] = np.nan
        with pytest.raises(ValueError, match=r"logits should hold numbers or -inf, got nan at \(2, 1, 3\)"):
            call(spoilt, targets, *lengths)
        spoilt[2, 1] = -np.inf
        with pytest.raises(ValueError, match="nothing but -inf in frame 2 of sequence 1"):
            call(spoilt, targets, *lengths)
    with pytest.raises(ValueError, match=r"dloss should have shape \(6,\), got \(5,\)"):
        ctc.loss_backward(dloss[1:], logits, targets, *lengths)
    with pytest.raises(ValueError, match=r"path should have shape \(T,\), got \(1, 2\)"):
        ctc.collapse(np.array([[1, 2]]))
    with pytest.raises(ValueError, match="path should hold integers, got dtype float64"):
        ctc.collapse(np.array([1.0, 2.0]))
