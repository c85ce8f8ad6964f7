"""``CTCLoss`` in the place of ``torch.nn.CTCLoss``, and against the NumPy reference."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.nn import CTCLoss
from rnncourse.reference import ctc
from tests.nn.test_recurrent import DEVICES, assert_close

T, B, V = 9, 6, 5
INPUT_LENGTHS = torch.tensor([9, 7, 8, 5, 3, 6])
TARGET_LENGTHS = torch.tensor([4, 3, 2, 0, 3, 1])


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def draw(blank=0, device="cpu", dtype=torch.float64):
    torch.manual_seed(0)
    symbols = torch.tensor([k for k in range(V) if k != blank])
    picks = torch.tensor([[0, 0, 1, 1], [2, 2, 2, 0], [3, 1, 0, 0], [0] * 4, [1, 2, 3, 0], [2, 0, 0, 0]])
    logits = 2 * torch.randn(T, B, V, dtype=torch.float64)
    return logits.to(device, dtype).requires_grad_(), symbols[picks].to(device)


def run(criterion, logits, *rest):
    """Loss, and the gradient at the logits when each loss is worth something else."""
    loss = criterion(logits.log_softmax(-1), *rest)
    worth = torch.linspace(0.5, 2, loss.numel(), dtype=loss.dtype, device=loss.device).reshape(loss.shape)
    return loss, torch.autograd.grad(loss, logits, worth)[0]


def flat(targets, lengths):
    return torch.cat([row[:n] for row, n in zip(targets, lengths)])


@pytest.mark.parametrize("form", ["padded", "flat"])
@pytest.mark.parametrize(
    "lengths", [torch.Tensor.tolist, tuple, torch.Tensor.int], ids=["list", "tuple", "int32"]
)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("blank", [0, 2, V - 1])
def test_agrees_with_torch(blank, reduction, lengths, form, device):
    logits, targets = draw(blank, device)
    targets = flat(targets, TARGET_LENGTHS) if form == "flat" else targets
    rest = (targets, lengths(INPUT_LENGTHS), lengths(TARGET_LENGTHS))
    ours = run(CTCLoss(blank, reduction), logits, *rest)
    assert_close(ours, run(torch.nn.CTCLoss(blank, reduction), logits, *rest))


def test_has_torchs_defaults_and_arguments():
    logits, targets = draw()
    rest = (targets, INPUT_LENGTHS, TARGET_LENGTHS)
    assert_close(run(CTCLoss(), logits, *rest), run(torch.nn.CTCLoss(), logits, *rest))
    named = {"blank": 0, "reduction": "sum", "zero_infinity": True}
    assert_close(run(CTCLoss(**named), logits, *rest), run(torch.nn.CTCLoss(**named), logits, *rest))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_one_sequence_needs_no_batch_axis(reduction):
    logits, targets = draw()
    one = logits[:, 0].detach().requires_grad_()
    for n, lengths in (
        (4, (torch.tensor(T), torch.tensor(4))),
        (3, ((T,), (3,))),
        (0, (torch.tensor([T]), [0])),
    ):
        ours, theirs = (
            run(cls(reduction=reduction), one, targets[0, :n], *map(torch.as_tensor, lengths))
            for cls in (CTCLoss, torch.nn.CTCLoss)
        )
        assert_close(ours, theirs)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(data=st.data())
def test_any_sizes_and_lengths(data):
    T, B, V, L = (data.draw(st.integers(low, 6)) for low in (1, 1, 2, 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    blank = int(rng.integers(V))
    targets = rng.integers(0, V - 1, (B, L))
    targets += targets >= blank
    rest = [torch.tensor(a) for a in (targets, rng.integers(0, T + 1, B), rng.integers(0, L + 1, B))]
    logits = torch.tensor(rng.standard_normal((T, B, V)), requires_grad=True)
    assert_close(CTCLoss(blank, "none")(logits.log_softmax(-1), *rest), torch.tensor(
        ctc.loss(logits.detach().numpy(), *(a.numpy() for a in rest), blank)
    ))  # fmt: skip
    ours = run(CTCLoss(blank, "none", zero_infinity=True), logits, *rest)
    assert_close(ours, run(torch.nn.CTCLoss(blank, "none", zero_infinity=True), logits, *rest))


def test_agrees_with_the_reference(device):
    logits, targets = draw(2, device)
    losses, gradient = run(CTCLoss(2, "none"), logits, targets, INPUT_LENGTHS, TARGET_LENGTHS)
    given = (logits, targets, INPUT_LENGTHS, TARGET_LENGTHS)
    given = [a.detach().cpu().numpy() for a in given]
    assert_close(losses.cpu(), torch.tensor(ctc.loss(*given, 2)))
    worth = np.linspace(0.5, 2, B)
    assert_close(gradient.cpu(), torch.tensor(ctc.loss_backward(worth, *given, 2)))


def test_gradcheck_at_the_log_probabilities_themselves():
    """Torch's own kernel fails this: its gradient is that of the logits."""
    logits, targets = draw()
    log_probs = logits.detach().log_softmax(-1).requires_grad_()

    def losses(log_probs):
        return CTCLoss(reduction="none")(log_probs, targets, INPUT_LENGTHS, TARGET_LENGTHS)

    assert torch.autograd.gradcheck(losses, log_probs)
    gradient = torch.autograd.grad(losses(log_probs).sum(), log_probs)[0]
    frames = torch.arange(T)[:, None] < INPUT_LENGTHS
    assert_close(gradient.sum(2), -frames.double())  # in every frame the path is somewhere


