"""A bot as people write them for Alpaca's paper account: minute bars in, market orders out.

It knows nothing of Stockyard. Keys and addresses come from the environment, as usual.
"""

import os
from collections import defaultdict, deque
from datetime import time
from zoneinfo import ZoneInfo

from alpaca.data.live import StockDataStream
from alpaca.data.models import Bar
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import MarketOrderRequest

KEY, SECRET = os.environ["APCA_API_KEY_ID"], os.environ["APCA_API_SECRET_KEY"]
SYMBOLS = ("AAPL", "MSFT", "NVDA")
WINDOW = 15
NEW_YORK = ZoneInfo("America/New_York")

trading = TradingClient(KEY, SECRET, paper=True, url_override=os.environ["APCA_API_BASE_URL"])
stream = StockDataStream(KEY, SECRET, url_override=os.environ["APCA_STREAM_URL"])
closes: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=WINDOW))
held: dict[str, bool] = {}


def trade(symbol: str, side: OrderSide) -> None:
    """Send a market order."""
    order = MarketOrderRequest(symbol=symbol, qty=10, side=side, time_in_force=TimeInForce.DAY)
    trading.submit_order(order)
    held[symbol] = side == OrderSide.BUY


async def on_bar(bar: Bar) -> None:
    """Buy what fell below its average, sell what rose above it, in regular hours."""
    at = bar.timestamp.astimezone(NEW_YORK).time()
    if not time(9, 30) <= at < time(15, 58):
        return
    seen = closes[bar.symbol]
    seen.append(bar.close)
    if len(seen) < WINDOW:
        return
    mean = sum(seen) / WINDOW
    if bar.close < mean * 0.999 and not held.get(bar.symbol):
        trade(bar.symbol, OrderSide.BUY)
    elif bar.close > mean * 1.001 and held.get(bar.symbol):
        trade(bar.symbol, OrderSide.SELL)


if __name__ == "__main__":
    stream.subscribe_bars(on_bar, *SYMBOLS)
    stream.run()
