"""Which resource a fact is about, in the words of the document's tags or paths, and which section it belongs in."""

from __future__ import annotations

import re

from troth.compatibility.delta import Delta
from troth.compatibility.facts import Fact
from troth.compatibility.judgement import Judged
from troth.compatibility.operations import resource_of
from troth.contract.model import Operation

__all__ = ["EVERYWHERE", "folded", "label_of", "labels_of", "resource_words", "section_of"]

EVERYWHERE = "The whole API"

DEPRECATIONS = frozenset(
    {
        "deprecation",
        "operation-deprecation",
        "parameter-deprecation",
        "header-deprecation",
        "sunset",
        "operation-sunset",
        "parameter-sunset",
    },
)
THINGS = frozenset(
    {"operation", "deprecated-operation", "ended-operation", "early-operation", "ended-parameter", "early-parameter",
     "ended-property", "early-property", "property", "required-property", "parameter", "required-parameter", "body",
     "required-body", "request-media-type", "response-media-type", "success-status", "error-status", "header",
     "required-header", "enum-value", "extensible-enum-value", "branch", "security-alternative", "security-scheme",
     "security-flow", "offered-scope", "server", "webhook", "pattern-property", "event", "filter", "transition",
     "scope-alias", "callback", "link", "operation-server", "sent-parameter", "sent-body", "taken-status",
     "taken-error-status", "idempotent-method", "usual-member", "rate-header", "discriminator-value",
     "version", "default-version"},
)  # fmt: skip
"""Subjects that are a thing which comes or goes; the others are a quality of something that stays."""


def label_of(operation: Operation) -> str:
    """The first tag, else the path's resource with capitals: ``time-entries`` is ``Time Entries``."""
    if operation.tags:
        return operation.tags[0]
    return re.sub(r"[-_]+", " ", resource_of(operation)).title()


def resource_words(operation: Operation) -> tuple[str, ...]:
    """What prose may call an operation's resource, word by word as :func:`folded` leaves them.

    ``/documents/{id}/versions`` is *versions*, *document versions* or *documentversions*.
    """
    segments = [
        segment
        for segment in operation.path.removesuffix(".json").split("/")
        if segment and "{" not in segment
    ]
    named = segments[-2:] if len(segments) > 1 else segments
    steps = [[folded(word) for word in re.split(r"[-_.]", segment) if word] for segment in named]
    last, whole = steps[-1] if steps else [], [word for step in steps for word in step]
    found = [[folded(tag) for tag in operation.tags[:1]], last, whole, ["".join(last)], ["".join(whole)]]
    return tuple(
        dict.fromkeys(" ".join(words) for words in found if words and "".join(words) not in _EVERYDAY)
    )


_EVERYDAY = frozenset(
    {"api", "me", "id", "status", "link", "item", "list", "record", "field", "value", "user"}
)
"""Resources whose name is too plain a word for prose to name them by it."""


def labels_of(fact: Fact, found: Delta) -> tuple[str, ...]:
    """The resources that a fact reaches, sorted; empty when it reaches none."""
    labels = set()
    for identifier in fact.reach:
        operation = found.new.operation(identifier) or found.old.operation(identifier)
        if operation is not None:
            labels.add(label_of(operation))
    return tuple(sorted(labels))


def section_of(item: Judged) -> str:
    """The heading of a changelog under which a fact belongs. What breaks is never *Added*, however new it is."""
    fact, severity = item.fact, item.finding.severity
    if fact.subject in DEPRECATIONS and fact.action != "removed":
        return "Deprecated"
    if fact.subject in THINGS and fact.action == "removed":
        return "Removed"
    if fact.subject in THINGS and fact.action == "added" and severity != "breaking":
        return "Added"
    return "Changed"


def folded(words: str) -> str:
    """Words without case, blanks, hyphens and plural: ``Time Entries``, ``time-entries`` and ``TimeEntry`` are one."""
    letters = re.sub(r"[^a-z0-9]", "", words.casefold())
    if letters.endswith("ies"):
        return letters[:-3] + "y"
    return letters[:-1] if letters.endswith("s") and not letters.endswith("ss") else letters
