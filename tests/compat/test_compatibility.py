"""Goal: the page about compatibility with Alpaca cannot lie.

Method: each claim's check is run against a live process; the page is what the claims say; and what
is served, or known to alpaca-py, is claimed about.
"""

import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from stockyard.api.alpaca.serving import ROUTES
from tests.compat.claims.page import DOCUMENT, page
from tests.compat.claims.stage import Stage
from tests.compat.claims.streams import SLOW
from tests.compat.claims.table import SECTIONS
from tests.compat.claims.words import Claim, check_type

with warnings.catch_warnings():
    # The package uses an interface of websockets that is on its way out.
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.data import mappings
    from alpaca.data import requests as data
    from alpaca.trading import models, requests

CLAIMS = [
    pytest.param(claim, id=f"{one.call} {claim.kind} {claim.name}".replace(" ", "_"))
    for section in SECTIONS
    for one in section.endpoints
    for claim in one.claims
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(tmp_path_factory.mktemp("claims"))
    for slow in SLOW:
        made.begin(slow)
    yield made
    made.close()


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_is_true(stage: Stage, claim: Claim) -> None:
    claim.check(stage)


def test_the_page_says_what_is_claimed() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(SECTIONS), "run make docs"


def plain(call: str) -> str:
    """A method and path without the names of its parts."""
    return re.sub(r"\{[^}]*\}", "{}", call)


def test_every_route_is_claimed_about() -> None:
    claimed = {plain(one.call) for section in SECTIONS for one in section.endpoints}
    served = {plain(f"{route.method} {route.pattern}") for route in ROUTES}
    # One refusal stands for all option data, which are listed one by one.
    served.discard("GET /v1beta1/options/{}")
    assert served <= claimed, sorted(served - claimed)


SYMBOLS = {"symbol_or_symbols": "symbols"}
DATA = "/v2/stocks"
COINS = "/v1beta3/crypto/us"
CLIENT_FIELDS = {
    "GET /v2/account": models.TradeAccount,
    "GET /v2/account/configurations": models.AccountConfiguration,
    "GET /v2/account/portfolio/history": models.PortfolioHistory,
    "POST /v2/orders": models.Order,
    "GET /v2/positions": models.Position,
    "GET /v2/assets/{symbol_or_asset_id}": models.Asset,
    "GET /v2/clock": models.Clock,
    "GET /v2/calendar": models.Calendar,
    "POST /v2/watchlists": models.Watchlist,
    "DELETE /v2/orders": requests.CancelOrderResponse,
    "WebSocket /stream": models.TradeUpdate,
}
CLIENT_PARAMETERS = {
    "POST /v2/orders": (
        requests.LimitOrderRequest,
        requests.StopLimitOrderRequest,
        requests.TrailingStopOrderRequest,
    ),
    "GET /v2/account/portfolio/history": (requests.GetPortfolioHistoryRequest,),
    "GET /v2/orders": (requests.GetOrdersRequest,),
    "GET /v2/orders/{order_id}": (requests.GetOrderByIdRequest,),
    "PATCH /v2/orders/{order_id}": (requests.ReplaceOrderRequest,),
    "DELETE /v2/positions/{symbol_or_asset_id}": (requests.ClosePositionRequest,),
    "GET /v2/assets": (requests.GetAssetsRequest,),
    "GET /v2/calendar": (requests.GetCalendarRequest,),
    "GET /v2/options/contracts": (requests.GetOptionContractsRequest,),
    "GET /v2/corporate_actions/announcements": (requests.GetCorporateAnnouncementsRequest,),
    "POST /v2/watchlists": (requests.CreateWatchlistRequest,),
    "PUT /v2/watchlists/{watchlist_id}": (requests.UpdateWatchlistRequest,),
    f"GET {DATA}/bars": (data.StockBarsRequest,),
    f"GET {DATA}/quotes": (data.StockQuotesRequest,),
    f"GET {DATA}/trades": (data.StockTradesRequest,),
    f"GET {DATA}/bars/latest": (data.StockLatestBarRequest,),
    f"GET {DATA}/quotes/latest": (data.StockLatestQuoteRequest,),
    f"GET {DATA}/trades/latest": (data.StockLatestTradeRequest,),
    f"GET {DATA}/snapshots": (data.StockSnapshotRequest,),
    f"GET {COINS}/bars": (data.CryptoBarsRequest,),
    f"GET {COINS}/quotes": (data.CryptoQuoteRequest,),
    f"GET {COINS}/trades": (data.CryptoTradesRequest,),
    f"GET {COINS}/latest/orderbooks": (data.CryptoLatestOrderbookRequest,),
    f"GET {COINS}/snapshots": (data.CryptoSnapshotRequest,),
    "GET /v1beta1/news": (data.NewsRequest,),
    "GET /v1/corporate-actions": (data.CorporateActionsRequest,),
    "GET /v1beta1/screener/stocks/most-actives": (data.MostActivesRequest,),
}
MAPPED = {
    f"GET {DATA}/bars": mappings.BAR_MAPPING,
    f"GET {DATA}/quotes": mappings.QUOTE_MAPPING,
    f"GET {DATA}/trades": mappings.TRADE_MAPPING,
}


def names(call: str, kind: str) -> set[str]:
    """What is claimed of one endpoint."""
    (one,) = (one for section in SECTIONS for one in section.endpoints if one.call == call)
    return {claim.name for claim in one.claims if claim.kind == kind}


@pytest.mark.parametrize("call", CLIENT_FIELDS)
def test_every_field_that_alpaca_py_knows_is_claimed_about(call: str) -> None:
    known = {field.alias or name for name, field in CLIENT_FIELDS[call].model_fields.items()}
    known = {"class" if name == "asset_class" and "assets" in call else name for name in known}
    assert known <= names(call, "field"), sorted(known - names(call, "field"))


@pytest.mark.parametrize("call", MAPPED)
def test_every_letter_that_alpaca_py_reads_is_claimed_about(call: str) -> None:
    assert set(MAPPED[call]) <= names(call, "field")


@pytest.mark.parametrize("call", CLIENT_PARAMETERS)
def test_every_parameter_that_alpaca_py_sends_is_claimed_about(call: str) -> None:
    known = {
        SYMBOLS.get(name, name)
        for request in CLIENT_PARAMETERS[call]
        for name in request.model_fields
    }
    assert known <= names(call, "parameter"), sorted(known - names(call, "parameter"))


def test_nothing_is_claimed_twice() -> None:
    for section in SECTIONS:
        for one in section.endpoints:
            named = [(claim.kind, claim.name) for claim in one.claims]
            assert len(named) == len(set(named)), one.call
    calls = [one.call for section in SECTIONS for one in section.endpoints]
    assert len(calls) == len(set(calls))


@pytest.mark.parametrize(
    ("found", "kind"),
    [("1.5", "num"), (1.5, "dec"), (True, "int"), (1, "bool"), (None, "text"), ("x", "uuid"),
     ("2026-01-01", "time"), ("1e5", "dec"), ("", "dec"), ({}, "list")],
)  # fmt: skip
def test_the_check_of_types_is_awake(found: Any, kind: str) -> None:
    with pytest.raises(AssertionError):
        check_type(found, kind)
