# The assignment of the chapter "Long short-term memory"; it runs as a script, every check shown.
# The format is explained in rnncourse/authoring/percent.py; `rnncourse exercises build` makes the notebooks.
#
# The functions carry no type annotations: students see them exactly as the book writes them.
# mypy: allow-untyped-defs

# %% [markdown] id=welcome
# # Long short-term memory: exercises
#
# You are going to build an LSTM from nothing but NumPy: one step, the loop, and the whole way back, first
# through one step and then through time. Few people who use it every day have written that way back. Once
# you have, nothing in it is magic any more. Then you give the gates a good start, build two relatives of
# the cell, and end with a twist that stands nowhere in the book.
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
# If you are stuck, ask for a hint: `hint("lstm.lstm_step")`. Hints are free; ask again, and the next says
# more.
#
# **Shapes.** Time comes first: inputs `x` are `(T, B, D)`, states `h` and `c` are `(T, B, H)`: $T$ steps, $B$
# sequences side by side in a batch, $D$ numbers per input, $H$ per state. A vector of the mathematics is a
# *row* of the batch here, so $W x$ becomes `x @ W.T`. The weights of the four gates are stacked, one block of
# $H$ rows below the other, in the order **i, f, g, o**: `W_xh (4H, D)`, `W_hh (4H, H)`, `b_h (4H,)`. So
# `np.split(W_hh, 4)` is $W_{hi}$, $W_{hf}$, $W_{hg}$, $W_{ho}$. All this is as in `torch.nn.LSTM`, except
# that Torch has two biases, which are one here.
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
hint("lstm.lstm_step")  # run it again for the next one; change the name for another exercise

# %% [markdown] id=lstm_step-task
# ## 1. Four gates, one step: `lstm_step`
#
# The state has two parts. The cell $c$ is a conveyor belt: what lies on it moves on unless somebody touches
# it. The part $h$ is what the rest of the network gets to see. Three gates, numbers between 0 and 1, decide
# how much is written to the belt ($i$), how much stays on it ($f$) and how much of it is shown ($o$). The
# candidate $g$, between -1 and 1, is what could be written:
#
# $$\begin{aligned}
# i_t &= \sigma(W_{xi}\, x_t + W_{hi}\, h_{t-1} + b_i) \\
# f_t &= \sigma(W_{xf}\, x_t + W_{hf}\, h_{t-1} + b_f) \\
# g_t &= \tanh(W_{xg}\, x_t + W_{hg}\, h_{t-1} + b_g) \\
# o_t &= \sigma(W_{xo}\, x_t + W_{ho}\, h_{t-1} + b_o) \\
# c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
# h_t &= o_t \odot \tanh(c_t)
# \end{aligned}$$
#
# where $\odot$ multiplies number by number. All four look at $x_t$ and $h_{t-1}$; none of them sees the cell.
# One product of matrices is enough for all four: it is `(B, 4H)`, and you cut it along its last axis.
#
# An example with one unit and all weights and biases zero: the gates are $\sigma(0) = 0.5$, the candidate is
# 0, so half of the old cell is left, and half of its tanh is shown.
#
# *In the book:* "A conveyor belt" and "Four gates, one step". *A hint:* `hint("lstm.lstm_step")`.


# %% solution id=lstm_step
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    """Take one step of an LSTM for a batch.

    Parameters
    ----------
    x_t : array (B, D)
    h_prev : array (B, H)
    c_prev : array (B, H)
    W_xh : array (4H, D)
        The blocks of i, f, g, o, one below the other.
    W_hh : array (4H, H)
    b_h : array (4H,)

    Returns
    -------
    h_t : array (B, H)
    c_t : array (B, H)

    Examples
    --------
    >>> x_t, h_prev, c_prev = np.zeros((1, 2)), np.array([[0.3]]), np.array([[0.8]])  # B = 1, D = 2, H = 1
    >>> h_t, c_t = lstm_step(x_t, h_prev, c_prev, np.zeros((4, 2)), np.zeros((4, 1)), np.zeros(4))
    >>> c_t
    array([[0.4]])
    >>> h_t.round(3)  # half of tanh(0.4)
    array([[0.19]])
    """
    ### BEGIN SOLUTION
    a_i, a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    c_t = sigmoid(a_f) * c_prev + sigmoid(a_i) * np.tanh(a_g)
    return sigmoid(a_o) * np.tanh(c_t), c_t
    ### END SOLUTION


