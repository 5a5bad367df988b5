"""Secrets at rest: what must be read again is kept encrypted under a key outside the database.

Promises: what ``seal`` gives can be opened with the same keys alone, and only for the purpose it
was sealed for; a changed byte is noticed (Fernet: AES-128-CBC and HMAC-SHA256). New text is sealed
with the first key, older text is opened with any. A database tells by a fingerprint whether a key
is the one it was sealed with, so that a wrong key is refused before anything is written with it.
Passwords, tokens and codes are not kept here: of them only hashes are. Must not know: where keys
come from.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from secrets import token_bytes
from typing import TYPE_CHECKING, Final, NamedTuple

from stockyard.storage.ports import Database, StorageError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_BYTES: Final = 32
KEYS_MAX: Final = 10
"""Keys that may be in use at once: the newest, and those that are being left behind."""
_FINGERPRINT: Final = b"stockyard sealing key 1\n"


class SealedColumn(NamedTuple):
    """A column that holds sealed text, and the column that names its row."""

    table: str
    key: str
    column: str
    purpose: str

    def purpose_of(self, key: str) -> str:
        """What the text of one row is sealed for: no other row can use it."""
        return f"{self.purpose}:{key}" if self.purpose else ""


SECOND_FACTOR: Final = SealedColumn("second_factors", "user_id", "secret", "second_factor")
TOKEN_KEY: Final = SealedColumn("token_keys", "key_id", "private_key", "token_key")
MAIL_WORDS: Final = SealedColumn("mails", "id", "words", "mail")
WEBHOOK_SECRET: Final = SealedColumn("webhooks", "id", "secret", "webhook_secret")
AUDIT_KEY: Final = SealedColumn("audit_keys", "public_key", "private_key", "audit_key")
SEALED: Final = (SECOND_FACTOR, TOKEN_KEY, MAIL_WORDS, AUDIT_KEY, WEBHOOK_SECRET)
"""Every sealed column of the people database: what a rotation seals anew."""


class SealError(StorageError):
    """Sealed text cannot be opened: another key, another purpose, or changed bytes."""


class KeyRefused(ValueError):
    """This is no key; the message says what one looks like, and never what was given."""


def new_key() -> str:
    """A fresh key as text."""
    return urlsafe_b64encode(token_bytes(KEY_BYTES)).decode()


def parse_keys(text: str) -> tuple[str, ...]:
    """The keys of a setting or a file, newest first, divided by commas or lines.

    Raises ``KeyRefused``.
    """
    words = text.replace(",", "\n").split()
    if not 1 <= len(words) <= KEYS_MAX or len(set(words)) < len(words):
        raise KeyRefused(f"expected 1 to {KEYS_MAX} different keys, newest first")
    for number, word in enumerate(words, 1):
        try:
            octets = urlsafe_b64decode(word.encode())
        except (binascii.Error, ValueError):
            octets = b""
        if len(octets) != KEY_BYTES or urlsafe_b64encode(octets).decode() != word:
            raise KeyRefused(
                f"key {number} is not {KEY_BYTES} bytes in URL-safe base64; stockyard secrets new"
                " makes one"
            )
    return tuple(words)


class Sealer:
    """Seals and opens text under one or more keys, newest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take keys that ``parse_keys`` let through."""
        assert keys, "a sealer has a key"
        self._keys = tuple(keys)

    @cached_property
    def _fernet(self) -> "MultiFernet":
        # Ten megabytes that a Stockyard without sealed secrets need not hold.
        from cryptography.fernet import Fernet, MultiFernet

        return MultiFernet([Fernet(key) for key in self._keys])

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """What names each key without giving it away, newest first."""
        return tuple(sha256(_FINGERPRINT + key.encode()).hexdigest() for key in self._keys)

    def seal(self, text: str, purpose: str = "") -> str:
        """Encrypt text for a purpose, which must be named again to open it."""
        return self._fernet.encrypt(f"{purpose}\n{text}".encode()).decode()

    def open(self, sealed: str, purpose: str = "") -> str:
        """Decrypt what ``seal`` gave. Raises ``SealError``."""
        from cryptography.fernet import InvalidToken

        try:
            found = self._fernet.decrypt(sealed.encode("utf-8", "replace")).decode()
        except InvalidToken:
            raise SealError(
                "a sealed secret cannot be opened: it was changed, or sealed with another key"
            ) from None
        said, _, text = found.partition("\n")
        if said != purpose:
            raise SealError("a sealed secret was sealed for another purpose than this")
        return text


def settle_key(database: Database, sealer: Sealer) -> None:
    """See that a database is sealed with one of these keys, or take the first for a new one.

    Call it before anything is sealed. Raises ``SealError`` when what is sealed there needs a key
    that is not among them.
    """
    rows = database.query("SELECT fingerprint FROM sealing_keys")
    if rows and rows[0][0] in sealer.fingerprints:
        return
    if rows and count_sealed(database):
        raise SealError(
            "people.db holds secrets that were sealed with another key than the one given: give"
            " that one again, after the new one (docs/guides/security.md)"
        )
    database.transact(lambda transaction: _note_key(transaction, sealer))


def count_sealed(database: Database) -> int:
    """How many secrets are sealed in the database."""
    count = 0
    for at in SEALED:
        rows = database.query(f"SELECT COUNT(*) FROM {at.table} WHERE {at.column} IS NOT NULL")
        count += int(rows[0][0])
    return count


def reseal(database: Database, sealer: Sealer) -> int:
    """Seal everything anew with the first key, all of it or nothing; returns how many.

    Raises ``SealError`` when something cannot be opened.
    """
    changed = 0

    def work(transaction: Database) -> None:
        nonlocal changed
        changed = 0
        for at in SEALED:
            rows = transaction.query(
                f"SELECT {at.key}, {at.column} FROM {at.table} WHERE {at.column} IS NOT NULL"
            )
            fresh = []
            for key, sealed in rows:
                purpose = at.purpose_of(key)
                fresh.append((sealer.seal(sealer.open(sealed, purpose), purpose), key))
            if fresh:
                transaction.executemany(
                    f"UPDATE {at.table} SET {at.column} = ? WHERE {at.key} = ?", fresh
                )
            changed += len(fresh)
        _note_key(transaction, sealer)

    database.transact(work)
    return changed


def forget_sealed(database: Database, sealer: Sealer) -> int:
    """Delete every row with a sealed secret, whose key is lost; returns how many there were."""
    gone = count_sealed(database)

    def work(transaction: Database) -> None:
        for at in SEALED:
            transaction.execute(f"DELETE FROM {at.table} WHERE {at.column} IS NOT NULL")
        _note_key(transaction, sealer)

    database.transact(work)
    return gone


def _note_key(transaction: Database, sealer: Sealer) -> None:
    transaction.execute("DELETE FROM sealing_keys")
    transaction.execute(
        "INSERT INTO sealing_keys (fingerprint) VALUES (?)", (sealer.fingerprints[0],)
    )
