"""The inbox: what somebody was told in the app, one for each user."""

from typing import Annotated, Final

from fastapi import Query

from stockyard.api import inbox_shapes as i
from stockyard.api.auth import require_scope
from stockyard.api.describing import Trait, described
from stockyard.api.fields import Reader
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.shapes import time_or_none, time_text
from stockyard.people.identity import Scope
from stockyard.people.inbox import InboxItem

routes = router()
TAG: Final = "Inbox"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200
NUMBER_DIGITS_MAX: Final = 18
_mark = Reader(i.InboxMarkBody)
_OWN = Trait.SIGNED_IN
_WRITES = _OWN | Trait.PEOPLE


def shown(found: InboxItem) -> i.InboxItem:
    """An item as it is told."""
    return i.InboxItem(
        found.id,
        found.kind,
        found.title,
        found.text,
        found.link or None,
        time_text(found.created_ns),
        time_or_none(found.read_ns),
    )


def _user_id(visit: Visit, scope: str) -> str:
    """Whose inbox it is. Raises ``Problem`` 401, 403."""
    identity = visit.identity()
    require_scope(identity, scope)
    return identity.user_id


def _before(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > NUMBER_DIGITS_MAX:
        raise Problem(
            422,
            "invalid_parameter",
            "before is no place in the inbox",
            "send the next of a page as it came",
            field="before",
        )
    return int(text)


@routes.get(
    "/inbox",
    **described(
        "list_inbox",
        TAG,
        "List the inbox",
        "What the user was told, newest first: an alert that fired, say. The last 500 are kept. For"
        " older ones send `next` as `before`.",
        traits=_OWN,
        answer=i.InboxPage,
        answered="A page of the inbox.",
    ),
)
async def list_inbox(
    visit: Visiting,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    before: Annotated[str | None, Query(description="The `next` of a page.")] = None,
    unread: Annotated[bool, Query(description="Only what is not read.")] = False,
) -> Response:
    """List the inbox."""
    user_id, number = _user_id(visit, Scope.READ), _before(before)
    inbox = visit.door.desk.people.inbox
    found = inbox.page(user_id, limit + 1, number, unread)
    more = str(found[limit - 1].number) if len(found) > limit else None
    items = [shown(item) for item in found[:limit]]
    return answer(i.InboxPage(inbox.unread(user_id), items, more))


@routes.get(
    "/inbox/unread",
    **described(
        "count_unread",
        TAG,
        "Count what is not read",
        traits=_OWN,
        answer=i.InboxUnread,
        answered="How much is not read.",
    ),
)
async def count_unread(visit: Visiting) -> Response:
    """Count what is not read."""
    user_id = _user_id(visit, Scope.READ)
    return answer(i.InboxUnread(visit.door.desk.people.inbox.unread(user_id)))


@routes.post(
    "/inbox/read",
    **described(
        "read_all",
        TAG,
        "Call everything read",
        traits=_WRITES,
        answer=i.InboxUnread,
        answered="How much is not read now.",
    ),
)
async def read_all(visit: Visiting) -> Response:
    """Call everything read."""
    user_id, now_ns = _user_id(visit, Scope.TRADE), visit.door.world.clock.wall_ns()
    inbox = visit.door.desk.people.inbox
    await visit.door.desk.write(lambda people: people.inbox.mark_all_read(user_id, now_ns))
    return answer(i.InboxUnread(inbox.unread(user_id)))


@routes.patch(
    "/inbox/items/{item_id}",
    **described(
        "mark_inbox_item",
        TAG,
        "Call an item read or unread",
        traits=_WRITES | Trait.NAMED,
        body=i.InboxMarkBody,
        body_examples={"read": {"read": True}},
        answer=i.InboxItem,
        answered="The item.",
    ),
)
async def mark_inbox_item(visit: Visiting, item_id: str) -> Response:
    """Call an item read or unread."""
    user_id, now_ns = _user_id(visit, Scope.TRADE), visit.door.world.clock.wall_ns()
    body: i.InboxMarkBody = await visit.body(_mark)
    found = await visit.door.desk.write(
        lambda people: people.inbox.mark(user_id, item_id, body.read, now_ns)
    )
    return answer(shown(found))


@routes.delete(
    "/inbox/items/{item_id}",
    **described(
        "delete_inbox_item",
        TAG,
        "Delete an item",
        traits=_WRITES | Trait.NAMED,
        status=204,
        answered="It is gone.",
    ),
)
async def delete_inbox_item(visit: Visiting, item_id: str) -> Response:
    """Delete an item."""
    user_id = _user_id(visit, Scope.TRADE)
    await visit.door.desk.write(lambda people: people.inbox.delete(user_id, item_id))
    return Response(status_code=204)
