"""Bad input: each a documented refusal, nothing half done, nothing in the journal."""

import asyncio
from typing import Any

import msgspec
import pytest

from stockyard.api import heads
from stockyard.api.heads import Head, read_body
from stockyard.api.problems import Problem
from stockyard.model.facts import LimitsSet
from stockyard.model.instruments import Limits
from tests.api.rig import Rig, Trader, http_scope

GOOD = {"symbol": "AAPL", "side": "buy", "qty": "10"}
LIMIT = {"type": "limit", "limit_price": "180"}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"symbol": "NONE"}, "unknown_symbol", "symbol"),
        ({"symbol": ""}, "unknown_symbol", "symbol"),
        ({"symbol": 5}, "invalid_type", "symbol"),
        ({"side": "hold"}, "side_not_supported", "side"),
        ({"type": "pegged"}, "order_type_not_supported", "type"),
        ({"time_in_force": "gtx"}, "time_in_force_not_supported", "time_in_force"),
        ({"qty": "0"}, "quantity_not_positive", "qty"),
        ({"qty": 0}, "quantity_not_positive", "qty"),
        ({"qty": "-1"}, "quantity_not_positive", "qty"),
        ({"qty": "NaN"}, "invalid_number", "qty"),
        ({"qty": "Infinity"}, "invalid_number", "qty"),
        ({"qty": "1e3"}, "invalid_number", "qty"),
        ({"qty": " 1"}, "invalid_number", "qty"),
        ({"qty": ""}, "invalid_number", "qty"),
        ({"qty": "1,000"}, "invalid_number", "qty"),
        ({"qty": "\u0661"}, "invalid_number", "qty"),
        ({"qty": "9" * 40}, "quantity_too_large", "qty"),
        ({"qty": "9" * 41}, "invalid_number", "qty"),
        ({"qty": int("9" * 40)}, "quantity_too_large", "qty"),
        ({"qty": int("9" * 60)}, "invalid_number", None),
        ({"qty": 1.5}, "invalid_number", "qty"),
        ({"qty": True}, "invalid_number", "qty"),
        ({"qty": ["1"]}, "invalid_number", "qty"),
        ({"qty": "1.0000000001"}, "quantity_off_lot", "qty"),
        ({"qty": "2000000"}, "quantity_too_large", "qty"),
        ({"notional": "100"}, "quantity_or_notional", "qty"),
        ({"qty": None}, "quantity_or_notional", "qty"),
        ({"qty": None, "notional": "0"}, "notional_too_small", "notional"),
        ({"qty": None, "notional": "-5"}, "notional_too_small", "notional"),
        ({"qty": None, "notional": "9" * 30}, "notional_too_large", "notional"),
        ({"qty": None, "notional": "10", **LIMIT}, "notional_not_allowed", "notional"),
        ({"limit_price": "180"}, "limit_price_not_allowed", "limit_price"),
        ({"type": "limit"}, "limit_price_missing", "limit_price"),
        ({**LIMIT, "limit_price": "0"}, "price_not_positive", "limit_price"),
        ({**LIMIT, "limit_price": "-1"}, "price_not_positive", "limit_price"),
        ({**LIMIT, "limit_price": "180.001"}, "price_off_tick", "limit_price"),
        ({**LIMIT, "limit_price": "180.00001"}, "price_off_tick", "limit_price"),
        ({**LIMIT, "limit_price": "9" * 30}, "price_too_large", "limit_price"),
        ({**LIMIT, "limit_price": "99999"}, "price_outside_band", "limit_price"),
        ({"client_order_id": ""}, "invalid_client_order_id", "client_order_id"),
        ({"client_order_id": "x" * 129}, "invalid_client_order_id", "client_order_id"),
        ({"client_order_id": "a\u0000b"}, "invalid_client_order_id", "client_order_id"),
        ({"client_order_id": 7}, "invalid_type", "client_order_id"),
        ({"leverage": "2"}, "unknown_field", "leverage"),
        ({"side": None}, "invalid_type", "side"),
        ({"time_in_force": "opg"}, "no_auction", "time_in_force"),
        ({"extended_hours": True}, "extended_hours_not_limit", "extended_hours"),
        (
            {**LIMIT, "limit_price": "180", "time_in_force": "ioc", "extended_hours": True},
            "extended_hours_time_in_force",
            "extended_hours",
        ),
        ({"extended_hours": "yes"}, "invalid_type", "extended_hours"),
    ],
)
async def test_orders_that_cannot_be(
    rig: Rig, ann: Trader, change: dict[str, Any], code: str, field: str | None
) -> None:
    before = (await ann.call("GET", "/account")).json
    body = {**GOOD, **change}
    for path in ("/orders", "/orders/preview"):
        refused = await ann.call("POST", path, body)
        if refused.status == 200:
            assert refused.json["denials"][0]["code"] == code
            continue
        assert (refused.status, refused.json["code"]) == (422, code)
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json.get("field") == field
        assert refused.json["wrong"]
        assert refused.json["right"]
    assert (await ann.call("GET", "/account")).json == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"nothing", 400, "invalid_json"),
        (b'{"symbol": NaN}', 400, "invalid_json"),
        (b'{"symbol":"AAPL","side":"buy","qty":NaN}', 400, "invalid_json"),
        (b'{"symbol":"AAPL","side":"buy","qty":1e999}', 422, "invalid_number"),
        (b'{"symbol":"AAPL","side":"buy","qty":1e3}', 422, "invalid_number"),
        (b'{"symbol":"\xff"}', 400, "not_utf8"),
        (b"\xff\xfe{", 400, "not_utf8"),
        (b'{"symbol":"\\ud800","side":"buy","qty":"1"}', 400, "invalid_json"),
        (b"[]", 422, "invalid_type"),
        (b"null", 422, "invalid_type"),
        (b"{}", 422, "missing_field"),
        (b"[" * 60_000, 422, "invalid_type"),
        (b'{"symbol":' + b"[" * 60_000, 422, "invalid_type"),
        (b'{"x":' + b'{"x":' * 10_000, 422, "unknown_field"),
        (b'{"symbol":"AAPL","side":"buy","qty":' + b"9" * 60_000 + b"}", 422, "invalid_number"),
        (b'{"symbol":"AAPL","side":"buy","qty":' + b"9" * 4_400 + b"}", 422, "invalid_number"),
        (b'{"symbol":"AAPL","side":"buy","side":"sell","qty":"1"}', 422, "repeated_field"),
        (b'{"symbol":"AAPL","side":"buy","s\\u0069de":"sell","qty":"1"}', 422, "repeated_field"),
        (b'{"symbol":"AAPL","side":"buy","qty":"1"} {}', 400, "invalid_json"),
        (b'{"symbol":"' + b"A" * 70_000 + b'"}', 413, "body_too_large"),
    ],
)
async def test_bodies_that_cannot_be_read(
    rig: Rig, ann: Trader, body: bytes, status: int, code: str
) -> None:
    seq = rig.world.engine.seq
    for path in ("/orders", "/orders/preview"):
        refused = await ann.call(
            "POST", path, body=body, headers={"Content-Type": "application/json"}
        )
        assert (refused.status, refused.json["code"]) == (status, code)
    assert rig.world.engine.seq == seq


