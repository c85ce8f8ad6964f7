"""Modules that ``torch.nn`` lacks: against our NumPy references, whose oracle is autograd, layer on layer."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch.nn.functional import dropout as drop
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnncourse.nn import CoupledLSTM, MinGRU, PeepholeLSTM
from rnncourse.nn import min_gru as min_gru_module
from rnncourse.reference import coupled_lstm, min_gru, peephole_lstm, stacked
from tests.architectures import formulas
from tests.nn.test_recurrent import (
    DEVICES,
    LENGTHS,
    B,
    D,
    H,
    T,
    assert_close,
    complaint,
    map_state,
    parts,
)
from tests.reference.test_stacked import arrays, like

VARIANTS = {
    "peephole": (PeepholeLSTM, peephole_lstm, formulas.PeepholeLSTM),
    "coupled": (CoupledLSTM, coupled_lstm, formulas.CoupledLSTM),
    "minimal": (MinGRU, min_gru, formulas.MinGRU),
    "minimal-walked": (MinGRU, min_gru, formulas.MinGRU),  # as it goes where a step is large
}


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


@pytest.fixture(params=VARIANTS)
def variant(request, monkeypatch):
    if request.param == "minimal-walked":
        monkeypatch.setattr(min_gru_module, "LARGE_STEP", 1)
    return VARIANTS[request.param]


@pytest.fixture
def cls(variant):
    return variant[0]


def build(cls, *args, **options):
    torch.manual_seed(0)
    return cls(*args, **{"dtype": torch.float64, **options})


def draw_state(cls, *shape, dtype=torch.float64):
    """A state with parts that differ: a pair, or minGRU's single tensor."""
    state = tuple(torch.randn(shape, dtype=dtype) for _ in range(2))
    return state[0] if cls is MinGRU else state


def as_module_takes(state):
    return state if len(state) > 1 else state[0]


