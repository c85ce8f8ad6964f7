r"""Linear-chain conditional random fields: score a whole sequence of tags, not one tag at a time.

For tags ``y_1 ... y_n`` out of K, with a score for every tag at every step (*emissions*, from a network),
for every pair of neighbours (*transitions*), for the first tag and for the last,

.. math::

    s(y) &= \text{start}_{y_1} + \textstyle\sum_t e_t(y_t) + \sum_{t>1} A_{y_{t-1} y_t} + \text{end}_{y_n} \\
    p(y) &= \exp(s(y) - \log Z), \qquad Z = \textstyle\sum_{y'} \exp s(y') .

Z adds up K to the power n sequences, but a step sees only the step before, so the sum can be taken step
by step; with a maximum in the place of the sum the same loop finds the best sequence (Viterbi):

.. math::  \alpha_t(j) = e_t(j) + \log \textstyle\sum_i \exp \bigl( \alpha_{t-1}(i) + A_{ij} \bigr) .

The gradient of ``log Z`` with respect to a score is the probability of what the score belongs to: the
*marginals*, for which a second loop comes back from the end.

A step may be masked wherever it stands: it is as if it were not there, and its neighbours become each
other's.  A score of -inf forbids.

Sources: Lafferty, McCallum & Pereira 2001; Rabiner 1989 for the loops.
"""

import numpy as np

from rnncourse.reference.crf_chain import Chain, Scores


