"""What of the journal belongs into the audit log: commands with who sent them, what followed from
the market for orders and money, and the house's own terms.

Promises: the same record and events always give the same acts, in the same order; a record of the
market that moved no order and no money gives none. Amounts and prices are told as the API tells
them. Must not know: where acts are kept.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, get_args

import msgspec
from msgspec.structs import astuple

from stockyard.model import codes, commands, facts
from stockyard.model.denials import DENY_RULES
from stockyard.model.events import AccountOpened, CommandDenied, CommandRepeated, Event
from stockyard.model.ids import Kind, PublicIds
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import LEGS_MAX, format_cash, format_decimal
from stockyard.model.records import Origin, Record
from stockyard.people.audit import DETAIL_BYTES_MAX, Act, detail
from stockyard.projections.view import View

_encode: Final = msgspec.json.Encoder().encode
ENGINE: Final = "system:engine"
HOUSE: Final = Origin("system:house", "", "", "")
"""Who said what no request asked for."""
EVENTS_TOLD_MAX: Final = 20
"""Of one command, in full; of the others only how many there were."""
TERMS: Final[dict[type, str]] = {
    facts.WorldCreated: "house.world_created",
    facts.LimitsSet: "house.limits_set",
    facts.FeesScheduled: "house.fees_scheduled",
    facts.ProfileDefined: "house.profile_defined",
    facts.MarginTermsSet: "house.margin_terms_set",
}
"""Facts that are the house's own decisions."""
KINDS: Final[dict[type, str]] = {
    commands.PlaceOrder: "order.place",
    commands.CancelOrder: "order.cancel",
    commands.CancelAllOrders: "order.cancel_all",
    commands.ReplaceOrder: "order.replace",
    commands.ReleaseOrder: "order.release",
    commands.ClosePosition: "position.close",
    commands.SetProtection: "position.protect",
    commands.SetLeverage: "position.leverage",
    commands.OpenAccount: "account.open",
    commands.ResetAccount: "account.reset",
    commands.SetAccountProfile: "account.profile",
    commands.SetAccountKind: "account.kind",
    commands.SetLotMethod: "account.lot_method",
    commands.SetAccountRestrictions: "account.restrict",
    commands.SetAccountLimits: "account.limit",
    commands.SetTradingFreeze: "account.freeze",
    commands.DepositCash: "money.deposit",
    commands.WithdrawCash: "money.withdraw",
    commands.PlanOutcome: "control.plan_outcome",
    commands.ForgetOutcomes: "control.forget_outcomes",
}
"""What commands are called; any other by the words of its own name."""
ASKED: Final = frozenset((*get_args(commands.Command), facts.ControlUsed, *TERMS))
"""What somebody decided: each has an act of its own, whatever came of it."""
_UNTOLD: Final = frozenset({"account_id", "digest", "idempotency_key", "registration_key", "owner"})
_FILL: Final = (
    "order_id", "instrument_id", "side", "price", "qty", "filled_qty", "status", "value_micros",
    "fees", "cash_micros_after", "position_qty_after", "realized_micros", "profile_id", "rule",
)  # fmt: skip
"""Of a fill; its whole explanation is the order's story."""
_ORDERS: Final = frozenset(
    {"order_id", "parent_id", "sibling_id", "take_profit_id", "stop_loss_id", "replaces"}
    | {"replaced_by"}
)
_PRICES: Final = frozenset(
    {"price", "limit_price", "stop_price", "trail_price", "collar_price", "take_profit_limit"}
    | {"stop_loss_stop", "stop_loss_limit", "stop_loss_trail_price", "mark"}
)
_QTYS: Final = frozenset(
    {"qty", "filled_qty", "order_qty", "filled_before", "position_qty_after", "held_qty_after"}
    | {"ahead_qty"}
)
_WORDS: Final[dict[str, Mapping[int, str]]] = {
    "side": codes.SIDE_WORDS,
    "order_type": codes.TYPE_WORDS,
    "time_in_force": codes.TIF_WORDS,
    "order_class": codes.CLASS_WORDS,
    "status": codes.STATUS_WORDS,
    "reason": codes.REASON_WORDS,
    "method": codes.LOT_METHOD_WORDS,
    "plan": codes.PLAN_WORDS,
    "rule": codes.FILL_RULE_WORDS,
}


