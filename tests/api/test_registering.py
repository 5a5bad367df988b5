"""Half-finished registrations: whatever step a crash hit, the next start finishes it; what a slow
or failing disk hit, the running server.
"""

import asyncio

import pytest

from stockyard.api.registering import (
    complete_half_opened,
    complete_unfinished,
    opening_command,
)
from stockyard.model.commands import OpenAccount
from stockyard.model.facts import LimitsSet
from stockyard.model.instruments import Limits
from stockyard.model.records import Origin
from stockyard.people.registration import Opening, Registration
from stockyard.runtime.aside import SLOW_S, Aside
from stockyard.runtime.writer import ANSWER_S, Refused
from stockyard.storage.ports import StorageUnavailable
from tests.api.rig import PASSWORD, Rig, Trader
from tests.unit.runtime.test_slow_disk import Later

OPENING = Opening("Paper account", 1, 100_000_000_000)
ORIGIN = Origin("test", "", "", "")


def begun(rig: Rig) -> Registration:
    """A registration whose account the engine has not heard of."""
    return rig.people.begin_registration(
        "Ann", "ann@example.com", rig.app.door.passwords.hash(PASSWORD), "user", OPENING, 1
    )


async def test_what_the_engine_never_heard_of_is_sent_again(rig: Rig) -> None:
    begun(rig)
    login = {"email": "ann@example.com", "password": PASSWORD}
    early = await rig.call("POST", "/api/v1/auth/login", login)
    assert (early.status, early.json["code"]) == (503, "registration_unfinished")
    rig.restart()
    assert await complete_unfinished(rig.world, rig.people) == 1
    ann = Trader(rig, await rig.sign_in())
    assert (await ann.call("GET", "/account")).json["cash"] == "100000.00"
    assert await complete_unfinished(rig.world, rig.people) == 0


async def test_what_the_engine_has_opened_is_linked(rig: Rig) -> None:
    registration = begun(rig)
    await rig.world.execute(opening_command(registration), ORIGIN)
    rig.restart()
    assert await complete_unfinished(rig.world, rig.people) == 1
    ann = Trader(rig, await rig.sign_in())
    assert len((await ann.call("GET", "/accounts")).json) == 1


async def test_what_the_engine_denies_is_dropped(rig: Rig) -> None:
    begun(rig)
    limits = rig.world.view.limits
    assert isinstance(limits, Limits)
    values = {name: getattr(limits, name) for name in limits.__struct_fields__}
    rig.feed(LimitsSet(Limits(**{**values, "accounts_per_owner_max": 0})))
    assert await complete_unfinished(rig.world, rig.people) == 1
    assert rig.people.user_by_email("ann@example.com") is None


async def test_a_further_account_that_was_never_linked_is_linked(rig: Rig, ann: Trader) -> None:
    user_id = (await ann.call("GET", "/me")).json["user"]["id"]
    command = OpenAccount(user_id, "Ideas", 1, 5_000_000, user_id + "#kx", bytes(16))
    await rig.world.execute(command, ORIGIN)
    rig.people.begin_account(user_id, Opening("Ideas", 1, 5_000_000), 1)
    assert len((await ann.call("GET", "/accounts")).json) == 1
    assert await complete_unfinished(rig.world, rig.people) == 1
    accounts = (await ann.call("GET", "/accounts")).json
    assert [account["name"] for account in accounts] == ["Paper account", "Ideas"]
    command = OpenAccount(user_id, "Third", 1, 5_000_000, user_id + "#ky", bytes(16))
    await rig.world.execute(command, ORIGIN)
    assert await rig.app.complete_unfinished() == 1
    assert len((await ann.call("GET", "/accounts")).json) == 3


async def test_an_account_of_nobody_is_left_alone(rig: Rig) -> None:
    await rig.world.execute(OpenAccount("nobody", "x", 1, 0, "key", bytes(16)), ORIGIN)
    assert await complete_unfinished(rig.world, rig.people) == 0


