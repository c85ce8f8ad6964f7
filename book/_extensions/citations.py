"""Lists of sources whose labels are what the text says: [Elman, 1990] and not [Elm90]."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting.author_year_title import SortingStyle

if TYPE_CHECKING:
    from pybtex.database import Entry
    from sphinx.application import Sphinx


class Labels(BaseLabelStyle):
    """One author, two, or the first *et al.*, then the year."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        """Yield a label for each entry; works of one year get a, b, c as the second, third, fourth."""
        seen: Counter[str] = Counter()
        for entry in sorted_entries:
            names = [" ".join(person.prelast_names + person.last_names) for person in entry.persons["author"]]
            authors = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
            label = f"{authors}, {entry.fields['year']}"
            yield label + " abcdefgh"[seen[label]].strip()
            seen[label] += 1


class AuthorYear(PlainStyle):
    """Pybtex's plain style, sorted by author and year, with these labels."""

    default_label_style = Labels
    default_sorting_style = SortingStyle


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the style under the name ``author_year``."""
    register_plugin("pybtex.style.formatting", "author_year", AuthorYear)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
