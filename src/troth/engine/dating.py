"""The programs of one contract's versions: compiled for every version of the day at start-up, others when asked for."""

from __future__ import annotations

from copy import copy

from troth.behaviour.editions import Edition, edition_of
from troth.behaviour.model import Behaviour
from troth.behaviour.versions import Versions
from troth.contract import Validators, validators
from troth.contract.model import Contract
from troth.engine.choosing import Choice, Chooser
from troth.engine.messages import Request
from troth.engine.program import Program

__all__ = ["Versioned"]

Key = tuple[str, ...]


class Versioned:
    """Chooses the version of a request, and has the program that answers in it."""

    def __init__(self, contract: Contract, behaviour: Behaviour, versions: Versions) -> None:
        self._contract = contract
        self._behaviour = behaviour
        self._chooser = Chooser(versions)
        self._editions: dict[Key, tuple[Edition, Validators]] = {}
        self._programs: dict[tuple[frozenset[str], Key], Program] = {}

    def anew(self) -> Versioned:
        """The same versions for another engine: the editions are shared, its programs are its own."""
        twin = copy(self)
        twin._programs = {}  # noqa: SLF001 - same class
        return twin

    def compile(self, program: Program, day: str) -> None:
        """Make every version ready that differs on a day. Raises BehaviourError."""
        for choice in self._chooser.all(day):
            self.program(program, choice)

    def choose(self, request: Request, day: str, faults: frozenset[str]) -> Choice:
        """The version of a request. Raises Refusal."""
        return self._chooser.choose(request, day, faults)

    def program(self, program: Program, choice: Choice) -> Program:
        """The given program as the chosen version has it."""
        if not choice.lacking:
            return program
        key = (program.faults, choice.key)
        found = self._programs.get(key)
        if found is None:
            found = self._programs[key] = program.as_before(*self._edition(choice))
        return found

    def _edition(self, choice: Choice) -> tuple[Edition, Validators]:
        found = self._editions.get(choice.key)
        if found is None:
            edition = edition_of(self._contract, self._behaviour, choice.lacking)
            found = self._editions[choice.key] = edition, validators(edition.contract)
        return found
