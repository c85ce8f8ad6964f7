"""What survives rightly of the small changes of the assignment bptt; ``equivalent`` has the other ones."""

_DATA = "other data, which hide nothing either"
_VECTOR = "a vector is its own transpose"
_MORE = "a third call shows what the second one shows"
_SHAPE = "the shape stays the same"
_CLOSE = "the tolerance has a wide margin to either side"
_SYMMETRIC = "whether two arrays agree does not depend on their order; the values are far from the tolerance"
_MASK = "a mask holds 0 and 1 alone"
_ORDER = "a sum does not ask for the order"
_RESHAPE = "a negative length stands for the one that is left over"
_SQUARE = "the square does not see the sign"
_STEPS = "steps are counted from 0: none is negative"
_SUM = "a sum does not ask for the order of its two terms"
_MODULO = "being a multiple of a number does not depend on signs, and a remainder is never negative"
_ROWS = "every row of `rows` is the same"

REASONS: dict[str, dict[str, str]] = {
    "bptt.softmax_cross_entropy_backward": {
        "dlogits[steps, rows, targets] -= 1  ->  dlogits[steps, rows[::-1], targets] -= 1": _ROWS,
        "counts = mask != 0  ->  counts = mask > 0": _MASK,
        "return dlogits / int(counts.sum())  ->  return dlogits / int(counts.T.sum())": _ORDER,
        "return dlogits / int(counts.sum())  ->  return dlogits / int(counts[::-1].sum())": _ORDER,
    },
    "bptt.output_layer_backward": {
        "rows = dy.reshape(T * B, V)  ->  rows = dy.reshape(T * B, -V)": _RESHAPE,
        "rows = dy.reshape(T * B, V)  ->  rows = dy.reshape(-T * B, V)": _RESHAPE,
        "rows = dy.reshape(T * B, V)  ->  rows = dy.reshape(T * -B, V)": _RESHAPE,
        "return (dy @ W_hy, rows.T @ h.reshape(T * B, -1), rows.sum(axis=0))  ->  "
        "return (dy @ W_hy, rows.T @ h.reshape(T * B, -1), rows[::-1].sum(axis=0))": _ORDER,
        "return (dy @ W_hy, rows.T @ h.reshape(T * B, -1), rows.sum(axis=0))  ->  "
        "return (dy @ W_hy, rows.T @ h.reshape(T * B, -2), rows.sum(axis=0))": _RESHAPE,
    },
    "bptt.rnn_step_backward": {
        "da = dh_t * (1 - h_t ** 2)  ->  da = dh_t * (1 - (-h_t) ** 2)": _SQUARE,
        "return (da @ W_xh, da @ W_hh, da.T @ x_t, da.T @ h_prev, da.sum(axis=0))  ->  "
        "return (da @ W_xh, da @ W_hh, da.T @ x_t, da.T @ h_prev, da[::-1].sum(axis=0))": _ORDER,
    },
    "bptt.rnn_backward": {
        "before = h[t - 1] if t > 0 else h0  ->  before = h[t - 1] if t != 0 else h0": _STEPS,
        "dx_t, carried, *shares = rnn_step_backward(dh[t] + carried, x[t], before, h[t], W_xh, W_hh)  "
        "->  "
        "dx_t, carried, *shares = rnn_step_backward(dh[t] + carried, x[t], before, "
        "(-h)[t], W_xh, W_hh)": _SQUARE,
        "sums = [total + share for total, share in zip(sums, shares)]  ->  "
        "sums = [total + share for total, share in zip(shares, sums)]": _SUM,
    },
    "bptt.truncated_bptt": {
        "before = h[t - 1] if t > 0 else h0  ->  before = h[t - 1] if t != 0 else h0": _STEPS,
        "if t > 0 and t % window == 0:  ->  if t != 0 and t % window == 0:": _STEPS,
        "if t > 0 and t % window == 0:  ->  if t > 0 and t % window <= 0:": _MODULO,
        "dx_t, carried, *shares = rnn_step_backward(dh[t] + carried, x[t], before, h[t], W_xh, W_hh)  "
        "->  "
        "dx_t, carried, *shares = rnn_step_backward(dh[t] + carried, x[t], before, "
        "(-h)[t], W_xh, W_hh)": _SQUARE,
        "sums = [total + share for total, share in zip(sums, shares)]  ->  "
        "sums = [total + share for total, share in zip(shares, sums)]": _SUM,
        "if t > 0 and t % window == 0:  ->  if t > 0 and -t % window == 0:": _MODULO,
        "if t > 0 and t % window == 0:  ->  if t > 0 and t % -window == 0:": _MODULO,
    },
    "bptt.catch_the_bug": {
        "rng = np.random.default_rng(0)  ->  rng = np.random.default_rng(1)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (5, 2, 3, 4)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (5, 3, 4, 2)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (6, 3, 2, 4)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (4, 3, 2, 4)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (5, 4, 2, 4)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (5, 2, 2, 4)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (5, 3, 3, 4)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (5, 3, 1, 4)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (5, 3, 2, 5)": _DATA,
        "T, B, D, H = (5, 3, 2, 4)  ->  T, B, D, H = (5, 3, 2, 3)": _DATA,
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))  "
        "->  "
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) + 2, rng.normal(size=H))": _DATA,
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))  "
        "->  "
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) - 2, rng.normal(size=H))": _DATA,
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))  "
        "->  "
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) * 2, rng.normal(size=H))": _DATA,
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))  "
        "->  "
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=H))": _DATA,
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))  "
        "->  "
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), 2 / rng.normal(size=(H, H)), rng.normal(size=H))": _DATA,
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))  "
        "->  "
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 3, rng.normal(size=H))": _DATA,
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))  "
        "->  "
        "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 1, rng.normal(size=H))": _DATA,
        "inputs = [x, h0, W_xh, W_hh, b_h]  ->  inputs = [x, h0, W_xh, W_hh, -b_h]": _DATA,
        "inputs = [x, h0, W_xh, W_hh, b_h]  ->  inputs = [x, h0, W_xh, W_hh, b_h.T]": _VECTOR,
        "inputs = [x, h0, W_xh, W_hh, b_h]  ->  inputs = [x, h0, W_xh, W_hh, b_h[::-1]]": _DATA,
        "for _ in range(2):  ->  for _ in range(3):": _MORE,
        "if [np.shape(result) for result in results] != [gradient.shape for gradient in gradients]:  ->  "
        "if [np.shape(-result) for result in results] != [gradient.shape for gradient in gradients]:": _SHAPE,
        "if [np.shape(result) for result in results] != [gradient.shape for gradient in gradients]:  ->  "
        "if [np.shape(result[::-1]) for result in results] != [gradient.shape for "
        "gradient in gradients]:": _SHAPE,
        "if not all((np.allclose(*pair, rtol=1e-05, atol=1e-06) for pair in zip(results, gradients))): "
        " ->  "
        "if not all((np.allclose(*pair, rtol=1e-05, atol=1e-06) for pair in "
        "zip(gradients, results))):": _SYMMETRIC,
        "if not all((np.array_equal(*pair) for pair in zip(copies, arguments))):  ->  "
        "if not all((np.array_equal(*pair) for pair in zip(arguments, copies))):": _SYMMETRIC,
        "if not all((np.allclose(*pair, rtol=1e-05, atol=1e-06) for pair in zip(results, gradients))): "
        " ->  "
        "if not all((np.allclose(*pair[::-1], rtol=1e-05, atol=1e-06) for pair in zip(results, "
        "gradients))):": _SYMMETRIC,
        "if not all((np.allclose(*pair, rtol=1e-05, atol=1e-06) for pair in zip(results, gradients))): "
        " ->  "
        "if not all((np.allclose(*pair, rtol=1.0100000000000002e-05, atol=1e-06) for pair in "
        "zip(results, gradients))):": _CLOSE,
        "if not all((np.allclose(*pair, rtol=1e-05, atol=1e-06) for pair in zip(results, gradients))): "
        " ->  "
        "if not all((np.allclose(*pair, rtol=1e-05, atol=1.0099999999999999e-06) for pair in "
        "zip(results, gradients))):": _CLOSE,
        "if not all((np.array_equal(*pair) for pair in zip(copies, arguments))):  ->  "
        "if not all((np.array_equal(*pair[::-1]) for pair in zip(copies, arguments))):": _SYMMETRIC,
    },
    "bptt.leaky_rnn_backward": {
        "before = h[t - 1] if t > 0 else h0  ->  before = h[t - 1] if t != 0 else h0": _STEPS,
        "counts = (mask[t] != 0)[:, None]  ->  counts = (mask[t] > 0)[:, None]": _MASK,
        "da = moved * leak * (1 - candidate ** 2)  ->  da = moved * leak * (1 - (-candidate) ** 2)": _SQUARE,
        "db_h = db_h + da.sum(axis=0)  ->  db_h = db_h + da[::-1].sum(axis=0)": _ORDER,
    },
}
