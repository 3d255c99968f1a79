"""``troth diff``: what changed between two contracts, and what it means for who uses them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from troth.cli.comparing import LEVELS, load_comparing
from troth.cli.judging import judge, judging_options
from troth.cli.options import format_option, output_option
from troth.cli.output import note, say, show, write_report
from troth.compatibility import (
    BUMPS,
    Comparison,
    Touched,
    bump_made,
    bump_needed,
    draft_entries,
    read_traffic,
    suggested_version,
    touched_by,
    write_entries,
)
from troth.contract import load_contract
from troth.contract.collecting import without_collection
from troth.errors import UsageError
from troth.findings import SEVERITIES, Finding, Severity
from troth.reporting import render

__all__ = ["diff"]

GRAVE: dict[str, Severity] = {"breaking": "breaking", "warning": "warning", "info": "info"}


@click.command(
    epilog="""\b
Examples:
  troth diff clientcasa@1.0.0 clientcasa
  troth diff git:main:openapi.yaml openapi.yaml --format github --fail-on warning
"""
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default=None,
    help="End with exit code 1 when something this grave, or graver, is found. Default: breaking.",
)
@judging_options
@click.option(
    "--overlay",
    "overlays",
    multiple=True,
    metavar="FILE",
    help="An overlay to lay over both contracts; may repeat.",
)
@click.option(
    "--traffic",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Recorded requests (HAR, or a mock's journal): tell which of them, and whose, each change touches.",
)
@click.option(
    "--consumer",
    metavar="HEADER",
    default="user-agent",
    show_default=True,
    help="The header that says who sent a recorded request.",
)
@format_option
@output_option
@click.option("--config", type=click.Path(path_type=Path), help="The settings; else the nearest troth.toml.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@without_collection()
def diff(
    old: str,
    new: str,
    fail_on: str | None,
    overlays: tuple[str, ...],
    traffic: Path | None,
    consumer: str,
    form: str,
    output: Path | None,
    config: Path | None,
    as_json: bool,
    **judging: Any,
) -> int:
    """Compare two versions of a contract.

    OLD and NEW are shipped names (clientcasa, clientcasa@1.0.0), files, directories, URLs or git:REF:path; one
    of them may be - for the standard input. Each difference is one finding at the place that was edited; what breaks
    comes with a value that shows it.

    What a team settles for all comparisons stands in the [diff] table of troth.toml; options come before it.

    Exit codes: 0 nothing as grave as --fail-on, 1 something (or a waiver that is stale or expired), 2 usage or
    document error, 4 internal.
    """
    settled = load_comparing(config)
    overlays = (*settled.overlays, *overlays)
    before, after = load_contract(old, overlays=overlays), load_contract(new, overlays=overlays)
    comparison = judge(before, after, settled, **judging)
    touched = touched_by(comparison, read_traffic(traffic, consumer)) if traffic is not None else None
    _write(touched.comparison if touched else comparison, "json" if as_json else form, output, touched)
    level = fail_on or settled.fail_on or "breaking"
    if level == "never":
        return 0
    return 1 if comparison.remarks or comparison.at_least(GRAVE[level]) else 0


def _write(comparison: Comparison, form: str, output: Path | None, touched: Touched | None) -> None:
    """For people a list by resource, with the grave findings in full; for machines every finding."""
    title = _title(comparison)
    if form not in ("text", "markdown"):
        old, new = comparison.delta.old.version, comparison.delta.new.version
        head: dict[str, Any] = {
            "old": old,
            "new": new,
            "policy": comparison.policy.name,
            "bump": {
                "needed": bump_needed(comparison),
                "made": bump_made(old, new),
                "suggested": suggested(comparison),
            },
        }
        if touched is not None:
            head["traffic"] = {"requests": touched.requests, "known": touched.known}
        if output is None:
            show(comparison.findings, form, title=title, head=head)
        else:
            write_report(output, comparison.findings, form, title=title, head=head)
        return
    text = _for_people(comparison, form, title, touched)
    if output is None:
        say(text.rstrip("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The {form} report cannot be written to {output}: {error.strerror}.") from error
    note(f"Written to {output}.")


def _title(comparison: Comparison) -> str:
    old, new = comparison.delta.old, comparison.delta.new
    before, after = (
        (old.version, new.version)
        if old.version != new.version
        else (f"{old.version} ({old.source})", new.source)
    )
    return f"{new.title}: {before} → {after}"


def _for_people(comparison: Comparison, form: str, title: str, touched: Touched | None) -> str:
    grave = [finding for finding in comparison.findings if finding.severity != "info"]
    parts = (
        [render(grave, form, title=title)]
        if grave
        else [f"# {title}\n" if form == "markdown" else f"{title}\n"]
    )
    listed = write_entries(draft_entries(comparison))
    if listed:
        parts.append(
            listed if form == "markdown" else listed.replace("### ", "").replace("**", "").replace("`", "")
        )
    if not grave:
        parts.append(_summary(comparison.findings))
    parts.append(_waived(comparison.findings, form))
    if touched is not None:
        parts.append(_hit(touched, form))
    parts.append(_advice(comparison))
    return "\n".join(filter(None, parts))


def _waived(findings: tuple[Finding, ...], form: str) -> str:
    """What somebody answers for, and until when: it counts as harmless, and is not passed over in silence."""
    lines = [
        f"- {waived['severity']}: {finding.title}. {waived['owner']} answers for it until {waived['until']}: "
        f"{waived['reason']}"
        for finding in findings
        if (waived := finding.evidence.get("waived"))
    ]
    heading = "### Waived\n\n" if form == "markdown" else "Waived\n\n"
    return heading + "\n".join(lines) + "\n" if lines else ""


def _hit(touched: Touched, form: str) -> str:
    """Who is hit, the gravest change first."""
    heading = "### Who is hit\n\n" if form == "markdown" else "Who is hit\n\n"
    counted = f"{touched.known} of {touched.requests} recorded requests are of this API."
    lines = [
        f"- {finding.severity}: {finding.title}: {_consumers(traffic)}"
        for finding in touched.comparison.findings
        if (traffic := finding.evidence.get("traffic"))
    ]
    return heading + "\n".join([*lines, "", counted] if lines else [f"Nobody. {counted}"]) + "\n"


def _consumers(traffic: Any) -> str:
    named = ", ".join(f"{name} {count}" for name, count in traffic["consumers"].items())
    return f"{traffic['requests']} ({named}), such as {traffic['examples'][0]}"


def _advice(comparison: Comparison) -> str:
    """The next version, where the new contract's own says less than what changed asks for."""
    old, new = comparison.delta.old.version, comparison.delta.new.version
    needed, made = bump_needed(comparison), bump_made(old, new)
    if needed == "none" or (made is not None and BUMPS.index(made) >= BUMPS.index(needed)):
        return ""
    next_one = suggested(comparison)
    said = "a new version" if comparison.policy.versioning == "dated" else f"a new {needed} version"
    return f"What changed asks for {said} after {old}{f', such as {next_one}' if next_one else ''}.\n"


def suggested(comparison: Comparison) -> str | None:
    """The next version after the old contract's, None where it is no version in three numbers."""
    return suggested_version(
        comparison.delta.old.version, bump_needed(comparison), comparison.policy.versioning
    )


def _summary(findings: tuple[Finding, ...]) -> str:
    counts = {severity: sum(f.severity == severity for f in findings) for severity in SEVERITIES}
    if not findings:
        return "No difference.\n"
    told = ", ".join(
        f"{count} {severity}" for severity, count in counts.items() if count and severity != "info"
    )
    waived = sum("waived" in finding.evidence for finding in findings)
    counts["info"] -= waived
    changes = f"{counts['info']} compatible change{'s' if counts['info'] != 1 else ''}"
    return f"{changes}, {told or 'nothing that breaks'}{f', {waived} waived' if waived else ''}.\n"
