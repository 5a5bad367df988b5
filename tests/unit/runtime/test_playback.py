"""Playbacks: exact times, orders against what was known, and the same end whatever happens."""

from collections.abc import Sequence
from typing import Final

import pytest

from stockyard.app import memory_world
from stockyard.market.catalog import listings_for
from stockyard.model.codes import AssetClass
from stockyard.model.commands import PlaceOrder
from stockyard.model.facts import ClockTick, Quote, Trade
from stockyard.model.records import Record
from stockyard.runtime import playback as module
from stockyard.runtime.clock import RecordedClock
from stockyard.runtime.order_script import MarketDays, ScriptedOrder, read_orders
from stockyard.runtime.playback import (
    Playback,
    PlaybackError,
    Terms,
    day_end_ns,
    opening,
    plan,
    within,
)
from stockyard.runtime.playback_report import PlaybackReport, ReportReader
from stockyard.storage.memory import MemoryDisk

SECOND: Final = 10**9
OPEN_NS: Final = 1_381_152_600 * SECOND
"""2013-10-07 09:30:00 New York."""
CLOSE_NS: Final = OPEN_NS + 23_400 * SECOND
IBM: Final = 1001
SHARES: Final = 10**9
DAYS: Final = MarketDays.of(AssetClass.US_EQUITY, OPEN_NS, CLOSE_NS)
LISTED: Final = {row.symbol: row for row in listings_for(("IBM",), AssetClass.US_EQUITY)}
HEADER: Final = (
    "time,action,client_order_id,symbol,side,type,qty,notional,limit_price,time_in_force"
)

Facts = Sequence[Quote | Trade]


def quote(second: float, ask: int, size: int = 100) -> Quote:
    """A quote a penny wide, its ask in cents, ``second`` after the open."""
    ts = OPEN_NS + round(second * SECOND)
    return Quote(IBM, (ask - 1) * 100, ask * 100, size * SHARES, size * SHARES, ts)


FACTS: Final[Facts] = (
    quote(1, 18_200),
    Trade(IBM, 182_0000, 5 * SHARES, OPEN_NS + SECOND),
    quote(2, 18_210),
    quote(2, 18_211),
    quote(3, 18_205),
    quote(3600, 18_300, 50),
    quote(23_399, 18_400),
    quote(23_400, 18_500),
    quote(24_000, 18_600),
)
SCRIPT: Final = (
    "09:00:00,place,early,IBM,buy,limit,30,,182.5,day",
    "09:30:02,place,at-two,IBM,buy,market,10,,,day",
    "09:30:02.5,place,part,IBM,buy,limit,150,,182.11,day",
    "09:30:02.5,replace,part,,,,160,,,",
    "10:00:00,cancel,part,,,,,,,",
    "10:30:00,place,sale,IBM,sell,market,20,,,ioc",
    "15:59:59.5,place,last,IBM,buy,limit,5,,170,day",
    "16:00:00,place,late,IBM,buy,market,5,,,day",
)


def orders_of(*rows: str, header: str = HEADER) -> tuple[ScriptedOrder, ...]:
    return read_orders([header, *rows], "o.csv", LISTED, DAYS)


class Cut(Exception):
    """The playback is cut off here."""


class Play:
    """One playback over a disk, and how it ended."""

    def __init__(
        self,
        disk: MemoryDisk,
        facts: Facts = FACTS,
        rows: Sequence[str] = SCRIPT,
        cash: int = 100_000,
        cut_at: int = 0,
        speed: float = 0,
        header: str = HEADER,
        profile: str = "realistic",
    ) -> None:
        self.slept: list[float] = []
        self.durable_ns: list[int] = []
        self.wall_ns = 0
        orders = orders_of(*rows, header=header)
        start_ns = min([OPEN_NS, *(order.ts for order in orders[:1])])
        self.clock = RecordedClock(start_ns, speed, lambda: self.wall_ns)
        self.world = memory_world(self.clock, disk, lambda: None)
        terms = Terms(tuple(LISTED.values()), DAYS, profile, cash * 10**6)

        def told(ts: int, seq: int) -> None:
            if cut_at and seq >= cut_at:
                raise Cut

        self.playback = Playback(self.world, self.clock, told, self._sleep)
        planned = plan(start_ns, opening(terms, "IBM"), facts, orders)
        self.playback.play(planned, max(CLOSE_NS, facts[-1].ts_event if facts else 0))
        self.start_ns = start_ns

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.durable_ns.append(self.world.journal.head.ts)
        self.wall_ns += round(seconds * 10**9)

    def report(self) -> PlaybackReport:
        return ReportReader(self.world, self.playback, DAYS).report("test", self.start_ns, 0)

    def records(self) -> list[Record]:
        """Everything journaled after the opening."""
        return [r for r in self.world.journal.read(0) if r.seq > self.playback.account_id]


