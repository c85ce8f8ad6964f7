"""Truncated backpropagation through time over parallel streams of one long text.

The text is cut into streams, one per row of the batch; each step reads the next window of every stream. The
*state* goes on from window to window, the *gradient* stops at the window's edge.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from rnncourse.errors import CourseError
from rnncourse.labs.text_generation.model import Floats, Ids, Params, evaluate, init, loss_and_gradients
from rnncourse.reference import optim


class Settings(NamedTuple):
    """Sizes and step sizes, chosen on the validation play."""

    embedding_size: int = 32  # D
    hidden_size: int = 160  # H
    rows: int = 16  # B, streams that are read in parallel
    window: int = 48  # T, steps that the gradient goes back
    learning_rate: float = 4e-3  # of Adam; falls in a straight line to a twentieth of it
    max_norm: float = 1.0  # of the gradient, beyond which it is clipped


DEFAULT = Settings()


class Point(NamedTuple):
    """One point of a learning curve."""

    step: int
    seconds: float  # spent on training so far, without the time that measuring took
    loss: float  # on the validation text, nats per character


def windows(ids: Ids, rows: int, length: int) -> Iterator[tuple[bool, Ids]]:
    """Read a text for ever, in ``rows`` parallel streams, ``length`` characters at a time.

    Yields
    ------
    fresh : bool
        True at the start of a pass through the text, where no earlier state fits.
    window : array (length + 1, rows)
        Row t is followed by row t + 1 in every column; the last row is the next window's first.
    """
    stream = (len(ids) - 1) // rows
    if stream < length:
        raise ValueError(f"ids should hold at least {rows * length + 1} characters, got {len(ids)}")
    columns = np.stack([ids[b * stream : (b + 1) * stream + 1] for b in range(rows)], axis=1)
    while True:
        for start in range(0, stream - length + 1, length):
            yield start == 0, columns[start : start + length + 1]


def train(
    ids: Ids,
    validation: Ids,
    vocab_size: int,
    *,
    seconds: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    settings: Settings = DEFAULT,
    points: int = 10,
    progress: bool = False,
) -> tuple[Params, list[Point]]:
    """Train for so many ``seconds``, or for so many ``steps`` (then one seed gives one result).

    Parameters
    ----------
    ids, validation : arrays (N,)
        The text to learn from, and the one that the curve is measured on.
    points
        How often to measure, evenly over the budget, besides once before the first step.
    progress
        Whether to show a bar on stderr.

    Returns
    -------
    params : Params
    curve : list of Point
        From before the first step to after the last.
    """
    if (seconds is None) == (steps is None):
        raise ValueError(f"either seconds or steps should be given, got {seconds} and {steps}")
    budget = float(steps if seconds is None else seconds)  # type: ignore[arg-type]
    if not 0 < budget < math.inf:
        raise CourseError(f"training needs a budget above zero, not {budget:g}; ask for 30 seconds, say")

    rng = np.random.default_rng(seed)
    params = init(rng, vocab_size, settings.embedding_size, settings.hidden_size)
    curve = [Point(0, 0.0, evaluate(params, validation))]
    state: optim.AdamState | None = None
    h: Floats | None = None
    step, spent, used = 0, 0.0, 0.0
    # A terminal is redrawn ten times a second; a log file gets a line's worth now and then.
    interval = 0.1 if sys.stderr.isatty() else 5.0
    form = "{l_bar}{bar}| {elapsed}{postfix}"
    bar = tqdm(total=100, disable=not progress, bar_format=form, mininterval=interval, maxinterval=interval)
    with bar:
        for fresh, window in windows(ids, settings.rows, settings.window):
            started = time.perf_counter()
            _, gradients, h = loss_and_gradients(params, window, None if fresh else h)
            gradients, _ = optim.clip_by_global_norm(gradients, settings.max_norm)
            rate = settings.learning_rate * (1 - 0.95 * used)
            params, state = optim.adam(params, gradients, rate, state)
            step += 1
            spent += time.perf_counter() - started

            used = min(1.0, (step if seconds is None else spent) / budget)
            bar.update(100 * used - bar.n)
            if used * points >= len(curve):
                curve.append(Point(step, spent, evaluate(params, validation)))
                bar.set_postfix_str(f"{curve[-1].loss:.3f} nats per character held out", refresh=False)
            if used == 1.0:
                break
    return params, curve
