"""Actions, records and views: what is wrong with them is found where it stands, and what they do is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from troth.behaviour.coherence import lint
from troth.behaviour.explaining import explain
from troth.behaviour.inference import behaviour_of
from troth.behaviour.model import Kind
from troth.behaviour.moments import RFC3339, moment_writer
from troth.contract import load_contract
from troth.contract.model import Contract

WORKSHOP = Path(__file__).parents[1] / "engine" / "workshop.yaml"
FINISH = "/paths/~1jobs~1{id}~1finish/post/x-behaviour"
JOB = "/components/schemas/Job/x-behaviour"


@pytest.fixture
def workshop(tmp_path: Path) -> Callable[..., Contract]:
    """The workshop's contract after a change of the document."""

    def make(change: Callable[[Any], object] = lambda _: None) -> Contract:
        document = yaml.safe_load(WORKSHOP.read_text(encoding="utf-8"))
        change(document)
        path = tmp_path / "openapi.yaml"
        head = {"openapi": "3.1.0", "info": {"title": "Workshop", "version": "1"}}
        path.write_text(yaml.safe_dump({**head, **document}, sort_keys=False), encoding="utf-8")
        return load_contract(path)

    return make


def finish(document: Any) -> Any:
    return document["paths"]["/jobs/{id}/finish"]["post"]["x-behaviour"]


def job(document: Any) -> Any:
    return document["components"]["schemas"]["Job"]["x-behaviour"]


def operation(document: Any, path: str, method: str) -> Any:
    return document["paths"][path][method].setdefault("x-behaviour", {})


def errors(contract: Contract) -> list[tuple[str, str]]:
    found = [f for f in lint(contract) if f.severity == "error"]
    return [(f.id, f.location.pointer if f.location else "") for f in found]


def test_the_workshop_is_coherent(workshop: Callable[..., Contract]) -> None:
    assert errors(workshop()) == []


@pytest.mark.parametrize(
    ("change", "identifier", "pointer"),
    [
        (
            lambda d: finish(d)["effect"].update(transition="finnish"),
            "unknown-transition",
            f"{FINISH}/effect/transition",
        ),
        (
            lambda d: finish(d)["effect"].update(create={"bill": {}}),
            "unknown-resource",
            f"{FINISH}/effect/create/bill",
        ),
        (
            lambda d: finish(d)["effect"]["create"]["bills"].update(sum="1"),
            "unknown-field",
            f"{FINISH}/effect/create/bills/sum",
        ),
        (
            lambda d: finish(d)["effect"]["set"].update(billID="1"),
            "unknown-field",
            f"{FINISH}/effect/set/billID",
        ),
        (
            lambda d: finish(d)["effect"]["set"].update(hours="ours"),
            "unknown-name",
            f"{FINISH}/effect/set/hours",
        ),
        (
            lambda d: finish(d)["rules"]["has-hours"].update(require="hour > 0.0"),
            "unknown-name",
            f"{FINISH}/rules/has-hours/require",
        ),
        (
            lambda d: finish(d)["rules"]["has-hours"].update(field="hour"),
            "unknown-field",
            f"{FINISH}/rules/has-hours/field",
        ),
        (
            lambda d: operation(d, "/long-jobs", "get").update(where="length > 1.0"),
            "unknown-name",
            "/paths/~1long-jobs/get/x-behaviour/where",
        ),
        (
            lambda d: operation(d, "/jobs", "post").update(where="true"),
            "misplaced-keyword",
            "/paths/~1jobs/post/x-behaviour/where",
        ),
        (
            lambda d: operation(d, "/jobs", "get").update(rules={"r": {"require": "true"}}),
            "misplaced-keyword",
            "/paths/~1jobs/get/x-behaviour/rules",
        ),
        (
            lambda d: job(d)["records"]["made"].update({"in": "logs"}),
            "unknown-resource",
            f"{JOB}/records/made/in",
        ),
        (
            lambda d: job(d)["records"]["made"]["row"].update(tex="1"),
            "unknown-field",
            f"{JOB}/records/made/row/tex",
        ),
        (
            lambda d: job(d)["records"]["finished"].update(when="old.stat == 1.0"),
            "unknown-name",
            f"{JOB}/records/finished/when",
        ),
        (
            lambda d: d["x-behaviour"]["tokens"].update(scheme="key"),
            "behaviour-unreadable",
            "/x-behaviour/tokens",
        ),
        (
            lambda d: d["x-behaviour"]["formats"].update(moment="soon"),
            "wrong-form",
            "/x-behaviour/formats/moment",
        ),
    ],
)
def test_a_mistake_is_found_where_it_stands(
    workshop: Callable[..., Contract], change: Callable[[Any], object], identifier: str, pointer: str
) -> None:
    """One finding each."""
    assert errors(workshop(change)) == [(identifier, pointer)]


