"""Reading labels: exact where the beam holds everything, and never better than the truth."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rnncourse.reference import ctc
from rnncourse.reference.ctc_decoding import best_path, prefix_beam_search

T, B, V = 5, 3, 4
LENGTHS = np.array([5, 2, 4])


def draw(seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).standard_normal((T, B, V))


@pytest.mark.parametrize("blank", [0, 2, 3])
def test_a_wide_beam_is_exact(blank):
    logits = draw()
    found = prefix_beam_search(logits, 10_000, LENGTHS, blank)
    others = [k for k in range(V) if k != blank]
    for b, n in enumerate(LENGTHS):
        every = {}
        for length in range(n + 1):
            for labels in itertools.product(others, repeat=length):
                target = np.array([labels], int).reshape(1, length)
                every[labels] = -ctc.loss(logits[:n, [b]], target, blank=blank)[0]
        possible = {labels: p for labels, p in every.items() if p > -np.inf}
        assert dict(found[b]).keys() == possible.keys()
        for labels, p in found[b]:
            assert p == pytest.approx(possible[labels], rel=1e-10, abs=1e-10)
        assert [p for _, p in found[b]] == sorted((p for _, p in found[b]), reverse=True)
        assert np.exp([p for _, p in found[b]]).sum() == pytest.approx(1)


@settings(deadline=None, max_examples=30, derandomize=True)
@given(seed=st.integers(0, 999), beam_size=st.integers(1, 6), blank=st.integers(0, V - 1))
def test_a_narrow_beam_never_promises_too_much(seed, beam_size, blank):
    logits = draw(seed, scale=2)
    for b, found in enumerate(prefix_beam_search(logits, beam_size, LENGTHS, blank)):
        assert 1 <= len(found) <= beam_size
        assert len({labels for labels, _ in found}) == len(found)
        for labels, p in found:
            target = np.array([labels], int).reshape(1, len(labels))
            assert p <= -ctc.loss(logits[: LENGTHS[b], [b]], target, blank=blank)[0] + 1e-10


def test_the_best_labels_are_not_those_of_the_best_path():
    # Graves 2012, section 7.5: the blank is likeliest at both frames, but "1" in one of three ways wins
    log_probs = np.log(np.array([[[0.6, 0.4]], [[0.6, 0.4]]]))
    assert best_path(log_probs)[0].tolist() == []
    (labels, p), (second, q) = prefix_beam_search(log_probs, 2)[0]
    assert labels == (1,) and second == ()
    assert_allclose(np.exp([p, q]), [0.64, 0.36])


@pytest.mark.parametrize("blank", [0, 2, 3])
def test_best_path_collapses_the_likeliest_symbols(blank):
    logits = draw(3)
    for labels, b, n in zip(best_path(logits, LENGTHS, blank), range(B), LENGTHS):
        path = [int(np.argmax(logits[t, b])) for t in range(n)]
        assert labels.tolist() == [k for k, _ in itertools.groupby(path) if k != blank]


def test_a_sure_network_is_read_the_same_by_both():
    path = np.array([[0, 1, 1, 0, 1], [2, 3, 0, 3, 3], [0, 0, 0, 0, 0]]).T  # (T, B)
    logits = 50.0 * (path[:, :, None] == np.arange(V))
    assert [labels.tolist() for labels in best_path(logits)] == [[1, 1], [2, 3, 3], []]
    assert [found[0][0] for found in prefix_beam_search(logits, 1)] == [(1, 1), (2, 3, 3), ()]


def test_padding_dtype_and_inputs():
    logits = draw()
    spoilt = logits.astype(np.float32)
    spoilt[np.arange(T)[:, None] >= LENGTHS] = np.nan
    spoilt.flags.writeable = False
    for b, n in enumerate(LENGTHS):
        (alone,) = prefix_beam_search(logits[:n, [b]], 3)
        together = prefix_beam_search(spoilt, 3, LENGTHS)[b]
        assert [labels for labels, _ in together] == [labels for labels, _ in alone]
        assert_allclose([p for _, p in together], [p for _, p in alone], rtol=1e-5)
        assert best_path(spoilt, LENGTHS)[b].tolist() == best_path(logits[:n, [b]])[0].tolist()
    assert [found[0] for found in prefix_beam_search(logits, 2, np.zeros(B, int))] == [((), 0.0)] * B


def test_an_impossible_symbol_is_never_read():
    logits = draw()
    logits[:, :, 2] = -np.inf
    for found in prefix_beam_search(logits, 1000):
        assert all(2 not in labels and p > -np.inf for labels, p in found)


def test_errors_say_what_is_wrong():
    logits = draw()
    for call in (best_path, lambda z, *rest: prefix_beam_search(z, 3, *rest)):
        with pytest.raises(ValueError, match=r"logits should have shape \(T, B, V\), got \(5, 4\)"):
            call(logits[:, 0])
        with pytest.raises(ValueError, match=r"blank should lie in 0 \.\.\. 3, got values from 4 to 4"):
            call(logits, LENGTHS, 4)
        with pytest.raises(
            ValueError, match=r"input_lengths should lie in 0 \.\.\. 5, got values from 3 to 6"
        ):
            call(logits, LENGTHS + 1)
        with pytest.raises(ValueError, match=r"input_lengths should have shape \(3,\), got \(2,\)"):
            call(logits, LENGTHS[1:])
        spoilt = logits.copy()
        spoilt[1, 1, 2] = np.nan
        with pytest.raises(ValueError, match=r"logits should hold numbers or -inf, got nan at \(1, 1, 2\)"):
            call(spoilt, LENGTHS)
        spoilt[1, 1] = -np.inf
        with pytest.raises(ValueError, match="nothing but -inf in frame 1 of sequence 1"):
            call(spoilt, LENGTHS)
    with pytest.raises(ValueError, match="beam_size should be at least 1, got 0"):
        prefix_beam_search(logits, 0)