def score(scores: Scores, tags: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Add up the scores of the given tags.

    Parameters
    ----------
    scores : Scores
        ``emissions (T, B, K)``, ``transitions (K, K)``, ``start (K,)``, ``end (K,)``.  What stands in the
        emissions where the mask is 0 (even NaN) does not matter, here and below.
    tags : integer array (T, B)
    mask : array (T, B) of numbers or booleans, optional
        0 where a step does not count.

    Returns
    -------
    score : array (B,)
        -inf for forbidden tags.

    Raises
    ------
    ValueError
        On shapes that do not agree, tags out of range, NaN or +inf among the scores, or a sequence
        without a step that counts, by its number.
    """
    chain = Chain(scores, mask)
    y = chain.tags(tags)
    batch = np.arange(y.shape[1])
    at_steps = np.take_along_axis(chain.emissions, y[:, :, None], axis=2)[:, :, 0]
    total = at_steps.sum(axis=0, where=chain.counts)
    total += chain.transitions[y[:-1], y[1:]].sum(axis=0, where=chain.counts[1:])
    return total + chain.start[y[0]] + chain.end[y[chain.last, batch]]


def score_backward(
    dscore: np.ndarray, scores: Scores, tags: np.ndarray, mask: np.ndarray | None = None
) -> Scores:
    """Differentiate ``score``: every score counts as often as the tags use it.

    Parameters
    ----------
    dscore : array (B,)
        What every sequence's score is worth.
    scores, tags, mask
        As in ``score``.

    Returns
    -------
    dscores : Scores
        Their gradients; those of ``transitions``, ``start`` and ``end`` summed over the batch.
    """
    chain = Chain(scores, mask)
    dscore = chain.upstream("dscore", dscore)
    y = chain.tags(tags)
    batch = np.arange(y.shape[1])
    d = chain.zeros()
    worth = np.where(chain.counts, dscore, 0).astype(dscore.dtype)  # (T, B)
    np.put_along_axis(d.emissions, y[:, :, None], worth[:, :, None], axis=2)
    # the same tag or pair may come many times: += would keep only its last coming
    np.add.at(d.transitions, (y[:-1], y[1:]), worth[1:])
    np.add.at(d.start, y[0], dscore)
    np.add.at(d.end, y[chain.last, batch], dscore)
    return d._replace(emissions=chain.opened(d.emissions))


def log_partition(scores: Scores, mask: np.ndarray | None = None) -> np.ndarray:
    """Sum over all sequences of tags: ``log Z``.

    Parameters
    ----------
    scores, mask
        As in ``score``.

    Returns
    -------
    log_partition : array (B,)

    Raises
    ------
    ValueError
        As ``score``; and where every sequence of tags is forbidden, by the sequence's number.
    """
    chain = Chain(scores, mask)
    return chain.log_z(chain.alpha())


def log_partition_backward(
    dlog_partition: np.ndarray, scores: Scores, mask: np.ndarray | None = None
) -> Scores:
    """Differentiate ``log_partition``: every score counts as often as it is expected to be used.

    Parameters
    ----------
    dlog_partition : array (B,)
        What every sequence's ``log Z`` is worth.
    scores, mask
        As in ``score``.

    Returns
    -------
    dscores : Scores
        With ones for ``dlog_partition``, the gradient of the emissions is ``marginals``.
    """
    chain = Chain(scores, mask)
    worth = chain.upstream("dlog_partition", dlog_partition)
    alpha, beta = chain.alpha(), chain.beta()
    log_z = chain.log_z(alpha)
    d = chain.zeros()
    one_tag = np.exp(alpha + beta - log_z[:, None]) * worth[:, None]  # (T, B, K)
    d.emissions[chain.counts] = one_tag[chain.counts]
    for t in range(1, len(alpha)):
        # p(tag i before, tag j now): all that leads to i, the step from i to j, all that follows j
        now = chain.emissions[t] + beta[t] - log_z[:, None]  # (B, K)
        now[~chain.counts[t]] = -np.inf
        pair = np.exp(alpha[t - 1][:, :, None] + chain.transitions + now[:, None, :])  # (B, K, K)
        d.transitions[...] += np.einsum("bij,b->ij", pair, worth)
    d.start[...] = one_tag[0].sum(axis=0)
    d.end[...] = one_tag[chain.last, np.arange(len(worth))].sum(axis=0)
    return d._replace(emissions=chain.opened(d.emissions))


def marginals(scores: Scores, mask: np.ndarray | None = None) -> np.ndarray:
    """Return ``p(y_t = k)`` for every step and tag.

    Parameters
    ----------
    scores, mask
        As in ``score``.

    Returns
    -------
    marginals : array (T, B, K)
        Sum to 1 over the tags; 0 where the mask is.
    """
    batch = Chain(scores, mask).last.shape
    return log_partition_backward(np.ones(batch), scores, mask).emissions


def negative_log_likelihood(scores: Scores, tags: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Return ``-log p(tags)`` of every sequence, in nats: ``log_partition`` less ``score``.

    Parameters
    ----------
    scores, tags, mask
        As in ``score``.

    Returns
    -------
    loss : array (B,)
        Infinite for forbidden tags.
    """
    return log_partition(scores, mask) - score(scores, tags, mask)


def negative_log_likelihood_backward(
    dloss: np.ndarray, scores: Scores, tags: np.ndarray, mask: np.ndarray | None = None
) -> Scores:
    """Differentiate ``negative_log_likelihood``: what is expected less what is there.

    Parameters
    ----------
    dloss : array (B,)
        What every sequence's loss is worth: ones for the sum, ``1 / B`` for the mean.
    scores, tags, mask
        As in ``score``.

    Returns
    -------
    dscores : Scores
    """
    dloss = Chain(scores, mask).upstream("dloss", dloss)
    expected = log_partition_backward(dloss, scores, mask)
    return Scores(*(e - there for e, there in zip(expected, score_backward(dloss, scores, tags, mask))))


def viterbi(scores: Scores, mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Find the best sequence of tags.

    Parameters
    ----------
    scores, mask
        As in ``score``.

    Returns
    -------
    paths : integer array (T, B)
        -1 where the mask is 0.  Between sequences of equal score the one whose tags, read from the end,
        come first.
    scores : array (B,)
        Of the paths, as ``score`` counts them.

    Raises
    ------
    ValueError
        As ``log_partition``.
    """
    chain = Chain(scores, mask)
    T, B, _ = chain.emissions.shape
    best = chain.start + chain.emissions[0]  # (B, K): of the best path that ends in each tag
    came_from = np.zeros(chain.emissions.shape, np.intp)
    for t in range(1, T):
        arrive = best[:, :, None] + chain.transitions  # (B, i, j)
        came_from[t] = arrive.argmax(axis=1)
        best = np.where(chain.counts[t, :, None], arrive.max(axis=1) + chain.emissions[t], best)
    best = best + chain.end
    chain.refuse_impossible(best.max(axis=1))
    paths = np.full((T, B), -1)
    tag = best.argmax(axis=1)
    for t in reversed(range(T)):
        paths[t] = np.where(chain.counts[t], tag, -1)
        # nothing came from anywhere at a step that does not count
        tag = np.where(chain.counts[t], came_from[t, np.arange(B), tag], tag)
    return chain.opened(paths), best.max(axis=1)
