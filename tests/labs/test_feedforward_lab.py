"""The lab of the chapter on windows: what it claims to be impossible is, and what it trains does learn."""

import ast
import itertools
import math
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rnncourse.labs import feedforward as lab
from rnncourse.reference import feedforward, gradcheck

SIZES = {"vocabulary": len(lab.RECALL_WORDS), "D": 5, "H": 16, "outputs": len(lab.ANSWERS)}
CHANCE = 1 - 1 / len(lab.ANSWERS)
PAGE = Path(__file__).parents[2] / "book" / "feedforward.md"


def words(ids):
    return [lab.WORDS[k] for k in ids]


def test_the_animal_decides_the_place_and_the_pair_left_out_is_never_told():
    told = words(lab.story(np.random.default_rng(1), 200, leave_out=("frog", "slept")))
    sentences = [told[k : k + 7] for k in range(0, len(told), 7)]
    assert len(sentences) == 200
    for the, animal, verb, on, also_the, place, stop in sentences:
        assert (the, on, also_the, stop) == ("the", "on", "the", ".")
        assert verb in lab.VERBS and place == lab.PLACES[animal]
    assert {(s[1], s[2]) for s in sentences} == set(itertools.product(lab.PLACES, lab.VERBS)) - {
        ("frog", "slept")
    }


def test_next_word_counts_are_those_of_a_plain_count():
    text = words(ids := lab.story(np.random.default_rng(2), 40))
    follow = [c for a, b, c in zip(text, text[1:], text[2:]) if (a, b) == ("on", "the")]
    assert lab.next_word_counts(ids, ["on", "the"]) == {w: follow.count(w) for w in set(follow)}


def test_the_floor_is_the_least_over_all_functions_of_the_window():
    rng = np.random.default_rng(3)
    windows, targets = rng.integers(2, size=(60, 2)), rng.integers(3, size=60)
    kinds = [(0, 0), (0, 1), (1, 0), (1, 1)]
    # brute force: every one of the 3**4 functions from a window to a guess
    least = min(
        np.mean([guesses[kinds.index(tuple(w))] != t for w, t in zip(windows, targets)])
        for guesses in itertools.product(range(3), repeat=4)
    )
    error, nats = lab.best_possible(windows, targets)
    assert error == pytest.approx(least)
    # H(target | window) = H(target, window) - H(window)
    joint, alone = (
        -sum(n / 60 * math.log(n / 60) for n in np.unique(table, axis=0, return_counts=True)[1])
        for table in (np.column_stack([windows, targets]), windows)
    )
    assert nats == pytest.approx(joint - alone)


def test_trained_networks_approach_the_floor_and_never_pass_it():
    from rnncourse.reference import losses

    text = lab.story(np.random.default_rng(0), 100)
    for width in (1, 4):
        inputs, targets = feedforward.sliding_windows(text, width)
        floor = lab.best_possible(inputs, targets)[1]
        model = lab.train_on_windows(text, width, seed=0, steps=500)
        assert floor <= losses.softmax_cross_entropy(model.logits(inputs.T), targets) < floor + 0.1


@pytest.mark.parametrize(
    "start", [partial(lab.WindowMLP.init, width=3, **SIZES), partial(lab.LastStateRNN.init, **SIZES)]
)
def test_gradients_agree_with_central_differences(start):
    rng = np.random.default_rng(4)
    model = start(rng)
    ids, targets = lab.recall_batch(rng, [1, 3, 5], 6, 7)
    _, gradients = model.gradients(ids, targets)
    assert len(gradients) == len(model)
    for k, gradient in enumerate(gradients):

        def loss(value, k=k):
            return model._replace(**{model._fields[k]: value}).gradients(ids, targets)[0]

        np.testing.assert_allclose(
            gradient, gradcheck.numerical_gradient(loss, model[k]), atol=1e-8, rtol=1e-6
        )


