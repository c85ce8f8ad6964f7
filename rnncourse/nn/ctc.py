"""Connectionist temporal classification as a Torch module, from scratch, in log space.

``CTCLoss`` takes the place of ``torch.nn.CTCLoss``.  The equations are those of ``rnncourse.reference.ctc``;
all sequences of a batch take a frame together, and the gradient is the hand-derived one.
Source: Graves et al. 2006; Graves 2012, chapter 7 [graves2012supervised].
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Lengths = Tensor | Sequence[int]


class CTCLoss(nn.Module):
    """Negative log-likelihood of labels of which nobody said when they sound: as ``torch.nn.CTCLoss``.

    Parameters
    ----------
    blank : int
        Which of the V symbols is the blank.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides every loss by the number of its labels (at least 1), then takes the mean.
    zero_infinity : bool
        Put 0 in the place of an infinite loss and of its gradient.

    Notes
    -----
    Two things differ from Torch's, on purpose.  A label that is no symbol, or the blank, is an error and
    not a number.  And the gradient with respect to ``log_probs`` is the true one,
    ``-p(path_t = k | labels)``; to it Torch's kernel adds ``exp(log_probs)``, which makes it the gradient
    with respect to the logits already.  After a ``log_softmax`` both are the same at the logits.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__()
        if reduction not in ("none", "mean", "sum"):
            raise ValueError(f"reduction should be 'none', 'mean' or 'sum', got {reduction!r}")
        self.blank = blank
        self.reduction = reduction
        self.zero_infinity = zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths
    ) -> Tensor:
        """Compute the loss.

        Parameters
        ----------
        log_probs : tensor (T, B, V), or (T, V) for one sequence
            Logarithms of probabilities, from a ``log_softmax``; any floating dtype.
        targets : integer tensor (B, L) with padding, or (sum of target_lengths,) without
            The labels.
        input_lengths, target_lengths : integer tensors (B,) or sequences of int
            How many frames, and how many labels, count.

        Returns
        -------
        loss : tensor, () or with ``reduction="none"`` (B,)
            In nats.  Infinite where the frames are too few for the labels; its gradient is then NaN.

        Raises
        ------
        ValueError
            On shapes that do not agree, lengths out of range, and labels that are none.
        """
        one = log_probs.dim() == 2
        if one:
            log_probs = log_probs[:, None]
        if log_probs.dim() != 3 or not log_probs.is_floating_point():
            shape, dtype = tuple(log_probs.shape), log_probs.dtype
            raise ValueError(f"log_probs should be floating with shape (T, B, V), got {dtype} with {shape}")
        T, B, V = log_probs.shape
        if not 0 <= self.blank < V:
            raise ValueError(f"blank should lie in 0 ... {V - 1}, got {self.blank}")
        frames = _lengths("input_lengths", input_lengths, B, T, log_probs.device)
        most = targets.shape[-1] if targets.dim() else 0
        labels = _lengths("target_lengths", target_lengths, B, most, log_probs.device)
        states = self._states(targets.to(log_probs.device), labels, V)

        wide = log_probs if log_probs.dtype == torch.float64 else log_probs.float()  # sums need the digits
        losses = _NegativeLogLikelihood.apply(wide, states, frames, 2 * labels, self.blank)
        if self.zero_infinity:
            losses = torch.where(losses == math.inf, 0, losses)
        if self.reduction == "mean":
            losses = (losses / labels.clamp(min=1)).mean()
        elif self.reduction == "sum":
            losses = losses.sum()
        return (losses[0] if one and self.reduction == "none" else losses).to(log_probs.dtype)

    def _states(self, targets: Tensor, lengths: Tensor, vocab_size: int) -> Tensor:
        """Put blanks around all labels: ``(B, 2 L + 1)``, with blanks for padding."""
        if targets.is_floating_point():
            raise ValueError(f"targets should hold integers, got {targets.dtype}")
        B, L = len(lengths), max(lengths.tolist(), default=0)
        said = torch.arange(L, device=targets.device) < lengths[:, None]  # (B, L)
        if targets.dim() == 2 and len(targets) == B:
            given = targets[:, :L][said]
        elif targets.dim() == 1 and len(targets) == int(lengths.sum()):
            given = targets
        else:
            raise ValueError(
                f"targets should have shape ({B}, L) or ({int(lengths.sum())},), got {tuple(targets.shape)}"
            )
        wrong = (given < 0) | (given >= vocab_size) | (given == self.blank)
        if wrong.any():
            raise ValueError(
                f"targets should lie in 0 ... {vocab_size - 1} and not be the blank, {self.blank}; "
                f"got {int(given[wrong][0])}"
            )
        # never below 3, so that there is room to shift by two
        states = torch.full((B, max(2 * L + 1, 3)), self.blank, device=targets.device)
        states[:, 1 : 2 * L : 2][said] = given.long()
        return states