def fills_of(report: PlaybackReport, name: str) -> list[tuple[str, str, str]]:
    return [(f.market_time, f.qty, f.price) for f in report.fills if f.client_order_id == name]


def test_facts_and_orders_are_journaled_in_order_at_their_own_times() -> None:
    play = Play(MemoryDisk())
    records = play.records()
    played = [r for r in records if not isinstance(r.input, ClockTick)]
    expected = sorted(
        [(fact.ts_event, 0, fact) for fact in FACTS]
        + [(order.ts, 1, order) for order in orders_of(*SCRIPT)],
        key=lambda row: row[:2],
    )
    assert [r.ts for r in played] == [ts for ts, _, _ in expected]
    assert [r.input for r in played if isinstance(r.input, Quote | Trade)] == list(FACTS)
    ticks = [r.ts for r in records if isinstance(r.input, ClockTick)]
    assert ticks == [OPEN_NS]
    for record, (_, kind, step) in zip(played, expected, strict=True):
        assert (record.origin is not None) == bool(kind)
        if record.origin is not None:
            assert (record.origin.actor, record.origin.request_id) == (
                "replay",
                f"line:{step.line}",
            )


def test_an_order_meets_all_that_was_known_at_its_time_and_nothing_later() -> None:
    """Two quotes at 09:30:02 are known to an order of 09:30:02; the one at 09:30:03 is not."""
    report = Play(MemoryDisk()).report()
    assert fills_of(report, "at-two") == [("09:30:02", "10", "182.11")]
    assert fills_of(report, "early") == [("09:30:01", "30", "182.00")]
    [fill] = [f for f in report.fills if f.client_order_id == "at-two"]
    assert (fill.bid, fill.bid_size, fill.ask, fill.ask_size) == ("182.10", "100", "182.11", "100")
    assert (fill.quote_age_ms, fill.size_open) == ("0", "100")
    part = next(f for f in report.fills if f.client_order_id == "part")
    assert (part.quote_age_ms, part.quote_ts_ns) == ("500", OPEN_NS + 2 * SECOND)
    assert (part.line, part.size_open) == (4, "90")


def test_answers_follow_an_order_through_replacement_and_cancellation() -> None:
    report = Play(MemoryDisk()).report()
    answers = [(o.client_order_id, o.action, o.answer, o.filled_qty) for o in report.orders]
    assert answers == [
        ("early", "place", "filled", "30"),
        ("at-two", "place", "filled", "10"),
        ("part", "place", "replaced", "90"),
        ("part", "replace", "filled", "70"),
        ("part", "cancel", "denied: order_not_open", ""),
        ("sale", "place", "filled", "20"),
        ("last", "place", "expired", "0"),
        ("late", "place", "accepted", "0"),
    ]
    assert fills_of(report, "part") == [
        ("09:30:02.5", "90", "182.11"),
        ("09:30:03", "70", "182.05"),
    ]


def test_a_denied_replacement_leaves_the_order_its_name_stands_for() -> None:
    rows = (
        "09:30:02,place,a,IBM,buy,limit,10,,170,day",
        "09:31:00,replace,a,,,,,,170.001,",
        "09:32:00,replace,a,,,,,,171,",
        "09:33:00,cancel,a,,,,,,,",
    )
    answers = [order.answer for order in Play(MemoryDisk(), rows=rows).report().orders]
    assert answers == ["replaced", "denied: price_off_tick", "canceled", "done"]


