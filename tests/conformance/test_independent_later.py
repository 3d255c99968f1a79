"""Mistakes of the two independent servers that were made up after the probes, to see which of them go unnoticed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from . import test_independent as independent
from .test_independent import SERVERS, verified

PAUSE = 0.15
#: How long a request waits for another one, where none may come.
LONGEST = 0.2
Billing: Any = SERVERS["billing"]
Clearmargin: Any = SERVERS["clearmargin"]
BILLING, CLEARMARGIN = independent.module("billing"), independent.module("clearmargin")


class WritesBack(Billing):  # type: ignore[misc]
    """A change of an invoice writes back every field as it was read before something else was asked."""

    async def update_invoice(self, request: Any, workspace: str) -> Any:
        row = self.found(self.invoices, request, workspace)
        read = {key: row[key] for key in ("due_date", "notes")}
        await request.body()
        await asyncio.sleep(PAUSE)
        row.update(read)
        return await super().update_invoice(request, workspace)


class DeletesIssued(Billing):  # type: ignore[misc]
    """Whether an invoice is a draft is asked some time before it is deleted."""

    async def delete_invoice(self, request: Any, workspace: str) -> Any:
        row = self.found(self.invoices, request, workspace)
        if row["status"] != "draft":
            return await super().delete_invoice(request, workspace)
        await asyncio.sleep(PAUSE)
        self.invoices[:] = [one for one in self.invoices if one is not row]
        return BILLING.Response(status_code=204)


class HalfRefused(Billing):  # type: ignore[misc]
    """A change that is refused because of its number has already changed the notes."""

    async def update_invoice(self, request: Any, workspace: str) -> Any:
        body = await self.body(request, "InvoiceUpdate", "invoices")
        row = self.found(self.invoices, request, workspace)
        row.update({key: body[key] for key in ("due_date", "notes") if key in body})
        return await super().update_invoice(request, workspace)


class EarlySnapshot(Billing):  # type: ignore[misc]
    """The customer of an invoice is the one of when the draft was made, not of when it was issued."""

    def add_invoice(self, workspace: str, body: Any, lines: Any) -> Any:
        row = super().add_invoice(workspace, body, lines)
        row["early"] = self.customer_of(row)
        return row

    def issue(self, row: Any) -> None:
        super().issue(row)
        row["snapshot"] = row.get("early", row["snapshot"])


class CountsLate(Clearmargin):  # type: ignore[misc]
    """The hours of a project are read before a time entry is stored or removed, and written with its own.

    In between the first request waits until a second one has read them too.
    """

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self.waiting, self.second = 0, asyncio.Event()

    def endpoint(self, collection: str, work: Any) -> Any:
        whole = super().endpoint(collection, work)

        async def endpoint(request: Any) -> Any:
            if collection != "time-entries" or request.method not in ("POST", "DELETE"):
                return await whole(request)
            before = {project["id"]: project["hoursLogged"] for project in self.docs["projects"]}
            await request.body()
            await self.meet()
            entries = list(self.docs[collection])
            answer = await whole(request)
            added = [(one, 1) for one in self.docs[collection] if one not in entries]
            removed = [(one, -1) for one in entries if one not in self.docs[collection]]
            for entry, sign in added + removed:
                for project in self.docs["projects"]:
                    if project["id"] == entry["project"] and project["id"] in before:
                        project["hoursLogged"] = round(before[project["id"]] + sign * entry["hours"], 2)
            return answer

        return endpoint

    async def meet(self) -> None:
        self.waiting += 1
        if self.waiting > 1:
            self.second.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.second.wait(), LONGEST)
        self.waiting -= 1
        if not self.waiting:
            self.second.clear()


class HalfChecked(Clearmargin):  # type: ignore[misc]
    """A change that is refused has already written the name."""

    def one(self, request: Any, collection: str, organization: str, body: bytes) -> Any:
        if request.method == "PATCH" and collection == "clients":
            doc = self.found(collection, request.path_params["id"], organization)
            given = CLEARMARGIN.json.loads(body) if body.startswith(b"{") and body.endswith(b"}") else {}
            if doc is not None and isinstance(given.get("name"), str) and given["name"]:
                doc["name"] = given["name"]
        return super().one(request, collection, organization, body)


class AppendsLines(Billing):  # type: ignore[misc]
    """The lines of a change are added to those that the invoice has."""

    async def update_invoice(self, request: Any, workspace: str) -> Any:
        row = self.found(self.invoices, request, workspace)
        before, given = row["lines"], await request.body()
        answer = await super().update_invoice(request, workspace)
        if b'"lines"' in given:
            row["lines"] = [*before, *row["lines"]]
        return answer


class CountsWhereItWas(Clearmargin):  # type: ignore[misc]
    """A time entry that moves to another project is taken from the old one and never added to the new one."""

    def one(self, request: Any, collection: str, organization: str, body: bytes) -> Any:
        before = {project["id"]: project["hoursLogged"] for project in self.docs["projects"]}
        doc = self.found(collection, request.path_params["id"], organization) or {}
        home = doc.get("project")
        answer = super().one(request, collection, organization, body)
        for project in self.docs["projects"]:
            if request.method == "PATCH" and project["id"] == doc.get("project") != home:
                project["hoursLogged"] = before[project["id"]]
        return answer


class TiesTurn(Clearmargin):  # type: ignore[misc]
    """Documents that sorting finds equal come in another order with every request."""

    turned = False

    def ordered(self, collection: str, docs: Any, field: str, organization: str) -> Any:
        self.turned = not self.turned
        plain = field.removeprefix("-") in ("createdAt", "id")
        turned = docs if plain or self.turned else docs[::-1]
        return super().ordered(collection, turned, field, organization)


class UnequalToNothing(Clearmargin):  # type: ignore[misc]
    """not_equals leaves out the documents that have no value at all, as a database does."""

    def compared(self, value: Any, operator: str, operand: Any) -> bool:
        unequal = operator != "not_equals" or value is not None
        return unequal and bool(super().compared(value, operator, operand))


CATCHES = {
    WritesBack: ("billing", "concurrency.order@updateInvoice"),
    DeletesIssued: ("billing", "concurrency.order@deleteInvoice"),
    HalfRefused: ("billing", "fields.immutable@updateInvoice"),
    EarlySnapshot: ("billing", "fields.frozen@getInvoice"),
    CountsLate: ("clearmargin", "concurrency.order@createTimeEntry"),
    HalfChecked: ("clearmargin", "validation.rejected@updateClient"),
    AppendsLines: ("billing", "resource.update@updateInvoice"),
    CountsWhereItWas: ("clearmargin", "fields.computed@getProject"),
    TiesTurn: ("clearmargin", "sort.ordered@listClients"),
    UnequalToNothing: ("clearmargin", "conditions.exact@listClients"),
}


@pytest.mark.parametrize("server", CATCHES, ids=lambda server: server.__name__)
def test_a_later_mistake_fails_the_clause_that_it_breaks(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them was made up when all probes were there."""
    api, clause = CATCHES[server]
    monkeypatch.setitem(SERVERS, api, server)
    code, report = verified(api, tmp_path, "--no-fuzz", "--only", clause)
    assert code == 1
    assert clause in {finding["clause"] for finding in report["findings"]}
