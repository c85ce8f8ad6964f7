"""Against central differences, and the quick loops against the readable steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rnncourse.reference import gates
from rnncourse.reference.gradcheck import projection_error
from tests.architectures.cells import CELLS, B, H, Problem, T, assert_all_close, parts, ragged


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
    count = len(problem.params.b_h) // H
    monkeypatch.setattr(gates, "SHORTEST_CHUNK", 1)
    monkeypatch.setattr(gates, "CHUNK_BYTES", steps * count * B * H * 8)  # ``steps`` of them, in float64
    assert len(list(gates.chunks(T, count * B * H * 8))) == -(-T // steps)
    *actual, other = cell.module.backward(*problem.upstream, cache, window=window)
    assert_all_close([*actual, *other], [*expected, *weights], 1e-12)
