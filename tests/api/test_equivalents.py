"""Every endpoint of the systems that this one covers has its equivalent, shown by a request."""

import re

import pytest

from scripts.equivalents import PAGE, page
from stockyard.api.alpaca.serving import ROUTES as ALPACA_ROUTES
from stockyard.api.application import framework
from stockyard.api.document import document
from stockyard.api.settings import ApiSettings
from tests.api.equivalents import INGEST, INNER, ROWS, Equivalent
from tests.api.rig import Rig

OUTSIDE = {"/graphql", "/metrics", "/ingest/tick", "/internal/agg-update", "/api/v1/stream"}
"""Paths that the OpenAPI document leaves out."""


@pytest.fixture
async def rig() -> Rig:
    made = Rig(ingest=INGEST, internal_token=INNER)
    made.quote("AAPL", 189.99, 190.01)
    made.trade("AAPL", 190.00)
    return made


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.system}: {row.theirs}")
async def test_a_request_shows_the_equivalent(rig: Rig, row: Equivalent) -> None:
    await row.proof(rig, await rig.trader())


def test_every_equivalent_is_a_route() -> None:
    routes = {
        f"{method.upper()} {path}"
        for path, item in document(framework(ApiSettings()), "1")["paths"].items()
        for method in item
    }
    routes |= {f"{r.method} {re.sub(':path', '', r.pattern)}" for r in ALPACA_ROUTES}
    for row in ROWS:
        assert row.here in routes or row.here.split(" ")[1] in OUTSIDE, row.here


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