def test_too_few_frames():
    logits, _ = draw()
    logits = logits[:, :2].detach().requires_grad_()
    targets, lengths = torch.tensor([[1, 1, 2], [1, 3, 2]]), (torch.tensor([3, 3]), torch.tensor([3, 3]))
    for criterion in (CTCLoss, torch.nn.CTCLoss):
        losses, gradient = run(criterion(reduction="none"), logits, targets, *lengths)
        assert losses[0] == math.inf and losses[1].isfinite()
        assert gradient[:3, 0].isnan().all() and not gradient[3:].any() and gradient[:3, 1].all()
    for reduction in ("none", "mean", "sum"):
        ours, theirs = (
            run(cls(0, reduction, zero_infinity=True), logits, targets, *lengths)
            for cls in (CTCLoss, torch.nn.CTCLoss)
        )
        assert_close(ours, theirs)
        assert not ours[1][:, 0].any()


def test_padding_and_batch_split_change_nothing(device):
    logits, targets = draw(device=device)
    losses, gradient = run(CTCLoss(reduction="none"), logits, targets, INPUT_LENGTHS, TARGET_LENGTHS)
    frames = (torch.arange(T)[:, None] < INPUT_LENGTHS).to(device)
    spoilt = logits.detach().masked_fill(~frames[:, :, None], math.nan).requires_grad_()
    again = CTCLoss(reduction="none")(spoilt.log_softmax(-1), targets, INPUT_LENGTHS, TARGET_LENGTHS)
    assert torch.equal(again, losses)
    for b, (n, m) in enumerate(zip(INPUT_LENGTHS, TARGET_LENGTHS)):
        alone = logits[:n, [b]].detach().requires_grad_()
        loss = CTCLoss(reduction="none")(alone.log_softmax(-1), targets[[b], :m], [n], [m])
        assert_close(loss[0], losses[b])
        worth = torch.linspace(0.5, 2, B, dtype=torch.float64)[b].item()
        assert_close(torch.autograd.grad(loss.sum() * worth, alone)[0], gradient[:n, [b]])


