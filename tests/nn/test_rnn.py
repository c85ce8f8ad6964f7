"""Our RNN in the place of ``torch.nn.RNN``: same weights, same outputs, same gradients, same errors."""

import copy
import pickle
import warnings

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from rnncourse.nn import RNN
from rnncourse.reference import rnn as reference

T, B, D, H = 7, 4, 3, 5
LENGTHS = [3, 7, 1, 5]  # ragged, and not sorted

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
DEVICES = ["cpu", pytest.param("cuda", marks=needs_gpu)]


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def twins(*args, **options):
    """Our module and Torch's, with the same weights."""
    options = {"dtype": torch.float64} | options
    torch.manual_seed(0)
    theirs = torch.nn.RNN(*args, **options)
    ours = RNN(*args, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def assert_close(actual, expected, tolerance=1e-10):
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


def run(module, make_input, x, h0):
    """Outputs and all gradients, with a random gradient entering at every output and last state."""
    x, h0 = x.clone().requires_grad_(), h0.clone().requires_grad_()
    module.zero_grad()
    output, last = module(make_input(x), h0)
    if isinstance(output, PackedSequence):
        assert_close(output.batch_sizes, make_input(x).batch_sizes)
        output = output.data
    rng = torch.Generator().manual_seed(1)
    weight = [torch.randn(a.shape, dtype=a.dtype, generator=rng).to(a.device) for a in (output, last)]
    ((output * weight[0]).sum() + (last * weight[1]).sum()).backward()
    gradients = {name: parameter.grad.clone() for name, parameter in module.named_parameters()}
    return {"output": output, "last": last, "dx": x.grad, "dh0": h0.grad} | gradients


@pytest.mark.parametrize("form", ["padded", "packed", "sorted"])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "plain"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["time-first", "batch-first"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "two-way"])
@pytest.mark.parametrize("layers", [1, 3])
def test_agrees_with_torch(layers, bidirectional, batch_first, bias, nonlinearity, form, device):
    options = {"bias": bias, "batch_first": batch_first, "bidirectional": bidirectional}
    ours, theirs = twins(D, H, layers, nonlinearity, **options, device=device)
    shape = (B, T, D) if batch_first else (T, B, D)
    x = torch.randn(shape, dtype=torch.float64).to(device)
    h0 = torch.randn(layers * (1 + bidirectional), B, H, dtype=torch.float64).to(device)

    def make_input(x):
        if form == "padded":
            return x
        lengths = sorted(LENGTHS, reverse=True) if form == "sorted" else LENGTHS
        return pack_padded_sequence(x, lengths, batch_first, enforce_sorted=form == "sorted")

    actual, expected = run(ours, make_input, x, h0), run(theirs, make_input, x, h0)
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        assert_close(actual[name], value)
    assert_close(ours(make_input(x))[1], theirs(make_input(x))[1])  # and from a state of zeros


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_one_sequence_needs_no_batch_axis(bidirectional, batch_first, device):
    ours, theirs = twins(D, H, 2, bidirectional=bidirectional, batch_first=batch_first, device=device)
    x = torch.randn(T, D, dtype=torch.float64).to(device)
    h0 = torch.randn(2 * (1 + bidirectional), H, dtype=torch.float64).to(device)
    actual, expected = run(ours, lambda x: x, x, h0), run(theirs, lambda x: x, x, h0)
    for name, value in expected.items():
        assert_close(actual[name], value)
    assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("shape", [(1, B, D), (T, 1, D), (1, 1, D), (T, 0, D)], ids=str)
def test_sizes_of_one_and_none(shape, device):
    ours, theirs = twins(D, H, 2, bidirectional=True, device=device)
    x = torch.randn(shape, dtype=torch.float64).to(device)
    assert_close(ours(x), theirs(x))


def test_packed_sequences_keep_their_order():
    ours, theirs = twins(D, H, bidirectional=True)
    sequences = [torch.randn(length, D, dtype=torch.float64) for length in LENGTHS]
    packed = pack_sequence(sequences, enforce_sorted=False)
    (output, last), (expected, expected_last) = ours(packed), theirs(packed)
    assert_close(last, expected_last)
    for mine, his in zip(output, expected):  # data, batch_sizes, sorted_indices, unsorted_indices
        assert_close(mine, his)
    for b, sequence in enumerate(sequences):
        assert_close(ours(sequence)[1], last[:, b])


def test_float32_agrees_with_torch(device):
    ours, theirs = twins(D, H, 2, bidirectional=True, dtype=torch.float32, device=device)
    x, h0 = torch.randn(T, B, D).to(device), torch.randn(4, B, H).to(device)
    output, last = ours(x, h0)
    assert output.dtype == last.dtype == torch.float32
    assert_close((output, last), theirs(x, h0), 1e-5)


def test_agrees_with_the_reference(device):
    ours, _ = twins(D, H, device=device)
    x, h0 = torch.randn(T, B, D, dtype=torch.float64), torch.randn(B, H, dtype=torch.float64)
    h, _ = reference.forward(reference.Params.from_torch(ours), x.numpy(), h0.numpy())
    output, last = ours(x.to(device), h0[None].to(device))
    assert_close(output.cpu(), torch.from_numpy(h))
    assert_close(last[0].cpu(), torch.from_numpy(h[-1]))


