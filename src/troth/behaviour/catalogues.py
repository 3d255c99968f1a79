"""The catalogues of a contract's selections, each made once and shared by all operations that select."""

from __future__ import annotations

from troth.behaviour.model import Behaviour, Selection
from troth.behaviour.selecting import Catalogue
from troth.contract.model import Contract

__all__ = ["Catalogues"]


class Catalogues:
    """What can be selected of the rows of one behaviour, by the profile that says how."""

    def __init__(self, contract: Contract, behaviour: Behaviour) -> None:
        self._contract = contract
        self._behaviour = behaviour
        self._known: dict[Selection, Catalogue] = {}

    def of(self, profile: Selection) -> Catalogue:
        """The catalogue of a profile."""
        found = self._known.get(profile)
        if found is None:
            found = self._known[profile] = Catalogue(profile, self._contract, self._behaviour)
        return found

    def suit(self, other: Behaviour) -> bool:
        """Whether rows have the same members in another behaviour, so that these catalogues hold for it as well."""
        mine, theirs = self._behaviour.resources, other.resources
        return mine is theirs or (
            mine.keys() == theirs.keys()
            and all(one.fields is theirs[name].fields for name, one in mine.items())
        )
