"""The sentences of one finding, and its evidence, in the order in which a reader needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from troth.findings import Finding
from troth.reporting.exchanges import excerpt, exchanges, redact
from troth.reporting.places import place_of

__all__ = ["compact", "paragraphs", "record", "residue", "steps"]

#: What reports show in forms of their own; a baseline alone needs the identities of every operation reached.
_ELSEWHERE = frozenset({"request", "response", "exchanges", "contract", "reproduction", "identities"})


def paragraphs(finding: Finding) -> list[str]:
    """Place, detail, verdict and witness, reach, evidence that is no exchange, identity; only what is there."""
    found = [place_of(finding), finding.detail.strip(), _verdict(finding)]
    found.append(f"Reaches {', '.join(finding.reach)}." if finding.reach else "")
    found += [f"{key}: {compact(value)}" for key, value in residue(finding).items()]
    found.append(f"Identity: {finding.identity}" if finding.identity else "")
    return [paragraph for paragraph in found if paragraph]


def record(finding: Finding) -> dict[str, Any]:
    """The finding as JSON, its evidence redacted (a witness is made up, so it holds no secret)."""
    return finding.as_json() | {"evidence": redact(finding.evidence)}


def residue(finding: Finding) -> dict[str, Any]:
    """The evidence that is not an exchange, redacted."""
    clean = redact(finding.evidence)
    return {key: value for key, value in clean.items() if key not in _ELSEWHERE}


def steps(finding: Finding) -> list[Mapping[str, Any]]:
    """The recorded exchanges of a finding, redacted, in the order in which they happened."""
    return exchanges(finding.evidence)


def compact(value: Any) -> str:
    """JSON on one line, a string as it is."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return excerpt(text, 500)


def _verdict(finding: Finding) -> str:
    if finding.verdict is None:
        return ""
    word = finding.verdict.capitalize()
    # None is a legal witness (null), but only where the verdict claims to have one.
    has_witness = finding.witness is not None or finding.verdict == "refuted"
    return f"{word}; witness: {compact(finding.witness)}" if has_witness else f"{word}."
