"""``CRF`` against the NumPy reference, which is held against the list of all sequences."""

import math

import numpy as np
import pytest
import torch

from rnncourse.nn import CRF
from rnncourse.reference import crf
from tests.nn.test_recurrent import DEVICES, assert_close

T, B, K = 7, 4, 5
MASK = torch.tensor([[1, 1, 1, 0, 0, 0, 0], [1, 0, 1, 1, 0, 0, 1], [0, 0, 1, 0, 1, 0, 0], [1] * 7]).t() != 0


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def draw(device="cpu", reduction="none", dtype=torch.float64):
    module = CRF(K, reduction, device=device, dtype=dtype)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(1.5 * torch.randn(parameter.shape, dtype=torch.float64))
    emissions = 1.5 * torch.randn(T, B, K, dtype=torch.float64)
    tags = torch.randint(K, (T, B)).to(device)
    return module, emissions.to(device, dtype).requires_grad_(), tags, MASK.to(device)


def numpy(tensor):
    return tensor.detach().cpu().numpy()


def as_scores(module, emissions):
    return crf.Scores(*(numpy(a) for a in (emissions, module.transitions, module.start, module.end)))


@pytest.mark.parametrize("masked", [True, False], ids=["masked", "whole"])
def test_agrees_with_the_reference(masked, device):
    module, emissions, tags, mask = draw(device)
    mask = mask if masked else None
    scores, given = as_scores(module, emissions), None if mask is None else numpy(mask)
    losses = module(emissions, tags, mask)
    assert_close(losses.cpu(), torch.tensor(crf.negative_log_likelihood(scores, numpy(tags), given)))
    assert_close(
        module.score(emissions, tags, mask).cpu(), torch.tensor(crf.score(scores, numpy(tags), given))
    )
    log_z = module.log_partition(emissions, mask)
    assert_close(log_z.cpu(), torch.tensor(crf.log_partition(scores, given)))
    marginals = torch.autograd.grad(log_z.sum(), emissions)[0]
    assert_close(marginals.cpu(), torch.tensor(crf.marginals(scores, given)))
    worth = torch.linspace(0.5, 2, B, dtype=torch.float64)
    losses.backward(worth.to(device))
    expected = crf.negative_log_likelihood_backward(worth.numpy(), scores, numpy(tags), given)
    for leaf, gradient in zip((emissions, module.transitions, module.start, module.end), expected):
        assert_close(leaf.grad.cpu(), torch.tensor(gradient))
    paths, best = module.decode(emissions, mask)
    expected_paths, expected_best = crf.viterbi(scores, given)
    assert torch.equal(paths.cpu(), torch.tensor(expected_paths))
    assert_close(best.cpu(), torch.tensor(expected_best))
    assert not best.requires_grad


def test_decoded_paths_have_the_score_that_they_claim(device):
    module, emissions, _, mask = draw(device)
    paths, best = module.decode(emissions, mask)
    assert torch.equal(paths == -1, ~mask)
    assert_close(module.score(emissions, paths, mask), best)  # -1 stands only where nothing counts
    assert (module.log_partition(emissions, mask) > best).all()


def test_gradcheck():
    module, emissions, tags, mask = draw()
    parameters = tuple(module.parameters())

    def losses(emissions, *_):
        return module(emissions, tags, mask)

    assert torch.autograd.gradcheck(losses, (emissions, *parameters))
    assert torch.autograd.gradgradcheck(losses, (emissions, *parameters))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_reductions(reduction):
    module, emissions, tags, mask = draw(reduction=reduction)
    losses = draw()[0](emissions, tags, mask)
    assert_close(module(emissions, tags, mask), getattr(losses, reduction)())
    assert CRF(K).reduction == "mean"


def test_what_stands_under_the_mask_does_not_matter(device):
    module, emissions, tags, mask = draw(device)
    losses = module(emissions, tags, mask)
    spoilt = emissions.detach().masked_fill(~mask[:, :, None], math.nan).requires_grad_()
    wrong = tags.masked_fill(~mask, -100)
    again = module(spoilt, wrong, mask.to(torch.float32))
    assert torch.equal(again, losses)
    again.sum().backward()
    assert spoilt.grad.isfinite().all() and not spoilt.grad[~mask].any()
    assert torch.equal(module.decode(spoilt, mask)[0], module.decode(emissions, mask)[0])


def test_batch_split_changes_nothing():
    module, emissions, tags, mask = draw()
    losses, paths = module(emissions, tags, mask), module.decode(emissions, mask)[0]
    for b in range(B):
        steps = mask[:, b]
        alone = emissions[steps][:, [b]]
        assert_close(module(alone, tags[steps][:, [b]])[0], losses[b])
        assert torch.equal(module.decode(alone)[0][:, 0], paths[steps, b])


