"""Alerts: what somebody wants to be told of, and what fired."""

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Query

from stockyard.api import alert_answers as w
from stockyard.api.alerting import Asked, changed_terms, followed_day, rearmed, terms_of
from stockyard.api.auth import require_scope
from stockyard.api.describing import Trait, described
from stockyard.api.fields import Reader
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.people.alerts import Alert, AlertKind, AlertTerms, Arming, Since
from stockyard.people.directory import People
from stockyard.people.identity import Scope

routes = router()
TAG: Final = "Alerts"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200
NUMBER_DIGITS_MAX: Final = 18
_new = Reader(w.AlertBody)
_change = Reader(w.AlertChangeBody)
_settings = Reader(w.AlertSettingsBody)
_OWN = Trait.SIGNED_IN | Trait.ACCOUNT
_WRITES = _OWN | Trait.PEOPLE


def _shown(visit: Visit, alert: Alert) -> w.AlertAnswer:
    return w.shown_alert(alert, visit.door.world.ids, visit.door.view)


def _arming(visit: Visit) -> Arming:
    return Arming(visit.door.view.seq, visit.door.world.clock.wall_ns())


async def _note(visit: Visit, kind: str, alert: Alert) -> None:
    """Put on record what was done to an alert."""
    told = _shown(visit, alert)
    said = {"kind": told.kind, "symbol": told.symbol, "direction": told.direction}
    said |= {"value": told.value, "status": told.status, "arming": str(told.arming)}
    await visit.note(kind, alert.id, after=said, account_id=alert.account_id)


async def _armed(
    visit: Visit, kind: str, terms: AlertTerms, work: Callable[[People], Alert]
) -> Alert:
    """Write an alert that is armed, and watch for it from then on.

    What meets it already is kept before anybody is told that it is armed: the projections may be
    past that, and no crash would find it again.
    """
    watch, day = visit.door.world.alerts, None
    if terms.kind == AlertKind.VOLUME or terms.since == Since.CLOSE:
        followed_day(visit.door, terms.instrument_id)
        day = watch.unstored_day(terms.instrument_id)

    def write(people: People) -> Alert:
        if day is not None:
            people.alerts.store_days([day])
            watch.day_is_stored(day.instrument_id)
        made = work(people)
        watch.put(made)
        return made

    made = await visit.door.desk.write(write)
    watch.take_in()
    if watch.has_noted:
        await visit.door.desk.write(watch.settle_some)
    await _note(visit, kind, made)
    return made


@routes.get(
    "/alerts",
    **described(
        "list_alerts",
        TAG,
        "List the alerts",
        "The account's alerts, newest first.",
        traits=_OWN,
        answer=list[w.AlertAnswer],
        answered="The alerts.",
    ),
)
async def list_alerts(
    visit: Visiting,
    status: Annotated[
        str | None,
        Query(description="Only these.", json_schema_extra={"enum": list(w.STATUSES)}),
    ] = None,
    symbol: Annotated[str | None, Query(description="Only about this symbol.")] = None,
) -> Response:
    """List the alerts."""
    account_id = visit.caller(Scope.READ).account_id
    if status is not None and status not in w.STATUSES:
        raise Problem(
            422,
            "invalid_status",
            "there is no such status",
            f"use one of {', '.join(w.STATUSES)}",
            field="status",
        )
    which = None if symbol is None else visit.door.instrument(symbol).instrument_id
    found = visit.door.desk.people.alerts.of_account(account_id, status, which)
    return answer([_shown(visit, alert) for alert in found])


