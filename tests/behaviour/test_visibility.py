"""Rules of visibility as they are read, explained and found wanting."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from troth.behaviour import behaviour_of
from troth.behaviour.bending import bends_of
from troth.behaviour.clauses import clauses_of
from troth.behaviour.coherence import lint
from troth.behaviour.explaining import explain
from troth.contract import Contract, load_contract

FIRM = Path(__file__).parents[1] / "conformance" / "firm"
RULE = "components schemas Contact x-behaviour visibility restricted"

Made = Callable[..., Contract]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """The firm after one change: a path of words and a value; None takes the node away."""
    given = yaml.safe_load((FIRM / "openapi.yaml").read_text("utf-8"))

    def make(path: str = "", value: Any = None) -> Contract:
        document = copy.deepcopy(given)
        *steps, last = path.split() or [""]
        node = document
        for step in steps:
            node = node[step]
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
        (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return load_contract(tmp_path / "openapi.yaml")

    return make


def test_a_rule_has_its_defaults(made: Made) -> None:
    """Hidden where rows stand alone, redacted inside others; writes to what is withheld are forbidden."""
    contract = made(RULE, {"visible": "creator == 1.0", "redaction": {"keep": {"id": True}}})
    (rule,) = behaviour_of(contract).resources["contacts"].visibility
    assert (rule.listed, rule.read, rule.embedded) == ("hide", "hide", "redact")
    assert (rule.write, rule.reference, rule.when, rule.namings) == ("forbidden", None, None, ())


@pytest.mark.parametrize(
    ("mask", "shown"), [("*", "****"), ("hidden", "hidden"), ("#", "####"), ("…", "…" * 4)]
)
def test_a_mask_of_one_letter_keeps_the_length(made: Made, mask: str, shown: str) -> None:
    """A longer one stands for the whole text; a number takes the mask as it is, null stays null."""
    contract = made(f"{RULE} redaction mask", {"name": mask, "type": mask})
    (rule,) = behaviour_of(contract).resources["contacts"].visibility
    assert rule.redacted({"name": "Voss", "type": None})["name"] == shown
    assert rule.redacted({"name": 7, "type": None}) == {"name": mask, "type": None, "redacted": True}


def test_a_rule_conceals_what_it_does_not_show(made: Made) -> None:
    """What is not kept, what is masked, what is emptied."""
    resources = behaviour_of(made()).resources
    (kept,), (emptied,) = resources["contacts"].visibility, resources["entries"].visibility
    assert [kept.conceals(name) for name in ("id", "name", "email")] == [False, True, True]
    assert [emptied.conceals(name) for name in ("id", "quantity", "note")] == [False, True, False]


def test_each_rule_makes_the_clauses_that_can_be_judged(made: Made) -> None:
    """One for each operation that lists, shows, filters, names or writes rows that it is about."""
    contract = made()
    found: dict[str, set[str]] = {}
    for clause in clauses_of(contract, behaviour_of(contract)):
        if clause.concept == "visibility":
            found.setdefault(clause.id, set()).add(clause.operation)
    assert found["visibility.listed"] == {"listContacts", "listMatters"}
    assert found["visibility.searched"] == {"listContacts", "listEntries"}
    shown = {"getContact", "getMatter", "getEntry", "listMatters", "listEntries"}
    assert found["visibility.redacted"] == shown | {"listLetters", "listRelationships"}
    written = {"updateContact", "replaceContact", "deleteContact", "updateMatter", "updateEntry"}
    assert found["visibility.write"] == written
    assert "createLetter" in found["visibility.reference"]


def test_rules_are_explained_where_they_matter(made: Made) -> None:
    """A list says what it leaves out, a read what is left, a write what it cannot name."""
    contract = made()
    told = {
        one.operation: [fact.statement for fact in one.facts if fact.topic == "visibility"]
        for one in explain(contract, behaviour_of(contract))
    }
    assert "others are not listed" in told["listContacts"][0]
    assert "of others only id, name, type, 'name' masked, with redacted: true" in told["getContact"][0]
    assert "others answer 404 not-found" in told["getMatter"][0]
    assert "a write to what is withheld answers 403 forbidden" in told["updateEntry"][0]
    assert "in 'client': only id, name, type" in told["getMatter"][1]
    assert told["createLetter"] == [
        "'sender' names no row of contacts that the caller does not see; else 404 not-found"
    ]
    assert told["listUsers"] == []


def test_the_firm_is_coherent(made: Made) -> None:
    """What the test below finds comes from its one change."""
    assert lint(made()) == []


@pytest.mark.parametrize(
    ("path", "value", "finding", "message"),
    [
        (f"{RULE} when", "viewer.contact == 'restricted'", "unknown-name", "Did you mean 'contacts'?"),
        (f"{RULE} when", "creator == viewer.user", "unknown-name", "unknown field 'creator'"),
        (f"{RULE} visible", "maker == viewer.user", "unknown-name", "unknown field 'maker'"),
        (f"{RULE} redaction keep", {"id": True, "name": True, "tpe": True}, "unknown-field", "'type'?"),
        (f"{RULE} redaction empty", {"email": True}, "keyword-without-effect", "'email' is not kept"),
        (f"{RULE} redaction", {"mark": {"redacted": True}}, "redaction-without-effect", "shown whole"),
        (f"{RULE} namedBy client resource", "matter", "unknown-resource", "Did you mean 'matters'?"),
        (f"{RULE} namedBy client field", "clients", "unknown-field", "Did you mean 'client'?"),
        (f"{RULE} namedBy client field", "lawyer", "not-a-reference", "is no reference to contacts"),
        (f"{RULE} namedBy related seen", {"id": True}, "not-a-reference", "'id' of relationships"),
        (f"{RULE} namedBy client when", "lawer == 1.0", "unknown-name", "Did you mean 'lawyer'?"),
        (f"{RULE} reference", "unprocesable", "unknown-value", "Did you mean 'unprocessable'?"),
        (f"{RULE} lst", "hide", "unknown-keyword", "Did you mean 'list'?"),
        (f"{RULE} read", "hide", "", ""),
        (
            "components schemas Matter x-behaviour visibility theirs write",
            "conflict",
            "keyword-without-effect",
            "so does every write",
        ),
        (f"{RULE} visible", "seen('mattrs', company)", "unknown-resource", "Did you mean 'matters'?"),
        (f"{RULE} visible", "seen('contacts', company)", "visibility-circle", "would depend"),
        (
            "components schemas Matter x-behaviour visibility theirs namedBy",
            {"own": {"resource": "relationships", "field": "matter", "seen": {"contact": True}}},
            "visibility-circle",
            "would depend on whether rows of",
        ),
    ],
)
def test_what_does_not_fit_is_found(made: Made, path: str, value: Any, finding: str, message: str) -> None:
    """At the word that says it, with the nearest one; a rule may hide where it redacts elsewhere."""
    found = lint(made(path, value))
    assert {one.id for one in found} == ({finding} if finding else set())
    assert all(message in one.title for one in found if one.id == finding)
    if finding:
        assert found[0].location is not None
        assert "visibility" in found[0].location.pointer


def test_only_expressions_that_know_the_caller_ask_what_is_seen(made: Made) -> None:
    """A computed value is the same for everybody, so it cannot depend on who looks."""
    path = "components schemas Entry properties total x-behaviour computed"
    (found,) = lint(made(path, "seen('matters', matter) ? 1.0 : 2.0"))
    assert (found.id, "'seen'" in found.title) == ("unknown-function", True)


def test_a_condition_on_the_row_only_is_a_rule_for_everybody(made: Made) -> None:
    assert lint(made(f"{RULE} when")) == []


def test_every_part_of_a_rule_bends(made: Made) -> None:
    """A derived fault for each permission, rule, mark, mask and emptied field, named for a clause that is promised."""
    contract = made()
    behaviour = behaviour_of(contract)
    found = [name for name in bends_of(contract, behaviour) if name.startswith(("visibility", "permissions"))]
    assert "permissions.required:drop:createDamage.Personal-Injury" in found
    assert "visibility.listed:drop:matters.theirs" in found
    assert "visibility.listed:widen:contacts.restricted" in found
    assert "visibility.redacted:drop:entries.hours.total" in found
    assert "visibility.redacted:drop:contacts.restricted.redacted" in found
    assert not any(name.endswith("drop:contacts.restricted") for name in found), (
        "who made a row, nobody can see"
    )
    assert all(bend.apply(behaviour) != behaviour for bend in bends_of(contract, behaviour).values())
