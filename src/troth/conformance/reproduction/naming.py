"""What stands for what: values of a recording, and the variables that take their place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from troth.behaviour.subscriptions import Webhooks
from troth.conformance.actors import Actor
from troth.conformance.applications import Application
from troth.conformance.exchanges import Exchange
from troth.conformance.reproduction.answers import ID, leaves
from troth.conformance.reproduction.steps import AnyStep, Client

__all__ = ["Names", "Surroundings"]

_SHORTEST = 6
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Whom a recording is among: the actors by name, the OAuth clients, the profile of webhooks, the mark."""

    base_url: str
    base_path: str
    actors: Mapping[str, Actor]
    mark: str
    applications: Sequence[Application] = ()
    webhooks: Webhooks | None = None
    #: The fields that name rows, whatever they are called.
    naming: frozenset[str] = frozenset()
    #: The header with which a write is told from its repetition.
    key: str = ""

    def names_a_row(self, word: str) -> bool:
        """Whether a field or a parameter is called as what names rows."""
        return word in self.naming or ID.search(word) is not None

    @property
    def clients(self) -> tuple[Client, ...]:
        return tuple(
            Client(
                f"application{number}",
                {
                    name: value
                    for name, value in (
                        ("client_id", one.identifier), ("redirect_uri", one.redirect_uri), ("user", one.user),
                    )
                    if value
                },
                one.secret is not None,
            )
            for number, one in enumerate(self.applications, 1)
        )  # fmt: skip


class Names:
    """Remembers which answer first gave which value; a value that is used gets a name and its step keeps it."""

    def __init__(self, around: Surroundings, steps: list[AnyStep]) -> None:
        self._mark = around.mark
        self._names_a_row = around.names_a_row
        self._steps = steps
        self._given: dict[object, list[tuple[int, str, str]]] = {}
        self._names: dict[tuple[int, str], str] = {}
        #: Fields with values of rows that are asked for later, though they are no ids.
        self.wanted: set[tuple[str, object]] = set()
        #: Values that no answer gives: addresses of the receiver, secrets, OAuth clients.
        self.fixed: dict[str, str] = {}
        for client, one in zip(around.clients, around.applications, strict=True):
            self.fixed |= {value: f"{client.name}.{name}" for name, value in client.given.items()}
            if one.secret:
                self.fixed[one.secret] = f"{client.name}.client_secret"

    def learn(self, index: int, exchange: Exchange, *, telling: bool) -> None:
        """Ids, tokens and tags of an answer, and what a redirect carries, newest last.

        What a telling answer shows of earlier ones gets a name too, so that it can be expected, and so does the row
        that it is about.
        """
        path = urlsplit(exchange.url).path
        for place, value in self._found(exchange):
            if telling and any(source[0] < index for source in self._given.get(value, ())):
                self.variable(value)
            self._given.setdefault(value, []).append((index, place, path))
            if telling and place.startswith("/") and not re.search(r"/\d+(/|$)", place):
                self.variable(value)

    def _found(self, exchange: Exchange) -> list[tuple[str, object]]:
        found: list[tuple[str, object]] = []
        tag, target = exchange.header("etag"), exchange.header("location")
        if exchange.ok and tag and len(tag) >= _SHORTEST:
            found.append(("header:etag", tag))
        if exchange.status in _REDIRECTS and target:
            query = parse_qsl(urlsplit(target).query)
            found += [(f"header:location?{name}", v) for name, v in query if self._tells(v)]
        for pointer, value in leaves(exchange.json) if exchange.ok else ():
            key = pointer.rpartition("/")[2].replace("~1", "/")
            made = exchange.method == "POST" and (key, value) in self.wanted
            if made or (self._names_a_row(key) and self._tells(value)):
                found.append((pointer, value))
        return found

    def _tells(self, value: object) -> bool:
        if isinstance(value, str):
            return len(value) >= _SHORTEST and " " not in value and self._mark not in value
        return isinstance(value, int) and not isinstance(value, bool)

    def keep(self, index: int, place: str, name: str, value: str) -> None:
        """The answer to a step gives a value that has a name already."""
        self._keep(index, name, place)
        self.fixed[value] = name

    def variable(self, value: object, hint: str = "") -> str | None:
        """The variable for a value that an earlier answer gave, its latest source near ``hint`` first."""
        if isinstance(value, str) and value in self.fixed:
            return self.fixed[value]
        sources = self._given.get(value)
        if not sources:
            return None
        near = [source for source in sources if hint and f"/{hint.lower()}" in source[2].lower()]
        index, place, _ = (near or sources)[0]
        known = self._names.get((index, place))
        if known is None:
            known = self._names[index, place] = f"id{len(self._names) + 1}"
            self._keep(index, known, place)
        return known

    def _keep(self, index: int, name: str, place: str) -> None:
        step = self._steps[index]
        self._steps[index] = replace(step, keeps={**step.keeps, name: place})

    def text(self, text: str) -> str:
        """A text with names for what it is, or for what is in it: addresses and tags."""
        name = self.variable(text) if len(text) >= _SHORTEST else None
        if name:
            return f"{{{{{name}}}}}"
        tags = [v for v in self._given if isinstance(v, str) and v.endswith('"')]
        for value in sorted([*(v for v in self.fixed if "://" in v), *tags], key=len, reverse=True):
            if value in text:
                text = text.replace(value, f"{{{{{self.variable(value)}}}}}")
        return text.replace(self._mark, "{{mark}}")
