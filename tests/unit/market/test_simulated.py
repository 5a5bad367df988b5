"""The simulated market keeps its promises and looks like a market."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import correlation, mean

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockyard.market.calendars import ALWAYS_ID
from stockyard.market.catalog import CATALOG, Listing
from stockyard.market.simulated import SimulatedMarket
from stockyard.model.codes import Auction
from stockyard.model.facts import AuctionPrint, FundingRate, MarkPrice, Quote, Trade

SECOND = 10**9
START = 1_790_000_000 * SECOND
ALL_IDS = frozenset(row.instrument.instrument_id for row in CATALOG)
BY_SYMBOL = {row.instrument.symbol: row for row in CATALOG}
BY_ID = {row.instrument.instrument_id: row for row in CATALOG}


def run(
    listings: Sequence[Listing], steps: int, seconds: float = 1.0, seed: int = 7
) -> Iterable[Quote | Trade]:
    """Facts of a number of steps at an even pace."""
    market = SimulatedMarket(listings, seed)
    ids = {row.instrument.instrument_id for row in listings}
    for number in range(steps):
        yield from market.step(START + int(number * seconds * SECOND), ids)


def log_returns(symbols: Sequence[str], steps: int, seconds: float) -> dict[str, list[float]]:
    """Logarithmic returns of the middle prices."""
    listings = [BY_SYMBOL[symbol] for symbol in symbols]
    mids: dict[int, list[float]] = {row.instrument.instrument_id: [] for row in listings}
    for fact in run(listings, steps, seconds):
        if isinstance(fact, Quote):
            mids[fact.instrument_id].append(math.log((fact.bid + fact.ask) / 2))
    return {
        symbol: [b - a for a, b in pairwise(path)]
        for symbol, path in zip(symbols, mids.values(), strict=True)
    }


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**63),
    first_step=st.integers(0, 2**32),
    pauses=st.lists(st.integers(0, 400_000), min_size=1, max_size=12),
)
def test_every_fact_is_believable(seed: int, first_step: int, pauses: list[int]) -> None:
    market = SimulatedMarket(CATALOG, seed, first_step=first_step)
    ts_ns = START
    for pause_ms in pauses:
        ts_ns += pause_ms * 1_000_000
        quotes: dict[int, Quote] = {}
        trades: dict[int, int] = {}
        for fact in market.step(ts_ns, ALL_IDS):
            assert fact.ts_event == ts_ns
            instrument = BY_ID[fact.instrument_id].instrument
            if isinstance(fact, Quote):
                assert 0 < fact.bid < fact.ask
                assert fact.bid % instrument.tick == fact.ask % instrument.tick == 0
                assert min(fact.bid_qty, fact.ask_qty) >= instrument.round_lot
                assert fact.bid_qty % instrument.round_lot == 0
                assert fact.ask_qty % instrument.round_lot == 0
                quotes[fact.instrument_id] = fact
            elif isinstance(fact, MarkPrice):
                assert fact.mark % instrument.tick == 0
                assert abs(fact.mark - fact.index) <= fact.index // 200 + instrument.tick
            elif isinstance(fact, FundingRate):
                assert abs(fact.rate_e9) <= instrument.funding_bound_e9
            else:
                quote = quotes[fact.instrument_id]
                assert quote.bid <= fact.price <= quote.ask
                assert fact.price % instrument.tick == 0
                assert 0 < fact.qty <= max(quote.bid_qty, quote.ask_qty)
                assert fact.qty % instrument.lot == 0
                trades[fact.instrument_id] = trades.get(fact.instrument_id, 0) + 1
        assert set(quotes) == ALL_IDS
        assert max(trades.values(), default=0) <= 3


def test_the_same_seed_and_times_repeat_exactly() -> None:
    assert list(run(CATALOG, 50)) == list(run(CATALOG, 50))
    assert list(run(CATALOG, 50)) != list(run(CATALOG, 50, seed=8))


def test_one_name_does_not_depend_on_which_others_are_listed() -> None:
    alone = list(run([BY_SYMBOL["KO"]], 50))
    among = [fact for fact in run(CATALOG, 50) if fact.instrument_id == 17]
    assert alone == among


@pytest.mark.parametrize(("symbol", "seconds"), [("AAPL", 60), ("KO", 60), ("BTC/USD", 60)])
def test_realised_volatility_is_the_stated_one(symbol: str, seconds: float) -> None:
    listing = BY_SYMBOL[symbol]
    (path,) = log_returns([symbol], 20_000, seconds).values()
    closes = listing.instrument.calendar_id != ALWAYS_ID
    year_seconds = 252 * 6.5 * 3600 if closes else 365.25 * 86_400
    variance = mean(change * change for change in path) * year_seconds / seconds
    if closes:
        # A fifth of a stock's variance comes overnight; this run never closes.
        variance /= 0.8
    stated = listing.traits.volatility_annual
    assert math.sqrt(variance) == pytest.approx(stated, rel=0.08)


def test_a_faster_pace_moves_less_per_step_and_as_much_in_time() -> None:
    (slow,) = log_returns(["TSLA"], 6_000, 120.0).values()
    (fast,) = log_returns(["TSLA"], 24_000, 30.0).values()
    assert sum(x * x for x in fast) == pytest.approx(sum(x * x for x in slow), rel=0.2)
    assert mean(abs(x) for x in fast) < 0.6 * mean(abs(x) for x in slow)


def test_names_move_together_as_much_as_they_should() -> None:
    paths = log_returns(["JPM", "V", "KO", "SPY", "BTC/USD", "ETH/USD"], 6_000, 60.0)
    within = correlation(paths["JPM"], paths["V"])
    across = correlation(paths["JPM"], paths["KO"])
    with_coin = correlation(paths["JPM"], paths["BTC/USD"])
    assert within == pytest.approx(0.58, abs=0.1)
    assert within > across + 0.1 > with_coin + 0.15
    assert correlation(paths["SPY"], paths["JPM"]) > across
    assert correlation(paths["BTC/USD"], paths["ETH/USD"]) > 0.5
    assert with_coin > 0


@pytest.mark.parametrize("symbol", ["AAPL", "META", "BTC/USD", "ADA/USD"])
def test_spread_and_sizes_are_on_average_as_stated(symbol: str) -> None:
    instrument, traits = BY_SYMBOL[symbol]
    quotes = [fact for fact in run([BY_SYMBOL[symbol]], 8_000) if isinstance(fact, Quote)]
    spread_ticks = mean((fact.ask - fact.bid) // instrument.tick for fact in quotes)
    assert spread_ticks == pytest.approx(traits.spread_ticks, rel=0.12)
    assert len({fact.ask - fact.bid for fact in quotes}) > 1
    for side in ("bid_qty", "ask_qty"):
        sizes = [getattr(fact, side) for fact in quotes]
        assert mean(sizes) == pytest.approx(traits.displayed_qty, rel=0.2)
        assert len(set(sizes)) > 3


def test_trades_come_at_their_rate_and_their_size() -> None:
    instrument, traits = BY_SYMBOL["XOM"]
    facts = list(run([BY_SYMBOL["XOM"]], 8_000))
    trades = [fact for fact in facts if isinstance(fact, Trade)]
    assert len(trades) / 8_000 == pytest.approx(traits.trades_per_second, rel=0.08)
    assert mean(fact.qty for fact in trades) == pytest.approx(traits.trade_qty, rel=0.12)
    assert all(fact.qty % 10**instrument.qty_scale == 0 for fact in trades)


def test_a_closed_name_stands_still_and_gaps_when_it_opens() -> None:
    market = SimulatedMarket(CATALOG, 7)
    moves, idle = [], []
    ts_ns = START
    for _ in range(300):
        before = market.mids()
        ts_ns += 17 * 3600 * SECOND
        market.step(ts_ns, ALL_IDS)
        moves.append(abs(math.log(market.mids()[1] / before[1])))
        before = market.mids()
        ts_ns += SECOND
        facts = market.step(ts_ns, ALL_IDS - {1})
        idle.append(market.mids()[1] == before[1])
        assert all(fact.instrument_id != 1 for fact in facts)
    assert all(idle)
    # 20 % of the variance of 27 % a year: about 0.6 % on an average morning.
    assert mean(moves) == pytest.approx(0.27 * math.sqrt(0.2 / 252) * 0.8, rel=0.25)


def test_a_restart_continues_from_the_last_prices() -> None:
    market = SimulatedMarket(CATALOG, 7)
    for number in range(500):
        market.step(START + number * SECOND, ALL_IDS)
    mids = market.mids()
    again = SimulatedMarket(CATALOG, 7, mids=mids, first_step=market.next_step)
    assert again.mids() == mids
    for fact in again.step(START + 3_600 * SECOND, ALL_IDS):
        if isinstance(fact, Quote):
            assert (fact.bid + fact.ask) / 2 == pytest.approx(mids[fact.instrument_id], rel=0.01)
    assert again.next_step == market.next_step + 1


@pytest.mark.parametrize("mid", [1, 10**15])
def test_a_price_from_nowhere_is_brought_back_within_bounds(mid: int) -> None:
    market = SimulatedMarket([BY_SYMBOL["AAPL"]], 7, mids={1: mid})
    reference = BY_SYMBOL["AAPL"].traits.reference_price
    for number in range(20):
        for fact in market.step(START + number * SECOND, {1}):
            if isinstance(fact, Quote):
                assert reference / 21 < fact.bid < fact.ask < reference * 21


def test_the_wildest_name_stays_within_a_factor_of_twenty() -> None:
    instrument, traits = BY_SYMBOL["AAPL"]
    wild = Listing(instrument, traits._replace(volatility_annual=200.0))
    reference = traits.reference_price
    mids = [
        (fact.bid + fact.ask) / 2 for fact in run([wild], 2_000, 300.0) if isinstance(fact, Quote)
    ]
    assert reference / 20.1 < min(mids) < reference / 15
    assert reference * 15 < max(mids) < reference * 20.1


def test_time_that_goes_back_moves_nothing() -> None:
    market = SimulatedMarket([BY_SYMBOL["AAPL"]], 7)
    market.step(START, {1})
    before = market.mids()
    facts = market.step(START - 5 * SECOND, {1})
    assert market.mids() == before
    assert {fact.ts_event for fact in facts} == {START}


def test_a_name_below_a_dollar_is_quoted_in_hundredths_of_a_cent() -> None:
    instrument, traits = BY_SYMBOL["KO"]
    cheap = Listing(
        msgspec.structs.replace(instrument, instrument_id=99),
        traits._replace(reference_price=5_000, spread_ticks=3.0),
    )
    quotes = [fact for fact in run([cheap], 400) if isinstance(fact, Quote)]
    assert any(fact.bid % instrument.tick for fact in quotes)
    assert all(0 < fact.bid < fact.ask < instrument.tick_threshold for fact in quotes)


def test_a_reference_price_without_room_is_refused() -> None:
    instrument, traits = BY_SYMBOL["KO"]
    with pytest.raises(ValueError, match="leaves no room to move"):
        SimulatedMarket([Listing(instrument, traits._replace(reference_price=4))], 7)


def test_extended_hours_move_less_at_wider_spreads_and_smaller_sizes() -> None:
    spreads: dict[bool, float] = {}
    sizes: dict[bool, float] = {}
    trades: dict[bool, int] = {}
    moves: dict[bool, float] = {}
    for late in (False, True):
        market = SimulatedMarket([BY_SYMBOL["MSFT"]], 7)
        open_ids, late_ids = ({2}, set()) if not late else (set(), {2})
        facts = [
            fact
            for number in range(2_000)
            for fact in market.step(START + number * SECOND, open_ids, late_ids)
        ]
        quotes = [fact for fact in facts if isinstance(fact, Quote)]
        spreads[late] = mean(quote.ask - quote.bid for quote in quotes)
        sizes[late] = mean(quote.bid_qty for quote in quotes)
        trades[late] = len(facts) - len(quotes)
        moves[late] = mean(abs(b.bid + b.ask - a.bid - a.ask) for a, b in pairwise(quotes))
    assert spreads[True] > 3 * spreads[False]
    assert sizes[True] < sizes[False] / 2
    assert 0 < trades[True] < trades[False] / 10
    assert moves[True] < moves[False]


def test_an_auction_prints_once_at_the_middle_before_the_quote() -> None:
    market, again = (SimulatedMarket([BY_SYMBOL["AAPL"]], 7) for _ in range(2))
    facts = market.step(START, {1}, (), {1: Auction.OPENING})
    assert facts == again.step(START, {1}, (), {1: Auction.OPENING})
    printed, quote = facts[:2]
    assert isinstance(printed, AuctionPrint)
    assert isinstance(quote, Quote)
    assert printed.kind == Auction.OPENING
    assert quote.bid <= printed.price <= quote.ask
    assert (printed.price % 100, printed.qty % 10**9) == (0, 0)
    [closing] = market.step(START + SECOND, (), (), {1: Auction.CLOSING})
    assert (closing.instrument_id, closing.ts_event) == (1, START + SECOND)
    assert abs(closing.price - printed.price) <= 200


def test_without_prints_a_market_is_the_same_as_with_them() -> None:
    """An auction draws from numbers of its own, and moves nothing."""
    with_one, without = (SimulatedMarket(CATALOG, 7) for _ in range(2))
    facts = with_one.step(START, ALL_IDS, (), {1: Auction.OPENING, 2: Auction.CLOSING})
    kept = [fact for fact in facts if not isinstance(fact, AuctionPrint)]
    assert len(facts) == len(kept) + 2
    assert kept == without.step(START, ALL_IDS)
    assert with_one.step(START + SECOND, ALL_IDS) == without.step(START + SECOND, ALL_IDS)


def test_a_price_that_was_set_is_gone_on_from_without_the_jump_of_a_night() -> None:
    instrument, traits = BY_SYMBOL["AAPL"]
    wild = Listing(instrument, traits._replace(volatility_annual=8.0))
    ids = {instrument.instrument_id}

    def moves(is_set: bool) -> float:
        squares = []
        for first_step in range(40):
            market = SimulatedMarket([wild], 7, first_step=first_step * 10)
            market.step(START, ids)
            before = market.mid(instrument.instrument_id)
            if is_set:
                market.set_mid(instrument.instrument_id, before)
            market.step(START + 7_200 * SECOND, ids)
            squares.append(math.log(market.mid(instrument.instrument_id) / before) ** 2)
        return math.sqrt(mean(squares))

    assert moves(False) > 0.15
    assert moves(True) < 0.09


def test_a_price_far_away_is_gone_on_from_as_far_as_the_tick_leaves_room() -> None:
    market = SimulatedMarket(CATALOG, 7)
    instrument = BY_SYMBOL["AAPL"].instrument
    dollar = 10**instrument.price_scale
    assert market.set_mid(instrument.instrument_id, 30_000 * dollar) == 30_000 * dollar
    market.step(START, ALL_IDS)
    assert abs(market.mid(instrument.instrument_id) / dollar / 30_000 - 1) < 0.01
    low = market.set_mid(instrument.instrument_id, 1)
    assert instrument.tick_threshold < low <= 2 * instrument.tick_threshold
    contract, spot = BY_SYMBOL["BTC-PERP"].instrument, BY_SYMBOL["BTC/USD"].instrument
    index = market.index(contract.instrument_id)
    assert abs(market.set_mid(contract.instrument_id, index * 2) / index - 1) < 0.01
    market.set_mid(spot.instrument_id, market.mid(spot.instrument_id) // 2)
    assert abs(market.index(contract.instrument_id) / index - 0.5) < 0.001
    assert market.mid(10**6) == market.index(spot.instrument_id) == 0
