"""The runs of the chapter bptt measure what they say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from rnncourse.labs import bptt as lab
from rnncourse.reference import gradcheck, rnn


@pytest.fixture
def honest():
    return lab.problem(np.random.default_rng(0))


def right(dh, x, h0, h, W_xh, W_hh):
    """Go back as the reference does, from the states alone."""
    h0, da, carried = h0.copy(), np.zeros_like(h), np.zeros_like(h0)
    before = np.concatenate([h0[None], h[:-1]])
    for t in reversed(range(len(h))):
        da[t] = (dh[t] + carried) * (1 - h[t] ** 2)
        carried = da[t] @ W_hh
    W = np.einsum("tbi,tbj->ij", da, before)
    return da @ W_xh, carried, np.einsum("tbi,tbj->ij", da, x), W, da.sum(axis=(0, 1))


def test_a_problem_hides_nothing(honest):
    T, B, D, H = *honest.x.shape, len(honest.W_hh)
    assert len({T, B, D, H}) == 4 and min(T, B, D, H) > 1
    assert all(array.all() for array in honest)
    assert not np.allclose(honest.W_hh, honest.W_hh.T)


def test_right_gradients_pass_and_each_wrong_one_is_found(honest):
    assert lab.check_error(right, honest) < 1e-7
    assert not lab.catches(right, honest, conduct=True)
    for place in range(5):

        def off(*arguments, place=place):
            return [g * 1.001 if i == place else g for i, g in enumerate(right(*arguments))]

        assert 5e-4 < lab.check_error(off, honest) < 2e-3
        assert lab.catches(off, honest) and not lab.catches(off, honest, tolerance=0.01)


def test_wrong_shapes_and_failing_calls_are_infinitely_wrong(honest):
    assert lab.check_error(lambda *arguments: right(*arguments)[:4], honest) == np.inf
    assert lab.check_error(lambda *arguments: [g[None] for g in right(*arguments)], honest) == np.inf
    assert lab.check_error(lambda dh, x, h0, *others: dh @ x, honest) == np.inf
    assert lab.catches(lambda *arguments: [*right(*arguments)[:4], np.full(4, np.nan)], honest)


def test_conduct_is_looked_at_only_when_asked(honest):
    calls = []

    def writes(dh, *others):
        results = right(dh, *others)
        dh += 1
        return results

    def keeps(*arguments):
        calls.append(1)
        return [len(calls) * g for g in right(*arguments)] if len(calls) > 1 else right(*arguments)

    for function in (writes, keeps):
        calls.clear()
        assert not lab.catches(function, honest)
        calls.clear()
        assert lab.catches(function, honest, conduct=True)
    assert_allclose(honest.dh, lab.problem(np.random.default_rng(0)).dh)  # copies were handed over


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_analytic_gradients_are_those_of_the_loss(honest, nonlinearity):
    names = lab.Problem._fields[:5]
    for name, gradient in zip(names, lab.analytic(honest, nonlinearity), strict=True):
        f = lambda value, name=name: lab.loss(honest._replace(**{name: value}), nonlinearity)  # noqa: E731
        assert_allclose(gradient, gradcheck.numerical_gradient(f, getattr(honest, name)), atol=1e-7)


def test_errors_by_eps_are_a_v(honest):
    epsilons = np.array([1e-12, 1e-6, 1e-2])
    central = lab.errors_by_eps(honest, epsilons)
    assert central[1] < 1e-8 < min(central[0], central[2])
    assert_allclose(lab.errors_by_eps(honest, [1e-2, 1e-3]) / central[2], [1, 1e-2], rtol=0.1)  # eps squared
    one = lab.errors_by_eps(honest, [1e-3, 1e-4], sided="forward")
    assert_allclose(one[0] / one[1], 10, rtol=0.1)
    assert lab.errors_by_eps(honest, [1e-6], dtype=np.float32)[0] > 1e-3


def test_an_echo_repeats_what_came_before():
    data = lab.echo(np.random.default_rng(0), T=9, B=3, delay=4)
    np.testing.assert_array_equal(data.targets[4:], data.x[:-4])
    np.testing.assert_array_equal(data.counts, [0] * 4 + [1] * 5)


def test_the_echos_gradients_are_measured():
    rng = np.random.default_rng(0)
    cell, W_hy, b_y = rnn.init(rng, 1, 4), rng.normal(size=(1, 4)), rng.normal(size=1)
    data, h0 = lab.echo(rng, T=7, B=3, delay=2), rng.normal(size=(3, 4)) / 2
    _, gradients, last = lab.echo_gradient(cell, W_hy, b_y, data, h0=h0)
    arguments = [*cell, W_hy, b_y]
    f = lambda *a: lab.echo_gradient(rnn.Params(*a[:3]), *a[3:], data, h0=h0)[0]  # noqa: E731
    assert gradcheck.projection_error(f, arguments, gradients, rng) < 1e-7
    assert_allclose(last, rnn.forward(cell, data.x, h0)[0][-1])
    _, cut, _ = lab.echo_gradient(cell, W_hy, b_y, data, window=2, h0=h0)
    assert not np.allclose(cut[1], gradients[1]) and np.allclose(cut[3], gradients[3])


def test_a_window_that_reaches_the_clue_teaches_it():
    assert lab.learn_echo(window=6, delay=5, seed=0) < 0.1
    assert lab.learn_echo(window=5, delay=5, seed=0) > 0.5


def test_long_memory_shrinks_a_state_evenly():
    cell = lab.long_memory(np.random.default_rng(0), 5, gain=0.9)
    assert_allclose(np.linalg.svd(cell.W_hh, compute_uv=False), 0.9)


def test_memory_grows_as_announced():
    # large enough for the arrays to outweigh what Python itself allocates now and then
    whole, checkpointed, truncated = (
        lab.peak_memory(way, [200, 800], B=8, H=96) for way in ("whole", "checkpointed", "truncated")
    )
    assert whole[1] > 2.5 * whole[0]
    assert checkpointed[1] < 2.5 * checkpointed[0]
    assert truncated[1] < 1.1 * truncated[0]
