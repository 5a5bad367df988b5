"""Goal: Massive's messages mean in ours what the vendor says, and nothing they hold raises.

Method: samples of the published descriptions; any bytes and any JSON from hypothesis.
"""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockyard.adapters import FEEDS
from stockyard.adapters.massive.feed import SYMBOLS_AT_ONCE, MassiveSource, MassiveWire
from stockyard.adapters.massive.rest import (
    MassiveRest,
    read_aggregates,
    read_company,
    read_snapshots,
    read_tickers,
)
from stockyard.market.catalog import CATALOG
from stockyard.model.feeds import FeedRefused, FeedUnavailable, HttpAnswer, ProblemKind, Received
from stockyard.model.ticks import BandTick, BarTick, Counts, QuoteTick, TradeTick
from tests.fakes.massive import MassiveFake, status
from tests.fakes.virtual_time import run_virtual

AAPL = CATALOG[0].instrument
UNIT = 10**AAPL.qty_scale
MS = 1_000_000
SAMPLE = """
[{"ev":"T","sym":"AAPL","x":4,"i":"12345","z":3,"p":150.44,"s":100,"c":[0],"t":1795185062000,
  "q":3135876},
 {"ev":"Q","sym":"AAPL","bx":4,"bp":150.43,"bs":5,"ax":7,"ap":150.45,"as":3,"c":0,"i":[604],
  "t":1795185062100,"q":50385480,"z":3},
 {"ev":"AM","sym":"AAPL","v":15101,"av":1204455,"op":149.2,"vw":150.3402,"o":150.26,"c":150.44,
  "h":150.5,"l":150.2,"a":150.02,"z":80,"s":1795185060000,"e":1795185120000},
 {"ev":"A","sym":"AAPL","v":10,"o":1,"h":1,"l":1,"c":1,"s":1795185060000,"e":1795185061000},
 {"ev":"LULD","T":"AAPL","h":165.5,"l":135.25,"i":[17],"z":3,"t":1795185062000,"q":5}]
"""


def options(**given: str) -> dict[str, str]:
    listed = FEEDS["massive"]().options
    return {**{name: one.default for name, one in listed.items()}, "key": "k", **given}


def wire(**given: str) -> MassiveWire:
    async def prepare() -> MassiveWire:
        found = await MassiveSource(options(**given)).prepare(MassiveFake().fetch, {"AAPL": AAPL})
        assert isinstance(found, MassiveWire)
        return found

    return run_virtual(prepare())


def live(**given: str) -> MassiveWire:
    one = wire(**given)
    for word in ("connected", "auth_success", "success"):
        found = one.received(status(word, ""), 0)
    assert found.is_live
    return one


def say(one: MassiveWire, *events: dict[str, Any]) -> Received:
    return one.received(json.dumps(events), 0)


def trade(**fields: Any) -> dict[str, Any]:
    return {"ev": "T", "sym": "AAPL", "p": 150.44, "s": 100, "t": 1795185062000, **fields}


def test_the_published_samples() -> None:
    found = live().received(SAMPLE, 0)
    assert not found.problems
    one = AAPL.instrument_id
    minute = 1795185060000 * MS
    assert list(found.ticks) == [
        TradeTick(one, "massive", 1_504_400, 100 * UNIT, 1795185062000 * MS, Counts.ALL, 3135876),
        QuoteTick(
            one, "massive", 1_504_300, 1_504_500, 5 * UNIT, 3 * UNIT, 1795185062100 * MS
        ),
        BarTick(
            one, "massive", 60, minute, 1_502_600, 1_505_000, 1_502_000, 1_504_400,
            15_101 * UNIT, 1_503_402, 0, True,
        ),
        BarTick(
            one, "massive", 1, minute, 10_000, 10_000, 10_000, 10_000, 10 * UNIT, 0, 0, True
        ),
        BandTick(one, "massive", 1_352_500, 1_655_000, 1795185062000 * MS),
    ]  # fmt: skip


def test_sizes_in_lots_are_counted_in_the_instruments_round_lot() -> None:
    found = live(quote_sizes="lots").received(SAMPLE, 0)
    quote = found.ticks[1]
    assert isinstance(quote, QuoteTick)
    assert (quote.bid_qty, quote.ask_qty) == (5 * AAPL.round_lot, 3 * AAPL.round_lot)


