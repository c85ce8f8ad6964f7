"""What the functions of ``crf`` stand on: a chain without gaps, and the two loops over it."""

from typing import NamedTuple

import numpy as np

from rnncourse.reference.arguments import (
    check_ids,
    check_kind,
    check_scores,
    check_shape,
    float_dtype,
    sequence_mask,
)
from rnncourse.reference.losses import log_sum_exp


class Scores(NamedTuple):
    """What a chain is scored by; the gradients with respect to them use it too."""

    emissions: np.ndarray  # (T, B, K)
    transitions: np.ndarray  # (K, K): [i, j] scores i followed by j
    start: np.ndarray  # (K,)
    end: np.ndarray  # (K,)


class Chain:
    """The arguments, checked, with the steps that count moved to the front.

    Attributes
    ----------
    emissions, transitions, start, end
        As in ``Scores``; emissions are 0 where ``counts`` is False.
    counts : array (T, B) of booleans
        In every column True first and False after.
    last : integer array (B,)
        The last step that counts.
    """

    def __init__(self, scores: Scores, mask: np.ndarray | None) -> None:
        check_kind("scores", scores, Scores)
        given = Scores(*map(np.asarray, scores))
        check_shape("emissions", given.emissions, "T", "B", "K")
        T, B, K = given.emissions.shape
        dtype = float_dtype(*given)
        check_shape("transitions", given.transitions, K, K)
        check_shape("start", given.start, K)
        check_shape("end", given.end, K)
        counts = sequence_mask(mask, T, B)
        for name, array in given._asdict().items():
            check_scores(name, array, counts[:, :, None] if name == "emissions" else None)
        # Stable: False sorts before True, and steps that count keep their order.
        self.order = np.argsort(~counts, axis=0, kind="stable")
        self.counts = np.take_along_axis(counts, self.order, axis=0)
        self.last = counts.sum(axis=0) - 1
        close = np.take_along_axis(given.emissions, self.order[:, :, None], axis=0)
        self.emissions = np.where(self.counts[:, :, None], close, 0).astype(dtype)
        self.transitions, self.start, self.end = (a.astype(dtype) for a in given[1:])

    def tags(self, tags: np.ndarray) -> np.ndarray:
        """Check tags ``(T, B)`` and move those that count to the front; the others become 0."""
        tags = np.asarray(tags)
        check_shape("tags", tags, *self.counts.shape)
        tags = np.where(self.counts, np.take_along_axis(tags, self.order, axis=0), 0)
        check_ids("tags", tags, len(self.start))
        return tags

    def upstream(self, name: str, worth: np.ndarray) -> np.ndarray:
        """Check a gradient ``(B,)`` that comes from above; in the dtype of the scores."""
        worth = np.asarray(worth)
        check_shape(name, worth, len(self.last))
        return worth.astype(self.emissions.dtype)

    def zeros(self) -> Scores:
        """Return room for the gradients."""
        return Scores(*map(np.zeros_like, (self.emissions, self.transitions, self.start, self.end)))

    def opened(self, close: np.ndarray) -> np.ndarray:
        """Move steps ``(T, B, ...)`` back to where they came from."""
        opened = np.empty_like(close)
        order = self.order.reshape(self.order.shape + (1,) * (close.ndim - 2))
        np.put_along_axis(opened, order, close, axis=0)
        return opened

    def alpha(self) -> np.ndarray:
        """Sum over what leads to each tag, the step itself included: (T, B, K)."""
        alpha = np.empty_like(self.emissions)
        alpha[0] = self.start + self.emissions[0]
        for t in range(1, len(alpha)):
            arrive = log_sum_exp(alpha[t - 1][:, :, None] + self.transitions, axis=1) + self.emissions[t]
            alpha[t] = np.where(self.counts[t, :, None], arrive, alpha[t - 1])
        return alpha

    def beta(self) -> np.ndarray:
        """Sum over what follows each tag, up to and with the end: (T, B, K)."""
        beta = np.empty_like(self.emissions)
        beta[-1] = self.end
        for t in reversed(range(len(beta) - 1)):
            following = self.emissions[t + 1] + beta[t + 1]  # (B, j)
            leave = log_sum_exp(self.transitions + following[:, None, :], axis=2)
            beta[t] = np.where(self.counts[t + 1, :, None], leave, beta[t + 1])
        return beta

    def log_z(self, alpha: np.ndarray) -> np.ndarray:
        """Sum over the last tag: (B,)."""
        log_z = log_sum_exp(alpha[-1] + self.end, axis=1)
        self.refuse_impossible(log_z)
        return log_z

    def refuse_impossible(self, total: np.ndarray) -> None:
        """Raise where the best score ``(B,)``, or the sum over all, says that everything is forbidden."""
        if np.isneginf(total).any():
            raise ValueError(
                "the scores should leave at least one sequence of tags possible, "
                f"got none for sequence {np.argmax(np.isneginf(total))}"
            )