class _NegativeLogLikelihood(torch.autograd.Function):
    """``-log p(labels)`` per sequence; backward is the forward-backward algorithm by hand."""

    @staticmethod
    def forward(
        ctx: Any, log_probs: Tensor, states: Tensor, frames: Tensor, ends: Tensor, blank: int
    ) -> Tensor:
        """Run alpha over the frames; shapes (T, B, V), (B, S), (B,), (B,)."""
        T, B, _ = log_probs.shape
        y = log_probs.gather(2, states.expand(T, -1, -1))  # (T, B, S)
        counts = (torch.arange(T, device=frames.device)[:, None] < frames)[:, :, None]
        skip = torch.full(states.shape, -math.inf, dtype=y.dtype, device=y.device)
        skip[:, 2:].masked_fill_(states[:, 2:] != states[:, :-2], 0)  # 0 where a blank may be skipped
        alpha = y.new_full((T + 1, B, states.shape[1]), -math.inf)
        alpha[0, :, 0] = 0  # before the first frame every path stands at the first blank
        for t in range(T):
            a = alpha[t]
            arrive = torch.logaddexp(torch.logaddexp(a, _shifted(a, 1)), _shifted(a, 2) + skip)
            alpha[t + 1] = torch.where(counts[t], arrive + y[t], a)
        at_end = torch.full_like(alpha[0], -math.inf).scatter_(1, (ends - 1).clamp(min=0)[:, None], 0)
        at_end.scatter_(1, ends[:, None], 0)  # the last label, if there is one, or the last blank
        log_p = torch.logsumexp(alpha[T] + at_end, dim=1)
        ctx.save_for_backward(log_probs, states, y, counts, skip, alpha, at_end, log_p)
        return -log_p

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dloss: Tensor) -> tuple[Tensor | None, ...]:
        """Run beta back over the frames; the gradient is what alpha and beta agree on."""
        log_probs, states, y, counts, skip, alpha, beta, log_p = ctx.saved_tensors
        dlog_probs = torch.zeros_like(log_probs)
        wanted = (dloss != 0)[:, None]  # 0 * NaN is NaN: what zero_infinity took out must stay out
        for t in reversed(range(len(y))):
            occupied = torch.exp(alpha[t + 1] + beta - log_p[:, None])  # (B, S); NaN where log p is -inf
            share = torch.where(wanted & counts[t], -occupied * dloss[:, None], 0)
            dlog_probs[t].scatter_add_(1, states, share)  # several states may stand for one symbol
            following = beta + y[t]
            leave = torch.logaddexp(following, _shifted(following, -1))
            leave = torch.logaddexp(leave, _shifted(following + skip, -2))
            beta = torch.where(counts[t], leave, beta)
        return dlog_probs, None, None, None, None


def _shifted(a: Tensor, by: int) -> Tensor:
    """Move states ``(B, S)`` to the right, or to the left with ``by < 0``, and fill up with -inf."""
    return nn.functional.pad(a, (by, -by), value=-math.inf)


def _lengths(name: str, lengths: Lengths, batch: int, most: int, device: torch.device) -> Tensor:
    """Return lengths as a tensor ``(B,)`` on the device."""
    lengths = torch.as_tensor(lengths).to(device)
    if lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(f"{name} should hold integers, got {lengths.dtype}")
    if lengths.numel() != batch or lengths.dim() > 1:
        raise ValueError(f"{name} should have shape ({batch},), got {tuple(lengths.shape)}")
    if batch and not (int(lengths.min()) >= 0 and int(lengths.max()) <= most):
        low, high = int(lengths.min()), int(lengths.max())
        raise ValueError(f"{name} should lie in 0 ... {most}, got values from {low} to {high}")
    return lengths.reshape(batch).long()
