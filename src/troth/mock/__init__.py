"""The mock server: Connexion as the edge, the engine inside."""

from troth.mock.edge import MockApplication, build_application
from troth.mock.serving import serve

__all__ = ["MockApplication", "build_application", "serve"]