async def test_a_body_that_grows_is_cut_off(rig: Rig, ann: Trader) -> None:
    chunks = [b"x" * 10_000] * 100
    for path in ("/orders", "/account/deposits", "/auth/login"):
        refused = await ann.call("POST", path, chunks=chunks)
        assert (refused.status, refused.json["code"]) == (413, "body_too_large")
    said = await ann.call("POST", "/orders", headers={"Content-Length": "9" * 30})
    assert said.status == 413
    pulled = 0

    async def receive() -> dict[str, Any]:
        nonlocal pulled
        pulled += 1
        assert pulled < 50, "it reads on although the body is too large"
        return {"type": "http.request", "body": b"x" * 10_000, "more_body": True}

    with pytest.raises(Problem):
        await read_body(Head(http_scope("POST", "/")), receive, 65_536)
    assert pulled == 7
    parts = [b'{"symbol":"AAPL",', b'"side":"buy",', b'"qty":"1"}']
    said = await ann.call(
        "POST", "/orders", chunks=parts, headers={"Content-Type": "application/json"}
    )
    assert said.status == 201


@pytest.mark.parametrize("parts", [0, 1, 2])
async def test_a_body_that_never_ends_is_given_up(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    monkeypatch.setattr(heads, "BODY_S", 0.01)
    seq = rig.world.engine.seq

    came = [{"type": "http.request", "body": b'{"symbol":', "more_body": True}] * parts

    async def receive() -> dict[str, Any]:
        if not came:
            await asyncio.Event().wait()
        return came.pop()

    with pytest.raises(Problem) as refused:
        await read_body(Head(http_scope("POST", "/")), receive, 65_536)
    problem = refused.value
    assert (problem.status, problem.code, problem.retryable) == (408, "body_timeout", True)
    assert problem.headers == ((b"connection", b"close"),)
    assert rig.world.engine.seq == seq


async def test_only_json_is_taken(ann: Trader) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        for path in ("/orders", "/account/deposits"):
            refused = await ann.call("POST", path, body=b"{}", headers={"Content-Type": kind})
            assert (refused.status, refused.json["code"]) == (415, "unsupported_media_type")
    seq = ann.rig.world.engine.seq
    for path, body in (("/orders", GOOD), ("/account/deposits", {"amount": "5"})):
        said = msgspec.json.encode(body)
        for parts in ([said], [said[:9], said[9:]]):
            refused = await ann.call("POST", path, chunks=parts)
            assert (refused.status, refused.json["code"]) == (415, "unsupported_media_type")
            assert refused.json["right"] == "send Content-Type: application/json"
    assert ann.rig.world.engine.seq == seq
    assert (await ann.call("POST", "/account/reset")).status == 200
    kind = "Application/JSON; charset=utf-8"
    assert (await ann.call("POST", "/orders", GOOD, headers={"Content-Type": kind})).status == 201


async def test_pages_of_other_sites_change_nothing(rig: Rig, ann: Trader) -> None:
    seq = rig.world.engine.seq
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for method, path, body in (
        ("POST", "/orders", GOOD),
        ("POST", "/account/deposits", {"amount": "5"}),
        ("DELETE", "/orders/17", None),
        ("DELETE", "/orders", None),
        ("PATCH", "/account", {"profile": "ideal"}),
        ("POST", "/auth/login", {"email": "ann@example.com", "password": "x"}),
    ):
        refused = await ann.call(method, path, body, headers=foreign)
        assert (refused.status, refused.json["code"]) == (403, "cross_site"), path
        assert refused.json["right"]
        assert refused.json["request_id"] == refused.headers["x-request-id"]
    assert rig.world.engine.seq == seq
    for path in ("/quotes", "/account"):
        assert (await ann.call("GET", path, headers=foreign)).status == 200
    for site in ("same-origin", "same-site", "none"):
        assert (await ann.order(headers={"Sec-Fetch-Site": site})).status == 201


@pytest.mark.parametrize(
    ("method", "path", "query", "right"),
    [
        ("GET", "/orders", "limit=0", "send a whole number from 1 to 500"),
        ("GET", "/reports/tax", "year=last", "send a whole number from 1970 to 9999"),
        ("GET", "/orders", "limit=501", "send a whole number from 1 to 500"),
        ("GET", "/orders", "limit=", "send a whole number from 1 to 500"),
        ("GET", "/orders", "limit=" + "9" * 5000, "send a whole number from 1 to 500"),
        ("DELETE", "/positions/AAPL", "cancel_orders=perhaps", "send true or false"),
    ],
)
async def test_parameters_are_told_in_our_words(
    ann: Trader, method: str, path: str, query: str, right: str
) -> None:
    refused = await ann.call(method, path, query=query)
    assert (refused.status, refused.json["code"]) == (422, "invalid_parameter")
    assert refused.json["right"] == right
    assert refused.json["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/orders", "limit=0", "invalid_parameter"),
        ("/orders", "limit=501", "invalid_parameter"),
        ("/orders", "limit=many", "invalid_parameter"),
        ("/orders", "status=gone", "invalid_status"),
        ("/orders", "symbol=NONE", "unknown_symbol"),
        ("/orders", "after=17", "invalid_id"),
        ("/orders", "client_order_id=%00", "invalid_client_order_id"),
        ("/orders", "colour=red", "unknown_parameter"),
        ("/orders", "limit=1&limit=2", "repeated_parameter"),
        ("/quotes", "symbols=AAPL,NONE", "unknown_symbol"),
        ("/quotes", "symbol=AAPL", "unknown_parameter"),
        ("/quotes", "symbols=" + "," * 1000, "too_many_symbols"),
        ("/quotes/AAPL", "x=1", "unknown_parameter"),
        ("/account", "x=1", "unknown_parameter"),
        ("/clock", "x=1", "unknown_parameter"),
    ],
)
async def test_parameters_that_cannot_be(ann: Trader, path: str, query: str, code: str) -> None:
    refused = await ann.call("GET", path, query=query)
    assert (refused.status, refused.json["code"]) == (422, code)


