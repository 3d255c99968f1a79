"""A contract as an older version has it: its document without some changes, and the behaviour of that document."""

from __future__ import annotations

from dataclasses import dataclass

from troth.behaviour.catalogues import Catalogues
from troth.behaviour.inference import behaviour_of
from troth.behaviour.model import Behaviour, Selection
from troth.behaviour.selecting import Catalogue
from troth.behaviour.versions import Change
from troth.contract.loading import revised
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.errors import BehaviourError, ContractError

__all__ = ["Edition", "Editions", "edition_of"]

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """What holds without the changes ``lacking``, the latest of which comes first."""

    contract: Contract
    behaviour: Behaviour
    lacking: tuple[Change, ...]


def edition_of(contract: Contract, behaviour: Behaviour, lacking: tuple[Change, ...]) -> Edition:
    """The contract without some changes. Raises BehaviourError when a patch leaves what is no contract."""
    if not any(change.before for change in lacking):
        return Edition(contract, behaviour, lacking)
    try:
        made = revised(contract, [change.before for change in lacking])
        return Edition(made, behaviour_of(made), lacking)
    except ContractError as error:
        change = _culprit(contract, lacking)
        message = f"what was before the change {change.name!r} is no contract: {error.reason.rstrip('.')}."
        raise BehaviourError(message, contract.locate(join(change.pointer, "before"))) from error


class Editions:
    """The editions of one contract, each made once."""

    def __init__(self, contract: Contract, behaviour: Behaviour) -> None:
        self._contract = contract
        self._behaviour = behaviour
        self._known: dict[Key, Edition] = {}
        self._catalogues: dict[Key, Catalogues] = {}

    def without(self, lacking: tuple[Change, ...]) -> Edition:
        """What holds without some changes. Raises BehaviourError."""
        key = _key(lacking)
        if key not in self._known:
            self._known[key] = edition_of(self._contract, self._behaviour, lacking)
        return self._known[key]

    def catalogue(self, edition: Edition, profile: Selection) -> Catalogue:
        """What can be selected in an edition."""
        key = _key(edition.lacking)
        if key not in self._catalogues:
            self._catalogues[key] = Catalogues(edition.contract, edition.behaviour)
        return self._catalogues[key].of(profile)


def _key(lacking: tuple[Change, ...]) -> Key:
    return tuple(change.pointer for change in lacking)


def _culprit(contract: Contract, lacking: tuple[Change, ...]) -> Change:
    """The first change whose patch cannot be applied after those before it."""
    for count, change in enumerate(lacking, start=1):
        try:
            behaviour_of(revised(contract, [one.before for one in lacking[:count]]))
        except ContractError:
            return change
    return lacking[-1]
