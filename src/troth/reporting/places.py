"""Where a finding is, in the words of a report: a path inside the checkout, a line, the clause or rule."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from troth.findings import Finding

__all__ = ["path_of", "place_of", "rule_of", "subject_of", "uri_of"]


def path_of(document: str) -> str | None:
    """The path of a document as a forge shows it: relative to the working directory; None for a URL.

    ``git:REF:path`` is a path at another revision, which an annotation can only show at this one.
    """
    if "://" in document:
        return None
    name = document.split(":", 2)[2] if document.startswith("git:") and document.count(":") > 1 else document
    path = Path(name)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix()


def uri_of(document: str) -> str:
    """The document as a URI reference (SARIF 2.1.0, section 3.4.3)."""
    path = path_of(document)
    if path is None:
        return document
    return Path(path).as_uri() if path.startswith("/") else quote(path)


def place_of(finding: Finding) -> str:
    """``file:line pointer``, or an empty string."""
    return str(finding.location) if finding.location else ""


def rule_of(finding: Finding) -> str:
    """What the finding is an instance of: its clause without the operation, or its id."""
    return finding.clause.partition("@")[0] if finding.clause else finding.id


def subject_of(finding: Finding) -> str:
    """``clause@operation``, or ``id@operation`` where no clause is named."""
    name = finding.clause or finding.id
    return name if "@" in name or not finding.operation else f"{name}@{finding.operation}"
