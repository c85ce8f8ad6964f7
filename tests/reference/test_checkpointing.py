"""Less memory, the same gradients: square-root checkpointing, and windows of a stream."""

import gc
import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import buffers, checkpointing, gru, lstm, rnn

T, B, D, H = 11, 4, 3, 5
CELLS = {
    "rnn": (rnn, 1, {}),
    "rnn-relu": (rnn, 1, {"nonlinearity": "relu"}),
    "lstm": (lstm, 2, {}),
    "gru": (gru, 1, {}),
    "gru-reset-before": (gru, 1, {"reset_before": True}),
}


@pytest.fixture(params=CELLS.values(), ids=CELLS)
def cell(request):
    return request.param


def problem(cell, T=T, B=B, D=D, H=H, dtype=np.float64):
    """Draw weights, inputs, the state's parts, dh, and the gradients of the last state's other parts."""
    module, parts, _ = cell
    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)  # noqa: E731
    params = module.init(rng, D, H, dtype)
    dlast = [draw(B, H) for _ in range(parts - 1)]
    return params, draw(T, B, D), [draw(B, H) for _ in range(parts)], draw(T, B, H), dlast


def plainly(cell, params, x, initial, dh, dlast, mask=None, window=None):
    module, _, options = cell
    *histories, cache = module.forward(params, x, *initial, mask=mask, **options)
    dx, *dinitial, dparams = module.backward(dh, *dlast, cache, window=window)
    return [*histories, dx, *dinitial, *dparams]


@pytest.mark.parametrize("segment", [None, 1, 2, 4, T - 1, T, T + 5])
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_segments_give_what_the_whole_gives(cell, segment, masked):
    params, x, initial, dh, dlast = problem(cell)
    mask = np.random.default_rng(1).random((T, B)) < 0.5 if masked else None
    expected = plainly(cell, params, x, initial, dh, dlast, mask)
    module, _, options = cell
    *histories, kept = checkpointing.forward(
        module, params, x, *initial, mask=mask, segment=segment, **options
    )
    for _ in range(2):  # going back twice gives the same twice
        dx, *dinitial, dparams = checkpointing.backward(kept, dh, *dlast)
        actual = [*histories, dx, *dinitial, *dparams]
        assert len(actual) == len(expected)
        for a, b in zip(actual, expected):
            assert a.shape == b.shape and a.dtype == b.dtype
            assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_without_a_state_it_starts_from_zero(cell):
    params, x, initial, dh, dlast = problem(cell)
    module, _, options = cell
    expected = plainly(cell, params, x, [0 * part for part in initial], dh, dlast)
    *histories, kept = checkpointing.forward(module, params, x, **options)
    dx, *dinitial, dparams = checkpointing.backward(kept, dh, *dlast)
    for a, b in zip([*histories, dx, *dinitial, *dparams], expected):
        assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_no_steps_pass_the_gradient_on(cell):
    params, x, initial, dh, dlast = problem(cell, T=0)
    module, _, options = cell
    *histories, kept = checkpointing.forward(module, params, x, *initial, **options)
    dx, *dinitial, dparams = checkpointing.backward(kept, dh, *dlast)
    assert [history.shape for history in histories] == [(0, B, H)] * len(initial)
    assert dx.shape == (0, B, D) and not any(gradient.any() for gradient in dparams)
    assert not dinitial[0].any()
    assert_array_equal(dinitial[1:], dlast)


