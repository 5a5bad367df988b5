"""A bot as people write them with lumibot: it buys below the days' average, and sells after a gain.

It knows nothing of Stockyard. Keys and the address come from the environment; what it hears from
the framework it prints, a line each.
"""

import json
import os
from typing import ClassVar

from alpaca.data.historical import CryptoHistoricalDataClient, StockHistoricalDataClient
from alpaca.trading.client import TradingClient
from lumibot.brokers import Alpaca
from lumibot.strategies import Strategy
from lumibot.traders import Trader

KEYS = os.environ["APCA_API_KEY_ID"], os.environ["APCA_API_SECRET_KEY"]
URL = os.environ["APCA_API_BASE_URL"]


def tell(what, *details):
    print(json.dumps([what, *details]), flush=True)


class Swing(Strategy):
    parameters: ClassVar = {"symbol": "AAPL", "shares": 10, "days": 5, "below": 0.97, "gain": 1.05}

    def initialize(self):
        # Much longer than the polling: what the framework itself looks up before each turn would
        # otherwise hide a fill from it.
        self.sleeptime = "5S"
        self.set_market("24/7")
        self.paid = None

    def on_trading_iteration(self):
        symbol, shares = self.parameters["symbol"], self.parameters["shares"]
        bars = self.get_historical_prices(symbol, self.parameters["days"], "day")
        price = self.get_last_price(symbol)
        if self.first_iteration:
            tell("began", self.get_cash(), self.get_portfolio_value(), len(bars.df), price)
        if any(order.is_active() for order in self.get_orders()):
            return
        position = self.get_position(symbol)
        if position is None and self.paid is None:
            if price < bars.df["close"].mean() * self.parameters["below"]:
                self.submit_order(self.create_order(symbol, shares, "buy"))
        elif position is not None and self.paid and price > self.paid * self.parameters["gain"]:
            self.submit_order(self.create_order(symbol, position.quantity, "sell"))

    def on_filled_order(self, position, order, price, quantity, multiplier):
        tell("filled", order.side, float(price), float(quantity), str(order.identifier))
        if order.side == "buy":
            self.paid = float(price)


broker = Alpaca(
    {
        "API_KEY": KEYS[0],
        "API_SECRET": KEYS[1],
        "TRADING_CLIENT": TradingClient(*KEYS, url_override=URL),
        "STOCK_CLIENT": StockHistoricalDataClient(*KEYS, url_override=URL),
        "CRYPTO_CLIENT": CryptoHistoricalDataClient(*KEYS, url_override=URL),
    },
    polling_interval=0.5,
)

if __name__ == "__main__":
    trader = Trader()
    trader.add_strategy(Swing(broker=broker))
    trader.run_all()
