"""Plays the steps of a reproduction on one server.

It needs nothing but Python's standard library, so that scripts carry it along.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

from troth.conformance.reproduction.answers import ABSENT, SEVERAL, Answer, answered, renamed, seen, together
from troth.conformance.reproduction.contesting import busy, came_to, staggered
from troth.conformance.reproduction.deliveries import Inboxes, made_secret, shown
from troth.conformance.reproduction.relations import holds
from troth.conformance.reproduction.walking import walked

__all__ = ["Player", "Send", "Stuck"]

SANDBOX = "X-Troth-Sandbox"
PATIENCE, GRACE, LONGEST_WAIT = 3.0, 0.3, 30.0
VARIABLE = re.compile(r"\{\{([^{}]+)\}\}")
WHOLE = re.compile(r'"\{\{([^{}."]+)\}\}"')

#: Method, URL, headers and body of a request to status, headers and content of its answer.
Send = Callable[[str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]


class Stuck(Exception):  # noqa: N818 - an ending, and its reason
    """The steps cannot go on."""


class Player:
    """One play on one server. ``values`` are the variables; ``credentials`` the headers of each caller.

    ``control`` is the URL of the control plane, where the server has one: everything then happens in a sandbox of
    its own. ``root`` is where the paths begin that are not below the base; ``tenants`` are those of the callers.
    """

    def __init__(
        self,
        base: str,
        send: Send,
        credentials: Mapping[str, Mapping[str, str]],
        *,
        control: str = "",
        inboxes: Inboxes | None = None,
        root: str = "",
        tenants: Mapping[str, str] | None = None,
    ) -> None:
        self.values: dict[str, Any] = {"mark": secrets.token_hex(4)}
        self.sandbox = f"replay-{self.values['mark']}" if control else ""
        self._base, self._root = base.rstrip("/"), (root or base).rstrip("/")
        self._send = send
        self._credentials = credentials
        self.values |= {f"{who}.{name}": v for who, own in credentials.items() for name, v in own.items()}
        self._control = control.rstrip("/")
        self._inboxes = inboxes
        self._tenants = tenants or {}
        self._open: dict[str, dict[str, Any]] = {}
        #: The answers so far as they came.
        self.came: list[Answer] = []

    def play(self, steps: Sequence[Mapping[str, Any]]) -> Iterator[Answer]:
        """The answers, one after the other, renamed. Raises Stuck."""
        for step in steps:
            answer = self._step(step)
            self._keep(step, answer)
            self.came.append(answer)
            yield renamed(answer, self.values)

    def _keep(self, step: Mapping[str, Any], answer: Answer) -> None:
        below = "/pages/0" if "walk" in step else ""
        for name, place in step.get("keeps", {}).items():
            found = seen(answer, below + place if place.startswith("/") else place)
            if found != ABSENT:
                self.values[name] = found

    def _step(self, step: Mapping[str, Any]) -> Answer:
        if "clock" in step:
            return self._move(step["clock"])
        if "inbox" in step:
            return self._opened(step)
        if "close" in step:
            return self._closed(step["close"])
        if "look" in step:
            return self._looked(step)
        if "together" in step:
            return self._contest(step) if "orders" in step else self._together(step["together"])
        for turn in range(step.get("times", 1)):
            self.values["turn"] = str(turn)
            answer = walked(self._ask, step) if "walk" in step else self._ask(step)
        self._greet()
        return answer

    def _greet(self) -> None:
        """Let a handshake come that a subscription waits for: some servers send it only when they are asked."""
        inboxes = self._inboxes
        if inboxes is None or not self._control:
            return
        if any(one.get("handshake") and not inboxes.greeted(one["path"]) for one in self._open.values()):
            self.control("POST", "/deliveries/flush")

    # -- requests -----------------------------------------------------------------------------------------------

    def _fill(self, text: str, write: Callable[[str], str] = str) -> str:
        def value(found: re.Match[str]) -> str:
            if found[1] not in self.values:
                raise Stuck(f"an earlier answer did not give {found[1]}")
            return write(str(self.values[found[1]]))

        return VARIABLE.sub(value, text)

    def shows(self, expects: Mapping[str, Any], answer: Answer) -> Any:
        """What an answer has where something is expected, by the name that is expected where it has several."""
        found, right = seen(answer, expects["at"]), expects["right"]
        name = VARIABLE.fullmatch(right) if isinstance(right, str) else None
        if (
            found == SEVERAL
            and name
            and seen(self.came[expects["step"]], expects["at"]) == self.values.get(name[1])
        ):
            return right
        return found

    def falls(self, expects: Mapping[str, Any]) -> str:
        """Which step that had to succeed did not; nothing where all of them did."""
        for number in expects.get("stands", ()):
            status = self.came[number].status
            if not 200 <= status < 300:  # noqa: PLR2004 - success
                return f"step {number + 1} is answered with {status}"
        return ""

    def related(self, relation: Mapping[str, Any]) -> tuple[bool | None, str]:
        """Whether a relation holds between the answers so far; None where it cannot be told, and what was found."""
        given = json.dumps({name: value for name, value in relation.items() if name != "wrong"})
        try:
            text = self._fill(WHOLE.sub(self._whole, given), lambda value: json.dumps(value)[1:-1])
        except Stuck as reason:
            return None, str(reason)
        return holds(json.loads(text), self.came)

    def _ask(self, step: Mapping[str, Any]) -> Answer:
        return answered(*self._send(*self._request(step)))

    def _request(self, step: Mapping[str, Any]) -> tuple[str, str, dict[str, str], bytes]:
        """Method, URL, headers and body, filled in."""
        told = step.get("headers", {})
        headers = {"Accept": "application/json"} | ({SANDBOX: self.sandbox} if self.sandbox else {})
        lower = {name.lower() for name in told}
        own = self._credentials.get(step["as"] or "", {})
        headers |= {name: value for name, value in own.items() if name.lower() not in lower}
        headers |= {name: self._fill(value) for name, value in told.items() if value is not None}
        path, asked, query = step["path"].partition("?")
        url = (self._root if step.get("root") else self._base) + self._fill(path, _segment)
        url += asked + self._fill(query, quote_plus)
        for name in [name for name in headers if name.startswith("?")]:  # a credential in the query
            url += f"{'&' if '?' in url else '?'}{quote_plus(name[1:])}={quote_plus(headers.pop(name))}"
        kind = next((value for name, value in told.items() if name.lower() == "content-type"), "") or ""
        if "form-urlencoded" in kind:
            body = self._fill(step.get("send", ""), quote_plus)
        else:
            body = self._fill(WHOLE.sub(self._whole, step.get("send", "")))
        return step["method"], url, headers, body.encode()

    def _whole(self, found: re.Match[str]) -> str:
        if found[1] not in self.values:
            raise Stuck(f"an earlier answer did not give {found[1]}")
        return json.dumps(self.values[found[1]])

    def _together(self, steps: Sequence[Mapping[str, Any]]) -> Answer:
        """Requests that leave at once: the statuses, and how many different values the successes show."""
        requests = [self._request(step) for step in steps]
        ready = threading.Barrier(len(requests))

        def sent(request: tuple[str, str, dict[str, str], bytes]) -> Answer:
            ready.wait()
            return answered(*self._send(*request))

        with ThreadPoolExecutor(len(requests)) as pool:
            return together(list(pool.map(sent, requests)))

    def _contest(self, step: Mapping[str, Any]) -> Answer:
        """Requests at once, tried again and again: whether what they come to is always what some order gives."""
        for number in range(step["tries"]):
            self.values["mark"], began = secrets.token_hex(4), time.monotonic()
            for one in step["before"]:
                self._keep(one, self._ask(one))
            gap = (time.monotonic() - began) / max(1, len(step["before"])) * (number % 3) / 4
            calls = [partial(self._send, *self._request(one)) for one in step["together"]]
            answers = [answered(*one) for one in staggered(calls, gap)]
            after = [renamed(self._ask(one), self.values) for one in step["then"]]
            found = came_to(answers, after, step["places"])
            if found not in step["orders"] and not (busy(answers) and not any(found[: len(answers)])):
                break
        told = {"explained": found in step["orders"], "statuses": [answer.status for answer in answers]}
        return Answer(0, {}, {**told, "found": found[len(answers) :], "tries": number + 1}, "")

    # -- the control plane ---------------------------------------------------------------------------------------

    def control(self, method: str, path: str, given: Mapping[str, Any] | None = None) -> Any:
        """Ask the control plane. Raises Stuck where there is none, or where it refuses."""
        if not self._control:
            raise Stuck("this takes a server with a control plane")
        body = b"" if given is None else json.dumps(given).encode()
        headers = {"Content-Type": "application/json", SANDBOX: self.sandbox}
        status, _, content = self._send(method, self._control + path, headers, body)
        if not 200 <= status < 300:  # noqa: PLR2004 - success
            raise Stuck(f"the control plane answers {status} to {method} {path}")
        return json.loads(content) if content else {}

    def _move(self, clock: Mapping[str, Any]) -> Answer:
        seconds = clock.get("advance", 0)
        if self._control:
            if "set" in clock:
                self.control("POST", "/clock/set", {"at": clock["set"]})
            else:
                self.control("POST", "/clock/advance", {"by": seconds})
        elif "set" in clock or seconds > LONGEST_WAIT:
            raise Stuck("the clock has to be moved, which takes a server with a control plane")
        else:
            time.sleep(seconds)
        return Answer(0, {}, None, "")

    # -- deliveries ----------------------------------------------------------------------------------------------

    def _opened(self, step: Mapping[str, Any]) -> Answer:
        """An inbox, its secrets, and the subscription where the control plane makes it."""
        inboxes, name = self._receiving(), step["inbox"]
        base, led = inboxes.address(self._control, self.sandbox)
        if led:
            self.control("PUT", "/receivers", {"receivers": dict(led)})
        path = f"/{self.values['mark']}/{name}"
        self.values[name] = base + path
        for secret in step.get("secrets", ()):
            self.values[secret] = made_secret(step.get("mark", ""))
        inboxes.open(
            path, step.get("answers", ()), step.get("handshake", ""),
            silent=step.get("silent", False), held=step.get("held", 0.0),
        )  # fmt: skip
        self._open[name] = {**step, "path": path}
        if "subscribe" not in step:
            return Answer(0, {}, None, "")
        own = {"url": self.values[name], "secret": self.values[step["secrets"][0]]}
        asked = {
            **step["subscribe"],
            **own,
            "tenant": self._tenants.get(step["as"], step["subscribe"]["tenant"]),
        }
        made = self.control("POST", "/subscriptions", asked)
        self._open[name]["id"] = made["id"]
        return Answer(0, {}, {"id": made["id"]}, "")

    def _closed(self, name: str) -> Answer:
        identifier = self._open.get(name, {}).get("id")
        if identifier is None:
            raise Stuck(f"there is no subscription of {name}")
        # What is on its way arrives before, however slow the machine is.
        self.control("POST", "/deliveries/flush")
        self.control("DELETE", f"/subscriptions/{identifier}")
        return Answer(0, {}, None, "")

    def _receiving(self) -> Inboxes:
        if self._inboxes is None:
            raise Stuck("deliveries cannot be received here")
        return self._inboxes

    def _looked(self, step: Mapping[str, Any]) -> Answer:
        """What every inbox has got; ``look`` says how much to wait for where nobody can tell that nothing is due."""
        inboxes = self._receiving()
        if step.get("settle"):
            inboxes.release()
        if step.get("settle") and self._control:
            self.control("POST", "/deliveries/flush")
        elif step.get("settle"):
            self._wait(inboxes, step["look"])
        # What is there is taken before the clock is asked, which may let more arrive.
        every = {name: inboxes.got(about["path"]) for name, about in self._open.items()}
        inboxes.release()
        now, found = self._now(), {}
        for name, got in every.items():
            about = self._open[name]
            known = {secret: str(self.values[secret]) for secret in about.get("secrets", ())}
            each = [shown(about, known, now, *one) for one in got]
            found[name] = {"count": len(got), "greeted": inboxes.greeted(about["path"]), "deliveries": each}
        return Answer(0, {}, found, "")

    def _wait(self, inboxes: Inboxes, wanted: Mapping[str, int]) -> None:
        end = time.monotonic() + PATIENCE
        paths = [(self._open[name]["path"], count) for name, count in wanted.items() if name in self._open]
        while time.monotonic() < end and any(len(inboxes.got(path)) < count for path, count in paths):
            time.sleep(0.02)
        time.sleep(GRACE)

    def _now(self) -> float:
        if not self._control:
            return time.time()
        return datetime.fromisoformat(str(self.control("GET", "/clock")["now"])).timestamp()


def _segment(text: str) -> str:
    return quote(text, safe="~:@,")
