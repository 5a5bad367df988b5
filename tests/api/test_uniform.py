"""Goal: how long an answer takes tells nobody which addresses are users'.

Method: the same request for a user's address and for nobody's, by turns, at the real cost of a
password; then the same number of statements and hashes, and medians that are close.
"""

from statistics import median
from time import perf_counter
from typing import Any

import pytest

from stockyard.people.passwords import PasswordCost, Passwords
from tests.api import rig as rigs
from tests.api.rig import PASSWORD, Rig

TIMES = 40
FACTOR = 1.5
HOUR = 3600 * 10**9
USER, NOBODY, ASKING = "ann@example.com", "nobody{}@example.com", "bob@example.com"
WAYS: dict[str, tuple[str, dict[str, str], set[int]]] = {
    "sign-in": ("/auth/login", {"password": "wrong horse battery"}, {401}),
    "token": ("/auth/token", {"password": "wrong horse battery"}, {401}),
    "magic link": ("/auth/magic-link", {}, {202}),
    "recovery": ("/auth/recovery", {}, {202}),
    "sign-up": ("/auth/register", {"name": "Ann"}, {202}),
    "change": ("/auth/email", {"password": PASSWORD}, {200}),
}
SIGNED_IN = {"change"}
"""Ways for another user alone."""


class Counted:
    """What a door does, counted."""

    def __init__(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rig, self.work = rig, [0, 0]
        for name in ("people", "audit"):
            rig.disk.connection(name).exec_trace = self._statement
        for name in ("hash", "check"):
            self._count(name, monkeypatch)

    def _statement(self, *_: object) -> bool:
        self.work[0] += 1
        return True

    def _count(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        done = getattr(Passwords, name)

        def counted(*said: Any) -> Any:
            self.work[1] += 1
            return done(*said)

        monkeypatch.setattr(Passwords, name, counted)

    async def ask(self, way: str, email: str) -> tuple[tuple[int, ...], float]:
        """One request: what was done for it, and how long it took."""
        path, said, expected = WAYS[way]
        # Long enough after the last that nothing is throttled.
        self.rig.clock.time_ns += HOUR
        headers = await self.rig.sign_in(ASKING) if way in SIGNED_IN else {}
        before, began = list(self.work), perf_counter()
        got = await self.rig.call(
            "POST", "/api/v1" + path, {"email": email, **said}, headers=headers
        )
        took = perf_counter() - began
        assert got.status in expected, got
        return tuple(b - a for a, b in zip(before, self.work, strict=True)), took


@pytest.fixture
async def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """A house with two users, where passwords cost what they do in earnest."""
    monkeypatch.setattr(rigs, "CHEAP", PasswordCost())
    rig = Rig()
    await rig.register(USER)
    await rig.register(ASKING)
    return Counted(Rig(disk=rig.disk, sign_up="confirmed"), monkeypatch)


@pytest.mark.parametrize("way", WAYS)
async def test_a_users_address_takes_no_other_time_than_nobodys(counted: Counted, way: str) -> None:
    # Later askings for one address drop the oldest link: not counted, and as often on both sides.
    # What a request keeps until its act is on record leaves with the next one.
    await counted.ask(way, NOBODY.format("first"))
    took: dict[str, list[float]] = {USER: [], NOBODY: []}
    for number in range(TIMES):
        done = []
        for kind in (USER, NOBODY) if number % 2 else (NOBODY, USER):
            work, seconds = await counted.ask(way, kind.format(number))
            done.append(work)
            took[kind].append(seconds)
        assert done[0] == done[1], f"statements and hashes: {done}"
    one, other = median(took[USER]), median(took[NOBODY])
    assert max(one, other) < FACTOR * min(one, other), (one, other)
