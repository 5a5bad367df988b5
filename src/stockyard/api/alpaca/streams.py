"""Alpaca's WebSockets: which path is which stream, and who is let in.

Promises: every path that Alpaca streams at is known here; those that are not offered say so in
Alpaca's words. Must not know: what a stream says.
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from stockyard.api.alpaca import fakepaca
from stockyard.api.alpaca.data_frames import DataFrames
from stockyard.api.alpaca.data_streams import (
    CoinSocket,
    DataSocket,
    RefusingSocket,
    StockSocket,
    TrialSocket,
)
from stockyard.api.alpaca.formats import JSON, PACKED, Format, format_of
from stockyard.api.alpaca.trade_stream import TradeSocket
from stockyard.api.alpaca.trade_updates import TradeUpdates
from stockyard.api.gateway import Gateway
from stockyard.api.handshake import accept, refuse
from stockyard.api.heads import Head, Receive, Scope, Send
from stockyard.api.listeners import TRY_LATER
from stockyard.api.problems import Problem

TRADE_PATHS: Final = ("/stream", "/stream/")
"""alpaca-py's and the path of its predecessor, alpaca-trade-api."""
STOCK_FEEDS: Final = ("iex", "sip", "delayed_sip", "otc", "boats", "overnight")
"""All of them are the same market here, and none is delayed."""
SOCKETS: Final[dict[str, type[DataSocket]]] = {
    **{f"/v2/{feed}": StockSocket for feed in STOCK_FEEDS},
    **{f"/v1beta3/crypto/{place}": CoinSocket for place in ("us", "us-1", "eu-1")},
    "/v2/test": TrialSocket,
    "/v1beta1/indicative": RefusingSocket,
    "/v1beta1/opra": RefusingSocket,
    "/v1beta1/news": RefusingSocket,
}


class AlpacaStreams:
    """All of Alpaca's WebSockets of one door."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._door = gateway, gateway.door
        self._frames: dict[Format, DataFrames] = {
            form: DataFrames(gateway.door, form) for form in (JSON, PACKED)
        }
        gateway.makers += self._frames.values()
        self.updates = TradeUpdates(gateway.door)
        self._testing: asyncio.Task[None] | None = None

    def takes(self, path: str) -> bool:
        """Whether a path is one of Alpaca's streams."""
        return path in SOCKETS or path in TRADE_PATHS

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket to its end."""
        socket = WebSocket(scope, receive, send)
        head = Head(scope)
        try:
            head.check_origin()
        except Problem as problem:
            await refuse(socket, head, problem)
            return
        await accept(socket, head)
        form = format_of(head.headers.get(b"content-type"))
        if scope["path"] in TRADE_PATHS:
            await self._serve(self._trades(socket, head, form), socket)
        else:
            await self._serve(self._data(scope["path"], socket, head, form), socket)

    def _data(self, path: str, socket: WebSocket, head: Head, form: Format) -> DataSocket:
        return SOCKETS[path](self._gateway, socket, head, form, self._frames[form])

    def _trades(self, socket: WebSocket, head: Head, form: Format) -> TradeSocket:
        is_binary = form.is_binary or b"frames=text" not in head.query.split(b"&")
        return TradeSocket(self._gateway, socket, head, form, is_binary, self.updates)

    async def _serve(self, one: DataSocket | TradeSocket, socket: WebSocket) -> None:
        try:
            self._gateway.enter(one)
        except Problem as problem:
            with suppress(RuntimeError, OSError, WebSocketDisconnect):
                await one.refuse(f"{problem.wrong}: {problem.right}")
                await socket.close(TRY_LATER, problem.wrong)
            return
        if isinstance(one, TrialSocket) and (self._testing is None or self._testing.done()):
            self._testing = asyncio.create_task(self._test())
        try:
            await one.run()
        finally:
            one.leave()
            self._gateway.leave(one)

    async def _test(self) -> None:
        """Tell the stream to try out, as long as anybody is on it."""
        clock = self._door.world.clock
        step = fakepaca.step_of(clock.wall_ns())
        while listeners := [one for one in self._gateway if isinstance(one, TrialSocket)]:
            rest_ns = fakepaca.step_ns(step + 1) - clock.wall_ns()
            await asyncio.sleep(max(0, rest_ns) / 1e9)
            # After a pause of the process what was missed is not made up for.
            step = max(step + 1, fakepaca.step_of(clock.wall_ns()))
            for one in listeners:
                one.tell_step(step)
