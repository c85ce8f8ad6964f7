"""Shakespeare as he stands in the cache: counted, split by play, free of markup."""

import re

import numpy as np
import pytest

from rnncourse import data
from rnncourse.data import text_generation


@pytest.fixture(scope="module")
def splits():
    return text_generation.load()


@pytest.fixture(scope="module")
def plays():
    return text_generation.plays()


def test_the_set_is_whole():
    data.get("shakespeare")
    data.verify("shakespeare")
    entry = data.describe("shakespeare")
    assert entry.cached
    assert sum(path.stat().st_size for path in entry.folder.rglob("*.md")) == entry.size


def test_counts(plays, splits):
    assert len(plays) == 38
    assert sum(map(len, plays.values())) == 4_998_148
    assert [len(text) for text in splits] == [1_083_427, 109_926, 101_860]
    assert len(splits.alphabet) == 65


def test_the_splits_share_no_play(plays, splits):
    parts = (text_generation.TRAIN, text_generation.VALIDATION, text_generation.TEST)
    names = [name for part in parts for name in part]
    assert len(set(names)) == len(names) == 10
    assert [len(part) for part in parts] == [8, 1, 1]
    for text, part in zip(splits, parts, strict=True):
        # every play named is there whole, and nothing else is
        assert all(plays[name] in text for name in part)
        assert len(text) == sum(len(plays[name]) + 1 for name in part) - 1


def test_the_splits_share_no_speech(splits):
    """No long passage of the test or validation play stands in the training text."""
    train = {line for line in splits.train.splitlines() if len(line) > 45}
    for held_out in (splits.validation, splits.test):
        lines = {line for line in held_out.splitlines() if len(line) > 45}
        assert len(lines) > 300
        assert lines & train == set()
    assert "MACBETH:" in splits.test and "MACBETH:" not in splits.train


def test_held_out_texts_use_the_training_alphabet(splits):
    assert set(splits.validation) | set(splits.test) <= set(splits.alphabet)


def test_no_markup_is_left(plays):
    for name, text in plays.items():
        assert not re.search(r"[*_#\\`\r\t]|  | $|\n{3}", text, flags=re.M), name
        assert text.count("[") == text.count("]"), name
        assert not re.search(r"\[[^\]]*\[", text), name
        assert text.endswith("\n") and not text.endswith("\n\n"), name


def test_speakers_lines_and_directions_are_kept(splits):
    assert splits.test.startswith(
        "Macbeth\n\nACT I\n\nSCENE I. A desert place.\n\n[Thunder and lightning. Enter three Witches]\n\n"
        "First Witch:\nWhen shall we three meet again\nIn thunder, lightning, or in rain?\n\n"
        "Second Witch:\nWhen the hurlyburly's done,\n"
    )
    assert splits.test.count("\nMACBETH:\n") == 145
    assert splits.test.count("\nLADY MACBETH:\n") == 59
    assert splits.test.count("MACBETH:") == 145 + 59
    assert splits.test.endswith("[Flourish. Exeunt]\n")


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# King Lear\n\n## ACT I\n", "King Lear\n\nACT I\n"),
        ("**PAGE & FORD**  \nWell met.\n", "PAGE & FORD:\nWell met.\n"),
        ("_Enter A,\nand B_\n", "[Enter A,\nand B]\n"),
        ("**A**  \n_\\[Aside]_  \nNo.\n", "A:\n[Aside]\nNo.\n"),
        ("*Exit Audley.*\n", "[Exit Audley.]\n"),
        ("And either _\\[ ]_  \nthe devil\n", "And either [ ]\nthe devil\n"),
        ("__\\[Awaking]_  \nWhat?\n", "[Awaking]\nWhat?\n"),
        ("'Mercy!'\\--'Farewell!'\n", "'Mercy!'--'Farewell!'\n"),
        ("_Exit_\n\nlines\n\n\n\n_Re-enter_\n", "[Exit]\n\nlines\n\n[Re-enter]\n"),
    ],
)
def test_markup_becomes_plain_text(markdown, text):
    assert text_generation.plain(markdown) == text


def test_encode_and_decode_are_inverse(splits):
    ids = text_generation.encode(splits.test, splits.alphabet)
    assert ids.shape == (len(splits.test),) and ids.dtype == np.int64
    assert ids.min() >= 0 and ids.max() < len(splits.alphabet)
    assert [splits.alphabet[i] for i in ids[:40]] == list(splits.test[:40])
    assert text_generation.decode(ids, splits.alphabet) == splits.test


@pytest.mark.parametrize("text", ["caf\u00e9", "a!b", "\U0001f3ad"])
def test_a_character_that_the_alphabet_lacks_is_named(text):
    stranger = next(character for character in text if character not in "abcdef")
    with pytest.raises(ValueError, match=re.escape(repr(stranger))):
        text_generation.encode(text, "abcdef")
