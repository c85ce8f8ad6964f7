# The assignment of the chapter "Vanishing and exploding gradients"; it runs as a script, every check shown.
# The format is explained in rnncourse/authoring/percent.py; `rnncourse exercises build` makes the notebooks.
#
# The functions carry no type annotations: students see them exactly as the book writes them.
# mypy: allow-untyped-defs

# %% [markdown] id=welcome
# # Vanishing and exploding gradients: exercises
#
# How far back does a gradient reach? You are going to measure it: with the Jacobian of one step, with the
# product of many, with the two numbers that describe a matrix in the long run. Then come remedies: clipping,
# a good start, and a task that shows whether a network remembers. The last exercise is a twist that stands
# nowhere in the book.
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
# If you are stuck, ask for a hint: `hint("gradients.spectral_radius")`. Hints are free; ask again, and the
# next says more.
#
# **Shapes.** Most of this assignment is about *one* sequence, without a batch: its states `h` are `(T, H)`,
# and a state `h_t` is a vector `(H,)`. So $W h$ is simply `W @ h` here. A Jacobian `(H, H)` has a row for
# each unit that reacts and a column for each unit that it reacts to.
#
# **Four rules hold everywhere.** Keep the names and the order of the arguments. Do not change an argument:
# build new arrays. Return the dtype that came in, unless the text says otherwise. Write the functions
# yourself: what is imported from `rnncourse` does not count as an answer. (A function of yours may call one
# of an earlier exercise. Then a mistake there costs here, too.) All of NumPy is yours, `np.linalg` included.
#
# **How it is graded.** The checks give 60 points, and the question in prose at the end gives 10, from a
# person. Every check looks at several properties (shape, values, whether your arguments survived), and each
# property that holds earns its part. For the grade, the checks draw new numbers: an answer has to be right,
# not only right once. Before you hand in, choose *Restart kernel and run all cells*.

# %% setup id=imports
import numpy as np

from rnncourse.checks import check, hint

# %% open id=ask-for-a-hint
hint("gradients.spectral_radius")  # run it again for the next one; change the name for another exercise

# %% [markdown] id=spectral_radius-task
# ## 1. Growth in the long run: `spectral_radius`
#
# Multiply a vector by the same matrix again and again. In the long run it grows or shrinks, on average, by
# one factor per step: the *spectral radius*, the largest **absolute value** among the eigenvalues of the
# matrix.
#
# - A matrix that is not symmetric may have complex eigenvalues, always in pairs. A pair $a \pm bi$ turns
#   vectors and stretches them by $\sqrt{a^2 + b^2}$ at each step, and it counts with that.
# - An eigenvalue of $-2$ doubles, too.
# - The *spectral norm* is another number: the largest stretching in a single step. It is never below the
#   radius, and it can be far above it.
#
# An example: a quarter turn that makes everything three times as long has the eigenvalues $3i$ and $-3i$, and
# the spectral radius 3.
#
# *In the book:* "Spectral radius and spectral norm". *A hint:* `hint("gradients.spectral_radius")`.


# %% solution id=spectral_radius
def spectral_radius(W):
    """Find the largest absolute value among the eigenvalues of a matrix.

    Parameters
    ----------
    W : array (H, H)

    Returns
    -------
    radius : float

    Examples
    --------
    >>> round(spectral_radius(np.array([[0.0, -3.0], [3.0, 0.0]])), 6)  # a quarter turn, times 3
    3.0
    >>> round(spectral_radius(np.array([[0.5, 7.0], [0.0, -0.25]])), 6)  # triangular: read the diagonal
    0.5
    """
    ### BEGIN SOLUTION
    return float(np.abs(np.linalg.eigvals(W)).max())
    ### END SOLUTION


# %% tests id=spectral_radius points=6
check("gradients.spectral_radius", spectral_radius).marks(6)

# %% [markdown] id=step_jacobian-task
# ## 2. One step: `step_jacobian`
#
# Take one step of a recurrent network, for one example:
#
# $$h_t = \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h)$$
#
# If unit $j$ of $h_{t-1}$ moves a little, how far does unit $i$ of $h_t$ move? That is entry $[i, j]$ of the
# Jacobian $\partial h_t / \partial h_{t-1}$. There are two links in the chain: the weight
# $W_{hh}[i, j]$, and the slope of the tanh that unit $i$ goes through. The slope can be read off what came
# out: it is $1 - h_t[i]^2$.
#
# An example: with $h_t = (0, 0.5)$, the first unit has the slope 1 and the second has 0.75. So the first row
# of the Jacobian is the first row of $W_{hh}$, and the second is 0.75 times the second.
#
# *In the book:* "One step's Jacobian". *A hint:* `hint("gradients.step_jacobian")`.