def is_kept(record: Record, happened: Sequence[Event]) -> bool:
    """Whether a record gives any acts."""
    return bool(happened) or type(record.input) in ASKED


def acts_of(record: Record, happened: Sequence[Event], view: View, ids: PublicIds) -> list[Act]:
    """The acts of a record: the command itself, with what it did to its own account; then one for
    each thing that followed for others, or from the market.
    """
    teller = _Teller(view.instruments, ids)
    told: list[Act] = []
    message = record.input
    own = _own_account(message, happened)
    if type(message) in ASKED:
        mine = [event for event in happened if event.account_id == own]
        told.append(_asked(record, own, mine, teller, _owner(view, own)))
        happened = [event for event in happened if event.account_id != own]
    for event in happened:
        told.append(
            Act(
                at_ns=record.wall_ns,
                kind=kind_of_event(type(event)),
                actor=ENGINE,
                user_id=_owner(view, event.account_id),
                account_id=ids.text(Kind.ACCOUNT, event.account_id) if event.account_id else "",
                subject=teller.subject(event),
                seq=record.seq,
                index=len(told) + 1,
                after=_kept(teller.tell(event)),
            )
        )
    return told


def _asked(
    record: Record, account_id: int, mine: Sequence[Event], teller: "_Teller", owner: str
) -> Act:
    message, origin = record.input, record.origin or HOUSE
    if isinstance(message, facts.ControlUsed):
        kind, asked = f"control.{_snake(message.action)}", {"detail": message.detail}
    else:
        kind, asked = kind_of(type(message)), teller.tell(message)
    account_id = _own_account(message, mine)
    after: dict[str, Any] = {
        "asked": asked,
        "done": [teller.named(x) for x in mine[:EVENTS_TOLD_MAX]],
    }
    if len(mine) > EVENTS_TOLD_MAX:
        after["done_besides"] = len(mine) - EVENTS_TOLD_MAX
    return Act(
        at_ns=record.wall_ns,
        kind=kind,
        actor=origin.actor,
        user_id=owner or getattr(message, "owner", "") or _user_of(origin.actor),
        account_id=teller.ids.text(Kind.ACCOUNT, account_id) if account_id else "",
        subject=_first(teller.subject(x) for x in (*mine, message)),
        address=origin.address,
        user_agent=origin.user_agent,
        request_id=origin.request_id,
        idempotency_key=getattr(message, "idempotency_key", ""),
        seq=record.seq,
        after=_kept(after),
    )


def _kept(told: dict[str, Any]) -> msgspec.Raw:
    """What an act changed. The journal's messages hold no secrets, so none is looked for."""
    text = _encode(told)
    return msgspec.Raw(text) if len(text) <= DETAIL_BYTES_MAX else detail(told)


def _user_of(actor: str) -> str:
    kind, _, name = actor.partition(":")
    return name if kind == "user" else ""


def _own_account(message: Any, happened: Sequence[Event]) -> int:
    """The account that a command is about; for one that opens an account, that one."""
    if isinstance(message, commands.OpenAccount):
        opened = (x.account_id for x in happened if isinstance(x, AccountOpened))
        return next(opened, 0)
    account_id: int = getattr(message, "account_id", 0)
    return account_id


def _owner(view: View, account_id: int) -> str:
    row = view.accounts.get(account_id)
    return "" if row is None else row.owner


def _first(texts: Any) -> str:
    return next((text for text in texts if text), "")


@cache
def kind_of(message: type) -> str:
    """What a command or a term of the house is called in the log."""
    return KINDS.get(message) or TERMS.get(message) or f"command.{_snake(message.__name__)}"


