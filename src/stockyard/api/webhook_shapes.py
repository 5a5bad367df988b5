"""What the door takes and tells of webhooks.

Promises: as ``answers``; every kind of event that the stream tells of an account is named here.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Id, Time

KINDS: Final = ("order", "fill", "account", "request")
EVENT_WORDS: Final = (
    *KINDS,
    "order.accepted", "order.activated", "order.triggered", "order.reduced", "order.rested",
    "order.canceled", "order.expired", "order.rejected", "order.replaced", "order.cancel_sent",
    "order.replacement_sent", "fill.partial_fill", "fill.fill", "request.denied",
    "request.repeated", "account.opened", "account.deposited", "account.withdrawn", "account.reset",
    "account.position_given_up", "account.profile_set", "account.kind_set",
    "account.lot_method_set", "account.restrictions_set", "account.limits_set",
    "account.freeze_set", "account.leverage_set",
    "account.interest_charged", "account.funding_paid", "account.good_faith_violated",
    "account.margin_called", "account.margin_call_met", "account.liquidation_started",
    "account.outcome_planned", "account.outcome_used", "account.outcomes_forgotten",
)  # fmt: skip
"""Kinds of events, and single ones, that a webhook may be told of."""
DEFAULT_EVENTS: Final = ("order", "fill", "account")
EVENTS_MAX: Final = 64
_Events = Annotated[
    list[Annotated[str, Meta(max_length=64)]],
    Meta(
        max_length=EVENTS_MAX,
        description="Kinds of events, or single ones; default `order`, `fill` and `account`.",
        extra_json_schema={"items": {"type": "string", "enum": list(EVENT_WORDS)}},
    ),
]
_State = Annotated[
    str,
    Meta(
        description="`disabled`: by us, after too many failures.",
        extra_json_schema={"enum": ["active", "paused", "disabled"]},
    ),
]


class WebhookBody(msgspec.Struct, forbid_unknown_fields=True):
    """A webhook to be made."""

    url: Annotated[str, Meta(max_length=2_000, examples=["https://example.com/stockyard"])]
    events: _Events = msgspec.field(default_factory=lambda: list(DEFAULT_EVENTS))
    name: Annotated[str, Meta(max_length=100)] = ""


class WebhookChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be changed of a webhook; what is left out stays."""

    url: Annotated[str, Meta(max_length=2_000)] | None = None
    events: _Events | None = None
    name: Annotated[str, Meta(max_length=100)] | None = None
    active: Annotated[bool, Meta(description="Switched on it goes on where it stopped.")] | None = (
        None
    )


class Webhook(msgspec.Struct, frozen=True, gc=False):
    """A webhook. `failures` in a row; after some it rests until `rests_until`."""

    id: Id
    account_id: Id
    name: str
    url: str
    events: list[str]
    state: _State
    reason: Annotated[str | None, Meta(description="Why it is disabled.")]
    waiting: Annotated[int, Meta(description="Deliveries that wait.")]
    failures: int
    rests_until: Time | None
    created_at: Time
    updated_at: Time


class NewWebhook(msgspec.Struct, frozen=True, gc=False):
    """A webhook with its secret, which is told this once."""

    webhook: Webhook
    secret: Annotated[str, Meta(description="Signs every delivery; `whsec_` and base64.")]


class WebhookDelivery(msgspec.Struct, frozen=True, gc=False):
    """One event for one webhook, and what became of it. `id` is the header `webhook-id`, the same
    at every try.
    """

    id: Id
    event: Annotated[str, Meta(examples=["order.canceled"])]
    token: Annotated[str | None, Meta(description="The event's name; null for a test.")]
    state: Annotated[str, Meta(extra_json_schema={"enum": ["waiting", "delivered", "failed"]})]
    attempts: int
    status: Annotated[int | None, Meta(description="Of the last answer, if there was one.")]
    error: Annotated[str | None, Meta(description="Why the last try failed.")]
    took_ms: Annotated[int, Meta(description="The last try.")]
    created_at: Time
    due_at: Annotated[str | None, Meta(description="The next try.")]
    ended_at: Time | None
    body: Annotated[str, Meta(description="What is sent, as JSON text.")]


class WebhookLog(msgspec.Struct, frozen=True, gc=False):
    """A page of a webhook's deliveries."""

    deliveries: list[WebhookDelivery]
    next: Annotated[str | None, Meta(description="Send as `before` for older ones.")]
