"""The people database's tables and how an older file becomes a newer one.

Promises: migrations only go forward, each in one transaction together with its version number, so a
crash leaves the file at one version or the next. A released step never changes; a change is a new
step. Written in the SQL that SQLite and PostgreSQL share. Must not know: which of the two it is.
"""

from collections.abc import Sequence
from typing import Final

from stockyard.people.webhook_tables import WEBHOOK_TABLES
from stockyard.storage.ports import Database, StorageError

_VERSION_1: Final = (
    """
    CREATE TABLE users (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        email TEXT NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
        status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'closed')),
        accounts_begun BIGINT NOT NULL,
        created_ns BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE account_owners (
        registration_key TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id),
        ordinal BIGINT NOT NULL,
        name TEXT NOT NULL,
        profile_id BIGINT NOT NULL,
        starting_micros BIGINT NOT NULL,
        account_id BIGINT UNIQUE,
        created_ns BIGINT NOT NULL,
        UNIQUE (user_id, ordinal)
    )
    """,
    """
    CREATE TABLE sessions (
        token_hash TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id),
        created_ns BIGINT NOT NULL,
        expires_ns BIGINT NOT NULL
    )
    """,
    "CREATE INDEX sessions_by_user ON sessions (user_id)",
    "CREATE INDEX sessions_by_expiry ON sessions (expires_ns)",
    """
    CREATE TABLE api_keys (
        key_id TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id),
        account_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        secret_hash TEXT NOT NULL,
        created_ns BIGINT NOT NULL,
        last_used_ns BIGINT,
        revoked_ns BIGINT
    )
    """,
    "CREATE INDEX api_keys_by_user ON api_keys (user_id)",
)

_VERSION_2: Final = (
    """
    CREATE TABLE watchlists (
        id TEXT NOT NULL PRIMARY KEY,
        account_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        symbols TEXT NOT NULL,
        created_ns BIGINT NOT NULL,
        updated_ns BIGINT NOT NULL,
        UNIQUE (account_id, name)
    )
    """,
    """
    CREATE TABLE account_preferences (
        account_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (account_id, name)
    )
    """,
)

_VERSION_3: Final = (
    """
    ALTER TABLE users ADD COLUMN newer_role TEXT NOT NULL DEFAULT 'user'
        CHECK (newer_role IN ('user', 'instructor', 'admin'))
    """,
    "UPDATE users SET newer_role = role",
    "ALTER TABLE users DROP COLUMN role",
    "ALTER TABLE users RENAME COLUMN newer_role TO role",
)

_VERSION_4: Final = (
    "CREATE TABLE sealing_keys (fingerprint TEXT NOT NULL PRIMARY KEY)",
    """
    CREATE TABLE second_factors (
        user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
        secret TEXT NOT NULL,
        recovery_hashes TEXT NOT NULL,
        last_step BIGINT NOT NULL,
        begun_ns BIGINT NOT NULL,
        confirmed_ns BIGINT
    )
    """,
    """
    CREATE TABLE token_keys (
        key_id TEXT NOT NULL PRIMARY KEY,
        private_key TEXT NOT NULL,
        created_ns BIGINT NOT NULL
    )
    """,
)

_VERSION_5: Final = (
    """
    CREATE TABLE inbox_items (
        id TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL,
        number BIGINT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        link TEXT NOT NULL,
        created_ns BIGINT NOT NULL,
        read_ns BIGINT
    )
    """,
    "CREATE INDEX inbox_items_by_user ON inbox_items (user_id, number)",
)

