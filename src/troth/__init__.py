"""An API contract that can be served, verified, compared and imported."""

__version__ = "0.1.0"
