"""The vocabulary: model, parsing, inference, coherence, expressions, clauses."""

from troth.behaviour.inference import behaviour_of
from troth.behaviour.model import Behaviour, Binding, Kind, Resource

__all__ = ["Behaviour", "Binding", "Kind", "Resource", "behaviour_of"]
