"""Accounts and their cash: opening, deposits, withdrawals, profile, reset.

Promises: cash enters and leaves only here, against the funding book. Must not know: prices or
orders, beyond canceling them on a reset.
"""

from stockyard.engine import (
    desk,
    idempotency,
    margin,
    margin_calls,
    operators,
    outcomes,
    perps,
    settlement,
)
from stockyard.engine.accounts import Account, Answer
from stockyard.engine.state import State, count_opening
from stockyard.model.codes import (
    ACCOUNT_KIND_WORDS,
    LOT_METHOD_WORDS,
    AccountKind,
    AccountStatus,
    Reason,
    Restriction,
)
from stockyard.model.codes import Book as HouseBook
from stockyard.model.commands import (
    DepositCash,
    OpenAccount,
    ResetAccount,
    SetAccountKind,
    SetAccountProfile,
    SetAccountRestrictions,
    SetLotMethod,
    WithdrawCash,
)
from stockyard.model.denials import DenyCode
from stockyard.model.events import (
    AccountKindSet,
    AccountOpened,
    AccountProfileSet,
    AccountReset,
    AccountRestrictionsSet,
    CashDeposited,
    CashWithdrawn,
    CommandDenied,
    CommandRepeated,
    Event,
    LotMethodSet,
    PositionGivenUp,
)


def _fund(state: State, account: Account, micros: int) -> None:
    state.ledger.post_cash(account, micros)
    state.ledger.post_house(HouseBook.FUNDING, -micros)


def on_open_account(state: State, command: OpenAccount, out: list[Event]) -> None:
    """Open an account and fund it; the same registration key never opens a second one."""
    known = state.registrations.get(command.registration_key)
    limits = state.limits
    assert limits is not None
    code = 0
    if known is not None:
        if known.digest == command.digest:
            out.append(CommandRepeated(known.first_seq, known.first_seq))
            return
        code = DenyCode.KEY_REUSED
    elif command.profile_id not in state.profiles:
        code = DenyCode.UNKNOWN_PROFILE
    elif command.starting_micros < 0:
        code = DenyCode.AMOUNT_NOT_POSITIVE
    elif command.starting_micros > limits.balance_micros_max:
        code = DenyCode.BALANCE_TOO_LARGE
    elif state.account_counts.get(command.owner, 0) >= limits.accounts_per_owner_max:
        code = DenyCode.TOO_MANY_ACCOUNTS
    else:
        code = _kind_code(state, command.kind)
    if code:
        out.append(CommandDenied(0, code, 0, 0))
        return
    account = Account(state.seq, command.owner, command.name, command.profile_id, command.kind)
    state.accounts[account.account_id] = account
    state.account_counts[command.owner] = state.account_counts.get(command.owner, 0) + 1
    state.registrations[command.registration_key] = Answer(command.digest, state.seq, 0)
    out.append(
        AccountOpened(
            account.account_id, command.owner, command.name, command.profile_id, command.kind
        )
    )
    if command.starting_micros:
        _fund(state, account, command.starting_micros)
        out.append(CashDeposited(account.account_id, command.starting_micros, account.cash_micros))
    operators.bind_opened(state, account, out)


def _kind_code(state: State, kind: int) -> int:
    """Why an account may not be of this kind, or 0."""
    if kind not in ACCOUNT_KIND_WORDS:
        return DenyCode.ACCOUNT_KIND_NOT_SUPPORTED
    if kind == AccountKind.MARGIN and state.margin is None:
        return DenyCode.MARGIN_NOT_OFFERED
    return 0


def _funding_code(state: State, account: Account, amount: int) -> int:
    limits = state.limits
    assert limits is not None
    if account.status != AccountStatus.ACTIVE:
        return DenyCode.ACCOUNT_NOT_ACTIVE
    if amount <= 0:
        return DenyCode.AMOUNT_NOT_POSITIVE
    if amount > limits.transfer_micros_max:
        return DenyCode.AMOUNT_TOO_LARGE
    return 0


def on_deposit_cash(state: State, ts: int, command: DepositCash, out: list[Event]) -> None:
    """Add cash to an account."""
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    limits = state.limits
    assert limits is not None
    amount = command.amount_micros
    code = _funding_code(state, account, amount)
    if code == 0 and account.cash_micros + amount > limits.balance_micros_max:
        code = DenyCode.BALANCE_TOO_LARGE
    idempotency.remember(state, account, "", key, digest, ts, code == 0)
    if code:
        out.append(CommandDenied(account.account_id, code, amount, account.cash_micros))
        return
    _fund(state, account, amount)
    state.touch(account)
    out.append(CashDeposited(account.account_id, amount, account.cash_micros))


def on_withdraw_cash(state: State, ts: int, command: WithdrawCash, out: list[Event]) -> None:
    """Take cash out: what has settled and open orders do not hold; of a margin account, what its
    positions and orders do not require.
    """
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    amount = command.amount_micros
    settled = settlement.settled_micros(account, ts)
    free = margin.withdrawable_micros(account, margin.measure(state, account), settled)
    code = _funding_code(state, account, amount)
    if code == 0 and amount > free:
        code = DenyCode.EXCEEDS_WITHDRAWABLE_CASH
    idempotency.remember(state, account, "", key, digest, ts, code == 0)
    if code:
        out.append(CommandDenied(account.account_id, code, amount, free))
        return
    _fund(state, account, -amount)
    state.touch(account)
    out.append(CashWithdrawn(account.account_id, amount, account.cash_micros))


