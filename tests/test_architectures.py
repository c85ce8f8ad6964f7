"""Every cell of ``rnncourse.reference``: against Torch, against central differences, and for invariants.

A new cell joins by a line in ``CELLS``.  A cell whose state has two parts (the LSTM's h and c) returns
both histories from ``forward`` and takes, beside ``dh``, the gradient of its last second part.
"""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import gates, gru, lstm, rnn
from rnncourse.reference.gradcheck import projection_error

T, B, D, H = 7, 4, 3, 5  # all different, all above 1


@dataclass(frozen=True)
class Cell:
    name: str
    module: ModuleType
    torch_class: type
    states: int = 1  # parts of the state: 1, or 2 for h and c
    options: dict[str, Any] = field(default_factory=dict)
    takes_result: bool = False  # step_backward wants h_t too; a gated cell computes its gates again

    def forward(self, params, x, *initial, mask=None):
        """Histories and the cache."""
        *histories, cache = self.module.forward(params, x, *initial, mask=mask, **self.options)
        return histories, cache


class ResetBeforeGRU(torch.nn.GRU):
    """The formula of Cho et al. 2014, written down for autograd: torch.nn has no module for it."""

    def __init__(self, *args, reset_before, **options):
        assert reset_before
        super().__init__(*args, **options)

    def forward(self, x, h=None):
        h = x.new_zeros(x.shape[1], self.hidden_size) if h is None else h[0]
        W_xr, W_xz, W_xn = self.weight_ih_l0.chunk(3)
        W_hr, W_hz, W_hn = self.weight_hh_l0.chunk(3)
        b_r, b_z, b_n = (self.bias_ih_l0 if self.bias else x.new_zeros(3 * self.hidden_size)).chunk(3)
        if self.bias:  # the n part of bias_hh is b_hn, which this form does without
            b_r, b_z = b_r + self.bias_hh_l0.chunk(3)[0], b_z + self.bias_hh_l0.chunk(3)[1]
        outputs = []
        for x_t in x:
            r = torch.sigmoid(x_t @ W_xr.T + h @ W_hr.T + b_r)
            z = torch.sigmoid(x_t @ W_xz.T + h @ W_hz.T + b_z)
            n = torch.tanh(x_t @ W_xn.T + (r * h) @ W_hn.T + b_n)
            h = (1 - z) * n + z * h
            outputs.append(h)
        return torch.stack(outputs), h[None]


CELLS = [
    Cell("rnn-tanh", rnn, torch.nn.RNN, options={"nonlinearity": "tanh"}, takes_result=True),
    Cell("rnn-relu", rnn, torch.nn.RNN, options={"nonlinearity": "relu"}, takes_result=True),
    Cell("lstm", lstm, torch.nn.LSTM, states=2),
    Cell("gru", gru, torch.nn.GRU),
    Cell("gru-reset-before", gru, ResetBeforeGRU, options={"reset_before": True}),
]


@pytest.fixture(params=CELLS, ids=lambda cell: cell.name)
def cell(request):
    return request.param


class Problem:
    """Random weights, inputs, non-zero states and an upstream gradient at every step."""

    def __init__(self, cell, seed=0, T=T, B=B, D=D, H=H, dtype=np.float64):
        rng = np.random.default_rng(seed)
        draw = lambda *shape: rng.standard_normal(shape).astype(dtype)  # noqa: E731
        self.cell = cell
        self.params = cell.module.init(rng, D, H, dtype)
        self.x = draw(T, B, D)
        self.initial = [draw(B, H) for _ in range(cell.states)]
        self.upstream = [draw(T, B, H)] + [draw(B, H) for _ in range(cell.states - 1)]

    def run(self, mask=None):
        """Histories, then dx, the initial states' gradients and the weights' gradients in one list."""
        histories, cache = self.cell.forward(self.params, self.x, *self.initial, mask=mask)
        dx, *dinitial, dparams = self.cell.module.backward(*self.upstream, cache)
        return histories, [dx, *dinitial, *dparams]

    def loss(self, x, *rest, mask=None):
        """A scalar whose gradients are what ``run`` returns."""
        initial, weights = rest[: self.cell.states], rest[self.cell.states :]
        params = self.cell.module.Params(*weights)
        histories, _ = self.cell.forward(params, x, *initial, mask=mask)
        ends = (history[-1] for history in histories[1:])
        return sum(float(np.sum(a * b)) for a, b in zip([histories[0], *ends], self.upstream))

    @property
    def arguments(self):
        return [self.x, *self.initial, *self.params]


