"""Faults on purpose: rules that make requests and streams fail as networks do."""

import math
from typing import Final

import msgspec

from stockyard.api import sim_fault_shapes as s
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.faults import (
    AFTER,
    BEFORE,
    COUNT_MAX,
    DELAY_MS_MAX,
    FOR_SECONDS_MAX,
    LOST,
    MESSAGES_MAX,
    PATTERN_LENGTH_MAX,
    REQUEST_KINDS,
    RULES_MAX,
    STATUSES,
    STREAM_KINDS,
    STREAMS,
    Fault,
    FaultKind,
    Terms,
    TooManyFaults,
)
from stockyard.api.fields import Reader
from stockyard.api.gateway import Gateway
from stockyard.api.problems import Problem, rule_problem
from stockyard.api.request_counts import METHODS
from stockyard.api.rest.sim import TAG, WHERE, allowed, use
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.shapes import time_or_none
from stockyard.model.denials import DenyCode
from stockyard.model.ids import Kind

routes = router()
REASON_BYTES_MAX: Final = 100
RETRY_AFTER_MAX: Final = 3_600
EVERY_MAX: Final = 1_000_000
SEED_MAX: Final = 2**62 - 1
_CODES: Final = (*range(1_000, 1_004), LOST, *range(1_007, 1_015), *range(3_000, 5_000))
_OF_REQUESTS: Final = ("method", "path", "status", "retry_after_seconds")
_OF_STREAMS: Final = ("stream", "messages", "code", "reason")
_body = Reader(s.FaultBody)
_encode: Final = msgspec.json.Encoder().encode


def _wrong(field: str, wrong: str, right: str) -> Problem:
    return Problem(422, "invalid_fault", wrong, right, field=field)