def test_each_name_stands_for_its_own_order() -> None:
    rows = (
        "09:30:02,place,a,IBM,buy,limit,10,,170,day",
        "09:30:02,place,b,IBM,buy,limit,10,,171,day",
        "09:31:00,cancel,a,,,,,,,",
    )
    answers = [order.answer for order in Play(MemoryDisk(), rows=rows).report().orders]
    assert answers == ["canceled", "expired", "done"]


def test_stops_are_played_and_reported_with_their_terms() -> None:
    """The trade at 181.00 triggers the stop, the date ends the other, the trail is replaced."""
    header = HEADER + ",stop_price,trail_price,trail_percent,expires_at"
    rows = (
        "09:30:01,place,own,IBM,buy,market,30,,,day,,,,",
        "09:30:02,place,stop,IBM,sell,stop,10,,,gtc,181.5,,,",
        "09:30:02,place,dated,IBM,sell,stop_limit,5,,175,gtd,176,,,10:00",
        "09:30:02,place,trail,IBM,sell,trailing_stop,5,,,gtc,,,1.5,",
        "09:30:03,replace,trail,,,,,,,,,5.5,,",
    )
    trades = (
        Trade(IBM, 182_0000, SHARES, OPEN_NS + 2 * SECOND),
        Trade(IBM, 181_0000, SHARES, OPEN_NS + 4 * SECOND),
    )
    facts = sorted((*FACTS, *trades), key=lambda fact: fact.ts_event)
    report = Play(MemoryDisk(), facts, rows, header=header).report()
    terms = [
        (o.type, o.stop_price, o.trail_price, o.trail_percent, o.expires_at, o.answer)
        for o in report.orders[1:]
    ]
    assert terms == [
        ("stop", "181.5", "", "", "", "filled"),
        ("stop_limit", "176", "", "", "10:00:00", "expired"),
        ("trailing_stop", "", "", "1.5", "", "replaced"),
        ("", "", "5.5", "", "", "new"),
    ]
    assert report.orders[2].detail == "good_till_date_reached"
    assert fills_of(report, "stop") == [("09:30:04", "10", "182.04")]


LEGS: Final = (
    ",order_class,take_profit_limit_price,stop_loss_stop_price,stop_loss_limit_price"
    ",stop_loss_trail_price,stop_loss_trail_percent,extended_hours"
)
LINKED: Final = (
    "09:30:01,place,in,IBM,buy,market,30,,,day,bracket,183.4,170,,,,",
    "09:30:02,replace,in,,,,,,,gtc,,,,,,,",
    "09:30:02,place,more,IBM,buy,limit,20,,182.11,gtc,oto,,181.5,,,,",
    "09:30:03,replace,more,,,,25,,,,,,,,,,",
    "15:59:50,place,pair,IBM,sell,limit,10,,,gtc,oco,190,,,1,,",
    "15:59:51,place,wrong,IBM,buy,limit,1,,180,ioc,bracket,190,170,,,,",
    "16:00:01,place,after,IBM,buy,limit,5,,187,day,,,,,,,yes",
)


def test_linked_orders_are_played_and_their_exits_named() -> None:
    """The stop loss of the one fills at 182.04, the take-profit of the other as the market jumps;
    after the close an order for extended hours trades.
    """
    trade = Trade(IBM, 181_0000, SHARES, OPEN_NS + 4 * SECOND)
    before = Trade(IBM, 182_0000, SHARES, OPEN_NS + 2 * SECOND)
    facts = sorted((*FACTS, before, trade), key=lambda fact: fact.ts_event)
    play = Play(MemoryDisk(), facts, LINKED, header=HEADER + LEGS)
    report = play.report()
    assert [(o.client_order_id, o.order_class, o.answer) for o in report.orders] == [
        ("in", "bracket", "filled"),
        ("in", "", "denied: order_not_open"),
        ("more", "oto", "filled"),
        ("more", "", "denied: order_not_open"),
        ("pair", "oco", "denied: leg_would_open_position"),
        ("wrong", "bracket", "denied: class_time_in_force_not_supported"),
        ("after", "", "filled"),
    ]
    assert report.orders[0].take_profit_limit_price == "183.4"
    assert (report.orders[4].limit_price, report.orders[4].stop_loss_trail_price) == ("190", "1")
    assert [(f.line, f.client_order_id, f.side, f.price) for f in report.fills] == [
        (2, "in", "buy", "182.00"),
        (4, "more", "buy", "182.11"),
        (4, "more/stop_loss", "sell", "182.04"),
        (2, "in/take_profit", "sell", "183.99"),
        (8, "after", "buy", "185.00"),
    ]
    cut = MemoryDisk()
    with pytest.raises(Cut):
        Play(cut, facts, LINKED, header=HEADER + LEGS, cut_at=20)
    again = Play(cut, facts, LINKED, header=HEADER + LEGS).report()
    assert again == report


