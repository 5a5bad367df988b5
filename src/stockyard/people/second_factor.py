"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and codes for when it is lost.

Promises: a code counts once: the step of the last one taken is durable before it counts, and no
step before it is taken again; a recovery code is used up the same way. The secret is sealed at
rest and told once, at enrolment; of recovery codes only hashes are kept. Wrong codes are counted
for each user, right ones are not; what is compared is compared in constant time. Memory changes
only after the database did. Must not know: passwords, sessions.
"""

from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple

import msgspec

from stockyard.people.errors import ThrottledError, UserError
from stockyard.people.limits import SECOND_NS, PeopleLimits
from stockyard.people.sealing import SECOND_FACTOR, Sealer
from stockyard.people.throttle import Throttle
from stockyard.storage.ports import Database

STEP_S: Final = 30
DIGITS: Final = 6
STEPS_APART: Final = 1
"""How many steps a phone's clock may be off (RFC 6238, section 5.2)."""
SECRET_BYTES: Final = 20
"""As long as SHA-1's output, as RFC 4226 section 4 asks; apps know no other hash for sure."""
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
"""80 bits: guessing one of their hashes is out of reach."""
CODE_LENGTH_MAX: Final = 40
ISSUER: Final = "Stockyard"


class Factor(msgspec.Struct, frozen=True, gc=False):
    """A user's second factor; it counts once it is confirmed."""

    user_id: str
    sealed: str
    recovery_hashes: tuple[str, ...]
    last_step: int
    begun_ns: int
    confirmed_ns: int | None


class Enrolment(NamedTuple):
    """What an authenticator app must be told: a secret in base32, and the same as an address."""

    secret: str
    uri: str


