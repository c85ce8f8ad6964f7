"""Two directions against Torch's, in float64; layers of them stand in test_stacked.py."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncourse.reference import bidirectional, coupled_lstm, gru, lstm, min_gru, peephole_lstm, rnn
from rnncourse.reference.gradcheck import projection_error

T, B, D, H = 7, 4, 3, 5
LENGTHS = [3, 7, 1, 5]  # ragged, and not sorted
TORCHS = {rnn: torch.nn.RNN, lstm: torch.nn.LSTM, gru: torch.nn.GRU}
CELLS = [*TORCHS, peephole_lstm, coupled_lstm, min_gru]


def short(cell):
    return cell.__name__.rpartition(".")[2]


@pytest.fixture(params=TORCHS, ids=short)
def torchs_cell(request):
    return request.param


@pytest.fixture(params=CELLS, ids=short)
def cell(request):
    return request.param


def mask_of(lengths):
    return np.arange(T)[:, None] < lengths


class Problem:
    """Random weights, inputs, states and upstream gradients, the last states' among them."""

    def __init__(self, cell, T=T, B=B, dtype=np.float64):
        rng = np.random.default_rng(0)
        draw = lambda *shape: rng.standard_normal(shape).astype(dtype)  # noqa: E731
        parts = 2 if "lstm" in cell.__name__ else 1
        self.cell = cell
        self.params = bidirectional.init(cell, rng, D, H, dtype)
        self.x, self.dh = draw(T, B, D), draw(T, B, 2 * H)
        self.state, self.dlast = (tuple(draw(2, B, H) for _ in range(parts)) for _ in range(2))

    def run(self, mask=None, window=None):
        h, last, cache = bidirectional.forward(self.cell, self.params, self.x, self.state, mask)
        return (h, last), bidirectional.backward(self.dh, self.dlast, cache, window)

    def flat(self, mask=None):
        """All that ``run`` returns, in one list."""
        (h, last), (dx, dstate, (dstart, dend)) = self.run(mask)
        return [h, *last, dx, *dstate, *dstart, *dend]

    @property
    def arguments(self):
        return [self.x, *self.state, *self.params.from_start, *self.params.from_end]


def leaf(array):
    return torch.tensor(array, requires_grad=True)


def assert_all_close(actual, expected, tolerance=1e-10):
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected):
        assert a.shape == b.shape
        assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "packed"])
@pytest.mark.parametrize("size", [(T, B), (1, B), (T, 1)], ids=str)
def test_agrees_with_torch(torchs_cell, size, lengths):
    problem = Problem(torchs_cell, *size)
    if lengths is not None:
        lengths = [min(n, size[0]) for n in lengths[: size[1]]]
        mask = np.arange(size[0])[:, None] < lengths
        problem.dh *= mask[:, :, None]
    (h, last), (dx, dstate, dparams) = problem.run(None if lengths is None else mask)

    module = TORCHS[torchs_cell](D, H, bidirectional=True, dtype=torch.float64)
    weights = problem.params.to_torch()
    module.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    x, state = leaf(problem.x), tuple(map(leaf, problem.state))
    hx = state if len(state) > 1 else state[0]
    if lengths is None:
        output, ends = module(x, hx)
    else:
        output, ends = module(pack_padded_sequence(x, lengths, enforce_sorted=False), hx)
        output, _ = pad_packed_sequence(output, total_length=size[0])
        h = h * mask[:, :, None]  # ours carries a state through the padding, Torch writes zeros
    ends = ends if isinstance(ends, tuple) else (ends,)
    upstream = [torch.tensor(u) for u in (problem.dh, *problem.dlast)]
    torch.autograd.backward([output, *ends], upstream)

    assert_all_close([h, *last], [a.detach().numpy() for a in (output, *ends)])
    assert_all_close([dx, *dstate], [a.grad.numpy() for a in (x, *state)])
    exists = bidirectional.Params(*(type(p)(*map(np.ones_like, p)) for p in problem.params)).to_torch()
    for name, value in dparams.to_torch().items():
        where = exists[name] != 0  # not where to_torch writes zeros for Torch's second bias
        assert_allclose(value[where], module.get_parameter(name).grad.numpy()[where], rtol=1e-10, atol=1e-10)


