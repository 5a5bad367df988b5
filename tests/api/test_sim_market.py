"""The market under control: what is asked for is quoted, the rest goes on, and it all is kept."""

from pathlib import Path
from typing import Any

import pytest

from stockyard.app import simulated_market
from stockyard.model.facts import ControlUsed, MarkPrice, Quote, Trade
from stockyard.runtime import feeds
from stockyard.runtime.market_data import SIMULATED
from stockyard.runtime.sim_market import CONTROLLED_MAX, PLAYED_MAX
from stockyard.storage.ports import StorageUnavailable
from tests.api.rig import NOW, SECOND, Rig, Trader


class Stage:
    """A rig with a simulated market (unless ``bare``) that is stepped by hand."""

    def __init__(self, rig: Rig, ann: Trader, bare: bool) -> None:
        self.rig, self.ann = rig, ann
        self.market = rig.app.door.sim_market
        if not bare:
            simulated = simulated_market(rig.world, 1, rig.stock_calendar)
            self.market.attach(simulated)

    @classmethod
    async def made(cls, bare: bool = False, **settings: Any) -> "Stage":
        rig = Rig(controls=True, **settings)
        stage = cls(rig, await rig.trader(), bare)
        if not bare:
            stage.turn()
        return stage

    def turn(self, seconds: float = 1) -> list[Any]:
        """One step of the market, so many seconds later."""
        world, clock = self.rig.world, self.rig.clock
        clock.time_ns += round(seconds * SECOND)
        facts = self.market.step(
            clock.time_ns,
            feeds.open_instruments(world),
            feeds.extended_instruments(world),
            feeds.due_prints(world),
        )
        feeds.send(world, facts)
        world.writer.drain()
        world.market.observe(facts, SIMULATED, clock.time_ns)
        return list(facts)

    async def do(self, action: str, symbol: str | None = "AAPL", **said: Any) -> Any:
        if symbol is not None:
            said["symbol"] = symbol
        answer = await self.ann.call("POST", f"/sim/market/{action}", said)
        assert answer.status == 201, answer
        return answer.json

    async def refused(self, action: str, **said: Any) -> tuple[int, str, str | None]:
        answer = await self.ann.call("POST", f"/sim/market/{action}", {"symbol": "AAPL", **said})
        assert answer.status >= 400, answer
        return answer.status, answer.json["code"], answer.json.get("field")

    async def quoted(self, symbol: str = "AAPL") -> tuple[str | None, str | None]:
        found = (await self.rig.call("GET", f"/api/v1/quotes/{symbol}")).json
        return found["bid"], found["ask"]

    def mid(self, symbol: str = "AAPL") -> int:
        row = self.rig.world.view.quotes[self.rig.world.view.symbols[symbol]]
        return (row.bid + row.ask) // 2

    async def listed(self) -> Any:
        return (await self.ann.call("GET", "/sim/market")).json


@pytest.fixture
async def stage() -> Stage:
    return await Stage.made()


@pytest.fixture
async def bare() -> Stage:
    return await Stage.made(bare=True)


async def test_without_leave_the_market_is_nobodys() -> None:
    rig = Rig()
    ann = await rig.trader()
    for action in (
        "quote", "trade", "path", "gap", "widen", "empty", "halt", "resume", "play", "release",
    ):  # fmt: skip
        answer = await ann.call("POST", f"/sim/market/{action}", {"symbol": "AAPL"})
        assert (answer.status, answer.json["code"]) == (403, "controls_not_allowed")
    assert (await ann.call("GET", "/sim/market")).status == 403


async def test_a_quote_stands_while_the_others_move(stage: Stage) -> None:
    told = await stage.do("quote", bid="99.98", ask="100.02", bid_size="5", ask_size="6")
    assert told["symbols"][0]["follows"] == "quote"
    assert await stage.quoted() == ("99.98", "100.02")
    order = (await stage.ann.order()).json
    assert order["filled_avg_price"] == "100.02"
    before = stage.mid("MSFT")
    for _ in range(5):
        stage.turn()
        assert await stage.quoted() == ("99.98", "100.02")
    assert stage.mid("MSFT") != before


