"""Lists of arrays, as arguments and as results: each array is treated like one that stands alone."""

import numpy as np
import pytest

from rnncourse.checks import check
from rnncourse.checks.compare import DOUBLE, difference, kind_difference, pieces_of
from rnncourse.checks.exercise import Case, Exercise, single
from rnncourse.checks.observation import observe
from rnncourse.checks.plain_data import Unusable
from rnncourse.checks.rules import fresh, untouched, values

ARRAYS = [np.arange(6.0).reshape(2, 3), np.arange(4.0)]


def doubled(arrays, factor):
    return [array * factor for array in arrays], float(factor)


def exercise():
    return Exercise(
        "lists.doubled",
        ("doubled", "factor"),
        lambda rng: [Case("plain", {"arrays": ARRAYS, "factor": 2.0})],
        doubled,
        (values("values", 1.0),),
        "",
        ("?", "", ""),
        kind=("arrays", "float"),
    )


def seen(answer, layout="plain"):
    (observation,) = observe(exercise(), answer, [Case("plain", {"arrays": ARRAYS, "factor": 2.0}, layout)])
    return observation


@pytest.mark.parametrize("layout", ["plain", "strided", "read-only"])
def test_arguments_are_laid_out_afresh(layout):
    case = Case("plain", {"arrays": ARRAYS, "factor": 2.0}, layout)
    (laid, _), (again, _) = case.materialise(), case.materialise()
    assert laid is not ARRAYS
    for mine, second, array in zip(laid, again, ARRAYS, strict=True):
        assert np.array_equal(mine, array)
        assert not np.shares_memory(mine, array)
        assert not np.shares_memory(mine, second)
        assert mine.flags.c_contiguous == (layout != "strided" and (layout == "plain" or mine.ndim == 1))
        assert mine.flags.writeable == (layout != "read-only")


def test_float32_inside_a_list_makes_a_float32_call():
    args = single({"arrays": ARRAYS, "factor": 2.0})
    case = Case("float32", args)
    assert case.single
    assert [array.dtype for array in args["arrays"]] == [np.float32] * 2
    assert [array.dtype for array in case.exact()[0]] == [np.float64] * 2
    right, factor = exercise().expected(case)
    assert [array.dtype for array in right] == [np.float32] * 2
    assert factor.dtype == np.float32
    assert not Case("plain", {"arrays": ARRAYS, "factor": 2.0}).single


def write(arrays, factor):
    arrays[1][0] = 7
    return doubled(arrays, factor)


def replace(arrays, factor):
    arrays[0] = arrays[0] * 3
    return doubled(ARRAYS, factor)


def put_something_else(arrays, factor):
    arrays[0] = None
    return doubled(ARRAYS, factor)


def pop(arrays, factor):
    made = doubled(arrays, factor)
    arrays.pop()
    return made


@pytest.mark.parametrize("answer", [write, replace, put_something_else, pop])
def test_a_changed_list_is_seen(answer):
    observation = seen(answer)
    assert observation.failure is None
    assert observation.changed == ("arrays",)
    assert untouched().judge(exercise(), [observation], []) is not None
    assert seen(doubled).changed == ()


def returns_one_of_them(arrays, factor):
    return [arrays[0] * factor, arrays[1]], factor


def returns_a_view(arrays, factor):
    return [arrays[0].T[:, :1], arrays[1] * factor], factor


@pytest.mark.parametrize(
    "answer", [returns_one_of_them, returns_a_view, lambda arrays, factor: (arrays, 2.0)]
)
def test_shared_memory_is_seen(answer):
    observation = seen(answer)
    assert observation.shared == ("arrays",)
    assert fresh().judge(exercise(), [observation], [()]) is not None
    assert seen(doubled).shared == ()


def test_a_list_kept_between_calls_is_seen():
    kept = []

    def answer(arrays, factor):
        kept[:] = kept or [np.zeros((2, 3)), np.zeros(4)]
        for own, array in zip(kept, arrays, strict=True):
            own += array
        return list(kept), factor

    case = Case("plain", {"arrays": ARRAYS, "factor": 2.0})
    first, second = observe(exercise(), answer, [case, case])
    assert (first.kept, second.kept) == (False, True)


