"""Faults derived from a contract: each statement bent by one operator, and the clause that must notice.

A bend changes the frozen :class:`~troth.behaviour.model.Behaviour` that a mock runs, while who judges the mock goes on
reading the contract. So every contract, whoever wrote it, brings its own faults.
"""

from __future__ import annotations

from collections.abc import Mapping

from troth.behaviour.bending import access, actions, fields, lists, refusals, requests, rows, sights
from troth.behaviour.bending.bend import OPERATORS, Bend, Operator
from troth.behaviour.clauses import clauses_of
from troth.behaviour.model import Behaviour
from troth.contract.model import Contract

__all__ = ["OPERATORS", "Bend", "Operator", "bends_of"]


def bends_of(contract: Contract, behaviour: Behaviour) -> Mapping[str, Bend]:
    """Every derived fault of a contract by name, in the order of the concepts; only for clauses that it has."""
    promised = {(clause.id, clause.operation) for clause in clauses_of(contract, behaviour)}
    ids = {clause for clause, _ in promised}
    found = (
        *access.bends(behaviour),
        *lists.bends(contract, behaviour),
        *requests.bends(behaviour),
        *fields.bends(contract, behaviour),
        *rows.bends(contract, behaviour),
        *sights.bends(behaviour),
        *actions.bends(behaviour),
        *refusals.bends(contract, behaviour),
    )
    return {bend.name: bend for bend in found if ids & set(bend.clauses) and _noticed(bend, promised)}


def _noticed(bend: Bend, promised: set[tuple[str, str]]) -> bool:
    """Whether an operation that the bend reaches makes one of the promises that it breaks."""
    return not bend.operations or any(
        (clause, operation) in promised for clause in bend.clauses for operation in bend.operations
    )
