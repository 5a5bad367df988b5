"""Goal: an auditor that sleeps is noticed. Method: plant a bug, expect it to be found and named."""

from collections.abc import Callable
from functools import cache
from typing import Any, get_args

import msgspec
import pytest

from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.bounds import AccountLimits
from stockyard.model.codes import (
    AssetClass,
    LimitRule,
)
from stockyard.model.denials import DenyCode
from stockyard.model.instruments import VenueProfile
from stockyard.model.records import Record
from stockyard.runtime import journal_acts
from tests.simulation import plain_acts, planted
from tests.simulation.parts import Parts
from tests.simulation.plain_books import PlainBooks
from tests.simulation.plain_keys import PlainKeys
from tests.simulation.shrinker import shrink
from tests.simulation.story import Story, StoryFailed
from tests.simulation.untried import LONG, Untried

SEEDS = 40
BUSY = 3
TOLD = 400
"""Stories among which one tells of anything that can happen."""
History = list[tuple[Record, list[e.Event]]]

BUGS = [
    (
        planted.AnswersBeforeTheJournal,
        r"answered as \d+, kept as None|live at \d+, journal at|beyond the journal|journal is at",
    ),
    (planted.AnswersBeforeTheSync, r"was answered with seq \d+ before that was safe"),
    (
        planted.RefusesWhatItKept,
        r"live at \d+, journal at|was refused .*, yet it is record|answered .*, the journal tells",
    ),
    (
        planted.CursorAheadOfRows,
        r"table \w+: \d+ rows|the View's|hub's last event|SQL does not|KeyError: \d+",
    ),
    (planted.LostEvent, r"table events|first answer|after catching up|hub's last event|saw other"),
    (
        planted.LosesAReservation,
        r"live state at \d+ is not the replayed|events recomputed|the journal tells|not the state",
    ),
    (
        planted.SnapshotLosesOrder,
        r"live state at \d+ is not the replayed|events recomputed|(not the|another) state",
    ),
    (planted.SnapshotInDictOrder, r"the snapshot at \d+ is not the state there"),
    (planted.AuditCursorApart, r"the audit log, read up to \d+: more: \[\("),
    (planted.ArchivesInPlace, r"archive/\d+\.snapshot is damaged"),
    (planted.ArchivesAnotherState, r"archive/\d+\.snapshot holds another state|does not match"),
    (planted.BackupLeavesLogs, r"the backup ends at \d+, acknowledged was|beyond the journal"),
    (planted.TablesBeforeAlerts, r"the tables are past that, and it has not fired"),
    (planted.RetryDoubles, r"record \d+ is .*, sent was"),
    (planted.RetryDoublesLater, r"seq \d+, \w+: a retry was done again"),
    (planted.RetryDoublesAfterRecovery, r"live state at \d+ is not the replayed|not the state"),
    (planted.ClockGoesBack, r"the ts of record \d+ lies before|must not go back"),
    (planted.ForgetsLastNames, r"the hub's last event"),
    (
        planted.SkipsAnEvent,
        r"follows|the hub's last event|the hub was at|saw something else|the audit log",
    ),
]


def first_failure(parts: type[Parts]) -> StoryFailed:
    """The first story that fails with this bug planted."""
    for seed in range(1, SEEDS + 1):
        try:
            Story(seed, LONG, parts()).run()
        except StoryFailed as failed:
            return failed
    raise AssertionError(f"{parts.__name__} was not found in {SEEDS} stories")


@pytest.mark.parametrize(("parts", "named"), BUGS)
def test_a_planted_bug_is_found(parts: type[Parts], named: str) -> None:
    failed = first_failure(parts)
    with pytest.raises(StoryFailed, match=named):
        raise failed


FORGOTTEN = {
    "an input": ("ASKED", journal_acts.ASKED - {c.DepositCash}, "money.deposit"),
    "its name": ("kind_of", lambda _: "order.place", "house.world_created"),
}