# %% solution id=step_jacobian
def step_jacobian(h_t, W_hh):
    """Find how the state after a step depends on the state before it.

    Parameters
    ----------
    h_t : array (H,)
        The state *after* the step, of one example.
    W_hh : array (H, H)

    Returns
    -------
    jacobian : array (H, H)
        Entry [i, j]: the derivative of h_t[i] with respect to h_prev[j].

    Examples
    --------
    >>> step_jacobian(np.array([0.0, 0.5]), np.array([[1.0, 2.0], [4.0, 8.0]]))
    array([[1., 2.],
           [3., 6.]])
    """
    ### BEGIN SOLUTION
    return (1 - h_t**2)[:, None] * W_hh
    ### END SOLUTION


# %% tests id=step_jacobian points=6
check("gradients.step_jacobian", step_jacobian).marks(6)

# %% [markdown] id=jacobian_norms-task
# ## 3. Many steps: `jacobian_norms`
#
# A gradient of the last state $h_T$ that reaches $h_t$ has passed through every step between them:
#
# $$\frac{\partial h_T}{\partial h_t} = J_T\, J_{T-1} \cdots J_{t+1},
# \qquad J_k = \frac{\partial h_k}{\partial h_{k-1}} .$$
#
# Find the spectral norm (`np.linalg.norm(P, 2)`) of this product for every $t$ from 1 to $T$: by which factor
# a gradient is stretched at most on its way back. Between $h_T$ and itself there is no Jacobian at all, so
# the product is the identity and the last number is 1.
#
# Beware of two things. Matrices do not commute: the latest step stands on the *left*. And the norm of a
# product is not the product of the norms; that is only a bound from above.
#
# Count with care: Python's `h[0]` is $h_1$, and $J_k$ has the slope of $h_k$. The first row of `h` is not
# needed for any slope here. Why?
#
# *In the book:* "A product of Jacobians". *A hint:* `hint("gradients.jacobian_norms")`.


# %% solution id=jacobian_norms
def jacobian_norms(h, W_hh):
    """Measure how strongly the last state depends on every state.

    Parameters
    ----------
    h : array (T, H)
        The states after the steps of one sequence.
    W_hh : array (H, H)

    Returns
    -------
    norms : array (T,)
        norms[t - 1] is the spectral norm of dh_T/dh_t, for t = 1 ... T; the last is 1.

    Examples
    --------
    >>> h = np.array([[0.9], [0.0], [0.5]])  # T = 3, H = 1: slopes 0.19, 1 and 0.75
    >>> jacobian_norms(h, np.array([[-2.0]]))
    array([3. , 1.5, 1. ])
    """
    ### BEGIN SOLUTION
    norms, product = [], np.eye(len(W_hh), dtype=h.dtype)
    for h_t in h[::-1]:
        norms.append(np.linalg.norm(product, 2))
        product = product @ step_jacobian(h_t, W_hh)  # one step further back: the earlier one on the right
    return np.array(norms[::-1])
    ### END SOLUTION


# %% tests id=jacobian_norms points=9
check("gradients.jacobian_norms", jacobian_norms).marks(9)

# %% [markdown] id=vanishing_horizon-task
# ## 4. How far back: `vanishing_horizon`
#
# Suppose that a gradient shrinks by the same factor `rate` at each step back. After $k$ steps,
# $\text{rate}^k$ of it is left. Which is the smallest number of steps $k$ after which *less than*
# `threshold` is left? Both arguments lie between 0 and 1, and are neither.
#
# "Less than" is meant strictly. With a rate of 0.5, what is left after two steps is exactly 0.25; that is not
# below 0.25, so the answer for a threshold of 0.25 is 3. A logarithm is a fast way to the answer. It rounds,
# though; so be careful near exact powers.
#
# *In the book:* "How far back a gradient reaches". *A hint:* `hint("gradients.vanishing_horizon")`.


