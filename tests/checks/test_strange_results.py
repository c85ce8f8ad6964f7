"""Results that are no plain numbers give a clean sentence, and none can talk a comparison round."""

import numpy as np
import pytest
import torch

from rnncourse import checks
from rnncourse.checks.plain_data import Unusable, plain
from rnncourse.reference import rnn as reference

EXERCISES = [name for stem in checks.stems() for name in checks.exercises(stem)]


class Agreeable:
    """Equal to everything, and an array if asked."""

    shape, dtype, ndim, size = (2, 3), np.dtype(float), 2, 6

    def __eq__(self, other):
        return True

    __hash__ = None

    def __array__(self, dtype=None, copy=None):
        raise SystemExit("asked for an array")

    def __array_ufunc__(self, *args, **kwargs):
        return np.True_

    def __float__(self):
        return 0.0

    def __getattr__(self, name):
        raise KeyboardInterrupt(name)

    def __repr__(self):
        raise RuntimeError("no repr")


class Yes(np.ndarray):
    """An array whose every operation says what one wants to hear."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape)

    def __array_function__(self, func, types, args, kwargs):
        return True

    def __eq__(self, other):
        return True

    __hash__ = None


class Disguised:
    @property
    def __class__(self):
        raise ValueError("I have no class")


class Endless(list):
    def __iter__(self):
        return iter(lambda: 0, 1)

    def __len__(self):
        return 10**12


class FakeFloat(float):
    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


def generator(*args):
    yield 1


async def coroutine(*args):
    return 1


def cyclic(*args):
    loop = []
    loop.append(loop)
    return loop


STRANGE = {
    "agreeable": lambda *args: Agreeable(),
    "disguised": lambda *args: Disguised(),
    "yes": lambda *args: np.zeros((2, 3)).view(Yes),
    "masked array": lambda *args: np.ma.masked_all((2, 3)),
    "matrix": lambda *args: np.zeros((2, 3)).view(np.matrix),
    "objects": lambda *args: np.array([object(), None]),
    "text array": lambda *args: np.array(["a", "b"]),
    "dates": lambda *args: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "records": lambda *args: np.zeros(3, dtype=[("a", float)]),
    "huge": lambda *args: np.broadcast_to(0.0, (10**6, 10**6)),
    "generator": generator,
    "coroutine": coroutine,
    "ragged": lambda *args: [[1, 2], [3]],
    "endless list": lambda *args: Endless(),
    "long list": lambda *args: [0] * 2_000_000,
    "cyclic": cyclic,
    "dict": lambda *args: {"h": 1},
    "function": lambda *args: np.tanh,
    "class": lambda *args: np.ndarray,
    "iterator": lambda *args: iter([1, 2]),
    "complex": lambda *args: 1j,
    "great int": lambda *args: 10**400,
    "fake float": lambda *args: FakeFloat(3),
    "infinite": lambda *args: np.inf,
    "nested": lambda *args: (([Agreeable()],),),
    "torch": lambda *args: torch.zeros(2, 3),
}


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("name", STRANGE)
def test_strange_result_gives_a_clean_sentence(exercise, name, capfd):
    verdict = checks.check(exercise, STRANGE[name], 1)
    assert (verdict.score, verdict.passed, verdict.mistake) == (0.0, False, None)
    assert len(verdict.message) < 6000
    assert verdict._repr_html_().startswith("<div")
    assert capfd.readouterr() == ("", "")


def test_subclass_with_the_right_numbers_is_asked_to_be_plain():
    def answer(x_t, h_prev, *weights):
        return reference.step(reference.Params(*weights), x_t, h_prev).view(Yes)

    verdict = checks.check("rnn.rnn_step", answer, 1)
    assert verdict.score == 0
    assert "a plain numpy.ndarray is asked for" in verdict.message.replace("\n           ", " ")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("generator", "`yield` where `return` is meant"),
        ("coroutine", "`yield` where `return` is meant"),
        ("objects", "dtype object"),
        ("masked array", "MaskedArray"),
        ("torch", "torch.Tensor; this exercise is NumPy's"),
        ("function", "was it meant to be called"),
        ("huge", "far larger than it should be"),
        ("ragged", "a list of length 2"),
    ],
)
def test_sentence_says_what_it_is(name, words):
    message = " ".join(checks.check("rnn.output_layer", STRANGE[name], 1).message.split())
    assert words in message


@pytest.mark.parametrize("value", [1, 2.5, True, None, 1j])
def test_numbers_stay_themselves(value):
    assert plain(value) is value


def test_arrays_are_copied():
    array = np.arange(6.0).reshape(2, 3)
    copied = plain(array)
    assert copied is not array
    assert np.array_equal(copied, array)
    assert not np.shares_memory(copied, array)


def test_named_tuples_are_tuples():
    params = reference.Params(np.ones((2, 2)), np.ones((2, 2)), np.ones(2))
    assert type(plain(params)) is tuple


def test_lists_and_tuples_are_copied_deep():
    inner = np.zeros(2)
    copied = plain(([inner], 1.0))
    inner += 1
    assert np.array_equal(copied[0][0], [0, 0])
    assert isinstance(plain([object()])[0], Unusable)


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize(
    "item", [np.array(1.0), np.zeros((2, 2, 2)), None, [], [1], "W", np.zeros((3, 0)), 10**400]
)
def test_delay_line_with_one_strange_array(place, item):
    def answer(delay):
        weights = list(reference.delay_line(delay))
        weights[place] = item
        return weights

    verdict = checks.check("rnn.delay_line_weights", answer, 1)
    assert not verdict.passed
    assert verdict.message


def test_delay_line_in_other_shapes_works_and_loses_the_marks_for_shape():
    def answer(delay):
        W_xh, W_hh, b_h, W_hy, _ = reference.delay_line(delay)
        return W_xh[:, 0], W_hh, b_h, W_hy[0], 0.0

    verdict = checks.check("rnn.delay_line_weights", answer, 1)
    assert verdict.score == pytest.approx(0.9)
