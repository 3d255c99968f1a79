"""Options that say how a comparison is judged: the policy, single severities, the day, the notice, the waivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from troth.compatibility import ALIASES, POLICIES, Comparison, compare, policy_of, read_waivers, rules
from troth.contract import Contract
from troth.errors import UsageError, did_you_mean
from troth.findings import SEVERITIES, Severity

__all__ = ["judge", "judging_options"]

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--policy",
        type=click.Choice([*POLICIES, *ALIASES]),
        default=None,
        help="What a change means within a major version. Default: what the new contract says, else additive.",
    ),
    click.option(
        "--severity",
        "severities",
        multiple=True,
        metavar="RULE=LEVEL",
        help="Count a rule as breaking, error, warning or info; may repeat.",
    ),
    click.option(
        "--as-of",
        metavar="DATE",
        default=None,
        help="The day on which announced ends and waivers are judged. Default: today.",
    ),
    click.option(
        "--notice",
        type=click.IntRange(0),
        metavar="DAYS",
        default=None,
        help="How many days an end must be announced before. Default: what the policy says.",
    ),
    click.option(
        "--waivers",
        type=click.Path(dir_okay=False, path_type=Path),
        default=None,
        help="A TOML file of findings that somebody answers for, until a day.",
    ),
)


def judging_options(command: Command) -> Command:
    """Adds the options to a command, in their order."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def judge(
    old: Contract,
    new: Contract,
    *,
    policy: str | None,
    severities: Sequence[str],
    as_of: str | None,
    notice: int | None,
    waivers: Path | None,
) -> Comparison:
    """The comparison of two contracts under the options. Raises UsageError or DocumentError where they are wrong."""
    chosen = policy_of(new, policy)
    chosen = replace(chosen, severities={**chosen.severities, **dict(map(_severity, severities))})
    if notice is not None:
        chosen = replace(chosen, notice=notice)
    taken = read_waivers(waivers) if waivers is not None else ()
    return compare(old, new, policy=chosen, as_of=_day(as_of), waivers=taken)


def _severity(text: str) -> tuple[str, Severity]:
    rule, _, level = text.partition("=")
    if rule not in rules():
        raise UsageError(f"There is no rule {rule!r}.{did_you_mean(rule, rules())}")
    if level not in SEVERITIES:
        raise UsageError(f"{level!r} is no severity; expected one of {', '.join(SEVERITIES)}.")
    return rule, level


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date; expected one such as 2027-01-01.") from error
