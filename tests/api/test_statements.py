"""Statements: a month's numbers, all of them sums of postings, as JSON, HTML and PDF."""

import re
from decimal import Decimal
from html import unescape
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader

from stockyard.api.papers import pdf
from stockyard.api.papers.paper import Column, Grid, Paper, grouped
from stockyard.api.statements import Month, month_of
from stockyard.model.ticks import Bar
from tests.api.rig import NOW, SECOND, Rig, Trader

HOUR = 3_600 * SECOND
MONTHS = ("2026-01", "2026-02", "2026-03")


async def trade(rig: Rig, trader: Trader, side: str, qty: str, price: float) -> None:
    rig.quote("AAPL", price - 0.01, price)
    made = await trader.order(side=side, qty=qty)
    assert made.json["status"] == "filled", made


@pytest.fixture
async def ann(rig: Rig) -> Trader:
    """A trader with three months: bought, sold, deposited, withdrew, borrowed, was reset."""
    signed_in = await rig.trader()
    # A session would not last for so long.
    trader = Trader(rig, await rig.key(signed_in.headers))
    assert (await trader.call("PATCH", "/account", {"profile": "realistic"})).status == 200
    rig.quote("AAPL", 99.99, 100)
    await trade(rig, trader, "buy", "10", 100)
    await trade(rig, trader, "sell", "4", 110)
    await trader.call("POST", "/account/deposits", {"amount": "1000.5"})
    await on(rig, "2026-02")
    await trade(rig, trader, "buy", "3.5", 120)
    await trade(rig, trader, "sell", "9", 90)
    await trader.call("POST", "/account/withdrawals", {"amount": "250.25"})
    await on(rig, "2026-03")
    await trade(rig, trader, "buy", "1", 95)
    await trader.call("POST", "/account/reset", {"starting_cash": "5000"})
    await trade(rig, trader, "buy", "2", 96)
    return trader


async def on(rig: Rig, month: str) -> None:
    """Go to the third day of a month. Its last hour was a dollar and a quarter above a hundred; the
    hour that was not over by then, and the day, say otherwise.
    """
    year, number = month.split("-")
    begins = Month(int(year), int(number)).from_ns
    price(rig, HOUR, begins - HOUR, 101.25)
    price(rig, HOUR, begins, 400)
    price(rig, 24 * HOUR, begins - 24 * HOUR, 500)
    rig.clock.time_ns = begins + 72 * HOUR


