"""The rules for inputs: what is drawn exposes mistakes rather than hiding them."""

import numpy as np
import pytest

from rnncourse import checks
from rnncourse.checks.exercise import Case, distinct, in_each_array

EXERCISES = [name for stem in checks.stems() for name in checks.exercises(stem)]
ON_ARRAYS = [name for name in EXERCISES if checks.find(name).kind == "array" and "delay" not in name]
NETWORKS = [
    "feedforward.mlp_forward",
    "feedforward.dilated_window_mlp",
    "rnn.rnn_step",
    "rnn.rnn_forward",
    "rnn.output_layer",
    "rnn.softmax_cross_entropy",
    "rnn.truncate_and_carry",
    "rnn.leaky_rnn_forward",
    "bptt.softmax_cross_entropy_backward",
    "bptt.output_layer_backward",
    "bptt.rnn_step_backward",
    "bptt.rnn_backward",
    "bptt.embedding_backward",
    "bptt.truncated_bptt",
    "bptt.leaky_rnn_backward",
    "lstm.lstm_step",
    "lstm.lstm_forward",
    "lstm.lstm_step_backward",
    "lstm.lstm_backward",
    "lstm.peephole_lstm_step",
    "lstm.coupled_lstm_step",
    "lstm.coupled_peephole_lstm_step_backward",
    "gru.gru_step",
    "gru.gru_forward",
    "gru.gru_step_backward",
    "gru.gru_backward",
    "gru.gru_step_reset_before",
    "gru.minimal_gated_step_backward",
    "gradients.jacobian_norms",
    "gradients.leaky_jacobian_norms",
]


def draw(name, seed):
    return checks.find(name).draw(np.random.default_rng(seed))


def core(name, seed):
    return [case for case in draw(name, seed) if case.tag in checks.find(name).core_tags]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(5))
