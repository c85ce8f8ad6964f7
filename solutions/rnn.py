# The assignment of the chapter "A loop that remembers"; it runs as a script, every check shown.
# The format is explained in rnncourse/authoring/percent.py; `rnncourse exercises build` makes the notebooks.
#
# The functions carry no type annotations: students see them exactly as the book writes them.
# mypy: allow-untyped-defs

# %% [markdown] id=welcome
# # A loop that remembers: exercises
#
# You are going to build a recurrent network from nothing but NumPy: one step, the loop, the output, the loss.
# Then you make one remember by hand, without any training, and run one over a sequence that is too long for
# one piece. The last exercise is a twist that stands nowhere in the book.
#
# **How to work.** Each exercise is one function.
#
# 1. Read the text and the docstring. Work out the shapes on paper first; it saves time.
# 2. Replace `# YOUR CODE HERE` and the line below it with your code, and run the cell.
# 3. Run the cell after it. It calls your function and tells you what was right and what was not. If your
#    numbers are those of a mistake that many people make, it says which one, and where the book explains it.
#
# If a check answers `NameError: name ... is not defined`, it has not found your function: the cell above it
# was not run, stopped with an error, or gives the function another name.
#
# If you are stuck, ask for a hint: `hint("rnn.rnn_step")`. Hints are free; ask again, and the next says more.
#
# **Shapes.** Time comes first: inputs `x` are `(T, B, D)`, states `h` are `(T, B, H)`, scores are
# `(T, B, V)`: $T$ steps, $B$ sequences side by side in a batch, $D$ numbers per input, $H$ per state, $V$ per
# output. A vector of the mathematics is a *row* of the batch here, so $W x$ becomes `x @ W.T`.
#
# **Four rules hold everywhere.** Keep the names and the order of the arguments. Do not change an argument:
# build new arrays. Return the dtype that came in, unless the text says otherwise. Write the functions
# yourself: what is imported from `rnncourse` does not count as an answer. (A function of yours may call one
# of an earlier exercise. Then a mistake there costs here, too.)
#
# **How it is graded.** The checks give 60 points, and the question in prose at the end gives 10, from a
# person. Every check looks at several properties (shape, values, whether your arguments survived), and each
# property that holds earns its part. For the grade, the checks draw new numbers: an answer has to be right,
# not only right once. Before you hand in, choose *Restart kernel and run all cells*.

# %% setup id=imports
import numpy as np

from rnncourse.checks import check, hint

# %% open id=ask-for-a-hint
hint("rnn.rnn_step")  # run it again for the next one; change the name for another exercise

# %% [markdown] id=rnn_step-task
# ## 1. One step of the loop: `rnn_step`
#
# A memory needs one idea: what the network computed at the last step is an input at this one.
#
# $$h_t = \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h)$$
#
# Three terms, one sum, one tanh around all of it. Write it for a whole batch: row b of `x_t` and row b of
# `h_prev` belong to sequence b, and no sequence may look into another.
#
# An example with one number of each kind: $W_{xh} = 1$, $W_{hh} = -1$, $b_h = 0.5$, $x_t = 0.25$,
# $h_{t-1} = 0.75$. The sum is $0.25 - 0.75 + 0.5 = 0$, and $\tanh 0 = 0$.
#
# *In the book:* "One step of the loop". *A hint:* `hint("rnn.rnn_step")`.


# %% solution id=rnn_step
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    """Take one step of the recurrence for a batch.

    Parameters
    ----------
    x_t : array (B, D)
    h_prev : array (B, H)
    W_xh : array (H, D)
    W_hh : array (H, H)
    b_h : array (H,)

    Returns
    -------
    h_t : array (B, H)

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> rnn_step(0.25 * one, 0.75 * one, one, -one, np.array([0.5]))
    array([[0.]])
    """
    ### BEGIN SOLUTION
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)
    ### END SOLUTION


# %% tests id=rnn_step points=6
check("rnn.rnn_step", rnn_step).marks(6)

