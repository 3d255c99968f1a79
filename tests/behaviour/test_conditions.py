"""Conditional requests and linked pages: what is derived from a document, what lint finds, what explain tells."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from troth.behaviour import Behaviour, behaviour_of
from troth.behaviour.clauses import clauses_of
from troth.behaviour.coherence import lint
from troth.behaviour.explaining import explain
from troth.contract import Contract, load_contract

PRACTICE = Path(__file__).parents[1] / "conformance" / "practice" / "openapi.yaml"

Change = Callable[[dict[str, Any]], object]
Load = Callable[..., Contract]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The practice with some changes to its document."""

    def run(*changes: Change) -> Contract:
        document = copy.deepcopy(yaml.safe_load(PRACTICE.read_text(encoding="utf-8")))
        for change in changes:
            change(document)
        file = tmp_path / "openapi.yaml"
        file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return load_contract(file)

    return run


def held(behaviour: Behaviour) -> set[str]:
    return {name for name, binding in behaviour.bindings.items() if binding.preconditions}


def undocumented(document: dict[str, Any]) -> None:
    """Nothing in the paths speaks of conditions any more."""
    for item in document["paths"].values():
        for method in ("get", "patch", "delete"):
            responses = item.get(method, {}).get("responses", {})
            for status in ("304", "412", "428"):
                responses.pop(status, None)


def test_operations_that_document_conditions_are_held_to_them(load: Load) -> None:
    """By an answer or by a header; where none does, all of one row are."""
    assert held(behaviour_of(load())) == {"getMatter", "updateMatter", "deleteMatter"}
    every = {"getContact", "deleteContact", "getMatter", "updateMatter", "deleteMatter"}
    assert held(behaviour_of(load(undocumented))) == every

    def with_header(document: dict[str, Any]) -> None:
        header = {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}
        document["paths"]["/contacts/{id}.json"]["get"]["parameters"] = [header]

    assert held(behaviour_of(load(undocumented, with_header))) == {"getContact"}


def test_without_the_profile_nothing_is_promised(load: Load) -> None:
    contract = load(lambda document: document["x-behaviour"].pop("conditional"))
    behaviour = behaviour_of(contract)
    assert held(behaviour) == set()
    assert not [clause.name for clause in clauses_of(contract, behaviour) if clause.concept == "conditional"]
    assert behaviour.resources["matters"].fields["etag"].generated is None


def setting(**words: Any) -> Change:
    return lambda document: document["x-behaviour"]["conditional"].update(words)


@pytest.mark.parametrize(
    ("change", "finding", "pointer"),
    [
        (setting(etag="weak"), "weak-tag", "/conditional/etag"),
        (setting(required={"create": True}), "keyword-without-effect", "/conditional/required/create"),
        (setting(required={"replace": True}), "keyword-without-effect", "/conditional/required/replace"),
    ],
)
def test_what_cannot_be_kept_is_found(load: Load, change: Change, finding: str, pointer: str) -> None:
    """At the word that promises it, and nothing else."""
    found = lint(load(change))
    assert [(f.id, f.location.pointer.partition("x-behaviour")[2]) for f in found if f.location] == [
        (finding, pointer)
    ]


def test_a_moment_that_no_row_knows_is_found(load: Load) -> None:
    def timeless(document: dict[str, Any]) -> None:
        del document["components"]["schemas"]["Matter"]["properties"]["updated_at"]

    (found,) = lint(load(timeless))
    assert (found.id, found.severity) == ("keyword-without-effect", "warning")
    assert "moment of its last change" in found.title


def test_a_tag_in_rows_alone_is_found(load: Load) -> None:
    """It says that it is the ETag header's, which no answer has."""

    def alone(document: dict[str, Any]) -> None:
        del document["x-behaviour"]["conditional"]
        etag = document["components"]["schemas"]["Contact"]["properties"]["etag"]
        etag["x-behaviour"] = {"generated": "etag"}

    (found,) = lint(load(alone))
    assert (found.id, found.severity) == ("missing-keyword", "warning")


def test_a_reach_that_limits_nothing_is_found(load: Load) -> None:
    """Cursors have no number."""

    def bounded(document: dict[str, Any]) -> None:
        document["x-behaviour"]["pagination"]["linked"]["maxOffset"] = 10

    assert [found.id for found in lint(load(bounded))] == ["keyword-without-effect"]


def test_explain_tells_of_tags_conditions_links_and_reach(load: Load) -> None:
    """Each where it holds, with the answers that it brings about."""
    contract = load()
    told = {
        one.operation: {fact.topic: fact.statement for fact in one.facts}
        for one in explain(contract, behaviour_of(contract))
    }
    assert told["getMatter"]["state"] == "answers have a strong ETag and 'updated_at' in Last-Modified"
    assert told["getMatter"]["condition"].startswith("304 for If-None-Match or If-Modified-Since")
    assert told["getContact"]["state"] == "answers have a strong ETag"
    assert "condition" not in told["getContact"]
    assert told["deleteMatter"]["condition"].startswith("412 Stale")
    assert "428 precondition-required" in told["deleteMatter"]["condition"]
    assert told["listContacts"]["pagination"].endswith(
        "behind row 1000 answers 422 ArgumentError; Link header"
    )
    assert told["getMatter"]["select"].startswith(
        "'fields' names the members that answers show, 'id', 'etag'"
    )


def test_links_are_derived_from_the_schema_of_a_list(load: Load) -> None:
    """Members whose values are URLs are addresses of pages; those that need not be there are left out at the ends."""

    def derived(document: dict[str, Any]) -> None:
        del document["x-behaviour"]["pagination"]["linked"]["envelope"]
        meta = document["components"]["schemas"]["Matters"]["properties"]["meta"]
        url = {"type": "string", "format": "uri"}
        meta["properties"]["paging"] = {
            "type": "object",
            "required": ["next"],
            "properties": {"next": {**url, "type": ["string", "null"]}, "previous": url},
        }

    paging = behaviour_of(load(derived)).bindings["listMatters"].pagination
    assert paging is not None
    assert paging.envelope["meta"]["paging"] == {"next": "$nextLink", "previous?": "$previousLink"}
