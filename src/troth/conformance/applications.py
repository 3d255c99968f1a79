"""Applications: clients of OAuth 2.0 that a target knows."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Application"]


@dataclass(frozen=True, slots=True)
class Application:
    """A registered client. ``user`` consents, where the target has to be told who does."""

    identifier: str
    redirect_uri: str
    secret: str | None = field(default=None, repr=False)
    user: str | None = None
