"""One shape for everything that Troth has to say about a contract or an implementation.

Engines emit findings, reporters only listen. The JSON form is the same whoever emits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["SEVERITIES", "VERDICTS", "Case", "Finding", "Location", "Severity", "Verdict"]

Severity = Literal["breaking", "error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("breaking", "error", "warning", "info")

Verdict = Literal["conform", "violate", "inconclusive", "not-exercised"]
VERDICTS: tuple[Verdict, ...] = ("conform", "violate", "inconclusive", "not-exercised")


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a document: ``document`` is a path or URL, ``pointer`` is RFC 6901, ``line`` is 1-based."""

    document: str
    pointer: str = ""
    line: int | None = None

    def __str__(self) -> str:
        line = f":{self.line}" if self.line is not None else ""
        pointer = f" {self.pointer}" if self.pointer else ""
        return f"{self.document}{line}{pointer}"

    def as_json(self) -> dict[str, Any]:
        return {"document": self.document, "pointer": self.pointer, "line": self.line}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact with its evidence.

    ``id`` is kebab-case and stable; ``clause`` is ``concept.rule`` or ``concept.rule@operationId``;
    ``evidence`` is JSON (a recorded exchange, two values, a count); ``reach`` are the operations that one cause
    touches; ``identity`` tells a violation from others of its clause, whatever its words and values;
    ``verdict`` and ``witness`` are set by a comparison only.
    """

    id: str
    severity: Severity
    title: str
    detail: str = ""
    location: Location | None = None
    operation: str | None = None
    clause: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    verdict: Literal["proved", "refuted", "unknown"] | None = None
    witness: Any = None
    reach: tuple[str, ...] = ()
    identity: str = ""
    nearest: Location | None = None

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.id,
            "severity": self.severity,
            "title": self.title,
            "detail": self.detail,
            "location": self.location.as_json() if self.location else None,
            "operation": self.operation,
            "clause": self.clause,
            "evidence": dict(self.evidence),
        }
        if self.verdict is not None:
            found |= {"verdict": self.verdict, "witness": self.witness, "reach": list(self.reach)}
        elif self.reach:
            found["reach"] = list(self.reach)
        if self.nearest is not None:
            found["nearest"] = self.nearest.as_json()
        return found | ({"identity": self.identity} if self.identity else {})


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was judged, usually a clause: what passes is worth reporting too.

    ``name`` is what was judged (``pagination.max-size@listClients``), ``group`` what it belongs to
    (``pagination``), ``detail`` why it is inconclusive or was not exercised, ``seconds`` the time spent.
    """

    name: str
    group: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    detail: str = ""
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "group": self.group,
            "verdict": self.verdict,
            "detail": self.detail,
            "seconds": round(self.seconds, 3),
            "findings": [finding.id for finding in self.findings],
        }
