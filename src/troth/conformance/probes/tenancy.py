"""Isolation: what belongs to one tenant is invisible and untouchable for another, and not even its existence shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troth.behaviour.model import Binding, Kind, Reference, Resource
from troth.conformance.assurances import assure
from troth.conformance.client import ABSENT
from troth.conformance.exchanges import Exchange
from troth.conformance.paging import items_of, pointer_of, related, slot_of, walked
from troth.conformance.probes.authentication import credential_headers, harmless
from troth.conformance.probes.errors import envelope_slot
from troth.conformance.probes.references import untried, writing
from troth.conformance.probes.totals import total as counted
from troth.conformance.relating import Related
from troth.conformance.scene import Row, Scene
from troth.conformance.situations import action_body
from troth.conformance.verdicts import Inconclusive, NotExercised, Violated

#: How long a text must be that tells something.
_TELLING = 6

__all__ = ["header", "indistinguishable", "listing", "reading", "reference", "writing_foreign"]


def _resource(binding: Binding) -> Resource:
    assert binding.resource is not None  # noqa: S101 - the clauses exist only for resources
    return binding.resource


def header(scene: Scene, binding: Binding) -> None:
    """Without the header, with an unknown tenant and with the peer's; a missing credential is told first."""
    tenancy, credential = scene.behaviour.tenancy, credential_headers(scene)
    theirs = next((v for name, v in scene.peer.headers.items() if name.lower() == tenancy.header), "")
    unknown = f"none-{scene.nonce}"
    for given, slug, kind in (
        ({}, unknown, "unauthenticated"),
        (credential, None, tenancy.missing),
        (credential, unknown, tenancy.unknown),
        (credential, theirs, tenancy.stranger),
    ):
        headers = given if slug is None else {**given, tenancy.header: slug}
        exchange = harmless(scene, binding, None, headers)
        wanted = scene.kind(kind).status
        if exchange.broken:
            raise Inconclusive(f"answers {exchange.status} to the tenant {slug!r}")
        if kind == "unauthenticated" and exchange.status in (401, 403):
            continue  # which of them it is, errors.code judges
        if exchange.status != wanted:
            about = f"with {tenancy.header}: {slug}" if slug else f"without {tenancy.header}"
            told = f"A request {about}{'' if given else ' and no credential'} answers {exchange.status}"
            raise Violated(f"{told} instead of {wanted}", exchange)


def listing(scene: Scene, binding: Binding) -> None:
    """The lists of two tenants have no row in common, and neither total counts the other's rows."""
    peer, name = scene.peer, _resource(binding).id_field
    own, mine = scene.listed(binding, scene.owner)
    foreign, theirs = scene.listed(binding, peer)
    if not own or not foreign:
        raise NotExercised("one of the two tenants has no rows, so nothing could leak")
    if not all(name in row for row in (*own, *foreign)):
        raise NotExercised(f"rows do not show '{name}', so they cannot be told apart")
    shared = {str(row.get(name)) for row in own} & {str(row.get(name)) for row in foreign}
    if shared:
        roles = {"whole": walked(binding, mine), "other": walked(binding, theirs)}
        raise Violated(
            f"{len(shared)} rows are listed for both tenants", mine[0], theirs[0], shared=sorted(shared)[:5],
            relation=related(binding, "apart", roles, least=1),
        )  # fmt: skip
    _escape(scene, binding, foreign[0][name])
    _narrowed(scene, binding, foreign, theirs)
    _below(scene, binding, foreign, theirs)
    for rows, exchanges in ((own, mine), (foreign, theirs)):
        total = slot_of(binding, exchanges[0], "total")
        if isinstance(total, int) and total >= len(own) + len(foreign) > len(rows):
            assure(scene, binding, counted, "pagination.total")
            raise Violated(
                "The total counts another tenant's rows",
                exchanges[0],
                total=total,
                deviation="count",
                relation=related(
                    binding, "counts", {"whole": walked(binding, exchanges)}, at=pointer_of(binding, "total")
                ),
            )


def _escape(scene: Scene, binding: Binding, identifier: Any) -> None:
    """No condition leads out of the tenant: not by the id of a foreign row, and not by or."""
    profile, name = binding.query.conditions, _resource(binding).id_field
    if profile is None:
        return
    plain = [(f"{profile.parameter}[{name}][equals]", identifier)]
    joined = [(f"{profile.parameter}[or][{n}][{name}][equals]", identifier) for n in range(2)]
    for query in (plain, joined):
        rows, exchanges = scene.listed(binding, scene.owner, query=query)
        if any(str(row.get(name)) == str(identifier) for row in rows):
            raise Violated(
                "A condition reaches a row of another tenant",
                *exchanges[:1],
                deviation="extra",
                relation=related(binding, "lacks", {"whole": walked(binding, exchanges)}, row=identifier),
            )