_VERSION_6: Final = (
    """
    CREATE TABLE portfolio_days (
        account_id BIGINT NOT NULL,
        day BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        as_of_ns BIGINT NOT NULL,
        equity_micros BIGINT NOT NULL,
        deposited_micros BIGINT NOT NULL,
        cash_micros BIGINT,
        reserved_micros BIGINT,
        market_value_micros BIGINT,
        realized_micros BIGINT,
        fees_micros BIGINT,
        PRIMARY KEY (account_id, day)
    )
    """,
    "CREATE INDEX portfolio_days_by_day ON portfolio_days (day, account_id)",
    """
    CREATE TABLE portfolio_runs (
        day BIGINT NOT NULL PRIMARY KEY,
        begun_ns BIGINT NOT NULL,
        ended_ns BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE portfolio_failures (
        day BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        error TEXT NOT NULL,
        tries BIGINT NOT NULL,
        last_ns BIGINT NOT NULL,
        PRIMARY KEY (day, user_id)
    )
    """,
)

_VERSION_7: Final = (
    """
    CREATE TABLE mails (
        id TEXT NOT NULL PRIMARY KEY,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        words TEXT,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'given_up', 'shown')),
        attempts BIGINT NOT NULL,
        created_ns BIGINT NOT NULL,
        until_ns BIGINT NOT NULL,
        due_ns BIGINT NOT NULL,
        error TEXT NOT NULL
    )
    """,
    "CREATE INDEX mails_by_due ON mails (state, due_ns)",
    "CREATE INDEX mails_by_age ON mails (created_ns)",
)

_VERSION_8: Final = (
    "ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'password'",
    "ALTER TABLE sessions ADD COLUMN last_seen_ns BIGINT NOT NULL DEFAULT 0",
    "UPDATE sessions SET last_seen_ns = created_ns",
    """
    CREATE TABLE token_families (
        id TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id),
        scopes TEXT NOT NULL,
        created_ns BIGINT NOT NULL,
        expires_ns BIGINT NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL,
        last_seen_ns BIGINT NOT NULL,
        generation BIGINT NOT NULL,
        refresh_hash TEXT NOT NULL
    )
    """,
    "CREATE INDEX token_families_by_user ON token_families (user_id)",
    "CREATE INDEX token_families_by_expiry ON token_families (expires_ns)",
    """
    CREATE TABLE used_refresh_tokens (
        hash TEXT NOT NULL PRIMARY KEY,
        family_id TEXT NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
        used_ns BIGINT NOT NULL
    )
    """,
    "CREATE INDEX used_refresh_tokens_by_family ON used_refresh_tokens (family_id)",
    """
    CREATE TABLE leavings (
        user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
        left_ns BIGINT NOT NULL,
        done_ns BIGINT
    )
    """,
)

_VERSION_9: Final = (
    """
    CREATE TABLE audit_keys (
        public_key TEXT NOT NULL PRIMARY KEY,
        private_key TEXT NOT NULL,
        created_ns BIGINT NOT NULL
    )
    """,
)

_VERSION_10: Final = WEBHOOK_TABLES

_VERSION_11: Final = (
    """
    CREATE TABLE links (
        token_hash TEXT NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('sign_in', 'reset', 'email')),
        user_id TEXT NOT NULL,
        email TEXT NOT NULL,
        browser TEXT NOT NULL,
        created_ns BIGINT NOT NULL,
        expires_ns BIGINT NOT NULL
    )
    """,
    "CREATE INDEX links_by_user ON links (user_id, kind, created_ns)",
    "CREATE INDEX links_by_expiry ON links (expires_ns)",
)

