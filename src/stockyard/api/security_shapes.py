"""Sessions, second factors, tokens and changes of oneself, as they are sent and shown.

Promises: one struct for each body and answer. Must not know: how any of it is kept.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.answers import User
from stockyard.api.shapes import Time

Code = Annotated[
    str,
    Meta(description="Six digits of the authenticator app, or a recovery code, where needed."),
]
Present = Annotated[str, Meta(description="The present password.")]


class Session(msgspec.Struct, frozen=True, gc=False):
    """A sign-in that is good now."""

    id: str
    kind: Annotated[
        str,
        Meta(
            description="How somebody signed in: `tokens` is an API client.",
            extra_json_schema={"enum": ["password", "link", "demo", "tokens"]},
        ),
    ]
    current: Annotated[bool, Meta(description="Whether it is the one that asks.")]
    address: Annotated[str, Meta(description="The network address it was opened from.")]
    user_agent: str
    scopes: Annotated[list[str] | None, Meta(description="Of an API client.")]
    created_at: Time
    last_seen_at: Time
    expires_at: Time


class Ended(msgspec.Struct, frozen=True, gc=False):
    """What was ended."""

    ended: Annotated[int, Meta(description="How many sessions and API clients were signed out.")]


class SecondFactor(msgspec.Struct, frozen=True, gc=False):
    """Whether sign-ins need a second factor."""

    enabled: bool
    enabled_at: Time | None
    recovery_codes_left: int


class Enrolment(msgspec.Struct, frozen=True, gc=False):
    """What an authenticator app must be told; shown this once."""

    secret: Annotated[str, Meta(description="In base32, for an app that reads no pictures.")]
    uri: Annotated[str, Meta(description="The same as an otpauth:// address.")]
    qr_svg: Annotated[str, Meta(description="The address as a QR code, an SVG image.")]


class RecoveryCodes(msgspec.Struct, frozen=True, gc=False):
    """Each works once in the place of a code; shown this once."""

    codes: list[str]


class Tokens(msgspec.Struct, frozen=True, gc=False):
    """Tokens of an API client; shown this once."""

    access_token: Annotated[str, Meta(description="For Authorization: Bearer.")]
    token_type: str
    expires_at: Annotated[Time, Meta(description="Of the access token.")]
    refresh_token: Annotated[str, Meta(description="Gives new tokens, once.")]
    refresh_expires_at: Time
    scopes: list[str]
    user: User


class Jwk(msgspec.Struct, frozen=True, gc=False):
    """A public key (RFC 8037)."""

    kty: str
    crv: str
    alg: str
    use: str
    kid: str
    x: str


class Jwks(msgspec.Struct, frozen=True, gc=False):
    """The keys that check access tokens (RFC 7517)."""

    keys: list[Jwk]


class ConfirmBody(msgspec.Struct, forbid_unknown_fields=True):
    """The person, once more."""

    password: Present
    code: Code = ""


class CodeBody(msgspec.Struct, forbid_unknown_fields=True):
    """A first code of the authenticator app."""

    code: str


class PasswordBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new password."""

    password: Present
    new_password: Annotated[str, Meta(description="8 to 128 characters.")]
    code: Code = ""


class EmailBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new e-mail address."""

    email: str
    password: Present
    code: Code = ""


class TokenBody(msgspec.Struct, forbid_unknown_fields=True):
    """A sign-in of an API client."""

    email: str
    password: str
    code: Code = ""
    scopes: Annotated[
        list[str], Meta(description="One or more of read, trade, sim, teach, admin.")
    ] = msgspec.field(default_factory=lambda: ["read", "trade"])


class RefreshBody(msgspec.Struct, forbid_unknown_fields=True):
    """A refresh token."""

    refresh_token: str
