# The assignment of the chapter "Gated recurrent units"; it runs as a script, every check shown.
# The format is explained in rnncourse/authoring/percent.py; `rnncourse exercises build` makes the notebooks.
#
# The functions carry no type annotations: students see them exactly as the book writes them.
# mypy: allow-untyped-defs

# %% [markdown] id=welcome
# # Gated recurrent units: exercises
#
# Two gates are enough to give a network a memory that lasts. You are going to build the unit from nothing but
# NumPy: one step, the loop, and the whole way back, first through one step and then through time. Then you
# build the form of the first paper, and count what each kind of cell costs. The last exercise is a twist that
# stands nowhere in the book.
#
# **How to work.** Each exercise is one function.
#
# 1. Read the text and the docstring. Work out the shapes on paper first; it saves time. For the backward
#    exercises draw the step: a node for each quantity, an arrow for each use. Every arrow is a term.
# 2. Replace `# YOUR CODE HERE` and the line below it with your code, and run the cell.
# 3. Run the cell after it. It calls your function and tells you what was right and what was not. If your
#    numbers are those of a mistake that many people make, it says which one.
#
# If a check answers `NameError: name ... is not defined`, it has not found your function: the cell above it
# was not run, stopped with an error, or gives the function another name.
#
# If you are stuck, ask for a hint: `hint("gru.gru_step")`. Hints are free; ask again, and the next says more.
#
# **Shapes.** Time comes first: inputs `x` are `(T, B, D)`, states `h` are `(T, B, H)`: $T$ steps, $B$
# sequences side by side in a batch, $D$ numbers per input, $H$ per state. A vector of the mathematics is a
# *row* of the batch here, so $W x$ becomes `x @ W.T`. The weights of the gates are stacked, one block of $H$
# rows below the other, in the order **r, z, n**: `W_xh (3H, D)`, `W_hh (3H, H)`, `b_h (3H,)`. So
# `np.split(W_hh, 3)` is $W_{hr}$, $W_{hz}$, $W_{hn}$. Apart from them stands `b_hn (H,)`. All this is as in
# `torch.nn.GRU`.
#
# **Gradients.** $\mathrm{d}h$ is short for the gradient of the loss with respect to $h$, and has the shape of
# $h$. Gradients are returned in the order of the arguments that they belong to. Those of the weights are
# *sums* over the batch and over time, never means: if the loss is a mean, its gradient has the division in it
# already.
#
# **Four rules hold everywhere.** Keep the names and the order of the arguments. Do not change an argument:
# build new arrays. Return the dtype that came in, unless the text says otherwise. Write the functions
# yourself: what is imported from `rnncourse` does not count as an answer. (A function of yours may call one
# of an earlier exercise. Then a mistake there costs here, too.)
#
# **How it is graded.** The checks give 60 points, and the question in prose at the end gives 10, from a
# person. Every check looks at several properties (shape, values, each gradient, whether your arguments
# survived), and each property that holds earns its part. For the grade, the checks draw new numbers: an
# answer has to be right, not only right once. Before you hand in, choose *Restart kernel and run all cells*.

# %% setup id=imports
import numpy as np

from rnncourse.checks import check, hint


def sigmoid(a):
    """Return 1 / (1 + exp(-a)) for every number in an array; for your use in all exercises."""
    return (1 + np.tanh(a / 2)) / 2  # the same number, and nothing that could overflow


# %% open id=ask-for-a-hint
hint("gru.gru_step")  # run it again for the next one; change the name for another exercise

# %% [markdown] id=gru_step-task
# ## 1. One step: `gru_step`
#
# A candidate $n$ for the new state, a gate $r$ that says how much of the past the candidate sees, and a gate
# $z$ that says how much of the past is kept:
#
# $$\begin{aligned}
# r_t &= \sigma(W_{xr}\, x_t + W_{hr}\, h_{t-1} + b_r) \\
# z_t &= \sigma(W_{xz}\, x_t + W_{hz}\, h_{t-1} + b_z) \\
# q_t &= W_{hn}\, h_{t-1} + b_{hn} \\
# n_t &= \tanh(W_{xn}\, x_t + b_n + r_t \odot q_t) \\
# h_t &= (1 - z_t) \odot n_t + z_t \odot h_{t-1}
# \end{aligned}$$
#
# where $\odot$ multiplies number by number. Two things are easily missed. The bias $b_{hn}$ stands *inside*
# what $r$ multiplies, and $b_n$ outside. And with $z = 1$ the old state is kept; some papers and libraries
# mean the opposite.
#
# An example with one unit and all weights and biases zero: both gates are $\sigma(0) = 0.5$, the candidate is
# 0, and half of the old state is left.
#
# *In the book:* "Two gates do it" and "One step". *A hint:* `hint("gru.gru_step")`.