async def test_charts_and_views_follow_a_price_far_away_at_once(stage: Stage) -> None:
    await stage.do("quote", bid="19.98", ask="20.02")
    await stage.do("trade", price="20")
    scale = 10 ** stage.rig.world.view.instruments[1].price_scale
    seen = stage.rig.world.market.view(1)
    assert seen is not None
    assert (seen.bid, seen.last) == (round(19.98 * scale), 20 * scale)
    await stage.do("path", points=[{"seconds": 1, "price": "400"}])
    stage.turn()
    seen = stage.rig.world.market.view(1)
    assert seen is not None
    assert (seen.bid + seen.ask, seen.last) == (800 * scale, 400 * scale)


async def test_a_quote_needs_no_simulated_market(bare: Stage) -> None:
    await bare.do("quote", bid="99.98", ask="100.02")
    assert (await bare.ann.order()).json["filled_avg_price"] == "100.02"
    (fact,) = bare.turn()
    assert fact == Quote(1, fact.bid, fact.ask, fact.bid_qty, fact.ask_qty, bare.rig.clock.time_ns)
    assert await bare.quoted() == ("99.98", "100.02")


async def test_one_side_alone_is_a_quote(bare: Stage) -> None:
    await bare.do("quote", bid="99.98")
    assert await bare.quoted() == ("99.98", None)


async def test_the_simulation_goes_on_from_where_the_control_ends(stage: Stage) -> None:
    await stage.do("quote", bid="99.98", ask="100.02")
    stage.turn()
    await stage.do("release")
    assert await stage.listed() == []
    for _ in range(20):
        stage.turn()
    aapl = stage.rig.world.view.instruments[1]
    assert abs(stage.mid() / 10**aapl.price_scale - 100) < 1


async def test_a_release_may_jump_back(stage: Stage) -> None:
    was = stage.mid()
    await stage.do("quote", bid="99.98", ask="100.02")
    stage.turn()
    await stage.do("release", symbol=None, jump=True)
    stage.turn()
    assert abs(stage.mid() / was - 1) < 0.01


async def test_a_path_triggers_a_stop_between_two_steps(stage: Stage) -> None:
    await stage.do("quote", bid="99.98", ask="100.02", bid_size="1000", ask_size="1000")
    await stage.ann.order()
    stop = (await stage.ann.order(side="sell", type="stop", stop_price="80")).json
    points = [{"seconds": 0.4, "price": "75"}, {"seconds": 0.6, "price": "100"}]
    told = await stage.do("path", points=points)
    assert told["symbols"][0]["follows"] == "path"
    stage.turn()
    assert (await stage.ann.call("GET", f"/orders/{stop['id']}")).json["status"] == "filled"
    assert stage.mid() / 10 ** stage.rig.world.view.instruments[1].price_scale == 100


async def test_a_path_can_let_go_at_its_end(stage: Stage) -> None:
    await stage.do("path", points=[{"seconds": 2, "price": "50"}], release_at_end=True)
    assert len(await stage.listed()) == 1
    stage.turn(3)
    assert await stage.listed() == []
    stage.turn()
    scale = 10 ** stage.rig.world.view.instruments[1].price_scale
    assert abs(stage.mid() / scale - 50) < 0.5


async def test_a_gap_moves_the_simulation_itself(stage: Stage) -> None:
    was = stage.mid()
    await stage.do("gap", percent="-20")
    assert abs(stage.mid() / was - 0.8) < 0.001
    assert await stage.listed() == []
    stage.turn()
    assert abs(stage.mid() / was - 0.8) < 0.01
    row = stage.rig.world.view.quotes[1]
    assert abs(row.last_price / was - 0.8) < 0.01


async def test_a_gap_at_the_next_open() -> None:
    stage = await Stage.made(stock_calendar="xnys")
    stage.ann.headers = await stage.rig.key(stage.ann.headers, scopes=["read", "sim"])
    stage.turn()
    was = stage.market.mid(1)
    told = await stage.do("gap", percent="10", when="next_open")
    assert told["symbols"][0]["gap_at"] is not None
    opens_ns = stage.market.controls[1].gap.at_ns  # type: ignore[union-attr]
    stage.turn(opens_ns / SECOND - stage.rig.clock.time_ns / SECOND - 1)
    assert abs(stage.market.mid(1) / was - 1) < 0.08
    before = stage.market.mid(1)
    quote = next(fact for fact in stage.turn(2) if fact.instrument_id == 1)
    # Before any print, so that what the print triggers meets the new price.
    assert isinstance(quote, Quote)
    assert abs(quote.bid / before - 1.1) < 0.01
    assert abs(stage.market.mid(1) / before - 1.1) < 0.01
    assert await stage.listed() == []