async def test_paths_and_methods_that_are_not_there(rig: Rig, ann: Trader) -> None:
    for path in ("/nothing", "/orders/a/b", "/quotes/", ""):
        refused = await ann.call("GET", path)
        assert refused.status == 404, path
        assert refused.headers["content-type"] == "application/problem+json"
    for method, path, allow in (
        ("PUT", "/orders", "DELETE, GET, HEAD, POST"),
        ("PUT", "/orders/17", "DELETE, GET, HEAD, PATCH"),
        ("POST", "/quotes", "GET, HEAD"),
        ("DELETE", "/quotes/AAPL", "GET, HEAD"),
        ("DELETE", "/account", "GET, HEAD, PATCH"),
    ):
        refused = await ann.call(method, path)
        assert (refused.status, refused.json["code"]) == (405, "method_not_allowed")
        assert refused.headers["allow"] == allow


async def test_more_open_orders_than_allowed(rig: Rig, ann: Trader) -> None:
    limits = rig.world.view.limits
    assert isinstance(limits, Limits)
    values = {name: getattr(limits, name) for name in limits.__struct_fields__}
    rig.feed(LimitsSet(Limits(**{**values, "open_orders_max": 2})))
    for _ in range(2):
        assert (await ann.order(qty="1", **LIMIT)).status == 201
    refused = await ann.order(qty="1", **LIMIT)
    assert (refused.status, refused.json["code"]) == (403, "too_many_open_orders")
    assert (refused.json["required"], refused.json["available"]) == ("3", "2")


