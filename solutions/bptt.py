# The assignment of the chapter "Backpropagation through time"; it runs as a script, every check shown.
# The format is explained in rnncourse/authoring/percent.py; `rnncourse exercises build` makes the notebooks.
#
# The functions carry no type annotations: students see them exactly as the book writes them.
# mypy: allow-untyped-defs

# %% [markdown] id=welcome
# # Backpropagation through time: exercises
#
# A network that has read a sequence has made some loss. Who is to blame for it? You are going to send the
# blame back: from the loss to the scores, through the output layer, through every step of the loop, and out
# to the words that came in. Then you measure gradients by hand, cut time short, and write a *test* that finds
# the bug in other people's code. The last exercise is a twist that stands nowhere in the book.
#
# **How to work.** Each exercise is one function.
#
# 1. Read the text and the docstring. Work out the shapes on paper first; it saves time.
# 2. Replace `# YOUR CODE HERE` and the line below it with your code, and run the cell.
# 3. Run the cell after it. It calls your function and tells you what was right and what was not. If your
#    numbers are those of a mistake that many people make, it says which one.
#
# If a check answers `NameError: name ... is not defined`, it has not found your function: the cell above it
# was not run, stopped with an error, or gives the function another name.
#
# If you are stuck, ask for a hint: `hint("bptt.rnn_step_backward")`. Hints are free; ask again, and the next
# says more.
#
# **Names and shapes.** `dh` means the gradient of the loss with respect to `h`, and it always has the shape
# of `h`; so `dW_hh` is `(H, H)` and `db_h` is `(H,)`. Time comes first: inputs `x` are `(T, B, D)`, states
# `h` are `(T, B, H)`, scores are `(T, B, V)`. A vector of the mathematics is a *row* of the batch here, so
# forward computes $W x$ as `x @ W.T`.
#
# **A sign to go by.** On the way forward a product had `W.T`. On the way back it has `W`. And what was used
# many times on the way forward (a weight, at each step and for each sequence) gathers a *sum* on the way
# back.
#
# **Four rules hold everywhere.** Keep the names and the order of the arguments, and return the gradients in
# the order that is asked for. Do not change an argument: build new arrays. Return the dtype that came in.
# Write the functions yourself: what is imported from `rnncourse` does not count as an answer. (A function of
# yours may call one of an earlier exercise. Then a mistake there costs here, too.)
#
# **How it is graded.** The checks give 60 points, and the question in prose at the end gives 10, from a
# person. Every check looks at several properties (each gradient by itself, shapes, whether your arguments
# survived), and each property that holds earns its part. For the grade, the checks draw new numbers: an
# answer has to be right, not only right once. Before you hand in, choose *Restart kernel and run all cells*.

# %% setup id=imports
import numpy as np

from rnncourse.checks import check, hint


def rnn_forward(x, h0, W_xh, W_hh, b_h):
    """The network of the assignment before: x (T, B, D), h0 (B, H) -> the states h (T, B, H)."""
    h = x @ W_xh.T + b_h  # (T, B, H), and every step adds what its state brings
    for t in range(len(x)):
        h[t] = np.tanh(h[t] + (h[t - 1] if t > 0 else h0) @ W_hh.T)
    return h


# %% open id=ask-for-a-hint
hint("bptt.rnn_step_backward")  # run it again for the next one; change the name for another exercise

# %% [markdown] id=softmax_cross_entropy_backward-task
# ## 1. From the loss to the scores: `softmax_cross_entropy_backward`
#
# The loss is the mean surprise $-\log p_k$ about the targets, over the positions that count. Its gradient
# with respect to the scores of one position is as plain as a gradient gets:
#
# $$\frac{\partial L}{\partial z} = \frac{1}{N} \left( p - \text{one-hot}(k) \right) ,$$
#
# what the network expected minus what came, with $p$ the softmax of the scores $z$, $k$ the target and $N$
# the number of positions that count.
#
# - *Stable.* Scores of 1000 are allowed. Subtract each position's largest score before `np.exp`.
# - *Masked.* `mask` is `(T, B)`, of numbers or booleans. Where it is 0, the position does not count: its
#   gradient is zero, it is not in $N$, and its target (a legal id) is ignored. Without a mask, every position
#   counts. At least one always does.
#
# An example: two equal scores give the probabilities ½ and ½. If the first came, the gradient is (-½, ½):
# going *down* the gradient raises the score of what came.
#
# *In the book:* "From the loss to the scores". *A hint:* `hint("bptt.softmax_cross_entropy_backward")`.


