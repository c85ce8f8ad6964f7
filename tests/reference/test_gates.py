"""The pieces that gated cells share."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from rnncourse.reference import gates


def test_the_sigmoid_is_the_sigmoid():
    a = np.linspace(-30, 30, 601)
    assert_allclose(gates.sigmoid(a), 1 / (1 + np.exp(-a)), rtol=0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_sigmoid_never_overflows(dtype):
    a = np.array([-6e4, 0, 6e4], dtype)
    assert_array_equal(gates.sigmoid(a), np.array([0, 0.5, 1], dtype), strict=True)


def test_apart_is_a_view_of_one_gate_after_the_other():
    stacked = np.arange(6 * 2.0).reshape(6, 2)
    separate = gates.apart(stacked, 3)
    assert_array_equal(separate[1], stacked[2:4])
    assert np.shares_memory(separate, stacked)
    assert gates.apart(stacked[:, 0], 2).shape == (2, 3)


def test_prepared_weights_give_every_gate_its_rows():
    rng = np.random.default_rng(0)
    weight, scale, x = rng.standard_normal((6, 5)), np.array([0.5, 1, 2]), rng.standard_normal((4, 5))
    prepared = gates.prepared(weight, scale)
    assert prepared.flags.c_contiguous
    for k, factor in enumerate(scale):
        assert_allclose((x @ prepared)[k], factor * x @ weight[2 * k : 2 * k + 2].T, rtol=1e-13)


@pytest.mark.parametrize("steps", [0, 1, 29, 30])
@pytest.mark.parametrize("length", [8, 10, 30, 100])
def test_chunks_cover_every_step_once_from_the_last_to_the_first(steps, length):
    pieces = list(gates.chunks(steps, gates.CHUNK_BYTES // length))
    assert [t for start, stop in pieces for t in reversed(range(start, stop))] == list(range(steps))[::-1]
    assert all(0 < stop - start <= length for start, stop in pieces)


def test_large_steps_still_come_in_chunks():
    assert list(gates.chunks(18, 10 * gates.CHUNK_BYTES)) == [(10, 18), (2, 10), (0, 2)]


def test_rows_put_time_and_batch_on_one_axis():
    array = np.arange(24.0).reshape(2, 3, 4)
    assert gates.rows(array).shape == (6, 4)
    assert_array_equal(gates.rows(array)[4], array[1, 1])


def test_stacked_rows_put_the_gates_side_by_side():
    separate = np.random.default_rng(1).standard_normal((2, 3, 4, 5))  # G, T, B, H
    stacked = gates.stacked_rows(separate)
    assert stacked.shape == (12, 10)
    for t in range(3):
        for b in range(4):
            assert_array_equal(stacked[4 * t + b], np.concatenate([separate[0, t, b], separate[1, t, b]]))
