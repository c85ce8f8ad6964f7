"""Attention against Torch: its own kernel for the dot product, autograd for the additive form."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import attention
from rnncourse.reference.gradcheck import projection_error

T, S, B, H, K, E, A = 3, 7, 4, 5, 6, 8, 9  # queries, places, batch; query, key, value, hidden sizes
LENGTHS = np.array([7, 2, 5, 1])
BACKWARD = {"dot": attention.dot_attention_backward, "additive": attention.additive_attention_backward}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def padding():
    return np.arange(S)[:, None] < LENGTHS


def draw(form, rng, queries=(T,), masked=True):
    """The arguments of one form, and the gradient that comes from above."""
    mask = padding() if masked else None
    query, dcontext = rng.standard_normal((*queries, B, H)), rng.standard_normal((*queries, B, E))
    keys = rng.standard_normal((S, B, H if form == "dot" else K))
    params = () if form == "dot" else (attention.init(rng, H, K, A),)
    return params, query, keys, rng.standard_normal((S, B, E)), mask, dcontext


def run(form, params, query, keys, values, mask, dcontext):
    """Context, weights, and a flat list of gradients."""
    forward = getattr(attention, f"{form}_attention")
    backward = BACKWARD[form]
    context, weights = forward(*params, query, keys, values, mask)
    gradients = list(backward(*params, dcontext, query, keys, values, mask))
    if params:
        gradients = [*gradients[:3], *gradients[3]]
    return context, weights, gradients


def by_torch(form, params, query, keys, values, mask, dcontext):
    """The same from Torch, one sequence at a time without its padding; masked places have gradient 0."""
    leaves = [
        torch.tensor(a, requires_grad=True) for a in (query, keys, values, *[p for q in params for p in q])
    ]
    q, k, v, *weights_of = leaves
    q = q if q.ndim == 3 else q[None]
    counts = np.ones(keys.shape[:2], bool) if mask is None else mask
    contexts = []
    for b in range(q.shape[1]):
        places = torch.tensor(np.flatnonzero(counts[:, b]))
        kb, vb = k[places, b], v[places, b]
        if form == "dot":
            contexts.append(
                torch.nn.functional.scaled_dot_product_attention(q[None, :, b], kb[None], vb[None])[0]
            )
        else:
            W_q, W_k, w = weights_of
            scores = torch.stack([torch.tanh(W_q @ query_t + kb @ W_k.T) @ w for query_t in q[:, b]])
            contexts.append(torch.softmax(scores, 1) @ vb)
    context = torch.stack(contexts, 1).reshape(dcontext.shape)
    context.backward(torch.tensor(dcontext))
    return context.detach(), [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("masked", [True, False], ids=["masked", "whole"])
@pytest.mark.parametrize("queries", [(), (T,)], ids=["one query", "T queries"])
@pytest.mark.parametrize("form", ["dot", "additive"])
def test_agrees_with_torch(rng, form, queries, masked):
    arguments = draw(form, rng, queries, masked)
    context, weights, gradients = run(form, *arguments)
    expected, expected_gradients = by_torch(form, *arguments)
    assert context.shape == (*queries, B, E) and weights.shape == (*queries, S, B)
    assert_allclose(context, expected, rtol=1e-10, atol=1e-12)
    assert_allclose(np.einsum("...sb,sbe->...be", weights, arguments[3]), context, rtol=1e-10, atol=1e-12)
    assert len(gradients) == len(expected_gradients) == (3 if form == "dot" else 6)
    for ours, theirs in zip(gradients, expected_gradients):
        assert ours.shape == theirs.shape
        assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_gradients_agree_with_central_differences(rng, form):
    params, query, keys, values, mask, dcontext = draw(form, rng)

    def loss(query, keys, values, *p):
        given = (attention.Params(*p),) if p else ()
        return np.sum(
            getattr(attention, f"{form}_attention")(*given, query, keys, values, mask)[0] * dcontext
        )

    gradients = run(form, params, query, keys, values, mask, dcontext)[2]
    arguments = [query, keys, values, *(params[0] if params else ())]
    assert projection_error(loss, arguments, gradients, rng) < 1e-7


@settings(deadline=None, max_examples=25, derandomize=True)
@given(
    sizes=st.tuples(*[st.integers(1, 5)] * 5),
    form=st.sampled_from(["dot", "additive"]),
    seed=st.integers(0, 999),
)
def test_any_sizes_and_any_mask(sizes, form, seed):
    T, S, B, H, E = sizes
    rng = np.random.default_rng(seed)
    mask = rng.random((S, B)) < 0.5
    mask[rng.integers(0, S, B), np.arange(B)] = True
    params = () if form == "dot" else (attention.init(rng, H, H, 3),)
    arrays = [rng.standard_normal(shape) for shape in [(T, B, H), (S, B, H), (S, B, E), (T, B, E)]]
    arguments = (params, *arrays[:3], mask, arrays[3])
    context, weights, gradients = run(form, *arguments)
    assert_array_equal(weights[:, ~mask], 0)
    assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    expected, expected_gradients = by_torch(form, *arguments)
    assert_allclose(context, expected, rtol=1e-9, atol=1e-11)
    for ours, theirs in zip(gradients, expected_gradients):
        assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("form", ["dot", "additive"])
def test_what_stands_under_the_mask_does_not_matter(rng, form, rubbish):
    params, query, keys, values, mask, dcontext = draw(form, rng)
    clean = run(form, params, query, keys, values, mask, dcontext)
    keys, values = keys.copy(), values.copy()
    keys[~mask], values[~mask] = rubbish, rubbish
    spoilt = run(form, params, query, keys, values, mask, dcontext)
    for got, want in zip([*spoilt[:2], *spoilt[2]], [*clean[:2], *clean[2]]):
        assert_array_equal(got, want)
    assert not spoilt[1][:, ~mask].any() and not spoilt[2][1][~mask].any() and not spoilt[2][2][~mask].any()


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_padding_and_batch_split_change_nothing(rng, form):
    params, query, keys, values, mask, dcontext = draw(form, rng)
    context, weights, gradients = run(form, params, query, keys, values, mask, dcontext)
    dparams = []
    for b, length in enumerate(LENGTHS):
        alone = (query[:, [b]], keys[:length, [b]], values[:length, [b]], None, dcontext[:, [b]])
        one = run(form, params, *alone)
        assert_allclose(one[0], context[:, [b]], rtol=1e-12, atol=1e-14)
        assert_allclose(one[1], weights[:, :length, [b]], rtol=1e-12)
        for i, rows in enumerate((slice(None), slice(length), slice(length))):
            assert_allclose(one[2][i], gradients[i][rows, [b]], rtol=1e-11, atol=1e-14)
        dparams.append(one[2][3:])
    for ours, parts in zip(gradients[3:], zip(*dparams)):
        assert_allclose(ours, sum(parts), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_a_query_alone_is_one_of_many(rng, form):
    params, query, keys, values, mask, dcontext = draw(form, rng)
    many = run(form, params, query, keys, values, mask, dcontext)
    for t in range(T):
        one = run(form, params, query[t], keys, values, mask, dcontext[t])
        for got, want in ((one[0], many[0][t]), (one[1], many[1][t]), (one[2][0], many[2][0][t])):
            assert_allclose(got, want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_huge_scores_in_float32(rng, form):
    params, query, keys, values, mask, dcontext = draw(form, rng)
    if form == "dot":
        query = query * 1e30
    else:
        params = (params[0]._replace(v=params[0].v * 1e30),)
    single = [a.astype(np.float32) for a in (query, keys, values)]
    params = tuple(attention.Params(*(a.astype(np.float32) for a in p)) for p in params)
    context, weights, gradients = run(form, params, *single, mask, dcontext.astype(np.float32))
    assert_array_equal(np.sort(weights, axis=1)[:, :-1], 0)  # one place takes it all
    assert_array_equal(weights.max(axis=1), 1)
    assert not weights[:, ~mask].any()
    assert np.isfinite(context).all() and all(np.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_layout_dtype_and_aliasing(rng, form):
    params, query, keys, values, mask, dcontext = draw(form, rng)
    expected = run(form, params, query, keys, values, mask, dcontext)
    single = [np.asfortranarray(a.astype(np.float32)) for a in (query, keys, values, dcontext)]
    params = tuple(attention.Params(*(np.asfortranarray(a.astype(np.float32)) for a in p)) for p in params)
    inputs = [*single, mask, *(a for p in params for a in p)]
    for array in inputs:
        array.flags.writeable = False
    context, weights, gradients = run(form, params, *single[:3], mask, single[3])
    again = run(form, params, *single[:3], mask.astype(int), single[3])
    results = [context, weights, *gradients]
    for got, want, second in zip(results, [*expected[:2], *expected[2]], [*again[:2], *again[2]]):
        assert got.dtype == np.float32
        assert_allclose(got, want, rtol=1e-4, atol=1e-5)
        assert_array_equal(got, second)
        assert not any(np.shares_memory(got, other) for other in [*inputs, *again[2], *again[:2]])


def test_fresh_weights():
    wide = attention.init(np.random.default_rng(0), H, K, A)
    assert [a.shape for a in wide] == [(A, H), (A, K), (A,)]
    for a, inputs in zip(wide, (H, K, A)):
        assert 0.5 / np.sqrt(inputs) < np.abs(a).max() <= 1 / np.sqrt(inputs)
    narrow = attention.init(np.random.default_rng(0), H, K, A, np.float32)
    assert_array_equal(narrow.W_k, wide.W_k.astype(np.float32))
    assert narrow.v.dtype == np.float32


def test_errors_say_what_is_wrong(rng):
    (params,), query, keys, values, mask, dcontext = draw("additive", rng)
    dot = attention.dot_attention
    with pytest.raises(ValueError, match=r"keys should have shape \(7, 4, 5\), got \(7, 4, 6\)"):
        dot(query, keys, values)
    keys = keys[:, :, :H]
    with pytest.raises(ValueError, match=r"query should have shape \(B, H\) or \(T, B, H\), got \(5,\)"):
        dot(query[0, 0], keys, values)
    with pytest.raises(ValueError, match=r"keys should have shape \(S, 4, K\), got \(7, 3, 5\)"):
        dot(query, keys[:, 1:], values)
    with pytest.raises(ValueError, match=r"values should have shape \(7, 4, E\), got \(6, 4, 8\)"):
        dot(query, keys, values[1:])
    with pytest.raises(ValueError, match=r"mask should have shape \(7, 4\), got \(4, 7\)"):
        dot(query, keys, values, mask.T)
    empty = mask.copy()
    empty[:, 2] = False
    with pytest.raises(ValueError, match="one place of every sequence count, got none for sequence 2"):
        dot(query, keys, values, empty)
    with pytest.raises(ValueError, match="got none for sequence 0"):
        dot(query, keys[:0], values[:0])
    with pytest.raises(ValueError, match=r"dcontext should have shape \(3, 4, 8\), got \(4, 8\)"):
        attention.dot_attention_backward(dcontext[0], query, keys, values)
    spoilt = keys.copy()
    spoilt[3, 1, 0] = np.nan
    with pytest.raises(ValueError, match="finite scores, got nan at place 3 of sequence 1"):
        dot(query, spoilt, values)
    with pytest.raises(ValueError, match=r"finite scores, got -?inf at place \d of sequence \d"):
        dot(*((a * 1e30).astype(np.float32) for a in (query, keys, values)))
    for name, wrong, words in (
        ("W_q", params.W_q[:, 1:], r"W_q should have shape \(A, 5\), got \(9, 4\)"),
        ("W_k", params.W_k[1:, :H], r"W_k should have shape \(9, 5\), got \(8, 5\)"),
        ("v", params.v[1:], r"v should have shape \(9,\), got \(8,\)"),
    ):
        fitting = params._replace(W_k=params.W_k[:, :H])
        with pytest.raises(ValueError, match=words):
            attention.additive_attention(fitting._replace(**{name: wrong}), query, keys, values)
