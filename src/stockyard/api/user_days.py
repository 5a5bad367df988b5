"""A day of an account, looked at and replayed: what happened, and what the account had after each.

Promises: the standing after an event is folded from the account's events alone, so that a day reads
the same whenever it is asked for; what is read is bounded, and told where it was too much. Must not
know: HTTP.
"""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from stockyard.api import admin_shapes as s
from stockyard.api.door import Door
from stockyard.api.frames import Frames, token_text
from stockyard.api.shapes import time_text
from stockyard.api.sim_words import LogWords
from stockyard.model.events import Event
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.projections.store import ReadStore
from stockyard.projections.view import View

BEFORE_MAX: Final = 50_000
"""Events before a day from which its standings are folded; with more there are none."""
DAY_MAX: Final = 20_000
"""Events of a day that are read."""
CHUNK: Final = 2_000
_NS: Final = 1_000_000_000
_DAY_NS: Final = 86_400 * _NS
Told = tuple[int, int, int, Event]


class Day(NamedTuple):
    """A day's events, and the account folded up to its beginning, None where that is too much."""

    events: list[Told]
    before: View | None


def day_begin(day: date) -> int:
    """When a day begins, UTC, ns."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * _NS


async def read_day(door: Door, account_id: int, begin_ns: int) -> Day:
    """Read an account's day. Raises ``Refused``."""
    first = await door.world.query(lambda store: store.first_seq_from(begin_ns))
    before = await door.world.query(lambda store: store.count_events(account_id, first))
    view: View | None = None
    if before <= BEFORE_MAX:
        view = View()
        for seq, idx, ts, event in await _read(door, account_id, 0, before, first):
            view.fold_event(seq, idx, ts, event)
    events = await _read(door, account_id, first, DAY_MAX, 0)
    return Day([each for each in events if each[2] < begin_ns + _DAY_NS], view)


async def _read(door: Door, account_id: int, first: int, most: int, until: int) -> list[Told]:
    """An account's events from one input on, before another (0: open), a piece at a time."""
    found: list[Told] = []
    at = (first - 1, 1 << 30)
    while len(found) < most:
        wanted = min(CHUNK, most - len(found))

        def piece(store: ReadStore, at: tuple[int, int] = at, most: int = wanted) -> list[Told]:
            return store.events_after(account_id, *at, most)

        some = await door.world.query(piece)
        found += [each for each in some if not until or each[0] < until]
        if len(some) < wanted:
            break
        at = some[-1][0], some[-1][1]
    return found


def shown_day(
    door: Door, account_id: int, day: date, found: Day, after: tuple[int, int] | None, limit: int
) -> s.UserDay:
    """A page of a day."""
    view, begin, entries = found.before, None, list[s.DayEntry]()
    if view is not None and account_id in view.accounts:
        begin = _standing(door, view, account_id)
    frames, words = Frames(door.view, door.render), LogWords(door.render, door.view)
    more, last, counts = False, begin, Counter[str]()
    for seq, idx, ts, event in found.events:
        standing = None
        if view is not None:
            view.fold_event(seq, idx, ts, event)
        kind, what, body = frames.told(seq, idx, ts, event)
        counts[f"{kind}.{what}"] += 1
        if after is not None and (seq, idx) <= after:
            continue
        if len(entries) == limit:
            more = True
            continue
        if view is not None and account_id in view.accounts:
            standing = _standing(door, view, account_id)
        told = words.event(event)
        entries.append(
            s.DayEntry(token_text((seq, idx)), time_text(ts), kind, what, told, body, standing)
        )
    if view is not None and account_id in view.accounts:
        last = _standing(door, view, account_id)
    shown = door.render.account_id(account_id)
    going_on = entries[-1].id if more else None
    return s.UserDay(day.isoformat(), shown, dict(counts), begin, last, entries, going_on)


def _standing(door: Door, view: View, account_id: int) -> s.DayStanding:
    """What the account has as far as a View of it was folded."""
    row = view.accounts[account_id]
    positions = []
    for instrument_id, held in sorted(view.positions[account_id].items()):
        if held.qty or held.realized_micros:
            instrument = door.view.instruments[instrument_id]
            positions.append(
                s.HeldPosition(
                    instrument.symbol,
                    format_decimal(held.qty, instrument.qty_scale),
                    format_cash(held.cost_micros),
                    format_cash(held.realized_micros),
                )
            )
    return s.DayStanding(
        format_cash(row.cash_micros),
        format_cash(row.held_micros),
        len(view.open_orders[account_id]),
        format_cash(row.realized_micros),
        format_cash(row.fees_micros),
        positions,
    )
