"""What those who run a Stockyard send and are told about its users. Promises are those of
``answers`` and ``fields``.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from stockyard.api.answers import Account
from stockyard.api.fields import ACCOUNT_NAME
from stockyard.api.presence_answers import PresentStream
from stockyard.api.shapes import Decimal, Id, Time
from stockyard.model.codes import TYPE_WORDS
from stockyard.people.identity import ROLES, Role

STATUSES = ("active", "suspended", "closed")
_Role = Annotated[str, Meta(extra_json_schema={"enum": list(ROLES)})]
_Status = Annotated[str, Meta(extra_json_schema={"enum": list(STATUSES)})]
_Type = Annotated[str, Meta(extra_json_schema={"enum": list(TYPE_WORDS.values())})]


class UserLine(msgspec.Struct, frozen=True, gc=False):
    """A user among others."""

    id: Id
    name: str
    email: str
    role: _Role
    status: Annotated[str, Meta(description="`pending`, `active`, `suspended` or `closed`.")]
    created_at: Time
    accounts: Annotated[int, Meta(description="How many.")]
    equity: Annotated[Decimal, Meta(description="Of all accounts together.")]
    frozen: Annotated[bool, Meta(description="Whether trading is frozen.")]
    limited: Annotated[bool, Meta(description="Whether anything is limited for this user alone.")]
    streams: Annotated[int, Meta(description="Open streams.")]


class UserPage(msgspec.Struct, frozen=True, gc=False):
    """Users, oldest first. `next`: send it as `after`; null at the end."""

    users: list[UserLine]
    total: Annotated[int, Meta(description="How many were found, on all pages.")]
    next: str | None


class UserLimits(msgspec.Struct, frozen=True, gc=False):
    """What a user is limited to; null for no limit, or the house's own rule. What reduces a
    position is never limited.
    """

    order_value: Annotated[
        Decimal | None, Meta(description="The most an opening order may be worth.")
    ]
    open_orders: Annotated[int | None, Meta(description="Of all accounts together.")]
    leverage: Annotated[
        Decimal | None,
        Meta(description="Positions and opening orders by the equity of a margin account."),
    ]
    order_types: list[_Type] | None
    symbols: list[str] | None
    requests_per_minute: int | None
    orders_per_minute: int | None


class UserDetail(msgspec.Struct, frozen=True, gc=False):
    """All about a user that those who run the house may know."""

    user: UserLine
    accounts: list[Account]
    limits: UserLimits
    sessions: Annotated[int, Meta(description="Sign-ins that are kept.")]
    api_keys: Annotated[int, Meta(description="Keys that work.")]


class AddUserBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new user."""

    name: Annotated[str, Meta(description="1 to 100 printable characters.")]
    email: Annotated[str, Meta(examples=["ann@example.com"])]
    role: _Role = Role.USER
    account_name: str = ACCOUNT_NAME


class PasswordLink(msgspec.Struct, frozen=True, gc=False):
    """A link with which a user chooses a password, once."""

    url: Annotated[str, Meta(examples=["https://paper.example.com/reset#sl_..."])]
    expires_at: Time


class AddedUser(msgspec.Struct, frozen=True, gc=False):
    """A user who was added, and how they get in."""

    user: UserLine
    link: PasswordLink


class OwnLimits(msgspec.Struct, frozen=True, gc=False):
    """What whoever runs the house has limited a user to."""

    frozen: bool
    limits: UserLimits


class UserPatch(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What to change of a user; what is left out stays."""

    role: _Role | None = None
    status: _Status | None = None
    cancel_orders: Annotated[
        bool, Meta(description="With a status other than `active`: cancel the open orders as well.")
    ] = False


class LimitsBody(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """All limits of a user; what is null or left out is not limited."""

    order_value: str | int | None = None
    open_orders: int | None = None
    leverage: str | int | None = None
    order_types: list[str] | None = None
    symbols: list[str] | None = None
    requests_per_minute: int | None = None
    orders_per_minute: int | None = None


class FreezeBody(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Whether trading is to be frozen."""

    frozen: bool
    cancel_orders: Annotated[bool, Meta(description="Cancel the open orders as well.")] = False


class GrantBody(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Money for one of the user's accounts; default the oldest."""

    amount: str | int
    account_id: str | None = None


class HeldPosition(msgspec.Struct, frozen=True, gc=False):
    """A position at one moment."""

    symbol: str
    qty: Decimal
    cost: Decimal
    realized: Decimal


class DayStanding(msgspec.Struct, frozen=True, gc=False):
    """What an account had at one moment."""

    cash: Decimal
    held: Annotated[Decimal, Meta(description="By open orders.")]
    open_orders: int
    realized: Decimal
    fees: Decimal
    positions: list[HeldPosition]


class DayEntry(msgspec.Struct, frozen=True, gc=False):
    """One event. `type`, `event` and `body` are those of the stream's frames; `after`: what the
    account had then, null where too much came before it.
    """

    id: str
    at: Time
    type: str
    event: str
    text: str
    body: Any
    after: DayStanding | None


class UserDay(msgspec.Struct, frozen=True, gc=False):
    """What happened in an account on one day (UTC)."""

    date: str
    account_id: Id
    events: dict[str, int]
    start: DayStanding | None
    end: DayStanding | None
    entries: list[DayEntry]
    next: Annotated[str | None, Meta(description="Send it as `after`; null at the end.")]


class PresentUser(msgspec.Struct, frozen=True, gc=False):
    """A user with open streams; null for those who are not signed in."""

    user_id: str | None
    name: str | None
    email: str | None
    role: str | None
    streams: list[PresentStream]


class Present(msgspec.Struct, frozen=True, gc=False):
    """Who is connected."""

    streams: int
    users: list[PresentUser]