# %% solution id=softmax_cross_entropy_backward
def softmax_cross_entropy_backward(logits, targets, mask=None):
    """Differentiate the mean surprise about the targets with respect to the scores.

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
    dlogits : array (T, B, V)

    Examples
    --------
    >>> logits = np.zeros((2, 1, 2))  # T = 2, B = 1, V = 2
    >>> targets = np.array([[0], [1]])
    >>> softmax_cross_entropy_backward(logits, targets)[:, 0]
    array([[-0.25,  0.25],
           [ 0.25, -0.25]])
    >>> softmax_cross_entropy_backward(logits, targets, mask=np.array([[1], [0]]))[:, 0]
    array([[-0.5,  0.5],
           [ 0. ,  0. ]])
    """
    ### BEGIN SOLUTION
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    dlogits = exponentials / exponentials.sum(axis=-1, keepdims=True)
    steps, rows = np.indices(targets.shape)
    dlogits[steps, rows, targets] -= 1
    if mask is None:
        return dlogits / targets.size
    counts = mask != 0
    dlogits[~counts] = 0
    return dlogits / int(counts.sum())
    ### END SOLUTION


# %% tests id=softmax_cross_entropy_backward points=5
check("bptt.softmax_cross_entropy_backward", softmax_cross_entropy_backward).marks(5)

# %% [markdown] id=output_layer_backward-task
# ## 2. Back through the output layer: `output_layer_backward`
#
# Forward, every output was read off its state, $y_t = W_{hy} h_t + b_y$. Now `dy`, the gradient with respect
# to all outputs, has arrived. What are the gradients with respect to the states and the two weights?
#
# Let the shapes lead you. `dh` is `(T, B, H)`: each state was read once, so there is nothing to be summed.
# `dW_hy` is `(V, H)` and `db_y` is `(V,)`: they served at every step and for every sequence, so T and B are
# summed away. It is a sum and no mean: where a mean is meant, it is in `dy` already.
#
# *In the book:* "Back through the output layer". *A hint:* `hint("bptt.output_layer_backward")`.


# %% solution id=output_layer_backward
def output_layer_backward(dy, h, W_hy):
    """Go back through the output layer.

    Parameters
    ----------
    dy : array (T, B, V)
        The gradient with respect to the outputs.
    h : array (T, B, H)
        The states that were read.
    W_hy : array (V, H)

    Returns
    -------
    dh : array (T, B, H)
    dW_hy : array (V, H)
    db_y : array (V,)

    Examples
    --------
    >>> h = np.array([[[1.0, 2.0]], [[3.0, 4.0]]])  # T = 2, B = 1, H = 2
    >>> dy = np.array([[[1.0]], [[10.0]]])  # V = 1
    >>> dh, dW_hy, db_y = output_layer_backward(dy, h, np.array([[1.0, -1.0]]))
    >>> dh[:, 0]
    array([[  1.,  -1.],
           [ 10., -10.]])
    >>> dW_hy, db_y
    (array([[31., 42.]]), array([11.]))
    """
    ### BEGIN SOLUTION
    T, B, V = dy.shape
    rows = dy.reshape(T * B, V)  # every step of every sequence is one row
    return dy @ W_hy, rows.T @ h.reshape(T * B, -1), rows.sum(axis=0)
    ### END SOLUTION


# %% tests id=output_layer_backward points=4
check("bptt.output_layer_backward", output_layer_backward).marks(4)

# %% [markdown] id=rnn_step_backward-task
# ## 3. Back through one step: `rnn_step_backward`
#
# One step forward was
#
# $$a_t = W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h , \qquad h_t = \tanh(a_t) .$$
#
# Now `dh_t` arrives, the gradient with respect to $h_t$. Go back through the tanh first: its slope is
# $1 - \tanh^2(a_t)$, which is $1 - h_t^2$, so that $a_t$ itself is not needed. With the gradient of $a_t$ in
# hand, the other five follow, each by one product or one sum.
#
# An example with one number of each kind: $W_{hh} = -1$, $h_t = 0$, $h_{t-1} = 0.75$ and `dh_t` = 1. The
# slope at 0 is 1, so the gradient of $a_t$ is 1. Hence `dh_prev` = -1 and `dW_hh` = 0.75.
#
# *In the book:* "Back through one step". *A hint:* `hint("bptt.rnn_step_backward")`.


