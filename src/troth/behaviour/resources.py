"""Resources: a schema's ``x-behaviour``, its properties' traits, and what their plain OpenAPI already says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from troth.behaviour.expressions import Expression, ExpressionError, compile_expression
from troth.behaviour.model import (
    Event,
    Field,
    Lifecycle,
    Reference,
    Resource,
    Rule,
    Secret,
    Transition,
    plain,
)
from troth.behaviour.profiles import on, refusal
from troth.contract.model import Contract, Parameter
from troth.contract.pointers import join
from troth.errors import BehaviourError

__all__ = [
    "OBJECT_ID",
    "build_resource",
    "properties_of",
    "required_expression",
    "rules_of",
    "traits_of",
]

#: The pattern of ids that are 24 hexadecimal digits, as MongoDB makes them.
OBJECT_ID = "^[0-9a-f]{24}$"


def properties_of(contract: Contract, pointer: str) -> Mapping[str, str]:
    """Property name to pointer, through ``$ref`` and ``allOf``."""
    return contract.properties(pointer)


def required_of(contract: Contract, pointer: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    try:
        pointer, schema = contract.follow(pointer)
    except KeyError:
        return frozenset()
    if not isinstance(schema, Mapping) or pointer in seen:
        return frozenset()
    inherited = [
        required_of(contract, join(pointer, "allOf", i), seen | {pointer})
        for i in range(len(schema.get("allOf") or ()))
    ]
    return frozenset(schema.get("required") or ()).union(*inherited)


def expression(contract: Contract, text: Any, pointer: str) -> Expression | None:
    """Compile an optional CEL text; errors name the place. Raises BehaviourError."""
    if text is None:
        return None
    try:
        return compile_expression(str(text))
    except ExpressionError as error:
        raise BehaviourError(f"{error}.", contract.locate(pointer)) from error


def required_expression(contract: Contract, text: Any, pointer: str) -> Expression:
    """Compile a CEL text that must be there. Raises BehaviourError."""
    found = expression(contract, text, pointer)
    if found is None:
        raise BehaviourError("a CEL expression is missing here.", contract.locate(pointer))
    return found


def traits_of(contract: Contract, pointer: str) -> tuple[str, Mapping[str, Any]]:
    """Where a property's ``x-behaviour`` stands, beside its ``$ref`` or where that leads, and what it says."""
    written = contract.node(pointer)
    if isinstance(written, Mapping) and written.get("x-behaviour"):
        return join(pointer, "x-behaviour"), written["x-behaviour"]
    end, schema = contract.follow(pointer)
    found = schema.get("x-behaviour") if isinstance(schema, Mapping) else None
    return join(end, "x-behaviour"), found or {}


