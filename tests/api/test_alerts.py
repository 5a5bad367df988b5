"""Alerts over the API: armed, fired once, told on streams and in the inbox, and nobody else's."""

import asyncio
from typing import Any

import pytest

from stockyard.storage.memory import MemoryDatabase
from tests.api.listener import Listener
from tests.api.rig import SECOND, Rig, Trader

ABOVE = {"kind": "price", "symbol": "AAPL", "direction": "above", "value": "200"}
DAY = 86_400 * SECOND


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader with a key, which does not expire; AAPL traded at 190."""
    rig.trade("AAPL", 190)
    return Trader(rig, await rig.key((await rig.trader()).headers))


async def fired(ann: Trader) -> list[Any]:
    """What fired so far, oldest first, once it is kept."""
    while ann.rig.app.door.notices.is_busy:
        await asyncio.sleep(0)
    return list(reversed((await ann.call("GET", "/alert-history")).json["items"]))


async def arm(ann: Trader, **said: Any) -> Any:
    """A new alert."""
    made = await ann.call("POST", "/alerts", said)
    assert made.status == 201, made
    return made.json


async def test_an_alert_fires_once_for_each_arming(rig: Rig, ann: Trader) -> None:
    made = await arm(ann, **ABOVE, note="Sell half")
    assert (made["status"], made["price"], made["value"]) == ("armed", "last", "200.00")
    rig.trade("AAPL", 199.99)
    assert await fired(ann) == []
    for price in (200.00, 201, 199, 202):
        rig.trade("AAPL", price)
    (told,) = await fired(ann)
    assert (told["title"], told["value"]) == ("AAPL is at or above 200.00", "200.00")
    assert told["text"] == "Last trade 200.00. Sell half"
    path = f"/alerts/{made['id']}"
    read = (await ann.call("GET", path)).json
    assert (read["status"], read["arming"], read["fired_at"] is None) == ("fired", 1, False)
    rig.trade("AAPL", 199)
    again = (await ann.call("POST", path + "/arm")).json
    assert (again["status"], again["arming"]) == ("armed", 2)
    rig.trade("AAPL", 205)
    rig.trade("AAPL", 206)
    assert [one["value"] for one in await fired(ann)] == ["200.00", "205.00"]
    inbox = (await ann.call("GET", "/inbox")).json
    assert (inbox["unread"], inbox["items"][0]["link"]) == (2, "/alerts")


async def test_one_that_is_met_already_fires_at_once(rig: Rig, ann: Trader) -> None:
    await arm(ann, kind="price", symbol="AAPL", direction="below", value="195")
    assert [one["value"] for one in await fired(ann)] == ["190.00"]


async def test_what_is_met_at_the_arming_is_kept_before_that_is_answered(
    rig: Rig, ann: Trader
) -> None:
    """The tables may be past the price already: no crash would find it in the journal's tail."""
    rig.world.alerts.on_noted = None
    made = await arm(ann, kind="price", symbol="AAPL", direction="below", value="195")
    [(status,)] = MemoryDatabase(rig.disk, "people").query(
        "SELECT status FROM alerts WHERE id = ?", (made["id"],)
    )
    assert status == "fired"


