"""The tables of webhooks and of what they are told: one step of the schema."""

from typing import Final

WEBHOOK_TABLES: Final = (
    """
    CREATE TABLE webhooks (
        id TEXT NOT NULL PRIMARY KEY,
        user_id TEXT NOT NULL REFERENCES users (id),
        account_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        secret TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'disabled')),
        reason TEXT NOT NULL,
        cursor_seq BIGINT NOT NULL,
        cursor_idx BIGINT NOT NULL,
        failures BIGINT NOT NULL,
        rest_until_ns BIGINT NOT NULL,
        created_ns BIGINT NOT NULL,
        updated_ns BIGINT NOT NULL
    )
    """,
    "CREATE INDEX webhooks_by_user ON webhooks (user_id)",
    """
    CREATE TABLE webhook_deliveries (
        id TEXT NOT NULL PRIMARY KEY,
        webhook_id TEXT NOT NULL REFERENCES webhooks (id),
        number BIGINT NOT NULL UNIQUE,
        event TEXT NOT NULL,
        token TEXT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
        attempts BIGINT NOT NULL,
        due_ns BIGINT NOT NULL,
        status BIGINT NOT NULL,
        error TEXT NOT NULL,
        took_ms BIGINT NOT NULL,
        created_ns BIGINT NOT NULL,
        ended_ns BIGINT
    )
    """,
    "CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, state, due_ns, number)",
    "CREATE INDEX webhook_deliveries_by_number ON webhook_deliveries (webhook_id, number)",
)
