"""Tokens of API clients: what is signed by us alone counts, and a copy is noticed."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from hmac import digest as hmac_digest
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stockyard.people.directory import People
from stockyard.people.errors import UserError
from stockyard.people.limits import PeopleLimits
from stockyard.people.sealing import Sealer, new_key
from stockyard.people.sessions import Place
from stockyard.people.tokens import KEY_LIFE_NS, TokenPair
from stockyard.storage.memory import MemoryDatabase, MemoryDisk
from stockyard.storage.ports import StorageUnavailable
from tests.unit.people.given import DAY_NS, FULL, NOW, CountedBytes

MINUTE = 60 * 10**9
PLACE = Place("192.0.2.7", "bot/1", "tokens")
KEY = new_key()


@pytest.fixture
def people(database: MemoryDatabase) -> People:
    return People(database, random_bytes=CountedBytes(), sealer=Sealer((KEY,)))


def reopened(database: MemoryDatabase) -> People:
    return People(database, sealer=Sealer((KEY,)))


@pytest.fixture
def user_id(add_user: Callable[..., str]) -> str:
    return add_user()


@pytest.fixture
def pair(people: People, user_id: str) -> TokenPair:
    """Ann's first tokens, for reading alone."""
    return opened(people, user_id)


def opened(people: People, user_id: str, now_ns: int = NOW) -> TokenPair:
    user = people.user(user_id)
    assert user is not None
    return people.open_tokens(user, ["read"], now_ns, PLACE)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, claims, signature = token.split(".")
    return _decoded(header), _decoded(claims), signature


def _decoded(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=="))


def _encoded(told: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def test_a_token_says_who_and_for_how_long(
    database: MemoryDatabase, people: People, user_id: str, pair: TokenPair
) -> None:
    header, claims, _ = parts(pair.access)
    assert (header["alg"], header["typ"]) == ("EdDSA", "at+jwt")
    assert claims["exp"] - claims["iat"] == 15 * 60
    for seen in (people, reopened(database)):
        found = seen.authenticate_token(pair.access, NOW)
        assert found is not None
        assert (found.user_id, found.key_id, found.family_id) == (user_id, None, pair.family.id)
        assert found.scopes == {"read"}
        # Seconds are what a token knows of time.
        end = (NOW // 10**9 + 15 * 60) * 10**9
        assert seen.authenticate_token(pair.access, end - 1) is not None
        assert seen.authenticate_token(pair.access, end) is None


def test_neither_keys_nor_refresh_tokens_are_on_disk_in_the_clear(
    database: MemoryDatabase, pair: TokenPair
) -> None:
    everything = str(
        [
            database.query(f"SELECT * FROM {table}")
            for table in ("token_families", "token_keys", "used_refresh_tokens")
        ]
    )
    assert pair.refresh not in everything
    assert pair.refresh[3:] not in everything
    assert Sealer((KEY,)).open(
        database.query("SELECT private_key FROM token_keys")[0][0],
        "token_key:" + parts(pair.access)[0]["kid"],
    )


def test_any_changed_character_is_refused(people: People, pair: TokenPair) -> None:
    token = pair.access
    for at in range(len(token) - 1):
        other = "A" if token[at] != "A" else "B"
        assert people.authenticate_token(token[:at] + other + token[at + 1 :], NOW) is None


def test_no_other_algorithm_passes(people: People, pair: TokenPair) -> None:
    """Algorithm confusion: none, and HMAC under the public key in every form it is known in."""
    header, claims, signature = parts(pair.access)
    forged = [
        f"{_encoded({**header, 'alg': 'none'})}.{_encoded(claims)}.{end}" for end in ("", "x")
    ]
    x = people.tokens.public_keys()[0]["x"]
    for key in (x.encode(), base64.urlsafe_b64decode(x + "==")):
        for name in ("HS256", "EdDSA"):
            said = f"{_encoded({**header, 'alg': name})}.{_encoded(claims)}"
            mac = hmac_digest(key, said.encode(), sha256)
            forged.append(f"{said}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")
    forged += [
        f"{_encoded({**header, 'alg': name})}.{_encoded(claims)}.{signature}"
        for name in ("none", "None", "eddsa", "ES256", "HS256", "", 7, None)
    ]
    for token in forged:
        assert people.authenticate_token(token, NOW) is None, token


def test_a_key_of_somebody_else_signs_nothing(people: People, pair: TokenPair) -> None:
    header, claims, _ = parts(pair.access)
    other = Ed25519PrivateKey.generate()
    for changed in (
        header,
        {**header, "kid": "other"},
        {**header, "jwk": {"kty": "OKP", "crv": "Ed25519"}},
        {**header, "jku": "https://evil.example/jwks"},
        {**header, "typ": "JWT"},
    ):
        token = jwt.encode(claims, other, "EdDSA", changed)
        assert people.authenticate_token(token, NOW) is None


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"iss": "another"},
        {"sub": "another"},
        {"sid": "another"},
        {"exp": "4102444800"},
        {"exp": None},
        {"jti": None},
        {"nbf": 4102444800},
    ],
)
def test_ours_signs_but_what_it_says_must_fit(
    people: People, pair: TokenPair, change: dict[str, Any]
) -> None:
    header, claims, _ = parts(pair.access)
    told = {k: v for k, v in {**claims, **change}.items() if v is not None}
    key = people.tokens._keys()[header["kid"]].private
    assert people.authenticate_token(jwt.encode(claims, key, "EdDSA", header), NOW) is not None
    assert people.authenticate_token(jwt.encode(told, key, "EdDSA", header), NOW) is None


