"""What a window can and cannot know: a small story, delayed recall, and unseen n-grams.

Everything is small enough to be trained while the page is built, by the NumPy code of `rnncourse.reference`.
Distances are in steps: the word that was read last has distance 1 from the word that comes next.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from rnncourse.reference import embedding, feedforward, losses, optim, output_layer, rnn

Ids = NDArray[np.integer]
Array = NDArray[np.floating]

# who is spoken of, and the word that ends the sentence because of it
PLACES = {"cat": "mat", "dog": "rug", "hen": "nest", "frog": "leaf"}
VERBS = ("sat", "slept")
WORDS = ("the", *PLACES, *VERBS, "on", *PLACES.values(), ".")

# the vocabulary of delayed recall: the clues come first, then the words that mean nothing here
FILLERS = ("then", "very", "and", "so", "still", "well")
RECALL_WORDS = (*PLACES, *FILLERS)
ANSWERS = tuple(PLACES.values())


# ------------------------------------------------------------------------------------------ the small story
def story(rng: np.random.Generator, sentences: int, leave_out: tuple[str, str] | None = None) -> Ids:
    """Return the ids (in `WORDS`) of random sentences "the cat sat on the mat ." one after the other.

    Parameters
    ----------
    sentences : int
        how many; each is drawn from every pair of an animal and a verb with equal probability
    leave_out : (animal, verb), optional
        a pair that is never told

    Returns
    -------
    ids (7 * sentences,)
    """
    pairs = [(animal, verb) for animal in PLACES for verb in VERBS if (animal, verb) != leave_out]
    told = [pairs[k] for k in rng.integers(len(pairs), size=sentences)]
    text = [word for a, v in told for word in ("the", a, v, "on", "the", PLACES[a], ".")]
    return np.array([WORDS.index(word) for word in text])


def next_word_counts(ids: Ids, context: Sequence[str]) -> dict[str, int]:
    """Return how often each word of `WORDS` follows the context (words) in the text, most frequent first."""
    want = [WORDS.index(word) for word in context]
    inputs, targets = feedforward.sliding_windows(ids, len(want))  # (N, width), (N,)
    found = targets[(inputs == want).all(axis=1)]
    return {WORDS[k]: n for k, n in Counter(found.tolist()).most_common()}


def best_possible(windows: Ids, targets: Ids) -> tuple[float, float]:
    """Return the least error and the least loss that *any* function of the window can have on these data.

    For each different window the best guess is the target that follows it most often, and the best
    distribution is the relative frequencies of its targets. Nothing that sees only the window can tell two
    places with the same window apart, however large it is and however long it is trained.

    Parameters
    ----------
    windows : (N, width) integers
    targets : (N,) integers

    Returns
    -------
    error : share of targets that are missed
    nats : mean cross-entropy, in nats per target (the conditional entropy of the counts)
    """
    followers: dict[bytes, Counter[int]] = {}
    for window, target in zip(windows, targets.tolist(), strict=True):
        followers.setdefault(window.tobytes(), Counter())[target] += 1
    hits = sum(max(counter.values()) for counter in followers.values())
    nats = sum(-n * np.log(n / counter.total()) for counter in followers.values() for n in counter.values())
    return 1 - hits / len(targets), float(nats / len(targets))


# ------------------------------------------------------------------------------------------------ the models
class WindowMLP(NamedTuple):
    """A network on the last `width` words: embed each, lay the vectors side by side, then (F2) and (F3)."""

    E: Array  # (V, D)
    W1: Array  # (H, width * D)
    b1: Array  # (H,)
    W2: Array  # (O, H)
    b2: Array  # (O,)

    @classmethod
    def init(
        cls, rng: np.random.Generator, vocabulary: int, width: int, D: int, H: int, outputs: int
    ) -> "WindowMLP":
        """Draw the weights of a network on `width` words with embeddings of size D."""
        return cls(rng.normal(size=(vocabulary, D)), *feedforward.init(rng, width * D, H, outputs))

    def logits(self, ids: Ids) -> Array:
        """Return the scores (B, O) of the word after ids (T, B); only the last `width` steps count."""
        return self._forward(ids)[0]

    def _forward(self, ids: Ids) -> tuple[Array, tuple[Ids, feedforward.Cache]]:
        seen = ids[len(ids) - self.W1.shape[1] // self.E.shape[1] :].T  # (B, width), oldest word first
        vectors = embedding.forward(seen, self.E)  # (B, width, D)
        y, cache = feedforward.forward(feedforward.Params(*self[1:]), vectors.reshape(len(seen), -1))
        return y, (seen, cache)

    def gradients(self, ids: Ids, targets: Ids) -> tuple[float, list[Array]]:
        """Return the mean loss (nats) and its gradients, in the order of the fields."""
        y, (seen, cache) = self._forward(ids)
        dx, dparams = feedforward.backward(losses.softmax_cross_entropy_backward(y, targets), cache)
        dE = embedding.backward(seen, dx.reshape(*seen.shape, -1), len(self.E))
        return losses.softmax_cross_entropy(y, targets), [dE, *dparams]


class LastStateRNN(NamedTuple):
    """A recurrent network that reads every word and answers once, from its last state."""

    E: Array  # (V, D)
    W_xh: Array  # (H, D)
    W_hh: Array  # (H, H)
    b_h: Array  # (H,)
    W_hy: Array  # (O, H)
    b_y: Array  # (O,)

    @classmethod
    def init(cls, rng: np.random.Generator, vocabulary: int, D: int, H: int, outputs: int) -> "LastStateRNN":
        """Draw the weights; W_hh is a random orthogonal matrix, which keeps the length of a state."""
        W_xh, _, b_h = rnn.init(rng, D, H)
        W_hh = np.linalg.qr(rng.normal(size=(H, H)))[0]
        W_hy = rng.normal(size=(outputs, H)) / np.sqrt(H)
        return cls(rng.normal(size=(vocabulary, D)), W_xh, W_hh, b_h, W_hy, np.zeros(outputs))

    def logits(self, ids: Ids) -> Array:
        """Return the scores (B, O) of the word after ids (T, B)."""
        h, _ = rnn.forward(rnn.Params(self.W_xh, self.W_hh, self.b_h), embedding.forward(ids, self.E))
        return output_layer.forward(h[-1], self.W_hy, self.b_y)

    def gradients(self, ids: Ids, targets: Ids) -> tuple[float, list[Array]]:
        """Return the mean loss (nats) and its gradients, in the order of the fields."""
        h, cache = rnn.forward(rnn.Params(self.W_xh, self.W_hh, self.b_h), embedding.forward(ids, self.E))
        y = output_layer.forward(h[-1], self.W_hy, self.b_y)  # (B, O)
        dy = losses.softmax_cross_entropy_backward(y, targets)
        dh = np.zeros_like(h)  # the loss looks at the last state alone ...
        dh[-1], dW_hy, db_y = output_layer.backward(dy, h[-1], self.W_hy)
        dx, _, dparams = rnn.backward(dh, cache)  # ... and the loop carries that to every step
        dE = embedding.backward(ids, dx, len(self.E))
        return losses.softmax_cross_entropy(y, targets), [dE, *dparams, dW_hy, db_y]


Model = TypeVar("Model", WindowMLP, LastStateRNN)


def train(
    model: Model, batches: Iterable[tuple[Ids, Ids]], learning_rate: float = 3e-3, max_norm: float = 1.0
) -> Model:
    """Return the model after a clipped Adam step for each batch (ids (T, B), targets (B,))."""
    state = None
    for ids, targets in batches:
        _, gradients = model.gradients(ids, targets)
        clipped, _ = optim.clip_by_global_norm(gradients, max_norm)
        model, state = optim.adam(model, clipped, learning_rate, state)
    return model


def train_on_windows(ids: Ids, width: int, seed: int, steps: int = 600, batch: int = 64) -> WindowMLP:
    """Train a small network to tell the word that follows each window of the text ids (L,) in `WORDS`."""
    rng = np.random.default_rng(seed)
    inputs, targets = feedforward.sliding_windows(ids, width)
    picks = rng.integers(len(targets), size=(steps, batch))
    model = WindowMLP.init(rng, len(WORDS), width, 6, 24, len(WORDS))
    return train(model, ((inputs[k].T, targets[k]) for k in picks))


# -------------------------------------------------------------------------------------------- delayed recall
def recall_batch(
    rng: np.random.Generator, distances: Sequence[int], length: int, batch: int
) -> tuple[Ids, Ids]:
    """Draw sentences of fillers with one clue in each, at a random one of the distances from the end.

    Returns
    -------
    ids (length, batch) : ids in `RECALL_WORDS`
    targets (batch,) : the clue of each sentence, as an index into `ANSWERS`; the fillers say nothing about it
    """
    ids = rng.integers(len(PLACES), len(RECALL_WORDS), size=(length, batch))
    targets = rng.integers(len(PLACES), size=batch)
    ids[length - rng.choice(distances, size=batch), np.arange(batch)] = targets
    return ids, targets


def recall_error(model: Model, rng: np.random.Generator, distance: int, length: int, batch: int) -> float:
    """Return the share of wrong answers on fresh sentences whose clue stands at the distance."""
    ids, targets = recall_batch(rng, [distance], length, batch)
    return float((model.logits(ids).argmax(axis=1) != targets).mean())


def recall_curve(
    start: Callable[[np.random.Generator], Model],
    trained: Sequence[int],
    tested: Sequence[int],
    steps: int = 800,
    seeds: int = 5,
    batch: int = 64,
) -> NDArray[np.float64]:
    """Train a model on sentences with the clue at `trained` distances; measure its error at `tested` ones.

    Parameters
    ----------
    start : draws an untrained model
    steps : Adam steps, each on `batch` fresh sentences
    seeds : how often it is all done again with other weights and other sentences

    Returns
    -------
    errors (seeds, len(tested)) : shares of wrong answers, each on 1000 fresh sentences
    """
    errors = np.empty((seeds, len(tested)))
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        model = train(start(rng), (recall_batch(rng, trained, max(trained), batch) for _ in range(steps)))
        errors[seed] = [recall_error(model, rng, d, max(d, max(trained)), 1000) for d in tested]
    return errors


# ----------------------------------------------------------------------------------------- n-grams of a text
def unseen_share(train_text: Sequence[str], test_text: Sequence[str], n: int) -> float:
    """Return which share of the runs of n items in the test text never occurs in the training text."""
    seen = set(zip(*(train_text[k:] for k in range(n))))
    return float(np.mean([gram not in seen for gram in zip(*(test_text[k:] for k in range(n)))]))
