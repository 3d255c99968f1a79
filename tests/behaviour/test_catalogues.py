"""One catalogue of a contract's selections serves every operation, and every fault that leaves the members alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from troth.behaviour import Behaviour, behaviour_of
from troth.behaviour.catalogues import Catalogues
from troth.behaviour.model import Selection
from troth.contract import Contract, load_contract
from troth.engine import Engine


@pytest.fixture(scope="module")
def clio() -> Contract:
    return load_contract("clio")


@pytest.fixture(scope="module")
def behaviour(clio: Contract) -> Behaviour:
    return behaviour_of(clio)


def test_operations_with_one_profile_share_their_catalogue(clio: Contract, behaviour: Behaviour) -> None:
    catalogues = Catalogues(clio, behaviour)
    profiles = [one.query.select for one in behaviour.bindings.values() if one.query.select]
    assert len({id(catalogues.of(profile)) for profile in profiles}) == len(set(profiles))
    assert catalogues.of(profiles[0]) is not catalogues.of(replace(profiles[0], depth=9))


def test_members_know_once_whether_braces_may_follow(clio: Contract, behaviour: Behaviour) -> None:
    profile: Selection = next(one.query.select for one in behaviour.bindings.values() if one.query.select)
    catalogue = Catalogues(clio, behaviour).of(profile)
    matters = behaviour.resources["matters"]
    members = catalogue.members(matters) or {}
    assert members["client"].opens
    assert not members["id"].opens
    assert catalogue.whole(matters) is catalogue.whole(matters)
    assert "client{id}" in catalogue.whole(matters)


def test_catalogues_hold_where_rows_have_the_same_members(clio: Contract, behaviour: Behaviour) -> None:
    catalogues = Catalogues(clio, behaviour)
    matters = behaviour.resources["matters"]
    ruled = replace(behaviour, resources={**behaviour.resources, "matters": replace(matters, rules=())})
    fewer = {name: field for name, field in matters.fields.items() if name != "client"}
    cut = replace(behaviour, resources={**behaviour.resources, "matters": replace(matters, fields=fewer)})
    assert catalogues.suit(behaviour)
    assert catalogues.suit(ruled)
    assert not catalogues.suit(cut)


def test_mocks_with_faults_share_the_catalogues_of_the_correct_one(clio: Contract) -> None:
    engine = Engine(clio)
    shared = engine.program().keeper.catalogues
    assert engine.program(frozenset({"delete-noop"})).keeper.catalogues is shared
