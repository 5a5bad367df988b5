"""An audit log of three days in memory, two of them signed."""

from pathlib import Path
from typing import Any

from stockyard.people.audit import Act, detail
from stockyard.people.audit_check import AuditCheck, Report
from stockyard.people.audit_keys import AuditKeys
from stockyard.people.audit_log import AuditLog
from stockyard.people.schema import migrate
from stockyard.people.sealing import Sealer, new_key
from stockyard.runtime.audit_upkeep import AuditUpkeep
from stockyard.storage.memory import MemoryDatabase, MemoryDisk

KEY = bytes(range(32))
NOW = 1_767_366_000_000_000_000
"""2026-01-02T15:00:00Z."""
DAY = 86_400 * 10**9


def act(kind: str = "session.opened", at_ns: int = NOW, **said: Any) -> Act:
    return Act(**{"at_ns": at_ns, "kind": kind, "actor": "user:ann", **said})


class Given:
    """A log with its keys and the folder of its segments."""

    def __init__(self, folder: Path, years: int = 6) -> None:
        self.disk, self.folder = MemoryDisk(), folder
        people = MemoryDatabase(self.disk, "people")
        migrate(people)
        self.keys = AuditKeys(people, Sealer([new_key()]))
        self.log = AuditLog(MemoryDatabase(self.disk, "audit"), KEY)
        self.upkeep = AuditUpkeep(self.log, self.keys, folder, years)

    def look_after(self, now_ns: int) -> None:
        for _ in self.upkeep.steps(now_ns):
            continue

    def fill(self) -> "Given":
        """Three days: two acts in two commits each, and what sealing the days adds."""
        for day in range(3):
            at_ns = NOW + day * DAY
            self.look_after(at_ns)
            change = {"name": "bot", "scopes": ["read"]}
            self.log.append([act(at_ns=at_ns, user_id="ann", address="192.0.2.1")], at_ns)
            self.log.append(
                [act("api_key.created", at_ns, subject="SK1", after=detail(change))], at_ns
            )
        return self

    def check(self, acknowledged: int = 0) -> Report:
        return AuditCheck(self.log.database, KEY, self.folder, acknowledged).run()

    def forge(self, sql: str, *values: Any) -> None:
        """Change the database behind the log's back."""
        self.disk.connection("audit").execute(sql, values)
