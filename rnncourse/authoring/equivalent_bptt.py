"""What survives rightly of the small changes of the assignment bptt; ``equivalent`` has the other ones."""

from rnncourse.authoring.labels import label

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
_ROW = "every row of `rows` is the same"

_MEAN = "return dlogits / int(counts.sum())"
_ROWS_OF = "rows = dy.reshape(T * B, V)"
_THREE = "return (dy @ W_hy, rows.T @ h.reshape(T * B, -1), rows.sum(axis=0))"
_FIVE = "return (da @ W_xh, da @ W_hh, da.T @ x_t, da.T @ h_prev, da.sum(axis=0))"
_BEFORE = "before = h[t - 1] if t > 0 else h0"
_BACK = "dx_t, carried, *shares = rnn_step_backward(dh[t] + carried, x[t], before, h[t], W_xh, W_hh)"
_SUMS = "sums = [total + share for total, share in zip(sums, shares)]"
_BORDER = "if t > 0 and t % window == 0:"
_SIZES = "T, B, D, H = (5, 3, 2, 4)"
_WEIGHTS = "W_xh, W_hh, b_h = (rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H))"
_INPUTS = "inputs = [x, h0, W_xh, W_hh, b_h]"
_SHAPES = "if [np.shape(result) for result in results] != [gradient.shape for gradient in gradients]:"
_VALUES = "if not all((np.allclose(*pair, rtol=1e-05, atol=1e-06) for pair in zip(results, gradients))):"
_KEPT = "if not all((np.array_equal(*pair) for pair in zip(copies, arguments))):"

REASONS: dict[str, dict[str, str]] = {
    "bptt.softmax_cross_entropy_backward": {
        label("dlogits[steps, rows, targets] -= 1", "rows", "rows[::-1]"): _ROW,
        label("counts = mask != 0", "!=", ">"): _MASK,
        label(_MEAN, "counts.sum", "counts.T.sum"): _ORDER,
        label(_MEAN, "counts.sum", "counts[::-1].sum"): _ORDER,
    },
    "bptt.output_layer_backward": {
        label(_ROWS_OF, "V", "-V"): _RESHAPE,
        label(_ROWS_OF, "T", "-T"): _RESHAPE,
        label(_ROWS_OF, "B", "-B"): _RESHAPE,
        label(_THREE, "rows.sum", "rows[::-1].sum"): _ORDER,
        label(_THREE, "1", "2"): _RESHAPE,
    },
    "bptt.rnn_step_backward": {
        label("da = dh_t * (1 - h_t ** 2)", " h_t", " (-h_t)"): _SQUARE,
        label(_FIVE, "da.sum", "da[::-1].sum"): _ORDER,
    },
    "bptt.rnn_backward": {
        label(_BEFORE, ">", "!="): _STEPS,
        label(_BACK, " h", " (-h)"): _SQUARE,
        label(_SUMS, "sums, shares", "shares, sums"): _SUM,
    },
    "bptt.truncated_bptt": {
        label(_BEFORE, ">", "!="): _STEPS,
        label(_BORDER, ">", "!="): _STEPS,
        label(_BORDER, "window =", "window <"): _MODULO,
        label(_BACK, " h", " (-h)"): _SQUARE,
        label(_SUMS, "sums, shares", "shares, sums"): _SUM,
        label(_BORDER, "and t", "and -t"): _MODULO,
        label(_BORDER, "window", "-window"): _MODULO,
    },
    "bptt.catch_the_bug": {
        label("rng = np.random.default_rng(0)", "0", "1"): _DATA,
        label(_SIZES, "3, 2", "2, 3"): _DATA,
        label(_SIZES, "2, 4", "4, 2"): _DATA,
        label(_SIZES, "5", "6"): _DATA,
        label(_SIZES, "5", "4"): _DATA,
        label(_SIZES, "3", "4"): _DATA,
        label(_SIZES, "3", "2"): _DATA,
        label(_SIZES, "2", "3"): _DATA,
        label(_SIZES, "2", "1"): _DATA,
        label(_SIZES, "4", "5"): _DATA,
        label(_SIZES, "4", "3"): _DATA,
        label(_WEIGHTS, "/", "+"): _DATA,
        label(_WEIGHTS, "/", "-"): _DATA,
        label(_WEIGHTS, "/", "*"): _DATA,
        label(_WEIGHTS, " / 2", ""): _DATA,
        label(_WEIGHTS, "rng.normal(size=(H, H)) / 2", "2 / rng.normal(size=(H, H))"): _DATA,
        label(_WEIGHTS, "2", "3"): _DATA,
        label(_WEIGHTS, "2", "1"): _DATA,
        label(_INPUTS, "b_h", "-b_h"): _DATA,
        label(_INPUTS, "b_h", "b_h.T"): _VECTOR,
        label(_INPUTS, "b_h", "b_h[::-1]"): _DATA,
        label("for _ in range(2):", "2", "3"): _MORE,
        label(_SHAPES, "np.shape(result", "np.shape(-result"): _SHAPE,
        label(_SHAPES, "np.shape(result", "np.shape(result[::-1]"): _SHAPE,
        label(_VALUES, "results, gradients", "gradients, results"): _SYMMETRIC,
        label(_KEPT, "copies, arguments", "arguments, copies"): _SYMMETRIC,
        label(_VALUES, "*pair", "*pair[::-1]"): _SYMMETRIC,
        label(_VALUES, "rtol=1e", "rtol=1.0100000000000002e"): _CLOSE,
        label(_VALUES, "atol=1e", "atol=1.0099999999999999e"): _CLOSE,
        label(_KEPT, "*pair", "*pair[::-1]"): _SYMMETRIC,
    },
    "bptt.leaky_rnn_backward": {
        label(_BEFORE, ">", "!="): _STEPS,
        label("counts = (mask[t] != 0)[:, None]", "!=", ">"): _MASK,
        label("da = moved * leak * (1 - candidate ** 2)", "candidate", "(-candidate)"): _SQUARE,
        label("db_h = db_h + da.sum(axis=0)", "da.sum", "da[::-1].sum"): _ORDER,
    },
}
