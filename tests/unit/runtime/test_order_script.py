"""Order scripts: what a row means, and what is said of a bad one."""

from datetime import date, time
from hashlib import blake2b
from typing import Final

import pytest

from stockyard.market.catalog import listings_for
from stockyard.model.codes import AssetClass, OrderClass, OrderType, Side, TimeInForce
from stockyard.model.commands import CancelOrder, PlaceOrder, ReplaceOrder
from stockyard.model.numbers import NumberError
from stockyard.runtime import order_script
from stockyard.runtime.order_script import (
    MarketDays,
    OrderScriptError,
    ScriptedOrder,
    read_orders,
    time_of_day,
)

SECOND: Final = 10**9
OPEN_NS: Final = 1_381_152_600 * SECOND
"""2013-10-07 09:30:00 New York."""
HEADER: Final = (
    "time,action,client_order_id,symbol,side,type,qty,notional,limit_price,time_in_force"
)
DAY: Final = MarketDays.of(AssetClass.US_EQUITY, OPEN_NS, OPEN_NS + 6 * 3600 * SECOND)
TWO_DAYS: Final = MarketDays.of(AssetClass.US_EQUITY, OPEN_NS, OPEN_NS + 86_400 * SECOND)


def read(*rows: str, days: MarketDays = DAY, header: str = HEADER) -> tuple[ScriptedOrder, ...]:
    listed = {row.symbol: row for row in listings_for(("IBM", "SPY"), AssetClass.US_EQUITY)}
    return read_orders([header + "\n", *(row + "\n" for row in rows)], "o.csv", listed, days)


def test_a_row_becomes_the_command_a_client_would_send() -> None:
    [order] = read("09:30:01.5,place,a1,IBM,sell,limit,2.5,,182.05,gtc")
    assert (order.line, order.ts) == (2, OPEN_NS + 1_500_000_000)
    assert order.command(7, 0, 0) == PlaceOrder(
        7, 1001, Side.SELL, OrderType.LIMIT, TimeInForce.GTC,
        2_500_000_000, 1_820_500, 0, "a1", "", order.digest,
    )  # fmt: skip
    assert len(order.digest) == 16


def test_blank_cells_missing_columns_and_letter_case_have_a_meaning() -> None:
    [order] = read(
        " 09:30 , Place ,a1, ibm ,BUY,Market,150.25",
        "",
        header="time,action,client_order_id,symbol,side,type,notional",
    )
    assert (order.symbol, order.time_in_force, order.qty) == ("IBM", TimeInForce.DAY, 0)
    assert (order.notional_micros, order.limit_price) == (150_250_000, 0)


def test_stops_have_columns_of_their_own() -> None:
    header = HEADER + ",stop_price,trail_price,trail_percent,expires_at"
    stop, trail, dated, moved = read(
        "09:30:00,place,s,IBM,sell,stop_limit,1,,180,gtc,180.5,,,",
        "09:30:01,place,t,IBM,sell,trailing_stop,1,,,gtc,,,1.5,",
        "09:30:02,place,d,IBM,sell,trailing_stop,1,,,gtd,,2.25,,15:00",
        "09:30:03,replace,d,,,,,,,,,3,,2013-11-07T10:00:00-05:00",
        header=header,
    )
    assert stop.command(7, 0, 0) == PlaceOrder(
        7, 1001, Side.SELL, OrderType.STOP_LIMIT, TimeInForce.GTC,
        SECOND, 1_800_000, 0, "s", "", stop.digest, 1_805_000,
    )  # fmt: skip
    assert (trail.trail_ppm, trail.trail_price, trail.expires_ns) == (15_000, 0, 0)
    assert (dated.trail_price, dated.expires_ns) == (22_500, OPEN_NS + 19_800 * SECOND)
    november = 1_383_836_400 * SECOND
    assert moved.command(7, 500, 0) == ReplaceOrder(
        7, 500, 0, 0, 0, "d/2", "", moved.digest, 0, 30_000, 0, november
    )
    assert len({stop.digest, trail.digest, dated.digest, moved.digest}) == 4
    other = read("09:30:00,place,s,IBM,sell,stop_limit,1,,180,gtc,180,,,", header=header)
    assert other[0].digest != stop.digest


