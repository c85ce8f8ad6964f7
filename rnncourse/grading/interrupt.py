"""Hearing Ctrl-C while other people's code runs."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def heard() -> Iterator[Callable[[], None]]:
    """Keep Ctrl-C from being lost: Python drops what a signal raises while it clears objects away.

    Yields a function that raises KeyboardInterrupt if that has happened.
    """
    signals: list[int] = []

    def hear(number: int, frame: Any) -> None:
        signals.append(number)
        raise KeyboardInterrupt

    def ask() -> None:
        if signals:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield ask
        return
    before = signal.signal(signal.SIGINT, hear)
    try:
        yield ask
    finally:
        signal.signal(signal.SIGINT, before)
