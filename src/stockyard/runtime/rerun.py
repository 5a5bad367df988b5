"""What an account's commands would have come to under another realism profile.

Promises: the journal is only read; both results come from replaying the whole of it, with nothing
changed but the profile of this one account from its opening on, or from the journal's base on where
the opening was pruned. Must not know: where the journal is kept, or how the comparison is shown.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from stockyard.engine.engine import Engine
from stockyard.market.catalog import DEFAULT_PROFILES
from stockyard.model.commands import OpenAccount, SetAccountProfile
from stockyard.model.events import AccountReset, Event
from stockyard.model.instruments import VenueProfile
from stockyard.model.records import Input, Record
from stockyard.model.state import EngineState
from stockyard.projections.rows import OrderRow
from stockyard.projections.store import ReadStore
from stockyard.projections.view import View
from stockyard.runtime.beginning import Beginning
from stockyard.runtime.recovery import restore_engine, shown

Records = Callable[[], Iterable[Record]]
"""Reads the journal from its first record on, as often as it is called."""


class RerunError(ValueError):
    """What cannot be run again; the message says why, and what would be right."""


class Result(NamedTuple):
    """What an account came to. Cash in micro-dollars; ``equity_micros`` at the last bids."""

    profile: str
    fills: int
    orders: int
    orders_filled: int
    fees_micros: int
    realized_micros: int
    equity_micros: int
    profit_micros: int


class OrderPair(NamedTuple):
    """One order as it was and as it would have been; None where it was not taken."""

    was: OrderRow | None
    would: OrderRow | None


class Rerun(NamedTuple):
    """Both results, every order of either, and the instruments they are written in.

    ``resets``: how often the account started again; its money counts from the last time on.
    """

    was: Result
    would: Result
    orders: tuple[OrderPair, ...]
    view: View
    resets: int = 0
    begins_after: int = 0


class Start(NamedTuple):
    """Where a pruned journal begins: its state, and how it is shown; a new View at each call."""

    state: EngineState
    view: Callable[[], View]


def start_of(beginning: Beginning, store: ReadStore) -> Start | None:
    """Where both replays begin, None for the first record. ``store`` is filled for it."""
    if beginning.snapshot is None:
        return None
    engine, cursor = restore_engine(beginning.snapshot), beginning.fill(store)
    return Start(engine.snapshot(), lambda: shown(engine, store, cursor))


def rerun(records: Records, account_id: int, profile: str, start: Start | None = None) -> Rerun:
    """Replay a journal as it was and under another profile, from ``start`` on.

    Raises ``RerunError``. Of an account that is older, ``begins_after`` says so: its orders and
    fills count from there on.
    """
    was, resets = _replay(records(), None, account_id, start)
    if account_id not in was.accounts:
        raise RerunError("there is no such account in this directory; GET /api/v1/accounts lists")
    chosen = _profile(was, profile)
    would, _ = _replay(records(), chosen, account_id, start)
    before, after = _orders(was, account_id), _orders(would, account_id)
    pairs = [OrderPair(before.get(n), after.get(n)) for n in sorted(before.keys() | after.keys())]
    mine = _result(was, account_id, was.profiles[was.accounts[account_id].profile_id].name)
    theirs = _result(would, account_id, chosen.name)
    begins_after = start.state.seq if start is not None and account_id <= start.state.seq else 0
    return Rerun(mine, theirs, tuple(pairs), was, resets, begins_after)


def _profile(view: View, name: str) -> VenueProfile:
    """The profile of a name: as the journal last defined it, else as it is shipped."""
    known = {profile.name: profile for profile in DEFAULT_PROFILES}
    known |= {profile.name: profile for profile in view.profiles.values()}
    if name not in known:
        raise RerunError(f"there is no profile {name!r}; use one of {', '.join(sorted(known))}")
    return known[name]


def _replay(
    records: Iterable[Record],
    profile: VenueProfile | None,
    account_id: int,
    start: Start | None,
) -> tuple[View, int]:
    """Everything the journal gives, the account being under ``profile`` if one is given, and how
    often the account was reset.

    It is known from the start then, since the journal may define it later or never.
    """
    known = (profile,) if profile is not None else ()
    nothing = EngineState("", 0, 0, 0, None, known, (), (), (), (), (), (), (), ())
    engine = Engine(nothing if start is None else _known_to(start.state, profile, account_id))
    view = View() if start is None else start.view()
    resets = 0
    for each in known:
        view.profiles[each.profile_id] = each
    for record in records:
        message = record.input
        if profile is not None:
            message = _under(message, profile.profile_id, account_id, record.seq)
        events: list[Event] = []
        engine.apply(record.seq, record.ts, message, events)
        view.fold(record.seq, record.ts, message, events)
        resets += sum(isinstance(x, AccountReset) and x.account_id == account_id for x in events)
    return view, resets


def _known_to(state: EngineState, profile: VenueProfile | None, account_id: int) -> EngineState:
    """A state in which the account is under the profile, if one is given."""
    if profile is None:
        return state
    profiles = state.profiles
    if all(known.profile_id != profile.profile_id for known in profiles):
        profiles = (*profiles, profile)
    accounts = tuple(
        msgspec.structs.replace(account, profile_id=profile.profile_id)
        if account.account_id == account_id
        else account
        for account in state.accounts
    )
    return msgspec.structs.replace(state, profiles=profiles, accounts=accounts)


def _under(message: Input, profile_id: int, account_id: int, seq: int) -> Input:
    opens = isinstance(message, OpenAccount) and seq == account_id
    chooses = isinstance(message, SetAccountProfile) and message.account_id == account_id
    if opens or chooses:
        return msgspec.structs.replace(message, profile_id=profile_id)
    return message


def _orders(view: View, account_id: int) -> dict[int, OrderRow]:
    return {n: row for n, row in view.orders.items() if row.account_id == account_id}


def _result(view: View, account_id: int, profile: str) -> Result:
    row, orders = view.accounts[account_id], _orders(view, account_id)
    equity = row.cash_micros
    for position in view.positions[account_id].values():
        equity += view.worth_micros(position)
    return Result(
        profile,
        sum(fill.account_id == account_id for fill in view.changes.fills),
        len(orders),
        sum(order.filled_qty > 0 for order in orders.values()),
        row.fees_micros,
        row.realized_micros,
        equity,
        equity - row.deposited_micros,
    )