@pytest.mark.parametrize(
    "dtype, tolerance", [(torch.float32, 1e-4), (torch.bfloat16, 0.1), (torch.float16, 2e-2)]
)
def test_any_floating_dtype(dtype, tolerance, device):
    logits, targets = draw(device=device)
    rest = (targets, INPUT_LENGTHS, TARGET_LENGTHS)
    expected = run(CTCLoss(), logits, *rest)
    narrow = logits.detach().to(dtype).requires_grad_()
    loss, gradient = run(CTCLoss(), narrow, *rest)
    assert loss.dtype == gradient.dtype == dtype
    assert_close(loss.double(), expected[0], tolerance)
    assert_close(gradient.double(), expected[1], tolerance)


def test_inputs_are_left_alone_and_may_lie_anyhow():
    logits, targets = draw()
    log_probs = logits.detach().log_softmax(-1).permute(2, 0, 1).contiguous().permute(1, 2, 0)
    targets = targets.t().contiguous().t()
    before = log_probs.clone(), targets.clone()
    loss = CTCLoss()(log_probs, targets, INPUT_LENGTHS, TARGET_LENGTHS)
    assert_close(loss, CTCLoss()(logits.log_softmax(-1), targets, INPUT_LENGTHS, TARGET_LENGTHS).detach())
    assert torch.equal(log_probs, before[0]) and torch.equal(targets, before[1])


def test_errors_say_what_is_wrong():
    logits, targets = draw()
    log_probs, lengths = logits.log_softmax(-1), (INPUT_LENGTHS, TARGET_LENGTHS)
    for arguments, words in (
        (
            (log_probs[0, 0], targets, *lengths),
            r"log_probs should be floating with shape \(T, B, V\), got .*\(5,\)",
        ),
        ((log_probs.long(), targets, *lengths), "log_probs should be floating .*, got torch.int64"),
        ((log_probs, targets[1:], *lengths), r"targets should have shape \(6, L\) or \(13,\), got \(5, 4\)"),
        ((log_probs, targets[0], *lengths), r"targets should have shape \(6, L\) or \(13,\), got \(4,\)"),
        ((log_probs, targets.double(), *lengths), "targets should hold integers, got torch.float64"),
        (
            (log_probs, targets + 1, *lengths),
            r"targets should lie in 0 \.\.\. 4 and not be the blank, 0; got 5",
        ),
        (
            (log_probs, targets - 1, *lengths),
            r"targets should lie in 0 \.\.\. 4 and not be the blank, 0; got 0",
        ),
        (
            (log_probs, -targets, *lengths),
            r"targets should lie in 0 \.\.\. 4 and not be the blank, 0; got -1",
        ),
        (
            (log_probs, targets, INPUT_LENGTHS + 1, lengths[1]),
            r"input_lengths should lie in 0 \.\.\. 9, got .*to 10",
        ),
        ((log_probs, targets, lengths[0], TARGET_LENGTHS + 1), r"target_lengths should lie in 0 \.\.\. 4"),
        ((log_probs, targets, lengths[0], TARGET_LENGTHS - 1), r"target_lengths .* got values from -1 to 3"),
        (
            (log_probs, targets, lengths[0][1:], lengths[1]),
            r"input_lengths should have shape \(6,\), got \(5,\)",
        ),
        ((log_probs, targets, lengths[0].double(), lengths[1]), "input_lengths should hold integers, got"),
    ):
        with pytest.raises(ValueError, match=words):
            CTCLoss()(*arguments)
    with pytest.raises(ValueError, match=r"blank should lie in 0 \.\.\. 4, got 5"):
        CTCLoss(blank=5)(log_probs, targets, *lengths)
    with pytest.raises(ValueError, match="reduction should be 'none', 'mean' or 'sum', got 'max'"):
        CTCLoss(reduction="max")
    with pytest.raises(ValueError, match=r"targets should have shape \(6, L\) or \(0,\), got \(\)"):
        CTCLoss()(log_probs, targets[0, 0], lengths[0], lengths[1] * 0)
