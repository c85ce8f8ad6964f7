"""One right call of every public function of ``rnncourse.reference``; a new function joins by an entry.

The sizes all differ, so that an axis which has to agree with another one can be told by its length.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnncourse.reference import (
    attention,
    bidirectional,
    checkpointing,
    coupled_lstm,
    crf,
    crf_chain,
    ctc,
    ctc_decoding,
    decoding,
    embedding,
    feedforward,
    gradcheck,
    gradients,
    gru,
    losses,
    lstm,
    min_gru,
    optim,
    output_layer,
    peephole_lstm,
    rnn,
    sampling,
    stacked,
)

T, B, D, H, V, S, E, A, L = 7, 4, 3, 5, 6, 8, 9, 11, 2
rng = np.random.default_rng(0)


def draw(*shape):
    return rng.standard_normal(shape)


@dataclass(frozen=True)
class Call:
    """A function and arguments that suit it."""

    function: Any
    arguments: dict[str, Any]
    positional: tuple[Any, ...] = ()

    def __call__(self, /, **changed):
        return self.function(*self.positional, **(self.arguments | changed))


CALLS: dict[str, Call] = {}


def add(function, *positional, **arguments):
    name = f"{function.__module__.removeprefix('rnncourse.reference.')}.{function.__qualname__}"
    assert name not in CALLS
    CALLS[name] = Call(function, arguments, positional)


mask = np.arange(T)[:, None] < [7, 3, 5, 6]
x, dh, ids = draw(T, B, D), draw(T, B, H), rng.integers(0, V, (T, B))
first, second, dc = draw(B, H), draw(B, H), draw(B, H)

for cell, parts in ((rnn, 1), (lstm, 2), (gru, 1), (peephole_lstm, 2), (coupled_lstm, 2), (min_gru, 1)):
    params = cell.init(rng, D, H)
    add(cell.init, rng=rng, input_size=D, hidden_size=H, dtype=np.float64)
    named = {"h0": first} | ({"c0": second} if parts == 2 else {})
    before = {"h_prev": first} | ({"c_prev": second} if parts == 2 else {})
    after = {"h_t": cell.step(params, x[0], first)} if cell is rnn else {}
    above = {"dh_t": dh[0]} | ({"dc_t": dc} if parts == 2 else {})
    last = {"dc_last": dc} if parts == 2 else {}
    options = {rnn: {"nonlinearity": "tanh"}, gru: {"reset_before": False}}.get(cell, {})
    add(cell.step, params=params, x_t=x[0], **before, **options)
    add(cell.step_backward, params=params, **above, x_t=x[0], **before, **after, **options)
    add(cell.forward, params=params, x=x, **named, mask=mask, **options)
    *_, cache = cell.forward(params, x, *named.values(), mask=mask)
    add(cell.backward, dh=dh, **last, cache=cache, window=2)
    add(cell.Params.from_torch, source=params.to_torch("l1"), layer="l1")
    add(cell.Params.to_torch, params, layer="l1")

# what is built of any cell
params = bidirectional.init(lstm, rng, D, H)
both = (draw(2, B, H), draw(2, B, H))
add(bidirectional.init, cell=lstm, rng=rng, input_size=D, hidden_size=H, dtype=np.float64)
add(bidirectional.Params.from_torch, cell=lstm, source=params.to_torch("l1"), layer="l1")
add(bidirectional.Params.to_torch, params, layer="l1")
add(bidirectional.one_way, cell=lstm, params=params.from_start, x=x, state=(first, second), mask=mask)
add(
    bidirectional.one_way_backward,
    dh=dh,
    dlast=(first, second),
    cache=bidirectional.one_way(lstm, params.from_start, x, (first, second), mask)[-1],
    window=2,
)
add(bidirectional.forward, cell=lstm, params=params, x=x, state=both, mask=mask)
cache = bidirectional.forward(lstm, params, x, both, mask)[-1]
add(bidirectional.backward, dh=draw(T, B, 2 * H), dlast=both, cache=cache, window=2)

params = stacked.init(gru, rng, D, H, 3, both_directions=True)
state, dropout = (draw(6, B, H),), [draw(T, B, 2 * H) for _ in range(2)]
add(stacked.init, cell=gru, rng=rng, input_size=D, hidden_size=H, num_layers=2, dtype=np.float64)
add(stacked.from_torch, cell=gru, source=stacked.to_torch(params))
add(stacked.to_torch, params=params)
add(stacked.forward, cell=gru, params=params, x=x, state=state, mask=mask, dropout=dropout)
cache = stacked.forward(gru, params, x, state, mask, dropout)[-1]
add(stacked.backward, dh=draw(T, B, 2 * H), dlast=state, cache=cache, window=2)

params = gru.init(rng, D, H)
add(checkpointing.forward, cell=gru, params=params, x=x, mask=mask, segment=2)
kept = checkpointing.forward(gru, params, x, first, mask=mask, segment=2)[-1]
add(checkpointing.backward, kept=kept, dh=dh)

# around a cell
E_ = draw(V, D)
add(embedding.forward, ids=ids, E=E_)
add(embedding.backward, ids=ids, dvectors=x, vocab_size=V)
W_hy, b_y, logits, goal = draw(V, H), draw(V), draw(T, B, V), draw(T, B, D)
add(output_layer.forward, h=dh, W_hy=W_hy, b_y=b_y)
add(output_layer.backward, dy=logits, h=dh, W_hy=W_hy)
add(rnn.delay_line, delay=3, scale=0.5, dtype=np.float64)
add(losses.log_softmax, logits=logits)
add(losses.softmax, logits=logits)
add(losses.softmax_cross_entropy, logits=logits, targets=ids, mask=mask)
add(losses.softmax_cross_entropy_backward, logits=logits, targets=ids, mask=mask)
add(losses.log_sum_exp, a=logits, axis=1)
add(losses.mean_squared_error, predictions=x, targets=goal, mask=mask)
add(losses.mean_squared_error_backward, predictions=x, targets=goal, mask=mask)

network, points = feedforward.init(rng, D, H, V), draw(T, D)
add(feedforward.init, rng=rng, input_size=D, hidden_size=H, output_size=V, dtype=np.float64)
add(feedforward.forward, params=network, x=points)
add(feedforward.backward, dy=draw(T, V), cache=feedforward.forward(network, points)[1])
add(feedforward.one_hot, ids=ids, vocab_size=V)
add(feedforward.sliding_windows, series=draw(T), width=2)
add(feedforward.window_mlp_parameters, width=2, input_size=D, hidden_size=H, output_size=V)
add(feedforward.rnn_parameters, input_size=D, hidden_size=H, output_size=V)
add(feedforward.bigram_probabilities, ids=ids[:, 0], vocab_size=V, alpha=0.5)

# gradients and steps
add(gradcheck.numerical_gradient, f=lambda a: float(np.sum(a**2)), x=draw(B, D), eps=1e-6)
add(
    gradcheck.projection_error,
    f=lambda a, b: float(np.sum(a**2) + np.sum(b**3)),
    arguments=[x, first],
    gradients=[2 * x, 3 * first**2],
    rng=rng,
    eps=1e-6,
)
W_hh = draw(H, H)
add(gradients.spectral_radius, W=W_hh)
add(gradients.step_jacobian, h_t=np.tanh(first), W_hh=W_hh, nonlinearity="tanh")
add(gradients.jacobian_norms, h=np.tanh(dh), W_hh=W_hh, nonlinearity="tanh")
add(gradients.vanishing_horizon, rate=0.9, threshold=0.01)
add(gradients.orthogonal, rng=rng, size=H, gain=1.0, dtype=np.float64)
add(gradients.adding_problem, rng=rng, steps=T, batch_size=B, dtype=np.float64)
add(gradients.copying_problem, rng=rng, delay=3, batch_size=B, symbols=V, length=2)
pair, slopes = [draw(D, H), draw(H)], [draw(D, H), draw(H)]
_, velocity = optim.sgd(pair, slopes, 0.1, 0.9)
add(optim.sgd, parameters=pair, gradients=slopes, learning_rate=0.1, momentum=0.9, velocity=velocity)
_, moments = optim.adam(pair, slopes)
add(
    optim.adam,
    parameters=pair,
    gradients=slopes,
    learning_rate=0.1,
    state=moments,
    betas=(0.8, 0.9),
    epsilon=1e-8,
)
add(optim.clip_by_global_norm, gradients=slopes, max_norm=1.0)

# applications
query, keys, values, places = (
    draw(T, B, H),
    draw(S, B, H),
    draw(S, B, E),
    np.arange(S)[:, None] < [7, 3, 5, 6],
)
additive, others, context = attention.init(rng, H, D, A), draw(S, B, D), draw(T, B, E)
source = {"query": query, "keys": keys, "values": values, "mask": places}
add(attention.init, rng=rng, query_size=H, key_size=D, attention_size=A, dtype=np.float64)
add(attention.dot_attention, **source)
add(attention.dot_attention_backward, dcontext=context, **source)
source["keys"] = others
add(attention.additive_attention, params=additive, **source)
add(attention.additive_attention_backward, params=additive, dcontext=context, **source)

chain = crf_chain.Scores(draw(T, B, V), draw(V, V), draw(V), draw(V))
worth = draw(B)
add(crf.score, scores=chain, tags=ids, mask=mask)
add(crf.score_backward, dscore=worth, scores=chain, tags=ids, mask=mask)
add(crf.log_partition, scores=chain, mask=mask)
add(crf.log_partition_backward, dlog_partition=worth, scores=chain, mask=mask)
add(crf.marginals, scores=chain, mask=mask)
add(crf.negative_log_likelihood, scores=chain, tags=ids, mask=mask)
add(crf.negative_log_likelihood_backward, dloss=worth, scores=chain, tags=ids, mask=mask)
add(crf.viterbi, scores=chain, mask=mask)

labels, frames, said = rng.integers(1, V, (B, L)), np.array([7, 3, 5, 6]), np.array([2, 1, 0, 2])
heard = {"logits": logits, "targets": labels, "input_lengths": frames, "target_lengths": said, "blank": 0}
add(ctc.collapse, path=ids[:, 0], blank=0)
add(ctc.loss, **heard)
add(ctc.loss_backward, dloss=worth, **heard)
add(ctc_decoding.best_path, logits=logits, input_lengths=frames, blank=0)
add(ctc_decoding.prefix_beam_search, logits=logits, beam_size=3, input_lengths=frames, blank=0)

add(sampling.sample, logits=logits, temperature=0.7, u=rng.random((T, B)))
add(sampling.top_k_filter, logits=logits, k=2)
add(sampling.nucleus_filter, logits=logits, p=0.8)
add(sampling.scores_to_choose_from, name="logits", scores=logits)


def writer(token, state):
    """A model of V tokens that knows the last one and no more."""
    return losses.log_softmax(E_[:, :1].T * token + np.arange(V))[0], state


ends = {"step": writer, "state": None, "bos_id": 1, "eos_id": 0}
add(decoding.greedy_decode, **ends, max_length=4)
add(decoding.sample_decode, **ends, draws=rng.random(4), temperature=0.5, k=3, p=0.9)
add(decoding.beam_search, **ends, beam_size=2, max_length=4, length_penalty=0.5)
