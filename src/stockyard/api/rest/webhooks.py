"""Webhooks: addresses that are told what happens to an account."""

from typing import Annotated, Final

from fastapi import Query

from stockyard.api import webhook_shapes as w
from stockyard.api.auth import Caller, require_session
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import Reader
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.shapes import time_or_none, time_text
from stockyard.api.telling import test_body
from stockyard.people.deliveries import Delivery, DeliveryState
from stockyard.people.directory import People
from stockyard.people.identity import Scope
from stockyard.people.webhooks import Webhook, checked_events, checked_url
from stockyard.runtime.webhook_addresses import AddressRefused

routes = router()
TAG: Final = "Webhooks"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200
NUMBER_DIGITS_MAX: Final = 18
_new = Reader(w.WebhookBody)
_change = Reader(w.WebhookChangeBody)
_OWN = Trait.SIGNED_IN | Trait.ACCOUNT
_WRITES = _OWN | Trait.PEOPLE
_SESSION: Final = "Needs a session, not an API key: a webhook goes on when the key is revoked."


def shown(door: Door, hook: Webhook) -> w.Webhook:
    """A webhook as it is told."""
    deliveries = door.desk.people.deliveries
    resting = hook.rest_until_ns if hook.rest_until_ns > door.world.clock.wall_ns() else 0
    return w.Webhook(
        hook.id,
        door.render.account_id(hook.account_id),
        hook.name,
        hook.url,
        list(hook.events),
        hook.state,
        hook.reason or None,
        deliveries.limits.waiting_max - deliveries.room(hook.id),
        hook.failures,
        time_or_none(resting),
        time_text(hook.created_ns),
        time_text(hook.updated_ns),
    )


def _shown_delivery(one: Delivery) -> w.WebhookDelivery:
    waits = one.state == DeliveryState.WAITING
    return w.WebhookDelivery(
        one.id,
        one.event,
        one.token or None,
        one.state,
        one.attempts,
        one.status or None,
        one.error or None,
        one.took_ms,
        time_text(one.created_ns),
        time_text(one.due_ns) if waits else None,
        time_or_none(one.ended_ns),
        one.body,
    )


def _writer(visit: Visit) -> Caller:
    """Who may change webhooks. Raises ``Problem`` 401, 403, 404."""
    caller = visit.caller(Scope.TRADE)
    require_session(caller.identity)
    return caller


async def _check_target(visit: Visit, url: str) -> None:
    """Look where a url leads, so that a mistake is told at once. Raises ``Problem`` 422."""
    try:
        await visit.door.addresses.target(checked_url(url))
    except AddressRefused as refused:
        raise Problem(
            422,
            "url_not_allowed",
            f"the url cannot be called: {refused}",
            "name an address that anybody can reach",
            field="url",
        ) from None


async def _noted(
    visit: Visit, kind: str, hook_id: str, before: Webhook | None, after: Webhook | None
) -> None:
    """Put an act on record, without the secret."""
    told = [
        None
        if one is None
        else {"url": one.url, "events": list(one.events), "name": one.name, "state": one.state}
        for one in (before, after)
    ]
    await visit.note(kind, hook_id, *told)


@routes.get(
    "/webhooks",
    **described(
        "list_webhooks",
        TAG,
        "List the webhooks",
        traits=_OWN,
        answer=list[w.Webhook],
        answered="The account's webhooks, oldest first.",
    ),
)
async def list_webhooks(visit: Visiting) -> Response:
    """List the webhooks."""
    caller, door = visit.caller(Scope.READ), visit.door
    found = door.desk.alone(lambda people: people.webhooks.of_account(caller.account_id))
    return answer([shown(door, hook) for hook in found])