# %% solution id=gru_step
def gru_step(x_t, h_prev, W_xh, W_hh, b_h, b_hn):
    """Take one step of a GRU for a batch.

    Parameters
    ----------
    x_t : array (B, D)
    h_prev : array (B, H)
    W_xh : array (3H, D)
        The blocks of r, z, n, one below the other.
    W_hh : array (3H, H)
    b_h : array (3H,)
    b_hn : array (H,)
        The bias inside the reset product.

    Returns
    -------
    h_t : array (B, H)

    Examples
    --------
    >>> x_t, h_prev = np.zeros((1, 2)), np.array([[0.8]])  # B = 1, D = 2, H = 1
    >>> gru_step(x_t, h_prev, np.zeros((3, 2)), np.zeros((3, 1)), np.zeros(3), np.zeros(1))
    array([[0.4]])
    """
    ### BEGIN SOLUTION
    x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + b_hn))
    return (1 - z) * n + z * h_prev
    ### END SOLUTION


# %% tests id=gru_step points=6
check("gru.gru_step", gru_step).marks(6)

# %% [markdown] id=gru_forward-task
# ## 2. Unrolled in time: `gru_forward`
#
# The loop is the one of the plain network: begin with `h0`, take a step for every `x[t]`, keep every state.
# The result holds the states *after* the steps, so `h[0]` is the state after the first input and `h0` itself
# is not in it. Beware of `h[t - 1]` where `t` is 0: Python takes that for the last element.
#
# *In the book:* "Unrolled in time". *A hint:* `hint("gru.gru_forward")`.


# %% solution id=gru_forward
def gru_forward(x, h0, W_xh, W_hh, b_h, b_hn):
    """Run a GRU over a batch of sequences.

    Parameters
    ----------
    x : array (T, B, D)
    h0 : array (B, H)
        The state before the first step.
    W_xh : array (3H, D)
    W_hh : array (3H, H)
    b_h : array (3H,)
    b_hn : array (H,)

    Returns
    -------
    h : array (T, B, H)
        The state after every step.

    Examples
    --------
    >>> nothing = np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(1)
    >>> h = gru_forward(np.zeros((3, 1, 1)), np.array([[0.8]]), *nothing)  # half is left at each step
    >>> h.shape
    (3, 1, 1)
    >>> h[:, 0, 0]
    array([0.4, 0.2, 0.1])
    """
    ### BEGIN SOLUTION
    states, state = [], h0
    for x_t in x:
        state = gru_step(x_t, state, W_xh, W_hh, b_h, b_hn)
        states.append(state)
    return np.stack(states)
    ### END SOLUTION


# %% tests id=gru_forward points=5
check("gru.gru_forward", gru_forward).marks(5)

# %% [markdown] id=gru_step_backward-task
# ## 3. Back through one step: `gru_step_backward`
#
# The loss has told you $\mathrm{d}h_t$, the *total* gradient of the state after the step: `dh_t (B, H)`. What
# are the gradients of everything that went into the step?
#
# Compute $r, z, n$ and $q$ again first; then follow each arrow of your drawing backwards. Questions that are
# worth asking before you write: In how many places does $h_{t-1}$ stand? In how many does $z$? What does $r$
# multiply? What has $b_{hn}$ got that $b_n$ has not?
#
# A part of the marks is for each gradient, so one that is right counts even if the next is not.
#
# How to find out by yourself whether a gradient is right: change one number of an argument by a millionth up
# and down, and see how much `(dh_t * gru_step(...)).sum()` changes. Divided by two millionths, it is the
# gradient of that number, to about nine digits.
#
# *In the book:* "Back through one step". *A hint:* `hint("gru.gru_step_backward")`.