# %% tests id=lstm_step points=6
check("lstm.lstm_step", lstm_step).marks(6)

# %% [markdown] id=lstm_forward-task
# ## 2. Unrolled in time: `lstm_forward`
#
# The loop is the one of the plain network, with two things to hand on: begin with `h0` and `c0`, take a
# step for every `x[t]`, keep every h and every c. The results hold the states *after* the steps, so `h[0]`
# and `c[0]` are those after the first input; `h0` and `c0` are not in them. Beware of `c[t - 1]` where `t`
# is 0: Python takes that for the last element. And beware of `c *= f`: it changes an array that you may
# have stored, or that is not yours.
#
# (`torch.nn.LSTM` keeps every h but only the last c. Here you keep both: the way back will want them.)
#
# *In the book:* "Unrolled in time". *A hint:* `hint("lstm.lstm_forward")`.


# %% solution id=lstm_forward
def lstm_forward(x, h0, c0, W_xh, W_hh, b_h):
    """Run an LSTM over a batch of sequences.

    Parameters
    ----------
    x : array (T, B, D)
    h0 : array (B, H)
        What the gates of the first step see.
    c0 : array (B, H)
        The cell before the first step.
    W_xh : array (4H, D)
    W_hh : array (4H, H)
    b_h : array (4H,)

    Returns
    -------
    h : array (T, B, H)
        After every step.
    c : array (T, B, H)
        After every step.

    Examples
    --------
    >>> x, h0, c0 = np.zeros((3, 1, 1)), np.array([[0.3]]), np.array([[0.8]])  # nothing comes in, c fades
    >>> h, c = lstm_forward(x, h0, c0, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> h.shape
    (3, 1, 1)
    >>> c[:, 0, 0]
    array([0.4, 0.2, 0.1])
    """
    ### BEGIN SOLUTION
    hs, cs = [], []
    h, c = h0, c0
    for x_t in x:
        h, c = lstm_step(x_t, h, c, W_xh, W_hh, b_h)
        hs.append(h)
        cs.append(c)
    return np.stack(hs), np.stack(cs)
    ### END SOLUTION


# %% tests id=lstm_forward points=5
check("lstm.lstm_forward", lstm_forward).marks(5)

# %% [markdown] id=lstm_step_backward-task
# ## 3. Back through one step: `lstm_step_backward`
#
# Here is the step as a drawing. Read it from left to right for the way forward, from right to left for the
# way back.
#
#                                           (later steps)
#                                                 ^
#                                                 |  dc_t comes in here
#     c_prev ---( * f )---( + )--- c_t -----------+
#                           ^       |
#                         i * g     +---- tanh ----( * o )---- h_t   <- dh_t comes in here
#
#     i, f, g, o: each from x_t and h_prev
#
# Two gradients come in from outside.
#
# - `dh_t` is the *total* gradient of $h_t$: all that the loss sees of it, at this step and in later ones.
# - `dc_t` is what reaches $c_t$ **from later steps, without the way through** $h_t$. That way leads from
#   $c_t$ through the tanh and the gate $o$ to $h_t$. It lies inside this step, so it is your business: nobody
#   has added it yet, and nobody will.
#
# Begin there: the whole gradient of $c_t$ is a sum of two terms. From it the gates $i$, $f$ and $g$ get
# theirs, and so does $c_{t-1}$; the gate $o$ gets its from $h_t$ alone. What a gate multiplies is the
# factor of its gradient. Then go inside: the slope of a sigmoid with the value $s$ is $s (1 - s)$, that of
# a tanh with the value $g$ is $1 - g^2$. Stack the four results in the order i, f, g, o, and all that is
# missing is a product, or a sum, with that stack `(B, 4H)`.
#
# You are given what the step was given, not what it computed: compute the gates again.
#
# *In the book:* "Back through one step". *A hint:* `hint("lstm.lstm_step_backward")`.


