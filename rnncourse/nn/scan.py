"""The loop over time, for sequences that may end at different steps.

Time is cut into steps.  Sequences are sorted by length, the longest first, so those that are still running
at a step are the first N, and N never grows: ``sizes`` lists it for every step.  A full batch is the case
in which no sequence ends early.  A state is a tuple of its parts: ``(h,)``, or the LSTM's ``(h, c)``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

State = tuple[Tensor, ...]


def scan(
    step: Callable[..., State], inputs: Sequence[Tensor], sizes: list[int], state: State, backwards: bool
) -> tuple[Tensor, State]:
    """Loop over time, ``state = step(inputs[t], *state)``, and keep what every step puts out.

    Parameters
    ----------
    step : function of ``a_t (N, ·)`` and the parts of the state, ``(N, H)`` each
        Returns the parts of the next state, the one that is put out first.
    inputs : sequence of tensors (N, ·)
        One per step.
    sizes : list of int
        N of every step; never growing.
    state : tuple of tensors (B, H)
        Where every sequence starts.
    backwards : bool
        Loop from the last step to the first.

    Returns
    -------
    outputs : tensor (sum(sizes), H)
        The first part of the state after every step, in the order of ``inputs``.
    last : tuple of tensors (B, H)
        Every sequence's state after its own last step.
    """
    outputs: list[Tensor] = []

    def remember(a_t: Tensor, *now: Tensor) -> State:
        now = step(a_t, *now)
        outputs.append(now[0])
        return now

    last = carry(remember, inputs, sizes, state, backwards)
    return torch.cat(outputs[::-1] if backwards else outputs), last


def carry(
    step: Callable[..., State], inputs: Sequence[Any], sizes: list[int], state: State, backwards: bool
) -> State:
    """Loop over time, ``state = step(inputs[t], *state)``, and keep nothing but the state.

    Parameters and ``last`` are those of ``scan``; ``inputs`` may hold whatever ``step`` takes.
    """
    if backwards:
        running = sizes[-1]
        now = tuple(part[:running] for part in state)
        for a_t, N in zip(reversed(inputs), reversed(sizes)):
            if running < N:  # these sequences end here, so from behind they begin here
                now = tuple(torch.cat([part, start[running:N]]) for part, start in zip(now, state))
                running = N
            now = step(a_t, *now)
        return now

    running, now = sizes[0], state
    ended: list[State] = []
    for a_t, N in zip(inputs, sizes):
        if running > N:  # the shortest sequences stand last, and are over
            ended.append(tuple(part[N:] for part in now))
            now = tuple(part[:N] for part in now)
            running = N
        now = step(a_t, *now)
    return tuple(torch.cat(parts) for parts in zip(now, *ended[::-1])) if ended else now


def previous(history: Tensor, start: Tensor, sizes: list[int], backwards: bool) -> Tensor:
    """Return what every step started from: rows ``(sum(sizes), H)`` in the order of ``history``.

    Parameters
    ----------
    history : tensor (sum(sizes), H)
        A part of the state after every step.
    start : tensor (B, H)
        The same part, where every sequence starts.
    sizes, backwards
        As ``scan`` takes them.
    """
    before: list[Tensor] = []

    def step(now: Tensor, then: Tensor) -> State:
        before.append(then)
        return (now,)

    carry(step, history.split(sizes), sizes, (start,), backwards)
    return torch.cat(before[::-1] if backwards else before)