@routes.post(
    "/alerts",
    **described(
        "create_alert",
        TAG,
        "Make an alert",
        "It is armed at once, and fires once: when its condition is met first, or now if it is met"
        " already. Arm it again afterwards, or change its value.",
        traits=_WRITES,
        body=w.AlertBody,
        body_examples={
            "price": {"kind": "price", "symbol": "AAPL", "direction": "above", "value": "200"},
            "percent": {
                "kind": "percent",
                "symbol": "BTC/USD",
                "direction": "either",
                "value": "5",
                "since": "previous_close",
            },
            "loss": {"kind": "pnl", "direction": "below", "value": "-500", "since": "arming"},
            "volume": {"kind": "volume", "symbol": "MSFT", "value": "1000000"},
        },
        status=201,
        answer=w.AlertAnswer,
        answered="The alert.",
    ),
)
async def create_alert(visit: Visiting) -> Response:
    """Make an alert."""
    caller = visit.caller(Scope.TRADE)
    body: w.AlertBody = await visit.body(_new)
    asked = Asked(body.kind, body.symbol, body.direction, body.value, body.price, body.since)
    terms, arming = terms_of(visit.door, caller.account_id, asked), _arming(visit)
    made = await _armed(
        visit,
        "alert.created",
        terms,
        lambda people: people.alerts.create(
            caller.identity.user_id, caller.account_id, terms, body.note, body.email, arming
        ),
    )
    return answer(_shown(visit, made), 201)


@routes.get(
    "/alerts/{alert_id}",
    **described(
        "read_alert",
        TAG,
        "Read an alert",
        traits=_OWN | Trait.NAMED,
        answer=w.AlertAnswer,
        answered="The alert.",
    ),
)
async def read_alert(visit: Visiting, alert_id: str) -> Response:
    """Read an alert."""
    account_id = visit.caller(Scope.READ).account_id
    return answer(_shown(visit, visit.door.desk.people.alerts.find(account_id, alert_id)))


@routes.patch(
    "/alerts/{alert_id}",
    **described(
        "change_alert",
        TAG,
        "Change an alert",
        "Another value or direction arms it anew; another note or way of telling does not.",
        traits=_WRITES | Trait.NAMED,
        body=w.AlertChangeBody,
        body_examples={"value": {"value": "210"}, "note": {"note": "Sell half", "email": False}},
        answer=w.AlertAnswer,
        answered="The alert.",
    ),
)
async def change_alert(visit: Visiting, alert_id: str) -> Response:
    """Change an alert."""
    account_id, door = visit.caller(Scope.TRADE).account_id, visit.door
    body: w.AlertChangeBody = await visit.body(_change)
    found = door.desk.people.alerts.find(account_id, alert_id)
    note = found.note if body.note is None else body.note
    email = found.email if body.email is None else body.email
    if body.value is None and body.direction is None:
        if body.note is None and body.email is None:
            raise Problem(
                422,
                "nothing_to_change",
                "the body names nothing to change",
                "send value, direction, note or email",
            )
        noted = await door.desk.write(
            lambda people: people.alerts.change(found, None, note, email, None)
        )
        await _note(visit, "alert.changed", noted)
        return answer(_shown(visit, noted))
    terms = changed_terms(door, found, body.value, body.direction)
    arming = _arming(visit)
    after = await _armed(
        visit,
        "alert.changed",
        terms,
        lambda people: people.alerts.change(found, terms, note, email, arming),
    )
    return answer(_shown(visit, after))


@routes.delete(
    "/alerts/{alert_id}",
    **described(
        "delete_alert",
        TAG,
        "Delete an alert",
        "What it fired stays in the history.",
        traits=_WRITES | Trait.NAMED,
        status=204,
        answered="It is gone.",
    ),
)
async def delete_alert(visit: Visiting, alert_id: str) -> Response:
    """Delete an alert."""
    account_id, watch = visit.caller(Scope.TRADE).account_id, visit.door.world.alerts

    def write(people: People) -> Alert:
        gone = people.alerts.delete(account_id, alert_id)
        watch.drop(gone.id)
        return gone

    gone = await visit.door.desk.write(write)
    watch.take_in()
    await _note(visit, "alert.deleted", gone)
    return Response(status_code=204)


