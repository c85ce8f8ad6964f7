"""What may not matter does not: padding, how a batch or a sequence is cut, memory, dtype."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.architectures.cells import B, Problem, T, assert_all_close, ragged


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
