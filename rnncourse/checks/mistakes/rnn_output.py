"""Mistakes made with what comes out: output layer, loss, delay line."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Catalogue

CATALOGUE = Catalogue("rnn")
_of = CATALOGUE.of

Array = np.ndarray
_OUTPUT = "From state to output"
_LOSS = "What the loss measures"
_DELAY = "A delay line built by hand"


# ---------------------------------------------------------------- output_layer
@_of("output_layer", "bias_dropped", _OUTPUT, "b_y is left out.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h @ W_hy.T


@_of("output_layer", "tanh_on_output", _OUTPUT, "the outputs go through tanh. (R3) is linear: y may be of any size.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.tanh(h @ W_hy.T + b_y)


@_of("output_layer", "tanh_on_state", _OUTPUT, "tanh is taken of h once more. It has been through tanh already.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.tanh(h) @ W_hy.T + b_y


@_of("output_layer", "softmax_on_output", _OUTPUT,
     "a softmax is taken of the outputs. The layer returns the plain scores; the loss takes the softmax.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    e = np.exp(h @ W_hy.T + b_y)
    return e / e.sum(axis=-1, keepdims=True)


@_of("output_layer", "state_before", _OUTPUT,
     "step t reads the state h[t - 1], and step 0 the last one. y_t comes from h_t.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.roll(h, 1, axis=0) @ W_hy.T + b_y


@_of("output_layer", "last_step_only", "Many to one, many to many",
     "only the last step is read out. Every step is asked for: (T, B, V).")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h[-1] @ W_hy.T + b_y


@_of("output_layer", "flattened", _OUTPUT, "time and batch are one long axis. The result keeps both: (T, B, V).")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h.reshape(-1, h.shape[-1]) @ W_hy.T + b_y


@_of("output_layer", "batch_first", _OUTPUT, "the batch is the first axis. Time comes first here: (T, B, V).")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return (h @ W_hy.T + b_y).transpose(1, 0, 2).copy()


@_of("output_layer", "bias_subtracted", _OUTPUT, "b_y is subtracted.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h @ W_hy.T - b_y


@_of("output_layer", "always_float64", _OUTPUT,
     "Your numbers are right, but float32 states give float64 outputs: np.zeros without a dtype makes float64.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return (h @ W_hy.T + b_y).astype(np.float64)


# ---------------------------------------------------------------- softmax_cross_entropy
def _log_softmax(logits: Array, axis: int = -1) -> Array:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _picked(log_p: Array, targets: Array) -> Array:
    return np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


def _mean(values: Array, mask: Array | None) -> float:
    return float(values.mean()) if mask is None else float((values * mask).sum() / np.sum(mask))


@_of("softmax_cross_entropy", "sum_for_mean", _LOSS,
     "the losses are added up. The mean is asked for, so that long and short sequences can be compared.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    return float(nats.sum() if mask is None else (nats * mask).sum())


@_of("softmax_cross_entropy", "mean_over_batch_only", _LOSS,
     "the sum is divided by the batch size alone. It is a mean over positions: T * B of them where nothing is masked.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).sum() / targets.shape[1])


@_of("softmax_cross_entropy", "mean_over_time_only", _LOSS,
     "the sum is divided by the number of steps alone. It is a mean over positions: T * B of them where nothing is masked.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).sum() / targets.shape[0])


@_of("softmax_cross_entropy", "padding_in_the_mean", _LOSS,
     "masked losses are set to zero but still counted: divide by the number of positions that count, not by all.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    return float((nats if mask is None else nats * mask).mean())


@_of("softmax_cross_entropy", "mask_ignored", _LOSS, "the mask is not used: padding adds to the loss.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits), targets), None)


@_of("softmax_cross_entropy", "mask_inverted", _LOSS,
     "the mask is read the wrong way round. 1 means that the position counts.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits), targets), None if mask is None else mask == 0)


@_of("softmax_cross_entropy", "mask_on_logits", _LOSS,
     "the mask multiplies the logits, before the softmax. Zero logits are a guess like any other; mask the losses.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    masked = logits if mask is None else logits * mask[..., None]
    return _mean(-_picked(_log_softmax(masked), targets), None)


@_of("softmax_cross_entropy", "mean_of_means", _LOSS,
     "each sequence is averaged first and then the averages: short sequences weigh too much. Every position counts alike.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    nats = -_picked(_log_softmax(logits), targets)
    weights = np.ones(targets.shape) if mask is None else np.asarray(mask, float)
    return float(((nats * weights).sum(axis=0) / weights.sum(axis=0)).mean())


@_of("softmax_cross_entropy", "minus_missing", _LOSS,
     "the minus is missing. Log-probabilities are negative; a loss is minus their mean.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(_picked(_log_softmax(logits), targets), mask)


@_of("softmax_cross_entropy", "bits", _LOSS, "the logarithm has base 2. Nats are asked for: the natural logarithm.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits), targets) / np.log(2), mask)


@_of("softmax_cross_entropy", "softmax_over_time", _LOSS,
     "the softmax runs over time (axis 0). At each position the V classes share the probability: the last axis.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits, 0), targets), mask)


@_of("softmax_cross_entropy", "softmax_over_batch", _LOSS,
     "the softmax runs over the batch (axis 1). At each position the V classes share the probability: the last axis.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits, 1), targets), mask)


@_of("softmax_cross_entropy", "no_shift", _LOSS,
     "exp is taken of the logits as they are: exp(1000) is infinite. Subtract each position's largest logit first (R4).")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return _mean(-np.log(_picked(p, targets)), mask)


@_of("softmax_cross_entropy", "log_of_rounded_softmax", _LOSS,
     "the shift is there, but the logarithm is taken of the finished softmax: a probability that was rounded to 0 has "
     "no logarithm. Stay in logarithms all the way (R4).")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return _mean(-np.log(_picked(e / e.sum(axis=-1, keepdims=True), targets)), mask)


@_of("softmax_cross_entropy", "epsilon_in_log", _LOSS,
     "a small number is added inside the logarithm, log(p + 1e-8). That caps the loss and bends it; (R4) needs no such help.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-np.log(np.exp(_picked(_log_softmax(logits), targets)) + 1e-8), mask)


@_of("softmax_cross_entropy", "one_shift_for_all", _LOSS,
     "all positions are shifted by the one largest logit of the whole array. Each position needs its own.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    shifted = logits - logits.max()
    return _mean(-_picked(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), targets), mask)


@_of("softmax_cross_entropy", "softmax_twice", _LOSS,
     "the softmax is applied twice: probabilities go into it as if they were logits.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(np.exp(_log_softmax(logits))), targets), mask)


@_of("softmax_cross_entropy", "probability_for_log", _LOSS,
     "the mean of the probabilities themselves is taken, without a logarithm.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(np.exp(_picked(_log_softmax(logits), targets)), mask)


@_of("softmax_cross_entropy", "perplexity", _LOSS, "the loss is exponentiated: this is the perplexity. Nats are asked for.")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return float(np.exp(_mean(-_picked(_log_softmax(logits), targets), mask)))


@_of("softmax_cross_entropy", "targets_shifted", _LOSS,
     "position t is scored against targets[t + 1]. The targets are shifted already: logits[t] belongs to targets[t].")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    return _mean(-_picked(_log_softmax(logits[:-1]), targets[1:]), None if mask is None else mask[1:])


# ---------------------------------------------------------------- delay_line_weights
def _line(H: int, W_hh: Array, last: int, gain: float = 1.0) -> tuple[Array, Array, Array, Array, Array]:
    """Return a network with input into unit 0, the given loop, and output from unit ``last``."""
    W_xh, W_hy = np.zeros((H, 1)), np.zeros((1, H))
    W_xh[0, 0], W_hy[0, last] = gain, 1 / gain
    return W_xh, W_hh, np.zeros(H), W_hy, np.zeros(1)


@_of("delay_line_weights", "one_step_too_late", _DELAY,
     "the signal arrives one step too late. The first unit holds x_t at once, so `delay` steps need delay + 1 units.")
def _(delay: int) -> Any:
    return _line(delay + 2, np.eye(delay + 2, k=-1), delay + 1)


@_of("delay_line_weights", "one_step_too_early", _DELAY,
     "the signal arrives one step too early: H = delay units hold only delay - 1 steps of the past.")
def _(delay: int) -> Any:
    return _line(delay, np.eye(delay, k=-1), delay - 1)


@_of("delay_line_weights", "no_delay", _DELAY,
     "the signal comes out at once: the output reads the unit that the input goes into.")
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1), 0)


@_of("delay_line_weights", "register_backwards", _DELAY,
     "nothing ever reaches the output. W_hh hands values the wrong way: W_hh[i, j] leads from unit j to unit i.")
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=1), delay)


@_of("delay_line_weights", "ring", _DELAY,
     "the signal comes back again and again: the last unit hands its value to the first one, so the register is a ring.")
def _(delay: int) -> Any:
    return _line(delay + 1, np.roll(np.eye(delay + 1), 1, axis=0), delay)


@_of("delay_line_weights", "units_keep_their_values", _DELAY,
     "units keep their own value and add what comes in: W_hh has ones on the diagonal too. A register lets go.")
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1) + np.eye(delay + 1), delay)


@_of("delay_line_weights", "running_sum", _DELAY,
     "all inputs so far are added up: W_hh is the identity, and the output reads the unit that the input goes into.")
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1), 0)


@_of("delay_line_weights", "saturated", _DELAY,
     "the signal is made a hundred times larger on its way in, where tanh bends it. tanh(a) is close to a for small a only.")
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1), delay, gain=100.0)


@_of("delay_line_weights", "input_into_every_unit", _DELAY,
     "the input goes into every unit of the register, so that the output adds up the last delay + 1 inputs.")
def _(delay: int) -> Any:
    W_xh, *rest = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return np.ones_like(W_xh), *rest


@_of("delay_line_weights", "sign_flipped", _DELAY, "the signal arrives in time, with the wrong sign.")
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1), delay, gain=1.0)[:3] + (-np.eye(1, delay + 1, k=delay), np.zeros(1))


@_of("delay_line_weights", "bias_not_zero", _DELAY,
     "every unit has a bias of 1, which pushes tanh far from zero. The register works where tanh is straight.")
def _(delay: int) -> Any:
    W_xh, W_hh, b_h, W_hy, b_y = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return W_xh, W_hh, b_h + 1, W_hy, b_y
