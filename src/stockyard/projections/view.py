"""The View: the read side in memory, folded from the same sequence that everyone reads.

Promises: after ``fold(seq, ...)`` it shows exactly the effects of inputs up to ``seq``; a request
is answered only after that, so a client reads its own writes. It keeps every account, position and
open order, and the orders that ended since the projector last took the changes over. Must not know:
SQL.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

import msgspec

from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.bounds import NO_LIMITS
from stockyard.model.codes import AccountStatus, AssetClass, Status
from stockyard.model.commands import PlaceOrder
from stockyard.model.instruments import Instrument, Limits, MarginTerms, Session, VenueProfile
from stockyard.model.records import Input
from stockyard.model.state import EngineState
from stockyard.projections.equity import MINUTE_NS, moved, samples, worth_micros
from stockyard.projections.rows import (
    AccountRow,
    EquityRow,
    FillRow,
    FundingRow,
    OrderRow,
    PositionRow,
    accepted_order,
    sent_order,
)
from stockyard.projections.rows import QuoteRow as QuoteRow


class Changes:
    """What changed since the projector last took over: rows to write, each once."""

    def __init__(self) -> None:
        self.orders: dict[int, OrderRow] = {}
        self.positions: dict[tuple[int, int], PositionRow] = {}
        self.accounts: dict[int, AccountRow] = {}
        self.fills: list[FillRow] = []
        self.fundings: list[FundingRow] = []
        self.equities: dict[tuple[int, int, int], EquityRow] = {}


class View:
    """Rows by id, reference data, and the latest quotes."""

    def __init__(self) -> None:
        self.seq = 0
        self.ts = 0
        self._minute_end = 0
        self.world_id = ""
        self.orders: dict[int, OrderRow] = {}
        self.open_orders: dict[int, dict[int, OrderRow]] = {}
        self.accounts: dict[int, AccountRow] = {}
        self.accounts_of: dict[str, list[int]] = {}
        self.positions: dict[int, dict[int, PositionRow]] = {}
        self.instruments: dict[int, Instrument] = {}
        self.symbols: dict[str, int] = {}
        self.quotes: dict[int, QuoteRow] = {}
        self.profiles: dict[int, VenueProfile] = {}
        self.sessions: dict[int, tuple[Session, ...]] = {}
        self._calendar_names: dict[int, str] = {}
        self.limits: Limits | None = None
        self.margin: MarginTerms | None = None
        self.borrow: dict[int, f.BorrowTermsSet] = {}
        self.halted: set[int] = set()
        self.changes = Changes()
        self._folds: dict[type, Callable[[int, int, int, Any], None]] = {
            e.OrderAccepted: self._on_accepted,
            e.OrderActivated: self._on_activated,
            e.OrderTriggered: self._on_triggered,
            e.OrderReduced: self._on_reduced,
            e.OrderFilled: self._on_filled,
            e.OrderCanceled: self._on_canceled,
            e.OrderExpired: self._on_expired,
            e.OrderReplaced: self._on_replaced,
            e.OrderRejected: self._on_rejected,
            e.OrderChangeSent: self._on_change_sent,
            e.AccountOpened: self._on_account_opened,
            e.CashDeposited: self._on_cash,
            e.CashWithdrawn: self._on_cash,
            e.AccountProfileSet: self._on_profile_set,
            e.PositionGivenUp: self._on_given_up,
            e.AccountReset: self._on_reset,
            e.AccountKindSet: self._on_kind_set,
            e.LotMethodSet: self._on_method_set,
            e.AccountRestrictionsSet: self._on_restrictions_set,
            e.AccountLimitsSet: self._on_limits_set,
            e.TradingFreezeSet: self._on_freeze_set,
            e.InterestCharged: self._on_interest,
            e.LeverageSet: self._on_leverage_set,
            e.FundingPaid: self._on_funding,
        }

    def fold(self, seq: int, ts: int, message: Input, events: Sequence[e.Event]) -> None:
        """Show one input's effects."""
        if ts >= self._minute_end:
            self._end_minute(ts)
        self.fold_fact(seq, ts, message)
        for index, event in enumerate(events):
            handler = self._folds.get(type(event))
            if handler is not None:
                handler(seq, index, ts, event)
        self.seq = seq
        self.ts = ts

    def fold_event(self, seq: int, index: int, ts: int, event: e.Event) -> None:
        """Show one event's effects alone."""
        handler = self._folds.get(type(event))
        if handler is not None:
            handler(seq, index, ts, event)

    def apart(self, account_id: int) -> "View":
        """A View of one account, as it is now, that is folded event by event from here on."""
        alone = View()
        alone.load_rows(
            [copy(self.accounts[account_id])],
            [copy(row) for row in self.positions[account_id].values()],
            [copy(row) for row in self.open_orders[account_id].values()],
        )
        return alone

    def _end_minute(self, ts: int) -> None:
        """Before the first input of a new minute: sample what accounts were worth in the last."""
        began_ns = self.ts - self.ts % MINUTE_NS
        if self.ts and began_ns + MINUTE_NS <= ts:
            for account_id, positions in self.positions.items():
                account = self.accounts[account_id]
                if moved(account, positions, self.quotes, began_ns):
                    for row in samples(account, self.equity_micros(account_id), began_ns):
                        key = row.account_id, row.window_s, row.start_ns
                        self.changes.equities[key] = row
        self._minute_end = ts - ts % MINUTE_NS + MINUTE_NS

    def fold_fact(self, seq: int, ts: int, message: Input) -> None:
        """Take over quotes, trades and reference data, which come in as facts and are never
        refused.
        """
        if isinstance(message, f.Quote):
            row = self.quotes.get(message.instrument_id)
            if row is not None:
                row.bid, row.ask = message.bid, message.ask
                row.bid_qty, row.ask_qty = message.bid_qty, message.ask_qty
                row.seq, row.ts = seq, ts
                row.set_marks()
        elif isinstance(message, PlaceOrder):
            return
        elif isinstance(message, f.Trade | f.AuctionPrint):
            row = self.quotes.get(message.instrument_id)
            if row is not None:
                row.last_price, row.last_qty, row.last_ts = message.price, message.qty, ts
                row.set_marks()
        elif isinstance(message, f.MarkPrice | f.FundingRate):
            self._take_mark(seq, ts, message)
        elif isinstance(message, f.InstrumentListed):
            self.list_instrument(message.instrument)
        elif isinstance(message, f.ProfileDefined):
            self.profiles[message.profile.profile_id] = message.profile
        elif isinstance(message, f.SessionsScheduled):
            self.schedule(message.calendar_id, message.name, message.sessions)
        elif isinstance(message, f.TradingHalted):
            if message.halted:
                self.halted.add(message.instrument_id)
            else:
                self.halted.discard(message.instrument_id)
        elif isinstance(message, f.LimitsSet):
            self.limits = message.limits
        elif isinstance(message, f.MarginTermsSet):
            self.margin = message.terms
        elif isinstance(message, f.BorrowTermsSet):
            self.borrow[message.instrument_id] = message
        elif isinstance(message, f.WorldCreated):
            self.world_id = message.world_id

    def _take_mark(self, seq: int, ts: int, fact: f.MarkPrice | f.FundingRate) -> None:
        row = self.quotes.get(fact.instrument_id)
        if row is None or not row.is_contract:
            return
        if isinstance(fact, f.FundingRate):
            bound = self.instruments[fact.instrument_id].funding_bound_e9
            row.funding_e9, row.funding_ts = max(-bound, min(bound, fact.rate_e9)), ts
            self.changes.fundings.append(
                FundingRow(
                    seq, row.instrument_id, ts, row.funding_e9, row.long_mark, row.index_price
                )
            )
        elif fact.mark > 0:
            row.long_mark = row.short_mark = fact.mark
            row.index_price = max(0, fact.index)

    def worth_micros(self, position: PositionRow) -> int:
        """What a position adds to its account's equity at the mark, rounded down; of a perpetual
        contract its profit or loss and the margin set apart for it.
        """
        instrument = self.instruments[position.instrument_id]
        quote = self.quotes[position.instrument_id]
        value = worth_micros(position, quote, instrument)
        return value + position.pot_micros - position.cost_micros if quote.is_contract else value

    def equity_micros(self, account_id: int) -> int:
        """What an account is worth: its cash, and its positions at the marks."""
        held = self.positions[account_id].values()
        total = self.accounts[account_id].cash_micros
        return total + sum([self.worth_micros(row) for row in held if row.qty])

    def list_instrument(self, instrument: Instrument) -> None:
        """Know an instrument by its id and symbol."""
        instrument_id = instrument.instrument_id
        self.instruments[instrument_id] = instrument
        self.symbols[instrument.symbol] = instrument_id
        if instrument_id not in self.quotes:
            is_contract = instrument.asset_class == AssetClass.CRYPTO_PERP
            self.quotes[instrument_id] = QuoteRow(instrument_id, is_contract)

    def schedule(self, calendar_id: int, name: str, sessions: Sequence[Session]) -> None:
        """Take over sessions; known ones that end before the first new one stay, unless the
        calendar is another from now on.
        """
        known = self.sessions.get(calendar_id, ())
        if self._calendar_names.get(calendar_id, name) != name:
            known = ()
        self._calendar_names[calendar_id] = name
        if sessions:
            first = sessions[0].begins_ns
            kept = [session for session in known if session.ends_ns <= first]
            self.sessions[calendar_id] = (*kept[-8:], *sessions)

    def calendar_name(self, calendar_id: int) -> str:
        """The sessions that are scheduled under a calendar's id; ``always`` while none are."""
        return self._calendar_names.get(calendar_id, "always")

    def load_state(self, state: EngineState) -> None:
        """Take over reference data and quotes from an engine snapshot."""
        self.world_id, self.limits, self.margin = state.world_id, state.limits, state.margin
        for profile in state.profiles:
            self.profiles[profile.profile_id] = profile
        for calendar in state.calendars:
            self.schedule(calendar.calendar_id, calendar.name, calendar.sessions)
        for book in state.books:
            self.list_instrument(book.instrument)
            if book.halted:
                self.halted.add(book.instrument.instrument_id)
            row = self.quotes[book.instrument.instrument_id]
            row.bid, row.ask, row.bid_qty, row.ask_qty = (
                book.bid,
                book.ask,
                book.bid_qty,
                book.ask_qty,
            )
            row.seq, row.ts = book.quote_seq, book.quote_ts
            row.long_mark, row.short_mark = book.long_mark, book.short_mark
            row.index_price = book.index_price
            if book.borrow is not None:
                self.borrow[book.instrument.instrument_id] = book.borrow
            row.last_price, row.last_qty, row.last_ts = (
                book.last_price,
                book.last_qty,
                book.last_ts,
            )

    def load_rows(
        self,
        accounts: Sequence[AccountRow],
        positions: Sequence[PositionRow],
        open_orders: Sequence[OrderRow],
        last_fundings: Sequence[FundingRow] = (),
    ) -> None:
        """Take over rows as the projector left them."""
        for funding in last_fundings:
            quote = self.quotes.get(funding.instrument_id)
            if quote is not None:
                quote.funding_e9, quote.funding_ts = funding.rate_e9, funding.ts
        for account in accounts:
            self._know(account)
        for position in positions:
            self.positions[position.account_id][position.instrument_id] = position
        for order in open_orders:
            self.orders[order.order_id] = order
            self.open_orders[order.account_id][order.order_id] = order

    def take_changes(self) -> Changes:
        """Hand over what changed since the last call."""
        taken, self.changes = self.changes, Changes()
        return taken

    def forget(self, orders: Mapping[int, OrderRow]) -> None:
        """Drop ended orders from memory once their rows are durable."""
        for order_id, row in orders.items():
            if not row.is_open and order_id not in self.changes.orders:
                self.orders.pop(order_id, None)

    def _know(self, account: AccountRow) -> None:
        self.accounts[account.account_id] = account
        self.accounts_of.setdefault(account.owner, []).append(account.account_id)
        self.positions[account.account_id] = {}
        self.open_orders[account.account_id] = {}

    def _account(self, account_id: int, ts: int) -> AccountRow:
        account = self.accounts[account_id]
        account.updated_ns = ts
        self.changes.accounts[account_id] = account
        return account

    def _position(self, account_id: int, instrument_id: int, ts: int) -> PositionRow:
        positions = self.positions[account_id]
        row = positions.get(instrument_id)
        if row is None:
            row = PositionRow(account_id, instrument_id, 0, 0, 0, 0, 0, ts)
            positions[instrument_id] = row
        row.updated_ns = ts
        self.changes.positions[account_id, instrument_id] = row
        return row

    def _order(self, order_id: int, ts: int) -> OrderRow:
        row = self.orders[order_id]
        row.updated_ns = ts
        self.changes.orders[order_id] = row
        return row

    def _hold(self, account_id: int, instrument_id: int, micros: int, qty: int, ts: int) -> None:
        if self.accounts[account_id].held_micros != micros:
            self._account(account_id, ts).held_micros = micros
        position = self.positions[account_id].get(instrument_id)
        if (0 if position is None else position.held_qty) != qty:
            self._position(account_id, instrument_id, ts).held_qty = qty

    def _on_accepted(self, seq: int, index: int, ts: int, a: e.OrderAccepted) -> None:
        row = accepted_order(ts, a)
        self._link(row, a.filled_before, ts)
        self.orders[a.order_id] = row
        self.open_orders[a.account_id][a.order_id] = row
        self.changes.orders[a.order_id] = row
        self._hold(a.account_id, a.instrument_id, a.held_micros_after, a.held_qty_after, ts)

    def _on_activated(self, seq: int, index: int, ts: int, a: e.OrderActivated) -> None:
        row = self._order(a.order_id, ts)
        row.status, row.qty, row.expires_ns = a.status, a.qty, a.expires_ns
        row.collar_price = a.collar_price
        self._hold(a.account_id, a.instrument_id, a.held_micros_after, a.held_qty_after, ts)

    def _on_reduced(self, seq: int, index: int, ts: int, x: e.OrderReduced) -> None:
        row = self._order(x.order_id, ts)
        row.qty = x.qty
        self._hold(x.account_id, x.instrument_id, x.held_micros_after, x.held_qty_after, ts)

    def _link(self, row: OrderRow, filled_before: int, ts: int) -> None:
        """Let the orders that a new one is linked with name it, as far as they are open."""
        open_orders = self.open_orders[row.account_id]
        if row.sibling_id in open_orders:
            self._order(row.sibling_id, ts).sibling_id = row.order_id
        if row.parent_id in open_orders:
            parent = self._order(row.parent_id, ts)
            if parent.take_profit_id == (row.replaces or row.order_id):
                parent.take_profit_id = row.order_id
            else:
                parent.stop_loss_id = row.order_id
        for leg_id in (row.take_profit_id, row.stop_loss_id):
            if leg_id in open_orders:
                leg = self._order(leg_id, ts)
                leg.parent_id, leg.qty = row.order_id, filled_before + row.qty

    def _on_triggered(self, seq: int, index: int, ts: int, x: e.OrderTriggered) -> None:
        row = self._order(x.order_id, ts)
        row.triggered_ns, row.stop_price, row.collar_price = ts, x.stop_price, x.collar_price
        self._hold(x.account_id, x.instrument_id, x.held_micros_after, x.held_qty_after, ts)

    def _on_filled(self, seq: int, index: int, ts: int, x: e.OrderFilled) -> None:
        fees = sum([fee for _, fee in x.fees])
        row = self._order(x.order_id, ts)
        row.status, row.filled_qty, row.qty = x.status, x.filled_qty, x.order_qty
        row.filled_value = str(int(row.filled_value) + x.price * x.qty)
        row.fees_micros += fees
        if x.status == Status.FILLED:
            row.ended_ns = ts
            self.open_orders[x.account_id].pop(x.order_id, None)
        account = self._account(x.account_id, ts)
        account.cash_micros = x.cash_micros_after
        account.held_micros = x.held_micros_after
        realized = x.realized_micros + x.insured_micros
        account.realized_micros += realized
        account.fees_micros += fees
        position = self._position(x.account_id, x.instrument_id, ts)
        position.qty = x.position_qty_after
        position.held_qty = x.held_qty_after
        position.cost_micros = x.position_cost_micros_after
        position.pot_micros = x.pot_micros_after
        position.realized_micros += realized
        position.fees_micros += fees
        self.changes.fills.append(
            FillRow(
                seq,
                index,
                x.order_id,
                x.account_id,
                x.instrument_id,
                ts,
                x.side,
                x.price,
                x.qty,
                x.value_micros,
                fees,
                realized,
            )
        )

    def _end(
        self,
        status: int,
        reason: int,
        ts: int,
        x: e.OrderCanceled | e.OrderExpired | e.OrderReplaced | e.OrderRejected,
    ) -> OrderRow:
        row = self._order(x.order_id, ts)
        row.status, row.reason, row.ended_ns = status, reason, ts
        self.open_orders[x.account_id].pop(x.order_id, None)
        self._hold(x.account_id, x.instrument_id, x.held_micros_after, x.held_qty_after, ts)
        return row

    def _on_canceled(self, seq: int, index: int, ts: int, x: e.OrderCanceled) -> None:
        self._end(Status.CANCELED, x.reason, ts, x)

    def _on_expired(self, seq: int, index: int, ts: int, x: e.OrderExpired) -> None:
        self._end(Status.EXPIRED, x.reason, ts, x)

    def _on_replaced(self, seq: int, index: int, ts: int, x: e.OrderReplaced) -> None:
        self._end(Status.REPLACED, 0, ts, x).replaced_by = x.replaced_by

    def _on_rejected(self, seq: int, index: int, ts: int, x: e.OrderRejected) -> None:
        self._end(Status.REJECTED, x.reason, ts, x)

    def _on_change_sent(self, seq: int, index: int, ts: int, x: e.OrderChangeSent) -> None:
        if x.replaced_by == 0:
            self._order(x.order_id, ts).status = x.status
            return
        row = sent_order(ts, x)
        self.orders[row.order_id] = row
        self.open_orders[row.account_id][row.order_id] = row
        self.changes.orders[row.order_id] = row

    def _on_account_opened(self, seq: int, index: int, ts: int, x: e.AccountOpened) -> None:
        self._know(
            AccountRow(
                x.account_id,
                x.owner,
                x.name,
                AccountStatus.ACTIVE,
                x.profile_id,
                0,
                0,
                0,
                0,
                0,
                ts,
                ts,
                x.kind,
            )
        )
        self._account(x.account_id, ts)

    def _on_cash(self, seq: int, index: int, ts: int, x: e.CashDeposited | e.CashWithdrawn) -> None:
        account = self._account(x.account_id, ts)
        sign = 1 if type(x) is e.CashDeposited else -1
        account.deposited_micros += sign * x.amount_micros
        account.cash_micros = x.cash_micros_after

    def _on_profile_set(self, seq: int, index: int, ts: int, x: e.AccountProfileSet) -> None:
        self._account(x.account_id, ts).profile_id = x.profile_id

    def _on_kind_set(self, seq: int, index: int, ts: int, x: e.AccountKindSet) -> None:
        self._account(x.account_id, ts).kind = x.kind

    def _on_method_set(self, seq: int, index: int, ts: int, x: e.LotMethodSet) -> None:
        self._account(x.account_id, ts).lot_method = x.method

    def _on_restrictions_set(
        self, seq: int, index: int, ts: int, x: e.AccountRestrictionsSet
    ) -> None:
        self._account(x.account_id, ts).restrictions = x.restrictions

    def _on_limits_set(self, seq: int, index: int, ts: int, x: e.AccountLimitsSet) -> None:
        told = "" if x.limits == NO_LIMITS else msgspec.json.encode(x.limits).decode()
        self._account(x.account_id, ts).limits = told

    def _on_freeze_set(self, seq: int, index: int, ts: int, x: e.TradingFreezeSet) -> None:
        self._account(x.account_id, ts).frozen = int(x.frozen)

    def _on_interest(self, seq: int, index: int, ts: int, x: e.InterestCharged) -> None:
        account = self._account(x.account_id, ts)
        account.cash_micros = x.cash_micros_after
        account.interest_micros += x.amount_micros

    def _on_leverage_set(self, seq: int, index: int, ts: int, x: e.LeverageSet) -> None:
        if self.accounts[x.account_id].cash_micros != x.cash_micros_after:
            self._account(x.account_id, ts).cash_micros = x.cash_micros_after
        position = self._position(x.account_id, x.instrument_id, ts)
        position.leverage, position.isolated = x.leverage, int(x.isolated)
        position.pot_micros = x.pot_micros_after

    def _on_funding(self, seq: int, index: int, ts: int, x: e.FundingPaid) -> None:
        account = self._account(x.account_id, ts)
        account.cash_micros = x.cash_micros_after
        account.funding_micros += x.amount_micros
        position = self._position(x.account_id, x.instrument_id, ts)
        position.pot_micros = x.pot_micros_after
        position.funding_micros = x.funding_micros_after

    def _on_given_up(self, seq: int, index: int, ts: int, x: e.PositionGivenUp) -> None:
        position = self._position(x.account_id, x.instrument_id, ts)
        position.qty = position.held_qty = position.cost_micros = position.pot_micros = 0

    def _on_reset(self, seq: int, index: int, ts: int, x: e.AccountReset) -> None:
        account = self._account(x.account_id, ts)
        account.cash_micros = account.deposited_micros = x.cash_micros_after
        account.realized_micros = account.fees_micros = account.interest_micros = 0
        account.funding_micros, account.reset_ns = 0, ts
        for instrument_id in self.positions[x.account_id]:
            position = self._position(x.account_id, instrument_id, ts)
            position.realized_micros = position.fees_micros = position.funding_micros = 0
