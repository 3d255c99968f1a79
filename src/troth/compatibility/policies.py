"""What a change means within a major version, by the house rules of whoever publishes the API.

A policy is a set of rows over one table of rules: severities it sees differently, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from troth.compatibility.rules import Rule, rules
from troth.contract.model import Contract
from troth.errors import BehaviourError, UsageError, did_you_mean
from troth.findings import SEVERITIES, Severity

__all__ = ["ALIASES", "POLICIES", "SECTIONS", "Policy", "Versioning", "policy_named", "policy_of"]

Versioning = Literal["semver", "dated"]
"""How versions count: *semver* by what a change means, *dated* by a new version for whatever breaks."""

SECTIONS: tuple[str, ...] = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


@dataclass(frozen=True, slots=True)
class Policy:
    """``severities`` maps rule ids to what they count as here; ``sections`` are the headings of the changelog.

    ``removals_within_major`` tells whether something may go before the next major version; ``notice`` is how many
    days lie at least between announcing that something goes and its sunset.
    """

    name: str
    about: str
    severities: Mapping[str, Severity] = field(default_factory=dict)
    sections: tuple[str, ...] = ("Added", "Changed", "Deprecated", "Removed")
    removals_within_major: bool = False
    versioning: Versioning = "semver"
    notice: int = 0

    def severity(self, rule: Rule) -> Severity:
        """How grave a rule is under this policy."""
        return self.severities.get(rule.id, rule.severity)


def _same(severity: Severity, *names: str) -> dict[str, Severity]:
    return dict.fromkeys(names, severity)


LOOSER_ANSWERS = tuple(
    f"response-{subject}-{action}"
    for subject, action in (
        *((f"max-{what}", "increased") for what in ("length", "items", "properties")),
        *((f"max-{what}", "removed") for what in ("length", "items", "properties")),
        *((f"min-{what}", "decreased") for what in ("length", "items", "properties")),
        *((f"min-{what}", "removed") for what in ("length", "items", "properties")),
        ("pattern", "changed"), ("pattern", "removed"), ("format", "removed"),
    )
)  # fmt: skip

POLICIES: Mapping[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy(
            "additive-within-major",
            "Within a major version only additions: new optional fields, new operations; a wider answer "
            "(null, a new listed value, a new alternative) is allowed and named.",
            _same("warning", "response-null-added", "response-enum-value-added", "response-branch-added"),
        ),
        Policy(
            "dated-versions",
            "Whatever breaks waits for a new version with a date; operations, optional fields and listed values "
            "are added to every version. An end is announced 90 days before.",
            _same("info", "response-enum-value-added", "response-branch-added"),
            removals_within_major=True,
            versioning="dated",
            notice=90,
        ),
        Policy(
            "semver",
            "SemVer 2.0.0: what is incompatible raises the major version, what is new or deprecated the minor one; "
            "before 1.0.0 anything may change.",
            _same("warning", "response-enum-value-added"),
        ),
        Policy("strict", "The contract at its word: whatever a client could rely on, it does."),
        Policy(
            "tolerant",
            "Clients read tolerantly: they cope with new values, looser bounds and absent optional fields.",
            _same("info", "response-enum-value-added", "response-branch-added", *LOOSER_ANSWERS)
            | _same("warning", "response-property-removed", "response-null-added", "deprecated-operation-removed",
                    "header-removed", "request-default-changed"),
            removals_within_major=True,
        ),
        Policy(
            "aip-180",
            "Google AIP-180 and AIP-181: nothing is removed or renamed, no type or default changes even where the "
            "wire would bear it, listed values of answers may grow with caution, an end is announced 180 days before.",
            _same("warning", "response-enum-value-added")
            | _same("breaking", "operation-id-changed", "request-type-widened", "response-type-narrowed",
                    "response-default-changed", "request-format-removed", "response-format-added"),
            notice=180,
        ),
        Policy(
            "github",
            "GitHub REST: a new check on an existing parameter breaks, a new listed value does not.",
            _same("info", "response-enum-value-added") | _same("breaking", "request-additional-properties-narrowed"),
        ),
        Policy(
            "stripe",
            "Stripe: lengths and forms of opaque strings may change, new event types and listed values are expected; "
            "what breaks waits for a dated major release.",
            _same("info", "response-enum-value-added", *LOOSER_ANSWERS),
            versioning="dated",
        ),
        Policy(
            "zalando",
            "Zalando RESTful API guidelines: objects stay open for extension, answers may not list new values "
            "unless the list is declared extensible, nothing goes without an announced end.",
            _same("breaking", "request-additional-properties-narrowed", "operation-id-changed")
            | _same("warning", "response-additional-properties-narrowed"),
        ),
    )
}  # fmt: skip
ALIASES: Mapping[str, str] = {"additive": "additive-within-major", "google": "aip-180"}
"""Short names of policies."""


def policy_named(name: str) -> Policy:
    """A policy by name. Raises UsageError naming the nearest one."""
    found = POLICIES.get(ALIASES.get(name, name))
    if found is None:
        known = ", ".join(POLICIES)
        raise UsageError(f"There is no policy {name!r}.{did_you_mean(name, POLICIES)} Known are: {known}.")
    return found


def policy_of(contract: Contract, name: str | None = None) -> Policy:
    """The policy asked for, else the one that the contract's ``changelog`` behaviour names, else additive-within-major.

    ``changelog: {policy: additive, sections: {...}, severities: {rule-id: severity}}`` is read from
    the root ``x-behaviour``.
    """
    given = contract.extension.get("changelog")
    declared: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    if name is not None:
        return policy_named(name)
    stated = str(declared.get("policy", "additive"))
    stated = ALIASES.get(stated, stated)
    if stated not in POLICIES:
        raise BehaviourError(
            f"unknown changelog policy {stated!r}.{did_you_mean(stated, POLICIES)}",
            contract.locate("/x-behaviour/changelog/policy"),
        )
    base = POLICIES[stated]
    return replace(
        base,
        severities={**base.severities, **_overrides(contract, declared)},
        sections=_sections(declared, base),
    )


def _overrides(contract: Contract, declared: Mapping[str, Any]) -> dict[str, Severity]:
    given = declared.get("severities")
    found: dict[str, Severity] = {}
    for identifier, severity in given.items() if isinstance(given, Mapping) else ():
        place = contract.locate(f"/x-behaviour/changelog/severities/{identifier}")
        if identifier not in rules():
            raise BehaviourError(f"unknown rule {identifier!r}.{did_you_mean(identifier, rules())}", place)
        if severity not in SEVERITIES:
            raise BehaviourError(f"unknown severity {severity!r}.{did_you_mean(severity, SEVERITIES)}", place)
        found[identifier] = cast("Severity", severity)
    return found


def _sections(declared: Mapping[str, Any], base: Policy) -> tuple[str, ...]:
    given = declared.get("sections")
    if isinstance(given, Mapping):
        return tuple(str(name) for name in given)
    return tuple(str(name) for name in given) if isinstance(given, list) and given else base.sections
