"""A verdict in words: plain text for terminals and logs, HTML for notebooks.

The HTML takes its colours from the page, so that it is readable in light and dark; nothing is said by colour alone, and
every text that a learner's code can influence is escaped.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .verdict import Property, Verdict

_WIDTH = 100
_INDENT = " " * 11


def _headline(verdict: Verdict) -> str:
    if verdict.passed:
        return f"{verdict.exercise}: right. All {len(verdict.details)} properties hold."
    if verdict.score == 0:
        return f"{verdict.exercise}: not yet."
    return f"{verdict.exercise}: partly right, {verdict.score:.0%} of the marks."


def _sign(entry: Property) -> str:
    return "ok" if entry.passed else "not yet" if entry.counted else "waits"


def _message(entry: Property, guarded: bool) -> str:
    return entry.message if guarded or not entry.numbers else entry.numbers


def _advice(verdict: Verdict) -> list[str]:
    """What to do next; nothing where all is well."""
    if verdict.passed:
        return []
    stem, heading = verdict.section
    advice = [f"Read: the section '{heading}' of the chapter '{stem}'."] if heading else []
    return [
        *advice,
        f'Help: hint("{verdict.exercise}")',
        f'Again with the same numbers: check("{verdict.exercise}", {verdict.exercise.split(".")[-1]}, seed={verdict.seed})',
    ]


def _aside(verdict: Verdict) -> list[tuple[str, str]]:
    """What the function said itself."""
    parts = [("Your function printed", verdict.printed.rstrip())] if verdict.printed.strip() else []
    if verdict.warned and not verdict.passed:
        parts.append(("It caused warnings", "\n".join(verdict.warned)))
    return parts


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
        if verdict.called:
            lines += textwrap.wrap(f"Called: {verdict.called}", _WIDTH, subsequent_indent="        ")
        lines.append("")
        for entry in verdict.details:
            message = _message(entry, guarded)
            lines.append(f"  {_sign(entry):8} {entry.name}")
            for line in message.splitlines():
                lines += textwrap.wrap(
                    line, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT, drop_whitespace=True
                )
        for finding in verdict.findings:
            lines += ["", *textwrap.wrap(finding, _WIDTH)]
        advice = _advice(verdict)
        lines += ["", *(advice[:-1] if guarded else advice)]
    for title, said in _aside(verdict):
        lines += ["", f"{title}:", textwrap.indent(said, "    ")]
    return "\n".join(lines)


_BOX = "border:1px solid currentColor;border-left-width:6px;padding:0.6em 1em;max-width:60em;line-height:1.45"
_CODE = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0.3em 0;color:inherit;background:transparent"


def html(verdict: Verdict) -> str:
    """Write the verdict as HTML: one labelled region, a list of properties, signs in words."""
    parts = [
        f'<section aria-label="Verdict on {escape(verdict.exercise)}" style="{_BOX}">',
        f'<p style="margin:0"><strong>{escape(_headline(verdict))}</strong></p>',
    ]
    if not verdict.passed:
        if verdict.called:
            parts.append(f'<p style="margin:0.3em 0">Called: <code>{escape(verdict.called)}</code></p>')
        parts.append('<ul style="margin:0.5em 0;padding-left:1.2em">')
        for entry in verdict.details:
            message = escape(_message(entry, guarded=False)).replace("\n", "<br>")
            rest = f'<br><span style="overflow-wrap:anywhere">{message}</span>' if message else ""
            parts.append(f"<li><strong>{_sign(entry)}:</strong> {escape(entry.name)}{rest}</li>")
        parts.append("</ul>")
        parts += [f"<p><strong>{escape(finding)}</strong></p>" for finding in verdict.findings]
        parts += [f'<p style="margin:0.2em 0">{escape(line)}</p>' for line in _advice(verdict)]
    for title, said in _aside(verdict):
        parts.append(f'<p style="margin:0.5em 0 0">{escape(title)}:</p><pre style="{_CODE}">{escape(said)}</pre>')
    parts.append("</section>")
    return "\n".join(parts)
