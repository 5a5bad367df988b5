"""Pages of what happened to an account: every query is answered by an index, and in order."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from stockyard.model import events as e
from stockyard.projections import store as stored
from stockyard.projections.equity import KEPT_NS
from stockyard.projections.rows import BOOKED, EquityRow, EventRow, FillRow
from stockyard.projections.store import Cursor, Page, ReadStore, batch_of, encode_event
from stockyard.projections.view import Changes
from stockyard.storage.memory import MemoryDatabase, MemoryDisk

ANN, BOB, COIN, NS = 1, 2, 9, 1_000_000_000
FILL = e.OrderFilled(
    5, ANN, COIN, 1, 100, 1, 1, 1, 7, 100, (), 0, 0, 0, 0, 1, 100, 0, 99, 100, 1, 1, 0, 0, 1, 1, 1,
    "", 1,
)  # fmt: skip


class Watched(MemoryDatabase):
    """A database that tells how each query was planned."""

    plans: list[str]

    def query(self, sql: str, params: Any = ()) -> list[Any]:
        plan = super().query("EXPLAIN QUERY PLAN " + sql, params)
        self.plans += [str(row[-1]) for row in plan]
        return super().query(sql, params)


@pytest.fixture
def store() -> Iterator[ReadStore]:
    """A store of 3,000 events of two accounts: deposits, refusals, and fills with and without fees;
    two for each input, a second apart.
    """
    database = Watched(MemoryDisk(), "projections")
    database.plans = []
    made = ReadStore(database)
    changes, events = Changes(), []
    for seq in range(1, 1_501):
        account_id = ANN if seq % 3 else BOB
        told: tuple[e.Event, ...]
        if seq % 5:
            told = (FILL, e.CommandDenied(account_id, 10, 0, 0))
            fees = 7 if seq % 2 else 0
            changes.fills.append(
                FillRow(seq, 0, 5, account_id, COIN, seq * NS, 1, 100, 1, 100, fees, 0)
            )
        else:
            told = tuple(e.CashDeposited(account_id, 1, 1) for _ in range(2))
        for idx, event in enumerate(told):
            payload: Any = encode_event(event).decode()
            events.append(EventRow(seq, idx, account_id, seq * NS, payload))
    made.write(batch_of(changes, events, Cursor(1_500, 1_500 * NS, b"")))
    yield made
    assert database.plans
    searched = [plan for plan in database.plans if plan.startswith(("SCAN", "USE TEMP B-TREE"))]
    assert searched == [], "a query reads what it need not"
    passing = ("events_by_account", "happenings_by_account")
    assert not any(name in plan for plan in database.plans for name in passing)
    made.close()


def test_a_statement_is_paged_by_kind(store: ReadStore) -> None:
    whole = store.statement(ANN, BOOKED, Page(1_000))
    assert len(whole) == 400
    assert all(one[:2] > two[:2] for one, two in pairwise(whole))
    found = store.statement(ANN, [e.CashDeposited], Page(7, True))
    assert found == whole[::-1][:7]
    after = store.statement(ANN, [e.CashDeposited], Page(7, True, found[-1][:2]))
    assert after == whole[::-1][7:14]
    assert store.statement(ANN, [e.CashWithdrawn], Page(7)) == []


def test_fills_are_paged_with_and_without_fees(store: ReadStore) -> None:
    whole = store.executions(ANN, Page(2_000))
    assert len(whole) == 800
    charged = store.executions(ANN, Page(2_000), [COIN])
    assert len(charged) == 400
    assert store.executions(ANN, Page(2_000), [COIN + 1]) == []
    older = store.executions(ANN, Page(5, after=charged[9][:2]), [COIN])
    assert older == charged[10:15]
    some = store.executions(ANN, Page(2_000, from_seq=100, to_seq=200))
    assert [each[0] for each in some] == [n for n in range(199, 99, -1) if n % 3 and n % 5]


def test_an_input_is_found_by_its_time(store: ReadStore) -> None:
    for ns, seq in ((0, 0), (1, 0), (NS, 0), (NS + 1, 2), (700 * NS, 700), (1_500 * NS, 1_500)):
        assert store.first_seq_from(ns) in (seq, max(seq, 1))
    assert store.first_seq_from(1_500 * NS + 1) == 1_501


def test_the_equity_of_a_moment_is_of_the_finest_samples_that_reach_it(store: ReadStore) -> None:
    changes = Changes()
    for window_s, start_s, equity in ((60, 900, 5), (60, 960, 6), (900, 0, 4), (86_400, 0, 3)):
        row = EquityRow(ANN, window_s, start_s * NS, equity, 0)
        changes.equities[ANN, window_s, start_s * NS] = row
    store.write(batch_of(changes, [], Cursor(1_500, 1_500 * NS, b"")))
    told = {s: store.equity_at(ANN, s * NS) for s in (899, 900, 959, 960, 1_019, 1_020, 90_000)}
    found = {s: row.equity_micros if row is not None else None for s, row in told.items()}
    assert found == {899: None, 900: 4, 959: 4, 960: 5, 1_019: 5, 1_020: 6, 90_000: 6}
    assert store.equity_at(BOB, 90_000 * NS) is None


def test_old_samples_go_a_few_at_a_time_the_oldest_first(
    store: ReadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long time without a server there are many: nobody waits for all of them to go."""
    monkeypatch.setattr(stored, "PRUNED_MAX", 3)
    week = KEPT_NS[60]

    def sample(at_ns: int, seq: int) -> list[int]:
        changes = Changes()
        changes.equities[ANN, 60, at_ns] = EquityRow(ANN, 60, at_ns, 1, 0)
        store.write(batch_of(changes, [], Cursor(seq, at_ns, bytes(16))))
        return [row.start_ns // 60 // NS for row in store.equities(ANN, 60, 0)]

    for n in range(10):
        sample(n * 60 * NS, n + 1)
    assert sample(week + 600 * NS, 11)[:-1] == [4, 5, 6, 7, 8, 9]
    assert sample(week + 600 * NS, 12)[:-1] == [8, 9]
    assert sample(week + 600 * NS, 13)[:-1] == []
