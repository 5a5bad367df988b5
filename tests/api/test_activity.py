"""What happened to an account, over HTTP."""

from stockyard.model import events as e
from stockyard.projections.rows import HAPPENINGS, about_one
from stockyard.projections.store import encode_event
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from tests.api.rig import Rig, Trader


async def test_what_happened_is_listed_newest_first(rig: Rig, ann: Trader) -> None:
    bought = (await ann.order(qty="10")).json
    await ann.order(qty="4", side="sell")
    await ann.call("POST", "/account/deposits", {"amount": "50"})
    await ann.call("POST", "/account/withdrawals", {"amount": "20.5"})
    assert (await ann.order(qty="9999")).status == 403
    rig.restart()
    found = (await ann.call("GET", "/account/activities")).json
    assert [one["kind"] for one in found] == [
        "denied", "withdrawal", "deposit", "fill", "fill", "deposit",
    ]  # fmt: skip
    denied, withdrawn, deposited, sold, first, opening = found
    assert denied["text"].startswith("Refused: the order needs more cash")
    assert denied["amount"] is None
    assert (withdrawn["amount"], deposited["amount"]) == ("-20.50", "50.00")
    assert opening["amount"] == opening["cash_after"] == "100000.00"
    assert (first["order_id"], first["side"], first["qty"]) == (bought["id"], "buy", "10")
    assert first["text"].startswith("Bought 10 AAPL at ")
    # Each sum leads from one line's cash to the next.
    cash = [float(one["cash_after"]) for one in found[1:]]
    for after, before, one in zip(cash, cash[1:], found[1:], strict=False):
        assert abs(before + float(one["amount"]) - after) < 1e-6
    assert float(sold["fees"]) >= 0

    paged, query = [], "limit=2"
    while page := (await ann.call("GET", "/account/activities", query=query)).json:
        paged += page
        query = f"limit=2&after={page[-1]['id']}"
    assert paged == found
    counts = {
        "kind=fill": 2, "kind=transfer": 3, "kind=charge": 0, "kind=denial": 1, "kind=reset": 0,
        "kind=margin": 0, "end=2026-01-01": 0, "start=2026-01-01&end=2030-01-01": 6,
    }  # fmt: skip
    for query, count in counts.items():
        listed = await ann.call("GET", "/account/activities", query=query)
        assert len(listed.json) == count, query


async def test_a_reset_and_what_went_with_it_are_told(ann: Trader) -> None:
    await ann.order(qty="10")
    await ann.call("POST", "/account/reset", {"starting_cash": "5000"})
    found = (await ann.call("GET", "/account/activities", query="kind=reset")).json
    texts = {one["kind"]: one for one in found}
    assert texts["position_given_up"]["text"] == "10 AAPL went with the reset"
    assert texts["reset"]["cash_after"] == "5000.00"


async def test_one_symbol_is_told_alone(rig: Rig, ann: Trader) -> None:
    """Fills, and whatever else happens to what is held; neither another symbol nor cash."""
    rig.quote("MSFT", 400, 400)
    await ann.order(qty="10")
    await ann.order(symbol="MSFT", qty="5")
    await ann.order(qty="4", side="sell")
    await ann.call("POST", "/account/reset", {"starting_cash": "5000"})
    rig.restart()
    for symbol, kinds in (
        ("AAPL", ["position_given_up", "fill", "fill"]),
        ("msft", ["position_given_up", "fill"]),
        ("BTC/USD", []),
    ):
        listed = (await ann.call("GET", "/account/activities", query=f"symbol={symbol}")).json
        assert [one["kind"] for one in listed] == kinds
        assert {one["symbol"] for one in listed} <= {symbol.upper()}
        paged, query = [], f"symbol={symbol}&limit=1"
        while page := (await ann.call("GET", "/account/activities", query=query)).json:
            paged += page
            query = f"symbol={symbol}&limit=1&after={page[-1]['id']}"
        assert paged == listed
    query = "symbol=AAPL&kind=transfer"
    assert (await ann.call("GET", "/account/activities", query=query)).json == []
    wrong = await ann.call("GET", "/account/activities", query="symbol=NOPE")
    assert (wrong.status, wrong.json["field"]) == (422, "symbol")


def test_the_pattern_of_each_kind_finds_its_instrument_and_no_other() -> None:
    """Numbers that look like another instrument's stand wherever they can."""
    database = MemoryDatabase(MemoryDisk(), "events")
    database.script("CREATE TABLE events (payload TEXT)")
    kinds = (
        e.PositionGivenUp, e.InterestCharged, e.FundingPaid, e.LiquidationStarted,
        e.GoodFaithViolated,
    )  # fmt: skip
    assert set(kinds) == {kind for kind in HAPPENINGS if "instrument_id" in kind.__struct_fields__}
    for kind in kinds:
        fields = [name for name in kind.__struct_fields__ if name != "lots"]
        for mine in (5, 55, 7):
            said = {name: 5 for name in fields} | {"account_id": 17, "kind": 1}
            said["instrument_id"] = mine
            event = kind(**{name: said[name] for name in fields})
            database.execute("DELETE FROM events")
            database.execute("INSERT INTO events VALUES (?)", (encode_event(event).decode(),))
            for asked in (5, 55, 7):
                about, patterns = about_one((kind,), 17, asked)
                found = database.query(f"SELECT payload FROM events WHERE {about}", patterns)
                assert len(found) == (asked == mine), (kind, mine, asked)


async def test_activities_are_ones_own_and_refusals_name_the_field(rig: Rig, ann: Trader) -> None:
    await ann.order()
    bob = await rig.trader("bob@example.com")
    kinds = {one["kind"] for one in (await bob.call("GET", "/account/activities")).json}
    assert kinds == {"deposit"}
    for field, word in (("kind", "x"), ("after", "x"), ("start", "x"), ("limit", "0")):
        wrong = await ann.call("GET", "/account/activities", query=f"{field}={word}")
        assert (wrong.status, wrong.json["field"]) == (422, field)
