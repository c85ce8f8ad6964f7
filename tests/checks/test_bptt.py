"""The checks of "Backpropagation through time": oracles for what stands there alone; testing a test."""

import inspect
import time

import numpy as np
import pytest
import torch

from rnncourse import checks
from rnncourse.checks import bptt_broken, check, mistakes
from rnncourse.checks.bptt_inputs import backward, draw_sequence
from rnncourse.checks.exercise import Case
from rnncourse.checks.given import Given, always, handed

CATCH = checks.find("bptt.catch_the_bug")
SAMPLES = bptt_broken.samples()
BROKEN = [sample for sample in SAMPLES if sample.family not in ("plain", "right")]


def named(verdict):
    return {entry.name: entry.passed for entry in verdict.details}


def close(got, right):
    assert len(got) == len(right)
    for mine, other in zip(got, right, strict=True):
        scale = np.abs(other).max()
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-10 * max(scale, 1))


# ---------------------------------------------------------------- oracles
def leaky_by_torch(dh, x, h0, h, W_xh, W_hh, b_h, leak, mask):
    """Let Torch go back through the leaky network, step by step as the text defines it."""
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, h0, W_xh, W_hh, b_h, leak)]
    inputs, state, W, U, b, rate = tensors
    states = []
    for t in range(len(x)):
        candidate = torch.tanh(inputs[t] @ W.T + state @ U.T + b)
        moved = (1 - rate) * state + rate * candidate
        state = torch.where(torch.tensor(np.asarray(mask[t]) != 0)[:, None], moved, state)
        states.append(state)
    np.testing.assert_allclose(torch.stack(states).detach().numpy(), h, atol=1e-12)
    (torch.stack(states) * torch.tensor(dh)).sum().backward()
    return [tensor.grad.numpy() for tensor in tensors]


@pytest.mark.parametrize("seed", range(4))
def test_the_twists_reference_is_what_torch_says(seed):
    exercise = checks.find("bptt.leaky_rnn_backward")
    for case in exercise.draw(np.random.default_rng(seed)):
        if not case.single:
            close(exercise.expected(case), leaky_by_torch(**case.args))


def by_torch(dh, x, h0, b_h, W_xh, W_hh, window):
    """Let Torch go back, with the state detached where a window begins."""
    inputs, first, b, W, U = (torch.tensor(a, requires_grad=True) for a in (x, h0, b_h, W_xh, W_hh))
    state, total = first, 0.0
    for t in range(len(x)):
        state = state.detach() if window and t and t % window == 0 else state
        state = torch.tanh(inputs[t] @ W.T + state @ U.T + b)
        total = total + (state * torch.tensor(dh[t])).sum()
    total.backward()
    return [tensor.grad.numpy() for tensor in (inputs, first, W, U, b)]


@pytest.mark.parametrize("window", [None, 1, 3, 9])
def test_backward_and_its_windows_are_what_torch_says(window):
    rng = np.random.default_rng(3)
    args = draw_sequence(rng, 7, 3, 2, 4)
    x, h0, h, W_xh, W_hh = (args[name] for name in ("x", "h0", "h", "W_xh", "W_hh"))
    b_h = np.arctanh(h[0, 0]) - x[0, 0] @ W_xh.T - h0[0] @ W_hh.T  # what was drawn and is not passed on
    close(backward(**args, window=window), by_torch(args["dh"], x, h0, b_h, W_xh, W_hh, window))


# ---------------------------------------------------------------- the functions that a test is shown
def judge(function, T=6, B=3, D=2, H=4, change=lambda args: None):
    """Judge by Torch's standard whether a function gives itself away on these data."""
    args = draw_sequence(np.random.default_rng(T + 10 * B), T, B, D, H)
    change(args)
    right = backward(**args)
    for _ in range(2):
        given = [array.copy() for array in args.values()]
        results = function(*given)
        if [np.shape(r) for r in results] != [r.shape for r in right]:
            return False
        if any(np.abs(a - b).max() > 1e-6 * np.abs(b).max() for a, b in zip(results, right, strict=True)):
            return False
        if not all(map(np.array_equal, given, args.values())):
            return False
    return True


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.family}: {sample.what[:40]}")
def test_right_ones_are_right_and_broken_ones_broken(sample):
    assert judge(sample.make()) == (sample.family in ("plain", "right"))
    assert judge(sample.make(), T=7, B=2, D=5, H=3) == (sample.family in ("plain", "right"))


def test_there_are_enough_of_both():
    families = [sample.family for sample in SAMPLES]
    assert families.count("right") >= 5
    assert len(BROKEN) >= 30
    assert len({sample.what for sample in BROKEN}) == len(BROKEN)
    known = [name for members in bptt_broken._CATALOGUE.values() for name in members]
    assert len(known) >= 15


def zero_state(args):
    args["h0"][...] = 0


def only_the_last(args):
    args["dh"][:-1] = 0


def not_at_first(args):
    args["dh"][0] = 0


