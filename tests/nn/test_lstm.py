"""What is LSTM's own, two parts and a projection; the rest stands in test_recurrent.py."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from rnncourse.nn import LSTM
from tests.nn.test_recurrent import LENGTHS, B, D, H, T, agree, complaint, packed, twins, x

P = 2


@pytest.mark.parametrize("form", ["padded", "packed", "unbatched"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "two-way"])
@pytest.mark.parametrize("layers", [1, 3])
def test_a_projected_state_agrees_with_torch(layers, bidirectional, form):
    ours, theirs = twins(LSTM, D, H, layers, bidirectional=bidirectional, proj_size=P)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    batch = () if form == "unbatched" else (B,)
    x = torch.randn(T, *batch, D, dtype=torch.float64)
    count = layers * (1 + bidirectional)
    state = tuple(torch.randn(count, *batch, width, dtype=torch.float64) for width in (P, H))
    pack = lambda x: pack_padded_sequence(x, LENGTHS, enforce_sorted=False)  # noqa: E731
    agree(ours, theirs, pack if form == "packed" else lambda x: x, x, state)


def test_a_projected_state_has_no_quick_road():
    with pytest.raises(ValueError, match=r"kernel='function' cannot project the state \(proj_size=2\); use"):
        LSTM(D, H, proj_size=P, kernel="function")


def test_a_projection_draws_and_prints_as_torchs():
    modules = []
    for kind in (LSTM, torch.nn.LSTM):
        torch.manual_seed(5)
        modules.append(kind(D, H, 2, True, True, 0.5, True, P))
    assert repr(modules[0]) == repr(modules[1])
    for name, value in modules[1].state_dict().items():
        assert torch.equal(modules[0].state_dict()[name], value), name


@pytest.mark.parametrize("proj_size", [-1, H, H + 1])
def test_a_projection_that_does_not_shrink_fails_as_torchs_does(proj_size):
    calls = [lambda kind=kind: kind(D, H, proj_size=proj_size) for kind in (LSTM, torch.nn.LSTM)]
    assert complaint(calls[0]) == complaint(calls[1])


h0, c0 = torch.zeros(1, B, H), torch.zeros(1, B, H)


@pytest.mark.parametrize(
    "state", [(h0, c0[0]), (h0[0], c0), (h0, c0[..., 1:]), (h0[:, 1:], c0)], ids=range(4)
)
def test_each_part_of_a_wrong_state_fails_as_torchs_does(state):
    calls = [lambda kind=kind: kind(D, H)(x, state) for kind in (LSTM, torch.nn.LSTM)]
    assert complaint(calls[0]) == complaint(calls[1])


def test_a_wrong_state_of_packed_sequences_is_named():
    for state, message in (
        ((h0[..., 1:], c0), r"Expected hidden\[0\] size \(1, 4, 5\), got \[1, 4, 4\]"),
        ((h0, c0[..., 1:]), r"Expected hidden\[1\] size \(1, 4, 5\), got \[1, 4, 4\]"),
    ):
        with pytest.raises(RuntimeError, match=message):
            LSTM(D, H)(packed, state)


def test_a_state_without_its_second_part_is_named():
    with pytest.raises(ValueError, match=r"hx should be a pair \(h_0, c_0\), got 1 parts"):
        LSTM(D, H)(x, h0)
