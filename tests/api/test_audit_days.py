"""Goal: an administrator takes the signed days of the audit log away, whole and unchanged."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from stockyard.people.audit_keys import AuditKeys
from stockyard.people.audit_segments import SegmentReader, file_of
from stockyard.people.identity import Role
from stockyard.runtime.audit_upkeep import AuditUpkeep
from tests.api.rig import Rig, Trader

DAY = 24 * 3600 * 10**9


async def sealed(folder: Path) -> tuple[Rig, Trader]:
    """A house whose first two days are over, and who runs it."""
    rig = Rig(audit_folder=folder)
    await rig.register()
    user = rig.people.user_by_email("ann@example.com")
    assert user is not None
    rig.people.set_role(user.id, Role.ADMIN)
    for _ in range(2):
        await rig.sign_in()
        rig.clock.time_ns += DAY
        keys = AuditKeys(rig.people._database, rig.people.sealer)
        await rig.auditor.look_after(AuditUpkeep(rig.auditor.log, keys, folder, 6))
    return rig, Trader(rig, await rig.sign_in())


async def days(root: Trader) -> list[dict[str, Any]]:
    answer = await root.call("GET", "/admin/audit/days")
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.json
    return found


async def test_each_day_is_listed_and_taken_as_it_was_signed(tmp_path: Path) -> None:
    _, root = await sealed(tmp_path)
    listed = await days(root)
    assert [one["day"] for one in listed] == ["2026-01-02", "2026-01-03"]
    assert listed[0]["first"] == 1
    assert listed[1]["first"] == listed[0]["last"] + 1
    for one in listed:
        got = await root.call("GET", f"/admin/audit/days/{one['day']}")
        assert (got.status, got.headers["content-type"]) == (200, "application/x-ndjson")
        assert got.headers["content-disposition"].endswith(f'"audit-{one["day"]}.jsonl"')
        assert (len(got.body), sha256(got.body).hexdigest()) == (one["bytes"], one["sha256"])
        taken = tmp_path / "taken.jsonl"
        taken.write_bytes(got.body)
        reader = SegmentReader(taken)
        assert len(list(reader)) == one["last"] - one["first"] + 1
        assert reader.is_signed


@pytest.mark.parametrize(
    "day", ["2026-01-04", "2026-1-2", "20260102", "..", "%2e%2e%2faudit.db", "x" * 500]
)
async def test_what_is_no_signed_day_names_no_file(tmp_path: Path, day: str) -> None:
    _, root = await sealed(tmp_path)
    (tmp_path / "2026-01-04.jsonl").write_text("not the log's")
    got = await root.call("GET", f"/admin/audit/days/{day}")
    assert got.status == 404, got


async def test_a_file_that_was_moved_away_is_said_to_be(tmp_path: Path) -> None:
    _, root = await sealed(tmp_path)
    file_of(tmp_path, "2026-01-02").unlink()
    assert [one["bytes"] is None for one in await days(root)] == [True, False]
    got = await root.call("GET", "/admin/audit/days/2026-01-02")
    assert (got.status, got.json["code"]) == (404, "unknown_day")
    assert "does not lie here" in got.json["wrong"]


async def test_a_file_that_goes_while_it_is_asked_for_is_no_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, root = await sealed(tmp_path)
    file_of(tmp_path, "2026-01-02").unlink()
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    got = await root.call("GET", "/admin/audit/days/2026-01-02")
    assert (got.status, got.json["code"]) == (404, "unknown_day")


@pytest.mark.parametrize("asked", ["bytes=0-9", "bytes=99999999-", "lines=1", "bytes=9-0"])
async def test_a_day_is_sent_whole_whatever_range_is_asked_for(tmp_path: Path, asked: str) -> None:
    _, root = await sealed(tmp_path)
    got = await root.call("GET", "/admin/audit/days/2026-01-02", headers={"Range": asked})
    whole = file_of(tmp_path, "2026-01-02").read_bytes()
    assert (got.status, got.body, got.headers["content-length"]) == (200, whole, str(len(whole)))
    assert "accept-ranges" not in got.headers


async def test_nobody_else_may(tmp_path: Path) -> None:
    rig, _ = await sealed(tmp_path)
    bob = await rig.trader("bob@example.com")
    for path in ("/admin/audit/days", "/admin/audit/days/2026-01-02"):
        got = await bob.call("GET", path)
        assert (got.status, got.json["code"]) == (403, "scope_missing")


async def test_how_far_the_log_is_behind_is_measured() -> None:
    rig = Rig()
    ann = await rig.trader()
    await ann.order()

    async def lag() -> float:
        text = (await rig.call("GET", "/metrics")).body.decode()
        (line,) = [line for line in text.splitlines() if line.startswith("audit_lag_records ")]
        return float(line.split()[1])

    assert await lag() > 0
    await rig.auditor.settle()
    assert await lag() == 0
