"""How an account stands: what it is worth, what it must put up, and what it may still do.

Promises: reads the state and changes nothing; the same figures that orders are judged by. Must not
know: how the answer is shown.
"""

from stockyard.engine import contracts, margin, settlement
from stockyard.engine.accounts import Account, Position
from stockyard.engine.state import State
from stockyard.model.previews import AccountStanding, OpenContract, OpenLot


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
        figures.unrealized,
    )


def open_contracts(state: State, account_id: int) -> list[OpenContract]:
    """An account's positions in perpetual contracts, by instrument."""
    account = state.accounts[account_id]
    excess = margin.measure(state, account).excess
    found = []
    for instrument_id in sorted(account.positions):
        position = account.positions[instrument_id]
        if position.is_contract and position.qty:
            found.append(_open_contract(state, account, position, excess))
    return found


def _open_contract(state: State, account: Account, position: Position, excess: int) -> OpenContract:
    book, terms = state.book(position.instrument_id), state.margin
    assert book is not None
    assert terms is not None
    mark = margin.mark_of(book, position.qty)
    value = margin.value_at(book, position.qty, mark)
    isolated = contracts.is_isolated(account, book.instrument_id)
    own = position.pot_micros if isolated else contracts.initial(account, book, value)
    share = contracts.own_excess(book, position, value) if isolated else excess
    at = mark
    if share >= 0:
        at, _ = margin.next_level(terms, book, position, share, False)
    return OpenContract(
        book.instrument_id,
        position.qty,
        position.cost_micros,
        mark,
        book.index_price,
        value,
        contracts.leverage_of(account, book),
        isolated,
        own,
        contracts.maintenance(book, value),
        contracts.unrealized(position, value),
        position.funding_micros,
        max(0, at),
        position.liquidation_ns > 0,
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
