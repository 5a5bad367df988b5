"""Early and late trading and auctions over HTTP and the stream: fields, answers, words.

The world's stocks trade as at their exchange; it is 2026-01-02 10:00 in New York, a Friday.
"""

import pytest

from stockyard.model.codes import Auction
from stockyard.model.facts import ClockTick
from tests.api.listener import Listener
from tests.api.rig import NOW, SECOND, Rig, Trader

HOUR = 3600 * SECOND
CLOSE_NS = NOW + 6 * HOUR
LIMIT = {"type": "limit", "limit_price": "190.01"}


@pytest.fixture
async def exchange() -> Rig:
    """A door whose stocks have sessions and auctions."""
    rig = Rig(stock_calendar="xnys")
    rig.quote("AAPL", 189.99, 190.01)
    return rig


def at(rig: Rig, ts_ns: int) -> None:
    """Let the clock reach a time."""
    rig.clock.time_ns = ts_ns - SECOND
    rig.feed(ClockTick())


async def test_assets_and_clock_tell_the_phase(exchange: Rig) -> None:
    stranger = Trader(exchange, {})
    apple = (await stranger.call("GET", "/assets/AAPL")).json
    assert (apple["phase"], apple["auctions"], apple["extended_hours"]) == ("open", True, True)
    coin = (await stranger.call("GET", "/assets/BTC/USD")).json
    assert (coin["phase"], coin["auctions"], coin["extended_hours"]) == ("open", False, False)
    stocks = (await stranger.call("GET", "/clock")).json["calendars"][0]
    assert stocks == {
        "name": "xnys",
        "asset_classes": ["us_equity"],
        "is_open": True,
        "phase": "open",
        "next_open": "2026-01-05T14:30:00.000000000Z",
        "next_close": "2026-01-02T21:00:00.000000000Z",
        "next_pre_open": "2026-01-05T09:00:00.000000000Z",
        "next_post_close": "2026-01-03T01:00:00.000000000Z",
    }
    phases = {-8: "closed", -6: "pre", 6: "post", 10: "closed"}
    for hours, phase in phases.items():
        exchange.clock.time_ns = NOW + hours * HOUR
        stocks = (await stranger.call("GET", "/clock")).json["calendars"][0]
        assert (stocks["phase"], stocks["is_open"]) == (phase, False), hours
    exchange.clock.time_ns = NOW + 6 * HOUR
    stocks = (await stranger.call("GET", "/clock")).json["calendars"][0]
    assert stocks["next_close"] == "2026-01-05T21:00:00.000000000Z"


async def test_the_calendar_tells_sessions(exchange: Rig) -> None:
    stocks, coins = (await Trader(exchange, {}).call("GET", "/calendar")).json
    assert (stocks["name"], coins["name"]) == ("xnys", "always")
    assert stocks["sessions"][0] == {
        "pre_open": "2026-01-02T09:00:00.000000000Z",
        "open": "2026-01-02T14:30:00.000000000Z",
        "close": "2026-01-02T21:00:00.000000000Z",
        "post_close": "2026-01-03T01:00:00.000000000Z",
    }
    assert coins["sessions"][0]["pre_open"] is None


async def test_an_extended_order_from_its_post_to_its_story(exchange: Rig) -> None:
    ann = await exchange.trader("ann@example.com")
    at(exchange, CLOSE_NS)
    plain = (await ann.order(**LIMIT)).json
    late = (await ann.order(**LIMIT, extended_hours=True)).json
    assert (plain["status"], plain["extended_hours"]) == ("accepted", False)
    assert (late["status"], late["extended_hours"]) == ("new", True)
    assert late["expires_at"] == "2026-01-03T01:00:00.000000000Z"
    exchange.quote("AAPL", 189.99, 190.01)
    exchange.restart()
    found = (await ann.call("GET", f"/orders/{late['id']}")).json
    assert (found["status"], found["extended_hours"]) == ("filled", True)
    story = (await ann.call("GET", f"/orders/{late['id']}/story")).json
    assert "also in extended hours" in story[0]["text"]


async def test_an_order_on_close_from_its_post_to_its_story(exchange: Rig) -> None:
    ann = await exchange.trader("ann@example.com")
    listener = await Listener(exchange).connected(ann.headers)
    await listener.next()
    order = (await ann.order(time_in_force="cls")).json
    assert (order["status"], order["time_in_force"]) == ("accepted", "cls")
    at(exchange, CLOSE_NS - 60 * SECOND)
    refused = await ann.order(time_in_force="cls")
    assert (refused.status, refused.json["code"]) == (422, "auction_cut_off")
    at(exchange, CLOSE_NS)
    exchange.auction("AAPL", Auction.CLOSING, 190.50, 4000)
    told = [(frame["type"], frame["event"]) for frame in await listener.some(4)]
    assert told == [
        ("order", "accepted"),
        ("request", "denied"),
        ("order", "activated"),
        ("fill", "fill"),
    ]
    await listener.hang_up()
    found = (await ann.call("GET", f"/orders/{order['id']}")).json
    assert (found["status"], found["filled_avg_price"]) == ("filled", "190.50")
    [fill] = (await ann.call("GET", f"/orders/{order['id']}/executions")).json
    assert fill["rule"] == "auction_whole_at_print"
    texts = [c["text"] for c in (await ann.call("GET", f"/orders/{order['id']}/story")).json]
    assert "It waits for the closing auction." in texts[0]
    assert texts[1] == "The closing auction printed, and the order traded in it."
    assert "at 190.50: the auction's price, whatever its size" in texts[2]
    quote = (await ann.call("GET", "/quotes/AAPL")).json
    assert (quote["last"], quote["last_size"]) == ("190.50", "4000")


async def test_a_bounded_fill_tells_the_printed_size(exchange: Rig) -> None:
    ann = await exchange.trader("ann@example.com")
    assert (await ann.call("PATCH", "/account", {"profile": "realistic"})).status == 200
    order = (await ann.order(time_in_force="cls")).json
    at(exchange, CLOSE_NS)
    exchange.auction("AAPL", Auction.CLOSING, 190.50, 4)
    found = (await ann.call("GET", f"/orders/{order['id']}")).json
    assert (found["status"], found["filled_qty"]) == ("canceled", "4")
    assert found["reason"] == "not_filled_in_auction"
    texts = [c["text"] for c in (await ann.call("GET", f"/orders/{order['id']}/story")).json]
    assert "the auction's price, with 4 of its size still open" in texts[2]
