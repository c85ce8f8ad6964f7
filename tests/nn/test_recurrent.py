"""Our modules in the place of ``torch.nn``'s: same weights, same outputs, same gradients, same errors."""

import copy
import pickle
import warnings

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from rnncourse.nn import GRU, LSTM, RNN
from rnncourse.reference import gru, lstm, rnn

T, B, D, H = 7, 4, 3, 5
LENGTHS = [3, 7, 1, 5]  # ragged, and not sorted

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
DEVICES = ["cpu", pytest.param("cuda", marks=needs_gpu)]


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


@pytest.fixture(params=[RNN, LSTM, GRU], ids=lambda cls: cls.__name__)
def cls(request):
    return request.param


@pytest.fixture(params=["function", "autograd"])
def kernel(request):
    return request.param


def torchs(cls):
    return getattr(torch.nn, cls.__name__)


def twins(cls, *args, kernel="auto", **options):
    """Our module and Torch's, with the same weights."""
    options = {"dtype": torch.float64} | options
    torch.manual_seed(0)
    theirs = torchs(cls)(*args, **options)
    ours = cls(*args, kernel=kernel, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def parts(state):
    """A state as a tuple of its parts, however many."""
    return state if isinstance(state, tuple) else (state,)


def as_state(cls, states):
    """What the module takes: a pair for the LSTM, else a tensor."""
    return tuple(states) if cls is LSTM else states[0]


def draw_state(cls, *shape, dtype=torch.float64):
    """A state with parts that differ."""
    return as_state(cls, [torch.randn(shape, dtype=dtype) for _ in range(2)])


def map_state(function, state):
    return tuple(map(function, state)) if isinstance(state, tuple) else function(state)


def assert_close(actual, expected, tolerance=1e-10):
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


def run(module, make_input, x, state):
    """Outputs and all gradients, with a random gradient entering at every output and last state."""
    x, state = x.clone().requires_grad_(), map_state(lambda part: part.clone().requires_grad_(), state)
    module.zero_grad()
    output, last = module(make_input(x), state)
    if isinstance(output, PackedSequence):
        assert_close(output.batch_sizes, make_input(x).batch_sizes)
        output = output.data
    rng = torch.Generator().manual_seed(1)
    results = [output, *parts(last)]
    upstream = [torch.randn(a.shape, dtype=torch.float64, generator=rng).to(a) for a in results]
    sum((a * u).sum() for a, u in zip(results, upstream)).backward()
    gradients = {name: parameter.grad.clone() for name, parameter in module.named_parameters()}
    dstate = tuple(part.grad for part in parts(state))
    return {"output": output, "last": last, "dx": x.grad, "dstate": dstate} | gradients


def agree(ours, theirs, make_input, x, state):
    actual, expected = run(ours, make_input, x, state), run(theirs, make_input, x, state)
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        assert_close(actual[name], value)


@pytest.mark.parametrize("form", ["padded", "packed", "sorted"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "plain"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["time-first", "batch-first"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "two-way"])
@pytest.mark.parametrize("layers", [1, 3])
def test_agrees_with_torch(cls, layers, bidirectional, batch_first, bias, form, kernel, device):
    options = {"bias": bias, "batch_first": batch_first, "bidirectional": bidirectional}
    ours, theirs = twins(cls, D, H, layers, **options, kernel=kernel, device=device)
    shape = (B, T, D) if batch_first else (T, B, D)
    x = torch.randn(shape, dtype=torch.float64).to(device)
    state = map_state(lambda part: part.to(device), draw_state(cls, layers * (1 + bidirectional), B, H))

    def make_input(x):
        if form == "padded":
            return x
        lengths = sorted(LENGTHS, reverse=True) if form == "sorted" else LENGTHS
        return pack_padded_sequence(x, lengths, batch_first, enforce_sorted=form == "sorted")

    agree(ours, theirs, make_input, x, state)
    assert_close(ours(make_input(x))[1], theirs(make_input(x))[1])  # and from a state of zeros


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_one_sequence_needs_no_batch_axis(cls, bidirectional, batch_first, kernel, device):
    options = {"bidirectional": bidirectional, "batch_first": batch_first, "kernel": kernel}
    ours, theirs = twins(cls, D, H, 2, **options, device=device)
    x = torch.randn(T, D, dtype=torch.float64).to(device)
    state = map_state(lambda part: part.to(device), draw_state(cls, 2 * (1 + bidirectional), H))
    agree(ours, theirs, lambda x: x, x, state)
    assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("shape", [(1, B, D), (T, 1, D), (1, 1, D), (T, 0, D)], ids=str)
def test_sizes_of_one_and_none(cls, shape, kernel, device):
    ours, theirs = twins(cls, D, H, 2, bidirectional=True, kernel=kernel, device=device)
    x = torch.randn(shape, dtype=torch.float64).to(device)
    state = map_state(lambda part: part.to(device), draw_state(cls, 4, shape[1], H))
    agree(ours, theirs, lambda x: x, x, state)
    assert_close(ours(x), theirs(x))


def test_packed_sequences_keep_their_order(cls, kernel):
    ours, theirs = twins(cls, D, H, bidirectional=True, kernel=kernel)
    sequences = [torch.randn(length, D, dtype=torch.float64) for length in LENGTHS]
    packed = pack_sequence(sequences, enforce_sorted=False)
    (output, last), (expected, expected_last) = ours(packed), theirs(packed)
    assert_close(last, expected_last)
    for mine, his in zip(output, expected):  # data, batch_sizes, sorted_indices, unsorted_indices
        assert_close(mine, his)
    for b, sequence in enumerate(sequences):
        assert_close(ours(sequence)[1], map_state(lambda part: part[:, b], last))  # noqa: B023


def test_float32_agrees_with_torch(cls, kernel, device):
    ours, theirs = twins(cls, D, H, 2, bidirectional=True, dtype=torch.float32, kernel=kernel, device=device)
    x = torch.randn(T, B, D).to(device)
    state = map_state(lambda part: part.to(device), draw_state(cls, 4, B, H, dtype=torch.float32))
    actual, expected = (run(module, lambda x: x, x, state) for module in (ours, theirs))
    for name, value in expected.items():
        assert_close(actual[name], value, 2e-5)
        assert all(tensor.dtype == torch.float32 for tensor in parts(actual[name]))


def test_agrees_with_the_reference(cls, kernel, device):
    reference = {RNN: rnn, LSTM: lstm, GRU: gru}[cls]
    ours, _ = twins(cls, D, H, kernel=kernel, device=device)
    x, state = torch.randn(T, B, D, dtype=torch.float64), draw_state(cls, 1, B, H)
    initial = [part[0].numpy() for part in parts(state)]
    *histories, _ = reference.forward(reference.Params.from_torch(ours), x.numpy(), *initial)
    output, last = ours(x.to(device), map_state(lambda part: part.to(device), state))
    assert_close(output.cpu(), torch.from_numpy(histories[0]))
    for part, history in zip(parts(last), histories):
        assert_close(part[0].cpu(), torch.from_numpy(history[-1]))


# --- drop-in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
def test_weights_load_both_ways(cls, bias):
    ours, theirs = (kind(D, H, 2, bias=bias, bidirectional=True) for kind in (cls, torchs(cls)))
    x = torch.randn(T, B, D)
    with torch.no_grad():
        assert not torch.allclose(ours(x)[0], theirs(x)[0])
        assert list(ours.state_dict()) == list(theirs.state_dict())
        theirs.load_state_dict(ours.state_dict())
        assert_close(ours(x), theirs(x), 1e-5)
        ours.load_state_dict(torchs(cls)(D, H, 2, bias=bias, bidirectional=True).state_dict())
        assert not torch.allclose(ours(x)[0], theirs(x)[0])


def test_one_seed_draws_torchs_weights(cls):
    weights = []
    for kind in (cls, torchs(cls)):
        torch.manual_seed(3)
        weights.append(kind(D, H, 2, bidirectional=True).state_dict())
    for name, value in weights[1].items():
        assert torch.equal(weights[0][name], value), name


def test_dropout_falls_between_the_layers(cls):
    ours, theirs = twins(cls, D, 40, 3, dropout=0.4, bidirectional=True)
    x = torch.randn(T, B, D, dtype=torch.float64)
    results = []
    for module in (ours, theirs):
        torch.manual_seed(4)
        results.append(module(x))
    assert_close(*results)  # the same draws in the same order
    assert not torch.allclose(ours(x)[0], results[0][0])  # other draws, other outputs
    assert_close(ours.eval()(x), theirs.eval()(x))
    assert_close(ours(x), ours(x))


def test_dropout_of_one_silences_the_layer_below(cls):
    module = cls(D, H, 2, dropout=1.0)
    x = torch.randn(T, B, D)
    assert_close(module(x)[0], module(x.flip(0))[0])
    assert not torch.allclose(module.eval()(x)[0], module(x.flip(0))[0])


@pytest.mark.parametrize(
    "args, options",
    [
        ((D, H), {}),
        ((D, H, 2), {"dropout": 0.5, "bidirectional": True}),
        ((D, H, 3), {"bias": False, "batch_first": True}),
    ],
)
def test_it_prints_as_torchs(cls, args, options):
    assert repr(cls(*args, **options)) == repr(torchs(cls)(*args, **options))


def test_it_survives_copying_pickling_and_casting(cls, kernel):
    ours, _ = twins(cls, D, H, 2, kernel=kernel)
    x = torch.randn(T, B, D, dtype=torch.float64)
    for clone in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert_close(clone(x), ours(x))
        assert clone.kernel == kernel
    half = copy.deepcopy(ours).to(torch.float32)
    assert_close(half(x.float())[0], ours(x)[0].float(), 1e-5)
    assert_close(half.double()(x), ours(x), 1e-5)
    ours.flatten_parameters()  # as programs written for torch.nn.RNN do


def test_weights_may_be_swapped_in_for_one_call(cls):
    ours, theirs = twins(cls, D, H)
    weights = {name: torch.randn_like(value) for name, value in ours.state_dict().items()}
    x = torch.randn(T, B, D, dtype=torch.float64)
    calls = [torch.func.functional_call(module, weights, (x,)) for module in (ours, theirs)]
    assert_close(*calls)


def test_arguments_are_left_alone_and_results_are_new(cls, kernel):
    ours, _ = twins(cls, D, H, kernel=kernel)
    x, state = torch.randn(T, B, D, dtype=torch.float64), draw_state(cls, 1, B, H)
    before = x.clone(), map_state(torch.clone, state)
    with torch.no_grad():
        first, second = ours(x, state), ours(x, state)
        assert_close((x, state), before, 0)
        kept = first[0].clone(), map_state(torch.clone, first[1])
        for array in (second[0], *parts(second[1]), x, *parts(state)):
            array.fill_(99)
        assert_close(first, kept, 0)
        last = ours(x[:1], state)
        last[0].fill_(0)  # the output of one step is not the memory of the last state
        assert all((part != 0).any() for part in parts(last[1]))


# --- errors -------------------------------------------------------------------------------------

x, h0 = torch.zeros(T, B, D), torch.zeros(1, B, H)
packed = pack_padded_sequence(x, LENGTHS, enforce_sorted=False)


def complaint(call):
    with warnings.catch_warnings(), pytest.raises(Exception) as caught:
        warnings.simplefilter("ignore")
        call()
    return type(caught.value), str(caught.value)


@pytest.mark.parametrize(
    "args, options",
    [
        ((D, H), {"dropout": 1.5}),
        ((D, H), {"dropout": True}),
        ((D, H), {"bias": 1}),
        ((D, H), {"batch_first": 0}),
        ((2.5, H), {}),
        ((D, "5"), {}),
        ((0, H), {}),
        ((D, -1), {}),
        ((D, H, 0), {}),
    ],
)
def test_constructing_it_wrongly_fails_as_torchs_does(cls, args, options):
    assert complaint(lambda: cls(*args, **options)) == complaint(lambda: torchs(cls)(*args, **options))


@pytest.mark.parametrize("kind", [RNN, GRU])
def test_only_the_lstm_projects(kind):
    assert complaint(lambda: kind(D, H, proj_size=2)) == complaint(lambda: torchs(kind)(D, H, proj_size=2))


@pytest.mark.parametrize(
    "arguments",
    [
        (x.double(),),
        (x[..., :2],),
        (x[0, 0],),
        (x[None],),
        (x[:0],),
        (x, h0[0]),
        (x, h0[:, 1:]),
        (x, h0.expand(2, B, H)),
        (x[:, 0], h0),
        (x[:, 0], h0[:, 0, 1:]),
        (x.to("meta"),),
    ],
    ids=range(11),
)
def test_calling_it_wrongly_fails_as_torchs_does(cls, arguments):
    input, *state = arguments
    state = [as_state(cls, [part, part]) for part in state]
    calls = [lambda kind=kind: kind(D, H)(input, *state) for kind in (cls, torchs(cls))]
    assert complaint(calls[0]) == complaint(calls[1])


@pytest.mark.parametrize(
    "arguments",
    [
        (packed, h0[..., 1:]),
        (PackedSequence(packed.data[:, 1:], *packed[1:]),),
        (PackedSequence(packed.data[None], *packed[1:]),),
    ],
    ids=range(3),
)
def test_calling_it_wrongly_with_packed_sequences_fails_as_torchs_does(cls, arguments):
    input, *state = arguments
    told = complaint(lambda: cls(D, H)(input, *[as_state(cls, [part, part]) for part in state]))
    # torch.nn.LSTM looks at none of this and fails somewhere inside: we say what its sisters say
    sister = torch.nn.GRU if cls is LSTM else torchs(cls)
    kind, text = complaint(lambda: sister(D, H)(*arguments))
    assert told == (kind, text.replace("hidden size", "hidden[0] size") if cls is LSTM else text)


def test_dropout_without_a_second_layer_is_worth_a_warning(cls):
    for kind in (cls, torchs(cls)):
        with pytest.warns(UserWarning, match="non-zero dropout expects num_layers greater than 1") as caught:
            kind(D, H, dropout=0.5)
        assert caught[0].filename.endswith(("test_recurrent.py", "torch/nn/modules/rnn.py"))


def test_dropout_is_a_number(cls):
    with pytest.raises(ValueError, match=r"dropout should be a number in range \[0, 1\]"):
        cls(D, H, dropout="much")


def test_a_state_of_another_type_or_device_is_named(cls, kernel):
    # torch.nn complains about its own insides, in words that depend on the type
    module = cls(D, H, kernel=kernel)
    for wrong in (0, 1)[: len(parts(draw_state(cls, 1, B, H)))]:
        state = [h0, h0]
        state[wrong] = h0.double()
        with pytest.raises(
            ValueError, match=r"state dtype \(torch.float64\) does not match weight dtype \(tor"
        ):
            module(x, as_state(cls, state))
        state[wrong] = h0.to("meta")
        with pytest.raises(RuntimeError, match="input tensor at cpu and hidden tensor at meta"):
            module(x, as_state(cls, state))


def test_an_unknown_argument_is_refused(cls):
    with pytest.raises(TypeError, match="unexpected keyword argument 'hidden'"):
        cls(D, H, hidden=3)
