"""``--watch``: whenever a file of the contract changes, the mock serves what it says now.

Files are polled, because a rename over an open file, a network drive and a container mount all look alike to
``stat``. A document that cannot be used is reported, and the mock goes on serving what it had.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from troth.engine import Engine
from troth.errors import TrothError
from troth.mock.background import Background

__all__ = ["Watcher", "watched_files"]

PAUSE = 0.25

_log = logging.getLogger("troth.mock")

Signature = dict[Path, tuple[int, int] | None]


def watched_files(engine: Engine, others: Iterable[Path | str] = ()) -> tuple[Path, ...]:
    """The local files that an engine was made from: documents, overlays, seed data."""
    documents = {document for document, _ in engine.contract.positions.values()}
    seed = engine.settings.seed_file
    named = [*documents, engine.contract.source, *others, *([seed] if seed else [])]
    return tuple(sorted({Path(name).absolute() for name in named if "://" not in str(name)}))


def _signature(files: Iterable[Path]) -> Signature:
    found: Signature = {}
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found[file] = None
        else:
            found[file] = (status.st_mtime_ns, status.st_size)
    return found


class Watcher(Background):
    """One background task: ``load`` makes the next engine, ``swap`` puts it to work, ``report`` tells a person."""

    def __init__(
        self,
        engine: Engine,
        *,
        load: Callable[[], Engine],
        swap: Callable[[Engine], None],
        report: Callable[[str], None],
        others: Iterable[Path | str] = (),
    ) -> None:
        self._load = load
        self._swap = swap
        self._report = report
        self._others = tuple(others)
        self._engine = engine
        self._files = watched_files(engine, self._others)
        self._known = _signature(self._files)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            changed = _signature(self._files)
            if changed == self._known:
                continue
            await asyncio.sleep(PAUSE)
            if _signature(self._files) != changed:
                continue  # still being written
            await self._reload([file for file in self._files if changed[file] != self._known[file]])
            self._known = {**_signature(self._files), **{f: changed[f] for f in self._files if f in changed}}

    async def _reload(self, files: list[Path]) -> None:
        names = ", ".join(file.name for file in files)
        try:
            engine = await asyncio.to_thread(self._load)
        except TrothError as error:
            self._report(f"{names} changed and cannot be used; serving what was there before.\n{error}")
            return
        except Exception as error:  # noqa: BLE001 - a half-edited document never ends the mock
            _log.exception("loading again failed")
            self._report(f"{names} changed and cannot be loaded ({type(error).__name__}: {error}).")
            return
        engine.faults = self._engine.faults
        self._engine = engine
        self._files = watched_files(engine, self._others)
        self._swap(engine)
        count = len(engine.contract.operations)
        self._report(f"{names} changed: {count} operations, and the rows are those of the start.")