async def test_what_a_crash_left_met_fires_at_the_next_start(
    rig: Rig, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables are past the price, and nothing may ever follow that would have it settled."""
    rig.world.projector.flush()
    monkeypatch.setattr(rig.world.alerts, "put", lambda alert: None)
    made = await arm(ann, kind="price", symbol="AAPL", direction="below", value="195")
    rig.restart()
    await rig.app.complete_unfinished()
    read = (await ann.call("GET", f"/alerts/{made['id']}")).json
    assert read["status"] == "fired"


async def test_bid_and_ask_and_mark(rig: Rig, ann: Trader) -> None:
    rig.quote("AAPL", 189, 191)
    await arm(ann, **{**ABOVE, "price": "bid"}, note="bid")
    await arm(ann, **{**ABOVE, "price": "ask"}, note="ask")
    rig.quote("AAPL", 199, 201)
    assert [one["text"] for one in await fired(ann)] == ["Offer 201.00. ask"]
    rig.quote("AAPL", 200.5, 202)
    assert [one["text"] for one in await fired(ann)][1] == "Bid 200.50. bid"
    refused = await ann.call("POST", "/alerts", {**ABOVE, "price": "mark"})
    assert refused.json["code"] == "invalid_price"


async def test_a_move_in_percent_from_the_arming(rig: Rig, ann: Trader) -> None:
    rig.trade("AAPL", 200)
    said = {"kind": "percent", "symbol": "AAPL", "value": "2.5"}
    for direction in ("above", "below", "either"):
        made = await arm(ann, **said, direction=direction, note=direction)
        assert (made["base"], made["since"]) == ("200.00", "arming")
    rig.trade("AAPL", 204.99)
    assert await fired(ann) == []
    rig.trade("AAPL", 205)
    assert [one["title"] for one in await fired(ann)] == ["AAPL is up 2.5 %"] * 2
    rig.trade("AAPL", 195.01)
    assert len(await fired(ann)) == 2
    rig.trade("AAPL", 194)
    told = (await fired(ann))[2]
    assert (told["title"], told["value"]) == ("AAPL is down 2.5 %", "-3")


async def test_a_move_from_the_previous_close(rig: Rig, ann: Trader) -> None:
    said = {"kind": "percent", "symbol": "AAPL", "value": "5", "since": "previous_close"}
    refused = await ann.call("POST", "/alerts", {**said, "direction": "either"})
    assert refused.json["code"] == "no_previous_close"
    await arm(ann, kind="volume", symbol="AAPL", value="1000000000")
    rig.clock.time_ns += DAY
    rig.trade("AAPL", 191)
    await arm(ann, **said, direction="above")
    rig.trade("AAPL", 199.49)
    assert await fired(ann) == []
    rig.restart()
    rig.trade("AAPL", 199.5)
    (told,) = await fired(ann)
    assert (told["title"], told["value"]) == ("AAPL is up 5 % on the day", "5")


async def test_volume_counts_from_the_beginning_of_the_day(rig: Rig, ann: Trader) -> None:
    await arm(ann, kind="volume", symbol="AAPL", value="1000")
    rig.trade("AAPL", 190, 600)
    assert await fired(ann) == []
    rig.restart()
    rig.trade("AAPL", 190, 399)
    assert await fired(ann) == []
    rig.clock.time_ns += DAY
    rig.trade("AAPL", 190, 999)
    assert await fired(ann) == []
    rig.trade("AAPL", 190, 1)
    (told,) = await fired(ann)
    assert (told["title"], told["value"]) == ("AAPL traded 1000 or more today", "1000")


async def test_profit_and_loss_of_a_position_and_of_the_account(rig: Rig, ann: Trader) -> None:
    refused = await ann.call(
        "POST", "/alerts", {"kind": "pnl", "symbol": "AAPL", "direction": "above", "value": "50"}
    )
    assert refused.json["code"] == "no_position"
    rig.quote("AAPL", 200, 200)
    assert (await ann.order()).status == 201
    position = {"kind": "pnl", "symbol": "AAPL"}
    await arm(ann, **position, direction="above", value="50")
    await arm(ann, **position, direction="below", value="-100")
    await arm(ann, kind="pnl", direction="above", value="50")
    rig.quote("AAPL", 204.99, 205)
    assert await fired(ann) == []
    assert (await ann.call("GET", "/positions/AAPL")).json["unrealized_pl"] == "49.90"
    rig.quote("AAPL", 205, 205)
    told = [(one["title"], one["value"]) for one in await fired(ann)]
    assert sorted(told) == [
        ("Profit or loss of AAPL is 50.00 or more", "50.00"),
        ("Profit or loss of the account is 50.00 or more", "50.00"),
    ]
    assert (await ann.order(side="sell", qty="5")).status == 201
    rig.quote("AAPL", 190, 190)
    assert len(await fired(ann)) == 2
    rig.quote("AAPL", 180, 180)
    assert (await fired(ann))[2]["value"] == "-100.00"


async def test_streams_are_told_and_the_inbox_counted(rig: Rig, ann: Trader) -> None:
    listener = await Listener(rig).connected(ann.headers)
    assert (await listener.next())["type"] == "authenticated"
    bob = await rig.trader("bob@example.com")
    other = await Listener(rig).connected(bob.headers)
    assert (await other.next())["type"] == "authenticated"
    made = await arm(ann, **ABOVE)
    rig.trade("AAPL", 200)
    frame = await listener.next()
    assert (frame["type"], frame["alert"]["alert_id"]) == ("alert", made["id"])
    assert "token" not in frame
    assert await listener.next() == {"type": "inbox", "unread": 1}
    rig.trade("AAPL", 201)
    (told,) = await fired(ann)
    assert told == frame["alert"]
    assert (listener.frames.empty(), other.frames.empty()) == (True, True)


async def test_what_is_changed_is_watched_from_then_on(rig: Rig, ann: Trader) -> None:
    made = await arm(ann, **ABOVE)
    path = f"/alerts/{made['id']}"
    noted = (await ann.call("PATCH", path, {"note": " mine ", "email": False})).json
    assert (noted["note"], noted["email"], noted["arming"]) == ("mine", False, 1)
    moved = (await ann.call("PATCH", path, {"value": "210"})).json
    assert (moved["value"], moved["arming"], moved["note"]) == ("210.00", 2, "mine")
    rig.trade("AAPL", 205)
    assert await fired(ann) == []
    off = (await ann.call("POST", path + "/off")).json
    assert off["status"] == "off"
    rig.trade("AAPL", 211)
    assert await fired(ann) == []
    down = (await ann.call("PATCH", path, {"direction": "below", "value": "100"})).json
    assert (down["status"], down["direction"]) == ("armed", "below")
    assert (await ann.call("DELETE", path)).status == 204
    rig.trade("AAPL", 99)
    assert await fired(ann) == []
    assert (await ann.call("GET", "/alerts")).json == []


async def test_lists_and_pages(rig: Rig, ann: Trader) -> None:
    for value in (191, 192, 300):
        rig.clock.time_ns += SECOND
        await arm(ann, **{**ABOVE, "value": str(value)})
    await arm(ann, kind="price", symbol="BTC/USD", direction="above", value="99999")
    rig.trade("AAPL", 193)
    await fired(ann)

    async def values(query: str) -> list[str]:
        return [x["value"] for x in (await ann.call("GET", "/alerts", query=query)).json]

    assert await values("status=armed&symbol=aapl") == ["300.00"]
    assert await values("status=fired") == ["192.00", "191.00"]
    assert await values("symbol=BTCUSD") == ["99999.00"]
    first = (await ann.call("GET", "/alert-history", query="limit=1")).json
    rest = (await ann.call("GET", "/alert-history", query=f"before={first['next']}")).json
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (1, 1, None)
    alert_id = rest["items"][0]["alert_id"]
    mine = (await ann.call("GET", "/alert-history", query=f"alert={alert_id}")).json
    assert mine["items"] == rest["items"]


async def test_a_foreign_alert_does_not_exist(rig: Rig, ann: Trader) -> None:
    made = await arm(ann, **ABOVE)
    bob = await rig.trader("bob@example.com")
    for method, behind, body in (
        ("GET", "", None),
        ("PATCH", "", {"value": "1"}),
        ("PATCH", "", {"note": "mine"}),
        ("DELETE", "", None),
        ("POST", "/arm", None),
        ("POST", "/off", None),
    ):
        theirs = await bob.call(method, f"/alerts/{made['id']}{behind}", body)
        nobodys = await bob.call(method, f"/alerts/{made['id'][::-1]}{behind}", body)
        assert (theirs.status, theirs.json["code"]) == (404, "unknown_alert"), behind
        assert theirs.json["detail"] == nobodys.json["detail"]
    rig.trade("AAPL", 200)
    assert len(await fired(ann)) == 1
    query = f"alert={made['id']}"
    assert (await bob.call("GET", "/alert-history", query=query)).json["items"] == []
    assert (await bob.call("GET", "/alerts")).json == []
    assert (await bob.call("GET", "/inbox/unread")).json == {"unread": 0}


async def test_what_cannot_be_armed_is_said(rig: Rig, ann: Trader) -> None:
    percent = {"kind": "percent", "symbol": "AAPL", "direction": "above"}
    for body, code in (
        ({**ABOVE, "kind": "dividend"}, "invalid_kind"),
        ({**ABOVE, "symbol": "NOPE"}, "unknown_symbol"),
        ({"kind": "price", "direction": "above", "value": "1"}, "missing_field"),
        ({"kind": "price", "symbol": "AAPL", "value": "1"}, "missing_field"),
        ({**ABOVE, "direction": "either"}, "invalid_direction"),
        ({**ABOVE, "value": "0"}, "price_not_positive"),
        ({**ABOVE, "value": "1e3"}, "invalid_number"),
        ({**ABOVE, "since": "arming"}, "invalid_since"),
        ({**ABOVE, "note": "x" * 201}, "invalid_note"),
        ({**ABOVE, "note": "a\nb"}, "invalid_note"),
        ({**ABOVE, "more": 1}, "unknown_field"),
        ({**percent, "value": "0"}, "percent_out_of_range"),
        ({**percent, "value": "1000.0001"}, "percent_out_of_range"),
        ({**percent, "value": "1", "price": "bid"}, "invalid_price"),
        ({**percent, "value": "1", "since": "start"}, "invalid_since"),
        ({"kind": "percent", "symbol": "ETH/USD", "direction": "above", "value": "1"},
         "no_price_yet"),
        ({"kind": "volume", "symbol": "AAPL", "value": "1", "direction": "below"},
         "invalid_direction"),
        ({"kind": "volume", "symbol": "AAPL", "value": "-1"}, "quantity_not_positive"),
    ):  # fmt: skip
        refused = await ann.call("POST", "/alerts", body)
        assert (refused.status, refused.json["code"]) == (422, code), body
    assert (await ann.call("GET", "/alerts", query="status=loud")).json["code"] == "invalid_status"
    assert (await ann.call("GET", "/alert-history", query="before=x")).status == 422
    assert (await rig.call("GET", "/api/v1/alerts")).status == 401
    made = await arm(ann, **ABOVE)
    nothing = await ann.call("PATCH", f"/alerts/{made['id']}", {})
    assert nothing.json["code"] == "nothing_to_change"


async def test_a_user_may_have_no_mail_of_alerts(rig: Rig, ann: Trader) -> None:
    await arm(ann, **ABOVE)
    await arm(ann, **ABOVE, email=False)
    rig.trade("AAPL", 200)
    assert len(await fired(ann)) == 2
    (mail,) = rig.people.outbox.due(rig.clock.wall_ns(), 10)
    assert (mail.to, mail.subject) == ("ann@example.com", "AAPL is at or above 200.00")
    assert "Last trade 200.00." in mail.text
    assert (await ann.call("GET", "/alert-settings")).json == {"email": True}
    assert (await ann.call("PUT", "/alert-settings", {"email": False})).json == {"email": False}
    rig.restart()
    assert (await ann.call("GET", "/alert-settings")).json == {"email": False}
    await arm(ann, **ABOVE)
    assert len(await fired(ann)) == 3
    mails = MemoryDatabase(rig.disk, "people").query("SELECT COUNT(*) FROM mails")
    assert mails == [(1,)]
