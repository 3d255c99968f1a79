"""The in-process face: the whole mock in a unit test, without a socket, behind httpx or respx."""

from troth.engine import Exchange
from troth.engine.deliveries import Delivery
from troth.testing.credentials import Credential
from troth.testing.mock import Mock, Snapshot
from troth.testing.transport import MockTransport

__all__ = ["Credential", "Delivery", "Exchange", "Mock", "MockTransport", "Snapshot"]
