"""The audit log's words once more, from plain tables: which acts a record of the journal gives.

Promises: every kind of input and event stands here under what the log calls it and what it is
about; nothing is derived from a type's name, so that one that is forgotten has no words at all.
Must not know: how the server tells acts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stockyard.model import commands as c
from stockyard.model import events as e
from stockyard.model import facts as f
from stockyard.model.ids import Kind, PublicIds
from stockyard.model.instruments import Instrument
from stockyard.model.numbers import LEGS_MAX
from stockyard.model.records import Record

Told = tuple[int, int, str, str, str]
"""What the audit log must say of an act in the journal: seq, index, kind, actor, subject."""
ORDER, SYMBOL, NOTHING = "an order", "a symbol", "nothing"

ASKED: dict[type, tuple[str, str]] = {
    c.PlaceOrder: ("order.place", SYMBOL),
    c.CancelOrder: ("order.cancel", ORDER),
    c.CancelAllOrders: ("order.cancel_all", SYMBOL),
    c.ReplaceOrder: ("order.replace", ORDER),
    c.ReleaseOrder: ("order.release", ORDER),
    c.ClosePosition: ("position.close", SYMBOL),
    c.SetProtection: ("position.protect", SYMBOL),
    c.SetLeverage: ("position.leverage", SYMBOL),
    c.OpenAccount: ("account.open", NOTHING),
    c.ResetAccount: ("account.reset", NOTHING),
    c.SetAccountProfile: ("account.profile", NOTHING),
    c.SetAccountKind: ("account.kind", NOTHING),
    c.SetLotMethod: ("account.lot_method", NOTHING),
    c.SetAccountRestrictions: ("account.restrict", NOTHING),
    c.SetAccountLimits: ("account.limit", NOTHING),
    c.SetTradingFreeze: ("account.freeze", NOTHING),
    c.DepositCash: ("money.deposit", NOTHING),
    c.WithdrawCash: ("money.withdraw", NOTHING),
    c.PlanOutcome: ("control.plan_outcome", SYMBOL),
    c.ForgetOutcomes: ("control.forget_outcomes", NOTHING),
    f.WorldCreated: ("house.world_created", NOTHING),
    f.LimitsSet: ("house.limits_set", NOTHING),
    f.FeesScheduled: ("house.fees_scheduled", NOTHING),
    f.ProfileDefined: ("house.profile_defined", NOTHING),
    f.MarginTermsSet: ("house.margin_terms_set", NOTHING),
}
"""What somebody decided: an act each, whatever came of it."""

UNTOLD: tuple[type, ...] = (
    f.Quote,
    f.Trade,
    f.AuctionPrint,
    f.MarkPrice,
    f.FundingRate,
    f.ClockTick,
    f.InstrumentListed,
    f.SessionsScheduled,
    f.TradingHalted,
    f.BorrowTermsSet,
    f.ControlUsed,
)
"""Inputs without an act of their own; of test controls a story uses none."""

FOLLOWED: dict[type, tuple[str, str]] = {
    e.OrderAccepted: ("order.accepted", ORDER),
    e.OrderActivated: ("order.activated", ORDER),
    e.OrderFilled: ("order.filled", ORDER),
    e.OrderCanceled: ("order.canceled", ORDER),
    e.OrderExpired: ("order.expired", ORDER),
    e.OrderReplaced: ("order.replaced", ORDER),
    e.OrderTriggered: ("order.triggered", ORDER),
    e.OrderReduced: ("order.reduced", ORDER),
    e.OrderRejected: ("order.rejected", ORDER),
    e.OrderChangeSent: ("order.change_sent", ORDER),
    e.OrderRested: ("order.rested", ORDER),
    e.CommandDenied: ("command.denied", NOTHING),
    e.CommandRepeated: ("command.repeated", NOTHING),
    e.AccountOpened: ("account.opened", NOTHING),
    e.AccountReset: ("account.reset", NOTHING),
    e.AccountProfileSet: ("account.profile_set", NOTHING),
    e.AccountKindSet: ("account.kind_set", NOTHING),
    e.AccountRestrictionsSet: ("account.restrictions_set", NOTHING),
    e.AccountLimitsSet: ("account.limits_set", NOTHING),
    e.TradingFreezeSet: ("trading.freeze_set", NOTHING),
    e.LotMethodSet: ("lot.method_set", NOTHING),
    e.LeverageSet: ("leverage.set", SYMBOL),
    e.CashDeposited: ("cash.deposited", NOTHING),
    e.CashWithdrawn: ("cash.withdrawn", NOTHING),
    e.PositionGivenUp: ("position.given_up", SYMBOL),
    e.InterestCharged: ("interest.charged", SYMBOL),
    e.FundingPaid: ("funding.paid", SYMBOL),
    e.MarginCalled: ("margin.called", NOTHING),
    e.MarginCallMet: ("margin.call_met", NOTHING),
    e.LiquidationStarted: ("liquidation.started", SYMBOL),
    e.GoodFaithViolated: ("good.faith_violated", ORDER),
    e.OutcomePlanned: ("outcome.planned", SYMBOL),
    e.OutcomeUsed: ("outcome.used", ORDER),
    e.OutcomesForgotten: ("outcomes.forgotten", NOTHING),
}
"""What befell an account that had not asked for it by this record."""


def told_of(
    record: Record,
    events: Sequence[e.Event],
    instruments: Mapping[int, Instrument],
    ids: PublicIds,
) -> list[Told]:
    """The acts of a record, in order; whoever asked has what followed for them in theirs."""

    def subject(message: Any, about: str) -> str:
        # A planned outcome that denies an order is used on none.
        if about == ORDER and message.order_id:
            return ids.text(Kind.ORDER, *divmod(message.order_id, LEGS_MAX))
        if about == SYMBOL and message.instrument_id:
            return instruments[message.instrument_id].symbol
        return ""

    message, told, others = record.input, list[Told](), list(events)
    if type(message) not in UNTOLD:
        kind, about = ASKED[type(message)]
        account_id = getattr(message, "account_id", 0)
        if isinstance(message, c.OpenAccount):
            account_id = next((x.account_id for x in events if isinstance(x, e.AccountOpened)), 0)
        mine = [x for x in events if x.account_id == account_id]
        others = [x for x in events if x.account_id != account_id]
        subjects = [subject(x, FOLLOWED[type(x)][1]) for x in mine] + [subject(message, about)]
        actor = record.origin.actor if record.origin is not None else "system:house"
        told.append((record.seq, 0, kind, actor, next(filter(None, subjects), "")))
    for event in others:
        kind, about = FOLLOWED[type(event)]
        told.append((record.seq, len(told) + 1, kind, "system:engine", subject(event, about)))
    return told
