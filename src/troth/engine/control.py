"""The control plane: what a test asks of a mock besides the API itself. REST under ``/__troth``, JSON both ways.

Every call works on the sandbox that the header ``X-Troth-Sandbox`` names (none is the shared one). Errors are
problem details (RFC 9457).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson

from troth.engine.authenticating import Principal
from troth.engine.clock import parse_instant
from troth.engine.engine import SANDBOX_HEADER, Engine
from troth.engine.hook_control import HookControl
from troth.engine.journal import shown, written_secrets
from troth.engine.messages import Request, Response, dump
from troth.engine.state import State
from troth.errors import TrothError, UsageError, did_you_mean

__all__ = ["CONTROL_PATH", "Control", "problem"]

CONTROL_PATH = "/__troth"
_DURATION = re.compile(r"^(-?\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?$")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, None: 1}
_JSON = (b"content-type", b"application/json")

_EARLIEST, _LATEST = 0.0, parse_instant("9998-12-31T23:59:59Z")

Given = Mapping[str, Any]


class Control:
    """The routes of the control plane over one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._snapshots: dict[str, State] = {}
        self._written = written_secrets(engine.behaviour)
        self.hooks = HookControl(engine)
        self.routes: Mapping[tuple[str, str], Callable[[Given, State, str], Any]] = {
            ("GET", "/health"): self.health,
            ("POST", "/reset"): self.reset,
            ("POST", "/seed"): self.seed,
            ("POST", "/snapshot"): self.snapshot,
            ("POST", "/restore"): self.restore,
            ("POST", "/fork"): self.fork,
            ("GET", "/clock"): self.clock,
            ("POST", "/clock/freeze"): self.freeze,
            ("POST", "/clock/resume"): self.resume,
            ("POST", "/clock/set"): self.set_clock,
            ("POST", "/clock/advance"): self.advance,
            ("GET", "/principals"): self.principals,
            ("POST", "/principals"): self.add_principal,
            ("GET", "/journal"): self.journal,
            ("DELETE", "/journal"): self.clear_journal,
            ("GET", "/faults"): self.faults,
            ("PUT", "/faults"): self.set_faults,
            **self.hooks.routes,
        }

    def handle(self, request: Request) -> Response:
        """Answer one control request. Never raises."""
        path = unquote(request.path)[len(CONTROL_PATH) :].rstrip("/") or "/health"
        found = self._route(request.method, path)
        if isinstance(found, Response):
            return found
        action, identifier = found
        try:
            given = orjson.loads(request.body) if request.body.strip() else {}
            if not isinstance(given, dict):
                raise UsageError("The body of a control request is a JSON object.")
            given = {**dict(request.pairs()), **given}
            sandbox = request.headers.get(SANDBOX_HEADER, "")
            state = self._engine.state(sandbox)
            with state.lock:
                answer = action(given, state, identifier or sandbox)
        except orjson.JSONDecodeError as error:
            return problem(400, f"The body is not JSON: {error.msg}.")
        except TrothError as error:
            return problem(400, error.message)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            return problem(400, f"The request cannot be used: {type(error).__name__} {error}.")
        return Response(
            201 if request.method == "POST" and "created" in answer else 200, [_JSON], dump(answer)
        )

    def _route(self, method: str, path: str) -> tuple[Callable[[Given, State, str], Any], str] | Response:
        action = self.routes.get((method, path))
        if action is not None:
            return action, ""
        template, identifier = _templated(path)
        action = self.routes.get((method, template))
        if action is not None:
            return action, identifier
        allowed = sorted(verb for verb, route in self.routes if route == template)
        if allowed:
            return problem(405, f"{method} is not supported here.", (b"allow", ", ".join(allowed).encode()))
        known = {route for _, route in self.routes}
        return problem(404, f"There is no control path {path!r}.{did_you_mean(path, known)}")

    # -- life -------------------------------------------------------------------------------------------------------

    def health(self, _given: Given, state: State, _name: str) -> Any:
        """Whether the mock is up, what it serves and where its clock stands."""
        contract = self._engine.contract
        return {
            "status": "ok",
            "contract": {"name": contract.name, "version": contract.version, "title": contract.title},
            "base": contract.base_path,
            "clock": _clock(state),
            **self._versions(state),
            "faults": sorted(self._engine.faults),
            "sandboxes": sorted(self._engine.sandboxes),
        }

    def _versions(self, state: State) -> dict[str, Any]:
        """The versions that can be asked for today, where there are several."""
        versions, today = self._engine.behaviour.versions, state.clock.today()
        if versions is None:
            return {}
        offered = [release.name for release in versions.releases if release.is_offered(today)]
        return {"versions": {"default": versions.default(today).name, "offered": offered}}

    def reset(self, _given: Given, _state: State, sandbox: str) -> Any:
        self._engine.reset(sandbox)
        return {"reset": True}

    def seed(self, given: Given, _state: State, _name: str) -> Any:
        """Start again as ``--seed`` would, with a fixed clock and fixed ids."""
        self._engine.reseed(int(given["seed"]))
        return {"seed": int(given["seed"])}

    def snapshot(self, given: Given, state: State, _name: str) -> Any:
        name = str(given.get("name", "default"))
        self._snapshots[name] = state.fork()
        return {"snapshot": name, "created": True}

    def restore(self, given: Given, state: State, _name: str) -> Any:
        name = str(given.get("name", "default"))
        if name not in self._snapshots:
            raise UsageError(f"There is no snapshot {name!r}.{did_you_mean(name, self._snapshots)}")
        state.become(self._snapshots[name])
        return {"restored": name}

    def fork(self, given: Given, state: State, _name: str) -> Any:
        """A new sandbox with this one's rows, chosen from then on by the header ``X-Troth-Sandbox``."""
        name = str(given["name"])
        self._engine.sandboxes[name] = state.fork()
        return {"sandbox": name, "created": True}

    # -- time -------------------------------------------------------------------------------------------------------

    def clock(self, _given: Given, state: State, _name: str) -> Any:
        return _clock(state)

    def freeze(self, given: Given, state: State, _name: str) -> Any:
        state.clock.freeze(_within_calendar(parse_instant(str(given["at"]))) if given.get("at") else None)
        return self._moved(state)

    def resume(self, _given: Given, state: State, _name: str) -> Any:
        state.clock.resume()
        return _clock(state)

    def set_clock(self, given: Given, state: State, _name: str) -> Any:
        state.clock.set(_within_calendar(parse_instant(str(given["at"]))))
        return self._moved(state)

    def advance(self, given: Given, state: State, _name: str) -> Any:
        found = _DURATION.match(str(given["by"]).strip())
        if found is None:
            raise UsageError(
                f"{given['by']!r} is not a duration; write seconds or a number with s, m, h, d or w."
            )
        state.clock.set(_within_calendar(state.clock.now() + float(found[1]) * _UNITS[found[2]]))
        return self._moved(state)

    def _moved(self, state: State) -> Any:
        self._engine.program().keeper.sweep(state)
        return _clock(state)

    # -- callers ----------------------------------------------------------------------------------------------------

    def principals(self, _given: Given, _state: State, _name: str) -> Any:
        """Who may call: credentials by name, tenants, and what may ask for tokens on behalf of whom."""
        seed = self._engine.seed
        applications = [
            {"id": client.identifier, "redirectUris": sorted(client.redirect_uris), "secret": client.secret}
            for client in seed.clients.values()
        ]
        return {
            "principals": self._engine.credentials(),
            "tenants": dict(seed.tenants),
            "applications": applications,
            "users": dict(seed.users),
        }

    def add_principal(self, given: Given, state: State, _name: str) -> Any:
        """A new credential for a tenant; ``expires`` is RFC 3339, ``scopes`` and ``permissions`` lists."""
        tenant = str(given.get("tenant", next(iter(self._engine.seed.tenants))))
        name = str(given.get("name") or f"{tenant}-{state.identities.word(6)}")
        scopes = frozenset(str(scope) for scope in given.get("scopes", ["*"]))
        secret = str(given.get("key") or "")
        while not secret or (secret in self._engine.principals and "key" not in given):
            secret = f"key_{state.identities.word(32)}"
        expires = parse_instant(str(given["expires"])) if given.get("expires") else None
        tenants = frozenset(str(one) for one in given.get("tenants", ()))
        settings = given.get("settings") or {}
        if not isinstance(settings, dict):
            raise UsageError(f"The settings of a principal are an object; found {settings!r}.")
        permissions = frozenset(str(one) for one in given.get("permissions", ["*"]))
        principal = Principal(name, tenant, secret, scopes, expires, settings, tenants, permissions)
        self._engine.add_principal(principal)
        return {**self._engine.credential(principal), "created": True}

    # -- observation ------------------------------------------------------------------------------------------------

    def journal(self, given: Given, _state: State, sandbox: str) -> Any:
        """The latest exchanges, oldest first; ``operation``, ``status`` and ``limit`` narrow them."""
        found = self._engine.journal(sandbox)
        if given.get("operation"):
            found = [entry for entry in found if entry.operation == given["operation"]]
        if given.get("status"):
            found = [entry for entry in found if entry.status == int(given["status"])]
        limit = int(given.get("limit", 100))
        return {"journal": [shown(entry, self._written) for entry in found[-limit:]], "total": len(found)}

    def clear_journal(self, _given: Given, state: State, _name: str) -> Any:
        state.journal.clear()
        return {"cleared": True}

    def faults(self, _given: Given, _state: State, _name: str) -> Any:
        return {"faults": sorted(self._engine.faults)}

    def set_faults(self, given: Given, _state: State, _name: str) -> Any:
        wanted = given.get("faults", [])
        self._engine.faults = self._engine.check_faults(str(name) for name in wanted)
        return {"faults": sorted(self._engine.faults)}


def _templated(path: str) -> tuple[str, str]:
    """A path with ``{id}`` in the place of what names one thing, and that name."""
    one = re.fullmatch(r"/(deliveries|subscriptions)/([^/]+)(/redeliver|/activate)?", path)
    return (f"/{one[1]}/{{id}}{one[3] or ''}", one[2]) if one else (path, "")


def _within_calendar(seconds: float) -> float:
    """A moment that the clock may show: what follows from it, a year on, must have a date too."""
    if not _EARLIEST <= seconds <= _LATEST:
        raise UsageError("The clock shows moments from 1970 to 9998 only.")
    return seconds


def _clock(state: State) -> dict[str, Any]:
    return {"now": state.clock.iso(), "frozen": state.clock.frozen}


def problem(status: int, detail: str, *headers: tuple[bytes, bytes]) -> Response:
    """A refusal of the control plane (RFC 9457)."""
    body = {"type": "about:blank", "status": status, "title": "Control request refused", "detail": detail}
    return Response(status, [(b"content-type", b"application/problem+json"), *headers], dump(body))
