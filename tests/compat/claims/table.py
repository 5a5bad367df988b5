"""Every section of the page, in its order."""

from typing import Final

from tests.compat.claims import account, market, streams, trading
from tests.compat.claims.words import Section

SECTIONS: Final[tuple[Section, ...]] = (
    account.HTTP_SECTION,
    account.ACCOUNT_SECTION,
    trading.ORDER_SECTION,
    trading.POSITION_SECTION,
    streams.TRADE_STREAM,
    account.MARKET_SECTION,
    account.LIST_SECTION,
    market.STOCK_SECTION,
    market.COIN_SECTION,
    market.OTHER_SECTION,
    streams.DATA_STREAMS,
)
