r"""Connectionist temporal classification: a loss for labels of which nobody said when they sound.

A network puts out one distribution over V symbols per frame; one symbol is the *blank*, "nothing new".
A path names one symbol per frame.  ``collapse`` merges its repeats and then drops its blanks, so many
paths spell the same labels, and

.. math::  p(\text{labels}) = \sum_{\text{paths that collapse to them}} \ \prod_t p_t(\text{path}_t) .

A sum over so many paths is taken step by step.  Put a blank before, between and after the L labels:
these ``2 L + 1`` places are the states.  A path may stay, go on to the next state, or skip a blank
between two labels that *differ* (between equal ones the blank must be heard, or they would merge).
With ``y[t, s]`` the log-probability of state s's symbol at frame t,

.. math::

    \alpha_t(s) &= y_t(s) + \log \textstyle\sum_{r \to s} \exp \alpha_{t-1}(r) \\
    \beta_t(s)  &= \log \textstyle\sum_{s \to r} \exp \bigl( y_{t+1}(r) + \beta_{t+1}(r) \bigr) .

``alpha`` collects what leads to a state, ``beta`` what follows it, and their sum less ``log p`` is the
log-probability of being in that state at that frame, given the labels.  That is the gradient already:

.. math::  \partial (-\log p) / \partial \text{logit}_t(k)
    = \underbrace{p_t(k)}_{\text{predicted}}
    - \underbrace{p(\text{path}_t = k \mid \text{labels})}_{\text{needed}} .

Source: Graves et al. 2006; Graves 2012, chapter 7 [graves2012supervised].  Values and gradients agree
with ``torch.nn.functional.ctc_loss`` after a ``log_softmax``.
"""

import numpy as np

from rnncourse.reference.arguments import (
    check_ids,
    check_lengths,
    check_scores,
    check_shape,
    float_dtype,
)
from rnncourse.reference.losses import log_softmax, log_sum_exp


def collapse(path: np.ndarray, blank: int = 0) -> np.ndarray:
    """Read the labels off a path: merge what repeats, then drop the blanks.

    Parameters
    ----------
    path : integer array (T,)
        One symbol per frame.
    blank : int

    Returns
    -------
    labels : integer array (L,)
        ``collapse([0, 3, 3, 0, 3, 5, 5], blank=0)`` is ``[3, 3, 5]``.
    """
    path = np.asarray(path)
    check_shape("path", path, "T")
    if path.size and not np.issubdtype(path.dtype, np.integer):
        raise ValueError(f"path should hold integers, got dtype {path.dtype}")
    # Merge first: a blank between two equal labels is what keeps them two.
    begins = np.concatenate([[True], path[1:] != path[:-1]])[: len(path)]
    return path[begins & (path != blank)].astype(np.intp)


def loss(
    logits: np.ndarray,
    targets: np.ndarray,
    input_lengths: np.ndarray | None = None,
    target_lengths: np.ndarray | None = None,
    blank: int = 0,
    zero_infinity: bool = False,
) -> np.ndarray:
    """Return ``-log p(labels)`` of every sequence, in nats.

    Parameters
    ----------
    logits : array (T, B, V)
        One score per frame and symbol.  Log-probabilities will do: their ``log_softmax`` is themselves.
    targets : integer array (B, L)
        The labels of each sequence, padded with anything.
    input_lengths, target_lengths : integer arrays (B,), optional
        How many frames, and how many labels, count; all of them when left out.  Either may be 0.
    blank : int
        Which symbol is the blank.
    zero_infinity : bool
        Put 0 in the place of an infinite loss, so that one hopeless sequence does not spoil a batch.

    Returns
    -------
    loss : array (B,)
        Infinite where the frames are too few for the labels: n labels of which r repeat the one before
        need ``n + r`` frames.

    Raises
    ------
    ValueError
        On shapes that do not agree, a length out of range, a label that is no symbol or the blank, and
        NaN or +inf among the logits that count.
    """
    trellis = _Trellis(logits, targets, input_lengths, target_lengths, blank)
    nats = -trellis.log_p(trellis.alpha())
    return np.where(np.isinf(nats), np.zeros((), nats.dtype), nats) if zero_infinity else nats


def loss_backward(
    dloss: np.ndarray,
    logits: np.ndarray,
    targets: np.ndarray,
    input_lengths: np.ndarray | None = None,
    target_lengths: np.ndarray | None = None,
    blank: int = 0,
    zero_infinity: bool = False,
) -> np.ndarray:
    """Differentiate ``loss`` with respect to the logits.

    Parameters
    ----------
    dloss : array (B,)
        What every sequence's loss is worth: ones for the sum, ``1 / B`` for the mean.
    logits, targets, input_lengths, target_lengths, blank, zero_infinity
        As in ``loss``.

    Returns
    -------
    dlogits : array (T, B, V)
        0 in frames that do not count.  An infinite loss has no gradient: the frames of its sequence
        hold NaN, or 0 with ``zero_infinity`` (in both cases as in Torch).
    """
    trellis = _Trellis(logits, targets, input_lengths, target_lengths, blank)
    dloss = np.asarray(dloss)
    check_shape("dloss", dloss, len(trellis.labels))
    alpha = trellis.alpha()
    log_p = trellis.log_p(alpha)
    hopeless = np.isinf(log_p)
    # alpha[t + 1] is the sum over what leads to a state *after* frame t; beta goes on from there
    needed = np.exp(alpha[1:] + trellis.beta()[1:] - np.where(hopeless, 0, log_p)[:, None])  # (T, B, S)
    # Several states may stand for one symbol (the blank always): add them up.
    symbols = trellis.labels[:, :, None] == np.arange(trellis.log_probs.shape[2])  # (B, S, V)
    needed = (needed.swapaxes(0, 1) @ symbols.astype(needed.dtype)).swapaxes(0, 1)  # (T, B, V)
    dlogits = (np.exp(trellis.log_probs) - needed) * dloss[:, None].astype(needed.dtype)
    dlogits[:, hopeless] = 0 if zero_infinity else np.nan
    dlogits[~trellis.frames] = 0
    return dlogits


class _Trellis:
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
        logits, targets = np.asarray(logits, float_dtype(logits)), np.asarray(targets)
        check_shape("logits", logits, "T", "B", "V")
        T, B, V = logits.shape
        check_ids("blank", np.asarray(blank), V)
        check_shape("targets", targets, B, "L")
        L = targets.shape[1]
        input_lengths = check_lengths("input_lengths", input_lengths, B, T)
        self.ends = 2 * check_lengths("target_lengths", target_lengths, B, L)  # the last blank's state
        said = 2 * np.arange(L) < self.ends[:, None]  # (B, L)
        check_ids("targets", targets[said], V)
        if (targets[said] == blank).any():
            raise ValueError(f"targets should not hold the blank, {blank}: it is put between them here")

        self.frames = np.arange(T)[:, None] < input_lengths
        check_scores("logits", logits, self.frames[:, :, None])
        self.log_probs = log_softmax(np.where(self.frames[:, :, None], logits, np.zeros((), logits.dtype)))
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
