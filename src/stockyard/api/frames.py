"""What a stream sends: every frame as JSON text.

Promises: a private frame is made from its event alone, so a replayed one is the same bytes as the
live one. Must not know: sockets, or who listens.
"""

from typing import Any, Final

import msgspec

from stockyard.api import answers as a
from stockyard.api.problems import Problem, denial
from stockyard.api.rendering import Renderer
from stockyard.api.shapes import time_or_none, time_text
from stockyard.api.wire import Shared
from stockyard.model import events as e
from stockyard.model.bounds import NO_LIMITS
from stockyard.model.codes import (
    CHARGE_WORDS,
    LIFECYCLE_WORDS,
    OPEN_STATUSES,
    PLAN_WORDS,
    STATUS_WORDS,
)
from stockyard.model.numbers import format_cash, format_decimal
from stockyard.projections.rows import accepted_order, sent_order
from stockyard.projections.view import View
from stockyard.runtime.hub import StreamEvent

Name = tuple[int, int]
_encode: Final = msgspec.json.Encoder().encode


def token_text(name: Name) -> str:
    """The name of an event, as a resume token."""
    return f"{name[0]}-{name[1]}"


def parse_token(text: object) -> Name | None:
    """The name a token stands for, or None for what is no token."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    seq, dash, idx = text.partition("-")
    if not dash or not (seq.isascii() and seq.isdigit() and idx.isascii() and idx.isdigit()):
        return None
    name = int(seq), int(idx)
    return name if name[0] < 2**62 and name[1] < 2**31 else None


def frame(kind: str, **said: Any) -> Shared:
    """A frame of a kind; where it says a ``token``, a client resumes from that after it."""
    return Shared(kind, _encode({"type": kind, **said}), said.get("token"))


def error_frame(problem: Problem) -> Shared:
    """What was wrong with a frame, and what would be right."""
    said = {"code": problem.code, "wrong": problem.wrong, "right": problem.right}
    if problem.field is not None:
        said["field"] = problem.field
    return frame("error", **said)


class Frames:
    """Makes the frames of one world's accounts."""

    def __init__(self, view: View, render: Renderer) -> None:
        self._view, self._render = view, render

    def private(self, told: StreamEvent) -> Shared:
        """One event of an account."""
        kind, what, body = self.told(told.seq, told.idx, told.ts, told.event)
        token = token_text((told.seq, told.idx))
        said: dict[str, Any] = {
            "type": kind,
            "event": what,
            "token": token,
            "prev": token_text(told.prev),
            "at": time_text(told.ts),
            kind: body,
        }
        return Shared(kind, _encode(said), token)

    def told(self, seq: int, idx: int, ts: int, x: e.Event) -> tuple[str, str, Any]:
        """An event's kind, what happened, and the rest of what is said of it."""
        render = self._render
        if isinstance(x, e.OrderFilled):
            return (
                "fill",
                "partial_fill" if x.status in OPEN_STATUSES else "fill",
                (render.execution(seq, idx, ts, x)),
            )
        if isinstance(x, e.OrderAccepted):
            return "order", "accepted", render.order(accepted_order(ts, x))
        if isinstance(x, e.OrderActivated):
            return "order", "activated", self._activated(x)
        if isinstance(x, e.OrderTriggered):
            return "order", "triggered", render.triggered(ts, x)
        if isinstance(x, e.OrderReduced):
            return "order", "reduced", render.reduced(x)
        if isinstance(x, e.OrderCanceled):
            return "order", "canceled", render.cancellation(ts, x)
        if isinstance(x, e.OrderExpired):
            return "order", "expired", render.cancellation(ts, x)
        if isinstance(x, e.OrderReplaced):
            body = self._status(x.order_id, "replaced", "canceled")
            return "order", "replaced", {**body, "replaced_by": render.order_id(x.replaced_by)}
        if isinstance(x, e.OrderRejected):
            return "order", "rejected", render.cancellation(ts, x)
        if isinstance(x, e.OrderChangeSent):
            return self._change(ts, x)
        if isinstance(x, e.OrderRested):
            instrument = self._view.instruments[x.instrument_id]
            ahead = format_decimal(x.ahead_qty, instrument.qty_scale)
            shown = render.order_id(x.order_id)
            return "order", "rested", {"id": shown, "ahead": ahead, "halted": x.halted}
        if isinstance(x, e.CommandDenied):
            return "request", "denied", self._denied(seq, x)
        if isinstance(x, e.CommandRepeated):
            return "request", "repeated", {"first_seq": x.first_seq}
        return self._account_told(seq, idx, ts, x)

    def _change(self, ts: int, x: e.OrderChangeSent) -> tuple[str, str, Any]:
        if x.replaced_by:
            return "order", "replacement_sent", self._render.order(sent_order(ts, x))
        return "order", "cancel_sent", self._render.cancellation(ts, x)

    def _activated(self, x: e.OrderActivated) -> dict[str, str | None]:
        word = STATUS_WORDS[x.status]
        body: dict[str, str | None] = {**self._status(x.order_id, word, LIFECYCLE_WORDS[word])}
        if x.instrument_id:
            scale = self._view.instruments[x.instrument_id].qty_scale
            body["qty"] = format_decimal(x.qty, scale)
            body["expires_at"] = time_or_none(x.expires_ns)
        return body

    def _status(self, order_id: int, status: str, lifecycle: str) -> dict[str, str]:
        return {"id": self._render.order_id(order_id), "status": status, "lifecycle": lifecycle}

    def _denied(self, seq: int, x: e.CommandDenied) -> dict[str, Any]:
        problem = denial(x, seq, None, False)
        return {
            "code": problem.code,
            "wrong": problem.wrong,
            "right": problem.right,
            "required": problem.required,
            "available": problem.available,
        }

    def _account_told(self, seq: int, idx: int, ts: int, x: e.Event) -> tuple[str, str, Any]:
        render = self._render
        body: Any
        if isinstance(x, e.CashDeposited):
            return "account", "deposited", render.transfer(seq, idx, ts, x)
        if isinstance(x, e.CashWithdrawn):
            return "account", "withdrawn", render.transfer(seq, idx, ts, x)
        if isinstance(x, e.AccountProfileSet):
            return "account", "profile_set", render.account_change(ts, x)
        if isinstance(x, e.AccountKindSet):
            return "account", "kind_set", render.account_change(ts, x)
        if isinstance(x, e.LotMethodSet):
            return "account", "lot_method_set", render.account_change(ts, x)
        if isinstance(x, e.AccountRestrictionsSet):
            body = render.restrictions(x.account_id, ts, x.restrictions)
            return "account", "restrictions_set", body
        if isinstance(x, e.AccountLimitsSet | e.TradingFreezeSet):
            return self._bound_told(x)
        if isinstance(x, e.OutcomePlanned | e.OutcomeUsed | e.OutcomesForgotten):
            return self._planned_told(x)
        if isinstance(x, e.LeverageSet):
            return "account", "leverage_set", render.leverage_set(x)
        if isinstance(x, e.FundingPaid):
            return "account", "funding_paid", render.charge(seq, idx, ts, x)
        account_id = render.account_id(x.account_id)
        if isinstance(x, e.AccountOpened):
            profile = render.profile(x.profile_id)
            return "account", "opened", {"id": account_id, "name": x.name, "profile": profile}
        if isinstance(x, e.PositionGivenUp):
            instrument = self._view.instruments[x.instrument_id]
            body = {
                "account_id": account_id,
                "symbol": instrument.symbol,
                "qty": format_decimal(x.qty, instrument.qty_scale),
            }
            return "account", "position_given_up", body
        if not isinstance(x, e.AccountReset):
            return self._credit_told(x, account_id)
        body = {
            "account_id": account_id,
            "cash": format_cash(x.cash_micros_after),
            "cash_change": format_cash(x.cash_change_micros),
        }
        return "account", "reset", body

    def _bound_told(self, x: e.AccountLimitsSet | e.TradingFreezeSet) -> tuple[str, str, Any]:
        """What whoever runs the house has decided; GET /account/limits tells all of it."""
        account_id = self._render.account_id(x.account_id)
        if isinstance(x, e.TradingFreezeSet):
            return "account", "freeze_set", {"account_id": account_id, "frozen": x.frozen}
        limited = x.limits != NO_LIMITS
        return "account", "limits_set", {"account_id": account_id, "limited": limited}

    def _planned_told(
        self, x: e.OutcomePlanned | e.OutcomeUsed | e.OutcomesForgotten
    ) -> tuple[str, str, Any]:
        """What a test has planned, and what met it."""
        body: dict[str, Any] = {
            "account_id": self._render.account_id(x.account_id),
            "outcome_id": x.rule_id or None,
        }
        if isinstance(x, e.OutcomesForgotten):
            return "account", "outcomes_forgotten", {**body, "count": x.count}
        body |= {"outcome": PLAN_WORDS[x.plan], "note": x.note}
        if isinstance(x, e.OutcomePlanned):
            return "account", "outcome_planned", {**body, "count": x.uses}
        order_id = self._render.order_id(x.order_id) if x.order_id else None
        return "account", "outcome_used", {**body, "order_id": order_id, "left": x.uses_left}

    def _credit_told(self, x: e.Event, account_id: str) -> tuple[str, str, Any]:
        body: dict[str, Any] = {"account_id": account_id}
        if isinstance(x, e.InterestCharged):
            symbol = self._view.instruments[x.instrument_id].symbol if x.instrument_id else None
            body |= {
                "kind": CHARGE_WORDS[x.kind],
                "symbol": symbol,
                "base": format_cash(x.base_micros),
                "rate_percent": format_decimal(x.rate_ppm, 4),
                "amount": format_cash(x.amount_micros),
                "cash": format_cash(x.cash_micros_after),
            }
            return "account", "interest_charged", body
        if isinstance(x, e.GoodFaithViolated):
            instrument = self._view.instruments[x.instrument_id]
            body |= {
                "symbol": instrument.symbol,
                "order_id": self._render.order_id(x.order_id),
                "qty": format_decimal(x.qty, instrument.qty_scale),
                "settles_at": time_text(x.settles_ns),
                "violations": x.violations_after,
            }
            return "account", "good_faith_violated", body
        assert isinstance(x, e.MarginCalled | e.MarginCallMet | e.LiquidationStarted)
        body |= {
            "equity": format_cash(x.equity_micros),
            "maintenance_margin": format_cash(x.maintenance_micros),
        }
        if isinstance(x, e.MarginCalled):
            return "account", "margin_called", {**body, "due_at": time_text(x.due_ns)}
        if isinstance(x, e.LiquidationStarted) and x.instrument_id:
            body["symbol"] = self._view.instruments[x.instrument_id].symbol
        met = isinstance(x, e.MarginCallMet)
        return "account", "margin_call_met" if met else "liquidation_started", body

    def resync(self, account_id: int, name: Name, reason: str) -> Shared:
        """Everything about an account as it is at the event of this name."""
        view, render = self._view, self._render
        positions: list[a.Position] = [render.position(p) for p in render.positions(account_id)]
        return frame(
            "resync",
            reason=reason,
            token=token_text(name),
            account=render.account(view.accounts[account_id]),
            positions=positions,
            orders=[render.live_order(row) for row in view.open_orders[account_id].values()],
        )
