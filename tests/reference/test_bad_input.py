"""Bad input to every public function: an error in our words, and never a number.

Every right call in ``calls`` is spoilt in one place after the other.  NaN in an input or a weight is not bad
input: it goes its way and shows.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from rnncourse.reference import coupled_lstm, ctc, decoding, gru, losses, lstm, min_gru, optim, rnn
from tests.reference.calls import CALLS, V

OURS = re.compile(r"^\w+(\[\d+\])*( and \w+)? should \w+|^no \w+ among ")
# What every place of an argument may be: other shapes of these mean something.
ANY_SHAPE = {
    ("embedding.forward", "ids"),
    ("feedforward.one_hot", "ids"),
    ("gradcheck.numerical_gradient", "x"),
    ("gradients.step_jacobian", "h_t"),
    ("losses.log_softmax", "logits"),
    ("losses.softmax", "logits"),
    ("losses.log_sum_exp", "a"),
    ("output_layer.forward", "h"),
    ("optim.clip_by_global_norm", "gradients[0]"),
    ("optim.clip_by_global_norm", "gradients[1]"),
    ("sampling.top_k_filter", "logits"),
    ("sampling.nucleus_filter", "logits"),
    ("sampling.scores_to_choose_from", "scores"),
    ("losses.mean_squared_error", "mask"),  # its axes are the first axes, as many as there are
    ("losses.mean_squared_error_backward", "mask"),
}


@dataclass
class Place:
    """An array somewhere in the arguments of a call, and how to put another one there."""

    call: str
    argument: str
    name: str
    array: np.ndarray
    put: Any

    def spoilt(self, array):
        return CALLS[self.call](**{self.argument: self.put(array)})


def places(value, name):
    """Yield name, array and a function that replaces it, for all arrays inside an argument."""
    if isinstance(value, np.ndarray):
        yield name, value, lambda new: new
        return
    if isinstance(value, dict):
        inside = [(key, key, entry) for key, entry in value.items()]
        rebuild = lambda key, new: value | {key: new}  # noqa: E731
    elif isinstance(value, tuple | list) and not type(value).__name__.endswith(("Cache", "Checkpoints")):
        names = getattr(value, "_fields", [f"{name}[{i}]" for i in range(len(value))])
        inside = [(i, names[i], entry) for i, entry in enumerate(value)]
        make = getattr(type(value), "_make", type(value))
        rebuild = lambda i, new: make([*value[:i], new, *value[i + 1 :]])  # noqa: E731
    else:
        return
    for key, inner, entry in inside:
        for found, array, put in places(entry, inner):
            yield found, array, lambda new, key=key, put=put: rebuild(key, put(new))


PLACES = [
    Place(label, argument, *found)
    for label, call in CALLS.items()
    for argument, value in call.arguments.items()
    for found in places(value, argument)
    if "to_torch" not in label
]
NUMBERS = [
    (label, argument, value)
    for label, call in CALLS.items()
    for argument, value in call.arguments.items()
    if isinstance(value, int | float) and not isinstance(value, bool)
    if argument != "axis"  # of which NumPy itself has the say
]


def identify(place):
    return f"{place.call}-{place.name}"


each_place = pytest.mark.parametrize("place", PLACES, ids=identify)


def refused(call, *names):
    """Run what must be refused in our words, by one of these names if there are any."""
    with pytest.raises((TypeError, ValueError)) as error:
        call()
    assert OURS.match(str(error.value)), str(error.value)
    assert not names or any(name in str(error.value) for name in names), str(error.value)


@pytest.mark.parametrize("label", CALLS)
def test_the_call_is_right_before_it_is_spoilt(label):
    CALLS[label]()


@each_place
@pytest.mark.parametrize("kind", [complex, str, object], ids=lambda kind: kind.__name__)
def test_what_holds_no_real_numbers_is_refused(place, kind):
    refused(lambda: place.spoilt(place.array.astype(kind)))


@pytest.mark.parametrize("place", [p for p in PLACES if (p.call, p.name) not in ANY_SHAPE], ids=identify)
def test_another_number_of_axes_is_refused(place):
    for array in (place.array[None], place.array[..., None], place.array.reshape(-1)[0]):
        refused(lambda array=array: place.spoilt(array))


def bound(place):
    """Return the axes whose length another axis has too, so that they must agree."""
    call = CALLS[place.call]
    arrays = [array for name, value in call.arguments.items() for _, array, _ in places(value, name)]
    lengths = [length for array in arrays for length in array.shape]
    kept = {"cache", "kept"} & set(call.arguments)
    return [axis for axis, n in enumerate(place.array.shape) if n > 1 and (kept or lengths.count(n) > 1)]


AGREE = [p for p in PLACES if bound(p) and "clip_by" not in p.call and "from_torch" not in p.call]


@pytest.mark.parametrize("place", AGREE, ids=identify)
def test_a_length_that_does_not_agree_is_refused(place):
    for axis in bound(place):
        for length in (0, 1, place.array.shape[axis] - 1):
            if length != place.array.shape[axis]:
                cut = np.take(place.array, range(length), axis=axis)
                refused(lambda cut=cut: place.spoilt(cut))


@pytest.mark.parametrize("place", [p for p in PLACES if p.array.dtype.kind in "iu"], ids=identify)
def test_ids_and_lengths_are_whole_numbers_that_exist(place):
    refused(lambda: place.spoilt(place.array.astype(float)), place.name)
    if place.call != "ctc.collapse":  # which asks for no vocabulary
        refused(lambda: place.spoilt(place.array - 50), place.name)
        refused(lambda: place.spoilt(place.array + 50), place.name)


@pytest.mark.parametrize("place", [p for p in PLACES if p.name == "mask"], ids=identify)
def test_a_mask_with_nan_says_neither_yes_nor_no(place):
    mask = place.array.astype(float)
    mask[0, 0] = np.nan
    refused(lambda: place.spoilt(mask), "mask")


@pytest.mark.parametrize(("label", "argument", "value"), NUMBERS, ids=lambda v: str(v))
def test_a_number_is_a_number(label, argument, value):
    wrong = ["2", 1j, np.nan, np.ones(2)] + ([2.5, -7, True] if isinstance(value, int) else [])
    for instead in wrong:
        refused(lambda instead=instead: CALLS[label](**{argument: instead}), argument)


@pytest.mark.parametrize(
    ("label", "argument", "wrong"),
    [
        ("optim.sgd", "learning_rate", -0.1),
        ("optim.sgd", "momentum", 1.5),
        ("optim.adam", "learning_rate", -0.1),
        ("optim.adam", "betas", (0.9, 1.0)),
        ("optim.adam", "betas", (-0.1, 0.9)),
        ("optim.adam", "epsilon", -1e-8),
        ("optim.clip_by_global_norm", "max_norm", 0.0),
        ("gradcheck.numerical_gradient", "eps", 0.0),
        ("gradcheck.projection_error", "eps", np.inf),
        ("gradients.vanishing_horizon", "rate", 1.0),
        ("gradients.vanishing_horizon", "threshold", 0.0),
        ("gradients.adding_problem", "steps", 1),
        ("gradients.orthogonal", "gain", np.inf),
        ("delay_line.delay_line", "scale", 0.0),
        ("feedforward.bigram_probabilities", "alpha", 0.0),
        ("feedforward.sliding_windows", "width", 7),
        ("sampling.sample", "temperature", -1.0),
        ("sampling.nucleus_filter", "p", 1.5),
        ("decoding.beam_search", "length_penalty", np.inf),
        ("decoding.beam_search", "eos_id", V),
        ("ctc.loss", "blank", V),
    ],
)
def test_a_number_has_its_range(label, argument, wrong):
    refused(lambda: CALLS[label](**{argument: wrong}), argument)


OF_A_KIND = [
    (label, name)
    for label, call in CALLS.items()
    for name in ("params", "cache", "kept", "scores", "state", "dlast", "rng", "dtype", "source", "velocity")
    if call.arguments.get(name) is not None and not label.startswith("decoding")
]


@pytest.mark.parametrize(("label", "name"), OF_A_KIND)
def test_another_kind_of_thing_is_refused(label, name):
    """What a cell returned for another cell, arguments in another order, a seed for a generator."""
    others = {
        "params": [3, (1.0, 2.0), CALLS["attention.additive_attention"].arguments["params"]],
        "cache": [3, np.zeros((7, 4, 5)), CALLS["feedforward.backward"].arguments["cache"]],
        "dtype": [int, complex, str, object],
    }
    if label == "feedforward.backward":
        others["cache"].pop()
    if label.startswith("attention.additive_attention"):
        others["params"].pop()
    for other in others.get(name, [3, "3"]):
        refused(lambda other=other: CALLS[label](**{name: other}))
    if name in ("params", "cache"):
        theirs = CALLS["coupled_lstm.forward" if name == "params" else "coupled_lstm.backward"].arguments[
            name
        ]
        if not label.startswith("coupled_lstm"):
            refused(lambda: CALLS[label](**{name: theirs}))


@pytest.mark.parametrize("cell", [rnn, lstm, gru, coupled_lstm, min_gru], ids=lambda cell: cell.__name__)
def test_the_weights_of_another_cell_have_another_number_of_gates(cell):
    gates = {rnn: 4, lstm: 3, gru: 4, coupled_lstm: 1, min_gru: 3}[cell]
    H, D = 5, 3
    shapes = {"weight_ih": (gates * H, D), "weight_hh": (gates * H, H)}
    shapes |= {"bias_ih": (gates * H,), "bias_hh": (gates * H,)}
    with pytest.raises(ValueError, match=r"weight_(ih|hh)_l0 should have shape .*, got \("):
        cell.Params.from_torch({f"{name}_l0": np.ones(shape) for name, shape in shapes.items()})


def test_a_table_of_weights_that_is_none_is_refused():
    with pytest.raises(TypeError, match="source should be a module or its state_dict, got list"):
        lstm.Params.from_torch([np.ones((20, 3))])


def test_what_a_model_says_is_looked_at_too():
    for answer in (
        np.ones((2, V)),
        np.full(V, np.nan),
        np.full(V, -np.inf),
        np.full(V, "1"),
        np.ones(V) * 1j,
    ):
        with pytest.raises((TypeError, ValueError), match=r"^log_probabilities should"):
            decoding.greedy_decode(lambda token, state, answer=answer: (answer, state), None, 1, 0, 4)


def test_no_steps_at_all_have_no_mean_and_no_labels():
    """T = 0, B = 0 and V = 0: nothing to average is an error; nothing to do gives nothing."""
    with pytest.raises(ValueError, match="mask should let at least one position count, got none"):
        losses.softmax_cross_entropy(np.zeros((0, 4, 6)), np.zeros((0, 4), int))
    with pytest.raises(ValueError, match="mask should let at least one position count, got none"):
        losses.mean_squared_error(np.zeros((7, 0, 2)), np.zeros((7, 0, 2)))
    with pytest.raises(ValueError, match=r"logits should have shape \(\.\.\., V\), got \(4, 0\)"):
        losses.log_softmax(np.zeros((4, 0)))
    assert ctc.loss(np.zeros((7, 0, 6)), np.zeros((0, 2), int)).shape == (0,)
    assert (ctc.loss(np.zeros((0, 4, 6)), np.zeros((4, 0), int)) == 0).all()  # no frames spell no labels
    assert np.isinf(ctc.loss(np.zeros((0, 4, 6)), np.ones((4, 2), int))).all()


def test_a_learning_rate_may_be_zero_and_a_norm_infinite():
    pair = [np.ones(3)]
    assert optim.sgd(pair, pair, 0)[0][0].tolist() == [1, 1, 1]
    assert optim.clip_by_global_norm(pair, np.inf)[0][0].tolist() == [1, 1, 1]
