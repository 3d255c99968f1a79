"""Who speaks to the target: the owner, a peer in another tenant, and credentials that may do less."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from troth.behaviour.model import Behaviour, Binding
from troth.conformance.control import Control
from troth.conformance.secrecy import is_secret_name
from troth.conformance.target import Principal
from troth.conformance.verdicts import NotExercised

__all__ = ["Actor", "Cast", "Onlooker"]


@dataclass(slots=True, eq=False)
class Actor:
    """A principal at work. Its headers change when a used-up credential is replaced by a new one."""

    name: str
    tenant: str | None
    scopes: tuple[str, ...]
    headers: Mapping[str, str] = field(repr=False)
    remaining: int | None = None
    permissions: tuple[str, ...] = ("*",)
    settings: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Onlooker:
    """A world for expressions that ask for nothing but the caller's settings."""

    def __init__(self, behaviour: Behaviour, settings: Mapping[str, Any]) -> None:
        self.viewer = {name: one.default for name, one in behaviour.viewer.items()} | dict(settings)

    def today(self) -> str:
        return ""

    now = today

    def related(self, _resource: str, _field: str, _row: Mapping[str, Any]) -> list[dict[str, Any]]:
        return []

    def lookup(self, _resource: str, _identifier: Any) -> None:
        return None

    def seen(self, _resource: str, _identifier: Any) -> bool:
        return False