# %% solution id=lstm_step_backward
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    """Go back through one step.

    Parameters
    ----------
    dh_t : array (B, H)
        The total gradient of h after the step.
    dc_t : array (B, H)
        What reaches c after the step from later steps, without the way through h_t.
    x_t : array (B, D)
    h_prev : array (B, H)
    c_prev : array (B, H)
    W_xh : array (4H, D)
    W_hh : array (4H, H)
    b_h : array (4H,)

    Returns
    -------
    dx_t : array (B, D)
    dh_prev : array (B, H)
    dc_prev : array (B, H)
        What reaches c_prev by way of this step.
    dW_xh : array (4H, D)
        This and the following are summed over the batch.
    dW_hh : array (4H, H)
    db_h : array (4H,)

    Examples
    --------
    >>> one, c_prev = np.ones((1, 1)), np.array([[0.8]])
    >>> still = np.zeros((1, 1)), 0 * one, c_prev, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4)
    >>> lstm_step_backward(0 * one, one, *still)[2]  # the belt alone: f = 0.5
    array([[0.5]])
    >>> lstm_step_backward(one, 0 * one, *still)[2].round(3)  # through h_t: 0.5 (1 - tanh(0.4)^2) 0.5
    array([[0.214]])
    >>> lstm_step_backward(0 * one, one, *still)[5]  # db_h: f would keep more of the 0.8, g would add
    array([0. , 0.2, 0.5, 0. ])
    """
    ### BEGIN SOLUTION
    a_i, a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    tanh_c = np.tanh(f * c_prev + i * g)

    dc = dc_t + dh_t * o * (1 - tanh_c**2)  # from later steps, and through h_t
    da_i = dc * g * i * (1 - i)
    da_f = dc * c_prev * f * (1 - f)
    da_g = dc * i * (1 - g**2)
    da_o = dh_t * tanh_c * o * (1 - o)  # o acts on what is shown, not on the cell
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (B, 4H)
    return da @ W_xh, da @ W_hh, dc * f, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)
    ### END SOLUTION


# %% tests id=lstm_step_backward points=12
check("lstm.lstm_step_backward", lstm_step_backward).marks(12)

# %% [markdown] id=lstm_backward-task
# ## 4. Back through time: `lstm_backward`
#
# Now the loss looks at every state. `dh[t]` is its *direct* gradient with respect to `h[t]`, one for each
# step. The cell is seen by nobody but the next step, with one exception: the last one. It may be handed on,
# to a decoder or to the next chunk of a long text. `dc_last` is the gradient that comes back from there,
# and it enters at the last cell state and nowhere else.
#
# The loop runs from the last step to the first and carries *two* arrays back: what step $t + 1$ sends to
# `h[t]`, and what it sends to `c[t]`. At each step,
#
# - the total gradient of `h[t]` is the direct one plus what was sent;
# - what was sent to `c[t]` is just what `lstm_step_backward` calls `dc_t` (look at its contract again);
# - the gradient of `x[t]` is kept, those of the weights are added up, since they were used at every step.
#
# What arrives at the very beginning is `dh0` and `dc0`. You are not given the states. Run forward once to
# have them, with `h0` and `c0` for what step 0 started from.
#
# *In the book:* "Back through time". *A hint:* `hint("lstm.lstm_backward")`.


