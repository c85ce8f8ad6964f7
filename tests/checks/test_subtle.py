"""Answers that are wrong in one corner only: each is found in that corner, at every seed."""

import numpy as np
import pytest

from rnncourse import checks
from rnncourse.checks import check
from rnncourse.reference import feedforward, rnn

SEEDS = range(30, 36)
WINDOWS = feedforward.sliding_windows


def step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)


def forward(x, h0, *weights):
    return rnn.forward(rnn.Params(*weights), x, h0)[0]


def line(delay, loop=1.0):
    H = delay + 1
    return np.eye(H, 1), loop * np.eye(H, k=-1), np.zeros(H), np.eye(1, H, k=delay), np.zeros(1)


def tries_both(x_t, h_prev, W_xh, W_hh, b_h):
    """Multiply by W_xh where the shapes allow it, by its transpose elsewhere."""
    try:
        inner = x_t @ W_xh
        return np.tanh(inner + h_prev @ W_hh.T + b_h)
    except ValueError:
        return step(x_t, h_prev, W_xh, W_hh, b_h)


def windows_of_three(series, width):
    return WINDOWS(series, 3)


def windows_as_floats(series, width):
    return tuple(np.asarray(a, np.result_type(a, np.float32)) for a in WINDOWS(series, width))


def time_is_the_longer_axis(x, h0, *weights):
    if x.shape[0] == x.shape[1]:
        return forward(x.transpose(1, 0, 2), h0, *weights).transpose(1, 0, 2)
    return forward(x, h0, *weights)


def remembers_by_shape():
    seen = {}
    return lambda ids, vocab_size: seen.setdefault((ids.shape, vocab_size), np.eye(vocab_size)[ids])


def never_clears():
    buffers = {}

    def one_hot(ids, vocab_size):
        vectors = buffers.setdefault((ids.shape, vocab_size), np.zeros((*ids.shape, vocab_size)))
        np.put_along_axis(vectors, ids[..., None].astype(int), 1, axis=-1)
        return vectors.copy()

    return one_hot


def vocabulary_of_five_at_least(ids, vocab_size):
    return np.eye(max(int(ids.max()) + 1, 5))[ids]


def safe_in_the_wrong_way(ids, vocab_size, alpha):
    return feedforward.bigram_probabilities(ids, vocab_size, max(alpha, 1e-3))


SUBTLE = [
    ("rnn.rnn_step", tries_both, "B = 1, D = 1, H = 1, all sizes equal"),
    ("rnn.rnn_forward", time_is_the_longer_axis, "T = 1, B = 1, all sizes equal"),
    ("feedforward.sliding_windows", windows_of_three, "inputs"),
    ("feedforward.sliding_windows", windows_as_floats, "shape and dtype"),
    ("feedforward.one_hot", vocabulary_of_five_at_least, "other shapes and dtypes of ids"),
    ("feedforward.bigram_probabilities", safe_in_the_wrong_way, "short texts, other alphas, int32"),
    ("rnn.delay_line_weights", lambda delay: line(min(delay, 12)), "many steps late"),
    ("rnn.delay_line_weights", lambda delay: line(min(delay, 20)), "many steps late"),
    ("rnn.delay_line_weights", lambda delay: line(delay, 0.99), "many steps late"),
    ("rnn.delay_line_weights", lambda delay: line(delay, 1.01), "many steps late"),
    ("rnn.delay_line_weights", lambda delay: line(delay or 1), "delay = 0: at once"),
]


@pytest.mark.parametrize(("exercise", "answer", "name"), SUBTLE)
def test_wrong_in_one_corner(exercise, answer, name):
    for seed in SEEDS:
        verdict = check(exercise, answer, seed)
        assert not verdict.passed
        assert name in [entry.name for entry in verdict.details if not entry.passed]


@pytest.mark.parametrize("make", [remembers_by_shape, never_clears])
def test_what_is_kept_between_calls_is_seen_in_the_ordinary_ones(make):
    for seed in SEEDS:
        verdict = check("feedforward.one_hot", make(), seed)
        assert not verdict.details[0].passed


@pytest.mark.parametrize("delay", [0, 1, 30])
def test_a_register_of_any_length_is_right(delay):
    exercise = checks.find("rnn.delay_line_weights")
    assert delay in {
        case.args["delay"] for s in range(30) for case in exercise.draw(np.random.default_rng(s))
    }
    assert check("rnn.delay_line_weights", line, 1).score == 1.0


def test_wrong_numbers_are_never_called_right():
    """Rounding is near to every mistake whose numbers are right; none of them is it."""
    verdict = check("rnn.rnn_forward", lambda *args: np.round(forward(*args), 8), 1)
    assert (verdict.passed, verdict.mistake) == (False, None)
    assert "Your numbers are right" not in verdict.message
    assert "h is right to about" in verdict.message


def test_rounding_is_not_taken_for_an_error_in_one_row():
    def answer(*args):
        return step(*(np.asarray(arg, np.float32) for arg in args)).astype(args[0].dtype)

    for seed in SEEDS:
        (finding,) = check("rnn.rnn_step", answer, seed).findings
        assert "float32 keeps 7 digits" in finding


def test_a_count_that_is_off_by_one_is_not_rounded():
    def answer(*sizes):
        return feedforward.window_mlp_parameters(*sizes) - 1

    assert all("digits" not in check("feedforward.window_mlp_parameters", answer, s).message for s in SEEDS)


def test_a_wrong_answer_that_keeps_nothing_is_not_accused_of_it():
    def answer(series, width):
        inputs, targets = WINDOWS(series, width)
        return inputs, targets[::-1].copy()

    verdict = check("feedforward.sliding_windows", answer, 1)
    assert "kept between calls" not in verdict.message
    assert next(entry for entry in verdict.details if entry.name == "results are new").passed


def test_an_answer_that_gives_up_is_not_accused_of_keeping_something():
    def answer(logits, targets, mask):
        return checks.find("rnn.softmax_cross_entropy").reference(logits, targets, mask)

    verdict = check("rnn.softmax_cross_entropy", answer, 1)
    assert "kept between calls" not in verdict.message
    assert "Keep the names, the order and the number of the arguments" in " ".join(verdict.message.split())
    assert not next(entry for entry in verdict.details if entry.name == "results are new").passed
