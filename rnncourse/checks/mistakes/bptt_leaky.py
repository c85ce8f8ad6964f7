"""Mistakes made in going back through leaky units and masked positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("bptt")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("leaky_rnn_backward", name, "Masks on the way back", when)


def answer(
    args: tuple[Array, ...],
    slope: Any = None,
    inside: Any = None,
    back: Any = None,
    gain: Any = None,
    partner: Any = None,
    **replaced: Any,
) -> tuple[Array, ...]:
    """Return the six results, with one part of the computation spoiled; None leaves a part right.

    ``slope(h, c)`` is the slope of tanh; ``inside`` the share of the total that goes into it; ``back(total,
    m, da, leak, W_hh)`` what goes to the state before; ``gain(total, c, before, m)`` what is summed to dleak;
    ``partner(before, h)`` the states that dW_hh is made with. ``replaced`` are arguments to be replaced.
    """
    names = ("dh", "x", "h0", "h", "W_xh", "W_hh", "b_h", "leak", "mask")
    dh, x, h0, h, W_xh, W_hh, b_h, leak, mask = {**dict(zip(names, args, strict=True)), **replaced}.values()
    m = (mask[:, :, None] != 0).astype(dh.dtype)
    before = np.concatenate([h0[None], h[:-1]])
    c = np.tanh(x @ W_xh.T + before @ W_hh.T + b_h)
    bend = slope(h, c) if slope else 1 - c**2
    share = leak if inside is None else inside
    total, da, carried = np.zeros_like(dh), np.zeros_like(dh), np.zeros_like(h0)
    for t in reversed(range(len(dh))):
        total[t] = dh[t] + carried
        da[t] = m[t] * total[t] * share * bend[t]
        if back:
            carried = back(total[t], m[t], da[t], leak, W_hh)
        else:
            carried = (1 - m[t] * leak) * total[t] + da[t] @ W_hh
    shares = gain(total, c, before, m) if gain else m * total * (c - before)
    dW_hh = np.einsum("tbh,tbk->hk", da, partner(before, h) if partner else before)
    dW_xh = np.einsum("tbh,tbd->hd", da, x)
    return da @ W_xh, carried, dW_xh, dW_hh, da.sum(axis=(0, 1)), shares.sum(axis=(0, 1))


# ---------------------------------------------------------------- the leak
@_of(
    "leak_ignored",
    "there is no leak on the way back: it is that of the ordinary network, with dleak put in.",
)
def _(*args: Array) -> Any:
    return answer(args, leak=np.ones_like(args[7]))


@_of(
    "slope_at_the_state",
    "the slope of tanh is 1 - h**2. h is a mixture here, no tanh: the slope is 1 - c**2 with c = tanh(...).",
)
def _(*args: Array) -> Any:
    return answer(args, slope=lambda h, c: 1 - h**2)


@_of("slope_missing", "the slope of tanh is missing. The total is multiplied by 1 - c**2 with c = tanh(...).")
def _(*args: Array) -> Any:
    return answer(args, slope=lambda h, c: np.ones_like(c))


@_of("tanh_of_a_tanh", "the slope is taken as 1 - tanh(c)**2. c is a tanh already: it is 1 - c**2.")
def _(*args: Array) -> Any:
    return answer(args, slope=lambda h, c: 1 - np.tanh(c) ** 2)


@_of("bias_left_out", "tanh(...) is computed again without b_h. The slope must be that of forward.")
def _(*args: Array) -> Any:
    return answer(args, b_h=np.zeros_like(args[6]))


@_of(
    "leak_missing_inside",
    "the gradient inside the tanh is not multiplied by leak. The new value's share is leak.",
)
def _(*args: Array) -> Any:
    return answer(args, inside=np.ones_like(args[7]))


@_of(
    "old_share_inside",
    "the gradient inside the tanh is multiplied by 1 - leak. The new value's share is leak.",
)
def _(*args: Array) -> Any:
    return answer(args, inside=1 - args[7])


@_of(
    "old_share_missing",
    "nothing goes back past the unit: the old state's share, (1 - leak) * total, is missing.",
)
def _(*args: Array) -> Any:
    return answer(args, back=lambda total, m, da, leak, W_hh: (1 - m) * total + da @ W_hh)


@_of("old_share_whole", "all of the total goes back past the unit. The old state's share is 1 - leak.")
def _(*args: Array) -> Any:
    return answer(args, back=lambda total, m, da, leak, W_hh: total + da @ W_hh)


@_of("leak_for_the_old_share", "the old state's share is taken as leak. It is 1 - leak.")
def _(*args: Array) -> Any:
    return answer(args, back=lambda total, m, da, leak, W_hh: (1 - m * (1 - leak)) * total + da @ W_hh)


@_of("only_past_the_unit", "nothing goes back through W_hh: the old state is also inside the tanh.")
def _(*args: Array) -> Any:
    return answer(args, back=lambda total, m, da, leak, W_hh: (1 - m * leak) * total)


@_of("W_hh_transposed", "the gradient goes back through W_hh.T. The way back multiplies by W_hh itself.")
def _(*args: Array) -> Any:
    return answer(args, back=lambda total, m, da, leak, W_hh: (1 - m * leak) * total + da @ W_hh.T)


@_of("nothing_carried", "nothing comes back from step t + 1 to step t. Add it to dh[t].")
def _(*args: Array) -> Any:
    alone = answer(args, back=lambda total, m, da, leak, W_hh: np.zeros_like(total))
    first = answer(tuple(a[:1] if a.ndim == 3 or a is args[8] else a for a in args))
    return alone[0], first[1], *alone[2:]


@_of("dW_hh_from_the_new_state", "dW_hh is made with h[t]. W_hh multiplied the state *before*.")
def _(*args: Array) -> Any:
    return answer(args, partner=lambda before, h: h)


@_of("initial_state_ignored", "dW_hh leaves out the first step, where the state before is h0.")
def _(*args: Array) -> Any:
    return answer(args, partner=lambda before, h: np.concatenate([0 * h[:1], h[:-1]]))


# ---------------------------------------------------------------- dleak
@_of(
    "dleak_from_the_new_value",
    "dleak is made with tanh(...) alone. A larger leak also takes from the old state: c - h_prev.",
)
def _(*args: Array) -> Any:
    return answer(args, gain=lambda total, c, before, m: m * total * c)


@_of("dleak_sign", "dleak has the other sign: h_prev - c. h_t grows with leak where c is larger than h_prev.")
def _(*args: Array) -> Any:
    return answer(args, gain=lambda total, c, before, m: m * total * (before - c))


@_of(
    "dleak_from_the_change",
    "dleak is made with h_t - h_prev, which has the leak in it already. It is c - h_prev.",
)
def _(*args: Array) -> Any:
    return answer(args, gain=lambda total, c, before, m: m * total * args[7] * (c - before))


@_of(
    "dleak_direct",
    "dleak is made from dh[t] alone. It needs the total, with what comes back from later steps.",
)
def _(*args: Array) -> Any:
    return answer(args, gain=lambda total, c, before, m: m * args[0] * (c - before))


@_of("dleak_with_slope", "dleak goes through the slope of tanh. The leak stands outside the tanh.")
def _(*args: Array) -> Any:
    return answer(args, gain=lambda total, c, before, m: m * total * (1 - c**2) * (c - before))


@_of("dleak_averaged", "dleak is the mean over the batch. It is the sum over steps and batch.")
def _(*args: Array) -> Any:
    *others, dleak = answer(args)
    return *others, dleak / args[0].shape[1]


@_of(
    "dleak_of_the_first_step", "dleak is that of the first step alone. Every step that happens adds its own."
)
def _(*args: Array) -> Any:
    return answer(args, gain=lambda total, c, before, m: (m * total * (c - before))[:1])


@_of(
    "dleak_per_example",
    "dleak is kept for every example, (B, H). One leak serves all: sum over the batch.",
)
def _(*args: Array) -> Any:
    *others, _ = answer(args)
    each = [answer(tuple(_one(a, b, i) for i, a in enumerate(args)))[5] for b in range(args[0].shape[1])]
    return *others, np.stack(each)


def _one(argument: Array, b: int, place: int) -> Array:
    """Take one sequence out of an argument, known by its place; weights stay whole."""
    if place in (0, 1, 3, 8):
        return argument[:, b : b + 1]
    return argument[b : b + 1] if place == 2 else argument


# ---------------------------------------------------------------- the mask
@_of("mask_ignored", "the mask is not used: the way back goes through steps that never happened.")
def _(*args: Array) -> Any:
    return answer(args, mask=np.ones(args[8].shape))


@_of("mask_inverted", "the mask is read the wrong way round. 1 means that the step happens.")
def _(*args: Array) -> Any:
    return answer(args, mask=args[8] == 0)


@_of(
    "masked_step_blocks",
    "a masked step lets nothing through. The state was carried over, so all of the total goes back.",
)
def _(*args: Array) -> Any:
    return answer(args, back=lambda total, m, da, leak, W_hh: m * (1 - leak) * total + da @ W_hh)


@_of(
    "masked_step_leaks",
    "a masked step lets 1 - leak of the gradient through. The state was carried over whole: all of it.",
)
def _(*args: Array) -> Any:
    return answer(args, back=lambda total, m, da, leak, W_hh: (1 - leak) * total + da @ W_hh)


@_of(
    "masked_dh_dropped",
    "dh is set to zero where the mask is 0. The state that stands there is read out as well; its gradient "
    "goes back.",
)
def _(*args: Array) -> Any:
    return answer(args, dh=args[0] * (args[8][:, :, None] != 0).astype(args[0].dtype))


@_of("masked_dleak", "dleak counts masked positions, too. Where no step happens, the leak has no say.")
def _(*args: Array) -> Any:
    return answer(args, gain=lambda total, c, before, m: total * (c - before))


@_of("whole_batch_waits", "the whole batch waits where one sequence is masked. Each has its own mask[t, b].")
def _(*args: Array) -> Any:
    together = (args[8] != 0).all(axis=1, keepdims=True)
    return answer(args, mask=np.broadcast_to(together, args[8].shape))


@_of(
    "stops_at_first_zero",
    "nothing happens after a sequence's first masked step. It goes on where later steps count again.",
)
def _(*args: Array) -> Any:
    return answer(args, mask=np.cumprod(args[8] != 0, axis=0))


@_of(
    "dh_changed",
    "Your numbers are right, but what is carried is added to the caller's dh itself, dh[t] += .... Add into "
    "a new array.",
)
def _(*args: Array) -> Any:
    def spoil(total: Array, c: Array, before: Array, m: Array) -> Array:
        args[0][...] = total
        return m * total * (c - before)

    return answer(args, gain=spoil)
