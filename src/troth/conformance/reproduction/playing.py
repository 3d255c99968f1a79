"""Steps, played on a server: variables filled in, ids kept, credentials put on; and what tells two servers apart."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from troth.conformance.connections import Connection
from troth.conformance.control import SANDBOX, Control
from troth.conformance.exchanges import Exchange
from troth.conformance.reproduction.steps import Caller, Expectation, Step
from troth.conformance.reproduction.tracing import leaves
from troth.conformance.target import Principal
from troth.contract.pointers import resolve
from troth.errors import TargetError, UsageError

__all__ = ["ABSENT", "Answer", "Stage", "answer_of", "at", "difference", "seen"]

_VARIABLE = re.compile(r"\{\{([^{}]+)\}\}")
_WHOLE = re.compile(r'"\{\{([^{}."]+)\}\}"')
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}[:.\dZ+-]*")
_MADE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{24}\b|req_\w+", re.ASCII
)
ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, with the values of the replay's own variables and everything random given other words."""

    status: int
    headers: Mapping[str, str]
    json: Any
    text: str


class Stage:
    """A server on which steps are played, each time in a sandbox of its own where there are some."""

    def __init__(
        self,
        connection: Connection,
        base_url: str,
        principals: Sequence[Principal],
        control: Control | None,
        *,
        tenants: Mapping[str, str] | None = None,
        now: datetime | None = None,
    ) -> None:
        self._connection = connection
        self._base = base_url.rstrip("/")
        self._principals = principals
        self._control = control
        self._tenants = tenants or {}
        self._dressed: dict[str, Mapping[str, str]] = {}
        self._now = now

    def play(self, callers: Sequence[Caller], steps: Sequence[Step]) -> list[Answer]:
        """The answers, in order. Raises KeyError when a step needs what an earlier answer did not give."""
        mark = secrets.token_hex(4)
        values: dict[str, Any] = {"mark": mark}
        extra = {SANDBOX: f"replay-{mark}"} if self._control else {}
        if self._control and self._now:
            self._control.at(f"replay-{mark}").freeze(self._now)
        known = {caller.name: self._headers(caller) for caller in callers}
        values |= {f"{name}.{key}": v for name, headers in known.items() for key, v in headers.items()}
        answers = []
        for step in steps:
            for _ in range(step.times):
                answer = self._ask(step, known.get(step.caller or "", {}), values, extra)
            for name, pointer in step.keeps.items():
                found = at(answer.json, pointer)
                if found != ABSENT:
                    values[name] = found
            answers.append(_renamed(answer, values))
        return answers

    def _ask(
        self, step: Step, credential: Mapping[str, str], values: Mapping[str, Any], extra: Mapping[str, str]
    ) -> Answer:
        def filled(text: str) -> str:
            return _VARIABLE.sub(lambda found: str(values[found[1]]), text)

        body = filled(_WHOLE.sub(lambda found: json.dumps(values[found[1]]), step.send))
        headers = {name: filled(value) for name, value in step.headers.items()}
        headers = {"Accept": "application/json", **extra, **credential, **headers}
        try:
            reply = self._connection.request(
                step.method, self._base + filled(step.path), headers=headers, content=body.encode()
            )
        except httpx.HTTPError as error:
            raise TargetError(f"Nothing answers at {self._base}: {error or type(error).__name__}.") from error
        return _answer(reply.status_code, reply.headers, reply.content)

    def _headers(self, caller: Caller) -> Mapping[str, str]:
        """A credential with the rights of a caller. Raises UsageError when nobody has them."""
        if caller.name not in self._dressed or self._control is not None:
            self._dressed[caller.name] = self._dress(caller)
        return self._dressed[caller.name]

    def _dress(self, caller: Caller) -> Mapping[str, str]:
        tenant = self._tenants.get(caller.tenant or "", caller.tenant)
        if self._control is not None and tenant is not None:
            name = f"replay-{secrets.token_hex(4)}"
            return self._control.mint(name, tenant, caller.scopes, caller.permissions, caller.settings)
        if not caller.headers:
            return {}
        named = [p for p in self._principals if p.name == caller.name]
        alike = [p for p in self._principals if p.tenant == tenant and set(p.scopes) == set(caller.scopes)]
        if not named and not alike:
            raise UsageError(
                f"The replay needs a principal '{caller.name}' of tenant {tenant!r} with the scopes "
                f"{', '.join(caller.scopes)}. Add it to the target file, or give --principal."
            )
        return (named or alike)[0].headers


def _answer(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    text = content.decode("utf-8", "replace")
    try:
        value = json.loads(text) if text else None
    except ValueError:
        value = None
    return Answer(status, {name.lower(): told for name, told in headers.items()}, value, text)


def answer_of(exchange: Exchange) -> Answer:
    """A recorded answer, as if it had been given to a step."""
    return _renamed(_answer(exchange.status, exchange.response_headers, exchange.content), {})


def at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to, ABSENT when it leads nowhere."""
    try:
        return resolve(value, pointer)
    except KeyError:
        return ABSENT


def _renamed(answer: Answer, values: Mapping[str, Any]) -> Answer:
    """The answer with names of variables in the place of their values, so that two servers can be compared."""
    words = {str(v): f"{{{{{k}}}}}" for k, v in values.items() if "." not in k and len(str(v)) >= 6}  # noqa: PLR2004
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True)))) if words else None

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        if not isinstance(value, str):
            return value
        text = pattern.sub(lambda found: words[found[0]], value) if pattern else value
        return _MADE.sub("(made)", _MOMENT.sub("(moment)", text))

    return Answer(answer.status, answer.headers, plain(answer.json), plain(answer.text))


def seen(answer: Answer, place: str) -> Any:
    """What an answer has at a place: ``status``, ``header:NAME`` or a JSON pointer."""
    if place == "status":
        return answer.status
    if place.startswith("header:"):
        value = answer.headers.get(place.removeprefix("header:"), ABSENT)
        if place == "header:content-type":
            return value.partition(";")[0].strip()
        return "(given)" if place == "header:retry-after" and value != ABSENT else value
    if place == "text":
        return answer.text[:200]
    return at(answer.json, place)


def difference(
    right: Sequence[Answer],
    wrong: Sequence[Answer],
    telling: Sequence[int],
    headers: Sequence[str],
    close: Callable[[Any, Any], bool] = lambda a, b: a == b,
) -> Expectation | None:
    """Where the answers to the telling steps first part ways: statuses before headers before bodies."""
    for index in telling:
        for place in ("status", *(f"header:{name}" for name in headers)):
            one, other = seen(right[index], place), seen(wrong[index], place)
            if not close(one, other):
                return Expectation(index, place, one, other)
    for index in telling:
        ours, theirs = dict(leaves(right[index].json)), dict(leaves(wrong[index].json))
        for pointer in dict.fromkeys([*ours, *theirs]):
            one, other = ours.get(pointer, ABSENT), theirs.get(pointer, ABSENT)
            if not close(one, other):
                return Expectation(index, pointer, one, other)
        if right[index].json is None and right[index].text != wrong[index].text:
            return Expectation(index, "text", right[index].text[:200], wrong[index].text[:200])
    return None
