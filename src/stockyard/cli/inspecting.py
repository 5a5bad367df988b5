"""``stockyard inspect`` and ``stockyard diff``: a directory as it was, and what changed between two
points of it.

Promises: it only reads, also beside a running server. Must not know: how the past is read
(``runtime.time_machine``).
"""

import gc
import os
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from stockyard.api import answers as a
from stockyard.api.pasts import Summary, shown_account, summaries
from stockyard.api.shapes import time_text
from stockyard.config import ConfigError, read_config
from stockyard.model.ids import Kind, PublicIds
from stockyard.runtime.points import Point, PointRefused
from stockyard.runtime.time_machine import Past, TimeMachine
from stockyard.storage.files import JOURNAL

SHOWN_MAX: Final = 1_000
"""Accounts that are listed."""
_FIGURES: Final = ("cash", "reserved", "equity", "buying_power", "realized_pl", "fees", "deposited")
_POSITION: Final = ("qty", "avg_entry_price", "cost_basis", "market_value", "realized_pl")
_ORDER: Final = ("qty", "limit_price", "stop_price", "status", "filled_qty")


def inspect(*, at: str, account: str = "", data: Path | None = None, json: bool = False) -> None:
    """Show the accounts, or one of them, as they were.

    Reads beside a running server. Exit code 0: shown. 2: the point or the account is not there.

    Parameters
    ----------
    at: An input's number, or a time with its zone such as 2026-11-20T15:30:00Z.
    account: The account's id, as the API shows it; positions and open orders are shown too.
    data: Directory to read (./data).
    json: Print everything as JSON.
    """
    machine = _machine(data)
    past = _read(machine, at, account)
    if account:
        shown = _account(past, account)
        print(_json(shown) if json else _account_text(past, shown))
        return
    found = summaries(past)
    if json:
        print(_json({**_about(past), "accounts": [each._asdict() for each in found]}))
        return
    print(_heading(past))
    print(_table(found[:SHOWN_MAX]))
    if len(found) > SHOWN_MAX:
        print(f"{len(found):,} accounts; the first {SHOWN_MAX:,} are shown")


def diff(
    *,
    from_: str,
    to: str,
    account: str = "",
    data: Path | None = None,
    json: bool = False,
) -> None:
    """Show what is different between two points: of every account, or of one with its orders.

    Reads beside a running server. Exit code 0: shown. 2: a point or the account is not there.

    Parameters
    ----------
    from_: The earlier point: an input's number, or a time with its zone.
    to: The later point.
    account: The account's id, as the API shows it.
    data: Directory to read (./data).
    json: Print everything as JSON.
    """
    machine = _machine(data)
    before, after = _read(machine, from_, account), _read(machine, to, account)
    if before.point.seq > after.point.seq:
        raise ConfigError(f"from {from_} lies after to {to}: exchange them")
    changes = _account_changes(before, after, account) if account else _changes(before, after)
    if json:
        told = {"from": _about(before), "to": _about(after), "changes": changes}
        print(_json(told))
        return
    print(f"{_heading(before)}\n{_heading(after)}")
    for change in changes:
        print(f"{change['what']:<44} {change['was'] or '-':>20} -> {change['is'] or '-':>20}")
    print(f"{len(changes):,} differences" if changes else "nothing is different")


def _machine(data: Path | None) -> TimeMachine:
    path = read_config(os.environ, data=data).data
    if not (path / JOURNAL).is_file():
        raise ConfigError(f"data {str(path)!r}: there is no {JOURNAL} in it")
    # A state of many objects is made once and left: looking for cycles in it takes time alone.
    gc.disable()
    return TimeMachine(path)


def _read(machine: TimeMachine, at: str, account: str) -> Past:
    """The past at a point, with an account's rows when one is named. Raises ``ConfigError``."""
    try:
        point = machine.find(at)
        past = machine.read(point, _account_id(machine, point, account))
    except PointRefused as refused:
        raise ConfigError(f"{at}: {refused}") from None
    for note in past.notes:
        print(f"stockyard: {note}", file=sys.stderr)
    return past