# %% solution id=rnn_step_backward
def rnn_step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    """Go back through one step of the recurrence, for a batch.

    Parameters
    ----------
    dh_t : array (B, H)
        The gradient with respect to `h_t`, all of it.
    x_t : array (B, D)
    h_prev : array (B, H)
        The state that the step started from.
    h_t : array (B, H)
        The state that the step made.
    W_xh : array (H, D)
    W_hh : array (H, H)

    Returns
    -------
    dx_t : array (B, D)
    dh_prev : array (B, H)
    dW_xh : array (H, D)
    dW_hh : array (H, H)
    db_h : array (H,)

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> for gradient in rnn_step_backward(one, 0.25 * one, 0.75 * one, 0 * one, one, -one):
    ...     print(gradient)
    [[1.]]
    [[-1.]]
    [[0.25]]
    [[0.75]]
    [1.]
    """
    ### BEGIN SOLUTION
    da = dh_t * (1 - h_t**2)  # back through the tanh
    return da @ W_xh, da @ W_hh, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)
    ### END SOLUTION


# %% tests id=rnn_step_backward points=6
check("bptt.rnn_step_backward", rnn_step_backward).marks(6)

# %% [markdown] id=rnn_backward-task
# ## 4. Back through time: `rnn_backward`
#
# Now the loop, from the last step to the first. A state does two things: it is read out, and it starts the
# next step. So two gradients meet at it:
#
# - the *direct* one, `dh[t]`, which enters from above at every step (exercise 2 made it);
# - what step t + 1 sends back, its `dh_prev`. At the last step there is none.
#
# Their sum is the *total* gradient of $h_t$, and that is what goes back through step t. What leaves the first
# step at the other end is `dh0`. All steps share the weights, so the weights' gradients add up.
#
# `h[t]` is the state *after* step t: step t started from `h[t - 1]`, and step 0 from `h0`. Beware of
# `h[t - 1]` where `t` is 0: Python takes that for the last element.
#
# *In the book:* "Direct and total", "Back through time". *A hint:* `hint("bptt.rnn_backward")`.


# %% solution id=rnn_backward
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    """Go back through all steps of the recurrence.

    Parameters
    ----------
    dh : array (T, B, H)
        The direct gradient that enters at every state.
    x : array (T, B, D)
    h0 : array (B, H)
        The state before the first step.
    h : array (T, B, H)
        The state after every step, as `rnn_forward` returned it.
    W_xh : array (H, D)
    W_hh : array (H, H)

    Returns
    -------
    dx : array (T, B, D)
    dh0 : array (B, H)
    dW_xh : array (H, D)
    dW_hh : array (H, H)
    db_h : array (H,)

    Examples
    --------
    >>> zeros, one = np.zeros((3, 1, 1)), np.ones((1, 1))  # T = 3; all states 0, where tanh has the slope 1
    >>> dh = np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)  # a gradient at the last step alone
    >>> dx, dh0, dW_xh, dW_hh, db_h = rnn_backward(dh, zeros, 0 * one, zeros, one, 0.5 * one)
    >>> dx[:, 0, 0]
    array([0.25, 0.5 , 1.  ])
    >>> dh0, db_h
    (array([[0.125]]), array([1.75]))
    """
    ### BEGIN SOLUTION
    dx, carried, sums = [], 0, [0, 0, 0]  # nothing comes back to the last step
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        dx_t, carried, *shares = rnn_step_backward(dh[t] + carried, x[t], before, h[t], W_xh, W_hh)
        dx.append(dx_t)
        sums = [total + share for total, share in zip(sums, shares)]  # dW_xh, dW_hh, db_h
    return np.stack(dx[::-1]), carried, *sums
    ### END SOLUTION


# %% tests id=rnn_backward points=9
check("bptt.rnn_backward", rnn_backward).marks(9)

