"""Writing: from a model that says how likely each next token is to a sequence of tokens.

The model comes as a function ``step(token, state) -> (log_probabilities (V,), state)``: told the last token
and the state, it returns the logarithms of the probabilities of the next one (in nats) and the new state.
It must not change the state that it is given: beam search asks it from one state several times.

Decoding begins with ``bos_id`` and ends with ``eos_id``; neither stands in what is returned.
``max_length`` counts the tokens that the model chose, ``eos_id`` among them.

Sources: Sutskever et al. 2014 for beam search [sutskever2014sequence]; dividing by a power of the length, in
its simplest form here, is Wu et al. 2016's.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from rnncourse.reference.arguments import check_ids, check_number, check_shape, check_sizes, floats
from rnncourse.reference.sampling import nucleus_filter, sample, scores_to_choose_from, top_k_filter

Step = Callable[[int, Any], tuple[np.ndarray, Any]]


def greedy_decode(step: Step, state: Any, bos_id: int, eos_id: int, max_length: int) -> list[int]:
    """Take the likeliest token at every step (the first, if several are).

    Parameters
    ----------
    step : function (token, state) -> (log_probabilities (V,), state)
    state
        What the first ``step`` starts from.
    bos_id, eos_id : int
    max_length : int
        At most so many tokens, ``eos_id`` included.

    Returns
    -------
    ids : list of int
    """
    return _write(step, state, bos_id, eos_id, max_length, lambda log_p, _: int(log_p.argmax()))


def sample_decode(
    step: Step,
    state: Any,
    bos_id: int,
    eos_id: int,
    draws: Sequence[float] | np.ndarray,
    temperature: float = 1.0,
    k: int | None = None,
    p: float | None = None,
) -> list[int]:
    """Draw every token: filtered if asked for, then by ``sample``.

    Parameters
    ----------
    step, state, bos_id, eos_id
        As in ``greedy_decode``.
    draws : array (max_length,)
        Uniform draws from [0, 1), one per token.
    temperature : float
        As in ``sample``.
    k, p : optional
        Pass the log-probabilities through ``top_k_filter``, ``nucleus_filter`` or, in this order, both.
        They see the distribution as the model gave it, before the temperature.

    Returns
    -------
    ids : list of int
    """
    draws = floats("draws", draws)
    check_shape("draws", draws, "max_length")
    if len(draws) == 0:
        raise ValueError("draws should hold at least one number, got none")

    def choose(log_p: np.ndarray, t: int) -> int:
        log_p = log_p if k is None else top_k_filter(log_p, k)
        log_p = log_p if p is None else nucleus_filter(log_p, p)
        return int(sample(log_p, temperature, draws[t]))

    return _write(step, state, bos_id, eos_id, len(draws), choose)


class _Hypothesis(NamedTuple):
    ids: tuple[int, ...]
    log_probability: float
    token: int
    state: Any


def beam_search(
    step: Step,
    state: Any,
    bos_id: int,
    eos_id: int,
    beam_size: int,
    max_length: int,
    length_penalty: float = 0.0,
) -> list[tuple[list[int], float]]:
    """Search for likely sequences, going on from the best few at every step.

    At every step each living hypothesis is continued by each token, and the ``beam_size`` best of all
    these continuations stay.  All have as many tokens, so the sum of log-probabilities compares them
    fairly.  Those that end in ``eos_id`` are finished: they are put aside, do not grow and take no place
    in the next step.  With a beam that holds all continuations the search is exact.

    Parameters
    ----------
    step, state, bos_id, eos_id, max_length
        As in ``greedy_decode``, which is what ``beam_size=1`` finds.
    beam_size : int
        At least 1.
    length_penalty : float
        A finished hypothesis scores the sum of its log-probabilities, that of ``eos_id`` included, divided
        by its number of tokens, ``eos_id`` included, to this power: 0 is the sum, which favours the short,
        1 is the mean.

    Returns
    -------
    hypotheses : list of (ids, score)
        At most ``beam_size``, best first.  A hypothesis that was cut at ``max_length`` counts as it stands.

    Raises
    ------
    ValueError
        On ``beam_size`` or ``max_length`` below 1; and where what ``step`` returns has a wrong shape, NaN,
        +inf or nothing but -inf in it.
    """
    check_sizes(beam_size=beam_size, max_length=max_length)
    check_sizes(least=0, bos_id=bos_id, eos_id=eos_id)
    check_number("length_penalty", length_penalty)
    living = [_Hypothesis((), 0.0, bos_id, state)]
    done: list[tuple[list[int], float]] = []

    def settle(ids: tuple[int, ...], log_probability: float, tokens: int) -> None:
        done.append((list(ids), log_probability / tokens**length_penalty))

    for tokens in range(1, max_length + 1):
        answers = [_ask(step, h.token, h.state, eos_id) for h in living]
        totals = np.array([h.log_probability + log_p for h, (log_p, _) in zip(living, answers)])  # (n, V)
        # stable: of equal ones, the continuation of the better hypothesis, then the smaller id
        best = np.argsort(-totals, axis=None, kind="stable")[:beam_size]
        continued = []
        for parent, token in zip(*np.unravel_index(best, totals.shape)):
            log_probability = float(totals[parent, token])
            ids = living[parent].ids
            if token == eos_id and log_probability > -np.inf:
                settle(ids, log_probability, tokens)
            elif log_probability > -np.inf:  # what has no probability is no hypothesis
                left_behind = answers[parent][1]  # by *its* parent
                continued.append(_Hypothesis((*ids, int(token)), log_probability, int(token), left_behind))
        living = continued
        if not living:
            break
    for hypothesis in living:
        settle(hypothesis.ids, hypothesis.log_probability, max_length)
    return sorted(done, key=lambda found: found[1], reverse=True)[:beam_size]


def _write(
    step: Step,
    state: Any,
    bos_id: int,
    eos_id: int,
    max_length: int,
    choose: Callable[[np.ndarray, int], int],
) -> list[int]:
    """Feed every chosen token back until ``eos_id`` or ``max_length``."""
    check_sizes(max_length=max_length)
    check_sizes(least=0, bos_id=bos_id, eos_id=eos_id)
    ids: list[int] = []
    token = bos_id
    for t in range(max_length):
        log_p, state = _ask(step, token, state, eos_id)
        token = choose(log_p, t)
        if token == eos_id:
            break
        ids.append(token)
    return ids


def _ask(step: Step, token: int, state: Any, eos_id: int) -> tuple[np.ndarray, Any]:
    """Take one step of the model, and check what it says."""
    log_p, state = step(token, state)
    log_p = scores_to_choose_from("log_probabilities", log_p)
    check_shape("log_probabilities", log_p, "V")
    check_ids("eos_id", np.asarray(eos_id), len(log_p))
    # A copy, in case the model writes its next answer to the same place; and sums in float64.
    return log_p.astype(np.float64), state
