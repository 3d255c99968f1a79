"""``troth mock``: serve a contract as a stateful mock."""

from __future__ import annotations

import sys
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from troth.cli.output import emit_json, note, say
from troth.errors import UsageError

if TYPE_CHECKING:
    from troth.mock import MockApplication
    from troth.mock.starting import StartOptions

__all__ = ["mock"]


@click.command(
    "mock",
    epilog="""\b
Examples:
  troth mock clientcasa
  troth mock openapi.yaml --overlay behaviour.overlay.yaml --port 0 --json
  troth mock clientcasa --seed 7 --fault page-skips-row
  troth mock clientcasa billing
  troth mock --all
""",
)
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@click.option("--all", "every", is_flag=True, help="Serve every shipped contract, each below its name.")
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
    contracts: tuple[str, ...],
    *,
    every: bool,
    list_faults: bool,
    host: str,
    port: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Serve a contract as a stateful mock.

    CONTRACT is a shipped name (clientcasa, clientcasa@1.0.0), a file, a directory, a URL or git:REF:path.
    Several are served side by side, each below its name: /billing/api/v1, /billing/__troth.
    """  # fmt: skip
    if list_faults:
        _list_faults(as_json=as_json)
        return
    from troth.mock.serving import listen  # noqa: PLC0415 - keeps `troth --help` fast
    from troth.mock.starting import StartOptions  # noqa: PLC0415

    wanted = _wanted(contracts, every=every)
    alone = every or len(wanted) > 1
    given = [
        name for name, word in (("--overlay", "overlays"), ("--seed-file", "seed_file")) if options[word]
    ]
    if alone and given:
        raise UsageError(f"{given[0]} is for one contract; several are served here.")
    starts = [StartOptions(contract=one, **options) for one in wanted]
    with listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        origin = f"http://{shown}:{listening.getsockname()[1]}"
        serve_them = _serve_several if alone else _serve
        serve_them(starts, listening, origin, as_json=as_json)


def _wanted(contracts: tuple[str, ...], *, every: bool) -> tuple[str, ...]:
    """The contracts to serve. Raises UsageError."""
    from troth.cli.settings import load_settings  # noqa: PLC0415 - as above
    from troth.contract import shipped  # noqa: PLC0415

    if every and contracts:
        raise UsageError("--all serves every shipped contract; leave the names out, or name some without it.")
    wanted = shipped().names() if every else contracts or (load_settings(target=False).contract or "",)
    if not wanted or not all(wanted):
        raise UsageError("Say which contract to serve, such as: troth mock clientcasa")
    return wanted


def _serve(starts: list[StartOptions], listening: socket, origin: str, *, as_json: bool) -> None:
    from troth.mock import serve  # noqa: PLC0415 - as above
    from troth.mock.starting import prepare  # noqa: PLC0415

    application = prepare(starts[0], note)

    def ready() -> None:
        about = _about(application, origin)
        if as_json:
            emit_json(about, indent=None)
        else:
            _welcome(application.engine, about)
            say("")
            for line in _curl_lines(application.engine, about["url"], about["credentials"]):
                say(f"  {line}")
            _stoppable()

    serve(application, listening, ready)


def _serve_several(starts: list[StartOptions], listening: socket, origin: str, *, as_json: bool) -> None:
    from troth.mock import serve  # noqa: PLC0415 - as above
    from troth.mock.starting import prepare_several  # noqa: PLC0415

    mounts = prepare_several(starts, note)

    def ready() -> None:
        served = mounts.applications.items()
        apis = [{"name": mount[1:], **_about(one, origin)} for mount, one in served]
        if as_json:
            emit_json({"url": origin, "apis": apis}, indent=None)
        else:
            for about, one in zip(apis, mounts.applications.values(), strict=True):
                _welcome(one.engine, about)
                say("")
            _stoppable()

    serve(mounts, listening, ready)


def _about(application: MockApplication, origin: str) -> dict[str, Any]:
    """Where one API is, and everything that a caller must know."""
    contract = application.engine.contract
    control = f"{origin}{contract.mount}/__troth" if application.controlled else None
    url = origin + contract.base_path
    return {"url": url, "control": control, "credentials": application.engine.credentials()}


def _list_faults(*, as_json: bool) -> None:
    from troth.engine.faults import FAULTS  # noqa: PLC0415

    if as_json:
        emit_json([{"name": f.name, "clause": f.clause, "summary": f.summary} for f in FAULTS.values()])
        return
    for fault in FAULTS.values():
        say(f"{fault.name:32} {fault.clause:28} {fault.summary}")


def _welcome(engine: Any, about: dict[str, Any]) -> None:
    contract = engine.contract
    url, control, credentials = about["url"], about["control"], about["credentials"]
    say(f"{contract.title} {contract.version}: {len(contract.operations)} operations at {url}", style="bold")
    if control:
        say(f"Control plane   {control}/health")
        say(f"Documentation   {control}/ui/")
    if (versions := engine.behaviour.versions) is not None:
        names = f"{versions.releases[0].name} to {versions.newest.name}"
        default = versions.default(engine.state().clock.today()).name
        say(f"Versions        {names} by {versions.place} {versions.parameter}, {default} without it")
    say("")
    width = max((len(c["name"]) for c in credentials), default=0)
    for credential in credentials:
        shown = [f"{name}: {value}" for name, value in credential["headers"].items()]
        shown += [f"?{urlencode([pair])}" for pair in credential.get("query", {}).items()]
        headers = "  ".join(shown)
        scopes = credential["scopes"]
        rights = (
            "everything" if scopes == ["*"] else scopes[0] if len(scopes) == 1 else f"{len(scopes)} scopes"
        )
        say(f"  {credential['name']:{width}}  {headers}  ({rights})")


def _stoppable() -> None:
    note("Press Ctrl+C to stop.")
    sys.stdout.flush()


def _curl_lines(engine: Any, url: str, credentials: list[dict[str, Any]]) -> list[str]:
    """Three lines to copy: a list, a single row or a create, and the control plane."""
    headers = credentials[0]["headers"] if credentials else {}
    asked = urlencode(credentials[0].get("query", {})) if credentials else ""
    asked = f"?{asked}" if asked else ""
    flags = "".join(f" -H '{name}: {value}'" for name, value in headers.items())
    bindings = [b for b in engine.behaviour.bindings.values() if not b.parents]
    listed = next((b for b in bindings if b.kind == "list"), None)
    if listed is None:
        return []
    lines = [f"curl{flags} '{url}{listed.operation.path}{asked}'"]
    if listed.pagination and listed.pagination.size:
        more = f"{asked}&" if asked else "?"
        lines.append(f"curl{flags} '{url}{listed.operation.path}{more}{listed.pagination.size}=2'")
    created = next((b for b in bindings if b.kind == "create" and b.resource is listed.resource), None)
    if created is not None and created.operation.body is not None:
        body = engine.example_body(created).replace("'", "'\\''")
        lines.append(
            f"curl{flags} -H 'content-type: application/json' -d '{body}' '{url}{created.operation.path}{asked}'"
        )
    return lines
