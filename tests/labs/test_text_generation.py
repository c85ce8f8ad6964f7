"""The character model: its gradient, its bookkeeping, and that it beats the bigram model on real text."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from rnncourse.data import text_generation as data
from rnncourse.errors import CourseError
from rnncourse.labs import text_generation as lab
from rnncourse.labs.text_generation.model import Params
from rnncourse.reference.gradcheck import numerical_gradient

V, D, H, T, B = 7, 3, 5, 4, 2


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def model(rng):
    """A small model in float64, no parameter of it zero."""
    return Params(*(rng.normal(scale=0.6, size=p.shape) for p in lab.init(rng, V, D, H, np.float64)))


@pytest.fixture(scope="module")
def ids():
    """The three real texts as ids, and V."""
    splits = data.load()
    return (*(data.encode(text, splits.alphabet) for text in splits), len(splits.alphabet))


# -- the gradient -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", Params._fields)
@pytest.mark.parametrize("fresh", [True, False])
def test_gradient_against_central_differences(model, rng, field, fresh):
    window = rng.integers(V, size=(T + 1, B))
    h0 = None if fresh else rng.normal(size=(B, H))

    def loss(value):
        return lab.loss_and_gradients(model._replace(**{field: value}), window, h0)[0]

    _, gradients, _ = lab.loss_and_gradients(model, window, h0)
    expected = numerical_gradient(loss, getattr(model, field).copy())
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(getattr(gradients, field), expected, rtol=1e-6, atol=1e-8)


def test_loss_and_state_against_torch(model, rng):
    """The whole forward pass in another library's words."""
    import torch

    window = rng.integers(V, size=(T + 1, B))
    h0 = rng.normal(size=(B, H))
    loss, _, h_last = lab.loss_and_gradients(model, window, h0)

    cell = torch.nn.RNN(D, H, dtype=torch.float64)
    state = {name: torch.from_numpy(value) for name, value in model.recurrent.to_torch().items()}
    cell.load_state_dict(state)
    E, W_hy, b_y = (torch.from_numpy(p) for p in (model.E, model.W_hy, model.b_y))
    h, last = cell(E[torch.from_numpy(window[:-1])], torch.from_numpy(h0)[None])
    logits = h @ W_hy.T + b_y
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.from_numpy(window[1:]).flatten())
    assert loss == pytest.approx(expected.item(), abs=1e-10)
    np.testing.assert_allclose(h_last, last[0].detach().numpy(), atol=1e-10)


# -- who reads what -----------------------------------------------------------------------------------------
def test_windows_go_through_every_stream_in_order_and_start_anew():
    text = np.arange(100, 129)  # 29 characters: 2 streams of 14 predictions, 3 windows of 4 in each
    rows, length = 2, 4
    taken = [window for window, _ in zip(lab.windows(text, rows, length), range(4))]
    assert [fresh for fresh, _ in taken] == [True, False, False, True]
    for k, (_, window) in enumerate(taken[:3]):
        first = np.arange(length + 1)[:, None] + length * k
        np.testing.assert_array_equal(window, first + np.array([100, 114]))
    np.testing.assert_array_equal(taken[3][1], taken[0][1])


def test_a_text_too_short_for_its_streams_is_refused():
    with pytest.raises(ValueError, match="at least 9 characters, got 8"):
        next(lab.windows(np.arange(8), 2, 4))


@pytest.mark.parametrize("chunk", [1, 7, 22, 1000])
def test_evaluate_counts_every_character_once_with_the_state_carried(model, rng, chunk):
    """By definition: one character after the other, probabilities multiplied."""
    text = rng.integers(V, size=23)
    h, total = np.zeros(H), 0.0
    for now, after in pairwise(text):
        h = np.tanh(model.W_xh @ model.E[now] + model.W_hh @ h + model.b_h)
        z = model.W_hy @ h + model.b_y
        total -= np.log(np.exp(z[after]) / np.exp(z).sum())
    assert lab.evaluate(model, text, chunk) == pytest.approx(total / 22, abs=1e-12)


