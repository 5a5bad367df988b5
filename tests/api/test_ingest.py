"""The webhook: what is taken, known already, denied or put off, and who may send it."""

from base64 import b64encode
from typing import Any

import msgspec
import pytest

from stockyard.api.ingest import BATCH_MAX, BYTES_MAX
from stockyard.app import feed_runners, followed_feeds, ingest_credentials
from stockyard.config import ConfigError, read_config
from stockyard.model.facts import Quote, Trade
from stockyard.model.ticks import MarketView
from stockyard.runtime.feed_socket import FeedHttp
from stockyard.runtime.market_data import TRADES_LINE_MAX
from tests.api.rig import NOW, Answer, Rig

MS = NOW // 10**6
AAPL = 1


class Hook(Rig):
    """A rig with a webhook, and the credentials for it."""

    def __init__(self) -> None:
        super().__init__(ingest=("feeder", "sesame"))
        self.count = 0

    def tick(self, **said: Any) -> dict[str, Any]:
        """A trade of AAPL at its reference price unless said otherwise."""
        self.count += 1
        tick = {
            "symbol": "AAPL",
            "price": "200.01",
            "volume": 100,
            "ts": MS,
            "source": "one",
            "event_id": str(self.count),
            **said,
        }
        return {name: value for name, value in tick.items() if value is not None}

    def quote(self, **said: Any) -> dict[str, Any]:
        """A quote of AAPL."""
        sides = {"bid": "200.00", "bid_size": "3", "ask": 200.02, "ask_size": 4}
        return self.tick(**{"price": None, "volume": None, **sides, **said})

    async def send(
        self, path: str, json: Any = None, secret: str = "sesame", **more: Any
    ) -> Answer:
        """A request with the credentials."""
        text = b64encode(f"feeder:{secret}".encode()).decode()
        return await self.call(
            "POST", path, json, headers={"authorization": f"Basic {text}", **more.pop("say", {})},
            **more,
        )  # fmt: skip

    async def one(self, **said: Any) -> Answer:
        """One trade."""
        return await self.send("/ingest/tick", self.tick(**said))

    async def many(self, *ticks: Any) -> Answer:
        """A batch."""
        return await self.send("/ingest/ticks", {"ticks": ticks})

    @property
    def view(self) -> MarketView:
        """Of AAPL."""
        view = self.world.market.view(AAPL)
        assert view is not None
        return view

    def told(self) -> list[Trade | Quote]:
        """What the engine was told."""
        self.world.writer.drain()
        inputs = [record.input for record in self.world.journal.read(0)]
        return [one for one in inputs if isinstance(one, Trade | Quote)]


@pytest.fixture(name="hook")
def _hook() -> Hook:
    return Hook()


async def test_without_credentials_in_the_settings_there_is_no_webhook() -> None:
    """As if it had never been written."""
    answer = await Rig().call("POST", "/ingest/tick", {})
    assert (answer.status, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Basic"},
        {"authorization": "Basic !!!"},
        {"authorization": "Bearer " + b64encode(b"feeder:sesame").decode()},
        {"authorization": "Basic " + b64encode(b"feeder:wrong").decode()},
        {"authorization": "Basic " + b64encode(b"feeder").decode()},
        {"authorization": "Basic " + b64encode(b"").decode()},
    ],
)
async def test_wrong_credentials(hook: Hook, headers: dict[str, str]) -> None:
    """Nothing is read, and Basic is asked for."""
    for path in ("/ingest/tick", "/ingest/ticks"):
        answer = await hook.call("POST", path, {"nonsense": 1}, headers=headers)
        assert (answer.status, answer.json["code"]) == (401, "invalid_credentials")
        assert answer.headers["www-authenticate"] == 'Basic realm="ingest"'


async def test_a_trade_reaches_bars_view_and_engine(hook: Hook) -> None:
    """Price and volume as text, an integer or a number."""
    for price, volume in (("200.01", "100"), (200.05, 1.5), (201, 2)):
        answer = await hook.one(price=price, volume=volume)
        assert (answer.status, answer.json) == (202, {"taken": 1, "duplicates": 0, "denied": []})
    assert [(one.price, one.qty) for one in hook.told() if isinstance(one, Trade)] == [
        (2_000_100, 100 * 10**9),
        (2_000_500, 15 * 10**8),
        (2_010_000, 2 * 10**9),
    ]
    assert (hook.view.last, hook.view.count, hook.view.last_source) == (2_010_000, 3, "one")