@pytest.mark.parametrize("form", ["padded", "packed", "sorted"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "plain"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["time-first", "batch-first"])
@pytest.mark.parametrize("two_way", [False, True], ids=["one-way", "two-way"])
@pytest.mark.parametrize("layers", [1, 3])
def test_agrees_with_the_reference(variant, layers, two_way, batch_first, bias, form, device):
    cls, cell, _ = variant
    module = build(cls, D, H, layers, bias, batch_first, bidirectional=two_way, device=device)
    params = stacked.from_torch(cell, module)
    ways, lengths = 1 + two_way, sorted(LENGTHS, reverse=True) if form == "sorted" else LENGTHS
    mask = np.ones((T, B)) if form == "padded" else np.arange(T)[:, None] < lengths
    x = torch.randn(T, B, D, dtype=torch.float64)
    state = parts(draw_state(cls, layers * ways, B, H))
    dh = torch.randn(T, B, ways * H, dtype=torch.float64) * torch.tensor(mask)[:, :, None]
    dlast = parts(draw_state(cls, layers * ways, B, H))

    h, last, cache = stacked.forward(cell, params, x.numpy(), tuple(p.numpy() for p in state), mask)
    dx, dstate, dparams = stacked.backward(dh.numpy(), tuple(p.numpy() for p in dlast), cache)

    leaves = [a.to(device).requires_grad_() for a in (x, *state)]
    input = leaves[0].transpose(0, 1) if batch_first else leaves[0]
    if form != "padded":
        input = pack_padded_sequence(input, lengths, batch_first, enforce_sorted=form == "sorted")
    output, ends = module(input, as_module_takes(leaves[1:]))
    if form != "padded":
        output, _ = pad_packed_sequence(output, batch_first, total_length=T)
    output = output.transpose(0, 1) if batch_first else output
    results = [output, *parts(ends)]
    torch.autograd.backward(results, [u.to(device) for u in (dh, *dlast)])

    for ours, expected in zip(results, [h * mask[:, :, None], *last]):
        assert_close(ours.detach().cpu(), torch.tensor(expected))
    for ours, expected in zip(leaves, [dx, *dstate]):
        assert_close(ours.grad.cpu(), torch.tensor(expected))
    exists = stacked.to_torch(like(params, [np.ones_like(array) for array in arrays(params)]))
    for name, expected in stacked.to_torch(dparams).items():
        if bias or "bias" not in name:
            where = exists[name] != 0  # not where to_torch writes zeros for the second bias
            ours = module.get_parameter(name).grad.cpu()[torch.tensor(where)]
            assert_close(ours, torch.tensor(expected[where]))


def test_agrees_with_the_formula(variant):
    cls, _, formula = variant
    module, theirs = build(cls, D, H), formula(D, H, dtype=torch.float64)
    theirs.load_state_dict(module.state_dict())
    x, state = torch.randn(T, B, D, dtype=torch.float64), draw_state(cls, 1, B, H)
    assert_close(module(x, state), theirs(x, state))
    assert_close(module(x), theirs(x))


def test_weights_go_to_the_reference_and_back(variant):
    cls, cell, _ = variant
    module, other = (build(cls, D, H, 2, bidirectional=True) for _ in range(2))
    torch.nn.init.uniform_(next(other.parameters()))
    weights = stacked.to_torch(stacked.from_torch(cell, module))
    assert list(weights) == list(module.state_dict())
    other.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    x = torch.randn(T, B, D, dtype=torch.float64)
    assert_close(other(x), module(x))
    one = cell.Params.from_torch(module, "l1_reverse")
    assert one.W_xh.shape[1] == 2 * H
    assert not np.shares_memory(one.W_xh, module.weight_ih_l1_reverse.detach().numpy())


@pytest.mark.parametrize("two_way", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_one_sequence_needs_no_batch_axis(cls, two_way, batch_first):
    module = build(cls, D, H, 2, True, batch_first, bidirectional=two_way)
    x, state = torch.randn(T, D, dtype=torch.float64), draw_state(cls, 2 * (1 + two_way), H)
    output, last = module(x, state)
    batch = x[None] if batch_first else x[:, None]
    expected, expected_last = module(batch, map_state(lambda part: part[:, None], state))
    assert_close(output, expected.squeeze(0 if batch_first else 1))
    assert_close(last, map_state(lambda part: part.squeeze(1), expected_last))


@pytest.mark.parametrize("shape", [(1, B, D), (T, 1, D), (1, 1, D)], ids=str)
def test_sizes_of_one(variant, shape):
    cls, cell, _ = variant
    module, x = build(cls, D, H, 2, bidirectional=True), torch.randn(shape, dtype=torch.float64)
    output, last = module(x)
    h, ends, _ = stacked.forward(cell, stacked.from_torch(cell, module), x.numpy())
    for ours, expected in zip([output, *parts(last)], [h, *ends]):
        assert_close(ours.detach(), torch.tensor(expected))


def test_a_batch_of_none(cls):
    output, last = build(cls, D, H, 2, bidirectional=True)(torch.zeros(T, 0, D, dtype=torch.float64))
    assert output.shape == (T, 0, 2 * H)
    assert all(part.shape == (4, 0, H) for part in parts(last))


def test_packed_sequences_keep_their_order(cls):
    module = build(cls, D, H, bidirectional=True)
    x = torch.randn(T, B, D, dtype=torch.float64)
    packed = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)
    output, last = module(packed)
    assert isinstance(output, PackedSequence)
    for mine, given in zip(output[1:], packed[1:]):
        assert_close(mine, given)
    for b, length in enumerate(LENGTHS):
        alone = module(x[:length, b])
        assert_close(alone[1], map_state(lambda part: part[:, b], last))  # noqa: B023


def test_dropout_falls_between_the_layers(variant):
    cls, cell, _ = variant
    module = build(cls, D, H, 3, dropout=0.4)
    x = torch.randn(T, B, D, dtype=torch.float64)
    torch.manual_seed(4)
    output, _ = module(x)
    torch.manual_seed(4)  # the same draws, made by hand
    masks = [drop(torch.ones(T * B, H, dtype=torch.float64), 0.4).view(T, B, H).numpy() for _ in range(2)]
    params = stacked.from_torch(cell, module)
    h, _, _ = stacked.forward(cell, params, x.numpy(), dropout=masks)
    assert_close(output.detach(), torch.tensor(h))
    h, _, _ = stacked.forward(cell, params, x.numpy())
    assert_close(module.eval()(x)[0].detach(), torch.tensor(h))


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.bfloat16, 0.1)])
def test_the_dtype_that_comes_in_goes_out(cls, dtype, tolerance, device):
    exact = build(cls, D, H, 2, bidirectional=True)
    module = copy.deepcopy(exact).to(device, dtype)
    x, state = torch.randn(T, B, D, dtype=torch.float64), draw_state(cls, 4, B, H)
    output, last = module(x.to(device, dtype), map_state(lambda part: part.to(device, dtype), state))
    assert all(result.dtype == dtype for result in (output, *parts(last)))
    expected, ends = exact(x, state)
    assert_close(output.double().cpu(), expected, tolerance)
    assert_close(map_state(lambda part: part.double().cpu(), last), ends, tolerance)


def test_autograd_agrees_with_central_differences(cls):
    module = build(cls, 2, 3, 2, bidirectional=True)
    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    state = parts(map_state(torch.Tensor.requires_grad_, draw_state(cls, 4, 2, 3)))

    def flat(x, *state):
        output, last = module(x, as_module_takes(state))
        return output, *parts(last)

    assert torch.autograd.gradcheck(flat, (x, *state))


