"""A trial asks the grounds that its fault can reach, and says of them what a trial of all grounds would."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from troth.behaviour import Behaviour
from troth.behaviour.bending import bends_of
from troth.behaviour.model import Binding, Kind
from troth.conformance.crew import bench_of
from troth.conformance.reach import Followed, Footprint, Reach, reach_of
from troth.conformance.selftest import Bench
from troth.conformance.subjects import chosen, subjects_of


@cache
def bench(name: str) -> Bench:
    return bench_of(name)


def bent(name: str, fault: str) -> tuple[Behaviour, Behaviour]:
    """The behaviour of a contract, and the same with a derived fault."""
    behaviour = bench(name).engine.behaviour
    return behaviour, bends_of(bench(name).contract, behaviour)[fault].apply(behaviour)


def reach(name: str, fault: str) -> Reach:
    found = reach_of(*bent(name, fault))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "fault",
    [
        "filter.exact:*", "references.exists:*", "lifecycle.transition:*", "rules.held:*",
        "delete-noop", "page-gap", "race-on-unique", "signature-wrong", "sent-when-gone",
    ],
)  # fmt: skip
def test_the_verdict_is_that_of_all_grounds(fault: str) -> None:
    subject = chosen(subjects_of(bench("billing").instruments), [fault])[0]
    trial, whole = bench("billing").tried(subject), bench("billing").tried(subject, everywhere=True)
    assert set(trial.violated) == set(whole.violated)
    assert trial.killed
    assert trial.requests < whole.requests


@pytest.mark.slow
@pytest.mark.parametrize("name", ["billing", "clearmargin", "crm", "clientcasa"])
def test_every_kill_is_that_of_all_grounds(name: str) -> None:
    """Nor does a trial name what they do not; of the further clauses that break at few places some may be missing."""
    subjects, missing = subjects_of(bench(name).instruments)[::4], []
    for subject in subjects:
        trial, whole = bench(name).tried(subject), bench(name).tried(subject, everywhere=True)
        assert trial.killed == whole.killed, subject.name
        assert set(trial.violated) <= set(whole.violated), subject.name
        missing += [subject.name] * (trial.violated != whole.violated)
    assert len(missing) <= len(subjects) / 20, missing


def test_a_filter_reaches_requests_that_use_it() -> None:
    found = reach("billing", "filter.exact:drop:listInvoices.status")
    assert found == Reach(queries=frozenset({("listInvoices", "status")}))


def test_a_reference_reaches_what_writes_its_rows_and_every_delete() -> None:
    """Whether a row may go depends on those that name it, so deletes of other resources count as well."""
    found = reach("billing", "references.exists:drop:invoices.customer_id")
    bindings = bench("billing").engine.behaviour.bindings
    kinds = {bindings[name].kind for name in found.operations}
    assert {name for name, one in bindings.items() if one.kind is Kind.DELETE} <= found.operations
    assert not kinds & {Kind.LIST, Kind.READ}
    assert not found.resources


def test_a_computed_field_reaches_the_rows_that_are_computed_from_it() -> None:
    """Invoices are not computed from calendar events, so whoever met nothing but invoices is not asked again."""
    found = reach("clientcasa", "fields.computed:invert:calendar-events.readOnly")
    assert "calendar-events" in found.resources
    assert "invoices" not in found.resources
    assert not found.queries


def test_what_time_brings_about_reaches_everything() -> None:
    assert reach_of(*bent("clientcasa", "fields.computed:off-by-one:invoices.subtotal")) is None


def test_what_is_said_for_the_whole_contract_reaches_everything() -> None:
    assert reach_of(*bent("billing", "errors.code:off-by-one:not-found.status")) is None


def test_a_fault_reaches_a_ground_by_operation_parameter_or_rows() -> None:
    behaviour = bench("billing").engine.behaviour
    listed: Binding = next(
        one for one in behaviour.bindings.values() if one.kind is Kind.LIST and one.resource
    )
    assert listed.resource is not None
    met = Footprint({listed.id}, {(listed.id, "status")}, {"others"})
    for found in (
        Reach(operations=frozenset({listed.id})),
        Reach(queries=frozenset({(listed.id, "status")})),
        Reach(resources=frozenset({"others"})),
        Reach(resources=frozenset({listed.resource.name})),
    ):
        assert found.meets(met, behaviour)
        assert not found.meets(Footprint(), behaviour)


def test_a_filter_that_a_default_puts_to_use_reaches_every_request() -> None:
    behaviour, other = bent("billing", "filter.exact:drop:listInvoices.status")
    binding = behaviour.bindings["listInvoices"]
    parameters = tuple(
        replace(one, schema={**dict(one.schema), "default": "sent"})  # type: ignore[arg-type]
        if one.name == "status"
        else one
        for one in binding.operation.parameters
    )
    operation = replace(binding.operation, parameters=parameters)

    def with_default(one: Behaviour) -> Behaviour:
        made = replace(one.bindings["listInvoices"], operation=operation)
        return replace(one, bindings={**one.bindings, "listInvoices": made})

    assert reach_of(with_default(behaviour), with_default(other)) == Reach(
        operations=frozenset({"listInvoices"})
    )


def test_footprints_are_kept_by_sandbox() -> None:
    connection = Followed(bench("billing").engine.misbehaving(()))
    base = f"http://mock.invalid{bench('billing').contract.base_path}"
    headers = connection.engine.credentials()[0]["headers"]
    binding = next(one for one in connection.engine.behaviour.bindings.values() if one.kind is Kind.LIST)
    url = f"{base}{binding.operation.path}?limit=1"
    connection.request("GET", url, headers={**headers, "X-Troth-Sandbox": "one"})
    connection.request("GET", f"{base}/nowhere", headers={**headers, "X-Troth-Sandbox": "two"})
    assert connection.footprints["one"].operations == {binding.id}
    assert connection.footprints["one"].queries == {(binding.id, "limit")}
    assert binding.resource is not None
    assert binding.resource.name in connection.footprints["one"].resources
    assert not connection.footprints["two"].operations
