"""Keys: a repeat gets the first answer's bytes; another request under the same key is refused."""

import asyncio
from typing import Any

import pytest

from tests.api.rig import SECOND, Answer, Rig, Trader

DAY = 24 * 3600 * SECOND
KEY = {"Idempotency-Key": "once"}
MOVES: list[tuple[str, str, Any, str]] = [
    ("POST", "/orders", {"symbol": "AAPL", "side": "buy", "qty": "1"}, ""),
    ("POST", "/orders", {"symbol": "AAPL", "side": "buy", "notional": "100"}, ""),
    ("PATCH", "/orders/{open}", {"qty": "3"}, ""),
    ("DELETE", "/orders/{open}", None, ""),
    ("DELETE", "/orders", None, ""),
    ("DELETE", "/positions/AAPL", None, "percentage=50"),
    ("DELETE", "/positions/AAPL", None, "cancel_orders=true"),
    ("POST", "/account/deposits", {"amount": "10"}, ""),
    ("POST", "/account/withdrawals", {"amount": "10"}, ""),
    ("PATCH", "/account", {"profile": "realistic"}, ""),
    ("POST", "/account/reset", None, ""),
    ("POST", "/accounts", {"name": "Second"}, ""),
    # Denied by the engine: the denial is the answer.
    ("POST", "/orders", {"symbol": "AAPL", "side": "buy", "qty": "100000"}, ""),
    ("POST", "/account/withdrawals", {"amount": "99999999"}, ""),
    ("DELETE", "/positions/MSFT", None, ""),
]


def same(first: Answer, repeat: Answer) -> bool:
    """Whether a repeat is the first answer, and says that it is a repeat."""
    return (
        (first.status, first.body) == (repeat.status, repeat.body)
        and "idempotent-replayed" not in first.headers
        and repeat.headers["idempotent-replayed"] == "true"
        and first.headers["content-type"] == repeat.headers["content-type"]
    )


@pytest.mark.parametrize(("method", "path", "body", "query"), MOVES)
@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Idempotency-Key"])
async def test_a_repeat_gets_the_first_answer_also_after_a_crash(
    rig: Rig, ann: Trader, method: str, path: str, body: Any, query: str, name: str
) -> None:
    await ann.order(qty="10")
    resting = (await ann.order(type="limit", limit_price="180", time_in_force="gtc")).json["id"]
    path, headers = path.replace("{open}", resting), {name: "once"}
    first = await ann.call(method, path, body, query=query, headers=headers)
    rig.quote("AAPL", 150, 150.02)
    rig.quote("AAPL", 189.99, 190.01)
    before = (await ann.call("GET", "/portfolio")).json
    assert same(first, await ann.call(method, path, body, query=query, headers=headers))
    rig.restart()
    assert same(first, await ann.call(method, path, body, query=query, headers=headers))
    after = (await ann.call("GET", "/portfolio")).json
    assert {**after, "as_of": ""} == {**before, "as_of": ""}
    accounts = (await ann.call("GET", "/accounts")).json
    assert len(accounts) == 1 + path.startswith("/accounts")


async def test_a_client_order_id_is_remembered_for_ever(rig: Rig, ann: Trader) -> None:
    first = await ann.order(client_order_id="mine")
    assert same(first, await ann.order(client_order_id="mine", qty="10.0"))
    rig.clock.time_ns += 3 * DAY
    ann = Trader(rig, await rig.sign_in())
    assert same(first, await ann.order(client_order_id="mine"))
    other = await ann.order(client_order_id="mine", qty="11")
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


async def test_a_header_key_is_remembered_for_a_day(rig: Rig, ann: Trader) -> None:
    first = await ann.order(headers=KEY)
    rig.clock.time_ns += DAY - 60 * SECOND
    ann = Trader(rig, await rig.sign_in())
    assert same(first, await ann.order(headers=KEY))
    rig.clock.time_ns += 60 * SECOND
    rig.quote("AAPL", 189.99, 190.01)
    fresh = await ann.order(headers=KEY)
    assert fresh.status == 201
    assert fresh.json["id"] != first.json["id"]


async def test_a_key_belongs_to_one_request_of_one_account(
    rig: Rig, ann: Trader, bob: Trader
) -> None:
    assert (await ann.order(headers=KEY)).status == 201
    for refused in (
        await ann.order(headers=KEY, qty="11"),
        await ann.call("POST", "/account/deposits", {"amount": "10"}, headers=KEY),
        await ann.call("DELETE", "/orders", headers=KEY),
    ):
        assert (refused.status, refused.json["code"]) == (422, "idempotency_key_reused")
    assert (await bob.order(headers=KEY, qty="11")).status == 201


async def test_a_twin_in_flight_is_told_so(rig: Rig, ann: Trader) -> None:
    answers = await asyncio.gather(*[ann.order(headers=KEY) for _ in range(3)])
    assert sorted(answer.status for answer in answers) == [201, 409, 409]
    twin = next(answer for answer in answers if answer.status == 409)
    assert twin.json["code"] == "request_in_flight"
    first = next(answer for answer in answers if answer.status == 201)
    assert same(first, await ann.order(headers=KEY))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([("Idempotency-Key", "a"), ("X-Idempotency-Key", "b")], "conflicting_headers"),
        ([("Idempotency-Key", "a"), ("Idempotency-Key", "b")], "conflicting_headers"),
        ([("Idempotency-Key", "")], "invalid_idempotency_key"),
        ([("Idempotency-Key", "x" * 256)], "invalid_idempotency_key"),
        ([("Idempotency-Key", "caf\u00e9")], "invalid_idempotency_key"),
    ],
)
async def test_bad_keys(rig: Rig, ann: Trader, headers: list[tuple[str, str]], code: str) -> None:
    pairs = [*ann.headers.items(), *headers]
    for path, body in (
        ("/orders", {"symbol": "AAPL", "side": "buy", "qty": "1"}),
        ("/account/deposits", {"amount": "1"}),
    ):
        refused = await rig.call("POST", "/api/v1" + path, body, headers=pairs)
        assert (refused.status, refused.json["code"]) == (400, code)
    both = [*ann.headers.items(), ("Idempotency-Key", "a"), ("X-Idempotency-Key", "a")]
    body = {"symbol": "AAPL", "side": "buy", "qty": "1"}
    assert (await rig.call("POST", "/api/v1/orders", body, headers=both)).status == 201


async def test_a_full_disk_changes_nothing_and_may_be_tried_again(rig: Rig, ann: Trader) -> None:
    from stockyard.storage.ports import StorageUnavailable

    rig.disk.fail_next(StorageUnavailable("the disk is full"))
    refused = await ann.order(headers=KEY)
    assert (refused.status, refused.json["code"]) == (503, "journal_unavailable")
    assert refused.headers["retry-after"] == "5"
    assert (await ann.call("GET", "/account")).json["cash"] == "100000.00"
    assert (await ann.order(headers=KEY)).status == 201
