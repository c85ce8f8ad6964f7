"""Answers without any thought in them earn nothing; parts of an answer earn their part."""

import numpy as np
import pytest

from rnncourse import checks
from rnncourse.reference import rnn as reference

EXERCISES = [name for stem in checks.stems() for name in checks.exercises(stem)]


def unsolved(*args):
    raise NotImplementedError


def full(value, fill):
    """Return something of the same kind and shape, filled with one number."""
    if isinstance(value, list):
        return [full(item, fill) for item in value]
    return np.full_like(value, fill) if isinstance(value, np.ndarray) else type(value)(np.nan_to_num(fill))


def shaped(exercise, fill):
    """Return a function that gives the right shape and dtype, filled with one number."""
    asked = checks.find(exercise)

    def answer(*args):
        value = asked.reference(*args)
        values = value if isinstance(value, tuple) else (value,)
        filled = tuple(full(v, fill) for v in values)
        return filled if isinstance(value, tuple) else filled[0]

    return answer


TRIVIAL = {
    "empty list": lambda *args: [],
    "empty array": lambda *args: np.array([]),
    "None": lambda *args: None,
    "Ellipsis": lambda *args: ...,
    "zero": lambda *args: 0.0,
    "one": lambda *args: 1,
    "NaN": lambda *args: float("nan"),
    "True": lambda *args: True,
    "text": lambda *args: "h",
    "empty tuple": lambda *args: (),
    "first argument": lambda *args: args[0],
    "last argument": lambda *args: args[-1],
    "second argument": lambda *args: args[min(1, len(args) - 1)],
    "a copy of the first": lambda *args: np.array(args[0]),
    "all arguments": lambda *args: args,
    "wrong shape": lambda *args: np.ones((2, 3, 4, 5, 6)),
    "five zeros": lambda *args: (
        np.zeros((1, 1)),
        np.zeros((1, 1)),
        np.zeros(1),
        np.zeros((1, 1)),
        np.zeros(1),
    ),
    "unsolved": unsolved,
    "wrong signature": lambda: 1,
}


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("name", TRIVIAL)
def test_trivial_answer_scores_nothing(exercise, name):
    for seed in (1, 2):
        verdict = checks.check(exercise, TRIVIAL[name], seed)
        assert (verdict.score, verdict.passed) == (0.0, False)
        assert type(verdict.score) is float


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("fill", [0.0, 1.0, np.nan])
def test_right_shape_without_values_scores_nothing(exercise, fill):
    for seed in (1, 2):
        verdict = checks.check(exercise, shaped(exercise, fill), seed)
        assert (verdict.score, verdict.passed) == (0.0, False)


@pytest.mark.parametrize("answer", [None, 3, "rnn_step", np.ones(3), ...])
def test_no_function_at_all(answer):
    verdict = checks.check("rnn.rnn_step", answer, 1)
    assert (verdict.score, verdict.passed) == (0.0, False)
    assert "rnn_step should be a function" in verdict.message


@pytest.mark.parametrize("exercise", EXERCISES)
def test_weights_of_the_properties_add_up(exercise):
    rules = checks.find(exercise).rules
    assert sum(rule.weight for rule in rules) == pytest.approx(1)
    assert all(rule.weight > 0 for rule in rules)
    assert len({rule.name for rule in rules}) == len(rules)


def test_a_part_earns_its_part():
    """Every step from h0: the first one is right, dtype and the rest are too; the loop is not."""

    def answer(x, h0, *weights):
        return np.stack([reference.step(reference.Params(*weights), x_t, h0) for x_t in x])

    verdict = checks.check("rnn.rnn_forward", answer, 1)
    passed = {entry.name: entry.passed for entry in verdict.details}
    assert passed["the first step, h[0]"]
    assert passed["inputs untouched"]
    assert not passed["every step"]
    assert verdict.score == pytest.approx(sum(entry.weight for entry in verdict.details if entry.passed))
    assert 0 < verdict.score < 0.5


def test_targets_count_without_inputs():
    def answer(series, width):
        return np.zeros((len(series) - width, width), series.dtype), series[width:].copy()

    passed = {
        entry.name: entry.passed for entry in checks.check("feedforward.sliding_windows", answer, 1).details
    }
    assert (passed["inputs"], passed["targets"]) == (False, True)


def test_stable_loss_counts_without_the_mask():
    def answer(logits, targets, mask=None):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        return -np.take_along_axis(log_p, targets[..., None], axis=-1).mean()

    verdict = checks.check("rnn.softmax_cross_entropy", answer, 1)
    passed = {entry.name: entry.passed for entry in verdict.details}
    assert passed["stable for logits of 1e3"]
    assert not passed["with a mask"]
    assert verdict.mistake == "rnn.softmax_cross_entropy:mask_ignored"


def test_a_list_of_rows_has_right_values_and_is_no_array():
    def answer(x, h0, *weights):
        return list(reference.forward(reference.Params(*weights), x, h0)[0])

    passed = {entry.name: entry.passed for entry in checks.check("rnn.rnn_forward", answer, 1).details}
    assert passed["every step"]
    assert [name for name, ok in passed.items() if not ok] == ["shape and dtype"]


def test_counts_must_hold_past_32_bits():
    def answer(input_size, hidden_size, output_size):
        right = checks.find("feedforward.rnn_parameters").reference(input_size, hidden_size, output_size)
        return int(np.int64(right).astype(np.int32))

    verdict = checks.check("feedforward.rnn_parameters", answer, 1)
    assert [entry.name for entry in verdict.details if not entry.passed] == [
        "very large and very small networks"
    ]


def test_a_count_that_is_a_float_has_the_right_value():
    def answer(*sizes):
        return float(checks.find("feedforward.rnn_parameters").reference(*sizes))

    verdict = checks.check("feedforward.rnn_parameters", answer, 1)
    assert [entry.name for entry in verdict.details if not entry.passed] == ["an int"]