@pytest.mark.parametrize("what", FORGOTTEN)
def test_what_the_audit_log_forgets_is_found(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product's own table is no judge of itself."""
    name, other, kind = FORGOTTEN[what]
    monkeypatch.setattr(journal_acts, name, other)
    with pytest.raises(StoryFailed, match=rf"the audit log, .*less: \[\(\(\d+, 0, '{kind}'"):
        raise first_failure(Parts)


def test_each_input_and_event_has_its_words_in_the_audit_log() -> None:
    assert {*plain_acts.ASKED, *plain_acts.UNTOLD} == {*get_args(c.Command), *get_args(f.Fact)}
    assert set(plain_acts.FOLLOWED) == set(get_args(e.Event))


def test_a_failure_tells_how_to_see_it_again() -> None:
    failed = first_failure(planted.CursorAheadOfRows)
    story = failed.story()
    assert story.startswith(f"make sim SEED={failed.seed}\n")
    assert "CRASH" in story
    assert str(failed) in story


def test_a_failing_story_gets_shorter() -> None:
    failed = first_failure(planted.LostEvent)
    short = shrink(failed, planted.LostEvent)
    assert type(short.cause) is type(failed.cause)
    assert len(short.trace) < len(failed.trace) / 2


@pytest.fixture(scope="module")
def history() -> History:
    """Records and events of a sound story, each record at its seq less one."""
    return told(BUSY)


def judge(history: History) -> None:
    """Add a history up with plain books and plain keys."""
    books, keys = PlainBooks(), PlainKeys()
    for record, events in history:
        keys.take(record, events)
        books.take(record, events)
    books.check_sums()


def changed(
    history: History,
    kind: type,
    change: Callable[[Any], list[Any]],
    nth: int = 0,
) -> History:
    """The history with the ``nth`` event of a kind changed into others."""
    found = -1
    result = []
    for record, events in history:
        told: list[e.Event] = []
        for event in events:
            found += type(event) is kind
            hit = type(event) is kind and found == nth
            told += change(event) if hit else [event]
        result.append((record, told))
    assert found >= nth, f"the history has no {kind.__name__} {nth}"
    return result


def test_a_sound_history_adds_up(history: History) -> None:
    judge(history)


FILL_FIELDS = [
    "price",
    "qty",
    "filled_qty",
    "value_micros",
    "rounding_micros",
    "cash_micros_after",
    "position_qty_after",
    "position_cost_micros_after",
    "realized_micros",
    "bid",
    "ask_qty",
    "quote_seq",
    "profile_id",
    "profile_version",
]


@pytest.mark.parametrize("field", FILL_FIELDS)
def test_a_wrong_figure_in_a_fill_is_found(history: History, field: str) -> None:
    def one_more(fill: Any) -> list[Any]:
        return [msgspec.structs.replace(fill, **{field: getattr(fill, field) + 1})]

    with pytest.raises((AssertionError, KeyError)):
        judge(changed(history, e.OrderFilled, one_more))


OTHER_CHANGES = [
    (e.OrderFilled, lambda fill: [fill, fill]),
    (e.OrderFilled, lambda fill: [msgspec.structs.replace(fill, fees=((4, 10),))]),
    (e.OrderFilled, lambda fill: []),
    (e.OrderAccepted, lambda order: [order, order]),
    (e.OrderCanceled, lambda end: [end, end]),
    (e.OrderCanceled, lambda end: [msgspec.structs.replace(end, held_micros_after=-1)]),
    (e.OrderTriggered, lambda alive: [alive, alive]),
    (e.OrderTriggered, lambda alive: []),
    (e.OrderTriggered, lambda alive: [msgspec.structs.replace(alive, price=alive.price + 1)]),
    (e.OrderTriggered, lambda alive: [msgspec.structs.replace(alive, stop_price=1)]),
    (e.OrderTriggered, lambda alive: [msgspec.structs.replace(alive, held_micros_after=-1)]),
    (e.CashDeposited, lambda money: [money, money]),
    (e.CashWithdrawn, lambda money: []),
    (e.AccountReset, lambda reset: [msgspec.structs.replace(reset, cash_change_micros=1)]),
]


@pytest.mark.parametrize(("kind", "change"), OTHER_CHANGES)
def test_an_event_twice_or_lost_or_altered_is_found(
    history: History, kind: type, change: Callable[[Any], list[Any]]
) -> None:
    with pytest.raises((AssertionError, KeyError)):
        judge(changed(history, kind, change))


def test_a_retry_that_is_done_again_is_found(
    history: History,
) -> None:
    def again(repeat: Any) -> list[Any]:
        first: list[Any] = list(history[repeat.first_seq - 1][1])
        return first

    with pytest.raises(AssertionError, match="a retry was done again"):
        judge(changed(history, e.CommandRepeated, again))


def test_a_key_used_for_something_else_is_found(
    history: History,
) -> None:
    """A denial for a reused key turned into nothing at all."""
    denials = [event for _, events in history for event in events if type(event) is e.CommandDenied]
    nth = [denial.code for denial in denials].index(DenyCode.KEY_REUSED)
    with pytest.raises(AssertionError, match="another body under a key passed"):
        judge(changed(history, e.CommandDenied, lambda denied: [], nth))


@cache
def told(seed: int) -> History:
    """Records and events of a story."""
    story = Untried(seed, LONG)
    story.run()
    return story.auditor.history()


def is_found(change: Callable[[History], History | None]) -> bool:
    """Whether a change is found in the first story in which there is anything to change and that
    makes a difference.
    """
    for seed in range(1, TOLD + 1):
        history = change(told(seed))
        if history is not None:
            try:
                judge(history)
            except (AssertionError, KeyError):
                return True
    return False


NEWER_CHANGES = [
    (e.InterestCharged, lambda x: [msgspec.structs.replace(x, amount_micros=x.amount_micros - 1)]),
    (e.InterestCharged, lambda x: [x, x]),
    (e.MarginCalled, lambda x: []),
    (e.MarginCalled, lambda x: [msgspec.structs.replace(x, equity_micros=x.equity_micros + 1)]),
    (e.MarginCalled, lambda x: [msgspec.structs.replace(x, due_ns=x.due_ns + 1)]),
    (e.MarginCallMet, lambda x: []),
    (e.LiquidationStarted, lambda x: []),
    (e.LiquidationStarted, lambda x: [x, x]),
    (e.OrderChangeSent, lambda x: []),
    (e.OrderChangeSent, lambda x: [msgspec.structs.replace(x, arrives_ns=x.arrives_ns - 1)]),
    (e.OrderRejected, lambda x: [x, x]),
    (e.OrderReduced, lambda x: [msgspec.structs.replace(x, qty=x.qty + 1)]),
    (e.OrderReduced, lambda x: [msgspec.structs.replace(x, held_qty_after=-1)]),
    (e.OrderRested, lambda x: [msgspec.structs.replace(x, ahead_qty=10**15)]),
    (e.OrderActivated, lambda x: []),
    (e.OrderActivated, lambda x: [msgspec.structs.replace(x, sent_ns=x.sent_ns + 1)]),
    (e.GoodFaithViolated, lambda x: [x, x]),
    (e.FundingPaid, lambda x: []),
    (e.FundingPaid, lambda x: [msgspec.structs.replace(x, amount_micros=x.amount_micros + 1)]),
    (e.FundingPaid, lambda x: [msgspec.structs.replace(x, pot_micros_after=10**15)]),
    (e.FundingPaid, lambda x: [msgspec.structs.replace(x, funding_micros_after=10**15)]),
    (e.LeverageSet, lambda x: []),
    (e.LeverageSet, lambda x: [msgspec.structs.replace(x, isolated=not x.isolated)]),
    (e.LeverageSet, lambda x: [msgspec.structs.replace(x, pot_micros_after=10**15)]),
    (e.OrderFilled, lambda x: [msgspec.structs.replace(x, pot_micros_after=10**15)]),
    (e.OrderFilled, lambda x: [msgspec.structs.replace(x, insured_micros=x.insured_micros + 1)]),
    (e.LotMethodSet, lambda x: []),
    (e.OutcomePlanned, lambda x: []),
    (e.OutcomePlanned, lambda x: [msgspec.structs.replace(x, uses=x.uses + 1)]),
    (e.OutcomeUsed, lambda x: []),
    (e.OutcomeUsed, lambda x: [x, x]),
    (e.OutcomeUsed, lambda x: [msgspec.structs.replace(x, uses_left=x.uses_left + 1)]),
    (e.OutcomesForgotten, lambda x: [x, x]),
    (e.AccountRestrictionsSet, lambda x: [msgspec.structs.replace(x, restrictions=1)]),
    (e.TradingFreezeSet, lambda x: [msgspec.structs.replace(x, frozen=True)]),
    (
        e.AccountLimitsSet,
        lambda x: [msgspec.structs.replace(x, limits=AccountLimits(instruments=(999,)))],
    ),
]


@pytest.mark.parametrize(("kind", "change"), NEWER_CHANGES)
def test_what_a_venue_or_a_lender_did_otherwise_is_found(
    kind: type, change: Callable[[Any], list[Any]]
) -> None:
    def changes(history: History) -> History | None:
        if not any(type(x) is kind for _, events in history for x in events):
            return None
        return [
            (record, [y for x in events for y in (change(x) if type(x) is kind else [x])])
            for record, events in history
        ]

    assert is_found(changes)


def profile_with(**rules: Any) -> Callable[[Any], Any]:
    """Every profile that has something of a kind, with another amount of it."""

    def change(fact: f.ProfileDefined) -> f.ProfileDefined:
        profile: VenueProfile = fact.profile
        changes = {
            name: rule(getattr(profile, name)) if callable(rule) else rule
            for name, rule in rules.items()
        }
        return f.ProfileDefined(msgspec.structs.replace(profile, **changes))

    return change


def lent_with(name: str, more: int) -> Callable[[Any], Any]:
    """Other margin terms."""

    def change(fact: f.MarginTermsSet) -> f.MarginTermsSet:
        terms = fact.terms
        changes = {name: getattr(terms, name) + more}
        return f.MarginTermsSet(msgspec.structs.replace(terms, **changes))

    return change


def contract_with(name: str, more: int) -> Callable[[Any], Any]:
    """Other terms of the contract."""

    def change(fact: f.InstrumentListed) -> f.InstrumentListed:
        terms = fact.instrument
        if terms.asset_class != AssetClass.CRYPTO_PERP:
            return fact
        changes = {name: getattr(terms, name) + more}
        return f.InstrumentListed(msgspec.structs.replace(terms, **changes))

    return change


OTHER_TERMS = {
    "keeps more": (f.InstrumentListed, contract_with("maintenance_ppm", 1)),
    "less leverage at most": (f.InstrumentListed, contract_with("leverage_max", -31)),
    "a smaller liquidation fee": (f.InstrumentListed, contract_with("liquidation_fee_ppm", -9)),
    "less funding": (f.InstrumentListed, contract_with("funding_bound_e9", -999_990)),
    "bad marks": (f.MarkPrice, lambda x: msgspec.structs.replace(x, mark=x.mark + 100_000)),
    "bad rates": (f.FundingRate, lambda x: msgspec.structs.replace(x, rate_e9=x.rate_e9 + 900)),
    "later": (f.ProfileDefined, profile_with(latency_ns=lambda x: x + 1 if x else 0)),
    "slips more": (f.ProfileDefined, profile_with(slippage_bps=lambda x: x + 1)),
    "improves more": (f.ProfileDefined, profile_with(improvement_ppm=lambda x: x // 2)),
    "smaller": (f.ProfileDefined, profile_with(size_cap_ppm=lambda x: x * 9 // 10 + 1)),
    "steeper": (f.ProfileDefined, profile_with(depth_step_bps=lambda x: x + 1)),
    "thinner": (f.ProfileDefined, profile_with(depth_size_ppm=lambda x: x // 2)),
    "shallow": (f.ProfileDefined, profile_with(depth_levels=0)),
    "no queue": (f.ProfileDefined, profile_with(limit_rule=LimitRule.PENETRATE)),
    "touching": (f.ProfileDefined, profile_with(limit_rule=LimitRule.TOUCH)),
    "fresher": (f.ProfileDefined, profile_with(quote_age_ns_max=1)),
    "denies in halts": (f.ProfileDefined, profile_with(deny_halted=True)),
    "denies on old quotes": (
        f.ProfileDefined,
        profile_with(deny_stale=True, quote_age_ns_max=lambda x: x or 1),
    ),
    "free": (f.ProfileDefined, profile_with(fees=False)),
    "never rejects": (f.ProfileDefined, profile_with(reject_ppm=0)),
    "interest": (f.MarginTermsSet, lent_with("debit_ppm", 1)),
    "a longer year": (f.MarginTermsSet, lent_with("year_days", 5)),
    "long positions": (f.MarginTermsSet, lent_with("long_ppm", -1)),
    "short positions": (f.MarginTermsSet, lent_with("short_ppm", 1)),
    "more time": (f.MarginTermsSet, lent_with("grace_ns", 1)),
    "dearer shares": (
        f.BorrowTermsSet,
        lambda x: msgspec.structs.replace(x, rate_ppm=x.rate_ppm + 1),
    ),
    "for ever halted": (
        f.TradingHalted,
        lambda x: msgspec.structs.replace(x, halted=True),
    ),
    "bad quotes": (f.Quote, lambda x: msgspec.structs.replace(x, ask=x.ask + 1)),
    "small trades": (f.Trade, lambda x: msgspec.structs.replace(x, qty=x.qty // 2)),
}


@pytest.mark.parametrize("name", OTHER_TERMS)
def test_fills_and_charges_under_other_terms_are_found(name: str) -> None:
    kind, change = OTHER_TERMS[name]

    def changes(history: History) -> History | None:
        return [
            (msgspec.structs.replace(r, input=change(r.input)) if type(r.input) is kind else r, x)
            for r, x in history
        ]

    assert is_found(changes)
