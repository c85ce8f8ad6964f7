"""Running a submission's notebook and judging whether what came out can be trusted as marks.

nbgrader takes silence for success: a text that is no number, or no output at all, is full marks; a warning on
stderr is none. Here whatever is not clearly a mark stops the submission with a sentence for a person.
"""

from __future__ import annotations

import json
import math
import os
import re
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.preprocessors import Execute as StockExecute
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Unicode


class NeedsAPerson(Exception):
    """A submission cannot be graded by a machine; the message is the sentence for the teacher."""


class Execute(StockExecute):
    """nbgrader's Execute, which names the cell at fault when a kernel dies or a cell does not end."""

    # where the kernel's own words go (not its cells'): else they stand in the teacher's terminal
    kernel_log = Unicode(os.devnull).tag(config=True)

    _at = 0

    def preprocess(self, nb: Any, resources: Any = None, km: Any = None) -> tuple[Any, Any]:
        """Run all cells; a dead kernel or a cell out of time ends the submission, not the run."""
        try:
            return super().preprocess(nb, resources, km)
        except DeadKernelError:
            raise NeedsAPerson(
                f"The notebook ended its own Python while cell {self._at} ran: it left by force, ran out of "
                "memory, or crashed. Look at that cell, and mark by hand or ask for a mended notebook."
            ) from None
        except CellTimeoutError:
            raise NeedsAPerson(
                f"Cell {self._at} was still running after {self.timeout} seconds, perhaps an endless loop. "
                "Look at that cell, and mark by hand or ask for a mended notebook."
            ) from None

    def start_new_kernel(self, **kwargs: Any) -> None:
        """Start the kernel with its own streams in the log."""
        with Path(self.kernel_log).open("ab") as stream:
            super().start_new_kernel(stdout=stream, stderr=stream, **kwargs)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Run one cell and remember which, counted from 1 as a person counts."""
        self._at = index + 1
        return super().preprocess_cell(cell, resources, index)


class Judge(NbGraderPreprocessor):
    """Stands between running and saving: every automatic mark is a finite number from 0 to the points."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Check the outputs of one cell; raise `NeedsAPerson` where they say nothing clear."""
        if cell.cell_type != "code":
            return cell, resources
        for output in cell.outputs:
            if output.output_type == "error" and output.ename in ("SystemExit", "KeyboardInterrupt"):
                raise NeedsAPerson(
                    f"Cell {cell_index + 1} tries to end Python ({output.ename}), so what follows it is "
                    "not to be trusted. Ask for a notebook without it, or mark by hand."
                )
        if is_grade(cell) and not is_solution(cell):
            _settle(cell)
        return cell, resources


def _settle(cell: Any) -> None:
    """Leave a graded cell with an error, one mark, or nothing at all (which is full marks to nbgrader)."""
    name, points = cell.metadata.nbgrader["grade_id"], float(cell.metadata.nbgrader["points"])
    for output in cell.outputs:
        # a right answer that warns is still right: nbgrader gives 0 for any word on stderr
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
    for output in cell.outputs:
        if output.output_type == "error":
            if _raised_by_us(output):
                raise NeedsAPerson(
                    f"The check {name!r} failed itself ({output.ename}: {output.evalue[:100]}), which is no "
                    "fault of the student's. Report it, and mark by hand."
                )
            return
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    for output in results:
        text = str(output.data.get("text/plain", ""))
        try:
            mark = float(text)
        except ValueError:
            mark = math.nan
        if not 0 <= mark <= points:
            raise NeedsAPerson(
                f"The check {name!r} gave {text[:60]!r}, which is no mark from 0 to {points:g}. "
                "Perhaps a name that the check uses was overwritten; look at the notebook and mark by hand."
            )


def _frames(error: Any) -> list[str]:
    """Return where an error came from, outermost first: files by name, cells as an empty text."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))
    return re.findall(r"^(?:File (.+?):\d+|Cell )", lines, re.MULTILINE)


def _raised_by_us(error: Any) -> bool:
    """Whether an error came out of this package and not out of the student's code or an assertion."""
    return any(frame.startswith(str(Path(__file__).parents[1])) for frame in _frames(error)[-1:])


def troubles(notebook: Path) -> str:
    """Say which cells of an autograded notebook stopped with an error; empty where none did.

    A check counts only if its own line failed, as where the name of an answer is missing: that an answer
    is wrong is no trouble.
    """
    found = []
    for number, cell in enumerate(json.loads(notebook.read_text(encoding="utf-8"))["cells"], 1):
        setting = cell["metadata"].get("nbgrader", {})
        for output in cell.get("outputs", []):
            if output["output_type"] != "error":
                continue
            if not setting.get("grade"):
                found.append(f"cell {number} stopped with an error ({output['ename']})")
            elif output["ename"] != "AssertionError" and len(_frames(output)) == 1:
                what = f"{output['ename']}: {output['evalue'][:80]}"
                found.append(f"the check {setting['grade_id']!r} could not run ({what})")
    if not found:
        return ""
    more = [f"{len(found) - 3} more in the same way"] if len(found) > 3 else []
    sentence = ", ".join([*found[:3], *more])
    return f"{sentence[0].upper()}{sentence[1:]}; everything else was graded."
