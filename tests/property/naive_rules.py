"""The naive twin's rules for orders: which of them one breaks, and which means are lacking for it.

Promises: as in ``naive_twin``, of which this is a part; every rule is one line, judged by itself.
Must not know: how the engine works.
"""

from fractions import Fraction
from math import ceil, floor

from stockyard.model.codes import AssetClass, OrderClass, OrderType, Side, TimeInForce
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import Instrument, Limits, VenueProfile
from tests.property.naive_classes import NaiveExits, broken
from tests.property.naive_credit import MARGIN
from tests.property.naive_things import (
    AT_ONCE,
    AUCTIONS,
    STOPS,
    NaiveAccount,
    NaiveOrder,
    NaiveQuote,
    is_contract,
    too_large,
    worth,
)


class NaiveRules:
    """What a twin denies."""

    ts: int
    limits: Limits | None
    accounts: dict[int, NaiveAccount]
    profiles: dict[int, VenueProfile]
    quotes: dict[int, NaiveQuote]
    last: dict[int, int]
    halted: dict[int, bool]

    def _broken(self, order: NaiveOrder, qty_asked: int) -> list[int]:
        """Every rule of ``order`` that can be told without looking at the account's means."""
        terms = self.terms[order.terms.instrument_id]
        touch = self._touch(terms, order.side)
        market = order.order_type == OrderType.MARKET
        offered = (1, 2, 5) if order.order_type in STOPS else (1, 2, 3, 4, 5, 6, 7)
        auction = order.tif in AUCTIONS
        seen = (self.last.get(terms.instrument_id, 0) if auction else 0) or touch
        rules = {
            DenyCode.INSTRUMENT_NOT_TRADABLE: not terms.tradable,
            DenyCode.ORDER_TYPE_NOT_SUPPORTED: order.order_type not in (1, 2, 3, 4, 5),
            DenyCode.TIME_IN_FORCE_NOT_SUPPORTED: order.tif not in offered,
            DenyCode.SIDE_NOT_SUPPORTED: order.side not in (Side.BUY, Side.SELL),
            DenyCode.SESSION_CLOSED: order.tif in AT_ONCE and self._session(terms) is None,
            DenyCode.NO_QUOTE: (market and seen == 0)
            or (order.seeks_trail and self._best(order) == 0)
            or (order.at_market and order.is_triggered and touch == 0),
            DenyCode.NO_AUCTION: auction and not terms.auctions,
            DenyCode.AUCTION_CUT_OFF: auction
            and terms.auctions
            and self._entry_is_shut(terms, order.tif),
            DenyCode.NOTIONAL_IN_AUCTION: auction and order.notional != 0,
            DenyCode.EXTENDED_HOURS_NOT_LIMIT: order.late and order.order_type != OrderType.LIMIT,
            DenyCode.EXTENDED_HOURS_TIME_IN_FORCE: order.late and order.tif not in (1, 2, 5),
            DenyCode.TRADING_SUSPENDED: self.accounts[order.account_id].suspended,
            DenyCode.TRADING_FROZEN: self._is_frozen(order.account_id),
            **self._broken_sizes(terms, order, qty_asked),
            **self._broken_prices(terms, order),
            **self._broken_stops(terms, order),
            **self._broken_market(terms, order),
            **self._broken_contract(terms, order),
        }
        return broken(rules)

    def _suspended(self, account_id: int) -> list[int]:
        """What an account breaks with every order while its trading is suspended or frozen."""
        return broken(
            {
                DenyCode.TRADING_SUSPENDED: self.accounts[account_id].suspended,
                DenyCode.TRADING_FROZEN: self._is_frozen(account_id),
            }
        )

    def _restricted(self, order: NaiveOrder) -> list[int]:
        """What an account has forbidden itself to open."""
        account, terms = self.accounts[order.account_id], order.terms
        stock = terms.asset_class == AssetClass.US_EQUITY
        short = order.side == Side.SELL and account.kind == MARGIN
        part = Fraction(order.qty, 10**terms.qty_scale).denominator != 1
        return broken(
            {
                DenyCode.SHORTING_RESTRICTED: short and not account.shorts,
                DenyCode.FRACTIONS_RESTRICTED: stock and part and not account.parts,
            }
        )

    def _broken_market(self, terms: Instrument, order: NaiveOrder) -> dict[int, bool]:
        """What the profile does not take orders in."""
        profile = self.profiles[self.accounts[order.account_id].profile_id]
        age = self.ts - self.quotes[terms.instrument_id].ts
        old = bool(profile.quote_age_ns_max) and age > profile.quote_age_ns_max
        seen = self._touch(terms, order.side) > 0 and order.tif not in AUCTIONS
        seen = seen and self._trading_since(terms, order.late) is not None
        halted = self.halted.get(terms.instrument_id, False)
        return {
            DenyCode.TRADING_HALTED: profile.deny_halted and halted,
            DenyCode.STALE_QUOTE: profile.deny_stale and seen and old and not order.waits,
        }

    def _broken_sizes(
        self, terms: Instrument, order: NaiveOrder, qty_asked: int
    ) -> dict[int, bool]:
        assert self.limits is not None
        limits, touch = self.limits, self._touch(terms, order.side)
        value = ceil(worth(terms, order.worst, order.qty))
        priced = order.worst > 0 and not order.notional
        least, most = terms.notional_micros_min, limits.order_notional_micros_max
        amount_fits = least <= order.notional <= most
        allowed = order.order_type == OrderType.MARKET and order.tif != TimeInForce.FOK
        bought = order.qty if order.notional and touch and amount_fits else None
        return {
            DenyCode.QUANTITY_OR_NOTIONAL: bool(qty_asked) == bool(order.notional),
            DenyCode.QUANTITY_NOT_POSITIVE: qty_asked < 0,
            DenyCode.QUANTITY_OFF_LOT: qty_asked % terms.lot != 0,
            DenyCode.QUANTITY_TOO_LARGE: qty_asked > terms.qty_max
            or (bought is not None and bought > terms.qty_max),
            DenyCode.NOTIONAL_NOT_ALLOWED: order.notional != 0 and not allowed,
            DenyCode.NOTIONAL_TOO_SMALL: (order.notional != 0 and order.notional < least)
            or bought == 0
            or (priced and order.side == Side.BUY and value < least and not self._owes(order)),
            DenyCode.NOTIONAL_TOO_LARGE: order.notional > most or (priced and value > most),
        }

    def _owes(self, order: NaiveOrder) -> bool:
        """Whether the account is short of what the order is for."""
        position = self.accounts[order.account_id].positions.get(order.terms.instrument_id)
        return position is not None and position.qty < 0

    def _broken_prices(self, terms: Instrument, order: NaiveOrder) -> dict[int, bool]:
        """Limit, stop and trail as numbers."""
        limited = order.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
        stopped = order.order_type in (OrderType.STOP, OrderType.STOP_LIMIT)
        given = [order.limit] if limited else []
        given += [order.stop] if stopped else []
        given += [order.trail] if order.seeks_trail and not order.ppm and order.trail > 0 else []
        ticks = [terms.tick if p >= terms.tick_threshold else terms.tick_below for p in given]
        away = Fraction(terms.band_bps, 10_000) * (1 if order.side == Side.BUY else -1)
        middle = (0 if order.is_triggered else order.stop) or self._touch(terms, order.side)
        bound = floor(middle * (1 + away))
        beyond = order.limit > bound if order.side == Side.BUY else order.limit < bound
        return {
            DenyCode.LIMIT_PRICE_MISSING: limited and order.limit == 0,
            DenyCode.LIMIT_PRICE_NOT_ALLOWED: not limited and order.limit != 0,
            DenyCode.PRICE_NOT_POSITIVE: min(given, default=0) < 0,
            DenyCode.PRICE_OFF_TICK: any(p % tick for p, tick in zip(given, ticks, strict=True)),
            DenyCode.PRICE_TOO_LARGE: any(too_large(terms, p) for p in given),
            DenyCode.PRICE_OUTSIDE_BAND: limited and middle > 0 and beyond,
            DenyCode.STOP_PRICE_MISSING: stopped and order.stop == 0,
            DenyCode.STOP_PRICE_NOT_ALLOWED: not stopped and order.stop != 0,
            DenyCode.TRAIL_MISSING: order.order_type == OrderType.TRAILING_STOP
            and (order.trail == 0) == (order.ppm == 0),
            DenyCode.TRAIL_NOT_ALLOWED: order.order_type != OrderType.TRAILING_STOP
            and (order.trail, order.ppm) != (0, 0),
        }

    def _broken_stops(self, terms: Instrument, order: NaiveOrder) -> dict[int, bool]:
        """Whether stop, trail and date can still be reached."""
        market, dated = self._market(terms, order.side), order.tif == TimeInForce.GTD
        best = self._best(order)
        passed = order.stop <= market if order.side == Side.BUY else order.stop >= market
        in_range = 0 < order.trail < best if order.trail else 0 < order.ppm < 10**6
        ahead = self.ts < order.expires <= self.ts + 366 * 24 * 3600 * 10**9
        return {
            DenyCode.TRAIL_OUT_OF_RANGE: order.seeks_trail and not in_range,
            DenyCode.STOP_PRICE_WRONG_SIDE: order.waits
            and order.stop != 0
            and market != 0
            and passed,
            DenyCode.EXPIRY_MISSING: dated and order.expires == 0,
            DenyCode.EXPIRY_NOT_ALLOWED: not dated and order.expires != 0,
            DenyCode.EXPIRY_NOT_AHEAD: dated and order.expires != 0 and not ahead,
        }

    def _lacking(
        self,
        order: NaiveOrder,
        gone: list[NaiveOrder],
        exits: NaiveExits | None = None,
        locate: bool = False,
    ) -> list[int]:
        """Which means are lacking when the orders ``gone`` have ended."""
        assert self.limits is not None
        stay = [o for o in self.open_orders(order.account_id) if o not in gone]
        legs = exits.count if exits is not None and not gone else 0
        if len(stay) + legs >= self.limits.open_orders_max:
            return [DenyCode.TOO_MANY_OPEN_ORDERS]
        pair = exits is not None and exits.order_class == OrderClass.OCO
        if order.reduces and not order.closes:
            return [DenyCode.REDUCE_ONLY_WOULD_OPEN]
        if order.closes:
            return self._lacking_position(order, gone, stay, exits)
        bounds = self._beyond_bounds(order, gone, legs)
        return self._restricted(order) + bounds + self._lacking_to_open(order, gone, pair, locate)

    def _lacking_to_open(
        self, order: NaiveOrder, gone: list[NaiveOrder], pair: bool, locate: bool
    ) -> list[int]:
        account_id = order.account_id
        account = self.accounts[account_id]
        if pair:
            return [DenyCode.LEG_WOULD_OPEN_POSITION]
        freed = sum(o.hold for o in gone if not o.closes)
        if is_contract(order.terms):
            return self._lacks_contract(order, self._free(account_id) + freed)
        if account.kind == MARGIN:
            cash = account.cash - self.held(account_id) + freed
            again = any(o.side == Side.SELL and not o.closes for o in gone)
            free = self._free(account_id) + freed
            return self._lacks_margin(order, gone, locate or again, free, cash)
        if order.side == Side.SELL:
            return [DenyCode.EXCEEDS_POSITION]
        lacking = order.hold > self._free(account_id) + freed
        return [DenyCode.EXCEEDS_BUYING_POWER] if lacking else []

    def _lacking_position(
        self,
        order: NaiveOrder,
        gone: list[NaiveOrder],
        stay: list[NaiveOrder],
        exits: NaiveExits | None,
    ) -> list[int]:
        """Whether there is enough of a position to be closed."""
        instrument_id = order.terms.instrument_id
        position = self.accounts[order.account_id].positions[instrument_id]
        pair = exits is not None and exits.order_class == OrderClass.OCO
        shared = [other for o in gone for other in o.partners]
        held = sum(
            o.leaves
            for o in stay
            if o.closes_now and o not in shared and o.terms.instrument_id == instrument_id
        )
        lacking = DenyCode.LEG_WOULD_OPEN_POSITION if pair else DenyCode.EXCEEDS_POSITION
        codes = [lacking] if order.qty > abs(position.qty) - held else []
        if exits is not None and not pair:
            codes.append(DenyCode.ENTRY_WOULD_CLOSE_POSITION)
        return codes
