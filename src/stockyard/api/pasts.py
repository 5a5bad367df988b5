"""An account as it was, in the same words as an account that is.

Must not know: HTTP, or how the past is read.
"""

from typing import Final, NamedTuple

import msgspec

from stockyard.api import answers as a
from stockyard.api.rendering import Renderer
from stockyard.api.settings import ApiSettings
from stockyard.api.shapes import time_text
from stockyard.model.ids import PublicIds
from stockyard.model.numbers import format_cash
from stockyard.runtime.time_machine import Past

ORDERS_MAX: Final = 500


class Summary(NamedTuple):
    """One account among all of a point."""

    id: str
    name: str
    cash: str
    reserved: str
    equity: str
    positions: int
    open_orders: int


def renderer_of(past: Past) -> Renderer:
    """What shows the rows of a past world."""
    return Renderer(
        past.view,
        PublicIds(past.view.world_id),
        ApiSettings().quote_stale_ns,
        past.trail,
        past.standing,
    )


def shown_account(past: Past, account_id: int) -> a.Account | None:
    """The account at the past's point; None where it was not there yet."""
    row = past.view.accounts.get(account_id)
    if row is None:
        return None
    render = renderer_of(past)
    waiting = past.view.open_orders[account_id]
    orders = [waiting[order_id] for order_id in sorted(waiting)]
    shown = a.Past(
        past.point.seq,
        time_text(past.point.ts),
        [render.position(position) for position in render.positions(account_id)],
        len(orders),
        [render.live_order(order) for order in orders[-ORDERS_MAX:]],
    )
    return msgspec.structs.replace(render.account(row), past=shown)


def summaries(past: Past) -> list[Summary]:
    """Every account at the past's point, oldest first."""
    render = renderer_of(past)
    return [
        Summary(
            render.account_id(account.account_id),
            account.name,
            format_cash(account.cash_micros),
            format_cash(account.held_micros),
            format_cash(past.standing(account.account_id).equity),
            account.positions,
            account.open_orders,
        )
        for account in past.accounts()
    ]
