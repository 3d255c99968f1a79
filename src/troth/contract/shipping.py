"""The contracts that Troth brings along: in a checkout beside ``src``, in a wheel inside the package."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Shipped", "shipped"]


@dataclass(frozen=True, slots=True)
class Shipped:
    """The three shipped directories: contracts, seed data with hooks, and the conformance files."""

    spec: Path
    mocks: Path
    conformance: Path

    def names(self) -> tuple[str, ...]:
        """The names of the shipped contracts, sorted."""
        if not self.spec.is_dir():
            return ()
        return tuple(sorted(found.parent.name for found in self.spec.glob("*/openapi.yaml")))

    def releases(self, name: str) -> tuple[str, ...]:
        """The released versions of one contract, oldest file name first."""
        return tuple(sorted(found.stem for found in (self.spec / name / "releases").glob("*.yaml")))


@cache
def shipped() -> Shipped:
    """Where they are: the nearest parent of the package that holds ``spec`` and ``mocks``, else the wheel's copy."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "shipped"
    checkout = package.parent.parent
    root = checkout if not inside.is_dir() and (checkout / "spec").is_dir() else inside
    return Shipped(root / "spec", root / "mocks", root / "conformance")