@cache
def kind_of_event(event: type) -> str:
    """What an event is called in the log: ``order.filled`` for ``OrderFilled``."""
    noun, _, rest = _snake(event.__name__).partition("_")
    return f"{noun}.{rest}"


def _snake(name: str) -> str:
    """Words with underlines between, of a name in any other writing."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name)
    return parted.strip("_").lower() or "unnamed"


class _Teller:
    """Tells messages of one world in the words of the API."""

    def __init__(self, instruments: Mapping[int, Instrument], ids: PublicIds) -> None:
        self._instruments, self.ids = instruments, ids
        self._orders: dict[int, str] = {}

    def subject(self, message: Any) -> str:
        """What a message is about: an order, else an instrument's symbol."""
        order_id = getattr(message, "order_id", 0)
        if order_id:
            return self._order(order_id)
        instrument = self._instruments.get(getattr(message, "instrument_id", 0))
        return "" if instrument is None else instrument.symbol

    def named(self, event: Event) -> dict[str, Any]:
        """An event under its name."""
        if isinstance(event, CommandDenied):
            rule = DENY_RULES.get(event.code)
            return {"event": "denied", "code": event.code if rule is None else rule.word}
        if isinstance(event, CommandRepeated):
            return {"event": "repeated", "first_seq": event.first_seq}
        return {"event": kind_of_event(type(event)), **self.tell(event)}

    def tell(self, message: Any) -> dict[str, Any]:
        """A message's fields that say something."""
        kind: Any = type(message)
        instrument = self._instruments.get(getattr(message, "instrument_id", 0))
        told: dict[str, Any] = {}
        for found, (name, way) in zip(astuple(message), _ways(kind), strict=True):
            if not found and name != "cash_after":
                continue
            if way is None:
                told[name] = found
            elif way is not _untold:
                told[name] = way(self, found, instrument)
        if instrument is not None:
            told.pop("instrument_id", None)
            told["symbol"] = instrument.symbol
        return told

    def order(self, order_id: int, _: Instrument | None) -> str:
        """An order's public id."""
        return self._order(order_id)

    def _order(self, order_id: int) -> str:
        found = self._orders.get(order_id)
        if found is None:
            found = self.ids.text(Kind.ORDER, *divmod(order_id, LEGS_MAX))
            self._orders[order_id] = found
        return found


_Way = Callable[[_Teller, Any, Instrument | None], Any]


def _untold(teller: _Teller, found: Any, instrument: Instrument | None) -> None:
    """A field that is not told."""


@cache
def _ways(message: type) -> tuple[tuple[str, _Way | None], ...]:
    """Of each field of a type: under which name and how it is told; None: as it is."""
    fields: tuple[str, ...] = message.__struct_fields__  # type: ignore[attr-defined]
    told = _FILL if "quote_seq" in fields else fields
    return tuple(
        (
            name.replace("_micros", ""),
            _way(name, fields) if name in told and name not in _UNTOLD else _untold,
        )
        for name in fields
    )


def _way(name: str, fields: tuple[str, ...]) -> _Way | None:
    """How a field of this name is told; None: as it is."""
    if name in _ORDERS:
        return _Teller.order
    if name.endswith("_micros") or "_micros_" in name:
        return lambda _, found, __: format_cash(found)
    if name in _PRICES:
        return lambda _, found, i: found if i is None else format_decimal(found, i.price_scale, 2)
    if name in _QTYS:
        return lambda _, found, i: found if i is None else format_decimal(found, i.qty_scale)
    if name == "fees":
        return lambda _, found, __: [[codes.FEE_WORDS.get(k, k), format_cash(v)] for k, v in found]
    words = _WORDS.get(name)
    if name == "kind":
        charged = "rate_ppm" in fields
        words = codes.CHARGE_WORDS if charged else codes.ACCOUNT_KIND_WORDS
    if words is not None:
        return lambda _, found, __: words.get(found, found)
    if name == "instrument_id":
        return None
    return lambda _, found, __: found.hex() if isinstance(found, bytes) else found