def test_flags_have_columns_of_their_own() -> None:
    header = HEADER + ",reduce_only,post_only"
    plain, reduces, posts, said = read(
        "09:30:00,place,p,IBM,buy,limit,1,,180,gtc,,",
        "09:30:01,place,r,IBM,sell,limit,1,,190,gtc,yes,no",
        "09:30:02,place,q,IBM,buy,limit,1,,180,gtc,,Yes",
        "09:30:03,place,n,IBM,buy,limit,1,,180,gtc,no,no",
        header=header,
    )
    flags = [(o.reduce_only, o.post_only) for o in (plain, reduces, posts, said)]
    assert flags == [(False, False), (True, False), (False, True), (False, False)]
    command = reduces.command(7, 0, 0)
    assert isinstance(command, PlaceOrder)
    assert (command.reduce_only, command.post_only, command.locate) == (True, False, False)
    again = read("09:30:00,place,p,IBM,buy,limit,1,,180,gtc")
    assert again[0].digest == plain.digest
    wrong = ("10:00:00,place,a,IBM,buy,limit,1,,180,gtc,maybe,", "10:00:00,cancel,a,,,,,,,,yes,")
    for row in wrong:
        with pytest.raises(OrderScriptError, match="reduce_only is"):
            read("09:00:00,place,a,IBM,buy,limit,1,,180,gtc,,", row, header=header)


LEGS = (
    ",order_class,take_profit_limit_price,stop_loss_stop_price,stop_loss_limit_price"
    ",stop_loss_trail_price,stop_loss_trail_percent,extended_hours"
)


def test_exits_and_hours_have_columns_of_their_own() -> None:
    both, trails, pair, same, early = read(
        "09:30:00,place,b,IBM,buy,market,1,,,day,Bracket,190,175,174.5,,,",
        "09:30:01,place,t,IBM,buy,limit,1,,180,gtc,oto,,,,,1.5,",
        "09:30:02,place,o,IBM,sell,limit,1,,190,gtc,oco,,,,2.25,,no",
        "09:30:03,place,p,IBM,sell,limit,1,,,gtc,oco,190,,,2.25,,",
        "09:30:04,place,e,IBM,buy,limit,1,,180,day,,,,,,,yes",
        header=HEADER + LEGS,
    )
    assert both.command(7, 0, 0) == PlaceOrder(
        7, 1001, Side.BUY, OrderType.MARKET, TimeInForce.DAY, SECOND, 0, 0, "b", "", both.digest,
        order_class=OrderClass.BRACKET, take_profit_limit=1_900_000, stop_loss_stop=1_750_000,
        stop_loss_limit=1_745_000,
    )  # fmt: skip
    assert (trails.order_class, trails.exits) == (OrderClass.OTO, (0, 0, 0, 0, 15_000))
    assert (pair.limit_price, pair.exits) == (1_900_000, (0, 0, 0, 22_500, 0))
    assert (same.limit_price, same.exits) == (pair.limit_price, pair.exits)
    command = early.command(7, 0, 0)
    assert isinstance(command, PlaceOrder)
    assert (command.extended_hours, command.order_class) == (True, OrderClass.SIMPLE)
    assert len({x.digest for x in (both, trails, pair, same, early)}) == 5
    row = "10:00:00,place,a,IBM,buy,market,1,,,"
    assert read(row + ",,,,,,,", header=HEADER + LEGS) == read(row)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("ladder,,,,,,", 'order_class is "ladder"; use simple, bracket, oco, oto'),
        ("oto,0,,,,,", 'take_profit_limit_price is "0"; write a number above 0'),
        ("oto,,-1,,,,", 'stop_loss_stop_price is "-1"; write a number above 0'),
        ("oto,,,,,1.00001,", 'stop_loss_trail_percent is "1.00001"; at most 4 decimal places'),
        (",,,,,,maybe", 'extended_hours is "maybe"; use no, yes'),
    ],
)
def test_a_bad_cell_of_an_exit_is_told(cells: str, said: str) -> None:
    with pytest.raises(OrderScriptError, match=r"^o\.csv, line 2: ") as caught:
        read("10:00:00,place,a,IBM,buy,market,1,,,gtc," + cells, header=HEADER + LEGS)
    assert said in str(caught.value)
    with pytest.raises(OrderScriptError, match="cancel does not take it"):
        read("10:00:00,cancel,a,,,,,,,,,190,,,,,", header=HEADER + LEGS)


