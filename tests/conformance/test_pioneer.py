"""A scene that makes its own rows: what can be made is new, what cannot be made is what the list has."""

from __future__ import annotations

from pathlib import Path

from troth.conformance import Run, Target
from troth.conformance.connections import Loopback
from troth.conformance.pioneer import Pioneer
from troth.contract import load_contract
from troth.engine import Engine, Settings

DOCUMENT = """
openapi: 3.0.3
info: {title: Chores, version: "1"}
paths:
  /members:
    get:
      responses: {"200": {description: All., content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Member"}}}}}}
  /chores:
    get:
      responses: {"200": {description: All., content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Chore"}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Chore"}}}}
      responses: {"201": {description: Made., content: {application/json: {schema: {$ref: "#/components/schemas/Chore"}}}}}
components:
  schemas:
    Member: {type: object, properties: {id: {type: integer, readOnly: true}, name: {type: string}}}
    Chore:
      type: object
      required: [title, memberId]
      properties: {id: {type: integer, readOnly: true}, title: {type: string}, memberId: {type: integer}}
"""  # noqa: E501 - a document


def test_rows_are_new_where_they_can_be_made_and_old_elsewhere(tmp_path: Path) -> None:
    """Nobody makes members, so a chore is that of one who is there; the chores are the scene's own."""
    path = tmp_path / "chores.yaml"
    path.write_text(DOCUMENT, encoding="utf-8")
    contract = load_contract(path)
    target = Target(
        f"http://mock.invalid{contract.base_path}", connection=Loopback(Engine(contract, Settings(seed=7)))
    )
    with Run(contract, target) as run:
        scene = run._enter("chores-anew", Pioneer).scene
        members, chores = run.behaviour.resources["members"], run.behaviour.resources["chores"]
        before = {row["id"] for row in run.scene.rows(chores, run.cast.owner)}
        there = scene.rows(members, run.cast.owner)
        assert there
        assert scene.row(members, run.cast.owner) in there
        made = scene.row(chores, run.cast.owner)
        assert made["id"] not in before
        assert [row["id"] for row in scene.rows(chores, run.cast.owner)] == [made["id"]]
        assert scene.cut(100) == 2
