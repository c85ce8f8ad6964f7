"""Drawing: the share of draws is the probability, and the edges of [0, 1) are safe."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference.losses import softmax
from rnncourse.reference.sampling import nucleus_filter, sample, scores_to_choose_from, top_k_filter

T, B, V = 3, 4, 6


def draw(*shape, seed=0, scale=2.0):
    return scale * np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_share_of_draws_is_the_probability(temperature):
    logits, n = draw(V), 100_000
    u = (np.arange(n) + 0.5) / n  # as even as draws can be
    ids = sample(np.broadcast_to(logits, (n, V)), temperature, u)
    p = torch.softmax(torch.tensor(logits) / temperature, 0)
    assert_allclose(np.bincount(ids, minlength=V) / n, p, atol=1.01 / n)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_it_is_the_smallest_id_whose_sum_is_above_the_draw(temperature):
    logits, u = draw(T, B, V), np.random.default_rng(1).random((T, B))
    ids = sample(logits, temperature, u)
    assert ids.shape == (T, B) and np.issubdtype(ids.dtype, np.integer)
    for t, b in np.ndindex(T, B):
        p = np.exp(logits[t, b] / temperature)
        total, i = 0.0, -1
        while total <= u[t, b] * p.sum():
            i += 1
            total += p[i]
        assert ids[t, b] == i == sample(logits[t, b], temperature, u[t, b])


def test_exact_borders():
    quarters = np.zeros(4)
    assert [int(sample(quarters, 1.0, u)) for u in (0.0, 0.25, 0.5, 0.75)] == [0, 1, 2, 3]
    below = [np.nextafter(u, 0) for u in (0.25, 0.5, 0.75, 1.0)]
    assert [int(sample(quarters, 1.0, u)) for u in below] == [0, 1, 2, 3]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(size=st.integers(2, 300), seed=st.integers(0, 999), scale=st.sampled_from([0.01, 1, 30, 800]))
def test_the_ends_of_the_interval_draw_what_is_possible(size, seed, scale):
    logits = draw(size, seed=seed, scale=scale)
    logits[[0, -1]] = -np.inf  # the two that a careless sum would fall on
    logits[size // 2] = 0
    p = softmax(logits)
    for u in (0.0, np.nextafter(1, 0)):
        assert p[sample(logits, 1.0, u)] > 0


def test_temperature_zero_takes_the_largest():
    logits = draw(T, B, V)
    for u in (0.0, 0.5, 0.999):
        assert_array_equal(sample(logits, 0, np.full((T, B), u)), logits.argmax(axis=-1))
    for cold in (1e-3, 1e-300, 5e-324):
        assert_array_equal(sample(logits, cold, np.full((T, B), 0.5)), logits.argmax(axis=-1))
    assert sample(np.array([1.0, 3.0, 3.0]), 0, 0.9) == 1  # of equal ones the first


def test_a_high_temperature_is_near_uniform():
    u = (np.arange(V) + 0.5) / V
    assert_array_equal(sample(np.broadcast_to(draw(V), (V, V)), 1e6, u), np.arange(V))


@pytest.mark.parametrize("k", range(1, V + 2))
def test_top_k_agrees_with_torch(k):
    logits = draw(T, B, V)
    filtered = top_k_filter(logits, k)
    kept = torch.topk(torch.tensor(logits), min(k, V)).indices.numpy()
    expected = np.full(logits.shape, -np.inf)
    np.put_along_axis(expected, kept, np.take_along_axis(logits, kept, -1), -1)
    assert_array_equal(filtered, expected)


@pytest.mark.parametrize("p", [1e-9, 0.2, 0.5, 0.9, 0.999, 1.0])
def test_the_nucleus_is_the_smallest_set_that_reaches_p(p):
    logits = draw(T, B, V)
    filtered = nucleus_filter(logits, p)
    for t, b in np.ndindex(T, B):
        chances = torch.softmax(torch.tensor(logits[t, b]), 0).numpy()
        order = sorted(range(V), key=lambda i: -chances[i])
        size = next((n for n in range(1, V) if chances[order[:n]].sum() >= p), V)
        expected = [logits[t, b, i] if i in order[:size] else -np.inf for i in range(V)]
        assert_array_equal(filtered[t, b], expected)


def test_the_whole_nucleus_keeps_the_most_unlikely():
    logits = np.array([0.0, -50.0, 1.0, -700.0])
    assert_array_equal(nucleus_filter(logits, 1), logits)


def test_of_equal_logits_the_first_are_kept():
    equal = np.array([1.0, 2.0, 2.0, 2.0])
    inf = np.inf
    assert_array_equal(top_k_filter(equal, 2), [-inf, 2, 2, -inf])
    assert_array_equal(nucleus_filter(np.zeros(4), 0.5), [0, 0, -inf, -inf])


def test_layout_dtype_and_aliasing():
    logits, u = draw(T, B, V), np.random.default_rng(1).random((T, B))
    single = np.asfortranarray(logits.astype(np.float32))
    single.flags.writeable = u.flags.writeable = False
    assert_array_equal(sample(single, 0.7, u), sample(logits, 0.7, u))
    for filtered, want in (
        (top_k_filter(single, 2), top_k_filter(logits, 2)),
        (top_k_filter(single, V), logits),
        (nucleus_filter(single, 0.8), nucleus_filter(logits, 0.8)),
        (nucleus_filter(single, 1.0), logits),
    ):
        assert filtered.dtype == np.float32 and not np.shares_memory(filtered, single)
        assert_allclose(filtered, want, rtol=1e-6)


def test_errors_say_what_is_wrong():
    logits = draw(B, V)
    u = np.zeros(B)
    with pytest.raises(ValueError, match=r"u should have shape \(4,\), got \(3,\)"):
        sample(logits, 1, u[1:])
    for wrong in (1.0, -0.1, np.nan):
        with pytest.raises(ValueError, match=rf"u should lie in \[0, 1\), got {wrong}"):
            sample(logits, 1, np.full(B, wrong))
    for temperature, wanted in ((-1, "at least 0"), (np.nan, "finite"), (np.inf, "finite")):
        with pytest.raises(ValueError, match=f"temperature should be {wanted}, got {temperature}"):
            sample(logits, temperature, u)
    for function in (
        lambda z: sample(z, 1, u),
        lambda z: top_k_filter(z, 2),
        lambda z: nucleus_filter(z, 0.5),
    ):
        spoilt = logits.copy()
        spoilt[1, 2] = np.nan
        with pytest.raises(ValueError, match=r"logits should hold numbers or -inf, got nan at \(1, 2\)"):
            function(spoilt)
        spoilt[1] = -np.inf
        with pytest.raises(ValueError, match="logits should leave something to choose, got nothing but -inf"):
            function(spoilt)
        with pytest.raises(ValueError, match=r"logits should have shape \(\.\.\., V\), got \(\)"):
            function(np.array(1.0))
        with pytest.raises(ValueError, match=r"logits should have shape \(\.\.\., V\), got \(4, 0\)"):
            function(np.zeros((B, 0)))
    with pytest.raises(ValueError, match="k should be at least 1, got 0"):
        top_k_filter(logits, 0)
    for p in (0, 1.1):
        with pytest.raises(ValueError, match=f"p should lie above 0 and be at most 1, got {p}"):
            nucleus_filter(logits, p)


def test_scores_to_choose_from_are_floating_numbers():
    whole = np.arange(6).reshape(2, 3)
    scores = scores_to_choose_from("scores", whole)
    assert scores.dtype == np.float64 and (scores == whole).all()
    with pytest.raises(ValueError, match=r"^scores should leave something to choose"):
        scores_to_choose_from("scores", np.full((2, 3), -np.inf))
