"""From a contract to its behaviour: what is declared, completed by what path shapes and schemas already say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from troth.behaviour import profiles
from troth.behaviour.conditional import conditional, conditioned
from troth.behaviour.effects import effect_of, records_of, rules_of_operation
from troth.behaviour.filters import filters_of
from troth.behaviour.model import (
    Behaviour,
    Binding,
    Field,
    Idempotency,
    Kind,
    Parent,
    Reference,
    Resource,
    Scopes,
    Shorthand,
    plain,
)
from troth.behaviour.paging import pagination_of
from troth.behaviour.querying import answer_of, placed, querying, row_member
from troth.behaviour.resources import build_resource, expression, properties_of
from troth.behaviour.shapes import Shape, answer_form, item_form, list_form, response_media, shapes
from troth.behaviour.versioning import versions_of
from troth.behaviour.viewers import permissions_of, viewer_of
from troth.behaviour.visibility import visibility_of
from troth.behaviour.vocabulary import check_vocabulary
from troth.behaviour.webhooks import webhooks
from troth.contract.model import Contract, Media, Operation
from troth.contract.pointers import join
from troth.errors import BehaviourError

__all__ = ["behaviour_of"]

_TEMPLATE = re.compile(r"\{[^}]*\}")


def behaviour_of(contract: Contract) -> Behaviour:
    """The complete behaviour of a contract. Raises BehaviourError on a statement that cannot be meant."""
    wrong = check_vocabulary(contract)
    if wrong:
        raise BehaviourError(wrong[0].title, wrong[0].location)
    found = shapes(contract)
    resources = _resources(contract, found)
    scopes = profiles.scopes(contract)
    idempotency = profiles.idempotency(contract)
    bindings = {
        shape.operation.id: _binding(contract, shape, resources, scopes, idempotency) for shape in found
    }
    bindings = {name: _answering(contract, binding, resources) for name, binding in bindings.items()}
    bindings = _with_unlisted(contract, bindings)
    bindings = conditioned(contract, bindings)
    return Behaviour(
        tenancy=profiles.tenancy(contract),
        authentication=profiles.authentication(contract),
        scopes=scopes,
        errors=profiles.errors(contract),
        writes=profiles.writes(contract),
        idempotency=idempotency,
        rate_limits=profiles.rate_limits(contract),
        webhooks=webhooks(contract),
        resources={resource.name: resource for resource in resources.values()},
        bindings=bindings,
        querying=querying(contract),
        conditional=conditional(contract),
        moment=profiles.moment(contract),
        viewer=viewer_of(contract),
        versions=versions_of(contract),
    )


def _row_schema(contract: Contract, group: list[Shape]) -> str | None:
    """The schema of a collection's rows: what reading returns, else a list's items, else what is written."""
    order = (Kind.READ, Kind.LIST, Kind.CREATE, Kind.UPDATE, Kind.REPLACE)
    for kind in order:
        for shape in group:
            media = response_media(shape.operation) if shape.kind is kind else None
            if media is None or media.schema_pointer is None:
                continue
            if kind is Kind.LIST:
                form = list_form(contract, media.schema_pointer, shape.name)
                if form:
                    return form[1]
            else:
                return answer_form(contract, media.schema_pointer, shape.name).pointer
    return next(
        (p for kind in order for s in group if s.kind is kind and (p := _request_schema(s.operation))), None
    )


def _request_schema(operation: Operation) -> str | None:
    if operation.body is None:
        return None
    for word in ("json", "urlencoded"):
        found = next((m.schema_pointer for t, m in operation.body.media.items() if word in t), None)
        if found is not None:
            return found
    return None


def _written(contract: Contract, row: str, request: str) -> str:
    """The schema of the object that a request writes: what stands under a wrapper that is no field of the row."""
    form = item_form(contract, request)
    inside = form.wrapper is not None and form.wrapper not in properties_of(contract, row)
    return form.pointer if inside else request


def _resources(contract: Contract, found: tuple[Shape, ...]) -> dict[str, Resource]:
    """Collection path to resource. Collections that share a name and a schema share the resource.

    Below different parents (``/orgs/{org}/hooks``, ``/repos/{repo}/hooks``) they do so only where the contract says it.
    """
    groups: dict[str, list[Shape]] = {}
    for shape in found:
        groups.setdefault(shape.collection, []).append(shape)
    resources: dict[str, Resource] = {}
    taken: dict[str, Resource] = {}
    above: dict[str, str] = {}
    for collection, group in sorted(groups.items(), key=lambda item: item[0].count("/")):
        if all(shape.kind is Kind.ACTION for shape in group):
            continue
        pointer = _row_schema(contract, group)
        if pointer is None:
            continue
        resource = _searched(contract, collection, group, pointer, resources)
        resource = resource or _resource(contract, group, _items_of(found, group), pointer, taken, above)
        if group[0].parents:
            above.setdefault(resource.name, _place(collection))
        taken[resource.name] = resource
        resources[collection] = resource
    return resources | _unaddressed(contract, taken)


def _unaddressed(contract: Contract, taken: Mapping[str, Resource]) -> dict[str, Resource]:
    """Resources that no operation shows by themselves, such as kinds and currencies, to which others refer."""
    declared: dict[str, str] = {}
    for schema_name, schema in contract.schemas.items():
        given = schema.get("x-behaviour") if isinstance(schema, Mapping) else None
        if isinstance(given, Mapping) and given.get("resource") not in (None, *taken):
            declared[str(given["resource"])] = schema_name
    found: dict[str, Resource] = {}
    waiting = list(taken.values()) if declared else []
    for resource in waiting:
        for name in sorted(_referred(resource.fields)):
            if name in declared:
                pointer = join("/components/schemas", declared.pop(name))
                built = build_resource(contract, name, pointer, (), None)
                shared = bool(contract.node(built.pointer).get("shared"))
                found[f"#{name}"] = replace(built, shared=shared)
                waiting.append(built)
    return found


def _referred(fields: Mapping[str, Field]) -> set[str]:
    """The resources that the fields of a row refer to, those of listed objects too."""
    found: set[str] = set()
    for field in fields.values():
        found |= set(field.reference.to.values()) if field.reference else set()
        found |= _referred(field.items or {})
    return found


def _searched(
    contract: Contract, collection: str, group: list[Shape], pointer: str, resources: Mapping[str, Resource]
) -> Resource | None:
    """The resource of the collection above, when ``/pets/search`` only lists its rows in another way."""
    above = resources.get(collection.rpartition("/")[0])
    lists = all(shape.kind is Kind.LIST for shape in group)
    same = above is not None and above.schema_pointer == contract.follow(pointer)[0]
    return above if lists and same else None


def _place(collection: str) -> str:
    """What a collection stands below, whatever its parameters are called."""
    return _TEMPLATE.sub("{}", collection.rpartition("/")[0])


def _items_of(found: Iterable[Shape], group: list[Shape]) -> list[Shape]:
    """The operations that name a row of a collection by several parameters: ``/stock/{warehouse}/{sku}``."""
    collection = group[0].collection
    return [
        shape
        for shape in found
        if shape.parameter
        and shape.collection.startswith((collection + "/{", collection))
        and all(part.startswith("{") for part in shape.collection.removeprefix(collection).split("/")[1:])
        and _own_parameters(shape)
    ]


def _own_parameters(shape: Shape) -> tuple[str, ...]:
    """The parameters between a collection's name and the last one of a path."""
    behind = shape.collection.rpartition(f"/{shape.name}/")[2] if shape.parents else ""
    return tuple(part[1:-1] for part in behind.split("/") if part.startswith("{") and part.endswith("}"))