def test_changes_that_take_time_are_answered() -> None:
    """Under a profile with latency a cancellation is sent; a replacement is what becomes of it."""
    rows = (
        "09:30:02,place,a,IBM,buy,limit,10,,170,day",
        "09:30:02,place,b,IBM,buy,limit,10,,171,day",
        "09:30:02.001,place,c,IBM,buy,market,10,,,day",
        "09:31:00,cancel,a,,,,,,,",
        "09:31:00,replace,b,,,,,,172,",
        "09:31:00.001,cancel,b,,,,,,,",
        "09:31:02,replace,b,,,,,,173,",
    )
    orders = Play(MemoryDisk(), rows=rows, profile="exchange").report().orders
    assert [(o.action, o.answer, o.detail) for o in orders] == [
        ("place", "canceled", "canceled_by_client"),
        ("place", "canceled", "canceled_by_client"),
        ("place", "filled", ""),
        ("cancel", "sent", ""),
        ("replace", "canceled", "canceled_by_client"),
        ("cancel", "sent", ""),
        ("replace", "denied: order_not_open", "the order is not open any more; only orders that are"
         " open, whichever their status, can be changed or canceled"),
    ]  # fmt: skip


def test_the_money_adds_up() -> None:
    """30 at 182.00, 10 and 90 at 182.11, 70 at 182.05 bought; 20 sold at 182.99, with fees."""
    report = Play(MemoryDisk()).report()
    bought = 30 * 18_200 + 100 * 18_211 + 70 * 18_205
    sold = 20 * 18_299
    assert report.money.deposited == "100000.00"
    assert float(report.money.cash) == pytest.approx((10_000_000 - bought + sold - 8) / 100)
    [sale] = [fill for fill in report.fills if fill.side == "sell"]
    assert sale.fees == {"sec_section_31": "0.07", "finra_taf": "0.01"}
    assert (report.ledger_balance, report.unbalanced_symbols) == ("0.00", ())
    [position] = report.positions
    assert (position.qty, position.mark, position.value) == ("180", "185.99", "33478.20")
    profit = float(report.money.profit)
    parts = (report.money.realized, report.money.unrealized, "-" + report.money.fees)
    assert profit == pytest.approx(sum(map(float, parts)))


def test_the_same_playback_ends_in_the_same_state_and_another_does_not() -> None:
    report = Play(MemoryDisk()).report()
    assert Play(MemoryDisk()).report() == report
    assert Play(MemoryDisk(), cash=100_001).report().state_hash != report.state_hash


@pytest.mark.parametrize("group", [1, 2, 1024])
def test_how_facts_share_commits_changes_nothing(
    group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Play(MemoryDisk())
    monkeypatch.setattr(module, "GROUP_MAX", group)
    monkeypatch.setattr(module, "PROJECTED_GROUPS", 3)
    other = Play(MemoryDisk())
    assert other.report() == whole.report()
    assert [(r.ts, r.input) for r in other.records()] == [(r.ts, r.input) for r in whole.records()]


def test_a_playback_cut_off_anywhere_goes_on_to_the_same_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "GROUP_MAX", 2)
    monkeypatch.setattr(module, "PROJECTED_GROUPS", 4)
    whole = Play(MemoryDisk()).report()
    for cut_at in range(1, whole.inputs + 1):
        disk = MemoryDisk()
        with pytest.raises(Cut):
            Play(disk, cut_at=cut_at)
        assert Play(disk).report() == whole, f"cut off at {cut_at}"


def test_a_finished_playback_played_again_changes_nothing() -> None:
    disk = MemoryDisk()
    report = Play(disk).report()
    again = Play(disk)
    assert again.playback.played == 0
    assert again.report() == report