# %% solution id=gru_step_backward
def gru_step_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_h, b_hn):
    """Go back through one step of a GRU.

    Parameters
    ----------
    dh_t : array (B, H)
        The total gradient of the state after the step.
    x_t : array (B, D)
    h_prev : array (B, H)
    W_xh : array (3H, D)
    W_hh : array (3H, H)
    b_h : array (3H,)
    b_hn : array (H,)

    Returns
    -------
    dx_t : array (B, D)
    dh_prev : array (B, H)
    dW_xh : array (3H, D)
        This and the following are summed over the batch.
    dW_hh : array (3H, H)
    db_h : array (3H,)
    db_hn : array (H,)

    Examples
    --------
    >>> x_t, h_prev = np.zeros((1, 2)), np.array([[0.8]])  # B = 1, D = 2, H = 1
    >>> nothing = np.zeros((3, 2)), np.zeros((3, 1)), np.zeros(3), np.zeros(1)
    >>> dx_t, dh_prev, dW_xh, dW_hh, db_h, db_hn = gru_step_backward(np.ones((1, 1)), x_t, h_prev, *nothing)
    >>> dh_prev  # all weights are zero, so only the direct path is open: z = 0.5
    array([[0.5]])
    >>> db_h  # r does nothing, z would keep more of the 0.8, n would add to the state
    array([0. , 0.2, 0.5])
    >>> db_hn
    array([0.25])
    """
    ### BEGIN SOLUTION
    x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_hh.T, 3, axis=1)
    r, z, q = sigmoid(x_r + h_r), sigmoid(x_z + h_z), h_n + b_hn
    n = np.tanh(x_n + r * q)

    # h_t = (1 - z) * n + z * h_prev: three arrows; da_n, da_z, da_r belong to what stands inside n, z, r
    da_n = dh_t * (1 - z) * (1 - n**2)
    da_z = dh_t * (h_prev - n) * z * (1 - z)
    da_r = da_n * q * r * (1 - r)
    dq = da_n * r  # what came from the state met r on its way into the candidate; what came from x_t did not

    by_input = np.concatenate([da_r, da_z, da_n], axis=1)  # (B, 3H)
    by_state = np.concatenate([da_r, da_z, dq], axis=1)  # (B, 3H)
    dx_t = by_input @ W_xh
    dh_prev = dh_t * z + by_state @ W_hh  # kept as it is, and through r, z and q
    return dx_t, dh_prev, by_input.T @ x_t, by_state.T @ h_prev, by_input.sum(axis=0), dq.sum(axis=0)
    ### END SOLUTION


# %% tests id=gru_step_backward points=12
check("gru.gru_step_backward", gru_step_backward).marks(12)

# %% [markdown] id=gru_backward-task
# ## 4. Back through time: `gru_backward`
#
# Now the loss looks at every state: `dh[t]` is its *direct* gradient with respect to `h[t]`, and there is one
# for each step. But `h[t]` also goes on into step $t + 1$, and through it into all later ones. Its *total*
# gradient is the direct one plus what step $t + 1$ sends back.
#
# So the loop runs from the last step to the first. At each step it adds the two, goes back through the step,
# keeps the gradient of $x_t$, adds to the gradients of the weights (they were used at every step), and hands
# the gradient of the state on. What arrives at the very beginning is `dh0`.
#
# You are not given the states. Run forward once to have them, with `h0` for what step 0 started from.
#
# *In the book:* "Back through time". *A hint:* `hint("gru.gru_backward")`.


