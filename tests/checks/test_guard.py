"""Whatever a learner's code does becomes a sentence, and leaves no trace."""

import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest

from rnncourse.checks import check, guard
from rnncourse.reference import rnn as reference


def right(x_t, h_prev, *weights):
    return reference.step(reference.Params(*weights), x_t, h_prev)


def raising(error):
    def answer(*args):
        raise error

    return answer


class Unreadable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("odd"),
        SystemExit(3),
        KeyboardInterrupt(),
        MemoryError(),
        GeneratorExit(),
        StopIteration(),
        BaseException("bare"),
        Unreadable(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_exception_becomes_a_sentence(error, capfd):
    verdict = check("rnn.rnn_step", raising(error), 1)
    assert verdict.score == 0
    assert f"raised {type(error).__name__}" in verdict.message
    assert capfd.readouterr() == ("", "")


def test_a_loop_without_an_end_is_shown_where_it_stands():
    """It calls something all the time; that is not what never ends."""

    def inner(x):
        return np.tanh(sum(range(1000)) + x)

    def answer(*args):
        while True:
            inner(args[0])

    failure = guard.run(answer, [np.ones(2)], seconds=0.1).failure
    assert failure.kind == "TimeUp"
    assert failure.source in ("inner(args[0])", "while True:")


def test_exception_is_shown_at_the_learners_line():
    def answer(x_t, h_prev, W_xh, W_hh, b_h):
        rows = [x_t, h_prev]
        return np.stack(rows)  # fails inside NumPy

    line = answer.__code__.co_firstlineno + 2
    message = check("rnn.rnn_step", answer, 1).message
    assert f"line {line} of test_guard.py: return np.stack(rows)  # fails inside NumPy" in message
    assert "ValueError: all input arrays must have the same shape" in message


def test_exception_in_a_function_that_the_answer_calls():
    def inner():
        return {}["missing"]

    message = check("rnn.rnn_step", lambda *args: inner(), 1).message
    assert f"line {inner.__code__.co_firstlineno + 1} of test_guard.py" in message


def test_line_of_a_cell():
    source = "def answer(*args):\n    return 1 / 0\n"
    name = "/tmp/ipykernel_123/456.py"
    guard.linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    scope = {}
    exec(compile(source, name, "exec"), scope)
    assert "line 2 of your cell: return 1 / 0" in check("rnn.rnn_step", scope["answer"], 1).message


def test_notes_carry_a_line_from_another_process():
    error = ValueError("odd")
    error.add_note("line 7 of your cell: h = x @ W")
    assert "line 7 of your cell: h = x @ W" in check("rnn.rnn_step", raising(error), 1).message


def test_recursion_without_end():
    def answer(*args):
        return answer(*args)

    assert "RecursionError" in check("rnn.rnn_step", answer, 1).message


def test_an_unwritten_function_is_said_to_be_unwritten():
    assert "not written yet" in check("rnn.rnn_step", raising(NotImplementedError()), 1).message


def endless(*args):
    while True:
        pass


def endless_and_stubborn(*args):
    while True:
        try:  # noqa: SIM105
            time.sleep(0.001)
        except:  # noqa: E722
            pass


@pytest.mark.parametrize("answer", [endless, endless_and_stubborn])
def test_endless_loop_is_cut_off(answer, monkeypatch):
    monkeypatch.setattr("rnncourse.checks.observation.SECONDS", 0.1)
    began = time.monotonic()
    verdict = check("rnn.rnn_step", answer, 1)
    assert time.monotonic() - began < 3  # the first call alone: after that it is not called again
    assert verdict.score == 0
    assert "Is there a loop that never ends?" in verdict.message
    assert "test_guard.py: " in verdict.message


def test_slow_calls_end_together(monkeypatch):
    monkeypatch.setattr("rnncourse.checks.observation.SECONDS_IN_ALL", 0.05)
    calls = []

    def answer(*args):
        calls.append(1)
        time.sleep(0.04)
        return right(*args)

    assert not check("rnn.rnn_step", answer, 1).passed
    assert 1 <= len(calls) <= 2  # and not one for each case; on a busy machine one is too long already


def test_alarm_of_somebody_else_goes_on(monkeypatch):
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *args: rung.append(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        check("rnn.rnn_step", right, 1)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
        time.sleep(0.3)
        assert rung == [1]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_outside_the_main_thread():
    verdicts = []
    thread = threading.Thread(target=lambda: verdicts.append(check("rnn.rnn_step", right, 1)))
    thread.start()
    thread.join()
    assert verdicts[0].passed


def test_output_and_warnings_are_caught_and_shown(capfd):
    def answer(x_t, h_prev, *weights):
        print("shape", x_t.shape)
        print("to stderr", file=sys.stderr)
        warnings.warn("mind the gap", stacklevel=1)
        return np.log(np.zeros(3))

    message = check("rnn.rnn_step", answer, 1).message
    assert capfd.readouterr() == ("", "")
    for text in ("shape (", "to stderr", "mind the gap", "divide by zero encountered in log"):
        assert text in message


def test_a_flood_of_output_is_cut(capfd):
    def answer(*args):
        print("x" * 10_000_000)
        return right(*args)

    verdict = check("rnn.rnn_step", answer, 1)
    assert verdict.passed
    assert len(verdict.message) < 2000


def test_settings_of_everybody_stay_as_they_are():
    def answer(*args):
        np.random.seed(0)  # noqa: NPY002
        np.random.rand(3)  # noqa: NPY002
        random.seed(0)
        np.seterr(all="raise")
        sys.setrecursionlimit(3000)
        return right(*args)

    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    before = np.random.get_state()[1].tolist(), random.getstate(), np.geterr(), sys.getrecursionlimit()  # noqa: NPY002
    for seed in (None, 3):
        assert check("rnn.rnn_step", answer, seed).passed
    assert (
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        random.getstate(),
        np.geterr(),
        sys.getrecursionlimit(),
    ) == before


def test_nothing_warns_where_numpy_is_strict():
    with np.errstate(all="raise"):
        for answer in (right, lambda *args: right(*args) * np.inf, lambda *args: 0 * right(*args)):
            check("rnn.rnn_step", answer, 1)
        check("rnn.softmax_cross_entropy", lambda logits, targets, mask=None: float(np.exp(logits).sum()), 1)


def test_state_kept_between_calls_is_seen():
    memory = []

    def answer(*args):
        memory.append(0.1)
        return right(*args) + (sum(memory) - 0.1)

    assert not check("rnn.rnn_step", answer, 1).passed


def test_second_time_alone_is_seen():
    seen = set()

    def answer(x_t, *rest):
        key = x_t.tobytes()
        first = key not in seen
        seen.add(key)
        return right(x_t, *rest) + (0 if first else 0.5)

    missed = [entry.name for entry in check("rnn.rnn_step", answer, 1).details if not entry.passed]
    assert missed == ["results are new"]


def test_one_buffer_for_all_calls_is_seen():
    buffers = {}

    def answer(*args):
        result = right(*args)
        buffer = buffers.setdefault((result.shape, result.dtype), np.empty_like(result))
        buffer[...] = result
        return buffer

    verdict = check("rnn.rnn_step", answer, 1)
    assert [entry.name for entry in verdict.details if not entry.passed] == ["results are new"]
    assert "A later call changed" in verdict.message


def test_argument_changed_and_put_to_use():
    def answer(x_t, h_prev, *weights):
        weights[2][...] += 1
        return right(x_t, h_prev, weights[0], weights[1], weights[2] - 1)

    missed = {entry.name for entry in check("rnn.rnn_step", answer, 1).details if not entry.passed}
    assert missed == {"inputs untouched", "any layout in memory"}


def test_import_loads_nothing_heavy_and_says_nothing():
    code = """
        import sys
        from rnncourse.checks import check, exercises, stems
        for stem in stems():
            for name in exercises(stem):
                check(name, lambda *args: None)
        heavy = {"torch", "matplotlib", "nbgrader", "IPython", "nbformat"} & set(sys.modules)
        assert not heavy, heavy
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
