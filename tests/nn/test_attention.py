"""Attention modules against the NumPy reference and against Torch's own kernel."""

import numpy as np
import pytest
import torch

from rnncourse.nn import AdditiveAttention, DotAttention
from rnncourse.reference import attention
from tests.nn.test_recurrent import DEVICES, assert_close

T, S, B, H, K, E, A = 3, 7, 4, 5, 6, 8, 9
LENGTHS = torch.tensor([7, 2, 5, 1])


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def draw(form, device="cpu", queries=(T,), dtype=torch.float64):
    torch.manual_seed(0)
    module = DotAttention() if form == "dot" else AdditiveAttention(H, K, A, device=device, dtype=dtype)
    shapes = [(*queries, B, H), (S, B, H if form == "dot" else K), (S, B, E)]
    arrays = [torch.randn(shape, dtype=torch.float64).to(device, dtype).requires_grad_() for shape in shapes]
    return module, arrays, (torch.arange(S)[:, None] < LENGTHS).to(device)


def numpy(tensor):
    return tensor.detach().cpu().numpy()


@pytest.mark.parametrize("masked", [True, False], ids=["masked", "whole"])
@pytest.mark.parametrize("queries", [(), (T,)], ids=["one query", "T queries"])
@pytest.mark.parametrize("form", ["dot", "additive"])
def test_agrees_with_the_reference(form, queries, masked, device):
    module, arrays, mask = draw(form, device, queries)
    mask = mask if masked else None
    context, weights = module(*arrays, mask)
    upstream = torch.randn(context.shape, dtype=torch.float64).to(device)
    context.backward(upstream)
    params = [attention.Params(*map(numpy, module.parameters()))] if form == "additive" else []
    given = (*map(numpy, arrays), None if mask is None else numpy(mask))
    expected = getattr(attention, f"{form}_attention")(*params, *given)
    assert_close(context.cpu(), torch.tensor(expected[0]))
    assert_close(weights.cpu(), torch.tensor(expected[1]))
    gradients = getattr(attention, f"{form}_attention_backward")(*params, numpy(upstream), *given)
    for leaf, gradient in zip(arrays, gradients):
        assert_close(leaf.grad.cpu(), torch.tensor(gradient))
    if form == "additive":
        for name, gradient in gradients[3]._asdict().items():
            assert_close(getattr(module, name).grad.cpu(), torch.tensor(gradient))


def test_dot_agrees_with_torchs_kernel(device):
    module, (query, keys, values), mask = draw("dot", device)
    context, weights = module(query, keys, values, mask)
    batch_first = [a.transpose(0, 1) for a in (query, keys, values)]
    allowed = mask.t()[:, None].expand(B, T, S)
    expected = torch.nn.functional.scaled_dot_product_attention(*batch_first, attn_mask=allowed)
    assert_close(context, expected.transpose(0, 1))
    assert not weights[:, ~mask].any()


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_gradcheck(form):
    module, arrays, mask = draw(form)
    parameters = list(module.parameters())

    def both(*given):
        return module(*given[:3], mask)

    assert torch.autograd.gradcheck(both, (*arrays, *parameters))
    assert torch.autograd.gradgradcheck(both, (*arrays, *parameters))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("form", ["dot", "additive"])
def test_huge_scores_in_any_dtype(form, dtype, device):
    module, (query, keys, values), mask = draw(form, device, dtype=dtype)
    with torch.no_grad():
        if form == "dot":
            query.mul_(1e3)
        else:
            module.v.mul_(1e4)
    context, weights = module(query, keys, values, mask)
    context.sum().backward()
    assert context.dtype == weights.dtype == dtype
    assert not weights[:, ~mask].any()
    assert_close(weights.double().sum(1), torch.ones(T, B, dtype=torch.float64, device=device), 1e-2)
    for array in (context, query.grad, keys.grad, values.grad):
        assert array.isfinite().all()


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_what_stands_under_the_mask_does_not_matter(form, device):
    module, arrays, mask = draw(form, device)
    clean = module(*arrays, mask)
    query, *source = (a.detach() for a in arrays)
    spoilt = [a.masked_fill(~mask[:, :, None], np.nan).requires_grad_() for a in source]
    got = module(query, *spoilt, mask.to(torch.int64))
    assert_close(got, clean)
    got[0].sum().backward()
    for leaf in spoilt:
        assert leaf.grad.isfinite().all() and not leaf.grad[~mask].any()


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_padding_and_batch_split_change_nothing(form):
    module, (query, keys, values), mask = draw(form)
    context, weights = module(query, keys, values, mask)
    for b, n in enumerate(LENGTHS):
        one, its = module(query[:, [b]], keys[:n, [b]], values[:n, [b]])
        assert_close(one, context[:, [b]])
        assert_close(its, weights[:, :n, [b]])


def test_inputs_are_left_alone_and_may_lie_anyhow():
    module, arrays, mask = draw("additive")
    strided = [a.detach().transpose(0, -1).contiguous().transpose(0, -1) for a in arrays]
    before = [a.clone() for a in strided]
    assert_close(module(*strided, mask), module(*arrays, mask))
    for array, copy in zip(strided, before):
        assert torch.equal(array, copy)


def test_the_weights_travel_through_a_state_dict():
    module, arrays, mask = draw("additive")
    other = AdditiveAttention(H, K, A, dtype=torch.float64)
    assert not torch.allclose(other(*arrays, mask)[0], module(*arrays, mask)[0])
    other.load_state_dict(module.state_dict())
    assert_close(other(*arrays, mask), module(*arrays, mask))
    assert {name: tuple(p.shape) for name, p in other.named_parameters()} == {
        "W_q": (A, H), "W_k": (A, K), "v": (A,),
    }  # fmt: skip
    assert repr(other) == "AdditiveAttention(5, 6, 9)"
    for weight, inputs in ((other.W_q, H), (other.W_k, K), (other.v, A)):
        other.reset_parameters()
        assert 0.5 / inputs**0.5 < weight.abs().max() <= 1 / inputs**0.5


@pytest.mark.parametrize("form", ["dot", "additive"])
def test_errors_say_what_is_wrong(form):
    module, (query, keys, values), mask = draw(form)
    size = keys.shape[2]
    for given, words in (
        ((query[0, 0], keys, values), r"query should have shape \(B, H\) or \(T, B, H\), got \(5,\)"),
        (
            (query, keys[:, :, 1:], values),
            rf"keys should have shape \(S, 4, {size}\), got \(7, 4, {size - 1}\)",
        ),
        ((query, keys[:, 1:], values), rf"keys should have shape \(S, 4, {size}\), got \(7, 3, {size}\)"),
        ((query, keys, values[1:]), r"values should have shape \(7, 4, E\), got \(6, 4, 8\)"),
        ((query, keys, values, mask.t()), r"mask should have shape \(7, 4\), got \(4, 7\)"),
        ((query, keys[:0], values[:0]), "got none for sequence 0"),
    ):
        with pytest.raises(ValueError, match=words):
            module(*given)
    mask[:, 2] = False
    with pytest.raises(ValueError, match="one place of every sequence count, got none for sequence 2"):
        module(query, keys, values, mask)


def test_errors_of_the_additive_form():
    module, (query, keys, values), _ = draw("additive")
    with pytest.raises(ValueError, match="query should have 5 features, got 4"):
        module(query[..., 1:], keys, values)
    with pytest.raises(ValueError, match="attention_size should be at least 1, got 0"):
        AdditiveAttention(H, K, 0)
