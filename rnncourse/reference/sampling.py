"""Choosing one token: drawing from a distribution, sharpened, flattened or cut to its likeliest part.

Sources: Fan et al. 2018 for top-k, Holtzman et al. 2020 for the nucleus.
"""

import numpy as np

from rnncourse.reference.arguments import check_number, check_scores, check_shape, check_sizes, floats
from rnncourse.reference.losses import softmax


def sample(logits: np.ndarray, temperature: float, u: np.ndarray | float) -> np.ndarray:
    """Draw ids by the inverse of the cumulative distribution: the smallest i with ``u < cdf[i]``.

    Lay the probabilities end to end on a line of length 1: a draw ``u`` falls onto one of them, and onto a
    long one more often than onto a short one.

    Parameters
    ----------
    logits : array (..., V)
        -inf for ids that must not be drawn.
    temperature : float
        Divides the logits: below 1 sharpens, above 1 flattens, 0 takes the largest (the first, if several
        are) whatever ``u`` is.
    u : array (...) or float
        Uniform draws from [0, 1), one per distribution.

    Returns
    -------
    ids : integer array (...)
        One id per distribution; a NumPy integer for a single one.

    Raises
    ------
    ValueError
        On a temperature below 0 or not finite, draws outside [0, 1), NaN or +inf among the logits, or
        logits that are all -inf.
    """
    logits, u = scores_to_choose_from("logits", logits), floats("u", u).astype(np.float64)
    check_shape("u", u, *logits.shape[:-1])
    check_number("temperature", temperature, low=0)
    outside = ~((u >= 0) & (u < 1))  # NaN is outside as well
    if outside.any():
        raise ValueError(f"u should lie in [0, 1), got {u[outside][0]}")
    if temperature == 0:
        return logits.argmax(axis=-1)
    # The largest logit first becomes 0, which any temperature leaves there; the others may overflow to
    # -inf, as they should.
    with np.errstate(over="ignore"):
        logits = logits.astype(np.float64)
        p = softmax((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    ids = (p.cumsum(axis=-1) <= u[..., None]).sum(axis=-1)
    # Rounded, the sum may end a little below 1 and below u: then it is the last id that can be drawn.
    last = p.shape[-1] - 1 - (p > 0)[..., ::-1].argmax(axis=-1)
    return np.minimum(ids, last)


def top_k_filter(logits: np.ndarray, k: int) -> np.ndarray:
    """Keep the k largest logits of each distribution, and set the others to -inf.

    Parameters
    ----------
    logits : array (..., V)
    k : int
        At least 1; from V on, nothing changes.  Of equal logits the first are kept.

    Returns
    -------
    filtered : array (..., V)
    """
    logits = scores_to_choose_from("logits", logits)
    check_sizes(k=k)
    order = (-logits).argsort(axis=-1, kind="stable")
    return _without(logits, order, np.arange(logits.shape[-1]) >= k)


def nucleus_filter(logits: np.ndarray, p: float) -> np.ndarray:
    """Keep the smallest set of the likeliest ids that holds probability p, and set the others to -inf.

    Parameters
    ----------
    logits : array (..., V)
    p : float
        Above 0, at most 1; with 1 nothing changes.  Of equal logits the first are kept.

    Returns
    -------
    filtered : array (..., V)
        The likeliest id is always in.
    """
    logits = scores_to_choose_from("logits", logits)
    check_number("p", p)
    if not 0 < p <= 1:
        raise ValueError(f"p should lie above 0 and be at most 1, got {p}")
    order = (-logits).argsort(axis=-1, kind="stable")
    probability = np.take_along_axis(softmax(logits.astype(np.float64)), order, axis=-1)
    # An id is needed if those before it do not reach p.  All are before 1, whatever rounding says.
    before = np.zeros(probability.shape)
    before[..., 1:] = probability.cumsum(axis=-1)[..., :-1]
    return _without(logits, order, (before >= p) & (p < 1))


def scores_to_choose_from(name: str, scores: np.ndarray) -> np.ndarray:
    """Return scores ``(..., V)`` as floating numbers, among which every distribution has a largest one.

    Raises
    ------
    ValueError
        On NaN or +inf, by its place, on a distribution of nothing but -inf, and on no axis to choose along.
    """
    scores = floats(name, scores)
    if scores.ndim == 0 or scores.shape[-1] == 0:
        raise ValueError(f"{name} should have shape (..., V), got {scores.shape}")
    check_scores(name, scores)
    if np.isneginf(scores).all(axis=-1).any():
        raise ValueError(f"{name} should leave something to choose, got nothing but -inf")
    return scores


def _without(logits: np.ndarray, order: np.ndarray, dropped: np.ndarray) -> np.ndarray:
    """Copy the logits, with -inf where ``order`` has them in a place that is ``dropped``."""
    filtered = logits.copy()
    kept = np.where(dropped, -np.inf, np.take_along_axis(logits, order, axis=-1))
    np.put_along_axis(filtered, order, kept.astype(logits.dtype), axis=-1)
    return filtered