async def test_what_never_closes_has_no_next_open(stage: Stage) -> None:
    assert await stage.refused("gap", percent="1", when="next_open") == (
        422, "invalid_control", "when",
    )  # fmt: skip


async def test_a_gap_of_a_path_moves_the_rest_of_it(stage: Stage) -> None:
    await stage.do("quote", bid="99.99", ask="100.01")
    await stage.do("path", points=[{"seconds": 10, "price": "110"}], trade_size="0")
    await stage.do("gap", percent="100")
    stage.turn(10)
    assert abs(stage.mid() / 10 ** stage.rig.world.view.instruments[1].price_scale - 220) < 0.05


async def test_a_spread_is_widened_and_ends_with_one(stage: Stage) -> None:
    await stage.do("quote", bid="99", ask="101")
    await stage.do("widen", factor="3")
    assert await stage.quoted() == ("97.00", "103.00")
    stage.turn()
    assert await stage.quoted() == ("97.00", "103.00")
    await stage.do("widen", factor="1")
    assert await stage.quoted() == ("99.00", "101.00")


async def test_the_simulations_own_spread_is_widened(stage: Stage) -> None:
    row = stage.rig.world.view.quotes[1]
    await stage.do("widen", factor="50")
    for _ in range(3):
        stage.turn()
        assert row.ask - row.bid >= 50 * stage.rig.world.view.instruments[1].tick
    await stage.do("release")
    stage.turn()
    assert row.ask - row.bid < 50 * stage.rig.world.view.instruments[1].tick


async def test_an_empty_side_fills_nobody(stage: Stage) -> None:
    await stage.do("empty", side="ask")
    assert (await stage.quoted())[1] is None
    facts = [f for _ in range(20) for f in stage.turn() if f.instrument_id == 1]
    assert all(f.ask == 0 for f in facts if isinstance(f, Quote))
    order = (await stage.ann.order(type="limit", limit_price="1000000")).json
    assert order.get("filled_qty", "0") in ("0", None)
    await stage.do("empty", side="none")
    assert (await stage.quoted())[1] is not None
    assert await stage.listed() == []


async def test_a_halt_stills_the_symbol_until_it_is_resumed(stage: Stage) -> None:
    told = await stage.do("halt", reason="news pending")
    assert told["symbols"][0]["halted"] is True
    seen = stage.rig.world.market.view(1)
    assert seen is not None
    assert (seen.is_halted, seen.halt_reason) == (True, "news pending")
    assert not [f for f in stage.turn() if f.instrument_id == 1]
    assert [row["symbol"] for row in await stage.listed()] == ["AAPL"]
    await stage.do("quote", bid="99.98", ask="100.02")
    assert (await stage.quoted()) != ("99.98", "100.02")
    await stage.do("resume")
    assert (await stage.quoted()) == ("99.98", "100.02")
    assert (await stage.ann.order()).json["filled_avg_price"] == "100.02"


async def test_a_halt_outlives_the_process_and_can_still_be_ended() -> None:
    stage = await Stage.made()
    await stage.do("halt")
    await stage.do("quote", symbol="MSFT", bid="99.98", ask="100.02")
    stage.rig.restart()
    again = Stage(stage.rig, stage.ann, bare=False)
    again.ann.headers = await stage.rig.sign_in()
    again.turn()
    assert [(row["symbol"], row["halted"]) for row in await again.listed()] == [("AAPL", True)]
    scale = 10 ** stage.rig.world.view.instruments[1].price_scale
    assert abs(again.mid("MSFT") / scale - 100) < 1
    await again.do("resume")
    assert [f for f in again.turn() if f.instrument_id == 1]


async def test_a_contract_under_control_is_marked_at_its_price(stage: Stage) -> None:
    await stage.do("quote", symbol="BTC/USD", bid="30000", ask="30001")
    facts = stage.turn()
    world = stage.rig.world
    contract = world.view.symbols["BTC-PERP"]
    quote = next(f for f in facts if isinstance(f, Quote) and f.instrument_id == contract)
    scale = 10 ** world.view.instruments[contract].price_scale
    assert abs(quote.bid / scale / 30000 - 1) < 0.01
    await stage.do("quote", symbol="BTC-PERP", bid="20000", ask="20001")
    row = world.view.quotes[contract]
    assert abs(row.long_mark / scale / 20000.5 - 1) < 0.001
    assert not [f for f in stage.turn() if isinstance(f, MarkPrice) and f.instrument_id == contract]