def test_baselines_are_distributions_and_scored_on_the_same_characters(ids):
    train, validation, test, vocab_size = ids
    tables = lab.baselines(train, validation, vocab_size)
    for p in tables.values():
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    unigram = tables["unigram"]
    assert (unigram == unigram[0]).all()
    space = data.load().alphabet.index(" ")
    assert unigram[0, space] == (train == space).mean()
    # the definition, character by character
    p = tables["bigram"]
    expected = -sum(np.log(p[i, j]) for i, j in pairwise(test)) / (len(test) - 1)
    assert lab.table_loss(p, test) == pytest.approx(expected, abs=1e-10)
    # alpha is the best of those offered on the validation text, and not by default
    losses = [
        lab.table_loss(lab.feedforward.bigram_probabilities(train, vocab_size, a), validation)
        for a in lab.ALPHAS
    ]
    assert lab.table_loss(p, validation) == min(losses) < max(losses)


# -- training -----------------------------------------------------------------------------------------------
def test_a_few_hundred_steps_beat_the_bigram_model_on_held_out_text(ids):
    train, validation, test, vocab_size = ids
    tables = lab.baselines(train, validation, vocab_size)
    bigram, unigram = (lab.table_loss(tables[name], test) for name in ("bigram", "unigram"))
    params, curve = lab.train(train, validation[:20_000], vocab_size, steps=500, seed=1, points=4)
    rnn = lab.evaluate(params, test)
    assert 2.5 < bigram < 2.65 < 3.3 < unigram < 3.4
    assert rnn < bigram - 0.2
    assert [point.step for point in curve] == [0, 125, 250, 375, 500]
    assert curve[0].loss > np.log(vocab_size) - 0.2
    assert all(later.loss < earlier.loss for earlier, later in pairwise(curve))
    assert all(later.seconds > earlier.seconds for earlier, later in pairwise(curve))


SMALL = lab.Settings(embedding_size=4, hidden_size=8, rows=3, window=5)


def test_one_seed_gives_one_result_and_another_another(ids):
    train, validation, _, vocab_size = ids
    runs = [
        lab.train(train, validation[:200], vocab_size, steps=7, seed=seed, settings=SMALL, points=3)
        for seed in (4, 4, 5)
    ]
    for one, same, other in zip(*(params for params, _ in runs)):
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)
        assert one.dtype == np.float32
    assert [point.loss for point in runs[0][1]] == [point.loss for point in runs[1][1]]


def test_the_state_is_carried_from_window_to_window(ids, monkeypatch):
    """The state that goes into each window is the one that came out of the window before."""
    from rnncourse.labs.text_generation import training

    seen = []

    def spy(params, window, h0=None):
        result = lab.loss_and_gradients(params, window, h0)
        seen.append((h0, result[2]))
        return result

    monkeypatch.setattr(training, "loss_and_gradients", spy)
    text = ids[0][:31]  # 3 streams of 10: two windows a pass
    lab.train(text, ids[1][:50], ids[3], steps=4, settings=SMALL, points=1)
    assert seen[0][0] is None and seen[2][0] is None
    assert np.array_equal(seen[1][0], seen[0][1]) and np.array_equal(seen[3][0], seen[2][1])
    assert np.abs(seen[1][0]).max() > 0


def test_seconds_are_kept(ids):
    train, validation, _, vocab_size = ids
    _, curve = lab.train(train, validation[:200], vocab_size, seconds=0.3, settings=SMALL, points=5)
    assert len(curve) == 6
    assert 0.3 <= curve[-1].seconds < 2
    assert curve[-1].step > 5


@pytest.mark.parametrize("seconds", [0.0, -3.0, float("nan"), float("inf")])
def test_a_budget_that_is_none_is_refused(ids, seconds):
    with pytest.raises(CourseError, match="budget above zero"):
        lab.train(ids[0], ids[1], ids[3], seconds=seconds)


