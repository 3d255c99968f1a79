"""From recorded exchanges to steps: ids become variables of the answers that gave them, secrets and marks disappear."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode, urlsplit

from troth.behaviour.signing import SECRET_PREFIX, Signing
from troth.conformance.actors import Actor
from troth.conformance.control import SANDBOX
from troth.conformance.exchanges import Exchange
from troth.conformance.relating import Related, Walked
from troth.conformance.reproduction.answers import leaves
from troth.conformance.reproduction.naming import Names, Surroundings
from troth.conformance.reproduction.steps import (
    AnyStep,
    Caller,
    Clock,
    Close,
    Inbox,
    Look,
    Relation,
    Reproduction,
    Step,
)
from troth.conformance.timeline import Closed, Entry, Looked, Moved, Opened

__all__ = ["trace"]

_SHORTEST = 6
#: What whoever sends says of itself.
_OWN = frozenset(
    (
        "accept", "accept-encoding", "connection", "content-length", "host", "transfer-encoding", "user-agent",
        SANDBOX.lower(),
    )
)  # fmt: skip
#: An idempotency key that nobody has made for this run, nor as a wrong one.
_KEY = re.compile(r"[\w.:-]{6,64}")
_FORM = "application/x-www-form-urlencoded"


def trace(
    log: Sequence[Entry],
    around: Surroundings,
    telling: Collection[int] = (),
    relation: tuple[Related, Mapping[str, int]] | None = None,
) -> Reproduction:
    """The steps of a whole recording, with every value that an earlier answer gave as a variable.

    A ``relation``, with the indexes of what is in its roles, becomes what is expected.
    """
    callers = tuple(
        Caller(name, a.tenant, a.scopes, tuple(a.headers), a.permissions, dict(a.settings), _is_token(a))
        for name, a in around.actors.items()
    )
    writer = _Writer(around, frozenset(telling))
    writer.want(relation[0].facts if relation else {})
    steps = writer.steps(log)
    expects = writer.related(*relation) if relation else None
    return Reproduction(callers, tuple(steps), expects, clients=around.clients, base=around.base_path)


class _Writer:
    """Writes steps in order."""

    def __init__(self, around: Surroundings, telling: frozenset[int]) -> None:
        self._around = around
        self._telling = telling
        self._prefix = urlsplit(around.base_url).path.rstrip("/")
        self._steps: list[AnyStep] = []
        self._names = Names(around, self._steps)
        #: The inboxes by the URL that they were given out under: where their steps are.
        self._inboxes: dict[str, int] = {}

    def steps(self, log: Sequence[Entry]) -> list[AnyStep]:
        for index, entry in enumerate(log):
            self._steps.append(self._step(index, entry))
            if isinstance(entry, Exchange):
                self._learn_secret(index, entry)
                self._names.learn(index, entry, telling=index in self._telling)
        return self._steps

    def want(self, fact: Any) -> None:
        """Give names to the values that rows are looked for by, where made rows have them."""
        if isinstance(fact, Mapping):
            if "field" in fact and isinstance(fact.get("value"), str):
                self._names.wanted.add((str(fact["field"]).rpartition(".")[2], fact["value"]))
            for inner in fact.values():
                self.want(inner)
        elif isinstance(fact, list):
            for inner in fact:
                self.want(inner)

    def related(self, found: Related, places: Mapping[str, int]) -> Relation:
        """A relation between steps; what is walked in it becomes one step, from the first page to the last."""
        for role, index in places.items():
            walk, step = found.roles[role], self._steps[index]
            if isinstance(walk, Walked) and isinstance(step, Step):
                path = _unpaged(step.path, {walk.how.get("size"), walk.how.get("position")})
                self._steps[index] = replace(step, path=path, walk=walk.how)
        return Relation(
            found.name, places, {name: self._fact(name, fact) for name, fact in found.facts.items()}
        )

    def _fact(self, name: str, fact: Any) -> Any:
        """What a relation needs; a value is named by the field that it is looked for in."""
        if isinstance(fact, Mapping):
            hint = str(fact.get("asked") or fact.get("field", ""))
            return {
                key: self._fact(hint if hint and key == "value" else key, one) for key, one in fact.items()
            }
        if isinstance(fact, list) and all(isinstance(one, Mapping) for one in fact):
            return [self._fact(name, one) for one in fact]
        return self._filled(fact, "id" if name == "row" else name)

    def _step(self, index: int, entry: Entry) -> AnyStep:
        if isinstance(entry, Moved):
            return Clock(entry.seconds, entry.moment)
        if isinstance(entry, Closed):
            return Close(next(name for url, name in self._names.fixed.items() if url.endswith(entry.path)))
        if isinstance(entry, Looked):
            return Look(entry.settled)
        if isinstance(entry, Opened):
            return self._inbox(index, entry)
        return self._request(entry)

    # -- deliveries -----------------------------------------------------------------------------------------------

    def _inbox(self, index: int, opened: Opened) -> Inbox:
        number = len(self._inboxes) + 1
        name, secret = f"inbox{number}", f"secret{number}"
        self._inboxes[opened.url] = index
        self._names.fixed |= {opened.url: name, opened.secret: secret}
        profile = self._around.webhooks
        how: dict[str, Any] = {"secrets": [secret]}
        how |= {"answers": list(opened.answers)} if opened.answers else {}
        how |= {"silent": True} if opened.silent else {}
        how |= {"held": opened.held} if opened.held else {}
        if profile is not None and profile.handshake:
            how["handshake"] = profile.handshake
        if profile is not None and profile.signing is not None:
            how["signing"] = _signing(profile.signing)
            how |= {"mark": SECRET_PREFIX} if profile.signing.decoded_key else {}
        if opened.subscribe is not None:
            told = {
                key: v
                for key, v in opened.subscribe.items()
                if v is not None and key not in ("url", "secret")
            }
            how |= {"as": self._speaker(opened.tenant), "subscribe": told}
        return Inbox(name, how)

    def _speaker(self, tenant: str | None) -> str | None:
        return next((name for name, actor in self._around.actors.items() if actor.tenant == tenant), None)

    def _learn_secret(self, index: int, exchange: Exchange) -> None:
        """The server may show a secret of its own making to whoever subscribes."""
        profile = self._around.webhooks
        if profile is None or not exchange.ok:
            return
        sent = exchange.body.decode("utf-8", "replace")
        inbox = next((self._steps[at] for url, at in self._inboxes.items() if url in sent), None)
        if not isinstance(inbox, Inbox):
            return
        for pointer, value in leaves(exchange.json):
            if pointer.endswith(f"/{profile.secret}") and isinstance(value, str) and value not in sent:
                self._names.keep(index, pointer, inbox.how["secrets"][0], value)

    def _new_secret(self, value: str) -> str:
        """A secret that takes the place of an earlier one is a further secret of the latest inbox."""
        at = max(self._inboxes.values())
        inbox = self._steps[at]
        assert isinstance(inbox, Inbox)  # noqa: S101 - that is where inboxes are
        name = f"{inbox.how['secrets'][0]}{'abcdefgh'[len(inbox.how['secrets']) - 1]}"
        self._steps[at] = replace(inbox, how={**inbox.how, "secrets": [*inbox.how["secrets"], name]})
        self._names.fixed[value] = name
        return name

    # -- requests -------------------------------------------------------------------------------------------------

    def _request(self, exchange: Exchange) -> Step:
        parts = urlsplit(exchange.url)
        below = parts.path.startswith(f"{self._prefix}/") or parts.path == self._prefix
        root = self._prefix.removesuffix(self._around.base_path) if self._around.base_path else self._prefix
        path = self._path(parts.path.removeprefix(self._prefix if below else root))
        query = [
            (name, self._asked(name, value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        path += f"?{urlencode(query, safe='{}:,')}" if query else ""
        form = (exchange.headers.get("Content-Type") or "").startswith(_FORM)
        body = exchange.body.decode("utf-8", "replace")
        return Step(
            exchange.principal if exchange.principal in self._around.actors else None,
            exchange.method, path, self._headers(exchange), self._form(body) if form else self._body(body),
            root=not below, batch=exchange.batch,
        )  # fmt: skip

    def _asked(self, name: str, value: str) -> str:
        """The value of a parameter; a number only where the parameter is named as ids are."""
        words = re.findall(r"\w+", name)
        if value.isdigit() and any(self._around.names_a_row(word) for word in words):
            known = self._names.variable(int(value), re.sub(r"(?:_id|Id)$", "", words[-1]))
            return f"{{{{{known}}}}}" if known else value
        return self._names.text(value)

    def _headers(self, exchange: Exchange) -> dict[str, str | None]:
        own = self._around.actors.get(exchange.principal)
        usual = {name.lower(): value for name, value in own.headers.items()} if own else {}
        sent = {name.lower() for name in exchange.headers}
        kept: dict[str, str | None] = {name: None for name in usual if name not in sent}
        for name, value in exchange.headers.items():
            low = name.lower()
            if low in _OWN or low.startswith("x-schemathesis-") or usual.get(low) == value:
                continue
            if low in usual and _is_secret(exchange, value) and not self._held(low, value):
                continue  # the same principal's, before it was replaced
            kept[name] = self._header(exchange, low, value)
        return kept

    def _header(self, exchange: Exchange, name: str, value: str) -> str:
        word, space, rest = value.partition(" ")
        known = self._names.variable(rest) if space else None
        if known:
            return f"{word} {{{{{known}}}}}"
        holder = self._held(name, value)
        if holder is None and _is_secret(exchange, value):
            holder = next(
                ((a, n) for a in self._around.actors.values() for n in a.headers if n.lower() == name), None
            )
        if holder is not None:
            return f"{{{{{holder[0].name}.{holder[1]}}}}}"
        if name == self._around.key and self._around.mark not in value and _KEY.fullmatch(value):
            return f"{{{{mark}}}}-{value[:8]}"
        return self._names.text(value)

    def _held(self, name: str, value: str) -> tuple[Actor, str] | None:
        """The actor whose header this is, and how that is spelled there."""
        for actor in self._around.actors.values():
            for spelled, held in actor.headers.items():
                if spelled.lower() == name and held == value:
                    return actor, spelled
        return None

    def _path(self, path: str) -> str:
        found = [self._segment(segment, before) for segment, before in _segments(path)]
        return "/".join(["", *found]) if path.startswith("/") else path

    def _segment(self, segment: str, before: str) -> str:
        for value, rest in ((segment, ""), (segment.rpartition(".")[0], f".{segment.rpartition('.')[2]}")):
            name = self._names.variable(int(value) if value.isdigit() else value, before)
            if name:  # an id may have a suffix: /bills/15.json
                return f"{{{{{name}}}}}{rest}"
        return segment.replace(self._around.mark, "{{mark}}")

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        return urlencode([(name, self._names.text(value)) for name, value in pairs], safe="{}:,")

    def _body(self, text: str) -> str:
        try:
            value = json.loads(text) if text else None
        except ValueError:
            return text.replace(self._around.mark, "{{mark}}")
        return json.dumps(self._filled(value), ensure_ascii=False) if text else ""

    def _filled(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: self._filled(inner, str(name)) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, key) for inner in value]
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        if not ((isinstance(value, str) and len(value) >= _SHORTEST) or self._around.names_a_row(key)):
            return value
        profile = self._around.webhooks
        if self._inboxes and profile and key == profile.secret and isinstance(value, str):
            return f"{{{{{self._names.fixed.get(value) or self._new_secret(value)}}}}}"
        name = self._names.variable(value, key.removesuffix("Id").removesuffix("_id"))
        return f"{{{{{name}}}}}" if name else self._names.text(value) if isinstance(value, str) else value


def _unpaged(path: str, names: Collection[str | None]) -> str:
    """The path without what asks for one page."""
    place, _, query = path.partition("?")
    kept = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in names]
    return place + ("?" + "&".join(kept) if kept else "")


def _signing(signing: Signing) -> dict[str, Any]:
    """A signing profile as the player reads it."""
    return {
        "header": signing.header, "prefix": signing.prefix, "separator": signing.separator,
        "timestamp": signing.timestamp, "timed": signing.timed, "identifier": signing.identifier,
        "content": signing.content, "encoding": signing.encoding, "decoded": signing.decoded_key,
        "mark": SECRET_PREFIX, "tolerance": signing.tolerance,
    }  # fmt: skip


def _is_token(actor: Actor) -> bool:
    return any(value.startswith("Bearer ") and value.count(".") == 2 for value in actor.headers.values())  # noqa: PLR2004


def _is_secret(exchange: Exchange, value: str) -> bool:
    return any((secret.partition(" ")[2] or secret) in value for secret in exchange.secrets)


def _segments(path: str) -> Iterator[tuple[str, str]]:
    """Each segment with the one before it, which says what it is an id of."""
    before = ""
    for segment in path.split("/")[1:]:
        yield quote(segment, safe="{}%:@!$&'()*+,;=~.-_"), before
        before = segment
