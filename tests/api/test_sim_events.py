"""The World's event log: everything in order, in words, for whoever may read it."""

from typing import Any, get_args

import pytest

from stockyard.api.sim_words import LogWords
from stockyard.model.events import Event
from stockyard.model.facts import ClockTick
from stockyard.model.records import Input
from tests.api.rig import Answer, Rig, Trader


@pytest.fixture
async def both() -> tuple[Rig, Trader, Trader]:
    """A World with test controls, and two who trade in it."""
    rig = Rig(controls=True)
    rig.quote("AAPL", 189.99, 190.01)
    ann, bob = await rig.trader(), await rig.trader("bob@example.com")
    await ann.call("POST", "/sim/notes", {"text": "here it begins"})
    await ann.order(client_order_id="first")
    await bob.order(qty="5000")
    rig.quote("AAPL", 190.99, 191.01)
    return rig, ann, bob


async def log(who: Trader, query: str = "", headers: dict[str, str] | None = None) -> Answer:
    return await who.call("GET", "/sim/events", query=query, headers=headers or {})


def texts(answer: Answer) -> list[str]:
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.json["inputs"]
    return [one["text"] for row in found for one in (row, *row["events"])]


async def test_the_log_tells_what_came_in_and_what_it_led_to(
    both: tuple[Rig, Trader, Trader],
) -> None:
    _, ann, _ = both
    answer = await log(ann, "limit=1000")
    said = texts(answer)
    assert "note: here it begins" in said
    at = said.index("note: here it begins")
    placed, accepted, filled = said[at + 1 : at + 4]
    assert placed.startswith("PlaceOrder: AAPL, buy, market, day, qty 10")
    assert "client order id first" in accepted
    assert filled.startswith("OrderFilled: AAPL, order ")
    assert "price 190.01, qty 10" in filled
    assert any(one.startswith("CommandDenied: exceeds_buying_power") for one in said)
    row = next(one for one in answer.json["inputs"] if one["kind"] == "ControlUsed")
    assert row["actor"].startswith("user:")
    assert not any(one.startswith("Quote") for one in said)
    assert any(one.startswith("Quote") for one in texts(await log(ann, "limit=1000&market=true")))


async def test_pages_hold_each_record_once(both: tuple[Rig, Trader, Trader]) -> None:
    rig, ann, _ = both
    whole = (await log(ann, "limit=1000")).json
    seen: list[int] = []
    after = 0
    while after < rig.world.engine.seq:
        page = (await log(ann, f"limit=3&after={after}")).json
        assert len(page["inputs"]) <= 3
        seen += [one["seq"] for one in page["inputs"]]
        after = page["next_after"]
    assert seen == [one["seq"] for one in whole["inputs"]]
    rig.feed(ClockTick())
    await ann.call("POST", "/sim/notes", {"text": "and then"})
    assert texts(await log(ann, f"after={after}")) == ["note: and then"]
    assert texts(await log(ann, "after=-1")) == ["note: and then"]


async def test_one_account_is_picked_out_and_the_rest_is_for_whoever_may(
    both: tuple[Rig, Trader, Trader],
) -> None:
    rig, ann, bob = both
    (mine,) = (await bob.call("GET", "/accounts")).json
    said = texts(await log(ann, "limit=1000", {"X-Account-ID": mine["id"]}))
    assert any(one.startswith("CommandDenied") for one in said)
    assert not any(one.startswith("OrderFilled") for one in said)
    reader = await rig.key(bob.headers, scopes=["read"])
    answer = await rig.call("GET", "/api/v1/sim/events", query="limit=1000", headers=reader)
    assert not any(one.startswith(("OrderFilled", "note")) for one in texts(answer))
    unknown = await log(ann, "", {"X-Account-ID": "00000000-0000-8000-8000-000000000001"})
    assert unknown.status == 404


async def test_without_controls_everyone_reads_of_themselves(rig: Rig, ann: Trader) -> None:
    bob = await rig.trader("bob@example.com")
    await ann.order()
    assert any(one.startswith("OrderFilled") for one in texts(await log(ann)))
    assert not any(one.startswith("OrderFilled") for one in texts(await log(bob)))


async def test_it_can_be_read_as_text(both: tuple[Rig, Trader, Trader]) -> None:
    _, ann, _ = both
    answer = await log(ann, "limit=1000&format=text")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.body.decode().splitlines()
    assert any("note: here it begins  [user:" in line for line in lines)
    assert (await log(ann, "format=xml")).status == 422
    assert (await log(ann, "limit=1001")).status == 422


@pytest.mark.parametrize("kind", [*get_args(Input), *get_args(Event)])
def test_every_kind_has_a_line(kind: Any) -> None:
    """Also one that is added later: whatever its fields are."""
    rig = Rig()
    words = LogWords(rig.app.door.render, rig.world.view)
    records = {type(r.input): r.input for r in rig.world.journal.read(0)}
    made = records.get(kind)
    if made is None:
        made = kind(*(_some(name) for name in kind.__struct_fields__))
    line = words.event(made) if kind in get_args(Event) else words.input(made)
    assert line.startswith(kind.__name__) or kind.__name__ == "ControlUsed"
    assert "\n" not in line


def _some(name: str) -> Any:
    if name in ("code",):
        return 10
    if name in ("digest",):
        return b"d"
    if name.startswith(("client", "idem", "key", "name", "owner", "action", "detail", "regis")):
        return "x"
    return () if name in ("fees", "lots", "rules", "sessions") else 1
