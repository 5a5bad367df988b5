"""Planned outcomes: what happens to orders to come, by a test's word."""

from collections.abc import Mapping
from typing import Final

from stockyard.api import answers as a
from stockyard.api import fields
from stockyard.api import sim_outcome_shapes as s
from stockyard.api.describing import Trait, described
from stockyard.api.door import NO_DIGEST, Door, digest
from stockyard.api.fields import Reader
from stockyard.api.problems import Problem, rule_problem
from stockyard.api.rest.sim import TAG, WHERE, allowed
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_or_none
from stockyard.model.codes import (
    PART_WORDS,
    PLAN_WORDS,
    REASON_WORDS,
    REST_WORDS,
    SIDE_WORDS,
    TYPE_WORDS,
    Plan,
    Rest,
)
from stockyard.model.commands import ForgetOutcomes, PlanOutcome, ReleaseOrder
from stockyard.model.denials import DENY_RULES, DenyCode
from stockyard.model.events import OutcomePlanned
from stockyard.model.numbers import OUTCOME_NOTE_LENGTH_MAX, OUTCOME_USES_MAX, format_decimal
from stockyard.model.state import OutcomeState

routes = router()
_body = Reader(s.OutcomeBody)
_E9: Final = 9
_MS_NS: Final = 1_000_000
_PLANS: Final = {word: plan for plan, word in PLAN_WORDS.items()}
_RESTS: Final = {word: rest for rest, word in REST_WORDS.items()}
_PARTS: Final = {word: part for part, word in PART_WORDS.items()}
_SIDES: Final = {word: side for side, word in SIDE_WORDS.items()}
_TYPES: Final = {word: kind for kind, word in TYPE_WORDS.items()}
_CODES: Final = {rule.word: code for code, rule in DENY_RULES.items()}
_REASONS: Final = {word: reason for reason, word in REASON_WORDS.items()}
_DELAYED: Final = (Plan.DELAY, Plan.EXPIRE, Plan.CANCEL)
_MOVES: Final = Trait.SIGNED_IN | Trait.ACCOUNT | Trait.IDEMPOTENT


def _wrong(field: str, wrong: str, right: str) -> Problem:
    return Problem(422, "invalid_outcome", wrong, right, field=field)


def _number(field: str, word: str | None, known: Mapping[str, int]) -> int:
    """What a word stands for, 0 for none. Raises ``Problem`` 422."""
    if word is None:
        return 0
    if word not in known:
        raise _wrong(field, f"{field} cannot be {word[:60]!r}", f"use {', '.join(known)}")
    return known[word]


def _billionths(field: str, value: str | int | None) -> int:
    if value is None:
        return 0
    found = fields.scaled(field, value, _E9)
    if found <= 0:
        raise _wrong(field, f"{field} is not above zero", "send more, or leave it out")
    return found


def _check(body: s.OutcomeBody, plan: int) -> None:
    """Refuse what an outcome does not take. Raises ``Problem`` 422."""
    word = body.outcome
    if plan != Plan.FILL:
        for field in ("qty", "price", "then"):
            if getattr(body, field) is not None:
                raise _wrong(field, f"{word} takes no {field}", "it belongs to fill")
    if body.delay_ms is not None and not (plan in _DELAYED and 0 < body.delay_ms <= s.DELAY_MS_MAX):
        right = f"delay, expire and cancel take 1 to {s.DELAY_MS_MAX}"
        raise _wrong("delay_ms", f"delay_ms of {word} cannot be {body.delay_ms}", right)
    if plan == Plan.DELAY and body.delay_ms is None:
        raise _wrong("delay_ms", "delay_ms is missing", f"send 1 to {s.DELAY_MS_MAX}")
    if plan == Plan.DENY and body.reason is None:
        raise _wrong("reason", "reason is missing", "name a code such as exceeds_buying_power")
    if plan == Plan.DENY and body.part != PART_WORDS[0]:
        raise _wrong("part", "exits are not denied by themselves", "reject them, or deny the order")
    ends = plan in (Plan.DENY, Plan.REJECT, Plan.EXPIRE, Plan.CANCEL)
    if body.reason is not None and not (ends or body.then == REST_WORDS[Rest.CANCELED]):
        raise _wrong("reason", f"{word} takes no reason", "leave it out")
    if body.client_order_id is not None and body.client_order_id_prefix is not None:
        right = "send one of client_order_id and client_order_id_prefix"
        raise _wrong("client_order_id_prefix", "the name is given twice", right)
    if not 1 <= body.count <= OUTCOME_USES_MAX:
        raise _wrong("count", "count is out of range", f"send 1 to {OUTCOME_USES_MAX}")
    if len(body.note) > OUTCOME_NOTE_LENGTH_MAX:
        raise _wrong("note", "note is too long", f"send up to {OUTCOME_NOTE_LENGTH_MAX} characters")