def _apart(binding: Binding, theirs: Sequence[Exchange], exchange: Exchange) -> Related:
    """Nothing that the peer lists is on another list."""
    roles = {"whole": walked(binding, theirs), "other": walked(binding, [exchange])}
    return related(binding, "apart", roles, least=1)


def _narrowed(scene: Scene, binding: Binding, foreign: list[Row], listed: Sequence[Exchange]) -> None:
    """A filter that only rows of the peer satisfy finds none of them."""
    name = _resource(binding).id_field
    theirs = {str(row.get(name)) for row in foreign}
    for used in binding.filters:
        values = [row.get(used.field) for row in foreign if isinstance(row.get(used.field), str | int)]
        if not values or used.op not in ("eq", "in"):
            continue
        exchange = scene.call(scene.owner, binding, query=[(used.parameter, values[0])])
        rows = items_of(binding, exchange) if exchange.ok else []
        if any(str(row.get(name)) in theirs for row in rows):
            raise Violated(
                f"The filter '{used.parameter}' reaches rows of another tenant",
                exchange,
                deviation="extra",
                field=used.parameter,
                relation=_apart(binding, listed, exchange),
            )


def _below(scene: Scene, binding: Binding, foreign: list[Row], listed: Sequence[Exchange]) -> None:
    """What stands below a row of the peer is not listed."""
    name = _resource(binding).id_field
    theirs = {str(row.get(name)) for row in foreign}
    for row in foreign[:1]:
        if binding.parents and all(row.get(parent.field) is not None for parent in binding.parents):
            exchange = scene.call(scene.owner, binding, row=row)
            rows = items_of(binding, exchange) if exchange.ok else []
            if any(str(one.get(name)) in theirs for one in rows):
                raise Violated(
                    "The rows below a row of another tenant are listed",
                    exchange,
                    deviation="extra",
                    relation=_apart(binding, listed, exchange),
                )


def reading(scene: Scene, binding: Binding) -> None:
    resource, peer = _resource(binding), scene.peer
    row = scene.row(resource, scene.owner)
    own = scene.call(scene.owner, binding, identifier=row[resource.id_field], row=row)
    if not own.ok:
        raise Inconclusive(f"the owner's own row answers {own.status}")
    foreign = scene.call(peer, binding, identifier=row[resource.id_field], row=row)
    if foreign.ok:
        raise Violated(f"{peer.name} reads a row of {scene.owner.name}", own, foreign)
    if foreign.broken:
        raise Inconclusive(f"reading another tenant's row answers {foreign.status}")


def _attempt(scene: Scene, binding: Binding, row: Row) -> dict[str, Any]:
    """The body with which a write is tried."""
    if binding.kind is Kind.ACTION:
        return {"body": action_body(scene, binding, scene.peer)}
    if binding.kind is Kind.DELETE or binding.input is None:
        return {"body": ABSENT}
    for _, _, body in scene.changes(binding, row, scene.owner):
        return {"body": body}
    raise NotExercised("no field can be changed")


def writing_foreign(scene: Scene, binding: Binding) -> None:
    """A peer's update or delete is refused, and the row stays as it was."""
    resource, peer = _resource(binding), scene.peer
    row = scene.created(resource, scene.owner)
    before, first = scene.fetched(resource, scene.owner, row)
    options = _attempt(scene, binding, row)
    foreign = scene.call(peer, binding, identifier=row[resource.id_field], row=row, **options)
    reader = scene.operation(resource, Kind.READ)
    after = scene.call(scene.owner, reader, identifier=row[resource.id_field], row=row)
    if foreign.ok or after.json != first.json:
        word = "deletes" if binding.kind is Kind.DELETE else "changes"
        raise Violated(f"{peer.name} {word} a row of {scene.owner.name}", foreign, after, before=dict(before))
    if foreign.broken:
        raise Inconclusive(f"writing to another tenant's row answers {foreign.status}")