# %% solution id=gru_backward
def gru_backward(dh, x, h0, W_xh, W_hh, b_h, b_hn):
    """Backpropagate through time.

    Parameters
    ----------
    dh : array (T, B, H)
        The direct gradient of the state after every step.
    x : array (T, B, D)
    h0 : array (B, H)
    W_xh : array (3H, D)
    W_hh : array (3H, H)
    b_h : array (3H,)
    b_hn : array (H,)

    Returns
    -------
    dx : array (T, B, D)
    dh0 : array (B, H)
    dW_xh : array (3H, D)
        This and the following are summed over the steps and the batch.
    dW_hh : array (3H, H)
    db_h : array (3H,)
    db_hn : array (H,)

    Examples
    --------
    >>> nothing = np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(1)
    >>> dh = np.ones((3, 1, 1))  # the loss is the sum of all states
    >>> dx, dh0, *_ = gru_backward(dh, np.zeros((3, 1, 1)), np.array([[0.8]]), *nothing)
    >>> dh0  # 1/2 + 1/4 + 1/8: the share of h0 in each of the three states
    array([[0.875]])
    """
    ### BEGIN SOLUTION
    h = gru_forward(x, h0, W_xh, W_hh, b_h, b_hn)
    dx, carried = np.zeros_like(x), np.zeros_like(h0)
    sums = [np.zeros_like(weight) for weight in (W_xh, W_hh, b_h, b_hn)]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        total = dh[t] + carried  # direct, and by way of the next step
        dx[t], carried, *shares = gru_step_backward(total, x[t], before, W_xh, W_hh, b_h, b_hn)
        for gradient, share in zip(sums, shares):
            gradient += share
    return dx, carried, *sums
    ### END SOLUTION


# %% tests id=gru_backward points=8
check("gru.gru_backward", gru_backward).marks(8)

# %% [markdown] id=gru_step_reset_before-task
# ## 5. Reset before the product: `gru_step_reset_before`
#
# In the paper that introduced the unit (Cho et al., 2014), the reset gate acts on the state *before* the
# product with $W_{hn}$:
#
# $$n_t = \tanh\bigl(W_{xn}\, x_t + b_n + W_{hn}\, (r_t \odot h_{t-1})\bigr)$$
#
# Everything else is as in exercise 1, $z$ included: it keeps the old state. A second bias would only add to
# $b_n$ here, so there is no `b_hn`.
#
# An example with two units: $h_{t-1} = (1, -1)$, and $W_{hn}$ adds the two numbers up. With $r = (0, 1)$ the
# candidate sees $0 + (-1) = -1$ in both units. With the reset after the product it would see 0 in both.
#
# *In the book:* "Reset before or after". *A hint:* `hint("gru.gru_step_reset_before")`.


# %% solution id=gru_step_reset_before
def gru_step_reset_before(x_t, h_prev, W_xh, W_hh, b_h):
    """Take one step of a GRU whose reset gate acts before the product.

    Parameters
    ----------
    x_t : array (B, D)
    h_prev : array (B, H)
    W_xh : array (3H, D)
        The blocks of r, z, n, one below the other.
    W_hh : array (3H, H)
    b_h : array (3H,)

    Returns
    -------
    h_t : array (B, H)

    Examples
    --------
    >>> h_prev = np.array([[1.0, -1.0]])  # B = 1, H = 2
    >>> W_hh = np.concatenate([np.zeros((4, 2)), np.ones((2, 2))])  # only the candidate sees the state
    >>> b_h = np.array([-50.0, 50.0, -50.0, -50.0, 0.0, 0.0])  # r = (0, 1), z = (0, 0)
    >>> gru_step_reset_before(np.zeros((1, 1)), h_prev, np.zeros((6, 1)), W_hh, b_h).round(3)
    array([[-0.762, -0.762]])
    """
    ### BEGIN SOLUTION
    W_hr, W_hz, W_hn = np.split(W_hh, 3)
    x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)
    r, z = sigmoid(x_r + h_prev @ W_hr.T), sigmoid(x_z + h_prev @ W_hz.T)
    n = np.tanh(x_n + (r * h_prev) @ W_hn.T)  # this product has to wait for r
    return (1 - z) * n + z * h_prev
    ### END SOLUTION


# %% tests id=gru_step_reset_before points=5
check("gru.gru_step_reset_before", gru_step_reset_before).marks(5)

