"""What is made from a contract once and serves every run against it: clauses, validators, a second judge."""

from __future__ import annotations

from dataclasses import dataclass, field

from troth.behaviour import Behaviour, behaviour_of
from troth.behaviour.clauses import Clause, clauses_of
from troth.behaviour.editions import Editions
from troth.conformance.excerpts import excerpt
from troth.conformance.reference import Model, model_of
from troth.conformance.second_opinion import SecondOpinion
from troth.contract import Contract, Validators, validators

__all__ = ["Instruments"]


@dataclass(frozen=True, slots=True)
class Instruments:
    """Compiled lazily, remembered for good; nothing in here knows a target."""

    contract: Contract
    behaviour: Behaviour
    clauses: tuple[Clause, ...]
    validators: Validators
    editions: Editions
    #: (clause, operation) of every promise of the contract, also where only some clauses are judged.
    promised: frozenset[tuple[str, str]]
    bodies: dict[str, bytes] = field(default_factory=dict)
    _opinions: dict[str, SecondOpinion] = field(default_factory=dict)
    _models: list[Model] = field(default_factory=list)
    _excerpts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, contract: Contract) -> Instruments:
        behaviour = behaviour_of(contract)
        clauses, editions = clauses_of(contract, behaviour), Editions(contract, behaviour)
        promised = frozenset((clause.id, clause.operation) for clause in clauses)
        return cls(contract, behaviour, clauses, validators(contract), editions, promised)

    def second_opinion(self, base_url: str) -> SecondOpinion:
        """openapi-core over the contract, as it is served at a URL."""
        if base_url not in self._opinions:
            self._opinions[base_url] = SecondOpinion(self.contract, base_url)
        return self._opinions[base_url]

    def excerpt(self, pointer: str) -> str:
        """The contract's own text at a pointer."""
        if pointer not in self._excerpts:
            self._excerpts[pointer] = excerpt(self.contract, pointer)
        return self._excerpts[pointer]

    def model(self) -> Model:
        """The engine that reference models of runs share."""
        if not self._models:
            self._models.append(model_of(self.contract))
        return self._models[0]
