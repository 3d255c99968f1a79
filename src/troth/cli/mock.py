"""``troth mock``: serve a contract as a stateful mock."""

from __future__ import annotations

import sys
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

import click

from troth.cli.output import emit_json, note, say
from troth.errors import UsageError

if TYPE_CHECKING:
    from troth.mock.starting import StartOptions

__all__ = ["mock"]


@click.command(
    "mock",
    epilog="""\b
Examples:
  troth mock clientcasa
  troth mock openapi.yaml --overlay behaviour.overlay.yaml --port 0 --json
  troth mock clientcasa --seed 7 --fault page-skips-row
""",
)
@click.argument("contract", required=False)
@click.option("--overlay", "overlays", multiple=True, metavar="FILE", help="An Overlay to apply; may repeat.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=4010, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port."
)
@click.option("--seed", type=int, help="Same seed, same bytes: fixed ids, a clock that stands still.")
@click.option(
    "--fault", "faults", multiple=True, metavar="NAME", help="Misbehave in a named way; may repeat."
)
@click.option("--list-faults", is_flag=True, help="Print the catalogue of faults and stop.")
@click.option(
    "--seed-file", type=click.Path(path_type=Path), help="Seed data instead of the shipped or invented one."
)
@click.option("--empty", is_flag=True, help="Start without rows; the credentials stay.")
@click.option(
    "--validate",
    type=click.Choice(["off", "warn", "strict"]),
    default="strict",
    show_default=True,
    help="Refuse requests that break the contract, report them in a header, or let them pass.",
)
@click.option(
    "--rate-limit",
    default="contract",
    show_default=True,
    metavar="contract|off|N/WINDOW",
    help="The contract's rate limit, none, or another such as 100/1m.",
)
@click.option("--no-control", is_flag=True, help="Without the control plane under /__troth/.")
@click.option("--watch", is_flag=True, help="Load the contract again whenever one of its files changes.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON with URL and credentials.")
def mock(
    contract: str | None, *, list_faults: bool, host: str, port: int, as_json: bool, **options: Any
) -> None:
    """Serve a contract as a stateful mock.

    CONTRACT is a shipped name (clientcasa, clientcasa@1.0.0), a file, a directory, a URL or git:REF:path.
    """  # fmt: skip
    if list_faults:
        _list_faults(as_json=as_json)
        return
    from troth.cli.settings import load_settings  # noqa: PLC0415 - keeps `troth --help` fast
    from troth.mock.serving import listen  # noqa: PLC0415
    from troth.mock.starting import StartOptions  # noqa: PLC0415

    wanted = contract or load_settings(target=False).contract
    if not wanted:
        raise UsageError("Say which contract to serve, such as: troth mock clientcasa")
    start = StartOptions(contract=wanted, **options)
    with listen(host, port) as listening:
        _serve(start, listening, host, as_json=as_json)


def _serve(start: StartOptions, listening: socket, host: str, *, as_json: bool) -> None:
    from troth.mock import serve  # noqa: PLC0415 - as above
    from troth.mock.starting import prepare  # noqa: PLC0415

    application = prepare(start, note)
    base = application.engine.contract.base_path
    shown = f"[{host}]" if ":" in host else host
    origin = f"http://{shown}:{listening.getsockname()[1]}"

    def ready() -> None:
        credentials = application.engine.credentials()
        control = None if start.no_control else f"{origin}/__troth"
        if as_json:
            emit_json({"url": origin + base, "control": control, "credentials": credentials}, indent=None)
        else:
            _welcome(application.engine, origin + base, control, credentials)

    serve(application, listening, ready)


def _list_faults(*, as_json: bool) -> None:
    from troth.engine.faults import FAULTS  # noqa: PLC0415

    if as_json:
        emit_json([{"name": f.name, "clause": f.clause, "summary": f.summary} for f in FAULTS.values()])
        return
    for fault in FAULTS.values():
        say(f"{fault.name:32} {fault.clause:28} {fault.summary}")


def _welcome(engine: Any, url: str, control: str | None, credentials: list[dict[str, Any]]) -> None:
    contract = engine.contract
    say(f"{contract.title} {contract.version}: {len(contract.operations)} operations at {url}", style="bold")
    if control:
        say(f"Control plane   {control}/health")
        say(f"Documentation   {control}/ui/")
    say("")
    width = max((len(c["name"]) for c in credentials), default=0)
    for credential in credentials:
        headers = "  ".join(f"{name}: {value}" for name, value in credential["headers"].items())
        scopes = credential["scopes"]
        rights = (
            "everything" if scopes == ["*"] else scopes[0] if len(scopes) == 1 else f"{len(scopes)} scopes"
        )
        say(f"  {credential['name']:{width}}  {headers}  ({rights})")
    say("")
    for line in _curl_lines(engine, url, credentials):
        say(f"  {line}")
    note("Press Ctrl+C to stop.")
    sys.stdout.flush()


def _curl_lines(engine: Any, url: str, credentials: list[dict[str, Any]]) -> list[str]:
    """Three lines to copy: a list, a single row or a create, and the control plane."""
    headers = credentials[0]["headers"] if credentials else {}
    flags = "".join(f" -H '{name}: {value}'" for name, value in headers.items())
    bindings = [b for b in engine.behaviour.bindings.values() if not b.parents]
    listed = next((b for b in bindings if b.kind == "list"), None)
    if listed is None:
        return []
    lines = [f"curl{flags} '{url}{listed.operation.path}'"]
    if listed.pagination and listed.pagination.size:
        lines.append(f"curl{flags} '{url}{listed.operation.path}?{listed.pagination.size}=2'")
    created = next((b for b in bindings if b.kind == "create" and b.resource is listed.resource), None)
    if created is not None and created.operation.body is not None:
        body = engine.example_body(created).replace("'", "'\\''")
        lines.append(
            f"curl{flags} -H 'content-type: application/json' -d '{body}' '{url}{created.operation.path}'"
        )
    return lines
