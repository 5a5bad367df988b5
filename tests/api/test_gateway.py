"""The gateway over real sockets: one encode for all, full sockets, compression, limits."""

import asyncio
import zlib
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from stockyard.api.wire import DEFLATE_BYTES_MIN, Shared
from stockyard.runtime import hub
from tests.api.listener import Listener
from tests.api.rig import Rig, Trader
from tests.api.serving import PATIENCE, Deaf, say, served, told
from tests.api.test_watch import scraped

STREAM = "ws://127.0.0.1:{}/api/v1/stream"


async def until(holds: Any) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_says_how_long_it_is(size: int) -> None:
    wire = Shared("x", b"a" * size).wire()
    assert wire[0] == 0x81
    assert wire.endswith(b"a" * size)
    length = {1: wire[1], 3: int.from_bytes(wire[2:4], "big"), 9: int.from_bytes(wire[2:10], "big")}
    assert length[len(wire) - size - 1] == size


def test_only_large_messages_are_deflated_each_by_itself() -> None:
    small, large = Shared("x", b"a" * (DEFLATE_BYTES_MIN - 1)), Shared("x", b"ab" * 2000)
    assert small.wire(12) is small.wire()
    assert large.wire(0) is large.wire()
    assert large.wire(8) is large.wire(), "zlib has no window of 8 bits"
    for _ in range(2):
        wire = large.wire(12)
        assert wire is large.wire(12)
        assert wire[0] == 0xC1
        plain = zlib.decompressobj(-12).decompress(wire[2:] + b"\x00\x00\xff\xff")
        assert plain == large.payload


def test_an_event_names_what_can_be_resumed_from() -> None:
    assert Shared("quotes", b"{}").event() == b"event: quotes\ndata: {}\n\n"
    assert Shared("fill", b"{}", "7-1").event() == b"id: 7-1\nevent: fill\ndata: {}\n\n"


async def test_a_change_is_encoded_once_however_many_receive_it(rig: Rig) -> None:
    async with served(rig) as port:
        clients = [await connect(STREAM.format(port)) for _ in range(20)]
        for client in clients:
            assert (await told(client))["type"] == "connected"
            await say(client, type="subscribe", symbols=["AAPL", "BTC/USD"])
            assert (await told(client))["type"] == "snapshot"
        before = rig.app.gateway.public.encoded
        rig.quote("AAPL", 190.02, 190.04)
        found = [await told(client) for client in clients]
        assert all(frame == found[0] for frame in found)
        assert found[0]["quotes"][0]["bid"] == "190.02"
        assert rig.app.gateway.public.encoded == before + 1
        for client in clients:
            await client.close()
        await until(lambda: len(rig.world.hub) == 0)


async def test_many_changes_go_out_in_slices_and_each_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockyard.api.gateway.RENDERED_AT_ONCE", 2)
    monkeypatch.setattr("stockyard.api.gateway.SLICE", 1)
    listeners = [await Listener(rig).connected() for _ in range(3)]
    for listener in listeners:
        listener.send(type="subscribe_all", channels=["quotes", "trades"])
        await listener.next()
    symbols = ["AAPL", "MSFT", "BTC/USD", "META", "NVDA"]
    for symbol in symbols:
        rig.trade(symbol, 100)
    for listener in listeners:
        trades, quotes = await listener.some(2)
        assert [trade["symbol"] for trade in trades["trades"]] == symbols
        assert [quote["symbol"] for quote in quotes["quotes"]] == symbols
        assert listener.frames.empty()
        await listener.hang_up()