def test_the_clue_stands_at_its_distance_and_the_rest_are_fillers():
    ids, targets = lab.recall_batch(np.random.default_rng(5), [2, 4], 6, 300)
    assert ids.shape == (6, 300)
    is_clue = ids < len(lab.PLACES)
    assert (is_clue.sum(axis=0) == 1).all()
    assert set(6 - is_clue.argmax(axis=0)) == {2, 4}
    assert (ids[is_clue.argmax(axis=0), np.arange(300)] == targets).all()
    assert set(targets) == set(range(len(lab.ANSWERS)))


def test_a_window_sees_its_last_words_and_nothing_before():
    rng = np.random.default_rng(6)
    model = lab.WindowMLP.init(rng, width=3, **SIZES)
    ids, _ = lab.recall_batch(rng, [5], 6, 4)
    other = ids.copy()
    other[:3] = rng.permuted(other[:3], axis=1)
    assert (other != ids).any()
    np.testing.assert_array_equal(model.logits(ids), model.logits(other))
    other[3] = (other[3] + 1) % len(lab.RECALL_WORDS)
    assert (model.logits(ids) != model.logits(other)).any()


def test_outside_the_window_it_cannot_beat_chance_where_the_loop_can():
    inside, outside = 3, [4, 6, 8]
    window = lab.recall_curve(
        partial(lab.WindowMLP.init, width=3, **SIZES), range(1, 9), [inside, *outside], seeds=2
    )
    loop = lab.recall_curve(partial(lab.LastStateRNN.init, **SIZES), range(1, 9), [inside, *outside], seeds=2)
    assert window[:, 0].max() < 0.02
    # four standard errors of 1000 draws at chance, in both directions
    margin = 4 * math.sqrt(CHANCE * (1 - CHANCE) / 1000)
    np.testing.assert_allclose(window[:, 1:], CHANCE, atol=margin)
    assert loop.max() < 0.05


def test_a_place_that_was_never_taught_fails_in_the_window_and_not_in_the_loop():
    taught = [1, 2, 4, 5]
    window = lab.recall_curve(partial(lab.WindowMLP.init, width=5, **SIZES), taught, [2, 3, 4], seeds=2)
    loop = lab.recall_curve(partial(lab.LastStateRNN.init, **SIZES), taught, [2, 3, 4], seeds=2)
    assert window[:, [0, 2]].max() < 0.02 and window[:, 1].min() > 0.5
    assert loop.max() < 0.05


def test_unseen_share_by_hand():
    assert lab.unseen_share("abcab", "abcc", 1) == 0
    assert lab.unseen_share("abcab", "abcc", 2) == pytest.approx(1 / 3)  # of ab, bc, cc the last
    assert lab.unseen_share("abcab", "abcc", 3) == pytest.approx(1 / 2)  # of abc, bcc the last


def torch_tabs() -> list[str]:
    blocks = re.findall(r"```python\n(import torch\n.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 2
    return blocks


def test_the_torch_tab_on_embeddings_computes_f1():
    torch = pytest.importorskip("torch")
    names = {"V": 7, "D": 3, "ids": torch.tensor([[2, 6], [2, 0], [5, 1]])}
    exec(compile(ast.parse(torch_tabs()[0]), "tab", "exec"), names)
    table = names["table"].weight.detach().numpy()
    expected = feedforward.one_hot(names["ids"].numpy(), 7) @ table
    for got in (names["looked_up"], names["multiplied"]):
        np.testing.assert_allclose(got.detach().numpy(), expected, rtol=1e-12)


def test_the_torch_tab_on_the_network_computes_f2_and_f3():
    torch = pytest.importorskip("torch")
    windows = torch.tensor([[2, 6, 0, 2], [5, 1, 1, 3]])
    names = {"V": 7, "D": 3, "H": 6, "O": 5, "width": 4, "windows": windows}
    exec(compile(ast.parse(torch_tabs()[1]), "tab", "exec"), names)
    E, *weights = (p.detach().numpy() for p in names["network"].parameters())
    expected, _ = feedforward.forward(feedforward.Params(*weights), E[windows.numpy()].reshape(2, -1))
    np.testing.assert_allclose(names["y"].detach().numpy(), expected, rtol=1e-12)