@pytest.mark.parametrize("failure", ["closed", "denied"])
async def test_a_failed_registration_leaves_the_address_free(rig: Rig, failure: str) -> None:
    limits = rig.world.view.limits
    assert isinstance(limits, Limits)
    values = {name: getattr(limits, name) for name in limits.__struct_fields__}
    if failure == "closed":
        rig.world.writer.close(Refused("shutting_down", "stopping", 5))
    else:
        rig.feed(LimitsSet(Limits(**{**values, "accounts_per_owner_max": 0})))
    body = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann"}
    refused = await rig.call("POST", "/api/v1/auth/register", body)
    assert refused.status == (503 if failure == "closed" else 403)
    assert rig.people.user_by_email("ann@example.com") is None
    assert rig.people.unfinished() == ()


async def test_an_engine_that_stops_does_not_lose_the_registration(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("broken")

    monkeypatch.setattr(rig.world.projector, "fold", broken)
    body = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann"}
    refused = await rig.call("POST", "/api/v1/auth/register", body)
    assert (refused.status, refused.json["code"]) == (503, "engine_stopped")
    monkeypatch.undo()
    rig.restart()
    assert len(rig.world.view.accounts) == 1
    assert await complete_unfinished(rig.world, rig.people) == 1
    ann = Trader(rig, await rig.sign_in())
    assert len((await ann.call("GET", "/accounts")).json) == 1


async def test_a_write_that_takes_too_long_does_not_lose_the_registration(rig: Rig) -> None:
    """The record stays in the write that is under way, and opens the account when that ends."""
    later, now_s, writer = Later(), 100.0, rig.world.writer
    writer.aside = Aside(later, writer.commit, lambda: now_s)
    writer.aside.note(SLOW_S)
    body = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann"}
    asking = asyncio.ensure_future(rig.call("POST", "/api/v1/auth/register", body))
    while not later.waiting:
        await asyncio.sleep(0.001)
    now_s += ANSWER_S + 0.1
    writer.look()
    refused = await asking
    assert (refused.status, refused.json["code"]) == (503, "journal_uncertain")
    # It is too early as yet.
    await complete_half_opened(rig.app.door)
    later.run()
    assert len(rig.world.view.accounts) == 1
    await rig.app.tidy_people()
    ann = Trader(rig, await rig.sign_in())
    assert len((await ann.call("GET", "/accounts")).json) == 1
    assert (rig.people.unfinished(), rig.app.door.half_opened) == ((), set())


async def test_a_further_account_that_could_not_be_linked_is_linked_soon(
    rig: Rig, ann: Trader
) -> None:
    rig.world.on_record = lambda *_: rig.disk.fail_next(StorageUnavailable("the disk is full"))
    refused = await ann.call("POST", "/accounts", {"name": "Ideas"})
    rig.world.on_record = None
    assert (refused.status, refused.json["code"]) == (503, "storage_unavailable")
    assert len((await ann.call("GET", "/accounts")).json) == 1
    await rig.app.tidy_people()
    accounts = (await ann.call("GET", "/accounts")).json
    assert [account["name"] for account in accounts] == ["Paper account", "Ideas"]


async def test_a_repeat_takes_up_the_link_that_was_begun(rig: Rig, ann: Trader) -> None:
    """Otherwise the next start would send the one that was begun, and open an account more."""
    user_id = (await ann.call("GET", "/me")).json["user"]["id"]
    rig.people.begin_account(user_id, Opening("Ideas", 1, 5_000_000), 1)
    assert (await ann.call("POST", "/accounts", {"name": "Ideas"})).status == 201
    assert rig.people.unfinished() == ()


async def test_people_that_cannot_be_kept(rig: Rig) -> None:
    rig.disk.fail_next(StorageUnavailable("the disk is full"))
    body = {"email": "ann@example.com", "password": PASSWORD, "name": "Ann"}
    refused = await rig.call("POST", "/api/v1/auth/register", body)
    assert (refused.status, refused.json["code"]) == (503, "storage_unavailable")
    await rig.register()


async def test_tidying_ends_old_sessions(rig: Rig, ann: Trader) -> None:
    await rig.key(ann.headers)
    rig.clock.time_ns += 25 * 3600 * 10**9
    await rig.app.tidy_people()
    assert len(rig.people._sessions) == 0
