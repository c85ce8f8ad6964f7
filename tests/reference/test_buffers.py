"""Memory that is used again: never while anybody can still see it."""

import gc
import threading

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from rnncourse.reference import buffers, gru, lstm, rnn

LARGE = (7, 300, 5)  # in float64 above SMALLEST


@pytest.fixture(autouse=True)
def nothing_kept():
    gc.collect()
    buffers.release()
    yield
    buffers.release()


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (3,), (5, 7), LARGE])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, bool])
def test_an_array_starts_on_a_cache_line(shape, dtype):
    array = buffers.empty(shape, dtype)
    assert array.shape == shape and array.dtype == dtype
    assert array.ctypes.data % buffers.LINE == 0 or array.size == 0
    assert array.flags.c_contiguous and array.flags.writeable
    array[...] = 1
    assert (array == 1).all()


def test_copies_are_in_c_order_and_zeros_are_zero():
    array = np.asfortranarray(np.random.default_rng(0).standard_normal(LARGE))
    copy = buffers.copied(array, np.float32)
    assert copy.flags.c_contiguous and copy.dtype == np.float32
    assert_array_equal(copy, array.astype(np.float32))
    buffers.empty(LARGE, np.float64).fill(7)  # leaves dirt behind
    assert not buffers.zeros(LARGE, np.float64).any()


def test_memory_that_nobody_sees_is_used_again():
    array = buffers.empty(LARGE, np.float64)
    address = array.ctypes.data
    del array
    assert buffers.empty(LARGE, np.float64).ctypes.data == address
    other = buffers.empty((7, 300, 6), np.float64)  # another size is another block
    assert other.ctypes.data != address


SIGHTS = {
    "itself": lambda a: a,
    "an element": lambda a: a[-1, -1, -1:],
    "a view of a view of a view": lambda a: a[1:].swapaxes(0, 2)[::2][1:],
    "reshaped": lambda a: a.reshape(-1, 5)[3],
    "another dtype": lambda a: a.view(np.uint8)[0],
    "an iterator's": lambda a: next(iter(a[1:])),
    "a memoryview": lambda a: memoryview(a)[1:],
    "a tensor": lambda a: torch.from_numpy(a)[2:],
    "broadcast": lambda a: np.broadcast_to(a[:1], LARGE),
    "a subclass": lambda a: a.view(np.ma.MaskedArray)[1:],
}


@pytest.mark.parametrize("see", SIGHTS.values(), ids=SIGHTS)
def test_memory_that_somebody_sees_is_not_used_again(see):
    array = buffers.empty(LARGE, np.float64)
    array.fill(1)
    sight = see(array)
    before = sight.tolist()
    del array
    gc.collect()
    others = [buffers.empty(LARGE, np.float64) for _ in range(3)]
    for other in others:
        other.fill(2)
    assert sight.tolist() == before


def test_no_more_than_a_bounded_amount_waits(monkeypatch):
    size = buffers.empty(LARGE, np.float64).nbytes
    monkeypatch.setattr(buffers, "KEPT", 3 * size)
    arrays = [buffers.empty(LARGE, np.float64) for _ in range(6)]
    arrays.clear()
    assert 0 < sum(map(len, buffers._free)) <= 3 * size
    buffers.release()
    assert not buffers._free


def test_threads_never_get_the_same_memory():
    wrong = []

    def work(number):
        for _ in range(300):
            mine = [buffers.empty(LARGE, np.float64) for _ in range(2)]
            for array in mine:
                array.fill(number)
            if not all((array == number).all() for array in mine):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("cell, last", [(rnn, 0), (lstm, 1), (gru, 0)], ids=["rnn", "lstm", "gru"])
def test_what_a_call_hands_out_outlives_the_calls_after_it(cell, last, masked):
    T, B, D, H = 40, 6, 9, 30
    rng = np.random.default_rng(1)
    params = cell.init(rng, D, H)
    mask = rng.random((T, B)) < 0.6 if masked else None
    dh, dlast = rng.standard_normal((T, B, H)), [rng.standard_normal((B, H))] * last

    def run(x):
        *histories, cache = cell.forward(params, x, mask=mask)
        dx, *dinitial, dparams = cell.backward(dh, *dlast, cache)
        return [*histories, dx, *dinitial, *dparams], cache

    x = rng.standard_normal((T, B, D))
    results, cache = run(x)
    copies = [result.copy() for result in results]
    for _ in range(3):
        run(rng.standard_normal((T, B, D)))
    for result, copy in zip(results, copies):
        assert_array_equal(result, copy)
        result.fill(99)  # it is the caller's
    # the first call's cache is as it was: what goes back from it now is what went back then
    dx, *dinitial, dparams = cell.backward(dh, *dlast, cache)
    for again, copy in zip([dx, *dinitial, *dparams], copies[1 + last :]):
        assert_array_equal(again, copy)
