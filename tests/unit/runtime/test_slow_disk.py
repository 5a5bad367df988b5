"""A slow journal is written beside the loop: in order, bounded, and nobody waits for ever."""

from concurrent.futures import Executor, Future
from typing import Any

import pytest

from stockyard.model.records import Origin
from stockyard.runtime.aside import QUICK_WRITES, SLOW_S, Aside
from stockyard.runtime.clock import ManualClock
from stockyard.runtime.world import World
from stockyard.runtime.writer import ANSWER_S, PATIENCE_S, Outcome, Refused
from stockyard.storage.memory import MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from tests.unit.runtime.worlds import NOON_NS, buy, open_account, open_on, quote

ANN = Origin("user:ann", "request", "192.0.2.1", "a client")


class Later(Executor):
    """Runs what it was given when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any, Any]] = []

    def submit(self, work: Any, /, *given: Any, **_: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.waiting.append((future, work, given))
        return future

    def run(self) -> None:
        """Do what waits."""
        future, work, given = self.waiting.pop(0)
        try:
            future.set_result(work(*given))
        except Exception as error:
            future.set_exception(error)


class Slow:
    """A world whose disk has just been slow, and a clock to wait by."""

    def __init__(self) -> None:
        self.disk, self.later, self.now_s = MemoryDisk(), Later(), 100.0
        self.world: World = open_on(self.disk, ManualClock(NOON_NS))
        self.account_id = open_account(self.world)
        quote(self.world)
        self.writer = self.world.writer
        self.aside = Aside(self.later, self.writer.commit, lambda: self.now_s)
        self.writer.aside = self.aside
        self.aside.note(SLOW_S)
        self.answers: dict[str, Outcome] = {}

    def send(self, name: str, origin: Origin | None = ANN) -> None:
        """Line up an order and let the writer go on."""
        order = buy(self.account_id, name)
        self.writer.submit(order, origin, lambda found: self.answers.__setitem__(name, found))
        self.writer.commit()

    def code(self, name: str) -> str:
        """How an order was answered; empty when it was taken."""
        refused = self.answers[name].refused
        return refused.code if refused is not None else ""


@pytest.fixture
def slow() -> Slow:
    return Slow()


def test_who_comes_meanwhile_is_written_next_and_all_are_answered_in_order(slow: Slow) -> None:
    for name in ("one", "two", "three"):
        slow.send(name)
    assert slow.writer.waiting == 3
    assert not slow.answers
    slow.later.run()
    assert list(slow.answers) == ["one"]
    slow.writer.commit()
    slow.later.run()
    assert list(slow.answers) == ["one", "two", "three"]
    seqs = [found.seq for found in slow.answers.values()]
    assert seqs == list(range(seqs[0], seqs[0] + 3))
    assert slow.world.engine.seq == slow.world.journal.head.seq == seqs[-1]


def test_what_stands_behind_a_write_that_takes_long_is_refused_and_nothing_of_it_done(
    slow: Slow,
) -> None:
    slow.send("under way")
    slow.send("behind")
    slow.writer.submit(buy(slow.account_id, "no request"))
    slow.now_s += PATIENCE_S + 0.1
    slow.writer.look()
    assert slow.code("behind") == "overloaded"
    with pytest.raises(Refused, match="slow"):
        slow.send("late")
    assert slow.writer.part.trouble is not None
    slow.later.run()
    assert slow.code("under way") == ""
    slow.writer.commit()
    slow.later.run()
    assert slow.world.engine.seq == slow.world.journal.head.seq
    names = [row.client_order_id for row in slow.world.view.orders.values()]
    assert sorted(names) == ["no request", "under way"]


def test_nobody_waits_for_ever_for_their_own_write(slow: Slow) -> None:
    slow.send("mine")
    slow.now_s += ANSWER_S + 0.1
    slow.writer.look()
    assert slow.code("mine") == "journal_uncertain"
    slow.later.run()
    assert slow.code("mine") == "journal_uncertain"
    assert [row.client_order_id for row in slow.world.view.orders.values()] == ["mine"]


def test_a_slow_write_that_fails_refuses_its_group_alone(slow: Slow) -> None:
    slow.send("one")
    slow.send("two")
    slow.disk.fail_next(StorageUnavailable("the disk is full", "the disk is full"))
    slow.later.run()
    assert slow.code("one") == "journal_unavailable"
    slow.writer.commit()
    slow.later.run()
    assert slow.code("two") == ""


def test_a_stop_waits_for_what_is_under_way(slow: Slow) -> None:
    slow.send("one")
    slow.send("two")
    future, work, given = slow.later.waiting.pop()
    future.set_result(work(*given))
    slow.aside.slowest_s = 0.0
    slow.world.halt(Refused("shutting_down", "stopping"))
    assert [slow.code("one"), slow.code("two")] == ["", ""]


def test_a_disk_that_is_quick_again_is_written_here_again(slow: Slow) -> None:
    for _ in range(QUICK_WRITES):
        assert slow.aside.is_slow
        slow.aside.note(0.001)
    assert not slow.aside.is_slow
    slow.send("one")
    assert slow.code("one") == ""
    assert slow.writer.part.trouble is None
