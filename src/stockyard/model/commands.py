"""Commands: what someone may ask the engine to do. Each may be refused.

Promises: a command is complete: nothing the engine needs to decide lies outside it and the engine's
state. New fields go last, with a default, so that old journals decode for ever. Must not know: who
may send it (``people``), how it travels (``api``), or where it is kept (``storage``).

Every command that moves money carries ``idempotency_key`` (the header, or empty) and ``digest``, 16
bytes over what the client sent: equal digests mean the same request.
"""

from typing import Final

import msgspec

from stockyard.model.bounds import AccountLimits
from stockyard.model.codes import AccountKind

NO_DIGEST: Final = bytes(16)
"""The digest of a request that is compared with no other: it repeats nothing, so its names are
refused once they are taken, and a denial leaves its ``client_order_id`` free.
"""


class PlaceOrder(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """Buy or sell. Exactly one of ``qty`` (scaled) and ``notional_micros`` is above zero.

    ``stop_price``: what triggers a stop or stop-limit order. A trailing stop has one of
    ``trail_price`` (scaled) and ``trail_ppm`` (millionths of the price; 15,000 is 1.5 %).
    ``expires_ns``: the end of a ``GTD`` order, 0 for any other. ``order_class``: an ``OrderClass``;
    ``take_profit_limit`` is the limit of one exit, ``stop_loss_*`` the terms of the other: a stop,
    a stop limit or a trailing stop. An ``OCO`` is itself the take-profit.
    ``extended_hours``: whether it also trades before and after the regular session. ``locate``:
    borrow for a short sale although that is hard, at the rate of the day. ``lots``: what a closing
    order takes of which lots, in this order, each as (seq and index of the execution that opened
    the lot, quantity); empty to leave it to the account's method. ``reduce_only``: deny it if it
    would open a position. ``post_only``: a limit order that must wait in the market: it never
    trades at once.
    """

    account_id: int
    instrument_id: int
    side: int
    order_type: int
    time_in_force: int
    qty: int
    limit_price: int
    notional_micros: int
    client_order_id: str
    idempotency_key: str
    digest: bytes
    stop_price: int = 0
    trail_price: int = 0
    trail_ppm: int = 0
    expires_ns: int = 0
    order_class: int = 0
    take_profit_limit: int = 0
    stop_loss_stop: int = 0
    stop_loss_limit: int = 0
    stop_loss_trail_price: int = 0
    stop_loss_trail_ppm: int = 0
    extended_hours: bool = False
    locate: bool = False
    lots: tuple[tuple[int, int, int], ...] = ()
    reduce_only: bool = False
    post_only: bool = False


class CancelOrder(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """Cancel what is left of one order."""

    account_id: int
    order_id: int
    idempotency_key: str
    digest: bytes


class CancelAllOrders(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """Cancel every open order of the account, or those of one instrument (0 for all)."""

    account_id: int
    instrument_id: int
    idempotency_key: str
    digest: bytes


class ReplaceOrder(msgspec.Struct, frozen=True, array_like=True, tag=4, gc=False):
    """Put a new order in the place of an open one; a zero field is taken over from the old order.

    ``qty`` is the new total, counting what the old order has filled (FIX OrderQty on 35=G).
    """

    account_id: int
    order_id: int
    qty: int
    limit_price: int
    time_in_force: int
    client_order_id: str
    idempotency_key: str
    digest: bytes
    stop_price: int = 0
    trail_price: int = 0
    trail_ppm: int = 0
    expires_ns: int = 0


class ClosePosition(msgspec.Struct, frozen=True, array_like=True, tag=5, gc=False):
    """Close a position with a market order, a sale or (of a short one) a purchase: ``qty`` scaled,
    or 0 for all of it.

    ``cancel_orders``: first cancel the account's open orders in this instrument.
    """

    account_id: int
    instrument_id: int
    qty: int
    cancel_orders: bool
    client_order_id: str
    idempotency_key: str
    digest: bytes


class OpenAccount(msgspec.Struct, frozen=True, array_like=True, tag=6, gc=False):
    """Open an account for ``owner`` (a user's id as text) and fund it in the same step.

    ``registration_key`` makes it repeatable: the same key never opens a second account. ``kind``:
    an ``AccountKind``.
    """

    owner: str
    name: str
    profile_id: int
    starting_micros: int
    registration_key: str
    digest: bytes
    kind: int = AccountKind.CASH


class DepositCash(msgspec.Struct, frozen=True, array_like=True, tag=7, gc=False):
    """Add cash to an account."""

    account_id: int
    amount_micros: int
    idempotency_key: str
    digest: bytes


class WithdrawCash(msgspec.Struct, frozen=True, array_like=True, tag=8, gc=False):
    """Take cash out of an account, as far as no open order holds it."""

    account_id: int
    amount_micros: int
    idempotency_key: str
    digest: bytes


class SetAccountProfile(msgspec.Struct, frozen=True, array_like=True, tag=9, gc=False):
    """Choose the realism profile for the account's orders from now on."""

    account_id: int
    profile_id: int
    idempotency_key: str
    digest: bytes


class ResetAccount(msgspec.Struct, frozen=True, array_like=True, tag=10, gc=False):
    """Start a paper account again: orders canceled, positions given up, cash set to
    ``starting_micros``.

    What happened before stays in the history.
    """

    account_id: int
    starting_micros: int
    idempotency_key: str
    digest: bytes


class SetAccountKind(msgspec.Struct, frozen=True, array_like=True, tag=12, gc=False):
    """Make an account a cash or a margin account: ``kind``, an ``AccountKind``."""

    account_id: int
    kind: int
    idempotency_key: str
    digest: bytes


class SetLotMethod(msgspec.Struct, frozen=True, array_like=True, tag=13, gc=False):
    """Choose which lots the account's closings take from now on: ``method``, a ``LotMethod``."""

    account_id: int
    method: int
    idempotency_key: str
    digest: bytes


class SetProtection(msgspec.Struct, frozen=True, array_like=True, tag=11, gc=False):
    """Put a take-profit, a stop-loss or both on a position, in the place of those it has.

    ``qty`` scaled, or 0 for all that no other order would close. No price at all removes the
    protection there is.
    """

    account_id: int
    instrument_id: int
    qty: int
    time_in_force: int
    take_profit_limit: int
    stop_loss_stop: int
    stop_loss_limit: int
    stop_loss_trail_price: int
    stop_loss_trail_ppm: int
    client_order_id: str
    idempotency_key: str
    digest: bytes
    expires_ns: int = 0


class SetLeverage(msgspec.Struct, frozen=True, array_like=True, tag=14, gc=False):
    """Choose the leverage of an account's position in a perpetual contract, and whether its margin
    is set apart: an ``isolated`` position can lose no more than that.
    """

    account_id: int
    instrument_id: int
    leverage: int
    isolated: bool
    idempotency_key: str
    digest: bytes


class SetAccountRestrictions(msgspec.Struct, frozen=True, array_like=True, tag=60, gc=False):
    """Restrict what an account may do by itself, until it is allowed again: ``restrict`` and
    ``allow``, sets of ``Restriction``; what neither names stays as it is.
    """

    account_id: int
    restrict: int
    allow: int
    idempotency_key: str
    digest: bytes


class SetAccountLimits(msgspec.Struct, frozen=True, array_like=True, tag=80, gc=False):
    """Limit all accounts of this account's owner, those opened later too, by what whoever runs the
    house has decided.
    """

    account_id: int
    limits: AccountLimits
    idempotency_key: str
    digest: bytes


class SetTradingFreeze(msgspec.Struct, frozen=True, array_like=True, tag=81, gc=False):
    """Freeze trading in all accounts of this account's owner, those opened later too, or (not
    ``frozen``) allow it again; the owner cannot.
    """

    account_id: int
    frozen: bool
    idempotency_key: str
    digest: bytes


class PlanOutcome(msgspec.Struct, frozen=True, array_like=True, tag=71, gc=False):
    """Plan what happens to the account's next orders that match: ``plan``, a ``Plan``.

    ``code``: what a denial says, a ``DenyCode``. ``reason``: why it is rejected, canceled or
    expires, a ``Reason``, 0 for the plan's own. ``qty_e9`` and ``price_e9``: of a fill, in
    billionths; 0 for all of it and for the market's price; ``rest``: a ``Rest``, of what it leaves.
    ``delay_ns``: how long until it reaches the venue, or until it is canceled or expires.

    What matches: ``part``, a ``Part``; 0 or an empty text leaves the rest open. ``order_name``: the
    ``client_order_id``, or, with ``prefix``, what it begins with. ``uses``: how many orders it is
    for; ``expires_ns``: until when, 0 for ever. ``note``: for whoever reads of it.
    """

    account_id: int
    plan: int
    idempotency_key: str
    digest: bytes
    code: int = 0
    reason: int = 0
    qty_e9: int = 0
    price_e9: int = 0
    rest: int = 0
    delay_ns: int = 0
    instrument_id: int = 0
    side: int = 0
    order_type: int = 0
    part: int = 0
    order_name: str = ""
    prefix: bool = False
    uses: int = 1
    expires_ns: int = 0
    note: str = ""


class ForgetOutcomes(msgspec.Struct, frozen=True, array_like=True, tag=72, gc=False):
    """Forget a planned outcome of the account, or (0) all of them; orders they met stay so."""

    account_id: int
    rule_id: int
    idempotency_key: str
    digest: bytes


class ReleaseOrder(msgspec.Struct, frozen=True, array_like=True, tag=73, gc=False):
    """Let an order go on that a planned outcome holds back."""

    account_id: int
    order_id: int
    idempotency_key: str
    digest: bytes


Command = (
    PlaceOrder
    | CancelOrder
    | CancelAllOrders
    | ReplaceOrder
    | ClosePosition
    | OpenAccount
    | DepositCash
    | WithdrawCash
    | SetAccountProfile
    | ResetAccount
    | SetProtection
    | SetAccountKind
    | SetLotMethod
    | SetLeverage
    | SetAccountRestrictions
    | SetAccountLimits
    | SetTradingFreeze
    | PlanOutcome
    | ForgetOutcomes
    | ReleaseOrder
)
