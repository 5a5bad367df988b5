"""The lots that an order chooses: which of them it may, and how they become its own.

Promises: every broken rule is found, each as (code, required, available). Of one lot, all open
orders together choose no more than it had when they were taken; a closing that chooses nothing may
take a chosen lot all the same, and what is gone by then the account's method takes elsewhere. Must
not know: quantities beyond the lots', prices.
"""

from typing import Final

from stockyard.engine.accounts import Account
from stockyard.engine.leg_rules import Broken
from stockyard.engine.lots import Choice
from stockyard.engine.orders import Order
from stockyard.engine.state import choose
from stockyard.model.denials import DenyCode
from stockyard.model.numbers import LOTS_CHOSEN_MAX

Chosen = tuple[tuple[int, int, int], ...]
"""Seq and index of the execution that opened a lot, and the quantity to take of it, each."""
NOTHING_CHOSEN: Final[Chosen] = ()


def broken_choice(
    account: Account, instrument_id: int, lots: Chosen, qty: int, allowed: bool
) -> Broken:
    """Check what an order for ``qty`` chooses; ``allowed``: it is simple and closes a position."""
    found: Broken = []
    if not allowed:
        found.append((DenyCode.LOTS_NOT_ALLOWED, 0, 0))
    if len(lots) > LOTS_CHOSEN_MAX:
        found.append((DenyCode.TOO_MANY_LOTS, len(lots), LOTS_CHOSEN_MAX))
        return found
    position = account.positions.get(instrument_id)
    named: dict[tuple[int, int], int] = {}
    total = 0
    for seq, index, part in lots:
        total += part
        if (seq, index) in named:
            found.append((DenyCode.LOT_NAMED_TWICE, 0, 0))
        named[(seq, index)] = part
        if part <= 0:
            found.append((DenyCode.LOT_QUANTITY_NOT_POSITIVE, 0, 0))
        lot = position.lots.find(seq, index) if position is not None else None
        if lot is None:
            elsewhere = _is_elsewhere(account, instrument_id, seq, index)
            code = DenyCode.LOT_OF_ANOTHER_SYMBOL if elsewhere else DenyCode.UNKNOWN_LOT
            found.append((code, 0, 0))
        elif part > lot.free_qty():
            found.append((DenyCode.EXCEEDS_LOT, part, lot.free_qty()))
    if total != qty:
        found.append((DenyCode.LOTS_NOT_THE_QUANTITY, total, qty))
    return found


def _is_elsewhere(account: Account, instrument_id: int, seq: int, index: int) -> bool:
    """Whether a lot is open in another position of the account."""
    for position in account.positions.values():
        if position.instrument_id != instrument_id and position.lots.find(seq, index) is not None:
            return True
    return False


def chosen_by(order: Order) -> Chosen:
    """What is left of an order's choice."""
    if order.choices is None:
        return NOTHING_CHOSEN
    return tuple([(choice.seq, choice.index, choice.qty) for choice in order.choices])


def take_choice(account: Account, order: Order, lots: Chosen, replaced: Order | None) -> None:
    """Give an order the lots it chose, or what is left of the choice of the one it replaces."""
    if lots:
        order.choices = [Choice(seq, index, qty) for seq, index, qty in lots]
    elif replaced is not None:
        order.choices = replaced.choices
    if order.choices is not None:
        choose(account, order, 1)
