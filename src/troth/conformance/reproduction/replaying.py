"""A reproduction on another server: as the contract says, as the faulty one did, or otherwise."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from troth.conformance.reproduction.playing import Answer, Stage, seen
from troth.conformance.reproduction.steps import Reproduction
from troth.conformance.target import Target, reached
from troth.errors import UsageError

__all__ = ["Replay", "found_in", "replayed"]


@dataclass(frozen=True, slots=True)
class Replay:
    """``right``: as the contract says; ``wrong``: as the faulty server; ``other``: neither; ``stuck``: not playable."""

    verdict: Literal["right", "wrong", "other", "stuck"]
    found: Any
    answers: tuple[Answer, ...]
    reason: str = ""


def replayed(reproduction: Reproduction, target: Target) -> Replay:
    """Play the steps. Raises TargetError when nothing answers, UsageError when a principal is missing."""
    expects = reproduction.expects
    if expects is None:
        raise UsageError("The reproduction says nothing that could be expected.")
    target, connection, control = reached(target, f"replay-{secrets.token_hex(4)}")
    try:
        stage = Stage(connection, target.base_url, target.principals, control)
        answers = stage.play(reproduction.callers, reproduction.steps)
    except KeyError as missing:
        return Replay("stuck", None, (), f"an earlier answer did not give {missing}")
    finally:
        connection.close()
    found = seen(answers[expects.step], expects.at)
    verdict: Literal["right", "wrong", "other"] = (
        "right" if found == expects.right else "wrong" if found == expects.wrong else "other"
    )
    return Replay(verdict, found, tuple(answers))


def found_in(
    findings: Sequence[Mapping[str, Any]], identifier: str
) -> tuple[Mapping[str, Any], Reproduction]:
    """A finding of a JSON report by clause@operation, clause or id, with its reproduction. Raises UsageError."""
    named = [f for f in findings if identifier in (f.get("clause"), f.get("id"), _clause(f))]
    if not named:
        known = sorted({str(f.get("clause")) for f in findings})
        raise UsageError(f"The report has no finding {identifier!r}; it has {', '.join(known) or 'none'}.")
    for finding in named:
        given = (finding.get("evidence") or {}).get("reproduction")
        if given:
            try:
                return finding, Reproduction.from_json(given)
            except (KeyError, TypeError) as error:
                raise UsageError(f"The reproduction of {identifier} cannot be read: {error}.") from error
    raise UsageError(
        f"The finding {identifier!r} comes without a reproduction; its exchanges are in the report."
    )


def _clause(finding: Mapping[str, Any]) -> str:
    return str(finding.get("clause") or "").partition("@")[0]
