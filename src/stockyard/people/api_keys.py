"""API keys: an id that may be seen and a secret that is shown once.

Promises: of a secret only its SHA-256 is kept (it is 238 random bits, so a slow hash would add
nothing), and it is compared in constant time. A revoked key never works again. ``last_used_ns`` is
noted in memory and reaches the database by ``flush_last_used``: a crash may lose the last notes,
never a key. Other changes reach memory only after the database. Must not know: who the key's user
is.
"""

from collections.abc import Callable, Collection
from hashlib import sha256
from hmac import compare_digest
from typing import Final

import msgspec

from stockyard.people.errors import UserError
from stockyard.people.identity import ROLE_SCOPES, SCOPES
from stockyard.people.limits import PURGE_ROWS, REVOKED_KEYS_KEPT, PeopleLimits
from stockyard.people.users import checked_name
from stockyard.storage.ports import Database, Row

KEY_PREFIX: Final = "SK"
KEY_ID_LENGTH: Final = 20
SECRET_LENGTH: Final = 40
_KEY_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SECRET_ALPHABET: Final = _KEY_ALPHABET + "abcdefghijklmnopqrstuvwxyz"
_DRAW_BYTES: Final = 48
"""384 bits for at most 239: the bias of taking remainders stays below 2**-140."""


class ApiKey(msgspec.Struct, frozen=True, gc=False):
    """One key, without its secret. ``revoked_ns`` is None while it works."""

    key_id: str
    user_id: str
    account_id: int
    name: str
    scopes: tuple[str, ...]
    created_ns: int
    last_used_ns: int | None
    revoked_ns: int | None


def checked_scopes(scopes: Collection[str], role: str) -> tuple[str, ...]:
    """Return the scopes in their fixed order, each once.

    Raises ``UserError``: ``invalid_scopes`` when empty or unknown, ``scope_not_allowed`` when the
    role does not have them.
    """
    wanted = tuple(scope for scope in SCOPES if scope in scopes)
    if not wanted or not set(scopes) <= set(SCOPES):
        raise UserError(
            "invalid_scopes",
            "scopes",
            "the scopes are empty or hold an unknown word",
            f"name one or more of {', '.join(SCOPES)}",
        )
    beyond = [scope for scope in wanted if scope not in ROLE_SCOPES[role]]
    if beyond:
        raise UserError(
            "scope_not_allowed",
            "scopes",
            f"a user with role {role} cannot give the scope {', '.join(beyond)}",
            "leave it out, or let an admin make the key",
        )
    return wanted


