"""``stockyard repair``: what is left of a damaged journal, and how to go on from it.

Promises: nothing is changed unless that is asked for; then what is damaged is moved aside, not
deleted, and the directory holds every record up to the first break. A run that is cut off leaves
the damaged journal in its place, or none and what another run finishes. Must not know: what the
records mean.
"""

import os
import secrets
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from stockyard.config import ConfigError, read_config
from stockyard.model.records import Record
from stockyard.storage.acknowledged import SUFFIX, acknowledged_of
from stockyard.storage.archive import FOLDER_NAME, Archive
from stockyard.storage.base import BASE_ALTERED
from stockyard.storage.files import JOURNAL, LOG_TAILS, REPAIRED
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.ports import Base, JournalCorrupt, StorageUnavailable
from stockyard.storage.sqlite import SqliteJournal, read_base_of, read_journal
from stockyard.storage.sync import put_in_place

GROUP: Final = 1_000
"""Records that are written anew in one commit."""
DERIVED: Final = ("snapshots.db", "projections.db")


class Damage(NamedTuple):
    """The last whole record and its time (UTC ns), why the next is not, and up to where records
    were acknowledged (0: not known). ``why`` is empty for a journal that is whole.

    ``base``: what stands for a beginning that was pruned; where nothing after it is whole, ``seq``
    is before it.
    """

    seq: int
    ts: int
    why: str
    acknowledged: int
    base: Base | None = None


def repair(*, data: Path | None = None, accept_loss: bool = False) -> None:
    """Say what is left of a damaged journal, and with --accept-loss go on from there.

    Exit code 0: the journal is whole, or is again. 1: it is damaged, and nothing was changed.

    Parameters
    ----------
    data: Directory to repair (./data); no server may be running on it.
    accept_loss: Keep the records up to the first break, and move everything damaged aside.
    """
    path = read_config(os.environ, data=data).data
    if not (path / JOURNAL).is_file() and not (path / REPAIRED).is_file():
        raise ConfigError(f"data {str(path)!r}: there is no {JOURNAL} in it")
    with DirectoryLock(path):
        if not (path / JOURNAL).is_file():
            _finish(path, accept_loss)
            return
        damage = examine(path / JOURNAL)
        if not damage.why:
            since = f" after {damage.base.seq:,}, where it was pruned" if damage.base else ""
            print(
                f"The journal is whole: {damage.seq:,} records{since}. There is nothing to repair."
            )
            return
        _tell(damage)
        if damage.base is not None and damage.seq < damage.base.seq:
            print("Nothing was changed: only a backup can tell what follows. Put one back.")
            sys.exit(1)
        if not accept_loss:
            print(
                f"Nothing was changed. Copy the directory first; then either restore a backup, or"
                f" run\n  stockyard repair --data {path} --accept-loss\nto go on after record"
                f" {damage.seq:,}; what is damaged is moved aside."
            )
            sys.exit(1)
        _tell_cut(damage, cut(path, damage))


def _finish(path: Path, accept_loss: bool) -> None:
    """Go on where a run was cut off: whatever is still to be moved was written anew before."""
    damage = examine(path / REPAIRED)
    if damage.why:
        print(f"There is no {JOURNAL}, and {REPAIRED} is not whole: put one back from a backup.")
        sys.exit(1)
    if not accept_loss:
        print(
            f"A repair was cut off, which goes on after record {damage.seq:,}. Run\n  stockyard"
            f" repair --data {path} --accept-loss\nonce more to finish it."
        )
        sys.exit(1)
    _tell_cut(damage, _put_in_place(path, damage.seq))


def _tell_cut(damage: Damage, aside: Path) -> None:
    print(
        f"The journal ends at record {damage.seq:,} now; what was there lies in {aside}. The query"
        " tables are made anew at the next start. Run stockyard verify before you go on."
    )


def examine(journal: Path) -> Damage:
    """Read a whole journal that nobody has open; changes nothing.

    Raises ``JournalCorrupt`` where the row of its base is altered.
    """
    acknowledged = acknowledged_of(journal)
    seq = ts = 0
    base = _base(journal)
    if base is not None:
        seq, ts = base.head.seq, base.head.ts
    why = ""
    try:
        for record in read_journal(journal, seq):
            seq, ts = record.seq, record.ts
    except JournalCorrupt as error:
        why = str(error)
    if not why and seq < acknowledged:
        why = f"the records after it are missing; they were acknowledged up to {acknowledged:,}"
    return Damage(seq, ts, why, acknowledged, base)


def _base(journal: Path) -> Base | None:
    try:
        return read_base_of(journal)
    except JournalCorrupt as error:
        if error.what == BASE_ALTERED:
            raise
        # The file is so damaged that nothing can be read of it.
        return None


def _tell(damage: Damage) -> None:
    when = ""
    if damage.seq:
        moment = datetime.fromtimestamp(damage.ts // 1_000_000_000, UTC)
        when = f", of {moment:%Y-%m-%d %H:%M:%S} UTC"
    print(f"The last whole record is {damage.seq:,}{when}. After it: {damage.why}")
    if damage.acknowledged > damage.seq:
        print(f"Acknowledged and lost: {damage.acknowledged - damage.seq:,} records.")
    else:
        print("How many acknowledged records come after it cannot be told.")


def cut(path: Path, damage: Damage) -> Path:
    """Write the whole records anew and move everything else aside; where it lies now."""
    fresh = path / REPAIRED
    for tail in ("", *LOG_TAILS, SUFFIX):
        Path(f"{fresh}{tail}").unlink(missing_ok=True)
    journal = SqliteJournal(fresh)
    begin = 0
    if damage.base is not None:
        assert damage.seq >= damage.base.seq, "what stands for the beginning needs what follows it"
        journal.begin_empty_at(damage.base)
        begin = damage.base.head.seq
    group: list[Record] = []
    for record in islice(read_journal(path / JOURNAL, begin), damage.seq - begin):
        group.append(record)
        if len(group) == GROUP:
            journal.append(group)
            group = []
    journal.append(group)
    journal.close()
    if Path(f"{fresh}-wal").exists():
        raise StorageUnavailable(f"{fresh} could not be written whole: make room on its disk")
    return _put_in_place(path, damage.seq)


def _put_in_place(path: Path, seq: int) -> Path:
    """Move what was there aside and give the journal that was written anew, up to ``seq``, its
    place; where the rest lies now.

    The journal comes last: until then every start refuses the directory, and this can be repeated.
    """
    fresh, aside = path / REPAIRED, path / f"damaged-{secrets.token_hex(4)}"
    aside.mkdir(mode=0o700)
    for name in (JOURNAL, *DERIVED):
        for tail in ("", *LOG_TAILS, SUFFIX):
            file = path / f"{name}{tail}"
            if file.exists():
                file.rename(aside / file.name)
    for tail in LOG_TAILS:
        # Reading it has left them, empty.
        Path(f"{fresh}{tail}").unlink(missing_ok=True)
    note = Path(f"{fresh}{SUFFIX}")
    if note.exists():
        note.rename(path / f"{JOURNAL}{SUFFIX}")
    put_in_place(fresh, path / JOURNAL)
    # Where this fails, the next start does the same.
    Archive(path / FOLDER_NAME).set_aside_beyond(seq)
    return aside
