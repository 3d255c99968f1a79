"""Forms are read by the schema of the object that they stand for, and written so that they are read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from troth.contract import load_contract, validators
from troth.contract.forms import Forms, written

DOCUMENT = """
openapi: 3.1.0
info: {title: Forms, version: "1"}
paths: {}
components:
  schemas:
    Note:
      type: object
      properties:
        text: {type: string}
        stars: {type: integer}
        done: {type: boolean}
        tags: {type: array, items: {type: integer}}
      additionalProperties: {type: number}
"""
NOTE = "/components/schemas/Note"


@pytest.fixture
def forms(tmp_path: Path) -> Forms:
    path = tmp_path / "openapi.yaml"
    path.write_text(DOCUMENT)
    contract = load_contract(path)
    return Forms(contract, validators(contract))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ({"text": "a b&c=d", "stars": 5}, b"text=a+b%26c%3Dd&stars=5"),
        ({"text": "5", "done": True}, b"text=5&done=true"),
        ({"tags": [1, 2]}, b"tags=1&tags=2"),
        ({"tags": [1]}, b"tags=1"),
        ({"text": "", "more": 1.5}, b"text=&more=1.5"),
    ],
)
def test_a_form_is_read_as_it_was_written(forms: Forms, value: dict[str, Any], form: bytes) -> None:
    """Numbers and booleans by the schema, lists as repeated names."""
    assert written(value) == form
    assert forms.read(form, NOTE) == value
    assert forms.expressible(value, NOTE) == value


def test_what_a_form_has_no_words_for_is_left_out(forms: Forms) -> None:
    """Null, objects, lists without items; what is no object is no form."""
    assert forms.expressible({"text": "a", "stars": None, "tags": [], "at": {"x": 1}}, NOTE) == {"text": "a"}
    assert forms.expressible(["a"], NOTE) is None
    assert forms.read(b"a=1&b=", None) == {"a": "1", "b": ""}
