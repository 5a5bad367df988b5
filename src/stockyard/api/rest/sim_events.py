"""The World's event log as it grows: what came in, who sent it, and what it led to, in words.

Promises: in the order of the journal, each record once, however it is paged; quotes, trades and
ticks of the clock that led to nothing are left out unless they are asked for. Whoever may not use
controls reads of the own account alone. Must not know: how words are made (``sim_words``).
"""

from collections.abc import Iterator
from typing import Annotated, Final, NamedTuple, get_args

from fastapi import Query

from stockyard.api import sim_shapes as s
from stockyard.api.auth import ACCOUNT_PARAMETER, Caller, require_scope
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.problems import Problem, rule_problem
from stockyard.api.rest.sim import TAG
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.api.shapes import time_text
from stockyard.api.sim_words import LogWords
from stockyard.model.denials import DenyCode
from stockyard.model.events import Event
from stockyard.model.facts import ClockTick, MarketFact
from stockyard.model.ids import Kind
from stockyard.model.records import Record
from stockyard.people.identity import Scope
from stockyard.projections.store import ReadStore
from stockyard.storage.ports import Journal

routes = router()
INPUTS_MAX: Final = 1_000
INPUTS_USUAL: Final = 200
LOOKED_AT_MAX: Final = 50_000
"""Records of the journal that one page looks at."""
EVENTS_MAX: Final = 10_000
"""Events that one page looks at."""
_QUIET: Final = (*get_args(MarketFact), ClockTick)
TEXT: Final = "text/plain"


class _Asked(NamedTuple):
    """What a page is about. ``account_id``: 0 for the whole World."""

    after: int
    limit: int
    account_id: int
    market: bool


_Found = tuple[Record, list[Event]]


@routes.get(
    "/sim/events",
    **described(
        "list_world_events",
        TAG,
        "Read the World's event log",
        "Every input with who sent it and what it led to, in words, in the journal's order: what a"
        " test reports. With the scope `sim` where test controls are allowed it is the whole"
        " World's, or any account's; else one's own account's. Ask again with `next_after` to"
        " follow it.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY,
        answer=s.EventLog,
        answered="A page of the log; with `format=text` its lines.",
        text=TEXT,
    ),
)
async def list_events(
    visit: Visiting,
    after: Annotated[
        int | None,
        Query(description="The last seq that is known; negative: so many inputs before the end."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=INPUTS_MAX)] = INPUTS_USUAL,
    market: Annotated[bool, Query(description="Quotes, trades and clock ticks as well.")] = False,
    format: Annotated[str, Query(description="`json` or `text`.")] = "json",
) -> Response:
    """Read the World's event log."""
    if format not in ("json", "text"):
        raise Problem(
            422, "invalid_parameter", "there is no such format", "send json or text", field="format"
        )
    door, account_id = visit.door, _account(visit)
    world, head = door.world, door.view.seq
    begin = 0 if after is None else after if after >= 0 else max(0, head + after)
    if world.journal.base is not None:
        begin = max(begin, world.journal.base.seq)
    asked = _Asked(min(begin, head), limit, account_id, market)
    found, reached = await world.query(lambda store: _read(world.journal, store, asked, head))
    words = LogWords(door.render, door.view)
    shown = [_shown(door, words, record, events) for record, events in found]
    if format == "text":
        return Response("".join(_lines(shown)), media_type=TEXT)
    return answer(s.EventLog(shown, reached, head))


def _account(visit: Visit) -> int:
    """The account that is asked about, 0 for the whole World. Raises ``Problem``."""
    door, gate = visit.door, visit.door.gate
    identity = gate.identity(visit.head)
    named = visit.request.query_params.get(ACCOUNT_PARAMETER) or visit.head.text(b"x-account-id")
    if not (door.settings.controls and Scope.SIM in identity.scopes):
        caller: Caller = visit.caller(Scope.READ)
        return caller.account_id
    require_scope(identity, Scope.SIM)
    if named is None:
        return 0
    found = door.ids.parse(Kind.ACCOUNT, named)
    if found is None or found[0] not in door.view.accounts:
        raise rule_problem(DenyCode.UNKNOWN_ACCOUNT, ACCOUNT_PARAMETER)
    return found[0]


def _read(journal: Journal, store: ReadStore, asked: _Asked, head: int) -> tuple[list[_Found], int]:
    """The records of a page with their events, and the last one that was looked at."""
    last = min(head, asked.after + LOOKED_AT_MAX)
    rows = store.events_between(asked.after, last, asked.account_id, EVENTS_MAX)
    if len(rows) == EVENTS_MAX:
        last = max(rows[-1][0] - 1, asked.after + 1)
    events: dict[int, list[Event]] = {}
    for seq, event in rows:
        events.setdefault(seq, []).append(event)
    found: list[_Found] = []
    for record in journal.read(asked.after):
        if record.seq > last:
            break
        led_to = events.get(record.seq, [])
        mine = asked.account_id in (0, getattr(record.input, "account_id", 0))
        if led_to or (mine and (asked.market or not isinstance(record.input, _QUIET))):
            found.append((record, led_to))
            if len(found) == asked.limit:
                return found, record.seq
    return found, last


def _shown(door: Door, words: LogWords, record: Record, events: list[Event]) -> s.LoggedInput:
    account_id = getattr(record.input, "account_id", 0)
    return s.LoggedInput(
        record.seq,
        time_text(record.ts),
        type(record.input).__name__,
        record.origin.actor if record.origin is not None else None,
        (record.origin.request_id or None) if record.origin is not None else None,
        door.render.account_id(account_id) if account_id else None,
        words.input(record.input),
        [
            s.LoggedEvent(
                type(event).__name__,
                door.render.account_id(event.account_id) if event.account_id else None,
                words.event(event),
            )
            for event in events
        ],
    )


def _lines(shown: list[s.LoggedInput]) -> Iterator[str]:
    for one in shown:
        by = f"  [{one.actor}]" if one.actor else ""
        yield f"{one.seq:>8}  {one.ts}  {one.text}{by}\n"
        for event in one.events:
            yield f"{'':>8}  {'':>30}    {event.text}\n"
