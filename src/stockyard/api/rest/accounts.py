"""Accounts and their cash."""

from typing import Annotated, Final

from fastapi import Query

from stockyard.api import answers as a
from stockyard.api import fields
from stockyard.api.auth import Caller, actor, require_scope, require_session
from stockyard.api.describing import Trait, described
from stockyard.api.door import NO_DIGEST, Decision, digest
from stockyard.api.fields import Reader
from stockyard.api.problems import Problem
from stockyard.api.registering import open_account
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.model.commands import (
    DepositCash,
    ResetAccount,
    SetAccountKind,
    SetAccountProfile,
    SetLotMethod,
    WithdrawCash,
)
from stockyard.model.events import (
    AccountKindSet,
    AccountProfileSet,
    CashDeposited,
    CashWithdrawn,
    FundingPaid,
    InterestCharged,
    LotMethodSet,
)
from stockyard.model.ids import Kind
from stockyard.people.identity import Scope
from stockyard.projections.store import Stretch

routes = router()
_open = Reader(fields.OpenAccountBody)
_change = Reader(fields.AccountBody)
_amount = Reader(fields.AmountBody)
_reset = Reader(fields.ResetBody)
TAG = "Accounts"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
_MOVES = Trait.SIGNED_IN | Trait.ACCOUNT | Trait.IDEMPOTENT


@routes.get(
    "/accounts",
    **described(
        "list_accounts",
        TAG,
        "List the accounts",
        "Those the credentials reach: all of a session's user, the one of an API key.",
        traits=Trait.SIGNED_IN,
        answer=list[a.Account],
        answered="The accounts, oldest first.",
    ),
)
async def list_accounts(visit: Visiting) -> Response:
    """List the accounts."""
    identity, door = visit.identity(), visit.door
    require_scope(identity, Scope.READ)
    return answer([door.render.account(door.view.accounts[n]) for n in identity.account_ids])


@routes.post(
    "/accounts",
    **described(
        "open_account",
        TAG,
        "Open another account",
        "It starts with the house's starting balance. Needs a session, not an API key.",
        traits=Trait.SIGNED_IN | Trait.IDEMPOTENT | Trait.PEOPLE,
        body=fields.OpenAccountBody,
        body_examples={"second": {"name": "Ideas", "profile": "ideal"}},
        status=201,
        answer=a.Account,
        answered="The account.",
    ),
)
async def open_another(visit: Visiting) -> Response:
    """Open another account."""
    identity, door = visit.identity(), visit.door
    require_session(identity)
    require_scope(identity, Scope.TRADE)
    body: fields.OpenAccountBody = await visit.body(_open)
    caller = Caller(identity, 0, actor(identity))
    profile = door.settings.profile if body.profile is None else body.profile
    kind = fields.account_kind(body.kind)
    decision, row = await open_account(
        door, caller, visit.head, body.name, profile, kind, visit.head.idempotency_key
    )
    return answer(door.render.fresh_account(row), 201, decision.headers)


@routes.get(
    "/account",
    **described(
        "read_account",
        TAG,
        "Read the account",
        "As it is, or with `at` as it was at any point: then `past` has its positions and open"
        " orders of that moment. `GET /api/v1/account/timeline` tells when it changed.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        answer=a.Account,
        answered="The account.",
        refusals=(503,),
    ),
)
async def read_account(
    visit: Visiting,
    at: Annotated[
        str | None,
        Query(
            description="An input's number, or a time with its zone such as 2026-11-20T15:30:00Z."
        ),
    ] = None,
) -> Response:
    """Read the account."""
    caller = visit.caller(Scope.READ)
    if at is not None:
        by, receive = caller.identity.user_id, visit.request.receive
        found = await visit.door.past.account(caller.account_id, at, by, receive)
        return Response(found, media_type="application/json")
    return answer(visit.door.render.account(visit.door.view.accounts[caller.account_id]))


