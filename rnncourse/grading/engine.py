"""Running nbgrader's converters in this process: one submission at a time, quietly, nothing lost.

nbgrader's command line takes a class at a time, and one notebook that it cannot read ends the run for all
that follow. Its converters take one student; what goes wrong stays with that student.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)
from sqlalchemy.exc import SQLAlchemyError

from rnncourse.errors import CourseError
from rnncourse.grading.course import Course, configuration
from rnncourse.grading.execution import Execute, Judge, NeedsAPerson
from rnncourse.grading.gradebook import unusable

IGNORED = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"]

STRUCTURE = str(Path("{nbgrader_step}", "{student_id}", "{assignment_id}"))

# what no submission is to blame for: full, read-only or failing disks, too many open files, permissions
MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EPERM
}  # fmt: skip


class _Telling(BaseConverter):
    """One of nbgrader's converters that keeps the exception that nbgrader only logs."""

    cause: Exception | None = None

    def convert_single_notebook(self, notebook_filename: str) -> None:
        with self._kept():
            super().convert_single_notebook(notebook_filename)

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        with self._kept():
            super().init_assignment(assignment_id, student_id)

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.cause = error
            raise


class _Autograde(_Telling, Autograde):
    pass


class _Generate(_Telling, GenerateAssignment):
    pass


class _Feedback(_Telling, GenerateFeedback):
    pass


class RefusedAssignment(CourseError):
    """nbgrader does not take the instructor's notebooks as they are now."""


class Engine:
    """nbgrader on one course. Made by `started`; seconds are real seconds per cell."""

    def __init__(self, course: Course, log: logging.Logger, logfile: Path, timeout: int) -> None:
        self.course = course
        self.log = log
        self.logfile = logfile
        self.config = configuration(course.root)  # a teacher's lateness penalties, for instance
        # a cell out of time ends the submission: after an interrupt, a loop that ignores it would make
        # every later cell wait in vain, too
        self.config.Execute.update(
            timeout=timeout,
            interrupt_on_timeout=False,
            startup_timeout=120,
            iopub_timeout=60,
            shutdown_kernel="immediate",
            kernel_log=str(logfile.with_name("kernels.log")),
            # a student's cell tag must not decide whether a check runs
            skip_cells_with_tag="",
        )

    def fill(self, assignment: str) -> None:
        """Enter an assignment into the gradebook and write its release; raise CourseError where it cannot."""
        source = self.course.source
        folder = self._folder(
            root=str(source.parent),
            source_directory=source.name,
            release_directory=str(self.course.root / "release"),
            assignment_id=assignment,
            # a text source that lies beside a notebook would reach the students, solutions included
            ignore=[*IGNORED, "*.py"],
        )
        error = self._run(_Generate(coursedir=folder, config=self.config, log=self.log, force=True))
        if error is not None:
            raise RefusedAssignment(
                f"nbgrader cannot take assignment {assignment!r} from {source}: {_first_line(error)}; if "
                f"cells were changed after work had been graded, start a new course folder. {self.logfile} "
                "has the whole story"
            )

    def autograde(self, student: str, assignment: str, seed: int) -> None:
        """Grade one submission into the gradebook; raise `NeedsAPerson` where that fails, for any reason.

        `seed` draws the inputs of the checks.
        """
        converter = _Autograde(
            coursedir=self._own_folder(student, assignment), config=self.config, log=self.log, force=True
        )
        converter.autograde_preprocessors = [
            Execute,
            Judge,
            IgnorePattern,
            ClearMetadataPreprocessor,
            LimitOutput,
            SaveAutoGrades,
            AssignLatePenalties,
            CheckCellMetadata,
        ]
        with _environment(RNNCOURSE_SEED=str(seed)):
            cause = self._run(converter)
        if cause is None:
            return
        if isinstance(cause, NeedsAPerson):
            raise cause
        raise NeedsAPerson(
            f"nbgrader stopped with {type(cause).__name__}: {_first_line(cause)}. "
            f"Look at the notebook, and at {self.logfile.relative_to(self.course.root)} for the whole story."
        )

    def feedback(self, student: str, assignment: str) -> Exception | None:
        """Write one student's feedback page; return what went wrong, or None."""
        return self._run(
            _Feedback(
                coursedir=self._own_folder(student, assignment), config=self.config, log=self.log, force=True
            )
        )

    def _own_folder(self, student: str, assignment: str) -> CourseDirectory:
        return self._folder(
            root=str(self.course.root),
            source_directory=str(self.course.source),
            student_id=student,
            assignment_id=assignment,
            ignore=IGNORED,
        )

    def _folder(self, **settings: Any) -> CourseDirectory:
        steps = {f"{step}_directory": step for step in ("submitted", "autograded", "feedback")}
        settings = {"db_url": self.course.database, "directory_structure": STRUCTURE} | steps | settings
        return CourseDirectory(config=self.config, log=self.log, **settings)

    def _run(self, converter: _Telling) -> Exception | None:
        """Run a converter; return what went wrong with its notebook, raise what is wrong with the machine."""
        try:
            converter.start()
        except SystemExit as stop:
            return RuntimeError(f"nbgrader left with status {stop.code}")
        except Exception as error:
            self.log.exception("failed")
            cause = converter.cause or error
            if isinstance(cause, SQLAlchemyError):
                raise unusable(self.course, cause) from None
            if isinstance(cause, OSError) and cause.errno in MACHINE:
                raise cause from None
            return cause
        return None


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set environment variables for a while (nbgrader's own setenv leaves them behind after an error)."""
    before = os.environ.copy()
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
            if name in before:
                os.environ[name] = before[name]


@contextlib.contextmanager
def started(course: Course, timeout: int = 30) -> Iterator[Engine]:
    """Set the stage for nbgrader: what it says goes to course/logs, what it calls by name is on the PATH."""
    logfile = course.root / "logs" / "nbgrader.log"
    logfile.parent.mkdir(exist_ok=True)
    handler = logging.FileHandler(logfile, encoding="utf-8", errors="backslashreplace", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.Logger("rnncourse.grading", logging.INFO)
    log.addHandler(handler)
    captured = logging.getLogger("py.warnings")
    # nbgrader starts `alembic` by name when it makes a gradebook
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    # a teacher's own IPython start-up files have no say in a mark
    ipython = str(course.root / ".rnncourse" / "ipython")
    try:
        with _environment(PATH=path, IPYTHONDIR=ipython), warnings.catch_warnings():
            # other people's deprecations are for the log, not for a teacher
            warnings.simplefilter("default")
            logging.captureWarnings(True)
            captured.addHandler(handler)
            captured.propagate = False
            yield Engine(course, log, logfile, timeout)
    finally:
        logging.captureWarnings(False)
        captured.removeHandler(handler)
        captured.propagate = True
        handler.close()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or ["(no message)"])[0][:200]