def ragged(T, B, rng):
    """A mask with gaps at the start, in the middle and at the end, never empty."""
    mask = rng.random((T, B)) < 0.6
    mask[rng.integers(T), :] = True
    return mask


def assert_all_close(actual, expected, tolerance):
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected):
        assert a.shape == b.shape
        assert_allclose(a, b, rtol=tolerance, atol=tolerance)


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


# --- against Torch ------------------------------------------------------------------------------


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


# --- against central differences ----------------------------------------------------------------


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_gradients_agree_with_central_differences(cell, masked):
    rng = np.random.default_rng(4)
    problem = Problem(cell, 4)
    mask = ragged(T, B, rng) if masked else None
    _, gradients = problem.run(mask)
    error = projection_error(lambda *a: problem.loss(*a, mask=mask), problem.arguments, gradients, rng)
    assert error < 1e-7


@settings(deadline=None, max_examples=30, derandomize=True)
@given(
    cell=st.sampled_from(CELLS),
    sizes=st.tuples(*[st.integers(1, 6)] * 4),
    seed=st.integers(0, 2**32 - 1),
    masked=st.booleans(),
)
def test_any_shape_has_the_right_gradient(cell, sizes, seed, masked):
    T, B, D, H = sizes
    rng = np.random.default_rng(seed)
    problem = Problem(cell, seed, T, B, D, H)
    mask = ragged(T, B, rng) if masked else None
    histories, gradients = problem.run(mask)
    assert all(history.shape == (T, B, H) for history in histories)
    assert [g.shape for g in gradients] == [a.shape for a in problem.arguments]
    # one argument at a time, so that one part that is wrong cannot hide behind the others
    for i, gradient in enumerate(gradients):
        before, after = problem.arguments[:i], problem.arguments[i + 1 :]
        loss = lambda a: problem.loss(*before, a, *after, mask=mask)  # noqa: B023, E731
        direction = rng.standard_normal(gradient.shape)
        a, eps = problem.arguments[i], 1e-6
        measured = (loss(a + eps * direction) - loss(a - eps * direction)) / (2 * eps)
        assert_allclose(np.sum(gradient * direction), measured, rtol=1e-6, atol=1e-6)


# --- the readable step and the quick loop -------------------------------------------------------


def parts(result):
    """A state as a list of its parts, however many."""
    return list(result) if isinstance(result, tuple) else [result]


def test_step_by_step_equals_forward_and_backward(cell):
    problem, module = Problem(cell, 5), cell.module
    histories, gradients = problem.run()

    states = [problem.initial]
    for x_t in problem.x:
        states.append(parts(module.step(problem.params, x_t, *states[-1], **cell.options)))
    stepped = [np.stack(history) for history in zip(*states[1:])]
    assert_all_close(stepped, histories, 1e-12)

    dh, *dlast = problem.upstream
    carried, dx, dparams = [0, *dlast], [], [np.zeros_like(p) for p in problem.params]
    for t in reversed(range(T)):
        result = states[t + 1] if cell.takes_result else []
        dx_t, *carried, share = module.step_backward(
            problem.params,
            dh[t] + carried[0],
            *carried[1:],
            problem.x[t],
            *states[t],
            *result,
            **cell.options,
        )
        dx.insert(0, dx_t)
        dparams = [total + part for total, part in zip(dparams, share)]
    assert_all_close([np.stack(dx), *carried, *dparams], gradients, 1e-12)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("window", [None, 2])
