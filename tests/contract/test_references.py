"""Many documents become one: mounted, rewritten, recursive; a reference that leads nowhere says so at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from troth.contract import load_contract, validators
from troth.contract.pointers import local, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Folder

HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n"


def every_reference(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in every_reference(value)]
    return [found for value in node for found in every_reference(value)] if isinstance(node, list) else []


def test_recursive_files_become_one_document_with_local_references_only(folder: Folder) -> None:
    """Two files that refer to each other and back to the root validate as one recursive schema."""
    main = folder.write(
        "api/openapi.yaml",
        HEAD
        + """\
paths:
  /a/{id}: {$ref: 'paths/a.yaml'}
components:
  schemas:
    Leaf: {type: string, maxLength: 3}
""",
    )
    folder.write(
        "api/paths/a.yaml",
        """
        parameters:
          - {$ref: 'shared.json#/parameters/Id'}
        get:
          responses:
            '200':
              description: ok
              content:
                application/json: {schema: {$ref: '../schemas/tree.yaml'}}
        """,
    )
    folder.write(
        "api/paths/shared.json",
        '{"parameters": {"Id": {"name": "id", "in": "path", "required": true,\n\t"schema": {"$ref": "#/short"}}},\n'
        ' "short": {"type": "string", "minLength": 2}}',
    )
    folder.write(
        "api/schemas/tree.yaml",
        """
        type: object
        required: [leaf]
        properties:
          leaf: {$ref: '../openapi.yaml#/components/schemas/Leaf'}
          children: {type: array, items: {$ref: '#'}}
          other: {$ref: 'other.yaml#/$defs/Other'}
        """,
    )
    folder.write(
        "api/schemas/other.yaml", "$defs: {Other: {type: object, properties: {tree: {$ref: tree.yaml}}}}\n"
    )
    contract = load_contract(main)
    references = every_reference(contract.document)
    assert references
    for reference in references:
        pointer = local(reference)
        assert pointer is not None
        resolve(contract.document, pointer)
    assert len(contract.document["x-documents"]) == 4
    (operation,) = contract.operations
    assert operation.parameters[0].schema == {"type": "string", "minLength": 2}
    media = operation.responses["200"].media["application/json"]
    assert media.schema_pointer is not None
    validator = validators(contract).at(media.schema_pointer, "response")
    assert validator.is_valid({"leaf": "abc", "children": [{"leaf": "x"}], "other": {"tree": {"leaf": "y"}}})
    found = validator.violations({"leaf": "abc", "other": {"tree": {"leaf": "long", "children": [{}]}}})
    assert {violation.pointer for violation in found} == {"/other/tree/leaf", "/other/tree/children/0/leaf"}
    where = contract.locate(contract.follow(media.schema_pointer)[0] + "/properties/children")
    assert where.document.endswith("tree.yaml")
    assert where.line == 6


@pytest.mark.parametrize(
    ("reference", "line", "words"),
    [
        ("#/components/schemas/Clent", 7, "Did you mean 'Client'?"),
        ("#/componets/schemas/Client", 7, "Did you mean 'components'?"),
        ("#/components/schemas/Client/properties/0", 7, "nothing stands at"),
        ("missing.yaml", 7, "there is no such file"),
        ("part.yaml#/Lef", 7, "Did you mean 'Leaf'?"),
        ("Client", 7, "Did you mean '#/components/schemas/Client'?"),
        ("#Client", 7, "Did you mean '#/components/schemas/Client'?"),
        ("http://[", 7, "neither a file nor a URL"),
        ("broken.yaml", 7, "not valid YAML"),
    ],
)
def test_a_dangling_reference_names_its_line_and_the_nearest_word(
    folder: Folder, reference: str, line: int, words: str
) -> None:
    folder.write("part.yaml", "Leaf: {type: string}\n")
    folder.write("broken.yaml", "a: [\n")
    main = folder.write(
        "openapi.yaml",
        HEAD
        + f"""\
components:
  schemas:
    Client: {{type: object, properties: {{a: {{}}}}}}
    Order:
      $ref: '{reference}'
