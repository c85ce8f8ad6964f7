"""The chain against every single sequence of tags, and against Torch's autograd over those."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import crf
from rnncourse.reference.crf import Scores
from rnncourse.reference.gradcheck import projection_error

T, B, K = 5, 4, 3
# ragged; with gaps; with a late beginning; whole
MASK = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 0], [0, 0, 1, 0, 1], [1, 1, 1, 1, 1]]).T != 0


def draw(seed=0, sizes=(T, B, K), scale=1.5):
    rng = np.random.default_rng(seed)
    T, B, K = sizes
    arrays = [scale * rng.standard_normal(shape) for shape in [(T, B, K), (K, K), (K,), (K,)]]
    return Scores(*arrays), rng.integers(0, K, (T, B)), rng.standard_normal(B)


def one_by_one(scores, tags):
    """Add up the score of one sequence of tags in the order in which a reader would."""
    emissions, transitions, start, end = scores
    total = start[tags[0]] + emissions[0][tags[0]]
    for t in range(1, len(tags)):
        total = total + transitions[tags[t - 1], tags[t]] + emissions[t][tags[t]]
    return total + end[tags[-1]]


def enumerate_all(scores, mask, b):
    """Every sequence of tags for sequence b without its masked steps, and its score."""
    alone = (scores[0][np.flatnonzero(mask[:, b]), b], *scores[1:])
    every = list(itertools.product(range(len(scores[2])), repeat=int(mask[:, b].sum())))
    return every, [one_by_one(alone, tags) for tags in every]


def by_torch(scores, tags, mask):
    """Leaves, log-partition and score per sequence, from the enumeration."""
    leaves = [torch.tensor(a, requires_grad=True) for a in scores]
    log_z, given = [], []
    for b in range(tags.shape[1]):
        every, totals = enumerate_all(leaves, mask, b)
        log_z.append(torch.logsumexp(torch.stack(totals), 0))
        given.append(totals[every.index(tuple(tags[mask[:, b], b].tolist()))])
    return leaves, torch.stack(log_z), torch.stack(given)


def gradients(leaves, total, upstream):
    found = torch.autograd.grad(
        total, leaves, torch.tensor(upstream), retain_graph=True, materialize_grads=True
    )
    return [gradient.numpy() for gradient in found]


def check_everything(scores, tags, dloss, mask):
    leaves, log_z, total = by_torch(scores, tags, mask)
    counts = mask.astype(int)
    assert_allclose(crf.log_partition(scores, counts), log_z.detach(), rtol=1e-10, atol=1e-10)
    assert_allclose(crf.score(scores, tags, counts), total.detach(), rtol=1e-10, atol=1e-10)
    losses = crf.negative_log_likelihood(scores, tags, counts)
    assert_allclose(losses, (log_z - total).detach(), rtol=1e-10, atol=1e-10)
    for ours, theirs in (
        (crf.log_partition_backward(dloss, scores, counts), log_z),
        (crf.score_backward(dloss, scores, tags, counts), total),
        (crf.negative_log_likelihood_backward(dloss, scores, tags, counts), log_z - total),
    ):
        assert type(ours) is Scores
        for gradient, want in zip(ours, gradients(leaves, theirs, dloss)):
            assert gradient.shape == want.shape
            assert_allclose(gradient, want, rtol=1e-10, atol=1e-12)
    paths, best = crf.viterbi(scores, counts)
    p = crf.marginals(scores, counts)
    assert_array_equal(paths[~mask], -1)
    assert not p[~mask].any()
    for b in range(tags.shape[1]):
        every, totals = enumerate_all(scores, mask, b)
        assert best[b] == pytest.approx(max(totals), rel=1e-12, abs=1e-12)
        assert tuple(paths[mask[:, b], b]) == every[int(np.argmax(totals))]
        chances = np.exp(np.array(totals) - log_z[b].item())
        for i, t in enumerate(np.flatnonzero(mask[:, b])):
            want = [sum(c for c, y in zip(chances, every) if y[i] == k) for k in range(p.shape[2])]
            assert_allclose(p[t, b], want, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("mask", [MASK, np.ones((T, B), bool)], ids=["masked", "whole"])
def test_agrees_with_the_enumeration(mask):
    check_everything(*draw(), mask)


@settings(deadline=None, max_examples=25, derandomize=True)
@given(sizes=st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4)), seed=st.integers(0, 999))
def test_any_sizes_and_any_mask(sizes, seed):
    rng = np.random.default_rng(seed)
    mask = rng.random(sizes[:2]) < 0.6
    mask[rng.integers(0, sizes[0], sizes[1]), np.arange(sizes[1])] = True
    check_everything(*draw(seed, sizes), mask)


def test_without_a_mask_every_step_counts():
    scores, tags, dloss = draw()
    whole = np.ones((T, B))
    assert_array_equal(
        crf.negative_log_likelihood(scores, tags), crf.negative_log_likelihood(scores, tags, whole)
    )
    for one, two in zip(
        crf.negative_log_likelihood_backward(dloss, scores, tags),
        crf.negative_log_likelihood_backward(dloss, scores, tags, whole),
    ):
        assert_array_equal(one, two)
    assert_array_equal(crf.viterbi(scores)[0], crf.viterbi(scores, whole)[0])
    assert_array_equal(crf.marginals(scores), crf.marginals(scores, whole))


def test_agrees_with_an_independent_recursion_where_enumeration_cannot_go():
    T, B, K = 40, 3, 6
    scores, tags, dloss = draw(1, (T, B, K))
    leaves = [torch.tensor(a, requires_grad=True) for a in scores]
    emissions, transitions, start, end = leaves
    alpha = start + emissions[0]
    for t in range(1, T):
        alpha = torch.logsumexp(alpha[:, :, None] + transitions + emissions[t][:, None, :], 1)
    log_z = torch.logsumexp(alpha + end, 1)
    assert_allclose(crf.log_partition(scores), log_z.detach(), rtol=1e-12)
    for ours, want in zip(crf.log_partition_backward(dloss, scores), gradients(leaves, log_z, dloss)):
        assert_allclose(ours, want, rtol=1e-10, atol=1e-12)
    loss = lambda *a: float(crf.negative_log_likelihood(Scores(*a), tags) @ dloss)  # noqa: E731
    ours = crf.negative_log_likelihood_backward(dloss, scores, tags)
    assert projection_error(loss, scores, ours, np.random.default_rng(2)) < 1e-7


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -np.inf, 1e300])
def test_what_stands_under_the_mask_does_not_matter(rubbish):
    scores, tags, dloss = draw()
    spoilt, wrong = scores._replace(emissions=scores.emissions.copy()), tags.copy()
    spoilt.emissions[~MASK], wrong[~MASK] = rubbish, -100
    for function, arguments in (
        (crf.score, (tags,)), (crf.log_partition, ()), (crf.marginals, ()), (crf.viterbi, ()),
        (crf.negative_log_likelihood, (tags,)),
    ):  # fmt: skip
        clean = function(scores, *arguments, MASK)
        again = function(spoilt, *([wrong] if arguments else []), MASK)
        for got, want in zip(again, clean):
            assert_array_equal(got, want)
    for got, want in zip(
        crf.negative_log_likelihood_backward(dloss, spoilt, wrong, MASK),
        crf.negative_log_likelihood_backward(dloss, scores, tags, MASK),
    ):
        assert_array_equal(got, want)


def test_batch_split_changes_nothing():
    scores, tags, dloss = draw()
    losses = crf.negative_log_likelihood(scores, tags, MASK)
    whole = crf.negative_log_likelihood_backward(dloss, scores, tags, MASK)
    sums = [0, 0, 0]
    for b in range(B):
        steps = MASK[:, b]
        alone = scores._replace(emissions=scores.emissions[steps][:, [b]])
        assert_allclose(crf.negative_log_likelihood(alone, tags[steps][:, [b]])[0], losses[b], rtol=1e-12)
        one = crf.negative_log_likelihood_backward(dloss[[b]], alone, tags[steps][:, [b]])
        assert_allclose(one.emissions[:, 0], whole.emissions[steps, b], rtol=1e-10, atol=1e-14)
        sums = [total + part for total, part in zip(sums, one[1:])]
        assert_array_equal(crf.viterbi(alone)[0][:, 0], crf.viterbi(scores, MASK)[0][steps, b])
    for total, want in zip(sums, whole[1:]):
        assert_allclose(total, want, rtol=1e-10, atol=1e-13)


def test_what_is_forbidden_does_not_happen():
    """Tag 2 may only follow 1, and not begin: the tags of BIO without labels."""
    scores, _, dloss = draw()
    transitions, start = scores.transitions.copy(), scores.start.copy()
    transitions[[0], 2] = start[2] = -np.inf
    scores = scores._replace(transitions=transitions, start=start)
    paths, _ = crf.viterbi(scores, MASK)
    for b in range(B):
        tags = paths[MASK[:, b], b]
        assert tags[0] != 2 and (0, 2) not in set(itertools.pairwise(tags.tolist()))
        totals = enumerate_all(scores, MASK, b)[1]
        finite = [total for total in totals if total > -np.inf]
        assert crf.log_partition(scores, MASK)[b] == pytest.approx(np.logaddexp.reduce(finite), rel=1e-12)
    forbidden = np.tile([[0], [2], [1], [1], [1]], (1, B))
    losses = crf.negative_log_likelihood(scores, forbidden)
    assert np.isposinf(losses).all()
    expected = crf.log_partition_backward(dloss, scores, MASK)
    assert all(np.isfinite(g).all() for g in expected)
    assert expected.transitions[0, 2] == expected.start[2] == 0


def test_huge_scores_stay_finite():
    scores, tags, _ = draw(scale=1e3)
    losses = crf.negative_log_likelihood(scores, tags, MASK)
    log_z = crf.log_partition(scores, MASK)
    best = crf.viterbi(scores, MASK)[1]
    assert np.isfinite(losses).all()
    assert_allclose(log_z, best, rtol=1e-3)  # one sequence takes it all
    assert (log_z >= best - 1e-9).all()
    p = crf.marginals(scores, MASK)
    assert_allclose(p.sum(axis=2)[MASK], 1, rtol=1e-9)


def test_layout_dtype_and_aliasing():
    scores, tags, dloss = draw()
    single = Scores(*(np.asfortranarray(a.astype(np.float32)) for a in scores))
    inputs = [*single, tags, MASK.copy(), dloss]
    for array in inputs:
        array.flags.writeable = False
    tags, mask, dloss = inputs[4:]
    results = [
        crf.score(single, tags, mask), crf.log_partition(single, mask), crf.marginals(single, mask),
        crf.negative_log_likelihood(single, tags, mask), crf.viterbi(single, mask)[1],
        *crf.negative_log_likelihood_backward(dloss, single, tags, mask),
    ]  # fmt: skip
    expected = [
        crf.score(scores, tags, mask), crf.log_partition(scores, mask), crf.marginals(scores, mask),
        crf.negative_log_likelihood(scores, tags, mask), crf.viterbi(scores, mask)[1],
        *crf.negative_log_likelihood_backward(dloss, scores, tags, mask),
    ]  # fmt: skip
    for got, want in zip(results, expected):
        assert got.dtype == np.float32
        assert_allclose(got, want, rtol=1e-4, atol=1e-5)
        assert not any(np.shares_memory(got, a) for a in inputs)
    assert np.issubdtype(crf.viterbi(single, mask)[0].dtype, np.integer)


def test_errors_say_what_is_wrong():
    scores, tags, dloss = draw()
    for wrong, words in (
        ({"emissions": scores.emissions[0]}, r"emissions should have shape \(T, B, K\), got \(4, 3\)"),
        ({"transitions": scores.transitions[1:]}, r"transitions should have shape \(3, 3\), got \(2, 3\)"),
        ({"start": scores.start[1:]}, r"start should have shape \(3,\), got \(2,\)"),
        ({"end": scores.end[:, None]}, r"end should have shape \(3,\), got \(3, 1\)"),
        ({"end": np.array([0, np.nan, 0])}, r"end should hold numbers or -inf, got nan at \(1,\)"),
        ({"start": np.full(3, -np.inf)}, "at least one sequence of tags possible, got none for sequence 0"),
    ):
        for function in (crf.log_partition, crf.viterbi, crf.marginals):
            with pytest.raises(ValueError, match=words):
                function(scores._replace(**wrong))
    for function in (crf.score, crf.negative_log_likelihood):
        with pytest.raises(ValueError, match=r"tags should have shape \(5, 4\), got \(4, 5\)"):
            function(scores, tags.T)
        with pytest.raises(ValueError, match=r"tags should lie in 0 \.\.\. 2, got values from 1 to 3"):
            function(scores, np.clip(tags + 1, 1, 3))
        with pytest.raises(ValueError, match="tags should hold integers, got dtype float64"):
            function(scores, tags.astype(float))
        with pytest.raises(ValueError, match=r"mask should have shape \(5, 4\), got \(5,\)"):
            function(scores, tags, MASK[:, 0])
        empty = MASK.copy()
        empty[:, 1] = False
        with pytest.raises(ValueError, match="got none for sequence 1"):
            function(scores, tags, empty)
    spoilt = scores._replace(emissions=scores.emissions.copy())
    spoilt.emissions[2, 3, 1] = np.nan
    with pytest.raises(ValueError, match=r"emissions should hold numbers or -inf, got nan at \(2, 3, 1\)"):
        crf.viterbi(spoilt, MASK)
    for name, call in (
        ("dscore", lambda d: crf.score_backward(d, scores, tags)),
        ("dlog_partition", lambda d: crf.log_partition_backward(d, scores)),
        ("d.*", lambda d: crf.negative_log_likelihood_backward(d, scores, tags)),
    ):
        with pytest.raises(ValueError, match=rf"{name} should have shape \(4,\), got \(3,\)"):
            call(dloss[1:])
