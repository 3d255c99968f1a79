"""A contract as an older version has it: its document without some changes, and the behaviour of that document."""

from __future__ import annotations

from dataclasses import dataclass

from troth.behaviour.inference import behaviour_of
from troth.behaviour.model import Behaviour
from troth.behaviour.versions import Change
from troth.contract.loading import revised
from troth.contract.model import Contract
from troth.contract.pointers import join
from troth.errors import BehaviourError, ContractError

__all__ = ["Edition", "edition_of"]


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


def _culprit(contract: Contract, lacking: tuple[Change, ...]) -> Change:
    """The first change whose patch cannot be applied after those before it."""
    for count, change in enumerate(lacking, start=1):
        try:
            behaviour_of(revised(contract, [one.before for one in lacking[:count]]))
        except ContractError:
            return change
    return lacking[-1]