_VERSION_12: Final = (
    """
    CREATE TABLE alerts (
        id TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL,
        account_id BIGINT NOT NULL,
        kind TEXT NOT NULL,
        instrument_id BIGINT NOT NULL,
        direction TEXT NOT NULL,
        level BIGINT NOT NULL,
        watched TEXT NOT NULL,
        since TEXT NOT NULL,
        base BIGINT NOT NULL,
        note TEXT NOT NULL,
        email BIGINT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('armed', 'fired', 'off')),
        arming BIGINT NOT NULL,
        armed_seq BIGINT NOT NULL,
        armed_ns BIGINT NOT NULL,
        created_ns BIGINT NOT NULL,
        fired_ns BIGINT
    )
    """,
    "CREATE INDEX alerts_by_account ON alerts (account_id, created_ns)",
    "CREATE INDEX alerts_by_status ON alerts (status, id)",
    """
    CREATE TABLE alert_firings (
        number BIGINT NOT NULL PRIMARY KEY,
        alert_id TEXT NOT NULL,
        arming BIGINT NOT NULL,
        user_id TEXT NOT NULL,
        account_id BIGINT NOT NULL,
        kind TEXT NOT NULL,
        instrument_id BIGINT NOT NULL,
        shown TEXT NOT NULL,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        seq BIGINT NOT NULL,
        ts BIGINT NOT NULL,
        fired_ns BIGINT NOT NULL,
        UNIQUE (alert_id, arming)
    )
    """,
    "CREATE INDEX alert_firings_by_account ON alert_firings (account_id, number)",
    """
    CREATE TABLE alert_days (
        instrument_id BIGINT NOT NULL PRIMARY KEY,
        seq BIGINT NOT NULL,
        end_ns BIGINT NOT NULL,
        close BIGINT NOT NULL,
        last BIGINT NOT NULL,
        volume BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE user_preferences (
        user_id TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (user_id, name)
    )
    """,
    "ALTER TABLE watchlists ADD COLUMN place BIGINT NOT NULL DEFAULT 0",
)

_VERSION_13: Final = (
    """
    CREATE TABLE user_rates (
        user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
        requests_per_minute BIGINT,
        orders_per_minute BIGINT
    )
    """,
)

_VERSION_14: Final = (
    """
    CREATE TABLE sign_ups (
        token_hash TEXT NOT NULL PRIMARY KEY,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        account_name TEXT NOT NULL,
        created_ns BIGINT NOT NULL,
        expires_ns BIGINT NOT NULL
    )
    """,
    "CREATE INDEX sign_ups_by_email ON sign_ups (email, created_ns)",
    "CREATE INDEX sign_ups_by_expiry ON sign_ups (expires_ns)",
)

_VERSION_15: Final = (
    "CREATE TABLE attempts (number BIGINT NOT NULL PRIMARY KEY, payload TEXT NOT NULL)",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    _VERSION_1,
    _VERSION_2,
    _VERSION_3,
    _VERSION_4,
    _VERSION_5,
    _VERSION_6,
    _VERSION_7,
    _VERSION_8,
    _VERSION_9,
    _VERSION_10,
    _VERSION_11,
    _VERSION_12,
    _VERSION_13,
    _VERSION_14,
    _VERSION_15,
)
"""Element ``n`` holds the SQL steps that lead from version ``n`` to ``n + 1``."""


class SchemaTooNew(StorageError):
    """The people database was written by a newer Stockyard; this one must not touch it."""


def _version(database: Database) -> int:
    """Version the people database is at, 0 when it is empty."""
    database.execute(
        "CREATE TABLE IF NOT EXISTS people_schema_versions (version BIGINT NOT NULL PRIMARY KEY)"
    )
    rows = database.query("SELECT COALESCE(MAX(version), 0) FROM people_schema_versions")
    return int(rows[0][0])


def migrate(database: Database, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Bring the people database to the newest version and return it.

    Raises ``SchemaTooNew`` and changes nothing when the file is newer than ``migrations``.
    """
    found = _version(database)
    if found > len(migrations):
        raise SchemaTooNew(
            f"the people database is at version {found}, this Stockyard knows {len(migrations)}: "
            "start the newer Stockyard, or restore a backup made by this one"
        )
    for number in range(found + 1, len(migrations) + 1):
        steps = migrations[number - 1]

        def work(transaction: Database, steps: Sequence[str] = steps, number: int = number) -> None:
            for step in steps:
                transaction.execute(step)
            transaction.execute(
                "INSERT INTO people_schema_versions (version) VALUES (?)", (number,)
            )

        database.transact(work)
    return len(migrations)