@routes.post(
    "/alerts/{alert_id}/arm",
    **described(
        "arm_alert",
        TAG,
        "Arm an alert again",
        "Also one that is armed: what it counts from is taken anew.",
        traits=_WRITES | Trait.NAMED,
        answer=w.AlertAnswer,
        answered="The alert, armed.",
    ),
)
async def arm_alert(visit: Visiting, alert_id: str) -> Response:
    """Arm an alert again."""
    account_id, door = visit.caller(Scope.TRADE).account_id, visit.door
    found = door.desk.people.alerts.find(account_id, alert_id)
    terms, arming = rearmed(door, found), _arming(visit)
    after = await _armed(
        visit,
        "alert.armed",
        terms,
        lambda people: people.alerts.change(found, terms, found.note, found.email, arming),
    )
    return answer(_shown(visit, after))


@routes.post(
    "/alerts/{alert_id}/off",
    **described(
        "switch_off_alert",
        TAG,
        "Switch an alert off",
        "It is kept, and not watched for until it is armed again.",
        traits=_WRITES | Trait.NAMED,
        answer=w.AlertAnswer,
        answered="The alert.",
    ),
)
async def switch_off_alert(visit: Visiting, alert_id: str) -> Response:
    """Switch an alert off."""
    account_id, watch = visit.caller(Scope.TRADE).account_id, visit.door.world.alerts

    def write(people: People) -> Alert:
        after = people.alerts.switch_off(account_id, alert_id)
        watch.drop(after.id)
        return after

    after = await visit.door.desk.write(write)
    watch.take_in()
    await _note(visit, "alert.switched_off", after)
    return answer(_shown(visit, after))


@routes.get(
    "/alert-history",
    **described(
        "list_fired_alerts",
        TAG,
        "List what fired",
        "Newest first, each arming once; alerts that were deleted since are among them. The last"
        " 5,000 of an account are kept. For older ones send `next` as `before`.",
        traits=_OWN,
        answer=w.AlertHistory,
        answered="A page of the history.",
    ),
)
async def list_fired_alerts(
    visit: Visiting,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    before: Annotated[str | None, Query(description="The `next` of a page.")] = None,
    alert: Annotated[str | None, Query(description="An alert's id: only what it fired.")] = None,
) -> Response:
    """List what fired."""
    account_id, door = visit.caller(Scope.READ).account_id, visit.door
    if before is not None and (
        not (before.isascii() and before.isdigit()) or len(before) > NUMBER_DIGITS_MAX
    ):
        raise Problem(
            422,
            "invalid_parameter",
            "before is no place in the history",
            "send the next of a page as it came",
            field="before",
        )
    number = int(before) if before is not None else None
    found = door.desk.people.alerts.history(account_id, limit + 1, number, alert)
    more = str(found[limit - 1].number) if len(found) > limit else None
    items = [w.shown_firing(fired, door.world.ids, door.view) for fired in found[:limit]]
    return answer(w.AlertHistory(items, more))


@routes.get(
    "/alert-settings",
    **described(
        "read_alert_settings",
        TAG,
        "Read how alerts are told",
        traits=Trait.SIGNED_IN,
        answer=w.AlertSettings,
        answered="The settings.",
    ),
)
async def read_alert_settings(visit: Visiting) -> Response:
    """Read how alerts are told."""
    identity = visit.identity()
    require_scope(identity, Scope.READ)
    return answer(w.AlertSettings(visit.door.desk.people.telling.wants_mail(identity.user_id)))


@routes.put(
    "/alert-settings",
    **described(
        "change_alert_settings",
        TAG,
        "Change how alerts are told",
        "Without mail, alerts are told on streams and in the inbox.",
        traits=Trait.SIGNED_IN | Trait.PEOPLE,
        body=w.AlertSettingsBody,
        body_examples={"off": {"email": False}},
        answer=w.AlertSettings,
        answered="The settings.",
    ),
)
async def change_alert_settings(visit: Visiting) -> Response:
    """Change how alerts are told."""
    identity = visit.identity()
    require_scope(identity, Scope.TRADE)
    body: w.AlertSettingsBody = await visit.body(_settings)
    user_id = identity.user_id
    await visit.door.desk.write(lambda people: people.telling.want_mail(user_id, body.email))
    await visit.note("alert_settings.changed", user_id, after={"email": body.email})
    return answer(w.AlertSettings(body.email))
