"""A test's broker: prices and time that obey, in a World that nobody else moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from stockyard.client import ApiError
from stockyard.testing.broker import Broker, open_broker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worlds")


@pytest.fixture
def broker(folder: Path) -> Iterator[Broker]:
    with open_broker(folder, {"profile": "realistic"}) as found:
        yield found


def test_a_price_stands_until_it_is_set_again(broker: Broker) -> None:
    broker.set_quote("AAPL", "189.98", "190.02")
    broker.advance(3600)
    quote = broker.client.quote("AAPL")
    assert (quote.bid, quote.ask, quote.stale) == ("189.98", "190.02", False)
    # Under this profile a quote older than a minute fills nothing.
    assert broker.client.orders.place("AAPL", "buy", 1).filled_avg_price == "190.02"
    broker.set_quote("AAPL", "191", None)
    assert broker.client.quote("AAPL").ask is None


def test_a_path_is_gone_along_though_there_is_no_market(broker: Broker) -> None:
    broker.set_quote("AAPL", "100", "100.02")
    broker.advance(1)
    broker.market.path("AAPL", [{"seconds": 4, "price": "110"}, {"seconds": 6, "price": "90"}])
    seen = []
    for _ in range(4):
        broker.advance(2)
        seen.append(broker.client.quote("AAPL").bid)
    assert seen == ["104.99", "109.99", "89.99", "89.99"]


def test_a_gap_comes_at_the_next_open(broker: Broker) -> None:
    broker.set_quote("AAPL", "100", "100.02")
    broker.market.gap("AAPL", percent=-10, when="next_open")
    broker.jump("next_close")
    assert broker.client.quote("AAPL").bid == "100.00"
    broker.jump("next_open")
    broker.advance(1)
    assert broker.client.quote("AAPL").bid == "89.99"


def test_nights_pass_quickly(broker: Broker) -> None:
    """Where nothing moves there is little to do: two records a minute, not two a second."""
    broker.set_quote("AAPL", "100", "100.02")
    before = broker.client.health().seq
    broker.jump("next_close")
    broker.jump("next_open")
    assert broker.client.health().seq - before < 24 * 60 * 10


def test_partial_fills_come_of_small_quotes(broker: Broker) -> None:
    broker.set_quote("AAPL", "100", "100.02", ask_size=30)
    order = broker.client.orders.place("AAPL", "buy", 100, type="limit", limit_price="100.02")
    assert (order.status, order.filled_qty) == ("partially_filled", "30")


def test_a_log_tells_orders_and_controls(broker: Broker) -> None:
    broker.note("begin")
    broker.set_quote("AAPL", "100", "100.02")
    broker.client.orders.place("AAPL", "buy", 5)
    told = broker.log()
    begin, quote, filled = (told.index(one) for one in ("begin", "market.quote", "OrderFilled"))
    assert begin < quote < filled


def test_outcomes_are_planned(broker: Broker) -> None:
    broker.set_quote("AAPL", "100", "100.02")
    broker.plan("deny", reason="exceeds_buying_power", side="buy")
    with pytest.raises(ApiError, match="exceeds_buying_power"):
        broker.client.orders.place("AAPL", "buy", 1)
    broker.plan("fill", qty=3, then="wait")
    order = broker.client.orders.place("AAPL", "buy", 10)
    assert (order.status, order.filled_qty) == ("partially_filled", "3")
    assert broker.release(order.id).id == order.id
    assert broker.client.orders.read(order.id).status == "filled"
    broker.plan("hold")
    assert broker.client.sim.outcomes.forget()[-1].outcome == "hold"


def test_a_log_is_read_page_by_page(broker: Broker) -> None:
    for number in range(5):
        broker.note(f"remark {number}")
    page = broker.client.sim.events(-2, limit=1)
    assert "remark 3" in page.inputs[0].text
    followed = broker.client.sim.follow(page.next_after)
    assert "remark 4" in next(followed).text
    broker.note("remark 5")
    assert "remark 5" in next(followed).text
    assert len([one for one in broker.client.sim.log() if "remark" in one.text]) == 6


def test_who_is_signed_in_and_has_not_said_listen_is_not_waited_for(broker: Broker) -> None:
    keys = {"APCA-API-KEY-ID": broker.key_id, "APCA-API-SECRET-KEY": broker.secret_key}
    address = broker.url.replace("http", "ws") + "/stream"
    with connect(address, additional_headers=keys) as socket:
        assert b"authorized" in as_bytes(socket.recv())
        assert broker.world.streams() == 0
        socket.send('{"action":"listen","data":{"streams":["trade_updates"]}}')
        broker.wait_for_streams(1)
        assert b"listening" in as_bytes(socket.recv())


def as_bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def test_waiting_has_an_end(broker: Broker) -> None:
    with pytest.raises(TimeoutError, match=r"within 0\.05 s"):
        broker.wait_for_streams(1, timeout_s=0.05)
    broker.wait_for(lambda: True)
