"""The quick road: gradients by hand are those of autograd, in every situation that autograd knows."""

import copy

import pytest
import torch
from torch.autograd import forward_ad
from torch.nn.utils.rnn import PackedSequence
from torch.utils.checkpoint import checkpoint

from rnncourse.nn import GRU, LSTM, RNN, function
from tests.nn.test_recurrent import as_state, assert_close, draw_state, map_state, needs_gpu, parts, run

T, B, D, H = 4, 3, 2, 5
SIZES = [3, 3, 1, 1]  # two sequences end early
CELLS = {"tanh": (RNN, {}), "relu": (RNN, {"nonlinearity": "relu"}), "LSTM": (LSTM, {}), "GRU": (GRU, {})}


@pytest.fixture(params=CELLS)
def cell(request):
    return CELLS[request.param]


def build(cell, **options):
    cls, own = cell
    options = {"dtype": torch.float64} | own | options
    torch.manual_seed(6)
    return cls(D, H, **options)


def arguments(cell, dtype=torch.float64, directions=1):
    torch.manual_seed(7)
    return torch.randn(T, B, D, dtype=dtype), draw_state(cell[0], directions, B, H, dtype=dtype)


def flat(module, names, ragged):
    """The module as a function of all its tensors: of rows, the parts of the state, and its parameters."""

    def call(x, *others):
        state, weights = others[: -len(names)], dict(zip(names, others[-len(names) :]))
        x = PackedSequence(x, torch.tensor(SIZES)) if ragged else x
        # functional_call swaps plain tensors in, and is no transform of torch.func's
        output, last = torch.func.functional_call(module, weights, (x, as_state(type(module), state)))
        return (output.data if ragged else output), *parts(last)

    return call


def leaves(cell, module, ragged, directions):
    x, state = arguments(cell, directions=directions)
    x = torch.randn(sum(SIZES), D, dtype=torch.float64) if ragged else x
    return [t.detach().clone().requires_grad_() for t in (x, *parts(state), *module.parameters())]


@pytest.mark.parametrize("ragged", [False, True], ids=["full", "ragged"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "two-way"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "plain"])
def test_central_differences_of_every_input(cell, bidirectional, bias, ragged):
    module = build(cell, bidirectional=bidirectional, bias=bias, kernel="function")
    tensors = leaves(cell, module, ragged, 1 + bidirectional)
    names = [name for name, _ in module.named_parameters()]
    assert torch.autograd.gradcheck(flat(module, names, ragged), tensors)


@pytest.mark.parametrize("ragged", [False, True], ids=["full", "ragged"])
def test_central_differences_of_the_gradients(cell, ragged):
    module = build(cell, bidirectional=True, kernel="function")
    names = [name for name, _ in module.named_parameters()]
    call = flat(module, names, ragged)
    tensors = leaves(cell, module, ragged, 2)
    assert torch.autograd.gradgradcheck(call, tensors, fast_mode=True)


def test_a_second_derivative_does_not_count_ties_between_inputs_twice(cell):
    results = []
    for module in pair(cell):
        x, state = arguments(cell)
        tied = as_state(cell[0], [part + module.weight_hh_l0.square().mean() for part in parts(state)])
        output, _ = module(x, tied)
        loss = output.square().sum()
        weights = [module.weight_hh_l0, module.weight_ih_l0]
        (dW, _) = torch.autograd.grad(loss, weights, create_graph=True)
        results.append((dW, *torch.autograd.grad(dW.square().sum(), weights)))
    assert_close(*results)


def pair(cell, **options):
    """The same module on both roads."""
    return build(cell, kernel="function", **options), build(cell, kernel="autograd", **options)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-10), (torch.float32, 1e-5)], ids=str)
def test_both_roads_agree(cell, layers, dtype, tolerance):
    by_hand, by_autograd = pair(cell, num_layers=layers, bidirectional=True, dtype=dtype)
    x, state = arguments(cell, dtype, 2 * layers)
    actual, expected = (run(module, lambda x: x, x, state) for module in (by_hand, by_autograd))
    for name, value in expected.items():
        assert_close(actual[name], value, tolerance)


@needs_gpu
def test_both_roads_agree_on_a_gpu(cell):
    x, state = arguments(cell)
    x, state = x.cuda(), map_state(torch.Tensor.cuda, state)
    actual, expected = (run(module.cuda(), lambda x: x, x, state) for module in pair(cell))
    for name, value in expected.items():
        assert_close(actual[name], value)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision_is_near(cell, dtype):
    module = build(cell, kernel="function")
    half = copy.deepcopy(module).to(dtype)
    x, state = arguments(cell)
    expected = run(module, lambda x: x, x, state)
    actual = run(half, lambda x: x, x.to(dtype), map_state(lambda part: part.to(dtype), state))
    for name, value in actual.items():
        for mine, his in zip(parts(value), parts(expected[name])):
            assert mine.dtype == dtype
            assert (mine.double() - his).norm() < 0.05 * his.norm()


