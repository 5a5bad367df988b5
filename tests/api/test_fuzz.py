"""Requests made up from the OpenAPI document: no fault of ours, and every answer as described."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from stockyard.api.application import framework
from stockyard.api.document import document
from stockyard.api.settings import ApiSettings
from stockyard.people.limits import DEFAULT_LIMITS
from tests.api.rig import Rig

EXAMPLES = 15
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
schema = schemathesis.openapi.from_dict(document(framework(ApiSettings()), "1"))
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
tries = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class Site:
    """A door with a market, someone signed in, and an order to be named."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.rig = Rig()
        self.users = 0
        self.sign_in()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def sign_in(self) -> None:
        """Go on as somebody new: requests may have ended the last one's session, changed the
        password, or left for good.
        """
        # What was guessed at before counts as failed sign-ins of this place for so long.
        self.rig.clock.time_ns += DEFAULT_LIMITS.failure_window_ns
        self.rig.quote("AAPL", 189.99, 190.01)
        self.users += 1
        self.ann = self.run(self.rig.trader(f"ann{self.users}@example.com"))
        self.order = self.run(self.ann.order(type="limit", limit_price="180")).json["id"]

    def send(self, case: Any, signed_in: bool) -> None:
        """Send a made-up request and check the answer."""
        request = requests.Request(
            **case.as_transport_kwargs(base_url="http://stockyard")
        ).prepare()
        headers = [(k, v if isinstance(v, str) else v.decode("latin-1")) for k, v in
                   (request.headers or {}).items()]  # fmt: skip
        if signed_in:
            known = {"authorization", "apca-api-key-id", "apca-api-secret-key", "x-account-id"}
            headers = [pair for pair in headers if pair[0].lower() not in known]
            headers.extend(self.ann.headers.items())
        body = request.body.encode() if isinstance(request.body, str) else request.body
        path, _, query = (request.path_url or "").partition("?")
        answer = self.run(
            self.rig.call(
                request.method or "GET",
                requests.utils.unquote(path),
                body=body if isinstance(body, bytes) else None,
                headers=headers,
                query=query,
            )
        )
        told = {name: [value] for name, value in answer.headers.items()}
        response = Response(answer.status, told, answer.body, request, 0.0, False)
        case.validate_response(response, checks=CHECKS)
        assert answer.headers["x-request-id"]
        if signed_in and answer.status != 401 and case.path.endswith("/logout"):
            self.sign_in()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.loop.close()


@schema.parametrize()
@tries
def test_from_a_stranger(case: Any, site: Site) -> None:
    site.send(case, signed_in=False)


@schema.parametrize()
@tries
def test_from_someone_signed_in(case: Any, site: Site) -> None:
    """Half of the requests name a symbol and an order that are there, most the user's account."""
    if len(str(case.body)) % 4:
        (case.query or {}).pop("account_id", None)
    if isinstance(case.body, dict) and isinstance(case.body.get("symbol"), str):
        case.body["symbol"] = "AAPL"
    parameters = case.path_parameters or {}
    if len(str(parameters)) % 2:
        for name, real in (("order_id", site.order), ("symbol", "AAPL")):
            if name in parameters:
                parameters[name] = real
    site.send(case, signed_in=True)