def on_set_account_profile(
    state: State, ts: int, command: SetAccountProfile, out: list[Event]
) -> None:
    """Choose the realism profile for the account's next orders."""
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    known = command.profile_id in state.profiles
    idempotency.remember(state, account, "", key, digest, ts, known)
    if not known:
        out.append(CommandDenied(account.account_id, DenyCode.UNKNOWN_PROFILE, 0, 0))
        return
    account.profile_id = command.profile_id
    out.append(AccountProfileSet(account.account_id, command.profile_id))


def on_set_account_kind(state: State, ts: int, command: SetAccountKind, out: list[Event]) -> None:
    """Make an account a cash or a margin account; one that borrows, or may by an open order, must
    stay a margin account.
    """
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    code = _kind_code(state, command.kind)
    if code == 0 and account.status != AccountStatus.ACTIVE:
        code = DenyCode.ACCOUNT_NOT_ACTIVE
    if code == 0 and command.kind == AccountKind.CASH and account.kind != AccountKind.CASH:
        if margin.borrows(account):
            code = DenyCode.ACCOUNT_BORROWS
        elif account.opening:
            code = DenyCode.OPENING_ORDERS_OPEN
    idempotency.remember(state, account, "", key, digest, ts, code == 0)
    if code:
        out.append(CommandDenied(account.account_id, code, 0, 0))
        return
    if command.kind == AccountKind.MARGIN and account.kind != AccountKind.MARGIN:
        for order in account.open_orders():
            if not order.closes:
                count_opening(account, order, 1)
    account.kind = command.kind
    out.append(AccountKindSet(account.account_id, command.kind))


def on_set_lot_method(state: State, ts: int, command: SetLotMethod, out: list[Event]) -> None:
    """Choose which lots the account's closings take from now on, those of open orders too."""
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    known = command.method in LOT_METHOD_WORDS
    idempotency.remember(state, account, "", key, digest, ts, known)
    if not known:
        out.append(CommandDenied(account.account_id, DenyCode.LOT_METHOD_NOT_SUPPORTED, 0, 0))
        return
    account.lot_method = command.method
    out.append(LotMethodSet(account.account_id, command.method))


def on_set_account_restrictions(
    state: State, ts: int, command: SetAccountRestrictions, out: list[Event]
) -> None:
    """Restrict what the account's new orders may do, or allow it again; open orders stay."""
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    more, less = command.restrict, command.allow
    known = 0 <= more <= Restriction.ALL and 0 <= less <= Restriction.ALL and not more & less
    idempotency.remember(state, account, "", key, digest, ts, known)
    if not known:
        out.append(CommandDenied(account.account_id, DenyCode.RESTRICTION_NOT_SUPPORTED, 0, 0))
        return
    account.restrictions = (account.restrictions | more) & ~less
    out.append(AccountRestrictionsSet(account.account_id, account.restrictions))


def on_reset_account(state: State, ts: int, command: ResetAccount, out: list[Event]) -> None:
    """Cancel all orders, give up all positions, and set cash to the starting amount."""
    key, digest = command.idempotency_key, command.digest
    account = desk.answer_known(state, command.account_id, "", key, digest, ts, out)
    if account is None:
        return
    limits = state.limits
    assert limits is not None
    code = 0
    if account.status != AccountStatus.ACTIVE:
        code = DenyCode.ACCOUNT_NOT_ACTIVE
    elif account.is_frozen:
        code = DenyCode.TRADING_FROZEN
    elif command.starting_micros < 0:
        code = DenyCode.AMOUNT_NOT_POSITIVE
    elif command.starting_micros > limits.balance_micros_max:
        code = DenyCode.BALANCE_TOO_LARGE
    idempotency.remember(state, account, "", key, digest, ts, code == 0)
    if code:
        out.append(CommandDenied(account.account_id, code, 0, 0))
        return
    desk.cancel_together(state, account, account.open_orders(), Reason.ACCOUNT_RESET, out)
    for instrument_id in sorted(account.positions):
        _give_up(state, account, instrument_id, out)
    outcomes.forget_all(state, account, out)
    account.unsettled = []
    account.violations = 0
    margin_calls.end_call(state, account)
    state.touch(account)
    change = command.starting_micros - account.cash_micros
    _fund(state, account, change)
    out.append(AccountReset(account.account_id, change, account.cash_micros))


def _give_up(state: State, account: Account, instrument_id: int, out: list[Event]) -> None:
    position = account.positions[instrument_id]
    book = state.book(instrument_id)
    assert book is not None
    if position.qty:
        out.append(
            PositionGivenUp(
                account.account_id,
                instrument_id,
                position.qty,
                position.cost_micros,
                tuple([position.lots.take(lot, lot.qty) for lot in position.lots.all()]),
            )
        )
        book.borrowed_qty += min(0, position.qty)
        if position.is_contract:
            perps.give_up(state, account, book, position)
        state.ledger.post_street(book, position.qty)
        state.ledger.post_qty(position, -position.qty)
    del account.positions[instrument_id]