# %% solution id=vanishing_horizon
def vanishing_horizon(rate, threshold):
    """Count the steps after which less than a threshold is left of a gradient.

    Parameters
    ----------
    rate : float
        What one step leaves; above 0, below 1.
    threshold : float
        Above 0, below 1.

    Returns
    -------
    steps : int
        The smallest k with rate**k < threshold.

    Examples
    --------
    >>> vanishing_horizon(0.5, 0.25)
    3
    >>> vanishing_horizon(0.9, 0.01)
    44
    """
    ### BEGIN SOLUTION
    steps = 1
    while rate**steps >= threshold:
        steps += 1
    return steps
    ### END SOLUTION


# %% tests id=vanishing_horizon points=5
check("gradients.vanishing_horizon", vanishing_horizon).marks(5)

# %% [markdown] id=clip_by_global_norm-task
# ## 5. Against explosions: `clip_by_global_norm`
#
# A gradient that explodes throws the weights far away in one step. Clipping makes the step shorter and keeps
# its direction. The gradient of a network is a list of arrays, one for each parameter, and it has *one* norm:
# the root of the sum of the squares of all entries of all arrays. If it is above `max_norm`, multiply every
# array by the same number, so that the norm becomes `max_norm`. If it is not above, nothing changes.
#
# - Return the clipped arrays, in a list, *and* the norm as it was before clipping: it is the number to watch.
# - Return new arrays, also when nothing was changed.
# - No small number belongs in the denominator: you divide only by a norm that is above `max_norm`.
# - float32 arrays stay float32. A Python float as factor leaves them alone; a NumPy float64 widens them.
#
# An example: $(3, 0)$ and $(4)$ have the joint norm 5. With `max_norm` 1, every number is divided by 5.
#
# *In the book:* "Exploding, and clipping". *A hint:* `hint("gradients.clip_by_global_norm")`.


# %% solution id=clip_by_global_norm
def clip_by_global_norm(gradients, max_norm):
    """Shorten all gradients together so that their joint norm is at most max_norm.

    Parameters
    ----------
    gradients : list of arrays, of any shapes
    max_norm : float
        Above 0.

    Returns
    -------
    clipped : list of arrays
        New arrays, of the same shapes.
    norm : float
        The joint norm before clipping.

    Examples
    --------
    >>> clipped, norm = clip_by_global_norm([np.array([3.0, 0.0]), np.array([[4.0]])], max_norm=1.0)
    >>> clipped
    [array([0.6, 0. ]), array([[0.8]])]
    >>> norm
    5.0
    """
    ### BEGIN SOLUTION
    norm = float(np.sqrt(sum(np.sum(g**2, dtype=np.float64) for g in gradients)))
    scale = max_norm / norm if norm > max_norm else 1.0
    return [g * scale for g in gradients], norm  # a product is a new array, also with 1.0
    ### END SOLUTION


# %% tests id=clip_by_global_norm points=8
check("gradients.clip_by_global_norm", clip_by_global_norm).marks(8)

# %% [markdown] id=orthogonal_from-task
# ## 6. Starting well: `orthogonal_from`
#
# An orthogonal matrix turns vectors (or reflects them) and leaves their lengths alone: all its eigenvalues
# have the absolute value 1, and its spectral norm is 1. A recurrent network whose `W_hh` starts like that
# neither blows gradients up nor lets them die, as long as tanh is nearly straight.
#
# To get one, draw a square matrix $A$ and factorise it, $A = Q R$: $Q$ is orthogonal, $R$ is upper
# triangular. `np.linalg.qr` does it. But there are several such pairs: if a *column* of $Q$ and the *row* of
# $R$ with the same number both change their sign, the product stays what it was. Choose the one pair in which
# the diagonal of $R$ is positive. $A$ is invertible, so no number on that diagonal is 0.
#
# *In the book:* "Starting well". *A hint:* `hint("gradients.orthogonal_from")`.


# %% solution id=orthogonal_from
def orthogonal_from(A):
    """Make an orthogonal matrix from a square one by QR.

    Parameters
    ----------
    A : array (H, H)
        Invertible.

    Returns
    -------
    Q : array (H, H)
        The orthogonal factor that belongs to an R with a positive diagonal.

    Examples
    --------
    >>> Q = orthogonal_from(np.array([[3.0, 1.0], [-4.0, 2.0]]))
    >>> Q.round(3)  # the first column is that of A, made as long as 1
    array([[ 0.6,  0.8],
           [-0.8,  0.6]])
    """
    ### BEGIN SOLUTION
    Q, R = np.linalg.qr(A)
    return Q * np.sign(np.diag(R))  # a row of signs: one for each column
    ### END SOLUTION


