"""One loaded mock for the folder; every test works on a fork of it."""

from __future__ import annotations

import pytest

from troth.testing import Mock


@pytest.fixture(scope="session")
def loaded() -> Mock:
    return Mock("clientcasa")


@pytest.fixture
def mock(loaded: Mock) -> Mock:
    return loaded.fork()