def test_weights_come_from_torch(torchs_cell):
    module = TORCHS[torchs_cell](D, H, 2, bidirectional=True, dtype=torch.float64)
    params = bidirectional.Params.from_torch(torchs_cell, module, "l1")
    assert_all_close(params.from_end, torchs_cell.Params.from_torch(module, "l1_reverse"), 0)
    again = bidirectional.Params.from_torch(torchs_cell, params.to_torch("l3"), "l3")
    for direction in range(2):
        assert_all_close(again[direction], params[direction], 0)
    with pytest.raises(ValueError, match="no weight_ih_l0_reverse among"):
        bidirectional.Params.from_torch(torchs_cell, TORCHS[torchs_cell](D, H))


def test_gradients_agree_with_central_differences_whatever_is_masked(cell):
    problem, rng = Problem(cell), np.random.default_rng(1)
    mask = rng.random((T, B)) < 0.6
    count, parts = len(problem.params.from_start), len(problem.state)

    def loss(x, *rest):
        state, weights = rest[:parts], rest[parts:]
        params = bidirectional.Params(cell.Params(*weights[:count]), cell.Params(*weights[count:]))
        h, last, _ = bidirectional.forward(cell, params, x, state, mask)
        return sum(float(np.sum(a * b)) for a, b in zip([h, *last], [problem.dh, *problem.dlast]))

    gradients = problem.flat(mask)[1 + parts :]
    for i in range(len(gradients)):  # one at a time: none may hide behind the others
        only = lambda a, i=i: loss(*problem.arguments[:i], a, *problem.arguments[i + 1 :])  # noqa: E731
        assert projection_error(only, [problem.arguments[i]], [gradients[i]], rng) < 1e-6


def test_padding_changes_nothing(cell):
    """A right-padded sequence, read from the end, begins at its own last real step."""
    problem, mask = Problem(cell), mask_of(LENGTHS)
    problem.dh *= mask[:, :, None]
    problem.x[~mask] = np.nan
    (h, last), (dx, dstate, _) = problem.run(mask)
    for b, length in enumerate(LENGTHS):
        alone = Problem(cell)
        alone.params, alone.x = problem.params, problem.x[:length, b : b + 1]
        alone.dh = problem.dh[:length, b : b + 1]
        alone.state = tuple(part[:, b : b + 1] for part in problem.state)
        alone.dlast = tuple(part[:, b : b + 1] for part in problem.dlast)
        (h_b, last_b), (dx_b, dstate_b, _) = alone.run()
        assert_all_close([h[:length, b], dx[:length, b]], [h_b[:, 0], dx_b[:, 0]], 1e-12)
        assert_all_close([p[:, b] for p in (*last, *dstate)], [p[:, 0] for p in (*last_b, *dstate_b)], 1e-12)
        assert (dx[length:, b] == 0).all()
        assert (h[length:, b, H:] == problem.state[0][1, b]).all()  # carried, from where it started


def test_the_directions_are_two_runs_of_the_cell(cell):
    problem = Problem(cell)
    (h, last), _ = problem.run()
    start, end = problem.params
    there = cell.forward(start, problem.x, *(part[0] for part in problem.state))[:-1]
    back = cell.forward(end, problem.x[::-1], *(part[1] for part in problem.state))[:-1]
    assert_all_close([h[:, :, :H], h[:, :, H:]], [there[0], back[0][::-1]], 0)
    for part, a, b in zip(last, there, back):
        assert_all_close([part], [np.stack([a[-1], b[-1]])], 0)


def test_one_way_is_the_cell_with_its_state_in_a_tuple(cell):
    problem = Problem(cell)
    params, state = problem.params.from_start, tuple(part[0] for part in problem.state)
    h, last, cache = bidirectional.one_way(cell, params, problem.x, state)
    *histories, own = cell.forward(params, problem.x, *state)
    assert_all_close([h, *last], [histories[0], *(history[-1] for history in histories)], 0)
    assert not any(np.shares_memory(h, part) for part in last)
    dh, dlast = problem.dh[:, :, :H], tuple(part[0] for part in problem.dlast)
    dx, dstate, dparams = bidirectional.one_way_backward(dh, dlast, cache)
    whole = dh.copy()
    whole[-1] += dlast[0]  # the last h is seen twice
    expected = cell.backward(whole, *dlast[1:], own)
    assert_all_close([dx, *dstate, *dparams], [*expected[:-1], *expected[-1]], 0)


