"""Running a submission's notebook and judging whether what came out can be trusted as marks.

nbgrader takes silence for success: a text that is no number, or no output at all, is full marks; a warning on
stderr is none. Here whatever is not clearly a mark stops the submission with a sentence for a person.
"""

from __future__ import annotations

import math
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.preprocessors import Execute as StockExecute
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution


class NeedsAPerson(Exception):
    """This submission cannot be graded by a machine; the message is the sentence for the teacher."""


class Execute(StockExecute):
    """nbgrader's Execute, which names the cell at fault when a kernel dies or a cell does not end."""

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
                    f"Cell {cell_index + 1} tries to end Python ({output.ename}), so what follows it is not to "
                    "be trusted. Ask for a notebook without it, or mark by hand."
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
    if any(output.output_type == "error" for output in cell.outputs):
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
