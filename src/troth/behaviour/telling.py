"""One statement about an operation, with its source, and what it takes to make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troth.behaviour.model import Behaviour, Binding, Field
from troth.behaviour.resources import traits_of
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.findings import Location

__all__ = ["Fact", "Teller"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement: what it is about, the sentence, what it was derived from, and the place that says so."""

    topic: str
    statement: str
    source: str
    location: Location

    def as_json(self) -> dict[str, Any]:
        return {
            "topic": self.topic,
            "statement": self.statement,
            "source": self.source,
            "location": self.location.as_json(),
        }


@dataclass
class Teller:
    """One operation within its contract. ``met`` collects the kinds of refusal that its rows can bring about."""

    contract: Contract
    behaviour: Behaviour
    binding: Binding
    met: list[str] = field(default_factory=list)

    @property
    def operation(self) -> str:
        return self.binding.operation.pointer

    def own(self, *keys: str) -> str:
        """The pointer of a keyword in the operation's ``x-behaviour``."""
        return join(self.operation, "x-behaviour", *keys)

    def parameter(self, location: str, name: str) -> str:
        found = self.binding.operation.parameter(location, name)
        return found.pointer if found is not None else self.operation

    def trait(self, found: Field, word: str) -> str:
        """Where a field's trait is declared, or the field itself where the trait follows from its schema."""
        at, traits = traits_of(self.contract, found.pointer)
        return join(at, word) if word in traits else found.pointer

    def given(self, pointer: str) -> Mapping[str, Any]:
        try:
            found = self.contract.node(pointer)
        except KeyError:
            return {}
        return found if isinstance(found, Mapping) else {}

    def refusal(self, kind: str) -> str:
        """Status and code of a kind of refusal: ``404 not_found``."""
        wire = self.behaviour.errors.kinds[kind]
        return f"{wire.status} {wire.code}"

    def refused(self, kind: str) -> str:
        """As :meth:`refusal`, and noted among what this operation can answer."""
        self.met.append(kind)
        return self.refusal(kind)

    def fact(self, topic: str, statement: str, pointer: str, source: str) -> Fact:
        return Fact(topic, statement, source, self.contract.locate(pointer))