def asked(door: Door, body: s.OutcomeBody, account_id: int, key: str) -> PlanOutcome:
    """The command of a body. Raises ``Problem`` 422."""
    plan = _number("outcome", body.outcome, _PLANS)
    _check(body, plan)
    known = _CODES if plan == Plan.DENY else _REASONS
    why = _number("reason", body.reason, known)
    rest = _number("then", body.then, _RESTS) or (Rest.WAITS if plan == Plan.FILL else 0)
    named = body.client_order_id_prefix or body.client_order_id
    terms = (
        why if plan == Plan.DENY else 0,
        0 if plan == Plan.DENY else why,
        _billionths("qty", body.qty),
        _billionths("price", body.price),
        rest,
        (body.delay_ms or 0) * _MS_NS,
        door.instrument(body.symbol).instrument_id if body.symbol is not None else 0,
        _number("side", body.side, _SIDES),
        _number("type", body.type, _TYPES),
        _number("part", body.part, _PARTS),
        fields.client_order_id(named) if named is not None else "",
        body.client_order_id_prefix is not None,
        body.count,
        fields.moment("expires_at", body.expires_at) if body.expires_at is not None else 0,
        body.note,
    )
    told = digest("POST /sim/outcomes", plan, *terms) if key else NO_DIGEST
    return PlanOutcome(account_id, plan, key, told, *terms)


def shown(door: Door, rule: OutcomeState) -> s.Outcome:
    """A planned outcome as it is told."""
    x = rule.command
    why = DENY_RULES[x.code].word if x.code else REASON_WORDS.get(x.reason)
    return s.Outcome(
        rule.rule_id,
        PLAN_WORDS[x.plan],
        why,
        format_decimal(x.qty_e9, _E9) if x.qty_e9 else None,
        format_decimal(x.price_e9, _E9) if x.price_e9 else None,
        REST_WORDS.get(x.rest),
        x.delay_ns // _MS_NS or None,
        door.view.instruments[x.instrument_id].symbol if x.instrument_id else None,
        SIDE_WORDS.get(x.side),
        TYPE_WORDS.get(x.order_type),
        PART_WORDS[x.part],
        None if x.prefix else x.order_name or None,
        x.order_name if x.prefix else None,
        x.uses,
        time_or_none(x.expires_ns),
        x.note,
        rule.uses_left,
        rule.uses_left == 0 or 0 < x.expires_ns <= door.view.ts,
        [
            s.OutcomeUse(door.render.order_id(order_id) if order_id else None, seq)
            for seq, order_id in rule.used
        ],
    )


def _rules(door: Door, account_id: int) -> list[OutcomeState]:
    return list(door.world.outcomes(account_id))


@routes.get(
    "/sim/outcomes",
    **described(
        "list_outcomes",
        TAG,
        "List the planned outcomes",
        f"With what each has met; the last that are over stay to be looked at. {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        answer=list[s.Outcome],
        answered="Those of the account, oldest first.",
    ),
)
async def list_outcomes(visit: Visiting) -> Response:
    """List the planned outcomes."""
    caller, door = allowed(visit.door, visit.request), visit.door
    return answer([shown(door, rule) for rule in _rules(door, caller.account_id)])