def test_axes_of_one_array_all_differ(name, seed):
    """Equal sizes hide transpositions; only W_hh is square."""
    for case in core(name, seed):
        for key, value in case.args.items():
            if isinstance(value, np.ndarray) and key != "W_hh":
                assert len(set(value.shape)) == value.ndim, (key, value.shape)
                assert min(value.shape) > 1


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", range(5))
def test_weights_are_not_symmetric_and_nothing_is_zero(name, seed):
    for case in core(name, seed):
        for key, value in case.args.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and key != "mask":
                at_the_end = case.tag == "last" and key in ("dh", "dc_last")
                assert at_the_end or (np.all(value != 0) and np.ptp(value) > 0), key
        if "W_hh" in case.args:
            for gate in np.split(case.args["W_hh"], len(case.args["W_hh"]) // case.args["W_hh"].shape[1]):
                assert not np.allclose(gate, gate.T, atol=1e-3)


@pytest.mark.parametrize("name", EXERCISES)
def test_inputs_are_new_for_each_seed(name):
    def numbers(case):
        return [in_each_array(value, np.ndarray.tolist) for value in case.args.values()]

    first, again, other = ([numbers(case) for case in draw(name, seed)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", ON_ARRAYS)
def test_every_kind_of_call_is_made(name):
    cases = draw(name, 1)
    tags = {case.tag for case in cases}
    assert {"plain", "layout", "edge", "again"} <= tags
    assert {case.layout for case in cases} == {"plain", "strided", "read-only"}
    float64_only = name.split(".")[1] in ("one_hot", "bigram_probabilities", "numerical_gradient")
    assert float64_only or any(case.single for case in cases)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_rule_on_values_has_a_case(name):
    cases = {case.tag for case in draw(name, 1)}
    for rule in checks.find(name).rules:
        assert set(rule.tags) <= cases


@pytest.mark.parametrize("seed", range(8))
def test_masks_are_ragged_and_have_holes(seed):
    masks = [case.args["mask"] for case in draw("rnn.softmax_cross_entropy", seed) if case.tag == "masked"]
    for mask in masks:
        assert len(set(mask.sum(axis=0))) > 1
        assert mask.any(axis=0).all()
    assert any(np.any(np.diff(mask, axis=0) > 0) for mask in masks)
    leaky = [case.args["mask"] for case in draw("rnn.leaky_rnn_forward", seed) if case.tag == "plain"]
    for mask in leaky:
        assert mask[0].min() == 0  # h0 itself is carried over
        assert np.any(np.diff(mask, axis=0) > 0)  # and the sequence resumes
        assert set(np.unique(mask)) == {0, 1}


@pytest.mark.parametrize("seed", range(8))
def test_losses_see_the_first_and_the_last_class_count(seed):
    for case in draw("rnn.softmax_cross_entropy", seed):
        if case.tag in ("plain", "masked"):
            counting = np.asarray(case.args.get("mask", np.ones(case.args["targets"].shape))) != 0
            ids = case.args["targets"][counting]
            assert {0, case.args["logits"].shape[-1] - 1} <= set(ids.tolist())


@pytest.mark.parametrize("seed", range(8))
def test_large_logits_are_large(seed):
    large = [case.args["logits"] for case in draw("rnn.softmax_cross_entropy", seed) if case.tag == "large"]
    assert len(large) == 2
    assert all(np.abs(logits).max() > 800 for logits in large)


@pytest.mark.parametrize("seed", range(8))
def test_pairs_repeat_and_ids_are_missing(seed):
    for case in draw("feedforward.bigram_probabilities", seed):
        ids, V = case.args["ids"], case.args["vocab_size"]
        pairs = list(zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True))
        if case.tag in ("plain", "unseen"):
            assert len(set(pairs)) < len(pairs)
            assert (set(ids.tolist()) == set(range(V))) == (case.tag == "plain")
            assert case.args["alpha"] not in (0, 1)


@pytest.mark.parametrize("seed", range(8))
def test_chunks_leave_a_rest(seed):
    ragged = [case for case in draw("rnn.truncate_and_carry", seed) if case.tag == "ragged"]
    whole = [case for case in draw("rnn.truncate_and_carry", seed) if case.tag == "plain"]
    assert all(len(case.args["x"]) % case.args["chunk"] for case in ragged)
    assert all(
        len(case.args["x"]) % case.args["chunk"] == 0 < case.args["chunk"] < len(case.args["x"])
        for case in whole
    )


@pytest.mark.parametrize("seed", range(8))
def test_delayed_signals_are_small_and_fill_their_range(seed):
    cases = draw("rnn.delay_line_weights", seed)
    delays = [case.args["delay"] for case in cases]
    assert delays[:2] == [1, 2]
    assert delays[-1] == 0
    assert delays[-2] > 20  # nobody's register is that long by chance
    for case in cases:
        assert np.abs(case.material).max() == pytest.approx(0.01)
        assert len(case.material) > 2 * case.args["delay"]
        right = checks.find("rnn.delay_line_weights").expected(case)[0]
        d = case.args["delay"]
        np.testing.assert_allclose(right[d:], case.material[: len(right) - d], atol=1e-6)
        np.testing.assert_allclose(right[:d], 0, atol=1e-9)


def test_layouts_are_what_they_say():
    array = np.arange(12.0).reshape(3, 4)
    plain, strided, fixed = (
        Case("plain", {"x": array}, layout).materialise()[0] for layout in ("plain", "strided", "read-only")
    )
    for laid in (plain, strided, fixed):
        assert np.array_equal(laid, array)
        assert not np.shares_memory(laid, array)
    assert plain.flags.c_contiguous
    assert not strided.flags.c_contiguous
    assert not strided.flags.f_contiguous
    assert fixed.flags.f_contiguous
    with pytest.raises(ValueError, match="read-only"):
        fixed[0, 0] = 1


def test_distinct_sizes():
    rng = np.random.default_rng(0)
    for _ in range(50):
        sizes = distinct(rng, a=(2, 4), b=(2, 4), c=(2, 4))
        assert sorted(sizes.values()) == [2, 3, 4]
