"""Histories as files: the same as the lists, in three formats, harmless and bounded."""

import asyncio
import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow.parquet as parquet
import pytest

from stockyard.api import exporting, tables
from stockyard.api.rest.exports import COLUMNS
from stockyard.api.tables import harmless
from tests.api.rig import Answer, Rig, Trader, http_scope

KINDS = {"activities": "/account/activities", "orders": "/orders", "postings": None}


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader with fills, cash, a refusal, an open order and a name that is a formula."""
    trader = await rig.trader()
    await trader.order(qty="10", client_order_id='=HYPERLINK("http://x","y")')
    await trader.order(qty="4", side="sell", client_order_id="+1")
    await trader.order(qty="1", type="limit", limit_price="180", client_order_id="-1-1")
    await trader.call("POST", "/account/deposits", {"amount": "50"})
    await trader.call("POST", "/account/withdrawals", {"amount": "20.5"})
    assert (await trader.order(qty="9999")).status == 403
    return trader


async def export(trader: Trader, what: str, query: str = "") -> Answer:
    answer = await trader.call("GET", f"/exports/{what}", query=query)
    assert answer.status == 200, answer
    return answer


def table(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


@pytest.mark.parametrize("what", ["activities", "orders"])
async def test_a_file_holds_what_the_list_does(ann: Trader, what: str) -> None:
    listed = (await ann.call("GET", KINDS[what] or "", query="limit=500")).json
    as_json = await export(ann, what, "format=json")
    assert as_json.headers["content-type"] == "application/json"
    assert as_json.json == listed
    as_csv = await export(ann, what)
    assert as_csv.headers["content-type"].startswith("text/csv")
    assert as_csv.headers["content-disposition"] == f'attachment; filename="{what}.csv"'
    for row, one in zip(table(as_csv), listed, strict=True):
        assert list(row) == list(COLUMNS[what])
        for name, cell in row.items():
            value = one[name]
            text = "" if value is None else str(value).lower() if value in (True, False) else value
            assert cell == harmless(str(text))


@pytest.mark.parametrize("what", KINDS)
async def test_parquet_is_exact(ann: Trader, what: str) -> None:
    listed = (await export(ann, what, "format=json")).json
    answer = await export(ann, what, "format=parquet")
    assert answer.headers["content-disposition"].endswith(f'"{what}.parquet"')
    found = parquet.read_table(io.BytesIO(answer.body))
    assert found.column_names == list(COLUMNS[what])
    for name in COLUMNS[what]:
        for cell, one in zip(found.column(name), listed, strict=True):
            assert_same(cell, one[name])


def assert_same(cell: Any, value: Any) -> None:
    if value is None or cell.as_py() is None:
        assert cell.as_py() is value
    elif str(cell.type).startswith("decimal"):
        assert cell.as_py() == Decimal(value)
    elif str(cell.type).startswith("timestamp"):
        seconds = datetime.fromisoformat(value[:19]).replace(tzinfo=UTC).timestamp()
        assert cell.value == int(seconds) * 10**9 + int(value[20:29])
    elif isinstance(value, bool):
        assert cell.as_py() == str(value).lower()
    else:
        assert cell.as_py() == str(value)


async def test_no_cell_is_a_formula(ann: Trader) -> None:
    orders = table(await export(ann, "orders"))
    names = [row["client_order_id"] for row in orders]
    assert names == ["'-1-1", "'+1", '\'=HYPERLINK("http://x","y")']
    told = table(await export(ann, "activities"))
    amounts = [row["amount"] for row in told if row["kind"] == "withdrawal"]
    assert amounts == ["-20.50"], "a negative number is one"
    for text in ("=1", "+1", "@x", "\t=1", "\r=1", "\n=1", "-1+1", "-a", "\uff1d1"):
        assert harmless(text) == "'" + text
    for text in ("-1", "-0.5", "a=1", "1", ""):
        assert harmless(text) == text


async def test_pages_follow_on_from_each_other(
    ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {what: (await export(ann, what, "format=json")).json for what in KINDS}
    monkeypatch.setattr(exporting, "PAGE_ROWS", 2)
    monkeypatch.setattr(tables, "GROUP_ROWS", 3)
    for what, rows in whole.items():
        assert (await export(ann, what, "format=json")).json == rows
        assert len(table(await export(ann, what))) == len(rows)
        answer = await export(ann, what, "format=parquet")
        assert parquet.read_table(io.BytesIO(answer.body)).num_rows == len(rows)


async def test_filters_are_those_of_the_lists(ann: Trader) -> None:
    counts = {
        ("activities", "kind=fill"): 2, ("activities", "start=2026-01-03"): 0,
        ("activities", "symbol=BTC/USD"): 0, ("activities", "symbol=AAPL"): 2,
        ("orders", "status=filled"): 2, ("orders", "side=sell"): 1, ("orders", "symbol=BTC/USD"): 0,
        ("orders", "type=limit"): 1, ("postings", "end=2026-01-01"): 0,
    }  # fmt: skip
    for (what, query), count in counts.items():
        for form in ("csv", "json", "parquet"):
            answer = await export(ann, what, f"{query}&format={form}")
            if form == "json":
                assert len(answer.json) == count, (what, query)
            elif form == "csv":
                assert len(table(answer)) == count, (what, query)
            else:
                assert parquet.read_table(io.BytesIO(answer.body)).num_rows == count


async def test_an_empty_file_has_a_heading(ann: Trader) -> None:
    answer = await export(ann, "orders", "start=2030-01-01")
    assert answer.body.decode() == ",".join(COLUMNS["orders"]) + "\r\n"


async def test_files_are_ones_own_and_refusals_name_the_field(rig: Rig, ann: Trader) -> None:
    bob = await rig.trader("bob@example.com")
    assert (await export(bob, "orders", "format=json")).json == []
    mine = (await ann.call("GET", "/account")).json["id"]
    for what in KINDS:
        assert (await rig.call("GET", f"/api/v1/exports/{what}")).status == 401
        theirs = await bob.call("GET", f"/exports/{what}", query=f"account_id={mine}")
        never = "00000000-0000-8000-8000-000000000000"
        nobody = await bob.call("GET", f"/exports/{what}", query=f"account_id={never}")
        assert (theirs.status, nobody.status) == (404, 404)
        assert theirs.json | {"request_id": ""} == nobody.json | {"request_id": ""}
        for query, field in (("format=xml", "format"), ("start=x", "start")):
            wrong = await ann.call("GET", f"/exports/{what}", query=query)
            assert (wrong.status, wrong.json["field"]) == (422, field)


async def test_too_many_rows_are_refused_before_any_is_sent(
    ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ROWS_MAX", 2)
    for what in KINDS:
        refused = await ann.call("GET", f"/exports/{what}")
        assert (refused.status, refused.json["code"]) == (422, "export_too_large")
    assert (await export(ann, "orders", "side=sell")).status == 200


async def test_so_many_at_once_and_no_more(rig: Rig, ann: Trader) -> None:
    me = rig.people.user_by_email("ann@example.com")
    assert me is not None
    slots = rig.app.door.slots
    for _ in range(exporting.AT_ONCE_PER_USER_MAX):
        slots.enter(me.id)
    refused = await ann.call("GET", "/exports/orders")
    assert (refused.status, refused.headers["retry-after"]) == (429, "5")
    slots.leave(me.id)
    assert (await export(ann, "orders")).status == 200
    slots.enter("somebody")
    slots.enter("somebody else")
    slots.enter("a third")
    assert (await ann.call("GET", "/exports/orders")).status == 429
    for who in (me.id, "somebody", "somebody else", "a third"):
        slots.leave(who)
    assert (await export(ann, "orders")).status == 200


async def test_a_reader_that_leaves_or_stalls_gives_its_place_back(
    rig: Rig, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "STALL_S", 0.01)
    monkeypatch.setattr(exporting, "PAGE_ROWS", 1)
    sent: list[Any] = []
    nothing = asyncio.Event()

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def never() -> Any:
        await nothing.wait()

    async def keep(message: Any) -> None:
        sent.append(message)

    async def stall(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            await nothing.wait()

    for receive, send in ((gone, keep), (never, stall)):
        sent.clear()
        pairs = list(ann.headers.items())
        await rig.app(http_scope("GET", "/api/v1/exports/orders", "", pairs), receive, send)
        assert sent[0]["status"] == 200
        assert all(message.get("more_body", True) for message in sent[1:]), "it has no end"
        assert not rig.app.door.slots._by_user


async def test_a_look_at_the_head_makes_no_file(ann: Trader) -> None:
    answer = await ann.call("HEAD", "/exports/orders", query="format=parquet")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"


async def test_postings_add_up_to_the_account(rig: Rig, ann: Trader) -> None:
    found = (await export(ann, "postings", "format=json")).json
    account = (await ann.call("GET", "/account")).json
    assert sum(Decimal(one["cash"]) for one in found) == Decimal(account["cash"])
    for one in found:
        others = sum(Decimal(each["amount"]) for each in one["counter_postings"])
        assert Decimal(one["cash"]) + Decimal(one["margin"]) + others == 0
    held = sum(Decimal(one["qty"] or "0") for one in found if one["symbol"] == "AAPL")
    assert held == Decimal((await ann.call("GET", "/positions/AAPL")).json["qty"])
    names = {one["id"] for one in (await export(ann, "activities", "format=json")).json}
    assert {one["id"] for one in found} <= names
    rig.restart()
    assert (await export(ann, "postings", "format=json")).json == found
    assert msgspec.json.decode((await export(ann, "postings", "format=json")).body) == found