def _names_otherwise(shape: Shape, resource: Resource) -> bool:
    """Whether a path names a row by several of its fields, and none of them is what its other paths name it by."""
    own = _own_parameters(shape) if shape.parameter else ()
    fields = {plain(name): name for name in resource.fields}
    named = {fields.get(plain(name)) for name in (*own, shape.parameter or "")}
    return bool(own) and not resource.within and None not in named and resource.id_field not in named


def _within(shape: Shape, resource: Resource) -> tuple[str, ...]:
    """The fields that name a row together with its id; none unless each parameter is one and the id is the last."""
    if plain(resource.id_field) != plain(shape.parameter or ""):
        return ()
    fields = {plain(name): name for name in resource.fields}
    found = [fields.get(plain(parameter)) for parameter in _own_parameters(shape)]
    return tuple(name for name in found if name is not None) if all(found) else ()


def _resource(
    contract: Contract,
    group: list[Shape],
    items: list[Shape],
    pointer: str,
    taken: Mapping[str, Resource],
    above: Mapping[str, str],
) -> Resource:
    end, schema = contract.follow(pointer)
    declared = schema.get("x-behaviour", {}).get("resource") if isinstance(schema, Mapping) else None
    name = str(declared or group[0].name)
    if name in taken:
        place = _place(group[0].collection)
        apart = declared is None and group[0].parents and above.get(name, place) != place
        if taken[name].schema_pointer == end and not apart:
            return taken[name]
        name = group[0].collection.strip("/").replace("/", ".")
    named = next((shape for shape in group if shape.parameter), None)
    parameter = named.operation.parameter("path", named.parameter or "") if named else None
    writers = tuple(_written(contract, end, p) for shape in group if (p := _request_schema(shape.operation)))
    built = build_resource(contract, name, pointer, writers, parameter)
    for item in [item for item in items if named is None or item is named][:1]:
        parameter = item.operation.parameter("path", item.parameter or "")
        keyed = build_resource(contract, name, pointer, writers, parameter)
        if within := _within(item, keyed):
            built = replace(keyed, within=within)
    given = contract.node(built.pointer) if isinstance(schema, Mapping) and "x-behaviour" in schema else {}
    if not isinstance(given, Mapping):
        return built
    records = records_of(contract, given.get("records"), built.pointer)
    rules = visibility_of(contract, given.get("visibility"), built.pointer)
    return replace(built, records=records, shared=bool(given.get("shared")), visibility=rules)