def test_the_gradient_does_not_depend_on_how_many_steps_fit_in_the_cache(cell, steps, window, monkeypatch):
    problem = Problem(cell, 20)
    mask = ragged(T, B, np.random.default_rng(20))
    _, cache = cell.forward(problem.params, problem.x, *problem.initial, mask=mask)
    *expected, weights = cell.module.backward(*problem.upstream, cache, window=window)
    count = len(problem.params.W_hh) // H
    monkeypatch.setattr(gates, "SHORTEST_CHUNK", 1)
    monkeypatch.setattr(gates, "CHUNK_BYTES", steps * count * B * H * 8)  # ``steps`` of them, in float64
    assert len(list(gates.chunks(T, count * B * H * 8))) == -(-T // steps)
    *actual, other = cell.module.backward(*problem.upstream, cache, window=window)
    assert_all_close([*actual, *other], [*expected, *weights], 1e-12)


# --- invariants ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [bool, np.int64, np.uint8, np.float64, np.float32])
def test_padding_changes_nothing(cell, dtype):
    problem = Problem(cell, 6)
    lengths = [7, 2, 5, 3]
    mask = (np.arange(T)[:, None] < lengths).astype(dtype)
    problem.upstream[0] *= mask.astype(float)[:, :, None]
    problem.x[mask == 0] = np.nan  # what stands under the mask must not matter
    histories, (dx, *dinitial_and_weights) = problem.run(mask)
    assert (dx[mask == 0] == 0).all()

    # every sequence alone, at its own length
    weights = [np.zeros_like(p) for p in problem.params]
    for b, length in enumerate(lengths):
        alone = Problem(cell, 6, length, 1)
        alone.params, alone.x = problem.params, problem.x[:length, b : b + 1]
        alone.initial = [part[b : b + 1] for part in problem.initial]
        alone.upstream = [problem.upstream[0][:length, b : b + 1]]
        alone.upstream += [u[b : b + 1] for u in problem.upstream[1:]]
        expected, (dx_b, *rest) = alone.run()
        for history, want in zip(histories, expected):
            assert_allclose(history[:length, b], want[:, 0], rtol=1e-12, atol=1e-12)
            assert (history[length:, b] == history[length - 1, b]).all()  # carried over, bit for bit
        assert_allclose(dx[:length, b], dx_b[:, 0], rtol=1e-12, atol=1e-12)
        for i in range(cell.states):
            assert_allclose(dinitial_and_weights[i][b], rest[i][0], rtol=1e-12, atol=1e-12)
        weights = [w + part for w, part in zip(weights, rest[cell.states :])]
    assert_all_close(dinitial_and_weights[cell.states :], weights, 1e-12)


def test_a_skipped_step_is_a_step_that_never_was(cell):
    problem = Problem(cell, 7)
    mask = np.ones((T, B))
    mask[2] = mask[4] = 0
    kept = [0, 1, 3, 5, 6]
    histories, (dx, *gradients) = problem.run(mask)
    shorter = Problem(cell, 7, len(kept))
    shorter.params, shorter.x, shorter.initial = problem.params, problem.x[kept], problem.initial
    # the gradient that enters at a skipped step belongs to the state before it
    dh = problem.upstream[0].copy()
    dh[1] += dh[2]
    dh[3] += dh[4]
    shorter.upstream = [dh[kept], *problem.upstream[1:]]
    expected, (dx_kept, *expected_gradients) = shorter.run()
    assert_all_close([history[kept] for history in histories], expected, 1e-12)
    assert_all_close([dx[kept], *gradients], [dx_kept, *expected_gradients], 1e-12)


def test_a_mask_of_ones_is_no_mask(cell):
    problem = Problem(cell, 8)
    histories, gradients = problem.run()
    masked_histories, masked_gradients = problem.run(np.ones((T, B)))
    assert_all_close(masked_histories + masked_gradients, histories + gradients, 0)


def test_a_batch_may_be_split(cell):
    problem = Problem(cell, 9)
    histories, (dx, *rest) = problem.run()
    weights = [np.zeros_like(p) for p in problem.params]
    for part in (slice(0, 1), slice(1, None)):
        half = Problem(cell, 9)
        half.x, half.initial = problem.x[:, part], [state[part] for state in problem.initial]
        half.upstream = [problem.upstream[0][:, part]] + [u[part] for u in problem.upstream[1:]]
        half_histories, (half_dx, *half_rest) = half.run()
        assert_all_close(half_histories, [history[:, part] for history in histories], 1e-12)
        assert_all_close([half_dx], [dx[:, part]], 1e-12)
        assert_all_close(half_rest[: cell.states], [d[part] for d in rest[: cell.states]], 1e-12)
        weights = [total + share for total, share in zip(weights, half_rest[cell.states :])]
    assert_all_close(weights, rest[cell.states :], 1e-12)


@pytest.mark.parametrize("chunk", [1, 2, 3, T])
def test_chunk_by_chunk_equals_the_whole(cell, chunk):
    problem = Problem(cell, 10)
    histories, gradients = problem.run()
    state, pieces = problem.initial, []
    for start in range(0, T, chunk):
        piece, cache = cell.forward(problem.params, problem.x[start : start + chunk], *state)
        state = [history[-1] for history in piece]
        pieces.append((start, piece, cache))
    for i, history in enumerate(histories):
        assert_all_close([np.concatenate([piece[i] for _, piece, _ in pieces])], [history], 1e-12)
    carried = [0, *problem.upstream[1:]]
    dx, dparams = [], [np.zeros_like(p) for p in problem.params]
    for start, _, cache in reversed(pieces):
        dh = problem.upstream[0][start : start + chunk].copy()
        dh[-1] += carried[0]  # the first part of the state is what is read out, the second is given apart
        dx_piece, *carried, share = cell.module.backward(dh, *carried[1:], cache)
        dx.insert(0, dx_piece)
        dparams = [total + part for total, part in zip(dparams, share)]
    assert_all_close([np.concatenate(dx), *carried, *dparams], gradients, 1e-12)


def every_array(problem):
    return [*problem.arguments, *problem.upstream]


def test_arguments_are_left_alone_and_may_be_read_only(cell):
    problem = Problem(cell, 11)
    mask = ragged(T, B, np.random.default_rng(11))
    before = [array.copy() for array in every_array(problem)]
    for array in [*every_array(problem), mask]:
        array.flags.writeable = False
    problem.run(mask)
    for array, copy in zip(every_array(problem), before):
        assert_array_equal(array, copy)


def scattered(array):
    """The same values with gaps between them, or turned round: neither C- nor Fortran-contiguous."""
    wide = np.full([2 * n for n in array.shape], np.nan, array.dtype)
    view = wide[tuple(slice(None, None, -2) for _ in array.shape)]
    view[...] = array
    return view


@pytest.mark.parametrize("arrange", [scattered, np.asfortranarray], ids=["strided", "fortran"])
def test_memory_layout_does_not_matter(cell, arrange):
    problem, other = Problem(cell, 12), Problem(cell, 12)
    other.x, other.params = arrange(other.x), type(other.params)(*map(arrange, other.params))
    other.initial, other.upstream = [*map(arrange, other.initial)], [*map(arrange, other.upstream)]
    histories, gradients = problem.run()
    other_histories, other_gradients = other.run()
    assert_all_close(other_histories + other_gradients, histories + gradients, 1e-13)


def test_results_share_memory_with_nothing(cell):
    problem = Problem(cell, 13)
    histories, gradients = problem.run()
    again_histories, again_gradients = problem.run()
    results = [*histories, *gradients]
    others = [*every_array(problem), *again_histories, *again_gradients]
    for i, result in enumerate(results):
        for other in others + results[:i]:
            assert not np.shares_memory(result, other)
    assert_all_close(results, [*again_histories, *again_gradients], 0)


def test_what_the_caller_does_between_the_passes_does_not_matter(cell):
    problem = Problem(cell, 14)
    _, expected = problem.run()
    histories, cache = cell.forward(problem.params, problem.x, *problem.initial)
    for array in [*problem.arguments, *histories]:
        array[...] = 99
    for _ in range(2):  # and going back twice gives the same twice
        dx, *dinitial, dparams = cell.module.backward(*problem.upstream, cache)
        assert_all_close([dx, *dinitial, *dparams], expected, 0)


@pytest.mark.parametrize("dtype, tolerance", [(np.float16, 3e-2), (np.float32, 2e-5), (np.longdouble, 1e-12)])
def test_the_dtype_that_comes_in_goes_out(cell, dtype, tolerance):
    histories, gradients = Problem(cell, 15).run()
    results = Problem(cell, 15, dtype=dtype).run(np.ones((T, B)))
    assert all(array.dtype == dtype for array in [*results[0], *results[1]])
    assert_all_close(results[0] + results[1], histories + gradients, tolerance)


# --- weights ------------------------------------------------------------------------------------


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
    with pytest.raises(ValueError, match=r"no weight_ih_l1 among \['bias_hh_l0', 'bias_ih_l0', "):
        cell.module.Params.from_torch(cell.torch_class(D, H, **cell.options), "l1")


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "break_it, message",
    [
        (lambda p: {"x": p.x[0]}, r"x should have shape \(T, B, 3\), got \(4, 3\)"),
        (lambda p: {"x": p.x[:, :, :2]}, r"x should have shape \(T, B, 3\), got \(7, 4, 2\)"),
        (lambda p: {"h0": p.initial[0].T}, r"h0 should have shape \(4, 5\), got \(5, 4\)"),
        (lambda p: {"h0": p.initial[0][None]}, r"h0 should have shape \(4, 5\), got \(1, 4, 5\)"),
        (lambda p: {"mask": np.ones((B, T))}, r"mask should have shape \(7, 4\), got \(4, 7\)"),
        (lambda p: {"mask": np.ones((T, B, 1))}, r"mask should have shape \(7, 4\), got \(7, 4, 1\)"),
    ],
)
def test_a_wrong_shape_is_named(cell, break_it, message):
    problem = Problem(cell, 18)
    arguments = {"x": problem.x, "h0": problem.initial[0]} | break_it(problem)
    with pytest.raises(ValueError, match=message):
        cell.module.forward(problem.params, **arguments, **cell.options)