# -- results -----------------------------------------------------------------------------------------------


def test_lists_are_compared_array_by_array():
    right, _ = doubled(ARRAYS, 2.0)
    assert difference("g", right, right, DOUBLE) is None
    assert difference("g", tuple(right), right, DOUBLE) is None
    wrong = [right[0], right[1] + [0, 0, 1, 0]]
    found = difference("g", wrong, right, DOUBLE)
    assert found.text == "1 of 4 numbers in g[1] are off."
    assert "g[1][2]: expected 4, got 5" in found.numbers
    assert "shape (3, 2); (2, 3)" in difference("g", [right[0].T, right[1]], right, DOUBLE).text


@pytest.mark.parametrize(
    "got",
    [None, ARRAYS[0], 3.0, [], ARRAYS[:1], [*ARRAYS, ARRAYS[0]], Unusable("nothing")],
    ids=["None", "array", "float", "empty", "short", "long", "unusable"],
)
def test_what_is_no_such_list_is_said(got):
    right, _ = doubled(ARRAYS, 2.0)
    for found in (difference("g", got, right, DOUBLE), kind_difference("g", got, right, "arrays")):
        assert found.text.startswith("g is ")
        assert found.text.endswith("a list of 2 arrays is asked for.")


@pytest.mark.parametrize("entry", [None, 3.0, [0.0, 2.0, 4.0, 6.0], np.arange(4)])
def test_an_entry_of_another_kind_is_said(entry):
    right, _ = doubled(ARRAYS, 2.0)
    assert kind_difference("g", [right[0], entry], right, "arrays").text.startswith("g[1] ")
    assert kind_difference("g", right, right, "arrays") is None


def test_arrays_of_equal_shapes_are_still_a_list():
    right = [np.ones((2, 3)), np.zeros((2, 3))]
    assert difference("g", right, right, DOUBLE) is None
    assert difference("g", np.stack(right), right, DOUBLE).text.endswith("a list of 2 arrays is asked for.")


def test_pieces():
    assert [piece.shape for piece in pieces_of(ARRAYS)] == [(2, 3), (4,)]
    assert [piece.shape for piece in pieces_of([1.0, 2.0])] == [(2,)]
    assert pieces_of([ARRAYS[0], None])[1] is None
    assert pieces_of(None) == [None]


def test_a_verdict_on_lists_shows_call_and_place():
    def answer(gradients, max_norm):
        norm = float(np.sqrt(sum((g**2).sum() for g in gradients)))
        return [g * (max_norm / norm if norm > max_norm else 1.0) * (g.ndim < 3) for g in gradients], norm

    verdict = check("gradients.clip_by_global_norm", answer, 3)
    assert verdict.called.startswith("clip_by_global_norm(gradients [(")
    assert "float64, max_norm=" in verdict.called
    assert "The largest error is at clipped[2][" in " ".join(verdict.message.split())


def test_a_pattern_is_found_in_a_list():
    def answer(gradients, max_norm):
        norm = float(np.sqrt(sum((g**2).sum() for g in gradients)))
        return [-g * (max_norm / norm if norm > max_norm else 1.0) for g in gradients], norm

    assert check("gradients.clip_by_global_norm", answer, 3).findings == (
        "clipped has the right size and the wrong sign.",
    )


def test_a_number_of_numpys_does_not_hide_a_mistakes_name():
    def answer(gradients, max_norm):
        norm = np.sqrt(sum((g**2).sum() for g in gradients))  # a NumPy float, of float32 for float32 arrays
        return (tuple(g * (max_norm / norm) for g in gradients) if norm > max_norm else gradients), norm

    verdict = check("gradients.clip_by_global_norm", answer, 3)
    assert verdict.mistake == "gradients.clip_by_global_norm:same_arrays_below"
