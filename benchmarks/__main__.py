"""``python -m benchmarks``: measure, print a table, and write it down where asked.

Threads are pinned by whoever starts this, before NumPy is there: ``rnncourse bench`` does.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks import imports, modules, sequences
from benchmarks.measure import Row
from rnncourse.labs.circumstances import circumstances

PARTS: dict[str, Callable[[int], Iterator[Row]]] = {
    "numpy": sequences.against_torch,
    "loop": sequences.against_numpy,
    "growth": sequences.growth,
    "memory": sequences.memory,
    "checkpoint": sequences.checkpointed,
    "nn": modules.against_torch,
    "scan": modules.scanned,
    "import": imports.imports,
}
RECORD = Path("book/results/benchmarks.json")


def blas() -> str:
    """Return which library multiplies NumPy's matrices, and its version."""
    found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[call-overload]
    return f"{found['name']} {found['version']}"


def main() -> None:
    """Read the command line and run the parts that it names."""
    parser = argparse.ArgumentParser(prog="rnncourse bench")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=11, help="calls of each side (default 11)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--record", action="store_true", help=f"write them to {RECORD}, for the book")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no part is called {unknown.pop()!r}; there are: {', '.join(PARTS)}")
    if arguments.rounds < 1:
        parser.error("--rounds should be at least 1")
    torch.set_num_threads(1)

    print(f"{'work':44}{'anchor':28}{'shape':26}{'ratio':>8}{'goal':>8}")
    rows = []
    for part in arguments.parts or PARTS:
        for row in PARTS[part](arguments.rounds):
            rows.append(row)
            goal = "" if row.goal is None else f"{row.goal:8.2f}"
            missed = "  above" if row.goal is not None and row.ratio > row.goal else ""
            print(f"{row.work:44}{row.anchor:28}{row.shape:26}{row.ratio:8.2f}{goal}{missed}", flush=True)
    command = " ".join(["rnncourse bench", *arguments.parts, f"--rounds {arguments.rounds}"])
    report = circumstances(command, "numpy", "torch") | {"rows": [row._asdict() for row in rows]}
    report["versions"]["blas"] = blas()
    targets = [arguments.json, RECORD if arguments.record else None]
    for target in filter(None, targets):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
