"""What can be traded, and the tables the engine decides with. All of it enters as journaled facts.

Promises: prices, quantities and cash are scaled integers; the scale of a price or a quantity
belongs to the instrument (decimal places), cash is in millionths of a US dollar. Must not know: any
venue by name.
"""

from typing import Final

import msgspec

from stockyard.model.codes import AssetClass, LimitRule

DEPTH_LEVELS_MAX: Final = 20


class Instrument(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One tradable instrument.

    ``price_scale`` and ``qty_scale`` are decimal places. ``tick`` is the price increment at or
    above ``tick_threshold``, ``tick_below`` under it (Reg NMS 612: $0.01, and $0.0001 under $1.00).
    ``lot``: smallest quantity step; ``round_lot``: what a quote's size is counted in at the
    exchange. ``band_bps``: how far a limit price may lie from the market; ``collar_bps``: how far a
    market order may walk from the quote it saw, both in hundredths of a percent. ``auctions``:
    whether its sessions begin and end with one.

    Of a perpetual contract: ``index_symbol`` what it follows; ``leverage_max`` and
    ``leverage_start`` (where nobody has chosen another); ``maintenance_ppm`` of a position's value
    at the mark must be there while it is held; ``liquidation_fee_ppm`` of the value that the house
    closes; funding every ``funding_interval_ns``, at most ``funding_bound_e9`` billionths.
    """

    instrument_id: int
    symbol: str
    name: str
    asset_class: int
    exchange: str
    calendar_id: int
    price_scale: int
    qty_scale: int
    tick: int
    tick_below: int
    tick_threshold: int
    lot: int
    round_lot: int
    qty_max: int
    band_bps: int
    collar_bps: int
    notional_micros_min: int
    tradable: bool = True
    auctions: bool = False
    index_symbol: str = ""
    leverage_max: int = 0
    leverage_start: int = 0
    maintenance_ppm: int = 0
    liquidation_fee_ppm: int = 0
    funding_interval_ns: int = 0
    funding_bound_e9: int = 0

    def __post_init__(self) -> None:
        """Refuse terms that no engine could compute with, before they are journaled."""
        if min(self.tick, self.tick_below, self.lot, self.qty_max, self.round_lot) <= 0:
            raise ValueError(f"{self.symbol}: ticks, lots and the largest quantity are above zero")
        if not (0 <= self.price_scale <= 9 and 6 <= self.price_scale + self.qty_scale <= 18):
            raise ValueError(f"{self.symbol}: scales add up to 6 to 18 decimal places")
        if self.asset_class == AssetClass.CRYPTO_PERP:
            self._check_contract()

    def _check_contract(self) -> None:
        """Refuse a contract whose positions would be liquidated as soon as they are opened."""
        if not 1 <= self.leverage_start <= self.leverage_max:
            raise ValueError(f"{self.symbol}: the first leverage lies between 1 and the most")
        if not 0 < self.maintenance_ppm * self.leverage_max < 1_000_000:
            raise ValueError(f"{self.symbol}: positions are opened with more than they must keep")
        fee, interval, bound = (
            self.liquidation_fee_ppm,
            self.funding_interval_ns,
            self.funding_bound_e9,
        )
        if not (0 <= fee < 1_000_000 and interval > 0 and 0 <= bound < 10**9):
            raise ValueError(f"{self.symbol}: fees and funding are parts of a position's value")


class Session(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One trading session: open from ``open_ns`` up to but not including ``close_ns`` (UTC, ns).

    ``pre_open_ns`` and ``post_close_ns``: when trading outside the regular session begins before
    and ends after it, 0 for none.
    """

    open_ns: int
    close_ns: int
    pre_open_ns: int = 0
    post_close_ns: int = 0

    @property
    def begins_ns(self) -> int:
        """When its first trading begins."""
        return self.pre_open_ns or self.open_ns

    @property
    def ends_ns(self) -> int:
        """When its last trading ends."""
        return self.post_close_ns or self.close_ns


class FeeRule(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of a fee table.

    ``kind``: a ``FeeKind``. ``side``: a ``Side`` or 0 for both. ``maker``: 0 taker only, 1 maker
    only, 2 both. ``per_million_micros``: fee in micro-dollars per million dollars of value.
    ``per_unit_micros_e6``: fee in millionths of a micro-dollar per share or coin. ``cap_micros``:
    most for one order, 0 for none. ``round_to_micros``: the order's running total is rounded up to
    this.
    """

    kind: int
    side: int
    maker: int
    per_million_micros: int
    per_unit_micros_e6: int
    cap_micros: int
    round_to_micros: int

    def __post_init__(self) -> None:
        """Refuse a rule that no engine could compute with, before it is journaled."""
        if self.round_to_micros <= 0:
            raise ValueError("a fee is rounded up to a step above zero")
        if min(self.per_million_micros, self.per_unit_micros_e6, self.cap_micros) < 0:
            raise ValueError("a fee is not below zero")


class VenueProfile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How honest fills are for an account. Later fields default to what version 1 did.

    ``size_bounded``: fills take no more than the displayed size of the quote. ``fees``: whether the
    fee table applies. ``quote_age_ns_max``: an older quote fills nothing; 0 for no bound.

    ``size_cap_ppm``: share of a displayed or printed size that fills may take, in millionths.
    ``depth_levels``: price levels behind the quote's, each ``depth_step_bps`` of the price (at
    least a tick) further away and with ``depth_size_ppm`` of the quote's size. ``limit_rule``: a
    ``LimitRule``. ``latency_ns``: how much later orders, cancellations and replacements reach the
    venue. ``slippage_bps``: how much worse than offered a market order trades.
    ``improvement_ppm``: share of the spread by which a taking order does better, with a probability
    of ``improvement_odds_ppm``. ``deny_halted``, ``deny_stale``: whether orders are denied, rather
    than held, during a halt and on a quote that is too old. ``reject_ppm``: share of orders that
    the venue refuses.
    """

    profile_id: int
    version: int
    name: str
    size_bounded: bool
    fees: bool
    quote_age_ns_max: int
    size_cap_ppm: int = 1_000_000
    depth_levels: int = 0
    depth_step_bps: int = 0
    depth_size_ppm: int = 0
    limit_rule: int = LimitRule.TOUCH
    latency_ns: int = 0
    slippage_bps: int = 0
    improvement_ppm: int = 0
    improvement_odds_ppm: int = 0
    deny_halted: bool = False
    deny_stale: bool = False
    reject_ppm: int = 0

    def __post_init__(self) -> None:
        """Refuse a profile that no engine could work with, before it is journaled."""
        shares = (
            self.size_cap_ppm,
            self.improvement_ppm,
            self.improvement_odds_ppm,
            self.reject_ppm,
        )
        if not all(0 <= share <= 1_000_000 for share in shares) or self.size_cap_ppm == 0:
            raise ValueError(f"{self.name}: shares lie between nothing and a million millionths")
        if not 0 <= self.depth_levels <= DEPTH_LEVELS_MAX or not 0 <= self.slippage_bps < 10_000:
            raise ValueError(
                f"{self.name}: at most {DEPTH_LEVELS_MAX} levels, slippage below 100 %"
            )
        if self.depth_levels and not self.size_bounded:
            raise ValueError(f"{self.name}: without a bound on size there are no deeper levels")
        if min(self.depth_step_bps, self.depth_size_ppm, self.latency_ns) < 0:
            raise ValueError(f"{self.name}: steps, sizes and latency are not below zero")
        if self.limit_rule not in (LimitRule.TOUCH, LimitRule.PENETRATE, LimitRule.QUEUE):
            raise ValueError(f"{self.name}: there is no such limit rule")


class MarginTerms(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What margin accounts must put up and pay: Regulation T and FINRA 4210, with the house's own.

    Shares are millionths of the market value, amounts micro-dollars, ``*_share_micros`` and
    ``*_price_micros`` micro-dollars a share. Initial: of what is bought or sold short. Maintenance
    of a long position: ``long_ppm``, all of it below ``long_low_price_micros``; of a short one the
    larger of a part and an amount per share, the ``short_low_*`` ones below
    ``short_low_price_micros``. Nobody borrows with an equity below ``equity_micros_min``.
    ``debit_ppm``: a year's interest on borrowed cash; a year has ``year_days``. ``grace_ns``: from
    a margin call until positions are closed.
    """

    initial_long_ppm: int
    initial_short_ppm: int
    long_ppm: int
    long_low_price_micros: int
    short_ppm: int
    short_share_micros: int
    short_low_price_micros: int
    short_low_ppm: int
    short_low_share_micros: int
    equity_micros_min: int
    debit_ppm: int
    year_days: int
    grace_ns: int

    def __post_init__(self) -> None:
        """Refuse terms under which a falling price would help a long position, or a rising one a
        short position; the watch over margin accounts relies on that.
        """
        if min(msgspec.structs.astuple(self)) < 0 or self.year_days == 0:
            raise ValueError("margin terms are not below zero, and a year has days")
        if max(self.initial_long_ppm, self.long_ppm) > 1_000_000:
            raise ValueError("a long position needs no more than its value")
        high = max(
            self.short_share_micros * 1_000_000, self.short_ppm * self.short_low_price_micros
        )
        low = max(
            self.short_low_share_micros * 1_000_000,
            self.short_low_ppm * self.short_low_price_micros,
        )
        if high < low:
            raise ValueError("a short position needs no less when its price has risen")


class Limits(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Limits the engine enforces; changed by appending a new fact."""

    open_orders_max: int
    order_notional_micros_max: int
    transfer_micros_max: int
    balance_micros_max: int
    accounts_per_owner_max: int
    key_ttl_ns: int