# %% [markdown] id=embedding_backward-task
# ## 5. Words go out the way they came in: `embedding_backward`
#
# Words come in by number: `vectors = E[ids]` looks up a row of the table `E` for each. On the way back, each
# place of the text brings a gradient for its row. A word that stood at several places gets the sum of them
# all; a word that did not come gets zeros.
#
# There is a trap in it. `dE[ids] += dvectors` looks right and is not: NumPy reads all rows, adds, and writes
# all rows back, so of a word that came twice only one gradient is left.
#
# *In the book:* "Words go out the way they came in". *A hint:* `hint("bptt.embedding_backward")`.


# %% solution id=embedding_backward
def embedding_backward(ids, dvectors, vocab_size):
    """Gather the gradient of the table of word vectors.

    Parameters
    ----------
    ids : integer array (T, B)
        Which words came, each from 0 to V - 1.
    dvectors : array (T, B, D)
        The gradient with respect to the vectors that were looked up.
    vocab_size : int
        V, the number of rows of the table.

    Returns
    -------
    dE : array (V, D)

    Examples
    --------
    >>> ids = np.array([[2], [0], [2]])  # T = 3, B = 1
    >>> dvectors = np.array([1.0, 10.0, 100.0]).reshape(3, 1, 1)  # D = 1
    >>> embedding_backward(ids, dvectors, 4)[:, 0]
    array([ 10.,   0., 101.,   0.])
    """
    ### BEGIN SOLUTION
    dE = np.zeros((vocab_size, dvectors.shape[-1]), dvectors.dtype)
    np.add.at(dE, ids, dvectors)  # one after the other, so that repeated ids add up
    return dE
    ### END SOLUTION


# %% tests id=embedding_backward points=3
check("bptt.embedding_backward", embedding_backward).marks(3)

# %% [markdown] id=numerical_gradient-task
# ## 6. Checking a gradient: `numerical_gradient`
#
# Is a gradient right? Ask the function itself: nudge its input and watch what comes out. `f` takes an array
# like `x` and returns one number. For each entry $i$, with all other entries as they are in `x`, compute the
# *central difference*
#
# $$g_i = \frac{f(x + \varepsilon e_i) - f(x - \varepsilon e_i)}{2 \varepsilon} ,$$
#
# where $e_i$ is 1 at entry $i$ and 0 elsewhere. Both sides are asked: the error then shrinks with
# $\varepsilon^2$, where a one-sided difference is off by something of the order of $\varepsilon$.
#
# `x` is a float64 array with any number of axes, and so is the result. Leave `x` alone, all the time: nudge a
# copy. (It may be read-only, and `f` may want to look at it.) Use `eps` as it is given.
#
# An example: for $f(x) = x^3$ at $x = 1$ with $\varepsilon = 0.1$, $(1.331 - 0.729) / 0.2 = 3.01$. The slope
# is 3, and the rest is $\varepsilon^2$.
#
# *In the book:* "Checking a gradient". *A hint:* `hint("bptt.numerical_gradient")`.


# %% solution id=numerical_gradient
def numerical_gradient(f, x, eps=1e-6):
    """Measure the gradient of a function by central differences, entry by entry.

    Parameters
    ----------
    f : function
        Takes an array of the shape of `x`, returns one number.
    x : float64 array, any shape
    eps : float
        How far to go to either side.

    Returns
    -------
    gradient : float64 array of the shape of `x`

    Examples
    --------
    >>> numerical_gradient(lambda a: (a**3).sum(), np.array([[1.0], [2.0]]), eps=0.1).round(3)
    array([[ 3.01],
           [12.01]])
    """
    ### BEGIN SOLUTION
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += eps
        below[place] -= eps
        gradient[place] = (f(above) - f(below)) / (2 * eps)
    return gradient
    ### END SOLUTION


# %% tests id=numerical_gradient points=4
check("bptt.numerical_gradient", numerical_gradient).marks(4)

# %% [markdown] id=truncated_bptt-task
# ## 7. Cutting time short: `truncated_bptt`
#
# To go back through a whole novel takes too long and too much memory. So time is cut into windows of `window`
# steps, counted from step 0, and no gradient crosses from one window to the one before it: nothing goes from
# step t to step t - 1 where t > 0 and t is a multiple of `window`. All else is as in `rnn_backward`.
#
# Three things are *not* cut. The states were carried over the borders, so the first step of a window still
# started from the last state of the window before. Every `dh[t]` still enters. And `h0` still gets what
# reaches it inside the first window.
#
# With 7 steps and `window` = 3, the windows are the steps 0 to 2, 3 to 5, and 6. A window may also be longer
# than the whole sequence.
#
# *In the book:* "Cutting time short". *A hint:* `hint("bptt.truncated_bptt")`.