async def test_means_that_do_not_suffice(ann: Trader) -> None:
    poor = await ann.order(qty="1000")
    assert (poor.status, poor.json["code"], poor.json["available"]) == (
        403, "exceeds_buying_power", "100000.00",
    )  # fmt: skip
    assert float(poor.json["required"]) > 190010
    short = await ann.order(side="sell", qty="2.5")
    assert (short.json["code"], short.json["required"], short.json["available"]) == (
        "exceeds_position", "2.5", "0",
    )  # fmt: skip


async def test_every_answer_names_its_request(rig: Rig, ann: Trader) -> None:
    for path in ("/orders", "/orders/17", "/quotes", "/nothing", "/account"):
        given = await ann.call("GET", path, headers={"X-Request-ID": "mine.1"})
        assert given.headers["x-request-id"] == "mine.1"
        made = await ann.call("GET", path, headers={"X-Request-ID": "not sane \u00e9"})
        assert made.headers["x-request-id"] not in ("", "not sane \u00e9")
        if made.status >= 400:
            assert made.json["request_id"] == made.headers["x-request-id"]


async def test_a_fault_of_ours_is_told_and_logged(
    rig: Rig, ann: Trader, caplog: pytest.LogCaptureFixture
) -> None:
    del rig.world.view.quotes[rig.world.view.symbols["AAPL"]]
    for path in ("/quotes/AAPL", "/positions/AAPL"):
        await ann.order(symbol="BTC/USD", qty="0.01")
        rig.app.door.view.instruments.clear()
        broken = await ann.call("GET", path)
        assert (broken.status, broken.json["code"]) == (500, "internal_error")
        assert broken.headers["content-type"] == "application/problem+json"
        assert broken.json["request_id"] in caplog.text
