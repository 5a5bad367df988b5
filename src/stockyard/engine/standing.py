"""How an account stands: what it is worth, what it must put up, and what it may still do.

Promises: reads the state and changes nothing; the same figures that orders are judged by. Must not
know: how the answer is shown.
"""

from stockyard.engine import margin, settlement
from stockyard.engine.state import State
from stockyard.model.previews import AccountStanding, OpenLot


def standing(state: State, account_id: int, ts: int) -> AccountStanding:
    """An account's figures at the marks of this moment."""
    account = state.accounts[account_id]
    figures = margin.measure(state, account)
    settled = settlement.settled_micros(account, ts)
    return AccountStanding(
        account.kind,
        figures.equity,
        figures.long_value,
        figures.short_value,
        figures.initial,
        figures.maintenance,
        margin.buying_power_micros(state, account),
        max(0, margin.withdrawable_micros(account, figures, settled)),
        settlement.unsettled_micros(account, ts),
        account.violations,
        account.call_due_ns,
        account.review_ns > 0,
    )


def open_lots(state: State, account_id: int, instrument_id: int) -> list[OpenLot]:
    """A position's lots, oldest first."""
    position = state.accounts[account_id].positions.get(instrument_id)
    if position is None:
        return []
    return [
        OpenLot(
            lot.seq,
            lot.index,
            lot.qty,
            lot.free_qty(),
            position.lots.cost_of(lot, lot.qty),
            lot.fees_micros,
            lot.acquired_ns,
        )
        for lot in position.lots.all()
    ]
