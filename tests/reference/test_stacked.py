"""Layers, in one direction and in two, against Torch's in float64."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnncourse.reference import bidirectional, lstm, rnn, stacked
from rnncourse.reference.gradcheck import projection_error
from tests.reference.test_bidirectional import (
    CELLS,
    LENGTHS,
    TORCHS,
    B,
    D,
    H,
    T,
    assert_all_close,
    leaf,
    mask_of,
    short,
)

LAYERS = 3


@pytest.fixture(params=TORCHS, ids=short)
def torchs_cell(request):
    return request.param


@pytest.fixture(params=CELLS, ids=short)
def cell(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["one-way", "two-way"])
def two_way(request):
    return request.param


class Problem:
    """Random weights, inputs, states, dropout masks and upstream gradients."""

    def __init__(self, cell, two_way, layers=LAYERS, T=T, B=B, dtype=np.float64):
        rng, ways = np.random.default_rng(0), 1 + two_way
        draw = lambda *shape: rng.standard_normal(shape).astype(dtype)  # noqa: E731
        parts = 2 if "lstm" in cell.__name__ else 1
        self.cell = cell
        self.params = stacked.init(cell, rng, D, H, layers, two_way, dtype)
        self.x, self.dh = draw(T, B, D), draw(T, B, ways * H)
        self.state, self.dlast = (tuple(draw(layers * ways, B, H) for _ in range(parts)) for _ in range(2))
        keep = rng.random((layers - 1, T, B, ways * H)) < 0.6
        self.masks = [(k / 0.6).astype(dtype) for k in keep]

    def run(self, mask=None, dropout=None, window=None):
        h, last, cache = stacked.forward(self.cell, self.params, self.x, self.state, mask, dropout)
        return (h, last), stacked.backward(self.dh, self.dlast, cache, window)

    def flat(self, mask=None, dropout=None):
        """All that ``run`` returns, in one list."""
        (h, last), (dx, dstate, dparams) = self.run(mask, dropout)
        return [h, *last, dx, *dstate, *arrays(dparams)]

    @property
    def arguments(self):
        return [self.x, *self.state, *arrays(self.params)]


def arrays(params):
    """All arrays of nested tuples, in order."""
    if isinstance(params, np.ndarray):
        return [params]
    return [array for part in params for array in arrays(part)]


def like(params, flat):
    """Nest a list of arrays as ``params`` are nested; takes them from the list."""
    if isinstance(params, np.ndarray):
        return flat.pop(0)
    parts = [like(part, flat) for part in params]
    return type(params)(*parts) if hasattr(params, "_fields") else tuple(parts)


def torch_module(problem, two_way, layers=LAYERS):
    kind = TORCHS[problem.cell]
    module = kind(D, H, layers, bidirectional=two_way, dtype=torch.float64)
    weights = stacked.to_torch(problem.params)
    module.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return module


def compare_weight_gradients(dparams, named):
    ones = like(dparams, [np.ones_like(array) for array in arrays(dparams)])
    exists, ours = stacked.to_torch(ones), stacked.to_torch(dparams)
    assert set(ours) == set(named)
    for name, value in ours.items():
        where = exists[name] != 0  # not where to_torch writes zeros for Torch's second bias
        assert_allclose(value[where], named[name].grad.numpy()[where], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "packed"])
@pytest.mark.parametrize("layers", [1, 2, LAYERS])
def test_agrees_with_torch(torchs_cell, layers, two_way, lengths):
    problem = Problem(torchs_cell, two_way, layers)
    mask = None if lengths is None else mask_of(lengths)
    if lengths is not None:
        problem.dh *= mask[:, :, None]
    (h, last), (dx, dstate, dparams) = problem.run(mask)

    module = torch_module(problem, two_way, layers)
    x, state = leaf(problem.x), tuple(map(leaf, problem.state))
    hx = state if len(state) > 1 else state[0]
    if lengths is None:
        output, ends = module(x, hx)
    else:
        output, ends = module(pack_padded_sequence(x, lengths, enforce_sorted=False), hx)
        output, _ = pad_packed_sequence(output, total_length=T)
        h = h * mask[:, :, None]  # ours carries a state through the padding, Torch writes zeros
    ends = ends if isinstance(ends, tuple) else (ends,)
    torch.autograd.backward([output, *ends], [torch.tensor(u) for u in (problem.dh, *problem.dlast)])
    assert_all_close([h, *last], [a.detach().numpy() for a in (output, *ends)])
    assert_all_close([dx, *dstate], [a.grad.numpy() for a in (x, *state)])
    compare_weight_gradients(dparams, dict(module.named_parameters()))


def test_dropout_falls_between_the_layers(torchs_cell, two_way):
    """Torch draws its own masks, so here its layers are called one by one, with ours in between."""
    problem = Problem(torchs_cell, two_way)
    (h, _), (dx, dstate, dparams) = problem.run(dropout=problem.masks)
    x, state = leaf(problem.x), tuple(map(leaf, problem.state))
    named, output, ends, ways = {}, x, [], 1 + two_way
    for i in range(LAYERS):
        if i > 0:
            output = output * torch.tensor(problem.masks[i - 1])
        layer = TORCHS[torchs_cell](output.shape[2], H, bidirectional=two_way, dtype=torch.float64)
        weights = stacked.to_torch(problem.params[i : i + 1])
        layer.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
        named |= {name.replace("_l0", f"_l{i}"): value for name, value in layer.named_parameters()}
        start = tuple(part[i * ways : (i + 1) * ways] for part in state)
        output, end = layer(output, start if len(start) > 1 else start[0])
        ends.append(end if isinstance(end, tuple) else (end,))
    lasts = [torch.cat(parts) for parts in zip(*ends)]
    torch.autograd.backward([output, *lasts], [torch.tensor(u) for u in (problem.dh, *problem.dlast)])
    assert_all_close([h], [output.detach().numpy()])
    assert_all_close([dx, *dstate], [a.grad.numpy() for a in (x, *state)])
    compare_weight_gradients(dparams, named)


def test_gradients_agree_with_central_differences_whatever_is_masked(cell, two_way):
    problem, rng = Problem(cell, two_way), np.random.default_rng(1)
    mask, parts = rng.random((T, B)) < 0.6, len(problem.state)

    def loss(x, *rest):
        params = like(problem.params, list(rest[parts:]))
        h, last, _ = stacked.forward(cell, params, x, rest[:parts], mask, problem.masks)
        return sum(float(np.sum(a * b)) for a, b in zip([h, *last], [problem.dh, *problem.dlast]))

    gradients = problem.flat(mask, problem.masks)[1 + parts :]
    for i in range(len(gradients)):  # one at a time: none may hide behind the others
        only = lambda a, i=i: loss(*problem.arguments[:i], a, *problem.arguments[i + 1 :])  # noqa: E731
        assert projection_error(only, [problem.arguments[i]], [gradients[i]], rng) < 2e-6


def test_one_layer_is_the_cell_itself(cell):
    problem = Problem(cell, False, 1)
    (h, last), (dx, dstate, (dparams,)) = problem.run(window=3)
    *histories, cache = cell.forward(problem.params[0], problem.x, *(part[0] for part in problem.state))
    dh, dlast = problem.dh.copy(), [part[0] for part in problem.dlast]
    dh[-1] += dlast[0]
    dx_0, *dstate_0, dparams_0 = cell.backward(dh, *dlast[1:], cache, window=3)
    assert_all_close([h, *(part[0] for part in last)], [histories[0], *(a[-1] for a in histories)], 0)
    assert_all_close([dx, *(part[0] for part in dstate), *dparams], [dx_0, *dstate_0, *dparams_0], 0)


def test_padding_changes_nothing(cell, two_way):
    problem, mask = Problem(cell, two_way), mask_of(LENGTHS)
    problem.dh *= mask[:, :, None]
    problem.x[~mask] = np.nan
    (h, last), (dx, dstate, _) = problem.run(mask, problem.masks)
    for b, length in enumerate(LENGTHS):
        alone = Problem(cell, two_way)
        alone.params, alone.x = problem.params, problem.x[:length, b : b + 1]
        alone.dh = problem.dh[:length, b : b + 1]
        alone.state = tuple(part[:, b : b + 1] for part in problem.state)
        alone.dlast = tuple(part[:, b : b + 1] for part in problem.dlast)
        (h_b, last_b), (dx_b, dstate_b, _) = alone.run(dropout=[m[:length, b : b + 1] for m in problem.masks])
        assert_all_close([h[:length, b], dx[:length, b]], [h_b[:, 0], dx_b[:, 0]], 1e-12)
        assert_all_close([p[:, b] for p in (*last, *dstate)], [p[:, 0] for p in (*last_b, *dstate_b)], 1e-12)


def test_a_batch_may_be_split_and_a_sequence_be_cut(cell):
    problem = Problem(cell, False)
    h, last, _ = stacked.forward(cell, problem.params, problem.x, problem.state)
    pieces, state = [], problem.state
    for start in (0, 2):
        piece, state, _ = stacked.forward(
            cell, problem.params, problem.x[start : 2 if start == 0 else T], state
        )
        pieces.append(piece)
    assert_all_close([np.concatenate(pieces), *state], [h, *last], 1e-12)
    half = tuple(part[:, 1:] for part in problem.state)
    h_half, last_half, _ = stacked.forward(cell, problem.params, problem.x[:, 1:], half)
    assert_all_close([h_half, *last_half], [h[:, 1:], *(part[:, 1:] for part in last)], 1e-12)


@pytest.mark.parametrize("size", [(1, B), (T, 1), (1, 1)], ids=str)
def test_sizes_of_one(torchs_cell, two_way, size):
    problem = Problem(torchs_cell, two_way, LAYERS, *size)
    (h, last), (dx, *_) = problem.run()
    x, state = leaf(problem.x), tuple(map(torch.tensor, problem.state))
    output, ends = torch_module(problem, two_way)(x, state if len(state) > 1 else state[0])
    ends = ends if isinstance(ends, tuple) else (ends,)
    torch.autograd.backward([output, *ends], [torch.tensor(u) for u in (problem.dh, *problem.dlast)])
    assert_all_close([h, *last, dx], [*(a.detach().numpy() for a in (output, *ends)), x.grad.numpy()])


def test_weights_come_from_torch_and_go_back(torchs_cell, two_way):
    module = TORCHS[torchs_cell](D, H, LAYERS, bidirectional=two_way, dtype=torch.float64)
    params = stacked.from_torch(torchs_cell, module)
    assert len(params) == LAYERS
    assert all(isinstance(layer, bidirectional.Params) == two_way for layer in params)
    x = np.random.default_rng(2).standard_normal((T, B, D))
    h, _, _ = stacked.forward(torchs_cell, params, x)
    assert_all_close([h], [module(torch.tensor(x))[0].detach().numpy()])
    arrays_of = stacked.to_torch(params)
    assert list(arrays_of) == list(module.state_dict())
    again = stacked.from_torch(torchs_cell, arrays_of)
    assert_all_close(arrays(again), arrays(params), 0)
    with pytest.raises(ValueError, match=r"no weight_ih_l0 among \[\]"):
        stacked.from_torch(torchs_cell, {})


def test_states_and_their_gradients_may_be_left_out(cell, two_way):
    problem, other = Problem(cell, two_way), Problem(cell, two_way)
    other.state = other.dlast = None
    problem.state = tuple(np.zeros_like(part) for part in problem.state)
    problem.dlast = tuple(np.zeros_like(part) for part in problem.dlast)
    assert_all_close(other.flat(), problem.flat(), 0)


def test_options_reach_every_layer(two_way):
    problem = Problem(rnn, two_way)
    relu, _, _ = stacked.forward(rnn, problem.params, problem.x, nonlinearity="relu")
    module = torch.nn.RNN(D, H, LAYERS, "relu", bidirectional=two_way, dtype=torch.float64)
    weights = stacked.to_torch(problem.params)
    module.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    assert_all_close([relu], [module(torch.tensor(problem.x))[0].detach().numpy()])


def test_arguments_are_left_alone_and_results_are_new(cell, two_way):
    problem, mask = Problem(cell, two_way), mask_of(LENGTHS)
    given = [*problem.arguments, problem.dh, *problem.dlast, *problem.masks, mask]
    before = [array.copy() for array in given]
    for array in given:
        array.flags.writeable = False
    first, second = problem.flat(mask, problem.masks), problem.flat(mask, problem.masks)
    for array, copy in zip(given, before):
        assert_array_equal(array, copy)
    for i, result in enumerate(first):
        for other in [*given, *second, *first[:i]]:
            assert not np.shares_memory(result, other)
    assert_all_close(first, second, 0)


def test_what_the_caller_does_between_the_passes_does_not_matter(cell, two_way):
    problem = Problem(cell, two_way)
    expected = problem.run(dropout=problem.masks)[1]
    h, last, cache = stacked.forward(cell, problem.params, problem.x, problem.state, dropout=problem.masks)
    for array in [*problem.arguments, *problem.masks, h, *last]:
        array[...] = 99
    for _ in range(2):  # and going back twice gives the same twice
        result = stacked.backward(problem.dh, problem.dlast, cache)
        assert_all_close(arrays(result), arrays(expected), 0)


def test_float32_stays_float32(cell, two_way):
    problem, exact = Problem(cell, two_way, dtype=np.float32), Problem(cell, two_way)
    results = problem.flat(dropout=exact.masks)  # masks in float64 do not change that
    assert all(array.dtype == np.float32 for array in results)
    assert_all_close(results, exact.flat(dropout=exact.masks), 5e-5)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"params": ()}, "params should hold at least one layer, got none"),
        ({"x": np.zeros((T, B, 2))}, r"x should have shape \(T, B, 3\), got \(7, 4, 2\)"),
        ({"state": (np.zeros((3, B, H)),) * 2}, r"state\[0\] should have shape \(6, B, H\), got \(3, 4, 5\)"),
        ({"state": (np.zeros((6, B, H)),)}, "state should have 2 parts, got 1"),
        ({"mask": np.ones((B, T))}, r"mask should have shape \(7, 4\), got \(4, 7\)"),
        ({"dropout": []}, r"dropout should hold 2 mask\(s\), got 0"),
        (
            {"dropout": [np.ones((T, B, 2 * H)), np.ones((T, B, H))]},
            r"dropout\[1\] should have shape \(7, 4, 10\), got \(7, 4, 5\)",
        ),
    ],
    ids=range(7),
)
def test_what_does_not_fit_is_named(change, message):
    problem = Problem(lstm, True)
    arguments = {"params": problem.params, "x": problem.x} | change
    with pytest.raises(ValueError, match=message):
        stacked.forward(lstm, **arguments)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"dh": np.zeros((T, B, H))}, r"dh should have shape \(7, 4, 10\), got \(7, 4, 5\)"),
        ({"dlast": (np.zeros((6, B, H)),)}, "dlast should have 2 parts, got 1"),
        ({"dlast": (np.zeros((2, B, H)),) * 2}, r"dlast\[0\] should have shape \(6, 4, 5\), got \(2, 4, 5\)"),
        ({"window": 0}, "window should be at least 1, got 0"),
    ],
    ids=range(4),
)
def test_a_wrong_gradient_is_named(change, message):
    problem = Problem(lstm, True)
    _, _, cache = stacked.forward(lstm, problem.params, problem.x)
    with pytest.raises(ValueError, match=message):
        stacked.backward(**({"dh": problem.dh, "dlast": None, "cache": cache} | change))


def test_there_is_at_least_one_layer():
    with pytest.raises(ValueError, match="num_layers should be at least 1, got 0"):
        stacked.init(lstm, np.random.default_rng(), D, H, 0)
