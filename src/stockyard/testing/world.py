"""A whole Stockyard in a thread of this process: a real server on a free port of this machine.

Promises: the same server, engine and doors as ``stockyard serve``, with test controls allowed;
storage is in memory or a directory. It takes no signals, moves no setting of the process, and when
``stop`` returns its threads, sockets and files are gone. Must not know: tests, or clients.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from stockyard import app
from stockyard.api.registering import Wish, register
from stockyard.config import Config
from stockyard.model.records import Origin
from stockyard.people.audit_log import KEY_BYTES, AuditLog
from stockyard.people.passwords import PasswordCost, Passwords
from stockyard.people.sealing import new_key
from stockyard.projections.store import ReadStore
from stockyard.runtime.beginning import GENESIS, Beginning
from stockyard.server import Server
from stockyard.storage.history import DatabaseHistory
from stockyard.storage.memory import MemoryDatabase, MemoryDisk, MemoryJournal, MemorySnapshots
from stockyard.storage.ports import Journal, Snapshots
from stockyard.storage.requests import DatabaseRequests
from stockyard.storage.shelf import DatabaseShelf
from stockyard.storage.troubles import Troubles

PATIENCE_S: Final = 30.0
"""How long a start, a stop or a question may take before something is wrong."""
SCOPES: Final = ("read", "trade", "sim")
PASSWORD: Final = "correct horse battery"
_CHEAP: Final = PasswordCost(memory_kib=8, passes=1, lanes=1)
_ORIGIN: Final = Origin("system:testing", "", "", "")
_NEVER_S: Final = 86_400.0
T = TypeVar("T")


class MemoryDirectory:
    """What survives of a world, until it is closed."""

    def __init__(self) -> None:
        self._disk = MemoryDisk()
        self.troubles = Troubles()
        self.journal: Journal = MemoryJournal(self._disk)
        self.snapshots: Snapshots = MemorySnapshots(self._disk)
        self.store = ReadStore(self._database("projections"))

    def _database(self, name: str) -> MemoryDatabase:
        return MemoryDatabase(self._disk, name)

    def beginning(self) -> Beginning:
        """At its first record: nothing here is pruned."""
        return GENESIS

    def open_people(self) -> MemoryDatabase:
        """The people's database."""
        return self._database("people")

    def open_audit(self, folder: str) -> tuple[AuditLog, None]:
        """The log of who did what; no day of it is signed."""
        return AuditLog(self._database("audit"), bytes(KEY_BYTES)), None

    def open_history(self) -> DatabaseHistory:
        """Raw ticks and bars."""
        return DatabaseHistory(self._database("history"))

    def open_shelf(self) -> DatabaseShelf:
        """The last answers of outside sources."""
        return DatabaseShelf(self._database("reference"))

    def open_requests(self) -> DatabaseRequests:
        """What was measured of requests."""
        return DatabaseRequests(self._database("requests"))

    def leave(self) -> None:
        """Nothing is open."""

    def release(self) -> None:
        """Nobody else could have it."""

    def close(self) -> None:
        """Forget everything."""
        self._disk.close()


class EmbeddedServer(Server):
    """A server that leaves the process it runs in as it is."""

    def __init__(self, config: Config, directory: Callable[[], app.Directory]) -> None:
        super().__init__(config)
        self._directory = directory

    def _open_directory(self) -> app.Directory:
        return self._directory()

    def _take_signals(self) -> None:
        """They belong to the tests."""

    def _passwords(self) -> Passwords:
        """Nobody guards anything with them here."""
        return Passwords(_CHEAP)

    def _settle(self) -> None:
        """The collector belongs to the tests too."""


class Credentials(NamedTuple):
    """An account and the key to it."""

    account_id: str
    email: str
    key_id: str
    secret_key: str


class ServedWorld:
    """One world, served from a thread. Raises what ``Server.run`` raises when it cannot open."""

    def __init__(self, config: Config, *, in_memory: bool) -> None:
        if in_memory and not config.secret_key:
            # There is no directory that a key of its own could be written to.
            config = msgspec.structs.replace(config, secret_key=new_key())
        self.config = config
        self._memory = MemoryDirectory() if in_memory else None
        self._begun: Future[EmbeddedServer] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._people = 0
        self._thread = Thread(target=self._serve, name="stockyard", daemon=True)
        self._thread.start()
        try:
            self.server = self._begun.result(PATIENCE_S)
        except BaseException:
            self._thread.join(PATIENCE_S)
            raise
        self.url = self.server.url
        self.founded = self.server.world.engine.seq
        """The last input that every World begins with."""

    def _serve(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._run())
        except BaseException as error:
            if self._begun.done():
                raise
            self._begun.set_exception(error)
        finally:
            if self._memory is not None:
                self._memory.close()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = EmbeddedServer(self.config, self._open_directory)
        await server.run(lambda opened, _: self._begun.set_result(server))

    def _open_directory(self) -> app.Directory:
        if self._memory is not None:
            return self._memory
        mask = os.umask(0o077)
        try:
            return app.DataDirectory(self.config.data)
        finally:
            os.umask(mask)

    @property
    def data(self) -> Path | None:
        """Where its files are; None in memory."""
        return None if self._memory is not None else self.config.data

    def now_ns(self) -> int:
        """The world's time."""
        return self.server.world.clock.now_ns()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the server's own loop and wait for it."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def new_account(self, name: str) -> Credentials:
        """A new user with an account and a key to it."""
        self._people += 1
        return self.run(self._new_account(name, f"user{self._people}@stockyard.example"))

    async def _new_account(self, name: str, email: str) -> Credentials:
        door = self.server.application.door
        user, account = await register(door, Wish(name, email, PASSWORD, name), _ORIGIN)
        now_ns = door.world.clock.wall_ns()
        key, secret = await door.desk.write(
            lambda people: people.create_key(user.id, account.account_id, "test", SCOPES, now_ns)
        )
        return Credentials(door.render.account_id(account.account_id), email, key.key_id, secret)

    def streams(self) -> int:
        """Streams that are open and whose client has said what it listens to."""

        async def count() -> int:
            gateway = self.server.application.gateway
            return sum(one.is_listening for one in gateway)

        return self.run(count())

    def stop(self) -> None:
        """Stop cleanly and wait for the end."""
        loop = self._loop
        if self._thread.is_alive() and loop is not None:
            loop.call_soon_threadsafe(self.server.stop)
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            raise TimeoutError(f"the Stockyard at {self.url} did not stop in {PATIENCE_S:g} s")
        if self.server.failed:
            raise RuntimeError(f"the Stockyard at {self.url} stopped on a fault of its own")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def quiet_config(**said: Any) -> Config:
    """The config of a world for tests: what ``said`` does not name is as quiet as possible."""
    return Config(
        **{
            "port": 0,
            "calendar": "xnys",
            "controls": True,
            "demo": False,
            # A child process of a test's process may find locks that are held for ever.
            "snapshot_seconds": _NEVER_S,
            "history_tick_days": 0,
            "history_megabytes_max": 1_000_000,
            **said,
        }
    )