# %% solution id=lstm_backward
def lstm_backward(dh, dc_last, x, h0, c0, W_xh, W_hh, b_h):
    """Backpropagate through time.

    Parameters
    ----------
    dh : array (T, B, H)
        The direct gradient of h after every step.
    dc_last : array (B, H)
        The direct gradient of the last cell state.
    x : array (T, B, D)
    h0 : array (B, H)
    c0 : array (B, H)
    W_xh : array (4H, D)
    W_hh : array (4H, H)
    b_h : array (4H,)

    Returns
    -------
    dx : array (T, B, D)
    dh0 : array (B, H)
    dc0 : array (B, H)
    dW_xh : array (4H, D)
        This and the following are summed over the steps and the batch.
    dW_hh : array (4H, H)
    db_h : array (4H,)

    Examples
    --------
    >>> one, nothing = np.ones((1, 1)), np.zeros((3, 1, 1))
    >>> weights = np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4)
    >>> dx, dh0, dc0, *_ = lstm_backward(nothing, one, nothing, 0 * one, 0.8 * one, *weights)
    >>> dc0  # a loss that sees the last cell alone: three forget gates of 1/2
    array([[0.125]])
    >>> dx, dh0, dc0, *_ = lstm_backward(nothing + 1, 0 * one, nothing, 0 * one, 0 * one, *weights)
    >>> dc0  # and the sum of all h, near 0 where tanh has the slope 1: 1/4 + 1/8 + 1/16
    array([[0.4375]])
    """
    ### BEGIN SOLUTION
    h, c = lstm_forward(x, h0, c0, W_xh, W_hh, b_h)
    h, c = np.concatenate([h0[None], h]), np.concatenate([c0[None], c])  # now step t starts from h[t], c[t]
    dh_next, dc_next = np.zeros_like(h0), dc_last
    dx, sums = [], [0, 0, 0]
    for t in reversed(range(len(x))):
        total = dh[t] + dh_next  # direct, and by way of the next step
        dx_t, dh_next, dc_next, *shares = lstm_step_backward(
            total, dc_next, x[t], h[t], c[t], W_xh, W_hh, b_h
        )
        dx.append(dx_t)
        sums = [so_far + share for so_far, share in zip(sums, shares)]  # all steps use the same weights
    return np.stack(dx[::-1]), dh_next, dc_next, *sums
    ### END SOLUTION


# %% tests id=lstm_backward points=9
check("lstm.lstm_backward", lstm_backward).marks(9)

# %% [markdown] id=forget_bias-task
# ## 5. A good start: `forget_bias`
#
# At the start of training the weights are small and the biases near 0, so every forget gate stands near
# $\sigma(0) = 0.5$. After ten steps a thousandth is left of what lay on the belt, and of the gradient on its
# way back as well. So people set the forget part of the bias to 1 or more before the first step of training
# (Gers et al., 2000; Jozefowicz et al., 2015). The gate then begins open, and learns what to forget.
#
# Write the function that does it: a *copy* of `b_h` in which the forget gate's part is `value`. The other
# three parts stay what they are, and so does the array that was passed in.
#
# *In the book:* "The forget bias". *A hint:* `hint("lstm.forget_bias")`.


# %% solution id=forget_bias
def forget_bias(b_h, value):
    """Set the bias of the forget gate.

    Parameters
    ----------
    b_h : array (4H,)
        The parts of i, f, g, o.
    value : float

    Returns
    -------
    b_new : array (4H,)

    Examples
    --------
    >>> forget_bias(np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]), 1.0)  # H = 2
    array([0.1, 0.2, 1. , 1. , 0.5, 0.6, 0.7, 0.8])
    """
    ### BEGIN SOLUTION
    H = len(b_h) // 4
    changed = b_h.copy()
    changed[H : 2 * H] = value
    return changed
    ### END SOLUTION


# %% tests id=forget_bias points=3
check("lstm.forget_bias", forget_bias).marks(3)

# %% [markdown] id=peephole_lstm_step-task
# ## 6. Gates that can see the cell: `peephole_lstm_step`
#
# The gates of exercise 1 decide about a belt that they cannot see: where $o$ is closed, $h$ says nothing of
# what lies on it. *Peepholes* (Gers et al., 2002) let them look. Each unit's gate sees its own cell, through
# one weight:
#
# $$\begin{aligned}
# i_t &= \sigma(W_{xi}\, x_t + W_{hi}\, h_{t-1} + b_i + p_i \odot c_{t-1}) \\
# f_t &= \sigma(W_{xf}\, x_t + W_{hf}\, h_{t-1} + b_f + p_f \odot c_{t-1}) \\
# o_t &= \sigma(W_{xo}\, x_t + W_{ho}\, h_{t-1} + b_o + p_o \odot c_t)
# \end{aligned}$$
#
# The candidate has no peephole; all else is as in exercise 1. Look at the times: $i$ and $f$ see the *old*
# cell, because they decide about the new one. $o$ decides what is shown of the new one, so that is what it
# sees.
#
# An example with one unit and all weights and biases zero but $p_o = 10$, and $c_{t-1} = 0.8$: $f = 0.5$,
# $c_t = 0.4$, and $o = \sigma(10 \cdot 0.4) \approx 0.982$.
#
# *In the book:* "Peepholes". *A hint:* `hint("lstm.peephole_lstm_step")`.


