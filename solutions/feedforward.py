# The assignment of the chapter "The limits of feedforward networks"; it runs as a script, every check shown.
# The format is explained in rnncourse/authoring/percent.py; `rnncourse exercises build` makes the notebooks.
#
# The functions carry no type annotations: students see them exactly as the book writes them.
# mypy: allow-untyped-defs

# %% [markdown] id=welcome
# # The limits of feedforward networks: exercises
#
# You are going to build a machine that predicts without remembering: words as vectors, a window that slides
# over them, a small network on the window, and the counting model that it has to beat. Then you count what
# the window costs. The last exercise is a twist that stands nowhere in the book.
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
# If you are stuck, ask for a hint: `hint("feedforward.one_hot")`. Hints are free; ask again, and the next
# says more.
#
# **Four rules hold everywhere.** Keep the names and the order of the arguments. Do not change an argument:
# build new arrays. Return the dtype that came in, unless the text says otherwise. Put all that a function
# needs into its cell, and write it yourself: what is imported from `rnncourse` does not count as an answer.
#
# **How it is graded.** The checks give 40 points, and the question in prose at the end gives 10, from a
# person. Every check looks at several properties (shape, values, whether your arguments survived), and each
# property that holds earns its part. For the grade, the checks draw new numbers: an answer has to be right,
# not only right once. Before you hand in, choose *Restart kernel and run all cells*.

# %% setup id=imports
import numpy as np

from rnncourse.checks import check, hint

# %% open id=ask-for-a-hint
hint("feedforward.one_hot")  # run it again for the next one; change the name for another exercise

# %% [markdown] id=one_hot-task
# ## 1. A word becomes a vector: `one_hot`
#
# A network multiplies and adds. It cannot multiply the word *cat*. So each of the $V$ words of the vocabulary
# gets a number, its id, and the id becomes a vector of $V$ zeros with a single 1 at the place of the id. No
# word is nearer to one word than to another, and that is the point: nothing is claimed that was not learned.
#
# The ids may come as one sentence `(T,)`, as a batch `(T, B)` or in any other shape. The result has one axis
# more, of length `vocab_size`, at the end. Its dtype is float64: the ids are integers, the vectors are not.
#
# *In the book:* "Words as vectors". *A hint:* `hint("feedforward.one_hot")`.


