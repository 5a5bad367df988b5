"""Users, for those who run the house: find, look, limit, freeze, grant, role and status."""

from typing import Annotated, Final

from fastapi import Query

from stockyard.api import admin_shapes as s
from stockyard.api import answers as a
from stockyard.api import fields
from stockyard.api.admin_shapes import STATUSES
from stockyard.api.auth import require_admin
from stockyard.api.describing import Trait, described
from stockyard.api.fields import Reader
from stockyard.api.gateway import Gateway
from stockyard.api.limiting import asked_limits, kept_limits, shown_limits
from stockyard.api.overseeing import SEARCH_LENGTH_MAX, Overseer
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, router
from stockyard.model.events import CashDeposited
from stockyard.people.identity import ROLES, Scope, UserStatus
from stockyard.people.user_rates import Rates
from stockyard.people.users import User

routes = router()
TAG: Final = "Operator"
LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200
_STATUSES: Final = (UserStatus.PENDING, *STATUSES)
_patch, _limits = Reader(s.UserPatch), Reader(s.LimitsBody)
_freeze, _grant = Reader(s.FreezeBody), Reader(s.GrantBody)
_LOOKS: Final = Trait.SIGNED_IN | Trait.PEOPLE
_ONE: Final = Trait.SIGNED_IN | Trait.NAMED
_DECIDES: Final = _ONE | Trait.IDEMPOTENT
_WHO: Final = " For admins, and for instructors among users of role user (scope `teach`)."


def overseer(visit: Visit) -> Overseer:
    """Whoever asks, if they run the house. Raises ``Problem`` 401, 403."""
    identity = visit.overseer()
    gateway: Gateway = visit.request.app.state.gateway
    return Overseer(visit.door, gateway, identity, visit.head)


