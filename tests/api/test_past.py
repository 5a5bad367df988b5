"""When an account changed, and who may see an account as it was, over HTTP."""

import asyncio
from pathlib import Path
from threading import Semaphore
from typing import Any

import msgspec
import pytest

from stockyard.api import looking_back
from stockyard.api.heads import ClientGone
from stockyard.api.looking_back import Child, LookingBack
from stockyard.api.past_child import Asked, Told
from stockyard.api.past_words import words_of
from stockyard.api.problems import Problem
from stockyard.model import events as e
from stockyard.people.identity import Role
from stockyard.projections.view import View
from stockyard.storage.ports import Base, JournalHead
from tests.api.rig import Rig, Trader

ANSWER = Told(msgspec.Raw(b'{"cash": "1.00"}'))


def looks_back(rig: Rig, told: Told | Exception = ANSWER) -> list[Asked]:
    """Let the rig's door look back at a directory that answers so; what it is asked for."""
    asked: list[Asked] = []

    def ask(one: Asked) -> Told:
        asked.append(one)
        if isinstance(told, Exception):
            raise told
        return told

    rig.app.door.past = LookingBack(Path("data"), ask)
    return asked


async def test_the_timeline_is_paged_and_tells_what_happened(rig: Rig, ann: Trader) -> None:
    await ann.call("POST", "/account/deposits", {"amount": "5"})
    await ann.order()
    await ann.order(qty="9999")
    whole = (await ann.call("GET", "/account/timeline")).json
    assert whole["before"] is None
    assert [one["text"] for one in whole["moments"]] == [
        "Refused: exceeds buying power",
        "Bought 10 AAPL at 190.01",
        "Deposited 5.00",
        "Deposited 100000.00",
    ]
    pages, query = [], "limit=1"
    for _ in whole["moments"]:
        page = (await ann.call("GET", "/account/timeline", query=query)).json
        pages += page["moments"]
        query = f"limit=1&before={page['before']}"
    assert page["before"] is None
    assert pages == whole["moments"]


async def test_the_timeline_begins_where_the_journal_does(
    rig: Rig, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ann.order()
    await ann.order()
    whole = (await ann.call("GET", "/account/timeline")).json["moments"]
    nothing = JournalHead(0, 0, b"")
    base = Base(whole[1]["seq"], 0, nothing, "", b"", b"", 0, "")
    monkeypatch.setattr(type(rig.world.journal), "base", base)
    kept = (await ann.call("GET", "/account/timeline", query="limit=2")).json
    assert (kept["moments"], kept["before"]) == (whole[:2], None)


async def test_the_timeline_is_ones_own(rig: Rig, ann: Trader) -> None:
    bob = await rig.trader("bob@example.com")
    await ann.order()
    texts = [one["text"] for one in (await bob.call("GET", "/account/timeline")).json["moments"]]
    assert texts == ["Deposited 100000.00"]


def test_what_has_no_words_of_its_own_is_called_by_its_name() -> None:
    assert words_of(View(), e.AccountReset(1, 2, 3)) == "Account reset"


async def test_ones_own_account_is_asked_for_and_remembered(rig: Rig, ann: Trader) -> None:
    asked = looks_back(rig)
    account = rig.world.view.accounts_of[next(iter(rig.world.view.accounts_of))][0]
    for _ in range(2):
        answer = await ann.call("GET", "/account", query="at=7")
        assert (answer.status, answer.json) == (200, {"cash": "1.00"})
    assert asked == [Asked("data", account, "7")]
    for _ in range(2):
        await ann.call("GET", "/account", query="at=2026-01-02T15:00:00Z")
    assert len(asked) == 3, "what was at a time may still change while that moment lasts"


async def test_anothers_account_of_before_is_not_there(rig: Rig, ann: Trader) -> None:
    bob, asked = await rig.trader("bob@example.com"), looks_back(rig)
    theirs = (await ann.call("GET", "/account")).json["id"]
    answer = await bob.call("GET", "/account", query="at=7", headers={"x-account-id": theirs})
    assert (answer.status, answer.json["code"]) == (404, "unknown_account")
    key = await rig.key(ann.headers)
    assert (await rig.call("GET", "/api/v1/account", query="at=7", headers=key)).status == 200
    assert [one.account_id for one in asked] == [rig.world.view.accounts_of[_owner(rig, ann)][0]]


def _owner(rig: Rig, ann: Trader) -> str:
    user = rig.people.user_by_email("ann@example.com")
    assert user is not None
    return user.id


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        (Told(code="point_ahead", wrong="no", right="ask"), 422, "point_ahead"),
        (Told(fault="/secret/path is damaged"), 503, "past_unavailable"),
        (TimeoutError(), 503, "past_too_slow"),
        (OSError("no more processes"), 503, "past_unavailable"),
        (ValueError("it ended with 1"), 503, "past_unavailable"),
    ],
)
async def test_what_can_go_wrong_is_told(
    rig: Rig, ann: Trader, told: Told | Exception, status: int, code: str
) -> None:
    looks_back(rig, told)
    answer = await ann.call("GET", "/account", query="at=7")
    assert (answer.status, answer.json["code"]) == (status, code)
    assert "secret" not in answer.body.decode()
    assert (status == 503) == ("retry-after" in answer.headers)


