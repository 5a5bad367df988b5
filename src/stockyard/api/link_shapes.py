"""Links that come by mail, as they are asked for and used.

Promises: one struct for each body and answer. Must not know: how a link is kept.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from stockyard.api.answers import User
from stockyard.api.shapes import Time

LinkToken = Annotated[str, Meta(description="The token of the link.")]
Code = Annotated[str, Meta(description="The second factor's code, of who has one.")]


class AskBody(msgspec.Struct, forbid_unknown_fields=True):
    """Who wants a link."""

    email: str


class Sent(msgspec.Struct, frozen=True, gc=False):
    """The same for everybody."""

    detail: str


SENT: Final = Sent("if there is such a user, a mail is on its way")


ASKED_TO_JOIN: Final = Sent("look into your mail: the link in it goes on from here")


class FinishBody(msgspec.Struct, forbid_unknown_fields=True):
    """A link that finishes a sign-up, and the password."""

    token: LinkToken
    password: Annotated[str, Meta(description="8 to 128 characters.")]


class LinkBody(msgspec.Struct, forbid_unknown_fields=True):
    """A link that signs in."""

    token: LinkToken
    code: Code = ""


class Looked(msgspec.Struct, frozen=True, gc=False):
    """Whose link it is, veiled, and how long it works; it is not used by looking."""

    email: str
    expires_at: Time


class LinkSignedIn(msgspec.Struct, frozen=True, gc=False):
    """A session that a cookie holds."""

    expires_at: Time
    user: User


class NewPasswordBody(msgspec.Struct, forbid_unknown_fields=True):
    """A link and the new password."""

    token: LinkToken
    password: Annotated[str, Meta(description="8 to 128 characters.")]


class ConfirmEmailBody(msgspec.Struct, forbid_unknown_fields=True):
    """A link that confirms an address."""

    token: LinkToken
