"""Planned outcomes as an account keeps them: which orders each is for, and what it met.

Promises: matching changes nothing. Must not know: what an outcome does to an order.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from stockyard.model.codes import Part, Plan
from stockyard.model.commands import PlanOutcome
from stockyard.model.numbers import OUTCOME_USED_KEPT

OUTCOMES_MAX: Final = 100
"""How many an account may have planned; as many that were used up are kept to be shown."""
DELAY_NS_MAX: Final = 30 * 86_400 * 1_000_000_000


@mypyc_attr(acyclic=True)
class Rule:
    """One planned outcome. ``used``: the last orders it met, as (seq, order), 0 for a denial.

    ``promised``: how many orders have met it that it has yet to happen to, within one input.
    """

    def __init__(self, rule_id: int, command: PlanOutcome, uses_left: int) -> None:
        self.rule_id = rule_id
        self.command = command
        self.plan = command.plan
        self.uses_left = uses_left
        self.promised = 0
        self.used: list[tuple[int, int]] = []

    def is_live(self, ts: int) -> bool:
        """Whether it is for any further order."""
        if self.uses_left <= self.promised:
            return False
        return self.command.expires_ns == 0 or ts < self.command.expires_ns

    def is_for(self, instrument_id: int, side: int, order_type: int, name: str) -> bool:
        """Whether it is for orders of this kind, with this ``client_order_id``."""
        asked = self.command
        if asked.instrument_id not in (0, instrument_id) or asked.side not in (0, side):
            return False
        if asked.order_type not in (0, order_type):
            return False
        if asked.prefix:
            return name.startswith(asked.order_name)
        return asked.order_name in ("", name)

    def is_for_part(self, part: int) -> bool:
        """Whether it is for orders that are this ``Part``."""
        wanted = self.command.part
        return wanted == part or (wanted == Part.EXIT and part != Part.ORDER)

    def use(self, seq: int, order_id: int) -> None:
        """Count an order that it happens to."""
        self.uses_left -= 1
        self.used.append((seq, order_id))
        if len(self.used) > OUTCOME_USED_KEPT:
            del self.used[0]


def first_denial(
    rules: list[Rule], instrument_id: int, side: int, order_type: int, name: str, ts: int
) -> Rule | None:
    """The denial that a command for such an order meets."""
    for rule in rules:
        denies = rule.plan == Plan.DENY and rule.is_live(ts)
        if denies and rule.is_for(instrument_id, side, order_type, name):
            return rule
    return None