async def test_trades_come_each_and_in_order_with_the_quotes_they_make(rig: Rig) -> None:
    async with served(rig) as port, connect(STREAM.format(port)) as client:
        await told(client)
        await say(client, type="subscribe", symbols=["AAPL"], channels=["quotes", "trades"])
        assert list(await told(client)) == ["type", "quotes"]
        rig.trade("AAPL", 190.04, 3)
        rig.trade("AAPL", 190.05, 2.5)
        trades, quotes = await told(client), await told(client)
        assert [(t["symbol"], t["price"], t["size"]) for t in trades["trades"]] == [
            ("AAPL", "190.04", "3"),
            ("AAPL", "190.05", "2.5"),
        ]
        assert trades["trades"][0]["seq"] < trades["trades"][1]["seq"] == rig.world.view.seq
        assert quotes["quotes"][0]["last"] == "190.05"
        await say(client, type="unsubscribe", symbols=["AAPL"], channels=["quotes"])
        assert await told(client) == {"type": "unsubscribed", "channel": "quotes", "symbols": []}
        rig.trade("AAPL", 190.06)
        assert (await told(client))["type"] == "trades"
        await say(client, type="unsubscribe_all", channels=["trades", "quotes"])
        assert [(await told(client))["channel"] for _ in range(2)] == ["trades", "quotes"]


@pytest.mark.parametrize(
    ("channels", "code"),
    [(["prices"], "unknown_channel"), ([], "missing_field"), (["quotes", 1], "invalid_type")],
)
async def test_channels_that_cannot_be(rig: Rig, channels: list[Any], code: str) -> None:
    listener = await Listener(rig).connected()
    listener.send(type="subscribe", symbols=["AAPL"], channels=channels)
    refused = await listener.next()
    assert (refused["type"], refused["code"]) == ("error", code)
    await listener.hang_up()


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("", b""),
        ("permessage-deflate", b"permessage-deflate; server_no_context_takeover"),
        ("permessage-deflate; server_max_window_bits=10", b"server_max_window_bits=10"),
        ("permessage-deflate; client_max_window_bits", b"client_max_window_bits=12"),
        ("x-webkit-deflate-frame", b""),
    ],
)
async def test_compression_is_agreed_to_where_asked_for(
    rig: Rig, asked: str, answered: bytes
) -> None:
    async with served(rig) as port:
        client = await Deaf(port).open(asked)
        assert answered in client.head
        assert (b"permessage-deflate" in client.head) == ("permessage-deflate" in asked)
        client.socket.close()


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_a_client_reads_what_was_deflated(
    rig: Rig, ann: Trader, compression: str | None
) -> None:
    async with served(rig) as port:
        url = STREAM.format(port)
        client = await connect(url, compression=compression, additional_headers=ann.headers)
        await told(client)
        assert (await told(client))["type"] == "authenticated"
        await say(client, type="subscribe_all")
        snapshot = await told(client)
        assert len(snapshot["quotes"]) == len(rig.world.view.instruments)
        sent = rig.app.gateway.sent_bytes
        assert (sent < 1_500) == (compression is not None)
        await ann.order(qty="1")
        assert [(await told(client))["type"] for _ in range(2)] == ["order", "fill"]
        await say(client, type="ping")
        assert (await told(client))["type"] == "pong"
        await client.close()


async def fill_up(rig: Rig, deaf: Deaf) -> hub.Subscriber:
    """Ask for more than the client's socket takes; its subscriber."""
    for _ in range(50):
        await deaf.say(type="subscribe_all", channels=["quotes", "trades"])

    def full() -> list[hub.Subscriber]:
        streams = rig.app.streams
        return [one.subscriber for one in streams if one._wire and one._wire.blocked_since]

    await until(full)
    return full()[0]