def indistinguishable(scene: Scene, binding: Binding) -> None:
    """A foreign id and an id that nobody has get the same answer, apart from the ids in it."""
    if binding.parents and binding.id_parameter is None:
        _below_either(scene, binding)
        return
    resource, peer = _resource(binding), scene.peer
    creates = binding.writes and scene.behaviour.binding(resource.name, Kind.CREATE)
    if binding.writes and not creates:
        raise NotExercised("no operation creates a row that could be risked")
    row = scene.created(resource, scene.owner) if creates else scene.row(resource, scene.owner)
    options = _attempt(scene, binding, row)
    foreign = scene.call(peer, binding, identifier=row[resource.id_field], row=row, **options)
    missing = scene.call(peer, binding, identifier=scene.missing_id(resource), row=row, **options)
    if foreign.ok or foreign.broken or missing.ok or missing.broken:
        raise Inconclusive(f"the answers are {foreign.status} and {missing.status}")
    _alike(scene, foreign, missing, "Another tenant's row")
    _silent(row, foreign, missing)


def _below_either(scene: Scene, binding: Binding) -> None:
    """The same for what stands below a foreign row and below one that is not there."""
    (parent,) = binding.parents
    above = scene.behaviour.resources[str(parent.resource)]
    foreign_id = scene.row(above, scene.owner)[above.id_field]
    body = scene.body(binding, scene.peer) if binding.input else ABSENT

    def asked(identifier: Any) -> Exchange:
        return scene.call(scene.peer, binding, row={parent.field: identifier}, body=body)

    foreign, missing = asked(foreign_id), asked(scene.missing_id(above))
    if foreign.broken or missing.broken:
        raise Inconclusive(f"the answers are {foreign.status} and {missing.status}")
    if foreign.ok and not missing.ok and binding.kind is Kind.LIST and items_of(binding, foreign):
        raise Inconclusive("rows below a foreign one are listed, which is what tenancy.list judges")
    _alike(scene, foreign, missing, f"What stands below another tenant's row of {above.name}")


def _alike(scene: Scene, foreign: Exchange, missing: Exchange, subject: str) -> None:
    """Two refusals with one status, one code and the same members."""
    plain = foreign.ok and missing.ok
    same = plain or _shape(scene, foreign) == _shape(scene, missing)
    if foreign.status != missing.status or not same:
        told = f"{foreign.status}, a missing one {missing.status}"
        told += ", with other codes or members" if foreign.status == missing.status else ""
        raise Violated(f"{subject} answers {told}", foreign, missing, deviation="value")


def _silent(row: Row, foreign: Exchange, missing: Exchange) -> None:
    """No text of the foreign row stands in its refusal."""
    told, sent = (
        foreign.content.decode("utf-8", "replace"),
        foreign.url + foreign.body.decode("utf-8", "replace"),
    )
    usual = missing.content.decode("utf-8", "replace")
    for name, value in row.items():
        is_text = isinstance(value, str) and len(value) >= _TELLING
        if is_text and value in told and value not in sent and value not in usual:
            title = f"The refusal for another tenant's row tells its '{name}'"
            raise Violated(title, foreign, missing, deviation="leaked", field=name)


def _shape(scene: Scene, exchange: Exchange) -> Any:
    """What an error shows without what differs by nature: its code and its members, not its texts and ids."""
    return envelope_slot(scene.behaviour.errors.envelope, exchange.json, "code"), _members(exchange.json)


def _members(value: Any) -> Any:
    return {name: _members(inner) for name, inner in value.items()} if isinstance(value, Mapping) else None


def reference(scene: Scene, binding: Binding) -> None:
    """The same body is accepted with an own row and refused with the peer's."""
    peer = scene.peer
    reasons = untried(scene, binding, _foreign_reference)
    if reasons is not None:
        raise NotExercised(f"no reference to a row of {peer.name} could be tried: {'; '.join(reasons)}")


def _foreign_reference(scene: Scene, binding: Binding, found: Reference) -> None:
    attempt = writing(scene, binding, found)
    target = scene.behaviour.resources[attempt.target]
    foreign = scene.foreign_row(target)[target.id_field]
    exchange = attempt.send(foreign)
    if exchange.ok:
        missing = scene.missing_id(target)
        if attempt.send(missing).ok:
            raise Inconclusive(f"'{found.field}' may name anything, so nothing is said about tenants")
        title = f"'{found.field}' may name a row of {target.name} that belongs to {scene.peer.name}"
        raise Violated(title, exchange)
    if exchange.broken:
        raise Inconclusive(f"a foreign '{found.field}' answers {exchange.status}")
    missing = attempt.send(scene.missing_id(target))
    if not (missing.ok or missing.broken):
        subject = f"'{found.field}' with a row of {target.name} that belongs to {scene.peer.name}"
        _alike(scene, exchange, missing, subject)