# %% solution id=peephole_lstm_step
def peephole_lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h, p_i, p_f, p_o):
    """Take one step of an LSTM with peepholes.

    Parameters
    ----------
    x_t : array (B, D)
    h_prev : array (B, H)
    c_prev : array (B, H)
    W_xh : array (4H, D)
    W_hh : array (4H, H)
    b_h : array (4H,)
    p_i : array (H,)
        Sees c_prev.
    p_f : array (H,)
        Sees c_prev.
    p_o : array (H,)
        Sees c_t.

    Returns
    -------
    h_t : array (B, H)
    c_t : array (B, H)

    Examples
    --------
    >>> one, none, still = np.ones((1, 1)), np.zeros(1), (np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> h_t, c_t = peephole_lstm_step(0 * one, 0 * one, 0.8 * one, *still, none, none, none + 10)
    >>> c_t
    array([[0.4]])
    >>> (h_t / np.tanh(c_t)).round(3)  # the output gate
    array([[0.982]])
    """
    ### BEGIN SOLUTION
    a_i, a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    i, f = sigmoid(a_i + p_i * c_prev), sigmoid(a_f + p_f * c_prev)
    c_t = f * c_prev + i * np.tanh(a_g)
    return sigmoid(a_o + p_o * c_t) * np.tanh(c_t), c_t
    ### END SOLUTION


# %% tests id=peephole_lstm_step points=4
check("lstm.peephole_lstm_step", peephole_lstm_step).marks(4)

# %% [markdown] id=coupled_lstm_step-task
# ## 7. One gate less: `coupled_lstm_step`
#
# A unit that forgets makes room; why not write exactly as much as was forgotten? With *coupled* gates the
# input gate is not computed, it is what the forget gate leaves:
#
# $$c_t = f_t \odot c_{t-1} + (1 - f_t) \odot g_t , \qquad h_t = o_t \odot \tanh(c_t) .$$
#
# Three blocks are left in the stack, in the order **f, g, o**: `W_xh (3H, D)`, `W_hh (3H, H)`, `b_h (3H,)`.
# Where the LSTM was compared with eight variants on speech, handwriting and music, this one did about as
# well as the full cell, with a quarter of the weights saved (Greff et al., 2017).
#
# *In the book:* "Coupled gates". *A hint:* `hint("lstm.coupled_lstm_step")`.


# %% solution id=coupled_lstm_step
def coupled_lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    """Take one step of an LSTM whose input gate is 1 - f.

    Parameters
    ----------
    x_t : array (B, D)
    h_prev : array (B, H)
    c_prev : array (B, H)
    W_xh : array (3H, D)
        The blocks of f, g, o, one below the other.
    W_hh : array (3H, H)
    b_h : array (3H,)

    Returns
    -------
    h_t : array (B, H)
    c_t : array (B, H)

    Examples
    --------
    >>> one, b_h = np.ones((1, 1)), np.array([np.log(3.0), 100.0, 0.0])  # f = 0.75, g = 1, o = 0.5
    >>> h_t, c_t = coupled_lstm_step(0 * one, 0 * one, 0.8 * one, np.zeros((3, 1)), np.zeros((3, 1)), b_h)
    >>> c_t.round(3)  # 0.75 of 0.8, and 0.25 of 1
    array([[0.85]])
    """
    ### BEGIN SOLUTION
    a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 3, axis=1)
    f = sigmoid(a_f)
    c_t = f * c_prev + (1 - f) * np.tanh(a_g)
    return sigmoid(a_o) * np.tanh(c_t), c_t
    ### END SOLUTION


# %% tests id=coupled_lstm_step points=3
check("lstm.coupled_lstm_step", coupled_lstm_step).marks(3)

