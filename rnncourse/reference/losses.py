"""From logits to a loss: log-softmax (R4) and the masked mean cross-entropy (R5).

A cross-entropy here is in nats (natural logarithm) per position; divide by ``log(2)`` for bits.
Source: Goodfellow et al. 2016, sections 4.1 and 6.2.2 [goodfellow2016deep].  The mean agrees with
``torch.nn.functional.cross_entropy`` (there a position is left out by ``ignore_index``).
"""

import numpy as np

from rnncourse.reference.arguments import booleans, check_ids, check_shape, float_dtype, floats


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Take the logarithm of the softmax along the last axis, (R4).

    ``log_softmax(z)_k = z_k - m - log(sum_j exp(z_j - m))`` with ``m = max_j z_j``.  Adding a constant
    to all logits changes nothing, so the shift by ``m`` is free; it makes the largest exponent 0, and
    logits of 1e3, whose ``exp`` is past every float, are no trouble.

    Parameters
    ----------
    logits : array (..., V)

    Returns
    -------
    log_probabilities : array (..., V)
        In nats, at most 0.
    """
    logits = floats("logits", logits)
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"logits should have shape (..., V), got {logits.shape}")
    shifted = logits - logits.max(axis=-1, keepdims=True)  # (R4)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits ``(..., V)`` into probabilities that sum to 1 along the last axis; (R4) without the log."""
    return np.exp(log_softmax(logits))


def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Average ``-log p(target)`` over the positions that count, (R5), in nats per position.

    Parameters
    ----------
    logits : array (..., V)
        Usually ``(T, B, V)``.
    targets : integer array (...)
        Usually ``(T, B)``; each in ``0 ... V - 1`` where it counts.
    mask : array (...) of numbers or booleans, optional
        0 where a position does not count.  What stands there in ``logits`` (even NaN or infinity) and
        in ``targets`` does not matter.

    Returns
    -------
    loss : float
        ``L = -(1/N) sum_n mask_n log p_n(target_n)`` with ``N`` the number of counting positions.

    Raises
    ------
    ValueError
        On shapes that do not agree, a target that is not in the vocabulary, or a mask with no
        counting position: an empty mean has no value.
    """
    logits, targets, counts = _prepare(logits, targets, mask)
    log_p = np.take_along_axis(log_softmax(logits), targets[..., None], axis=-1)[..., 0]
    # Add up in float64: the mean of many float32 terms need not lose digits.
    return -float(log_p.sum(where=counts, dtype=np.float64) / counts.sum())  # (R5)


def softmax_cross_entropy_backward(
    logits: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None
) -> np.ndarray:
    """Differentiate the masked mean cross-entropy with respect to the logits, (B1).

    Softmax and logarithm together have a gradient as plain as a gradient gets: what was predicted
    minus what came, ``(p - one_hot(target)) / N`` where a position counts and 0 elsewhere.

    Parameters
    ----------
    logits, targets, mask
        As in ``softmax_cross_entropy``.

    Returns
    -------
    dlogits : array (..., V)
        Sums to 0 along the last axis.
    """
    logits, targets, counts = _prepare(logits, targets, mask)
    dlogits = softmax(logits)
    at_target = np.take_along_axis(dlogits, targets[..., None], axis=-1)
    np.put_along_axis(dlogits, targets[..., None], at_target - 1, axis=-1)
    dlogits /= counts.sum()  # (B1)
    dlogits[~counts] = 0
    return dlogits


def _prepare(
    logits: np.ndarray, targets: np.ndarray, mask: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check the arguments; put harmless values where the mask is 0; return the mask as booleans."""
    logits, targets = floats("logits", logits), np.asarray(targets)
    check_shape("targets", targets, *logits.shape[:-1])
    if mask is None:
        counts = np.ones(targets.shape, bool)
    else:
        counts = booleans(mask, *targets.shape)
        # 0 * NaN is NaN, so a masked NaN has to go before the arithmetic, not after it
        logits = np.where(counts[..., None], logits, np.zeros((), logits.dtype))
        targets = np.where(counts, targets, 0)
    if not counts.any():
        raise ValueError("mask should let at least one position count, got none")
    check_ids("targets", targets, logits.shape[-1])
    return logits, targets, counts


def log_sum_exp(a: np.ndarray, axis: int) -> np.ndarray:
    """Add up probabilities that are given by their logarithms: ``log(sum(exp(a)))`` along one axis.

    The largest term is taken out first, as in ``log_softmax``.  A sum of nothing but zeros, whose
    logarithms are -inf, is zero: then the result is -inf, and not NaN.

    Parameters
    ----------
    a : array, any shape
    axis : int
        Along which to add.

    Returns
    -------
    array
        The shape of ``a`` without that axis.
    """
    a = floats("a", a)
    largest = a.max(axis=axis, keepdims=True)
    largest = np.where(np.isneginf(largest), np.zeros((), a.dtype), largest)  # -inf - -inf is NaN
    with np.errstate(divide="ignore"):  # log(0) is the -inf that is meant
        return np.log(np.exp(a - largest).sum(axis=axis)) + largest.squeeze(axis)


def mean_squared_error(predictions: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Average the squares of the errors over the positions that count.

    Parameters
    ----------
    predictions, targets : arrays of the same shape
        Usually ``(T, B, O)``.
    mask : array (...) of numbers or booleans, optional
        One entry per position, usually ``(T, B)``: its axes are the leading axes of the predictions.
        Where it is 0, all O numbers of the position are left out, whatever stands there (even NaN).

    Returns
    -------
    loss : float
        In squared units of the targets.

    Raises
    ------
    ValueError
        On shapes that do not agree, or a mask with no counting position.
    """
    error, numbers = _error(predictions, targets, mask)
    return float(np.square(error, dtype=np.float64).sum()) / numbers


def mean_squared_error_backward(
    predictions: np.ndarray, targets: np.ndarray, mask: np.ndarray | None = None
) -> np.ndarray:
    """Differentiate the masked mean squared error with respect to the predictions.

    Parameters
    ----------
    predictions, targets, mask
        As in ``mean_squared_error``.

    Returns
    -------
    dpredictions : array like ``predictions``
        ``2 (prediction - target) / N``, N being how many numbers count; 0 where the mask is.
    """
    error, numbers = _error(predictions, targets, mask)
    return error * (2 / numbers)


def _error(predictions: np.ndarray, targets: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, int]:
    """Return ``predictions - targets``, 0 where the mask is, and how many numbers count."""
    predictions, targets = np.asarray(predictions), np.asarray(targets)
    check_shape("predictions", predictions, *predictions.shape)
    check_shape("targets", targets, *predictions.shape)
    dtype = float_dtype(predictions, targets)
    mask = np.ones((), bool) if mask is None else np.asarray(mask)
    if mask.ndim > predictions.ndim:
        raise ValueError(f"mask should have at most {predictions.ndim} axes, got {mask.shape}")
    counts = booleans(mask, *predictions.shape[: mask.ndim])
    if not counts.any() or not predictions.size:
        raise ValueError("mask should let at least one position count, got none")
    # one entry per position: it goes for all numbers that the position holds
    counts = counts.reshape(counts.shape + (1,) * (predictions.ndim - counts.ndim))
    counts = np.broadcast_to(counts, predictions.shape)
    error = np.zeros(predictions.shape, dtype)
    np.subtract(predictions, targets, out=error, where=counts, dtype=dtype)
    return error, int(counts.sum())