def test_a_side_without_a_price_is_missing() -> None:
    quote = {"ev": "Q", "sym": "AAPL", "ap": 150.45, "as": 3, "t": 1795185062100}
    (tick,) = say(live(), quote).ticks
    assert isinstance(tick, QuoteTick)
    assert (tick.bid, tick.bid_qty, tick.ask, tick.ask_qty) == (0, 0, 1_504_500, 3 * UNIT)


@pytest.mark.parametrize(
    ("conditions", "counts"),
    [([], Counts.ALL), ([37], Counts.VOLUME), ([7], Counts.VOLUME), ([14, 41], Counts.ALL)],
)
def test_conditions_say_what_a_trade_counts_for(conditions: list[int], counts: int) -> None:
    (tick,) = say(live(), trade(c=conditions)).ticks
    assert isinstance(tick, TradeTick)
    assert tick.counts == counts


def test_an_unknown_condition_counts_fully_and_is_told() -> None:
    found = say(live(), trade(c=[9999]))
    (tick,) = found.ticks
    assert isinstance(tick, TradeTick)
    assert tick.counts == Counts.ALL
    assert [problem.kind for problem in found.problems] == [ProblemKind.UNKNOWN_CONDITION]


def test_fractions_of_shares_are_taken_where_the_feed_has_them() -> None:
    (tick,) = say(live(), trade(s=0, ds="0.25")).ticks
    assert isinstance(tick, TradeTick)
    assert tick.qty == UNIT // 4


@pytest.mark.parametrize("t", [1795185062000, 1795185062000_000, 1795185062000_000_000])
def test_a_times_unit_is_told_by_its_size(t: int) -> None:
    (tick,) = say(live(), {"ev": "LULD", "T": "AAPL", "h": 2, "l": 1, "t": t}).ticks
    assert isinstance(tick, BandTick)
    assert tick.ts_event == 1795185062000 * MS


def test_it_waits_for_the_greeting_and_subscribes_once_it_is_let_in() -> None:
    one = wire(channels="T,Q")
    assert one.opened() == []
    hello = one.received(status("connected", ""), 0)
    assert [json.loads(frame) for frame in hello.sends] == [{"action": "auth", "params": "k"}]
    let_in = one.received(status("auth_success", ""), 0)
    assert [json.loads(frame) for frame in let_in.sends] == [
        {"action": "subscribe", "params": "T.AAPL,Q.AAPL"}
    ]
    assert not let_in.is_live
    assert one.received(status("success", "subscribed to: T.AAPL"), 0).is_live


def test_many_symbols_are_asked_for_in_several_messages() -> None:
    one = live(channels="T")
    sends = one.subscribe({f"S{n}": AAPL for n in range(SYMBOLS_AT_ONCE * 2 + 1)})
    assert [json.loads(frame)["params"].count(",") + 1 for frame in sends] == [
        SYMBOLS_AT_ONCE,
        SYMBOLS_AT_ONCE,
        1,
    ]


def test_a_channel_that_the_plan_lacks_leaves_the_others() -> None:
    one = wire()
    one.received(status("auth_success", ""), 0)
    found = one.received(status("error", "not entitled to: LULD.AAPL"), 0)
    assert found.is_live
    assert [problem.kind for problem in found.problems] == [ProblemKind.REFUSED]


def test_a_bar_of_less_than_nothing_is_refused() -> None:
    bar = {"ev": "AM", "sym": "AAPL", "v": 0, "o": 1, "h": 1, "l": 1, "c": 1, "vw": 1}
    bar |= {"s": 1795185060000, "e": 1795185120000}
    assert len(say(live(), {**bar, "dv": 0}).ticks) == 1
    for wrong in ({"dv": -1}, {"v": -1}, {"vw": -1}):
        found = say(live(), {**bar, **wrong})
        assert (found.ticks, [x.kind for x in found.problems]) == ([], [ProblemKind.MALFORMED])


def test_a_wrong_message_leaves_the_others_of_its_frame() -> None:
    wrong = trade(p="much"), trade(sym="WHO"), trade(p=-1), trade(t=7 * 10**18)
    found = say(live(), trade(), *wrong)
    assert len(found.ticks) == 1
    assert [problem.kind for problem in found.problems] == [
        ProblemKind.MALFORMED,
        ProblemKind.UNKNOWN_SYMBOL,
        ProblemKind.MALFORMED,
        ProblemKind.MALFORMED,
    ]


