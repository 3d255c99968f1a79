"""``troth changelog``: hold a changelog against the contracts it tells of, draft it, render it."""

from __future__ import annotations

from pathlib import Path

import click

from troth.cli.options import format_option
from troth.cli.output import emit_json, note, say, show
from troth.cli.settings import load_settings
from troth.compatibility import (
    POLICIES,
    Changelog,
    check_changelog,
    compare,
    draft_entries,
    load_releases,
    read_changelog,
    steps_of,
    write_entries,
)
from troth.contract import Contract, load_contract, shipped
from troth.errors import UsageError

__all__ = ["changelog"]


@click.group(
    epilog="""\b
Example:
  troth changelog check --contract clientcasa
"""
)
def changelog() -> None:
    """Check, write or render a changelog."""


def _places(contract: str | None, given: Path | None, releases: Path | None) -> tuple[str, Path, Path]:
    """The contract's name, its changelog and its releases, by convention beside the contract."""
    named = contract or load_settings(target=False).contract
    if named is None:
        raise UsageError("Which contract? Give --contract NAME, or set 'contract' in troth.toml.")
    home = _home(named)
    return named, given or home / "CHANGELOG.md", releases or home / "releases"


def _home(named: str) -> Path:
    path = Path(named)
    if path.is_dir():
        return path
    if path.is_file():
        return path.parent
    known = shipped()
    return known.spec / named if named in known.names() else Path()


def _history(named: str, releases: Path) -> tuple[tuple[str, Contract], ...]:
    """The releases; those of a shipped contract by name, so that its behaviour is laid over them."""
    is_shipped = not Path(named).exists() and releases.resolve() == (_home(named) / "releases").resolve()
    return load_releases(releases, named if is_shipped else None)


contract_option = click.option(
    "--contract", metavar="CONTRACT", default=None, help="The contract that the changelog tells of."
)
changelog_option = click.option(
    "--changelog",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="The changelog. Default: CHANGELOG.md beside the contract.",
)
releases_option = click.option(
    "--releases",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="A folder with one contract a release. Default: releases/ beside the contract.",
)
policy_option = click.option(
    "--policy",
    type=click.Choice(list(POLICIES)),
    default=None,
    help="What a change means within a major version.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
from_option = click.option(
    "--from", "start", metavar="VERSION", default=None, help="Begin after this release."
)
to_option = click.option(
    "--to",
    "end",
    metavar="VERSION",
    default=None,
    help="End with this release; default is what is unreleased.",
)


@changelog.command(
    epilog="""\b
Example:
  troth changelog check --contract clientcasa
"""
)
@contract_option
@changelog_option
@releases_option
@policy_option
@format_option
@json_option
def check(
    contract: str | None,
    path: Path | None,
    releases: Path | None,
    policy: str | None,
    form: str,
    as_json: bool,
) -> int:
    """Hold a changelog against the contracts, both ways.

    What changed must be told, what is told must have changed, nothing that breaks may stand under Added or Changed,
    and nothing may go within a major version.

    Exit codes: 0 it is true, 1 it lies, 2 usage or document error, 4 internal.
    """
    named, place, folder = _places(contract, path, releases)
    told = read_changelog(place)
    steps = steps_of(told, load_contract(named), _history(named, folder), policy)
    findings = check_changelog(told, steps)
    form = "json" if as_json else form
    changes = sum(len(step.comparison.judged) for step in steps if step.comparison)
    if findings or form != "text":
        show(
            findings,
            form,
            title=f"{place}: {len(findings)} statements that do not hold",
            head={"releases": len(steps), "changes": changes},
        )
    else:
        say(
            f"{place} is true: {changes} changes in {len(steps)} releases, each told, and nothing told that is not so."
        )
    return 1 if findings else 0


@changelog.command(
    epilog="""\b
Example:
  troth changelog write --contract clientcasa --from 1.0.0
"""
)
@contract_option
@releases_option
@policy_option
@from_option
@to_option
@json_option
def write(
    contract: str | None,
    releases: Path | None,
    policy: str | None,
    start: str | None,
    end: str | None,
    as_json: bool,
) -> None:
    """Draft the entries for what changed since a release."""
    named, _, folder = _places(contract, None, releases)
    history = dict(_history(named, folder))
    old, new = _ends(named, history, start, end)
    entries = draft_entries(compare(old, new, policy=policy))
    if as_json:
        emit_json(
            [
                {
                    "section": e.section,
                    "resource": e.resource,
                    "text": "; ".join(e.parts),
                    "changes": [item.finding.id for item in e.items],
                }
                for e in entries
            ]
        )
    elif entries:
        say(write_entries(entries).rstrip("\n"))
    else:
        note("Nothing changed, so there is nothing to write.")


def _ends(
    named: str, history: dict[str, Contract], start: str | None, end: str | None
) -> tuple[Contract, Contract]:
    """The two contracts of a span: by default the last release and the current one."""
    for version in (start, end):
        if version is not None and version not in history:
            raise UsageError(f"There is no release {version!r}; known are {', '.join(history) or 'none'}.")
    if not history:
        raise UsageError("There is no release to compare with.")
    versions = list(history)
    new = history[end] if end else load_contract(named)
    before = start or (
        versions[versions.index(end) - 1]
        if end and versions.index(end)
        else versions[0]
        if end
        else versions[-1]
    )
    return history[before], new


@changelog.command(
    epilog="""\b
Example:
  troth changelog render --contract clientcasa --json
"""
)
@contract_option
@changelog_option
@from_option
@to_option
@json_option
def render(
    contract: str | None, path: Path | None, start: str | None, end: str | None, as_json: bool
) -> None:
    """Print a changelog, or some of its releases, as Markdown or JSON."""
    _, place, _ = _places(contract, path, None)
    told = _span(read_changelog(place), start, end)
    if as_json:
        emit_json(
            [
                {
                    "version": r.version,
                    "date": r.date,
                    "heading": r.heading,
                    "line": r.line,
                    "entries": [
                        {"section": i.section, "resource": i.label, "text": i.text, "line": i.line}
                        for i in r.items
                    ],
                }
                for r in told.releases
            ]
        )
        return
    for release in told.releases:
        say(f"## {release.heading}\n")
        section = ""
        for item in release.items:
            if item.section != section:
                section = item.section
                say(f"### {section}\n")
            say(f"- {item.text}")
        say()


def _span(told: Changelog, start: str | None, end: str | None) -> Changelog:
    """The releases above ``start`` and from ``end`` downwards; newest first, as they stand."""
    versions = [release.version for release in told.releases]
    for version in (start, end):
        if version is not None and version not in versions:
            known = ", ".join(str(v) for v in versions if v)
            raise UsageError(f"The changelog has no release {version!r}; known are {known}.")
    top = versions.index(end) if end else 0
    bottom = versions.index(start) if start else len(versions)
    return Changelog(told.path, told.releases[top:bottom])
