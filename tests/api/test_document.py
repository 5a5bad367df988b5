"""The OpenAPI document: complete, current, and what the door really serves."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stockyard.api.application import METHODS, Application, hot_handler
from stockyard.api.hot_words import HOT_ROUTES
from tests.api.rig import Rig

ROOT = Path(__file__).resolve().parents[2]
PATHS = {
    "/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/logout", "/api/v1/me",
    "/api/v1/api-keys", "/api/v1/accounts", "/api/v1/account", "/api/v1/account/deposits",
    "/api/v1/account/withdrawals", "/api/v1/orders", "/api/v1/orders/{order_id}",
    "/api/v1/orders/{order_id}/executions", "/api/v1/orders/preview", "/api/v1/positions",
    "/api/v1/positions/{symbol}", "/api/v1/portfolio", "/api/v1/assets", "/api/v1/quotes",
    "/api/v1/quotes/{symbol}", "/api/v1/clock", "/api/v1/order-types", "/health",
}  # fmt: skip


def reference() -> ModuleType:
    """The script that makes the reference."""
    path = ROOT / "scripts" / "api_reference.py"
    spec = importlib.util.spec_from_file_location("api_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def operations(found: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, said)
        for path, item in found["paths"].items()
        for method, said in item.items()
    ]


@pytest.fixture
async def found(rig: Rig) -> dict[str, Any]:
    answer = await rig.call("GET", "/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json)


def test_the_reference_is_current() -> None:
    for name, content in reference().pages().items():
        assert (ROOT / "docs" / "reference" / name).read_bytes() == content, (
            f"{name} is out of date: run scripts/api_reference.py"
        )


async def test_every_endpoint_is_described(found: dict[str, Any]) -> None:
    assert found["openapi"].startswith("3.1")
    assert set(found["paths"]) >= PATHS
    names = [said["operationId"] for _, _, said in operations(found)]
    assert len(set(names)) == len(names)
    for method, path, said in operations(found):
        assert said["summary"], path
        assert said["description"], path
        assert {"422", "500"} <= set(said["responses"]), path
        for status, told in said["responses"].items():
            if status >= "400" and not path.startswith("/health"):
                assert told == {"$ref": f"#/components/responses/Problem{status}"}, path
        if "requestBody" in said:
            assert said["requestBody"]["content"]["application/json"]["examples"], path
            assert {"400", "413", "415"} <= set(said["responses"]), path
        if "security" in said:
            assert {"401", "403"} <= set(said["responses"]), path
        moves = path.startswith(("/api/v1/orders", "/api/v1/account", "/api/v1/positions"))
        if moves and method != "get" and not path.endswith("/preview"):
            parameters = {p["name"] for p in said["parameters"]}
            assert {"Idempotency-Key", "X-Idempotency-Key"} <= parameters, path


async def test_every_reference_leads_somewhere(found: dict[str, Any]) -> None:
    text = json.dumps(found)
    for ref in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        place: Any = found
        for part in ref.split("/"):
            place = place[part]
    assert "HTTPValidationError" not in text


async def test_what_is_described_is_served(rig: Rig, found: dict[str, Any]) -> None:
    """Nobody is signed in: whatever is served answers something else than 404 or 405."""
    for path, item in found["paths"].items():
        filled = (
            path.replace("{symbol}", "AAPL").replace("{order_id}", "1").replace("{key_id}", "1")
        )
        for method in METHODS:
            answer = await rig.call(method, filled)
            if method.lower() in item:
                assert answer.status not in (404, 405), (method, path)
            elif not path.endswith(
                ("/preview", "/lots", "/leverage")
            ):  # elsewhere parts of an id or a symbol
                assert answer.status in (404, 405), (method, path)


def test_hot_paths_are_found_by_their_templates() -> None:
    for route in HOT_ROUTES:
        path = "/api/v1" + re.sub(r"\{[^}]+\}", "x", route.template)
        handler, rest = hot_handler(route.method, path)
        assert handler is route.handler
        assert rest == ("x" if "{" in route.template else "")
    assert Application.__doc__
