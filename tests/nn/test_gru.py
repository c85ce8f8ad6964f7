"""What is GRU's own: its two biases are not one; the rest stands in test_recurrent.py."""

import pytest
import torch

from rnncourse.nn import GRU
from tests.nn.test_recurrent import B, D, H, T, twins


@pytest.mark.parametrize("kernel", ["function", "autograd"])
def test_the_second_bias_of_the_candidate_stands_inside_the_reset(kernel):
    ours, _ = twins(GRU, D, H, kernel=kernel)
    x = torch.randn(T, B, D, dtype=torch.float64)
    with torch.no_grad():
        before = ours(x)[0]
        for part, same in ((slice(0, 2 * H), True), (slice(2 * H, None), False)):
            moved, _ = twins(GRU, D, H, kernel=kernel)
            moved.bias_ih_l0[part] += 0.5
            moved.bias_hh_l0[part] -= 0.5
            assert torch.allclose(moved(x)[0], before, rtol=0, atol=1e-12) == same
