"""``rnncourse train``: train a lab's models and compare them with their baselines."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import rnncourse
from rnncourse.errors import CourseError

# Labs that the book shows a record of: always trained in full, so that one seed gives one result.
RECORDED = ("gradients", "gru", "lstm")
LABS = (*RECORDED, "text_generation")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    train = commands.add_parser("train", help="train a lab's model and compare it with its baselines")
    train.add_argument("lab", metavar="LAB", help=f"one of: {', '.join(LABS)}")
    train.add_argument("--seconds", type=_positive, help="time to train (default 60)")
    train.add_argument("--seed", type=int, default=0, help="not for gru and lstm, which run several")
    train.add_argument("--record", action="store_true", help="write the results where the book reads them")
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
    lab = arguments.lab
    if lab not in LABS:
        raise CourseError(f"there is no lab {lab!r}; there are: {', '.join(LABS)}")
    if lab in RECORDED and arguments.seconds is not None:
        raise CourseError(f"the lab {lab} always trains in full, for some minutes; leave out --seconds")
    if lab not in RECORDED and arguments.record:
        raise CourseError(f"the book shows no record of the lab {lab}; leave out --record")
    if lab == "gradients":
        import torch

        from rnncourse.labs import gradients
        from rnncourse.labs.circumstances import circumstances

        torch.set_num_threads(1)  # the matrices are small: more threads would only wait
        target = _place(lab) if arguments.record else None  # complain before the work, not after it
        results = gradients.experiment(seed=arguments.seed)
        if target:
            command = f"rnncourse train {lab}" + (f" --seed {arguments.seed}" if arguments.seed else "")
            beside = circumstances(f"{command} --record", "numpy", "torch")
            record = beside | {"seed": arguments.seed} | results
            target.write_text(json.dumps(record) + "\n", encoding="utf-8")
            print(f"written: {target}")
    elif lab == "gru":
        from rnncourse.labs import gru

        gru.compare(gru.RECORD if arguments.record else None)
    elif lab == "lstm":
        from rnncourse.labs import lstm

        lstm.run(record=arguments.record)
    else:
        from rnncourse.labs import text_generation

        text_generation.run(seconds=arguments.seconds or 60.0, seed=arguments.seed)


def _place(lab: str) -> Path:
    """Return the file that the book reads a lab's results from."""
    folder = Path(rnncourse.__file__).resolve().parents[1] / "book" / "results"
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}: use --record in a clone of the repository")
    return folder / f"{lab}.json"