@pytest.mark.parametrize(
    "change", [{"typ": "JWT"}, {"typ": "rt+jwt"}, {"jku": "https://evil.example"}, {"crit": ["x"]}]
)
def test_ours_signs_but_it_must_be_an_access_token(
    people: People, pair: TokenPair, change: dict[str, Any]
) -> None:
    header, claims, _ = parts(pair.access)
    key = people.tokens._keys()[header["kid"]].private
    token = jwt.encode(claims, key, "EdDSA", {**header, **change})
    assert people.authenticate_token(token, NOW) is None


@pytest.mark.parametrize("token", ["", "..", "a.b.c", "." * 5_000, "\ud800.a.b", "e30.e30.e30"])
def test_any_other_text_is_nobody(people: People, pair: TokenPair, token: str) -> None:
    assert people.authenticate_token(token, NOW) is None


def test_a_refresh_gives_new_tokens_and_both_access_tokens_live_on(
    database: MemoryDatabase, people: People, pair: TokenPair
) -> None:
    later = NOW + 10 * MINUTE
    fresh = people.refresh_tokens(pair.refresh, later, PLACE)
    assert fresh.refresh != pair.refresh
    assert fresh.family.generation == 1
    for seen in (people, reopened(database)):
        assert seen.authenticate_token(pair.access, later) is not None
        assert seen.authenticate_token(fresh.access, later + 14 * MINUTE) is not None


def test_a_refresh_token_that_comes_again_ends_everything_of_its_sign_in(
    database: MemoryDatabase, people: People, user_id: str, pair: TokenPair
) -> None:
    other = opened(people, user_id)
    second = people.refresh_tokens(pair.refresh, NOW, PLACE)
    third = people.refresh_tokens(second.refresh, NOW, PLACE)
    with pytest.raises(UserError, match="refresh_token_reused"):
        people.refresh_tokens(pair.refresh, NOW + MINUTE, PLACE)
    for seen in (people, reopened(database)):
        for token in (pair.access, second.access, third.access):
            assert seen.authenticate_token(token, NOW) is None
        with pytest.raises(UserError, match="invalid_refresh_token"):
            seen.refresh_tokens(third.refresh, NOW, PLACE)
        assert seen.authenticate_token(other.access, NOW) is not None
    assert database.query("SELECT COUNT(*) FROM used_refresh_tokens") == [(0,)]


def test_reuse_is_noticed_after_a_restart_too(
    database: MemoryDatabase, people: People, pair: TokenPair
) -> None:
    people.refresh_tokens(pair.refresh, NOW, PLACE)
    again = reopened(database)
    with pytest.raises(UserError, match="refresh_token_reused"):
        again.refresh_tokens(pair.refresh, NOW, PLACE)


@pytest.mark.parametrize("token", ["", "sr_", "sr_" + "A" * 43, "x" * 100_000, "\ud800"])
def test_a_refresh_token_nobody_gave_is_no_reuse(
    people: People, pair: TokenPair, token: str
) -> None:
    with pytest.raises(UserError, match="invalid_refresh_token"):
        people.refresh_tokens(token, NOW, PLACE)
    assert people.tokens.revoke(token) is None
    assert people.authenticate_token(pair.access, NOW) is not None


