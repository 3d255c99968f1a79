"""Seconds and memory of ``troth diff`` over two documents of 1,000 operations and 3,000 schemas.

The same document twice, then one edited component that all operations share, then edits of one, ten, a hundred and a
thousand components: cost and memory grow with what changed. Every operation takes and gives references, every tenth
schema is recursive, and all resources share a few components.

Usage: ``python tests/benchmarks/comparison.py --form yaml``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

JSON = Any
RESOURCES = 200
PARTS = 11
EDITS: tuple[int | str, ...] = (0, "shared", 1, 10, 100, 1000)
"""How many components are edited; *shared* is the one that every operation uses."""
STRING = {"type": "string"}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


class Plain(yaml.CSafeDumper):
    """Writes shared values out, as people do, in place of anchors and aliases."""

    def ignore_aliases(self, data: JSON) -> bool:
        return data is not ...


def to(name: str) -> dict[str, JSON]:
    return {"$ref": f"#/components/schemas/{name}"}


def part(number: int, at: int) -> dict[str, JSON]:
    """One of the schemas that a resource is made of; it refers to the next one, every tenth to itself."""
    found: dict[str, JSON] = {
        "type": "object",
        "required": ["code"],
        "properties": {
            "code": {"type": "string", "maxLength": 40},
            "label": {"type": ["string", "null"]},
            "rank": {"type": "integer", "minimum": 0},
            "kind": {"enum": ["plain", "special", "other"]},
            "money": to("Money"),
        },
    }
    if at + 1 < PARTS:
        found["properties"]["next"] = to(f"Part{number}x{at + 1}")
    if at % 10 == 0:
        found["properties"]["children"] = {"type": "array", "items": to(f"Part{number}x{at}")}
    return found


def schemas_of(number: int) -> dict[str, JSON]:
    """The fifteen schemas of one resource."""
    row = {"id": {"type": "string", "format": "uuid", "readOnly": True}, "name": STRING, "audit": to("Audit")}
    parts = {f"Part{number}x{at}": part(number, at) for at in range(PARTS)}
    first = {"first": to(f"Part{number}x0"), "choice": {"oneOf": [to("Cat"), to("Dog")]}}
    return {
        f"Row{number}": {"type": "object", "required": ["id", "name"], "properties": {**row, **first}},
        f"RowCreate{number}": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": STRING, **first},
        },
        f"RowUpdate{number}": {"type": "object", "properties": {"name": STRING, **first}},
        f"RowList{number}": {
            "type": "object",
            "required": ["data"],
            "properties": {
                "data": {"type": "array", "items": to(f"Row{number}")},
                "page": {"type": "integer"},
            },
        },
        **parts,
    }


def operations_of(number: int) -> dict[str, JSON]:
    """The five operations of one resource."""

    def answer(name: str) -> dict[str, JSON]:
        content = {"application/json": {"schema": to(name)}}
        problem = {"application/json": {"schema": to("Problem")}}
        return {
            "200": {"description": "It.", "content": content},
            "default": {"description": "A problem.", "content": problem},
        }

    def body(name: str) -> dict[str, JSON]:
        return {"required": True, "content": {"application/json": {"schema": to(name)}}}

    def operation(verb: str, answers: str, **more: JSON) -> dict[str, JSON]:
        return {
            "operationId": f"{verb}Row{number}",
            "tags": [f"Rows {number}"],
            "responses": answer(answers),
            **more,
        }

    row = f"Row{number}"
    page = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}}
    return {
        f"/v1/rows{number}": {
            "get": operation("list", f"RowList{number}", parameters=[page]),
            "post": operation("create", row, requestBody=body(f"RowCreate{number}")),
        },
        f"/v1/rows{number}/{{id}}": {
            "parameters": [ID],
            "get": operation("get", row),
            "patch": operation("update", row, requestBody=body(f"RowUpdate{number}")),
            "delete": operation("delete", row),
        },
    }


def document() -> dict[str, JSON]:
    """The whole document: 1,000 operations, 3,005 schemas."""
    money = {
        "type": "object",
        "required": ["amount"],
        "properties": {"amount": {"type": "integer"}, "currency": STRING},
    }
    shared: dict[str, JSON] = {
        "Money": money,
        "Audit": {
            "type": "object",
            "properties": {"at": {"type": "string", "format": "date-time"}, "by": STRING},
        },
        "Cat": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"const": "cat"}, "money": to("Money")},
        },
        "Dog": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"const": "dog"}, "name": STRING},
        },
        "Problem": {"type": "object", "required": ["code"], "properties": {"code": STRING, "detail": STRING}},
    }
    paths: dict[str, JSON] = {}
    for number in range(RESOURCES):
        paths |= operations_of(number)
        shared |= schemas_of(number)
    info = {"title": "Rows", "version": "1.0.0"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": shared}}


def edited(old: JSON, edits: int | str) -> JSON:
    """A copy with one bound in each of so many components, or in the component that all operations share."""
    new = deepcopy(old)
    new["info"]["version"] = "1.1.0"
    schemas = new["components"]["schemas"]
    if isinstance(edits, str):
        schemas["Money"]["properties"]["currency"] = {"type": "string", "maxLength": 3}
        return new
    for edit in range(edits):
        part = f"Part{edit % RESOURCES}x{edit // RESOURCES + 1}"
        schemas[part]["properties"]["code"]["maxLength"] = 30
    return new


def measure(folder: Path, form: str, edits: int | str) -> tuple[float, float, float, int]:
    """Seconds by the clock and of the processor, peak megabytes and findings of a comparison in its own process."""
    command = [sys.executable, "-m", "troth", "diff", f"{folder}/old.{form}", f"{folder}/new{edits}.{form}"]
    report = folder / f"report{edits}.json"
    started = time.monotonic()
    child = subprocess.Popen([*command, "--fail-on", "never", "--json"], stdout=report.open("wb"))
    _, status, usage = os.wait4(child.pid, 0)
    spent = time.monotonic() - started
    if status:
        sys.exit(f"troth diff ended with {status}")
    worked = usage.ru_utime + usage.ru_stime
    return spent, worked, usage.ru_maxrss / 1024, len(json.loads(report.read_text())["findings"])


def main() -> None:
    """Writes the documents, compares them, prints a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--form", choices=["json", "yaml"], default="json", help="How the documents are written."
    )
    form = parser.parse_args().form
    old = document()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, value in (
            ("old", old),
            *((f"new{edits}", edited(old, edits)) for edits in EDITS),
        ):
            text = json.dumps(value, indent=1) if form == "json" else yaml.dump(value, Dumper=Plain)
            (folder / f"{label}.{form}").write_text(text, encoding="utf-8")
        size = (folder / f"old.{form}").stat().st_size / 1e6
        print(
            f"{RESOURCES * 5} operations, {len(old['components']['schemas'])} schemas, {size:.1f} MB of {form}"
        )
        for edits in EDITS:
            spent, worked, memory, findings = measure(folder, form, edits)
            print(
                f"{edits:>6} edits: {findings:4} findings, {spent:5.2f} s ({worked:.2f} s of CPU), {memory:4.0f} MB"
            )


if __name__ == "__main__":
    main()