# %% solution id=truncated_bptt
def truncated_bptt(dh, x, h0, h, W_xh, W_hh, window):
    """Go back through all steps, but let no gradient cross a multiple of `window`.

    Parameters
    ----------
    dh : array (T, B, H)
    x : array (T, B, D)
    h0 : array (B, H)
    h : array (T, B, H)
    W_xh : array (H, D)
    W_hh : array (H, H)
    window : int
        Steps per window, at least 1; the last window may be shorter.

    Returns
    -------
    dx : array (T, B, D)
    dh0 : array (B, H)
    dW_xh : array (H, D)
    dW_hh : array (H, H)
    db_h : array (H,)

    Examples
    --------
    >>> zeros, one = np.zeros((3, 1, 1)), np.ones((1, 1))  # T = 3; all states 0, where tanh has the slope 1
    >>> dx, dh0, *_ = truncated_bptt(np.ones((3, 1, 1)), zeros, 0 * one, zeros, one, 0.5 * one, window=2)
    >>> dx[:, 0, 0]
    array([1.5, 1. , 1. ])
    >>> dh0
    array([[0.75]])
    """
    ### BEGIN SOLUTION
    dx, carried, sums = [], 0, [0, 0, 0]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        dx_t, carried, *shares = rnn_step_backward(dh[t] + carried, x[t], before, h[t], W_xh, W_hh)
        dx.append(dx_t)
        sums = [total + share for total, share in zip(sums, shares)]
        if t > 0 and t % window == 0:
            carried = 0  # a window begins here: nothing goes back from it
    return np.stack(dx[::-1]), carried, *sums
    ### END SOLUTION


# %% tests id=truncated_bptt points=4
check("bptt.truncated_bptt", truncated_bptt).marks(4)

# %% [markdown] id=catch_the_bug-task
# ## 8. A test that finds the bug: `catch_the_bug`
#
# Now you write the check. `catch_the_bug` is given somebody's `rnn_backward` and says `True` if it is right
# and `False` if it is broken. It will be shown about forty of them that you have not seen. Some are right,
# each written in another way. The others are broken, and most are broken only a little: in one of the five
# results, on some inputs, after some steps, by a thousandth.
#
# A right `rnn_backward` does all that exercise 4 asks for. It gives five results of the right shapes and
# values, for any sizes, any `h0` and any `dh`. It leaves its arguments as they were. And when it is called
# again, it has kept nothing.
#
# - *Your data.* You make them yourself. Draw from a generator with a fixed seed, such as
#   `np.random.default_rng(0)`, so that your test always says the same. On which data do a right and a broken
#   function give the same numbers? Have none of those.
# - *What to compare with.* `dh` enters at every state, so the gradients are those of one number:
#   `(dh * rnn_forward(x, h0, W_xh, W_hh, b_h)).sum()`. Measure them (exercise 6). The network of the last
#   assignment, `rnn_forward`, stands in the first cell. Your own `rnn_backward` has the same name as the
#   argument and is hidden by it, and it would be the worse judge: it may have the same bug.
# - *How close.* Right functions differ from each other in the last digits, and from measured gradients by
#   about 1e-9. Broken ones can be as near as a thousandth.
# - *Do not break off.* A broken function may give a result of the wrong shape, or too few. The answer is
#   `False` then, and not an exception. Compare shapes before values.
#
# A few milliseconds for each function are plenty: keep the sizes small.
#
# *In the book:* "When a gradient check lies", "A test that finds the bug". *A hint:*
# `hint("bptt.catch_the_bug")`.


