"""What whoever runs the house decides of a user: limits, and whether trading is frozen.

Promises: a decision binds every account of the user, those opened later too; open orders stay as
they are. Must not know: who may decide, or how an order is judged (``bounds``).
"""

from stockyard.engine import desk, idempotency
from stockyard.engine.accounts import Account, Bounds
from stockyard.engine.state import State
from stockyard.model.bounds import (
    LEVERAGE_E2_MAX,
    LEVERAGE_E2_MIN,
    LIMITED_INSTRUMENTS_MAX,
    NO_LIMITS,
    AccountLimits,
)
from stockyard.model.codes import TYPE_WORDS
from stockyard.model.commands import SetAccountLimits, SetTradingFreeze
from stockyard.model.denials import DenyCode
from stockyard.model.events import AccountLimitsSet, CommandDenied, Event, TradingFreezeSet
from stockyard.model.numbers import INT_MAX


def bounds_of(state: State, owner: str) -> Bounds:
    """What is decided of an owner, made when nothing is yet."""
    found = state.bounds.get(owner)
    if found is None:
        found = Bounds(owner)
        state.bounds[owner] = found
        for account_id in sorted(state.accounts):
            account = state.accounts[account_id]
            if account.owner == owner:
                found.take_in(account)
    return found


def bind_opened(state: State, account: Account, out: list[Event]) -> None:
    """Bind an account that was opened just now as its owner's others are."""
    bounds = state.bounds.get(account.owner)
    if bounds is None:
        return
    bounds.take_in(account)
    if bounds.limits != NO_LIMITS:
        out.append(AccountLimitsSet(account.account_id, bounds.limits))
    if bounds.frozen:
        out.append(TradingFreezeSet(account.account_id, True))


def on_set_account_limits(
    state: State, ts: int, command: SetAccountLimits, out: list[Event]
) -> None:
    """Limit what the owner's accounts may open from now on."""
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    known = _can_be(state, command.limits)
    idempotency.remember(state, account, "", key, digest, ts, known)
    if not known:
        out.append(CommandDenied(account.account_id, DenyCode.LIMITS_NOT_SUPPORTED, 0, 0))
        return
    bounds = bounds_of(state, account.owner)
    bounds.set_limits(command.limits)
    for each in bounds.accounts:
        out.append(AccountLimitsSet(each.account_id, command.limits))
    _forget_if_idle(state, bounds)


def on_set_trading_freeze(
    state: State, ts: int, command: SetTradingFreeze, out: list[Event]
) -> None:
    """Freeze the owner's trading, or allow it again; orders can be canceled all the while."""
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    idempotency.remember(state, account, "", key, digest, ts, True)
    bounds = bounds_of(state, account.owner)
    bounds.frozen = command.frozen
    for each in bounds.accounts:
        out.append(TradingFreezeSet(each.account_id, command.frozen))
    _forget_if_idle(state, bounds)


def _forget_if_idle(state: State, bounds: Bounds) -> None:
    """Keep nothing of an owner of whom nothing is decided any more."""
    if not bounds.binds():
        for account in bounds.accounts:
            account.bounds = None
        del state.bounds[bounds.owner]


def _can_be(state: State, limits: AccountLimits) -> bool:
    """Whether these are limits: each value in its range, each type and instrument known and there
    once.
    """
    leverage = limits.leverage_e2_max
    if leverage and not LEVERAGE_E2_MIN <= leverage <= LEVERAGE_E2_MAX:
        return False
    if not 0 <= limits.order_micros_max <= INT_MAX or not 0 <= limits.open_orders_max <= INT_MAX:
        return False
    if len(limits.instruments) > LIMITED_INSTRUMENTS_MAX:
        return False
    types = dict.fromkeys(limits.order_types, True)
    instruments = dict.fromkeys(limits.instruments, True)
    if len(types) < len(limits.order_types) or len(instruments) < len(limits.instruments):
        return False
    for order_type in limits.order_types:
        if order_type not in TYPE_WORDS:
            return False
    return None not in [state.book(instrument_id) for instrument_id in limits.instruments]
