"""What is RNN's own, its nonlinearity; all that the modules have in common stands in test_recurrent.py."""

import pytest
import torch

from rnncourse.nn import RNN
from tests.nn.test_recurrent import B, D, H, T, agree, assert_close, complaint, twins


@pytest.mark.parametrize("kernel", ["function", "autograd"])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_each_nonlinearity_agrees_with_torch(nonlinearity, kernel):
    ours, theirs = twins(RNN, D, H, 2, nonlinearity, True, True, bidirectional=True, kernel=kernel)
    x, h0 = torch.randn(B, T, D, dtype=torch.float64), torch.randn(4, B, H, dtype=torch.float64)
    agree(ours, theirs, lambda x: x, x, h0)
    assert_close(ours(x), theirs(x))


def test_the_nonlinearity_matters():
    ours, _ = twins(RNN, D, H, nonlinearity="relu")
    other, _ = twins(RNN, D, H)
    x = torch.randn(T, B, D, dtype=torch.float64)
    assert not torch.allclose(ours(x)[0], other(x)[0])
    assert (ours(x)[0] >= 0).all()


def test_it_prints_as_torchs():
    args = (D, H, 3, "relu", False, True)
    assert repr(RNN(*args)) == repr(torch.nn.RNN(*args))


def test_an_unknown_nonlinearity_fails_as_torchs_does():
    args = (D, H, 1, "sigmoid")
    assert complaint(lambda: RNN(*args)) == complaint(lambda: torch.nn.RNN(*args))