# %% [markdown] id=coupled_peephole_lstm_step_backward-task
# ## 8. The twist: `coupled_peephole_lstm_step_backward`
#
# Now both at once: coupled gates, and two peepholes. The stack holds **f, g, o** again.
#
# $$\begin{aligned}
# f_t &= \sigma(W_{xf}\, x_t + W_{hf}\, h_{t-1} + b_f + p_f \odot c_{t-1}) \\
# g_t &= \tanh(W_{xg}\, x_t + W_{hg}\, h_{t-1} + b_g) \\
# c_t &= f_t \odot c_{t-1} + (1 - f_t) \odot g_t \\
# o_t &= \sigma(W_{xo}\, x_t + W_{ho}\, h_{t-1} + b_o + p_o \odot c_t) \\
# h_t &= o_t \odot \tanh(c_t)
# \end{aligned}$$
#
# Write the way back through this step. Nobody has derived it for you. The contract of exercise 3 holds:
# `dh_t` is the total gradient of $h_t$, and `dc_t` is what reaches $c_t$ from later steps. Whatever leads
# from $c_t$ to $h_t$ *inside* this step is yours, and it is more than one way now. Make the drawing again,
# with an arrow for every use of $c_{t-1}$, of $f_t$ and of $c_t$; then every arrow is a term. The order in
# which you go back matters: a gradient is ready when all of its arrows have come home.
#
# An example with one unit, all weights, biases and peepholes zero, and $c_{t-1} = 0.8$: $f = o = 0.5$,
# $g = 0$, $c_t = 0.4$. With $\mathrm{d}h_t = 0$ and $\mathrm{d}c_t = 1$, the cell before gets 0.5, and inside
# $f$ arrives $(0.8 - 0) \cdot 0.25 = 0.2$.
#
# This one stands nowhere in the book; "Back through one step", "Peepholes" and "Coupled gates" are near it.
# *A hint:* `hint("lstm.coupled_peephole_lstm_step_backward")`.


# %% solution id=coupled_peephole_lstm_step_backward
def coupled_peephole_lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h, p_f, p_o):
    """Go back through one step of an LSTM with coupled gates and two peepholes.

    Parameters
    ----------
    dh_t : array (B, H)
        The total gradient of h after the step.
    dc_t : array (B, H)
        What reaches c after the step from later steps, without any way through h_t.
    x_t : array (B, D)
    h_prev : array (B, H)
    c_prev : array (B, H)
    W_xh : array (3H, D)
        The blocks of f, g, o, one below the other.
    W_hh : array (3H, H)
    b_h : array (3H,)
    p_f : array (H,)
        Sees c_prev.
    p_o : array (H,)
        Sees c_t.

    Returns
    -------
    dx_t : array (B, D)
    dh_prev : array (B, H)
    dc_prev : array (B, H)
        What reaches c_prev by way of this step.
    dW_xh : array (3H, D)
        This and the following are summed over the batch.
    dW_hh : array (3H, H)
    db_h : array (3H,)
    dp_f : array (H,)
    dp_o : array (H,)

    Examples
    --------
    >>> one, none = np.ones((1, 1)), np.zeros(1)
    >>> still = np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), none, none
    >>> gradients = coupled_peephole_lstm_step_backward(0 * one, one, 0 * one, 0 * one, 0.8 * one, *still)
    >>> gradients[2]  # dc_prev
    array([[0.5]])
    >>> gradients[5]  # db_h: more f keeps more of the 0.8, more g is written with 1 - f = 0.5
    array([0.2, 0.5, 0. ])
    >>> gradients[6].round(3)  # dp_f: the same as for b_f, times what the peephole sees, 0.8
    array([0.16])
    """
    ### BEGIN SOLUTION
    a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 3, axis=1)
    f, g = sigmoid(a_f + p_f * c_prev), np.tanh(a_g)
    c_t = f * c_prev + (1 - f) * g
    o, tanh_c = sigmoid(a_o + p_o * c_t), np.tanh(c_t)

    da_o = dh_t * tanh_c * o * (1 - o)  # first, since the cell waits for it
    dc = dc_t + dh_t * o * (1 - tanh_c**2) + da_o * p_o  # three arrows leave c_t
    da_f = dc * (c_prev - g) * f * (1 - f)  # f keeps c_prev, and takes away from g
    da_g = dc * (1 - f) * (1 - g**2)
    da = np.concatenate([da_f, da_g, da_o], axis=1)  # (B, 3H)
    dc_prev = dc * f + da_f * p_f  # along the belt, and through f's peephole
    dp_f, dp_o = (da_f * c_prev).sum(axis=0), (da_o * c_t).sum(axis=0)
    return da @ W_xh, da @ W_hh, dc_prev, da.T @ x_t, da.T @ h_prev, da.sum(axis=0), dp_f, dp_o
    ### END SOLUTION


