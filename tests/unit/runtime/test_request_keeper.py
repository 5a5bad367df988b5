"""Goal: what is kept of requests reaches its database, and a disk that fails costs only figures."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from stockyard.runtime import request_keeper
from stockyard.runtime.request_keeper import RequestKeeper
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from stockyard.storage.requests import DatabaseRequests, RequestFilter
from stockyard.telemetry.records import RequestRecord, RouteFigures, summed
from stockyard.telemetry.request_log import RequestLog

NOON_NS = 1_767_355_200_000_000_000
NOON_S = NOON_NS // 10**9
ALL = RequestFilter(10_000)


class Breakable(DatabaseRequests):
    """A database that can be told to fail."""

    broken = False

    def save(self, records: Sequence[RequestRecord], figures: Sequence[RouteFigures]) -> None:
        if self.broken:
            raise StorageUnavailable("the disk is full")
        super().save(records, figures)

    def figures(self, start_s: int, end_s: int) -> list[RouteFigures]:
        if self.broken:
            raise StorageUnavailable("the disk is gone")
        return super().figures(start_s, end_s)


class Sent:
    """Collects spans."""

    def __init__(self) -> None:
        self.records: list[RequestRecord] = []

    def send(self, records: list[RequestRecord]) -> None:
        self.records += records

    def close(self) -> None:
        self.records = []


class Kept:
    def __init__(self) -> None:
        self.disk, self.sent = MemoryDisk(), Sent()
        self.requests = Breakable(MemoryDatabase(self.disk, "requests"))
        self.log = RequestLog(lambda: NOON_NS, lambda *_: "")
        self.keeper = RequestKeeper(
            self.log,
            self.requests,
            ThreadPoolExecutor(1),
            lambda: NOON_NS,
            sender=self.sent,  # type: ignore[arg-type]
        )

    def ask(self, count: int = 1) -> None:
        for _ in range(count):
            self.log.end(self.log.begin(), "GET", "/a", 200)

    async def count(self) -> int:
        found, _ = await self.keeper.figures(NOON_S, NOON_S + 60)
        return summed(found)["GET", "/a"].count


@pytest.fixture
def kept() -> Kept:
    return Kept()


async def test_what_is_read_is_up_to_now(kept: Kept) -> None:
    kept.ask()
    (found,) = await kept.keeper.records(ALL)
    assert await kept.keeper.record(found.span_id) == found
    kept.ask()
    assert len(await kept.keeper.records(ALL)) == 2
    assert await kept.count() == 2
    assert kept.sent.records[0] == found


async def test_nothing_is_counted_twice_or_lost_at_the_end(kept: Kept) -> None:
    kept.ask(3)
    assert await kept.count() == 3
    kept.log._turn_ns = 0
    kept.ask(2)
    await kept.keeper.save()
    assert await kept.count() == 5
    await kept.keeper.close()
    again = DatabaseRequests(MemoryDatabase(kept.disk, "requests"))
    assert summed(again.figures(NOON_S, NOON_S + 60))["GET", "/a"].count == 5


async def test_a_full_disk_is_waited_for(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    kept.requests.broken = True
    kept.ask(2)
    assert not await kept.keeper.save()
    assert not await kept.keeper.save(last=True)
    found, whole = await kept.keeper.figures(NOON_S, NOON_S + 60)
    assert not whole
    assert summed(found)["GET", "/a"].count == 2
    assert len([one for one in caplog.records if "cannot be kept" in one.message]) == 1
    kept.requests.broken = False
    assert await kept.keeper.save()
    assert (await kept.count(), kept.keeper.waiting, kept.keeper.lost) == (2, 0, 0)


async def test_what_waits_for_the_disk_is_bounded(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_keeper, "RECORDS_WAITING_MAX", 4)
    monkeypatch.setattr(request_keeper, "FIGURES_WAITING_MAX", 2)
    kept.requests.broken = True
    for _ in range(6):
        kept.ask()
        await kept.keeper.save(last=True)
    assert kept.keeper.waiting == 4 + 2
    assert kept.keeper.lost_count == 2 + 4


async def test_lost_at_the_end_is_told(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    kept.requests.broken = True
    kept.ask()
    await kept.keeper.close()
    assert "lost at the end: 1 records and 1 figures" in caplog.text
