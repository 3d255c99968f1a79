"""Where documents come from: a file, a URL, a commit or the standard input, and what a contract argument means.

A source is one text: an absolute path, ``https://…`` or ``git:REF:path``. Relative references are resolved
against it, so a contract spread over several files works from any of the three.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from troth.contract.documents import Document, parse_document
from troth.contract.shipping import shipped
from troth.errors import DocumentError, did_you_mean
from troth.findings import Location

__all__ = ["Selection", "display", "read_document", "select", "sibling"]

MAIN = "openapi.yaml"
STDIN = "-"
BEHAVIOUR = "behaviour.overlay.yaml"
_MAINS = (MAIN, "openapi.yml", "openapi.json", "swagger.yaml", "swagger.json")
_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Selection:
    """What a contract argument stands for. ``lenient``: behaviour targets that match nothing are skipped."""

    source: str
    name: str
    directory: Path | None = None
    behaviour: str | None = None
    lenient: bool = False


def select(argument: str | Path) -> Selection:
    """The documents behind a contract argument. Raises DocumentError when there are none."""
    text = str(argument)
    if text.startswith(("http://", "https://")):
        return Selection(text, Path(unquote(urlsplit(text).path)).stem or urlsplit(text).netloc)
    if text.startswith("git:"):
        return _select_commit(text)
    if text == STDIN:
        return Selection(STDIN, "stdin")
    name, at, version = text.partition("@")
    home = shipped().spec / name
    if isinstance(argument, str) and name in shipped().names() and not Path(text).is_file():
        return _select_release(name, version) if at else _select_directory(home)
    path = Path(text).expanduser()
    try:
        if path.is_dir():
            return _select_directory(path.resolve())
        if path.is_file():
            return Selection(str(path.resolve()), path.name.split(".")[0], path.resolve().parent)
    except (OSError, ValueError):
        pass
    raise DocumentError(_nothing(text, name), None)


def _nothing(text: str, name: str) -> str:
    known = shipped().names()
    near = did_you_mean(name, known)
    parent = Path(text).expanduser().parent
    if not near and parent.is_dir() and len(text) < 4096:  # noqa: PLR2004 - the longest path that can exist
        try:
            near = did_you_mean(Path(text).name, (entry.name for entry in parent.iterdir()))
        except OSError:
            near = ""
    names = f" Shipped contracts: {', '.join(known)}." if known else ""
    return (
        f"{text!r} is neither a shipped contract, a file, a directory, a URL nor git:REF:path.{near}{names}"
    )


def _select_directory(directory: Path) -> Selection:
    main = next((directory / name for name in _MAINS if (directory / name).is_file()), None)
    if main is None:
        raise DocumentError(f"the directory has no {MAIN}", Location(display(str(directory))))
    behaviour = directory / BEHAVIOUR
    return Selection(str(main), directory.name, directory, str(behaviour) if behaviour.is_file() else None)


def _select_release(name: str, version: str) -> Selection:
    home = _select_directory(shipped().spec / name)
    known = shipped().releases(name)
    release = shipped().spec / name / "releases" / f"{version}.yaml"
    if version not in known:
        listed = f" Released: {', '.join(known)}." if known else ""
        raise DocumentError(f"{name} has no release {version!r}.{did_you_mean(version, known)}{listed}")
    return Selection(str(release), name, home.directory, home.behaviour, lenient=True)


def _select_commit(text: str) -> Selection:
    reference, path = _commit(text)
    name = posixpath.basename(path.rstrip("/")).split(".")[0] or "contract"
    listing = _git(["ls-tree", "--full-tree", "--name-only", reference, path.rstrip("/") + "/"])
    if listing is None or not listing.strip():
        return Selection(text, name)
    entries = set(listing.decode(errors="replace").splitlines())
    main = next((f"{path.rstrip('/')}/{m}" for m in _MAINS if f"{path.rstrip('/')}/{m}" in entries), None)
    if main is None:
        raise DocumentError(f"the directory has no {MAIN}", Location(text))
    behaviour = f"{path.rstrip('/')}/{BEHAVIOUR}"
    return Selection(
        f"git:{reference}:{main}",
        name,
        behaviour=f"git:{reference}:{behaviour}" if behaviour in entries else None,
    )


def read_document(source: str) -> Document:
    """The parsed document of a source. Raises DocumentError when it cannot be had or read."""
    name = display(source)
    if source.startswith(("http://", "https://")):
        content = _download(source)
    elif source.startswith("git:"):
        content = _show(source)
    elif source == STDIN:
        content = sys.stdin.buffer.read()
    else:
        content = _open(source)
    try:
        return parse_document(content.decode("utf-8"), name)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise DocumentError("the document is not UTF-8 text", Location(name, line=line)) from None


def sibling(source: str, relative: str) -> str:
    """The source that a relative URI reference names, seen from ``source``."""
    if urlsplit(relative).scheme in ("http", "https") or relative.startswith("git:"):
        return relative
    if source.startswith(("http://", "https://")):
        return urljoin(source, relative)
    path = unquote(relative.removeprefix("file://"))
    if source.startswith("git:"):
        reference, at = _commit(source)
        return f"git:{reference}:{posixpath.normpath(posixpath.join(posixpath.dirname(at), path))}"
    return os.path.normpath(Path(source).parent / path)


def display(source: str) -> str:
    """How people are told about a source: relative to the working directory when it lies below it."""
    if source == STDIN:
        return "<stdin>"
    if source.startswith(("http://", "https://", "git:")):
        return source
    try:
        return str(Path(source).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return source


def _open(source: str) -> bytes:
    try:
        return Path(source).read_bytes()
    except FileNotFoundError:
        parent = Path(source).parent
        near = did_you_mean(Path(source).name, (e.name for e in parent.iterdir())) if parent.is_dir() else ""
        raise DocumentError(f"there is no such file.{near}", Location(display(source))) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise DocumentError(f"the file cannot be read: {reason}", Location(display(source))) from None


def _download(url: str) -> bytes:
    import httpx  # noqa: PLC0415 - a tenth of a second that only a URL should cost

    try:
        response = httpx.get(url, follow_redirects=True, timeout=_TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as problem:
        raise DocumentError(f"the URL cannot be read: {problem}", Location(url)) from None
    if not response.is_success:
        raise DocumentError(f"the URL answers {response.status_code} {response.reason_phrase}", Location(url))
    return response.content


def _commit(source: str) -> tuple[str, str]:
    reference, colon, path = source.removeprefix("git:").partition(":")
    if not colon or not reference or not path or reference.startswith("-"):
        raise DocumentError(f"{source!r} is not of the form git:REF:path")
    return reference, path.removeprefix("./")


def _show(source: str) -> bytes:
    reference, path = _commit(source)
    content = _git(["show", f"{reference}:{path}"])
    if content is None:
        if _git(["rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}"]) is None:
            raise DocumentError(f"git knows no commit {reference!r} here", Location(source))
        raise DocumentError(f"commit {reference!r} has no file {path!r}", Location(source))
    return content


def _git(arguments: list[str]) -> bytes | None:
    """The output of git run at the top of the working directory's repository, or None when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - arguments are a list, the reference cannot start with a dash
            ["git", "--literal-pathspecs", *arguments],  # noqa: S607 - git is wherever the user has it
            capture_output=True,
            check=False,
            timeout=60,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
