"""The exercises of "A loop that remembers" on what comes out: output layer, loss, delay line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnncourse.checks.compare import Difference, Tolerance, in_words, numbers_of
from rnncourse.checks.exercise import LAYOUTS, Case, Exercise, distinct, single, standard_cases
from rnncourse.checks.observation import Observation
from rnncourse.checks.plain_data import Plain, Unusable
from rnncourse.checks.rules import Expected, Rule, sides, values
from rnncourse.reference import losses, output_layer
from rnncourse.reference import rnn as reference

Rng = np.random.Generator
Args = dict[str, Any]


def _output(rng: Rng, T: int, B: int, H: int, V: int) -> Args:
    return {
        "h": rng.uniform(-0.9, 0.9, (T, B, H)),
        "W_hy": rng.normal(size=(V, H)),
        "b_y": rng.normal(size=V),
    }


OUTPUT_LAYER = Exercise(
    id="rnn.output_layer",
    results=("y",),
    draw=lambda rng: standard_cases(
        rng,
        lambda r: distinct(r, T=(3, 7), B=(2, 6), H=(2, 6), V=(2, 7)),
        _output,
        edges=({"T": 1}, {"B": 1}, {"V": 1}, dict.fromkeys("TBHV", 3)),
    ),
    reference=output_layer.forward,
    rules=(values("values", 0.75), *sides("T = 1, B = 1, V = 1, all sizes equal")),
    heading="From state to output",
    hints=(
        "Does the output at step t need any other step?",
        "@ works on the last axis of h for all steps and examples at once; no loop is needed.",
        "h @ W_hy.T gives (T, B, V); add b_y, which is (V,).",
    ),
)


# ---------------------------------------------------------------- softmax_cross_entropy
def _loss(rng: Rng, T: int, B: int, V: int) -> Args:
    targets = rng.integers(0, V, (T, B))
    if T > 3:  # the smallest and the largest id stand where every mask is 1: neither is a sign for padding
        targets[1, 0], targets[-1, 0] = 0, V - 1
    return {"logits": rng.normal(size=(T, B, V)) * 1.5, "targets": targets}


def _ragged(rng: Rng, T: int, B: int) -> np.ndarray:
    """Draw a right-padded mask with at least two different lengths, one of them shorter than T."""
    lengths = rng.integers(1, T + 1, B)
    lengths[0], lengths[-1] = T, max(1, T // 2)
    return (np.arange(T)[:, None] < lengths).astype(np.float64)


def _masked(rng: Rng, T: int, B: int, V: int, holes: int = 0) -> Args:
    mask = _ragged(rng, T, B)
    if holes:
        mask[0, 0], mask[T // 2, 0] = 0, 0
        mask[1:, -1] = 0  # still the sequences are of different lengths
    return {**_loss(rng, T, B, V), "mask": mask}


def draw_loss(rng: Rng) -> list[Case]:
    """Draw what the loss and its gradient are called with: masks of all kinds, large logits."""

    def sizes(r: Rng) -> dict[str, int]:
        return distinct(r, T=(4, 7), B=(2, 5), V=(3, 8))

    cases = standard_cases(rng, sizes, _loss, edges=({"T": 1}, {"B": 1}, dict.fromkeys("TBV", 4)))
    far = _loss(rng, **sizes(rng))
    far["logits"] = far["logits"] + rng.choice([-1e3, 1e3])
    wide = _loss(rng, **sizes(rng))
    wide["logits"] = wide["logits"] * 1e3
    low = _masked(rng, **sizes(rng))
    low["logits"] = low["logits"] - 1e3
    boolean, integer = _masked(rng, **sizes(rng), holes=1), _masked(rng, **sizes(rng))
    boolean["mask"] = boolean["mask"] != 0
    integer |= {"mask": integer["mask"].astype(np.int64), "targets": integer["targets"].astype(np.int32)}
    return [
        *cases[:-1],
        Case("masked", _masked(rng, **sizes(rng))),
        Case("masked", _masked(rng, **sizes(rng), holes=1), note="a mask with holes"),
        Case("large", wide, note="logits of about 1e3"),
        Case("large", far, note="logits all near 1e3 or -1e3"),
        Case("edge", low, note="a mask and logits near -1e3"),
        Case("edge", boolean, note="a boolean mask"),
        Case("edge", integer, note="a mask of integers, targets of dtype int32"),
        Case("edge", {**_loss(rng, **sizes(rng)), "mask": None}, note="mask=None"),
        Case("layout", _masked(rng, **sizes(rng)), "read-only", note=LAYOUTS["read-only"]),
        Case("float32", single(_masked(rng, **sizes(rng))), note="float32 and a mask"),
        cases[-1],
    ]


SOFTMAX_CROSS_ENTROPY = Exercise(
    id="rnn.softmax_cross_entropy",
    results=("loss",),
    kind="float",
    draw=draw_loss,
    reference=losses.softmax_cross_entropy,
    rules=(
        values("without a mask", 0.35),
        values("with a mask", 0.25, ("masked",)),
        values("stable for logits of 1e3", 0.15, ("large",)),
        *sides("T = 1, B = 1, all sizes equal, other masks"),
    ),
    heading="What the loss measures",
    hints=(
        "How surprised is the model if it gave the right word the probability 0.5? And which "
        "positions count?",
        "log-softmax first: subtract the largest logit of each position, then the log of the sum "
        "of exponentials (R4).",
        "Pick the target's log-probability with np.take_along_axis; minus its sum over counting "
        "positions / their number.",
    ),
)


# ---------------------------------------------------------------- delay_line_weights
_NAMES = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")
_SMALL = 0.01  # the largest input


def _shapes(H: int) -> tuple[tuple[int, ...], ...]:
    return (H, 1), (H, H), (H,), (1, H), (1,)


def _signal(rng: Rng) -> np.ndarray:
    """Draw small inputs (T, B, 1); in one sequence they are as large as they may be, all the time."""
    signal = rng.uniform(-_SMALL, _SMALL, (int(rng.integers(65, 80)), 3, 1))
    signal[:, 1] = np.sign(signal[:, 1]) * _SMALL
    return signal


def _run(returned: Plain, case: Case) -> Plain:
    """Run the network that was returned; an array of another shape but the right size is reshaped."""
    if not isinstance(returned, tuple | list) or len(returned) != 5:
        return Unusable(
            f"not there. What came back is {in_words(returned)}; asked for are {', '.join(_NAMES)}"
        )
    arrays = []
    for name, item in zip(_NAMES, returned, strict=True):
        array = numbers_of(item)
        if array is None or array.dtype.kind == "c":
            return Unusable(f"not there: {name} is {in_words(item)}")
        arrays.append(array)
    loop = arrays[1]
    if loop.ndim != 2 or loop.shape[0] != loop.shape[1] or not len(loop):
        return Unusable(f"not there: W_hh has the shape {loop.shape}; (H, H) is asked for")
    ready = []
    for name, array, shape in zip(_NAMES, arrays, _shapes(len(loop)), strict=True):
        if array.size != np.prod(shape):
            return Unusable(f"not there: {name} has the shape {array.shape}; {shape} is asked for")
        ready.append(np.array(array, np.float64).reshape(shape))
    with np.errstate(all="ignore"):
        h, _ = reference.forward(reference.Params(*ready[:3]), case.material)
        return output_layer.forward(h, *ready[3:])


def _weights_have_shapes() -> Rule:
    def judge(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> Difference | None:
        for observation in seen:
            returned = observation.returned
            if not isinstance(returned, tuple | list) or len(returned) != 5:
                return Difference(f"What came back is {in_words(returned)}.")
            loop = numbers_of(returned[1])
            H = len(loop) if loop is not None and loop.ndim else 1
            for name, item, shape in zip(_NAMES, returned, _shapes(H), strict=True):
                if not isinstance(item, np.ndarray) or item.shape != shape:
                    return Difference(f"{name} is {in_words(item)}; an array of shape {shape} is asked for.")
        return None

    return Rule("shapes (H, 1), (H, H), (H,), (1, H), (1,)", 0.1, judge)


def _draw_delays(rng: Rng) -> list[Case]:
    middle, long, longest = rng.permutation([3, 4, 5])[:2], rng.integers(6, 12), rng.integers(21, 31)
    tried = [("one", 1), *(("few", d) for d in (2, *middle)), ("long", long), ("long", longest), ("none", 0)]
    note = "delay = {} and your network run on small inputs"
    return [Case(tag, {"delay": int(d)}, note=note.format(d), material=_signal(rng)) for tag, d in tried]


DELAY_LINE_WEIGHTS = Exercise(
    id="rnn.delay_line_weights",
    results=("y",),
    draw=_draw_delays,
    reference=reference.delay_line,
    rules=(
        values("one step late", 0.25, ("one",)),
        values("a few steps late", 0.4, ("few",)),
        values("many steps late", 0.2, ("long",)),
        values("delay = 0: at once", 0.05, ("none",), core=False),
        _weights_have_shapes(),
    ),
    heading="A delay line built by hand",
    hints=(
        "To repeat x from three steps ago, how many values must the state hold at once?",
        "Let unit 0 take in x, and let every unit hand its value to the next one. Which entries of "
        "W_hh are 1 then?",
        "H = delay + 1, W_hh = np.eye(H, k=-1): ones just below the diagonal. The output reads the "
        "last unit.",
    ),
    interpret=_run,
    # Small inputs are bent by tanh, so many weights are right: 1e-3 as the exercise says. Two builds of the
    # same mistake differ by that bending alone, about 1e-5 after thirty steps.
    tolerance=Tolerance(0.0, 1e-3),
    match=Tolerance(0.0, 2e-5),
)
