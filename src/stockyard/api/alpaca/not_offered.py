"""What Alpaca has and this Stockyard has not: lists of it are empty, doing it is refused.

Promises: a bot that only looks finds nothing, in the right shape; one that asks for a thing by name
hears that it does not exist; one that wants something done hears that it is not offered.
"""

from datetime import timedelta
from typing import Final

from stockyard.api.alpaca.clock import LAST_DAY, day_asked
from stockyard.api.alpaca.errors import NOT_FOUND, PARAMETER, Refusal, invalid, not_offered
from stockyard.api.alpaca.routing import Call, Reply, Route
from stockyard.people.identity import Scope

ANNOUNCEMENTS: Final = "/v2/corporate_actions/announcements"
_TYPES: Final = ("dividend", "merger", "spinoff", "split")
_REACH: Final = timedelta(days=90)
CONTRACTS_MAX: Final = 10_000


async def list_announcements(call: Call) -> Reply:
    """GET /v2/corporate_actions/announcements: none; what is asked for is checked as at Alpaca."""
    kinds = call.query.words("ca_types")
    if not kinds or call.query.text("since") is None or call.query.text("until") is None:
        raise Refusal(422, PARAMETER, "ca_types, since and until are required")
    for kind in kinds:
        if kind.lower() not in _TYPES:
            raise invalid("ca_types", kind, f"use {', '.join(_TYPES)}")
    since, until = (day_asked(call.query, name, LAST_DAY) for name in ("since", "until"))
    if not since <= until <= since + _REACH:
        raise invalid("until", until.isoformat(), "use a day at most 90 days after since")
    return Reply(200, b"[]")


async def read_announcement(call: Call) -> Reply:
    """GET /v2/corporate_actions/announcements/{id}: there is none."""
    raise Refusal(404, NOT_FOUND, f"announcement not found: {call.named['announcement_id'][:40]}")


async def list_contracts(call: Call) -> Reply:
    """GET /v2/options/contracts: none."""
    call.query.whole("limit", 100, 1, CONTRACTS_MAX)
    return Reply(200, b'{"option_contracts":[],"next_page_token":null}')


async def read_contract(call: Call) -> Reply:
    """GET /v2/options/contracts/{symbol_or_id}: there is none."""
    raise Refusal(404, NOT_FOUND, f"option contract not found: {call.named['contract'][:40]}")


async def exercise(call: Call) -> Reply:
    """POST /v2/positions/{symbol_or_contract_id}/exercise, and do-not-exercise."""
    raise not_offered("options are", "trade stocks and coins")


ROUTES: Final = (
    Route("GET", ANNOUNCEMENTS, Scope.READ, list_announcements),
    Route(
        "GET",
        "/v2/corporate_actions/announcements/{announcement_id}",
        Scope.READ,
        read_announcement,
    ),
    Route("GET", "/v2/options/contracts", Scope.READ, list_contracts),
    Route("GET", "/v2/options/contracts/{contract}", Scope.READ, read_contract),
    Route("POST", "/v2/positions/{contract}/exercise", Scope.TRADE, exercise),
    Route("POST", "/v2/positions/{contract}/do-not-exercise", Scope.TRADE, exercise),
)
