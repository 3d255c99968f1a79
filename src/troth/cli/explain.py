"""``troth explain``: what each operation does, and what says so."""

from __future__ import annotations

from collections.abc import Sequence

import click

from troth.behaviour import behaviour_of
from troth.behaviour.explaining import Explanation, Fact
from troth.behaviour.explaining import explain as explain_contract
from troth.behaviour.vocabulary import vocabulary, vocabulary_table
from troth.cli.output import emit_json, say
from troth.contract import load_contract
from troth.errors import UsageError, did_you_mean

__all__ = ["explain"]

_SHOWN = 10
"""How many operations an error names when none is near."""


@click.command(
    epilog="""\b
Examples:
  troth explain clientcasa updateInvoice
  troth explain openapi.yaml "PATCH /v1/invoices/{id}" --json
  troth explain --vocabulary
""",
)
@click.argument("contract", required=False)
@click.argument("operation", required=False)
@click.option(
    "--overlay", "overlays", multiple=True, metavar="FILE", help="An overlay to lay over it; may repeat."
)
@click.option("--vocabulary", "words", is_flag=True, help="Print every keyword of x-behaviour as Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(
    contract: str | None, operation: str | None, overlays: tuple[str, ...], words: bool, as_json: bool
) -> None:
    """Show what each operation does, and why.

    For one OPERATION (an operationId, or a method and a path in quotes) or for all of them: kind, resource,
    credential, scopes, limits, input, fields, references, states, rules, events, pages, filters, answers. Each
    statement names what it was derived from and the line that says so.

    Exit codes: 0 explained, 2 usage or contract error, 4 internal.
    """
    if words:
        emit_json(vocabulary()) if as_json else say(vocabulary_table().rstrip())
        return
    if contract is None:
        raise UsageError("Say which contract to explain, such as: troth explain clientcasa")
    loaded = load_contract(contract, overlays=overlays)
    found = explain_contract(loaded, behaviour_of(loaded))
    if operation is not None:
        found = (_named(found, operation),)
    if as_json:
        emit_json([explanation.as_json() for explanation in found])
        return
    for index, explanation in enumerate(found):
        if index:
            say()
        _print(explanation)


def _named(found: Sequence[Explanation], wanted: str) -> Explanation:
    """The operation by id, or by method and path with or without the base path. Raises UsageError."""
    spaced = " ".join(wanted.split())
    method, _, path = spaced.partition(" ")
    for explanation in found:
        if explanation.operation == wanted:
            return explanation
        if path and method.upper() == explanation.method and explanation.path.endswith(path):
            return explanation
    known = [explanation.operation for explanation in found]
    shown = ", ".join(known[:_SHOWN]) + (" …" if len(known) > _SHOWN else "")
    hint = did_you_mean(wanted, known) or f" Known are {shown}."
    raise UsageError(f"There is no operation {wanted!r}.{hint}")


def _print(explanation: Explanation) -> None:
    """A heading, then a statement a line with its source to the right."""
    summary = f"  {explanation.summary}" if explanation.summary else ""
    say(f"{explanation.operation}  {explanation.method} {explanation.path}{summary}", style="bold")
    topics = max(len(fact.topic) for fact in explanation.facts)
    previous = ""
    for fact in explanation.facts:
        topic = fact.topic if fact.topic != previous else ""
        say(f"  {topic:<{topics}}  {fact.statement}")
        say(f"  {'':<{topics}}    {_source(fact)}", style="dim")
        previous = fact.topic


def _source(fact: Fact) -> str:
    """Where a statement comes from: ``x-behaviour, spec/shop/behaviour.overlay.yaml:41``."""
    line = f":{fact.location.line}" if fact.location.line else ""
    return f"{fact.source}, {fact.location.document}{line}"
