"""The hot paths as the OpenAPI document and the dispatcher know them: one row each."""

from typing import Any, Final, NamedTuple

from stockyard.api import answers as a
from stockyard.api import fields, hot
from stockyard.api.describing import Trait, described

PREFIX: Final = "/api/v1"
_MOVES = Trait.SIGNED_IN | Trait.ACCOUNT | Trait.IDEMPOTENT
_ORDER_ID: Final = {
    "name": "order_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "The order's id.",
}
_SYMBOL: Final = {
    "name": "symbol",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "`BTC/USD` may be written as it is, as `BTC%2FUSD`, `BTCUSD` or `BTC-USD`.",
}
_SYMBOLS: Final = {
    "name": "symbols",
    "in": "query",
    "required": False,
    "schema": {"type": "string"},
    "description": "Symbols with commas between them; default all.",
}


class HotRoute(NamedTuple):
    """One hot path: ``path`` ends before what the handler gets as the rest."""

    method: str
    path: str
    template: str
    handler: hot.Handler
    words: dict[str, Any]
    parameters: tuple[dict[str, Any], ...]


HOT_ROUTES: Final = (
    HotRoute(
        "POST",
        "/orders",
        "/orders",
        hot.place_order,
        described(
            "place_order",
            "Orders",
            "Place an order",
            "Answered when the order is durable: what is acknowledged survives a power cut. The"
            " answer shows the order as its own record left it, with what was filled at once; a"
            " repeat under the same `client_order_id` or `Idempotency-Key` gets the same bytes.",
            traits=_MOVES,
            body=fields.OrderBody,
            body_examples={
                "market": {"symbol": "AAPL", "side": "buy", "qty": "10"},
                "limit": {
                    "symbol": "BTC/USD",
                    "side": "buy",
                    "type": "limit",
                    "time_in_force": "gtc",
                    "qty": "0.05",
                    "limit_price": "60000",
                    "client_order_id": "first-1",
                },
                "notional": {"symbol": "AAPL", "side": "buy", "notional": "250"},
                "stop": {
                    "symbol": "AAPL",
                    "side": "sell",
                    "type": "stop",
                    "time_in_force": "gtc",
                    "qty": "10",
                    "stop_price": "180",
                },
                "bracket": {
                    "symbol": "AAPL",
                    "side": "buy",
                    "qty": "10",
                    "time_in_force": "gtc",
                    "order_class": "bracket",
                    "take_profit": {"limit_price": "210"},
                    "stop_loss": {"stop_price": "180"},
                },
                "trailing stop": {
                    "symbol": "AAPL",
                    "side": "sell",
                    "type": "trailing_stop",
                    "time_in_force": "gtd",
                    "expires_at": "2026-03-02T16:00:00-05:00",
                    "qty": "10",
                    "trail_percent": "1.5",
                },
            },
            status=201,
            answer=a.Order,
            answered="The order, with its legs.",
        ),
        (),
    ),
    HotRoute(
        "GET",
        "/orders/",
        "/orders/{order_id}",
        hot.read_order,
        described(
            "read_order",
            "Orders",
            "Read an order",
            traits=Trait.SIGNED_IN | Trait.ACCOUNT | Trait.NAMED | Trait.HISTORY,
            answer=a.Order,
            answered="The order as it stands.",
        ),
        (_ORDER_ID,),
    ),
    HotRoute(
        "DELETE",
        "/orders/",
        "/orders/{order_id}",
        hot.cancel_order,
        described(
            "cancel_order",
            "Orders",
            "Cancel an order",
            "Cancels what is left of it; what was filled stays filled.",
            traits=_MOVES | Trait.NAMED,
            answer=a.Cancellation,
            answered="The order's end.",
        ),
        (_ORDER_ID,),
    ),
    HotRoute(
        "GET",
        "/quotes",
        "/quotes",
        hot.list_quotes,
        described(
            "list_quotes",
            "Market",
            "List quotes",
            "Needs no sign-in.",
            answer=list[a.Quote],
            answered="The quotes.",
        ),
        (_SYMBOLS,),
    ),
    HotRoute(
        "GET",
        "/quotes/",
        "/quotes/{symbol}",
        hot.read_quote,
        described(
            "read_quote",
            "Market",
            "Read a quote",
            "Needs no sign-in.",
            traits=Trait.NAMED,
            answer=a.Quote,
            answered="The quote.",
        ),
        (_SYMBOL,),
    ),
)