def test_fields_that_read_each_other_across_rows_are_a_circle(workshop: Callable[..., Contract]) -> None:
    """Looking a row up is fine as long as what is read of it does not come back."""

    def looking(field: str) -> Callable[[Any], None]:
        def change(document: Any) -> None:
            schemas = document["components"]["schemas"]
            schemas["Job"]["properties"]["billed"] = {
                "type": "number",
                "x-behaviour": {"computed": "sum(related('bills', 'jobId').map(b, b.share))"},
            }
            schemas["Bill"]["properties"]["share"] = {
                "type": "number",
                "x-behaviour": {"computed": f"lookup('jobs', jobId).{field}"},
            }

        return change

    assert errors(workshop(looking("hours"))) == []
    ((identifier, pointer),) = errors(workshop(looking("billed")))
    assert (identifier, pointer) == (
        "computed-circle",
        "/components/schemas/Job/properties/billed/x-behaviour/computed",
    )


def test_an_action_belongs_to_the_row_of_its_path(workshop: Callable[..., Contract]) -> None:
    """Its resource is that of the path before the last word; a plain update there has a row as well."""
    bindings = behaviour_of(workshop()).bindings
    told = {
        name: (b.kind, b.resource.name if b.resource else None, b.id_parameter, b.answers)
        for name, b in bindings.items()
        if name in ("finishJob", "setHours", "printJob")
    }
    assert told == {
        "finishJob": (Kind.ACTION, "jobs", "id", "bills"),
        "setHours": (Kind.UPDATE, "jobs", "id", None),
        "printJob": (Kind.ACTION, "jobs", "id", None),
    }


def test_what_an_action_does_is_told(workshop: Callable[..., Contract]) -> None:
    """Each statement with the place that makes it."""
    contract = workshop()
    told = {one.operation: one.facts for one in explain(contract, behaviour_of(contract))}
    finishing = [(f.topic, f.statement) for f in told["finishJob"]]
    assert ("effect", "'state' 1 → 2; else 409 conflict") in finishing
    assert ("effect", "sets 'hours' = hours + 1.0") in finishing
    assert ("rule", "hours > 0.0; else 409 conflict") in finishing
    assert any(topic == "record" and "leaves a row in log" in statement for topic, statement in finishing)
    (where,) = [f for f in told["listLongJobs"] if f.topic == "where"]
    assert where.location.pointer == "/paths/~1long-jobs/get/x-behaviour/where"
    assert [f.statement for f in told["listUnits"] if f.topic == "shared"] == [
        "all tenants see the same rows"
    ]
    assert [f.topic for f in told["printJob"] if f.topic == "document"] == ["document"]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (RFC3339, "2026-05-19T09:30:07.120Z"),
        ("YYYY-MM-DD hh:mm:ss", "2026-05-19 09:30:07"),
        ("YYYY/MM/DD", "2026/05/19"),
        ("YYYY-MM-DDThh:mm:ssZ", "2026-05-19T09:30:07Z"),
    ],
)
def test_a_moment_is_written_as_its_pattern_says(pattern: str, text: str) -> None:
    assert moment_writer(pattern)("2026-05-19T09:30:07.120Z") == text
