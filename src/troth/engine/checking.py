"""What a write must satisfy beyond its schema: traits, references, lifecycle, rules, uniqueness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from troth.behaviour.model import Behaviour, Field, Reference, Resource, Rule
from troth.contract.pointers import escape
from troth.engine.refusing import Refusal
from troth.engine.state import Row
from troth.engine.withholding import Withholding
from troth.engine.world import TenantWorld

__all__ = ["WriteChecks", "detail"]

_NOTHING: Mapping[str, Withholding] = {}


def detail(pointer: str, keyword: str, message: str) -> dict[str, str]:
    """One entry of an error's details: where, which rule, and a sentence."""
    return {"pointer": pointer, "rule": keyword, "message": message}


class WriteChecks:
    """The compiled checks of one resource. Each method raises Refusal or returns quietly."""

    def __init__(
        self,
        resource: Resource,
        behaviour: Behaviour,
        faults: frozenset[str],
        withholding: Mapping[str, Withholding] = _NOTHING,
    ) -> None:
        """``withholding`` are the rules by which a caller may not name a row; the engine itself may name any."""
        self._resource = resource
        self._withholding = withholding
        self._tenancy = behaviour.tenancy
        self._faults = faults
        self._reject_read_only = behaviour.writes.read_only == "reject"
        self._guarded = tuple(f for f in resource.fields.values() if f.editable_while is not None)
        self._unique = tuple(f for f in resource.fields.values() if f.unique is not None)
        self._nested = tuple(
            (f.name, inner)
            for f in resource.fields.values()
            if (inner := tuple(item.reference for item in (f.items or {}).values() if item.reference))
        )

    def on_create(self) -> tuple[Callable[[Mapping[str, Any], TenantWorld], None], ...]:
        """The checks that a new row of this resource needs at all, in order."""
        resource = self._resource
        needed: list[Callable[[Mapping[str, Any], TenantWorld], None]] = []
        if resource.references or any(field.items for field in resource.fields.values()):
            needed.append(lambda data, world: self.references(data, data, world))
        if any("create" in rule.on for rule in resource.rules):
            needed.append(lambda data, world: self.rules("create", data, world))
        if self._unique:
            needed.append(self.unique)
        return tuple(needed)

    def traits(
        self, body: Mapping[str, Any], writable: frozenset[str], before: Mapping[str, Any] | None
    ) -> None:
        """Read-only and immutable fields are refused by name (or dropped, where the contract ignores them)."""
        wrong = []
        for name in body:
            field = self._resource.fields.get(name)
            if field is None or field.hidden or self._may_write(field, name, writable, body, before):
                continue
            word = "immutable" if field.immutable and before is not None else "read-only"
            wrong.append(detail(f"/{escape(name)}", word, f"'{name}' is {word} and cannot be set here."))
        if "read-only-accepted" in self._faults:
            wrong = [entry for entry in wrong if entry["rule"] == "immutable"]
        if wrong and self._reject_read_only:
            raise Refusal("invalid", wrong[0]["message"], wrong)

    def _may_write(
        self,
        field: Field,
        name: str,
        writable: frozenset[str],
        body: Mapping[str, Any],
        before: Mapping[str, Any] | None,
    ) -> bool:
        if name not in writable:
            return False
        return not (field.immutable and before is not None and body[name] != before.get(name))

    def editable(self, changes: Mapping[str, Any], before: Mapping[str, Any], world: TenantWorld) -> None:
        """Fields with ``editableWhile`` change only while it holds."""
        for field in self._guarded:
            changed = field.name in changes and changes[field.name] != before.get(field.name)
            guard = field.editable_while
            open_ = guard is None or "editable-always" in self._faults
            if changed and not open_ and guard is not None and not guard.holds(before, world):
                message = f"'{field.name}' can no longer be changed in this state."
                raise Refusal(
                    "conflict", message, [detail(f"/{escape(field.name)}", "editable-while", message)]
                )

    def references(self, data: Mapping[str, Any], names: Iterable[str], world: TenantWorld) -> None:
        """Every reference among ``names``, and in lists of objects among them, points at a row that the caller sees."""
        for reference in self._resource.references:
            if reference.field in names:
                self._reference(reference, data, world)
        for name, inner in self._nested:
            items = data.get(name) if name in names else None
            for index, item in enumerate(items if isinstance(items, list) else ()):
                for reference in inner:
                    self._reference(reference, item, world, f"/{escape(name)}/{index}")

    def _reference(
        self, reference: Reference, data: Mapping[str, Any], world: TenantWorld, within: str = ""
    ) -> None:
        for below, target, identifier in reference.named(data):
            if target is not None and not self._exists(target, identifier, world):
                at = f"{within}/{escape(reference.field)}{below}"
                message = f"'{reference.field}' names a row of {target} that does not exist."
                kind = reference.refused or self._tenancy.foreign_reference
                if "foreign-reference-told" in self._faults and self._is_elsewhere(target, identifier, world):
                    kind = "forbidden"
                raise Refusal(kind, message, [detail(at, "reference", message)])
            rules = self._withholding.get(target or "")
            if rules is not None:
                at = f"{within}/{escape(reference.field)}{below}"
                self._seen(rules, reference, identifier, at, world)

    def _seen(
        self, rules: Withholding, reference: Reference, identifier: Any, at: str, world: TenantWorld
    ) -> None:
        """To a write, a row that the caller does not see is as good as missing."""
        row = world.state.table(world.tenant, rules.name).get(str(identifier))
        seen, kind = (True, None) if row is None else rules.reference(row, world)
        if not seen:
            message = f"'{reference.field}' names a row of {rules.name} that does not exist."
            kind = reference.refused or kind or self._tenancy.foreign_reference
            raise Refusal(kind, message, [detail(at, "reference", message)])

    def _exists(self, target: str, identifier: Any, world: TenantWorld) -> bool:
        if "dangling-reference-accepted" in self._faults:
            return True
        row = world.state.table(world.tenant, target).get(str(identifier))
        if row is not None and row.visible:
            return True
        accepted = "foreign-reference-accepted" in self._faults
        return accepted and self._is_elsewhere(target, identifier, world)

    def _is_elsewhere(self, target: str, identifier: Any, world: TenantWorld) -> bool:
        """Whether any tenant has a row, for faults that let that show."""
        tables = (table for (_, name), table in world.state.tables.items() if name == target)
        return any(table.get(str(identifier)) for table in tables)

    def lifecycle(
        self, changes: Mapping[str, Any], stored: Row, view: Mapping[str, Any], world: TenantWorld
    ) -> None:
        """A written state is reached by a declared transition from the state that the API shows."""
        cycle = self._resource.lifecycle
        if cycle is None or cycle.field not in changes or "transition-unchecked" in self._faults:
            return
        now, wanted = view.get(cycle.field), changes[cycle.field]
        if wanted in (now, stored.data.get(cycle.field)):
            return
        for move in cycle.transitions:
            reached = move.target == str(wanted) and str(now) in move.origins
            if reached and (move.when is None or move.when.holds(view, world)):
                return
        message = f"'{cycle.field}' cannot go from {now!r} to {wanted!r}."
        raise Refusal(cycle.refused, message, [detail(f"/{escape(cycle.field)}", "lifecycle", message)])

    def rules(
        self,
        moment: str,
        row: Mapping[str, Any],
        world: TenantWorld,
        old: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Every declared rule of this moment holds. On update and delete ``row`` is what rules read first."""
        self.held(
            (rule for rule in self._resource.rules if moment in rule.on),
            row,
            world,
            {"old": old, "changes": changes or {}},
        )

    def held(
        self,
        rules: Iterable[Rule],
        row: Mapping[str, Any],
        world: TenantWorld,
        extra: Mapping[str, Any],
    ) -> None:
        """Each of the rules holds where its condition does."""
        if "rule-ignored" in self._faults:
            return
        for rule in rules:
            if "$id" not in row:  # whose related rows a rule asks for
                row = {**row, "$id": row.get(self._resource.id_field)}
            if rule.when is not None and not rule.when.holds(row, world, extra):
                continue
            if not rule.require.holds(row, world, extra):
                details = [detail(f"/{escape(rule.field)}", rule.name, rule.message)] if rule.field else None
                kind = rule.refused
                if "rule-refused-otherwise" in self._faults:
                    kind = "conflict" if kind != "conflict" else "invalid"
                raise Refusal(kind, rule.message, details)

    def unique(self, data: Mapping[str, Any], world: TenantWorld) -> None:
        """No other row of the tenant (or of the same parent) holds the same value."""
        if "unique-ignored" in self._faults:
            return
        for field in self._unique:
            value = data.get(field.name)
            if value is None:
                continue
            for row in self._holding(field, value, world):
                same_parent = field.unique == "tenant" or row.data.get(str(field.unique)) == data.get(
                    str(field.unique)
                )
                if same_parent and row.id != self._resource.key(data):
                    message = f"'{field.name}' is already taken."
                    raise Refusal("conflict", message, [detail(f"/{escape(field.name)}", "unique", message)])
        if "race-on-unique" in self._faults and self._is_new(data, world):
            world.state.open_window()

    def _is_new(self, data: Mapping[str, Any], world: TenantWorld) -> bool:
        table = world.state.table(world.tenant, self._resource.name)
        return table.get(self._resource.key(data)) is None

    def _holding(self, field: Field, value: Any, world: TenantWorld) -> list[Row]:
        """The rows with a value that must be unique."""
        name = self._resource.name
        if "sequence-repeats" in self._faults and field.sequence and value == field.sequence.format(1):
            return []
        if "unique-across-tenants" in self._faults:
            tables = [table for (_, kind), table in world.state.tables.items() if kind == name]
            return [row for table in tables for row in table.holding(field.name, value)]
        return world.state.table(world.tenant, name).holding(field.name, value)
