"""The names in backticks that a changelog uses, read as what they stand for, and what facts are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from troth.compatibility.facts import Fact
from troth.compatibility.normal import target_of
from troth.compatibility.places import path_within
from troth.contract.model import Contract

__all__ = ["Name", "names_in", "names_of", "vocabulary", "words_below"]

JSON = Any
METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY")
OPERATION = re.compile(rf"^((?:{'|'.join(METHODS)})(?:\s*[/,|]\s*(?:{'|'.join(METHODS)}))*)\s+(/\S*)$")
WORD = re.compile(r"^[A-Za-z_$][\w$.-]*(?:\[\])?$")
SCOPE = re.compile(r"^[\w.-]+:[\w.:-]+$")
PARTS = re.compile(r"[A-Za-z_$][\w$-]*")
TEMPLATE = re.compile(r"\{[^}]*\}")
COMMON = frozenset(
    {"null", "true", "false", "string", "number", "integer", "boolean", "object", "array", "date", *METHODS}
)


@dataclass(frozen=True, slots=True)
class Name:
    """``operation`` is ``METHOD /path`` with blank templates, ``path`` is a path, ``word`` anything else."""

    kind: Literal["operation", "path", "word", "scope"]
    value: str
    written: str


def names_in(codes: Iterable[str]) -> Iterator[Name]:
    """What the code spans of an entry name; prose in code, values and status lines name nothing."""
    for code in codes:
        text = code.strip()
        operation = OPERATION.match(text)
        if operation:
            path, _, query = operation[2].partition("?")
            for method in re.findall(r"[A-Z]+", operation[1]):
                yield Name("operation", f"{method} {blank(path)}", text)
            yield from _query(query, text)
        elif text.startswith("/"):
            path, _, query = text.partition("?")
            yield Name("path", blank(path), text)
            yield from _query(query, text)
        elif text.startswith("?"):
            yield from _query(text[1:], text)
        elif SCOPE.match(text):
            yield Name("scope", text, text)
        elif WORD.match(plain := unlisted(text)):
            if plain not in COMMON:
                yield Name("word", plain, text)
        elif text.startswith("{") or "=" in text:
            yield from (Name("word", part, text) for part in PARTS.findall(text) if part not in COMMON)


def _query(query: str, written: str) -> Iterator[Name]:
    for part in filter(None, query.split("&")):
        yield Name("word", part.partition("=")[0], written)


def unlisted(path: str) -> str:
    """A path of fields without the marks of lists: ``rows.size`` of ``rows[].size``."""
    return path.replace("[]", "").strip(".")


def blank(path: str) -> str:
    """A path with its parameters unnamed: ``/v1/clients/{}``."""
    return TEMPLATE.sub("{}", path.rstrip("/") or "/")


def names_of(fact: Fact) -> frozenset[str]:
    """Every way in which a changelog may name what a fact changed."""
    found: set[str] = set()
    for name in fact.names:
        method, _, path = name.partition(" ")
        found.add(f"{method} {blank(path)}" if method in METHODS and path.startswith("/") else name)
        if name.startswith("/"):
            found.add(blank(name))
    if fact.pair is not None or fact.uses:
        path = path_within(fact.place)
        found |= {fact.place, path, unlisted(path), unlisted(path.rpartition(".")[2])}
    return frozenset(name for name in found if name)


def vocabulary(contracts: Iterable[Contract]) -> frozenset[str]:
    """Every single word that the documents use as a key or as a value."""
    found: set[str] = set()
    for contract in contracts:
        found.update(_words(contract.document))
    return frozenset(found)


def _words(node: JSON) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            if key not in ("description", "summary"):
                yield from _words(value)
    elif isinstance(node, list):
        for value in node:
            yield from _words(value)
    elif isinstance(node, str) and " " not in node:
        yield node


def words_below(contract: Contract, pointer: str) -> frozenset[str]:
    """The words of a node and of everything that it refers to: what a new thing brings along."""
    found: set[str] = set()
    waiting, seen = [pointer], set()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        node = contract.node(at)
        found.update(_words(node))
        waiting += _references(node)
    return frozenset(found)


def _references(node: JSON) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield target_of(node["$ref"])
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
