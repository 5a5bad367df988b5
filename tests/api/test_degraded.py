"""Goal: whatever fails underneath, an answer keeps its shape: a problem in words, no traceback.

Method: every path that only reads is asked while the query tables, the people's desk and the past
fail, as a full disk does and as a fault of ours does.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from stockyard.api.alpaca.serving import ROUTES
from stockyard.api.document import document
from stockyard.storage.ports import StorageError, StorageUnavailable
from tests.api.rig import Answer, Rig, Trader

SECRET = "/srv/stockyard/projections.db"
ENDLESS = "/api/v1/events"
ALPACA = sorted(route.pattern for route in ROUTES if route.method == "GET")


def _failing(error: Exception) -> Callable[..., Any]:
    async def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def _paths(rig: Rig) -> list[str]:
    told = document(rig.app._web, "0")["paths"]
    found = [path for path, methods in told.items() if "get" in methods and path != ENDLESS]
    assert len(found) > 50
    return found


def _named(path: str) -> str:
    symbol = path.replace("{symbol:path}", "AAPL").replace("{symbol}", "AAPL")
    while "{" in symbol:
        head, _, rest = symbol.partition("{")
        symbol = head + "00000000-0000-8000-8000-000000000001" + rest.partition("}")[2]
    return symbol


def _assert_told(path: str, answer: Answer, kind: str) -> None:
    assert answer.headers["x-request-id"], path
    assert SECRET.encode() not in answer.body, path
    assert b"Traceback" not in answer.body, path
    if answer.status >= 400:
        assert answer.headers["content-type"].startswith(kind), path
        told = msgspec.json.decode(answer.body)
        assert told["code"], path


@pytest.mark.parametrize(
    "error",
    [StorageUnavailable(SECRET), StorageError(SECRET), RuntimeError(SECRET)],
    ids=["full", "damaged", "fault"],
)
async def test_reading_while_everything_fails(
    rig: Rig, ann: Trader, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = _paths(rig)
    monkeypatch.setattr(rig.world, "query", _failing(error))
    monkeypatch.setattr(rig.history, "_in_thread", _failing(error))
    monkeypatch.setattr(rig.app.door.desk, "run", _failing(error))
    statuses = set()
    for path in paths:
        answer = await ann.rig.call("GET", _named(path), headers=ann.headers)
        _assert_told(path, answer, "application/problem+json")
        statuses.add(answer.status)
    assert (503 if isinstance(error, StorageUnavailable) else 500) in statuses
    for path in ALPACA:
        answer = await ann.rig.call("GET", _named(path), headers=ann.headers)
        _assert_told(path, answer, "application/json")
