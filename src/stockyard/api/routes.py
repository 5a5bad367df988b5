"""What the framework's endpoints share: how they get at the door, and how they answer.

Promises: query parameters that are unknown, repeated or of the wrong kind are refused everywhere
alike, in the house's words. Must not know: any noun.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, cast, get_args

from fastapi import APIRouter, Depends
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response as Response

from stockyard.api import noting
from stockyard.api.auth import ACCOUNT_PARAMETER, Caller, require_admin, require_scope
from stockyard.api.desk import ANYONE
from stockyard.api.door import Door, encode
from stockyard.api.fields import Reader
from stockyard.api.heads import HEAD_KEY, Head, read_json
from stockyard.api.problems import Headers, Problem
from stockyard.people.identity import Identity, Scope


class StrictRoute(APIRoute):
    """A route that knows its query parameters and takes no others."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind a look at the query string."""
        handle = super().get_route_handler()
        declared = (self.openapi_extra or {}).get("parameters", ())
        known = (
            *(str(field.alias) for field in self.dependant.query_params),
            *(str(parameter["name"]) for parameter in declared if parameter["in"] == "query"),
        )
        wanted = {
            str(field.alias): _wanted(field.field_info.annotation, field.field_info.metadata)
            for field in self.dependant.query_params
        }

        async def strict(request: Request) -> Response:
            head_of(request).parameters(known)
            try:
                return await handle(request)
            except RequestValidationError as error:
                field = str(error.errors()[0]["loc"][-1])
                raise Problem(
                    422,
                    "invalid_parameter",
                    f"the parameter {field} cannot be taken",
                    wanted[field],
                    field=field,
                ) from None

        return strict


def _wanted(kind: Any, bounds: Sequence[Any]) -> str:
    """What would be right for a parameter of this kind."""
    kinds = get_args(kind) or (kind,)
    if bool in kinds:
        return "send true or false"
    if int not in kinds:
        return "send text"
    least = next((bound.ge for bound in bounds if hasattr(bound, "ge")), None)
    most = next((bound.le for bound in bounds if hasattr(bound, "le")), None)
    words = "send a whole number"
    if least is not None and most is not None:
        return f"{words} from {least} to {most}"
    if least is not None:
        return f"{words} of at least {least}"
    return words if most is None else f"{words} of at most {most}"


def router() -> APIRouter:
    """A router for one noun."""
    return APIRouter(route_class=StrictRoute, default_response_class=Response)


def head_of(request: Request) -> Head:
    """The request's head, as read when it came in."""
    return cast(Head, request.scope[HEAD_KEY])


class Visit:
    """One request at one door."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.door: Door = request.app.state.door
        self.head = head_of(request)
        self._known: Identity | Caller | None = None

    def identity(self) -> Identity:
        """Who asks. Raises ``Problem`` 401."""
        self._known = found = self.door.gate.identity(self.head)
        return found

    def admin(self) -> Identity:
        """The administrator who asks. Raises ``Problem`` 401, 403."""
        identity = self.identity()
        require_admin(identity)
        return identity

    def overseer(self) -> Identity:
        """The instructor or administrator who asks. Raises ``Problem`` 401, 403."""
        identity = self.identity()
        require_scope(identity, Scope.TEACH)
        return identity

    def caller(self, scope: str) -> Caller:
        """Who asks for which account. Raises ``Problem`` 401, 403, 404."""
        account = self.request.query_params.get(ACCOUNT_PARAMETER)
        self._known = found = self.door.gate.caller(self.head, scope, account)
        return found

    async def note(
        self,
        kind: str,
        subject: str = "",
        before: Any = None,
        after: Any = None,
        *,
        by: Identity | Caller | str | None = None,
        user_id: str | None = None,
        account_id: int = 0,
    ) -> None:
        """Put on record what was done here, after it was done and before it is answered.

        ``by``: default whoever this request was found to come from; else as in ``noting.note``.
        ``user_id``: in whose history it stands, default their own.
        """
        who = by or self._known or ANYONE
        await noting.note(
            self.door,
            self.head,
            kind,
            subject,
            before,
            after,
            by=who,
            user_id=user_id,
            account_id=account_id,
        )

    async def body(self, reader: Reader, empty: bytes | None = None) -> Any:
        """The body; ``empty`` is read in the place of none. Raises ``Problem``."""
        bytes_max = self.door.settings.body_bytes_max
        found = await read_json(self.head, self.request.receive, bytes_max)
        return reader.read(empty if empty is not None and not found else found)


Visiting = Annotated[Visit, Depends(Visit)]


def answer(found: Any, status: int = 200, headers: Headers = ()) -> Response:
    """Send a struct or a list of them."""
    response = Response(encode(found), status, media_type="application/json")
    response.raw_headers.extend(headers)
    return response
