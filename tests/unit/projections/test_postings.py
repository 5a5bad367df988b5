"""Goal: postings say where every micro-dollar went. Method: the recorded journal, which holds every
kind of event, told by its events alone and compared with the engine's own books at its end.
"""

from collections import Counter, defaultdict

import pytest

from stockyard.engine.engine import Engine
from stockyard.model import events as e
from stockyard.model.codes import Book, ChargeKind
from stockyard.model.facts import InstrumentListed
from stockyard.projections.postings import (
    KINDS,
    LEDGER_EVENTS,
    NOTHING,
    Found,
    Holding,
    Ledger,
    Posting,
    Standing,
)
from tests.golden.recording import read_journal, replay


class Told:
    """The recorded journal: its end, its instruments, and each account's events."""

    def __init__(self) -> None:
        engine, records = Engine(), read_journal()
        self.instruments = {}
        self.found: dict[int, list[Found]] = defaultdict(list)
        for record, events in zip(records, replay(engine, records), strict=True):
            if isinstance(record.input, InstrumentListed):
                listed = record.input.instrument
                self.instruments[listed.instrument_id] = listed
            for idx, event in enumerate(events):
                if event.account_id and isinstance(event, LEDGER_EVENTS):
                    self.found[event.account_id].append((record.seq, idx, record.ts, event))
        self.state = engine.snapshot()

    def ledger(self, begin: Standing = NOTHING) -> Ledger:
        return Ledger(self.instruments, begin)


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


def test_postings_add_up_to_every_account_and_every_house_book(told: Told) -> None:
    house: Counter[int] = Counter()
    for account in told.state.accounts:
        ledger = told.ledger()
        lines = ledger.post_all(told.found[account.account_id])
        assert sum(line.cash for line in lines) == account.cash_micros
        held = {
            p.instrument_id: Holding(p.qty, p.cost_micros, p.pot_micros)
            for p in account.positions
            if p.qty
        }
        assert ledger.standing().holdings == held
        assert ledger.standing().cash == account.cash_micros
        for line in lines:
            house.update(dict(line.counters))
            house[-1] += line.margin
    # Margin set apart lies in the house's book of contracts; it is the accounts' own.
    house[Book.PERPS] += house.pop(-1)
    kept = {book: int(micros) for book, micros in told.state.house if int(micros)}
    assert {book: micros for book, micros in house.items() if micros} == kept


def test_every_kind_is_posted_and_every_line_balances(told: Told) -> None:
    kinds: Counter[str] = Counter()
    for found in told.found.values():
        for line in told.ledger().post_all(found):
            kinds[line.kind] += 1
            assert line.cash + line.margin + sum(micros for _, micros in line.counters) == 0
    # The recorded journal borrows shares, but no cash over a night.
    assert set(kinds) == set(KINDS) - {"debit_interest"}
    charged = e.InterestCharged(1, ChargeKind.DEBIT_INTEREST, 0, 9, 1, 5, -5)
    (line,) = told.ledger().post(7, 0, 0, charged)
    assert (line.kind, line.cash, line.counters) == ("debit_interest", -5, ((Book.INTEREST, 5),))


def test_a_ledger_goes_on_from_where_it_stood(told: Told) -> None:
    for found in told.found.values():
        whole = told.ledger().post_all(found)
        first = told.ledger()
        early = first.post_all(found[: len(found) // 2])
        later = told.ledger(first.standing())
        assert early + later.post_all(found[len(found) // 2 :]) == whole


def test_what_was_realized_is_what_the_fills_say(told: Told) -> None:
    for found in told.found.values():
        lines: list[Posting] = told.ledger().post_all(found)
        said = [
            event.realized_micros + event.insured_micros
            for _, _, _, event in found
            if isinstance(event, e.OrderFilled)
        ]
        assert sum(line.realized for line in lines) == sum(said)


def test_a_posting_that_misses_the_cash_is_a_fault_of_ours(told: Told) -> None:
    paid = e.CashDeposited(1, 5_000_000, 5_000_001)
    with pytest.raises(AssertionError, match="7-0"):
        told.ledger().post(7, 0, 0, paid)
