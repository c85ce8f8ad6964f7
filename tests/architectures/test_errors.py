"""Arguments that do not fit are named; those at the edge of what fits give what they should."""

import numpy as np
import pytest

from tests.architectures.cells import B, D, H, Problem, T, assert_all_close, parts


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


def test_large_inputs_neither_overflow_nor_give_nan(cell):
    problem = Problem(cell, 24)
    problem.x *= 1e4
    histories, gradients = problem.run()
    assert all(np.isfinite(array).all() for array in histories + gradients)
    if cell.bounded:
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
