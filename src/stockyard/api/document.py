"""The OpenAPI document: what the framework knows, the hot paths, and the structs of this room.

Promises: complete, the same for the same code, needs no world. Must not know: handlers' insides.
"""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from stockyard.api.describing import (
    PROBLEMS,
    SECURITY_SCHEMES,
    operation,
    problem_response,
    schemas,
)
from stockyard.api.hot_words import HOT_ROUTES, PREFIX

DOCUMENT_PATH: Final = f"{PREFIX}/openapi.json"
TITLE: Final = "Stockyard"
_METHODS: Final = ("get", "put", "post", "delete", "patch")
_DESCRIPTION: Final = """A brokerage you run yourself.

Money, prices and quantities are decimal text. Times are RFC 3339 UTC with nanoseconds. Refusals are
`application/problem+json` with a permanent `code`, what was wrong and what would be right. The
stream at `/api/v1/stream` is a WebSocket; see the reference."""


def document(web: FastAPI, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    found = get_openapi(title=TITLE, version=version, description=_DESCRIPTION, routes=web.routes)
    paths: dict[str, Any] = {
        path.replace(":path}", "}"): item for path, item in found["paths"].items()
    }
    for route in HOT_ROUTES:
        item = paths.setdefault(PREFIX + route.template, {})
        item[route.method.lower()] = operation(route.words, *route.parameters)
    found["paths"] = {
        path: {method: paths[path][method] for method in _METHODS if method in paths[path]}
        for path in sorted(paths)
    }
    for item in found["paths"].values():
        for said in item.values():
            _share_refusals(said["responses"])
    components = found.setdefault("components", {})
    components["schemas"] = dict(sorted(schemas().items()))
    components["responses"] = {f"Problem{n}": problem_response(n) for n in PROBLEMS}
    components["securitySchemes"] = SECURITY_SCHEMES
    return found


def _share_refusals(responses: dict[str, Any]) -> None:
    """Say each kind of refusal once for all operations."""
    for status, said in responses.items():
        if "application/problem+json" in said.get("content", {}):
            responses[status] = {"$ref": f"#/components/responses/Problem{status}"}