def nullable(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    if kinds == "null" or (isinstance(kinds, list) and "null" in kinds):
        return True
    branches = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
    return any(isinstance(branch, Mapping) and nullable(branch) for branch in branches)


def _generated(name: str, schema: Mapping[str, Any], traits: Mapping[str, Any], *, tagged: bool) -> Any:
    if "generated" in traits:
        return traits["generated"]
    kinds = schema.get("type")
    if tagged and name == "etag" and "string" in (kinds if isinstance(kinds, list) else [kinds]):
        return "etag"
    if schema.get("format") == "date-time":
        usual = {
            "createdAt": "created",
            "created_at": "created",
            "updatedAt": "updated",
            "updated_at": "updated",
        }
        return usual.get(name)
    return None


def _field(
    contract: Contract, name: str, pointer: str, required: frozenset[str], seen: frozenset[str] = frozenset()
) -> Field:
    written = contract.node(pointer)
    _, schema = contract.follow(pointer)
    schema = schema if isinstance(schema, Mapping) else {}
    beside = written if isinstance(written, Mapping) else {}
    at, traits = traits_of(contract, pointer)
    computed = expression(contract, traits.get("computed"), f"{at}/computed")
    generated = _generated(name, schema, traits, tagged="conditional" in contract.extension)
    secret = _secret(traits.get("secret"))
    found = Field(
        name=name,
        schema={**schema, **{k: v for k, v in beside.items() if k != "$ref"}},
        nullable=nullable(schema),
        required=name in required,
        read_only=bool(
            beside.get("readOnly") or schema.get("readOnly") or computed or generated or "stamped" in traits
        ),
        write_only=bool(beside.get("writeOnly") or schema.get("writeOnly") or (secret and secret.once)),
        immutable=bool(traits.get("immutable")),
        hidden=bool(traits.get("hidden")),
        computed=computed,
        generated=generated,
        sequence=traits.get("sequence"),
        initial=traits.get("initial", schema.get("default")),
        initially=expression(contract, traits.get("initially"), f"{at}/initially"),
        stamped=expression(contract, traits.get("stamped"), f"{at}/stamped"),
        frozen_when=expression(contract, traits.get("frozenWhen"), f"{at}/frozenWhen"),
        emptied=traits.get("emptied"),
        editable_while=expression(contract, traits.get("editableWhile"), f"{at}/editableWhile"),
        in_list=traits.get("inList"),
        unique=traits.get("unique"),
        items=_item_fields(contract, pointer, seen),
        pointer=pointer,
        secret=secret,
    )
    return replace(found, reference=_reference(contract, found))


def _secret(given: Any) -> Secret | None:
    if not isinstance(given, Mapping):
        return None
    return Secret(str(given.get("prefix", "")), given.get("shown", "once") == "once")


def _item_fields(contract: Contract, pointer: str, seen: frozenset[str]) -> Mapping[str, Field] | None:
    """The fields of the objects in a list of objects; None elsewhere and where a schema contains itself.

    Objects that stand for rows of another resource have no fields of their own here.
    """
    references = traits_of(contract, pointer)[1].get("references")
    if isinstance(references, Mapping) and "at" in references:
        return None
    end, schema = contract.follow(pointer)
    if not isinstance(schema, Mapping) or not isinstance(schema.get("items"), Mapping) or end in seen:
        return None
    items = join(end, "items")
    required = required_of(contract, items)
    inner = {
        n: _field(contract, n, p, required, seen | {end}) for n, p in properties_of(contract, items).items()
    }
    return inner or None


def _reference(contract: Contract, found: Field) -> Reference | None:
    at, traits = traits_of(contract, found.pointer)
    given = traits.get("references")
    if given is None:
        return None
    spec: Mapping[str, Any] = given if isinstance(given, Mapping) else {"to": given}
    to = spec.get("to")
    kinds = found.schema.get("type")
    many = "array" in (kinds if isinstance(kinds, list) else [kinds])
    usual = "ignore" if "at" in spec else "nullify" if found.nullable or many else "restrict"
    if "at" in spec and spec.get("onDelete", usual) != "ignore":
        raise BehaviourError(
            "a reference inside an object cannot follow a delete; write 'onDelete: ignore'.",
            contract.locate(join(at, "references", "onDelete")),
        )
    return Reference(
        field=found.name,
        to={str(k): str(v) for k, v in to.items()} if isinstance(to, Mapping) else {"": str(to)},
        by=spec.get("by"),
        many=many,
        on_delete=spec.get("onDelete", usual),
        refused=None
        if spec.get("refused") is None
        else refusal(spec.get("refused"), "", contract, join(at, "references", "refused")),
        pointer=join(at, "references"),
        at=spec.get("at"),
    )


def _lifecycle(contract: Contract, given: Any, pointer: str) -> Lifecycle | None:
    if not isinstance(given, Mapping):
        return None
    at = join(pointer, "lifecycle")
    transitions = [
        Transition(
            str(name),
            frozenset(on(move.get("from"))),
            str(move.get("to")),
            expression(contract, move.get("when"), join(at, "transitions", name, "when")),
        )
        for name, move in (given.get("transitions") or {}).items()
    ]
    refused = refusal(given.get("refused"), "conflict", contract, join(at, "refused"))
    return Lifecycle(str(given.get("field", "status")), tuple(transitions), refused, at)


def rules_of(contract: Contract, given: Any, pointer: str, *, timed: bool = True) -> tuple[Rule, ...]:
    """The rules below an ``x-behaviour``, in their order; ``timed`` ones say for which writes they hold."""
    found = []
    for name, rule in (given or {}).items():
        at = join(pointer, "rules", name)
        found.append(
            Rule(
                name=str(name),
                on=frozenset(on(rule.get("on", {"create": True, "update": True})) if timed else ()),
                when=expression(contract, rule.get("when"), join(at, "when")),
                require=required_expression(contract, rule.get("require"), join(at, "require")),
                refused=refusal(rule.get("refused"), "invalid", contract, join(at, "refused")),
                message=str(rule.get("message", f"The rule {name!r} does not hold.")),
                field=rule.get("field"),
                pointer=at,
            )
        )
    return tuple(found)


def _events(contract: Contract, given: Any, pointer: str) -> tuple[Event, ...]:
    found = []
    for name, event in (given or {}).items():
        at = join(pointer, "events", name)
        when = expression(contract, event.get("when"), join(at, "when"))
        data = expression(contract, event.get("data"), join(at, "data"))
        found.append(Event(str(name), frozenset(on(event.get("on", {"create": True}))), when, at, data))
    return tuple(found)


def _id_field(fields: Mapping[str, Field], given: Mapping[str, Any], parameter: str | None) -> str:
    declared = given.get("id")
    if declared is not None:
        return str(declared)
    wanted = plain(parameter or "")
    names = [
        parameter or "",
        *(name for name in fields if wanted and plain(name) == wanted),
        "id",
        *(name for name in fields if name.lower() in ("uuid", "key", "code", "slug")),
    ]
    return next((name for name in names if name in fields and "enum" not in fields[name].schema), "id")


def _is_vague(found: Field | None) -> bool:
    """Whether rows leave it to paths what ids are: they do not show theirs, or as just any text."""
    return found is None or (
        found.schema.get("type") == "string" and not {"format", "pattern"} & found.schema.keys()
    )


def _id_kind(schema: Mapping[str, Any]) -> Any:
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "integer" in kinds or "number" in kinds:
        return "integer"
    if schema.get("pattern") == OBJECT_ID:
        return "object-id"
    return "uuid" if schema.get("format") == "uuid" else "string"


def build_resource(
    contract: Contract, name: str, pointer: str, writers: tuple[str, ...], parameter: Parameter | None
) -> Resource:
    """One resource from its read schema; ``writers`` are pointers of request schemas, which may add hidden fields.

    ``parameter`` names a row in paths: it says what ids are where rows do not show theirs.
    """
    addressed = parameter.schema if parameter and isinstance(parameter.schema, Mapping) else {}
    pointer, schema = contract.follow(pointer)
    schema = schema if isinstance(schema, Mapping) else {}
    given = schema.get("x-behaviour") or {}
    at = join(pointer, "x-behaviour")
    required = required_of(contract, pointer)
    fields = {n: _field(contract, n, p, required) for n, p in properties_of(contract, pointer).items()}
    for writer in writers:
        for n, p in properties_of(contract, writer).items():
            if n not in fields:
                extra = _field(contract, n, p, frozenset())
                if extra.write_only:
                    fields[n] = extra
    order = str(given.get("order", "")).split(",")
    parts = pointer.split("/")
    return Resource(
        name=name,
        schema_name=parts[-1] if parts[1:3] == ["components", "schemas"] else None,
        schema_pointer=pointer,
        id_field=(identifier := _id_field(fields, given, parameter.name if parameter else None)),
        id_kind=_id_kind(addressed if _is_vague(fields.get(identifier)) else fields[identifier].schema),
        fields=fields,
        references=tuple(f.reference for f in fields.values() if f.reference),
        lifecycle=_lifecycle(contract, given.get("lifecycle"), at),
        rules=rules_of(contract, given.get("rules"), at),
        events=_events(contract, given.get("events"), at),
        visible=expression(contract, given.get("visible"), join(at, "visible")),
        event_data=expression(contract, given.get("eventData"), join(at, "eventData")),
        order=tuple(
            (word.strip().lstrip("-"), word.strip().startswith("-")) for word in order if word.strip()
        ),
        pointer=at,
    )