def test_arguments_are_left_alone_and_the_weights_and_states_are_copied(cell):
    params, x, initial, dh, dlast = problem(cell)
    expected = plainly(cell, params, x, initial, dh, dlast)
    for array in (x, dh, *dlast):
        array.flags.writeable = False
    module, _, options = cell
    *histories, kept = checkpointing.forward(module, params, x, *initial, **options)
    for array in [*params, *initial, *histories]:
        array[...] = 99
    dx, *dinitial, dparams = checkpointing.backward(kept, dh, *dlast)
    for a, b in zip([dx, *dinitial, *dparams], expected[len(histories) :]):
        assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_inputs_that_changed_on_the_way_are_noticed(cell):
    params, x, initial, dh, dlast = problem(cell)
    module, _, options = cell
    *_, kept = checkpointing.forward(module, params, x, *initial, **options)
    x[...] = np.roll(x, 1, axis=0)
    with pytest.raises(ValueError, match="x or mask has changed since forward"):
        checkpointing.backward(kept, dh, *dlast)


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"x": np.zeros((4, 3))}, ValueError, r"x should have shape \(T, B, D\), got \(4, 3\)"),
        ({"mask": np.ones((T, B + 1))}, ValueError, r"mask should have shape \(11, 4\), got \(11, 5\)"),
        ({"segment": 0}, ValueError, "segment should be at least 1, got 0"),
        ({"segment": 2.5}, TypeError, "segment should be an integer, got 2.5"),
    ],
)
def test_bad_input_is_named(cell, change, error, message):
    params, x, *_ = problem(cell)
    module, _, options = cell
    with pytest.raises(error, match=message):
        checkpointing.forward(module, params, **({"x": x} | change), **options)


def test_a_gradient_for_another_length_is_named(cell):
    params, x, initial, dh, dlast = problem(cell)
    module, _, options = cell
    *_, kept = checkpointing.forward(module, params, x, *initial, **options)
    with pytest.raises(ValueError, match=r"dh should have shape \(11, B, H\), got \(10, 4, 5\)"):
        checkpointing.backward(kept, dh[1:], *dlast)


def stream(cell, params, windows, initial, gradients, dlast):
    """Train on a stream as the module's docstring shows it; yield (h, dx, dparams) of every window."""
    module, _, options = cell
    state = initial
    for x, dh in zip(windows, gradients):
        *histories, cache = module.forward(params, x, *state, **options)
        dx, *_, dparams = module.backward(dh, *dlast, cache)
        yield histories[0], dx, dparams
        state = [history[-1] for history in histories]


@pytest.mark.parametrize("window", [1, 3, 4])
def test_a_stream_of_windows_gives_what_a_truncated_pass_gives(cell, window):
    params, x, initial, dh, dlast = problem(cell)
    zeros = [0 * part for part in dlast]
    h, *rest = plainly(cell, params, x, initial, dh, zeros, window=window)
    dx, weights = rest[len(initial) - 1], rest[2 * len(initial) :]
    cut = range(window, T, window)
    pieces = list(stream(cell, params, np.split(x, cut), initial, np.split(dh, cut), zeros))
    assert_allclose(np.concatenate([piece[0] for piece in pieces]), h, rtol=1e-12, atol=1e-12)
    assert_allclose(np.concatenate([piece[1] for piece in pieces]), dx, rtol=1e-12, atol=1e-12)
    for parts, weight in zip(zip(*(piece[2] for piece in pieces)), weights, strict=True):
        assert_allclose(sum(parts), weight, rtol=1e-12, atol=1e-12)


def peak(work):
    """Return the most memory, in bytes, that a call held beyond what was there before."""
    work()
    gc.collect()
    buffers.release()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_square_root(cell):
    """Four times as many steps, about twice the memory, beside what is handed out: dx and the histories."""
    module, parts, options = cell
    beside, plain = [], []
    for steps in (256, 1024):
        params, x, initial, dh, dlast = problem(cell, steps, 8, 16, 16)
        out = x.nbytes + parts * dh.nbytes

        def segments():
            *histories, kept = checkpointing.forward(module, params, x, *initial, **options)  # noqa: B023
            return histories, checkpointing.backward(kept, dh, *dlast)  # noqa: B023

        beside.append(peak(segments) - out)
        plain.append(peak(lambda: plainly(cell, params, x, initial, dh, dlast)) - out)  # noqa: B023
    assert plain[1] > 2.5 * plain[0]
    assert beside[1] < 2.6 * beside[0]
    assert beside[1] < plain[1] / 3


def test_a_streams_memory_does_not_depend_on_its_length(cell):
    params, x, initial, dh, dlast = problem(cell, 32, 8, 16, 16)

    def run(windows):
        for _ in stream(cell, params, [x] * windows, initial, [dh] * windows, dlast):
            pass

    assert peak(lambda: run(30)) < 1.1 * peak(lambda: run(3))
