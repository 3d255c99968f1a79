"""What makes a contract incoherent, by subject: each module yields findings about one."""

from troth.behaviour.checks.actions import check_actions
from troth.behaviour.checks.conditions import check_conditions
from troth.behaviour.checks.examples import check_examples
from troth.behaviour.checks.formulas import check_formulas
from troth.behaviour.checks.ground import Ground
from troth.behaviour.checks.leftovers import check_leftovers
from troth.behaviour.checks.lists import check_lists
from troth.behaviour.checks.names import check_names
from troth.behaviour.checks.protocols import check_protocols
from troth.behaviour.checks.queries import check_queries
from troth.behaviour.checks.spellings import check_spellings
from troth.behaviour.checks.states import check_states
from troth.behaviour.checks.subscriptions import check_subscriptions
from troth.behaviour.checks.versions import check_versions
from troth.behaviour.checks.viewers import check_viewers
from troth.behaviour.checks.visibility import check_visibility

__all__ = [
    "CHECKS",
    "Ground",
]

#: Every check, in no particular order: findings are sorted by place.
CHECKS = (
    check_actions,
    check_conditions,
    check_examples,
    check_formulas,
    check_leftovers,
    check_lists,
    check_names,
    check_protocols,
    check_queries,
    check_spellings,
    check_states,
    check_subscriptions,
    check_versions,
    check_viewers,
    check_visibility,
)