# %% [markdown] id=rnn_forward-task
# ## 2. Unrolled in time: `rnn_forward`
#
# Now the loop. Begin with `h0`, take a step for every `x[t]`, and keep every state, since each may be asked
# for an output. The weights are the same at each step; only the state changes.
#
# The result holds $h_1$ to $h_T$, the states *after* the steps. So `h[0]` is the state after the first input,
# and `h0` itself is not in it. Beware of `h[t - 1]` where `t` is 0: Python takes that for the last element.
#
# *In the book:* "Unrolled in time". *A hint:* `hint("rnn.rnn_forward")`.


# %% solution id=rnn_forward
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    """Run the recurrence over a batch of sequences.

    Parameters
    ----------
    x : array (T, B, D)
    h0 : array (B, H)
        The state before the first step.
    W_xh : array (H, D)
    W_hh : array (H, H)
    b_h : array (H,)

    Returns
    -------
    h : array (T, B, H)
        The state after every step.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> h = rnn_forward(np.zeros((3, 1, 1)), one, one, one, np.zeros(1))  # nothing comes in: 1 fades
    >>> h.shape
    (3, 1, 1)
    >>> h[:, 0, 0].round(3)
    array([0.762, 0.642, 0.566])
    """
    ### BEGIN SOLUTION
    states, state = [], h0
    for x_t in x:
        state = rnn_step(x_t, state, W_xh, W_hh, b_h)
        states.append(state)
    return np.stack(states)
    ### END SOLUTION


# %% tests id=rnn_forward points=8
check("rnn.rnn_forward", rnn_forward).marks(8)

# %% [markdown] id=output_layer-task
# ## 3. From state to output: `output_layer`
#
# The state is the network's own business. What it says is read off the state, at every step with the same
# weights:
#
# $$y_t = W_{hy}\, h_t + b_y$$
#
# There is no loop in it: the outputs do not wait for one another. NumPy's `@` takes a whole `(T, B, H)`
# array. There is no tanh in it either: the outputs are scores, and a score may be any number.
#
# *In the book:* "From state to output". *A hint:* `hint("rnn.output_layer")`.


# %% solution id=output_layer
def output_layer(h, W_hy, b_y):
    """Read an output off every state.

    Parameters
    ----------
    h : array (T, B, H)
    W_hy : array (V, H)
    b_y : array (V,)

    Returns
    -------
    y : array (T, B, V)

    Examples
    --------
    >>> h = np.array([[[1.0, 2.0]], [[3.0, 4.0]]])  # T = 2, B = 1, H = 2
    >>> W_hy = np.array([[1.0, 1.0], [1.0, -1.0], [0.0, 0.0]])  # V = 3: sum, difference, nothing
    >>> output_layer(h, W_hy, np.array([0.0, 0.0, 0.5]))[:, 0]
    array([[ 3. , -1. ,  0.5],
           [ 7. , -1. ,  0.5]])
    """
    ### BEGIN SOLUTION
    return h @ W_hy.T + b_y
    ### END SOLUTION


# %% tests id=output_layer points=4
check("rnn.output_layer", output_layer).marks(4)

# %% [markdown] id=softmax_cross_entropy-task
# ## 4. What the loss measures: `softmax_cross_entropy`
#
# How surprised is the network by what really came next? Softmax turns the scores of one position into
# probabilities, and the surprise about the target $k$ is $-\log p_k$, in *nats* (natural logarithm). The loss
# is the mean of it over all positions that count.
#
# - *Stable.* Scores of 1000 are allowed, and $e^{1000}$ is infinite in a computer. Softmax does not change
#   when the same number is subtracted from all scores of a position, so subtract the largest one first. And
#   stay with logarithms: $\log p_k$ is the shifted score of $k$ minus the logarithm of a sum. A $p_k$ that
#   has become 0 has no logarithm.
# - *Masked.* In a batch, short sequences are filled up to the length of the longest. `mask` is `(T, B)`, of
#   numbers or booleans: 1 where a position counts, 0 where it is filling. What stands in the filling has no
#   say: it is neither in the sum nor in the number that you divide by. Its targets are legal ids, so you may
#   look them up. Without a mask, every position counts. At least one always does.
#
# An example: two scores that are equal give the probabilities ½ and ½, and a surprise of
# $\log 2 \approx 0.693$ nats, whichever came.
#
# *In the book:* "What the loss measures". *A hint:* `hint("rnn.softmax_cross_entropy")`.


