"""Alerts as they are sent and shown.

Promises: one struct for each body and answer. Must not know: how an alert is kept or watched for.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from stockyard.api.fields import Number
from stockyard.api.shapes import Decimal, Id, Time, price_text, time_or_none, time_text
from stockyard.model.ids import Kind, PublicIds
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import format_cash
from stockyard.people.alerts import (
    Alert,
    AlertKind,
    AlertStatus,
    AlertTerms,
    Direction,
    FiredAlert,
    Since,
    Watched,
)
from stockyard.projections.view import View
from stockyard.runtime.alert_words import level_text

KINDS: Final = (AlertKind.PRICE, AlertKind.PERCENT, AlertKind.PROFIT, AlertKind.VOLUME)
DIRECTIONS: Final = (Direction.ABOVE, Direction.BELOW, Direction.EITHER)
WATCHED: Final = (Watched.LAST, Watched.BID, Watched.ASK, Watched.MARK)
SINCE: Final = (Since.ARMING, Since.CLOSE, Since.START)
STATUSES: Final = (AlertStatus.ARMED, AlertStatus.FIRED, AlertStatus.OFF)

KindWord = Annotated[
    str,
    Meta(
        description="A `price`, a move in `percent`, a profit or loss (`pnl`), or the `volume` of"
        " the session.",
        extra_json_schema={"enum": list(KINDS)},
    ),
]
DirectionWord = Annotated[
    str,
    Meta(
        description="`above`: at the value or higher; `below`: at it or lower; `either` goes with"
        " `percent` alone. A volume is always `above`.",
        extra_json_schema={"enum": list(DIRECTIONS)},
    ),
]
WatchedWord = Annotated[
    str,
    Meta(
        description="Which price: of the `last` trade, the `bid`, the `ask`, or the `mark` of a"
        " perpetual contract.",
        extra_json_schema={"enum": list(WATCHED)},
    ),
]
SinceWord = Annotated[
    str,
    Meta(
        description="What a move is counted from: the price at the `arming`, or the"
        " `previous_close`. What a profit is counted from: the `start`, or the `arming`.",
        extra_json_schema={"enum": list(SINCE)},
    ),
]
StatusWord = Annotated[str, Meta(extra_json_schema={"enum": list(STATUSES)})]
Note = Annotated[str, Meta(description="Your own words, at most 200 printable characters.")]
Email = Annotated[bool, Meta(description="Whether it is told by mail too.")]


class AlertAnswer(msgspec.Struct, frozen=True, gc=False):
    """What somebody wants to be told of, once for each arming."""

    id: Id
    account_id: Id
    kind: KindWord
    symbol: Annotated[str, Meta(description="Null: the whole account.")] | None
    direction: DirectionWord
    value: Annotated[
        Decimal, Meta(description="In dollars, percent, or shares, contracts or coins.")
    ]
    price: WatchedWord | None
    since: SinceWord | None
    base: Annotated[Decimal, Meta(description="What is counted from, since the arming.")] | None
    note: str
    email: bool
    status: StatusWord
    arming: Annotated[int, Meta(description="How often it was armed.")]
    armed_at: Time
    created_at: Time
    fired_at: Annotated[Time, Meta(description="When it fired last.")] | None


class AlertFiring(msgspec.Struct, frozen=True, gc=False):
    """An alert that fired: once for each arming."""

    id: Annotated[str, Meta(description="The alert and its arming.")]
    alert_id: Id
    account_id: Id
    arming: int
    kind: KindWord
    symbol: str | None
    title: str
    text: str
    value: Annotated[Decimal, Meta(description="What it was when the alert fired.")]
    at: Annotated[Time, Meta(description="The world's time of the input that met it.")]
    record: Annotated[str, Meta(description="The journal record that met it.")]


class AlertHistory(msgspec.Struct, frozen=True, gc=False):
    """What fired, newest first."""

    items: list[AlertFiring]
    next: Annotated[str, Meta(description="Send it as `before` for older ones.")] | None


class AlertBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new alert, armed at once."""

    kind: KindWord
    value: Annotated[
        Number, Meta(description="In dollars, percent, or shares, contracts or coins.")
    ]
    symbol: Annotated[str, Meta(description="Left out of a `pnl`: the whole account.")] | None = (
        None
    )
    direction: DirectionWord | None = None
    price: WatchedWord | None = None
    since: SinceWord | None = None
    note: Note = ""
    email: Email = True


class AlertChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Another value or direction arms the alert anew; another note or way of telling does not."""

    value: Number | None = None
    direction: DirectionWord | None = None
    note: Note | None = None
    email: Email | None = None


class AlertSettings(msgspec.Struct, frozen=True):
    """How a user is told of alerts, over all accounts."""

    email: Annotated[bool, Meta(description="Whether any alert is told by mail.")]


class AlertSettingsBody(msgspec.Struct, forbid_unknown_fields=True):
    """How a user is told of alerts, over all accounts."""

    email: Annotated[bool, Meta(description="Whether any alert is told by mail.")]


def _symbol(view: View, instrument_id: int) -> str | None:
    found = view.instruments.get(instrument_id)
    return None if found is None else found.symbol


def shown_alert(alert: Alert, ids: PublicIds, view: View) -> AlertAnswer:
    """An alert as it is told."""
    terms = alert.terms
    instrument = view.instruments.get(terms.instrument_id)
    return AlertAnswer(
        alert.id,
        ids.text(Kind.ACCOUNT, alert.account_id),
        terms.kind,
        _symbol(view, terms.instrument_id),
        terms.direction,
        level_text(terms, instrument),
        terms.watched or None,
        terms.since or None,
        _base(terms, instrument),
        alert.note,
        alert.email,
        alert.status,
        alert.arming,
        time_text(alert.armed_ns),
        time_text(alert.created_ns),
        time_or_none(alert.fired_ns),
    )


def _base(terms: AlertTerms, instrument: Instrument | None) -> str | None:
    if terms.since != Since.ARMING:
        return None
    if terms.kind == AlertKind.PROFIT or instrument is None:
        return format_cash(terms.base)
    return price_text(terms.base, instrument)


def shown_firing(fired: FiredAlert, ids: PublicIds, view: View) -> AlertFiring:
    """A firing as it is told."""
    return AlertFiring(
        f"{fired.alert_id}-{fired.arming}",
        fired.alert_id,
        ids.text(Kind.ACCOUNT, fired.account_id),
        fired.arming,
        fired.kind,
        _symbol(view, fired.instrument_id),
        fired.title,
        fired.text,
        fired.shown,
        time_text(fired.ts),
        f"urn:stockyard:record:{fired.seq}",
    )