def _account_id(machine: TimeMachine, point: Point, account: str) -> int:
    if not account:
        return 0
    named = PublicIds(machine.world_id()).parse(Kind.ACCOUNT, account)
    if named is None or named[0] > point.seq:
        raise ConfigError(f"account {account!r}: there was no such account at {point.seq}")
    return named[0]


def _account(past: Past, account: str) -> a.Account:
    named = PublicIds(past.view.world_id).parse(Kind.ACCOUNT, account)
    shown = None if named is None else shown_account(past, named[0])
    if shown is None:
        raise ConfigError(f"account {account!r}: there was no such account at {past.point.seq}")
    return shown


def _about(past: Past) -> dict[str, Any]:
    return {
        "seq": past.point.seq,
        "at": time_text(past.point.ts),
        "state_hash": past.state_hash(),
        "from_snapshot_at": past.base_seq,
        "notes": list(past.notes),
    }


def _json(told: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(told)).decode()


def _heading(past: Past) -> str:
    point = past.point
    return f"after input {point.seq:,}, {time_text(point.ts)}"


def _table(found: list[Summary]) -> str:
    lines = [
        f"{'account':<36} {'cash':>18} {'reserved':>18} {'equity':>18} {'positions':>10}"
        f" {'open orders':>12}  name"
    ]
    lines += [
        f"{x.id:<36} {x.cash:>18} {x.reserved:>18} {x.equity:>18} {x.positions:>10}"
        f" {x.open_orders:>12}  {x.name}"
        for x in found
    ]
    return "\n".join(lines)


def _account_text(past: Past, shown: a.Account) -> str:
    assert shown.past is not None, "an account of before says when"
    lines = [_heading(past), f"account {shown.id}, {shown.name}"]
    lines += [f"{name.replace('_', ' '):<16}{getattr(shown, name):>20}" for name in _FIGURES]
    for position in shown.past.positions:
        value = f"worth {position.market_value}, cost {position.cost_basis}"
        lines.append(f"holds {position.qty:>14} {position.symbol:<12} {value}")
    for order in shown.past.orders:
        price = order.limit_price or order.stop_price or "market"
        asked = f"{order.side} {order.qty} {order.symbol} at {price}"
        lines.append(f"order {order.id}  {asked}, {order.status}, filled {order.filled_qty}")
    more = shown.past.open_orders - len(shown.past.orders)
    return "\n".join([*lines, f"and {more:,} older open orders"] if more else lines)


def _changes(before: Past, after: Past) -> list[dict[str, str]]:
    """What is different in each account."""
    was = {each.id: each for each in summaries(before)}
    found = []
    for later in summaries(after):
        then = was.get(later.id)
        if then is None:
            found.append(_change(f"{later.id} opened", "", later.name))
        for name in ("cash", "reserved", "equity", "positions", "open_orders"):
            old = "" if then is None else str(getattr(then, name))
            if old != str(getattr(later, name)):
                found.append(_change(f"{later.id} {name}", old, str(getattr(later, name))))
    return found


def _account_changes(before: Past, after: Past, account: str) -> list[dict[str, str]]:
    """What is different in one account: its figures, its positions, its open orders."""
    was, now = _account(before, account), _account(after, account)
    assert was.past is not None
    assert now.past is not None
    found = [
        _change(name, getattr(was, name), getattr(now, name))
        for name in _FIGURES
        if getattr(was, name) != getattr(now, name)
    ]
    found += _of_each(
        {x.symbol: x for x in was.past.positions}, {x.symbol: x for x in now.past.positions},
        "position", _POSITION,
    )  # fmt: skip
    found += _of_each(
        {x.id: x for x in was.past.orders}, {x.id: x for x in now.past.orders}, "order", _ORDER
    )
    return found


def _of_each(
    was: dict[str, Any], now: dict[str, Any], word: str, names: tuple[str, ...]
) -> list[dict[str, str]]:
    found = []
    for key in sorted(was.keys() | now.keys()):
        for name in names:
            old, new = (str(getattr(x.get(key), name, None) or "") for x in (was, now))
            if old != new:
                found.append(_change(f"{word} {key} {name}", old, new))
    return found


def _change(what: str, was: str, now: str) -> dict[str, str]:
    return {"what": what, "was": was, "is": now}
