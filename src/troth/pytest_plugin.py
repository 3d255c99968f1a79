"""The fixture ``troth_mock``: a fresh mock in every test, loaded once a session.

What the plugin needs is imported when a test first asks for the fixture, because every pytest run on a machine with
Troth pays for what is imported here.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from troth.testing import Mock

__all__ = ["pytest_addoption", "pytest_configure", "pytest_runtest_makereport", "troth_mock"]

_OPTIONS = frozenset(
    {"contract", "empty", "faults", "overlays", "rate_limit", "seed", "seed_file", "url", "validate"}
)
_LOADED: pytest.StashKey[dict[str, Mock]] = pytest.StashKey()
_USED: pytest.StashKey[Mock] = pytest.StashKey()
_SHOWN = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--troth-contract`` and the ini key ``troth_contract`` name the contract of unmarked tests."""
    words = "the contract that the fixture troth_mock serves: a shipped name, a file, a directory or a URL"
    parser.getgroup("troth").addoption("--troth-contract", metavar="CONTRACT", help=words)
    parser.addini("troth_contract", words, default="clientcasa")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    line = (
        "troth(contract, *, seed=1, faults=(), rate_limit='off', overlays=(), seed_file=None, empty=False, "
    )
    config.addinivalue_line(
        "markers", line + "validate='strict', url=None): what troth_mock is in this test, class or module."
    )


@pytest.fixture
def troth_mock(request: pytest.FixtureRequest) -> Mock:
    """A mock for this test alone: same seed, same bytes, whatever other tests did."""
    from troth.errors import TrothError  # noqa: PLC0415 - see the module's docstring

    wanted = _wanted(request)
    faults = wanted.pop("faults", ())
    url = wanted.pop("url", None)
    try:
        mock = _loaded(request.config, wanted).fork(url=url)
        mock.faults = frozenset([faults] if isinstance(faults, str) else faults)
    except TrothError as error:
        pytest.fail(f"troth_mock: {error}", pytrace=False)
    request.node.stash[_USED] = mock
    return mock


def _wanted(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The options of all markers of a test; the nearest one wins."""
    config = request.config
    wanted: dict[str, Any] = {
        "contract": config.getoption("--troth-contract") or config.getini("troth_contract"),
    }
    for mark in reversed(list(request.node.iter_markers("troth"))):
        wanted |= mark.kwargs
        if mark.args:
            wanted["contract"] = mark.args[0]
        if len(mark.args) > 1 or not wanted.keys() <= _OPTIONS:
            pytest.fail(_misuse(mark), pytrace=False)
    below = config.rootpath / str(wanted["contract"])
    if below.exists():
        wanted["contract"] = str(below)
    return wanted


def _misuse(mark: pytest.Mark) -> str:
    from troth.errors import did_you_mean  # noqa: PLC0415 - only when a marker is wrong

    unknown = next((name for name in mark.kwargs if name not in _OPTIONS), None)
    if unknown is None:
        return f"The marker troth takes one positional argument, the contract; found {len(mark.args)}."
    known = ", ".join(sorted(_OPTIONS))
    return f"The marker troth has no option {unknown!r}; known: {known}.{did_you_mean(unknown, _OPTIONS)}"


def _loaded(config: pytest.Config, wanted: dict[str, Any]) -> Mock:
    """The mock that tests with the same wishes fork from."""
    from troth.testing import Mock  # noqa: PLC0415 - see the module's docstring

    cache = config.stash.setdefault(_LOADED, {})
    key = repr(sorted(wanted.items()))
    found = cache.get(key)
    if found is None:
        found = cache[key] = Mock(**wanted)
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows the last requests that its mock answered."""
    report = yield
    mock = item.stash.get(_USED, None)
    if mock is not None and report.failed and mock.journal:
        lines = [
            f"{e.number:4} {e.method} {e.path}{'?' + e.query if e.query else ''} -> {e.status}"
            f" ({e.operation or 'no operation'}, {e.principal or 'nobody'})"
            for e in mock.journal[-_SHOWN:]
        ]
        report.sections.append((f"Requests to {mock!r}", "\n".join(lines)))
    return report
