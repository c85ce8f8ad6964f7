"""What it costs to import the reference package, against NumPy, which it cannot do without."""

import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Row

TIMED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def imports(rounds: int) -> Iterator[Row]:
    """Import each in fresh processes, by turns."""
    names = ("rnncourse.reference", "numpy")
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds + 1):
        for name in names:
            command = [sys.executable, "-c", TIMED.format(name)]
            taken[name].append(float(subprocess.run(command, capture_output=True, check=True).stdout))
    ours, anchor = (statistics.median(taken[name][1:]) for name in names)  # the first finds a cold disk
    yield Row("import rnncourse.reference", "import numpy", "", ours / anchor, 1.2)
