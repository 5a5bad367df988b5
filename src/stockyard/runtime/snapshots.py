"""Snapshots of the running engine, taken without holding it up.

Promises: where the platform can fork, a child process encodes the state as it was at one input
while the parent goes on; the stored snapshot is replaced only when the projections have durably
passed it. Elsewhere the state is encoded at once. Must not know: what the state means.
"""

import gc
import os
import signal
import struct
import warnings
import zlib
from hashlib import sha256
from threading import Lock
from typing import Final

from stockyard.engine.engine import ENGINE_VERSION, Engine
from stockyard.runtime.idle import give_way
from stockyard.storage.ports import Snapshot, StorageError

_HEADER: Final = struct.Struct("<Q32s")
COMPRESSION: Final = 1
FILES_MAX: Final = 65_536
CAN_FORK: Final = hasattr(os, "fork")


def encode_now(engine: Engine, digest: bytes) -> Snapshot:
    """A snapshot of the engine as it is, encoded in the caller."""
    state, hashed = pack(engine.encoded())
    return Snapshot(engine.seq, engine.ts, hashed.hex(), ENGINE_VERSION, digest, state)


def pack(body: bytes) -> tuple[bytes, bytes]:
    """An encoded state compressed, and the SHA-256 of its encoding.

    Compressed to a sixth, it keeps the disk, which the journal needs too, busy for a sixth as long.
    """
    return zlib.compress(body, COMPRESSION), sha256(body).digest()


def unpack(state: bytes) -> bytes:
    """The encoding of a packed state. Raises ``StorageError``."""
    try:
        return zlib.decompress(state)
    except zlib.error as error:
        raise StorageError(f"the snapshot is damaged: {error}") from error


def _child(write_fd: int, engine: Engine) -> None:
    """Encode, hash, write to the pipe and leave; touches nothing else of the parent's.

    Sockets and files are let go first: a child that outlives its parent must not keep the port.
    """
    try:
        gc.disable()
        os.closerange(3, write_fd)
        os.closerange(write_fd + 1, FILES_MAX)
        # Only now: sockets held by a child that hardly runs would outlive a parent that is killed.
        give_way()
        state, hashed = pack(engine.encoded())
        view = memoryview(_HEADER.pack(len(state), hashed) + state)
        while view:
            view = view[os.write(write_fd, view) :]
        os._exit(0)
    finally:
        os._exit(1)


class Taking:
    """A snapshot on its way: of the moment in which this was made."""

    def __init__(self, engine: Engine, digest: bytes) -> None:
        """Begin. ``digest``: where the projections stood."""
        self._taken: Snapshot | None = None
        if not CAN_FORK:
            self._taken = encode_now(engine, digest)
            return
        self._seq, self._ts, self._digest = engine.seq, engine.ts, digest
        self._ended, self._ending = False, Lock()
        self._read_fd, write_fd = os.pipe()
        with warnings.catch_warnings():
            # The child calls nothing that another thread could hold a lock of; see above.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            os.close(self._read_fd)
            _child(write_fd, engine)
        os.close(write_fd)

    def collect(self) -> Snapshot:
        """Wait for it; may run in a thread. Raises ``StorageError``: the child did not end well."""
        if self._taken is not None:
            return self._taken
        with os.fdopen(self._read_fd, "rb") as pipe:
            content = pipe.read()
        with self._ending:
            os.waitpid(self._pid, 0)
            self._ended = True
        if len(content) < _HEADER.size:
            raise StorageError("the snapshot process ended before it was done")
        size, hashed = _HEADER.unpack_from(content)
        state = content[_HEADER.size :]
        if len(state) != size:
            raise StorageError("the snapshot process wrote an incomplete state")
        return Snapshot(self._seq, self._ts, hashed.hex(), ENGINE_VERSION, self._digest, state)

    def give_up(self) -> None:
        """Make ``collect`` end now: a child that hardly runs is not worth a stop's waiting for."""
        if self._taken is None:
            with self._ending:
                if not self._ended:
                    os.kill(self._pid, signal.SIGKILL)
