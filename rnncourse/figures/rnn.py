"""The pictures of the chapter "A loop that remembers", and the small network that readers step through.

The chapter measures, in cells that show how; these functions only draw what they are given.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from rnncourse.figures import LINES, blank, book_style, panels
from rnncourse.reference import rnn


class Pencil(NamedTuple):
    """A next-word network with weights of one decimal, small enough to follow with a pencil.

    ``vocabulary`` holds V words, ``sentence`` T words; ``E (V - 1, D)`` (the last word is never read),
    ``cell`` of D inputs and H units, ``W_hy (V, H)``, ``b_y (V,)``.
    """

    vocabulary: tuple[str, ...]
    sentence: tuple[str, ...]
    E: np.ndarray
    cell: rnn.Params
    W_hy: np.ndarray
    b_y: np.ndarray

    @property
    def ids(self) -> np.ndarray:
        """Where the words of the sentence stand in the vocabulary, ``(T, 1)``: a batch of one."""
        return np.array([[self.vocabulary.index(word.lower())] for word in self.sentence])


def pencil_network() -> Pencil:
    """Return the network of the figure ``<unrolled-rnn>``: D = H = 2, V = 5.

    Gradient descent on this one sentence found the weights, which were then rounded to one decimal. What
    the figure and the chapter show is computed from the rounded weights. It reads "the" twice, and
    answers "cat" the first time and "mat" the second.
    """
    return Pencil(
        vocabulary=("the", "cat", "sat", "on", "mat"),
        sentence=("The", "cat", "sat", "on", "the"),
        E=np.array([[-0.2, 1.2], [0.5, -0.4], [1.1, -0.9], [-1.4, -0.3]]),
        cell=rnn.Params(
            W_xh=np.array([[1.7, 0.0], [-0.6, 1.6]]),
            W_hh=np.array([[-1.9, 0.5], [0.2, 0.2]]),
            b_h=np.array([0.0, -0.2]),
        ),
        W_hy=np.array([[-5.7, -0.3], [-1.8, 4.6], [4.2, -2.4], [-1.5, -4.8], [4.2, 2.9]]),
        b_y=np.array([-0.3, 0.1, 0.2, 0.0, 0.0]),
    )


@book_style
def next_words(sentences: Mapping[str, np.ndarray], vocabulary: Sequence[str]) -> Figure:
    """Draw what a model expects after every word of some sentences.

    Parameters
    ----------
    sentences : mapping
        Sentence (words separated by blanks) -> probabilities ``(T, V)``, row t after the t-th word.
    vocabulary : sequence of str
        The V words.
    """
    # panels of their own axes: each has its own words below
    figure = Figure(figsize=(7.2, 0.33 * len(vocabulary) + 1.2), layout="constrained")
    grid = figure.subplots(1, len(sentences), sharey=True, squeeze=False)[0]
    for axes, (sentence, probabilities) in zip(grid, sentences.items()):
        axes.imshow(probabilities.T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        # the numbers themselves: a shade alone is neither exact nor seen by everyone
        for t, v in np.argwhere(probabilities >= 0.01):
            p = probabilities[t, v]
            axes.text(t, v, f"{p:.2f}", ha="center", va="center", color="white" if p > 0.6 else "black")
        axes.set_xticks(range(len(probabilities)), sentence.split())
        axes.set_yticks(range(len(vocabulary)), vocabulary)
        axes.set_xlabel("word read")
        axes.grid(False)
    grid[0].set_ylabel("next word")
    return figure


@book_style
def after_one_kick(states: Mapping[str, np.ndarray], titles: Sequence[str]) -> Figure:
    """Draw the state of single units, started from the same value and left alone.

    Parameters
    ----------
    states : mapping
        Label -> states ``(steps, len(titles))``, one column for each panel.
    titles : sequence of str
        The nonlinearity of each panel.
    """
    figure, grid = panels(len(titles), 7.2, 3.6)
    for panel, (axes, title) in enumerate(zip(grid, titles)):
        for line, (label, history) in zip(LINES, states.items()):
            steps = np.arange(1, len(history) + 1)
            every = max(1, len(history) // 6)  # markers now and then, so that the lines stay visible
            axes.semilogy(steps, history[:, panel], label=label, markevery=every, **line._asdict())
        axes.set(title=title, xlabel="steps since the kick")
    grid[0].set_ylabel("state h (log scale)")
    grid[-1].legend(loc="lower left")
    return figure


@book_style
def loss_positions(masks: Mapping[str, np.ndarray]) -> Figure:
    """Draw which positions of one sequence enter the loss.

    Parameters
    ----------
    masks : mapping
        Name of the task -> mask ``(T,)``, 1 where the position counts.
    """
    figure, axes = blank(6.4, 0.6 * len(masks) + 0.9)
    for row, mask in enumerate(masks.values()):
        for t, counts in enumerate(mask, start=1):
            marker, color, text = ("o", LINES[0].color, "loss") if counts else ("x", "#666666", "")
            axes.plot(t, row, marker=marker, color=color)
            axes.annotate(text, (t, row), (0, 7), textcoords="offset points", ha="center", fontsize="small")
    axes.set_yticks(range(len(masks)), list(masks))
    axes.set(xlabel="step t", ylim=(len(masks) - 0.4, -0.7))
    axes.grid(False)
    return figure


@book_style
def delay_error(
    sizes: np.ndarray, measured: Mapping[str, np.ndarray], estimated: Sequence[np.ndarray]
) -> Figure:
    """Draw the delay line's largest error against the size of its input.

    Parameters
    ----------
    sizes : array (N,)
        Sizes of the input.
    measured : mapping
        Label -> largest error ``(N,)``.
    estimated : sequence of arrays (N,)
        What theory says, in the order of ``measured``.
    """
    figure, axes = blank()
    for line, (label, errors), estimate in zip(LINES, measured.items(), estimated):
        axes.loglog(sizes, estimate, color=line.color, linestyle="-", linewidth=0.8)
        axes.loglog(sizes, errors, label=label, **{**line._asdict(), "linestyle": "none"})
    axes.set(xlabel="size of the input, |x|", ylabel="largest error of the output")
    axes.legend(title="marks: measured; lines: estimate", loc="upper left")
    axes.set_ylim(top=1e7)  # room for the legend
    return figure


@book_style
def chunk_error(errors: Mapping[str, np.ndarray], chunk: int) -> Figure:
    """Draw, step by step, how far a run in chunks is from the run in one piece.

    Parameters
    ----------
    errors : mapping
        Label -> largest difference at each step ``(T,)``; an exact zero is drawn at 1e-17.
    chunk : int
        Steps in a chunk.
    """
    figure, axes = blank(6.8)
    for line, (label, error) in zip(LINES, errors.items()):
        steps = np.arange(1, len(error) + 1)
        drawn = np.maximum(error, 1e-17)
        axes.semilogy(steps, drawn, label=label, markevery=chunk, **line._asdict())
    axes.set_xticks(range(1, len(steps) + 1, chunk))
    axes.set(xlabel="step t (marks: the first step of a chunk)", ylabel="largest difference in the state")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.08))
    return figure


@book_style
def learning_curve(steps: Sequence[int], losses: Sequence[float], marks: Mapping[str, float]) -> Figure:
    """Draw a loss that falls, and the levels of the baselines that it should pass.

    Parameters
    ----------
    steps, losses : sequences of equal length
        Training steps, and the loss on held-out text at each (bits per character).
    marks : mapping
        Name of a baseline -> its loss.
    """
    figure, axes = blank()
    axes.plot(steps, losses, label="our RNN", **LINES[0]._asdict())
    for line, (label, level) in zip(LINES[1:], marks.items()):
        axes.axhline(level, label=label, color=line.color, linestyle=line.linestyle)
    axes.set(xlabel="training steps", ylabel="bits per character, held-out play")
    axes.legend()
    return figure
