"""Commands about planned outcomes: planning and forgetting them, and letting held orders go on.

Promises: as for every command, one that is denied changes nothing. Must not know: what an outcome
does to an order (``outcomes``).
"""

from stockyard.engine import arrivals, idempotency, outcomes
from stockyard.engine.accounts import Account
from stockyard.engine.desk import answer_known
from stockyard.engine.outcome_rules import (
    DELAY_NS_MAX,
    OUTCOMES_MAX,
    Rule,
)
from stockyard.engine.risk import YEAR_NS
from stockyard.engine.sessions import NEVER_NS
from stockyard.engine.state import State
from stockyard.model.codes import (
    PART_WORDS,
    PLAN_WORDS,
    REASON_WORDS,
    REST_WORDS,
    TYPE_WORDS,
    Part,
    Plan,
    Rest,
    Side,
)
from stockyard.model.commands import ForgetOutcomes, PlanOutcome, ReleaseOrder
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.events import CommandDenied, Event, OutcomePlanned, OutcomesForgotten
from stockyard.model.numbers import (
    CLIENT_ORDER_ID_LENGTH_MAX,
    INT_MAX,
    OUTCOME_NOTE_LENGTH_MAX,
    OUTCOME_USES_MAX,
)


def on_plan_outcome(state: State, ts: int, command: PlanOutcome, out: list[Event]) -> None:
    """Plan an outcome for orders to come."""
    key, digest = command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    live = sum([rule.is_live(ts) for rule in account.outcomes])
    code = 0
    if command.instrument_id and state.book(command.instrument_id) is None:
        code = DenyCode.UNKNOWN_INSTRUMENT
    elif not (_does(command) and _matches(command, ts)):
        code = DenyCode.OUTCOME_NOT_SUPPORTED
    elif live >= OUTCOMES_MAX:
        code = DenyCode.TOO_MANY_OUTCOMES
    idempotency.remember(state, account, "", key, digest, ts, code == 0)
    if code:
        out.append(CommandDenied(account.account_id, code, 0, 0))
        return
    account.outcomes.append(Rule(state.seq, command, command.uses))
    state.planned += 1
    _make_room(state, account, ts)
    out.append(
        OutcomePlanned(
            account.account_id,
            state.seq,
            command.plan,
            command.code,
            command.reason,
            command.qty_e9,
            command.price_e9,
            command.rest,
            command.delay_ns,
            command.instrument_id,
            command.side,
            command.order_type,
            command.part,
            command.order_name,
            command.prefix,
            command.uses,
            command.expires_ns,
            command.note,
        )
    )


def _does(x: PlanOutcome) -> bool:
    """Whether a plan comes with the details it takes, and no others."""
    if x.plan not in PLAN_WORDS:
        return False
    denies, fills = x.plan == Plan.DENY, x.plan == Plan.FILL
    if denies != (x.code in DENY_RULES) or (not denies and x.code):
        return False
    if denies and x.part != Part.ORDER:
        return False
    says_why = x.plan in (Plan.REJECT, Plan.CANCEL, Plan.EXPIRE) or x.rest == Rest.CANCELED
    if x.reason and not (says_why and x.reason in REASON_WORDS):
        return False
    if fills:
        sized = 0 <= x.qty_e9 <= INT_MAX and 0 <= x.price_e9 <= INT_MAX
        if not sized or x.rest not in REST_WORDS:
            return False
    elif x.qty_e9 or x.price_e9 or x.rest:
        return False
    if x.plan == Plan.DELAY:
        return 0 < x.delay_ns <= DELAY_NS_MAX
    if x.plan in (Plan.CANCEL, Plan.EXPIRE):
        return 0 <= x.delay_ns <= DELAY_NS_MAX
    return x.delay_ns == 0


def _matches(x: PlanOutcome, ts: int) -> bool:
    """Whether there can be orders that it is for."""
    if x.side not in (0, Side.BUY, Side.SELL) or x.part not in PART_WORDS:
        return False
    if x.order_type and x.order_type not in TYPE_WORDS:
        return False
    if len(x.order_name) > CLIENT_ORDER_ID_LENGTH_MAX or len(x.note) > OUTCOME_NOTE_LENGTH_MAX:
        return False
    if x.prefix and not x.order_name:
        return False
    ahead = x.expires_ns == 0 or ts < x.expires_ns <= ts + YEAR_NS
    return ahead and 1 <= x.uses <= OUTCOME_USES_MAX


def _make_room(state: State, account: Account, ts: int) -> None:
    """Keep no more of what is over than there may be planned, the latest."""
    over = [rule for rule in account.outcomes if not rule.is_live(ts)]
    if len(over) > OUTCOMES_MAX:
        state.planned -= over[0].uses_left > 0
        account.outcomes = [rule for rule in account.outcomes if rule is not over[0]]


def on_forget_outcomes(state: State, ts: int, command: ForgetOutcomes, out: list[Event]) -> None:
    """Forget one planned outcome, or all; none there to be forgotten is no error."""
    key, digest = command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    wanted = command.rule_id
    found = [rule for rule in account.outcomes if rule.rule_id == wanted]
    known = wanted == 0 or len(found) > 0
    idempotency.remember(state, account, "", key, digest, ts, known)
    if not known:
        out.append(CommandDenied(account.account_id, DenyCode.UNKNOWN_OUTCOME, 0, 0))
    elif wanted == 0:
        outcomes.forget_all(state, account, out)
    else:
        state.planned -= found[0].uses_left > 0
        account.outcomes = [rule for rule in account.outcomes if rule.rule_id != wanted]
        out.append(OutcomesForgotten(account.account_id, wanted, 1))


def on_release_order(state: State, ts: int, command: ReleaseOrder, out: list[Event]) -> None:
    """Let an order go on that is held back."""
    key, digest = command.idempotency_key, command.digest
    account = answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    order = account.orders.get(command.order_id)
    code = 0
    if order is None:
        code = DenyCode.ORDER_NOT_OPEN
    elif order.arrives_ns != NEVER_NS:
        code = DenyCode.ORDER_NOT_HELD_BACK
    idempotency.remember(state, account, "", key, digest, ts, code == 0)
    if order is None or code:
        out.append(CommandDenied(account.account_id, code, 0, 0))
    else:
        arrivals.arrive(state, account, order, ts, out)