def recorded(module, cell, monkeypatch):
    """Count how often each road is taken."""
    taken = {"by hand": 0, "by autograd": 0}
    quick, slow = type(module)._forward_steps, type(module)._scan

    def counted(name, method):
        def call(*args):
            taken[name] += 1
            return method(*args)

        return call

    monkeypatch.setattr(type(module), "_forward_steps", counted("by hand", quick))
    monkeypatch.setattr(type(module), "_scan", counted("by autograd", slow))
    return taken


@pytest.mark.parametrize(
    "kernel, road", [("auto", "by hand"), ("function", "by hand"), ("autograd", "by autograd")]
)
def test_the_kernel_chooses_the_road(cell, kernel, road, monkeypatch):
    module = build(cell, kernel=kernel)
    taken = recorded(module, cell, monkeypatch)
    x, state = arguments(cell)
    run(module, lambda x: x, x, state)
    assert taken == {"by hand": 0, "by autograd": 0} | {road: 1}


def test_an_unknown_kernel_is_refused(cell):
    with pytest.raises(ValueError, match="kernel should be 'auto', 'function' or 'autograd', got 'cuda'"):
        build(cell, kernel="cuda")


def test_the_kernel_is_printed_where_it_was_chosen(cell):
    assert repr(build(cell, kernel="autograd")).endswith("kernel=autograd)")
    assert "kernel" not in repr(build(cell))


# --- in company -----------------------------------------------------------------------------------


@pytest.mark.parametrize("guard", [torch.no_grad, torch.inference_mode])
def test_nothing_is_recorded_where_nothing_should_be(cell, guard):
    module = build(cell)
    x, state = arguments(cell)
    expected = module(x, state)
    with guard():
        output, last = module(x, state)
    assert not output.requires_grad
    assert_close((output, *parts(last)), (expected[0].detach(), *(p.detach() for p in parts(expected[1]))))


def test_frozen_tensors_get_no_gradient_and_cost_nothing(cell, monkeypatch):
    module = build(cell, kernel="function")
    x, state = arguments(cell)
    expected = run(module, lambda x: x, x, state)
    shapes = {name: tuple(value.shape) for name, value in module.named_parameters()}
    for name in shapes:
        module.requires_grad_(False).zero_grad()
        getattr(module, name).requires_grad_()
        output, last = module(x, state)
        seen = []

        def spy(ctx, *upstream, backward=function._by_hand, seen=seen):
            gradients = backward(ctx, *upstream)
            seen.append(gradients[:5])
            return gradients

        monkeypatch.setattr(function, "_by_hand", spy)
        rng = torch.Generator().manual_seed(1)
        results = (output, *parts(last))
        sum((a * torch.randn(a.shape, dtype=a.dtype, generator=rng)).sum() for a in results).backward()
        monkeypatch.undo()
        assert_close(getattr(module, name).grad, expected[name])
        (computed,) = seen
        assert [tuple(g.shape) for g in computed if g is not None] == [shapes[name]]


def test_one_output_alone_is_enough(cell):
    by_hand, by_autograd = pair(cell)
    x, state = arguments(cell)
    for choose in (lambda out, last: out[1], lambda out, last: parts(last)[-1]):
        gradients = []
        for module in (by_hand, by_autograd):
            module.zero_grad()
            choose(*module(x, state)).square().sum().backward()
            gradients.append([parameter.grad.clone() for parameter in module.parameters()])
        assert_close(*gradients)


def test_results_may_be_written_into(cell):
    gradients = []
    for module in pair(cell):
        output, last = module(*arguments(cell))
        (output.mul_(2).sum() + sum(part.mul_(3).sum() for part in parts(last))).backward()
        gradients.append([parameter.grad for parameter in module.parameters()])
    assert_close(*gradients)


def test_the_graph_may_be_walked_twice(cell):
    module = build(cell, kernel="function")
    output, _ = module(*arguments(cell))
    first, second = (
        torch.autograd.grad(output.square().sum(), list(module.parameters()), retain_graph=True)
        for _ in range(2)
    )
    assert_close(first, second, 0)


def test_a_tensor_changed_in_between_is_noticed(cell):
    module = build(cell, kernel="function")
    output, _ = module(*arguments(cell))
    with torch.no_grad():
        module.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


def test_many_gradients_may_go_back_at_once(cell):
    module = build(cell, kernel="function", bidirectional=True)
    x, state = arguments(cell, directions=2)
    jacobians = [
        torch.autograd.functional.jacobian(lambda x: module(x, state)[0], x, vectorize=vectorize)
        for vectorize in (False, True)
    ]
    assert_close(*jacobians)
    x.requires_grad_()
    output, _ = module(x, state)
    upstream = torch.randn(2, *output.shape, dtype=output.dtype)

    def back(u):
        return torch.autograd.grad(output, x, u, retain_graph=True)[0]

    assert_close(torch.func.vmap(back)(upstream), torch.stack([back(u) for u in upstream]))


def test_hooks_are_called(cell):
    module, plain = pair(cell)
    called = []
    module.register_forward_hook(lambda *_: called.append("forward"))
    module.register_full_backward_hook(lambda *_: called.append("backward"))
    for each in (module, plain):
        each.weight_hh_l0.register_hook(lambda g: 2 * g)
        x, state = arguments(cell)
        run(each, lambda x: x, x, state)
    assert called == ["forward", "backward"]
    assert_close(module.weight_hh_l0.grad, plain.weight_hh_l0.grad)


