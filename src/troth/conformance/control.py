"""The control plane of a Troth mock, seen from outside: credentials on demand and a clock that can be moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from troth.conformance.connections import Connection
from troth.conformance.timeline import Moved
from troth.conformance.worn import worn
from troth.errors import TargetError

__all__ = ["SANDBOX", "Control"]

SANDBOX = "X-Troth-Sandbox"


def _usual_places(base_url: str) -> Iterator[str]:
    """Where a mock has its control plane: at the origin, or below its name where several are served."""
    parts = urlsplit(base_url)
    origin, name = f"{parts.scheme}://{parts.netloc}", parts.path.strip("/").partition("/")[0]
    yield f"{origin}/__troth"
    if name:
        yield f"{origin}/{name}/__troth"


class Control:
    """What a run may do behind the API's back. Everything happens in the run's own sandbox."""

    def __init__(self, connection: Connection, url: str, sandbox: str) -> None:
        self._connection = connection
        self.url = url.rstrip("/")
        self.sandbox = sandbox
        #: Is told when the clock moves.
        self.noticed: Callable[[Moved], None] = lambda _moved: None

    @classmethod
    def found(cls, connection: Connection, url: str | None, base_url: str, sandbox: str) -> Control | None:
        """The control plane at ``url``, or the one that a mock has at its origin or below its name; None without one.

        Raises TargetError when a URL was named and no control plane is there.
        """
        for place in (url,) if url is not None else _usual_places(base_url):
            control = cls(connection, place, sandbox)
            if control.answers():
                return control
        if url is not None:
            raise TargetError(
                f"There is no control plane at {url}: GET {url.rstrip('/')}/health does not answer as one."
            )
        return None

    def answers(self) -> bool:
        """Whether what is there is a control plane."""
        try:
            response = self._connection.request("GET", f"{self.url}/health")
            about = response.json() if response.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, ValueError):
            return False
        return isinstance(about, Mapping) and about.get("status") == "ok" and "clock" in about

    def at(self, sandbox: str) -> Control:
        """The same control plane, acting on another sandbox."""
        return Control(self._connection, self.url, sandbox)

    def principals(self) -> Iterator[tuple[Any, ...]]:
        """(name, tenant, headers, scopes, permissions, settings) of every credential that the mock started with."""
        for about in self._call("GET", "/principals").get("principals") or ():
            rights = (tuple(about.get(word) or ("*",)) for word in ("scopes", "permissions"))
            yield about["name"], about.get("tenant"), worn(about), *rights, about.get("settings") or {}

    def applications(self) -> Iterator[tuple[str, str, str | None, str | None]]:
        """(id, redirect URI, secret, a user who consents) of every OAuth client."""
        about = self._call("GET", "/principals")
        user = next(iter(about.get("users") or {}), None)
        for client in about.get("applications") or ():
            if client.get("redirectUris"):
                yield client["id"], client["redirectUris"][0], client.get("secret"), user

    def mint(
        self,
        name: str,
        tenant: str | None,
        scopes: Iterable[str],
        permissions: Iterable[str] = ("*",),
        settings: Mapping[str, Any] | None = None,
    ) -> Mapping[str, str]:
        """The headers of a new credential."""
        asked = {
            "name": name, "tenant": tenant, "scopes": list(scopes), "permissions": list(permissions),
            "settings": dict(settings or {}),
        }  # fmt: skip
        return worn(self._call("POST", "/principals", asked))

    # -- webhooks; False or None where a control plane knows nothing of them --------------------------------------

    def lead(self, receivers: Mapping[str, str]) -> bool:
        """Lead deliveries to the beginning of some URLs somewhere else."""
        return self._tried("PUT", "/receivers", {"receivers": dict(receivers)}) is not None

    def flush(self) -> bool:
        """Let everything that is due be delivered; returns when it is."""
        return self._tried("POST", "/deliveries/flush") is not None

    def subscribe(
        self, tenant: str | None, url: str, events: Iterable[str], secret: str, mode: str | None = None
    ) -> str | None:
        """A subscription that no operation of the API makes; gives its id."""
        asked = {"tenant": tenant, "url": url, "events": list(events), "secret": secret, "mode": mode}
        told = {name: value for name, value in asked.items() if value is not None}
        made = self._tried("POST", "/subscriptions", told)
        return None if made is None else str(made.get("id"))

    def unsubscribe(self, identifier: str) -> None:
        self._tried("DELETE", f"/subscriptions/{identifier}")

    def _tried(self, method: str, path: str, body: Any = None) -> Mapping[str, Any] | None:
        try:
            return self._call(method, path, body)
        except TargetError:
            return None

    # -- time -----------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        self._call("POST", "/clock/advance", {"by": seconds})
        self.noticed(Moved(seconds))

    def set(self, moment: datetime) -> None:
        self._call("POST", "/clock/set", {"at": moment.isoformat()})
        self.noticed(Moved(moment=moment.isoformat()))

    def freeze(self, moment: datetime) -> None:
        """Stop the clock at a moment."""
        self._call("POST", "/clock/freeze", {"at": moment.isoformat()})

    def now(self) -> datetime:
        """The mock's own time."""
        told = self._call("GET", "/clock").get("now")
        return datetime.fromisoformat(str(told)) if told else datetime.now(UTC)

    def _call(self, method: str, path: str, body: Any = None) -> Mapping[str, Any]:
        try:
            response = self._connection.request(
                method, self.url + path, json=body, headers={SANDBOX: self.sandbox}
            )
            response.raise_for_status()
            found: Mapping[str, Any] = response.json() if response.content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise TargetError(f"The control plane failed on {method} {path}: {error}") from error
        return found
