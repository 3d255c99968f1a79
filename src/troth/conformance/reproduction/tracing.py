"""From recorded exchanges to steps: ids become variables of the answers that gave them, secrets and marks disappear."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from troth.conformance.actors import Actor
from troth.conformance.control import SANDBOX
from troth.conformance.exchanges import Exchange
from troth.conformance.reproduction.steps import Caller, Reproduction, Step
from troth.contract.pointers import escape

__all__ = ["leaves", "trace"]

_DEEPEST = 5
_ROWS = 60
_SHORTEST = 6
_ID = re.compile(r"(?:^|_)id$|Id$|ID$|^id$|[sS]lug$|[tT]oken$|[cC]ursor$", re.ASCII)


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """(JSON pointer, scalar) of everything in an answer, of long lists the beginning."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}/{escape(str(key))}", depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value[:_ROWS]):
            yield from leaves(inner, f"{path}/{index}", depth + 1)
    else:
        yield path, value


def trace(log: Sequence[Exchange], base_url: str, actors: Mapping[str, Actor], mark: str) -> Reproduction:
    """The steps of a whole recording, with every value that an earlier answer gave as a variable."""
    callers = tuple(
        Caller(a.name, a.tenant, a.scopes, tuple(a.headers), a.permissions, dict(a.settings))
        for a in actors.values()
    )
    writer = _Writer(base_url, actors, mark)
    return Reproduction(callers, tuple(writer.steps(log)))


class _Writer:
    """Writes steps in order and remembers which answer first gave which value."""

    def __init__(self, base_url: str, actors: Mapping[str, Actor], mark: str) -> None:
        self._prefix = urlsplit(base_url).path.rstrip("/")
        self._actors = actors
        self._mark = mark
        self._given: dict[Any, list[tuple[int, str, str]]] = {}
        self._names: dict[tuple[int, str], str] = {}
        self._steps: list[Step] = []

    def steps(self, log: Sequence[Exchange]) -> list[Step]:
        for index, exchange in enumerate(log):
            self._steps.append(self._step(exchange))
            self._learn(index, exchange)
        return self._steps

    def _learn(self, index: int, exchange: Exchange) -> None:
        """Ids of an answer, newest last; of a written row they are what later steps most likely mean."""
        path = urlsplit(exchange.url).path
        for pointer, value in leaves(exchange.json) if exchange.ok else ():
            key = re.sub(r"~1", "/", pointer.rpartition("/")[2])
            is_text = isinstance(value, str) and len(value) >= _SHORTEST and " " not in value
            is_number = isinstance(value, int) and not isinstance(value, bool)
            if (is_text or is_number) and _ID.search(key) and self._mark not in str(value):
                self._given.setdefault(value, []).append((index, pointer, path))

    def _step(self, exchange: Exchange) -> Step:
        parts = urlsplit(exchange.url)
        path = self._path(parts.path.removeprefix(self._prefix))
        query = [(name, self._text(value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
        path += f"?{urlencode(query, safe='{}:,')}" if query else ""
        body = exchange.body.decode("utf-8", "replace")
        return Step(
            exchange.principal if exchange.principal in self._actors else None,
            exchange.method, path, self._headers(exchange), self._body(body),
        )  # fmt: skip

    def _headers(self, exchange: Exchange) -> dict[str, str]:
        own = self._actors.get(exchange.principal)
        kept = {}
        for name, value in exchange.headers.items():
            if name.lower() in ("accept", SANDBOX.lower()) or (own and name in own.headers):
                continue
            kept[name] = self._marked(self._unsecret(exchange, name, value))
        return kept

    def _unsecret(self, exchange: Exchange, name: str, value: str) -> str:
        """A credential that is sent without an actor, as a variable of the actor whose it is."""
        if not any((secret.partition(" ")[2] or secret) in value for secret in exchange.secrets):
            return value
        holder = next((a.name for a in self._actors.values() if a.headers.get(name) == value), None)
        return f"{{{{{holder or next(iter(self._actors), 'caller')}.{name}}}}}"

    def _marked(self, text: str) -> str:
        return text.replace(self._mark, "{{mark}}")

    def _path(self, path: str) -> str:
        found = [self._segment(segment, before) for segment, before in _segments(path)]
        return "/".join(["", *found]) if path.startswith("/") else path

    def _segment(self, segment: str, before: str) -> str:
        number = int(segment) if segment.isdigit() else None
        name = self._variable(number if number is not None else segment, before)
        return f"{{{{{name}}}}}" if name else self._marked(segment)

    def _text(self, text: str) -> str:
        name = self._variable(text) if len(text) >= _SHORTEST else None
        return f"{{{{{name}}}}}" if name else self._marked(text)

    def _body(self, text: str) -> str:
        try:
            value = json.loads(text) if text else None
        except ValueError:
            return self._marked(text)
        return json.dumps(self._filled(value), ensure_ascii=False) if text else ""

    def _filled(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: self._filled(inner, str(name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, key) for inner in value]
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        name = (
            self._variable(value, key.removesuffix("Id").removesuffix("_id")) if _names(key, value) else None
        )
        return f"{{{{{name}}}}}" if name else self._marked(value) if isinstance(value, str) else value

    def _variable(self, value: Any, hint: str = "") -> str | None:
        """The variable for a value that an earlier answer gave, its latest source near ``hint`` first."""
        sources = self._given.get(value)
        if not sources:
            return None
        near = [source for source in sources if hint and f"/{hint.lower()}" in source[2].lower()]
        index, pointer, _ = (near or sources)[0]
        known = self._names.get((index, pointer))
        if known is None:
            known = self._names[index, pointer] = f"id{len(self._names) + 1}"
            step = self._steps[index]
            self._steps[index] = replace(step, keeps={**step.keeps, known: pointer})
        return known


def _names(key: str, value: Any) -> bool:
    """Whether a member may hold an id: a long text anywhere, a number only under the name of one."""
    return (isinstance(value, str) and len(value) >= _SHORTEST) or bool(_ID.search(key))


def _segments(path: str) -> Iterator[tuple[str, str]]:
    """Each segment with the one before it, which says what it is an id of."""
    before = ""
    for segment in path.split("/")[1:]:
        yield quote(segment, safe="{}%:@!$&'()*+,;=~.-_"), before
        before = segment
