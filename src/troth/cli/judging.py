"""Options that say how a comparison is judged: the policy, single severities, the day, the notice, the waivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from troth.cli.comparing import Comparing, severity_of
from troth.compatibility import ALIASES, POLICIES, Comparison, compare, policy_of, read_waivers
from troth.contract import Contract
from troth.errors import UsageError

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
    settled: Comparing,
    *,
    policy: str | None,
    severities: Sequence[str],
    as_of: str | None,
    notice: int | None,
    waivers: Path | None,
) -> Comparison:
    """The comparison of two contracts under the options, else what is settled in the file.

    Raises UsageError or DocumentError where they are wrong.
    """
    chosen = policy_of(new, policy or settled.policy)
    own = dict(severity_of(*text.partition("=")[::2]) for text in severities)
    days = settled.notice if notice is None else notice
    chosen = replace(
        chosen,
        severities={**chosen.severities, **settled.severities, **own},
        notice=chosen.notice if days is None else days,
    )
    file = waivers or settled.waivers
    day = _day(as_of) if as_of is not None else settled.as_of or datetime.now(UTC).date()
    return compare(old, new, policy=chosen, as_of=day, waivers=read_waivers(file) if file else ())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date; expected one such as 2027-01-01.") from error
