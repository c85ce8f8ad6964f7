"""Decoding against the list of all sequences, with a model whose next token depends on all before."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse.reference import rnn
from rnncourse.reference.decoding import beam_search, greedy_decode, sample_decode
from rnncourse.reference.losses import log_softmax

V, H = 4, 5
BOS, EOS = 0, 3


def model(seed, eos=EOS, scale=3.0):
    """A random RNN: ``step`` and a state to begin from. It never puts out BOS."""
    rng = np.random.default_rng(seed)
    params = rnn.init(rng, V, H)
    params = params._replace(W_hh=2 * params.W_hh)
    W_hy = scale * rng.standard_normal((V, H))

    def step(token, state):
        state = rnn.step(params, np.eye(V)[[token]], state)
        logits = state[0] @ W_hy.T
        logits[BOS] = -np.inf
        return log_softmax(logits), state

    return step, rng.standard_normal((1, H))


def all_hypotheses(step, state, max_length, length_penalty, eos=EOS):
    """Every sequence that ends, and every one that is cut, with its score; best first."""
    found = []
    tokens = [k for k in range(V) if k not in (BOS, eos)]
    for n in range(max_length + 1):
        for ids in itertools.product(tokens, repeat=n):
            total, token, now = 0.0, BOS, state
            for following in (*ids, eos)[:max_length]:
                log_p, now = step(token, now)
                total, token = total + log_p[following], following
            found.append((list(ids), total / min(n + 1, max_length) ** length_penalty))
    return sorted(found, key=lambda entry: -entry[1])


def assert_same(found, expected):
    assert [ids for ids, _ in found] == [ids for ids, _ in expected]
    assert [s for _, s in found] == pytest.approx([s for _, s in expected], rel=1e-10)


@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_is_exact(seed, length_penalty):
    step, state = model(seed)
    expected = all_hypotheses(step, state, 4, length_penalty)
    assert_same(beam_search(step, state, BOS, EOS, 1000, 4, length_penalty), expected)


@pytest.mark.parametrize("seed", range(20))
def test_a_beam_of_one_is_greedy(seed):
    step, state = model(seed)
    ((ids, score),) = beam_search(step, state, BOS, EOS, 1, 6)
    assert ids == greedy_decode(step, state, BOS, EOS, 6)
    assert (ids, pytest.approx(score)) in all_hypotheses(step, state, 6, 0.0)


def by_the_book(step, state, beam_size, max_length, length_penalty):
    """The definition once more, in lists and loops: what a hypothesis is, it knows by heart."""
    living, done = [([], 0.0)], []
    for n in range(1, max_length + 1):
        candidates = []
        for ids, _ in living:
            now, token, total = state, BOS, 0.0
            for following in [*ids, None]:
                log_p, now = step(token, now)
                if following is not None:
                    token, total = following, total + log_p[following]
            candidates += [([*ids, k], total + log_p[k]) for k in range(V) if k != BOS]
        candidates = sorted(candidates, key=lambda entry: -entry[1])[:beam_size]
        done += [(ids[:-1], total / n**length_penalty) for ids, total in candidates if ids[-1] == EOS]
        living = [(ids, total) for ids, total in candidates if ids[-1] != EOS]
    done += [(ids, total / max_length**length_penalty) for ids, total in living]
    return sorted(done, key=lambda entry: -entry[1])[:beam_size]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    seed=st.integers(0, 999),
    beam_size=st.integers(1, 7),
    max_length=st.integers(1, 6),
    length_penalty=st.sampled_from([0.0, 0.6, 1.0]),
)
def test_narrow_beams(seed, beam_size, max_length, length_penalty):
    step, state = model(seed, scale=1.0)
    found = beam_search(step, state, BOS, EOS, beam_size, max_length, length_penalty)
    assert_same(found, by_the_book(step, state, beam_size, max_length, length_penalty))
    assert 1 <= len(found) <= beam_size
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert len({tuple(ids) for ids, _ in found}) == len(found)
    everything = {tuple(ids): score for ids, score in all_hypotheses(step, state, max_length, length_penalty)}
    for ids, score in found:
        assert len(ids) <= max_length and BOS not in ids and EOS not in ids
        assert score == pytest.approx(everything[tuple(ids)], rel=1e-10)


def table(rows):
    """A model without memory but the last token: ``rows[token]`` are probabilities; counts its calls."""
    calls = []

    def step(token, state):
        calls.append(token)
        with np.errstate(divide="ignore"):
            return np.log(np.array(rows[token])), state

    return step, calls


def test_beam_search_finds_what_greed_misses():
    rows = {0: [0, 0.6, 0.4, 0], 1: [0, 0.3, 0.3, 0.4], 2: [0, 0.05, 0.05, 0.9]}
    step, _ = table(rows)
    assert greedy_decode(step, None, BOS, EOS, 5) == [1]
    found = beam_search(step, None, BOS, EOS, 2, 5)
    assert found[0] == ([2], pytest.approx(np.log(0.36)))
    assert found[1] == ([1], pytest.approx(np.log(0.24)))


def test_the_penalty_decides_between_short_and_long():
    rows = {0: [0, 0.5, 0, 0.5], 1: [0, 0, 0.9, 0.1], 2: [0, 0, 0, 1.0]}
    step, _ = table(rows)
    assert beam_search(step, None, BOS, EOS, 3, 5, 0.0)[0] == ([], pytest.approx(np.log(0.5)))
    best = beam_search(step, None, BOS, EOS, 3, 5, 1.0)[0]
    assert best == ([1, 2], pytest.approx(np.log(0.45) / 3))


def test_finished_hypotheses_do_not_grow_and_take_no_place():
    rows = {0: [0, 0.4, 0, 0.6], 1: [0, 0.5, 0.45, 0.05], 2: [0, 0.3, 0.3, 0.4]}
    step, calls = table(rows)
    found = beam_search(step, None, BOS, EOS, 2, 2)
    assert EOS not in calls
    # at the second step both places belong to continuations of [1]
    assert calls == [BOS, 1]
    assert [ids for ids, _ in found] == [[], [1, 1]]
    three = beam_search(step, None, BOS, EOS, 3, 2)
    assert [ids for ids, _ in three] == [[], [1, 1], [1, 2]]


def test_the_search_ends_when_nothing_lives():
    step, calls = table({0: [0, 0, 0, 1.0]})
    assert beam_search(step, None, BOS, EOS, 4, 100) == [([], 0.0)]
    assert calls == [BOS]
    assert greedy_decode(step, None, BOS, EOS, 100) == []


@pytest.mark.parametrize("max_length", [1, 2, 5])
def test_max_length_counts_eos(max_length):
    step, _ = table({0: [0, 1, 0, 0.0], 1: [0, 0, 1, 0.0], 2: [0, 1, 0, 0.0]})  # never ends
    expected = [1, 2, 1, 2, 1][:max_length]
    assert greedy_decode(step, None, BOS, EOS, max_length) == expected
    assert sample_decode(step, None, BOS, EOS, np.full(max_length, 0.5)) == expected
    assert beam_search(step, None, BOS, EOS, 2, max_length) == [(expected, 0.0)]


def test_greedy_takes_the_likeliest_at_every_step():
    for seed in range(5):
        step, state = model(seed)
        ids = greedy_decode(step, state, BOS, EOS, 8)
        token, now = BOS, state
        for following in [*ids, EOS] if len(ids) < 8 else ids:
            log_p, now = step(token, now)
            assert np.argmax(log_p) == following
            token = following


def test_samples_come_as_often_as_they_should():
    step, state = model(2, scale=1.0)
    grid = (np.arange(40) + 0.5) / 40
    seen = [tuple(sample_decode(step, state, BOS, EOS, draws)) for draws in itertools.product(grid, grid)]
    for ids, log_p in all_hypotheses(step, state, 2, 0.0):
        assert seen.count(tuple(ids)) / len(seen) == pytest.approx(np.exp(log_p), abs=0.05)


def test_temperature_and_filters_of_a_sample():
    step, state = model(1, scale=1.0)
    draws = np.random.default_rng(0).random((60, 6))
    greedy = greedy_decode(step, state, BOS, EOS, 6)
    assert all(sample_decode(step, state, BOS, EOS, u, temperature=0.0) == greedy for u in draws)
    assert all(sample_decode(step, state, BOS, EOS, u, k=1) == greedy for u in draws)
    assert all(sample_decode(step, state, BOS, EOS, u, p=1e-9) == greedy for u in draws)
    free = {tuple(sample_decode(step, state, BOS, EOS, u)) for u in draws}
    assert len({tuple(sample_decode(step, state, BOS, EOS, u, k=2)) for u in draws}) < len(free)
    assert {tuple(sample_decode(step, state, BOS, EOS, u, p=1.0, k=V)) for u in draws} == free
    # the nucleus is cut before the temperature: however hot, what was left out stays out
    flat, _ = table({0: [0, 0.5, 0.3, 0.2]})
    hot = [sample_decode(flat, None, BOS, EOS, [u], 100.0, p=0.6) for u in np.linspace(0, 0.99, 50)]
    assert {tuple(ids) for ids in hot} == {(1,), (2,)}


def test_a_model_may_answer_in_float32_and_always_in_the_same_place():
    step, state = model(3)
    answer = np.empty(V, np.float32)

    def reusing(token, state):
        answer[:], state = step(token, state)
        return answer, state

    found = beam_search(reusing, state, BOS, EOS, 4, 6, 0.5)
    expected = beam_search(step, state, BOS, EOS, 4, 6, 0.5)
    assert [ids for ids, _ in found] == [ids for ids, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-6)
    assert all(type(score) is float for _, score in found)


def test_errors_say_what_is_wrong():
    step, state = model(0)
    for call in (
        lambda step, **k: greedy_decode(step, state, BOS, **{"eos_id": EOS, "max_length": 3} | k),
        lambda step, **k: beam_search(
            step, state, BOS, **{"eos_id": EOS, "beam_size": 2, "max_length": 3} | k
        ),
    ):
        with pytest.raises(ValueError, match="max_length should be at least 1, got 0"):
            call(step, max_length=0)
        with pytest.raises(ValueError, match=r"eos_id should lie in 0 \.\.\. 3, got values from 4 to 4"):
            call(step, eos_id=4)
        for answer, words in (
            (np.zeros((1, V)), r"log_probabilities should have shape \(V,\), got \(1, 4\)"),
            (
                np.array([0, np.nan, 0, 0]),
                r"log_probabilities should hold numbers or -inf, got nan at \(1,\)",
            ),
            (np.full(V, -np.inf), "log_probabilities should leave something to choose"),
        ):
            with pytest.raises(ValueError, match=words):
                call(lambda token, state, answer=answer: (answer, state))
    with pytest.raises(ValueError, match="beam_size should be at least 1, got 0"):
        beam_search(step, state, BOS, EOS, 0, 3)
    with pytest.raises(ValueError, match="draws should hold at least one number, got none"):
        sample_decode(step, state, BOS, EOS, [])
    with pytest.raises(ValueError, match=r"u should lie in \[0, 1\), got 1.0"):
        sample_decode(step, state, BOS, EOS, [1.0])
