"""Mistakes made in going back through the output layer, and out to the words."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("bptt")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("output_layer_backward", name, "Back through the output layer", when)


def _right(dy: Array, h: Array, W_hy: Array) -> tuple[Array, Array, Array]:
    return dy @ W_hy, np.einsum("tbv,tbh->vh", dy, h), dy.sum(axis=(0, 1))


@_of(
    "W_hy_transposed",
    "dh is multiplied by W_hy.T, which fits only where V = H. Forward multiplied by W_hy.T; the way back "
    "multiplies by W_hy.",
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    return dy @ W_hy.T, *_right(dy, h, W_hy)[1:]


@_of(
    "dW_hy_transposed", "dW_hy is transposed, (H, V). A gradient has the shape of what it belongs to, (V, H)."
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = _right(dy, h, W_hy)
    return dh, dW_hy.T.copy(), db_y


@_of(
    "averaged_over_batch",
    "the weights' gradients are divided by B. They are sums; the mean is in dy already.",
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = _right(dy, h, W_hy)
    return dh, dW_hy / h.shape[1], db_y / h.shape[1]


@_of(
    "averaged_over_steps",
    "the weights' gradients are divided by T. They are sums; the mean is in dy already.",
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = _right(dy, h, W_hy)
    return dh, dW_hy / len(h), db_y / len(h)


@_of(
    "averaged_over_all",
    "the weights' gradients are divided by T * B. They are sums; the mean is in dy already.",
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = _right(dy, h, W_hy)
    number = h.shape[0] * h.shape[1]
    return dh, dW_hy / number, db_y / number


@_of("bias_averaged", "db_y is a mean over steps and batch. It is the sum.")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    return *_right(dy, h, W_hy)[:2], dy.mean(axis=(0, 1))


@_of("bias_per_example", "db_y is summed over the steps alone, (B, V). Sum over the batch as well.")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    return *_right(dy, h, W_hy)[:2], dy.sum(axis=0)


@_of("bias_per_step", "db_y is summed over the batch alone, (T, V). Sum over the steps as well.")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    return *_right(dy, h, W_hy)[:2], dy.sum(axis=1)


@_of(
    "last_step_only",
    "the weights' gradients are those of the last step. Every step used the weights: add up.",
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    return dy @ W_hy, *_right(dy[-1:], h[-1:], W_hy)[1:]


@_of(
    "first_example_only", "the weights' gradients are those of the first sequence. Sum over the whole batch."
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    return dy @ W_hy, *_right(dy[:, :1], h[:, :1], W_hy)[1:]


@_of("state_before", "dW_hy is made with h[t - 1], and zeros at first. The output at step t reads h[t].")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, _, db_y = _right(dy, h, W_hy)
    return dh, _right(dy, np.concatenate([0 * h[:1], h[:-1]]), W_hy)[1], db_y


@_of("slope_of_tanh", "the slope of tanh is multiplied into dh. No tanh stands between h and y.")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = _right(dy, h, W_hy)
    return dh * (1 - h**2), dW_hy, db_y


@_of(
    "steps_added_up",
    "dh[t] also holds what enters at later steps. How h[t] acts on those is the loop's business.",
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = _right(dy, h, W_hy)
    return np.cumsum(dh[::-1], axis=0)[::-1].copy(), dW_hy, db_y


@_of("order", "the weights' gradients come first. Return dh, dW_hy, db_y.")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = _right(dy, h, W_hy)
    return dW_hy, db_y, dh


@_of(
    "state_overwritten",
    "Your numbers are right, but dh is written into h: the states are gone before the way back needs them.",
)
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = _right(dy, h, W_hy)
    h[...] = dh
    return dh, dW_hy, db_y


# ---------------------------------------------------------------- embedding_backward
def _word(name: str, when: str) -> Any:
    return CATALOGUE.of("embedding_backward", name, "Words go out the way they came in", when)


def _sums(ids: Array, dvectors: Array, vocab_size: int) -> Array:
    dE = np.zeros((vocab_size, dvectors.shape[-1]), dvectors.dtype)
    np.add.at(dE, ids, dvectors)
    return dE


@_word(
    "last_one_wins",
    "a word that comes twice keeps its last gradient alone. dE[ids] += dvectors does that: it reads, adds "
    "and writes all rows at once.",
)
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    dE = np.zeros((vocab_size, dvectors.shape[-1]), dvectors.dtype)
    dE[ids] += dvectors
    return dE


@_word(
    "first_one_wins", "a word that comes twice keeps its first gradient alone. All of its gradients add up."
)
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    dE = np.zeros((vocab_size, dvectors.shape[-1]), dvectors.dtype)
    words, first = np.unique(ids, return_index=True)
    dE[words] = dvectors.reshape(ids.size, -1)[first]
    return dE


@_word("mean_for_sum", "the gradients of a word that comes often are averaged. They add up.")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    often = np.bincount(ids.ravel(), minlength=vocab_size).clip(1).astype(dvectors.dtype)
    return _sums(ids, dvectors, vocab_size) / often[:, None]


@_word(
    "divided_by_positions",
    "everything is divided by the number of positions. The mean is in dvectors already.",
)
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return _sums(ids, dvectors, vocab_size) / ids.size


@_word("divided_by_batch", "everything is divided by B. The mean is in dvectors already.")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return _sums(ids, dvectors, vocab_size) / ids.shape[1]


@_word("once_per_step", "a word that two sequences read at the same step keeps one of the two gradients.")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    dE = np.zeros((vocab_size, dvectors.shape[-1]), dvectors.dtype)
    for now, gradients in zip(ids, dvectors, strict=True):
        dE[now] += gradients
    return dE


@_word("once_per_sequence", "a word that comes twice in one sequence keeps one of the two gradients.")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    dE = np.zeros((vocab_size, dvectors.shape[-1]), dvectors.dtype)
    for b in range(ids.shape[1]):
        dE[ids[:, b]] += dvectors[:, b]
    return dE


@_word("last_step_only", "only the last step's words have a gradient. Every step's do.")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return _sums(ids[-1:], dvectors[-1:], vocab_size)


@_word("first_sequence_only", "only the first sequence's words have a gradient. Sum over the batch.")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return _sums(ids[:, :1], dvectors[:, :1], vocab_size)


@_word("id_0_is_padding", "word 0 has no gradient. Id 0 is a word like any other here; nothing is padding.")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    dE = _sums(ids, dvectors, vocab_size)
    dE[0] = 0
    return dE


@_word(
    "as_many_rows_as_ids",
    "dE ends at the largest id that came. It has vocab_size rows; words that did not come have zeros.",
)
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return _sums(ids, dvectors, int(ids.max()) + 1)


@_word("transposed", "dE is transposed, (D, V). It has one row for each word, as the table has.")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return _sums(ids, dvectors, vocab_size).T.copy()


@_word(
    "ids_one_step_late",
    "each gradient goes to the word of the step before. ids[t] and dvectors[t] belong together.",
)
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return _sums(np.roll(ids, 1, axis=0), dvectors, vocab_size)


@_word(
    "always_float64",
    "Your numbers are right, but dE is float64 whatever comes in. Give np.zeros the dtype of dvectors.",
)
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return _sums(ids, dvectors.astype(np.float64), vocab_size)
