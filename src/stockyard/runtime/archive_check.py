"""Archived snapshots held against the journal they were taken of.

Promises: every archived snapshot is looked at whole, and each that is damaged, of another journal,
or not what the journal's inputs come to is named. Must not know: how the journal is replayed.
"""

from hashlib import sha256
from pathlib import Path

from stockyard.engine.engine import ENGINE_VERSION, Engine
from stockyard.runtime.snapshots import unpack
from stockyard.storage.archive import Archive, Archived
from stockyard.storage.ports import JournalPruned, StorageError
from stockyard.storage.sqlite import journal_chain_at


class ArchiveCheck:
    """Compares the snapshots of one archive while the journal is replayed beside it.

    ``wanted``: those that are not yet compared, by seq.
    """

    def __init__(self, archive: Archive, journal: Path) -> None:
        """``journal``: the file of the journal. Raises ``StorageError``."""
        self._archive, self._journal = archive, journal
        self._faults = list[str]()
        self.wanted: dict[int, Archived] = {}
        for archived in archive.list():
            if archived.damage:
                self._faults.append(f"archive/{archived.name} is damaged: {archived.damage}")
            else:
                self.wanted[archived.seq] = archived

    def note(self, engine: Engine, digest: bytes) -> None:
        """Compare the one at the engine's seq with the engine and the events' running digest."""
        archived = self.wanted.pop(engine.seq)
        name = f"archive/{archived.name}"
        if archived.engine_version == ENGINE_VERSION:
            if engine.state_hash() != archived.state_hash:
                self._faults.append(f"{name} differs from the journal's state")
            if digest != archived.digest:
                self._faults.append(f"{name} counts other events")
        try:
            # Whatever batches a repair wrote the records in, their chain is the same.
            if journal_chain_at(self._journal, archived.head.seq) != archived.head.chain:
                self._faults.append(f"{name} is of another journal")
        except JournalPruned:
            # Of a base that was repaired: its own row is sealed.
            pass
        except StorageError as error:
            self._faults.append(f"{name}: {error}")
        self._faults.extend(self._file_faults(archived))

    def faults(self, end_seq: int) -> list[str]:
        """Everything that was found wrong, also with those that were not passed on the way."""
        for archived in self.wanted.values():
            if archived.seq > end_seq:
                name = f"archive/{archived.name}"
                self._faults.append(f"{name} is beyond the journal's last seq {end_seq}")
            else:
                self._faults.extend(self._file_faults(archived))
        return self._faults

    def _file_faults(self, archived: Archived) -> list[str]:
        """Whether what is packed is the state that the header names."""
        try:
            body = unpack(self._archive.load(archived.seq).state)
        except StorageError as error:
            return [str(error)]
        if sha256(body).hexdigest() != archived.state_hash:
            return [f"archive/{archived.name} does not match its hash"]
        return []
