"""What is MinGRU's own: two ways through one recurrence; the rest stands in test_variants.py."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from rnncourse.nn import MinGRU, min_gru
from tests.nn.test_recurrent import assert_close

T, B, D, H = 37, 6, 3, 5
LENGTHS = [12, 37, 1, 30, 5, 37]


def results(module, make_input, x, h0):
    x, h0 = x.clone().requires_grad_(), h0.clone().requires_grad_()
    module.zero_grad()
    output, last = module(make_input(x), h0)
    output = getattr(output, "data", output) if not isinstance(output, torch.Tensor) else output
    torch.manual_seed(2)
    torch.autograd.backward([output, last], [torch.randn_like(output), torch.randn_like(last)])
    return [output, last, x.grad, h0.grad, *(p.grad.clone() for p in module.parameters())]


@pytest.mark.parametrize("form", ["padded", "packed"])
def test_both_ways_agree(form, monkeypatch):
    torch.manual_seed(0)
    module = MinGRU(D, H, 2, bidirectional=True, dtype=torch.float64)
    x, h0 = torch.randn(T, B, D, dtype=torch.float64), torch.randn(4, B, H, dtype=torch.float64)
    make_input = lambda x: pack_padded_sequence(x, LENGTHS, enforce_sorted=False)  # noqa: E731
    make_input = make_input if form == "packed" else lambda x: x
    called = []
    scan = min_gru.linear_scan
    monkeypatch.setattr(min_gru, "linear_scan", lambda *a: called.append(a) or scan(*a))
    expected = results(module, make_input, x, h0)
    assert len(called) == 4  # layers and directions
    monkeypatch.setattr(min_gru, "LARGE_STEP", B * H)
    actual = results(module, make_input, x, h0)
    assert len(called) == 4  # not one more
    for a, b in zip(actual, expected):
        assert_close(a, b, 1e-12)


def test_a_large_step_is_walked_by_itself():
    """No name is changed here: the size alone decides, and single precision keeps its digits."""
    torch.manual_seed(1)
    module = MinGRU(D, min_gru.LARGE_STEP)
    x = torch.randn(300, 1, D)
    both, alone = module(torch.cat([x, x], dim=1))[0], module.double()(x.double())[0]
    assert_close(both[:, 1:].double(), alone, 1e-5)


def test_parameters_have_torchs_names_and_nothing_looks_at_the_state():
    shapes = {name: tuple(p.shape) for name, p in MinGRU(D, H, 2, bidirectional=True).named_parameters()}
    assert shapes == {
        "weight_ih_l0": (2 * H, D),
        "bias_ih_l0": (2 * H,),
        "weight_ih_l0_reverse": (2 * H, D),
        "bias_ih_l0_reverse": (2 * H,),
        "weight_ih_l1": (2 * H, 2 * H),
        "bias_ih_l1": (2 * H,),
        "weight_ih_l1_reverse": (2 * H, 2 * H),
        "bias_ih_l1_reverse": (2 * H,),
    }
    assert list(dict(MinGRU(D, H, bias=False).named_parameters())) == ["weight_ih_l0"]


def test_large_inputs_and_long_sequences_stay_finite():
    module = MinGRU(D, H)
    x = (1e4 * torch.randn(2000, B, D)).requires_grad_()
    output, _ = module(x)
    output.sum().backward()
    assert output.isfinite().all()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("walked", [False, True])
def test_in_half_precision_a_gate_near_zero_still_forgets(walked, monkeypatch):
    """1 - z is 1 in bfloat16 for z below 0.002: without float32 inside, nothing would ever fade."""
    monkeypatch.setattr(min_gru, "LARGE_STEP", 1 if walked else 2**30)
    module = MinGRU(D, H, dtype=torch.bfloat16)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        module.bias_ih_l0[:H] = -7
        output, _ = module(torch.zeros(1000, B, D).bfloat16(), torch.ones(1, B, H).bfloat16())
    z = torch.sigmoid(torch.tensor(-7.0))
    assert_close(output[-1].float(), ((1 - z) ** 1000).expand(B, H), 1e-2)


def test_gradients_of_gradients_come_from_the_scan_and_are_refused_by_the_walk(monkeypatch):
    module, x = MinGRU(D, H), torch.randn(T, B, D, requires_grad=True)
    first = lambda: torch.autograd.grad(module(x)[0].square().sum(), x, create_graph=True)[0]  # noqa: E731
    assert torch.autograd.grad(first().square().sum(), x)[0].any()
    monkeypatch.setattr(min_gru, "LARGE_STEP", 1)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first().square().sum().backward()


def test_under_autocast_it_gives_half_precision():
    x = torch.randn(T, B, D)
    with torch.autocast("cpu", torch.bfloat16):
        ours, last = MinGRU(D, H)(x)
    assert ours.dtype == last.dtype == torch.bfloat16
    assert ours.isfinite().all()


def test_it_does_not_project():
    with pytest.raises(ValueError, match="proj_size argument is only supported for LSTM"):
        MinGRU(D, H, proj_size=2)
