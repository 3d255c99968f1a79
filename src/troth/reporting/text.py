"""The report on a terminal or in a log: plain lines, or the same lines in colour."""

from __future__ import annotations

from collections.abc import Iterator

from troth.findings import Finding
from troth.reporting.exchanges import curl, transcript
from troth.reporting.paragraphs import paragraphs, steps
from troth.reporting.places import subject_of
from troth.reporting.report import Report

__all__ = ["write", "write_coloured"]

Span = tuple[str, str]
"""A piece of a line and its style."""

_STYLES = {"breaking": "bold red", "error": "bold red", "warning": "bold yellow", "info": "bold blue"}
_INDENT = "  "
#: A screen is small; the files have the rest.
_LONGEST_BODY = 400


def write(report: Report) -> str:
    """The lines without any styling."""
    return "".join("".join(text for text, _ in line) + "\n" for line in _lines(report))


def write_coloured(report: Report) -> str:
    """The same characters with ANSI styles in between."""
    # rich costs 50 ms to import and is needed on a terminal only.
    from rich.style import Style  # noqa: PLC0415

    return "".join(
        "".join(Style.parse(style).render(text) for text, style in line) + "\n" for line in _lines(report)
    )


def _lines(report: Report) -> Iterator[list[Span]]:
    yield [(report.title, "bold")]
    for finding in report.findings:
        yield []
        yield from _finding(finding)
    if report.unjudged:
        yield []
    for case in report.unjudged:
        reason = f": {case.detail}" if case.detail else ""
        yield [(case.verdict.replace("-", " "), "yellow"), (f"  {case.name}{reason}", "none")]
    yield []
    bad = any(finding.severity in {"breaking", "error"} for finding in report.findings)
    yield [(report.sentence, "bold red" if bad else "bold green")]


def _finding(finding: Finding) -> Iterator[list[Span]]:
    subject = f"  {subject_of(finding)}"
    yield [(finding.severity, _STYLES[finding.severity]), (subject, "cyan"), (f"  {finding.title}", "bold")]
    for paragraph in paragraphs(finding):
        for line in paragraph.splitlines():
            yield [(f"{_INDENT}{line}", "none")]
    for exchange in steps(finding):
        if exchange.get("principal"):
            yield [(f"{_INDENT}# as {exchange['principal']}", "dim")]
        for line in curl(exchange["request"], exchange.get("principal")).splitlines():
            yield [(f"{_INDENT}{line}", "none")]
        if isinstance(exchange.get("response"), dict):
            for line in transcript(exchange["response"], _LONGEST_BODY).splitlines():
                yield [(f"{_INDENT}< {line}".rstrip(), "dim")]
