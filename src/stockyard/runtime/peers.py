"""The clients' processes, where the kernel shows them: have they read everything, do they sleep?

Promises: nobody counts as quiet who has bytes to read, has sent bytes that did not come in yet, or
runs; a client on another machine, in another container or in this very process cannot be seen and
is left to the quiet time. Linux only. Must not know: what was sent.

Both ends of a loopback connection are asked for by ``sock_diag`` (sock_diag(7)): a look at
``/proc/net/tcp`` walks through the kernel's whole table, which takes milliseconds. Who holds the
other end stands in ``/proc/<pid>/fd``, whether its threads run in ``/proc/<pid>/task/<tid>/stat``.
A look is sound because it is taken in this order, without a word from us in between: every queue is
empty, every thread sleeps, every queue is empty still.
"""

import os
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple, Self

RESCAN_LOOKS: Final = 1_000
"""After so many looks a client that could not be found is looked for again."""
_SOCK_DIAG: Final = 4
_BY_FAMILY: Final = 20
_REQUEST: Final = 1
_ERROR: Final = 2
_HEADER: Final = struct.Struct("=IHHII")
_ASK: Final = struct.Struct("=BBBBI")
_QUEUES: Final = struct.Struct("=IIIII")
_QUEUES_AT: Final = _HEADER.size + 4 + 48
_EVERY_STATE: Final = 0xFFFFFFFF
_ASLEEP: Final = b"SITtZXxKWP"
"""States of proc(5) in which a thread does nothing: neither running nor waiting for a disk."""

Address = tuple[str, int]


class Ends(NamedTuple):
    """A connection: our address and theirs."""

    ours: Address
    theirs: Address


class _Found(NamedTuple):
    """What the kernel says of one end: bytes not read by its owner, bytes not taken by the other
    end, and the number of its file.
    """

    unread: int
    untaken: int
    inode: int


class LinuxPeers:
    """Looks at the processes behind ``ends()``."""

    def __init__(self, netlink: socket.socket, ends: Callable[[], Iterable[Ends]]) -> None:
        self._netlink, self._ends = netlink, ends
        self._owners: dict[int, tuple[int, ...]] = {}
        self._looks = 0
        self.seen = self.unseen = 0

    @classmethod
    def open(cls, ends: Callable[[], Iterable[Ends]]) -> Self | None:
        """None where the kernel tells nothing of this kind."""
        if sys.platform != "linux":
            return None
        try:
            netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
        except OSError:
            return None
        netlink.settimeout(1.0)
        return cls(netlink, ends)

    def close(self) -> None:
        """Ask no more."""
        self._netlink.close()

    def busy(self) -> str:
        """Who has not read everything or does not sleep; empty for nobody who can be seen."""
        self._looks += 1
        ends = [one for one in self._ends() if _is_loopback(one.theirs[0])]
        theirs, waits = self._queues(ends)
        if waits:
            return waits
        processes = self._processes(theirs)
        for process in processes:
            if not _sleeps(process):
                return f"process {process} works"
        return self._queues(ends)[1] if processes else ""

    def _queues(self, ends: list[Ends]) -> tuple[list[_Found], str]:
        """Their ends, and what is on its way at either."""
        found: list[_Found] = []
        for ours, theirs in ends:
            there = self._ask(theirs, ours)
            here = self._ask(ours, theirs)
            if there is None or here is None:
                continue
            if there.unread or here.untaken:
                return found, f"the client at port {theirs[1]} has not read everything"
            if here.unread or there.untaken:
                return found, f"the client at port {theirs[1]} has sent something"
            found.append(there)
        return found, ""

    def _processes(self, found: list[_Found]) -> set[int]:
        """Who holds these ends. Those of this process are left out: its threads may wait for one
        another in ways that look like sleep.
        """
        inodes = {one.inode for one in found if one.inode}
        for gone in self._owners.keys() - inodes:
            del self._owners[gone]
        unknown = {one for one in inodes if not self._owners.get(one)}
        fresh = unknown - self._owners.keys()
        if fresh or (unknown and self._looks % RESCAN_LOOKS == 0):
            self._owners.update(_owners(unknown))
        processes = {process for one in inodes for process in self._owners[one]}
        own = os.getpid()
        self.seen = sum(1 for one in inodes if set(self._owners[one]) - {own})
        self.unseen = len(inodes) - self.seen
        return processes - {own}

    def _ask(self, near: Address, far: Address) -> _Found | None:
        """One end of a connection; None when there is no such end here."""
        family = socket.AF_INET6 if ":" in near[0] else socket.AF_INET
        sides = (socket.inet_pton(family, host).ljust(16, b"\0") for host, _ in (near, far))
        name = struct.pack("!HH", near[1], far[1]) + b"".join(sides) + bytes(4) + b"\xff" * 8
        asked = _ASK.pack(family, socket.IPPROTO_TCP, 0, 0, _EVERY_STATE) + name
        head = _HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _REQUEST, self._looks, 0)
        try:
            self._netlink.send(head + asked)
            answer = self._netlink.recv(4096)
        except OSError:
            return None
        if _HEADER.unpack_from(answer)[1] == _ERROR:
            return None
        _, unread, untaken, _, inode = _QUEUES.unpack_from(answer, _QUEUES_AT)
        return _Found(unread, untaken, inode)


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("::1", "::ffff:127.0.0.1")


def _owners(inodes: set[int]) -> dict[int, tuple[int, ...]]:
    """The processes that hold these sockets; nobody for one that may not be looked into."""
    names = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, list[int]] = {inode: [] for inode in inodes}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            for number in os.listdir(process / "fd"):
                with suppress(OSError):
                    inode = names.get(os.readlink(process / "fd" / number))
                    if inode is not None:
                        found[inode].append(int(process.name))
    return {inode: tuple(processes) for inode, processes in found.items()}


def _sleeps(process: int) -> bool:
    """Whether no thread of a process runs or waits for a disk; one that is gone sleeps well."""
    folder = f"/proc/{process}/task"
    try:
        for thread in os.listdir(folder):
            with suppress(FileNotFoundError, ProcessLookupError):
                with open(f"{folder}/{thread}/stat", "rb") as file:
                    state = file.read().rpartition(b")")[2].strip()[:1]
                if state and state not in _ASLEEP:
                    return False
    except OSError:
        return True
    return True
