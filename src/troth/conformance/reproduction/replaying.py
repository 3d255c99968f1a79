"""A reproduction on another server: as the contract says, as the faulty one did, or otherwise."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from troth.conformance.post import Post
from troth.conformance.reproduction.answers import Answer
from troth.conformance.reproduction.playing import Stage
from troth.conformance.reproduction.steps import Inbox, Relation, Reproduction
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
    inbox = next((step for step in reproduction.steps if isinstance(step, Inbox)), None)
    post = Post(target, connection, str(inbox.how.get("handshake", ""))) if inbox else None
    try:
        stage = Stage(
            connection,
            target.base_url,
            target.principals,
            control,
            post=post,
            applications=target.applications,
        )
        played = stage.play(reproduction)
    finally:
        if post is not None:
            post.close()
        connection.close()
    if len(played.answers) <= expects.step or played.stuck:
        return Replay("stuck", None, played.answers, played.stuck)
    if isinstance(expects, Relation):
        if played.holds is None:
            return Replay("stuck", None, played.answers, played.told)
        return Replay("right" if played.holds else "wrong", played.told, played.answers)
    found = played.found
    verdict: Literal["right", "wrong", "other"] = (
        "right" if found == expects.right else "wrong" if found == expects.wrong else "other"
    )
    return Replay(verdict, found, played.answers)


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
            except (KeyError, TypeError, AttributeError) as error:
                raise UsageError(f"The reproduction of {identifier} cannot be read: {error}.") from error
    why = (named[0].get("evidence") or {}).get("unreproduced")
    raise UsageError(
        f"The finding {identifier!r} comes without a reproduction{f': {why}' if why else ''}; "
        "its exchanges are in the report."
    )


def _clause(finding: Mapping[str, Any]) -> str:
    return str(finding.get("clause") or "").partition("@")[0]
