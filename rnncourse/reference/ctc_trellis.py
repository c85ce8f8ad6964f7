"""What the functions of ``ctc`` stand on: the states of every sequence, and the two loops over its frames."""

import numpy as np

from rnncourse.reference.arguments import check_ids, check_lengths, check_scores, check_shape, floats
from rnncourse.reference.losses import log_softmax, log_sum_exp


def counting_frames(
    logits: np.ndarray, input_lengths: np.ndarray | None, blank: int
) -> tuple[np.ndarray, np.ndarray]:
    """Check what a network put out, and leave out the padding.

    Parameters
    ----------
    logits : array (T, B, V)
    input_lengths : integer array (B,) or None
    blank : int

    Returns
    -------
    logits : array (T, B, V)
        A copy, 0 in frames that do not count.
    frames : array (T, B) of booleans
        Which frames count.

    Raises
    ------
    ValueError
        On a wrong shape, a blank or a length out of range, and NaN, +inf or nothing but -inf in a frame
        that counts.
    """
    logits = floats("logits", logits)
    check_shape("logits", logits, "T", "B", "V")
    T, B, V = logits.shape
    check_shape("blank", np.asarray(blank))
    check_ids("blank", np.asarray(blank), V)
    frames = np.arange(T)[:, None] < check_lengths("input_lengths", input_lengths, B, T)
    check_scores("logits", logits, frames[:, :, None])
    logits = np.where(frames[:, :, None], logits, np.zeros((), logits.dtype))
    impossible = np.isneginf(logits).all(axis=2)
    if impossible.any():
        t, b = np.argwhere(impossible)[0]
        raise ValueError(
            f"logits should leave a symbol possible, got nothing but -inf in frame {t} of sequence {b}"
        )
    return logits, frames


class Trellis:
    """Every sequence's states and what they cost at every frame; checks the arguments on the way.

    Attributes
    ----------
    log_probs : array (T, B, V)
    frames : array (T, B) of booleans
        Which frames count.
    labels : integer array (B, S), S = 2 L + 1
        The symbol of every state: blank, label, blank, label, ..., blank.
    """

    def __init__(
        self,
        logits: np.ndarray,
        targets: np.ndarray,
        input_lengths: np.ndarray | None,
        target_lengths: np.ndarray | None,
        blank: int,
    ) -> None:
        logits, self.frames = counting_frames(logits, input_lengths, blank)
        targets = np.asarray(targets)
        _, B, V = logits.shape
        check_shape("targets", targets, B, "L")
        L = targets.shape[1]
        self.ends = 2 * check_lengths("target_lengths", target_lengths, B, L)  # the last blank's state
        said = 2 * np.arange(L) < self.ends[:, None]  # (B, L)
        check_ids("targets", targets[said], V)
        if (targets[said] == blank).any():
            raise ValueError(f"targets should not hold the blank, {blank}: it is put between them here")

        self.log_probs = log_softmax(logits)
        self.labels = np.full((B, 2 * L + 1), blank)
        self.labels[:, 1::2] = np.where(said, targets, blank)
        self.y = np.take_along_axis(self.log_probs, self.labels[None], axis=2)  # (T, B, S)
        # A blank may be skipped from one label to the next if they differ (blank to blank never does).
        self.may_skip = self.labels[:, 2:] != self.labels[:, :-2]

    def alpha(self) -> np.ndarray:
        """Sum over what leads to each state: (T + 1, B, S), entry t after t frames.

        Before the first frame every path stands at the first blank, from where it may stay or go on as
        from anywhere else: so the first frame is a frame like the others.
        """
        T, B, S = self.y.shape
        alpha = np.full((T + 1, B, S), -np.inf, self.y.dtype)
        alpha[0, :, 0] = 0
        for t in range(T):
            arrive = self._nowhere(3)
            arrive[0] = alpha[t]  # stay
            arrive[1, :, 1:] = alpha[t, :, :-1]  # go on
            np.copyto(arrive[2, :, 2:], alpha[t, :, :-2], where=self.may_skip)  # skip a blank
            after = log_sum_exp(arrive, axis=0) + self.y[t]
            alpha[t + 1] = np.where(self.frames[t, :, None], after, alpha[t])
        return alpha

    def beta(self) -> np.ndarray:
        """Sum over what follows each state: (T + 1, B, S), entry t after t frames, frame t not yet heard."""
        T, B, S = self.y.shape
        beta = np.full((T + 1, B, S), -np.inf, self.y.dtype)
        beta[T, np.arange(B), self.ends] = 0  # a path ends at the last blank ...
        beta[T, np.arange(B), np.maximum(self.ends - 1, 0)] = 0  # ... or at the last label, if there is one
        for t in reversed(range(T)):
            following = beta[t + 1] + self.y[t]
            leave = self._nowhere(3)
            leave[0] = following
            leave[1, :, :-1] = following[:, 1:]
            np.copyto(leave[2, :, :-2], following[:, 2:], where=self.may_skip)
            beta[t] = np.where(self.frames[t, :, None], log_sum_exp(leave, axis=0), beta[t + 1])
        return beta

    def log_p(self, alpha: np.ndarray) -> np.ndarray:
        """Sum over the two states in which a path may end: ``log p(labels)`` (B,)."""
        rows = np.arange(len(self.ends))
        last_blank, last_label = alpha[-1, rows, self.ends], alpha[-1, rows, self.ends - 1]
        return np.logaddexp(last_blank, np.where(self.ends > 0, last_label, -np.inf).astype(alpha.dtype))

    def _nowhere(self, ways: int) -> np.ndarray:
        _, B, S = self.y.shape
        return np.full((ways, B, S), -np.inf, self.y.dtype)
