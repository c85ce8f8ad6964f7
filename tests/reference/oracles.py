"""An independent judge for every gradient of ``rnncourse.reference``: central differences of its forward.

``GRADIENTS`` pairs the backward calls of ``calls`` with the forward ones.
"""

import numpy as np

from rnncourse.reference import checkpointing, gru
from rnncourse.reference.gradcheck import projection_error
from tests.reference.calls import CALLS, Call

CELLS = {"rnn": "rnn_cell", "lstm": "lstm_cell", "gru": "gru_cell"} | {
    name: name for name in ("peephole_lstm", "coupled_lstm", "min_gru")
}
# the parts of the state have no names there
_sparing = CALLS["checkpointing.forward"]
_mask = _sparing.arguments["mask"]
_checkpointed = Call(
    lambda x, h0, params: checkpointing.forward(gru, params, x, h0, mask=_mask, segment=2),
    {"x": _sparing.arguments["x"], "params": _sparing.arguments["params"]}
    | {"h0": CALLS["gru.forward"].arguments["h0"]},
)
# backward -> forward, the arguments it differentiates by, in its order, and the gradients it is given
GRADIENTS = {
    "bidirectional.one_way_backward": ("bidirectional.one_way", "x state params", "dh dlast"),
    "bidirectional.backward": ("bidirectional.forward", "x state params", "dh dlast"),
    "stacked.backward": ("stacked.forward", "x state params", "dh dlast"),
    "checkpointing.backward": (_checkpointed, "x h0 params", "dh"),
    "embedding.backward": ("embedding.forward", "E", "dvectors"),
    "output_layer.backward": ("output_layer.forward", "h W_hy b_y", "dy"),
    "feedforward.backward": ("feedforward.forward", "x params", "dy"),
    "losses.softmax_cross_entropy_backward": ("losses.softmax_cross_entropy", "logits", ""),
    "losses.mean_squared_error_backward": ("losses.mean_squared_error", "predictions", ""),
    "attention.dot_attention_backward": ("attention.dot_attention", "query keys values", "dcontext"),
    "attention.additive_attention_backward": (
        "attention.additive_attention",
        "query keys values params",
        "dcontext",
    ),
    "crf.score_backward": ("crf.score", "scores", "dscore"),
    "crf.log_partition_backward": ("crf.log_partition", "scores", "dlog_partition"),
    "crf.negative_log_likelihood_backward": ("crf.negative_log_likelihood", "scores", "dloss"),
    "ctc.loss_backward": ("ctc.loss", "logits", "dloss"),
}
for _name, _cell in CELLS.items():
    _two = "lstm" in _name
    GRADIENTS[f"{_cell}.step_backward"] = (
        f"{_cell}.step",
        "x_t h_prev c_prev params" if _two else "x_t h_prev params",
        "dh_t dc_t" if _two else "dh_t",
    )
    GRADIENTS[f"{_name}.backward"] = (
        f"{_name}.forward",
        "x h0 c0 params" if _two else "x h0 params",
        "dh dc_last" if _two else "dh",
    )


def flat(value):
    """Return all arrays (or numbers) inside tuples and lists, in order."""
    if isinstance(value, tuple | list):
        return [array for entry in value for array in flat(entry)]
    return [value]


def filled(value, arrays):
    """Return ``value`` with the next of ``arrays`` in the place of each of its arrays."""
    if isinstance(value, tuple | list):
        entries = [filled(entry, arrays) for entry in value]
        return value._make(entries) if hasattr(value, "_make") else type(value)(entries)
    return next(arrays)


def parts(result, upstream):
    """Return what a gradient is given for: the first result, and of histories the last state."""
    results = flat(result[0] if isinstance(result, tuple) and len(upstream) == 1 else result)[: len(upstream)]
    return [a if np.shape(a) == np.shape(d) or not np.shape(d) else a[-1] for a, d in zip(results, upstream)]


def worst_error(label):
    """Return the largest relative error of a backward call's gradients, each argument's on its own."""
    forward, by, given = GRADIENTS[label]
    backward, forward = CALLS[label], forward if isinstance(forward, Call) else CALLS[forward]
    by, upstream = by.split(), flat([backward.arguments[name] for name in given.split()]) or [1.0]
    window = {"window": None} if "window" in backward.arguments else {}
    gradients = flat(backward(**window))
    values = [forward.arguments[name] for name in by]
    arrays = flat(values)
    assert [g.shape for g in gradients] == [a.shape for a in arrays], label
    errors = []
    for i, (array, gradient) in enumerate(zip(arrays, gradients)):

        def loss(changed, i=i):
            everything = iter([*arrays[:i], changed, *arrays[i + 1 :]])
            result = forward(**dict(zip(by, filled(values, everything))))
            seen = parts(result, upstream)
            return sum(float(np.sum(a * b)) for a, b in zip(seen, upstream, strict=True))

        errors.append(projection_error(loss, [array], [gradient], np.random.default_rng(i)))
    return max(errors)
