"""Goal: every answer names its request, also the refusal of what is none."""

import asyncio

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.api.rig import Rig, Trader
from tests.api.serving import PATIENCE, served

REFUSED = (
    ("GET", "/api/v1/portfolio", 401),
    ("GET", "/api/v1/nowhere", 404),
    ("PUT", "/api/v1/orders", 405),
    ("POST", "/api/v1/orders", 401),
    ("GET", "/api/v1/quotes/NONE", 404),
    ("GET", "/api/v1/admin/routes", 401),
    ("GET", "/v2/account", 401),
    ("GET", "/v2/nowhere", 404),
    ("PUT", "/v2/account", 405),
    ("GET", "/v1beta3/crypto/us/bars", 422),
    ("POST", "/ingest/tick", 404),
    ("POST", "/internal/update", 404),
    ("GET", "/graphql", 405),
    ("POST", "/graphql", 400),
    ("GET", "/dev/mail", 404),
)
TAKEN = (
    ("GET", "/health"),
    ("HEAD", "/health"),
    ("GET", "/"),
    ("GET", "/metrics"),
    ("GET", "/api/v1/quotes"),
    ("GET", "/api/v1/openapi.json"),
)


@pytest.mark.parametrize(("method", "path", "status"), REFUSED)
async def test_a_refusal_names_its_request(rig: Rig, method: str, path: str, status: int) -> None:
    answer = await rig.call(method, path, headers={"X-Request-ID": "mine"})
    assert answer.headers["x-request-id"] == "mine"
    assert answer.status in (status, 401)
    made = await rig.call(method, path)
    assert made.headers["x-request-id"] not in ("", "mine")


@pytest.mark.parametrize(("method", "path"), TAKEN)
async def test_an_answer_names_its_request(rig: Rig, method: str, path: str) -> None:
    answer = await rig.call(method, path, headers={"X-Request-ID": "mine"})
    assert (answer.status, answer.headers["x-request-id"]) == (200, "mine")


async def test_a_name_that_is_none_is_not_taken(rig: Rig) -> None:
    for said in ("", "a b", "x" * 65, "a\tb", "<script>"):
        answer = await rig.call("GET", "/health", headers={"X-Request-ID": said})
        assert answer.headers["x-request-id"] not in ("", said)


async def test_handshakes_are_named_and_refused_in_words(rig: Rig, ann: Trader) -> None:
    named = {"X-Request-ID": "mine"}
    async with served(rig) as port:
        for path in ("/api/v1/stream", "/stream", "/v2/iex", "/graphql"):
            async with connect(
                f"ws://127.0.0.1:{port}{path}",
                additional_headers=named,
                subprotocols=[Subprotocol("graphql-transport-ws")] if path == "/graphql" else None,
            ) as client:
                assert client.response is not None
                assert client.response.headers["x-request-id"] == "mine"
        for path, origin, status, code in (
            ("/api/v1/stream", "http://elsewhere.example", 403, "cross_site"),
            ("/v2/iex", "http://elsewhere.example", 403, "cross_site"),
            ("/api/v1/nowhere", None, 404, "not_found"),
        ):
            headers = {**named, **({"Origin": origin} if origin else {})}
            with pytest.raises(InvalidStatus) as refused:
                async with connect(f"ws://127.0.0.1:{port}{path}", additional_headers=headers):
                    pass
            answer = refused.value.response
            assert answer.status_code == status
            assert answer.headers["x-request-id"] == "mine"
            assert answer.body is not None
            told = msgspec.json.decode(answer.body)
            assert (told["code"], told["request_id"]) == (code, "mine")


async def test_what_is_no_http_is_refused_in_words(rig: Rig) -> None:
    async with served(rig) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"NONSENSE\r\n\r\n")
        said = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    told = msgspec.json.decode(body)
    assert told["code"] == "invalid_request"
    assert f"x-request-id: {told['request_id']}".encode() in head
