"""What a record says beside its results: by what command, when, on what, and with which versions."""

from __future__ import annotations

import datetime
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any


def circumstances(command: str, *packages: str) -> dict[str, Any]:
    """Return ``command``, today's date, the processor's name, and the versions of Python and ``packages``."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in packages}
    today = datetime.date.today().isoformat()
    return {"command": command, "date": today, "device": _processor(), "versions": versions}


def _processor() -> str:
    """Name the processor; Linux alone says which it is, elsewhere the kind has to do."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(": ", 1)[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
