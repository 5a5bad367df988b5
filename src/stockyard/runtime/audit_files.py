"""The audit log's files in a data directory: the log, its key, and up to where it was acknowledged.

Promises: a log that ends before what was acknowledged is not taken for whole: that is said, and
stands in it from then on. Must not know: what acts mean.
"""

import logging
import time
from pathlib import Path
from secrets import token_hex
from typing import Final

from stockyard.people.audit import Act, detail
from stockyard.people.audit_check import DAMAGE_FOUND
from stockyard.people.audit_log import FILE_NAME, KEY_BYTES, AuditLog
from stockyard.people.audit_segments import found_in
from stockyard.storage.acknowledged import Acknowledged
from stockyard.storage.ports import StorageError, StorageUnavailable
from stockyard.storage.secret_key import read_key_file, write_key_file
from stockyard.storage.sqlite import FileDamaged, SqliteDatabase
from stockyard.storage.troubles import Part

LOG: Final = logging.getLogger("stockyard.audit")
KEY_FILE: Final = "audit.key"
ADVICE: Final = (
    "put it back from a backup, or move it aside: the log then goes on from its last signed day and"
    " says what is missing"
)


class AuditKeyDamaged(StorageError):
    """The file of the log's key holds no key."""


def read_key(directory: Path) -> bytes | None:
    """The key of a directory's log; None where it has none. Raises ``StorageError``."""
    path = directory / KEY_FILE
    text = read_key_file(path)
    if text is None:
        return None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        # Another key would do for what is to come, but what was sealed could not be checked.
        raise AuditKeyDamaged(
            f"{path} is damaged: put it back from a backup; it holds {KEY_BYTES} bytes as"
            " hexadecimal digits"
        )
    return key


def _kept_key(directory: Path) -> bytes:
    """The key of a directory's log, made when there is none. Raises ``StorageError``."""
    if (found := read_key(directory)) is None:
        text = token_hex(KEY_BYTES)
        write_key_file(directory / KEY_FILE, (text,))
        found = bytes.fromhex(text)
    return found


def open_audit(directory: Path, folder: Path, part: Part | None = None) -> AuditLog:
    """Open the log of a directory whose signed days lie in ``folder``, or begin one.

    Raises ``StorageError``.
    """
    key = _kept_key(directory)
    path = directory / FILE_NAME
    try:
        acknowledged = Acknowledged(path)
    except OSError as error:
        raise StorageUnavailable(f"{path} cannot be opened: {error.strerror}") from error
    try:
        log = AuditLog(SqliteDatabase(path, durable=True, part=part), key, acknowledged)
    except BaseException as error:
        acknowledged.close()
        if isinstance(error, FileDamaged):
            raise FileDamaged(f"{error}: {ADVICE}") from error
        raise
    keys: list[str] = []
    if not log.head.number:
        segments, journal_seq, keys = found_in(folder)
        if segments:
            log.go_on_from(segments, journal_seq)
    head, told = log.head.number, acknowledged.seq
    if head < told or keys:
        LOG.error("%s: records %d to %d were kept and are not there", path, head + 1, told)
        lost = {"first": head + 1, "last": told}
        _tell(log, {**lost, "signed_with": keys} if keys else lost)
    elif not log.fits_key():
        LOG.error("%s: it was sealed with another key than %s holds", path, KEY_FILE)
        _tell(log, {"sealed_with_another_key_up_to": head})
    return log


def _tell(log: AuditLog, lost: object) -> None:
    """Put what is missing on record, for ever."""
    now_ns = time.time_ns()
    act = Act(at_ns=now_ns, kind=DAMAGE_FOUND, actor="system:audit", after=detail(lost))
    log.append([act], now_ns)
