"""Mistakes made in unrolling the LSTM."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array, right, unrolled

CATALOGUE = Catalogue("lstm")


def _of(name: str, when: str, heading: str = "Unrolled in time") -> Any:
    return CATALOGUE.of("lstm_forward", name, heading, when)


def run(x: Array, h0: Array, c0: Array, *weights: Array) -> tuple[Array, Array]:
    """Run the cell as it should be."""
    return unrolled(right, x, h0, c0, *weights)


# ---------------------------------------------------------------- where it begins
@_of("c0_is_h0", "h0 stands for both parts of the first state. The cell starts from c0.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(x, h0, h0, *weights)


@_of("h0_is_c0", "c0 stands for both parts of the first state. The gates of the first step see h0.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(x, c0, c0, *weights)


@_of("starts_exchanged", "h0 and c0 are exchanged.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(x, c0, h0, *weights)


@_of(
    "c0_left_out", "the cell starts from zeros: c0 is not used, or c[t - 1] at t = 0 reads an empty last row."
)
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(x, h0, 0 * c0, *weights)


@_of("h0_left_out", "h starts from zeros: h0 is not used, or h[t - 1] at t = 0 reads an empty last row.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(x, 0 * h0, c0, *weights)


@_of("both_starts_left_out", "both parts of the state start from zeros. They start from h0 and c0.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(x, 0 * h0, 0 * c0, *weights)


# ---------------------------------------------------------------- what is handed on
@_of(
    "state_reset",
    "every step starts from h0 and c0 again. Each starts from what the step before left behind.",
)
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    rows = [right(x_t, h0, c0, *weights) for x_t in x]
    return np.stack([h for h, _ in rows]), np.stack([c for _, c in rows])


@_of("h_not_handed_on", "h is never updated: the gates of every step see h0. Only the cell is handed on.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return unrolled(lambda x_t, h, c, *w: right(x_t, h0, c, *w), x, h0, c0, *weights)


@_of("c_not_handed_on", "c is never updated: every step starts from c0. Only h is handed on.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return unrolled(lambda x_t, h, c, *w: right(x_t, h, c0, *w), x, h0, c0, *weights)


@_of("nothing_handed_on", "every step starts from zeros: nothing is handed on.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return unrolled(lambda x_t, h, c, *w: right(x_t, 0 * h, 0 * c, *w), x, h0, c0, *weights)


@_of("cells_add_up", "the new cell state is added to the old one, `c += ...`. It takes its place.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    rows, h, c = [], h0, c0
    for x_t in x:
        h, c_t = right(x_t, h, c, *weights)
        c = c + c_t
        rows.append((h, c))
    return np.stack([h for h, _ in rows]), np.stack([c for _, c in rows])


@_of("cell_shown_late", "h[t] is made from the cell state of the step before. c[t] first, then h[t] from it.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    rows, h, c = [], h0, c0
    for x_t in x:
        _, c_t = right(x_t, h, c, *weights)
        rows.append((h, c_t))
        h, c = right(x_t, h, c, *weights)
    return np.stack([h for h, _ in rows]), np.stack([c for _, c in rows])


# ---------------------------------------------------------------- time
@_of("time_reversed", "time runs backwards: the last input is read first, and its state comes first.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(x[::-1], h0, c0, *weights)


@_of("backward_direction", "the last input is read first, though the states are stored in the right order.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x[::-1], h0, c0, *weights)
    return h[::-1].copy(), c[::-1].copy()


@_of("input_of_step_before", "step t reads x[t - 1], and step 0 reads the last input.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(np.roll(x, 1, axis=0), h0, c0, *weights)


@_of("first_input_always", "every step reads x[0].")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(np.broadcast_to(x[:1], x.shape), h0, c0, *weights)


@_of(
    "states_before",
    "row t holds the states *before* step t: h0 and c0 come first, the last ones are missing.",
)
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x, h0, c0, *weights)
    return np.concatenate([h0[None], h[:-1]]), np.concatenate([c0[None], c[:-1]])


# ---------------------------------------------------------------- what comes back
@_of(
    "starts_in_front", "h0 and c0 stand in front, T + 1 rows in all. Row 0 is the state after the first step."
)
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x, h0, c0, *weights)
    return np.concatenate([h0[None], h]), np.concatenate([c0[None], c])


@_of("last_state_only", "only the last h and c come back. All of them are asked for, (T, B, H).")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x, h0, c0, *weights)
    return h[-1].copy(), c[-1].copy()


@_of(
    "last_cell_only", "all of h comes back, but of c only the last one, as torch.nn.LSTM does. Keep every c."
)
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x, h0, c0, *weights)
    return h, c[-1].copy()


@_of(
    "last_state_everywhere",
    "every row of h and of c holds the last state. One array was stored at each step and then changed.",
)
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x, h0, c0, *weights)
    return np.stack([h[-1]] * len(x)), np.stack([c[-1]] * len(x))


@_of(
    "last_cell_everywhere",
    "h is right, and every row of c holds the last cell state: it was changed in place (`c *= "
    "f`) after it had "
    "been stored.",
)
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x, h0, c0, *weights)
    return h, np.stack([c[-1]] * len(x))


@_of("results_exchanged", "c comes back first and h second. Asked for is h, c.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    return run(x, h0, c0, *weights)[::-1]


@_of("cell_returned_as_output", "the loop is right, but c comes back twice. The first result is h.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    _, c = run(x, h0, c0, *weights)
    return c, c.copy()


@_of("output_returned_as_cell", "the loop is right, but h comes back twice. The second result is c.")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, _ = run(x, h0, c0, *weights)
    return h, h.copy()


@_of("batch_first", "the batch is the first axis of h and c. Time comes first here: (T, B, H).")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x, h0, c0, *weights)
    return h.transpose(1, 0, 2).copy(), c.transpose(1, 0, 2).copy()
