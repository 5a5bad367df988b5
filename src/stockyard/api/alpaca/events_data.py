"""News and corporate actions, of which this market has none, and option data, which come with
options.

Promises: what is asked for is checked as it would be if there were any; an answer is empty where
that is true, and a refusal where nothing can be said. Must not know: which client asks.
"""

from typing import Final

import msgspec

from stockyard.api.alpaca.asking import instruments
from stockyard.api.alpaca.errors import invalid, not_offered
from stockyard.api.alpaca.routing import Call, Reply, Route
from stockyard.model.codes import AssetClass
from stockyard.people.identity import Scope

NEWS_DEFAULT: Final = 10
NEWS_MAX: Final = 50
ACTIONS_DEFAULT: Final = 100
ACTIONS_MAX: Final = 1_000
TYPES: Final = (
    "reverse_split",
    "forward_split",
    "unit_split",
    "cash_dividend",
    "stock_dividend",
    "spin_off",
    "cash_merger",
    "stock_merger",
    "stock_and_cash_merger",
    "redemption",
    "name_change",
    "worthless_removal",
    "rights_distribution",
)
_ANY: Final = (AssetClass.US_EQUITY, AssetClass.CRYPTO, AssetClass.CRYPTO_PERP)
_SORTS: Final = {"asc": False, "desc": True}
_encode: Final = msgspec.json.Encoder().encode


def _check(call: Call, limit: int, most: int) -> None:
    """Refuse what would be refused if there were something to show. Raises ``Refusal``."""
    query = call.query
    instruments(call.door, query.words("symbols"), _ANY)
    start, end = query.moment("start"), query.moment("end")
    if end and end < start:
        raise invalid("end", query.text("end") or "", "send an end that is not before the start")
    query.choice("sort", _SORTS, "desc")
    query.whole("limit", limit, 1, most)


async def news(call: Call) -> Reply:
    """GET /v1beta1/news: nobody writes any."""
    _check(call, NEWS_DEFAULT, NEWS_MAX)
    for name in ("include_content", "exclude_contentless"):
        call.query.flag(name)
    return Reply(200, _encode({"news": [], "next_page_token": None}))


async def corporate_actions(call: Call) -> Reply:
    """GET /v1/corporate-actions: nothing happens to a company here; an empty list for each type."""
    _check(call, ACTIONS_DEFAULT, ACTIONS_MAX)
    asked = call.query.words("types") or TYPES
    for word in asked:
        if word not in TYPES:
            raise invalid("types", word, f"use {', '.join(TYPES)}")
    groups: dict[str, list[None]] = {f"{word}s": [] for word in TYPES if word in asked}
    return Reply(200, _encode({"corporate_actions": groups, "next_page_token": None}))


async def options(call: Call) -> Reply:
    """Whatever is asked about options."""
    raise not_offered("option data are", "ask for stocks (/v2/stocks) or coins (/v1beta3/crypto)")


ROUTES: Final = (
    Route("GET", "/v1beta1/news", Scope.READ, news),
    Route("GET", "/v1/corporate-actions", Scope.READ, corporate_actions),
    Route("GET", "/v1beta1/options/{rest:path}", Scope.READ, options),
)
