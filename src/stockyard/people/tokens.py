"""Tokens for API clients: a short-lived access token (JWT) and a refresh token that is used once.

Promises: access tokens are signed with Ed25519 (RFC 8037) and read with nothing else, whatever
their header says (RFC 8725 sections 3.1 and 3.2); the signing key is sealed at rest, and replaced
when it is old. Every refresh gives a new refresh token and uses the old one up; an old one that
comes again ends its whole family, for then somebody has a copy (RFC 9700 section 4.14.2). A family
that has ended takes its access tokens with it at once. Of refresh tokens only hashes are kept.
Memory changes only after the database did. Must not know: what a token may be used for.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from typing import Any, Final, NamedTuple

import msgspec

from stockyard.people.errors import RefreshTokenReused, UserError
from stockyard.people.limits import PURGE_ROWS, SECOND_NS, PeopleLimits
from stockyard.people.sealing import TOKEN_KEY, Sealer
from stockyard.people.sessions import Place
from stockyard.storage.ports import Database

ALGORITHM: Final = "EdDSA"
KIND: Final = "at+jwt"
"""RFC 9068 section 2.1: no other kind of JWT passes for an access token."""
ISSUER: Final = "stockyard"
REFRESH_PREFIX: Final = "sr_"
REFRESH_BYTES: Final = 32
TOKEN_LENGTH_MAX: Final = 1_024
KEY_LIFE_NS: Final = 90 * 86_400 * SECOND_NS
CHECKED_MAX: Final = 10_000
"""Access tokens whose signatures are remembered."""
_ID_BYTES: Final = 16
_REQUIRED: Final = ("iss", "aud", "sub", "sid", "iat", "exp", "jti")
_HEADER: Final = frozenset({"alg", "kid", "typ"})


class Family(msgspec.Struct, frozen=True, gc=False):
    """One sign-in of an API client, with every token that came of it.

    ``generation`` counts its refreshes; ``refresh_hash`` is of the one token that refreshes next.
    """

    id: str
    user_id: str
    scopes: tuple[str, ...]
    created_ns: int
    expires_ns: int
    address: str
    agent: str
    last_seen_ns: int
    generation: int
    refresh_hash: str


class TokenPair(NamedTuple):
    """What a client is given, this once."""

    access: str
    access_expires_ns: int
    refresh: str
    refresh_expires_ns: int
    family: Family


class _Signing(NamedTuple):
    key_id: str
    private: Any
    public: Any
    created_ns: int


class Tokens:
    """All families, in memory over their table, and the keys that sign for them."""

    def __init__(
        self,
        database: Database,
        limits: PeopleLimits,
        random_bytes: Callable[[int], bytes],
        sealer: Sealer,
    ) -> None:
        self._database, self._limits = database, limits
        self._random_bytes, self._sealer = random_bytes, sealer
        self._by_id: dict[str, Family] = {}
        self._id_by_refresh: dict[str, str] = {}
        self._ids_by_user: dict[str, dict[str, None]] = {}
        self._seen_ns: dict[str, int] = {}
        self._sealed = database.query("SELECT key_id, private_key, created_ns FROM token_keys")
        self._signing: dict[str, _Signing] | None = None
        self._checked: dict[bytes, tuple[str, int]] = {}
        for family_id, user_id, scopes, *rest in database.query(
            "SELECT id, user_id, scopes, created_ns, expires_ns, address, agent, last_seen_ns,"
            " generation, refresh_hash FROM token_families ORDER BY created_ns, id"
        ):
            self._keep(Family(family_id, user_id, tuple(scopes.split()), *rest))
        if self._by_id:
            # It takes a fifth of a second, which must not be that of somebody's order.
            import_module("jwt")

    def find(self, token: str, now_ns: int) -> Family | None:
        """The family of an access token, or None when it is no good, for whatever reason."""
        # Without a family no token is good, and what checks them weighs ten megabytes.
        if not self._by_id or len(token) > TOKEN_LENGTH_MAX or token.count(".") != 2:
            return None
        if not token.isascii():
            return None
        digest = sha256(token.encode()).digest()
        known = self._checked.get(digest)
        if known is None:
            known = self._read(token, now_ns)
            if known is None:
                return None
            if len(self._checked) >= CHECKED_MAX:
                del self._checked[next(iter(self._checked))]
            self._checked[digest] = known
        family_id, expires_ns = known
        family = self._by_id.get(family_id)
        if family is None or now_ns >= expires_ns or now_ns >= family.expires_ns:
            self._checked.pop(digest, None)
            return None
        self._seen_ns[family_id] = now_ns
        return family

    def begin(self, user_id: str, scopes: tuple[str, ...], now_ns: int, place: Place) -> TokenPair:
        """Open a family and give its first tokens; a user's oldest gives way at the limit.

        Raises ``UserError`` ``too_many_sessions`` at the limit of all.
        """
        if len(self._by_id) >= self._limits.sessions_max:
            self.purge_expired(now_ns)
        kept = list(self._ids_by_user.get(user_id, ()))
        oldest = kept[: max(0, len(kept) + 1 - self._limits.sessions_per_user_max)]
        if len(self._by_id) - len(oldest) >= self._limits.sessions_max:
            raise UserError(
                "too_many_sessions",
                "",
                "this Stockyard holds as many sign-ins of API clients as it may",
                "sign out elsewhere, or try again later",
            )
        family_id = self._random_bytes(_ID_BYTES).hex()
        refresh, refresh_hash = self._draw_refresh()
        family = Family(
            family_id,
            user_id,
            scopes,
            now_ns,
            now_ns + self._limits.refresh_life_ns,
            place.address,
            place.agent,
            now_ns,
            0,
            refresh_hash,
        )
        access, expires_ns = self._sign(family, now_ns)

        def work(transaction: Database) -> None:
            for old in oldest:
                transaction.execute("DELETE FROM token_families WHERE id = ?", (old,))
            transaction.execute(
                "INSERT INTO token_families (id, user_id, scopes, created_ns, expires_ns, address,"
                " agent, last_seen_ns, generation, refresh_hash)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    family_id,
                    user_id,
                    " ".join(scopes),
                    *msgspec.structs.astuple(family)[3:],
                ),
            )

        self._database.transact(work)
        for old in oldest:
            self._forget(old)
        self._keep(family)
        return TokenPair(access, expires_ns, refresh, family.expires_ns, family)

    def refresh(self, token: str, now_ns: int, place: Place) -> TokenPair:
        """Use a refresh token up for new tokens; its family is good as long again.

        Raises ``UserError`` ``invalid_refresh_token``; ``RefreshTokenReused`` for one that was used
        up before, which ends its family.
        """
        used = _hash(token)
        family = self._by_id.get(self._id_by_refresh.get(used, ""))
        if family is None:
            copied = self._end_copied(used)
            if copied is not None:
                raise RefreshTokenReused(copied.user_id, copied.id)
            raise _invalid_refresh()
        if now_ns >= family.expires_ns:
            raise _invalid_refresh()
        fresh, refresh_hash = self._draw_refresh()
        renewed = msgspec.structs.replace(
            family,
            expires_ns=now_ns + self._limits.refresh_life_ns,
            address=place.address,
            agent=place.agent,
            last_seen_ns=now_ns,
            generation=family.generation + 1,
            refresh_hash=refresh_hash,
        )
        access, expires_ns = self._sign(renewed, now_ns)

        def work(transaction: Database) -> None:
            transaction.execute(
                "DELETE FROM used_refresh_tokens WHERE family_id = ? AND used_ns < ?",
                (family.id, now_ns - self._limits.refresh_life_ns),
            )
            transaction.execute(
                "INSERT INTO used_refresh_tokens (hash, family_id, used_ns) VALUES (?, ?, ?)",
                (used, family.id, now_ns),
            )
            transaction.execute(
                "UPDATE token_families SET expires_ns = ?, address = ?, agent = ?,"
                " last_seen_ns = ?, generation = ?, refresh_hash = ? WHERE id = ?",
                (*msgspec.structs.astuple(renewed)[4:], family.id),
            )

        self._database.transact(work)
        del self._id_by_refresh[used]
        self._keep(renewed)
        return TokenPair(access, expires_ns, fresh, renewed.expires_ns, renewed)

    def revoke(self, token: str) -> Family | None:
        """End the family of a refresh token, current or used up, and return it; any other text
        changes nothing (RFC 7009 section 2.2).
        """
        used = _hash(token)
        family = self._by_id.get(self._id_by_refresh.get(used, ""))
        if family is None:
            return self._end_copied(used)
        self.end(family.user_id, family.id)
        return family

    def of_user(self, user_id: str, now_ns: int) -> tuple[Family, ...]:
        """A user's families that have not expired, newest first."""
        found = [self._shown(n) for n in reversed(self._ids_by_user.get(user_id, {}))]
        return tuple(family for family in found if now_ns < family.expires_ns)

    def end(self, user_id: str, family_id: str) -> bool:
        """End a user's family; False when the user has none of this name."""
        if family_id not in self._ids_by_user.get(user_id, ()):
            return False
        self._database.execute("DELETE FROM token_families WHERE id = ?", (family_id,))
        self._forget(family_id)
        return True

    def store_close_all(self, transaction: Database, user_id: str) -> None:
        """Delete a user's families in the database; ``forget_all`` once that is durable."""
        transaction.execute("DELETE FROM token_families WHERE user_id = ?", (user_id,))

    def forget_all(self, user_id: str) -> int:
        """Forget a user's families, which the database no longer holds; returns how many."""
        found = tuple(self._ids_by_user.get(user_id, ()))
        for family_id in found:
            self._forget(family_id)
        return len(found)

    def purge_expired(self, now_ns: int, rows_max: int = PURGE_ROWS) -> int:
        """Delete at most ``rows_max`` expired families; returns how many."""
        rows = self._database.query(
            "SELECT id FROM token_families WHERE expires_ns <= ? ORDER BY expires_ns, id LIMIT ?",
            (now_ns, rows_max),
        )
        if rows:
            self._database.executemany("DELETE FROM token_families WHERE id = ?", rows)
        for (family_id,) in rows:
            self._forget(family_id)
        return len(rows)

    def flush_last_seen(self, rows_max: int = PURGE_ROWS) -> int:
        """Write at most ``rows_max`` notes of use, oldest note first; returns how many are left."""
        notes = list(self._seen_ns.items())[:rows_max]
        if not notes:
            return 0
        self._database.executemany(
            "UPDATE token_families SET last_seen_ns = ? WHERE id = ?",
            [(seen_ns, family_id) for family_id, seen_ns in notes],
        )
        for family_id, _ in notes:
            self._by_id[family_id] = self._shown(family_id)
            del self._seen_ns[family_id]
        return len(self._seen_ns)

    def public_keys(self) -> list[dict[str, str]]:
        """The keys that check access tokens, as JSON Web Keys (RFC 8037), newest first."""
        keys = sorted(self._keys().values(), key=lambda k: k.created_ns, reverse=True)
        return [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "alg": ALGORITHM,
                "use": "sig",
                "kid": key.key_id,
                "x": urlsafe_b64encode(key.public.public_bytes_raw()).decode().rstrip("="),
            }
            for key in keys
        ]

    def _read(self, token: str, now_ns: int) -> tuple[str, int] | None:
        """The family and the expiry that a token's signature vouches for, or None."""
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            if set(header) != _HEADER or header["typ"] != KIND or header["alg"] != ALGORITHM:
                return None
            key = self._keys().get(header["kid"])
            if key is None:
                return None
            # The wall of ours is the clock, not the library's.
            told = jwt.decode(
                token,
                key.public,
                algorithms=[ALGORITHM],
                audience=ISSUER,
                issuer=ISSUER,
                options={"require": list(_REQUIRED), "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, TypeError, ValueError):
            return None
        expires, family = told["exp"], self._by_id.get(str(told["sid"]))
        if type(expires) is not int or family is None or family.user_id != told["sub"]:
            return None
        return (family.id, expires * SECOND_NS) if now_ns < expires * SECOND_NS else None

    def _sign(self, family: Family, now_ns: int) -> tuple[str, int]:
        """An access token of a family, and when it expires."""
        import jwt

        key = self._newest(now_ns)
        issued = now_ns // SECOND_NS
        expires = issued + self._limits.access_life_ns // SECOND_NS
        told = {
            "iss": ISSUER,
            "aud": ISSUER,
            "sub": family.user_id,
            "sid": family.id,
            "scope": " ".join(family.scopes),
            "iat": issued,
            "exp": expires,
            "jti": self._random_bytes(_ID_BYTES).hex(),
        }
        headers = {"kid": key.key_id, "typ": KIND}
        return jwt.encode(told, key.private, ALGORITHM, headers), expires * SECOND_NS

    def _keys(self) -> dict[str, _Signing]:
        """The signing keys, opened when first needed: what opens them weighs ten megabytes."""
        if self._signing is None:
            found: dict[str, _Signing] = {}
            for key_id, sealed, created_ns in self._sealed:
                raw = bytes.fromhex(self._sealer.open(sealed, TOKEN_KEY.purpose_of(key_id)))
                found[key_id] = _opened(key_id, raw, created_ns)
            self._signing = found
        return self._signing

    def _newest(self, now_ns: int) -> _Signing:
        """The key to sign with; made when there is none, or when the newest is old.

        An old key goes once what it signed has expired, when the next one is made.
        """
        keys = self._keys()
        newest = max(keys.values(), key=lambda k: k.created_ns, default=None)
        if newest is not None and now_ns - newest.created_ns < KEY_LIFE_NS:
            return newest
        raw = self._random_bytes(32)
        key_id = sha256(raw).hexdigest()[:16]
        fresh = _opened(key_id, raw, now_ns)
        sealed = self._sealer.seal(raw.hex(), TOKEN_KEY.purpose_of(key_id))
        gone = [k.key_id for k in keys.values() if k is not newest]

        def work(transaction: Database) -> None:
            for old in gone:
                transaction.execute("DELETE FROM token_keys WHERE key_id = ?", (old,))
            transaction.execute(
                "INSERT INTO token_keys (key_id, private_key, created_ns) VALUES (?, ?, ?)",
                (key_id, sealed, now_ns),
            )

        self._database.transact(work)
        for old in gone:
            del keys[old]
        keys[key_id] = fresh
        return fresh

    def _draw_refresh(self) -> tuple[str, str]:
        """A refresh token and its hash."""
        secret = urlsafe_b64encode(self._random_bytes(REFRESH_BYTES)).decode().rstrip("=")
        return REFRESH_PREFIX + secret, _hash(REFRESH_PREFIX + secret)

    def _end_copied(self, used: str) -> Family | None:
        """End the family of a refresh token that was used up, and return it, or None."""
        rows = self._database.query(
            "SELECT family_id FROM used_refresh_tokens WHERE hash = ?", (used,)
        )
        family = self._by_id.get(rows[0][0]) if rows else None
        if family is not None:
            self.end(family.user_id, family.id)
        return family

    def _shown(self, family_id: str) -> Family:
        family, seen_ns = self._by_id[family_id], self._seen_ns.get(family_id)
        if seen_ns is None:
            return family
        return msgspec.structs.replace(family, last_seen_ns=seen_ns)

    def _keep(self, family: Family) -> None:
        self._by_id[family.id] = family
        self._id_by_refresh[family.refresh_hash] = family.id
        self._ids_by_user.setdefault(family.user_id, {})[family.id] = None

    def _forget(self, family_id: str) -> None:
        family = self._by_id.pop(family_id)
        self._seen_ns.pop(family_id, None)
        del self._id_by_refresh[family.refresh_hash]
        del self._ids_by_user[family.user_id][family_id]
        if not self._ids_by_user[family.user_id]:
            del self._ids_by_user[family.user_id]


def _opened(key_id: str, raw: bytes, created_ns: int) -> _Signing:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(raw)
    return _Signing(key_id, private, private.public_key(), created_ns)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _invalid_refresh() -> UserError:
    return UserError(
        "invalid_refresh_token",
        "refresh_token",
        "the refresh token is wrong, has expired, or was revoked",
        "sign in again with POST /api/v1/auth/token",
    )
