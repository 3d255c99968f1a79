"""Clauses by operations as a table: a colour a verdict, and every violation leads to what shows it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from troth.findings import Case

__all__ = ["STYLE", "anchor", "matrix"]

STYLE = """
.matrix { overflow-x: auto; margin: 1rem 0; }
.matrix table { width: auto; font-size: .75rem; }
.matrix th, .matrix td { border: 1px solid var(--edge); padding: 0; }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); padding: .3rem 0; font-weight: normal; }
.matrix tbody th { padding: 0 .5rem; font-weight: normal; white-space: nowrap; position: sticky; left: 0; }
.matrix tbody th { background: Canvas; }
.matrix td { width: 1.1rem; min-width: 1.1rem; height: 1.1rem; text-align: center; }
.matrix td a { display: block; color: #fff; text-decoration: none; }
.conform { background: #2a7; } .violate { background: #c22; } .accepted { background: #859; }
.inconclusive { background: #db3; } .not-exercised { background: #8886; }
.key span { display: inline-block; padding: 0 .6rem; margin-right: .5rem; color: #fff; border-radius: .2rem; }
article:target { outline: 3px solid #c22; }
"""
_MARKS = {"conform": "", "violate": "!", "inconclusive": "?", "not-exercised": ""}


def anchor(name: str) -> str:
    """The fragment under which the report tells about a clause of an operation."""
    return "f-" + "".join(letter if letter.isalnum() else "-" for letter in name)


def matrix(cases: Sequence[Case]) -> str:
    """The table as HTML; empty when no case is about a clause of an operation."""
    cells = {tuple(case.name.split("@", 1)): case for case in cases if "@" in case.name}
    if not cells:
        return ""
    clauses, operations = (dict.fromkeys(key[index] for key in cells) for index in (0, 1))
    head = "".join(f"<th>{escape(name)}</th>" for name in operations)
    rows = "\n".join(
        f"<tr><th>{escape(clause)}</th>"
        + "".join(_cell(cells.get((clause, operation))) for operation in operations)
        + "</tr>"
        for clause in clauses
    )
    words = ("conform", "violate", "accepted", "inconclusive", "not-exercised")
    key = "".join(f'<span class="{word}">{word.replace("-", " ")}</span>' for word in words)
    return (
        f'<p class="key">{key}</p><div class="matrix"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def _cell(case: Case | None) -> str:
    if case is None:
        return "<td></td>"
    answered = bool(case.findings) and all(finding.severity == "info" for finding in case.findings)
    accepted = case.verdict == "violate" and answered
    word = "accepted" if accepted else case.verdict
    told = escape(
        f"{case.name}: {word.replace('-', ' ')}{': ' + case.detail if case.detail else ''}", quote=True
    )
    mark = _MARKS[case.verdict]
    inside = f'<a href="#{anchor(case.name)}">{mark}</a>' if case.findings else mark
    return f'<td class="{word}" title="{told}">{inside}</td>'