# %% [markdown] id=parameter_count-task
# ## 6. Counting parameters: `parameter_count`
#
# "A GRU is cheaper than an LSTM of the same size." By how much? Count every number that is learned in one
# layer:
#
# - `"rnn"`: `W_xh (H, D)`, `W_hh (H, H)`, `b_h (H,)`
# - `"lstm"`: the same for each of the four gates i, f, g, o
# - `"gru"`: the same for each of the three gates r, z, n, and `b_hn (H,)` besides
#
# One bias for each gate, as in this course; `torch.nn` has two, and counts more. Return a Python int. Only
# these three names will come; what your function does with another one is up to you.
#
# An example with $D = 2$ and $H = 3$: the plain network has 6 + 9 + 3 = 18.
#
# *In the book:* "Counting parameters". *A hint:* `hint("gru.parameter_count")`.


# %% solution id=parameter_count
def parameter_count(cell, input_size, hidden_size):
    """Count the learned numbers in one recurrent layer.

    Parameters
    ----------
    cell : str
        `"rnn"`, `"lstm"` or `"gru"`.
    input_size : int
        D, at least 1.
    hidden_size : int
        H, at least 1.

    Returns
    -------
    count : int

    Examples
    --------
    >>> parameter_count("rnn", 2, 3)
    18
    """
    ### BEGIN SOLUTION
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    of_one_block = hidden_size * (input_size + hidden_size + 1)
    b_hn = hidden_size if cell == "gru" else 0
    return blocks * of_one_block + b_hn
    ### END SOLUTION


# %% tests id=parameter_count points=6
check("gru.parameter_count", parameter_count).marks(6)

# %% [markdown] id=minimal_gated_step_backward-task
# ## 7. The twist: `minimal_gated_step_backward`
#
# Two gates do it. Does one? The *minimal gated unit* (Zhou et al., 2016) has a single gate $f$, which does
# both jobs. Its weights are stacked in the order **f, n**: `W_xh (2H, D)`, `W_hh (2H, H)`, `b_h (2H,)`.
#
# $$\begin{aligned}
# f_t &= \sigma(W_{xf}\, x_t + W_{hf}\, h_{t-1} + b_f) \\
# n_t &= \tanh\bigl(W_{xn}\, x_t + W_{hn}\, (f_t \odot h_{t-1}) + b_n\bigr) \\
# h_t &= (1 - f_t) \odot h_{t-1} + f_t \odot n_t
# \end{aligned}$$
#
# Look closely: here $f$ is how much is *replaced*, the opposite of $z$, and it acts on the state *before* the
# product. Write the way back through one step. Nobody has derived it for you; a drawing with an arrow for
# each use of $f$ and of $h_{t-1}$ is worth more than a long look at the formulas.
#
# An example with one unit and all weights and biases zero: $f = 0.5$, $n = 0$, and $h_t$ is half of
# $h_{t-1}$. So with $\mathrm{d}h_t = 1$, $\mathrm{d}h_{t-1}$ is 0.5.
#
# This one stands nowhere in the book; "Back through one step" and "Reset before or after" are near it. *A
# hint:* `hint("gru.minimal_gated_step_backward")`.


# %% solution id=minimal_gated_step_backward
def minimal_gated_step_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_h):
    """Go back through one step of the minimal gated unit.

    Parameters
    ----------
    dh_t : array (B, H)
        The total gradient of the state after the step.
    x_t : array (B, D)
    h_prev : array (B, H)
    W_xh : array (2H, D)
        The blocks of f and n, one below the other.
    W_hh : array (2H, H)
    b_h : array (2H,)

    Returns
    -------
    dx_t : array (B, D)
    dh_prev : array (B, H)
    dW_xh : array (2H, D)
        This and the following are summed over the batch.
    dW_hh : array (2H, H)
    db_h : array (2H,)

    Examples
    --------
    >>> x_t, h_prev = np.zeros((1, 2)), np.array([[0.8]])  # B = 1, D = 2, H = 1
    >>> nothing = np.zeros((2, 2)), np.zeros((2, 1)), np.zeros(2)
    >>> gradients = minimal_gated_step_backward(np.ones((1, 1)), x_t, h_prev, *nothing)
    >>> gradients[1]  # dh_prev
    array([[0.5]])
    >>> gradients[4]  # db_h: more f takes away from the 0.8, more n adds to the state
    array([-0.2,  0.5])
    """
    ### BEGIN SOLUTION
    W_hf, W_hn = np.split(W_hh, 2)
    x_f, x_n = np.split(x_t @ W_xh.T + b_h, 2, axis=1)
    f = sigmoid(x_f + h_prev @ W_hf.T)
    m = f * h_prev  # what the candidate sees
    n = np.tanh(x_n + m @ W_hn.T)

    da_n = dh_t * f * (1 - n**2)
    dm = da_n @ W_hn
    df = dh_t * (n - h_prev) + dm * h_prev  # f is used twice: in the mix, and in m
    da_f = df * f * (1 - f)

    da_t = np.concatenate([da_f, da_n], axis=1)  # (B, 2H)
    dh_prev = dh_t * (1 - f) + dm * f + da_f @ W_hf  # h_prev is used three times
    dW_hh = np.concatenate([da_f.T @ h_prev, da_n.T @ m])
    return da_t @ W_xh, dh_prev, da_t.T @ x_t, dW_hh, da_t.sum(axis=0)
    ### END SOLUTION