def _within(field: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise _wrong(field, f"{field} is out of range", f"send {least:g} to {most:g}")


def _one_of(field: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        raise _wrong(
            field, f"{field} cannot be {str(value)[:40]}", f"use {', '.join(map(str, known))}"
        )


def terms_of(door: Door, body: s.FaultBody) -> Terms:
    """What a rule's body asks for. Raises ``Problem`` 422, 404 for an unknown account."""
    _one_of("kind", body.kind, s.KINDS)
    about_requests = body.kind in REQUEST_KINDS
    for field in _OF_STREAMS if about_requests else (*_OF_REQUESTS, "when"):
        empty = s.FaultBody("").__getattribute__(field)
        if getattr(body, field) != empty:
            others = ", ".join(STREAM_KINDS if about_requests else REQUEST_KINDS)
            raise _wrong(field, f"{body.kind} takes no {field}", f"it belongs to {others}")
    _check_extent(body)
    if about_requests:
        _check_request(body)
    else:
        _check_stream(body)
    delays = body.kind in (FaultKind.DELAY_ANSWER, FaultKind.DELAY_MESSAGE)
    if delays != (body.delay_ms is not None):
        raise _wrong(
            "delay_ms",
            "delay_ms is missing" if delays else f"{body.kind} takes no delay_ms",
            "delays take it, and nothing else",
        )
    if body.delay_ms is not None:
        _within("delay_ms", body.delay_ms, 1, DELAY_MS_MAX)
    status = body.status or 0
    retry = body.retry_after_seconds
    return Terms(
        body.kind,
        method=body.method or "",
        path=body.path or "",
        stream=body.stream or "",
        messages=tuple(body.messages or ()),
        account_id=_account_id(door, body.account_id),
        times=body.count or (0 if body.for_seconds else 1),
        for_seconds=body.for_seconds or 0.0,
        every=body.every,
        probability=body.probability,
        seed=body.seed,
        status=status,
        retry_after_s=int(status in (429, 503)) if retry is None else retry,
        when=body.when,
        delay_ms=body.delay_ms or 0,
        code=body.code,
        reason=body.reason,
    )


def _check_extent(body: s.FaultBody) -> None:
    """How often, how long and by what chance."""
    if body.count is not None:
        _within("count", body.count, 1, COUNT_MAX)
    if body.for_seconds is not None:
        _within("for_seconds", body.for_seconds, 0.001, FOR_SECONDS_MAX)
    _within("every", body.every, 1, EVERY_MAX)
    _within("probability", body.probability, 0.0, 1.0)
    _within("seed", body.seed, 0, SEED_MAX)


def _check_request(body: s.FaultBody) -> None:
    if body.method is not None:
        _one_of("method", body.method, METHODS)
    path = body.path
    if path is not None and not (len(path) <= PATTERN_LENGTH_MAX and path[:1] in ("/", "*")):
        raise _wrong(
            "path",
            "path cannot be taken",
            f"write it as /v2/orders/{{id}} or /v2/*, at most {PATTERN_LENGTH_MAX} characters",
        )
    if (body.kind == FaultKind.ANSWER) != (body.status is not None):
        raise _wrong(
            "status",
            "status is missing" if body.status is None else f"{body.kind} takes no status",
            f"answer takes one of {', '.join(map(str, STATUSES))}",
        )
    if body.status is not None:
        _one_of("status", body.status, STATUSES)
    if body.retry_after_seconds is not None:
        if body.kind != FaultKind.ANSWER:
            raise _wrong("retry_after_seconds", f"{body.kind} takes none", "leave it out")
        _within("retry_after_seconds", body.retry_after_seconds, 0, RETRY_AFTER_MAX)
    _one_of("when", body.when, (BEFORE, AFTER))


def _check_stream(body: s.FaultBody) -> None:
    if body.stream is not None:
        _one_of("stream", body.stream, STREAMS)
    named = body.messages
    if named is not None and not (
        0 < len(named) <= MESSAGES_MAX and all(0 < len(one) <= 40 for one in named)
    ):
        raise _wrong("messages", "messages cannot be taken", f"name 1 to {MESSAGES_MAX} types")
    if body.kind != FaultKind.CLOSE and (body.code != LOST or body.reason):
        raise _wrong("code", f"{body.kind} takes no code and no reason", "leave them out")
    if body.code not in _CODES:
        raise _wrong("code", "this is no close code", "send 1000 to 1014 or 3000 to 4999")
    if len(body.reason.encode("utf-8", "replace")) > REASON_BYTES_MAX:
        raise _wrong("reason", "reason is too long", f"write at most {REASON_BYTES_MAX} bytes")


def _account_id(door: Door, named: str | None) -> int:
    if named is None:
        return 0
    found = door.ids.parse(Kind.ACCOUNT, named)
    if found is None or found[0] not in door.view.accounts:
        raise rule_problem(DenyCode.UNKNOWN_ACCOUNT, "account_id")
    return found[0]


def shown(door: Door, fault: Fault) -> s.FaultRule:
    """A rule as it is told."""
    terms = fault.terms
    about_requests = terms.kind in REQUEST_KINDS
    closes, answers = terms.kind == FaultKind.CLOSE, terms.kind == FaultKind.ANSWER
    return s.FaultRule(
        fault.number,
        terms.kind,
        terms.method or None,
        terms.path or None,
        terms.stream or None,
        list(terms.messages),
        door.render.account_id(terms.account_id) if terms.account_id else None,
        terms.times or None,
        time_or_none(fault.ends_ns),
        terms.every,
        terms.probability,
        terms.seed,
        terms.status if answers else None,
        terms.retry_after_s if answers and terms.retry_after_s else None,
        terms.when if about_requests else None,
        terms.delay_ms or None,
        terms.code if closes else None,
        terms.reason if closes else None,
        fault.met,
        fault.struck,
        door.faults.is_over(fault),
    )


def close_now(gateway: Gateway, fault: Fault) -> None:
    """End the streams that are open already and that a rule for closing hits."""
    if fault.terms.kind != FaultKind.CLOSE or fault.terms.messages:
        return
    faults = gateway.door.faults
    for listener in list(gateway):
        if faults.is_over(fault):
            return
        if fault.hits_stream(listener.stream, listener.account_id) and fault.strike():
            listener.break_off(fault.terms.code, fault.terms.reason)


@routes.get(
    "/sim/faults",
    **described(
        "list_faults",
        TAG,
        "List the rules for faults",
        f"With what each has hit, those that are over included. {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        answer=list[s.FaultRule],
        answered="All of them, oldest first.",
    ),
)
async def list_faults(visit: Visiting) -> Response:
    """List the rules for faults."""
    allowed(visit.door, visit.request)
    return answer([shown(visit.door, fault) for fault in visit.door.faults])


@routes.post(
    "/sim/faults",
    **described(
        "make_fault",
        TAG,
        "Make a rule for faults",
        "Requests on this API and on Alpaca's paths, and messages of all streams, fail by it, until"
        " its count or its time is over. A rule that closes streams closes those that are open at"
        f" once. Test controls and `/health` are never hit. {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        body=s.FaultBody,
        body_examples={
            "rate_limited": {"kind": "answer", "status": 429, "path": "/v2/*", "count": 2},
            "answered_too_late": {
                "kind": "answer",
                "status": 504,
                "when": "after",
                "method": "POST",
                "path": "/v2/orders",
            },
            "every_second_frame": {"kind": "drop", "every": 2, "for_seconds": 60},
            "close_all": {"kind": "close", "code": 1012, "reason": "restarting"},
        },
        status=201,
        answer=s.FaultRule,
        answered="The rule.",
        refusals=(409, 503),
    ),
)
async def make_fault(visit: Visiting) -> Response:
    """Make a rule for faults."""
    caller, door = allowed(visit.door, visit.request), visit.door
    body: s.FaultBody = await visit.body(_body)
    terms = terms_of(door, body)
    try:
        door.faults.make_room()
        said = {name: x for name, x in msgspec.structs.asdict(body).items() if x is not None}
        await use(visit, caller, "fault.make", _encode(said).decode())
        fault = door.faults.add(terms)
    except TooManyFaults:
        raise Problem(
            409,
            "too_many_faults",
            "there are too many rules for faults",
            f"forget some: {RULES_MAX} may be at work",
        ) from None
    close_now(visit.request.app.state.gateway, fault)
    return answer(shown(door, fault), 201)


@routes.delete(
    "/sim/faults",
    **described(
        "forget_faults",
        TAG,
        "Forget all rules for faults",
        f"Nothing fails on purpose any more. {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        answer=list[s.FaultRule],
        answered="What was forgotten.",
        refusals=(503,),
    ),
)
async def forget_faults(visit: Visiting) -> Response:
    """Forget all rules for faults."""
    caller, door = allowed(visit.door, visit.request), visit.door
    await use(visit, caller, "fault.forget", "all")
    gone = list(door.faults)
    door.faults.forget(gone)
    return answer([shown(door, fault) for fault in gone])


@routes.delete(
    "/sim/faults/{fault_id}",
    **described(
        "forget_fault",
        TAG,
        "Forget a rule for faults",
        f"It hits nothing any more. {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.NAMED,
        answer=s.FaultRule,
        answered="What was forgotten.",
        refusals=(503,),
    ),
)
async def forget_fault(visit: Visiting, fault_id: str) -> Response:
    """Forget a rule for faults."""
    caller, door = allowed(visit.door, visit.request), visit.door
    # More digits than any rule has would be a number that takes long to read.
    number = int(fault_id) if fault_id.isdecimal() and len(fault_id) <= 12 else 0
    fault = door.faults.find(number)
    if fault is None:
        raise Problem(
            404,
            "unknown_fault",
            "there is no such rule",
            "name one of GET /api/v1/sim/faults",
            field="fault_id",
        )
    await use(visit, caller, "fault.forget", str(number))
    door.faults.forget([fault])
    return answer(shown(door, fault))