def symmetric(args):
    args["W_hh"] += args["W_hh"].T


def small(args):
    args["dh"] *= 1e-3


@pytest.mark.parametrize(
    ("words", "hidden_on"),
    [
        ("(a zero h0 hides it)", {"change": zero_state}),
        ("(zeros before it hide that)", {"change": only_the_last}),
        ("(a zero dh[0] hides it)", {"change": not_at_first}),
        ("(a symmetric W_hh hides it)", {"change": symmetric}),
        ("(small ones hide it)", {"change": small}),
        ("two steps and no further (T = 2 hides it)", {"T": 2}),
        ("(T = 3 hides it)", {"T": 3}),
        ("is carried from step to step (T = 1 hides it)", {"T": 1, "change": lambda args: None}),
        ("divided by B", {"B": 1}),
        ("of the first sequence alone", {"B": 1}),
    ],
)
def test_some_bugs_hide(words, hidden_on):
    """Each of them passes for right on data that many tests would be content with."""
    (sample,) = [sample for sample in BROKEN if words in sample.what]
    assert judge(sample.make(), **hidden_on)


def test_nothing_tells_them_apart_from_outside():
    made = [handed(case.args.values())[0] for case in CATCH.draw(np.random.default_rng(1))]
    assert len(made) == len(SAMPLES)
    assert {function.__name__ for function in made} == {"rnn_backward"}
    assert len({(function.__qualname__, function.__module__, function.__doc__) for function in made}) == 1
    assert len({inspect.getsource(function) for function in made}) == 1
    for function in made:
        assert list(inspect.signature(function).parameters) == ["dh", "x", "h0", "h", "W_xh", "W_hh"]


@pytest.mark.parametrize("T", [1, 2, 9])
def test_right_ones_take_whatever_data_a_test_makes(T):
    """Read-only, not contiguous, one step, one sequence: a learner's test may make any of them."""
    for sample in SAMPLES:
        if sample.family in ("plain", "right"):
            function = bptt_broken._wrapped(sample.make)
            args = draw_sequence(np.random.default_rng(T), T, 1, 3, 2)
            right = backward(**args)
            for layout in ("strided", "read-only"):
                results = function(*Case("plain", args, layout).materialise())
                assert type(results) is tuple
                close(results, right)


