"""Perpetual contracts: leverage, margin, funding, liquidation, and flags of orders."""

from collections.abc import AsyncIterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from stockyard.model.events import LiquidationStarted, OrderFilled
from stockyard.model.facts import ClockTick, FundingRate, MarkPrice
from stockyard.runtime import snapshots
from tests.api.listener import Listener
from tests.api.rig import SECOND, Rig, Trader

HOUR_NS = 3_600 * SECOND


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader with a margin account of $100,000, and BTC-PERP at 90,000."""
    trader = await rig.trader()
    assert (await trader.call("PATCH", "/account", {"kind": "margin"})).json["kind"] == "margin"
    market(rig, 90_000)
    return trader


@pytest.fixture
async def heard(rig: Rig, ann: Trader) -> AsyncIterator[Listener]:
    """A stream that follows the account."""
    listener = await Listener(rig).connected(ann.headers, "")
    await listener.next()
    yield listener
    await listener.hang_up()


def market(rig: Rig, price: float, symbol: str = "BTC-PERP") -> None:
    """Mark, index and quote at one price."""
    mark(rig, price, symbol=symbol)
    rig.quote(symbol, price, price)


def mark(rig: Rig, price: float, index: float = 0.0, symbol: str = "BTC-PERP") -> None:
    """A mark, and the index, of a contract."""
    instrument_id = rig.world.view.symbols[symbol]
    scaled = round(price * 10_000)
    rig.feed(
        MarkPrice(
            instrument_id, scaled, round(index * 10_000) or scaled, rig.clock.time_ns + SECOND
        )
    )


def fund(rig: Rig, rate_e9: int, symbol: str = "BTC-PERP") -> None:
    """Funding at a rate in billionths."""
    rig.feed(FundingRate(rig.world.view.symbols[symbol], rate_e9, rig.clock.time_ns + SECOND))


def bitcoin(side: str, qty: str, **more: Any) -> dict[str, Any]:
    return {"symbol": "BTC-PERP", "side": side, "qty": qty, "time_in_force": "gtc", **more}


def limit(side: str, qty: str, price: str, **more: Any) -> dict[str, Any]:
    return bitcoin(side, qty, type="limit", limit_price=price, **more)


async def account(trader: Trader) -> Any:
    return (await trader.call("GET", "/account")).json


async def leverage(trader: Trader, body: Any, symbol: str = "BTC-PERP", **more: Any) -> Any:
    return await trader.call("PUT", f"/positions/{symbol}/leverage", body, **more)


async def test_terms_marks_and_funding_are_told(rig: Rig, ann: Trader) -> None:
    asset = (await ann.call("GET", "/assets/BTC-PERP")).json
    assert (asset["asset_class"], asset["calendar"]) == ("crypto_perp", "always")
    assert (asset["marginable"], asset["shortable"], asset["borrowable"]) == (True, True, None)
    assert asset["contract"] == {
        "index_symbol": "BTC/USD", "leverage_max": 50, "leverage_default": 5,
        "maintenance_margin_percent": "1", "liquidation_fee_percent": "0.5",
        "funding_interval_seconds": 3600, "funding_rate_percent_max": "0.1",
    }  # fmt: skip
    assert (await ann.call("GET", "/assets/BTC/USD")).json["contract"] is None
    mark(rig, 90_045, 90_000)
    quote = (await ann.call("GET", "/quotes/btc-perp")).json
    assert quote["contract"] == {
        "mark_price": "90045.00", "index_price": "90000.00", "premium_percent": "0.05",
        "funding_rate_percent": None, "funded_at": None,
        "next_funding_at": "2026-01-02T16:00:00.000000000Z",
    }  # fmt: skip
    fund(rig, 62_500)
    quote = (await ann.call("GET", "/quotes/BTC-PERP")).json
    assert quote["contract"]["funding_rate_percent"] == "0.00625"
    assert quote["contract"]["funded_at"] == "2026-01-02T15:00:06.000000000Z"
    # A rate beyond the contract's bound is paid at the bound.
    fund(rig, -5_000_000)
    quote = (await ann.call("GET", "/quotes/BTC-PERP")).json
    assert quote["contract"]["funding_rate_percent"] == "-0.1"
    assert (await ann.call("GET", "/quotes/BTC/USD")).json["contract"] is None
    rig.disk.snapshot = snapshots.encode_now(rig.world.engine, rig.world.projector.digest)
    rig.restart()
    again = (await Trader(rig, ann.headers).call("GET", "/quotes/BTC-PERP")).json
    assert again["contract"] == quote["contract"]


async def test_funding_of_a_contract_is_listed(rig: Rig, ann: Trader) -> None:
    stranger = Trader(rig, {})
    assert (await stranger.call("GET", "/assets/BTC-PERP/funding")).json == []
    mark(rig, 90_045, 90_000)
    for rate_e9 in (62_500, -5_000_000, 12_500):
        fund(rig, rate_e9)
    fund(rig, 1_000, "ETH-PERP")
    found = (await stranger.call("GET", "/assets/BTC-PERP/funding")).json
    assert [row["rate_percent"] for row in found] == ["0.00125", "-0.1", "0.00625"]
    assert found[2] | {"seq": 0} == {
        "symbol": "BTC-PERP", "rate_percent": "0.00625", "mark_price": "90045.00",
        "index_price": "90000.00", "funded_at": "2026-01-02T15:00:06.000000000Z", "seq": 0,
    }  # fmt: skip
    page = await stranger.call(
        "GET", "/assets/btc-perp/funding", query=f"limit=1&after={found[0]['seq']}"
    )
    assert page.json == found[1:2]
    eth = (await stranger.call("GET", "/assets/ETH-PERP/funding")).json
    assert [(row["rate_percent"], row["mark_price"]) for row in eth] == [("0.0001", None)]
    wrong = await stranger.call("GET", "/assets/AAPL/funding")
    assert (wrong.status, wrong.json["code"]) == (422, "not_a_perpetual")
    rig.restart()
    assert (await Trader(rig, {}).call("GET", "/assets/BTC-PERP/funding")).json == found


async def test_a_long_position_in_cross_mode(rig: Rig, ann: Trader) -> None:
    asked = limit("buy", "1", "90000")
    preview = (await ann.call("POST", "/orders/preview", asked)).json
    assert (preview["accepted"], preview["value"], preview["reserved"]) == (
        True, "90000.00", "18000.00",
    )  # fmt: skip
    bought = (await ann.order(**bitcoin("buy", "1"))).json
    assert (bought["status"], bought["position_intent"]) == ("filled", "buy_to_open")
    told = await account(ann)
    # Nothing was paid for it: 90,000 at leverage 5 requires 18,000, at 1 % is kept by 900.
    assert (told["cash"], told["equity"], told["initial_margin"]) == (
        "100000.00", "100000.00", "18000.00",
    )  # fmt: skip
    assert (told["maintenance_margin"], told["excess"]) == ("900.00", "99100.00")
    mark(rig, 91_000)
    held = (await ann.call("GET", "/positions/BTC-PERP")).json
    assert (held["avg_entry_price"], held["current_price"]) == ("90000.00", "91000.00")
    assert (held["unrealized_pl"], held["market_value"]) == ("1000.00", "91000.00")
    # Below zero: with 100,000 of equity no price of the contract can take all of it.
    assert held["contract"] == {
        "mode": "cross", "leverage": 5, "margin": "18200.00", "maintenance_margin": "910.00",
        "liquidation_price": None, "index_price": "91000.00", "funding_paid": "0.00",
    }  # fmt: skip
    portfolio = (await ann.call("GET", "/portfolio")).json
    assert (portfolio["equity"], portfolio["market_value"]) == ("101000.00", "0.00")
    assert (portfolio["unrealized_pl"], portfolio["total_pl"]) == ("1000.00", "1000.00")
    rig.quote("BTC-PERP", 91_000, 91_000)
    closed = await ann.call("DELETE", "/positions/BTC-PERP")
    assert (closed.json["side"], closed.json["status"]) == ("sell", "filled")
    told = await account(ann)
    assert (told["cash"], told["equity"], told["realized_pl"]) == (
        "101000.00", "101000.00", "1000.00",
    )  # fmt: skip
    fills = (await ann.call("GET", f"/orders/{closed.json['id']}/executions")).json
    assert (fills[0]["realized_pl"], fills[0]["insured"]) == ("1000.00", None)


async def test_liquidation_prices_in_cross_mode(rig: Rig, ann: Trader) -> None:
    assert (await leverage(ann, {"leverage": 20})).json["leverage"] == 20
    await ann.order(**bitcoin("buy", "10"))
    held = (await ann.call("GET", "/positions/BTC-PERP")).json
    # (900,000 - 100,000) / (10 * 0.99)
    assert held["contract"]["liquidation_price"] == "80808.0808"
    await ann.call("DELETE", "/positions/BTC-PERP")
    await ann.order(**bitcoin("sell", "10"))
    held = (await ann.call("GET", "/positions/BTC-PERP")).json
    # (900,000 + 100,000) / (10 * 1.01), rounded up.
    assert (held["side"], held["contract"]["liquidation_price"]) == ("short", "99009.901")


async def test_a_short_position_in_isolated_mode(rig: Rig, ann: Trader) -> None:
    await leverage(ann, {"leverage": 10, "mode": "isolated"})
    sold = (await ann.order(**bitcoin("sell", "1"))).json
    assert (sold["status"], sold["position_intent"]) == ("filled", "sell_to_open")
    mark(rig, 91_000)
    held = (await ann.call("GET", "/positions/BTC-PERP")).json
    assert (held["side"], held["qty"], held["unrealized_pl"]) == ("short", "-1", "-1000.00")
    # (90,000 + 9,000) / 1.01 = 98,019.80198, rounded up.
    assert (held["contract"]["margin"], held["contract"]["liquidation_price"]) == (
        "9000.00", "98019.802",
    )  # fmt: skip
    told = await account(ann)
    assert (told["equity"], told["isolated_equity"], told["excess"]) == (
        "99000.00", "8000.00", "91000.00",
    )  # fmt: skip
    market(rig, 98_019.8)
    rig.feed(ClockTick())
    assert len((await ann.call("GET", "/positions")).json) == 1
    market(rig, 98_019.9)
    rig.feed(ClockTick())
    assert (await ann.call("GET", "/positions")).json == []
    # 8,019.90 lost, and half a percent of 98,019.90 for the liquidation: 490.0995.
    assert (await account(ann))["cash"] == "91490.0005"
    charges = (await ann.call("GET", "/account/charges")).json
    assert charges == []


async def test_leverage_is_chosen_before_and_while_there_is_a_position(
    rig: Rig, ann: Trader
) -> None:
    read = (await ann.call("GET", "/positions/BTC-PERP/leverage")).json
    assert (read["leverage"], read["mode"], read["margin"]) == (5, "cross", "0.00")
    chosen = await leverage(ann, {"leverage": "10", "mode": "isolated"})
    assert (chosen.status, chosen.json["leverage"], chosen.json["mode"]) == (200, 10, "isolated")
    assert (await ann.call("GET", "/positions")).json == []
    await ann.order(**bitcoin("buy", "1"))
    told = await account(ann)
    assert (told["cash"], told["isolated_equity"], told["equity"]) == (
        "91000.00", "9000.00", "100000.00",
    )  # fmt: skip
    held = (await ann.call("GET", "/positions/BTC-PERP")).json["contract"]
    # (90,000 - 9,000) / 0.99
    assert (held["margin"], held["liquidation_price"]) == ("9000.00", "81818.1818")
    lower = await leverage(ann, {"leverage": 5})
    assert lower.json | {"account_id": ""} == {
        "account_id": "", "symbol": "BTC-PERP", "leverage": 5, "mode": "isolated",
        "margin": "18000.00", "cash": "82000.00",
    }  # fmt: skip
    held = (await ann.call("GET", "/positions/BTC-PERP")).json["contract"]
    assert (held["mode"], held["margin"], held["liquidation_price"]) == (
        "isolated", "18000.00", "72727.2727",
    )  # fmt: skip
    rig.restart()
    ann = Trader(rig, ann.headers)
    assert (await ann.call("GET", "/positions/BTC-PERP")).json["contract"] == held
    given_back = (await leverage(ann, {"leverage": 5, "mode": "cross"})).json
    assert (given_back["margin"], given_back["cash"]) == ("0.00", "100000.00")
    assert (await ann.call("GET", "/positions/BTC-PERP/leverage")).json == given_back


async def test_a_choice_is_repeated_under_its_key(rig: Rig, ann: Trader) -> None:
    key = {"Idempotency-Key": "lev-1"}
    first = await leverage(ann, {"leverage": 7}, headers=key)
    await leverage(ann, {"leverage": 9})
    again = await leverage(ann, {"leverage": 7}, headers=key)
    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    for body in ({"leverage": 8}, {"leverage": 7, "mode": "isolated"}):
        other = await leverage(ann, body, headers=key)
        assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    other = await leverage(ann, {"leverage": 7}, "ETH-PERP", headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    assert (await ann.call("GET", "/positions/BTC-PERP/leverage")).json["leverage"] == 9


async def test_bad_choices_of_leverage_say_what_would_be_right(rig: Rig, ann: Trader) -> None:
    for body, code, field in (
        ({"leverage": 0}, "leverage_out_of_range", "leverage"),
        ({"leverage": 51}, "leverage_out_of_range", "leverage"),
        ({"leverage": -1}, "leverage_out_of_range", "leverage"),
        ({"leverage": "2.5"}, "leverage_out_of_range", "leverage"),
        ({"leverage": 10**30}, "leverage_out_of_range", "leverage"),
        ({"leverage": "ten"}, "invalid_number", "leverage"),
        ({}, "missing_field", "leverage"),
        ({"leverage": 5, "mode": "crossed"}, "margin_mode_not_supported", "mode"),
        ({"leverage": 5, "isolated": True}, "unknown_field", "isolated"),
    ):
        refused = await leverage(ann, body)
        assert (refused.status, refused.json["code"]) == (422, code), body
        assert refused.json["field"] == field
    out = (await leverage(ann, {"leverage": 51})).json
    assert (out["required"], out["available"]) == ("51", "50")
    stock = await leverage(ann, {"leverage": 5}, "AAPL")
    assert (stock.status, stock.json["code"], stock.json["field"]) == (
        422, "not_a_perpetual", "symbol",
    )  # fmt: skip
    assert (await ann.call("GET", "/positions/AAPL/leverage")).json["code"] == "not_a_perpetual"
    unknown = await leverage(ann, {"leverage": 5}, "DOGE-PERP")
    assert (unknown.status, unknown.json["code"]) == (404, "unknown_symbol")
    assert (await rig.call("PUT", "/api/v1/positions/BTC-PERP/leverage", {})).status == 401


async def test_leverage_that_orders_or_margin_forbid(rig: Rig, ann: Trader) -> None:
    waiting = (await ann.order(**limit("buy", "1", "80000"))).json
    refused = await leverage(ann, {"leverage": 10})
    assert (refused.status, refused.json["code"]) == (422, "leverage_with_orders_open")
    await ann.call("DELETE", f"/orders/{waiting['id']}")
    await ann.order(**bitcoin("buy", "5"))
    refused = await leverage(ann, {"leverage": 1})
    assert (refused.status, refused.json["code"]) == (403, "leverage_does_not_fit")
    # 450,000 needs 360,000 more than at leverage 5; 10,000 are free.
    assert (refused.json["required"], refused.json["available"]) == ("360000.00", "10000.00")


async def test_orders_for_contracts_that_are_denied(rig: Rig, ann: Trader) -> None:
    unmarked = await ann.order(symbol="ETH-PERP", qty="1", type="limit", limit_price="3000")
    assert (unmarked.status, unmarked.json["code"]) == (422, "no_mark_price")
    cash = await rig.trader("bob@example.com")
    refused = await cash.order(**bitcoin("buy", "1"))
    assert (refused.status, refused.json["code"]) == (403, "perp_needs_margin_account")
    too_much = await ann.order(**bitcoin("buy", "6"))
    assert (too_much.status, too_much.json["code"]) == (403, "exceeds_buying_power")
    preview = (await ann.call("POST", "/orders/preview", bitcoin("buy", "6"))).json
    denials = [(d["code"], d["required"], d["available"]) for d in preview["denials"]]
    assert denials == [
        ("exceeds_buying_power", too_much.json["required"], too_much.json["available"])
    ]
    nothing = await ann.order(**bitcoin("sell", "1", reduce_only=True))
    assert (nothing.status, nothing.json["code"], nothing.json["field"]) == (
        422, "reduce_only_would_open", "reduce_only",
    )  # fmt: skip
    await ann.order(**limit("buy", "1", "80000"))
    other_way = await ann.order(**limit("sell", "1", "99000"))
    assert (other_way.status, other_way.json["code"]) == (403, "opposite_order_open")


async def test_post_only(rig: Rig, ann: Trader) -> None:
    rig.quote("BTC-PERP", 89_999, 90_001)
    crossing = await ann.order(**limit("buy", "1", "90001", post_only=True))
    assert (crossing.status, crossing.json["code"]) == (422, "post_only_would_trade")
    assert (crossing.json["required"], crossing.json["available"]) == ("90001.00", "90001.00")
    for wrong in (
        bitcoin("buy", "1", post_only=True),
        limit("buy", "1", "89000", post_only=True) | {"time_in_force": "ioc"},
        limit("buy", "1", "89000", post_only=True) | {"time_in_force": "fok"},
        {"symbol": "AAPL", "type": "limit", "limit_price": "100", "post_only": True},
    ):
        refused = await ann.order(**wrong)
        assert (refused.status, refused.json["code"], refused.json["field"]) == (
            422, "post_only_not_allowed", "post_only",
        ), wrong  # fmt: skip
    rests = (await ann.order(**limit("buy", "1", "90000", post_only=True))).json
    assert (rests["status"], rests["post_only"], rests["reduce_only"]) == ("new", True, False)
    moved = await ann.call("PATCH", f"/orders/{rests['id']}", {"limit_price": "90000.5"})
    assert (moved.status, moved.json["post_only"]) == (201, True)
    crosses = await ann.call("PATCH", f"/orders/{moved.json['id']}", {"limit_price": "90002"})
    assert (crosses.status, crosses.json["code"]) == (422, "post_only_would_trade")
    story = (await ann.call("GET", f"/orders/{moved.json['id']}/story")).json
    assert "post only" in story[0]["text"]
    rig.quote("BTC/USD", 90_000, 90_010)
    coin = await ann.order(symbol="BTC/USD", qty="0.1", type="limit", limit_price="90000",
                           time_in_force="gtc", post_only=True)  # fmt: skip
    assert (coin.json["status"], coin.json["post_only"]) == ("new", True)


async def test_reduce_only_shrinks_with_the_position(rig: Rig, ann: Trader) -> None:
    await ann.order(**bitcoin("buy", "2"))
    exit_ = (await ann.order(**limit("sell", "2", "95000", reduce_only=True))).json
    assert (exit_["status"], exit_["reduce_only"]) == ("new", True)
    moved = (await ann.call("PATCH", f"/orders/{exit_['id']}", {"limit_price": "96000"})).json
    assert moved["reduce_only"] is True
    listed = (await ann.call("GET", "/orders", query="status=open")).json
    assert [(row["id"], row["reduce_only"]) for row in listed] == [(moved["id"], True)]
    story = (await ann.call("GET", f"/orders/{moved['id']}/story")).json
    assert "reduce only" in story[0]["text"]
    rig.restart()
    ann = Trader(rig, ann.headers)
    assert (await ann.call("GET", f"/orders/{moved['id']}")).json["reduce_only"] is True


async def test_the_same_name_with_another_flag_is_another_order(rig: Rig, ann: Trader) -> None:
    first = limit("buy", "1", "80000", client_order_id="one")
    assert (await ann.order(**first)).status == 201
    again = await ann.order(**first, post_only=True)
    assert (again.status, again.json["code"]) == (422, "idempotency_key_reused")


async def test_funding_is_paid_and_listed(rig: Rig, ann: Trader, heard: Listener) -> None:
    await ann.order(**bitcoin("buy", "1"))
    fund(rig, 100_000)
    assert (await account(ann))["cash"] == "99991.00"
    await leverage(ann, {"leverage": 10, "mode": "isolated"})
    fund(rig, -50_000)
    told = await account(ann)
    assert (told["cash"], told["isolated_equity"], told["funding"]) == (
        "90991.00", "9004.50", "4.50",
    )  # fmt: skip
    held = (await ann.call("GET", "/positions/BTC-PERP")).json["contract"]
    assert (held["funding_paid"], held["margin"]) == ("4.50", "9004.50")
    charges = (await ann.call("GET", "/account/charges")).json
    assert [(c["kind"], c["symbol"], c["rate_percent"], c["amount"]) for c in charges] == [
        ("funding", "BTC-PERP", "-0.005", "-4.50"),
        ("funding", "BTC-PERP", "0.01", "9.00"),
    ]
    assert (charges[0]["base"], charges[1]["cash_after"]) == ("90000.00", "99991.00")
    listed = (await ann.call("GET", "/account/activities")).json
    assert [(one["text"], one["amount"], one["cash_after"]) for one in listed[:3]] == [
        (
            "Funding of BTC-PERP worth 90000.00, at -0.005 %: 4.50 of its own margin",
            None,
            "90991.00",
        ),
        ("Funding of BTC-PERP worth 90000.00, at 0.01 %", "-9.00", "99991.00"),
        ("Bought 1 BTC-PERP at 90000.00", None, "100000.00"),
    ]
    older = await ann.call("GET", "/account/charges", query=f"after={charges[0]['id']}")
    assert older.json == charges[1:]
    portfolio = (await ann.call("GET", "/portfolio")).json
    assert (portfolio["funding"], portfolio["total_pl"]) == ("4.50", "-4.50")
    words = [(await heard.next()) for _ in range(5)]
    assert [frame["event"] for frame in words] == [
        "accepted", "fill", "funding_paid", "leverage_set", "funding_paid",
    ]  # fmt: skip
    assert words[2]["account"] == charges[1]
    assert words[3]["account"]["mode"] == "isolated"


async def test_an_isolated_position_is_liquidated(rig: Rig, ann: Trader, heard: Listener) -> None:
    await leverage(ann, {"leverage": 20, "mode": "isolated"})
    await ann.order(**bitcoin("buy", "1"))
    # 4,500 set apart; liquidated below (90,000 - 4,500) / 0.99 = 86,363.63.
    mark(rig, 86_363.7)
    rig.feed(ClockTick())
    held = (await ann.call("GET", "/positions/BTC-PERP")).json["contract"]
    assert held["liquidation_price"] == "86363.6363"
    mark(rig, 86_363)
    rig.quote("BTC-PERP", 85_000, 85_000)
    refused = await ann.order(**bitcoin("buy", "1"))
    assert (refused.status, refused.json["code"]) == (403, "position_in_liquidation")
    changed = await leverage(ann, {"leverage": 10})
    assert (changed.status, changed.json["code"]) == (403, "position_in_liquidation")
    rig.feed(ClockTick())
    assert (await ann.call("GET", "/positions")).json == []
    told = await account(ann)
    # The loss of 5,000 is 500 beyond the margin: the insurance fund's, which also waives its fee.
    assert (told["cash"], told["equity"], told["realized_pl"]) == (
        "95500.00", "95500.00", "-4500.00",
    )  # fmt: skip
    portfolio = (await ann.call("GET", "/portfolio")).json
    assert (portfolio["equity"], portfolio["total_pl"]) == ("95500.00", "-4500.00")
    frames = [await heard.next() for _ in range(3)]
    while frames[-1]["event"] != "fill" or frames[-1]["fill"]["side"] != "sell":
        frames.append(await heard.next())
    started = next(f for f in frames if f["event"] == "liquidation_started")
    assert started["account"]["symbol"] == "BTC-PERP"
    assert (started["account"]["equity"], started["account"]["maintenance_margin"]) == (
        "863.00", "863.63",
    )  # fmt: skip
    sale = frames[-1]["fill"]
    assert (sale["insured"], sale["realized_pl"]) == ("500.00", "-5000.00")
    assert "borne by the insurance fund" in sale["explanation"]
    story = (await ann.call("GET", f"/orders/{sale['order_id']}/story")).json
    assert "margin was lacking" in story[0]["text"]


async def test_a_cross_account_is_liquidated_without_grace(rig: Rig, ann: Trader) -> None:
    await leverage(ann, {"leverage": 20})
    await ann.order(**bitcoin("buy", "10"))
    mark(rig, 80_808)
    rig.quote("BTC-PERP", 80_800, 80_800)
    rig.feed(ClockTick())
    assert (await ann.call("GET", "/positions")).json == []
    told = await account(ann)
    # 900,000 - 808,000 lost, and half a percent of 808,000 for the liquidation.
    assert (told["cash"], told["fees"], told["realized_pl"]) == (
        "3960.00", "4040.00", "-92000.00",
    )  # fmt: skip


async def test_quotes_of_a_stream_tell_marks(rig: Rig, ann: Trader) -> None:
    listener = await Listener(rig).connected()
    listener.send(type="subscribe", symbols=["BTC-PERP"])
    first = (await listener.next())["quotes"][0]
    assert first["contract"]["mark_price"] == "90000.00"
    mark(rig, 90_100)
    told = (await listener.next())["quotes"][0]
    assert told["contract"] == {
        "mark_price": "90100.00", "index_price": "90100.00", "funding_rate_percent": None,
        "funded_at": None,
    }  # fmt: skip
    await listener.hang_up()


async def test_a_reset_gives_up_contracts_and_keeps_the_leverage(rig: Rig, ann: Trader) -> None:
    await leverage(ann, {"leverage": 10, "mode": "isolated"})
    await ann.order(**bitcoin("sell", "1"))
    fund(rig, 100_000)
    reset = (await ann.call("POST", "/account/reset", {"starting_cash": "5000"})).json
    assert (reset["cash"], reset["positions_given_up"]) == ("5000.00", 1)
    told = await account(ann)
    assert (told["equity"], told["isolated_equity"], told["funding"]) == (
        "5000.00", "0.00", "0.00",
    )  # fmt: skip
    assert (await ann.call("GET", "/positions")).json == []
    assert (await ann.call("GET", "/positions/BTC-PERP/leverage")).json["mode"] == "isolated"


async def test_contracts_have_no_lots_and_no_tax_lines(rig: Rig, ann: Trader) -> None:
    await ann.order(**bitcoin("buy", "1"))
    assert (await ann.call("GET", "/positions/BTC-PERP/lots")).json == []
    market(rig, 91_000)
    await ann.call("DELETE", "/positions/BTC-PERP")
    report = (await ann.call("GET", "/reports/tax", query="year=2026")).json
    assert report["lines"] == []


async def test_accounts_and_portfolios_add_up(rig: Rig, ann: Trader) -> None:
    """A seeded walk of marks, funding, orders and liquidations: the equity is the same wherever it
    is told, and made of what was won, lost and paid.
    """
    draw = Random(4)
    symbols = {"BTC-PERP": 90_000.0, "ETH-PERP": 3_000.0, "SOL-PERP": 190.0, "AAPL": 190.0}
    for symbol, price in symbols.items():
        rig.quote(symbol, price, price)
        if symbol != "AAPL":
            mark(rig, price, symbol=symbol)
    await leverage(ann, {"leverage": 50, "mode": "isolated"}, "ETH-PERP")
    for _ in range(150):
        symbol = draw.choice(list(symbols))
        chance = draw.random()
        if symbol != "AAPL" and chance < 0.35:
            price = round(symbols[symbol] * draw.uniform(0.97, 1.03), 1)
            mark(rig, price + draw.random() / 1_000, symbol=symbol)
            rig.quote(symbol, price, price)
            rig.feed(ClockTick())
        elif symbol != "AAPL" and chance < 0.45:
            fund(rig, draw.randint(-900_000, 900_000), symbol)
        else:
            qty = str(draw.randint(1, 3_000)) if symbol == "SOL-PERP" else str(draw.randint(1, 9))
            side, tif = draw.choice(["buy", "sell"]), "day" if symbol == "AAPL" else "ioc"
            sent = await ann.order(symbol=symbol, side=side, qty=qty, time_in_force=tif)
            assert sent.status in (201, 403), sent
        told = await account(ann)
        found = (await ann.call("GET", "/portfolio")).json
        assert found["equity"] == told["equity"]
        won = Decimal(found["unrealized_pl"]) + Decimal(found["realized_pl"])
        paid = sum(Decimal(found[name]) for name in ("fees", "interest", "funding"))
        assert won - paid == Decimal(found["total_pl"])
    rig.world.projector.flush()
    (account_id,) = rig.world.view.accounts
    events = [event for *_, event in rig.world.store.events_after(account_id, 0, 0, 10_000)]
    assert any(isinstance(event, OrderFilled) and event.insured_micros for event in events)
    assert sum(isinstance(event, LiquidationStarted) for event in events) > 2
