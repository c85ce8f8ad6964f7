"""Comparing: how close is close enough, and what is said of a difference."""

import numpy as np
import pytest

from rnncourse.checks import check
from rnncourse.checks.compare import DOUBLE, EQUAL, SINGLE, Tolerance, difference, in_words, kind_difference
from rnncourse.checks.patterns import facts
from rnncourse.reference import losses
from rnncourse.reference import rnn as reference

RIGHT = np.random.default_rng(0).normal(size=(4, 3, 5))


def test_tolerance_is_relative_to_the_largest_number():
    scale = np.abs(RIGHT).max()
    nudged = RIGHT.copy()
    nudged[1, 2, 3] += 0.9e-9 * scale
    assert difference("h", nudged, RIGHT, DOUBLE) is None
    nudged[1, 2, 3] += 0.2e-9 * scale
    assert difference("h", nudged, RIGHT, DOUBLE) is not None
    assert difference("h", nudged, RIGHT, SINGLE) is None


def test_largest_error_is_found():
    wrong = RIGHT.copy()
    wrong[1, 0, 4] += 0.5
    wrong[3, 2, 1] -= 2
    found = difference("h", wrong, RIGHT, DOUBLE)
    assert found.text == "2 of 60 numbers in h are off."
    assert "h[3, 2, 1]: expected" in found.numbers
    assert "(off by 2)" in found.numbers


def test_numbers_are_printed_until_they_differ():
    found = difference("loss", np.float64(1.00000001), np.array(1.0), DOUBLE)
    assert found.numbers == "loss: expected 1, got 1.00000001 (off by 1e-08)."


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "h is None"),
        (RIGHT[:3], "h has the shape (3, 3, 5); (4, 3, 5) is asked for"),
        (RIGHT.reshape(-1), "h has the shape (60,)"),
        (RIGHT + 1j, "h holds complex numbers"),
        (
            np.where(RIGHT[2, 1, 0] == RIGHT, np.nan, RIGHT),
            "h[2, 1, 0] is nan (1 of 60 numbers are not finite)",
        ),
        (RIGHT * np.inf, "60 of 60"),
        ([], "h is a list of length 0"),
        (3, "h has the shape ()"),
    ],
)
def test_what_is_said(got, words):
    assert words in difference("h", got, RIGHT, DOUBLE).text


def test_lists_are_read_as_arrays_and_said_to_be_lists():
    rows = [list(row) for row in RIGHT]
    assert difference("h", rows, RIGHT, DOUBLE) is None
    assert "a list of length 4; an array is asked for" in kind_difference("h", rows, RIGHT, "array").text


def test_integers_are_compared_exactly():
    assert difference("count", 10**14 + 1, np.array(10**14), EQUAL) is not None
    assert difference("count", 10**14, np.array(10**14), EQUAL) is None


@pytest.mark.parametrize(
    ("got", "kind", "fine"),
    [
        (3, "int", True),
        (np.array(3), "int", True),
        (3.0, "int", False),
        (True, "int", False),
        (1.5, "float", True),
        (np.array(1.5), "float", True),
        (np.array([1.5]), "float", False),
        (1, "float", False),
        (True, "bool", True),
        (np.array(False), "bool", True),
        (np.array([True]), "bool", False),
        (1, "bool", False),
        (None, "bool", False),
        (RIGHT, "array", True),
        (RIGHT.astype(">f8"), "array", True),
        (RIGHT.astype(np.float32), "array", False),
        (np.asfortranarray(RIGHT), "array", True),
    ],
)
def test_kinds(got, kind, fine):
    assert (kind_difference("h", got, RIGHT, kind) is None) == fine


def test_absolute_tolerance():
    loose = Tolerance(0.0, 1e-3)
    assert difference("y", RIGHT + 0.9e-3, RIGHT, loose) is None
    assert difference("y", RIGHT + 1.1e-3, RIGHT, loose) is not None


def test_in_words_cuts_long_numbers():
    assert len(in_words(10**300)) < 80


# ---------------------------------------------------------------- patterns
ARGS = {"x": np.zeros((4, 3, 5))}


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        (-RIGHT, "sign"),
        (3.7 * RIGHT, "factor"),
        (3 * RIGHT, "times the length of axis 1 of x"),
        (RIGHT / 12, "over the product of the first two axes of x"),
        (RIGHT + 0.3, "offset"),
        (0 * RIGHT, "zero"),
        (RIGHT[::-1], "reversed"),
        (np.concatenate([np.ones((1, 3, 5)), RIGHT[:-1]]), "late"),
        (np.concatenate([RIGHT[1:], np.ones((1, 3, 5))]), "early"),
        (RIGHT.transpose(1, 0, 2), "axes (1, 0, 2)"),
        (RIGHT[..., [2, 0, 1, 4, 3]], "columns"),
        (np.concatenate([RIGHT[:1], RIGHT[1:] + RIGHT[1:] ** 2]), "first"),
        (np.concatenate([RIGHT[:1] ** 2, RIGHT[1:]]), "not first"),
        (np.concatenate([RIGHT[:-1], RIGHT[-1:] ** 2]), "not last"),
    ],
)
def test_pattern_is_seen(got, kind):
    assert kind in facts("h", got, RIGHT, ARGS)


@pytest.mark.parametrize("got", [RIGHT**2, np.abs(RIGHT), RIGHT * np.nan, RIGHT[:2], np.ones(3)])
def test_no_pattern_where_there_is_none(got):
    with np.errstate(all="ignore"):
        assert facts("h", got, RIGHT, ARGS) == {}


def test_one_number_is_no_multiple_by_chance():
    assert facts("loss", np.array(2.6), np.array(1.3), {}) == {}
    assert list(facts("loss", np.array(3.9), np.array(1.3), ARGS)) == ["times the length of axis 1 of x"]


def test_pattern_must_show_in_every_call():
    """A sign that is wrong in one of three calls is no pattern."""
    count = []

    def answer(x_t, h_prev, *weights):
        count.append(1)
        h = reference.step(reference.Params(*weights), x_t, h_prev)
        return -h if len(count) == 1 else h**2

    assert check("rnn.rnn_step", answer, 1).findings == ()


def test_pattern_comes_into_the_message():
    def answer(x_t, h_prev, *weights):
        return -reference.step(reference.Params(*weights), x_t, h_prev)

    verdict = check("rnn.rnn_step", answer, 1)
    assert verdict.findings == ("h_t has the right size and the wrong sign.",)
    assert verdict.findings[0] in verdict.message


def test_factor_of_a_loss_is_told_by_what_it_is():
    def answer(logits, targets, mask=None):
        return losses.softmax_cross_entropy(logits, targets, mask) * logits.shape[-1]

    assert (
        "that is the length of axis 2 of logits" in check("rnn.softmax_cross_entropy", answer, 1).findings[0]
    )
