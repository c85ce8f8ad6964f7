"""``rnncourse train``: train a lab's model and compare it with its baselines."""

from __future__ import annotations

import argparse

from rnncourse.errors import CourseError


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    train = commands.add_parser("train", help="train a lab's model and compare it with its baselines")
    train.add_argument("lab", metavar="LAB")
    train.add_argument(
        "--seconds", type=_positive, default=60.0, help="time to train text_generation (default 60)"
    )
    train.add_argument("--seed", type=int, default=0, help="for text_generation; lstm runs several")
    train.add_argument("--record", action="store_true", help="write the result where the book shows it from")
    train.set_defaults(run=_train)


def _positive(text: str) -> float:
    """Read a number of seconds above zero, or say what is wrong with it."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def _train(arguments: argparse.Namespace) -> None:
    labs = ("lstm", "text_generation")
    if arguments.lab not in labs:
        raise CourseError(f"there is no lab {arguments.lab!r}; there are: {', '.join(labs)}")
    if arguments.lab == "lstm":
        from rnncourse.labs import lstm

        lstm.run(record=arguments.record)
        return
    if arguments.record:
        raise CourseError("the lab text_generation keeps no record; leave out --record")
    from rnncourse.labs import text_generation

    text_generation.run(seconds=arguments.seconds, seed=arguments.seed)