# %% solution id=one_hot
def one_hot(ids, vocab_size):
    """Write every id as a vector with a single 1.

    Parameters
    ----------
    ids : integer array, any shape
        Each at least 0 and below `vocab_size`.
    vocab_size : int
        V.

    Returns
    -------
    vectors : float64 array, the shape of `ids` + (V,)

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    ### BEGIN SOLUTION
    # row i of the identity is the one-hot vector of i; an array of ids picks an array of rows
    return np.eye(vocab_size)[ids]
    ### END SOLUTION


# %% tests id=one_hot points=4
check("feedforward.one_hot", one_hot).marks(4)

# %% [markdown] id=sliding_windows-task
# ## 2. A window that slides: `sliding_windows`
#
# A network without memory knows what is in front of it, and nothing else. To predict a series with it, show
# it `width` values at a time and ask for the next one. From one series of length $L$ you get one example for
# every place where a whole window *and the value after it* exist.
#
# How many are that? Take `series = [10, 11, 12, 13, 14]` and `width = 2`. The windows are `[10, 11]`,
# `[11, 12]` and `[12, 13]`, with the targets 12, 13 and 14. The window `[13, 14]` has no value after it, so
# it is no example. There are $N = L - \text{width}$.
#
# Both results are new arrays: whoever writes into them must not change the series.
#
# *In the book:* "A window that slides". *A hint:* `hint("feedforward.sliding_windows")`.


# %% solution id=sliding_windows
def sliding_windows(series, width):
    """Cut a series into windows, each with the value that follows it.

    Parameters
    ----------
    series : array (L,)
    width : int
        At least 1 and below L.

    Returns
    -------
    inputs : array (N, width)
        Row n is `series[n], ..., series[n + width - 1]`; N = L - width.
    targets : array (N,)
        The value that follows each row.

    Examples
    --------
    >>> inputs, targets = sliding_windows(np.array([10, 11, 12, 13, 14]), 2)
    >>> inputs
    array([[10, 11],
           [11, 12],
           [12, 13]])
    >>> targets
    array([12, 13, 14])
    """
    ### BEGIN SOLUTION
    starts = np.arange(len(series) - width)
    positions = starts[:, None] + np.arange(width)  # (N, width): where each value of each window stands
    return series[positions], series[width:].copy()
    ### END SOLUTION


# %% tests id=sliding_windows points=5
check("feedforward.sliding_windows", sliding_windows).marks(5)

# %% [markdown] id=mlp_forward-task
# ## 3. A network on the window: `mlp_forward`
#
# One hidden layer, one output layer:
#
# $$h = \tanh(W_1 x + b_1), \qquad y = W_2 h + b_2 .$$
#
# The mathematics speaks of one column $x$. Your array holds $N$ examples as rows, so the product turns round:
# a row times the *transposed* matrix. Write the shapes beside each other before you write code: `(N, I)` and
# `(H, I)` must give `(N, H)`.
#
# The output layer has no tanh. It gives scores, or a forecast, and both may be any number.
#
# *In the book:* "A network on the window". *A hint:* `hint("feedforward.mlp_forward")`.


# %% solution id=mlp_forward
def mlp_forward(x, W1, b1, W2, b2):
    """Compute a network with one hidden tanh layer for every row of x.

    Parameters
    ----------
    x : array (N, I)
    W1 : array (H, I)
    b1 : array (H,)
    W2 : array (O, H)
    b2 : array (O,)

    Returns
    -------
    y : array (N, O)

    Examples
    --------
    >>> x = np.array([[0.5, -1.0]])  # N = 1, I = 2
    >>> W1, b1 = np.array([[2.0, 1.0], [0.0, 0.0], [0.0, 0.0]]), np.zeros(3)  # H = 3; W1 x is 0
    >>> W2, b2 = np.ones((2, 3)), np.array([7.0, 8.0])  # O = 2
    >>> mlp_forward(x, W1, b1, W2, b2)
    array([[7., 8.]])
    """
    ### BEGIN SOLUTION
    hidden = np.tanh(x @ W1.T + b1)  # (N, H)
    return hidden @ W2.T + b2
    ### END SOLUTION


# %% tests id=mlp_forward points=6
check("feedforward.mlp_forward", mlp_forward).marks(6)

# %% [markdown] id=window_mlp_parameters-task
# ## 4. What the window costs: `window_mlp_parameters`
#
# Now the window holds words, and each word is a vector of `input_size` numbers. The network of exercise 3
# sees them side by side, as one long row of `width * input_size` numbers. Count all that it has to learn:
# both matrices and both biases.
#
# *In the book:* "What the window costs". *A hint:* `hint("feedforward.window_mlp_parameters")`.


# %% solution id=window_mlp_parameters
def window_mlp_parameters(width, input_size, hidden_size, output_size):
    """Count the parameters of a network with one hidden layer on a window of words.

    Parameters
    ----------
    width : int
        Words in the window.
    input_size : int
        Numbers per word.
    hidden_size, output_size : int

    Returns
    -------
    parameters : int

    Examples
    --------
    >>> window_mlp_parameters(3, 2, 4, 5)  # 4 * 6 and 4 biases, 5 * 4 and 5 biases
    53
    """
    ### BEGIN SOLUTION
    hidden_layer = hidden_size * (width * input_size + 1)  # each unit: its weights and one bias
    output_layer = output_size * (hidden_size + 1)
    return hidden_layer + output_layer
    ### END SOLUTION


# %% tests id=window_mlp_parameters points=3
check("feedforward.window_mlp_parameters", window_mlp_parameters).marks(3)

# %% [markdown] id=rnn_parameters-task
# ## 5. What a memory costs: `rnn_parameters`
#
# The next chapter builds a network that reads one word at a time and hands its hidden values on to itself:
# besides the matrix for the word, `(H, D)`, it has one for its own last state, `(H, H)`, and one bias `(H,)`.
# Its output layer is the same as before. Count again, and look at which number does not occur any more.
#
# *In the book:* "What the window costs". *A hint:* `hint("feedforward.rnn_parameters")`.


# %% solution id=rnn_parameters
def rnn_parameters(input_size, hidden_size, output_size):
    """Count the parameters of a recurrent network with one bias and an output layer.

    Parameters
    ----------
    input_size : int
        D, numbers per word.
    hidden_size : int
        H.
    output_size : int
        O.

    Returns
    -------
    parameters : int

    Examples
    --------
    >>> rnn_parameters(2, 4, 5)  # 4 * 2, 4 * 4 and 4 biases, 5 * 4 and 5 biases
    53
    """
    ### BEGIN SOLUTION
    recurrent_layer = hidden_size * (input_size + hidden_size + 1)  # each unit: word, state and one bias
    output_layer = output_size * (hidden_size + 1)
    return recurrent_layer + output_layer
    ### END SOLUTION


# %% tests id=rnn_parameters points=3
check("feedforward.rnn_parameters", rnn_parameters).marks(3)

# %% [markdown] id=bigram_probabilities-task
# ## 6. Counting pairs: `bigram_probabilities`
#
# The simplest model of text that deserves the name. Count how often word $j$ comes right after word $i$, call
# it $c_{ij}$, and let
#
# $$p(j \mid i) = \frac{c_{ij} + \alpha}{\sum_k c_{ik} + \alpha V} .$$
#
# The $\alpha > 0$ is added to every count, so that a pair that was never seen is unlikely and not impossible.
# A word that is never followed by anything gets the same probability for all: that is the honest answer.
#
# In `ids = [0, 1, 0, 1, 1]` the pairs are 0→1 twice, 1→0 once and 1→1 once. With $V = 2$ and $\alpha = 1$ row
# 0 is $(0 + 1, 2 + 1) / (2 + 2)$. Mind the pairs that occur more than once; NumPy has a trap there.
#
# *In the book:* "Counting pairs: the bigram model". *A hint:* `hint("feedforward.bigram_probabilities")`.


# %% solution id=bigram_probabilities
def bigram_probabilities(ids, vocab_size, alpha):
    """Estimate the probability of every word after every word, with additive smoothing.

    Parameters
    ----------
    ids : integer array (L,)
        A text; each id at least 0 and below `vocab_size`.
    vocab_size : int
        V.
    alpha : float
        Above 0.

    Returns
    -------
    p : float64 array (V, V)
        `p[i, j]` is the probability of j right after i; every row sums to 1.

    Examples
    --------
    >>> bigram_probabilities(np.array([0, 1, 0, 1, 1]), 2, 1.0)
    array([[0.25, 0.75],
           [0.5 , 0.5 ]])
    """
    ### BEGIN SOLUTION
    smoothed = np.full((vocab_size, vocab_size), float(alpha))
    # not `smoothed[i, j] += 1`: that would count a pair once, however often it occurs
    np.add.at(smoothed, (ids[:-1], ids[1:]), 1)
    return smoothed / smoothed.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% tests id=bigram_probabilities points=6
check("feedforward.bigram_probabilities", bigram_probabilities).marks(6)

# %% [markdown] id=dilated_window_mlp-task
# ## 7. The twist: `dilated_window_mlp`
#
# Can a window see further without more weights? It can, if it skips. A *dilated* window takes every
# `dilation`-th value: with a width of 3 and a dilation of 4 it spans 9 steps and still has 3 weights per
# unit. What lies between, it does not see.
#
# Put the network of exercise 3 on such a window. The width is not an argument: `W1` knows it. Row $n$ of the
# result is the network on
#
# `series[n], series[n + dilation], ..., series[n + (width - 1) * dilation]`.
#
# The value to be predicted is the one that comes *one dilation after the last* value of the window. A row
# counts only if that value exists too, so there are `N = len(series) - width * dilation` rows. (You do not
# return the targets, only make sure that each row has one.)
#
# An example: 10 values, width 3, dilation 2. The first window holds the values at 0, 2 and 4, and would
# predict the one at 6. The last holds those at 3, 5 and 7, and would predict the one at 9. That makes 4 rows.
#
# This one stands nowhere in the book; "A network on the window" and "The clue outside the window" are near
# it. *A hint:* `hint("feedforward.dilated_window_mlp")`.


# %% solution id=dilated_window_mlp
def dilated_window_mlp(series, dilation, W1, b1, W2, b2):
    """Compute a network with one hidden tanh layer on every dilated window of a series.

    Parameters
    ----------
    series : float array (L,)
    dilation : int
        Steps from one value of the window to the next; at least 1.
    W1 : array (H, width)
    b1 : array (H,)
    W2 : array (O, H)
    b2 : array (O,)

    Returns
    -------
    y : array (N, O)
        N = L - width * dilation.

    Examples
    --------
    >>> series = np.array([0.0, 9.0, 0.0, 9.0, 0.0, 9.0])
    >>> W1, b1 = np.array([[3.0, 4.0]]), np.array([0.0])  # width 2, H = 1
    >>> W2, b2 = np.array([[5.0]]), np.array([6.0])
    >>> dilated_window_mlp(series, 2, W1, b1, W2, b2)  # values 0 and 2 (both 0), values 1 and 3 (both 9)
    array([[ 6.],
           [11.]])
    """
    ### BEGIN SOLUTION
    width = W1.shape[1]
    starts = np.arange(len(series) - width * dilation)
    positions = starts[:, None] + dilation * np.arange(width)  # (N, width)
    return np.tanh(series[positions] @ W1.T + b1) @ W2.T + b2
    ### END SOLUTION


# %% tests id=dilated_window_mlp points=13
check("feedforward.dilated_window_mlp", dilated_window_mlp).marks(13)

# %% [markdown] id=clue-question
# ## 8. In your own words: the clue outside the window
#
# A network sees the last five words and predicts the next one. Its vocabulary has 1000 words, each word is a
# vector of 50 numbers, the hidden layer has 100 units. It should choose between *is* and *are* in
#
# > The **keys** that my neighbour from the third floor left on the kitchen table ...
#
# and it guesses. Three friends give advice. The first says: train longer. The second: take more hidden units.
# The third: take a window of fourteen words.
#
# For each of the three, say whether it can help with this sentence, and why or why not. For the third, also
# say what it costs, with numbers from exercise 4, and whether it solves the problem for good. Close with what
# a network must have so that the length of a sentence does not matter.
#
# About 200 words in the cell below. A person reads them.

# %% [markdown] manual id=clue points=10
# ### BEGIN SOLUTION
# **A model answer.** The five words that the network sees are *left on the kitchen table*. The same five
# words end *The key that my neighbour left on the kitchen table*, where *is* is right. A function gives equal
# outputs for equal inputs, whatever its weights are. So neither training longer nor more hidden units can
# help: they change which function it is, not what it gets to see. The best that it can do is to say how often
# each verb follows.
#
# Fourteen words reach back to *The keys*, so the third advice can help with this sentence. It makes the first
# matrix wider, from 100 × 250 to 100 × 700 weights: 171,100 parameters in all, where there were 126,100. Each
# place in the window has weights of its own, so what was learned about *keys* at one place says nothing about
# *keys* at another, and more examples are needed. And it is no solution for good: for every width there is a
# sentence that is one word longer.
#
# What is needed is a state that is carried on from word to word, with weights that are the same at every
# step. A network of that kind has 116,100 parameters here, for sentences of any length. (It *can* keep the
# clue; whether it learns to is another question.)
#
# **Rubric, 10 points**
# - 3: training longer and more units cannot help, *because* equal windows give equal outputs (or: the clue is
#   not in the input). Only 1 for "cannot help" without that reason.
# - 2: fourteen words can help with this sentence, since *keys* is then inside the window.
# - 2: the cost: the first layer grows in proportion to the width (126,100 to 171,100, or 45,000 more). 1 for
#   the direction without numbers.
# - 1: not for good, since there are always longer sentences. Weights per place and the need for more data may
#   stand here instead.
# - 2: a state carried from step to step (1), with shared weights, so that the number of parameters does not
#   depend on the length (1).
#
# Do not ask for the word "recurrent". Take off nothing for language.
# ### END SOLUTION
