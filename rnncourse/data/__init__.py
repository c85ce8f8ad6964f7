"""Data sets: real, small, licensed, fetched once and there without a network from then on.

Each set is described in a module of its own, named like the lab that uses it, with ``load()`` for its splits;
here is the catalogue of them all, which ``rnncourse data`` shows.
"""

from __future__ import annotations

from pathlib import Path

from rnncourse.data.dataset import DataSet
from rnncourse.data.text_generation import SHAKESPEARE
from rnncourse.errors import CourseError

__all__ = ["DataSet", "cite", "describe", "get", "names", "verify"]

_CATALOGUE = {dataset.name: dataset for dataset in (SHAKESPEARE,)}


def names() -> tuple[str, ...]:
    """Return the names of all data sets."""
    return tuple(_CATALOGUE)


def describe(name: str) -> DataSet:
    """Return what is known about a data set; nothing is fetched.

    Raises
    ------
    CourseError
        There is no data set of this name; the sentence lists those that there are.
    """
    try:
        return _CATALOGUE[name]
    except KeyError:
        raise CourseError(f"there is no data set {name!r}; choose from: {', '.join(_CATALOGUE)}") from None


def get(name: str) -> Path:
    """Return the folder with the files of a data set, fetched first if need be (see `DataSet.get`)."""
    return describe(name).get()


def verify(name: str) -> None:
    """Compare a cached data set with its hashes (see `DataSet.verify`)."""
    describe(name).verify()


def cite(name: str) -> str:
    """Return the BibTeX entry of a data set."""
    return describe(name).citation