def price(rig: Rig, window_ns: int, start_ns: int, close: float) -> None:
    """A bar of AAPL in the history."""
    which = rig.world.view.symbols["AAPL"]
    scaled = round(close * 10 ** rig.world.view.instruments[which].price_scale)
    bar = Bar(which, "", window_ns // SECOND, start_ns, *[scaled] * 4, 1, scaled, 1, 0, True)
    rig.history.take((), [bar])


async def statement(trader: Trader, month: str) -> Any:
    answer = await trader.call("GET", f"/statements/{month}")
    assert answer.status == 200, answer
    return answer.json


async def test_months_are_listed_and_follow_on_from_each_other(rig: Rig, ann: Trader) -> None:
    listed = (await ann.call("GET", "/statements")).json
    assert [one["month"] for one in listed] == list(reversed(MONTHS))
    assert [one["is_over"] for one in listed] == [False, True, True]
    assert listed[0]["begins_at"] == listed[1]["ends_at"] == "2026-03-01T05:00:00.000000000Z"
    found = [await statement(ann, month) for month in MONTHS]
    for before, after in pairwise(found):
        assert before["closing"] == after["opening"]
    assert found[0]["opening"]["value"] == "0.00"
    account = (await ann.call("GET", "/account")).json
    now = found[-1]["closing"]
    assert (now["cash"], now["value"]) == (account["cash"], account["equity"])
    await rig.history.written()
    rig.restart()
    # Asked for in any order, from memory or from the first event on, they say the same.
    assert [await statement(ann, month) for month in reversed(MONTHS)] == found[::-1]


@pytest.mark.parametrize("month", MONTHS)
async def test_every_number_is_a_sum_of_postings(ann: Trader, month: str) -> None:
    found = await statement(ann, month)
    lines = found["postings"]
    assert found["postings_count"] == len(lines) > 3
    opening, closing = found["opening"], found["closing"]

    def total(name: str, **only: str) -> Decimal:
        some = [one for one in lines if all(one[key] == value for key, value in only.items())]
        return sum([Decimal(one[name] or "0") for one in some], Decimal(0))

    assert Decimal(closing["cash"]) - Decimal(opening["cash"]) == total("cash")
    assert Decimal(closing["margin"]) - Decimal(opening["margin"]) == total("margin")
    for one in found["sums"]:
        assert Decimal(one["amount"]) == total("cash", kind=one["kind"]), one
    for one in found["fees"]:
        assert Decimal(one["amount"]) == total("cash", fee=one["fee"]), one
    fees = {one["kind"]: one["amount"] for one in found["sums"]}["fee"]
    assert sum(Decimal(one["amount"]) for one in found["fees"]) == Decimal(fees)
    assert (Decimal(fees) < 0) == (month != "2026-03"), "sales are charged, here two of them"
    assert Decimal(found["realized_pl"]) == total("realized_pl")
    for one in found["realized"]:
        assert Decimal(one["realized_pl"]) == total("realized_pl", symbol=one["symbol"])
    for symbol in {one["symbol"] for one in lines if one["symbol"]}:
        for name in ("qty", "cost"):
            change = held(closing, symbol, name) - held(opening, symbol, name)
            assert change == total(name, symbol=symbol), (symbol, name)
    for side in (opening, closing):
        values = [Decimal(one["value"]) for one in side["positions"]]
        assert sum(values) == Decimal(side["positions_value"])
        assert Decimal(side["cash"]) + sum(values) == Decimal(side["value"])
        for one in side["positions"]:
            assert one["price"] == ("101.25" if side["at"][8:10] == "01" else "95.99")
            assert one["priced_at"] == side["at"]
            assert Decimal(one["value"]) == Decimal(one["qty"]) * Decimal(one["price"])
            gain = Decimal(one["value"]) - Decimal(one["cost"])
            assert Decimal(one["unrealized_pl"]) == gain
    names = {one["id"] for one in lines}
    told = (await ann.call("GET", "/account/activities", query="limit=500")).json
    assert names <= {one["id"] for one in told}, "each posting names an activity"


def held(side: Any, symbol: str, name: str) -> Decimal:
    """What a side says of a symbol."""
    return sum([Decimal(p[name]) for p in side["positions"] if p["symbol"] == symbol], Decimal(0))


async def test_the_gain_is_what_trading_made(ann: Trader) -> None:
    january, february, march = [await statement(ann, month) for month in MONTHS]
    for found in (january, february, march):
        rise = Decimal(found["closing"]["value"]) - Decimal(found["opening"]["value"])
        assert Decimal(found["gain"]) == rise - Decimal(found["invested"])
    assert january["invested"] == "101000.50"
    assert february["invested"] == "-250.25"
    fees = {one["kind"]: one["amount"] for one in january["sums"]}["fee"]
    # Six of ten are left at 101.25, which cost 100.
    made = Decimal(january["realized_pl"]) + Decimal(fees) + 6 * Decimal("1.25")
    assert Decimal(january["gain"]) == made
    given_up = [one for one in march["postings"] if one["kind"] == "position_given_up"]
    assert [one["qty"] for one in given_up] == ["-1.5"]
    sums = {one["kind"]: Decimal(one["amount"]) for one in march["sums"]}
    invested = sums["reset"] + sum(Decimal(one["cost"]) for one in given_up)
    assert Decimal(march["invested"]) == invested


async def test_papers_say_what_the_statement_does(ann: Trader) -> None:
    for month in MONTHS:
        found = await statement(ann, month)
        page = await ann.call("GET", f"/statements/{month}", query="format=html")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "sandbox" in page.headers["content-security-policy"]
        paper = await ann.call("GET", f"/statements/{month}", query="format=pdf")
        assert paper.headers["content-type"] == "application/pdf"
        name = f'inline; filename="statement-{month}.pdf"'
        assert paper.headers["content-disposition"] == name
        for text in (text_of_html(page.body), text_of_pdf(paper.body)):
            for number in numbers_of(found):
                assert number in text, (month, number)
            for one in found["postings"]:
                assert one["id"] in text


def numbers_of(found: Any) -> set[str]:
    """Every number that a paper must show, as people read it."""
    told = {found["gain"], found["invested"], found["realized_pl"]}
    told |= {found["opening"]["value"], found["closing"]["value"]}
    for side in (found["opening"], found["closing"]):
        told |= {side["cash"], side["positions_value"]}
        for one in side["positions"]:
            told |= {one["qty"], one["cost"], one["price"], one["value"], one["unrealized_pl"]}
    told |= {one["amount"] for one in found["sums"] if one["amount"] != "0.00"}
    told |= {one["amount"] for one in found["fees"]}
    told |= {one["cash"] for one in found["postings"]}
    return {grouped(one) for one in told}


def text_of_html(body: bytes) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", body.decode()))


def text_of_pdf(body: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(body)).pages)


