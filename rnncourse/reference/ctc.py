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

from rnncourse.reference.arguments import check_shape, check_sizes
from rnncourse.reference.ctc_trellis import Trellis


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
    check_sizes(least=0, blank=blank)
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
        NaN, +inf or nothing but -inf in a frame that counts.
    """
    trellis = Trellis(logits, targets, input_lengths, target_lengths, blank)
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
    trellis = Trellis(logits, targets, input_lengths, target_lengths, blank)
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
