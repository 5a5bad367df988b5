"""Orders in Alpaca's words against the same orders in our own, and what Alpaca's client feels.

Both ways take turns on one server with everything a user has, so that what else the machine does
meets both. The client is alpaca-py, unmodified, in a process of its own.
"""

import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from bench import child, load
from bench.figures import Figure, Report, quantile
from bench.machine import processor_seconds
from bench.orders_over_http import CONNECTIONS, SNAPSHOT_SECONDS, Place
from bench.serving import Serving
from bench.sizes import Sizes

ALPACA: Final = "/v2/orders"
SLOWER: Final = 0.8
"""The least share of the native rate that is hoped for."""
DEARER: Final = 1.25
"""The same said of time: it depends less on what else the machine does."""


class Trips(msgspec.Struct):
    """How long orders took through the client, and as plain requests of its own session."""

    client_ms: list[float]
    plain_ms: list[float]


def run(sizes: Sizes, folder: Path) -> Report:
    """Orders a second through both ways in turn, and round trips of alpaca-py."""
    place = Place(folder, 0, 0)
    rates: dict[str, list[float]] = {load.NATIVE: [], ALPACA: []}
    spent: dict[str, float] = dict.fromkeys(rates, 0.0)
    orders = dict.fromkeys(rates, 0)
    with Serving(place.data, snapshot_seconds=SNAPSHOT_SECONDS) as server:
        for turn in range(sizes.rounds):
            for path in rates if turn % 2 else [*rates][::-1]:
                used = processor_seconds(server.process.pid)
                found = place.drive(
                    server,
                    place.keys[:CONNECTIONS],
                    connections=CONNECTIONS,
                    orders=sizes.loaded_orders // 2,
                    rounds=1,
                    name=f"{path.count('/')}-{turn}",
                    path=path,
                    resting="day",
                ).rounds[0]
                spent[path] += processor_seconds(server.process.pid) - used
                rates[path].append(found.per_second)
                orders[path] += found.orders
        trips = _trips(server, place, sizes)
    place.close()
    return Report([*_rates(rates, spent, orders), *_round_trips(trips)])


def _rates(
    rates: dict[str, list[float]], spent: dict[str, float], orders: dict[str, int]
) -> list[Figure]:
    ours, theirs = median(rates[load.NATIVE]), median(rates[ALPACA])
    # The short round before each counts as processor time too: the same for both.
    each = {path: spent[path] / orders[path] * 1e6 for path in rates}
    return [
        Figure(
            "alpaca_orders_per_second",
            f"Durable orders through POST {ALPACA}, {CONNECTIONS} connections",
            theirs,
            "orders/s",
            f">= {SLOWER:g}x the native path",
            theirs >= SLOWER * ours,
            f"POST {load.NATIVE}, {ours:,.0f} orders/s",
            theirs / ours,
        ),
        Figure(
            "alpaca_processor_an_order",
            f"The server's processor time for each of them, through POST {ALPACA}",
            each[ALPACA],
            "us",
            f"<= {DEARER:g}x the native path",
            each[ALPACA] <= DEARER * each[load.NATIVE],
            f"POST {load.NATIVE}, {each[load.NATIVE]:.0f} us",
            each[ALPACA] / each[load.NATIVE],
        ),
    ]


def _trips(server: Serving, place: Place, sizes: Sizes) -> Trips:
    given = {
        "url": f"http://127.0.0.1:{server.port}",
        "key": msgspec.to_builtins(place.keys[CONNECTIONS]),
        "symbol": msgspec.to_builtins(server.symbols()[0]),
        "orders": sizes.lone_orders,
    }
    return child.run("bench.alpaca:round_trips", Trips, given)


def round_trips(url: str, key: Any, symbol: Any, orders: int) -> Trips:
    """Orders one after another, by turns through the client and as plain requests."""
    from alpaca.trading.client import TradingClient
    from alpaca.trading.requests import MarketOrderRequest

    client = TradingClient(key["key_id"], key["secret"], url_override=url)
    found = Trips([], [])
    said = {"symbol": symbol["symbol"], "qty": symbol["qty"], "type": "market"}
    for n in range(orders):
        terms = {**said, "side": "sell" if n % 2 else "buy", "time_in_force": "day"}
        begun = time.perf_counter()
        client.submit_order(MarketOrderRequest(**terms))
        found.client_ms.append((time.perf_counter() - begun) * 1e3)
        terms["side"] = "sell" if n % 2 else "buy"
        begun = time.perf_counter()
        answer = client._session.post(url + ALPACA, json=terms, headers=client._get_auth_headers())
        found.plain_ms.append((time.perf_counter() - begun) * 1e3)
        assert answer.status_code == 200, answer.text
    return found


def _round_trips(trips: Trips) -> list[Figure]:
    figures = []
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        value, plain = quantile(trips.client_ms, share), quantile(trips.plain_ms, share)
        figures.append(
            Figure(
                f"alpaca_py_order_{name}",
                f"An order through alpaca-py, one after another, {name}",
                value,
                "ms",
                "",
                None,
                f"the same by requests without the client's models, {plain:.2f} ms",
                value / plain,
            )
        )
    return figures