def _parents(
    shape: Shape, resource: Resource | None, resources: Mapping[str, Resource]
) -> tuple[Parent, ...]:
    segments = [s for s in shape.collection.split("/") if s]
    found = []
    for name in shape.parents:
        place = next(i for i, s in enumerate(segments) if s.startswith("{" + name + "}"))
        owner = segments[place - 1] if place else ""
        singular = owner.removesuffix("s")
        wanted = {plain(name), plain(singular), plain(singular + "id"), plain(owner + "id")} - {"id"}
        fields = resource.fields if resource else {}
        field = next((f for f in fields if plain(f) in wanted), name if name != "id" else f"{singular}Id")
        declared = shape.operation.extension.get("parents") or {}
        above = resources.get("/" + "/".join(segments[:place]))
        known = above.name if above else owner if owner != shape.name else None
        found.append(Parent(name, str(declared.get(name, field)), known or None))
    return tuple(found)


def _scopes(shape: Shape, resource: Resource | None, scopes: Scopes) -> tuple[frozenset[str], str]:
    if "scopes" in shape.operation.extension:
        return frozenset(profiles.on(shape.operation.extension["scopes"])), "x-behaviour scopes"
    named = [frozenset(s) for alternative in shape.operation.security for s in alternative.values() if s]
    if named:
        return named[0], "security of the operation"
    if scopes.declared and resource is not None and shape.operation.security:
        template = scopes.read if shape.operation.method in ("GET", "HEAD") else scopes.write
        return frozenset(
            {template.format(resource=resource.name)} if template else ()
        ), "x-behaviour scopes template"
    return frozenset(), ""


def _success(operation: Operation, kind: Kind) -> int:
    exact = sorted(
        int(status) for status in operation.responses if status.startswith("2") and status.isdigit()
    )
    if exact:
        preferred = 201 if kind is Kind.CREATE else 204 if kind is Kind.DELETE else 200
        return preferred if preferred in exact else exact[0]
    elsewhere = sorted(int(status) for status in operation.responses if re.fullmatch(r"30[012378]", status))
    if elsewhere and not {"default", "2XX"} & operation.responses.keys():
        return elsewhere[0]
    return 204 if kind is Kind.DELETE else 201 if kind is Kind.CREATE else 200


def _binding(
    contract: Contract,
    shape: Shape,
    resources: Mapping[str, Resource],
    scopes: Scopes,
    idempotency: Idempotency | None,
) -> Binding:
    operation, resource = shape.operation, resources.get(shape.collection)
    if resource is not None and _names_otherwise(shape, resource):
        resource, shape = None, replace(shape, kind=Kind.ACTION)
    kind = Kind(operation.extension.get("kind", shape.kind))
    wanted, origin = _scopes(shape, resource, scopes)
    pagination = pagination_of(contract, operation, shape.name) if kind is Kind.LIST else None
    media = response_media(operation)
    wrapper = None
    if media and media.schema_pointer and kind is not Kind.LIST and (kind is not Kind.ACTION or shape.acts):
        wrapper = answer_form(contract, media.schema_pointer, shape.name).wrapper
    answer = answer_of(contract, kind)
    if answer is not None:
        wrapper = row_member(answer.template)
    declared = "x-behaviour" if "kind" in operation.extension else "path shape and method"
    sources = {
        "kind": declared,
        "resource": "schema of the response",
        "pagination": pagination.source if pagination else "",
    }
    if origin:
        sources["scopes"] = origin
    enclosed, taken = _input(contract, operation, resource)
    uses_key = idempotency if idempotency and operation.method in idempotency.methods else None
    return Binding(
        operation=operation,
        kind=kind,
        resource=resource if kind is not Kind.ACTION or shape.acts or "{" in shape.collection else None,
        id_parameter=shape.parameter,
        parents=_parents(shape, resource, resources),
        scopes=wanted,
        filters=filters_of(operation, resource) if kind is Kind.LIST else (),
        pagination=pagination,
        idempotency=uses_key,
        success=_success(operation, kind),
        envelope=pagination.envelope if pagination else None,
        wrapper=wrapper,
        sources=sources,
        shorthand=_shorthand(operation, kind),
        query=placed(querying(contract), operation, kind),
        answer=answer,
        rules=rules_of_operation(contract, operation),
        effect=effect_of(contract, operation),
        where=expression(
            contract, operation.extension.get("where"), join(operation.pointer, "x-behaviour", "where")
        ),
        prints=shape.prints,
        permissions=permissions_of(contract, operation, resource),
        through=_through(shape, resource),
        enclosed=enclosed,
        input=taken,
    )


