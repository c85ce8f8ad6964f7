"""A verdict in words: plain text for terminals and logs, HTML for notebooks.

The HTML takes its colours from the page, so that it is readable in light and dark; nothing is said by colour
alone, and every text that a learner's code can influence is escaped.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnncourse.checks.verdict import Property, Verdict

_WIDTH = 100
_PRINTED = 8  # lines
_INDENT = " " * 11
# Chapters that have exercises and are not written yet: no message sends a learner to a missing page.
TO_COME: frozenset[str] = frozenset()


def _headline(verdict: Verdict) -> str:
    worth = "" if verdict.points is None else f" ({verdict.worth:g} of {verdict.points:g} marks)"
    if verdict.passed:
        return f"{verdict.exercise}: right{worth}. All {len(verdict.details)} properties hold. Well done."
    if verdict.score == 0:
        return f"{verdict.exercise}: not yet{worth}."
    return f"{verdict.exercise}: partly right, {verdict.score:.0%}{worth or ' of the marks'}."


def _sign(entry: Property) -> str:
    return "ok" if entry.passed else "not yet"


def _entries(verdict: Verdict, guarded: bool) -> list[tuple[str, str, str]]:
    """List sign, name and message of each property: repetitions shortened, those that wait in one entry."""
    entries, said = [], set()
    for entry in verdict.details:
        message = entry.guarded if guarded else entry.message
        if entry.counted:
            entries.append((_sign(entry), entry.name, "The same as above." if message in said else message))
            said |= {message} - {""}
    waiting = [entry.name for entry in verdict.details if not entry.counted]
    if waiting:
        entries.append(("waits", "; ".join(waiting), "Looked at as soon as some value is right."))
    return entries


def _advice(verdict: Verdict) -> list[str]:
    """Say what to do next; nothing where all is well."""
    if verdict.passed:
        return []
    stem, heading = verdict.section
    name = verdict.exercise.split(".")[-1]
    written = heading and stem not in TO_COME
    advice = [f"Read: the section '{heading}' of the chapter '{stem}'."] if written else []
    return [
        *advice,
        f'Help: hint("{verdict.exercise}")',
        f'Again with the same numbers: check("{verdict.exercise}", {name}, seed={verdict.seed})',
    ]


def _aside(verdict: Verdict) -> list[tuple[str, str]]:
    """Collect what the function said itself."""
    parts = [("Your function printed", _beginning(verdict.printed))] if verdict.printed.strip() else []
    if verdict.warned and not verdict.passed:
        parts.append(("It caused warnings", "\n".join(verdict.warned)))
    return parts


def _beginning(printed: str) -> str:
    """Keep the first lines of what was printed: a loop prints the same again and again."""
    lines = printed.rstrip().splitlines()
    return "\n".join([*lines[:_PRINTED], "..."] if len(lines) > _PRINTED else lines)


def text(verdict: Verdict, guarded: bool = False) -> str:
    """Write the verdict as plain text.

    Parameters
    ----------
    verdict : Verdict
    guarded : bool
        True: give no expected value away.
    """
    lines = [_headline(verdict)]
    if not verdict.passed:
        for finding in verdict.findings:
            lines += [*textwrap.wrap(finding, _WIDTH), ""]
        if verdict.called:
            lines += textwrap.wrap(f"Called: {verdict.called}", _WIDTH, subsequent_indent="        ")
        lines.append("")
        for sign, name, message in _entries(verdict, guarded):
            lines += textwrap.wrap(name, _WIDTH, initial_indent=f"  {sign:8} ", subsequent_indent=_INDENT)
            for line in message.splitlines():
                lines += textwrap.wrap(line, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
        advice = _advice(verdict)
        lines += ["", *(advice[:-1] if guarded else advice)]
    for title, said in _aside(verdict):
        lines += ["", f"{title}:", textwrap.indent(said, "    ")]
    return "\n".join(lines)


_BOX = "border:1px solid currentColor;border-left-width:6px;padding:0.6em 1em;max-width:60em;line-height:1.45"
_CODE = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0.3em 0;color:inherit;background:transparent"


def html(verdict: Verdict) -> str:
    """Write the verdict as HTML: one labelled group, a list of properties, signs in words."""
    parts = [
        f'<div role="group" aria-label="Verdict on {escape(verdict.exercise)}" style="{_BOX}">',
        f'<p style="margin:0"><strong>{escape(_headline(verdict))}</strong></p>',
    ]
    if not verdict.passed:
        parts += [f'<p style="margin:0.3em 0">{escape(finding)}</p>' for finding in verdict.findings]
        if verdict.called:
            parts.append(f'<p style="margin:0.3em 0">Called: <code>{escape(verdict.called)}</code></p>')
        parts.append('<ul style="margin:0.5em 0;padding-left:1.2em">')
        for sign, name, message in _entries(verdict, guarded=False):
            said = escape(message).replace("\n", "<br>")
            rest = f'<br><span style="overflow-wrap:anywhere">{said}</span>' if said else ""
            parts.append(f"<li><strong>{sign}:</strong> {escape(name)}{rest}</li>")
        parts.append("</ul>")
        parts += [f'<p style="margin:0.2em 0">{escape(line)}</p>' for line in _advice(verdict)]
    for title, said in _aside(verdict):
        parts.append(
            f'<p style="margin:0.5em 0 0">{escape(title)}:</p><pre style="{_CODE}">{escape(said)}</pre>'
        )
    parts.append("</div>")
    return "\n".join(parts)
