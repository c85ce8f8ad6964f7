"""What to look at after an error that NumPy or Python words for people who know it already."""

from __future__ import annotations

_ADVICE = (  # kind of error, what its text holds, what to tell
    (
        "ValueError",
        "mismatch in its core dimension",
        "In `a @ b`, the last axis of a must be as long as the last but one of b. Print both shapes.",
    ),
    (
        "ValueError",
        "not aligned",
        "In a matrix product, the last axis of the left must be as long as the last but one of the right.",
    ),
    (
        "ValueError",
        "could not be broadcast together",
        "Shapes are compared from the right: two lengths fit if they are equal or one of them is 1.",
    ),
    ("ValueError", "read-only", "An argument is written to here. Work on a copy, or build a new array."),
    (
        "IndexError",
        "could not be broadcast together",
        "Arrays that are used together as indices must have the same shape, or shapes that broadcast.",
    ),
    (
        "IndexError",
        "must be of integer (or boolean) type",
        "Floats cannot be indices. To choose by a mask, compare first: mask != 0.",
    ),
    ("TypeError", "positional argument", "Keep the names, the order and the number of the arguments."),
    ("NameError", "is not defined", "Is the cell that defines it there, and has it been run?"),
    (
        "RecursionError",
        "",
        "The function calls itself without an end. Is there a case in which it does not?",
    ),
)


def advice(kind: str, text: str) -> str:
    """Return one sentence of advice on an exception, "" where there is none."""
    return next((say for error, words, say in _ADVICE if kind == error and words in text), "")