def test_checkpoints_and_saved_tensor_hooks_change_nothing(cell):
    module = build(cell, kernel="function")
    x, state = arguments(cell)
    x.requires_grad_()
    (expected,) = torch.autograd.grad(module(x, state)[0].square().sum(), x)
    again = checkpoint(lambda x: module(x, state)[0], x, use_reentrant=False)
    assert_close(torch.autograd.grad(again.square().sum(), x)[0], expected, 0)
    with torch.autograd.graph.save_on_cpu():
        output, _ = module(x, state)
    assert_close(torch.autograd.grad(output.square().sum(), x)[0], expected, 0)


def test_meta_tensors_pass_through(cell):
    module = build(cell, kernel="function", device="meta")
    x, state = arguments(cell)
    output, last = module(x.to("meta"), map_state(lambda part: part.to("meta"), state))
    output.sum().backward()
    assert output.shape == (T, B, H)
    assert [part.shape for part in parts(last)] == [(1, B, H)] * len(parts(last))
    assert all(p.grad.shape == p.shape and p.grad.is_meta for p in module.parameters())


def test_autocast_is_for_the_whole_layer(cell):
    module = build(cell, kernel="function", dtype=torch.float32)
    x, state = arguments(cell, torch.float32)
    expected = run(module, lambda x: x, x, state)
    for inside in (False, True):
        with torch.autocast("cpu", torch.bfloat16):
            if inside:  # the backward pass, too
                actual = run(module, lambda x: x, x, state)
            else:
                module.zero_grad()
                output, last = module(x, state)
                assert all(result.dtype == torch.bfloat16 for result in (output, *parts(last)))
                bf16 = copy.deepcopy(module).bfloat16()
                low = map_state(torch.Tensor.bfloat16, state)
        if not inside:
            assert_close(output, bf16(x.bfloat16(), low)[0], 0)
            output.float().sum().backward()
            assert all(p.grad.dtype == torch.float32 for p in module.parameters())
    for name, value in expected.items():
        for mine, his in zip(parts(actual[name]), parts(value)):
            assert (mine.float() - his).norm() < 0.05 * his.norm(), name
            assert "output" in name or "last" in name or mine.dtype == torch.float32


def test_autocast_around_the_backward_pass_alone_changes_nothing(cell):
    module = build(cell, kernel="function", dtype=torch.float32)
    output, _ = module(*arguments(cell, torch.float32))
    weights = list(module.parameters())
    expected = torch.autograd.grad(output.square().sum(), weights, retain_graph=True)
    loss = output.square().sum()
    with torch.autocast("cpu", torch.bfloat16):
        actual = torch.autograd.grad(loss, weights)
    assert_close(actual, expected, 0)


def test_autocast_leaves_doubles_alone(cell):
    module = build(cell, kernel="function")
    x, state = arguments(cell)
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = module(x, state)
    assert_close(output, module(x, state)[0], 0)


# --- who looks into single operations ----------------------------------------------------------------

pytest_torch_itself = pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")


def looked_into(module, x, state):
    """Every way of looking into a call: name -> result."""

    def forward(x):
        return module(x, state)[0]

    def loss(weights, x):
        return torch.func.functional_call(module, weights, (x, state))[0].square().sum()

    weights, direction = dict(module.named_parameters()), torch.ones_like(x)

    def dual():
        with forward_ad.dual_level():
            output = forward(forward_ad.make_dual(x, direction))
            return forward_ad.unpack_dual(output).tangent

    return {
        "grad": lambda: torch.func.grad(loss)(weights, x)["weight_hh_l0"],
        "vmap": lambda: torch.func.vmap(forward)(torch.stack([x, 2 * x])),
        "jvp": lambda: torch.func.jvp(forward, (x,), (direction,))[1],
        "hessian": lambda: torch.func.hessian(lambda x: forward(x).square().sum())(x),
        "dual": dual,
    }


@pytest_torch_itself
@pytest.mark.parametrize("way", ["grad", "vmap", "jvp", "hessian", "dual"])
def test_auto_lets_the_transforms_of_torch_look_in(cell, way):
    x, state = arguments(cell)
    actual, expected = (looked_into(build(cell, kernel=k), x, state)[way]() for k in ("auto", "autograd"))
    assert_close(actual, expected)
    with pytest.raises(RuntimeError, match=r"kernel='function' serves neither torch\.func"):
        looked_into(build(cell, kernel="function"), x, state)[way]()


@pytest_torch_itself
def test_forward_mode_is_the_transpose_of_backward_mode(cell):
    module = build(cell)
    x, state = arguments(cell)
    tangent = looked_into(module, x, state)["dual"]()
    x.requires_grad_()
    upstream = torch.randn_like(tangent)
    (dx,) = torch.autograd.grad(module(x, state)[0], x, upstream)
    assert_close((tangent * upstream).sum(), dx.sum())
