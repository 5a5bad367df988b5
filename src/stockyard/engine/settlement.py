"""Settlement in cash accounts: proceeds of stocks arrive with the next session, and what is bought
with them before is marked when it is sold too early.

Promises: nothing is walked when proceeds settle: their time is compared when it matters. Must not
know: margin accounts, which borrow meanwhile, or prices.

Source: settlement of US stocks one business day after the trade (SEC Rule 15c6-1), and Regulation T
section 220.8 on cash accounts. Coins settle at once.
"""

from stockyard.engine.accounts import Account
from stockyard.engine.books import Book
from stockyard.engine.orders import Order
from stockyard.engine.state import DAY_NS, State
from stockyard.model.codes import AssetClass, Phase, Side
from stockyard.model.events import Event, GoodFaithViolated


def unsettled_micros(account: Account, ts: int) -> int:
    """Proceeds that have not arrived."""
    return sum([each[1] for each in account.unsettled if each[0] > ts])


def settled_micros(account: Account, ts: int) -> int:
    """Cash that is there for good."""
    return max(0, account.cash_micros - unsettled_micros(account, ts))


def settles_ns(state: State, book: Book, ts: int) -> int:
    """When a trade of now settles: at the open of the next session, a day later where none is
    known.
    """
    calendar = state.calendars.get(book.calendar_id)
    if calendar is not None:
        at = 0 if calendar.phase == Phase.CLOSED else 1
        if at < len(calendar.sessions):
            return calendar.sessions[at].open_ns
    return ts + DAY_NS


def on_fill(
    state: State,
    account: Account,
    book: Book,
    order: Order,
    qty: int,
    cash_micros: int,
    ts: int,
    out: list[Event],
) -> None:
    """Take a fill's cash into account, spent or brought with its fees; call it once all is posted.

    Purchases spend what is settled first, sales what was paid for.
    """
    if account.unsettled:
        account.unsettled = [each for each in account.unsettled if each[0] > ts]
    if order.side == Side.BUY and not account.unsettled:
        return
    if order.side == Side.BUY:
        _spend(account, order.instrument_id, qty, cash_micros, ts)
        return
    _sell(account, order, qty, ts, out)
    if book.asset_class == AssetClass.US_EQUITY and cash_micros > 0:
        at_ns = settles_ns(state, book, ts)
        last = len(account.unsettled) - 1
        if last >= 0 and account.unsettled[last][0] == at_ns:
            account.unsettled[last] = (at_ns, account.unsettled[last][1] + cash_micros)
        else:
            account.unsettled.append((at_ns, cash_micros))
            account.unsettled.sort()


def _spend(account: Account, instrument_id: int, qty: int, micros: int, ts: int) -> None:
    """Pay with settled cash, then with the proceeds that arrive first."""
    coming = sum([each[1] for each in account.unsettled])
    lacking = micros - max(0, account.cash_micros + micros - coming)
    if lacking <= 0:
        return
    position = account.positions[instrument_id]
    if position.unpaid_until_ns <= ts:
        position.unpaid_qty = position.unpaid_until_ns = 0
    position.unpaid_qty += qty
    left: list[tuple[int, int]] = []
    for at_ns, amount in account.unsettled:
        used = min(amount, lacking)
        lacking -= used
        if used:
            position.unpaid_until_ns = max(position.unpaid_until_ns, at_ns)
        if amount > used:
            left.append((at_ns, amount - used))
    account.unsettled = left


def _sell(account: Account, order: Order, qty: int, ts: int, out: list[Event]) -> None:
    """Mark a sale that reaches what is not paid for yet; once for what was bought so."""
    position = account.positions[order.instrument_id]
    if position.unpaid_until_ns <= ts:
        return
    paid = max(0, position.qty + qty - position.unpaid_qty)
    if qty <= paid:
        return
    account.violations += 1
    out.append(
        GoodFaithViolated(
            account.account_id,
            order.instrument_id,
            order.order_id,
            qty - paid,
            position.unpaid_until_ns,
            account.violations,
        )
    )
    position.unpaid_qty = position.unpaid_until_ns = 0
