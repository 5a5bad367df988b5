"""The engine: one single-threaded function of (state, input).

Promises: ``apply`` looks at nothing but its arguments and its own state; the same inputs give the
same events and the same ``state_hash``, live, replayed, compiled or interpreted. After every input
the ledger sums to zero. Must not know: time, disk, network, or who is asking.
"""

from hashlib import sha256
from typing import Final, cast

from stockyard.engine import (
    cash,
    classes,
    desk,
    margin_calls,
    operators,
    perp_calls,
    planning,
    protection,
    reference,
    snapshot,
    stops,
)
from stockyard.engine.preview import preview
from stockyard.engine.standing import open_contracts, open_lots, standing
from stockyard.engine.state import State
from stockyard.model import commands as c
from stockyard.model import facts as f
from stockyard.model.codec import encode
from stockyard.model.events import Event
from stockyard.model.previews import AccountStanding, OpenContract, OpenLot, OrderPreview
from stockyard.model.records import Input
from stockyard.model.state import EngineState, OutcomeState

ENGINE_VERSION: Final = "3"
"""Changes whenever the same inputs could give other events: old journals are not run through new
rules.
"""

COMPILED: Final = not __file__.endswith(".py")


class Engine:
    """State and the one function that changes it."""

    def __init__(self, source: EngineState | None = None) -> None:
        self.state: Final = State() if source is None else snapshot.restore(source)
        # Held as attributes: compiled code reads these faster than a module's globals.
        self._quote: object = f.Quote
        self._trade: object = f.Trade
        self._place_order: object = c.PlaceOrder
        self._cancel_order: object = c.CancelOrder

    @property
    def seq(self) -> int:
        """Journal number of the last input applied."""
        return self.state.seq

    @property
    def ts(self) -> int:
        """The world's clock at the last input applied."""
        return self.state.ts

    @property
    def next_due_ns(self) -> int:
        """When something happens by itself next: a ``ClockTick`` is wanted then."""
        return min(self.state.next_due_ns, self.state.call_due_ns())

    def apply(self, seq: int, ts: int, message: Input, out: list[Event]) -> None:
        """Apply one input and append its events to ``out``.

        ``seq`` must grow and ``ts`` must not decrease; a broken invariant is an AssertionError and
        leaves the engine unusable.
        """
        state = self.state
        assert seq > state.seq, "inputs must come in the order of seq"
        assert ts >= state.ts, "the world's clock must not go back"
        state.seq = seq
        state.ts = ts
        state.legs = 0
        state.events_before = len(out)
        if ts >= state.next_due_ns:
            reference.pass_time(state, ts, out)
        kind = type(message)
        if kind is self._quote:
            reference.on_quote(state, ts, cast(f.Quote, message), out)
        elif kind is self._place_order:
            desk.on_place_order(state, ts, cast(c.PlaceOrder, message), out)
        elif kind is self._trade:
            reference.on_trade(state, ts, cast(f.Trade, message), out)
        elif kind is self._cancel_order:
            desk.on_cancel_order(state, ts, cast(c.CancelOrder, message), out)
        else:
            self._apply_rare(state, ts, message, out)
        if state.waking:
            classes.wake(state, ts, out)
        if state.touched:
            margin_calls.review(state, ts, out)
        state.ledger.check()

    def _apply_rare(self, state: State, ts: int, message: Input, out: list[Event]) -> None:
        if isinstance(message, c.ReplaceOrder):
            desk.on_replace_order(state, ts, message, out)
        elif isinstance(message, c.CancelAllOrders):
            desk.on_cancel_all_orders(state, ts, message, out)
        elif isinstance(message, c.ClosePosition):
            desk.on_close_position(state, ts, message, out)
        elif isinstance(message, c.SetProtection):
            protection.on_set_protection(state, ts, message, out)
        elif isinstance(message, c.OpenAccount):
            cash.on_open_account(state, message, out)
        elif isinstance(message, c.DepositCash):
            cash.on_deposit_cash(state, ts, message, out)
        elif isinstance(message, c.WithdrawCash):
            cash.on_withdraw_cash(state, ts, message, out)
        elif isinstance(message, c.SetAccountProfile):
            cash.on_set_account_profile(state, ts, message, out)
        elif isinstance(message, c.ResetAccount):
            cash.on_reset_account(state, ts, message, out)
        elif isinstance(message, c.SetAccountKind):
            cash.on_set_account_kind(state, ts, message, out)
        elif isinstance(message, c.SetLotMethod):
            cash.on_set_lot_method(state, ts, message, out)
        elif isinstance(message, c.SetAccountRestrictions):
            cash.on_set_account_restrictions(state, ts, message, out)
        elif isinstance(message, c.SetAccountLimits):
            operators.on_set_account_limits(state, ts, message, out)
        elif isinstance(message, c.SetTradingFreeze):
            operators.on_set_trading_freeze(state, ts, message, out)
        elif isinstance(message, c.SetLeverage):
            perp_calls.on_set_leverage(state, ts, message, out)
        elif isinstance(message, c.PlanOutcome):
            planning.on_plan_outcome(state, ts, message, out)
        elif isinstance(message, c.ForgetOutcomes):
            planning.on_forget_outcomes(state, ts, message, out)
        elif isinstance(message, c.ReleaseOrder):
            planning.on_release_order(state, ts, message, out)
        else:
            self._apply_fact(state, ts, message, out)

    def _apply_fact(self, state: State, ts: int, message: Input, out: list[Event]) -> None:
        if isinstance(message, f.WorldCreated):
            reference.on_world_created(state, message)
        elif isinstance(message, f.InstrumentListed):
            reference.on_instrument_listed(state, message)
        elif isinstance(message, f.FeesScheduled):
            reference.on_fees_scheduled(state, message)
        elif isinstance(message, f.ProfileDefined):
            reference.on_profile_defined(state, message)
        elif isinstance(message, f.SessionsScheduled):
            reference.on_sessions_scheduled(state, message, ts, out)
        elif isinstance(message, f.AuctionPrint):
            reference.on_auction_print(state, ts, message, out)
        elif isinstance(message, f.LimitsSet):
            state.limits = message.limits
        elif isinstance(message, f.TradingHalted):
            reference.on_trading_halted(state, message)
        elif isinstance(message, f.MarginTermsSet):
            reference.on_margin_terms_set(state, message)
        elif isinstance(message, f.BorrowTermsSet):
            reference.on_borrow_terms_set(state, message)
        elif isinstance(message, f.MarkPrice):
            reference.on_mark_price(state, message)
        elif isinstance(message, f.FundingRate):
            reference.on_funding_rate(state, message, out)
        elif not isinstance(message, f.ControlUsed):
            assert isinstance(message, f.ClockTick), "unknown input"
            margin_calls.review(state, ts, out)
            margin_calls.liquidate_due(state, ts, out)
            perp_calls.liquidate_due(state, ts, out)

    def preview(self, command: c.PlaceOrder, ts: int) -> OrderPreview:
        """What would happen to this order now; changes nothing."""
        return preview(self.state, command, max(ts, self.state.ts))

    def standing(self, account_id: int, ts: int) -> AccountStanding:
        """How an account stands; it must be there."""
        return standing(self.state, account_id, max(ts, self.state.ts))

    def open_lots(self, account_id: int, instrument_id: int) -> list[OpenLot]:
        """The lots of an account's position, oldest first; none where there is no position."""
        return open_lots(self.state, account_id, instrument_id)

    def open_contracts(self, account_id: int) -> list[OpenContract]:
        """An account's positions in perpetual contracts, by instrument; it must be there."""
        return open_contracts(self.state, account_id)

    def trail(self, account_id: int, order_id: int) -> tuple[int, int]:
        """The extreme that a waiting trailing stop has seen, and its stop; (0, 0) for any other."""
        return stops.trail(self.state, account_id, order_id)

    def outcomes(self, account_id: int) -> tuple[OutcomeState, ...]:
        """An account's planned outcomes, oldest first; it must be there."""
        return snapshot.outcomes(self.state.accounts[account_id])

    def snapshot(self) -> EngineState:
        """The whole state as plain structs."""
        return snapshot.take(self.state)

    def encoded(self) -> bytes:
        """``snapshot``, encoded, in less memory."""
        return snapshot.encoded(self.state)

    def state_hash(self) -> str:
        """Hexadecimal SHA-256 of the encoded state."""
        return sha256(self.encoded()).hexdigest()


def state_hash(source: EngineState) -> str:
    """Hexadecimal SHA-256 of an encoded state."""
    return sha256(encode(source)).hexdigest()