def test_a_window_cuts_each_direction_in_its_own_order(cell):
    problem = Problem(cell)
    _, (dx, dstate, dparams) = problem.run(window=3)
    for i, (part, order) in enumerate(zip(problem.params, (slice(None), slice(None, None, -1)))):
        problem_x, dh = problem.x[order], problem.dh[order, :, i * H : (i + 1) * H].copy()
        dh[-1] += problem.dlast[0][i]
        *_, cache = cell.forward(part, problem_x, *(p[i] for p in problem.state))
        dx_i, *dstate_i, dparams_i = cell.backward(dh, *(p[i] for p in problem.dlast[1:]), cache, window=3)
        assert_all_close([*(p[i] for p in dstate), *dparams[i]], [*dstate_i, *dparams_i], 1e-12)
        dx = dx - dx_i[order]
    assert_allclose(dx, 0, atol=1e-12)


def test_states_and_their_gradients_may_be_left_out(cell):
    problem, other = Problem(cell), Problem(cell)
    other.state = other.dlast = None
    problem.state = tuple(np.zeros_like(part) for part in problem.state)
    problem.dlast = tuple(np.zeros_like(part) for part in problem.dlast)
    assert_all_close(other.flat(), problem.flat(), 0)


def test_options_reach_both_directions():
    problem = Problem(gru)
    h, _, cache = bidirectional.forward(gru, problem.params, problem.x, reset_before=True)
    plain = bidirectional.forward(gru, problem.params, problem.x)[0]
    assert (np.abs(h - plain).max(axis=(0, 1)) > 1e-6).all()
    _, _, dparams = bidirectional.backward(problem.dh, None, cache)
    assert not any(part.b_hn.any() for part in dparams)


def test_arguments_are_left_alone_and_results_are_new(cell):
    problem, mask = Problem(cell), mask_of(LENGTHS)
    given = [*problem.arguments, problem.dh, *problem.dlast, mask]
    before = [array.copy() for array in given]
    for array in given:
        array.flags.writeable = False
    first, second = problem.flat(mask), problem.flat(mask)
    for array, copy in zip(given, before):
        assert_array_equal(array, copy)
    for i, result in enumerate(first):
        for other in [*given, *second, *first[:i]]:
            assert not np.shares_memory(result, other)
    assert_all_close(first, second, 0)


def test_float32_stays_float32(cell):
    results, exact = Problem(cell, dtype=np.float32).flat(), Problem(cell).flat()
    assert all(array.dtype == np.float32 for array in results)
    assert_all_close(results, exact, 2e-5)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"x": np.zeros((T, D))}, r"x should have shape \(T, B, D\), got \(7, 3\)"),
        ({"x": np.zeros((T, B, 2))}, r"x should have shape \(T, B, 3\), got \(7, 4, 2\)"),
        ({"x": np.zeros((0, B, D))}, r"x should have at least one step, got shape \(0, 4, 3\)"),
        ({"state": (np.zeros((1, B, H)),)}, r"state\[0\] should have shape \(2, B, H\), got \(1, 4, 5\)"),
        ({"state": (np.zeros((2, B, D)),) * 2}, r"h0 should have shape \(4, 5\), got \(4, 3\)"),
        ({"state": (np.zeros((2, B, H)),)}, "state should have 2 parts, got 1"),
        ({"state": (np.zeros((2, B, H)),) * 3}, "state should have 2 parts, got 3"),
        ({"mask": np.ones((B, T))}, r"mask should have shape \(7, 4\), got \(4, 7\)"),
    ],
    ids=range(8),
)
def test_what_does_not_fit_is_named(change, message):
    problem = Problem(lstm)
    with pytest.raises(ValueError, match=message):
        bidirectional.forward(lstm, problem.params, **({"x": problem.x} | change))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"dh": np.zeros((T, B, H))}, r"dh should have shape \(7, 4, 10\), got \(7, 4, 5\)"),
        ({"dlast": (np.zeros((2, B, H)),)}, "dlast should have 2 parts, got 1"),
        (
            {"dlast": (np.zeros((2, B, H)), np.zeros((B, H)))},
            r"dlast\[1\] should have shape \(2, 4, 5\), got \(4, 5\)",
        ),
        ({"window": 0}, "window should be at least 1, got 0"),
    ],
    ids=range(4),
)
def test_a_wrong_gradient_is_named(change, message):
    problem = Problem(lstm)
    _, _, cache = bidirectional.forward(lstm, problem.params, problem.x)
    with pytest.raises(ValueError, match=message):
        bidirectional.backward(**({"dh": problem.dh, "dlast": None, "cache": cache} | change))