async def test_a_quote_reaches_view_and_engine(hook: Hook) -> None:
    """Both sides, or one of them."""
    for said in ({}, {"bid": None, "bid_size": None, "ask": "200.05"}):
        answer = await hook.send("/ingest/tick", hook.quote(**said))
        assert answer.status == 202, answer
    assert [(one.bid, one.ask, one.bid_qty, one.ask_qty) for one in hook.told()] == [
        (2_000_000, 2_000_200, 3 * 10**9, 4 * 10**9),
        (0, 2_000_500, 0, 4 * 10**9),
    ]


async def test_numbers_keep_their_exact_value(hook: Hook) -> None:
    """A sender's float is rounded to the symbol's decimal places; text must fit exactly."""
    assert (await hook.one(price=0.1 + 0.2 + 200)).status == 202
    assert hook.view.last == 2_003_000
    assert (await hook.one(price="200.30000000000004")).json["code"] == "invalid_price"
    assert (await hook.send("/ingest/tick", body=msgspec.json.encode(
        hook.tick(price=msgspec.Raw(b"2.0012e2"))), say={"content-type": "application/json"}
    )).status == 202  # fmt: skip
    assert hook.view.last == 2_001_200


async def test_an_event_is_taken_once(hook: Hook) -> None:
    """By its source and id; another source's is another event."""
    tick = hook.tick()
    for expected in ((1, 0), (0, 1)):
        answer = await hook.send("/ingest/tick", tick)
        assert (answer.status, answer.json["taken"], answer.json["duplicates"]) == (202, *expected)
    answer = await hook.many(tick, {**tick, "source": "two"}, {**tick, "source": "two"})
    assert answer.json == {"taken": 1, "duplicates": 2, "denied": []}
    assert (hook.view.count, hook.view.volume) == (2, 200 * 10**9)


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"symbol": "NOSUCH"}, "unknown_symbol", "symbol"),
        ({"symbol": 7}, "invalid_type", "symbol"),
        ({"symbol": None}, "missing_field", "symbol"),
        ({"event_id": None}, "missing_field", "event_id"),
        ({"event_id": ""}, "invalid_event_id", "event_id"),
        ({"event_id": "x" * 129}, "invalid_event_id", "event_id"),
        ({"source": ""}, "invalid_source", "source"),
        ({"source": "a b"}, "invalid_source", "source"),
        ({"source": "simulated"}, "invalid_source", "source"),
        ({"source": "invented"}, "invalid_source", "source"),
        ({"source": "s" * 41}, "invalid_source", "source"),
        ({"price": "0"}, "invalid_price", "price"),
        ({"price": "-1"}, "invalid_price", "price"),
        ({"price": -1}, "invalid_price", "price"),
        ({"price": "1e3"}, "invalid_price", "price"),
        ({"price": "NaN"}, "invalid_price", "price"),
        ({"price": True}, "invalid_price", "price"),
        ({"price": {}}, "invalid_price", "price"),
        ({"price": "9" * 30}, "invalid_price", "price"),
        ({"price": None}, "invalid_price", "price"),
        ({"bid": "1"}, "invalid_price", "price"),
        ({"volume": "0"}, "invalid_volume", "volume"),
        ({"volume": None}, "invalid_volume", "volume"),
        ({"volume": ""}, "invalid_volume", "volume"),
        ({"ts": 0}, "invalid_ts", "ts"),
        ({"ts": 2**62}, "invalid_ts", "ts"),
        ({"ts": "now"}, "invalid_type", "ts"),
        ({"ts": 1.5}, "invalid_type", "ts"),
        ({"ts": MS + 6_000}, "tick_future", None),
        ({"ts": MS - 86_400_001}, "tick_deep_past", None),
        ({"ts": NOW}, "invalid_ts", "ts"),
        ({"price": "900"}, "tick_absurd", None),
        ({"surprise": 1}, "unknown_field", "surprise"),
        ({"conditions": "I"}, "invalid_type", "conditions"),
        ({"conditions": ["@"] * 9}, "invalid_conditions", "conditions"),
    ],
)
async def test_what_is_denied(
    hook: Hook, said: dict[str, Any], code: str, field: str | None
) -> None:
    """Alone with 422, in a batch beside others that are taken; counted, and taken once right."""
    await hook.one()
    bad = hook.tick(**said)
    answer = await hook.send("/ingest/tick", bad)
    assert (answer.status, answer.json["code"]) == (422, code)
    assert answer.json.get("field") == field
    answer = await hook.many(hook.tick(), bad, hook.tick())
    assert answer.status == 202
    assert answer.json["taken"] == 2
    [denied] = answer.json["denied"]
    assert (denied["index"], denied["code"], denied["field"]) == (1, code, field)
    assert denied["right"]
    assert hook.view.count == 3
    assert hook.app.ingest is not None
    assert hook.app.ingest.counts.denied == {code: 2}
    if "event_id" not in said:
        assert (await hook.many(hook.tick(event_id=bad["event_id"]))).json["taken"] == 1


