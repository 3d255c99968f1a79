"""``troth replay``: play a finding's reproduction again, on the same server or on another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from troth.cli.output import emit_json, say
from troth.cli.settings import load_settings
from troth.errors import UsageError

__all__ = ["replay"]

_STUCK = 5


@click.command(
    "replay",
    epilog="""\b
Examples:
  troth verify clientcasa --base-url http://127.0.0.1:4010/api --json > report.json
  troth replay tenancy.read@getClient --report report.json --base-url http://127.0.0.1:4010/api
  troth replay tenancy.read@getClient --report report.json --script > repro.py
""",
)
@click.argument("identifier", metavar="ID")
@click.option(
    "--report",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A JSON report of troth verify.",
)
@click.option("--base-url", metavar="URL", help="Where the API is, its base path included.")
@click.option(
    "--config", type=click.Path(path_type=Path), help="The target file; else the nearest troth.toml."
)
@click.option(
    "--principal",
    "principals",
    multiple=True,
    metavar="NAME,tenant=T,header=K:V",
    help="A credential; may repeat.",
)
@click.option(
    "--control", metavar="URL", help="The target's control plane; a Troth mock's is found by itself."
)
@click.option("--script", is_flag=True, help="Print the reproduction as a script instead of playing it.")
@click.option("--json", "as_json", is_flag=True, help="Print what came of it as JSON.")
def replay(
    identifier: str, *, report: Path, script: bool, as_json: bool, config: Path | None, **options: Any
) -> int:
    """Play a finding's reproduction.

    ID is a clause@operation of the report. Exit codes: 0 the server answers as the contract says, 1 it does not,
    2 usage error, 3 target unreachable, 4 internal, 5 the steps cannot be played there.
    """  # fmt: skip
    from troth.conformance.reproduction import script as script_of  # noqa: PLC0415 - keeps `troth --help` fast
    from troth.conformance.reproduction.replaying import found_in  # noqa: PLC0415

    finding, reproduction = found_in(findings_of(report), identifier)
    if script:
        place = finding.get("location") or {}
        told = f"{place.get('document', '')}:{place.get('line') or ''} {place.get('pointer', '')}".strip(": ")
        title = f"{finding['clause']}: {finding['title']}"
        say(
            script_of(
                reproduction, name=str(finding["clause"]), title=title, detail=finding["detail"], place=told
            )
        )
        return 0
    return _play(finding, reproduction, config, options, as_json=as_json)


def findings_of(report: Path) -> list[dict[str, Any]]:
    """The findings of a JSON report. Raises UsageError when it is none."""
    try:
        found = json.loads(report.read_text(encoding="utf-8"))["findings"]
    except OSError as error:
        raise UsageError(f"{report}: the report cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{report}: this is no JSON report of troth verify.") from error
    if not isinstance(found, list):
        raise UsageError(f"{report}: this is no JSON report of troth verify.")
    return found


def _play(finding: Any, reproduction: Any, config: Path | None, options: Any, *, as_json: bool) -> int:
    from troth.cli.targets import target_of  # noqa: PLC0415 - as above
    from troth.conformance.reproduction.replaying import replayed  # noqa: PLC0415
    from troth.conformance.reproduction.standing_alone import told  # noqa: PLC0415

    found = replayed(reproduction, target_of(load_settings(config), {**options, "rate": None}))
    expects = reproduction.expects
    if as_json:
        emit_json(
            {
                "clause": finding["clause"], "verdict": found.verdict,
                **{name: value for name, value in expects.as_json().items() if name in ("at", "right", "relation")},
                "found": found.found, "statuses": [answer.status for answer in found.answers], "reason": found.reason,
            }
        )  # fmt: skip
    else:
        for step, answer in zip(reproduction.steps, found.answers, strict=False):
            say(told(step.as_json(), answer))
        say(
            _sentence(str(finding["clause"]), found, expects),
            style="green" if found.verdict == "right" else "red",
        )
    return {"right": 0, "wrong": 1, "other": 1, "stuck": _STUCK}[found.verdict]


def _sentence(clause: str, found: Any, expects: Any) -> str:
    if found.verdict == "stuck":
        return f"{clause} cannot be replayed here: {found.reason}."
    if not hasattr(expects, "at"):
        return f"{clause} {'holds' if found.verdict == 'right' else 'does not hold'} here: {found.found}."
    where = f"{expects.at} of the answer to step {expects.step + 1}"
    if found.verdict == "right":
        return f"{clause} holds here: {where} is {found.found!r}."
    return f"{clause} does not hold here: {where} is {found.found!r} instead of {expects.right!r}."
