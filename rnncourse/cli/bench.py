"""``rnncourse bench``: measure how fast the package is, on this machine."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import rnncourse
from rnncourse.errors import CourseError

# Libraries read these when they are loaded.  The last two choose kernels made for another processor.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
FOREIGN = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    bench = commands.add_parser("bench", help="measure the package's speed and memory against named anchors")
    bench.add_argument("parts", nargs="*", metavar="PART", help="default: all (a wrong name lists them)")
    bench.add_argument("--rounds", type=int, default=11, help="calls of each side (default 11)")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    bench.add_argument("--record", action="store_true", help="write them where the book shows them from")
    bench.set_defaults(run=_bench)


def _bench(arguments: argparse.Namespace) -> int:
    """Run the benchmarks in a process of their own: threads must be pinned before NumPy is loaded."""
    root = Path(rnncourse.__file__).resolve().parents[1]
    if not (root / "benchmarks").is_dir():
        raise CourseError(f"there is no folder benchmarks in {root}: run this from a clone of the repository")
    command = [sys.executable, "-m", "benchmarks", *arguments.parts, "--rounds", str(arguments.rounds)]
    if arguments.json is not None:
        command += ["--json", str(arguments.json.resolve())]
    if arguments.record:
        command += ["--record"]
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment |= dict.fromkeys(THREADS, "1")
    return subprocess.run(command, cwd=root, env=environment).returncode