def test_they_come_in_another_order_each_time():
    orders = [[case.note for case in CATCH.draw(np.random.default_rng(seed))] for seed in (1, 2)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


# ---------------------------------------------------------------- a test that is tested
def good(rnn_backward):
    return judge(rnn_backward)


@pytest.mark.parametrize(
    "answer", [True, False, np.True_, np.False_, 1, 0, 1.0, None, "True", [True], 2, np.nan]
)
def test_an_answer_that_is_always_the_same_earns_nothing(answer):
    assert check("bptt.catch_the_bug", lambda rnn_backward: answer, 1).score == 0


@pytest.mark.parametrize("seed", range(3))
def test_tossing_a_coin_earns_next_to_nothing(seed):
    rng = np.random.default_rng(seed)
    assert check("bptt.catch_the_bug", lambda rnn_backward: bool(rng.integers(2)), 1).score <= 0.3


def test_any_way_to_say_yes_and_no_will_do():
    assert check("bptt.catch_the_bug", lambda f: np.bool_(good(f)), 1).score == 1
    verdict = check("bptt.catch_the_bug", lambda f: int(good(f)), 1)
    assert [name for name, passed in named(verdict).items() if not passed] == ["True or False"]


def test_the_verdict_says_in_words_what_slipped_through():
    verdict = check("bptt.catch_the_bug", lambda f: judge(f, change=zero_state), 1)
    assert [name for name, ok in named(verdict).items() if not ok] == ["broken at the initial state"]
    message = " ".join(verdict.message.split())
    assert (
        "It let a broken function pass. What is broken: dW_hh leaves h0 out (a zero h0 hides it)." in message
    )
    assert "Called: catch_the_bug(rnn_backward=a broken function)" in message
    assert "dW_hh leaves h0 out" in " ".join(verdict.guarded_message.split())


def test_several_that_slipped_through_are_counted():
    def numbers_only(rnn_backward):
        args = draw_sequence(np.random.default_rng(1), 6, 3, 2, 4)
        right = backward(**args)
        results = rnn_backward(*[array.copy() for array in args.values()])
        pairs = zip(results, right, strict=False)
        return len(results) == 5 and all(a.shape == b.shape and np.allclose(a, b) for a, b in pairs)

    verdict = check("bptt.catch_the_bug", numbers_only, 1)
    message = " ".join(verdict.message.split())
    assert "It let 3 of 3 broken functions pass. What is broken: " in message
    assert all(words in message for words in ("it writes into dh", "it writes into h", "earlier call"))


def test_a_test_that_is_too_strict_is_told_so():
    def to_the_last_bit(rnn_backward):
        args = draw_sequence(np.random.default_rng(1), 6, 3, 2, 4)
        return good(rnn_backward) and all(map(np.array_equal, rnn_backward(**args), backward(**args)))

    verdict = check("bptt.catch_the_bug", to_the_last_bit, 1)
    assert [name for name, passed in named(verdict).items() if not passed] == [
        "right functions, written in six ways"
    ]
    assert "how strict is your comparison? And is what you compare with right itself?" in " ".join(
        verdict.message.split()
    )


def test_asserting_is_no_answer():
    def asserting(rnn_backward):
        assert good(rnn_backward)
        return True

    verdict = check("bptt.catch_the_bug", asserting, 1)
    assert "`return False` instead of `assert`" in " ".join(verdict.message.split())
    assert verdict.mistake == "bptt.catch_the_bug:assert_for_an_answer"
    assert verdict.score == 0


def test_an_error_is_shown_at_the_learners_line_with_what_was_given():
    def breaks_off(rnn_backward):
        args = draw_sequence(np.random.default_rng(1), 6, 3, 2, 4)
        results = rnn_backward(**args)
        return all(np.allclose(results[i], backward(**args)[i]) for i in range(5))  # here

    message = " ".join(check("bptt.catch_the_bug", breaks_off, 1).message.split())
    assert "# here" in message
    assert "The function that it was given: " in message


def test_data_that_do_not_fit_are_the_learners_own_line():
    def wrong_shapes(rnn_backward):
        return rnn_backward(*[np.ones((2, 2))] * 6) is None  # mine

    message = check("bptt.catch_the_bug", wrong_shapes, 1).message
    assert "# mine" in message


def test_a_test_that_never_ends_is_stopped():
    def endless(rnn_backward):
        while True:
            pass

    before = time.monotonic()
    verdict = check("bptt.catch_the_bug", endless, 1)
    assert verdict.score == 0
    assert "Is there a loop that never ends?" in verdict.message
    assert time.monotonic() - before < 10


def test_one_run_takes_less_than_a_second():
    before = time.process_time()
    check("bptt.catch_the_bug", good, 1)
    assert time.process_time() - before < 1


def test_what_a_broken_function_keeps_does_not_reach_the_next_check():
    for _ in range(2):
        assert check("bptt.catch_the_bug", good, 1).score == 1


# ---------------------------------------------------------------- functions as arguments
def test_a_given_function_is_new_in_every_call():
    calls = []

    def make():
        calls.append(0)
        place = len(calls) - 1

        def f(a):
            calls[place] += 1
            return calls[place]

        return f

    case = Case("plain", {"f": Given("a counter", make), "x": np.ones(2)})
    first, x = handed(case.materialise())
    second, _ = handed(case.exact())
    assert (first(x), first(x), second(x)) == (1, 2, 1)
    assert repr(case.args["f"]) == "a counter"
    assert Given("a", len) == Given("a", max) != Given("b", len)
    assert always(len)() is len


def test_a_mistake_that_keeps_something_is_made_anew():
    known = {mistake.id.split(":")[1]: mistake for mistake in mistakes.of("bptt.rnn_backward")}
    assert known["kept_from_an_earlier_call"].function is not known["kept_from_an_earlier_call"].function
    assert known["slope_missing"].function is known["slope_missing"].function


def test_the_call_with_a_function_is_shown():
    verdict = check("bptt.numerical_gradient", lambda f, x, eps=1e-6: x * 1, 1)
    assert verdict.called.startswith("numerical_gradient(f=a function of one array of shape (")


def test_f_takes_arrays_of_the_shape_of_x_alone():
    def flat(f, x, eps=1e-6):
        rows = np.eye(x.size) * eps
        return np.array([f(x.ravel() + r) - f(x.ravel() - r) for r in rows]) / (2 * eps)

    message = " ".join(check("bptt.numerical_gradient", flat, 1).message.split())
    assert "f takes an array of the shape of x" in message


# ---------------------------------------------------------------- a student's way
def test_a_students_way_through_one_exercise():
    """A wrong transpose: the message names it, shows what to read, and the mended answer has all marks."""

    def first_try(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
        da = dh_t * (1 - h_t**2)
        return da @ W_xh, da @ W_hh.T, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)

    def second_try(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
        da = dh_t * (1 - h_t**2)
        return da @ W_xh, da @ W_hh, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)

    verdict = check("bptt.rnn_step_backward", first_try, 3)
    assert verdict.mistake == "bptt.rnn_step_backward:W_hh_transposed"
    message = " ".join(verdict.message.split())
    assert "dh_prev is multiplied by W_hh.T" in message
    assert 'hint("bptt.rnn_step_backward")' in message
    passed = named(verdict)
    assert all(passed[name] for name in ("dx_t", "dW_xh", "dW_hh", "db_h"))
    assert not passed["dh_prev"]
    assert 0.5 < verdict.score < 0.9
    assert check("bptt.rnn_step_backward", second_try, 3).marks(6) == 6.0
