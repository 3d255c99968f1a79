"""The main part of a script: one play on the server that is named, and what came of it.

It needs nothing but Python's standard library, so that scripts carry it along.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from troth.conformance.reproduction.answers import Answer
from troth.conformance.reproduction.deliveries import Listening
from troth.conformance.reproduction.player import Player, Stuck

__all__ = ["main"]

OPENER = urllib.request.build_opener(
    type("Unfollowed", (urllib.request.HTTPRedirectHandler,), {"redirect_request": lambda *_: None})
)


def send(
    method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, Mapping[str, str], bytes]:
    """One request; redirects are answers like any other."""
    request = urllib.request.Request(url, body or None, dict(headers), method=method)  # noqa: S310 - the URL is given
    try:
        with OPENER.open(request, timeout=30) as answer:
            return answer.status, dict(answer.headers.items()), answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers.items()), refusal.read()
    except OSError as error:
        raise Stuck(f"nothing answers at {url}: {error}") from None


def credential(about: Mapping[str, Any], control: str) -> dict[str, str]:
    """The headers of a caller from the environment; from the control plane where they are not there."""
    missing = [variable for variable in about["headers"].values() if variable not in os.environ]
    if not missing:
        return {header: os.environ[variable] for header, variable in about["headers"].items()}
    if not control or about["tenant"] is None or about.get("token"):
        header = next(name for name, variable in about["headers"].items() if variable == missing[0])
        raise Stuck(f"Set {missing[0]} to the header {header} of {about['name']}")
    asked = {key: about[key] for key in ("tenant", "scopes", "permissions", "settings")}
    body = json.dumps({**asked, "name": f"replay-{secrets.token_hex(4)}"}).encode()
    status, _, content = send("POST", f"{control}/principals", {"Content-Type": "application/json"}, body)
    if not 200 <= status < 300:  # noqa: PLR2004 - success
        raise Stuck(f"the control plane answers {status} to POST /principals")
    made = json.loads(content)
    return {**made["headers"], **{f"?{name}": value for name, value in made.get("query", {}).items()}}


def client(about: Mapping[str, Any]) -> dict[str, str]:
    """An OAuth client from the environment, as it was recorded where that is silent."""
    found = {
        name: os.environ.get(variable, about["given"].get(name))
        for name, variable in about["variables"].items()
    }
    for name, value in found.items():
        if value is None:
            raise Stuck(f"Set {about['variables'][name]} to the {name} of the OAuth client {about['name']}")
    return found


def told(step: Mapping[str, Any], answer: Answer) -> str:
    """A step and its answer on one line."""
    if "clock" in step:
        return "the clock moves " + " ".join(f"{word} {value}" for word, value in step["clock"].items())
    if "inbox" in step:
        return f"{step['inbox']} is opened"
    if "close" in step:
        return f"the subscription of {step['close']} ends"
    if "look" in step:
        return "deliveries: " + ", ".join(f"{name} {about['count']}" for name, about in answer.json.items())
    if "together" in step:
        again = f", {answer.json['tries']} times, then {answer.json['found']}" if "orders" in step else ""
        return f"{len(step['together'])} requests at once -> {answer.json['statuses']}{again}"
    times = f", {step['times']} times" if step.get("times", 1) > 1 else ""
    shown = f"{answer.status}, {answer.text}" if "walk" in step and answer.status < 300 else answer.status  # noqa: PLR2004 - success
    return f"{step['as'] or 'anonymous'}: {step['method']} {step['path']}{times} -> {shown}"


def ended(holds: bool | None, found: str) -> NoReturn:
    """The end of a play that looked for a relation."""
    if holds is None:
        sys.stderr.write(f"This cannot be told: {found}.\n")
        sys.exit(2)
    sys.stdout.write(f"{'OK' if holds else 'FAILED'}: {found}.\n")
    sys.exit(0 if holds else 1)


def main(
    callers: Sequence[Mapping[str, Any]],
    clients: Sequence[Mapping[str, Any]],
    base_path: str,
    steps: Sequence[Mapping[str, Any]],
    expects: Mapping[str, Any],
) -> None:
    """Play the steps on the server of the first argument and end with the verdict."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    base, control = sys.argv[1].rstrip("/"), sys.argv[2].rstrip("/") if sys.argv[2:] else ""
    listening = Listening() if any("inbox" in step for step in steps) else None
    try:
        credentials = {about["name"]: credential(about, control) for about in callers}
        credentials |= {about["name"]: client(about) for about in clients}
        player = Player(
            base, send, credentials, control=control, inboxes=listening, root=base.removesuffix(base_path),
            tenants={about["name"]: about["tenant"] for about in callers},
        )  # fmt: skip
        answers = []
        for number, (step, answer) in enumerate(zip(steps, player.play(steps), strict=True), 1):
            answers.append(answer)
            sys.stdout.write(f"{number}. {told(step, answer)}\n")
    except Stuck as reason:
        sys.stderr.write(f"This cannot go on: {reason}.\n")
        sys.exit(2)
    finally:
        if listening is not None:
            listening.close()
    if "relation" in expects:
        ended(*player.related(expects))
    fallen = player.falls(expects)
    if fallen:
        ended(None, fallen)
    found = player.shows(expects, answers[expects["step"]])
    if found == expects["right"]:
        sys.stdout.write(f"OK: {expects['at']} is {found!r}.\n")
        sys.exit(0)
    sys.stdout.write(f"FAILED: {expects['at']} is {found!r}, by the contract it is {expects['right']!r}.\n")
    sys.exit(1)