# %% solution id=catch_the_bug
def catch_the_bug(rnn_backward):
    """Say whether a backward function is right.

    Parameters
    ----------
    rnn_backward : function
        Is called as `rnn_backward(dh, x, h0, h, W_xh, W_hh)`.

    Returns
    -------
    verdict : bool
        True if it is right, False if it is broken.

    Examples
    --------
    >>> catch_the_bug(rnn_backward)
    True
    >>> catch_the_bug(lambda dh, *others: rnn_backward(dh[::-1], *others))
    False
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(0)
    T, B, D, H = 5, 3, 2, 4  # all different; steps enough for a long way back
    x, h0 = rng.normal(size=(T, B, D)), rng.normal(size=(B, H))
    W_xh, W_hh, b_h = rng.normal(size=(H, D)), rng.normal(size=(H, H)) / 2, rng.normal(size=H)
    inputs = [x, h0, W_xh, W_hh, b_h]
    dh = rng.normal(size=(T, B, H))

    def measured(i):
        def number(a):
            nudged = [*inputs[:i], a, *inputs[i + 1 :]]
            return (dh * rnn_forward(*nudged)).sum()

        return numerical_gradient(number, inputs[i])

    gradients = [measured(i) for i in range(len(inputs))]
    arguments = [dh, x, h0, rnn_forward(*inputs), W_xh, W_hh]
    for _ in range(2):  # the second call shows what the first one left behind
        copies = [array.copy() for array in arguments]
        results = rnn_backward(*copies)
        if [np.shape(result) for result in results] != [gradient.shape for gradient in gradients]:
            return False
        if not all(np.allclose(*pair, rtol=1e-5, atol=1e-6) for pair in zip(results, gradients)):
            return False
        if not all(np.array_equal(*pair) for pair in zip(copies, arguments)):
            return False
    return True
    ### END SOLUTION


# %% tests id=catch_the_bug points=7
check("bptt.catch_the_bug", catch_the_bug).marks(7)

# %% [markdown] id=leaky_rnn_backward-task
# ## 9. The twist: `leaky_rnn_backward`
#
# The last assignment ended with leaky units, which go only part of the way to their new value,
#
# $$h_t = (1 - \lambda) \odot h_{t-1} + \lambda \odot c_t , \qquad
# c_t = \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h) ,$$
#
# with one $\lambda$ in $(0, 1]$ for each unit (the argument `leak`), and $\odot$ for products number by
# number. Where `mask[t, b]` is 0, step t does not happen for sequence b: its state is carried over unchanged,
# and what stands in `x` there does not matter. (Its `dx` is zero, therefore.)
#
# Go back through all of it. `dh[t]` enters at every step, also where the mask is 0: the state that was
# carried over may be read out as well. Draw the ways by which $h_{t-1}$ reaches $h_t$, for a step that
# happens and for one that does not; every way forward is a way back. And `leak` is learned, too: what is its
# gradient, one number for each unit?
#
# The weights and `h` are given, so you can compute $c_t$ again. Mind that $h_t$ is a mixture and no tanh any
# more: the slope is $1 - c_t^2$.
#
# One unit of one sequence, as an example: all weights zero, $\lambda = 0.25$ and $h_{t-1} = 0.8$, so $c_t =
# 0$ and $h_t = 0.6$. A gradient of 1 at $h_t$ sends 0.75 back to $h_{t-1}$ and brings $0 - 0.8$ to `dleak`.
# With a mask of 0 it sends 1 back, and brings nothing.
#
# This one stands nowhere in the book; "Back through time" and "Masks on the way back" are near it. *A hint:*
# `hint("bptt.leaky_rnn_backward")`.


# %% solution id=leaky_rnn_backward
def leaky_rnn_backward(dh, x, h0, h, W_xh, W_hh, b_h, leak, mask):
    """Go back through a recurrence of leaky units over sequences of different lengths.

    Parameters
    ----------
    dh : array (T, B, H)
        The direct gradient that enters at every state.
    x : array (T, B, D)
    h0 : array (B, H)
        The state before the first step.
    h : array (T, B, H)
        The state after every step.
    W_xh : array (H, D)
    W_hh : array (H, H)
    b_h : array (H,)
    leak : array (H,)
        How far each unit goes towards its new value; above 0, at most 1.
    mask : array (T, B) of numbers or booleans
        0 where a state was carried over unchanged, 1 elsewhere.

    Returns
    -------
    dx : array (T, B, D)
    dh0 : array (B, H)
    dW_xh : array (H, D)
    dW_hh : array (H, H)
    db_h : array (H,)
    dleak : array (H,)

    Examples
    --------
    >>> h0, h = np.array([[0.8]]), np.array([0.8, 0.6, 0.45]).reshape(3, 1, 1)  # T = 3, B = D = H = 1
    >>> x, dh = np.zeros((3, 1, 1)), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> weights = np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1)
    >>> mask = np.array([[0], [1], [1]])
    >>> dx, dh0, dW_xh, dW_hh, db_h, dleak = leaky_rnn_backward(
    ...     dh, x, h0, h, *weights, np.array([0.25]), mask
    ... )
    >>> dh0, dleak.round(3)
    (array([[0.5625]]), array([-1.2]))
    """
    ### BEGIN SOLUTION
    dx, carried, dW_xh, dW_hh, db_h, dleak = [], 0, 0, 0, 0, 0
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        candidate = np.tanh(x[t] @ W_xh.T + before @ W_hh.T + b_h)
        counts = (mask[t] != 0)[:, None]
        total = dh[t] + carried
        moved = np.where(counts, total, 0)  # what belongs to steps that happened
        da = moved * leak * (1 - candidate**2)
        dx.append(da @ W_xh)
        dW_xh = dW_xh + da.T @ x[t]
        dW_hh = dW_hh + da.T @ before
        db_h = db_h + da.sum(axis=0)
        dleak = dleak + (moved * (candidate - before)).sum(axis=0)
        # past the unit and through the unit, or untouched where nothing happened
        carried = np.where(counts, (1 - leak) * total + da @ W_hh, total)
    return np.stack(dx[::-1]), carried, dW_xh, dW_hh, db_h, dleak
    ### END SOLUTION


# %% tests id=leaky_rnn_backward points=18
check("bptt.leaky_rnn_backward", leaky_rnn_backward).marks(18)

# %% [markdown] id=window-question
# ## 10. In your own words: what is cut, and what is not
#
# A network reads one long text. It is trained with `truncated_bptt` and a window of 20 steps; its state is
# carried over from each window to the next. Count the steps from 0, so that the second window holds the steps
# 20 to 39.
#
# 1. Does the input of step 10 change the loss at step 25? And does the loss at step 25 bring a gradient to
#    the input of step 10? Give the reason for each answer.
# 2. How many steps back does the gradient of the loss at step 20 reach, and of the loss at step 39? What does
#    this mean for two words that belong together and stand 5 steps apart?
# 3. "With a window of 20," a friend says, "this network cannot possibly remember anything for 50 steps." Is
#    he right? Say what truncation takes away, and what it leaves.
#
# About 200 words in the cell below. A person reads them.

# %% [markdown] manual id=window points=10
# ### BEGIN SOLUTION
# **A model answer.** (1) Yes: step 10 changes the state, the state goes from step to step and is carried over
# the border at 20, so it still has a share in the state and the loss at step 25. Truncation changes nothing
# on the way forward. And no: on the way back, nothing crosses from step 20 to step 19, so the loss at step 25
# brings nothing to any step before 20.
#
# (2) The gradient of step 20 reaches its own step alone, 0 steps back. That of step 39 reaches step 20, 19
# steps back. How far it is, then, depends on where a step stands in its window. Two words 5 steps apart are
# connected by a gradient only where they stand in the same window: a loss at one of the first five steps of a
# window cannot reach back so far, a loss at any of the other fifteen can.
#
# (3) He is not. The state may well carry something for 50 steps; nothing on the way forward forbids it. What
# truncation takes away is the lesson: no gradient says that something kept for 50 steps would have lowered a
# loss. What the network learns about keeping things for up to 19 steps may also serve for longer, since the
# weights are the same at each step. It can happen, but nothing pushes towards it.
#
# **Rubric, 10 points**
# - 3 for question 1: yes, forward (1), because the state is carried over the border (1); no, backward,
#   because nothing crosses from step 20 to 19 (1).
# - 4 for question 2: 0 steps for the loss at step 20 (1) and 19 for that at step 39 (1); that it depends on
#   the place in the window (1); what that means for words 5 steps apart: connected only inside one window
#   (1).
# - 3 for question 3: the friend is wrong, since the state can hold it (1); what is cut is the gradient, so
#   nothing teaches it to hold something for that long (1); the same weights at each step may do it all the
#   same, or another reason why it can still happen (1).
#
# Whoever counts the step itself, and says 1 and 20 for question 2, has understood as well.
# ### END SOLUTION
