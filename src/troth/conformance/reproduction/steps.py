"""A reproduction as data: callers, steps with variables in the place of ids, and what tells right from wrong.

``{{id1}}`` stands for a value that an earlier answer gives, ``{{mark}}`` for words that are new in every replay,
``{{turn}}`` for the number of a repetition, ``{{caller.header}}`` for a credential. Nothing secret is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from troth.conformance.reproduction.relations import RELATIONS

__all__ = [
    "AnyStep",
    "Caller",
    "Client",
    "Clock",
    "Close",
    "Contest",
    "Expectation",
    "Inbox",
    "Look",
    "Relation",
    "Reproduction",
    "Step",
    "Together",
]

_VARIABLE = re.compile(r"\{\{([^{}]+)\}\}")
#: Variables that every play has.
_OWN = {"mark", "turn"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who speaks: what the credential must allow, and the headers that carry it.

    ``token``: it is a JSON Web Token, which no other credential can stand in for.
    """

    name: str
    tenant: str | None
    scopes: tuple[str, ...]
    headers: tuple[str, ...]
    permissions: tuple[str, ...] = ("*",)
    settings: Mapping[str, Any] = field(default_factory=dict)
    token: bool = False

    def as_json(self) -> dict[str, Any]:
        told = {"token": True} if self.token else {}
        return told | {
            "name": self.name, "tenant": self.tenant, "scopes": list(self.scopes), "carriers": list(self.headers),
            "permissions": list(self.permissions), "settings": dict(self.settings),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client: what of it is no secret, and whether it has one."""

    name: str
    given: Mapping[str, str]
    confidential: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "given": dict(self.given), "confidential": self.confidential}


@dataclass(frozen=True, slots=True)
class Step:
    """One request. ``keeps`` names values of its answer by place; ``times`` repeats it.

    A header that is None is not sent, though the caller's credential has it. ``root``: the path begins at the
    server's root, not at the base path. Steps in a row with one ``batch`` leave together. ``walk`` says how to go on
    from page to page, up to the end of the list.
    """

    caller: str | None
    method: str
    path: str
    headers: Mapping[str, str | None] = field(default_factory=dict)
    send: str = ""
    keeps: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    root: bool = False
    batch: int | None = None
    walk: Mapping[str, Any] | None = None

    @property
    def needs(self) -> frozenset[str]:
        """The variables that must be there."""
        told = " ".join([self.path, self.send, *(value for value in self.headers.values() if value)])
        return frozenset(_VARIABLE.findall(told)) - _OWN

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"as": self.caller, "method": self.method, "path": self.path}
        found |= {"headers": dict(self.headers)} if self.headers else {}
        found |= {"send": self.send} if self.send else {}
        found |= {"keeps": dict(self.keeps)} if self.keeps else {}
        found |= {"root": True} if self.root else {}
        found |= {"walk": dict(self.walk)} if self.walk else {}
        return found | ({"times": self.times} if self.times > 1 else {})


@dataclass(frozen=True, slots=True)
class Together:
    """Requests that leave at once."""

    steps: tuple[Step, ...]
    keeps: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(name for step in self.steps for name in step.needs)

    def as_json(self) -> dict[str, Any]:
        return {"together": [replace(step, keeps={}).as_json() for step in self.steps]}


@dataclass(frozen=True, slots=True)
class Contest:
    """Rows are made, requests leave at once, rows are read: again and again, until no order explains the outcome.

    ``places`` are (number of a read, place); ``orders`` the outcomes that are right: for each request whether it
    succeeds, then what is at the places.
    """

    before: tuple[Step, ...]
    together: tuple[Step, ...]
    then: tuple[Step, ...]
    places: tuple[tuple[int, str], ...] = ()
    orders: tuple[tuple[Any, ...], ...] = ()
    tries: int = 1
    keeps: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        return {
            "before": [step.as_json() for step in self.before],
            "together": [step.as_json() for step in self.together],
            "then": [step.as_json() for step in self.then],
            "places": [list(one) for one in self.places],
            "orders": [list(one) for one in self.orders],
            "tries": self.tries,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Contest:
        """The reverse of :meth:`as_json`."""
        before, together, then = (
            tuple(_request(one) for one in given[word]) for word in ("before", "together", "then")
        )
        places = tuple((int(number), str(place)) for number, place in given["places"])
        orders = tuple(tuple(one) for one in given["orders"])
        return cls(before, together, then, places, orders, int(given["tries"]))


@dataclass(frozen=True, slots=True)
class Clock:
    """Time passes: so many seconds, or up to a moment."""

    seconds: float = 0.0
    moment: str = ""
    keeps: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        return {"clock": {"set": self.moment} if self.moment else {"advance": self.seconds}}


@dataclass(frozen=True, slots=True)
class Inbox:
    """An address for deliveries, with variables for its URL and its secrets.

    ``how`` is what the player has to know: the answers that deliveries get, the signing profile, the handshake.
    """

    name: str
    how: Mapping[str, Any]
    keeps: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()

    @property
    def gives(self) -> tuple[str, ...]:
        return (self.name, *self.how.get("secrets", ()))

    def as_json(self) -> dict[str, Any]:
        return {"inbox": self.name, **self.how}


@dataclass(frozen=True, slots=True)
class Close:
    """The control plane ends the subscription of an inbox."""

    name: str
    keeps: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({self.name})

    def as_json(self) -> dict[str, Any]:
        return {"close": self.name}


@dataclass(frozen=True, slots=True)
class Look:
    """What has arrived in every inbox; ``counts`` are how many deliveries to wait for."""

    settled: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        return {"look": dict(self.counts), "settle": self.settled}


AnyStep = Step | Together | Contest | Clock | Inbox | Close | Look


@dataclass(frozen=True, slots=True)
class Expectation:
    """``at`` of the answer to the step with number ``step`` is ``right`` by the contract; the target gave ``wrong``.

    ``at`` is ``status``, ``header:NAME``, ``header:NAME?PARAMETER`` or a JSON pointer. ``stands`` are the numbers of
    the steps that must succeed, else nothing can be told.
    """

    step: int
    at: str
    right: Any
    wrong: Any
    stands: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        found = {"step": self.step, "at": self.at, "right": self.right, "wrong": self.wrong}
        return found | ({"stands": list(self.stands)} if self.stands else {})


@dataclass(frozen=True, slots=True)
class Relation:
    """What holds between the answers to some steps on a correct server, whatever rows it has.

    ``of`` are the numbers of the steps by their role, ``facts`` what else the relation ``name`` needs; ``wrong`` is
    what the target showed, in words.
    """

    name: str
    of: Mapping[str, int]
    facts: Mapping[str, Any]
    wrong: str = ""

    @property
    def step(self) -> int:
        """The last of the steps, with whose answer it can be told."""
        return max(self.of.values())

    @property
    def needs(self) -> frozenset[str]:
        """The variables that must be there."""
        return frozenset(_VARIABLE.findall(json.dumps(self.facts))) - _OWN

    def as_json(self) -> dict[str, Any]:
        return {"relation": self.name, "of": dict(self.of), **self.facts, "wrong": self.wrong}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Relation:
        """The reverse of :meth:`as_json`."""
        facts = {name: value for name, value in given.items() if name not in ("relation", "of", "wrong")}
        if given["relation"] not in RELATIONS:
            raise TypeError(f"there is no relation {given['relation']!r}")
        return cls(
            given["relation"],
            {role: int(number) for role, number in given["of"].items()},
            facts,
            given["wrong"],
        )


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Steps that fail on a faulty server and pass on a correct one; ``answers`` are those of the faulty one.

    ``base`` is the base path of the contract, which the server's base URL may end with.
    """

    callers: tuple[Caller, ...]
    steps: tuple[AnyStep, ...]
    expects: Expectation | Relation | None = None
    answers: tuple[Mapping[str, Any], ...] = ()
    clients: tuple[Client, ...] = ()
    base: str = ""

    def with_steps(
        self,
        steps: tuple[AnyStep, ...],
        expects: Expectation | Relation | None,
        answers: tuple[Mapping[str, Any], ...] = (),
    ) -> Reproduction:
        """The same callers, as far as they speak, with other steps."""
        text = json.dumps([step.as_json() for step in steps])
        spoken = set(re.findall(r'"as": "((?:[^"\\]|\\.)*)"', text))
        spoken = {json.loads(f'"{name}"') for name in spoken}

        def speaks(name: str) -> bool:
            return name in spoken or f"{{{{{json.dumps(name)[1:-1]}." in text

        kept = tuple(c for c in self.callers if speaks(c.name))
        clients = tuple(c for c in self.clients if speaks(c.name))
        return replace(self, callers=kept, clients=clients, steps=steps, expects=expects, answers=answers)

    def as_json(self) -> dict[str, Any]:
        expects = self.expects
        found: dict[str, Any] = {
            "callers": [caller.as_json() for caller in self.callers],
            "steps": [step.as_json() for step in self.steps],
            "answers": [dict(answer) for answer in self.answers],
            "expects": None if expects is None else expects.as_json(),
        }
        found |= {"clients": [client.as_json() for client in self.clients]} if self.clients else {}
        return found | ({"base": self.base} if self.base else {})

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Reproduction:
        """The reverse of :meth:`as_json`. Raises KeyError or TypeError for anything else."""
        callers = tuple(
            Caller(
                c["name"], c["tenant"], tuple(c["scopes"]), tuple(c["carriers"]),
                tuple(c["permissions"]), dict(c["settings"]), bool(c.get("token")),
            )
            for c in given["callers"]
        )  # fmt: skip
        clients = tuple(
            Client(c["name"], dict(c["given"]), bool(c["confidential"])) for c in given.get("clients", ())
        )
        told = given.get("expects")
        return cls(
            callers, tuple(_step(s) for s in given["steps"]), _expectation(told) if told else None,
            tuple(given.get("answers") or ()), clients, given.get("base", ""),
        )  # fmt: skip


def _expectation(given: Mapping[str, Any]) -> Expectation | Relation:
    if "relation" in given:
        return Relation.from_json(given)
    return Expectation(**{**given, "stands": tuple(given.get("stands", ()))})


def _step(given: Mapping[str, Any]) -> AnyStep:
    if "together" in given:
        requests = tuple(_request(one) for one in given["together"])
        return Contest.from_json(given) if "orders" in given else Together(requests)
    if "clock" in given:
        return Clock(given["clock"].get("advance", 0.0), given["clock"].get("set", ""))
    if "inbox" in given:
        return Inbox(given["inbox"], {name: value for name, value in given.items() if name != "inbox"})
    if "close" in given:
        return Close(given["close"])
    if "look" in given:
        return Look(bool(given["settle"]), dict(given["look"]))
    return _request(given)


def _request(given: Mapping[str, Any]) -> Step:
    return Step(
        given["as"], given["method"], given["path"], given.get("headers", {}), given.get("send", ""),
        given.get("keeps", {}), given.get("times", 1), given.get("root", False), walk=given.get("walk"),
    )  # fmt: skip