async def test_a_printed_trade_moves_no_quote(stage: Stage) -> None:
    before = await stage.quoted()
    await stage.do("trade", price="1.50", size="7")
    row = stage.rig.world.view.quotes[1]
    assert (row.last_price, row.last_qty) == (
        15 * 10 ** (stage.rig.world.view.instruments[1].price_scale - 1),
        7 * 10**9,
    )
    assert await stage.quoted() == before


ROWS = [
    {"ts": "2021-01-28T14:30:00Z", "bid": "300", "ask": "301", "bid_size": "10", "ask_size": "9"},
    {"ts": "2021-01-28T14:30:02Z", "price": "400", "size": "50"},
    {"ts": "2021-01-28T14:30:03Z", "bid": "480", "ask": "483", "bid_size": "1", "ask_size": "1"},
]


async def test_rows_are_played_in_the_worlds_time(stage: Stage) -> None:
    told = await stage.do("play", rows=ROWS)
    assert told["symbols"][0]["follows"] == "recording"
    assert await stage.quoted() == ("300.00", "301.00")
    stage.turn(1)
    assert await stage.quoted() == ("300.00", "301.00")
    facts = [f for f in stage.turn(1) if f.instrument_id == 1]
    assert facts == [Trade(1, facts[0].price, 50 * 10**9, stage.rig.clock.time_ns)]
    stage.turn(1)
    assert await stage.quoted() == ("480.00", "483.00")
    stage.turn(60)
    assert await stage.quoted() == ("480.00", "483.00")


async def test_a_file_of_the_servers_folder_is_played(tmp_path: Path) -> None:
    (tmp_path / "gme.csv").write_text(
        "ts,symbol,bid,ask,bid_size,ask_size\n"
        "2021-01-28T14:30:00Z,GME,300,301,10,9\n"
        "2021-01-28T15:30:00Z,GME,400,401,10,9\n"
    )
    (tmp_path.parent / "outside.csv").write_text((tmp_path / "gme.csv").read_text())
    (tmp_path / "broken.csv").write_text("ts,symbol,bid,ask,bid_size,ask_size\nx,GME,1,2,3,4\n")
    (tmp_path / "days" / "none.csv").mkdir(parents=True)
    stage = await Stage.made(recordings=tmp_path)
    await stage.do("quote", bid="100", ask="101")
    await stage.do("play", recording="csv:gme.csv", begin="2021-01-28T15:00:00Z", rebase=True)
    assert abs(stage.mid() / 10 ** stage.rig.world.view.instruments[1].price_scale - 100.5) < 0.2
    for name in ("csv:../outside.csv", f"csv:{tmp_path.parent}/outside.csv", "csv:none.csv",
                 "csv:broken.csv", "csv:days", "zip:gme.csv", "gme.csv", "csv:\0"):  # fmt: skip
        answer = await stage.ann.call(
            "POST", "/sim/market/play", {"symbol": "AAPL", "recording": name}
        )
        assert (answer.status, answer.json["code"]) == (422, "invalid_recording"), name
        assert str(tmp_path) not in answer.body.decode()
    late = await stage.refused("play", recording="csv:gme.csv", begin="2022-01-01T00:00:00Z")
    assert late[1] == "invalid_recording"
    nobody = await stage.refused("play", recording="csv:gme.csv", recorded_symbol="AMC")
    assert nobody[1] == "invalid_recording"


async def test_without_a_folder_only_rows_are_played(stage: Stage) -> None:
    assert (await stage.refused("play", recording="csv:gme.csv"))[1] == "invalid_recording"


async def test_recordings_have_a_limit(stage: Stage) -> None:
    symbols = [row.symbol for row in stage.rig.world.view.instruments.values()][: PLAYED_MAX + 1]
    rows = [{"ts": "2021-01-28T14:30:00Z", "price": "1000", "size": "1"}]
    for symbol in symbols[:PLAYED_MAX]:
        await stage.do("play", symbol=symbol, rows=rows)
    full = await stage.refused("play", symbol=symbols[PLAYED_MAX], rows=rows)
    assert full[:2] == (409, "too_many_recordings")
    assert len(stage.rig.world.view.instruments) < CONTROLLED_MAX