def _through(shape: Shape, resource: Resource | None) -> Reference | None:
    """The reference that an operation follows to the row that it shows; None where no field is one."""
    given = shape.operation.extension.get("through")
    field = resource.fields.get(str(given)) if resource and shape.acts else None
    return field.reference if field is not None else None


def _input(
    contract: Contract, operation: Operation, resource: Resource | None
) -> tuple[str | None, Media | None]:
    """The member of a body in which the object stands, if any, and the object's schema and examples.

    They are of JSON where the operation takes it, of a form where it takes nothing else.
    """
    body = operation.body
    media = (body.json or body.form) if body else None
    if body is None or media is None or media.schema_pointer is None or media is body.form:
        return None, media
    form = item_form(contract, media.schema_pointer)
    if form.wrapper is None or (resource is not None and form.wrapper in resource.fields):
        return None, media
    inside = {
        name: example[form.wrapper]
        for name, example in media.examples.items()
        if isinstance(example, Mapping) and form.wrapper in example
    }
    schema = contract.follow(form.pointer)[1]
    return form.wrapper, replace(media, schema_pointer=form.pointer, schema=schema, examples=inside)


def _answering(contract: Contract, binding: Binding, resources: Mapping[str, Resource]) -> Binding:
    """The binding with the resource whose row an action shows: that of the response's schema."""
    media = response_media(binding.operation)
    if binding.effect is None or media is None or media.schema_pointer is None:
        return binding
    pointer = contract.follow(item_form(contract, media.schema_pointer).pointer)[0]
    shown = next((r.name for r in resources.values() if r.schema_pointer == pointer), None)
    return replace(binding, answers=shown)


def _with_unlisted(contract: Contract, bindings: Mapping[str, Binding]) -> dict[str, Binding]:
    """The bindings; what concerns rows that nothing lists, makes or refers to answers whatever its path names.

    Nobody could learn the id of one, so a mock with rows of its own would answer 404 to everybody.
    """
    found = [(binding, binding.resource) for binding in bindings.values() if binding.resource is not None]
    reached = {resource.name for binding, resource in found if binding.kind in (Kind.LIST, Kind.CREATE)}
    reached |= {to for _, resource in found for ref in resource.references for to in ref.to.values()}
    told = {resource.name for binding, resource in found if binding.operation.extension}
    told |= {r.name for _, r in found if "x-behaviour" in (contract.node(r.schema_pointer) or {})}
    unlisted = {resource.name for _, resource in found} - reached - told

    def changed(binding: Binding) -> Binding:
        parents = tuple(replace(p, resource=None) if p.resource in unlisted else p for p in binding.parents)
        resource = binding.resource
        if resource is None or resource.name not in unlisted or binding.id_parameter is None:
            return replace(binding, parents=parents)
        sources = {**binding.sources, "kind": "nothing lists or makes such rows"}
        return replace(
            binding, kind=Kind.ACTION, resource=None, wrapper=None, sources=sources, parents=parents
        )

    return {name: changed(binding) for name, binding in bindings.items()} if unlisted else dict(bindings)


def _shorthand(operation: Operation, kind: Kind) -> Shorthand | None:
    given = operation.extension.get("shorthand")
    if not isinstance(given, Mapping):
        return None
    at = join(operation.pointer, "x-behaviour", "shorthand")
    found = Shorthand(str(given["into"]), frozenset(profiles.on(given["fields"])), at)
    return found if kind in (Kind.CREATE, Kind.UPDATE, Kind.REPLACE) else None