def test_step_names_what_does_not_fit(cell):
    problem, module = Problem(cell, 21), cell.module
    x_t, dh = problem.x[0], problem.upstream[0]
    first, *others = problem.initial
    step = lambda *a: module.step(problem.params, *a, **cell.options)  # noqa: E731
    with pytest.raises(ValueError, match=r"x_t should have shape \(B, 3\), got \(4, 5\)"):
        step(first, first, *others)
    with pytest.raises(ValueError, match=r"h_prev should have shape \(4, 5\), got \(2, 5\)"):
        step(x_t, first[:2], *others)
    after = parts(step(x_t, first, *others)) if cell.takes_result else []
    with pytest.raises(ValueError, match=r"dh_t should have shape \(4, 5\), got \(3, 5\)"):
        module.step_backward(problem.params, dh[0, 1:], *others, x_t, first, *others, *after, **cell.options)


def test_no_steps_leave_the_gradient_zero(cell):
    problem = Problem(cell, 22, 0)
    problem.upstream[1:] = [np.zeros((B, H)) for _ in problem.upstream[1:]]
    histories, gradients = problem.run()
    assert all(history.shape == (0, B, H) for history in histories)
    assert [g.shape for g in gradients] == [a.shape for a in problem.arguments]
    assert not any(gradient.any() for gradient in gradients)


