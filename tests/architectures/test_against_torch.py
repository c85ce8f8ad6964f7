"""Against Torch, in float64: outputs, states, every gradient, truncation, and weights that go both ways."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from tests.architectures.cells import B, D, H, Problem, T, assert_all_close, parts


def leaf(array):
    return torch.tensor(array, requires_grad=True)


def torch_module(problem):
    cell = problem.cell
    _, _, D = problem.x.shape
    module = cell.torch_class(D, problem.initial[0].shape[1], dtype=torch.float64, **cell.options)
    module.load_state_dict({name: torch.tensor(v) for name, v in problem.params.to_torch().items()})
    return module


def packed_state(initial):
    """Leaves as torch.nn wants them: a tensor for one part, a tuple for two."""
    state = tuple(leaf(part[None]) for part in initial)
    return state if len(state) > 1 else state[0]


def compare_weight_gradients(dparams, module):
    """Compare in Torch's names; where ``to_torch`` writes zeros our cell has no parameter of its own."""
    ours = dparams.to_torch()
    exists = type(dparams)(*(np.ones_like(p) for p in dparams)).to_torch()
    for name, parameter in module.named_parameters():
        where = exists[name] != 0
        assert_allclose(ours[name][where], parameter.grad.numpy()[where], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", [(T, B, D, H), (1, B, D, H), (T, 1, D, H), (1, 1, 1, 1)], ids=str)
def test_agrees_with_torch(cell, shape):
    problem = Problem(cell, 1, *shape)
    histories, cache = cell.forward(problem.params, problem.x, *problem.initial)
    dx, *dinitial, dparams = cell.module.backward(*problem.upstream, cache)

    module, x, state = torch_module(problem), leaf(problem.x), packed_state(problem.initial)
    output, last = module(x, state)
    lasts = last if isinstance(last, tuple) else (last,)
    loss = (output * torch.tensor(problem.upstream[0])).sum()
    for part, upstream in zip(lasts[1:], problem.upstream[1:]):
        loss = loss + (part[0] * torch.tensor(upstream)).sum()
    loss.backward()

    assert_all_close([histories[0]], [output.detach().numpy()], 1e-10)
    assert_all_close([h[-1] for h in histories], [part[0].detach().numpy() for part in lasts], 1e-10)
    leaves = state if isinstance(state, tuple) else (state,)
    assert_all_close([dx, *dinitial], [x.grad.numpy()] + [s.grad.numpy()[0] for s in leaves], 1e-10)
    compare_weight_gradients(dparams, module)


def test_without_an_initial_state_it_starts_from_zero(cell):
    problem = Problem(cell, 2)
    histories, _ = cell.forward(problem.params, problem.x)
    zeros = [np.zeros_like(part) for part in problem.initial]
    assert_all_close(histories, cell.forward(problem.params, problem.x, *zeros)[0], 0)
    output, _ = torch_module(problem)(torch.tensor(problem.x))
    assert_all_close([histories[0]], [output.detach().numpy()], 1e-10)


@pytest.mark.parametrize("window", [1, 2, 3, T - 1, T, T + 1])
def test_a_window_is_a_detached_state(cell, window):
    problem = Problem(cell, 3)
    _, cache = cell.forward(problem.params, problem.x, *problem.initial)
    dx, *dinitial, dparams = cell.module.backward(*problem.upstream, cache, window=window)

    module, x, first = torch_module(problem), leaf(problem.x), packed_state(problem.initial)
    state, outputs = first, []
    for start in range(0, T, window):
        output, last = module(x[start : start + window], state)
        state = tuple(s.detach() for s in last) if isinstance(last, tuple) else last.detach()
        outputs.append(output)
    loss = (torch.cat(outputs) * torch.tensor(problem.upstream[0])).sum()
    for part, upstream in zip(parts(last)[1:], problem.upstream[1:]):
        loss = loss + (part[0] * torch.tensor(upstream)).sum()
    loss.backward()
    leaves = first if isinstance(first, tuple) else (first,)
    assert_all_close([dx, *dinitial], [x.grad.numpy()] + [s.grad.numpy()[0] for s in leaves], 1e-10)
    compare_weight_gradients(dparams, module)


# --- weights ----------------------------------------------------------------------------------------


def test_init_draws_in_torchs_range_and_alike_in_every_dtype(cell):
    params = cell.module.init(np.random.default_rng(16), 30, 40)
    for weight in params:
        assert np.abs(weight).max() <= 1 / np.sqrt(40)
        assert np.abs(weight).max() > 0.8 / np.sqrt(40)
    single = cell.module.init(np.random.default_rng(16), 30, 40, np.float32)
    assert all(weight.dtype == np.float32 for weight in single)
    assert_all_close(single, [weight.astype(np.float32) for weight in params], 0)


def test_weights_go_to_torch_and_back(cell):
    module = cell.torch_class(D, H, 2, bidirectional=True, dtype=torch.float64, **cell.options)
    for source in (module, module.state_dict(), {k: v.numpy() for k, v in module.state_dict().items()}):
        for layer, width in (("l0", D), ("l1", 2 * H), ("l0_reverse", D)):
            params = cell.module.Params.from_torch(source, layer)
            one = cell.torch_class(width, H, dtype=torch.float64, **cell.options)
            one.load_state_dict({name: torch.tensor(value) for name, value in params.to_torch().items()})
            assert set(params.to_torch(layer)) <= set(module.state_dict())
            assert_all_close(cell.module.Params.from_torch(one), params, 0)
            # the same function, and not only the same numbers in some order
            x = torch.randn(T, B, width, dtype=torch.float64)
            two = cell.torch_class(width, H, dtype=torch.float64, **cell.options)
            names = zip(sorted(two.state_dict()), sorted(k for k in module.state_dict() if k.endswith(layer)))
            two.load_state_dict({mine: module.state_dict()[theirs] for mine, theirs in names})
            assert_allclose(one(x)[0].detach(), two(x)[0].detach(), rtol=1e-12, atol=1e-12)
            assert all(not np.shares_memory(p, module.weight_ih_l0.detach().numpy()) for p in params)


def test_a_module_without_bias_has_bias_zero(cell):
    module = cell.torch_class(D, H, bias=False, dtype=torch.float64, **cell.options)
    x = np.random.default_rng(17).standard_normal((T, B, D))
    histories, _ = cell.forward(cell.module.Params.from_torch(module), x)
    assert_allclose(histories[0], module(torch.tensor(x))[0].detach(), rtol=1e-10, atol=1e-10)


def test_a_missing_layer_is_named(cell):
    with pytest.raises(ValueError, match=r"no weight_ih_l1 among \[('bias_hh_l0', )?'bias_ih_l0', "):
        cell.module.Params.from_torch(cell.torch_class(D, H, **cell.options), "l1")