def test_columns_for_stops_that_are_blank_change_no_digest() -> None:
    row = "10:00:00,place,a,IBM,buy,market,1,,,"
    [plain] = read(row)
    [wider] = read(row + ",,,,", header=HEADER + ",stop_price,trail_price,trail_percent,expires_at")
    assert plain == wider
    cells = "\x1f".join(row.split(",")[1:])
    assert plain.digest == blake2b(cells.encode(), digest_size=16).digest()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("180.00001,,,", 'stop_price is "180.00001"; at most 4 decimal places'),
        (",x,,", 'trail_price is "x"; write a plain decimal'),
        (",,1.50001,", 'trail_percent is "1.50001"; at most 4 decimal places'),
        (",,,2013-10-08", 'expires_at is "2013-10-08"; write a time as ISO 8601 with its zone'),
        (",,,25:00", 'expires_at is "25:00"; write a time of day'),
    ],
)
def test_a_bad_cell_of_a_stop_is_told(cells: str, said: str) -> None:
    header = HEADER + ",stop_price,trail_price,trail_percent,expires_at"
    with pytest.raises(OrderScriptError, match=r"^o\.csv, line 2: ") as caught:
        read("10:00:00,place,a,IBM,buy,stop,1,,,gtc," + cells, header=header)
    assert said in str(caught.value)
    with pytest.raises(OrderScriptError, match="cancel does not take it"):
        read("10:00:00,cancel,a,,,,,,,,5,,,", header=header)


def test_cancel_and_replace_name_an_order_placed_before() -> None:
    place, replace, cancel = read(
        "09:31:00,replace,a1,,,,3,,182.1,",
        "09:30:00,place,a1,IBM,buy,limit,2,,182,day",
        "09:31:00,cancel,a1,IBM,,,,,,",
    )
    assert place.line == 3
    assert replace.command(7, 500, 0) == ReplaceOrder(
        7, 500, 3 * SECOND, 1_821_000, 0, "a1/2", "", replace.digest
    )
    assert cancel.command(7, 501, 1) == CancelOrder(7, 501, "", cancel.digest)
    assert {place.symbol, replace.symbol, cancel.symbol} == {"IBM"}


def test_rows_are_played_by_time_and_at_equal_times_as_they_stand() -> None:
    rows = read(
        "10:00:00,place,c,IBM,buy,market,1,,,",
        "09:30:00,place,a,IBM,buy,market,1,,,",
        "2013-10-07T10:00:00-04:00,place,d,IBM,buy,market,1,,,",
        "2013-10-07T13:59:59.999999Z,place,b,IBM,buy,market,1,,,",
    )
    assert "".join(row.client_order_id for row in rows) == "abcd"


def test_the_same_request_has_the_same_digest_and_another_has_not() -> None:
    one, same, other = read(
        "10:00:00,place,a,IBM,buy,market,1,,,",
        "10:00:01,place,a,IBM,buy,market,1,,,",
        "10:00:02,place,a,IBM,buy,market,2,,,",
    )
    assert one.digest == same.digest != other.digest


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("25:00:00,place,a,IBM,buy,market,1,,,", 'time is "25:00:00"; write a time of day'),
        ("10:00:60,place,a,IBM,buy,market,1,,,", "write a time of day"),
        ("2013-10-07T10:00:00,place,a,IBM,buy,market,1,,,", "with its zone"),
        (",place,a,IBM,buy,market,1,,,", "time is blank; write"),
        ("2013-10-08T10:00:00-04:00,place,a,IBM,buy,market,1,,,", "covers 2013-10-07 to"),
        ("10:00:00,buy,a,IBM,buy,market,1,,,", 'action is "buy"; use place, cancel or replace'),
        ("10:00:00,place,,IBM,buy,market,1,,,", "client_order_id is blank; give 1 to 128"),
        ("10:00:00,place,a b,IBM,buy,market,1,,,", "without spaces"),
        ("10:00:00,place," + "a" * 129 + ",IBM,buy,market,1,,,", "give 1 to 128"),
        ("10:00:00,place,a,AIG,buy,market,1,,,", 'symbol is "AIG"; the recording has IBM, SPY'),
        ("10:00:00,place,a,,buy,market,1,,,", "symbol is blank; the recording has IBM, SPY"),
        ("10:00:00,place,a,IBM,hold,market,1,,,", 'side is "hold"; use buy, sell'),
        ("10:00:00,place,a,IBM,buy,peg,1,,,", 'type is "peg"; use market, limit, stop, stop_limit'),
        ("10:00:00,place,a,IBM,buy,,1,,,", "type is blank; use market, limit"),
        ("10:00:00,place,a,IBM,buy,market,1,,,gtx", 'time_in_force is "gtx"; use day, gtc'),
        ("10:00:00,place,a,IBM,buy,market,1e3,,,", 'qty is "1e3"; write a plain decimal'),
        ("10:00:00,place,a,IBM,buy,market,0.0000000001,,,", "at most 9 decimal places"),
        ("10:00:00,place,a,IBM,buy,limit,1,,182.00001,", "at most 4 decimal places"),
        ("10:00:00,place,a,IBM,buy,market,,0.0000001,,", "at most 6 decimal places"),
        ("10:00:00,place,a,IBM,buy,market,1,,", "this row has 9 cells; it should have 10"),
        ("10:00:00,cancel,b,,,,,,,", 'client_order_id is "b"; name an order that another row'),
        ("10:00:00,cancel,z,,,,,,,", "is placed later than this row's time"),
        ("17:00:00,cancel,z,SPY,,,,,,", 'symbol is "SPY"; leave it blank: that order is for IBM'),
        ("17:00:00,cancel,z,,,,5,,,", 'qty is "5"; leave it blank: cancel does not take it'),
        ("17:00:00,replace,z,,sell,,5,,,", 'side is "sell"; leave it blank: replace does not'),
        ("17:00:00,replace,z,,,,0,,,", "leave it blank to keep what the order has"),
        ('10:00:00,place,"a,IBM,buy,market,1,,,', "this is no CSV"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_what_would_be_right(row: str, said: str) -> None:
    with pytest.raises(OrderScriptError, match=r"^o\.csv, line [34]: ") as caught:
        read("16:30:00,place,z,IBM,buy,market,1,,,", row)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "time,action",
        "time,action,client_order_id,price",
        "time,action,client_order_id,time",
    ],
)
def test_a_bad_header_is_told(header: str) -> None:
    with pytest.raises(OrderScriptError, match=r"line 1: .* names time,action,client_order_id and"):
        read(header=header)