# %% solution id=softmax_cross_entropy
def softmax_cross_entropy(logits, targets, mask=None):
    """Average the surprise about the targets over the positions that count.

    Parameters
    ----------
    logits : array (T, B, V)
        Scores; up to 1e3 in size.
    targets : integer array (T, B)
        What came, an id from 0 to V - 1.
    mask : array (T, B) of numbers or booleans, optional
        1 where a position counts, 0 where not.

    Returns
    -------
    loss : float
        In nats per position that counts.

    Examples
    --------
    >>> logits = np.array([[[5.0, 5.0]], [[0.0, 1000.0]]])  # T = 2, B = 1, V = 2
    >>> targets = np.array([[0], [0]])
    >>> round(float(softmax_cross_entropy(logits, targets)), 3)  # half of 0.693 + 1000
    500.347
    >>> round(float(softmax_cross_entropy(logits, targets, mask=np.array([[1], [0]]))), 3)
    0.693
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)  # the largest score is 0 now, so exp stays below 1
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    surprise = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]  # (T, B)
    if mask is not None:
        surprise = surprise[np.asarray(mask) != 0]  # what does not count is left out of sum and number alike
    return float(surprise.mean())
    ### END SOLUTION


# %% tests id=softmax_cross_entropy points=9
check("rnn.softmax_cross_entropy", softmax_cross_entropy).marks(9)

# %% [markdown] id=delay_line_weights-task
# ## 5. A memory built by hand: `delay_line_weights`
#
# Nobody has to train this network: you write its weights down. One number comes in at each step, one goes
# out, and what goes out is what came in `delay` steps ago. With a delay of 2, the inputs 0.01, 0.02, 0.03,
# 0.04 come out as 0, 0, 0.01, 0.02.
#
# Think of a row of people who pass notes to the right: at each step everybody takes the note of the left
# neighbour. Which unit takes the input? Which unit takes from which? Where is the output read? How many units
# does a delay of `delay` need, if what has just come in stands in the first one?
#
# The steps are those of exercises 1 and 3, with $D = V = 1$ and a zero initial state; the number of units $H$
# is yours to choose. There is a tanh at each step, and it bends what is large. What is small it leaves nearly
# alone: $\tanh(0.01)$ differs from $0.01$ by less than a millionth. Your network has to be right for inputs
# with $|x| \le 0.01$, to within 0.001, for every `delay` from 0 on.
#
# *In the book:* "A delay line built by hand". *A hint:* `hint("rnn.delay_line_weights")`.


# %% solution id=delay_line_weights
def delay_line_weights(delay):
    """Write down the weights of a network that puts out what came in some steps ago.

    Parameters
    ----------
    delay : int
        Steps to wait; at least 0.

    Returns
    -------
    W_xh : float64 array (H, 1)
    W_hh : float64 array (H, H)
    b_h : float64 array (H,)
    W_hy : float64 array (1, H)
    b_y : float64 array (1,)

    Examples
    --------
    >>> W_xh, W_hh, b_h, W_hy, b_y = delay_line_weights(2)
    >>> x = np.array([0.001, 0.002, 0.003, 0.004]).reshape(4, 1, 1)
    >>> h = rnn_forward(x, np.zeros((1, len(b_h))), W_xh, W_hh, b_h)
    >>> output_layer(h, W_hy, b_y)[:, 0, 0].round(6)
    array([0.   , 0.   , 0.001, 0.002])
    """
    ### BEGIN SOLUTION
    units = delay + 1  # the first holds what has just come in, the last what came in `delay` steps ago
    W_xh, W_hy = np.zeros((units, 1)), np.zeros((1, units))
    W_xh[0, 0] = 1.0  # the first unit takes the input
    W_hh = np.eye(units, k=-1)  # every other unit takes from the one before it
    W_hy[0, -1] = 1.0  # the last unit is read
    return W_xh, W_hh, np.zeros(units), W_hy, np.zeros(1)
    ### END SOLUTION


# %% tests id=delay_line_weights points=8
check("rnn.delay_line_weights", delay_line_weights).marks(8)

# %% [markdown] id=truncate_and_carry-task
# ## 6. Chunk by chunk: `truncate_and_carry`
#
# A novel is too long for one piece, and so is a day of sound. Cut the sequence into chunks of `chunk` steps,
# run the network over one after the other, and let each begin where the one before it stopped. Done right,
# the states are the very same as from one long run: all that a network knows of the past is in its state.
#
# The last chunk may be shorter: 7 steps in chunks of 3 are 3, 3 and 1. A chunk may also be longer than all of
# the sequence. And `h0` stays as it was given.
#
# *In the book:* "Chunk by chunk". *A hint:* `hint("rnn.truncate_and_carry")`.


# %% solution id=truncate_and_carry
def truncate_and_carry(x, h0, W_xh, W_hh, b_h, chunk):
    """Run the recurrence chunk by chunk, each chunk from the last state of the one before.

    Parameters
    ----------
    x : array (T, B, D)
    h0 : array (B, H)
    W_xh : array (H, D)
    W_hh : array (H, H)
    b_h : array (H,)
    chunk : int
        Steps per chunk, at least 1; the last chunk may be shorter.

    Returns
    -------
    h : array (T, B, H)
        The same as from `rnn_forward`.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> h = truncate_and_carry(np.zeros((3, 1, 1)), one, one, one, np.zeros(1), chunk=2)
    >>> h[:, 0, 0].round(3)
    array([0.762, 0.642, 0.566])
    """
    ### BEGIN SOLUTION
    chunks, state = [], h0
    for start in range(0, len(x), chunk):
        chunks.append(rnn_forward(x[start : start + chunk], state, W_xh, W_hh, b_h))
        state = chunks[-1][-1]  # the last state of this chunk is where the next one begins
    return np.concatenate(chunks)
    ### END SOLUTION


# %% tests id=truncate_and_carry points=7
check("rnn.truncate_and_carry", truncate_and_carry).marks(7)

# %% [markdown] id=leaky_rnn_forward-task
# ## 7. The twist: `leaky_rnn_forward`
#
# Some units should react at once, others should have patience. A *leaky* unit does not jump to its new value:
# it goes only part of the way,
#
# $$h_t = (1 - \lambda) \odot h_{t-1} + \lambda \odot \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h) ,$$
#
# where $\odot$ multiplies number by number, and $\lambda$ (the argument `leak`) holds one number in $(0, 1]$
# for each unit. At 1 it is the unit that you know. At 0.01 it forgets so slowly that something of a word is
# left after a hundred steps.
#
# There is one thing more. The sequences of a batch have different lengths, and `mask` is `(T, B)`, of numbers
# or booleans: where `mask[t, b]` is 0, step t does not happen for sequence b. Its state is carried over
# *unchanged*, with no leak, and goes on from there if later steps count again. The others in the batch go on
# as always.
#
# Two units of one sequence, as an example: $h_{t-1} = (0.8, 0.8)$, $\lambda = (1, 0.25)$, all weights zero.
# The tanh is 0, so $h_t = (0, 0.6)$. With a mask of 0 it is $(0.8, 0.8)$ still.
#
# This one stands nowhere in the book; "One step of the loop" and "Unrolled in time" are near it. *A hint:*
# `hint("rnn.leaky_rnn_forward")`.


# %% solution id=leaky_rnn_forward
def leaky_rnn_forward(x, h0, W_xh, W_hh, b_h, leak, mask):
    """Run a recurrence of leaky units over a batch of sequences of different lengths.

    Parameters
    ----------
    x : array (T, B, D)
    h0 : array (B, H)
        The state before the first step.
    W_xh : array (H, D)
    W_hh : array (H, H)
    b_h : array (H,)
    leak : array (H,)
        How far each unit goes towards its new value; above 0, at most 1.
    mask : array (T, B) of numbers or booleans
        0 where a state is carried over unchanged, 1 elsewhere.

    Returns
    -------
    h : array (T, B, H)
        The state after every step.

    Examples
    --------
    >>> x, h0, leak = np.zeros((3, 1, 1)), np.array([[0.8, 0.8]]), np.array([1.0, 0.25])  # D = 1, H = 2
    >>> mask = np.array([[0], [1], [1]])
    >>> leaky_rnn_forward(x, h0, np.zeros((2, 1)), np.zeros((2, 2)), np.zeros(2), leak, mask)[:, 0]
    array([[0.8 , 0.8 ],
           [0.  , 0.6 ],
           [0.  , 0.45]])
    """
    ### BEGIN SOLUTION
    states, state = [], h0
    for x_t, counts in zip(x, np.asarray(mask) != 0):
        candidate = np.tanh(x_t @ W_xh.T + state @ W_hh.T + b_h)
        moved = (1 - leak) * state + leak * candidate
        state = np.where(counts[:, None], moved, state)  # a choice, not a product: 0 * nan would be nan
        states.append(state)
    return np.stack(states)
    ### END SOLUTION


# %% tests id=leaky_rnn_forward points=18
check("rnn.leaky_rnn_forward", leaky_rnn_forward).marks(18)

# %% [markdown] id=zeros-question
# ## 8. In your own words: a new chunk from zeros
#
# A friend runs a network over one long text in chunks of 20 steps, as in exercise 6, but starts every chunk
# from a state of zeros. "It reads the same text with the same weights," he says, "so it says the same."
#
# 1. In general, which states come out the same as in one long run from zeros, and which do not? Why?
# 2. Take the delay line of exercise 5 with a delay of 3. Count the steps from 0. Exactly which outputs come
#    out wrong, what comes out in their place, and why are all others right?
# 3. When would it be right to start from zeros, and wrong to carry the state over?
#
# About 200 words in the cell below. A person reads them.

# %% [markdown] manual id=zeros points=10
# ### BEGIN SOLUTION
# **A model answer.** (1) The first chunk comes out the same: it starts from zeros in both runs. At the
# beginning of the second, the long run has the state that step 19 left, and the friend's has zeros. The first
# state of the chunk depends on what it starts from, the second on the first, and so on. So from step 20 on
# the states are different in general. The text that is read is the same, but all that the network knows of
# the text *before* is in its state, and that was thrown away.
#
# (2) The delay line puts out at step t what came in at step t - 3. At the steps 20, 21 and 22 that is the
# input of the steps 17, 18 and 19: it stood in the state that was thrown away, and zeros come out instead.
# From step 23 on, what is asked for came in during the same chunk, so it is right again. The same holds for
# each later chunk: the first three outputs are wrong, at 20k, 20k + 1 and 20k + 2 for k = 1, 2, ... This
# network forgets all but its last inputs by itself; that is why the harm does not last.
#
# (3) It is right where a chunk does not go on from the one before: a new document, another speaker, rows of a
# batch that were shuffled. There, a carried state would tell the network about a past that is not its own.
#
# **Rubric, 10 points**
# - 3 for question 1: the first chunk is the same (1); from step 20 on the states differ (1), because each
#   state depends on the one before it, back to the one where the chunk starts (1).
# - 4 for question 2: the three steps 20, 21, 22 (1) and the same at each later chunk (1); zeros come out (1);
#   from the fourth step of a chunk on, the input that is needed came in the same chunk (1). Counted from 1
#   consistently, it is as good.
# - 3 for question 3: 2 for a case where the chunk begins something new; 1 for the reason that a carried state
#   would be the memory of another sequence.
#
# If an input happens to be 0, an output at step 20 is right by accident. Who says so has understood; nobody
# has to.
# ### END SOLUTION