async def test_nobody_takes_the_name_of_a_feed(hook: Hook) -> None:
    feeds = followed_feeds("massive", {"massive_key": "k", "massive_symbols": "AAPL"})
    hook.world.feeds = feed_runners(hook.world, feeds, FeedHttp(hook.world.breakers))
    answer = await hook.one(source="massive")
    assert (answer.status, answer.json["code"]) == (422, "invalid_source")
    assert "feed" in answer.json["detail"]
    assert (await hook.one(source="massive2")).status == 202


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"bid": "200.03"}, "tick_crossed"),
        ({"ts": MS - 1}, "tick_stale"),
        ({"bid_size": None}, "invalid_bid_size"),
        ({"ask": "oops"}, "invalid_ask"),
    ],
)
async def test_quotes_that_are_denied(hook: Hook, said: dict[str, Any], code: str) -> None:
    """They change nothing."""
    await hook.many(hook.quote())
    answer = await hook.send("/ingest/tick", hook.quote(**said))
    assert (answer.status, answer.json["code"]) == (422, code)
    assert (hook.view.bid, hook.view.ask) == (2_000_000, 2_000_200)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"\xff\xfe", 400, "not_utf8"),
        (b'{"ticks"', 400, "invalid_json"),
        (b"[]", 422, "invalid_type"),
        (b"{}", 422, "missing_field"),
        (b'{"ticks":[],"ticks":[]}', 422, "repeated_field"),
        (b'{"ticks":' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400, "invalid_json"),
        (b'{"ticks":[' + b",".join([b"{}"] * (BATCH_MAX + 1)) + b"]}", 422, "too_many_ticks"),
        (b" " * (BYTES_MAX + 1), 413, "body_too_large"),
    ],
)
async def test_garbage(hook: Hook, body: bytes, status: int, code: str) -> None:
    """Refused as a whole, with a reason."""
    said = {"content-type": "application/json"}
    answer = await hook.send("/ingest/ticks", body=body, say=said)
    assert (answer.status, answer.json["code"]) == (status, code)


async def test_a_field_that_is_there_twice_denies_its_tick_alone(hook: Hook) -> None:
    """The others of the batch are taken."""
    good = msgspec.json.encode(hook.tick())
    twice = msgspec.json.encode(hook.tick())[:-1] + b',"price":"201"}'
    body = b'{"ticks":[' + good + b"," + twice + b"]}"
    answer = await hook.send("/ingest/ticks", body=body, say={"content-type": "application/json"})
    assert (answer.json["taken"], answer.json["denied"][0]["code"]) == (1, "repeated_field")


async def test_sale_conditions(hook: Hook) -> None:
    """An odd lot counts for the volume, an unknown letter fully, and is counted."""
    await hook.one(price="200")
    await hook.one(price="210", volume="7", conditions=["I"])
    await hook.one(price="201", conditions=["@", "?"])
    assert (hook.view.last, hook.view.high) == (2_010_000, 2_010_000)
    assert hook.view.volume == 207 * 10**9
    assert hook.app.ingest is not None
    assert hook.app.ingest.counts.unknown_conditions == 1