def test_a_script_has_a_longest_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_script, "ORDERS_MAX", 2)
    rows = [f"10:00:00,place,a{n},IBM,buy,market,1,,," for n in range(3)]
    assert len(read(*rows[:2])) == 2
    with pytest.raises(OrderScriptError, match="line 4: the script is too long"):
        read(*rows)


def test_over_several_days_a_time_needs_its_date() -> None:
    [order] = read("2013-10-08T10:00:00-04:00,place,a,IBM,buy,market,1,,,", days=TWO_DAYS)
    assert order.ts == OPEN_NS + (86_400 + 1800) * SECOND
    with pytest.raises(OrderScriptError, match="write the date too"):
        read("10:00:00,place,a,IBM,buy,market,1,,,", days=TWO_DAYS)


def test_market_days_follow_the_markets_clock() -> None:
    """Midnight that ends the last bar belongs to the day before; coins count in UTC."""
    midnight = 1_522_800_000 * SECOND
    coins = MarketDays.of(AssetClass.CRYPTO, midnight + 60 * SECOND, midnight + 86_400 * SECOND)
    assert (coins.first, coins.last) == (date(2018, 4, 4), date(2018, 4, 4))
    assert coins.ns(coins.first, time(12)) == midnight + 43_200 * SECOND
    assert coins.end_ns() == midnight + 86_400 * SECOND
    assert MarketDays.of(AssetClass.CRYPTO, midnight, midnight).last == date(2018, 4, 4)
    assert (DAY.first, DAY.last) == (date(2013, 10, 7), date(2013, 10, 7))
    assert DAY.text(OPEN_NS + 1_250_000_000) == "09:30:01.25"
    assert TWO_DAYS.text(OPEN_NS) == "2013-10-07 09:30:00"
    assert DAY.text(OPEN_NS + 86_400 * SECOND) == "2013-10-08 09:30:00"


def test_windows_are_cut_out_of_every_day() -> None:
    begin, end = time_of_day("10:00"), time_of_day("11:30:00")
    half_hour, day = 1800 * SECOND, 86_400 * SECOND
    assert TWO_DAYS.windows(begin, end) == (
        (OPEN_NS + half_hour, OPEN_NS + 4 * half_hour),
        (OPEN_NS + half_hour + day, OPEN_NS + 4 * half_hour + day),
    )
    assert DAY.windows(None, None) == ((DAY.begin_ns(), DAY.end_ns()),)


@pytest.mark.parametrize("text", ["", "10", "24:00", "10:00:00.1234567", "10:00 ", "1000"])
def test_a_time_of_day_has_one_form(text: str) -> None:
    with pytest.raises(NumberError, match="write a time of day"):
        time_of_day(text)
