"""The automatic mistakes that are none: what changes the text of a solution and not what it computes.

``REASONS[exercise][label]`` says why a survivor of ``rnncourse mistakes --mutants`` passes rightly.  A label
is the changed line before and after; a test holds this list equal to what survives.
"""

from rnncourse.authoring import equivalent_bptt, equivalent_gradients, equivalent_gru
from rnncourse.authoring.labels import label

_VECTOR = "a vector is its own transpose"
_AXIS = "an array of two axes: the last axis is axis 1"
_ONE_LONG = "that axis has length one: first, last and reversed are the same"
_ORDER = "a mean does not ask for the order"
_MASK = "a mask holds 0 and 1 alone"
_ARRAY = "the mask is an array in every call that is made; asarray is there for a list"
_SMALL = "inside the tolerance of 1e-3 that the text gives"

_SUM = "a sum does not ask for the order"
_EVEN = "a square does not see the sign"


_FOUR = "a_i, a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)"
_THREE = "a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 3, axis=1)"
_ADDED = "sums = [so_far + share for so_far, share in zip(sums, shares)]"
_DC = "dc = dc_t + dh_t * o * (1 - tanh_c ** 2)"
_SIX = "return (da @ W_xh, da @ W_hh, dc * f, da.T @ x_t, da.T @ h_prev, da.sum(axis=0))"
_EIGHT = "return (da @ W_xh, da @ W_hh, dc_prev, da.T @ x_t, da.T @ h_prev, da.sum(axis=0), dp_f, dp_o)"

REASONS: dict[str, dict[str, str]] = {
    "feedforward.sliding_windows": {
        "positions = starts[:, None] + np.arange(width)  ->  "
        "positions = starts.T[:, None] + np.arange(width)": _VECTOR,
    },
    "feedforward.bigram_probabilities": {
        "smoothed = np.full((vocab_size, vocab_size), float(alpha))  ->  "
        "smoothed = np.full((vocab_size, vocab_size), alpha)": "alpha is a float in every call that is made",
        "return smoothed / smoothed.sum(axis=1, keepdims=True)  ->  "
        "return smoothed / smoothed.sum(axis=-1, keepdims=True)": _AXIS,
    },
    "feedforward.dilated_window_mlp": {
        "positions = starts[:, None] + dilation * np.arange(width)  ->  "
        "positions = starts.T[:, None] + dilation * np.arange(width)": _VECTOR,
    },
    "rnn.softmax_cross_entropy": {
        "surprise = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]  ->  "
        "surprise = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., -1]": _ONE_LONG,
        "surprise = surprise[np.asarray(mask) != 0]  ->  surprise = surprise[np.asarray(mask) > 0]": _MASK,
        "surprise = surprise[np.asarray(mask) != 0]  ->  surprise = surprise[mask != 0]": _ARRAY,
        "return float(surprise.mean())  ->  return surprise.mean()": "a NumPy float is a float, too",
        "return float(surprise.mean())  ->  return float(surprise.T.mean())": _ORDER,
        "return float(surprise.mean())  ->  return float(surprise[::-1].mean())": _ORDER,
    },
    "rnn.delay_line_weights": {
        "W_xh[0, 0] = 1.0  ->  W_xh[0, 0] = 1.01": _SMALL,
        "W_xh[0, 0] = 1.0  ->  W_xh.T[0, 0] = 1.0": "the first element is the transpose's first",
        "W_xh[0, 0] = 1.0  ->  W_xh[0, -1] = 1.0": _ONE_LONG,
        "W_hy[0, -1] = 1.0  ->  W_hy[0, -1] = 1.01": _SMALL,
        "W_hy[0, -1] = 1.0  ->  W_hy[::-1][0, -1] = 1.0": _ONE_LONG,
        "W_hy[0, -1] = 1.0  ->  W_hy[-1, -1] = 1.0": _ONE_LONG,
        "return (W_xh, W_hh, np.zeros(units), W_hy, np.zeros(1))  ->  "
        "return (W_xh, W_hh, np.zeros(units), W_hy[::-1], np.zeros(1))": _ONE_LONG,
    },
    "rnn.leaky_rnn_forward": {
        "for x_t, counts in zip(x, np.asarray(mask) != 0):  ->  "
        "for x_t, counts in zip(x, np.asarray(mask) > 0):": _MASK,
        "for x_t, counts in zip(x, np.asarray(mask) != 0):  ->  "
        "for x_t, counts in zip(x, mask != 0):": _ARRAY,
        "state = np.where(counts[:, None], moved, state)  ->  "
        "state = np.where(counts.T[:, None], moved, state)": _VECTOR,
    },
    **equivalent_bptt.REASONS,
    **equivalent_gradients.REASONS,
    **equivalent_gru.REASONS,
    "lstm.lstm_step": {label(_FOUR, "axis=1", "axis=-1"): _AXIS},
    "lstm.lstm_step_backward": {
        label(_FOUR, "axis=1", "axis=-1"): _AXIS,
        label(_DC, "tanh_c", "(-tanh_c)"): _EVEN,
        label("da_g = dc * i * (1 - g ** 2)", "g ** 2", "(-g) ** 2"): _EVEN,
        label("da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)", "axis=1", "axis=-1"): _AXIS,
        label(_SIX, "da.sum", "da[::-1].sum"): _SUM,
    },
    "lstm.lstm_backward": {
        label(_ADDED, "zip(sums, shares)", "zip(shares, sums)"): _SUM,
    },
    "lstm.forget_bias": {
        label("changed[H:2 * H] = value", "changed", "changed.T"): _VECTOR,
        label("changed[H:2 * H] = value", "2 * H", "2 * -H"): "2H from the end of 4H is 2H from the start",
        label("return changed", "changed", "changed.T"): _VECTOR,
    },
    "lstm.peephole_lstm_step": {label(_FOUR, "axis=1", "axis=-1"): _AXIS},
    "lstm.coupled_lstm_step": {label(_THREE, "axis=1", "axis=-1"): _AXIS},
    "lstm.coupled_peephole_lstm_step_backward": {
        label(_THREE, "axis=1", "axis=-1"): _AXIS,
        label(f"{_DC} + da_o * p_o", "tanh_c", "(-tanh_c)"): _EVEN,
        label("da_g = dc * (1 - f) * (1 - g ** 2)", "g ** 2", "(-g) ** 2"): _EVEN,
        label("da = np.concatenate([da_f, da_g, da_o], axis=1)", "axis=1", "axis=-1"): _AXIS,
        label(_EIGHT, "da.sum", "da[::-1].sum"): _SUM,
    },
}
