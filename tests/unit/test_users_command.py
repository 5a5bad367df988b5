"""Goal: the first admin is made, and users are looked after, where no server runs. Method: the
command's own functions on a directory.
"""

import io
import os
import stat
from pathlib import Path

import pytest

from stockyard.cli import users
from stockyard.config import Config, ConfigError
from stockyard.people.audit_log import Wanted
from stockyard.runtime.audit_files import open_audit
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.ports import DirectoryInUse

PASSWORD = "correct horse battery"


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What stands on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text + "\n"))


def listed(data: Path, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The lines of the list, in words."""
    capsys.readouterr()
    users.list_users(data=data)
    return [line.split() for line in capsys.readouterr().out.splitlines()[1:]]


def add(data: Path, monkeypatch: pytest.MonkeyPatch, name: str, role: str) -> None:
    """Add somebody."""
    typed(monkeypatch, PASSWORD)
    users.add(f"{name}@example.com", name=name, role=role, data=data)


def test_the_first_admin_of_a_fresh_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    add(data, monkeypatch, "root", "admin")
    assert "at the next start" in capsys.readouterr().out
    assert stat.S_IMODE(os.stat(data / "people.db").st_mode) == 0o600
    assert listed(data, capsys) == [["root@example.com", "root", "admin", "pending"]]
    with users._opened(Config(data=data), "test") as people:
        (wish,) = people.unfinished()
        people.complete_registration(wish.key, 17)
    users.role("ROOT@example.com", "admin", data=data)
    add(data, monkeypatch, "tess", "instructor")
    with pytest.raises(SystemExit) as ended:
        users.role("root@example.com", "user", data=data)
    assert ended.value.code == 2
    assert "nobody else administers" in capsys.readouterr().err


def test_roles_and_status_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate(("ann", "bob"), 1):
        add(tmp_path, monkeypatch, name, "user")
        with users._opened(Config(data=tmp_path), "test") as people:
            (wish,) = people.unfinished()
            people.complete_registration(wish.key, number)
    users.role("ann@example.com", "admin", data=tmp_path)
    users.status("bob@example.com", "suspended", data=tmp_path)
    assert listed(tmp_path, capsys) == [
        ["ann@example.com", "ann", "admin", "active"],
        ["bob@example.com", "bob", "user", "suspended"],
    ]
    users.status("bob@example.com", "active", data=tmp_path)
    assert listed(tmp_path, capsys)[1][3] == "active"
    log = open_audit(tmp_path, tmp_path / "audit")
    try:
        found = log.search(Wanted(20))
    finally:
        log.close()
    assert {entry.actor for entry in found} == {"system:command"}
    kinds = ["user.changed"] * 3 + ["user.registered"] * 2
    assert [entry.kind for entry in found] == kinds
    assert bytes(found[1].before) == b'{"role":"user","status":"active"}'
    assert bytes(found[1].after) == b'{"role":"user","status":"suspended"}'


def test_what_was_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match=r"no people\.db"):
        users.list_users(data=tmp_path)
    add(tmp_path, monkeypatch, "ann", "user")
    with pytest.raises(ConfigError, match="no user bob"):
        users.role("bob@example.com", "admin", data=tmp_path)
    with pytest.raises(ConfigError, match="expected one of active"):
        users.status("ann@example.com", "gone", data=tmp_path)
    for text, name, role, wrong in (
        ("short", "bob", "user", "5 characters"),
        (PASSWORD, "ann", "user", "already a user"),
        (PASSWORD, "bob", "king", "no such role"),
    ):
        typed(monkeypatch, text)
        with pytest.raises(SystemExit):
            users.add(f"{name}@example.com", name=name, role=role, data=tmp_path)
        assert wrong in capsys.readouterr().err
    with DirectoryLock(tmp_path), pytest.raises(DirectoryInUse):
        users.list_users(data=tmp_path)


def test_what_was_not_noted_waits_to_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(tmp_path, monkeypatch, "ann", "user")
    with users._opened(Config(data=tmp_path), "test") as people:
        assert people.attempts.left() == []

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(users, "_record", crash)
    with pytest.raises(KeyboardInterrupt):
        users.role("ann@example.com", "admin", data=tmp_path)
    with users._opened(Config(data=tmp_path), "test") as people:
        (left,) = people.attempts.left()
        assert (left.asked, left.actor) == ("stockyard users role", "system:command")