def test_integers_in_give_float64_out(cell):
    problem = Problem(cell, 23)
    x = np.random.default_rng(23).integers(-3, 4, (T, B, D))
    histories, _ = cell.forward(problem.params, x)
    assert all(history.dtype == np.float64 for history in histories)
    assert_all_close(histories, cell.forward(problem.params, x.astype(np.float64))[0], 0)


BOUNDED = [cell for cell in CELLS if cell.options.get("nonlinearity") != "relu"]


@pytest.mark.parametrize("cell", BOUNDED, ids=lambda cell: cell.name)
def test_large_inputs_neither_overflow_nor_give_nan(cell):
    problem = Problem(cell, 24)
    problem.x *= 1e4
    histories, gradients = problem.run()
    assert all(np.isfinite(array).all() for array in histories + gradients)
    assert np.abs(histories[0]).max() <= max(1, np.abs(problem.initial[0]).max())  # and never grow
    states = problem.initial
    for x_t, *expected in zip(problem.x, *histories):
        states = parts(cell.module.step(problem.params, x_t, *states, **cell.options))
        assert_all_close(states, expected, 1e-12)


def test_a_wrong_gradient_or_window_is_named(cell):
    problem = Problem(cell, 19)
    _, cache = cell.forward(problem.params, problem.x, *problem.initial)
    dh, *others = problem.upstream
    with pytest.raises(ValueError, match=r"dh should have shape \(7, 4, 5\), got \(6, 4, 5\)"):
        cell.module.backward(dh[1:], *others, cache)
    with pytest.raises(ValueError, match="window should be at least 1, got 0"):
        cell.module.backward(dh, *others, cache, window=0)