@routes.get(
    "/account/charges",
    **described(
        "list_charges",
        TAG,
        "List what borrowing and funding cost",
        "Interest and borrow fees, one charge a day for each, and the funding of perpetual"
        " contracts, newest first. For the next page send the last charge's id as `after`.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.HISTORY,
        answer=list[a.Charge],
        answered="The charges.",
    ),
)
async def list_charges(
    visit: Visiting,
    after: Annotated[str | None, Query(description="A charge's id: only older ones.")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    """List what borrowing and funding cost."""
    caller, door = visit.caller(Scope.READ), visit.door
    before = door.ids.parse(Kind.CHARGE, after) if after is not None else None
    if after is not None and before is None:
        raise Problem(
            422,
            "invalid_id",
            "after is not a charge's id",
            "send an id as it came",
            field="after",
        )
    some = Stretch(before, limit)
    kinds = (InterestCharged, FundingPaid)
    found = await door.world.query(lambda store: store.happenings(caller.account_id, kinds, some))
    return answer(
        [
            door.render.charge(seq, idx, ts, event)
            for seq, idx, ts, event in found
            if isinstance(event, InterestCharged | FundingPaid)
        ]
    )


@routes.patch(
    "/account",
    **described(
        "change_account",
        TAG,
        "Choose the realism profile, the kind or the lot method",
        "Send one of them. Open orders keep the profile they were placed under; an account that"
        " borrows stays a margin account; the lot method is for every closing from now on.",
        traits=_MOVES,
        body=fields.AccountBody,
        body_examples={
            "ideal": {"profile": "ideal"},
            "margin": {"kind": "margin"},
            "fifo": {"lot_method": "fifo"},
        },
        answer=a.AccountChange,
        answered="The choice.",
    ),
)
async def change_account(visit: Visiting) -> Response:
    """Choose the realism profile, the kind or the lot method."""
    caller, key = visit.caller(Scope.TRADE), visit.head.idempotency_key
    body: fields.AccountBody = await visit.body(_change)
    command: SetAccountProfile | SetAccountKind | SetLotMethod
    if [body.profile, body.kind, body.lot_method].count(None) != 2:
        raise Problem(
            422,
            "one_change_at_a_time",
            "the body names none of them or several",
            "send profile, kind or lot_method",
        )
    if body.lot_method is not None:
        method = fields.lot_method(body.lot_method)
        told = digest("PATCH /account", "lot_method", method) if key else NO_DIGEST
        command = SetLotMethod(caller.account_id, method, key, told)
    elif body.kind is not None:
        kind = fields.account_kind(body.kind)
        told = digest("PATCH /account", "kind", kind) if key else NO_DIGEST
        command = SetAccountKind(caller.account_id, kind, key, told)
    else:
        assert body.profile is not None
        profile_id = visit.door.profile_id(body.profile)
        told = digest("PATCH /account", profile_id) if key else NO_DIGEST
        command = SetAccountProfile(caller.account_id, profile_id, key, told)
    decision = await _decide(visit, caller, command)
    kinds = AccountProfileSet | AccountKindSet | LotMethodSet
    done = next(x for x in decision.events if isinstance(x, kinds))
    return answer(visit.door.render.account_change(decision.ts, done), headers=decision.headers)


async def _decide(
    visit: Visit,
    caller: Caller,
    command: DepositCash
    | WithdrawCash
    | SetAccountKind
    | SetAccountProfile
    | SetLotMethod
    | ResetAccount,
) -> Decision:
    return await visit.door.decide(command, visit.door.origin(caller, visit.head))


def _transfer(visit: Visit, decision: Decision) -> Response:
    idx, done = next(
        (idx, x)
        for idx, x in enumerate(decision.events)
        if isinstance(x, CashDeposited | CashWithdrawn)
    )
    shown = visit.door.render.transfer(decision.seq, idx, decision.ts, done)
    return answer(shown, 201, decision.headers)


@routes.post(
    "/account/deposits",
    **described(
        "deposit",
        TAG,
        "Deposit cash",
        traits=_MOVES,
        body=fields.AmountBody,
        body_examples={"thousand": {"amount": "1000"}},
        status=201,
        answer=a.Transfer,
        answered="The transfer.",
    ),
)
async def deposit(visit: Visiting) -> Response:
    """Deposit cash."""
    caller, key = visit.caller(Scope.TRADE), visit.head.idempotency_key
    body: fields.AmountBody = await visit.body(_amount)
    micros = fields.amount("amount", body.amount)
    told = digest("POST /account/deposits", micros) if key else NO_DIGEST
    command = DepositCash(caller.account_id, micros, key, told)
    return _transfer(visit, await _decide(visit, caller, command))


@routes.post(
    "/account/withdrawals",
    **described(
        "withdraw",
        TAG,
        "Withdraw cash",
        "What has settled and no open order holds; of a margin account, what its positions do not"
        " require.",
        traits=_MOVES,
        body=fields.AmountBody,
        body_examples={"hundred": {"amount": "100.50"}},
        status=201,
        answer=a.Transfer,
        answered="The transfer.",
    ),
)
async def withdraw(visit: Visiting) -> Response:
    """Withdraw cash."""
    caller, key = visit.caller(Scope.TRADE), visit.head.idempotency_key
    body: fields.AmountBody = await visit.body(_amount)
    micros = fields.amount("amount", body.amount)
    told = digest("POST /account/withdrawals", micros) if key else NO_DIGEST
    command = WithdrawCash(caller.account_id, micros, key, told)
    return _transfer(visit, await _decide(visit, caller, command))


@routes.post(
    "/account/reset",
    **described(
        "reset_account",
        TAG,
        "Start again",
        "Cancels all orders, gives up all positions, and sets the cash. The history stays.",
        traits=_MOVES,
        body=fields.ResetBody,
        body_required=False,
        body_examples={"default": {}, "small": {"starting_cash": "5000"}},
        answer=a.Reset,
        answered="What was done.",
    ),
)
async def reset(visit: Visiting) -> Response:
    """Start again."""
    caller, key = visit.caller(Scope.TRADE), visit.head.idempotency_key
    body: fields.ResetBody = await visit.body(_reset, empty=b"{}")
    micros, said = visit.door.settings.starting_micros, "default"
    if body.starting_cash is not None:
        micros = fields.amount("starting_cash", body.starting_cash, zero=True)
        said = str(micros)
    told = digest("POST /account/reset", said) if key else NO_DIGEST
    command = ResetAccount(caller.account_id, micros, key, told)
    decision = await _decide(visit, caller, command)
    return answer(visit.door.render.reset(decision.ts, decision.events), headers=decision.headers)
