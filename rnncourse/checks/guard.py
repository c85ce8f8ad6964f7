"""Calling a learner's function so that whatever it does becomes a sentence.

Nothing gets out of :func:`run`: no exception, no endless loop, no output, no warning, no changed setting of
NumPy. The function may also be a stand-in that passes the call on to another process. Such a stand-in shows
a write into an argument, or a result that shares memory with one, by doing the same with the arrays that it
was given, and the line where the far code failed by a note on the exception (``error.add_note``).
"""

from __future__ import annotations

import contextlib
import io
import linecache
import random
import re
import signal
import sys
import sysconfig
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnncourse.checks.advice import advice

SECONDS = 2.0  # for one call; a right answer needs a thousandth of it
KEPT_CHARACTERS = 600  # of what the function prints, and of an exception's text
_OURS = str(Path(__file__).resolve().parents[1])
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class TimeUp(BaseException):
    """Raised inside a call that has run for too long; no ``except Exception`` holds it."""


@dataclass(frozen=True)
class Failure:
    """How a call ended that did not return: the exception's kind and text, and the learner's own line."""

    kind: str
    text: str
    where: str = ""
    source: str = ""
    final: bool = False  # True: it is of no use to call this function again

    def sentence(self) -> str:
        """Say what happened, in one or two lines."""
        place = (
            f"\n    {self.where}: {self.source}" if self.source else f" ({self.where})" if self.where else ""
        )
        if self.kind == "TimeUp":
            waited = f"It had not come back after {SECONDS:g} seconds and was stopped."
            return f"{waited} Is there a loop that never ends?{place}"
        if self.kind == "NotTried":
            return "Not tried: an earlier call did not come back in time, or ended the program."
        if self.kind == "NotImplementedError":
            return "It is not written yet: it raises NotImplementedError."
        help_ = advice(self.kind, self.text)
        return f"It raised {self.kind}{': ' + self.text if self.text else ''}{place}" + (
            f"\n{help_}" if help_ else ""
        )


@dataclass(frozen=True)
class Outcome:
    """What one call left behind; ``seen`` is what ``look`` made of the returned value."""

    seen: Any = None
    failure: Failure | None = None
    printed: str = ""
    warned: tuple[str, ...] = ()


class _Shelf(io.TextIOBase):
    """A text stream that keeps the beginning and forgets the rest."""

    def __init__(self) -> None:
        self.kept = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if len(self.kept) < KEPT_CHARACTERS:
            self.kept += text[: KEPT_CHARACTERS - len(self.kept)]
        return len(text)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise :class:`TimeUp` in the block after ``seconds``, where that can be (main thread, not Windows)."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    rings, over = 0, False

    def trip(frame: types.FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        if event == "line" and not over:
            raise TimeUp
        return trip

    def ring(signum: int, frame: types.FrameType | None) -> None:
        nonlocal rings
        if over:
            return
        rings += 1
        # A bare `except:` inside the loop swallows the first ring. From the second on, the learner's very
        # next line raises again, and that line stands in the `except:` itself.
        while rings > 1 and frame is not None:
            if not frame.f_code.co_filename.startswith(_OURS):
                frame.f_trace = trip
            frame = frame.f_back
        if rings > 1:
            sys.settrace(lambda *args: None)
        raise TimeUp

    began = time.monotonic()
    tracer = sys.gettrace()
    handler = signal.signal(signal.SIGALRM, ring)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.02)
    try:
        yield
    finally:
        over = True
        sys.settrace(tracer)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        if remaining:  # someone else's alarm was running: give it back what is left of it
            signal.setitimer(signal.ITIMER_REAL, max(remaining - (time.monotonic() - began), 1e-3), interval)


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    """Put back what a function may change for everybody: both random states, the depth of recursion."""
    numbers, choices, depth = np.random.get_state(legacy=False), random.getstate(), sys.getrecursionlimit()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(numbers)  # noqa: NPY002
        random.setstate(choices)
        sys.setrecursionlimit(depth)


def run(
    answer: Callable[..., Any],
    args: Sequence[Any],
    look: Callable[[Any], Any] = lambda value: value,
    seconds: float = SECONDS,
) -> Outcome:
    """Call ``answer(*args)`` and let ``look`` take out of its value what is needed; both are guarded.

    Parameters
    ----------
    answer : callable
        The learner's function.
    args : sequence
        Positional arguments.
    look : callable
        Turns the returned value into plain data. It runs under the same guard, since looking at a strange
        object (an iterator, an array with methods of its own) runs the learner's code too.
    seconds : float
        Time limit for the two together.
    """
    shelf = _Shelf()
    seen, failure = None, None
    with (
        contextlib.redirect_stdout(shelf),
        contextlib.redirect_stderr(shelf),
        warnings.catch_warnings(record=True) as caught,
        np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"),
    ):
        warnings.simplefilter("always")
        try:
            with _restored(), _time_limit(seconds):
                seen = look(answer(*args))
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: a verdict comes in every case
            failure = describe(error, answer)
    texts = dict.fromkeys(_text(warning.message) for warning in caught)
    return Outcome(seen, failure, shelf.kept, tuple(texts)[:3])


def describe(error: BaseException, answer: object = None) -> Failure:
    """Put an exception into words that point at the learner's own line."""
    where, source = _own_line(error.__traceback__, answer, outermost=isinstance(error, TimeUp))
    text = "\n    ".join([_text(error), *_notes(error)])
    return Failure(type(error).__name__, text, where, source, not isinstance(error, Exception))


def _text(error: object) -> str:
    try:
        text = str(error)
    except BaseException:  # a learner's own exception may fail even here
        return "(its text cannot be read)"
    return text if len(text) <= KEPT_CHARACTERS else text[:KEPT_CHARACTERS] + " ..."


def _notes(error: BaseException) -> list[str]:
    notes = vars(error).get("__notes__", ())
    return [note[:KEPT_CHARACTERS] for note in notes[:3] if type(note) is str] if type(notes) is list else []


def _own_line(traceback: types.TracebackType | None, answer: object, outermost: bool) -> tuple[str, str]:
    """Find the last frame that the learner wrote; ("", "") where there is none.

    ``outermost``: the answer's own frame is enough. A loop without an end is more likely there than in what
    it calls, which was only running when the time was up.
    """
    home = answer.__code__.co_filename if type(answer) is types.FunctionType else None
    found = None
    while traceback is not None and not (found and outermost):
        name = traceback.tb_frame.f_code.co_filename
        if name == home or not (name.startswith((_OURS, "<frozen", *_LIBRARIES)) or "site-packages" in name):
            found = (name, traceback.tb_lineno)
        traceback = traceback.tb_next
    if found is None:
        return "", ""
    name, line = found
    source = linecache.getline(name, line).strip()
    cell = name.startswith("<") or re.search(r"ipykernel_\d+", name) is not None
    return f"line {line} of {'your cell' if cell else Path(name).name}", source[:200]
