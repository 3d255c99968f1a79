"""Tables of changes: an endpoint, its methods, the object and the fields concerned, and what happens to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from troth.contract.model import Contract, Operation

__all__ = ["Row", "endpoint_of", "family_of", "rows_of"]

COLUMNS = {
    "endpoint": "endpoint",
    "http method": "methods",
    "http methods": "methods",
    "method": "methods",
    "object": "object",
    "fields": "fields",
    "field": "fields",
    "description": "description",
}
METHOD = re.compile(r"[A-Z]{3,7}")
FIELD = re.compile(r"^[A-Za-z_][\w.\[\]-]*(?:\s*\{[^}]*\})?$")
TEMPLATE = re.compile(r"\{[^}]*\}")
PREFIX = re.compile(r"^(?:api|v\d+(?:\.\d+)*)$")
SEPARATORS = re.compile(r",(?![^{]*\})|<br\s*/?>|\n")


@dataclass(frozen=True, slots=True)
class Row:
    """``fields`` is empty where the row speaks of the whole object (*all*, or words that list no field)."""

    line: int
    endpoint: str
    methods: tuple[str, ...]
    object: str = ""
    fields: tuple[str, ...] = ()
    description: str = ""

    @property
    def text(self) -> str:
        """The row in words, for a report."""
        return f"{'/'.join(self.methods)} {self.endpoint}: {self.description}".removesuffix(": ")


def rows_of(tokens: Sequence[Token], at: int) -> Iterator[Row]:
    """The rows of the table that opens at a token; none when it has no column for endpoints."""
    columns: list[str] = []
    cells: list[str] = []
    for index in range(at, len(tokens)):
        token = tokens[index]
        if token.type == "table_close":
            return
        if token.type == "th_open":
            columns.append(COLUMNS.get(tokens[index + 1].content.strip().casefold(), ""))
        elif token.type == "tr_open":
            cells, line = [], token.map[0] + 1 if token.map else 1
        elif token.type == "td_open":
            cells.append(tokens[index + 1].content.replace("`", "").strip())
        elif token.type == "tr_close" and cells and "endpoint" in columns:
            yield _row(dict(zip(columns, cells, strict=False)), line)


def _row(cells: dict[str, str], line: int) -> Row:
    fields = [part.strip() for part in SEPARATORS.split(cells.get("fields", "")) if part.strip()]
    listed = bool(fields) and all(FIELD.match(field) for field in fields) and fields != ["all"]
    return Row(
        line,
        cells["endpoint"],
        tuple(dict.fromkeys(METHOD.findall(cells.get("methods", "").upper()))),
        cells.get("object", ""),
        tuple(fields) if listed else (),
        cells.get("description", ""),
    )


def endpoint_of(path: str) -> str:
    """A path as such tables write it: without ``/api/v4`` before it, ``.json`` after it and the parameters' names."""
    steps = [step for step in path.strip().strip("/").removesuffix(".json").split("/") if step]
    while len(steps) > 1 and PREFIX.match(steps[0]):
        del steps[0]
    return TEMPLATE.sub("{}", "/".join(steps))


def family_of(row: Row, contract: Contract) -> Iterator[Operation]:
    """The operations that a row means: its endpoint is a collection together with its items."""
    wanted = endpoint_of(row.endpoint)
    for operation in contract.operations:
        if operation.method.upper() in row.methods and endpoint_of(operation.path) in (
            wanted,
            f"{wanted}/{{}}",
        ):
            yield operation
