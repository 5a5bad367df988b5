"""Test controls: who may use them, and how every use gets into the journal.

Promises: nobody uses a control where the server does not allow any, nor without the scope ``sim``;
what was used stands in the journal before it has an effect. Must not know: what a control does.
"""

from typing import Final

from starlette.requests import Request

from stockyard.api import sim_shapes as s
from stockyard.api.auth import ACCOUNT_PARAMETER, Caller
from stockyard.api.describing import Trait, described
from stockyard.api.door import Door
from stockyard.api.fields import Reader
from stockyard.api.problems import Problem
from stockyard.api.routes import Response, Visit, Visiting, answer, head_of, router
from stockyard.api.shapes import time_text
from stockyard.people.identity import Scope
from stockyard.runtime.world import CONTROL_DETAIL_MAX
from stockyard.runtime.writer import Outcome

routes = router()
TAG: Final = "Test controls"
WHERE: Final = "Only where the server allows test controls, with the scope `sim`."
_note = Reader(s.NoteBody)


def allowed(door: Door, request: Request) -> Caller:
    """Who asks for a control. Raises ``Problem`` 401, 403, 404.

    403 is ``controls_not_allowed`` where the server has none, ``scope_missing`` without the scope.
    """
    head = head_of(request)
    door.gate.identity(head)
    if not door.settings.controls:
        raise Problem(
            403,
            "controls_not_allowed",
            "this Stockyard does not allow test controls",
            "have it started with --controls, or STOCKYARD_CONTROLS=1",
        )
    return door.gate.caller(head, Scope.SIM, request.query_params.get(ACCOUNT_PARAMETER))


async def use(visit: Visit, caller: Caller, action: str, detail: str) -> Outcome:
    """Journal that a control is used, before it has its effect. Raises ``Refused``."""
    origin = visit.door.origin(caller, visit.head)
    return await visit.door.world.use_control(action, detail, origin)


@routes.post(
    "/sim/notes",
    **described(
        "write_note",
        TAG,
        "Write a remark into the World's event log",
        f"So that a test's log shows where each part of it begins. {WHERE}",
        traits=Trait.SIGNED_IN | Trait.ACCOUNT,
        body=s.NoteBody,
        body_examples={"arranged": {"text": "from here on the market gaps"}},
        status=201,
        answer=s.ControlNoted,
        answered="Where it stands.",
        refusals=(503,),
    ),
)
async def write_note(visit: Visiting) -> Response:
    """Write a remark into the World's event log."""
    caller = allowed(visit.door, visit.request)
    body: s.NoteBody = await visit.body(_note)
    if not 0 < len(body.text) <= CONTROL_DETAIL_MAX:
        raise Problem(
            422,
            "invalid_note",
            "the text is empty or too long",
            f"write 1 to {CONTROL_DETAIL_MAX} characters",
            field="text",
        )
    outcome = await use(visit, caller, "note", body.text)
    return answer(s.ControlNoted(outcome.seq, time_text(outcome.ts)), 201)