@routes.post(
    "/sim/outcomes",
    **described(
        "plan_outcome",
        TAG,
        "Plan what happens to orders",
        "The account's next orders that match meet it: by default the next one. An order meets the"
        f" first that was planned. {WHERE}",
        traits=_MOVES,
        body=s.OutcomeBody,
        body_examples={
            "rejected": {"outcome": "reject"},
            "no_means": {"outcome": "deny", "reason": "exceeds_buying_power"},
            "in_part": {"outcome": "fill", "qty": "30", "price": "189.50", "symbol": "AAPL"},
            "held": {"outcome": "hold", "client_order_id_prefix": "entry-", "count": 3},
            "gapped_through": {"outcome": "fill", "price": "80", "part": "stop_loss"},
        },
        status=201,
        answer=s.Outcome,
        answered="What is planned.",
    ),
)
async def plan_outcome(visit: Visiting) -> Response:
    """Plan what happens to orders."""
    caller, door = allowed(visit.door, visit.request), visit.door
    body: s.OutcomeBody = await visit.body(_body)
    command = asked(door, body, caller.account_id, visit.head.idempotency_key)
    decision = await door.decide(command, door.origin(caller, visit.head))
    planned = next(x for x in decision.events if isinstance(x, OutcomePlanned))
    made = OutcomeState(planned.rule_id, planned.uses, (), command)
    now = [rule for rule in _rules(door, caller.account_id) if rule.rule_id == planned.rule_id]
    return answer(shown(door, (now or [made])[0]), 201, decision.headers)


async def _forget(visit: Visiting, rule_id: int, gone: list[s.Outcome]) -> Response:
    caller, door, key = allowed(visit.door, visit.request), visit.door, visit.head.idempotency_key
    told = digest("DELETE /sim/outcomes", rule_id) if key else NO_DIGEST
    command = ForgetOutcomes(caller.account_id, rule_id, key, told)
    decision = await door.decide(command, door.origin(caller, visit.head))
    return answer(gone, headers=decision.headers)


@routes.delete(
    "/sim/outcomes",
    **described(
        "forget_outcomes",
        TAG,
        "Forget all planned outcomes",
        f"Orders that are held back stay so until they are released. {WHERE}",
        traits=_MOVES,
        answer=list[s.Outcome],
        answered="What was forgotten.",
    ),
)
async def forget_outcomes(visit: Visiting) -> Response:
    """Forget all planned outcomes."""
    caller, door = allowed(visit.door, visit.request), visit.door
    return await _forget(visit, 0, [shown(door, rule) for rule in _rules(door, caller.account_id)])


@routes.delete(
    "/sim/outcomes/{outcome_id}",
    **described(
        "forget_outcome",
        TAG,
        "Forget a planned outcome",
        f"It meets no order any more. {WHERE}",
        traits=_MOVES | Trait.NAMED,
        answer=list[s.Outcome],
        answered="What was forgotten.",
    ),
)
async def forget_outcome(visit: Visiting, outcome_id: str) -> Response:
    """Forget a planned outcome."""
    caller, door = allowed(visit.door, visit.request), visit.door
    # More digits than any record has would be a number that takes long to read.
    number = int(outcome_id) if outcome_id.isdecimal() and len(outcome_id) <= 18 else 0
    if number == 0:
        raise rule_problem(DenyCode.UNKNOWN_OUTCOME, "outcome_id")
    rules = _rules(door, caller.account_id)
    return await _forget(visit, number, [shown(door, r) for r in rules if r.rule_id == number])


@routes.post(
    "/sim/orders/{order_id}/release",
    **described(
        "release_order",
        TAG,
        "Let an order go on that is held back",
        "One that a planned `hold` has met reaches the venue now; one that a planned `fill` has met"
        f" goes on with its rest. {WHERE}",
        traits=_MOVES | Trait.NAMED | Trait.HISTORY,
        answer=a.Order,
        answered="The order as it is now.",
    ),
)
async def release_order(visit: Visiting, order_id: str) -> Response:
    """Let an order go on that is held back."""
    caller, door, key = allowed(visit.door, visit.request), visit.door, visit.head.idempotency_key
    row = await door.order(order_id, caller.account_id)
    told = digest("POST /sim/orders/release", row.order_id) if key else NO_DIGEST
    command = ReleaseOrder(caller.account_id, row.order_id, key, told)
    decision = await door.decide(command, door.origin(caller, visit.head))
    now = await door.order(order_id, caller.account_id)
    linked = await door.legs([now])
    return answer(door.render.live_order(now, linked), headers=decision.headers)
