"""Password hashing: argon2id (RFC 9106) at the cost the OWASP cheat sheet names, 19 MiB, t=2, p=1.

Promises: a check takes the same work whether or not the user exists; nothing is truncated; a hash
made at another cost is replaced at the next sign-in. Each call takes tens of milliseconds and 19
MiB, so callers run it off the event loop, in one bounded thread. Holds no state: safe from any
thread. Must not know: users.
"""

import unicodedata
from collections.abc import Callable
from secrets import token_bytes
from typing import Final, NamedTuple

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from stockyard.people.limits import PASSWORD_LENGTH_MAX

SALT_LENGTH: Final = 16
HASH_LENGTH: Final = 32
_ABSENT_SALT: Final = bytes(SALT_LENGTH)


class PasswordCost(NamedTuple):
    """The work of one hash."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


DEFAULT_COST: Final = PasswordCost()


class PasswordCheck(NamedTuple):
    """Whether a password was right; ``new_hash`` replaces one that was made at another cost."""

    matches: bool
    new_hash: str | None


class Passwords:
    """Hashes and checks passwords at one cost."""

    def __init__(
        self,
        cost: PasswordCost = DEFAULT_COST,
        random_bytes: Callable[[int], bytes] = token_bytes,
    ) -> None:
        self._random_bytes = random_bytes
        self._hasher = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=HASH_LENGTH,
            salt_len=SALT_LENGTH,
            type=Type.ID,
        )

    def hash(self, password: str) -> str:
        """Hash a password that ``users.checked_password`` let through, as a PHC string."""
        return self._hasher.hash(_octets(password), salt=self._random_bytes(SALT_LENGTH))

    def check(self, password_hash: str | None, password: str) -> PasswordCheck:
        """Compare a password with a user's hash; with None (no user) spend the same time.

        Raises argon2's ``InvalidHashError`` when the stored hash is not one.
        """
        if password_hash is None or len(password) > PASSWORD_LENGTH_MAX * 4:
            self.verify_absent(password)
            return PasswordCheck(matches=False, new_hash=None)
        try:
            self._hasher.verify(password_hash, _octets(password))
        except VerifyMismatchError:
            return PasswordCheck(matches=False, new_hash=None)
        stale = self._hasher.check_needs_rehash(password_hash)
        return PasswordCheck(matches=True, new_hash=self.hash(password) if stale else None)

    def verify_absent(self, password: str) -> None:
        """Spend the time of a check on a password that belongs to nobody."""
        self._hasher.hash(_octets(password[:PASSWORD_LENGTH_MAX]), salt=_ABSENT_SALT)


def _octets(password: str) -> bytes:
    """NFC, as RFC 8265's OpaqueString asks, so that every keyboard spells a password alike."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
