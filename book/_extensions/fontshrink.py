"""Fonts cut down to the glyphs that a page shows."""

from __future__ import annotations

import logging
from pathlib import Path

from fontTools import subset

logging.getLogger("fontTools").setLevel(logging.ERROR)


def subset_font(source: Path, target: Path, text: str) -> None:
    """Write ``source`` as woff2 to ``target`` with the glyphs of ``text`` alone."""
    options = subset.Options(flavor="woff2", layout_features=["*"], notdef_outline=True)
    options.recalc_timestamp = False  # the same input gives the same bytes
    target.parent.mkdir(parents=True, exist_ok=True)
    with subset.load_font(str(source), options) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=text)
        subsetter.subset(font)
        subset.save_font(font, str(target), options)