def test_another_playback_is_not_played_on_top() -> None:
    disk = MemoryDisk()
    Play(disk)
    for other in (
        {"cash": 5},
        {"rows": SCRIPT[:-1]},
        {"rows": (*SCRIPT[:-1], SCRIPT[-1].replace("16:00:00", "16:00:01"))},
        {"facts": FACTS[:-1]},
        {"facts": (quote(0.5, 18_200), *FACTS)},
    ):
        with pytest.raises(PlaybackError, match="holds another world from seq"):
            Play(disk, **other)  # type: ignore[arg-type]


def test_a_playback_at_a_speed_waits_for_every_time() -> None:
    fast = Play(MemoryDisk())
    slow = Play(MemoryDisk(), speed=60)
    assert slow.report() == fast.report()
    assert fast.slept == []
    assert sum(slow.slept) == pytest.approx((24_000 + 1800) / 60, abs=1e-3)
    times = sorted({record.ts for record in slow.records()})
    assert slow.durable_ns == times[:-1], "what is past is durable before it waits"


def test_a_playback_at_a_speed_that_was_cut_off_does_not_wait_for_what_is_past() -> None:
    disk = MemoryDisk()
    with pytest.raises(Cut):
        Play(disk, cut_at=Play(MemoryDisk()).report().inputs - 3)
    rest = Play(disk, speed=60)
    assert sum(rest.slept) == pytest.approx(601 / 60, abs=0.1)


def test_an_empty_recording_and_no_orders_leave_an_account() -> None:
    report = Play(MemoryDisk(), facts=(), rows=()).report()
    assert (report.orders, report.fills, report.positions) == ((), (), ())
    assert report.money.equity == "100000.00"


def test_a_repeated_row_is_told_as_such() -> None:
    rows = ("09:30:02,place,a,IBM,buy,market,1,,,day",) * 2
    first, second = Play(MemoryDisk(), rows=rows).report().orders
    assert (first.answer, second.answer) == ("filled", "repeated")
    assert second.detail == f"the same request as seq {first.seq}"


def test_windows_keep_what_lies_in_them_with_both_ends() -> None:
    facts = [quote(second, 100) for second in range(10)]
    stretches = [(OPEN_NS + a * SECOND, OPEN_NS + b * SECOND) for a, b in ((1, 2), (5, 5), (8, 20))]
    assert [(f.ts_event - OPEN_NS) // SECOND for f in within(facts, stretches)] == [1, 2, 5, 8, 9]


def test_orders_after_the_last_fact_are_played() -> None:
    order = orders_of("15:00:00,place,a,IBM,buy,market,1,,,day")
    steps = list(plan(OPEN_NS, (), FACTS[:3], order))
    assert [type(step) for _, step in steps] == [Quote, Trade, Quote, ScriptedOrder]


def test_a_day_of_stocks_ends_with_its_session() -> None:
    rows = LISTED.values()
    assert day_end_ns(DAYS, rows, CLOSE_NS - 5 * SECOND) == CLOSE_NS
    assert day_end_ns(DAYS, rows, CLOSE_NS) == CLOSE_NS
    assert day_end_ns(DAYS, rows, OPEN_NS - 1) == OPEN_NS - 1
    coins = listings_for(("BTC/USD",), AssetClass.CRYPTO)
    assert day_end_ns(DAYS, coins, CLOSE_NS - 5 * SECOND) == CLOSE_NS - 5 * SECOND


def test_a_day_order_of_a_recording_that_stops_early_expires_at_the_close() -> None:
    play = Play(MemoryDisk(), FACTS[:3], ("09:30:02,place,a,IBM,buy,limit,1,,170,day",))
    assert [order.answer for order in play.report().orders] == ["expired"]
    assert play.world.engine.ts == CLOSE_NS


def test_the_opening_names_its_account_and_tables_by_value_only() -> None:
    terms = Terms(tuple(LISTED.values()), DAYS, "ideal", 5)
    assert opening(terms, "a") == opening(terms, "a")
    assert opening(terms, "a")[0] != opening(terms, "b")[0]
    assert not any(isinstance(message, PlaceOrder) for message in opening(terms, "a"))
