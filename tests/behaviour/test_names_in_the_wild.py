"""Parameters and members are known by their names, however a document spells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from troth.behaviour import behaviour_of
from troth.behaviour.model import Behaviour
from troth.contract import load_contract

DOCUMENT = """\
openapi: 3.1.0
info: {title: Wild, version: "1"}
paths:
  /tasks:
    get:
      operationId: listTasks
      parameters: [PARAMETERS]
      responses:
        "200":
          description: Some.
          content:
            application/json:
              schema:
                type: object
                properties:
                  Tasks: {type: array, items: {$ref: "#/components/schemas/Task"}}
                  NextToken: {type: string}
                  Total_Results: {type: integer}
  /tasks/{task_id}:
    get:
      operationId: getTask
      parameters: [{name: task_id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: One., content: {application/json: {schema: {$ref: "#/components/schemas/Task"}}}}
components:
  schemas:
    Task: {type: object, properties: {name: {type: string}, taskId: {type: string}}}
"""


def behaviour(tmp_path: Path, *parameters: str) -> Behaviour:
    given = ", ".join(f"{{name: {name}, in: query, schema: {{type: string}}}}" for name in parameters)
    (tmp_path / "wild.yaml").write_text(DOCUMENT.replace("PARAMETERS", given))
    return behaviour_of(load_contract(tmp_path / "wild.yaml"))


@pytest.mark.parametrize(
    ("names", "style", "position", "size"),
    [
        (("PageSize", "Page"), "page", "Page", "PageSize"),
        (("MaxResults", "NextToken"), "cursor", "NextToken", "MaxResults"),
        (("per_page", "skip"), "offset", "skip", "per_page"),
        (("max_items", "Marker"), "cursor", "Marker", "max_items"),
    ],
)
def test_paging_parameters(
    tmp_path: Path, names: tuple[str, ...], style: str, position: str, size: str
) -> None:
    """Case and punctuation do not matter, and what pages filters nothing."""
    binding = behaviour(tmp_path, *names).bindings["listTasks"]
    assert binding.pagination is not None
    assert (binding.pagination.style, binding.pagination.position, binding.pagination.size) == (
        style,
        position,
        size,
    )
    assert binding.filters == ()
    envelope: Any = binding.envelope
    assert (envelope["NextToken"], envelope["Total_Results"]) == ("$nextCursor", "$total")


def test_the_id_is_what_the_path_names(tmp_path: Path) -> None:
    """``task_id`` of the path is ``taskId`` of the row."""
    assert behaviour(tmp_path).resources["tasks"].id_field == "taskId"
