"""Every endpoint that changes something puts that on record, or says here why it need not."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, Final

from fastapi.routing import APIRoute

from stockyard.api import noting
from stockyard.api.alpaca.serving import ROUTES as ALPACA_ROUTES
from stockyard.api.application import framework
from stockyard.api.hot_words import HOT_ROUTES
from stockyard.api.rest import keys
from stockyard.api.settings import ApiSettings

CHANGES: Final = ("DELETE", "PATCH", "POST", "PUT")
JOURNALED: Final = ("decide", "use_control")
"""What sends a command or a control: the log reads those from the journal."""
DEPTH_MAX: Final = 6
MARKET: Final = (
    "quote", "trade", "path", "gap", "widen", "empty", "halt", "resume", "play", "release",
)  # fmt: skip
NEED_NOT: Final = {
    "POST /orders/preview": "changes nothing",
    "POST /inbox/read": "what somebody has read is nobody else's business",
    "PATCH /inbox/items/{item_id}": "the same",
    "DELETE /inbox/items/{item_id}": "the same",
    "PUT /admin/users/{user_id}/freeze": "overseeing journals it with who asked",
    "POST /admin/users/{user_id}/grants": "the same",
    **dict.fromkeys(
        (f"POST /sim/market/{action}" for action in MARKET),
        "runtime.sim_market journals it with who asked",
    ),
    "POST /v2/positions/{symbol:path}/exercise": "always refused",
    "POST /v2/positions/{symbol:path}/do-not-exercise": "always refused",
    "POST /v2/positions/{contract}/exercise": "always refused",
    "POST /v2/positions/{contract}/do-not-exercise": "always refused",
}


def nodes(function: Callable[..., Any]) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function))))


def notes(node: ast.AST) -> bool:
    """Whether this is a call of ``note`` with a kind: a word with a dot, or one handed on."""
    if not isinstance(node, ast.Call):
        return False
    named = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    named = node.func.id if isinstance(node.func, ast.Name) else named
    said = [*node.args, *(word.value for word in node.keywords)]
    return named == "note" and any(
        (isinstance(one, ast.Constant) and isinstance(one.value, str) and "." in one.value)
        or (isinstance(one, ast.Name) and one.id == "kind")
        for one in said
    )


def is_on_record(function: Callable[..., Any], depth: int = DEPTH_MAX) -> bool:
    """Whether a function leads to something that puts an act on record."""
    room = vars(sys.modules[function.__module__])
    for node in nodes(function):
        if notes(node) or (isinstance(node, ast.Attribute) and node.attr in JOURNALED):
            return True
        found = room.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = getattr(room.get(node.value.id), node.attr, None)
        ours = isinstance(found, FunctionType) and found.__module__.startswith("stockyard.api")
        if ours and depth and found is not function and is_on_record(found, depth - 1):
            return True
    return False


def changing() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every way to change something over HTTP, with its handler."""

    def walk(routes: Any) -> Iterator[APIRoute]:
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            elif hasattr(route, "original_router"):
                yield from walk(route.original_router.routes)

    for route in walk(framework(ApiSettings()).routes):
        for method in sorted(route.methods & set(CHANGES)):
            yield f"{method} {route.path}", route.endpoint
    for hot in HOT_ROUTES:
        if hot.method in CHANGES:
            yield f"{hot.method} {hot.path}", hot.handler
    for theirs in ALPACA_ROUTES:
        if theirs.method in CHANGES:
            yield f"{theirs.method} {theirs.pattern}", theirs.handler


def test_whatever_changes_something_is_on_record() -> None:
    ways = dict(changing())
    assert len(ways) > 60
    silent = [name for name, handler in ways.items() if not is_on_record(handler)]
    assert not set(silent) - set(NEED_NOT), (
        "put these acts on record with visit.note(kind, subject, before, after), or say in NEED_NOT"
        " why that need not be"
    )
    assert not set(NEED_NOT) - set(silent), "these are on record, or gone"


def test_the_look_is_awake() -> None:
    """What only reads, and what notes other things, is not taken for an act on record."""
    assert is_on_record(keys.create_key)
    assert not is_on_record(keys.list_keys)
    assert not is_on_record(noting.note)