class Cast:
    """The actors of one run. ``peer`` is None where only one tenant is known."""

    def __init__(
        self, principals: Iterable[Principal], behaviour: Behaviour, control: Control | None, nonce: str
    ) -> None:
        self._behaviour = behaviour
        self._control = control
        self._nonce = nonce
        self._count = 0
        self._minted: dict[frozenset[str], Actor] = {}
        self.secrets: set[str] = set()
        self._known = [self._actor(one) for one in principals]
        broad = sorted(
            self._known,
            key=lambda actor: (
                not (self._allows_all(actor) and self._permitted(actor)),
                self._restricted(actor),
                -len(actor.scopes),
            ),
        )
        owner = broad[0] if broad else Actor("anonymous", None, (), {})
        peer = next((one for one in broad if one.tenant != owner.tenant), None)
        self.owner = self.fresh(owner) or owner
        self.peer = self.fresh(peer) or peer if peer else None

    @property
    def known(self) -> tuple[Actor, ...]:
        """Every principal that the target names."""
        return tuple(self._known)

    def _actor(self, principal: Principal) -> Actor:
        self.secrets.update(principal.headers[name] for name in self.credentials(principal.headers))
        self.secrets.update(value for name, value in principal.headers.items() if is_secret_name(name))
        return Actor(
            principal.name, principal.tenant, principal.scopes, dict(principal.headers), None,
            principal.permissions, principal.settings, principal.known,
        )  # fmt: skip

    def _allows_all(self, actor: Actor) -> bool:
        return all(self.allows(actor, binding.scopes) for binding in self._behaviour.bindings.values())

    def _permitted(self, actor: Actor) -> bool:
        asked = {name for binding in self._behaviour.bindings.values() for name in binding.permissions}
        return "*" in actor.permissions or asked <= set(actor.permissions)

    def _restricted(self, actor: Actor) -> int:
        """How many rules of visibility hold for an actor."""
        return sum(
            rule.when is None or rule.when.holds({}, Onlooker(self._behaviour, actor.settings))
            for resource in self._behaviour.resources.values()
            for rule in resource.visibility
        )

    def credentials(self, headers: Mapping[str, str]) -> list[str]:
        """Which of a principal's headers are the credential; all of them when the contract does not say."""
        carriers = self._behaviour.authentication.carriers.values()
        known = {
            {"query": f"?{name}", "cookie": "cookie"}.get(place, name).lower() for place, name, _ in carriers
        }
        return [name for name in headers if name.lower() in known] or list(headers)

    # -- scopes ---------------------------------------------------------------------------------------------------

    def allows(self, actor: Actor, wanted: Iterable[str]) -> bool:
        """Whether an actor has every scope, under its own name or an alias."""
        return "*" in actor.scopes or all(
            {scope, *self._aliases(scope)} & set(actor.scopes) for scope in wanted
        )

    def _aliases(self, scope: str) -> set[str]:
        scopes = self._behaviour.scopes
        found = set()
        for resource in self._behaviour.resources:
            for access, template in (("read", scopes.read), ("write", scopes.write)):
                if template and template.format(resource=resource) == scope:
                    found |= {alias.format(resource=resource, access=access) for alias in scopes.aliases}
        return found

    def lacking(self, binding: Binding) -> Actor:
        """An actor of the owner's tenant without the scopes of an operation. Raises NotExercised."""
        for actor in self._known:
            if actor.tenant == self.owner.tenant and not self.allows(actor, binding.scopes):
                return actor
        others = {scope for one in self._behaviour.bindings.values() for scope in one.scopes}
        near = {
            s
            for one in self._behaviour.bindings.values()
            if one.resource is binding.resource
            for s in one.scopes
        }
        wrong = sorted((near or others) - binding.scopes) or sorted(others - binding.scopes) or ["none:read"]
        found = self._mint(frozenset(wrong))
        if found is None:
            raise NotExercised(
                f"no principal lacks {', '.join(sorted(binding.scopes))}; add one to the target file"
            )
        return found

    def exactly(self, binding: Binding) -> Actor:
        """An actor with the scopes of an operation and not all others. Raises NotExercised."""
        for actor in self._known:
            if actor.tenant == self.owner.tenant and set(actor.scopes) == binding.scopes:
                return actor
        found = self._mint(binding.scopes)
        if found is None:
            raise NotExercised(
                f"no principal has {', '.join(sorted(binding.scopes))} alone; add one to the target file"
            )
        return found

    # -- new credentials ------------------------------------------------------------------------------------------

    @property
    def renewable(self) -> bool:
        return self._control is not None

    def fresh(self, like: Actor) -> Actor | None:
        """The same principal with an unused credential; None without a control plane."""
        headers = self._issued(like)
        return None if headers is None else replace(like, headers=headers, remaining=None)

    def rest(self) -> None:
        """Forget what was left of every credential: another sandbox counts from the beginning."""
        for actor in (self.owner, self.peer, *self._known, *self._minted.values()):
            if actor is not None:
                actor.remaining = None

    def renew(self, actor: Actor) -> bool:
        """Give an actor an unused credential; False without a control plane."""
        headers = self._issued(actor)
        if headers is not None:
            actor.headers, actor.remaining = headers, None
        return headers is not None

    def all_but(self, scopes: frozenset[str]) -> Actor | None:
        """A new credential of the owner's tenant with every other scope; None where no new ones are to be had."""
        others = {scope for one in self._behaviour.bindings.values() for scope in one.scopes} - scopes
        return self._mint(frozenset(others), f"all but {'+'.join(sorted(scopes))}") if others else None

    def _mint(self, scopes: frozenset[str], name: str = "") -> Actor | None:
        if scopes not in self._minted:
            wanted = tuple(sorted(scopes))
            found = self.fresh(replace(self.owner, name=name or "+".join(wanted), scopes=wanted))
            if found is None:
                return None
            self._minted[scopes] = found
        return self._minted[scopes]

    def without(self, permission: str, others: Iterable[str]) -> Actor:
        """An actor of the owner's tenant with the other permissions and not this one. Raises NotExercised."""
        rest = tuple(sorted(set(others) - {permission}))
        for actor in self._known:
            own = set(actor.permissions)
            if actor.tenant == self.owner.tenant and set(rest) <= own and not own & {permission, "*"}:
                return actor
        found = self.fresh(replace(self.owner, name=f"without {permission}", permissions=rest))
        if found is None:
            raise NotExercised(
                f"no principal lacks only the permission {permission}; add one to the target file"
            )
        return found

    def with_settings(self, settings: Mapping[str, Any], holds: Callable[[Actor], bool]) -> Actor | None:
        """The owner with other settings; else somebody of its tenant and rights of whom something holds."""
        found = self.fresh(replace(self.owner, name=f"with {dict(settings)}", settings=dict(settings)))
        if found is not None:
            return found
        able = (a for a in self._known if a.tenant == self.owner.tenant and self._allows_all(a))
        return next((actor for actor in able if self._permitted(actor) and holds(actor)), None)

    def _issued(self, like: Actor) -> Mapping[str, str] | None:
        """The headers of a new credential with the rights of an actor; None without a control plane."""
        if self._control is None or like.tenant is None:
            return None
        self._count += 1
        name = f"verify-{self._nonce}-{self._count}"
        headers = self._control.mint(name, like.tenant, like.scopes, like.permissions, like.settings)
        self.secrets.update(headers[name] for name in self.credentials(headers))
        return headers