class ApiKeys:
    """All keys, in memory by id, over their table."""

    def __init__(
        self, database: Database, limits: PeopleLimits, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._database, self._limits, self._random_bytes = database, limits, random_bytes
        self._by_id: dict[str, ApiKey] = {}
        self._ids_by_user: dict[str, dict[str, None]] = {}
        self._secret_hashes: dict[str, bytes] = {}
        self._used_ns: dict[str, int] = {}
        for row in database.query(
            "SELECT secret_hash, scopes, key_id, user_id, account_id, name, created_ns,"
            " last_used_ns, revoked_ns FROM api_keys ORDER BY created_ns, key_id"
        ):
            self._keep(_from_row(row[2:], row[1]), bytes.fromhex(row[0]))

    def verify(self, key_id: str, secret: str) -> bool:
        """Whether this is the secret of a key that is not revoked."""
        stored = self._secret_hashes.get(key_id)
        if stored is None or len(secret) != SECRET_LENGTH:
            return False
        return compare_digest(stored, sha256(secret.encode("utf-8", "replace")).digest())

    def note_use(self, key_id: str, now_ns: int) -> None:
        """Remember that a key was used, until the next ``flush_last_used``."""
        self._used_ns[key_id] = now_ns

    def create(
        self,
        user_id: str,
        account_id: int,
        name: str,
        scopes: tuple[str, ...],
        now_ns: int,
    ) -> tuple[ApiKey, str]:
        """Make a key and return it with its secret, which is kept nowhere.

        ``scopes`` went through ``checked_scopes`` and the account is the user's. Raises
        ``UserError``: ``invalid_name``, ``too_many_api_keys``.
        """
        name = checked_name(name)
        kept = [self._by_id[key_id] for key_id in self._ids_by_user.get(user_id, ())]
        revoked = sorted((k for k in kept if k.revoked_ns is not None), key=_revoked_ns)
        if len(kept) - len(revoked) >= self._limits.keys_per_user_max:
            raise UserError(
                "too_many_api_keys",
                "",
                f"a user may have {self._limits.keys_per_user_max} API keys",
                "revoke one that is not used any more",
            )
        dropped = revoked[: max(0, len(revoked) - REVOKED_KEYS_KEPT)]
        key_id = KEY_PREFIX + self._draw(_KEY_ALPHABET, KEY_ID_LENGTH - len(KEY_PREFIX))
        secret = self._draw(_SECRET_ALPHABET, SECRET_LENGTH)
        secret_hash = sha256(secret.encode()).digest()
        key = ApiKey(key_id, user_id, account_id, name, scopes, now_ns, None, None)

        def work(transaction: Database) -> None:
            for old in dropped:
                transaction.execute("DELETE FROM api_keys WHERE key_id = ?", (old.key_id,))
            transaction.execute(
                "INSERT INTO api_keys (key_id, user_id, account_id, name, scopes, secret_hash,"
                " created_ns) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (key_id, user_id, account_id, name, " ".join(scopes), secret_hash.hex(), now_ns),
            )

        self._database.transact(work)
        for old in dropped:
            del self._by_id[old.key_id], self._ids_by_user[user_id][old.key_id]
            self._used_ns.pop(old.key_id, None)
        self._keep(key, secret_hash)
        return key, secret

    def revoke(self, user_id: str, key_id: str, now_ns: int) -> ApiKey:
        """End a user's key for ever; repeating it changes nothing.

        Raises ``UserError`` ``unknown_api_key`` when the user has no such key.
        """
        key = self._by_id.get(key_id)
        if key is None or key.user_id != user_id:
            raise UserError(
                "unknown_api_key", "key_id", "there is no such API key", "name one of your keys"
            )
        if key.revoked_ns is None:
            self._database.execute(
                "UPDATE api_keys SET revoked_ns = ? WHERE key_id = ?", (now_ns, key_id)
            )
            del self._secret_hashes[key_id]
            self._by_id[key_id] = msgspec.structs.replace(key, revoked_ns=now_ns)
        return self._shown(key_id)

    def store_erase(self, transaction: Database, user_id: str) -> None:
        """Delete a user's keys in the database; ``erase`` once that is durable."""
        transaction.execute("DELETE FROM api_keys WHERE user_id = ?", (user_id,))

    def erase(self, user_id: str) -> None:
        """Forget a user's keys, which the database no longer holds."""
        for key_id in self._ids_by_user.pop(user_id, ()):
            self._secret_hashes.pop(key_id, None)
            self._used_ns.pop(key_id, None)
            del self._by_id[key_id]

    def of_user(self, user_id: str) -> tuple[ApiKey, ...]:
        """A user's keys, oldest first, revoked ones included."""
        return tuple(self._shown(key_id) for key_id in self._ids_by_user.get(user_id, ()))

    def flush_last_used(self, rows_max: int = PURGE_ROWS) -> int:
        """Write at most ``rows_max`` notes of use, oldest note first; returns how many are left."""
        notes = list(self._used_ns.items())[:rows_max]
        if not notes:
            return 0
        self._database.executemany(
            "UPDATE api_keys SET last_used_ns = ? WHERE key_id = ?",
            [(used_ns, key_id) for key_id, used_ns in notes],
        )
        for key_id, used_ns in notes:
            self._by_id[key_id] = msgspec.structs.replace(self._by_id[key_id], last_used_ns=used_ns)
            del self._used_ns[key_id]
        return len(self._used_ns)

    def _shown(self, key_id: str) -> ApiKey:
        key, used_ns = self._by_id[key_id], self._used_ns.get(key_id)
        return key if used_ns is None else msgspec.structs.replace(key, last_used_ns=used_ns)

    def _keep(self, key: ApiKey, secret_hash: bytes) -> None:
        self._by_id[key.key_id] = key
        self._ids_by_user.setdefault(key.user_id, {})[key.key_id] = None
        if key.revoked_ns is None:
            self._secret_hashes[key.key_id] = secret_hash

    def _draw(self, alphabet: str, count: int) -> str:
        number = int.from_bytes(self._random_bytes(_DRAW_BYTES), "big")
        characters = []
        for _ in range(count):
            number, index = divmod(number, len(alphabet))
            characters.append(alphabet[index])
        return "".join(characters)


def _from_row(row: Row, scopes: str) -> ApiKey:
    key_id, user_id, account_id, name, created_ns, last_used_ns, revoked_ns = row
    return ApiKey(
        key_id=key_id,
        user_id=user_id,
        account_id=account_id,
        name=name,
        scopes=tuple(scopes.split(" ")),
        created_ns=created_ns,
        last_used_ns=last_used_ns,
        revoked_ns=revoked_ns,
    )


def _revoked_ns(key: ApiKey) -> tuple[int, str]:
    return (key.revoked_ns or 0, key.key_id)
