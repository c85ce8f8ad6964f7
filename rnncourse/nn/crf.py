"""A linear-chain conditional random field as a Torch module.

The equations are those of ``rnncourse.reference.crf``; autograd goes back through the very steps that stand
here.  Source: Lafferty, McCallum & Pereira 2001.
"""

import math

import torch
from torch import Tensor, nn

from rnncourse.nn.arguments import check_mask


class CRF(nn.Module):
    """Scores for neighbouring tags, on top of a network's scores for every tag at every step.

    Parameters
    ----------
    num_tags : int
        K.
    reduction : {"mean", "sum", "none"}
        What ``forward`` does with the losses of a batch.
    device, dtype
        Of the parameters.

    Notes
    -----
    Parameters are ``transitions (K, K)``, where ``[i, j]`` scores tag i followed by tag j, ``start (K,)`` and
    ``end (K,)``, as in ``reference.crf.Scores``; they begin as small random numbers.  -inf forbids.

    A step may be masked wherever it stands: it is as if it were not there.
    """

    def __init__(
        self,
        num_tags: int,
        reduction: str = "mean",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if num_tags < 1:
            raise ValueError(f"num_tags should be at least 1, got {num_tags}")
        if reduction not in ("none", "mean", "sum"):
            raise ValueError(f"reduction should be 'none', 'mean' or 'sum', got {reduction!r}")
        super().__init__()
        self.num_tags = num_tags
        self.reduction = reduction
        self.transitions = nn.Parameter(torch.empty(num_tags, num_tags, device=device, dtype=dtype))
        self.start = nn.Parameter(torch.empty(num_tags, device=device, dtype=dtype))
        self.end = nn.Parameter(torch.empty(num_tags, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw fresh scores, uniform in +-0.1: at first all sequences are nearly alike."""
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)

    def forward(self, emissions: Tensor, tags: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return ``-log p(tags)``, in nats, of a batch or of each sequence.

        Parameters
        ----------
        emissions : tensor (T, B, K)
            What stands where the mask is 0 (even NaN) does not matter.
        tags : integer tensor (T, B)
        mask : tensor (T, B) of numbers or booleans, optional
            0 where a step does not count.

        Returns
        -------
        loss : tensor, () or with ``reduction="none"`` (B,)

        Raises
        ------
        ValueError
            On shapes that do not agree, tags out of range, and a sequence without a step that counts.
        """
        losses = self.log_partition(emissions, mask) - self.score(emissions, tags, mask)
        if self.reduction == "none":
            return losses
        return losses.mean() if self.reduction == "mean" else losses.sum()

    def score(self, emissions: Tensor, tags: Tensor, mask: Tensor | None = None) -> Tensor:
        """Add up the scores of the given tags: tensor (B,); arguments as for ``forward``."""
        emissions, counts, order = self._close_ranks(emissions, mask)
        if tags.shape != counts.shape:
            raise ValueError(f"tags should have shape {tuple(counts.shape)}, got {tuple(tags.shape)}")
        if tags.is_floating_point():
            raise ValueError(f"tags should hold integers, got {tags.dtype}")
        y = tags.long().gather(0, order).masked_fill(~counts, 0)
        if ((y < 0) | (y >= self.num_tags)).any():
            low, high = int(y.min()), int(y.max())
            raise ValueError(f"tags should lie in 0 ... {self.num_tags - 1}, got values from {low} to {high}")
        at_steps = emissions.gather(2, y[:, :, None])[:, :, 0]
        between = self.transitions[y[:-1], y[1:]].masked_fill(~counts[1:], 0)
        last = y.gather(0, counts.sum(dim=0, keepdim=True) - 1)[0]
        return at_steps.sum(dim=0) + between.sum(dim=0) + self.start[y[0]] + self.end[last]

    def log_partition(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        """Sum over all sequences of tags: tensor (B,); arguments as for ``forward``.

        Its gradient with respect to the emissions is the marginals, ``p(y_t = k)``.
        """
        emissions, counts, _ = self._close_ranks(emissions, mask)
        alpha = self.start + emissions[0]  # (B, K)
        for e_t, goes_on in zip(emissions[1:], counts[1:, :, None]):
            arrive = _log_sum_exp(alpha[:, :, None] + self.transitions, dim=1) + e_t
            alpha = torch.where(goes_on, arrive, alpha)
        return _log_sum_exp(alpha + self.end, dim=1)

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Find the best sequence of tags (Viterbi).

        Parameters
        ----------
        emissions, mask
            As for ``forward``.

        Returns
        -------
        paths : integer tensor (T, B)
            -1 where the mask is 0.
        scores : tensor (B,)

        Raises
        ------
        ValueError
            As ``forward``, and on NaN among the emissions that count: NaN is neither better nor worse.
        """
        emissions, counts, order = self._close_ranks(emissions, mask)
        if emissions.isnan().any():
            raise ValueError("emissions should hold numbers or -inf, got nan")
        best, came_from = self.start + emissions[0], []
        for e_t, goes_on in zip(emissions[1:], counts[1:, :, None]):
            arrive, before = (best[:, :, None] + self.transitions).max(dim=1)
            best = torch.where(goes_on, arrive + e_t, best)
            came_from.append(before)
        scores, tag = (best + self.end).max(dim=1)
        path = [tag]
        for before, goes_on in zip(reversed(came_from), reversed(counts[1:].unbind())):
            tag = torch.where(goes_on, before.gather(1, tag[:, None])[:, 0], tag)
            path.append(tag)
        paths = torch.stack(path[::-1]).masked_fill(~counts, -1)
        return torch.empty_like(paths).scatter_(0, order, paths), scores

    def _close_ranks(self, emissions: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Check the arguments, and move the steps that count to the front.

        Returns emissions (T, B, K), 0 behind; the mask (T, B), True in front and False behind; and where
        each step came from (T, B).
        """
        if emissions.dim() != 3 or emissions.shape[2] != self.num_tags:
            raise ValueError(
                f"emissions should have shape (T, B, {self.num_tags}), got {tuple(emissions.shape)}"
            )
        if emissions.is_complex():
            raise TypeError(f"emissions should hold real numbers, got dtype {emissions.dtype}")
        check_mask(mask)
        T, B, _ = emissions.shape
        counts = emissions.new_ones((T, B), dtype=torch.bool) if mask is None else mask != 0
        if counts.shape != (T, B):
            raise ValueError(f"mask should have shape {(T, B)}, got {tuple(counts.shape)}")
        if not counts.any(dim=0).all():
            raise ValueError(
                "mask should let at least one place of every sequence count, "
                f"got none for sequence {int(counts.any(dim=0).int().argmin()) if T else 0}"
            )
        order = torch.sort(~counts, dim=0, stable=True).indices
        counts = counts.gather(0, order)
        emissions = emissions.gather(0, order[:, :, None].expand_as(emissions))
        return emissions.masked_fill(~counts[:, :, None], 0), counts, order

    def extra_repr(self) -> str:
        """Name the number of tags."""
        return f"{self.num_tags}"


def _log_sum_exp(a: Tensor, dim: int) -> Tensor:
    """As ``torch.logsumexp``, with a gradient of 0, and not NaN, where all terms are -inf."""
    forbidden = (a == -math.inf).all(dim=dim)
    safe = a.masked_fill(forbidden.unsqueeze(dim), 0)
    return torch.logsumexp(safe, dim=dim).masked_fill(forbidden, -math.inf)
