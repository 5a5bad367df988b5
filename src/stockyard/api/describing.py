"""The OpenAPI document's words for one operation, made from the structs that are really used.

Promises: whatever an operation takes and answers is described from the type that decodes or encodes
it; every refusal it can give is listed. Must not know: handlers.
"""

from enum import Flag, auto
from typing import Any, Final

import msgspec

from stockyard.api import (
    activity_answers,
    admin_shapes,
    alert_answers,
    answers,
    audit_shapes,
    contract_answers,
    equity_answers,
    feed_answers,
    fields,
    history_answers,
    inbox_shapes,
    link_shapes,
    past_answers,
    portfolio_answers,
    presence_answers,
    reference_answers,
    request_answers,
    security_shapes,
    sim_fault_shapes,
    sim_market_shapes,
    sim_outcome_shapes,
    sim_shapes,
    statement_answers,
    storage_shapes,
    tax_answers,
    ticker_answers,
    watchlist_shapes,
    webhook_shapes,
)
from stockyard.api.problems import ProblemBody

REF: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_STRUCTS: Final[list[Any]] = [
    kind
    for room in (
        answers,
        audit_shapes,
        contract_answers,
        activity_answers,
        admin_shapes,
        alert_answers,
        equity_answers,
        feed_answers,
        fields,
        history_answers,
        portfolio_answers,
        inbox_shapes,
        link_shapes,
        past_answers,
        presence_answers,
        reference_answers,
        security_shapes,
        request_answers,
        sim_fault_shapes,
        sim_outcome_shapes,
        sim_market_shapes,
        sim_shapes,
        statement_answers,
        storage_shapes,
        tax_answers,
        ticker_answers,
        watchlist_shapes,
        webhook_shapes,
    )
    for kind in vars(room).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
]


class Trait(Flag):
    """What an operation has to do with: it decides parameters, security and possible refusals."""

    NONE = 0
    SIGNED_IN = auto()
    ACCOUNT = auto()
    """About one account of whoever asks."""
    IDEMPOTENT = auto()
    """Moves money: takes an idempotency key, and the engine may deny it."""
    NAMED = auto()
    """Names something in its path that may not exist."""
    PEOPLE = auto()
    """Goes through the one thread of the people's desk."""
    HISTORY = auto()
    """Reads what the projections keep."""


PROBLEMS: Final = {
    400: "The request cannot be read: not JSON, or headers that contradict each other.",
    401: "Nobody is signed in, or the credentials are wrong.",
    403: "Not allowed: a scope is missing, the account lacks the means, or another site asks.",
    404: "There is no such thing, or it is somebody else's.",
    405: "This path does not take this method.",
    408: "The body did not come in time.",
    409: "The same request is being worked on right now, or the name is taken.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Something in the request cannot be taken; the answer says what would be right.",
    429: "Too many attempts or requests; see Retry-After.",
    500: "A fault of ours.",
    503: "Not now; see Retry-After.",
}
SECURITY_SCHEMES: Final = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A session token from POST /api/v1/auth/login, or an access token from POST"
        " /api/v1/auth/token.",
    },
    "keyId": {"type": "apiKey", "in": "header", "name": "APCA-API-KEY-ID"},
    "keySecret": {"type": "apiKey", "in": "header", "name": "APCA-API-SECRET-KEY"},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "stockyard_session",
        "description": "A browser's, set by POST /api/v1/auth/verify; behind https its name begins"
        " with `__Host-`. Changes are taken from pages of the same host alone.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "An API key's id as the user name and its secret as the password.",
    },
}
_SECURITY: Final[list[dict[str, list[str]]]] = [
    {"token": []},
    {"cookie": []},
    {"keyId": [], "keySecret": []},
    {"basic": []},
]
_ACCOUNT_PARAMETERS: Final = (
    {
        "name": "X-Account-ID",
        "in": "header",
        "required": False,
        "description": "Which account it is about; default the first one.",
        "schema": {"type": "string"},
    },
    {
        "name": "account_id",
        "in": "query",
        "required": False,
        "description": "The same as X-Account-ID.",
        "schema": {"type": "string"},
    },
)
_KEY_PARAMETERS: Final = tuple(
    {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }
    for name, description in (
        ("Idempotency-Key", "A repeat under the same key within 24 hours gets the first answer."),
        ("X-Idempotency-Key", "Another spelling of Idempotency-Key."),
    )
)