@routes.get(
    "/admin/users",
    **described(
        "list_users",
        TAG,
        "Find users",
        "Oldest first; `q` is part of a name or e-mail address, in any letter case, or an id."
        + _WHO,
        traits=_LOOKS,
        answer=s.UserPage,
        answered="A page of users.",
    ),
)
async def list_users(
    visit: Visiting,
    q: Annotated[str | None, Query(description="What to look for.")] = None,
    role: Annotated[str | None, Query(json_schema_extra={"enum": list(ROLES)})] = None,
    status: Annotated[str | None, Query(json_schema_extra={"enum": list(_STATUSES)})] = None,
    frozen: Annotated[bool | None, Query(description="Whether trading is frozen.")] = None,
    after: Annotated[str | None, Query(description="A user's id: only those after it.")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Response:
    """Find users."""
    who = overseer(visit)
    _check_word("role", role, ROLES)
    _check_word("status", status, _STATUSES)
    if q is not None and len(q) > SEARCH_LENGTH_MAX:
        right = f"send at most {SEARCH_LENGTH_MAX} characters"
        raise Problem(422, "invalid_q", "q is too long", right, field="q")
    wanted = (q or "").strip().casefold()

    def fits(user: User) -> bool:
        named = wanted in user.name.casefold() or wanted in user.email or wanted == user.id
        return (
            who.may_see(user)
            and role in (None, user.role)
            and status in (None, user.status)
            and named
        )

    # Walking over all users takes a while, and only this thread changes them.
    found = await visit.door.desk.run(
        lambda: [user for user in visit.door.desk.people.users() if fits(user)]
    )
    if frozen is not None:
        found = [user for user in found if any(r.frozen for r in who.rows(user)) == frozen]
    first = 0
    if after is not None:
        first = next((n for n, user in enumerate(found, 1) if user.id == after), -1)
        if first < 0:
            wrong = "after is no user that was found"
            right = "send next as it came, with the same filters"
            raise Problem(422, "invalid_id", wrong, right, field="after")
    page = found[first : first + limit]
    more = first + limit < len(found)
    lines = [who.line(user) for user in page]
    return answer(s.UserPage(lines, len(found), page[-1].id if more else None))


def _check_word(field: str, word: str | None, known: tuple[str, ...]) -> None:
    if word is not None and word not in known:
        right = f"use one of {', '.join(known)}"
        raise Problem(422, f"invalid_{field}", f"there is no such {field}", right, field=field)


@routes.get(
    "/admin/users/{user_id}",
    **described(
        "read_user",
        TAG,
        "Look at a user",
        "With their accounts and limits." + _WHO,
        traits=_ONE,
        answer=s.UserDetail,
        answered="The user.",
    ),
)
async def read_user(visit: Visiting, user_id: str) -> Response:
    """Look at a user."""
    who = overseer(visit)
    return answer(who.detail(who.user(user_id)))


@routes.patch(
    "/admin/users/{user_id}",
    **described(
        "change_user",
        TAG,
        "Change a user's role or status",
        "A suspended or closed user is signed out everywhere and their keys rest; a closed one"
        " stays closed. Open orders go on unless `cancel_orders` says otherwise. For admins; nobody"
        " changes their own, and one active admin always stays.",
        traits=_ONE | Trait.PEOPLE,
        body=s.UserPatch,
        body_examples={
            "suspend": {"status": "suspended", "cancel_orders": True},
            "instructor": {"role": "instructor"},
        },
        answer=s.UserDetail,
        answered="The user from now on.",
        refusals=(409,),
    ),
)
async def change_user(visit: Visiting, user_id: str) -> Response:
    """Change a user's role or status."""
    who = overseer(visit)
    require_admin(who.identity)
    user = who.user(user_id)
    body: s.UserPatch = await visit.body(_patch)
    if body.role is None and body.status is None:
        wrong, right = "the body names no change", "send role or status"
        raise Problem(422, "nothing_to_change", wrong, right)
    _check_word("status", body.status, STATUSES)
    _check_word("role", body.role, ROLES)
    changed = await who.change(user, body.role, body.status)
    before = {"role": user.role, "status": user.status}
    after = {"role": changed.role, "status": changed.status}
    await visit.note("user.changed", user.id, before, after, user_id=user.id)
    if body.cancel_orders and body.status not in (None, UserStatus.ACTIVE):
        await who.cancel_orders(changed)
    return answer(who.detail(changed))


@routes.put(
    "/admin/users/{user_id}/limits",
    **described(
        "limit_user",
        TAG,
        "Limit a user",
        "Replaces all limits at once. They bind every account of the user, those opened later too,"
        " and every way in; what reduces a position is never limited." + _WHO,
        traits=_DECIDES | Trait.PEOPLE,
        body=s.LimitsBody,
        body_examples={
            "careful": {"order_value": "5000", "open_orders": 20, "leverage": "1.5"},
            "first steps": {"symbols": ["AAPL", "SPY"], "order_types": ["market", "limit"]},
            "none": {},
        },
        answer=s.UserLimits,
        answered="The limits from now on.",
    ),
)
async def limit_user(visit: Visiting, user_id: str) -> Response:
    """Limit a user."""
    who = overseer(visit)
    user, door = who.user(user_id), visit.door
    body: s.LimitsBody = await visit.body(_limits)
    limits = asked_limits(door, body)
    rates = Rates(body.requests_per_minute, body.orders_per_minute)
    decision = await who.limit(user, limits)
    before = door.desk.people.rates.of_user(user.id)
    if rates != before:
        await door.desk.write(lambda people: people.rates.store(user.id, rates))
        told = before._asdict(), rates._asdict()
        await visit.note("user.rates_set", user.id, *told, user_id=user.id)
    return answer(shown_limits(door, limits, rates), headers=decision.headers)


@routes.put(
    "/admin/users/{user_id}/freeze",
    **described(
        "freeze_user",
        TAG,
        "Freeze a user's trading",
        "Or allow it again. No new order, replacement or exit, and no reset, in any account; what"
        " is open goes on unless it is canceled. The user cannot lift it." + _WHO,
        traits=_DECIDES,
        body=s.FreezeBody,
        body_examples={"stop": {"frozen": True, "cancel_orders": True}, "go": {"frozen": False}},
        answer=s.UserDetail,
        answered="The user from now on.",
    ),
)
async def freeze_user(visit: Visiting, user_id: str) -> Response:
    """Freeze a user's trading."""
    who = overseer(visit)
    user = who.user(user_id)
    body: s.FreezeBody = await visit.body(_freeze)
    decision = await who.freeze(user, body.frozen)
    if body.frozen and body.cancel_orders:
        await who.cancel_orders(user)
    return answer(who.detail(user), headers=decision.headers)


@routes.post(
    "/admin/users/{user_id}/grants",
    **described(
        "grant_money",
        TAG,
        "Grant money to a user",
        "A deposit into one of their accounts, made by whoever asks." + _WHO,
        traits=_DECIDES,
        body=s.GrantBody,
        body_examples={"thousand": {"amount": "1000"}},
        status=201,
        answer=a.Transfer,
        answered="The transfer.",
    ),
)
async def grant_money(visit: Visiting, user_id: str) -> Response:
    """Grant money to a user."""
    who = overseer(visit)
    user = who.user(user_id)
    body: s.GrantBody = await visit.body(_grant)
    micros = fields.amount("amount", body.amount)
    row = who.account(user, body.account_id, "account_id")
    decision = await who.grant(user, row, micros)
    found = [(n, x) for n, x in enumerate(decision.events) if isinstance(x, CashDeposited)]
    shown = visit.door.render.transfer(decision.seq, found[0][0], decision.ts, found[0][1])
    return answer(shown, 201, decision.headers)


@routes.get(
    "/account/limits",
    **described(
        "read_limits",
        "Accounts",
        "Read what whoever runs the house limits you to",
        "Limits bind all accounts of a user; `frozen` says that trading is stopped.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        answer=s.OwnLimits,
        answered="The limits.",
    ),
)
async def read_limits(visit: Visiting) -> Response:
    """Tell somebody what they are limited to."""
    caller, door = visit.caller(Scope.READ), visit.door
    row = door.view.accounts[caller.account_id]
    own = door.desk.people.rates.of_user(caller.identity.user_id)
    shown = shown_limits(door, kept_limits(row.limits), own)
    return answer(s.OwnLimits(bool(row.frozen), shown))
