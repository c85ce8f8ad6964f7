"""The loop over sequences of different lengths, against the plain loop over each."""

import pytest
import torch

from rnncourse.nn.scan import carry, previous, scan

H = 3


def columns(rows, sizes):
    """Packed rows as one list per sequence."""
    steps = rows.split(sizes)
    return [[step[b] for step in steps if b < len(step)] for b in range(sizes[0])]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sizes", [[4, 4, 4], [4, 3, 3, 1], [5, 2], [1, 1], [2]], ids=str)
def test_every_sequence_is_looped_over_by_itself(sizes, backwards):
    torch.manual_seed(8)
    rows, h0, c0 = torch.randn(sum(sizes), H), torch.randn(sizes[0], H), torch.randn(sizes[0], H)

    def step(a, h, c):
        return torch.tanh(a + 2 * h - c), h + a

    inputs = rows.split(sizes)
    outputs, last = scan(step, inputs, sizes, (h0, c0), backwards)
    carried = carry(step, inputs, sizes, (h0, c0), backwards)
    before = previous(outputs, h0, sizes, backwards)
    for b, sequence in enumerate(columns(rows, sizes)):
        h, c, expected, then = h0[b], c0[b], [], []
        for a in reversed(sequence) if backwards else sequence:
            then.append(h)
            h, c = step(a, h, c)
            expected.append(h)
        order = -1 if backwards else 1
        assert torch.equal(torch.stack(columns(outputs, sizes)[b]), torch.stack(expected[::order]))
        assert torch.equal(torch.stack(columns(before, sizes)[b]), torch.stack(then[::order]))
        for state in (last, carried):
            assert torch.equal(state[0][b], h)
            assert torch.equal(state[1][b], c)