@routes.post(
    "/webhooks",
    **described(
        "create_webhook",
        TAG,
        "Make a webhook",
        "From now on every event of the account that it names is sent to `url`, signed with the"
        f" secret of the answer, tried again until it is taken. {_SESSION}",
        traits=_WRITES,
        body=w.WebhookBody,
        body_examples={
            "fills": {"url": "https://example.com/stockyard", "events": ["fill", "order.canceled"]}
        },
        status=201,
        answer=w.NewWebhook,
        answered="The webhook, and its secret.",
    ),
)
async def create_webhook(visit: Visiting) -> Response:
    """Make a webhook."""
    caller, door = _writer(visit), visit.door
    body: w.WebhookBody = await visit.body(_new)
    events = checked_events(body.events, w.EVENT_WORDS)
    await _check_target(visit, body.url)
    account_id, now_ns = caller.account_id, door.world.clock.wall_ns()
    hook, secret = await door.desk.write(
        lambda people: people.webhooks.create(
            caller.identity.user_id,
            account_id,
            body.name,
            body.url,
            events,
            door.world.hub.last_name(account_id),
            now_ns,
        )
    )
    await _noted(visit, "webhook.created", hook.id, None, hook)
    return answer(w.NewWebhook(shown(door, hook), secret), 201)


@routes.get(
    "/webhooks/{webhook_id}",
    **described(
        "read_webhook",
        TAG,
        "Read a webhook",
        traits=_OWN | Trait.NAMED,
        answer=w.Webhook,
        answered="The webhook.",
    ),
)
async def read_webhook(visit: Visiting, webhook_id: str) -> Response:
    """Read a webhook."""
    caller, door = visit.caller(Scope.READ), visit.door
    found = door.desk.alone(lambda people: people.webhooks.find(caller.account_id, webhook_id))
    return answer(shown(door, found))


@routes.patch(
    "/webhooks/{webhook_id}",
    **described(
        "change_webhook",
        TAG,
        "Change a webhook",
        "What is left out stays as it is. Switched off it is told nothing; switched on again it"
        f" goes on where it stopped, and its failures are forgotten. {_SESSION}",
        traits=_WRITES | Trait.NAMED,
        body=w.WebhookChangeBody,
        body_examples={"pause": {"active": False}, "events": {"events": ["fill"]}},
        answer=w.Webhook,
        answered="The webhook.",
    ),
)
async def change_webhook(visit: Visiting, webhook_id: str) -> Response:
    """Change a webhook."""
    caller, door = _writer(visit), visit.door
    before = door.desk.alone(lambda people: people.webhooks.find(caller.account_id, webhook_id))
    body: w.WebhookChangeBody = await visit.body(_change)
    if body == w.WebhookChangeBody():
        raise Problem(
            422,
            "nothing_to_change",
            "the body names nothing",
            "send url, events, name or active",
        )
    events = None if body.events is None else checked_events(body.events, w.EVENT_WORDS)
    if body.url is not None:
        await _check_target(visit, body.url)
    now_ns = door.world.clock.wall_ns()
    after = await door.desk.write(
        lambda people: people.webhooks.change(
            caller.account_id,
            webhook_id,
            now_ns,
            name=body.name,
            url=body.url,
            events=events,
            active=body.active,
        )
    )
    await _noted(visit, "webhook.changed", after.id, before, after)
    return answer(shown(door, after))


@routes.delete(
    "/webhooks/{webhook_id}",
    **described(
        "delete_webhook",
        TAG,
        "Delete a webhook",
        f"With its log, and with what waits for it. {_SESSION}",
        traits=_WRITES | Trait.NAMED,
        status=204,
        answered="It is gone.",
    ),
)
async def delete_webhook(visit: Visiting, webhook_id: str) -> Response:
    """Delete a webhook."""
    caller = _writer(visit)
    gone = await visit.door.desk.write(
        lambda people: people.webhooks.delete(caller.account_id, webhook_id)
    )
    await _noted(visit, "webhook.deleted", gone.id, gone, None)
    return Response(status_code=204)


