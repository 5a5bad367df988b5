"""Every limit of this room, by name.

Promises: nothing here grows without one of these. Must not know: where a value is configured.
"""

from typing import Final, NamedTuple

SECOND_NS: Final = 1_000_000_000
NAME_LENGTH_MAX: Final = 100
EMAIL_LENGTH_MAX: Final = 254
"""RFC 5321 section 4.5.3.1.3 allows a path of 256 octets, of which two are the angle brackets."""
PASSWORD_LENGTH_MIN: Final = 8
PASSWORD_LENGTH_MAX: Final = 128
REVOKED_KEYS_KEPT: Final = 50
"""Revoked keys a user still sees; older ones are deleted when a new key is made."""
PURGE_ROWS: Final = 200
"""Rows that one step of a purge or flush touches."""


class PeopleLimits(NamedTuple):
    """What may be configured, with the values of an installation that configures nothing."""

    users_max: int = 100_000
    accounts_per_user_max: int = 20
    sessions_max: int = 200_000
    sessions_per_user_max: int = 50
    session_life_ns: int = 24 * 3600 * SECOND_NS
    access_life_ns: int = 15 * 60 * SECOND_NS
    refresh_life_ns: int = 30 * 24 * 3600 * SECOND_NS
    keys_per_user_max: int = 50
    watchlists_per_account_max: int = 100
    watched_per_list_max: int = 250
    inbox_items_max: int = 500
    alerts_per_account_max: int = 500
    alerts_max: int = 200_000
    firings_per_account_max: int = 5_000
    webhooks_per_account_max: int = 10
    failures_per_email_max: int = 10
    failures_per_address_max: int = 50
    failure_window_ns: int = 15 * 60 * SECOND_NS
    failures_per_code_max: int = 5
    code_window_ns: int = 3600 * SECOND_NS
    throttle_entries_max: int = 50_000


DEFAULT_LIMITS: Final = PeopleLimits()
