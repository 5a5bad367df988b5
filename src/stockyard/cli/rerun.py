"""``stockyard rerun``: how flattering was my result? The same commands under another profile.

Must not know: how a journal is replayed (``runtime.rerun``).
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from stockyard import app
from stockyard.cli.scratch import scratch_store
from stockyard.config import ConfigError, read_config
from stockyard.model.codes import SIDE_WORDS, STATUS_WORDS
from stockyard.model.facts import WorldCreated
from stockyard.model.ids import Kind, PublicIds
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import LEGS_MAX, format_cash, format_decimal, format_ratio
from stockyard.model.records import Record
from stockyard.projections.rows import OrderRow
from stockyard.runtime.rerun import OrderPair, Rerun, RerunError, Result, start_of
from stockyard.runtime.rerun import rerun as run_again


def rerun(*, account: str, profile: str, data: Path | None = None, json: bool = False) -> None:
    """Replay an account's commands under another profile, and compare fills and profit.

    The journal is only read. Everything else in it happens as it did, so that orders meet the same
    market. Exit code 0: compared. 2: the account or the profile is unknown.

    Parameters
    ----------
    account: The account's id, as the API shows it.
    profile: The realism profile to run it under, such as brutal.
    data: Directory to read (./data); no server may be running on it.
    json: Print everything as JSON.
    """
    directory = app.existing_directory(read_config(os.environ, data=data).data)
    try:
        base = directory.journal.base
        begin = 0 if base is None else base.seq
        ids = PublicIds(_world_id(directory.journal.read(0)) if base is None else base.world_id)
        named = ids.parse(Kind.ACCOUNT, account)
        if named is None:
            raise ConfigError(f"account {account!r}: this directory holds no such account")
        with scratch_store() as scratch:
            start = start_of(directory.beginning(), scratch)
            found = run_again(lambda: directory.journal.read(begin), named[0], profile, start)
    except RerunError as error:
        raise ConfigError(str(error)) from None
    finally:
        directory.close()
    told = _told(found, ids)
    print(msgspec.json.format(msgspec.json.encode(told)).decode() if json else _text(told))


def _world_id(records: Iterable[Record]) -> str:
    """The world's name, which its first record gives."""
    for record in records:
        if isinstance(record.input, WorldCreated):
            return record.input.world_id
    return ""


def _told(found: Rerun, ids: PublicIds) -> dict[str, Any]:
    """Everything, in text as the API writes it."""
    return {
        "was": _result(found.was),
        "would_be": _result(found.would),
        "profit_difference": format_cash(found.would.profit_micros - found.was.profit_micros),
        "resets": found.resets,
        "begins_after": found.begins_after,
        "orders": [_order(pair, found, ids) for pair in found.orders],
    }


def _result(x: Result) -> dict[str, Any]:
    return {
        "profile": x.profile,
        "orders": x.orders,
        "orders_filled": x.orders_filled,
        "fills": x.fills,
        "fees": format_cash(x.fees_micros),
        "realized_pl": format_cash(x.realized_micros),
        "equity": format_cash(x.equity_micros),
        "profit": format_cash(x.profit_micros),
    }


def _order(pair: OrderPair, found: Rerun, ids: PublicIds) -> dict[str, Any]:
    row = pair.was or pair.would
    assert row is not None, "a pair has at least one order"
    instrument = found.view.instruments[row.instrument_id]
    return {
        "id": ids.text(Kind.ORDER, *divmod(row.order_id, LEGS_MAX)),
        "symbol": instrument.symbol,
        "side": SIDE_WORDS[row.side],
        "qty": format_decimal(row.qty, instrument.qty_scale),
        "was": _outcome(pair.was, instrument),
        "would_be": _outcome(pair.would, instrument),
    }


def _outcome(row: OrderRow | None, instrument: Instrument) -> dict[str, Any]:
    if row is None:
        return {"status": "not taken", "filled_qty": "0", "average_price": None, "fees": "0.00"}
    average = None
    if row.filled_qty:
        divisor = row.filled_qty * 10**instrument.price_scale
        average = format_ratio(int(row.filled_value), divisor, instrument.price_scale + 2, 2)
    return {
        "status": STATUS_WORDS[row.status],
        "filled_qty": format_decimal(row.filled_qty, instrument.qty_scale),
        "average_price": average,
        "fees": format_cash(row.fees_micros),
    }


def _text(told: dict[str, Any]) -> str:
    was, would = told["was"], told["would_be"]
    lines = [f"{'':<16}{was['profile'] + ' (as it was)':>24}{would['profile']:>24}"]
    for name in ("orders", "orders_filled", "fills", "fees", "realized_pl", "equity", "profit"):
        lines.append(f"{name.replace('_', ' '):<16}{was[name]!s:>24}{would[name]!s:>24}")
    differs = told["profit_difference"]
    lines.append(f"\nUnder {would['profile']} the profit would differ by {differs} dollars.")
    if told["resets"]:
        lines.append("The account was reset: fees, profit and equity count from its last reset on.")
    if told["begins_after"]:
        lines.append(
            f"The journal was pruned: compared from seq {told['begins_after']} on; orders and fills"
            " count from there."
        )
    changed = [order for order in told["orders"] if order["was"] != order["would_be"]]
    lines.append(f"{len(changed)} of {len(told['orders'])} orders would have ended otherwise:")
    for order in changed:
        ends = [
            f"{x['status']} {x['filled_qty']} @ {x['average_price'] or '-'}, fees {x['fees']}"
            for x in (order["was"], order["would_be"])
        ]
        asked = f"{order['side']} {order['qty']} {order['symbol']}"
        lines.append(f"  {order['id']}  {asked}: {ends[0]} -> {ends[1]}")
    return "\n".join(lines)
