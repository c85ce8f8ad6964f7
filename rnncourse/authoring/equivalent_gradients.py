"""The automatic mistakes of the assignment gradients that are none; see ``equivalent``."""

_MASK = "a mask holds 0 and 1 alone"
_ARRAY = "it is an array in every call that is made; asarray is there for a list"
_SUM = "a sum does not ask for the order"
_EVEN = "a square does not see the sign"
_SLOPE = "the slope of tanh is the same on both sides of 0"
_FIRST = "the first step's Jacobian is in no product, so h0 does not matter"
_NORM = "a spectral norm sees neither signs, nor the order of rows, nor a transposition"
_EIGEN = "the other eigenvalues have the same sizes"
_FLOAT = "a NumPy float is a float, too"
_EQUAL = "at the threshold the factor is 1 either way"
_SIGN = "signs are 1 or -1: to divide by one is to multiply by it"
_DIAG = "a transpose has the same diagonal"
_BELOW = "the threshold is below 1, so no steps at all are never enough"
_VECTOR = "a vector is its own transpose"

REASONS: dict[str, dict[str, str]] = {
    "gradients.spectral_radius": {
        "return float(np.abs(np.linalg.eigvals(W)).max())  ->  "
        "return np.abs(np.linalg.eigvals(W)).max()": _FLOAT,
        "return float(np.abs(np.linalg.eigvals(W)).max())  ->  "
        "return float(np.abs(np.linalg.eigvals(-W)).max())": _EIGEN,
        "return float(np.abs(np.linalg.eigvals(W)).max())  ->  "
        "return float(np.abs(np.linalg.eigvals(W.T)).max())": _EIGEN,
    },
    "gradients.step_jacobian": {
        "return (1 - h_t ** 2)[:, None] * W_hh  ->  return (1 - (-h_t) ** 2)[:, None] * W_hh": _EVEN,
    },
    "gradients.jacobian_norms": {
        "for h_t in h[::-1]:  ->  for h_t in (-h)[::-1]:": _SLOPE,
        "product = product @ step_jacobian(h_t, W_hh)  ->  "
        "product = -product @ step_jacobian(h_t, W_hh)": _NORM,
        "product = product @ step_jacobian(h_t, W_hh)  ->  "
        "product = product[::-1] @ step_jacobian(h_t, W_hh)": _NORM,
        "norms.append(np.linalg.norm(product, 2))  ->  norms.append(np.linalg.norm(-product, 2))": _NORM,
        "norms.append(np.linalg.norm(product, 2))  ->  norms.append(np.linalg.norm(product.T, 2))": _NORM,
        "norms.append(np.linalg.norm(product, 2))  ->  norms.append(np.linalg.norm(product[::-1], 2))": _NORM,
        "product = product @ step_jacobian(h_t, W_hh)  ->  "
        "product = product @ step_jacobian(-h_t, W_hh)": _SLOPE,
        "product = product @ step_jacobian(h_t, W_hh)  ->  "
        "product = product @ step_jacobian(h_t.T, W_hh)": _VECTOR,
        "product = product @ step_jacobian(h_t, W_hh)  ->  "
        "product = product @ step_jacobian(h_t, -W_hh)": _NORM,
    },
    "gradients.vanishing_horizon": {
        "steps = 1  ->  steps = 0": _BELOW,
    },
    "gradients.clip_by_global_norm": {
        "norm = float(np.sqrt(sum((np.sum(g ** 2, dtype=np.float64) for g in gradients))))  ->  "
        "norm = float(np.sqrt(sum((np.sum(g ** 2, dtype=np.float64) for g in gradients[::-1]))))": _SUM,
        "norm = float(np.sqrt(sum((np.sum(g ** 2, dtype=np.float64) for g in gradients))))  ->  "
        "norm = float(np.sqrt(sum((np.sum((-g) ** 2, dtype=np.float64) for g in gradients))))": _EVEN,
        "norm = float(np.sqrt(sum((np.sum(g ** 2, dtype=np.float64) for g in gradients))))  ->  "
        "norm = float(np.sqrt(sum((np.sum(g.T ** 2, dtype=np.float64) for g in gradients))))": _SUM,
        "norm = float(np.sqrt(sum((np.sum(g ** 2, dtype=np.float64) for g in gradients))))  ->  "
        "norm = float(np.sqrt(sum((np.sum(g[::-1] ** 2, dtype=np.float64) for g in gradients))))": _SUM,
        "scale = max_norm / norm if norm > max_norm else 1.0  ->  "
        "scale = max_norm / norm if norm >= max_norm else 1.0": _EQUAL,
    },
    "gradients.orthogonal_from": {
        "return Q * np.sign(np.diag(R))  ->  return Q / np.sign(np.diag(R))": _SIGN,
        "return Q * np.sign(np.diag(R))  ->  return Q * np.sign(np.diag(R.T))": _DIAG,
    },
    "gradients.adding_problem": {
        "return np.where(np.asarray(marks) != 0, values, 0).sum(axis=0)  ->  "
        "return np.where(np.asarray(marks) > 0, values, 0).sum(axis=0)": _MASK,
        "return np.where(np.asarray(marks) != 0, values, 0).sum(axis=0)  ->  "
        "return np.where(marks != 0, values, 0).sum(axis=0)": _ARRAY,
    },
    "gradients.leaky_jacobian_norms": {
        "before = np.concatenate([h0[None], h[:-1]])  ->  "
        "before = np.concatenate([(-h0)[None], h[:-1]])": _FIRST,
        "before = np.concatenate([h0[None], h[:-1]])  ->  "
        "before = np.concatenate([h0[::-1][None], h[:-1]])": _FIRST,
        "for h_t, h_prev, counts in zip(h[::-1], before[::-1], np.asarray(mask)[::-1] != 0):  -> "
        " "
        "for h_t, h_prev, counts in zip(h[::-1], before[::-1], np.asarray(mask)[::-1] > 0):": _MASK,
        "if counts:  ->  if counts.T:": _VECTOR,
        "for h_t, h_prev, counts in zip(h[::-1], before[::-1], np.asarray(mask)[::-1] != 0):  -> "
        " "
        "for h_t, h_prev, counts in zip(h[::-1], before[::-1], mask[::-1] != 0):": _ARRAY,
        "norms.append(np.linalg.norm(product, 2))  ->  norms.append(np.linalg.norm(-product, 2))": _NORM,
        "norms.append(np.linalg.norm(product, 2))  ->  norms.append(np.linalg.norm(product.T, 2))": _NORM,
        "norms.append(np.linalg.norm(product, 2))  ->  norms.append(np.linalg.norm(product[::-1], 2))": _NORM,
        "candidate = (h_t - (1 - leak) * h_prev) / leak  ->  "
        "candidate = ((1 - leak) * h_prev - h_t) / leak": _SLOPE,
        "candidate = (h_t - (1 - leak) * h_prev) / leak  ->  "
        "candidate = (h_t - (1 - leak) * h_prev) / -leak": _SLOPE,
        "product = product @ (np.diag(1 - leak) + through_tanh)  ->  "
        "product = -product @ (np.diag(1 - leak) + through_tanh)": _NORM,
        "product = product @ (np.diag(1 - leak) + through_tanh)  ->  "
        "product = product[::-1] @ (np.diag(1 - leak) + through_tanh)": _NORM,
        "candidate = (h_t - (1 - leak) * h_prev) / leak  ->  "
        "candidate = (h_t.T - (1 - leak) * h_prev) / leak": _VECTOR,
        "through_tanh = leak[:, None] * step_jacobian(candidate, W_hh)  ->  "
        "through_tanh = leak[:, None] * step_jacobian(-candidate, W_hh)": _SLOPE,
        "through_tanh = leak[:, None] * step_jacobian(candidate, W_hh)  ->  "
        "through_tanh = leak[:, None] * step_jacobian(candidate.T, W_hh)": _VECTOR,
        "candidate = (h_t - (1 - leak) * h_prev) / leak  ->  "
        "candidate = (h_t - (1 - leak) * h_prev.T) / leak": _VECTOR,
    },
}
