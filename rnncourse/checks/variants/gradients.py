"""Right answers to "Vanishing and exploding gradients", written in other ways than the reference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection

VARIANTS = Collection("gradients")
_of = VARIANTS.of

Array = np.ndarray


# ---------------------------------------------------------------- spectral_radius
@_of("spectral_radius")
def _(W: Array) -> Any:
    largest = 0.0
    for eigenvalue in np.linalg.eig(W)[0]:
        largest = max(largest, float((eigenvalue.real**2 + eigenvalue.imag**2) ** 0.5))
    return largest


@_of("spectral_radius")
def _(W: Array) -> Any:
    return np.max(np.absolute(np.linalg.eigvals(W.T)))  # the transpose has the same eigenvalues; np.float64


@_of("spectral_radius")
def _(W: Array) -> Any:
    power, logarithm = np.asarray(W, np.float64), 0.0  # Gelfand: the k-th root of the norm of W**k, k = 2**40
    for _ in range(40):
        power, logarithm = power @ power, 2 * logarithm
        scale = np.linalg.norm(power)
        power, logarithm = power / scale, logarithm + math.log(scale)
    return math.exp(logarithm / 2**40)


@_of("spectral_radius")
def _(W: Array) -> Any:
    return np.asarray(sorted(abs(e) for e in np.linalg.eigvals(W).astype(complex))[-1])  # without axes


# ---------------------------------------------------------------- step_jacobian
@_of("step_jacobian")
def _(h_t: Array, W_hh: Array) -> Any:
    return np.diag(1 - h_t**2) @ W_hh


@_of("step_jacobian")
def _(h_t: Array, W_hh: Array) -> Any:
    return np.einsum("i,ij->ij", (1 - h_t) * (1 + h_t), W_hh)


@_of("step_jacobian")
def _(h_t: Array, W_hh: Array) -> Any:
    J = np.zeros_like(W_hh)
    for i in range(len(h_t)):
        for j in range(len(h_t)):
            J[i, j] = (1 - h_t[i] * h_t[i]) * W_hh[i, j]
    return J


@_of("step_jacobian")
def _(h_t: Array, W_hh: Array) -> Any:
    return (W_hh.T * (1 - np.square(h_t))).T  # comes out in Fortran order


# ---------------------------------------------------------------- jacobian_norms
@_of("jacobian_norms")
def _(h: Array, W_hh: Array) -> Any:
    T, H = h.shape
    norms = np.ones(T, h.dtype)
    for t in range(T - 1):
        product = np.eye(H, dtype=h.dtype)
        for k in range(t + 1, T):
            product = np.diag(1 - h[k] ** 2) @ W_hh @ product
        norms[t] = np.linalg.svd(product, compute_uv=False)[0]
    return norms


@_of("jacobian_norms")
def _(h: Array, W_hh: Array) -> Any:
    backwards, rows = np.eye(len(W_hh), dtype=h.dtype), []
    for h_t in h[::-1]:  # transposed, as gradients travel: W.T @ diag times what came so far
        rows.append(np.sqrt(np.linalg.eigvalsh(backwards.T @ backwards)[-1]))
        backwards = W_hh.T @ ((1 - h_t**2)[:, None] * backwards)
    return np.flip(np.array(rows))


@_of("jacobian_norms")
def _(h: Array, W_hh: Array) -> Any:
    product = np.identity(W_hh.shape[0])
    norms: list[float] = []
    for h_t in reversed(h):
        norms.insert(0, float(np.linalg.norm(product, ord=2)))
        product = product @ np.einsum("i,ij->ij", 1 - h_t**2, W_hh)
    return np.array(norms).astype(h.dtype)


@_of("jacobian_norms")
def _(h: Array, W_hh: Array) -> Any:
    def after(t: int) -> Array:  # dh_T/dh_t, t from 0
        if t == len(h) - 1:
            return np.eye(len(W_hh), dtype=h.dtype)
        return after(t + 1) @ ((1 - h[t + 1] ** 2)[:, None] * W_hh)

    return np.linalg.norm(np.stack([after(t) for t in range(len(h))]), 2, axis=(-2, -1))


# ---------------------------------------------------------------- vanishing_horizon
@_of("vanishing_horizon")
def _(rate: float, threshold: float) -> Any:
    left, steps = 1.0, 0
    while left >= threshold:
        left *= rate
        steps += 1
    return steps


@_of("vanishing_horizon")
def _(rate: float, threshold: float) -> Any:
    return math.floor(math.log(threshold) / math.log(rate)) + 1


@_of("vanishing_horizon")
def _(rate: float, threshold: float) -> Any:
    steps = int(np.ceil(np.log2(threshold) / np.log2(rate)))
    return steps + (rate**steps >= threshold)


@_of("vanishing_horizon")
def _(rate: float, threshold: float) -> Any:
    low, high = 0, 1  # rate**low is not below the threshold; find a power that is, then halve the way
    while rate**high >= threshold:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rate**middle < threshold else (middle, high)
    return high


@_of("vanishing_horizon")
def _(rate: float, threshold: float) -> Any:
    return np.argmax(rate ** np.arange(1, 10_000) < threshold) + 1  # a NumPy integer


# ---------------------------------------------------------------- clip_by_global_norm
@_of("clip_by_global_norm")
def _(gradients: list[Array], max_norm: float) -> Any:
    norm = math.sqrt(sum(float((g.astype(float) ** 2).sum()) for g in gradients))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in gradients], norm


@_of("clip_by_global_norm")
def _(gradients: list[Array], max_norm: float) -> Any:
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    if norm <= max_norm:
        return tuple(np.array(g) for g in gradients), norm
    return tuple((g * (max_norm / norm)).astype(g.dtype) for g in gradients), norm


@_of("clip_by_global_norm")
def _(gradients: list[Array], max_norm: float) -> Any:
    clipped = [g.copy() for g in gradients]
    norm = float(np.sqrt(np.sum([np.vdot(g, g) for g in gradients])))
    if norm > max_norm:
        for g in clipped:
            g *= max_norm
            g /= norm
    return [clipped, norm]


@_of("clip_by_global_norm")
def _(gradients: list[Array], max_norm: float) -> Any:
    norm = np.hypot.reduce([np.linalg.norm(g) for g in gradients])
    with np.errstate(divide="ignore"):
        scale = np.minimum(1.0, max_norm / norm)
    return [np.multiply(g, scale, dtype=g.dtype) for g in gradients], norm


# ---------------------------------------------------------------- orthogonal_from
@_of("orthogonal_from")
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A)
    return Q @ np.diag(np.sign(np.diag(R)))


@_of("orthogonal_from")
def _(A: Array) -> Any:
    Q = np.array(A)  # Gram-Schmidt, column by column, each twice against rounding
    for k in range(Q.shape[1]):
        for _ in range(2):
            for j in range(k):
                Q[:, k] -= (Q[:, j] @ Q[:, k]) * Q[:, j]
        Q[:, k] /= np.linalg.norm(Q[:, k])
    return Q


@_of("orthogonal_from")
def _(A: Array) -> Any:
    exact = A.astype(np.float64)
    R = np.linalg.cholesky(exact.T @ exact).T  # A.T A = R.T R, with a positive diagonal
    return np.linalg.solve(R.T, exact.T).T.astype(A.dtype)


@_of("orthogonal_from")
def _(A: Array) -> Any:
    Q, R = np.linalg.qr(A)
    for k in range(len(A)):
        if R[k, k] < 0:
            Q[:, k] = -Q[:, k]
    return np.asfortranarray(Q)


# ---------------------------------------------------------------- adding_problem
@_of("adding_problem")
def _(values: Array, marks: Array) -> Any:
    return (values * marks).sum(axis=0)


@_of("adding_problem")
def _(values: Array, marks: Array) -> Any:
    return np.einsum("tb,tb->b", values, marks.astype(values.dtype))


@_of("adding_problem")
def _(values: Array, marks: Array) -> Any:
    return np.array([values[:, b][marks[:, b].astype(bool)].sum() for b in range(values.shape[1])])


@_of("adding_problem")
def _(values: Array, marks: Array) -> Any:
    sequence, time = np.nonzero(marks.T)
    targets = np.zeros(values.shape[1], values.dtype)
    np.add.at(targets, sequence, values[time, sequence])
    return targets


# ---------------------------------------------------------------- leaky_jacobian_norms
@_of("leaky_jacobian_norms")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    product, norms = np.eye(len(h0), dtype=h.dtype), []
    for t in range(len(h) - 1, -1, -1):
        norms.append(np.linalg.norm(product, 2))
        if mask[t]:
            before = h[t - 1] if t else h0
            candidate = (h[t] - (1 - leak) * before) / leak
            product = product * (1 - leak) + product @ ((leak * (1 - candidate**2))[:, None] * W_hh)
    return np.array(norms[::-1])


@_of("leaky_jacobian_norms")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    rates = np.where(mask[:, None], leak, 0 * leak)  # a masked step is a leak of zero
    previous = np.vstack([h0, h[:-1]])
    candidates = previous + (h - previous) / leak
    jacobians = np.einsum("th,hk->thk", rates * (1 - candidates * candidates), W_hh)
    jacobians[:, range(len(h0)), range(len(h0))] += 1 - rates
    norms = np.ones(len(h), h.dtype)
    for t in range(len(h) - 1):
        product = jacobians[t + 1]
        for J in jacobians[t + 2 :]:
            product = J @ product
        norms[t] = np.linalg.svd(product, compute_uv=False).max()
    return norms


@_of("leaky_jacobian_norms")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    backwards, norms = np.eye(len(h0)), []
    for t in reversed(range(len(h))):
        norms.append(np.linalg.norm(backwards, 2))
        previous = h[t - 1] if t > 0 else h0
        # what flows back, along the leak and through the tanh: rows are gradients, all units at once
        slope = leak - (h[t] - (1 - leak) * previous) ** 2 / leak
        moved = backwards * (1 - leak) + (backwards * slope) @ W_hh
        backwards = moved if mask[t] else backwards
    return np.array(norms[::-1], h.dtype)
