"""What an account restricts its own new orders to."""

from stockyard.api import answers as a
from stockyard.api.describing import Trait, described
from stockyard.api.fields import Reader, RestrictionsBody
from stockyard.api.problems import Problem
from stockyard.api.restricting import bits, restrict
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.people.identity import Scope

routes = router()
_body = Reader(RestrictionsBody)
TAG = "Accounts"


@routes.get(
    "/account/restrictions",
    **described(
        "read_restrictions",
        TAG,
        "Read what the account restricts itself to",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        answer=a.Restrictions,
        answered="The restrictions.",
    ),
)
async def read_restrictions(visit: Visiting) -> Response:
    """Read what the account restricts itself to."""
    caller, door = visit.caller(Scope.READ), visit.door
    row = door.view.accounts[caller.account_id]
    return answer(door.render.restrictions(row.account_id, row.updated_ns, row.restrictions))


@routes.patch(
    "/account/restrictions",
    **described(
        "change_restrictions",
        TAG,
        "Restrict what the account's orders may do",
        "They bind every new order, by whatever way it comes, its replacements and new exits. Open"
        " orders stay as they are. What is left out stays as it is.",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.IDEMPOTENT,
        body=RestrictionsBody,
        body_examples={
            "pause": {"suspend_trade": True},
            "careful": {"no_shorting": True, "fractional_trading": False},
        },
        answer=a.Restrictions,
        answered="The restrictions from now on.",
    ),
)
async def change_restrictions(visit: Visiting) -> Response:
    """Restrict what the account's orders may do."""
    caller, head = visit.caller(Scope.TRADE), visit.head
    body: RestrictionsBody = await visit.body(_body)
    made, lifted = bits(body.suspend_trade, body.no_shorting, body.fractional_trading)
    if made == lifted == 0:
        raise Problem(
            422,
            "nothing_to_change",
            "the body names no restriction",
            "send suspend_trade, no_shorting or fractional_trading, each true or false",
        )
    decision, done = await restrict(visit.door, caller, head, made, lifted, head.idempotency_key)
    shown = visit.door.render.restrictions(caller.account_id, decision.ts, done.restrictions)
    return answer(shown, headers=decision.headers)
