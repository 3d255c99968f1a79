"""Documents with line numbers, references, overlays, dialects, the frozen model and its validators."""

from troth.contract.loading import load_contract
from troth.contract.model import Contract
from troth.contract.parameters import ParameterReader, compile_parameters
from troth.contract.routing import Match, MethodNotAllowed, NotFound, Router
from troth.contract.shipping import shipped
from troth.contract.validation import Validator, Validators, Violation, validators

__all__ = [
    "Contract",
    "Match",
    "MethodNotAllowed",
    "NotFound",
    "ParameterReader",
    "Router",
    "Validator",
    "Validators",
    "Violation",
    "compile_parameters",
    "load_contract",
    "shipped",
    "validators",
]