def test_it_survives_copying_pickling_and_swapped_weights(cls):
    module = build(cls, D, H, 2)
    x = torch.randn(T, B, D, dtype=torch.float64)
    for clone in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert_close(clone(x), module(x))
    other = build(cls, D, H, 2)
    for parameter in other.parameters():
        torch.nn.init.normal_(parameter)
    assert_close(torch.func.functional_call(module, other.state_dict(), (x,)), other(x))
    assert not torch.allclose(module(x)[0], other(x)[0])


def test_arguments_are_left_alone_and_results_are_new(cls):
    module = build(cls, D, H)
    x, state = torch.randn(T, B, D, dtype=torch.float64), draw_state(cls, 1, B, H)
    weights = copy.deepcopy(module.state_dict())
    before = x.clone(), map_state(torch.clone, state)
    with torch.no_grad():
        first, second = module(x, state), module(x, state)
        assert_close((x, state), before, 0)
        assert_close(module.state_dict(), weights, 0)
        kept = first[0].clone(), map_state(torch.clone, first[1])
        for array in (second[0], *parts(second[1]), x, *parts(state)):
            array.fill_(99)
        assert_close(first, kept, 0)
        last = module(x[:1], state)
        last[0].fill_(0)  # the output of one step is not the memory of the last state
        assert all((part != 0).any() for part in parts(last[1]))


def test_going_back_twice_through_one_graph(cls):
    module = build(cls, D, H, 2, bidirectional=True)
    x = torch.randn(T, B, D, dtype=torch.float64, requires_grad=True)
    output, _ = module(x)
    first, second = (torch.autograd.grad(output.sum(), x, retain_graph=True)[0] for _ in range(2))
    assert_close(first, second, 0)


def test_what_is_fixed_gets_no_gradient(cls):
    module = build(cls, D, H)
    x = torch.randn(T, B, D, dtype=torch.float64)
    with torch.no_grad():
        assert not module(x)[0].requires_grad
    state = map_state(torch.Tensor.requires_grad_, draw_state(cls, 1, B, H))
    every = [*module.parameters(), *parts(state)]
    expected = torch.autograd.grad(module(x, state)[0].square().sum(), every)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    actual = torch.autograd.grad(module(x, state)[0].square().sum(), parts(state))
    assert_close(actual, expected[-len(actual) :])
    # and a loss that sees the last state alone
    only = torch.autograd.grad(parts(module(x, state)[1])[-1].sum(), parts(state)[-1])
    assert only[0].any()


x, h0 = torch.zeros(T, B, D), torch.zeros(1, B, H)


@pytest.mark.parametrize(
    "arguments",
    [(x.double(),), (x[..., :2],), (x[:0],), (x, h0[0]), (x, h0[:, 1:]), (x[:, 0], h0)],
    ids=range(6),
)
def test_calling_it_wrongly_fails_as_torchs_does(cls, arguments):
    input, *state = arguments
    single = cls is MinGRU
    state = [part if single else (part, part) for part in state]
    sister = torch.nn.GRU if single else torch.nn.LSTM
    told, expected = (complaint(lambda kind=kind: kind(D, H)(input, *state)) for kind in (cls, sister))
    assert told == expected


def test_a_wrong_rank_or_argument_is_named(cls):
    message = f"{cls.__name__}: Expected input to be 2D or 3D, got 1D instead"
    assert complaint(lambda: cls(D, H)(x[0, 0])) == (ValueError, message)
    with pytest.raises(TypeError, match="unexpected keyword argument 'hidden'"):
        cls(D, H, hidden=3)
    with pytest.raises(ValueError, match="num_layers must be greater than zero"):
        cls(D, H, 0)
    with pytest.warns(UserWarning, match="non-zero dropout expects num_layers greater than 1") as caught:
        cls(D, H, dropout=0.5)
    assert caught[0].filename.endswith("test_variants.py")


def test_it_prints_what_differs_from_the_defaults(cls):
    module = cls(D, H, 3, False, dropout=0.5, bidirectional=True)
    expected = "3, 5, num_layers=3, bias=False, dropout=0.5, bidirectional=True"
    assert repr(module) == f"{cls.__name__}({expected})"


@pytest.mark.parametrize("variant", [PeepholeLSTM, CoupledLSTM])
def test_there_is_no_pass_by_hand_to_choose(variant):
    with pytest.raises(ValueError, match=f"kernel='function' is not there for {variant.__name__}, which"):
        variant(D, H, kernel="function")