# %% tests id=coupled_peephole_lstm_step_backward points=18
check("lstm.coupled_peephole_lstm_step_backward", coupled_peephole_lstm_step_backward).marks(18)

# %% [markdown] id=belt-question
# ## 9. In your own words: who adds what
#
# Ada and Ben share the work on the way back: she writes the step, he writes the loop around it. Her step
# keeps the contract of exercise 3. He does not ask, and adds `total * o[t] * (1 - np.tanh(c[t])**2)` to
# `dc_next` himself before he calls her step, where `total` is the total gradient of `h[t]`.
#
# 1. What is counted twice? They try it with a single step, $T = 1$, an ordinary `dh` and random weights.
#    Which of the six gradients come out wrong? Of the stacked ones, is there a part that is right all the
#    same? Why?
# 2. Ben says: "My test passed, so the loop is right." His test had a loss that saw `c[-1]` alone, with
#    `dh = 0` at every step, and $T = 1$. Why did it pass? Would it have passed with $T = 5$, `dh = 0` still?
# 3. A book says: "The LSTM solves the problem of vanishing gradients." What is true about this, seen along
#    the belt? Name one condition under which a gradient vanishes on the belt all the same, and one way back
#    that is not on the belt.
#
# About 200 words in the cell below. A person reads them.

# %% [markdown] manual id=belt points=10
# ### BEGIN SOLUTION
# **A model answer.** (1) The way from $c_t$ through tanh and $o$ to $h_t$ is counted twice: Ben adds it,
# and Ada's step adds it again. So $\mathrm{d}c$ is wrong, and with it everything that is made from it: the
# gradients inside i, f and g, and `dc0`. They enter `dx`, `dh0`, `dW_xh`, `dW_hh` and `db_h`, so all six
# are wrong. Right are the rows of o in `dW_xh` and `dW_hh` and o's part of `db_h`: the gradient inside o
# comes from $\mathrm{d}h_t$ and $\tanh(c_t)$, and not from $\mathrm{d}c$.
#
# (2) With `dh = 0` and one step, `total` is 0, so what Ben adds is 0, and what Ada adds is 0, too: there is
# nothing to count twice. With five steps it would have failed. At the last step `total` is 0 still, but the
# gates of that step send a gradient to the h before it. From then on `total` is not 0, and the way through
# h is counted twice.
#
# (3) On the belt, from $c_t$ to $c_{t-1}$, there stands nothing but the factor $f_t$: no matrix and no slope
# of tanh. Where the forget gate is near 1, a gradient comes through nearly whole over many steps. But it is a
# product of forget gates: with $f = 0.5$, ten steps leave a thousandth, and where f is 0 nothing passes. And
# the gates see $h$: the way through $h_{t-1}$ and $W_{hh}$ is a product of matrices and slopes as in a plain
# network; along it gradients vanish, or explode.
#
# **Rubric, 10 points**
# - 4 for question 1: the way through tanh and o to $h_t$ (1); all six are wrong (1), because $\mathrm{d}c$
#   reaches them through i, f, g (1); o's part of the stacked ones is right, as it does not come from
#   $\mathrm{d}c$ (1).
# - 3 for question 2: `total` is 0, so what is doubled is 0 (1); with five steps it fails (1), because the
#   gates of a later step send a gradient to an earlier h (1).
# - 3 for question 3: only f stands on the belt, so with f near 1 gradients last (1); with f below 1 a
#   product of many vanishes, or any other right condition (1); the way through the gates, $h$ and $W_{hh}$
#   (1).
#
# Who says in question 1 that the gradients are "twice too large" has not understood: only one of the two
# terms of $\mathrm{d}c$ is doubled. That costs the point for the reason, and no other.
# ### END SOLUTION
