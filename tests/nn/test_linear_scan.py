"""The scan against the recurrence as it is written, at lengths that fill chunks and that do not."""

import pytest
import torch

from rnncourse.nn.linear_scan import linear_scan

B, H = 3, 5


def one_by_one(keep, write, start, reverse):
    states, order = {}, range(len(write))
    for t in reversed(order) if reverse else order:
        start = states[t] = keep[t] * start + write[t]
    return torch.stack([states[t] for t in order]) if states else torch.empty_like(write)


def draw(T, dtype=torch.float64):
    torch.manual_seed(T)
    shapes = (T, B, H), (T, B, H), (B, H)
    return [torch.rand(shape, dtype=dtype, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("T", [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 23, 100])
def test_it_is_the_recurrence(T, reverse):
    arguments = draw(T)
    actual, expected = linear_scan(*arguments, reverse), one_by_one(*arguments, reverse)
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)
    if T:
        upstream = torch.randn_like(expected)
        gradients = (torch.autograd.grad(result, arguments, upstream) for result in (actual, expected))
        for ours, theirs in zip(*gradients):
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("reverse", [False, True])
def test_it_can_be_differentiated_twice(reverse):
    arguments = [a.detach()[..., :2].requires_grad_() for a in draw(7)]
    scan = lambda *a: linear_scan(*a, reverse)  # noqa: E731
    assert torch.autograd.gradcheck(scan, arguments)
    assert torch.autograd.gradgradcheck(scan, arguments)


def test_factors_of_zero_and_products_too_small_to_write_down_are_no_trouble():
    """Where a scan divides by products, or takes logarithms, these would give NaN."""
    keep, write, start = (a.detach().float() for a in draw(400))
    keep[::7] = 0
    keep[1::7] = 1e-30
    actual = linear_scan(keep, write, start)
    torch.testing.assert_close(actual, one_by_one(keep, write, start, False), rtol=1e-6, atol=1e-6)


def test_half_precision_is_accumulated_in_float32():
    keep, write = torch.full((1000, B, H), 1.0).bfloat16(), torch.full((1000, B, H), 1.0).bfloat16()
    h = linear_scan(keep, write, torch.zeros(B, H).bfloat16())
    assert h.dtype == torch.bfloat16
    assert (h[-1] == 1000).all()  # bfloat16 alone would count to 256 and stay there


def test_memory_layout_does_not_matter_and_arguments_are_left_alone():
    arguments = [a.detach() for a in draw(17)]
    scattered = [a.transpose(0, -1).contiguous().transpose(0, -1) for a in arguments]
    assert not any(a.is_contiguous() for a in scattered)
    before = [a.clone() for a in scattered]
    torch.testing.assert_close(linear_scan(*scattered), linear_scan(*arguments), rtol=0, atol=0)
    for now, then in zip(scattered, before):
        assert torch.equal(now, then)


@pytest.mark.parametrize(
    "i, shape, message",
    [
        (0, (7, B, 1), r"keep should have shape \(7, 3, 5\), got \(7, 3, 1\)"),
        (2, (1, B, H), r"start should have shape \(3, 5\), got \(1, 3, 5\)"),
    ],
)
def test_what_does_not_fit_is_named(i, shape, message):
    arguments = draw(7)
    arguments[i] = torch.zeros(shape)
    with pytest.raises(ValueError, match=message):
        linear_scan(*arguments)