async def test_a_tax_report_is_a_paper_too(ann: Trader) -> None:
    found = (await ann.call("GET", "/reports/tax", query="year=2026")).json
    assert len(found["lines"]) == 3
    told = {found["total"][name] for name in ("proceeds", "cost", "fees", "taxable_pl")}
    for line in found["lines"]:
        told |= {line[n] for n in ("qty", "proceeds", "cost", "fees", "taxable_pl", "closed_on")}
    page = await ann.call("GET", "/reports/tax", query="year=2026&format=html")
    paper = await ann.call("GET", "/reports/tax", query="year=2026&format=pdf")
    names = {one["id"] for one in (await ann.call("GET", "/account/activities")).json}
    for text in (text_of_html(page.body), text_of_pdf(paper.body)):
        for number in told:
            assert (number if "-" in number[1:] else grouped(number)) in text, number
        named = set(re.findall(r"\b\d+-\d+\b(?!-)", re.sub(r"\d{4}-\d\d-\d\d", "", text)))
        assert named & names, "lots are named by events"


async def test_the_totals_of_a_tax_report_are_sums_of_its_lines(ann: Trader) -> None:
    found = (await ann.call("GET", "/reports/tax", query="year=2026")).json
    postings = (await ann.call("GET", "/exports/postings", query="format=json")).json
    for name in ("proceeds", "cost", "fees", "economic_pl", "taxable_pl"):
        assert Decimal(found["total"][name]) == sum(Decimal(x[name]) for x in found["lines"])
    # What closed is what the ledger says was sold, less nothing.
    sold = [one for one in postings if one["kind"] == "sale"]
    assert Decimal(found["total"]["proceeds"]) == sum(Decimal(one["cash"]) for one in sold)
    assert Decimal(found["total"]["cost"]) == -sum(Decimal(one["cost"]) for one in sold)
    gains = sum(Decimal(one["realized_pl"] or "0") for one in postings)
    assert Decimal(found["total"]["economic_pl"]) + Decimal(found["total"]["fees"]) == gains


async def test_names_are_text_wherever_they_stand(rig: Rig) -> None:
    trader = await rig.trader()
    name = "<script>alert(1)</script>&\u65e5\u672c"
    made = await trader.call("POST", "/accounts", {"name": name})
    query = f"account_id={made.json['id']}"
    page = await trader.call("GET", "/statements/2026-01", query=f"{query}&format=html")
    assert b"<script" not in page.body
    assert name in text_of_html(page.body)
    paper = await trader.call("GET", "/statements/2026-01", query=f"{query}&format=pdf")
    assert "<script>alert(1)</script>&??" in text_of_pdf(paper.body)


async def test_statements_are_ones_own_and_of_months_there_were(rig: Rig, ann: Trader) -> None:
    assert (await rig.call("GET", "/api/v1/statements")).status == 401
    bob = await rig.trader("bob@example.com")
    mine = (await ann.call("GET", "/account")).json["id"]
    for path in ("/statements", "/statements/2026-02"):
        assert (await bob.call("GET", path, query=f"account_id={mine}")).status == 404
    listed = (await bob.call("GET", "/statements")).json
    assert [one["month"] for one in listed] == ["2026-03"]
    for month in ("2025-12", "2026-04", "2026-13", "2026-3", "x", "0000-01", "2026-02 "):
        refused = await ann.call("GET", f"/statements/{month}")
        assert (refused.status, refused.json["code"]) == (404, "unknown_statement"), month
    wrong = await ann.call("GET", "/statements/2026-02", query="format=doc")
    assert (wrong.status, wrong.json["field"]) == (422, "format")


async def test_a_long_month_is_listed_in_part_and_summed_whole(
    ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await statement(ann, "2026-02")
    monkeypatch.setattr("stockyard.projections.statements.LISTED_MAX", 2)
    monkeypatch.setattr("stockyard.projections.statements.PAGE_EVENTS", 1)
    found = await statement(ann, "2026-02")
    assert found == {**whole, "postings": whole["postings"][:2]}
    page = await ann.call("GET", "/statements/2026-02", query="format=html")
    assert f"The first 2 of {whole['postings_count']}" in text_of_html(page.body)


def test_months_are_new_yorks() -> None:
    assert month_of(NOW).word == "2026-01"
    # Half past four in the morning of the first, in London, is still the month before.
    assert month_of(Month(2026, 2).from_ns - 1).word == "2026-01"
    assert Month(2026, 12).next() == Month(2027, 1)


def test_a_pdf_never_cuts_a_number_and_is_the_same_again() -> None:
    number = "-1,234,567,890,123,456,789.123456"
    columns = (Column("Name", 1), Column("Amount", 0.2, True), *[Column("", 1)] * 8)
    row = ("A long name that does not fit " * 3, number, *[""] * 8)
    paper = Paper("T", "s", [("Fact", "1")], [Grid("G", "about", columns, [row] * 200, row)], ["n"])
    made = pdf.document(paper)
    assert pdf.document(paper) == made
    text = text_of_pdf(made)
    assert text.count(number) == 201
    assert "\u2026" in text
    pages = len(PdfReader(BytesIO(made)).pages)
    assert f"Page {pages} of {pages}" in text
    assert text.count("Amount") == pages, "each page repeats the heading"
