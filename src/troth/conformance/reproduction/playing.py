"""A server on which steps are played: this process's connection to it, its credentials, its receiver of deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import httpx

from troth.conformance.applications import Application
from troth.conformance.connections import Connection
from troth.conformance.control import Control
from troth.conformance.post import Post
from troth.conformance.reproduction.answers import Answer
from troth.conformance.reproduction.player import Player, Stuck
from troth.conformance.reproduction.steps import Caller, Client, Relation, Reproduction
from troth.conformance.secrecy import given_out, is_secret_name
from troth.conformance.target import Principal
from troth.conformance.verdicts import NotExercised
from troth.errors import TargetError, TrothError, UsageError

__all__ = ["Played", "Stage", "quietly"]


@dataclass(frozen=True, slots=True)
class Played:
    """The answers of one play, in order, and why it ended before its end; empty when it did not.

    ``holds`` is whether the relation that is expected holds, None where that could not be told, and ``told`` what was
    found instead; ``found`` is what is where a value is expected.
    """

    answers: tuple[Answer, ...]
    stuck: str = ""
    holds: bool | None = None
    told: str = ""
    found: Any = None


class _Posted:
    """The receiver of a run as the player's inboxes."""

    def __init__(self, post: Post, control: Control | None) -> None:
        self._post = post
        self._control = control

    def address(self, _control: str, sandbox: str) -> tuple[str, Mapping[str, str]]:
        try:
            return self._post.address(self._control.at(sandbox) if self._control else None), {}
        except NotExercised as reason:
            raise Stuck(str(reason)) from None

    def open(self, path: str, answers: Sequence[int], _handshake: str, *, silent: bool, held: float) -> None:
        if answers:
            self._post.mailbox.answer(path, *answers)
        if silent:
            self._post.mailbox.silence(path)
        if held:
            self._post.mailbox.hold(path, held)

    def got(self, path: str) -> list[tuple[Mapping[str, str], bytes]]:
        return [(hook.headers, hook.body) for hook in self._post.mailbox.got(path)]

    def release(self) -> None:
        self._post.mailbox.release()

    def greeted(self, path: str) -> bool:
        return self._post.mailbox.greeted(path)


class Stage:
    """Plays reproductions, each time in a sandbox of its own where there are some.

    ``tenants`` are the server's own names of the callers' tenants; ``prepare`` is called with the sandbox before each
    play, ``pace`` before each request; ``secrets`` grows by what answers give out.
    """

    def __init__(
        self,
        connection: Connection,
        base_url: str,
        principals: Sequence[Principal],
        control: Control | None,
        *,
        post: Post | None = None,
        applications: Sequence[Application] = (),
        tenants: Mapping[str, str] | None = None,
        prepare: Callable[[str], None] = lambda _sandbox: None,
        pace: Callable[[], None] = lambda: None,
        secrets: set[str] | None = None,
    ) -> None:
        self._connection = connection
        self._base = base_url.rstrip("/")
        self._principals = principals
        self._control = control
        self._post = post
        self._applications = applications
        self._tenants = tenants or {}
        self._dressed: dict[str, Mapping[str, str]] = {}
        self._prepare = prepare
        self._pace = pace
        self._secrets = set() if secrets is None else secrets

    def play(self, reproduction: Reproduction) -> Played:
        """Raises UsageError when a credential is missing, TargetError when nothing answers."""
        credentials = {caller.name: self._headers(caller) for caller in reproduction.callers}
        credentials |= {client.name: self._client(client) for client in reproduction.clients}
        player = Player(
            self._base, self._sent, credentials,
            control=self._control.url if self._control else "",
            inboxes=_Posted(self._post, self._control) if self._post else None,
            root=self._base.removesuffix(reproduction.base) if reproduction.base else "",
            tenants={c.name: self._tenants.get(c.tenant or "", c.tenant or "") for c in reproduction.callers},
        )  # fmt: skip
        self._prepare(player.sandbox)
        answers: list[Answer] = []
        try:
            answers.extend(player.play([step.as_json() for step in reproduction.steps]))
        except Stuck as reason:
            return Played(tuple(answers), str(reason))
        finally:
            if self._post is not None:
                self._post.mailbox.release()
        if isinstance(reproduction.expects, Relation):
            return Played(tuple(answers), "", *player.related(reproduction.expects.as_json()))
        if reproduction.expects is not None:
            expects = reproduction.expects.as_json()
            found = player.shows(expects, answers[expects["step"]])
            return Played(tuple(answers), player.falls(expects), found=found)
        return Played(tuple(answers))

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        self._pace()
        try:
            reply = self._connection.request(method, url, headers=headers, content=body)
        except httpx.HTTPError as error:
            raise TargetError(f"Nothing answers at {self._base}: {error or type(error).__name__}.") from error
        headers = {name.lower(): value for name, value in reply.headers.items()}
        self._secrets |= given_out(headers, reply.content)
        return reply.status_code, headers, reply.content

    # -- credentials ----------------------------------------------------------------------------------------------

    def _headers(self, caller: Caller) -> Mapping[str, str]:
        """A credential with the rights of a caller. Raises UsageError when nobody has them."""
        if caller.name not in self._dressed or self._control is not None:
            self._dressed[caller.name] = self._dress(caller)
        return self._dressed[caller.name]

    def _dress(self, caller: Caller) -> Mapping[str, str]:
        tenant = self._tenants.get(caller.tenant or "", caller.tenant)
        carriers = {name.lower() for name in caller.headers}
        if not carriers:
            return {}
        if self._control is not None and tenant is not None and not caller.token:
            name = f"replay-{token_hex(4)}"
            made = self._control.mint(name, tenant, caller.scopes, caller.permissions, caller.settings)
            self._secrets |= {made[header] for header in made if is_secret_name(header)}
            if carriers <= {header.lower() for header in made}:
                return made
        named = [p for p in self._principals if p.name == caller.name]
        alike = [p for p in self._principals if p.tenant == tenant and set(p.scopes) == set(caller.scopes)]
        if not named and not alike:
            raise UsageError(
                f"The replay needs a principal '{caller.name}' of tenant {tenant!r} with the scopes "
                f"{', '.join(caller.scopes)}. Add it to the target file, or give --principal."
            )
        return (named or alike)[0].headers

    def _client(self, client: Client) -> Mapping[str, str]:
        """The OAuth client of the same id on this server, else the one at its place."""
        known = list(self._applications)
        if not known and self._control is not None:
            known = [Application(*about) for about in self._control.applications()]
        place = int(client.name.removeprefix("application")) - 1
        alike = [one for one in known if one.identifier == client.given.get("client_id")] + known[place:]
        if not alike:
            raise UsageError(
                f"The replay needs {place + 1} OAuth client(s). Add them under [target.applications.NAME]."
            )
        one = alike[0]
        told = {
            "client_id": one.identifier, "redirect_uri": one.redirect_uri,
            "client_secret": one.secret, "user": one.user,
        }  # fmt: skip
        return {name: value for name, value in told.items() if value is not None}


def quietly(stage: Stage, reproduction: Reproduction) -> Played:
    """A play that ends, whatever stands in its way."""
    try:
        return stage.play(reproduction)
    except TrothError as error:
        return Played((), str(error))