class Slow:
    """Looks at the past that end when they are told to; ``names``: who was answered, in order."""

    def __init__(self) -> None:
        self._begun, self._ends, self.names = Semaphore(0), Semaphore(0), list[str]()
        self.past = LookingBack(Path("data"), self._ask)
        self._hung_up: dict[str, asyncio.Event] = {}

    def _ask(self, _: Asked) -> Told:
        self._begun.release()
        assert self._ends.acquire(timeout=10)
        return ANSWER

    async def begun(self) -> None:
        """Wait until one more look has begun."""
        assert await asyncio.to_thread(self._begun.acquire, timeout=10)

    def end(self, looks: int = 1) -> None:
        """End as many looks."""
        self._ends.release(looks)

    async def come(self, name: str) -> "asyncio.Task[str]":
        """A user who asks for a point of their own, and stands in line by then; comes to what
        became of it.
        """
        gone = self._hung_up[name] = asyncio.Event()

        async def receive() -> Any:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def ask() -> str:
            try:
                await self.past.account(1, str(len(self._hung_up)), name, receive)
            except Problem as problem:
                return problem.code
            except ClientGone:
                return "gone"
            self.names.append(name)
            return "answered"

        asking = asyncio.create_task(ask())
        await asyncio.sleep(0)
        return asking

    def hang_up(self, name: str) -> None:
        """The client of a user goes."""
        self._hung_up[name].set()


async def test_whoever_waits_gets_the_next_turn() -> None:
    slow = Slow()
    asking = [await slow.come("ann")]
    await slow.begun()
    asking += [await slow.come("bob"), await slow.come("eve")]
    slow.end()
    assert await asking[0] == "answered"
    asking.append(await slow.come("ann"))
    slow.end(3)
    assert [await one for one in asking] == ["answered"] * 4
    assert slow.names == ["ann", "bob", "eve", "ann"]


async def test_a_user_has_one_place_in_the_line_and_the_line_is_short() -> None:
    slow = Slow()
    names = [f"user {n}" for n in range(looking_back.WAITING_MAX + 1)]
    asking = [await slow.come(name) for name in names]
    for name in (names[0], names[1], "one more"):
        assert await (await slow.come(name)) == "past_busy"
    slow.end(len(names))
    assert [await one for one in asking] == ["answered"] * len(names)
    slow.end()
    assert await (await slow.come(names[0])) == "answered"


async def test_whoever_hangs_up_leaves_the_line() -> None:
    slow = Slow()
    first = await slow.come("ann")
    asking = [await slow.come("bob"), await slow.come("eve")]
    slow.hang_up("bob")
    assert await asking[0] == "gone"
    asking.append(await slow.come("bob"))
    slow.end(3)
    assert [await first, *[await one for one in asking]] == ["answered", "gone"] + ["answered"] * 2
    assert slow.names == ["ann", "eve", "bob"]


async def test_nobody_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_back, "WAIT_S", 0.01)
    slow = Slow()
    first = await slow.come("ann")
    for _ in range(2):
        assert await (await slow.come("bob")) == "past_busy"
    slow.end()
    assert await first == "answered"


async def test_who_looks_back_already_is_told_when_to_ask_again(rig: Rig, ann: Trader) -> None:
    slow = Slow()
    rig.app.door.past = slow.past
    first = asyncio.create_task(ann.call("GET", "/account", query="at=7"))
    await slow.begun()
    second = await ann.call("GET", "/account", query="at=8")
    assert (second.status, second.json["code"]) == (503, "past_busy")
    assert second.headers["retry-after"] == "1"
    slow.end(2)
    assert (await first).status == 200
    assert (await ann.call("GET", "/account", query="at=8")).status == 200


async def test_what_is_remembered_is_bounded(
    rig: Rig, ann: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_back, "REMEMBERED_MAX", 2)
    asked = looks_back(rig)
    for seq in (1, 2, 3, 1):
        await ann.call("GET", "/account", query=f"at={seq}")
    assert [one.at for one in asked] == ["1", "2", "3", "1"]
    monkeypatch.setattr(looking_back, "REMEMBERED_BYTES_MAX", 3)
    for _ in range(2):
        await ann.call("GET", "/account", query="at=9")
    assert [one.at for one in asked[4:]] == ["9", "9"]


async def test_without_a_directory_there_is_no_past(ann: Trader) -> None:
    answer = await ann.call("GET", "/account", query="at=7")
    assert (answer.status, answer.json["code"]) == (422, "past_not_kept")


async def test_an_administrator_sees_a_users_account_as_it_was(rig: Rig, ann: Trader) -> None:
    asked, user = looks_back(rig), _owner(rig, ann)
    path = f"/admin/users/{user}/account"
    assert (await ann.call("GET", path, query="at=7")).status == 403
    bob = await rig.trader("bob@example.com")
    found = rig.people.user_by_email("bob@example.com")
    assert found is not None
    rig.people.set_role(found.id, Role.ADMIN)
    bob = Trader(rig, await rig.sign_in("bob@example.com"))
    assert (await bob.call("GET", path, query="at=7")).json == {"cash": "1.00"}
    assert (await bob.call("GET", path)).json["cash"] == "100000.00"
    assert [one.account_id for one in asked] == [rig.world.view.accounts_of[user][0]]


def test_a_child_that_runs_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_back, "COMMAND", ("-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(looking_back, "TIME_MAX_S", 0.1)
    monkeypatch.setattr(looking_back, "GRACE_S", 0.1)
    with pytest.raises(TimeoutError):
        Child().ask(Asked("data", 1, "7"))


def test_a_child_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_back, "COMMAND", ("-c", "raise MemoryError('too much')"))
    with pytest.raises(ValueError, match="it ended with 1, saying MemoryError: too much"):
        Child().ask(Asked("data", 1, "7"))


def test_a_server_that_stops_begins_no_child() -> None:
    child = Child()
    child.close()
    with pytest.raises(OSError, match="stopping"):
        child.ask(Asked("data", 1, "7"))