# --- drop-in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
def test_weights_load_both_ways(bias):
    ours, theirs = (cls(D, H, 2, bias=bias, bidirectional=True) for cls in (RNN, torch.nn.RNN))
    x = torch.randn(T, B, D)
    with torch.no_grad():
        assert not torch.allclose(ours(x)[0], theirs(x)[0])
        assert list(ours.state_dict()) == list(theirs.state_dict())
        theirs.load_state_dict(ours.state_dict())
        assert_close(ours(x), theirs(x), 1e-5)
        ours.load_state_dict(torch.nn.RNN(D, H, 2, bias=bias, bidirectional=True).state_dict())
        assert not torch.allclose(ours(x)[0], theirs(x)[0])


def test_one_seed_draws_torchs_weights():
    weights = []
    for cls in (RNN, torch.nn.RNN):
        torch.manual_seed(3)
        weights.append(cls(D, H, 2, bidirectional=True).state_dict())
    for name, value in weights[1].items():
        assert torch.equal(weights[0][name], value), name


def test_dropout_falls_between_the_layers():
    ours, theirs = twins(D, 40, 3, dropout=0.4, bidirectional=True)
    x = torch.randn(T, B, D, dtype=torch.float64)
    results = []
    for module in (ours, theirs):
        torch.manual_seed(4)
        results.append(module(x))
    assert_close(*results)  # the same draws in the same order
    assert not torch.allclose(ours(x)[0], results[0][0])  # other draws, other outputs
    assert_close(ours.eval()(x), theirs.eval()(x))
    assert_close(ours(x), ours(x))


def test_dropout_of_one_silences_the_layer_below():
    module = RNN(D, H, 2, dropout=1.0)
    x = torch.randn(T, B, D)
    assert_close(module(x)[0], module(x.flip(0))[0])
    assert not torch.allclose(module.eval()(x)[0], module(x.flip(0))[0])


@pytest.mark.parametrize(
    "args, options",
    [
        ((D, H), {}),
        ((D, H, 2), {"dropout": 0.5, "bidirectional": True}),
        ((D, H, 3, "relu", False, True), {}),
    ],
)
def test_it_prints_as_torchs(args, options):
    assert repr(RNN(*args, **options)) == repr(torch.nn.RNN(*args, **options))


def test_it_survives_copying_pickling_and_casting():
    ours, _ = twins(D, H, 2)
    x = torch.randn(T, B, D, dtype=torch.float64)
    for clone in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert_close(clone(x), ours(x))
    half = copy.deepcopy(ours).to(torch.float32)
    assert_close(half(x.float())[0], ours(x)[0].float(), 1e-5)
    ours.flatten_parameters()  # as programs written for torch.nn.RNN do


def test_weights_may_be_swapped_in_for_one_call():
    ours, theirs = twins(D, H)
    weights = {name: torch.randn_like(value) for name, value in ours.state_dict().items()}
    x = torch.randn(T, B, D, dtype=torch.float64)
    calls = [torch.func.functional_call(module, weights, (x,)) for module in (ours, theirs)]
    assert_close(*calls)


def test_arguments_are_left_alone_and_results_are_new():
    ours, _ = twins(D, H)
    x, h0 = torch.randn(T, B, D, dtype=torch.float64), torch.randn(1, B, H, dtype=torch.float64)
    before = x.clone(), h0.clone()
    with torch.no_grad():
        first, second = ours(x, h0), ours(x, h0)
        assert_close((x, h0), before, 0)
        kept = first[0].clone()
        second[0].fill_(99), second[1].fill_(99), x.fill_(99), h0.fill_(99)
        assert_close(first[0], kept, 0)
        last = ours(x[:1], h0)
        last[0].fill_(0)  # the output of one step is not the memory of the last state
        assert (last[1] != 0).any()


def test_autograd_agrees_with_central_differences():
    ours, _ = twins(2, 3, 2, bidirectional=True)
    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    h0 = torch.randn(4, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ours, (x, h0))


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
        ((D, H), {"proj_size": 2}),
        ((D, H, 1, "sigmoid"), {}),
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
def test_constructing_it_wrongly_fails_as_torchs_does(args, options):
    assert complaint(lambda: RNN(*args, **options)) == complaint(lambda: torch.nn.RNN(*args, **options))


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
        (packed, h0[..., 1:]),
        (PackedSequence(packed.data[:, 1:], *packed[1:]),),
        (PackedSequence(packed.data[None], *packed[1:]),),
    ],
    ids=range(13),
)
def test_calling_it_wrongly_fails_as_torchs_does(arguments):
    assert complaint(lambda: RNN(D, H)(*arguments)) == complaint(lambda: torch.nn.RNN(D, H)(*arguments))


def test_dropout_without_a_second_layer_is_worth_a_warning():
    for cls in (RNN, torch.nn.RNN):
        with pytest.warns(UserWarning, match="non-zero dropout expects num_layers greater than 1") as caught:
            cls(D, H, dropout=0.5)
        assert caught[0].filename.endswith(("test_rnn.py", "torch/nn/modules/rnn.py"))


def test_dropout_is_a_number():
    with pytest.raises(ValueError, match=r"dropout should be a number in range \[0, 1\]"):
        RNN(D, H, dropout="much")


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'hidden'"):
        RNN(D, H, hidden=3)