class SecondFactors:
    """All second factors, in memory by user, over their table."""

    def __init__(
        self,
        database: Database,
        limits: PeopleLimits,
        random_bytes: Callable[[int], bytes],
        sealer: Sealer,
    ) -> None:
        self._database, self._random_bytes, self._sealer = database, random_bytes, sealer
        self._failures = Throttle(
            limits.failures_per_code_max, limits.code_window_ns, limits.throttle_entries_max
        )
        self._by_user: dict[str, Factor] = {}
        for user_id, sealed, hashes, *rest in database.query(
            "SELECT user_id, secret, recovery_hashes, last_step, begun_ns, confirmed_ns"
            " FROM second_factors"
        ):
            self._by_user[user_id] = Factor(user_id, sealed, tuple(hashes.split()), *rest)

    def confirmed(self, user_id: str) -> Factor | None:
        """The second factor that a user's sign-ins need, or None."""
        factor = self._by_user.get(user_id)
        return None if factor is None or factor.confirmed_ns is None else factor

    def begin(self, user_id: str, email: str, now_ns: int) -> Enrolment:
        """Draw a secret, which counts once ``confirm`` saw a code of it; an earlier one that was
        not confirmed is forgotten. Raises ``UserError`` ``second_factor_on``.
        """
        if self.confirmed(user_id) is not None:
            raise UserError(
                "second_factor_on",
                "",
                "a second factor is set up already",
                "turn it off first, then set up another",
            )
        secret = b32encode(self._random_bytes(SECRET_BYTES)).decode()
        sealed = self._sealer.seal(secret, SECOND_FACTOR.purpose_of(user_id))
        self._store(Factor(user_id, sealed, (), 0, now_ns, None))
        return Enrolment(secret, _uri(secret, email))

    def confirm(self, user_id: str, code: str, now_ns: int) -> tuple[str, ...]:
        """Turn the second factor on with a first code; returns recovery codes, kept nowhere.

        Raises ``UserError``: ``second_factor_off`` when none was begun, ``second_factor_on``,
        ``invalid_code``; ``ThrottledError``.
        """
        factor = self._by_user.get(user_id)
        if factor is None:
            raise _off("begin with POST /api/v1/auth/second-factor")
        if factor.confirmed_ns is not None:
            raise UserError(
                "second_factor_on", "", "the second factor is on already", "there is nothing to do"
            )
        self._charge(user_id, now_ns)
        step = self._step_of(factor, _plain(code), now_ns)
        if step is None:
            raise _invalid()
        codes, hashes = self._draw_recovery()
        self._store(
            msgspec.structs.replace(
                factor, last_step=step, confirmed_ns=now_ns, recovery_hashes=hashes
            )
        )
        self._failures.refund(user_id, now_ns)
        return codes

    def require(self, user_id: str, code: str, now_ns: int) -> None:
        """Take a code, or a recovery code, of a user with a second factor; others need none.

        Raises ``UserError``: ``second_factor_required`` without a code, ``invalid_code`` for one
        that is wrong or was used; ``ThrottledError`` after too many.
        """
        factor = self.confirmed(user_id)
        if factor is None:
            return
        plain = _plain(code)
        if not plain:
            raise UserError(
                "second_factor_required",
                "code",
                "this needs a code of the second factor too",
                "send code: six digits of the authenticator app, or a recovery code",
            )
        self._charge(user_id, now_ns)
        used = _hash(plain)
        is_recovery = [h for h in factor.recovery_hashes if compare_digest(h, used)]
        step = self._step_of(factor, plain, now_ns)
        if is_recovery:
            left = tuple(h for h in factor.recovery_hashes if h != used)
            self._store(msgspec.structs.replace(factor, recovery_hashes=left))
        elif step is not None:
            self._store(msgspec.structs.replace(factor, last_step=step))
        else:
            raise _invalid()
        self._failures.refund(user_id, now_ns)

    def renew_recovery(self, user_id: str) -> tuple[str, ...]:
        """Draw new recovery codes in the place of all old ones, and return them.

        Raises ``UserError`` ``second_factor_off``.
        """
        factor = self.confirmed(user_id)
        if factor is None:
            raise _off("set one up first")
        codes, hashes = self._draw_recovery()
        self._store(msgspec.structs.replace(factor, recovery_hashes=hashes))
        return codes

    def check_begun(self, user_id: str) -> None:
        """Raise ``UserError`` ``second_factor_off`` where there is nothing to forget."""
        if user_id not in self._by_user:
            raise _off("there is nothing to turn off")

    def store_forget(self, transaction: Database, user_id: str) -> None:
        """Delete a user's second factor; ``forget`` once that is durable."""
        transaction.execute("DELETE FROM second_factors WHERE user_id = ?", (user_id,))

    def forget(self, user_id: str) -> None:
        """Forget what ``store_forget`` deleted."""
        self._by_user.pop(user_id, None)

    def _charge(self, user_id: str, now_ns: int) -> None:
        wait_s = self._failures.wait_s(user_id, now_ns)
        if wait_s > 0:
            raise ThrottledError(wait_s)
        self._failures.charge(user_id, now_ns)

    def _step_of(self, factor: Factor, code: str, now_ns: int) -> int | None:
        """The step whose code this is, later than the last one that was taken; None: none."""
        from pyotp import HOTP

        secret = self._sealer.open(factor.sealed, SECOND_FACTOR.purpose_of(factor.user_id))
        codes = HOTP(secret, digits=DIGITS)
        now = now_ns // SECOND_NS // STEP_S
        steps = range(max(0, now - STEPS_APART), now + STEPS_APART + 1)
        given = code.encode("utf-8", "replace")
        found = [n for n in steps if compare_digest(codes.at(n).encode(), given)]
        return next((n for n in found if n > factor.last_step), None)

    def _draw_recovery(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        drawn = [
            b32encode(self._random_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)
        ]
        shown = tuple("-".join(code[n : n + 4] for n in range(0, len(code), 4)) for code in drawn)
        return shown, tuple(_hash(code) for code in drawn)

    def _store(self, factor: Factor) -> None:
        row = (
            factor.sealed,
            " ".join(factor.recovery_hashes),
            factor.last_step,
            factor.begun_ns,
            factor.confirmed_ns,
            factor.user_id,
        )

        def work(transaction: Database) -> None:
            self.store_forget(transaction, factor.user_id)
            transaction.execute(
                "INSERT INTO second_factors (secret, recovery_hashes, last_step, begun_ns,"
                " confirmed_ns, user_id) VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )

        self._database.transact(work)
        self._by_user[factor.user_id] = factor


def _plain(code: str) -> str:
    """A code without what people put into it to read it better."""
    return code.replace(" ", "").replace("-", "").upper()[:CODE_LENGTH_MAX]


def _hash(code: str) -> str:
    return sha256(code.encode("utf-8", "replace")).hexdigest()


def _uri(secret: str, email: str) -> str:
    """The address that authenticator apps read from a QR code (their "Key Uri Format")."""
    from pyotp import TOTP

    return TOTP(secret, digits=DIGITS, interval=STEP_S).provisioning_uri(
        name=email, issuer_name=ISSUER
    )


def _off(right: str) -> UserError:
    return UserError("second_factor_off", "", "no second factor is set up", right)


def _invalid() -> UserError:
    return UserError(
        "invalid_code",
        "code",
        "the code is wrong, too old, or was used already",
        "wait for the app's next code; check that the phone's clock is right",
    )
