"""Standards behind clauses: a row for an id or a concept, never for one that no contract has."""

from __future__ import annotations

from troth.behaviour.clauses import CLAUSE_IDS
from troth.behaviour.standards import STANDARDS, standard_of


def test_every_row_is_about_clauses_that_exist() -> None:
    known = {*CLAUSE_IDS, *(clause.partition(".")[0] for clause in CLAUSE_IDS)}
    assert STANDARDS.keys() <= known


def test_an_id_goes_before_its_concept_and_most_have_none() -> None:
    assert standard_of("rate-limit.enforced") == "RFC 6585 section 4"
    assert standard_of("idempotency.replay") == STANDARDS["idempotency"]
    assert standard_of("oauth.verifier") != STANDARDS["oauth"]
    assert standard_of("rules.held") == ""