def test_an_unused_family_ends_after_30_days(people: People, pair: TokenPair) -> None:
    with pytest.raises(UserError, match="invalid_refresh_token"):
        people.refresh_tokens(pair.refresh, NOW + 30 * DAY_NS, PLACE)
    fresh = people.refresh_tokens(pair.refresh, NOW + 30 * DAY_NS - 1, PLACE)
    assert fresh.refresh_expires_ns == NOW + 60 * DAY_NS - 1
    assert people.purge_expired(NOW + 60 * DAY_NS) == 1
    assert people.authenticate_token(fresh.access, NOW + 30 * DAY_NS) is None


def test_revoking_takes_current_and_used_refresh_tokens(
    people: People, user_id: str, pair: TokenPair
) -> None:
    fresh = people.refresh_tokens(pair.refresh, NOW, PLACE)
    people.tokens.revoke(pair.refresh)
    assert people.authenticate_token(fresh.access, NOW) is None
    other = opened(people, user_id)
    people.tokens.revoke(other.refresh)
    assert people.authenticate_token(other.access, NOW) is None


def test_whoever_may_not_act_has_no_tokens(people: People, user_id: str, pair: TokenPair) -> None:
    people.set_status(user_id, "suspended")
    assert people.authenticate_token(pair.access, NOW) is None
    people.set_status(user_id, "active")
    assert people.authenticate_token(pair.access, NOW) is None


def test_a_role_that_shrinks_shrinks_the_scopes(
    people: People, add_user: Callable[..., str]
) -> None:
    add_user("root@example.com", 1, "admin")
    user_id = add_user("boss@example.com", 2, "admin")
    user = people.user(user_id)
    assert user is not None
    pair = people.open_tokens(user, ["read", "admin"], NOW, PLACE)
    people.set_role(user_id, "user")
    found = people.authenticate_token(pair.access, NOW)
    assert found is not None
    assert found.scopes == {"read"}


def test_scopes_beyond_the_role_are_refused(people: People, user_id: str) -> None:
    user = people.user(user_id)
    assert user is not None
    with pytest.raises(UserError, match="scope_not_allowed"):
        people.open_tokens(user, ["admin"], NOW, PLACE)


def test_an_old_signing_key_is_replaced_and_what_it_signed_lives_on(
    database: MemoryDatabase, people: People, user_id: str, pair: TokenPair
) -> None:
    later = NOW + KEY_LIFE_NS
    just_before = opened(people, user_id, later - MINUTE)
    fresh = opened(people, user_id, later)
    assert parts(fresh.access)[0]["kid"] != parts(pair.access)[0]["kid"]
    assert [k["kid"] for k in people.tokens.public_keys()] == [
        parts(fresh.access)[0]["kid"],
        parts(pair.access)[0]["kid"],
    ]
    for seen in (people, reopened(database)):
        assert seen.authenticate_token(just_before.access, later) is not None
        assert seen.authenticate_token(fresh.access, later) is not None
    opened(people, user_id, later + KEY_LIFE_NS)
    assert len(people.tokens.public_keys()) == 2


def test_the_oldest_gives_way_and_all_have_a_limit(
    database: MemoryDatabase, add_user: Callable[..., str]
) -> None:
    ann, bob = add_user(), add_user("bob@example.com", 18)
    limits = PeopleLimits(sessions_per_user_max=2, sessions_max=2)
    people = People(database, limits, CountedBytes(), Sealer((KEY,)))
    first, second, third = (opened(people, ann, NOW + n) for n in range(3))
    assert people.authenticate_token(first.access, NOW) is None
    assert people.authenticate_token(second.access, NOW) is not None
    assert people.authenticate_token(third.access, NOW) is not None
    with pytest.raises(UserError, match="too_many_sessions"):
        opened(people, bob)


def test_a_disk_that_fails_changes_nothing(
    disk: MemoryDisk, people: People, user_id: str, pair: TokenPair
) -> None:
    disk.fail_next(FULL)
    with pytest.raises(StorageUnavailable):
        people.refresh_tokens(pair.refresh, NOW, PLACE)
    disk.fail_next(FULL)
    with pytest.raises(StorageUnavailable):
        people.tokens.end(user_id, pair.family.id)
    assert people.authenticate_token(pair.access, NOW) is not None
    assert people.refresh_tokens(pair.refresh, NOW, PLACE).family.id == pair.family.id