@pytest.mark.parametrize("budget", [{}, {"seconds": 1.0, "steps": 3}])
def test_seconds_or_steps_and_not_both(ids, budget):
    with pytest.raises(ValueError, match="either seconds or steps"):
        lab.train(ids[0], ids[1], ids[3], **budget)


# -- writing ------------------------------------------------------------------------------------------------
ALPHABET = "\nabcdef"


def test_temperature_zero_takes_the_most_probable_character(model, rng):
    written = lab.sample(model, ALPHABET, rng, length=12, temperature=0, prompt="\nfa")
    h, read = np.zeros(H), list(data.encode("\nfa", ALPHABET))
    expected = ""
    for _ in range(12):
        for i in read:
            h = np.tanh(model.W_xh @ model.E[i] + model.W_hh @ h + model.b_h)
        read = [int(np.argmax(model.W_hy @ h + model.b_y))]
        expected += ALPHABET[read[0]]
    assert written == expected
    assert lab.sample(model, ALPHABET, rng, 12, temperature=1e-6, prompt="\nfa") == expected


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_samples_follow_the_tempered_softmax(model, rng, temperature):
    drawn = [lab.sample(model, ALPHABET, rng, 1, temperature, "ace") for _ in range(4000)]
    h = np.zeros(H)
    for i in data.encode("ace", ALPHABET):
        h = np.tanh(model.W_xh @ model.E[i] + model.W_hh @ h + model.b_h)
    weights = np.exp((model.W_hy @ h + model.b_y) / temperature)
    expected = weights / weights.sum()
    found = np.array([drawn.count(character) for character in ALPHABET]) / len(drawn)
    # four standard deviations of a count of 4000
    np.testing.assert_array_less(
        np.abs(found - expected), 4 * np.sqrt(expected * (1 - expected) / 4000) + 1e-4
    )


def test_samples_are_seeded(model):
    one, same, other = (lab.sample(model, ALPHABET, np.random.default_rng(s), 60) for s in (1, 1, 2))
    assert one == same != other
    assert len(one) == 60


@pytest.mark.parametrize(
    ("change", "words"), [({"temperature": -1.0}, "temperature"), ({"prompt": ""}, "prompt")]
)
def test_a_sample_that_makes_no_sense_is_refused(model, rng, change, words):
    with pytest.raises(ValueError, match=words):
        lab.sample(model, ALPHABET, rng, 3, **change)


# -- the whole ----------------------------------------------------------------------------------------------
def test_run_prints_a_table_and_a_sample_and_shows_progress_on_stderr(capsys):
    lab.run(seconds=1.0, seed=3)
    out, err = capsys.readouterr()
    rows = {
        line.split()[0]: line.split()[1:] for line in out.splitlines() if line[:3] in ("uni", "big", "RNN")
    }
    assert list(rows) == ["unigram", "bigram", "RNN"]
    for nats, bits in rows.values():
        assert float(bits) == pytest.approx(float(nats) / np.log(2), abs=2e-3)
    assert "101,859 characters" in out
    assert len(out.split("temperature 0.7):\n")[1]) > 300
    assert "100%" in err and "nats per character" in err


def test_experiment_tells_what_a_page_needs():
    result, again = (lab.experiment(steps=3, seed=2, settings=SMALL) for _ in range(2))
    assert result.losses == again.losses and result.text == again.text
    assert list(result.losses) == ["unigram", "bigram", "RNN"]
    assert result.curve[-1].step == 3 and result.curve[-1].loss > result.curve_bigram > 2
    assert set(result.text) <= set(result.alphabet)


def test_the_lab_needs_neither_torch_nor_matplotlib():
    code = (
        "import sys, rnncourse.labs.text_generation\n"
        "print({'torch', 'matplotlib', 'nbgrader'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
