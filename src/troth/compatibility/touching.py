"""Who is hit: for each change, the recorded requests that it touches and the consumers that sent them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from troth.compatibility.comparison import Comparison
from troth.compatibility.containment import validator
from troth.compatibility.expansion import expand
from troth.compatibility.facts import Direction, Fact, Pair
from troth.compatibility.instances import Instances, instances_of
from troth.compatibility.judgement import Judged
from troth.compatibility.sides import Sides
from troth.compatibility.traffic import Recorded
from troth.contract.model import Contract, Operation, Parameter
from troth.contract.parameters import ParameterReader, compile_parameters
from troth.contract.routing import Match, Router
from troth.contract.validation import Validators

__all__ = ["Touched", "touched_by"]

JSON = Any
NEEDED = frozenset({"required-parameter", "parameter-requirement"})
PARAMETER = frozenset({"parameter", "ended-parameter", "early-parameter"})
MEMBER = frozenset({"property", "required-property", "ended-property", "early-property", "required"})
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Touched:
    """The comparison with what it touches in its findings, and how much of the traffic was of this API."""

    comparison: Comparison
    requests: int
    known: int


@dataclass(frozen=True, slots=True)
class _Call:
    """One recorded request with its operation and the parts of its messages by schema."""

    recorded: Recorded
    operation: Operation
    sent: tuple[Instances, ...]
    given: tuple[Instances, ...]


def touched_by(comparison: Comparison, traffic: Sequence[Recorded]) -> Touched:
    """Each finding with ``evidence.traffic`` and a sentence: how many requests it touches, and whose."""
    found = comparison.delta
    calls = tuple(_Desk(found.old, found.sides).calls(traffic))
    bench = _Bench(found.sides, {pair.old.id: pair.new.id for pair in found.paired.pairs})
    judged = tuple(
        _told(item, [call for call in calls if bench.touches(item, call)]) for item in comparison.judged
    )
    return Touched(replace(comparison, judged=judged), len(traffic), len(calls))


def _told(item: Judged, calls: Sequence[_Call]) -> Judged:
    if not calls:
        return item
    consumers = Counter(call.recorded.consumer for call in calls)
    examples = list(dict.fromkeys(call.recorded.label for call in calls))[:EXAMPLES]
    named = ", ".join(f"{name} ({count})" for name, count in consumers.most_common())
    noun = "request" if len(calls) == 1 else "requests"
    sentence = f"Touches {len(calls)} recorded {noun} of {named}."
    traffic = {"requests": len(calls), "consumers": dict(consumers.most_common()), "examples": examples}
    finding = item.finding
    told = replace(
        finding,
        detail=f"{finding.detail} {sentence}".strip(),
        evidence={**finding.evidence, "traffic": traffic},
    )
    return replace(item, finding=told)


class _Desk:
    """Sorts recorded requests by the old contract's operations and reads their values."""

    def __init__(self, contract: Contract, sides: Sides) -> None:
        self.contract, self.sides = contract, sides
        self.router, self.validators = Router(contract), Validators(contract)
        self.readers: dict[str, ParameterReader] = {}

    def calls(self, traffic: Sequence[Recorded]) -> Iterator[_Call]:
        ours = self._hosts() & {recorded.host for recorded in traffic}
        for recorded in traffic:
            if ours and recorded.host and recorded.host not in ours:
                continue  # a browser records whatever else the page asks for
            match = self._match(recorded)
            if match is not None:
                operation = match.operation
                yield _Call(
                    recorded,
                    operation,
                    tuple(self._sent(recorded, match)),
                    tuple(self._given(recorded, operation)),
                )

    def _hosts(self) -> frozenset[str]:
        """The hosts that the contract names."""
        servers = self.contract.document.get("servers")
        urls = [str(server.get("url", "")) for server in servers or () if isinstance(server, Mapping)]
        return frozenset(urlsplit(url).netloc.lower() for url in urls if "{" not in url) - {""}

    def _match(self, recorded: Recorded) -> Match | None:
        """The operation, whether or not the recorder saw the server's base path."""
        for path in (recorded.path, self.contract.base_path + recorded.path):
            found = self.router.match(recorded.method, path)
            if isinstance(found, Match):
                return found
        return None

    def _sent(self, recorded: Recorded, match: Match) -> Iterator[Instances]:
        operation = match.operation
        reader = self.readers.get(operation.id)
        if reader is None:
            reader = compile_parameters(self.contract, self.validators, operation)
            self.readers[operation.id] = reader
        values, _ = reader.read(match.path_params, recorded.query, recorded.headers)
        for parameter in operation.parameters:
            key = (parameter.location, parameter.name)
            if parameter.schema_pointer and key in values and _is_sent(parameter, recorded):
                yield instances_of(self.sides.old, parameter.schema_pointer, values[key])
        if operation.body is not None and recorded.has_body:
            kind = recorded.headers.get("content-type", "").partition(";")[0].strip()
            media = operation.body.media.get(kind) or next(iter(operation.body.media.values()), None)
            if media is not None and media.schema_pointer:
                yield instances_of(self.sides.old, media.schema_pointer, recorded.body)

    def _given(self, recorded: Recorded, operation: Operation) -> Iterator[Instances]:
        response = operation.response_for(int(recorded.status)) if recorded.status.isdigit() else None
        if response is None or not recorded.has_answer:
            return
        media = next((media for media in response.media.values() if media.schema_pointer), None)
        if media is not None and media.schema_pointer:
            yield instances_of(self.sides.old, media.schema_pointer, recorded.answer)


