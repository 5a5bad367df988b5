"""When an account changed, and who may see an account as it was, over HTTP."""

import asyncio
from pathlib import Path
from threading import Event

import msgspec
import pytest

from stockyard.api import looking_back
from stockyard.api.looking_back import Child, LookingBack
from stockyard.api.past_child import Asked, Told
from stockyard.api.past_words import words_of
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


async def test_only_one_looks_back_at_a_time(rig: Rig, ann: Trader) -> None:
    begun, waits = Event(), Event()

    def ask(_: Asked) -> Told:
        begun.set()
        assert waits.wait(10)
        return ANSWER

    rig.app.door.past = LookingBack(Path("data"), ask)
    first = asyncio.create_task(ann.call("GET", "/account", query="at=7"))
    assert await asyncio.to_thread(begun.wait, 10)
    second = await ann.call("GET", "/account", query="at=8")
    assert (second.status, second.json["code"]) == (503, "past_busy")
    assert second.headers["retry-after"] == "1"
    waits.set()
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
