"""``troth changelog``: hold a changelog against the contracts it tells of, draft it, render it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from troth.cli.comparing import load_comparing
from troth.cli.options import format_option, output_option
from troth.cli.output import emit_json, note, say, show
from troth.cli.settings import load_settings
from troth.compatibility import (
    ALIASES,
    POLICIES,
    Changelog,
    Comparison,
    Grouping,
    changelog_json,
    changelog_markdown,
    changelog_page,
    check_changelog,
    compare,
    draft_entries,
    load_releases,
    of_resource,
    read_changelog,
    steps_of,
    write_announcement,
    write_entries,
)
from troth.contract import Contract, load_contract, shipped
from troth.errors import UsageError

__all__ = ["changelog"]


@click.group(
    epilog="""\b
Example:
  troth changelog check clientcasa
"""
)
def changelog() -> None:
    """Check, write or render a changelog."""


def _places(contract: str | None, given: Path | None, releases: Path | None) -> tuple[str, Path, Path]:
    """The contract's name, its changelog and its releases, by convention beside the contract."""
    named = contract or load_settings(target=False).contract
    if named is None:
        raise UsageError(
            "Which contract? Name it (with --contract or without), or set 'contract' in troth.toml."
        )
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


def contract_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The contract as an argument or as an option, whichever is given."""

    @wraps(command)
    def called(*, named: str | None, contract: str | None, **given: Any) -> Any:
        if named is not None and contract is not None:
            raise UsageError(f"Two contracts are named, {named!r} and {contract!r}; name one.")
        return command(contract=named or contract, **given)

    about = "The contract that the changelog tells of, as an option."
    option = click.option("--contract", metavar="CONTRACT", default=None, help=about)
    return click.argument("named", metavar="[CONTRACT]", required=False, default=None)(option(called))


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
    type=click.Choice([*POLICIES, *ALIASES]),
    default=None,
    help="What a change means within a major version. Default: what the contract says.",
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
  troth changelog check clientcasa
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
    policy = policy or load_comparing().policy
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
  troth changelog write clientcasa --from 1.0.0
"""
)
@contract_option
@changelog_option
@releases_option
@policy_option
@from_option
@to_option
@click.option(
    "--form",
    type=click.Choice(["auto", "sections", "table"]),
    default="auto",
    show_default=True,
    help="Sections of entries, or an announced release with a table. Default: as the changelog is written.",
)
@click.option("--released", metavar="DATE", default=None, help="The date to announce, with --form table.")
@json_option
def write(
    contract: str | None,
    path: Path | None,
    releases: Path | None,
    policy: str | None,
    start: str | None,
    end: str | None,
    form: str,
    released: str | None,
    as_json: bool,
) -> None:
    """Draft the entries for what changed since a release."""
    named, place, folder = _places(contract, path, releases)
    history = dict(_history(named, folder))
    old, new = _ends(named, history, start, end)
    comparison = compare(old, new, policy=policy or load_comparing().policy)
    entries = draft_entries(comparison)
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
    elif entries and (form == "table" or (form == "auto" and _announces(place, comparison))):
        heading = end or (new.version if new.version != old.version else "Unreleased")
        say(write_announcement(comparison, heading, released).rstrip("\n"))
    elif entries:
        say(write_entries(entries).rstrip("\n"))
    else:
        note("Nothing changed, so there is nothing to write.")


def _announces(place: Path, comparison: Comparison) -> bool:
    """Whether the house announces its releases: its changelog does, or, before there is one, its versions are dated."""
    if place.is_file():
        return read_changelog(place).announces
    return comparison.policy.versioning == "dated"


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
Examples:
  troth changelog render clientcasa --format html --output changelog.html
  troth changelog render clientcasa --format html --by resource --resource Clients
"""
)
@contract_option
@changelog_option
@from_option
@to_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html", "json"]),
    default="markdown",
    show_default=True,
    help="What to make of it; html is one page that needs nothing else.",
)
@click.option(
    "--by",
    type=click.Choice(["version", "resource"]),
    default="version",
    show_default=True,
    help="How an HTML page is divided.",
)
@click.option("--resource", metavar="NAME", default=None, help="Only the entries of one resource.")
@output_option
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def render(
    contract: str | None,
    path: Path | None,
    start: str | None,
    end: str | None,
    form: str,
    by: Grouping,
    resource: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Print a changelog, or some of it, as Markdown, as an HTML page or as JSON."""
    named, place, _ = _places(contract, path, None)
    told = _span(read_changelog(place), start, end)
    if resource is not None:
        told = of_resource(told, resource)
        if not told.releases:
            raise UsageError(f"No entry of {place} is about {resource!r}.")
    form = "json" if as_json else form
    title = f"{load_contract(named).title} changelog" + (f": {resource}" if resource else "")
    made = {
        "markdown": lambda: changelog_markdown(told),
        "html": lambda: changelog_page(told, title, by),
        "json": lambda: json.dumps(changelog_json(told), ensure_ascii=False, indent=2) + "\n",
    }[form]()
    if output is None:
        say(made.rstrip("\n"))
        return
    try:
        output.write_text(made, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The page cannot be written to {output}: {error.strerror}.") from error
    note(f"Written to {output}.")


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