@pytest.mark.parametrize(
    "given", [{"channels": "T,XT"}, {"channels": ""}, {"quote_sizes": "pounds"}]
)
def test_wrong_options_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected"):
        MassiveSource(options(**given))


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["1e999999999", "NaN", "-Infinity", "1e-999999999", "0." + "1" * 400])
)  # fmt: skip
FIELDS = st.sampled_from(
    ["ev", "sym", "T", "p", "s", "t", "c", "q", "bp", "bs", "ap", "as", "o", "h", "l", "v", "ds"]
)
EVENTS = st.fixed_dictionaries(
    {"ev": st.sampled_from(["T", "Q", "A", "AM", "LULD", "status", "NOI"])},
    optional={"sym": st.just("AAPL"), "T": st.just("AAPL")},
)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_bytes_raise(frame: str | bytes) -> None:
    assert not live().received(frame, 0).ticks


@given(
    st.lists(
        st.tuples(EVENTS, st.dictionaries(FIELDS, SCALARS | st.lists(SCALARS, max_size=3))).map(
            lambda parts: {**parts[0], **parts[1]}
        ),
        max_size=4,
    )
)
def test_no_json_raises(events: list[dict[str, Any]]) -> None:
    for tick in live().received(json.dumps(events), 0).ticks:
        assert tick.instrument_id == AAPL.instrument_id


REST = MassiveRest("k")


def ask_pages(fake: MassiveFake, from_ms: int, to_ms: int) -> list[int]:
    page = read_aggregates(fake.answer(REST.aggregates("AAPL", 60, from_ms, to_ms)))
    times = [bar.t for bar in page.results]
    while page.next_url:
        page = read_aggregates(fake.answer(REST.next_page(page.next_url)))
        times += [bar.t for bar in page.results]
    return times


def test_bars_come_page_by_page() -> None:
    fake = MassiveFake()
    assert ask_pages(fake, 0, 10**13) == []
    bar = {"o": 150.1, "h": 150.4, "l": 150.05, "c": 150.26, "v": 18250, "vw": 150.2231, "n": 204}
    fake.bars["AAPL"] = [{"t": 60_000 * n, **bar} for n in range(7)]
    assert ask_pages(fake, 60_000, 10**13) == [60_000 * n for n in range(1, 7)]
    page = read_aggregates(fake.answer(REST.aggregates("AAPL", 60, 0, 0)))
    assert page.results[0].c == Decimal("150.26")


def test_a_next_page_is_asked_of_our_server_only() -> None:
    request = REST.next_page("https://evil.example/v2/aggs?cursor=1")
    assert request.url == "https://api.massive.com/v2/aggs?cursor=1"


def test_reference_data() -> None:
    fake = MassiveFake()
    found = read_tickers(fake.answer(REST.search("micro")))
    assert [(row.ticker, row.name) for row in found.results] == [("MSFT", "Microsoft Corporation")]
    company = read_company(fake.answer(REST.company("AAPL")))
    assert company is not None
    assert (company.sic_code, company.address.city) == ("3571", "CUPERTINO")
    assert read_company(fake.answer(REST.company("NONE"))) is None
    rows = read_snapshots(fake.answer(REST.snapshots(["AAPL", "NONE"])))
    assert [row.ticker for row in rows] == ["AAPL"]
    assert rows[0].lastQuote is not None
    assert (rows[0].lastQuote.p, rows[0].lastQuote.P) == (Decimal("150.43"), Decimal("150.45"))


def test_answers_that_are_none() -> None:
    fake = MassiveFake()
    with pytest.raises(FeedRefused):
        read_tickers(fake.answer(MassiveRest("wrong").search("a")))
    fake.limited = 1
    with pytest.raises(FeedUnavailable):
        read_tickers(fake.answer(REST.search("a")))
    for body in (b"", b"[]", b'{"results": 7}', b"[" * 100_000, b"\xff"):
        with pytest.raises(FeedUnavailable):
            read_tickers(HttpAnswer(200, body))