""",
    )
    contract = load_contract(main)
    (flaw,) = contract.flaws
    assert words in flaw.title
    assert flaw.location is not None
    assert flaw.location.line == line
    assert flaw.location.pointer == "/components/schemas/Order/$ref"
    assert contract.schemas["Order"] == {}


def test_a_fault_in_a_referenced_file_is_reported_there(folder: Folder) -> None:
    main = folder.write("openapi.yaml", HEAD + "components: {parameters: {P: {$ref: 'p.yaml#/P'}}}\n")
    folder.write("p.yaml", "# parameters\nP:\n  name: page\n  schema: {type: integer}\n")
    (flaw,) = load_contract(main).flaws
    assert flaw.title == "a parameter needs 'in'"
    assert flaw.location is not None
    assert flaw.location.document.endswith("p.yaml")
    assert flaw.location.line == 2


@pytest.mark.parametrize(
    "body", ["A: {$ref: '#/components/schemas/A'}", "A: {$ref: '#/components/schemas/B'}"]
)
def test_a_reference_that_leads_back_to_itself_stands_for_anything(folder: Folder, body: str) -> None:
    text = f"components: {{schemas: {{{body}, B: {{$ref: '#/components/schemas/A'}}}}}}\n"
    contract = load_contract(folder.write("openapi.yaml", HEAD + text))
    (flaw,) = contract.flaws
    assert "leads back to itself" in flaw.title
    assert validators(contract).at("/components/schemas/A", "request").is_valid(5)


def test_text_that_only_looks_like_a_reference_is_left_alone(folder: Folder) -> None:
    """Examples, constants and extensions are data."""
    contract = folder.contract(
        """\
        x-data: {$ref: nowhere.yaml}
        components:
          examples: {E: {value: {$ref: nowhere.yaml}}}
          schemas:
            A:
              properties: {$ref: {type: string}, example: {$ref: '#/components/schemas/B'}}
              example: {$ref: nowhere.yaml}
              const: {$ref: nowhere.yaml}
              default: {$ref: nowhere.yaml}
            B: {type: string}
        """
    )
    assert contract.schemas["A"]["const"] == {"$ref": "nowhere.yaml"}
    assert contract.schemas["A"]["properties"]["example"] == {"$ref": "#/components/schemas/B"}


def test_identifiers_anchors_and_dynamic_anchors_become_plain_pointers(folder: Folder) -> None:
    contract = folder.contract(
        """\
        components:
          schemas:
            Tree:
              $id: https://example.com/tree
              $dynamicAnchor: node
              type: object
              required: [v]
              properties:
                children: {type: array, items: {$dynamicRef: '#node'}}
                leaf: {$ref: '#/$defs/leaf'}
                top: {$ref: '#leaf'}
              $defs: {leaf: {$anchor: leaf, type: integer}}
            ByIdentifier: {$ref: 'https://example.com/tree'}
            ByFragment: {$ref: 'https://example.com/tree#leaf'}
            Named: {$anchor: named, type: string}
            ByAnchor: {$ref: '#named'}
        """
    )
    every = validators(contract)

    def valid(name: str, value: object) -> bool:
        return every.at(f"/components/schemas/{name}", "request").is_valid(value)

    assert valid("ByIdentifier", {"v": 1, "children": [{"v": 2}], "leaf": 1, "top": 1})
    assert not valid("ByIdentifier", {"v": 1, "children": [{}]})
    assert not valid("ByIdentifier", {"v": 1, "leaf": "x"})
    assert not valid("Tree", {"v": 1, "top": "x"})
    assert not valid("ByFragment", "x")
    assert not valid("ByAnchor", 1)


def test_names_that_need_encoding_are_found_either_way(folder: Folder) -> None:
    contract = folder.contract(
        """\
        components:
          schemas:
            'a b{c}/%': {type: integer}
            Encoded: {$ref: '#/components/schemas/a%20b%7Bc%7D~1%25'}
        """
    )
    assert contract.follow("/components/schemas/Encoded")[1] == {"type": "integer"}
    validator = validators(contract).at("/components/schemas/Encoded", "request")
    assert not validator.is_valid("x")


def test_a_discriminator_mapping_is_rewritten_like_a_reference(folder: Folder) -> None:
    folder.write("dog.yaml", "type: object\n")
    contract = folder.contract(
        """\
        components:
          schemas:
            Pet:
              oneOf: [{$ref: dog.yaml}]
              discriminator: {propertyName: kind, mapping: {dog: dog.yaml, cat: Cat}}
        """
    )
    assert contract.schemas["Pet"]["discriminator"]["mapping"] == {"dog": "#/x-documents/1", "cat": "Cat"}


def test_a_lost_mapping_is_a_flaw(tmp_path: Path) -> None:
    """Bundlers leave behind where the branches of a choice once stood; the branches are still there."""
    (tmp_path / "a.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\ncomponents:\n  schemas:\n    A:\n"
        "      oneOf: [{type: string}]\n      discriminator: {propertyName: t, mapping: {x: gone.yaml}}\n"
    )
    contract = load_contract(tmp_path / "a.yaml")
    assert [flaw.id for flaw in contract.flaws] == ["lost-mapping"]
    assert contract.schemas["A"]["discriminator"]["mapping"] == {}
