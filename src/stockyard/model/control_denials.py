"""Why we refuse what a test asks of planned outcomes: rows of ``denials``.

Promises: as in ``denials``, of which this is a part. Must not know: which outcomes there are.
"""

from typing import Final

from stockyard.model.deny_codes import DenyCode, DenyRule

CONTROL_RULES: Final[dict[int, DenyRule]] = {
    DenyCode.OUTCOME_NOT_SUPPORTED: DenyRule(
        "outcome_not_supported",
        422,
        False,
        "the outcome, its details and the orders it is for do not go together",
        "see docs/guides/test-controls.md for what each outcome takes",
    ),
    DenyCode.TOO_MANY_OUTCOMES: DenyRule(
        "too_many_outcomes",
        403,
        True,
        "the account has as many planned outcomes as it may have",
        "DELETE /api/v1/sim/outcomes forgets them",
    ),
    DenyCode.UNKNOWN_OUTCOME: DenyRule(
        "unknown_outcome",
        404,
        False,
        "the account has no such planned outcome",
        "name one of GET /api/v1/sim/outcomes",
    ),
    DenyCode.ORDER_NOT_HELD_BACK: DenyRule(
        "order_not_held_back",
        422,
        False,
        "no planned outcome holds this order back",
        "release one that a planned hold, or a planned fill whose rest waits, has met",
    ),
}
