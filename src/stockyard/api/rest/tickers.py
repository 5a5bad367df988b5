"""One market over all its sources."""

from typing import Final

from stockyard.api import ticker_answers as t
from stockyard.api.describing import Trait, described
from stockyard.api.hot import symbol_in_path
from stockyard.api.routes import Response, Visiting, answer, router
from stockyard.api.tickers import nothing_known, ticker

routes = router()
TAG: Final = "Market"


@routes.get(
    "/tickers/{symbol:path}",
    **described(
        "read_ticker",
        TAG,
        "Read a market's view",
        "Best bid and offer over all sources, the session, and each source with its age. Needs no"
        " sign-in.",
        traits=Trait.NAMED,
        answer=t.Ticker,
        answered="The market as it is seen now.",
    ),
)
async def read_ticker(visit: Visiting, symbol: str) -> Response:
    """Read a market's view."""
    door = visit.door
    instrument_id = symbol_in_path(door, symbol)
    instrument, world = door.view.instruments[instrument_id], door.world
    view = world.market.view(instrument_id)
    if view is None:
        return answer(nothing_known(instrument))
    return answer(ticker(view, instrument, world.clock.now_ns()))