# %% tests id=minimal_gated_step_backward points=18
check("gru.minimal_gated_step_backward", minimal_gated_step_backward).marks(18)

# %% [markdown] id=keeping-question
# ## 8. In your own words: a gate that keeps
#
# A friend trains a GRU on sequences of 200 steps in which the first word decides, and it does not learn. She
# has heard that one may set a bias before training so that a gate starts open.
#
# 1. At the start of training all weights are tiny, so that $z$ is the same at every step: $z = \sigma(b_z)$.
#    Follow the *direct* path alone, on which a gradient is multiplied by $z$ at each step. What share of the
#    gradient of $h_{200}$ arrives at $h_0$ if $b_z = 0$? And if $b_z = 5$? Give the two numbers and say how
#    you got them; a calculator is fine.
# 2. She set the bias of $r$ to 5, not that of $z$. Why does that not do the same?
# 3. What is the price of $b_z = 5$: what becomes slow, and why? In an LSTM, which has a forget gate *and* an
#    input gate, the price need not be paid. Why?
#
# About 200 words in the cell below. A person reads them.

# %% [markdown] manual id=keeping points=10
# ### BEGIN SOLUTION
# **A model answer.** (1) On the direct path $h_t = \dots + z \odot h_{t-1}$, so each step multiplies by
# $z$, and 200 steps by $z^{200}$. With $b_z = 0$, $z = 0.5$ and $0.5^{200} \approx 6 \cdot 10^{-61}$:
# nothing. With $b_z = 5$, $z = 1 / (1 + e^{-5}) \approx 0.9933$ and $0.9933^{200} \approx 0.26$: about a
# quarter arrives.
#
# (2) $r$ is not on the direct path. It decides how much of the past the *candidate* sees. What comes
# through the candidate passes the factor $1 - z$, the slope of the tanh and the matrix $W_{hn}$ at each
# step, as in a plain network, and with tiny weights next to nothing is left. How much of $h_{t-1}$ is kept
# unchanged is said by $z$ alone, which is 0.5 still.
#
# (3) The candidate enters with the factor $1 - z \approx 0.007$. The state changes by less than a hundredth
# of the way at each step: it takes up news slowly, the first word too, and the gradients of the candidate's
# weights are as small at the start. In a GRU, keeping and writing are one decision: what is kept with $z$
# cannot be written, since the shares add up to 1. In an LSTM, the forget gate keeps and the input gate
# writes; both may be open at once.
#
# **Rubric, 10 points**
# - 4 for question 1: a power of 200, one factor for each step (1); $0.5^{200}$, about $10^{-60}$, or
#   "nothing" with the power written down (1); $\sigma(5) \approx 0.993$ (1); about 0.26, anything
#   from 0.24 to 0.28 by rounding (1).
# - 3 for question 2: $r$ acts on the candidate only (1); the direct path has the factor $z$, which has not
#   changed (1); the way through the candidate is multiplied by weights and slopes at each step (1).
# - 3 for question 3: the candidate's share is $1 - z$, so new things enter slowly (1); its weights get small
#   gradients, or learning them is slow (1); an LSTM can keep and write at once because two gates decide (1).
# ### END SOLUTION