def test_forbidden_tags_leave_gradients_that_are_numbers():
    """Nothing leads to tag 4 at all: a sum over nothing but -inf must not turn gradients into NaN."""
    module, emissions, tags, mask = draw()
    with torch.no_grad():
        module.transitions[:, 4] = module.start[4] = module.transitions[0, 2] = -math.inf
    log_z = module.log_partition(emissions, mask)
    assert_close(log_z, torch.tensor(crf.log_partition(as_scores(module, emissions), numpy(mask))))
    log_z.sum().backward()
    expected = crf.log_partition_backward(np.ones(B), as_scores(module, emissions), numpy(mask))
    for leaf, gradient in zip((emissions, module.transitions, module.start, module.end), expected):
        assert_close(leaf.grad, torch.tensor(gradient))
    assert not (module.decode(emissions, mask)[0] == 4).any()
    assert (module(emissions, tags.clamp(max=4).fill_(4), mask) == math.inf).all()


@pytest.mark.parametrize(
    "dtype, tolerance", [(torch.float32, 1e-4), (torch.bfloat16, 0.2), (torch.float16, 2e-2)]
)
def test_any_floating_dtype(dtype, tolerance, device):
    module, emissions, tags, mask = draw(device)
    expected = module(emissions, tags, mask)
    narrow, few, _, _ = draw(device, dtype=dtype)
    losses = narrow(few, tags, mask)
    losses.sum().backward()
    assert losses.dtype == few.grad.dtype == narrow.decode(few, mask)[1].dtype == dtype
    assert_close(losses.double(), expected, tolerance)
    assert few.grad.isfinite().all()


@pytest.mark.parametrize("shape", [(1, B), (T, 1), (1, 1)], ids=str)
def test_sizes_of_one(shape):
    module = CRF(K, "none", dtype=torch.float64)
    emissions, tags = torch.randn(*shape, K, dtype=torch.float64), torch.randint(K, shape)
    expected = crf.negative_log_likelihood(as_scores(module, emissions), tags.numpy())
    assert_close(module(emissions, tags).detach(), torch.tensor(expected))
    assert torch.equal(
        module.decode(emissions)[0], torch.tensor(crf.viterbi(as_scores(module, emissions))[0])
    )
    assert_close(
        CRF(1, dtype=torch.float64)(emissions[..., :1], tags * 0).detach(),
        torch.zeros((), dtype=torch.float64),
    )


def test_inputs_are_left_alone_and_may_lie_anyhow():
    module, emissions, tags, mask = draw()
    strided = emissions.detach().permute(2, 0, 1).contiguous().permute(1, 2, 0)
    before = strided.clone(), tags.clone(), mask.clone()
    assert_close(module(strided, tags, mask), module(emissions, tags, mask))
    module.decode(strided, mask)
    for array, copy in zip((strided, tags, mask), before):
        assert torch.equal(array, copy)


def test_the_parameters():
    module = CRF(K)
    assert {name: tuple(p.shape) for name, p in module.named_parameters()} == {
        "transitions": (K, K), "start": (K,), "end": (K,),
    }  # fmt: skip
    assert all(0 < parameter.abs().max() <= 0.1 for parameter in module.parameters())
    assert repr(module) == "CRF(5)"
    trained = draw(dtype=torch.float32)[0]
    module.load_state_dict(trained.state_dict())
    assert torch.equal(module.transitions, trained.transitions)


def test_errors_say_what_is_wrong():
    module, emissions, tags, mask = draw()
    empty = mask.clone()
    empty[:, 1] = False
    for given, words in (
        ((emissions[0], tags), r"emissions should have shape \(T, B, 5\), got \(4, 5\)"),
        ((emissions[..., 1:], tags), r"emissions should have shape \(T, B, 5\), got \(7, 4, 4\)"),
        ((emissions[:0], tags[:0]), "got none for sequence 0"),
        ((emissions, tags.t()), r"tags should have shape \(7, 4\), got \(4, 7\)"),
        ((emissions, tags.double()), "tags should hold integers, got torch.float64"),
        ((emissions, tags.clamp(min=1) + 1), r"tags should lie in 0 \.\.\. 4, got values from 2 to 5"),
        ((emissions, tags - 1), r"tags should lie in 0 \.\.\. 4, got values from -1"),
        ((emissions, tags, mask.t()), r"mask should have shape \(7, 4\), got \(4, 7\)"),
        ((emissions, tags, empty), "one place of every sequence count, got none for sequence 1"),
    ):
        with pytest.raises(ValueError, match=words):
            module(*given)
    with pytest.raises(ValueError, match="emissions should hold numbers or -inf, got nan"):
        module.decode(emissions.detach() * math.nan)
    with pytest.raises(ValueError, match="num_tags should be at least 1, got 0"):
        CRF(0)
    with pytest.raises(ValueError, match="reduction should be 'none', 'mean' or 'sum', got 'max'"):
        CRF(K, "max")
