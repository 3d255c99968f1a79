"""A contract argument becomes a frozen :class:`Contract`: read, overlaid, bundled, raised, checked, modelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from troth.contract.bundling import Bundle, bundle
from troth.contract.collecting import without_collection
from troth.contract.compositions import reconciled, simplify
from troth.contract.dialects import dialect, raise_schema
from troth.contract.documents import Document
from troth.contract.model import Contract
from troth.contract.operations import build_operations
from troth.contract.overlays import apply_overlay, is_overlay
from troth.contract.pointers import follow, join, local, reference
from troth.contract.positions import Positions
from troth.contract.revising import as_released, merge_patch
from troth.contract.schemas import check_schemas
from troth.contract.sources import Selection, read_document, select, sibling
from troth.contract.swagger import convert_swagger
from troth.errors import DocumentError
from troth.findings import Finding

__all__ = ["load_contract", "revised"]


def load_contract(
    argument: str | Path, *, overlays: Sequence[str | Path] = (), behaviour: bool = True
) -> Contract:
    """The contract of a shipped name, ``name@version``, a file, a directory, a URL or ``git:REF:path``.

    ``behaviour=False`` leaves out the behaviour overlay that lies beside a shipped name or a directory. Raises
    ContractError, with file, line and pointer, for whatever cannot be used.
    """
    with without_collection():
        return _load(select(argument), overlays, behaviour=behaviour)


def _load(selection: Selection, overlays: Sequence[str | Path], *, behaviour: bool) -> Contract:
    root, source, layers = _root(selection)
    positions = Positions(root.places)
    version = dialect(root.value, positions)
    document: dict[str, Any] = root.value
    if behaviour and selection.behaviour:
        apply_overlay(document, positions, read_document(selection.behaviour), lenient=selection.lenient)
    for layer in layers:
        apply_overlay(document, positions, layer)
    for overlay in overlays:
        apply_overlay(document, positions, read_document(select(overlay).source))
    if selection.lenient:
        document = as_released(document)
    if version == "2.0":
        document = convert_swagger(document, positions)
    bundled = bundle(document, source, positions)
    return _contract(selection, _checked(bundled, version, positions), root.name, positions)


def revised(contract: Contract, patches: Iterable[Mapping[str, Any]]) -> Contract:
    """The contract with JSON Merge Patches applied in turn. Raises ContractError for what is malformed then."""
    positions = contract.positions
    assert isinstance(positions, Positions)  # noqa: S101 - every contract is loaded by this module
    document = contract.document
    for patch in patches:
        document = merge_patch(document, patch)
    # Every reference is a local one already, so another walk finds the schemas of the patches and their faults.
    with without_collection():
        bundled = bundle(dict(document), contract.source, positions)
        version = dialect(document, positions)
        selection = Selection(contract.source, contract.name, contract.directory)
        checked = _checked(bundled, version, positions)
        known = {(flaw.id, flaw.title) for flaw in contract.flaws}
        for flaw in checked.flaws:
            if (flaw.id, flaw.title) not in known:
                raise DocumentError(flaw.title, flaw.location)
        made = _contract(selection, checked, contract.source, positions)
    return made.mounted(contract.mount)


def _checked(bundled: Bundle, version: str, positions: Positions) -> Bundle:
    if version in ("2.0", "3.0"):
        _raise(bundled)
    bundled.flaws += check_schemas(bundled.schemas, positions)
    simplify(bundled.schemas, bundled.references)
    bundled.flaws += reconciled(bundled.schemas, positions)
    return bundled


def _root(selection: Selection) -> tuple[Document, str, list[Document]]:
    """The OpenAPI document; an overlay that says what it extends may be named in its place."""
    document, source = read_document(selection.source), selection.source
    layers: list[Document] = []
    while is_overlay(document.value) and len(layers) < 16:  # noqa: PLR2004 - a chain this long is a circle
        extends = document.value.get("extends")
        if not isinstance(extends, str):
            message = (
                "an overlay is not a contract; give the document that it extends, and this one with --overlay"
            )
            raise DocumentError(message, document.locate(""))
        layers.insert(0, document)
        source = sibling(source, extends)
        document = read_document(source)
    return document, source, layers


def _raise(bundled: Bundle) -> None:
    """Raise every schema, and move references that pointed below a keyword that had to move."""
    moved: dict[str, str] = {}
    for pointer, schema in bundled.schemas.items():
        if isinstance(schema, dict):
            moved |= {f"{pointer}/{old}": f"{pointer}/{new}" for old, new in raise_schema(schema).items()}
    for _, node in bundled.references if moved else ():
        target = local(node["$ref"]) or ""
        for old, new in moved.items():
            if (target + "/").startswith(old + "/"):
                node["$ref"] = reference(new + target[len(old) :])


def _contract(selection: Selection, bundled: Bundle, name: str, positions: Positions) -> Contract:
    document = bundled.document
    if not any(key in document for key in ("paths", "components", "webhooks")):
        raise DocumentError("an OpenAPI document needs 'paths'", positions.locate(""))
    info = document["info"]
    components = document.get("components") or {}
    schemes = {
        key: _followed(bundled, join("/components/securitySchemes", key))
        for key in components.get("securitySchemes") or {}
    }
    operations, unreachable, further = build_operations(document, positions, frozenset(schemes))
    return Contract(
        name=selection.name,
        title=str(info.get("title", "")),
        version=str(info.get("version", "")),
        base_path=_base_path(document.get("servers"), positions, bundled.flaws),
        document=document,
        operations=operations,
        unreachable=unreachable,
        security_schemes=schemes,
        directory=selection.directory,
        source=name,
        positions=positions,
        flaws=(*bundled.flaws, *further),
    )


def _followed(bundled: Bundle, pointer: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = follow(bundled.document, pointer)[1]
    return found


def _base_path(servers: Any, positions: Positions, flaws: list[Finding]) -> str:
    """The path of the first server URL, its variables replaced by their defaults; none where it cannot be read."""
    if not servers:
        return ""
    url = servers[0]["url"]
    for name, variable in (servers[0].get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable["default"]))
    try:
        path = urlsplit(url).path
    except ValueError as problem:
        message = f"the server URL {url!r} cannot be read: {problem}"
        flaws.append(Finding("unreadable-url", "error", message, location=positions.locate("/servers/0/url")))
        return ""
    path = path.rstrip("/")
    return path if path.startswith("/") or not path else f"/{path}"
