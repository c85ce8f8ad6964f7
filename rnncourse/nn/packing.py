"""Every form of input as packed rows, and the results back in that form."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from rnncourse.nn.arguments import check_input, check_rank
from rnncourse.nn.scan import State

Results = tuple[Tensor | PackedSequence, State]


def as_rows(
    input: Tensor | PackedSequence, state: State | None, batch_first: bool, weight: Tensor, wrong_rank: str
) -> tuple[Tensor, list[int], State | None, Callable[[Tensor, State], Results]]:
    """Lay out a module's arguments for the loop over time.

    Parameters
    ----------
    input : tensor (T, B, D), (B, T, D) with ``batch_first``, (T, D) for one sequence, or packed
    state : tuple of tensors (layers * directions, B, H), without B for one sequence, or None
    batch_first : bool
    weight : tensor (·, D)
        The first weights that the input meets; it must fit them.
    wrong_rank : str
        What to say of an input with another number of axes.

    Returns
    -------
    rows : tensor (sum(sizes), D)
        The inputs of all steps, the longest sequence first.
    sizes : list of int
        How many of the rows belong to each step; never growing.
    state : tuple of tensors (layers * directions, B, H), or None
        In the order of the rows.
    restore : function
        Takes outputs ``(sum(sizes), ·)`` and the last state, and returns both laid out as ``input`` and
        ``state`` were.
    """
    if isinstance(input, PackedSequence):
        rows, batch_sizes, sorted_indices, unsorted_indices = input
        check_input(rows, 2, weight)
        if state is not None and sorted_indices is not None:
            state = tuple(part.index_select(1, sorted_indices) for part in state)

        def repack(out: Tensor, last: State) -> Results:
            if unsorted_indices is not None:
                last = tuple(part.index_select(1, unsorted_indices) for part in last)
            return PackedSequence(out, batch_sizes, sorted_indices, unsorted_indices), last

        return rows, batch_sizes.tolist(), state, repack

    if input.dim() not in (2, 3):
        raise ValueError(wrong_rank.format(input.dim()))
    batched = input.dim() == 3
    if state is not None:
        check_rank(state, input.dim())
    if not batched:
        input = input.unsqueeze(1)
        state = None if state is None else tuple(part.unsqueeze(1) for part in state)
    elif batch_first:
        input = input.transpose(0, 1)
    check_input(input, 3, weight)
    T, B, D = input.shape
    if T == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")

    def reshape(out: Tensor, last: State) -> Results:
        out = out.reshape(T, B, out.shape[1])
        if not batched:
            return out.squeeze(1), tuple(part.squeeze(1) for part in last)
        return out.transpose(0, 1) if batch_first else out, last

    # A full batch is a packed one in which no sequence ends early, so one loop serves both.
    return input.reshape(T * B, D), [B] * T, state, reshape
