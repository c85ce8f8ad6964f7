"""Bad input gets one clear sentence and a non-zero exit; nothing is overwritten."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnncourse.cli import main


def refused(capsys, *argv):
    """Run a command that must refuse, and return its only line on stderr."""
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("rnncourse: ")
    return lines[0]


def test_unknown_data_set_lists_what_exists(capsys):
    line = refused(capsys, "data", "get", "shakespear")
    assert "'shakespear'" in line and "shakespeare" in line.replace("'shakespear'", "")


def test_data_get_needs_a_name_or_all(capsys):
    assert "--all" in refused(capsys, "data", "get")


def test_unknown_lab_lists_what_exists(capsys):
    assert "text_generation" in refused(capsys, "train", "poetry")


@pytest.mark.parametrize("seconds", ["0", "-3", "soon", "nan", "inf"])
def test_seconds_must_be_a_number_above_zero(capsys, seconds):
    with pytest.raises(SystemExit) as stop:
        main(["train", "text_generation", "--seconds", seconds])
    assert stop.value.code == 2
    assert f"'{seconds}' is not a number of seconds above 0" in capsys.readouterr().err


def test_mistakes_of_an_unknown_chapter_lists_what_exists(capsys):
    line = refused(capsys, "mistakes", "lstmm")
    assert "feedforward" in line and "rnn" in line


def test_mistakes_lists_every_named_mistake(capsys):
    from rnncourse.checks import mistakes

    assert main(["mistakes", "rnn"]) == 0
    out = capsys.readouterr().out
    assert [mistake.id for mistake in mistakes.catalogue("rnn") if mistake.id not in out] == []
    assert "feedforward." not in out


def test_exercises_build_where_there_is_no_assignment_is_refused(capsys, tmp_path):
    assert "no assignment" in refused(capsys, "exercises", "build", "--root", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_exercises_check_says_what_is_wrong_and_writes_nothing(capsys, tmp_path):
    assert main(["exercises", "check", "--root", str(tmp_path)]) == 1
    assert "no assignment" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_autograde_where_there_is_no_class_is_refused(capsys, tmp_path):
    refused(capsys, "autograde", "--course", str(tmp_path), "--isolation", "none")
    assert list(tmp_path.iterdir()) == []


def test_autograde_needs_a_word_about_isolation(capsys, tmp_path):
    assert "--isolation none" in refused(capsys, "autograde", "--course", str(tmp_path))


def test_a_missing_package_is_one_sentence_that_says_how_to_get_it():
    """`rnncourse exercises build` on a machine without the extras: no traceback."""
    code = (
        "import sys; sys.modules['nbgrader'] = None\n"
        "from rnncourse.cli import main\n"
        "sys.exit(main(['exercises', 'build', '--root', sys.argv[1]]))"
    )
    done = subprocess.run([sys.executable, "-c", code, "."], capture_output=True, text=True)
    assert done.returncode == 2
    assert "make course" in done.stderr and "nbgrader" in done.stderr
    assert "Traceback" not in done.stderr


def empty_class(root):
    """A class of one student who has handed in nothing."""
    (root / "solutions" / "a").mkdir(parents=True)
    (root / "solutions" / "a" / "a.ipynb").write_text("{}")
    (root / "submitted" / "Jürgen 名").mkdir(parents=True)


def test_a_file_that_cannot_be_written_is_one_sentence(capsys, tmp_path):
    empty_class(tmp_path)
    (tmp_path / "class.html").mkdir()
    line = refused(capsys, "report", "--course", str(tmp_path))
    assert "class.html (Is a directory)" in line and "run the same command again" in line


@pytest.mark.parametrize(("content", "words"), [(b"# %%\xff\n", "bad.py, line 1: this is not UTF-8")])
@pytest.mark.parametrize("action", ["build", "check"])
def test_a_source_that_is_no_text_is_one_sentence(capsys, tmp_path, content, words, action):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "bad.py").write_bytes(content)
    assert main(["exercises", action, "--root", str(tmp_path)]) in (1, 2)
    assert words in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["solutions", "bad.py"]


def started(*argv, **settings):
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "rnncourse.cli", *argv]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, **settings)


def test_a_reader_who_leaves_gets_no_traceback():
    """As with `rnncourse mistakes | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = started("mistakes", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the disk that is always full is Linux's")
def test_a_full_disk_is_one_sentence():
    with Path("/dev/full").open("w") as full:
        done = started("mistakes", "rnn", stdout=full)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "(No space left on device)" in line


def test_a_terminal_that_knows_no_letter_of_a_name_shows_it_all_the_same(tmp_path):
    empty_class(tmp_path)
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = started("report", "--course", str(tmp_path), stdout=subprocess.PIPE, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert r"J\xfcrgen \u540d" in done.stdout
    assert "Jürgen 名" in (tmp_path / "class.html").read_text(encoding="utf-8")
