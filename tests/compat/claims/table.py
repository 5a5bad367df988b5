"""Every section of the page, in its order."""

from typing import Final

from tests.compat.claims import account, market, trading
from tests.compat.claims.words import Section

SECTIONS: Final[tuple[Section, ...]] = (
    account.HTTP_SECTION,
    account.ACCOUNT_SECTION,
    trading.ORDER_SECTION,
    trading.POSITION_SECTION,
    account.MARKET_SECTION,
    account.LIST_SECTION,
    market.STOCK_SECTION,
    market.COIN_SECTION,
    market.OTHER_SECTION,
)
