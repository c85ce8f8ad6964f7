"""From frames to labels: reading what a network trained with ``ctc.loss`` puts out.

The best *path* is easy to find, one argmax per frame.  The best *labels* are another thing: their
probability is a sum over paths, and labels with many middling paths can beat those of the best one.
Prefix beam search adds up paths that have spelt the same labels so far.

Source: Graves 2012, section 7.5 [graves2012supervised]; the two probabilities per prefix are Hannun et
al. 2014's.
"""

import numpy as np

from rnncourse.reference.arguments import check_sizes
from rnncourse.reference.ctc import collapse
from rnncourse.reference.ctc_trellis import counting_frames
from rnncourse.reference.losses import log_softmax

Labels = tuple[int, ...]


def best_path(
    logits: np.ndarray, input_lengths: np.ndarray | None = None, blank: int = 0
) -> list[np.ndarray]:
    """Take every frame's likeliest symbol, and collapse.

    Parameters
    ----------
    logits : array (T, B, V)
        One score (or log-probability) per frame and symbol.
    input_lengths : integer array (B,), optional
        How many frames count; all of them when left out.
    blank : int

    Returns
    -------
    labels : list of B integer arrays (L,)
        L may differ from one to the next.

    Raises
    ------
    ValueError
        On shapes that do not agree, a blank or a length out of range, and NaN, +inf or nothing but -inf in
        a frame that counts.
    """
    logits, frames = counting_frames(logits, input_lengths, blank)
    lengths = frames.sum(axis=0)
    return [collapse(logits[:n, b].argmax(axis=1), blank) for b, n in enumerate(lengths)]


def prefix_beam_search(
    logits: np.ndarray, beam_size: int, input_lengths: np.ndarray | None = None, blank: int = 0
) -> list[list[tuple[Labels, float]]]:
    """Search for the likeliest labels, keeping ``beam_size`` prefixes after every frame.

    Parameters
    ----------
    logits : array (T, B, V)
        One score (or log-probability) per frame and symbol.
    beam_size : int
        At least 1.  Large enough to hold all prefixes, the search is exact.
    input_lengths : integer array (B,), optional
        How many frames count; all of them when left out.
    blank : int

    Returns
    -------
    found : list of B lists of (labels, log_probability)
        At most ``beam_size`` each, the likeliest first; in nats.  The number is ``-ctc.loss`` of the labels
        as far as their paths stayed within the beam, so never above it.

    Raises
    ------
    ValueError
        As ``best_path``, and on a ``beam_size`` below 1.
    """
    logits, frames = counting_frames(logits, input_lengths, blank)
    lengths = frames.sum(axis=0)
    check_sizes(beam_size=beam_size)
    return [_search(log_softmax(logits[:n, b]), beam_size, blank) for b, n in enumerate(lengths)]


def _search(log_probs: np.ndarray, beam_size: int, blank: int) -> list[tuple[Labels, float]]:
    """Search one sequence's log-probabilities ``(T, V)``."""
    # prefix -> log-probabilities of its paths that end in a blank, and of those that end in its last
    # label: only after a blank does the same label, heard again, count again.
    beam: dict[Labels, tuple[float, float]] = {(): (0.0, -np.inf)}
    for y in log_probs.astype(np.float64):
        paths: dict[Labels, tuple[float, float]] = {}

        def add(prefix: Labels, in_blank: float, in_label: float) -> None:
            before = paths.get(prefix, (-np.inf, -np.inf))  # noqa: B023  # called within this round
            paths[prefix] = (  # noqa: B023
                float(np.logaddexp(before[0], in_blank)),
                float(np.logaddexp(before[1], in_label)),
            )

        for prefix, (in_blank, in_label) in beam.items():
            either = float(np.logaddexp(in_blank, in_label))
            again = in_label + y[prefix[-1]] if prefix else -np.inf  # merged with the label before
            add(prefix, either + y[blank], again)
            for k in range(len(y)):
                if k != blank:
                    follows = in_blank if prefix and prefix[-1] == k else either
                    add((*prefix, k), -np.inf, follows + y[k])
        beam = dict(sorted(paths.items(), key=_total, reverse=True)[:beam_size])
    found = [(prefix, _total((prefix, ends))) for prefix, ends in beam.items()]
    return [(prefix, total) for prefix, total in found if total > -np.inf]


def _total(entry: tuple[Labels, tuple[float, float]]) -> float:
    """Return the log-probability of a prefix, however its paths end."""
    return float(np.logaddexp(*entry[1]))