@routes.post(
    "/webhooks/{webhook_id}/secret",
    **described(
        "renew_webhook_secret",
        TAG,
        "Make a webhook another secret",
        f"What is sent from now on is signed with it; the last one counts no more. {_SESSION}",
        traits=_WRITES | Trait.NAMED,
        status=201,
        answer=w.NewWebhook,
        answered="The webhook, and its new secret.",
    ),
)
async def renew_secret(visit: Visiting, webhook_id: str) -> Response:
    """Make a webhook another secret."""
    caller, door = _writer(visit), visit.door
    now_ns = door.world.clock.wall_ns()
    hook, secret = await door.desk.write(
        lambda people: people.webhooks.renew_secret(caller.account_id, webhook_id, now_ns)
    )
    await _noted(visit, "webhook.secret_renewed", hook.id, None, None)
    return answer(w.NewWebhook(shown(door, hook), secret), 201)


@routes.post(
    "/webhooks/{webhook_id}/test",
    **described(
        "send_webhook_test",
        TAG,
        "Send a webhook a test",
        f"Put in line like any event, with the event `test`. {_SESSION}",
        traits=_WRITES | Trait.NAMED,
        refusals=(409,),
        status=202,
        answer=w.WebhookDelivery,
        answered="The delivery, which waits.",
    ),
)
async def send_test(visit: Visiting, webhook_id: str) -> Response:
    """Send a webhook a test."""
    caller, door = _writer(visit), visit.door
    now_ns = door.world.clock.wall_ns()
    body = test_body(door, caller.account_id, now_ns)
    found = await door.desk.write(
        lambda people: people.deliveries.put_test(
            people.webhooks.find(caller.account_id, webhook_id), body, now_ns
        )
    )
    await visit.note("webhook.tested", webhook_id)
    return answer(_shown_delivery(found), 202)


@routes.get(
    "/webhooks/{webhook_id}/deliveries",
    **described(
        "list_webhook_deliveries",
        TAG,
        "Read a webhook's log",
        "Newest first: all that wait, and the last 200 that have ended. For older ones send `next`"
        " as `before`.",
        traits=_WRITES | Trait.NAMED,
        answer=w.WebhookLog,
        answered="A page of the log.",
    ),
)
async def list_deliveries(
    visit: Visiting,
    webhook_id: str,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    before: Annotated[str | None, Query(description="The `next` of a page.")] = None,
) -> Response:
    """Read a webhook's log."""
    caller, door = visit.caller(Scope.READ), visit.door
    number = _before(before)
    found = await door.desk.write(
        lambda people: people.deliveries.log(
            people.webhooks.find(caller.account_id, webhook_id).id, number, limit + 1
        )
    )
    page = found[:limit]
    following = str(page[-1].number) if len(found) > limit else None
    return answer(w.WebhookLog([_shown_delivery(one) for one in page], following))


def _before(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > NUMBER_DIGITS_MAX:
        raise Problem(
            422,
            "invalid_parameter",
            "before is no place in the log",
            "send the next of a page as it came",
            field="before",
        )
    return int(text)


@routes.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/again",
    **described(
        "send_delivery_again",
        TAG,
        "Send a delivery again",
        f"One that has ended, taken or given up, under its own id. {_SESSION}",
        traits=_WRITES | Trait.NAMED,
        refusals=(409,),
        status=202,
        answer=w.WebhookDelivery,
        answered="The delivery, which waits.",
    ),
)
async def send_again(visit: Visiting, webhook_id: str, delivery_id: str) -> Response:
    """Send a delivery again."""
    caller, door = _writer(visit), visit.door
    now_ns = door.world.clock.wall_ns()

    def work(people: People) -> Delivery:
        hook = people.webhooks.find(caller.account_id, webhook_id)
        found = people.deliveries.find(hook.id, delivery_id)
        return people.deliveries.again(hook.id, found, now_ns)

    found = await door.desk.write(work)
    await visit.note("webhook.sent_again", webhook_id, after={"delivery_id": delivery_id})
    return answer(_shown_delivery(found), 202)