@pytest.mark.parametrize(
    ("action", "said", "field"),
    [
        ("quote", {}, "bid"),
        ("quote", {"bid": "100", "ask": "100"}, "ask"),
        ("quote", {"bid": "99.999"}, "bid"),
        ("quote", {"bid": "-1"}, "bid"),
        ("quote", {"bid": "1", "ask_size": "4"}, "ask_size"),
        ("quote", {"bid": "1", "bid_size": "0"}, "bid_size"),
        ("quote", {"bid": "1", "symbol": "NOPE"}, "symbol"),
        ("trade", {"price": "0"}, "price"),
        ("path", {"points": []}, "points"),
        ("path", {"points": [{"seconds": 1, "price": "1"}] * 1_001}, "points"),
        ("path", {"points": [{"price": "1"}]}, "points[0]"),
        ("path", {"points": [{"seconds": -1, "price": "1"}]}, "points[0]"),
        ("path", {"points": [{"seconds": 1}]}, "points[0]"),
        ("path", {"points": [{"seconds": 1, "bid": "5"}]}, "points[0]"),
        ("path", {"points": [{"seconds": 1, "bid": "5", "ask": "5"}]}, "ask"),
        ("path", {"points": [{"seconds": 1, "price": "5"}] * 2}, "points[1]"),
        ("path", {"points": [{"at": "2001-01-01T00:00:00Z", "price": "5"}]}, "points[0]"),
        ("gap", {}, "percent"),
        ("gap", {"percent": "5", "price": "5"}, "percent"),
        ("gap", {"percent": "-99.5"}, "percent"),
        ("gap", {"percent": "5", "when": "later"}, "when"),
        ("widen", {"factor": "0.001"}, "factor"),
        ("widen", {"factor": "1001"}, "factor"),
        ("empty", {"side": "both"}, "side"),
        ("halt", {"reason": ""}, "reason"),
        ("halt", {"reason": "x" * 101}, "reason"),
        ("play", {}, "recording"),
        ("play", {"rows": []}, "rows"),
        ("play", {"rows": ROWS, "begin": "2021-01-02T00:00:00Z", "end": "2021-01-01T00:00:00Z"},
         "end"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_and_changes_nothing(
    stage: Stage, action: str, said: dict[str, Any], field: str
) -> None:
    seq = stage.rig.world.engine.seq
    status, _, named = await stage.refused(action, **said)
    assert (status, named) == (422, field)
    assert await stage.listed() == []
    assert stage.rig.world.engine.seq == seq


async def test_every_act_stands_in_the_journal_before_what_it_brings(stage: Stage) -> None:
    seq = stage.rig.world.engine.seq
    told = await stage.do("quote", bid="99.98", ask="100.02")
    used, quote = [record.input for record in stage.rig.world.journal.read(seq)]
    assert isinstance(used, ControlUsed)
    assert used.action == "market.quote"
    assert '"bid":"99.98"' in used.detail
    assert isinstance(quote, Quote)
    assert told["seq"] == seq + 2


async def test_an_act_that_could_not_be_kept_changes_nothing(stage: Stage) -> None:
    before, mid = await stage.quoted(), stage.market.mid(1)
    stage.rig.disk.fail_next(StorageUnavailable("the disk is full"), 2)
    answer = await stage.ann.call(
        "POST", "/sim/market/quote", {"symbol": "AAPL", "bid": "1", "ask": "2"}
    )
    assert answer.status == 503
    gapped = await stage.ann.call("POST", "/sim/market/gap", {"symbol": "AAPL", "percent": "50"})
    assert gapped.status == 503
    assert await stage.quoted() == before
    assert abs(stage.market.mid(1) - mid) <= 1
    assert await stage.listed() == []


async def test_the_same_controls_at_the_same_times_give_the_same_facts() -> None:
    def facts_of(rig: Rig) -> list[Any]:
        return [r.input for r in rig.world.journal.read(0) if isinstance(r.input, Quote | Trade)]

    found = []
    for _ in range(2):
        stage = await Stage.made()
        stage.turn()
        await stage.do("path", points=[{"seconds": 3, "price": "150"}], release_at_end=True)
        await stage.do("gap", symbol="MSFT", percent="5")
        for _ in range(3):
            stage.turn(0.7)
        await stage.do("widen", symbol="BTC/USD", factor="4")
        stage.turn(5)
        stage.turn()
        found.append(facts_of(stage.rig))
    assert found[0] == found[1]
    assert found[0][-1].ts_event > NOW