# %% tests id=orthogonal_from points=5
check("gradients.orthogonal_from", orthogonal_from).marks(5)

# %% [markdown] id=adding_problem-task
# ## 7. Does it remember? `adding_problem`
#
# A task that needs memory: a long row of numbers comes in, and beside each number a mark, 0 or 1. Exactly two
# of the marks are 1. At the end the network has to say the sum of the two marked numbers. It must have kept
# the first for as long as it took the second to come.
#
# You compute the targets of a batch. `values` and `marks` are `(T, B)`, a column for each sequence, and the
# marks may be numbers or booleans. The marks may stand anywhere, also side by side.
#
# *In the book:* "The adding problem". *A hint:* `hint("gradients.adding_problem")`.


# %% solution id=adding_problem
def adding_problem(values, marks):
    """Add up the two marked values of each sequence.

    Parameters
    ----------
    values : array (T, B)
    marks : array (T, B) of numbers or booleans
        1 at exactly two steps of each sequence, 0 elsewhere.

    Returns
    -------
    targets : array (B,)

    Examples
    --------
    >>> values = np.array([[1.0, 5.0], [2.0, 6.0], [4.0, 7.0]])  # T = 3, B = 2
    >>> adding_problem(values, np.array([[1, 0], [0, 1], [1, 1]]))
    array([ 5., 13.])
    """
    ### BEGIN SOLUTION
    return np.where(np.asarray(marks) != 0, values, 0).sum(axis=0)
    ### END SOLUTION


# %% tests id=adding_problem points=3
check("gradients.adding_problem", adding_problem).marks(3)

# %% [markdown] id=leaky_jacobian_norms-task
# ## 8. The twist: `leaky_jacobian_norms`
#
# Leaky units go only part of the way to their new value,
#
# $$h_t = (1 - \lambda) \odot h_{t-1} + \lambda \odot \tanh(W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h) ,$$
#
# where $\lambda$ (the argument `leak`) holds one number in $(0, 1]$ for each unit, and $\odot$ multiplies
# number by number. Where `mask[t]` is 0, the step does not happen: the state is carried over unchanged.
#
# Measure again how strongly $h_T$ depends on each state. The previous state now reaches the next one along
# *two* ways, and both belong in the Jacobian. The slope of the tanh needs the value of the tanh, and that is
# not $h_t$ any more; but the equation above can be solved for it. A step that does not happen has a Jacobian
# too. Which one?
#
# You are given `h0`, the state before the first step, as well. Work out before you write: is it needed?
#
# An example with one unit, $\lambda = 0.5$, $W_{hh} = 2$ and a step from $h_{t-1} = 0.4$ to $h_t = 0.2$. The
# tanh was 0, its slope is 1, and the derivative is $0.5 + 0.5 \cdot 1 \cdot 2 = 1.5$.
#
# This one stands nowhere in the book; "A product of Jacobians" and "One step's Jacobian" are near it.
# *A hint:* `hint("gradients.leaky_jacobian_norms")`.


# %% solution id=leaky_jacobian_norms
def leaky_jacobian_norms(h, h0, W_hh, leak, mask):
    """Measure how strongly the last state of a leaky network depends on every state.

    Parameters
    ----------
    h : array (T, H)
        The states after the steps of one sequence.
    h0 : array (H,)
        The state before the first step.
    W_hh : array (H, H)
    leak : array (H,)
        How far each unit goes towards its new value; above 0, at most 1.
    mask : array (T,) of numbers or booleans
        0 where a step does not happen and the state is carried over, 1 elsewhere.

    Returns
    -------
    norms : array (T,)
        norms[t - 1] is the spectral norm of dh_T/dh_t, for t = 1 ... T; the last is 1.

    Examples
    --------
    >>> h, h0 = np.array([[0.4], [0.2], [0.2]]), np.array([0.7])  # T = 3, H = 1
    >>> W_hh, leak = np.array([[2.0]]), np.array([0.5])
    >>> leaky_jacobian_norms(h, h0, W_hh, leak, mask=np.array([1, 1, 0]))  # the last step is masked
    array([1.5, 1. , 1. ])
    """
    ### BEGIN SOLUTION
    norms, product = [], np.eye(len(h0), dtype=h.dtype)
    before = np.concatenate([h0[None], h[:-1]])  # h0 matters for dh_1/dh_0 alone, which no norm here contains
    for h_t, h_prev, counts in zip(h[::-1], before[::-1], np.asarray(mask)[::-1] != 0):
        norms.append(np.linalg.norm(product, 2))
        if counts:  # a masked step has the identity for a Jacobian
            candidate = (h_t - (1 - leak) * h_prev) / leak
            through_tanh = leak[:, None] * step_jacobian(candidate, W_hh)
            product = product @ (np.diag(1 - leak) + through_tanh)
    return np.array(norms[::-1])
    ### END SOLUTION


