"""Assets, quotes, the clock, health and the front page: all without signing in."""

from tests.api.rig import NOW, SECOND, Rig, Trader

HOUR = 3600 * SECOND


async def test_assets_tell_their_terms(rig: Rig) -> None:
    stranger = Trader(rig, {})
    listed = (await stranger.call("GET", "/assets")).json
    assert len(listed) == 27
    apple = next(asset for asset in listed if asset["symbol"] == "AAPL")
    assert apple == (await stranger.call("GET", "/assets/aapl")).json
    assert (apple["price_increment"], apple["price_increment_below"]) == ("0.01", "0.0001")
    assert (apple["tradable"], apple["fractionable"], apple["is_open"]) == (True, True, True)
    assert apple["calendar"] == "xnys"
    assert apple["min_notional"] == "1.00"
    pair = (await stranger.call("GET", "/assets/BTC/USD")).json
    assert (pair["symbol"], pair["asset_class"], pair["calendar"]) == (
        "BTC/USD",
        "crypto",
        "always",
    )
    refused = await stranger.call("GET", "/assets/NONE")
    assert (refused.status, refused.json["code"]) == (404, "unknown_symbol")


async def test_quotes_tell_their_age(rig: Rig) -> None:
    stranger = Trader(rig, {})
    quote = (await stranger.call("GET", "/quotes/AAPL")).json
    assert (quote["bid"], quote["ask"], quote["bid_size"]) == ("189.99", "190.01", "1000")
    assert (quote["age_ns"], quote["stale"], quote["last"]) == (SECOND, False, None)
    assert quote["timestamp"] == "2026-01-02T15:00:01.000000000Z"
    rig.trade("AAPL", 190.00, 5)
    rig.clock.time_ns += 60 * SECOND
    quote = (await stranger.call("GET", "/quotes/AAPL")).json
    assert (quote["last"], quote["last_size"], quote["stale"]) == ("190.00", "5", True)
    silent = (await stranger.call("GET", "/quotes/MSFT")).json
    assert (silent["bid"], silent["age_ns"], silent["stale"]) == (None, None, True)
    assert len((await stranger.call("GET", "/quotes")).json) == 27
    two = (await stranger.call("GET", "/quotes", query="symbols=btc-usd,AAPL")).json
    assert [quote["symbol"] for quote in two] == ["BTC/USD", "AAPL"]
    refused = await stranger.call("GET", "/quotes/NONE")
    assert (refused.status, refused.json["code"]) == (404, "unknown_symbol")


async def test_the_clock_knows_its_calendars(rig: Rig) -> None:
    stranger = Trader(rig, {})
    clock = (await stranger.call("GET", "/clock")).json
    assert clock["timestamp"] == "2026-01-02T15:00:02.000000000Z"
    assert clock["is_open"] is True
    assert [calendar["name"] for calendar in clock["calendars"]] == ["xnys", "always"]
    always = clock["calendars"][1]
    assert [calendar["asset_classes"] for calendar in clock["calendars"]] == [
        ["us_equity"],
        ["crypto", "crypto_perp"],
    ]
    assert (always["is_open"], always["next_close"]) == (True, "2026-01-02T21:00:00.000000000Z")
    assert always["next_open"] == always["next_close"]
    rig.clock.time_ns = NOW + 5_000 * 24 * HOUR
    after = (await stranger.call("GET", "/clock")).json["calendars"][1]
    assert (after["is_open"], after["next_open"], after["next_close"]) == (False, None, None)


async def test_health_says_whether_orders_are_taken(rig: Rig) -> None:
    rig.clock.time_ns += 5 * SECOND
    found = await rig.call("GET", "/health")
    assert found.status == 200
    told = found.json
    assert told["start"].pop("seconds") >= 0
    assert told == {
        "status": "ok",
        "version": "0.1.0",
        "engine": "interpreted",
        "seq": rig.world.engine.seq,
        "uptime_seconds": 7,
        "controls": False,
        "read_only": None,
        "troubles": [],
        "start": {
            "journal_seq": 0,
            "tables_seq": 0,
            "snapshot_seq": 0,
            "torn_bytes": 0,
            "replayed": 0,
        },
    }
    rig.app.begin_stop()
    stopping = await rig.call("GET", "/health")
    assert (stopping.status, stopping.json["status"]) == (503, "stopping")
    rig.world.writer.failure = AssertionError("broken")
    failed = await rig.call("GET", "/health")
    assert (failed.status, failed.json["status"]) == (503, "failed")


async def test_the_head_of_an_answer_can_be_asked_for(rig: Rig, ann: Trader) -> None:
    order = (await ann.order()).json
    for path in (
        "/health",
        "/",
        "/api/v1/openapi.json",
        "/api/v1/account",
        "/api/v1/nothing",
        "/api/v1/orders/" + order["id"],
        "/api/v1/orders/17",
    ):
        whole = await rig.call("GET", path, headers=ann.headers)
        head = await rig.call("HEAD", path, headers=ann.headers)
        assert (head.status, head.body) == (whole.status, b""), path
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert head.headers["content-length"] == whole.headers["content-length"]
    # A quote tells its age, so two answers may differ in length.
    for path, status in (("quotes", 200), ("quotes/AAPL", 200), ("quotes/NOTHING", 404)):
        head = await rig.call("HEAD", "/api/v1/" + path, headers=ann.headers)
        assert (head.status, head.body) == (status, b""), path
        assert int(head.headers["content-length"]) > 0
    rig.app.begin_stop()
    assert (await rig.call("HEAD", "/health")).status == 503
    refused = await rig.call("HEAD", "/api/v1/account/deposits")
    assert (refused.status, refused.body) == (405, b"")
    assert refused.headers["allow"] == "POST"


async def test_a_closed_line_takes_no_orders(rig: Rig, ann: Trader) -> None:
    from stockyard.runtime.writer import Refused

    rig.world.halt(Refused("shutting_down", "this Stockyard is stopping", 5))
    refused = await ann.order()
    assert (refused.status, refused.json["code"]) == (503, "shutting_down")
    assert refused.headers["retry-after"] == "5"
    assert (await ann.call("GET", "/account")).status == 200


async def test_the_front_page_needs_nothing_else(rig: Rig) -> None:
    page = await rig.call("GET", "/", headers={"Host": "trade.example:8000"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"curl http://trade.example:8000/api/v1/quotes/AAPL" in page.body
    assert b"<script" not in page.body
    odd = await rig.call("GET", "/", headers={"Host": "<b>x</b>"})
    assert b"<b>" not in odd.body


async def test_the_server_tells_the_application_when_to_live(rig: Rig) -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive():  # type: ignore[no-untyped-def]
        return messages.pop(0)

    async def send(message) -> None:  # type: ignore[no-untyped-def]
        sent.append(message["type"])

    await rig.app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert rig.app.door.closing
