"""Vectors for words: look a row up, and send its gradient back to that row.

A look-up is the product of a one-hot vector with the table, (F1), without the multiplications by zero.
Source: Goodfellow et al. 2016, section 12.4 [goodfellow2016deep]; the table is laid out as in
``torch.nn.Embedding``.
"""

import numpy as np

from rnncourse.reference.arguments import check_ids, check_shape, check_sizes


def forward(ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    """Look up the vectors of ``ids``, (F1): ``E[i]`` is what a one-hot row picks from ``E``.

    Parameters
    ----------
    ids : integer array, any shape
        Usually ``(T, B)``.
    E : array (V, D)
        One row per word.

    Returns
    -------
    vectors : array, shape of ``ids`` + (D,)
        A copy of the rows, never a view into the table.
    """
    ids = np.asarray(ids)
    check_shape("E", E, "V", "D")
    check_ids("ids", ids, len(E))
    return np.take(E, ids, axis=0)  # (F1)


def backward(ids: np.ndarray, dvectors: np.ndarray, vocab_size: int) -> np.ndarray:
    """Gather the gradient of the table, (B9).

    A word that occurs several times gets the *sum* of the gradients of its occurrences.  The obvious
    ``dE[ids] += dvectors`` keeps only one of them: NumPy reads, adds and writes back all rows at once.

    Parameters
    ----------
    ids : integer array, any shape
        What ``forward`` looked up.
    dvectors : array, shape of ``ids`` + (D,)
        Gradient of the loss with respect to the vectors.
    vocab_size : int
        V, the number of rows of the table.

    Returns
    -------
    dE : array (V, D)
        Zero for words that did not occur.
    """
    ids = np.asarray(ids)
    check_sizes(vocab_size=vocab_size)
    check_shape("dvectors", dvectors, *ids.shape, "D")
    check_ids("ids", ids, vocab_size)
    D = dvectors.shape[-1]
    dE = np.zeros((vocab_size, D), dvectors.dtype)
    if ids.size == 0:
        return dE
    # np.add.at(dE, ids, dvectors) says it in one line and takes four times as long.  So: sort the
    # occurrences by word, then every word's gradients stand together and are summed as one block.
    order = np.argsort(ids, axis=None, kind="stable")
    words, starts = np.unique(ids.reshape(-1)[order], return_index=True)
    # (B9)
    dE[words] = np.add.reduceat(dvectors.reshape(ids.size, D)[order], starts, axis=0)
    return dE