# %% tests id=leaky_jacobian_norms points=18
check("gradients.leaky_jacobian_norms", leaky_jacobian_norms).marks(18)

# %% [markdown] id=norm-question
# ## 9. In your own words: a norm of 5 and a radius of 0.5
#
# A friend looks at the loop of her network,
#
# $$W_{hh} = \begin{pmatrix} 0.5 & 4.95 \\ 0 & 0.5 \end{pmatrix} .$$
#
# Its spectral norm is 5, its spectral radius 0.5. "The norm is above 1," she says, "so my gradients explode."
#
# 1. First leave tanh out: every Jacobian is $W_{hh}$ itself. What is the norm of the product of $k$ of them
#    for $k = 1, 2, \dots$? Compute some (states of zero give `jacobian_norms` a slope of 1 everywhere). What
#    happens in the end, and which of the two numbers decides it?
# 2. Now with tanh. Which of these are true: a spectral norm of $W_{hh}$ below 1 is *sufficient* for
#    vanishing; it is *necessary* for vanishing; a norm above 1 is *necessary* for exploding; it is
#    *sufficient* for exploding? Give the reason for what is true, and say why the rest is not.
# 3. "Then I look at the radius of $W_{hh}$ only," she says. "Below 1, so it vanishes, with tanh too." Is that
#    right? Look at $W_{hh} = \begin{pmatrix} 2 & -2 \\ 2 & -2 \end{pmatrix}$ and a state that stays at
#    $h = (0, 0.95)$.
#
# About 250 words in the cell below. A person reads them.

# %% [markdown] manual id=norm points=10
# ### BEGIN SOLUTION
# **A model answer.** (1) The norms are 5, 4.96, 3.72, 2.48, 1.55, 0.93, ...: the product stretches some
# vector by a factor of 5 at once, stays above 1 for five steps, and then shrinks towards 0, in the end by
# about a half at each step. When all Jacobians are the same matrix, the spectral radius decides the end:
# below 1 the powers go to 0, and that is necessary as well as sufficient. The norm says what can happen in a
# single step. So a gradient can grow at first and vanish all the same.
#
# (2) With tanh each Jacobian is $\operatorname{diag}(1 - h_t^2)\, W_{hh}$, and the slopes are at most 1. So
# no Jacobian has a norm above that of $W_{hh}$, and the product of k has at most its k-th power. Hence a norm
# below 1 is sufficient for vanishing, and a norm above 1 is necessary for exploding: below it nothing can
# explode. The other two are false. A norm below 1 is not necessary for vanishing: part 1 vanishes with a norm
# of 5, and with saturated units (slopes near 0) gradients vanish under any $W_{hh}$. For the same reasons a
# norm above 1 is not sufficient for exploding.
#
# (3) No. This $W_{hh}$ has the radius 0: $W_{hh} W_{hh} = 0$. At that state the slopes are 1 and 0.0975, and
# the Jacobian is $\begin{pmatrix} 2 & -2 \\ 0.195 & -0.195 \end{pmatrix}$, with the eigenvalues 0 and 1.805.
# Each step multiplies by 1.805: gradients explode. tanh changes the rows by different factors, and the radius
# of such a product is not bounded by that of $W_{hh}$; the norm is. So the radius of $W_{hh}$ alone decides
# nothing once tanh bends.
#
# **Rubric, 10 points**
# - 3 for question 1: some of the norms (1); they grow first and vanish in the end (1); the radius decides the
#   end when all factors are the same matrix (1).
# - 4 for question 2: sufficient for vanishing and necessary for exploding (1), with the reason that slopes
#   are at most 1 and the norm of a product is at most the product of norms (1); the other two are false (1),
#   with an example: part 1, or saturated units (1).
# - 3 for question 3: no (1); the Jacobian or its eigenvalue 1.805, computed or argued (1); because tanh
#   multiplies rows by different slopes, which can raise the radius (1).
#
# Who counts the norms from the identity (1, 5, 4.96, ...) is right as well. Words are as good as formulas.
# ### END SOLUTION