def _is_sent(parameter: Parameter, recorded: Recorded) -> bool:
    if parameter.location == "query":
        return any(
            name == parameter.name or name.startswith(f"{parameter.name}[") for name, _ in recorded.query
        )
    if parameter.location == "header":
        return parameter.name.lower() in recorded.headers
    if parameter.location == "cookie":
        return f"{parameter.name}=" in recorded.headers.get("cookie", "")
    return True


class _Bench:
    """Decides whether a change touches a recorded request."""

    def __init__(self, sides: Sides, renamed: Mapping[str, str]) -> None:
        self.sides, self.renamed = sides, renamed

    def touches(self, item: Judged, call: _Call) -> bool:
        """A change that travels both ways touches who meets it in the direction in which it was judged."""
        fact, called = item.fact, call.operation.id
        if fact.reach and not {called, self.renamed.get(called, called)} & set(fact.reach):
            return False
        if fact.pair is not None:
            directions = (item.rule.direction,) if item.rule.direction else fact.directions
            return any(self._values(fact, fact.pair, call, direction) for direction in directions)
        if (
            fact.subject == "security-alternative"
            and fact.action == "removed"
            and not self._lets_in(fact, call)
        ):
            return False
        return bool(fact.reach or "keyword" in fact.context) and _message(fact, call)

    def _lets_in(self, fact: Fact, call: _Call) -> bool:
        """Whether a request came in by an alternative; one that shows no credentials at all may have lost them."""
        schemes = self.sides.old.contract.security_schemes
        shown = {name for name, scheme in schemes.items() if _carries(call.recorded, scheme)}
        return not shown or shown >= {name for name in fact.names if name in schemes}

    def _values(self, fact: Fact, pair: Pair, call: _Call, direction: Direction) -> bool:
        """Whether a part of the message stands where the edit was made and is concerned by it."""
        parts = call.sent if direction == "request" else call.given
        values = [value for found in parts for value in found.get(pair.old, ())]
        if fact.subject in MEMBER and fact.names:
            name, missing = fact.names[0], fact.action == "added"
            objects = [value for value in values if isinstance(value, Mapping)]
            if missing:
                demanded = direction == "request" and fact.subject != "property"
                return demanded and any(name not in value for value in objects)
            return any(name in value for value in objects)
        if direction == "response" or fact.subject in ("deprecation", "sunset", "default"):
            return bool(values) and fact.action != "narrowed"
        taken = validator(expand(self.sides.new, pair.new, direction))
        return taken is not None and any(not taken.is_valid(value) for value in values)


def _carries(recorded: Recorded, scheme: Mapping[str, JSON]) -> bool:
    """Whether a request has what a security scheme asks for."""
    name = str(scheme.get("name", ""))
    match scheme.get("type"), scheme.get("in"):
        case "apiKey", "query":
            return any(key == name for key, _ in recorded.query)
        case "apiKey", "cookie":
            return f"{name}=" in recorded.headers.get("cookie", "")
        case "apiKey", _:
            return name.lower() in recorded.headers
        case kind, _:
            word = str(scheme.get("scheme", "bearer")) if kind == "http" else "bearer"
            return recorded.headers.get("authorization", "").lower().startswith(word.lower())


def _message(fact: Fact, call: _Call) -> bool:
    """Whether a change of something that is no schema concerns a request of its operation."""
    recorded, subject, name = call.recorded, fact.subject, fact.names[0] if fact.names else ""
    if subject in PARAMETER or subject.startswith("parameter-") or subject in NEEDED:
        return _parameter(fact, call, name)
    if subject in ("body", "required-body", "body-requirement"):
        return recorded.has_body is (fact.action == "removed" and subject == "body")
    if subject in ("request-media-type", "response-media-type"):
        return _media_type(fact, recorded)
    if subject in ("success-status", "error-status"):
        return fact.action == "removed" and recorded.status == name
    if subject in ("header", "required-header") and recorded.answer_headers.keys() - {"content-type"}:
        return fact.action == "removed" and name.lower() in recorded.answer_headers
    return not (
        fact.action == "added" and subject in ("operation", "header", "required-header", "link", "callback")
    )


def _media_type(fact: Fact, recorded: Recorded) -> bool:
    """Whether a request sends, or asks for, a media type that is no longer taken, or given."""
    name, sent = fact.names[0], recorded.headers.get("content-type", "")
    if fact.action == "narrowed":
        return (
            recorded.has_body and fact.subject == "request-media-type" and not sent.startswith(fact.names[1:])
        )
    if fact.action == "widened":
        return fact.subject == "response-media-type"
    asked = f"{recorded.headers.get('accept', '')} {recorded.answer_headers.get('content-type', '')}"
    met = sent.startswith(name) if fact.subject == "request-media-type" else name in asked
    return fact.action == "removed" and met


def _parameter(fact: Fact, call: _Call, name: str) -> bool:
    """A demand touches who does not send it; anything else touches who does."""
    location = fact.place.partition(" ")[0]
    sent = any(
        parameter.name.lower() == name.lower()
        and parameter.location == location
        and _is_sent(parameter, call.recorded)
        for parameter in call.operation.parameters
    )
    if fact.subject in NEEDED and fact.action == "added":
        known = call.recorded.headers if location == "header" else dict(call.recorded.query)
        return not sent and name not in known
    return sent
