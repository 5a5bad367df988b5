"""What this room refuses, in words a client can act on.

Promises: every refusal carries a permanent word, the field it is about (or an empty text), what was
wrong and what would be right. Must not know: HTTP beyond the status that ``api`` shows for a word.
"""

from typing import Final

REFUSALS: Final[dict[str, int]] = {
    "invalid_email": 422,
    "invalid_name": 422,
    "invalid_password": 422,
    "invalid_scopes": 422,
    "invalid_role": 422,
    "last_admin": 409,
    "invalid_rate": 422,
    "email_taken": 409,
    "too_many_users": 403,
    "too_many_accounts": 403,
    "too_many_sessions": 503,
    "too_many_api_keys": 403,
    "invalid_credentials": 401,
    "wrong_password": 403,
    "second_factor_required": 403,
    "second_factor_on": 409,
    "second_factor_off": 409,
    "invalid_code": 403,
    "unknown_session": 404,
    "same_email": 422,
    "demo_user": 403,
    "invalid_refresh_token": 401,
    "refresh_token_reused": 401,
    "registration_unfinished": 503,
    "user_not_active": 403,
    "scope_not_allowed": 403,
    "unknown_account": 404,
    "unknown_api_key": 404,
    "unknown_watchlist": 404,
    "watchlist_exists": 409,
    "too_many_watchlists": 403,
    "too_many_watched": 422,
    "not_watched": 404,
    "unknown_inbox_item": 404,
    "unknown_alert": 404,
    "too_many_alerts": 403,
    "invalid_note": 422,
    "unknown_webhook": 404,
    "unknown_delivery": 404,
    "invalid_url": 422,
    "invalid_events": 422,
    "too_many_webhooks": 403,
    "too_many_deliveries": 409,
    "delivery_waiting": 409,
    "too_many_attempts": 429,
    "too_many_mails": 503,
    "too_many_sign_ups": 503,
    "invalid_link": 401,
}
"""HTTP status of every word that a ``UserError`` may carry."""


class UserError(Exception):
    """Someone asked for what is not allowed: ``code`` is a key of ``REFUSALS``."""

    def __init__(self, code: str, field: str, wrong: str, right: str) -> None:
        super().__init__(f"{code}: {wrong}; {right}")
        self.code, self.field, self.wrong, self.right = code, field, wrong, right
        self.http_status = REFUSALS[code]


class ThrottledError(UserError):
    """Too many failed sign-ins, or what else there were too many of; the same request may succeed
    after ``retry_after_s`` seconds.
    """

    def __init__(self, retry_after_s: int, what: str = "failed sign-ins") -> None:
        super().__init__(
            "too_many_attempts",
            "",
            f"there were too many {what} for this e-mail or from this address",
            f"try again in {retry_after_s} s",
        )
        self.retry_after_s = retry_after_s


class UnknownUser(LookupError):
    """A caller named a user id that is not in the people database: a fault of ours."""


class RegistrationConflict(Exception):
    """An account was linked twice, to different registrations: a broken invariant of ours."""


class RefreshTokenReused(UserError):
    """A refresh token came a second time; the sign-in it is of, a user's, has been ended."""

    def __init__(self, user_id: str, family_id: str) -> None:
        super().__init__(
            "refresh_token_reused",
            "refresh_token",
            "this refresh token was used before: all tokens of its sign-in have been ended",
            "sign in again, and keep each new refresh token in the place of the old one",
        )
        self.user_id, self.family_id = user_id, family_id
