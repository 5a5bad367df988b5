"""Recorded text becomes exact facts, or an error that says what would be right."""

import msgspec
import pytest

from stockyard.adapters import RECORDED_SOURCES, open_recording
from stockyard.market.catalog import listing_for
from stockyard.model.codes import AssetClass
from stockyard.model.facts import Quote, Trade
from stockyard.model.numbers import NumberError
from stockyard.model.recordings import (
    RecordedRow,
    RecordingError,
    RowScaler,
    checked_columns,
    recorded_time,
    table_facts,
)

IBM = listing_for("IBM", AssetClass.US_EQUITY)
BTC = listing_for("BTC/USD", AssetClass.CRYPTO)
TS = 1_381_152_601_250_000_000
UTC_TEXT = "2013-10-07T13:30:01.25Z"


@pytest.mark.parametrize(
    "text",
    [
        UTC_TEXT,
        "2013-10-07 13:30:01.250000000Z",
        "2013-10-07T09:30:01.25-04:00",
        "2013-10-07T09:30:01.25-0400",
        "2013-10-07T19:00:01.25+05:30",
        "1381152601250000000",
    ],
)
def test_times_in_every_form(text: str) -> None:
    assert recorded_time(text) == TS


def test_a_time_keeps_its_last_nanosecond() -> None:
    assert recorded_time("2013-10-07T13:30:01.250000007Z") == TS + 7


@pytest.mark.parametrize(
    "text",
    [
        "2013-10-07T13:30:01",
        "2013-10-07",
        "2013-02-30T13:30:01Z",
        "2013-10-07T25:30:01Z",
        "1381152601",
        "1381152601250",
        "-1381152601250000000",
        "99999999999999999999",
        "9999999999999999999",
        "1.5e18",
        "",
        "nan",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(NumberError, match="time"):
        recorded_time(text)


def test_a_quote_is_scaled_by_its_instrument() -> None:
    quote = RowScaler(IBM).quote("181.25", "181.8", "200", "3000", TS)
    assert quote == Quote(1001, 1_812_500, 1_818_000, 200 * 10**9, 3000 * 10**9, TS)


def test_ten_thousandths_are_scaled_exactly() -> None:
    quote = RowScaler(IBM, 4).quote("1812501", "1818000", "200", "3000", TS)
    assert (quote.bid, quote.ask) == (1_812_501, 1_818_000)
    cents = msgspec.structs.replace(IBM, price_scale=2)
    assert RowScaler(cents, 4).quote("1812500", "", "200", "", TS).bid == 18_125
    with pytest.raises(NumberError, match="at most 2 decimal places"):
        RowScaler(cents, 4).quote("1812501", "", "200", "", TS)


@pytest.mark.parametrize(
    ("bid", "bid_size"), [("", ""), ("0", "0"), ("181.25", "0"), ("0", "100"), ("", "100")]
)
def test_a_side_without_price_or_size_is_missing(bid: str, bid_size: str) -> None:
    quote = RowScaler(IBM).quote(bid, "181.8", bid_size, "3000", TS)
    assert (quote.bid, quote.bid_qty) == (0, 0)
    assert (quote.ask, quote.ask_qty) == (1_818_000, 3000 * 10**9)


def test_sizes_are_rounded_down_never_up() -> None:
    trade = RowScaler(BTC).trade("416.15", "0.34307688999999997", TS)
    assert trade == Trade(21, 4_161_500, 343_076_889, TS)
    assert RowScaler(BTC).trade("416.15", "0.0000000009", TS) is None


@pytest.mark.parametrize(
    ("price", "size"),
    [
        ("181.12345", "1"),
        ("1e3", "1"),
        ("-1", "1"),
        ("nan", "1"),
        ("0", "1"),
        ("181", "-1"),
        ("181", "1e3"),
        ("181", "9" * 40),
        ("9" * 41, "1"),
        ("١٨١", "1"),
    ],
)
def test_what_is_no_price_or_size_is_refused(price: str, size: str) -> None:
    with pytest.raises(NumberError):
        RowScaler(IBM).trade(price, size, TS)


def test_a_row_with_quote_and_trade_gives_both() -> None:
    row = RecordedRow(2, UTC_TEXT, "IBM", "181.25", "181.8", "200", "300", "181.5", "50")
    facts = list(table_facts([row], {"IBM": IBM}, "day.csv"))
    assert [type(fact) for fact in facts] == [Quote, Trade]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (RecordedRow(3, UTC_TEXT, "IBM"), "a row holds bid and ask or price and size"),
        (RecordedRow(3, "noon", "IBM", "1", "2", "1", "1"), "write a time as ISO 8601"),
        (RecordedRow(3, UTC_TEXT, "IBM", price="x", size="1"), "plain decimal number"),
        (
            RecordedRow(3, "2013-10-07T13:30:00Z", "IBM", price="181", size="1"),
            "sort the rows by ts",
        ),
    ],
)
def test_a_bad_row_names_file_line_and_remedy(row: RecordedRow, told: str) -> None:
    good = RecordedRow(2, UTC_TEXT, "IBM", price="181", size="1")
    with pytest.raises(RecordingError, match=told) as caught:
        list(table_facts([good, row], {"IBM": IBM}, "day.csv"))
    assert (caught.value.where, caught.value.line) == ("day.csv", 3)
    assert str(caught.value).startswith("day.csv, line 3: ")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "ts,symbol",
        "ts,bid,ask,bid_size,ask_size",
        "ts,symbol,bid,ask",
        "ts,symbol,price",
        "ts,symbol,price,size,venue",
        "ts,symbol,price,size,size",
        "time,symbol,price,size",
    ],
)
def test_a_wrong_header_says_what_it_should_be(header: str) -> None:
    with pytest.raises(RecordingError, match="they should be ts,symbol and bid,ask"):
        checked_columns(header.split(","), "day.csv")


@pytest.mark.parametrize(
    "header",
    ["ts,symbol,price,size", "symbol,ts,ask,bid,ask_size,bid_size", "ts,symbol,price,size,bid,ask"],
)
def test_headers_in_any_order_but_whole(header: str) -> None:
    if header.endswith("bid,ask"):
        header += ",bid_size,ask_size"
    assert checked_columns(header.split(","), "day.csv") == tuple(header.split(","))


@pytest.mark.parametrize("spec", ["", "csv", "csv:", "lean:?date=2013-10-07", "ftp:day", "day.csv"])
def test_a_spec_that_names_nothing_lists_the_sources(spec: str) -> None:
    with pytest.raises(RecordingError, match="write one of lean:PATH, csv:PATH, parquet:PATH"):
        open_recording(spec)


@pytest.mark.parametrize("query", ["symbols", "symbols=IBM&symbols=SPY", "&", "=&"])
def test_an_unclear_query_is_refused(query: str) -> None:
    with pytest.raises(RecordingError):
        open_recording(f"csv:day.csv?{query}")


@pytest.mark.parametrize("source", RECORDED_SOURCES)
def test_every_source_refuses_an_unknown_option_and_a_missing_file(source: str) -> None:
    with pytest.raises(RecordingError, match='no option "speed"'):
        open_recording(f"{source}:nowhere?speed=2")
    with pytest.raises(RecordingError, match="nowhere"):
        open_recording(f"{source}:nowhere")
