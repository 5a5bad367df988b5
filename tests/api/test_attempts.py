"""Goal: what was done to people is on record once, wherever a crash, a full disk or a client that
hung up fell between doing it and noting it.

Method: the door as it is; what notes an act stops where a crash would.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stockyard.people.identity import Role
from stockyard.runtime.auditing import Auditor
from stockyard.storage.ports import StorageUnavailable
from tests.api.rig import PASSWORD, Rig, Trader

MINUTE = 60 * 10**9


class Crash(BaseException):
    """The process ended here."""


async def _crash(*_: object) -> None:
    raise Crash


Doing = Callable[[Rig, Trader], Awaitable[object]]
WAYS: dict[str, tuple[str, Doing]] = {
    "watchlist": (
        "POST /api/v1/watchlists",
        lambda rig, ann: ann.call("POST", "/watchlists", {"name": "Mine", "symbols": ["AAPL"]}),
    ),
    "api key": (
        "POST /api/v1/api-keys",
        lambda rig, ann: ann.call("POST", "/api-keys", {"name": "bot"}),
    ),
    "sign-in": ("POST /api/v1/auth/login", lambda rig, ann: rig.sign_in()),
    "password": (
        "POST /api/v1/auth/password",
        lambda rig, ann: ann.call(
            "POST", "/auth/password", {"password": PASSWORD, "new_password": "staple the horse"}
        ),
    ),
    "alert": (
        "POST /api/v1/alerts",
        lambda rig, ann: ann.call(
            "POST",
            "/alerts",
            {"kind": "price", "symbol": "AAPL", "direction": "above", "value": "180"},
        ),
    ),
    "sign-out": ("POST /api/v1/auth/logout", lambda rig, ann: ann.call("POST", "/auth/logout")),
    "alpaca's watchlist": (
        "POST /v2/watchlists",
        lambda rig, ann: rig.call(
            "POST", "/v2/watchlists", {"name": "Theirs"}, headers=ann.headers
        ),
    ),
    "leaving": (
        "POST /api/v1/auth/leave",
        lambda rig, ann: ann.call("POST", "/auth/leave", {"password": PASSWORD}),
    ),
}


def user_id(rig: Rig, email: str = "ann@example.com") -> str:
    """Whose address it is."""
    user = rig.people.user_by_email(email)
    assert user is not None
    return user.id


async def acts(rig: Rig, kind: str = "act.found") -> list[Any]:
    """What is on record of a kind, oldest first."""
    rig.people.set_role(user_id(rig, "root@example.com"), Role.ADMIN)
    root = Trader(rig, await rig.sign_in("root@example.com"))
    found = await root.call("GET", "/admin/audit", query=f"kind={kind}")
    assert found.status == 200, found
    return list(reversed(found.json))


@pytest.fixture
async def trader(rig: Rig) -> Trader:
    """Ann; somebody else came before her, and looks at the log."""
    await rig.register("root@example.com")
    found = await rig.trader()
    await rig.app.tidy_people()
    return found


@pytest.mark.parametrize("way", WAYS)
async def test_a_crash_between_doing_and_noting(
    rig: Rig, trader: Trader, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    (asked, do), ann = WAYS[way], user_id(rig)
    monkeypatch.setattr(Auditor, "note", _crash)
    with pytest.raises(Crash):
        await do(rig, trader)
    monkeypatch.undo()
    rig.restart()
    for _ in range(2):
        await rig.app.complete_unfinished()
        (found,) = await acts(rig)
        assert (found["after"]["asked"], found["address"]) == (asked, "192.0.2.1")
        assert found["user_id"] == ann
        rig.restart()
    await rig.app.complete_unfinished()
    assert rig.people.attempts.left() == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_crash_after_noting(
    rig: Rig, trader: Trader, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The act is on record in its own words, and not found a second time."""
    note = Auditor.note

    async def keep_and_crash(self: Auditor, act: Any) -> None:
        await note(self, act)
        raise Crash

    monkeypatch.setattr(Auditor, "note", keep_and_crash)
    with pytest.raises(Crash):
        await WAYS[way][1](rig, trader)
    monkeypatch.undo()
    assert len(rig.people.attempts.left()) == 1
    rig.restart()
    await rig.app.complete_unfinished()
    assert await acts(rig) == []
    assert rig.people.attempts.left() == []


async def test_what_is_answered_leaves_nothing_behind(rig: Rig, trader: Trader) -> None:
    for way, (_, do) in WAYS.items():
        rig.clock.time_ns += MINUTE
        if way != "password":
            await do(rig, trader if way != "leaving" else Trader(rig, await rig.sign_in()))
    await rig.app.tidy_people()
    assert rig.people._database.query("SELECT COUNT(*) FROM attempts") == [(0,)]
    assert await acts(rig) == []


async def test_a_full_audit_disk(rig: Rig, trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked is told that it failed; what was done all the same is found within a minute."""

    async def full(*_: object) -> None:
        raise StorageUnavailable("the disk is full")

    monkeypatch.setattr(Auditor, "note", full)
    body = {"name": "Mine", "symbols": ["AAPL"]}
    assert (await trader.call("POST", "/watchlists", body)).status == 503
    with pytest.raises(StorageUnavailable):
        await rig.app.tidy_people()
    monkeypatch.undo()
    for _ in range(2):
        await rig.app.tidy_people()
    assert [act["after"]["asked"] for act in await acts(rig)] == ["POST /api/v1/watchlists"]


async def test_a_client_that_hangs_up(
    rig: Rig, trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Auditor, "note", never)
    body = {"name": "Mine", "symbols": ["AAPL"]}
    asking = asyncio.ensure_future(trader.call("POST", "/watchlists", body))
    while not rig.people.watchlists.of_account(
        rig.people.accounts(rig.people.users()[1].id)[0].account_id or 0
    ):
        await asyncio.sleep(0.001)
    # While it is being answered it is nobody else's to tell.
    assert rig.people.attempts.left() == []
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    monkeypatch.undo()
    await rig.app.tidy_people()
    assert len(await acts(rig)) == 1


async def test_what_was_refused_or_could_not_be_kept_is_no_act(rig: Rig, trader: Trader) -> None:
    assert (await trader.call("POST", "/watchlists", {"name": "", "symbols": []})).status == 422
    rig.disk.fail_next(StorageUnavailable("the disk is full"))
    body = {"name": "Mine", "symbols": ["AAPL"]}
    assert (await trader.call("POST", "/watchlists", body)).status == 503
    rig.restart()
    assert await rig.app.complete_unfinished() == 0
    assert await acts(rig) == []