def schemas() -> dict[str, Any]:
    """Every struct of this room as a JSON schema, by name."""
    _, found = msgspec.json.schema_components([*_STRUCTS, ProblemBody], ref_template=REF)
    found["Problem"] = found.pop("ProblemBody")
    found["Problem"]["title"] = "Problem"
    return dict(found)


def schema_of(kind: Any) -> dict[str, Any]:
    """A reference to a struct's schema, or the schema of anything else."""
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return schema


_HEADERS: Final = {
    "X-Request-ID": {"description": "Names the request.", "schema": {"type": "string"}}
}


def problem_response(status: int) -> dict[str, Any]:
    """The OpenAPI response of a refusal."""
    schema = {"$ref": REF.format(name="Problem")}
    return {
        "description": PROBLEMS[status],
        "content": {"application/problem+json": {"schema": schema}},
        "headers": _HEADERS,
    }


def _refusals(traits: Trait, body: bool, extra: tuple[int, ...]) -> list[int]:
    # Every operation refuses query parameters that it does not know.
    found = {422, 500, *extra}
    if Trait.SIGNED_IN in traits:
        found |= {400, 401, 403}
    if Trait.ACCOUNT in traits:
        found |= {404}
    if Trait.IDEMPOTENT in traits:
        found |= {400, 404, 409, 503}
    if Trait.NAMED in traits:
        found |= {404}
    if traits & (Trait.PEOPLE | Trait.HISTORY):
        found |= {503}
    if body:
        found |= {400, 403, 408, 413, 415}
    return sorted(found)


def described(
    name: str,
    tag: str,
    summary: str,
    description: str = "",
    *,
    traits: Trait = Trait.NONE,
    body: type | None = None,
    body_required: bool = True,
    body_examples: dict[str, Any] | None = None,
    status: int = 200,
    answer: Any = None,
    answered: str = "Done.",
    refusals: tuple[int, ...] = (),
    text: str = "",
    files: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Keyword arguments for a FastAPI route, or (through ``operation``) one operation.

    ``text``: the media type of the same answer as text, where it is offered; ``files``: those of
    the same as files.
    """
    responses: dict[int | str, Any] = {status: {"description": answered}}
    if answer is not None:
        responses[status]["content"] = {_JSON: {"schema": schema_of(answer)}}
    if text:
        responses[status]["content"][text] = {"schema": {"type": "string"}}
    for kind in files:
        of_text = {} if kind.startswith("text/") else {"contentMediaType": kind}
        content = responses[status].setdefault("content", {})
        content[kind] = {"schema": {"type": "string", **of_text}}
    for refusal in _refusals(traits, body is not None, refusals):
        responses[refusal] = problem_response(refusal)
    responses[status]["headers"] = {**_HEADERS}
    if Trait.IDEMPOTENT in traits:
        responses[status]["headers"]["Idempotent-Replayed"] = {
            "description": "`true` on the repeat of an answer given before.",
            "schema": {"type": "string"},
        }
    extra: dict[str, Any] = {"parameters": _parameters(traits)}
    if Trait.SIGNED_IN in traits:
        extra["security"] = _SECURITY
    if body is not None:
        taken: dict[str, Any] = {"schema": schema_of(body)}
        if body_examples:
            taken["examples"] = {key: {"value": value} for key, value in body_examples.items()}
        extra["requestBody"] = {"required": body_required, "content": {_JSON: taken}}
    return {
        "operation_id": name,
        "tags": [tag],
        "summary": summary,
        "description": description or f"{summary}.",
        "status_code": status,
        "responses": responses,
        "openapi_extra": extra,
    }


def _parameters(traits: Trait) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if Trait.ACCOUNT in traits:
        found.extend(_ACCOUNT_PARAMETERS)
    if Trait.IDEMPOTENT in traits:
        found.extend(_KEY_PARAMETERS)
    return found


def operation(words: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI operation object of what ``described`` gave, for a path FastAPI does not serve."""
    extra = words["openapi_extra"]
    found = {
        "tags": words["tags"],
        "summary": words["summary"],
        "description": words["description"],
        "operationId": words["operation_id"],
        "parameters": [*parameters, *extra["parameters"]],
        "responses": {str(status): told for status, told in words["responses"].items()},
    }
    for part in ("requestBody", "security"):
        if part in extra:
            found[part] = extra[part]
    return found
