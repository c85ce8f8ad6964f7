"""The automatic mistakes of the assignment gru that are none; see ``equivalent``."""

_AXIS = "an array of two axes: the last axis is axis 1"
_EMPTY = "zeros_like asks for shape and dtype alone"
_COUNTED = "a loop over range never goes below 0"
_SUM = "a sum does not ask for the order"
_EVEN = "a square does not see the sign"
_ALPHABET = "of the three names none but gru stands before or at gru in the alphabet"

REASONS: dict[str, dict[str, str]] = {
    "gru.gru_step": {
        "x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)  ->  "
        "x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=-1)": _AXIS,
        "h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=1)  ->  "
        "h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=-1)": _AXIS,
    },
    "gru.gru_step_backward": {
        "x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)  ->  "
        "x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=-1)": _AXIS,
        "h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=1)  ->  "
        "h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=-1)": _AXIS,
        "da_n = dh_t * (1 - z) * (1 - n ** 2)  ->  da_n = dh_t * (1 - z) * (1 - (-n) ** 2)": _EVEN,
        "by_input = np.concatenate([da_r, da_z, da_n], axis=1)  ->  "
        "by_input = np.concatenate([da_r, da_z, da_n], axis=-1)": _AXIS,
        "by_state = np.concatenate([da_r, da_z, dq], axis=1)  ->  "
        "by_state = np.concatenate([da_r, da_z, dq], axis=-1)": _AXIS,
        "return (dx_t, dh_prev, by_input.T @ x_t, by_state.T @ h_prev, by_input.sum(axis=0), "
        "dq.sum(axis=0))  ->  "
        "return (dx_t, dh_prev, by_input.T @ x_t, by_state.T @ h_prev, "
        "by_input[::-1].sum(axis=0), dq.sum(axis=0))": _SUM,
        "return (dx_t, dh_prev, by_input.T @ x_t, by_state.T @ h_prev, by_input.sum(axis=0), "
        "dq.sum(axis=0))  ->  "
        "return (dx_t, dh_prev, by_input.T @ x_t, by_state.T @ h_prev, by_input.sum(axis=0), "
        "dq[::-1].sum(axis=0))": _SUM,
    },
    "gru.gru_backward": {
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]  ->  "
        "sums = [np.zeros_like(weight) for weight in (-W_xh, W_hh, b_h, b_hn)]": _EMPTY,
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]  ->  "
        "sums = [np.zeros_like(weight) for weight in (W_xh[::-1], W_hh, b_h, b_hn)]": _EMPTY,
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]  ->  "
        "sums = [np.zeros_like(weight) for weight in (W_xh, -W_hh, b_h, b_hn)]": _EMPTY,
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]  ->  "
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh[::-1], b_h, b_hn)]": _EMPTY,
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]  ->  "
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, -b_h, b_hn)]": _EMPTY,
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]  ->  "
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h[::-1], b_hn)]": _EMPTY,
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]  ->  "
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, -b_hn)]": _EMPTY,
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]  ->  "
        "sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn[::-1])]": _EMPTY,
        "before = h[t - 1] if t > 0 else h0  ->  before = h[t - 1] if t != 0 else h0": _COUNTED,
    },
    "gru.gru_step_reset_before": {
        "x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)  ->  "
        "x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=-1)": _AXIS,
    },
    "gru.parameter_count": {
        "b_hn = hidden_size if cell == 'gru' else 0  ->  "
        "b_hn = hidden_size if cell <= 'gru' else 0": _ALPHABET,
    },
    "gru.minimal_gated_step_backward": {
        "x_f, x_n = np.split(x_t @ W_xh.T + b_h, 2, axis=1)  ->  "
        "x_f, x_n = np.split(x_t @ W_xh.T + b_h, 2, axis=-1)": _AXIS,
        "da_n = dh_t * f * (1 - n ** 2)  ->  da_n = dh_t * f * (1 - (-n) ** 2)": _EVEN,
        "da_t = np.concatenate([da_f, da_n], axis=1)  ->  "
        "da_t = np.concatenate([da_f, da_n], axis=-1)": _AXIS,
        "return (da_t @ W_xh, dh_prev, da_t.T @ x_t, dW_hh, da_t.sum(axis=0))  ->  "
        "return (da_t @ W_xh, dh_prev, da_t.T @ x_t, dW_hh, da_t[::-1].sum(axis=0))": _SUM,
    },
}
