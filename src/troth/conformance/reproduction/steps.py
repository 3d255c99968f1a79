"""A reproduction as data: callers, steps with variables in the place of ids, and what tells right from wrong.

``{{id1}}`` stands for a value that an earlier answer gives, ``{{mark}}`` for words that are new in every replay,
``{{caller.header}}`` for a credential. Nothing secret is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Caller", "Expectation", "Reproduction", "Step"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who speaks: what the credential must allow, and the headers that carry it."""

    name: str
    tenant: str | None
    scopes: tuple[str, ...]
    headers: tuple[str, ...]
    permissions: tuple[str, ...] = ("*",)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One request. ``keeps`` names values of its answer by JSON pointer; ``times`` repeats it."""

    caller: str | None
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    send: str = ""
    keeps: Mapping[str, str] = field(default_factory=dict)
    times: int = 1

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"as": self.caller, "method": self.method, "path": self.path}
        found |= {"headers": dict(self.headers)} if self.headers else {}
        found |= {"send": self.send} if self.send else {}
        found |= {"keeps": dict(self.keeps)} if self.keeps else {}
        return found | ({"times": self.times} if self.times > 1 else {})


@dataclass(frozen=True, slots=True)
class Expectation:
    """``at`` of the answer to the step with number ``step`` is ``right`` by the contract; the target gave ``wrong``.

    ``at`` is ``status``, ``header:NAME`` or a JSON pointer.
    """

    step: int
    at: str
    right: Any
    wrong: Any


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Steps that fail on a faulty server and pass on a correct one; ``answers`` are those of the faulty one."""

    callers: tuple[Caller, ...]
    steps: tuple[Step, ...]
    expects: Expectation | None = None
    answers: tuple[Mapping[str, Any], ...] = ()

    def with_steps(
        self,
        steps: tuple[Step, ...],
        expects: Expectation | None,
        answers: tuple[Mapping[str, Any], ...] = (),
    ) -> Reproduction:
        """The same callers, as far as they speak, with other steps."""
        spoken = {step.caller for step in steps}
        texts = " ".join(value for step in steps for value in step.headers.values())
        kept = tuple(c for c in self.callers if c.name in spoken or f"{{{{{c.name}." in texts)
        return replace(self, callers=kept, steps=steps, expects=expects, answers=answers)

    def as_json(self) -> dict[str, Any]:
        expects = self.expects
        return {
            "callers": [
                {
                    "name": c.name, "tenant": c.tenant, "scopes": list(c.scopes), "carriers": list(c.headers),
                    "permissions": list(c.permissions), "settings": dict(c.settings),
                }
                for c in self.callers
            ],
            "steps": [step.as_json() for step in self.steps],
            "answers": [dict(answer) for answer in self.answers],
            "expects": None
            if expects is None
            else {"step": expects.step, "at": expects.at, "right": expects.right, "wrong": expects.wrong},
        }  # fmt: skip

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Reproduction:
        """The reverse of :meth:`as_json`. Raises KeyError or TypeError for anything else."""
        callers = tuple(
            Caller(
                c["name"], c["tenant"], tuple(c["scopes"]), tuple(c["carriers"]),
                tuple(c["permissions"]), dict(c["settings"]),
            )
            for c in given["callers"]
        )  # fmt: skip
        steps = tuple(
            Step(
                s["as"], s["method"], s["path"], s.get("headers", {}), s.get("send", ""), s.get("keeps", {}),
                s.get("times", 1),
            )
            for s in given["steps"]
        )  # fmt: skip
        told = given.get("expects")
        answers = tuple(given.get("answers") or ())
        return cls(callers, steps, Expectation(**told) if told else None, answers)