async def test_who_stops_reading_is_conflated_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "QUEUE_ITEMS_MAX", 5)
    rig = Rig()
    async with served(rig) as port:
        keen = await connect(STREAM.format(port))
        await told(keen)
        await say(keen, type="subscribe", symbols=["AAPL"])
        await told(keen)
        deaf = await Deaf(port).open()
        subscriber = await fill_up(rig, deaf)
        sent = rig.app.gateway.sent
        for n in range(40):
            rig.quote("AAPL", 190 + n, 191 + n)
            assert (await told(keen))["quotes"][0]["bid"] == f"{190 + n}.00"
            rig.trade("AAPL", 190.5)
            assert (await told(keen))["quotes"][0]["last"] == "190.50"
        assert rig.app.gateway.sent == sent + 80, "nothing was done for who does not read"
        series = await scraped(rig)
        assert series["gateway_blocked",] == 1
        assert series["gateway_messages_total",] == rig.app.gateway.sent
        assert series["gateway_missed_total",] == 35
        assert len(subscriber.pending) == 1
        assert len(subscriber.items) == 5
        reading = asyncio.create_task(deaf.drain())
        await until(lambda: not subscriber.pending)
        rig.app.begin_stop("enough")
        frames, closed = await reading
        assert closed == (1001, "enough")
        kinds = [frame["type"] for frame in frames]
        assert kinds.count("quotes") == 1
        late = {frame["type"]: frame for frame in frames}
        assert late["quotes"]["quotes"][0]["bid"] == "229.00"
        assert len(late["trades"]["trades"]) == 5
        assert late["gap"] == {"type": "gap", "channel": "trades", "missed": 35}
        await keen.close()


async def test_who_does_not_read_for_long_is_closed_with_a_reason() -> None:
    rig = Rig(stall_s=0.05)
    rig.quote("AAPL", 189.99, 190.01)
    async with served(rig) as port:
        deaf = await Deaf(port).open()
        await fill_up(rig, deaf)
        await until(lambda: any(stream.ending for stream in rig.app.streams))
        _, closed = await deaf.drain()
        assert closed == (4008, "the client reads too slowly: connect again and resume")
        assert (await scraped(rig))["gateway_cut_off_total",] == 1
        await until(lambda: len(rig.world.hub) == 0)


async def test_who_never_reads_again_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockyard.api.sockets.CLOSE_S", 0.05)
    rig = Rig(stall_s=0.05)
    async with served(rig) as port:
        deaf = await Deaf(port).open()
        await fill_up(rig, deaf)
        await until(lambda: len(rig.world.hub) == 0)
        with pytest.raises(ConnectionError):
            await deaf.drain()
        deaf.socket.close()


async def test_who_answers_no_ping_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockyard.api.wire.ABORT_S", 0.02)
    rig = Rig()
    async with served(rig, ws_ping_interval=0.02, ws_ping_timeout=0.05) as port:
        deaf = await Deaf(port).open()
        await until(lambda: len(rig.world.hub) == 1)
        await until(lambda: len(rig.world.hub) == 0)
        deaf.socket.close()


async def test_one_address_and_one_user_have_so_many_streams(ann: Trader, bob: Trader) -> None:
    rig = ann.rig
    rig.app = Rig(rig.disk, streams_per_address=3, streams_per_user=1).app
    opened = [await Listener(rig).connected(ann.headers)]
    assert (await opened[0].next())["type"] == "authenticated"
    opened.append(await Listener(rig).connected(ann.headers))
    refused = await opened[1].next()
    assert (refused["type"], refused["code"]) == ("error", "too_many_streams")
    opened.append(await Listener(rig).connected(bob.headers))
    assert (await opened[2].next())["type"] == "authenticated"
    late = await Listener(rig).open()
    assert await late.end() == (
        1013,
        "too many streams from this address: keep at most 3 open",
    )
    await opened.pop(0).hang_up()
    opened.append(await Listener(rig).connected(ann.headers))
    assert (await opened[-1].next())["type"] == "authenticated"
    for listener in opened:
        await listener.hang_up()
    assert len(rig.app.gateway) == 0
    assert not rig.app.gateway._of_address


async def test_a_fault_of_the_fan_out_ends_streams_and_is_logged(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(subscriber: hub.Subscriber) -> None:
        raise RuntimeError("no quote")

    async with served(rig) as port:
        client = await connect(STREAM.format(port))
        await told(client)
        await say(client, type="subscribe", symbols=["AAPL"])
        await told(client)
        monkeypatch.setattr(rig.app.gateway.public, "compose", broken)
        rig.quote("AAPL", 190.02, 190.04)
        with pytest.raises(ConnectionClosed) as closed:
            await told(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
        assert "the fan-out failed" in caplog.text