async def test_back_pressure_before_memory_grows(hook: Hook) -> None:
    """429 with a time, what was taken stays taken, and the same request goes on from there."""
    while hook.world.writer.waiting < TRADES_LINE_MAX - 2:
        hook.world.writer._waiting.append((Quote(AAPL, 1, 2, 1, 1, NOW), None, None))
    batch = {"ticks": [hook.tick() for _ in range(5)]}
    answer = await hook.send("/ingest/ticks", batch)
    assert (answer.status, answer.json["code"]) == (429, "too_fast")
    assert answer.headers["retry-after"] == "1"
    assert hook.world.writer.waiting == TRADES_LINE_MAX
    assert (await hook.one()).status == 429
    hook.world.writer.drain()
    answer = await hook.send("/ingest/ticks", batch)
    assert answer.json == {"taken": 3, "duplicates": 2, "denied": []}
    assert hook.view.count == 5


async def test_a_flood_of_nonsense_takes_no_memory(hook: Hook) -> None:
    """Made-up sources, symbols, fields, times and prices, again and again; a good tick still
    counts, and each reason is logged once.
    """
    market = hook.world.market
    kinds: list[dict[str, Any]] = [
        {"symbol": "S{n}"}, {"source": "made-up-{n}"}, {"source": "{n} {n}"}, {"price": "-{n}"},
        {"price": "x{n}"}, {"ts": NOW}, {"ts": MS - 10**9}, {"ts": MS + 10**6}, {"field{n}": 1},
        {"event_id": None}, {"volume": None}, {"volume": "0"}, {"conditions": 7},
    ]  # fmt: skip
    for first in range(0, 6_000, BATCH_MAX):
        ticks = []
        for number in range(first, first + BATCH_MAX):
            said = {
                name.format(n=number): text.format(n=number) if isinstance(text, str) else text
                for name, text in kinds[number % len(kinds)].items()
            }
            ticks.append(hook.tick(**said))
        assert (await hook.many(*ticks)).status == 202
        hook.world.writer.drain()
    assert (await hook.one(source="made-up-1")).status == 202
    assert hook.app.ingest is not None
    denied = hook.app.ingest.counts.denied
    assert sum(denied.values()) > 5_000
    assert len(denied) < 16
    assert len(hook.view.sources) <= 16
    assert len({source for source, _ in market.counts.faults}) <= 17
    assert len(market.builder) < 16 * 8


async def test_only_post(hook: Hook) -> None:
    """Anything else is told so; other paths below are not there."""
    answer = await hook.call("GET", "/ingest/tick")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert (await hook.send("/ingest/nothing")).status == 404


async def test_it_is_measured(hook: Hook) -> None:
    """By reason, in the metrics."""
    await hook.one()
    await hook.one(ts=MS + 60_000)
    text = (await hook.call("GET", "/metrics")).body.decode()
    assert "ingest_ticks_taken_total 1.0" in text
    assert 'ingest_denied_total{reason="tick_future"} 1.0' in text
    assert 'market_tick_faults_total{reason="future",source="one"} 1.0' in text


async def test_a_wrong_kind_is_told_what_would_be_right(hook: Hook) -> None:
    """In words, not by pointing at a document."""
    assert (await hook.one(ts=MS + 0.5)).json["right"] == "send a whole number"
    answer = await hook.send("/ingest/ticks", {"ticks": {}})
    assert answer.json["right"] == "send a list"


async def test_a_batch_of_garbage_is_counted(hook: Hook) -> None:
    """By its reason, as a tick is."""
    said = {"content-type": "application/json"}
    for body in (b"{", b'{"ticks": 5}'):
        await hook.send("/ingest/ticks", body=body, say=said)
    await hook.many(*[hook.tick()] * (BATCH_MAX + 1))
    text = (await hook.call("GET", "/metrics")).body.decode()
    for reason in ("invalid_json", "invalid_type", "too_many_ticks"):
        assert f'ingest_denied_total{{reason="{reason}"}} 1.0' in text


def test_settings() -> None:
    """Both or none, and under the plain names too."""
    config = read_config({"INGEST_USERNAME": "a", "STOCKYARD_INGEST_PASSWORD": "b"})
    assert ingest_credentials(config) == ("a", "b")
    assert ingest_credentials(read_config({})) is None
    for wrong in ({"INGEST_USERNAME": "a"}, {"INGEST_USERNAME": "a:b", "INGEST_PASSWORD": "c"}):
        with pytest.raises(ConfigError, match="both or none"):
            ingest_credentials(read_config(wrong))
