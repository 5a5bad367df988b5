"""What the door answers with about what an account was worth over time.

Promises: as ``answers``. Must not know: where the values come from.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from stockyard.api.shapes import Decimal, Id, Time


class EquityPoint(msgspec.Struct, frozen=True, gc=False):
    """An account at one moment. `net_deposits`: what had come in less what had gone out."""

    at: Time
    equity: Decimal
    net_deposits: Decimal


class EquityCurve(msgspec.Struct, frozen=True, gc=False):
    """What an account was worth, oldest first. A window in which nothing moved it has no point.

    `base`: as it was when the range began, null when it is younger. `profit_loss`: from there to
    now, without what came in or went out.
    """

    account_id: Id
    range: str
    window: Annotated[str, Meta(description="How far points lie apart at least.")]
    base: EquityPoint | None
    points: list[EquityPoint]
    now: EquityPoint
    profit_loss: Decimal
    profit_loss_percent: Annotated[
        Decimal | None, Meta(description="Of the equity at the beginning; null where that was 0.")
    ]
