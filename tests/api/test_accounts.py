"""Cash, positions, the portfolio."""

import pytest

from tests.api.rig import Rig, Trader


async def test_cash_comes_in_and_goes_out(ann: Trader) -> None:
    paid = await ann.call("POST", "/account/deposits", {"amount": "250.5"})
    assert (paid.status, paid.json["kind"], paid.json["amount"]) == (201, "deposit", "250.50")
    assert paid.json["cash_after"] == "100250.50"
    taken = await ann.call("POST", "/account/withdrawals", {"amount": 50})
    assert (taken.json["kind"], taken.json["cash_after"]) == ("withdrawal", "100200.50")
    account = (await ann.call("GET", "/account")).json
    assert (account["cash"], account["deposited"]) == ("100200.50", "100200.50")
    await ann.order(type="limit", limit_price="190", qty="500")
    refused = await ann.call("POST", "/account/withdrawals", {"amount": "6000"})
    assert (refused.status, refused.json["code"]) == (403, "exceeds_withdrawable_cash")
    assert (refused.json["required"], refused.json["available"]) == ("6000.00", "5200.50")
    assert refused.json["retryable"] is True
    assert refused.json["instance"].startswith("urn:stockyard:record:")


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0", "amount_not_positive"),
        ("-1", "amount_not_positive"),
        ("100000001", "amount_too_large"),
        ("9" * 30, "amount_too_large"),
        ("0.0000001", "invalid_number"),
        ("NaN", "invalid_number"),
    ],
)
async def test_amounts_are_checked(ann: Trader, amount: str, code: str) -> None:
    for path in ("/account/deposits", "/account/withdrawals"):
        refused = await ann.call("POST", path, {"amount": amount})
        assert (refused.status, refused.json["code"]) == (422, code)


async def test_positions_are_valued_at_the_bid(rig: Rig, ann: Trader) -> None:
    await ann.order(qty="10")
    rig.quote("AAPL", 195, 195.02)
    held = (await ann.call("GET", "/positions/aapl")).json
    assert (held["qty"], held["avg_entry_price"], held["cost_basis"]) == ("10", "190.01", "1900.10")
    assert (held["current_price"], held["market_value"]) == ("195.00", "1950.00")
    assert (held["unrealized_pl"], held["unrealized_pl_percent"]) == ("49.90", "2.6262")
    assert (await ann.call("GET", "/positions")).json == [held]
    await ann.order(side="sell", qty="4")
    portfolio = (await ann.call("GET", "/portfolio")).json
    assert portfolio["equity"] == "100049.90"
    assert (portfolio["realized_pl"], portfolio["unrealized_pl"]) == ("19.96", "29.94")
    assert (portfolio["total_pl"], portfolio["fees"]) == ("49.90", "0.00")
    assert portfolio["positions"][0]["qty"] == "6"
    for path, code in (("/positions/MSFT", "no_position"), ("/positions/NONE", "unknown_symbol")):
        refused = await ann.call("GET", path)
        assert (refused.status, refused.json["code"]) == (404, code)


async def test_a_position_is_closed_whole_and_in_part(rig: Rig, ann: Trader) -> None:
    await ann.order(qty="10")
    part = await ann.call("DELETE", "/positions/AAPL", query="percentage=25")
    assert (part.status, part.json["qty"], part.json["side"]) == (201, "2.5", "sell")
    assert (await ann.call("DELETE", "/positions/AAPL", query="qty=0.5")).json[
        "filled_qty"
    ] == "0.5"
    await ann.order(side="sell", type="limit", limit_price="300", qty="7")
    held = await ann.call("DELETE", "/positions/AAPL")
    assert (held.status, held.json["code"]) == (403, "exceeds_position")
    rest = await ann.call("DELETE", "/positions/AAPL", query="cancel_orders=true")
    assert (rest.json["qty"], rest.json["status"]) == ("7", "filled")
    gone = await ann.call("DELETE", "/positions/AAPL")
    assert (gone.status, gone.json["code"]) == (404, "no_position")
    for query, code in (
        ("percentage=0", "percentage_out_of_range"),
        ("percentage=101", "percentage_out_of_range"),
        ("percentage=1&qty=1", "quantity_or_percentage"),
        ("qty=0", "quantity_not_positive"),
        ("qty=1e3", "invalid_number"),
        ("cancel_orders=perhaps", "invalid_parameter"),
    ):
        refused = await ann.call("DELETE", "/positions/AAPL", query=query)
        assert (refused.status, refused.json["code"]) == (422, code)


async def test_a_share_below_one_lot_cannot_be_closed(ann: Trader) -> None:
    await ann.order(qty="0.01")
    refused = await ann.call("DELETE", "/positions/AAPL", query="percentage=0.000000001")
    assert (refused.status, refused.json["code"]) == (422, "quantity_not_positive")


async def test_an_account_starts_again(rig: Rig, ann: Trader) -> None:
    await ann.order(qty="10")
    await ann.order(type="limit", limit_price="180")
    done = (await ann.call("POST", "/account/reset")).json
    assert (done["cash"], done["orders_canceled"], done["positions_given_up"]) == (
        "100000.00", 1, 1,
    )  # fmt: skip
    assert (await ann.call("GET", "/positions")).json == []
    assert (await ann.call("GET", "/portfolio")).json["total_pl"] == "0.00"
    poor = await ann.call("POST", "/account/reset", {"starting_cash": "0"})
    assert poor.json["cash"] == "0.00"
    assert (await ann.call("GET", "/portfolio")).json["total_pl_percent"] is None


async def test_the_profile_counts_for_the_next_orders(rig: Rig, ann: Trader) -> None:
    chosen = await ann.call("PATCH", "/account", {"profile": "realistic"})
    assert (chosen.status, chosen.json["profile"]) == (200, "realistic")
    assert (await ann.order(qty="1")).json["profile"] == "realistic"
    refused = await ann.call("PATCH", "/account", {"profile": "dreamy"})
    assert (refused.status, refused.json["code"]) == (422, "unknown_profile")
    wrong = await ann.call("POST", "/accounts", {"name": "x", "profile": "dreamy"})
    assert wrong.json["code"] == "unknown_profile"


async def test_a_position_keeps_its_price_while_there_is_none(rig: Rig, ann: Trader) -> None:
    await ann.order(qty="10")
    rig.quote("AAPL", 0, 0, 0)
    held = (await ann.call("GET", "/positions/AAPL")).json
    assert (held["current_price"], held["market_value"]) == ("189.99", "1899.90")
    rig.trade("AAPL", 191)
    held = (await ann.call("GET", "/positions/AAPL")).json
    assert (held["current_price"], held["market_value"]) == ("191.00", "1910.00")
