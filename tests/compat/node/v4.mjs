// A bot on @alpacahq/alpaca-trade-api 4: only addresses and keys are set.
import { marketData, streaming, trading } from "@alpacahq/alpaca-trade-api";

import { patience, said, tell, until } from "./telling.mjs";

const { ADDRESS, KEY_ID, SECRET } = process.env;
const sockets = ADDRESS.replace(/^http/, "ws");
const credentials = { keyId: KEY_ID, secret: SECRET };
const ours = new trading.Configuration({ ...credentials, basePath: ADDRESS });
const orders = new trading.OrdersApi(ours);

said.account = (await new trading.AccountsApi(ours).getAccount()).status;
said.clock = (await new trading.ClockApi(ours).legacyClock()).isOpen;

const updates = new streaming.TradingStream({ credentials, url: `${sockets}/stream` });
const heard = [];
let listening = false;
updates.on("subscription", () => (listening = true));
updates.onTradeUpdate((update) => heard.push(update));
updates.subscribeTradeUpdates();
updates.connect();
said.authenticated = await updates.waitForAuthentication(patience);
await until(() => listening, "listening");

const bought = await orders.postOrder({
  postOrderRequest: { symbol: "AAPL", qty: "2", side: "buy", type: "market", timeInForce: "day" },
});
await until(() => heard.length >= 2, "a fill");
const waiting = await orders.postOrder({
  postOrderRequest: {
    symbol: "AAPL",
    qty: "1",
    side: "buy",
    type: "limit",
    timeInForce: "gtc",
    limitPrice: (Number(heard[1].price) * 0.97).toFixed(2),
    clientOrderId: `v4-${Date.now()}`,
  },
});
await orders.deleteOrderByOrderID({ orderId: waiting.id });
await until(() => heard.length >= 4, "a cancel");
said.updates = heard.map((update) => [update.event, update.order.status, update.order.id]);
said.orders = [bought.id, waiting.id];
said.fill = { qty: heard[1].qty, positionQty: heard[1].positionQty };
said.agrees = (await orders.getOrderByOrderID({ orderId: bought.id })).status;
const again = await orders.getOrderByClientOrderId({ clientOrderId: waiting.clientOrderId });
said.again = again.id;
const positions = new trading.PositionsApi(ours);
said.position = (await positions.getOpenPosition({ symbolOrAssetId: "AAPL" })).qty;
try {
  await orders.postOrder({
    postOrderRequest: {
      symbol: "AAPL",
      qty: "2000",
      side: "buy",
      type: "market",
      timeInForce: "day",
    },
  });
} catch (error) {
  said.refused = [error.status, error.code];
}

const stocks = new streaming.StockDataStream({ credentials, url: `${sockets}/v2/iex` });
const coins = new streaming.CryptoDataStream({ credentials, url: `${sockets}/v1beta3/crypto/us` });
for (const [name, stream, symbol] of [
  ["stocks", stocks, "AAPL"],
  ["coins", coins, "BTC/USD"],
]) {
  const found = {};
  stream.onTrade((trade) => (found.trade ??= trade));
  stream.onQuote((quote) => (found.quote ??= quote));
  stream.onOrderbook((book) => (found.book ??= book));
  stream.on("error", (error) => (said.errors = [...(said.errors ?? []), String(error)]));
  stream.subscribeForTrades([symbol]);
  stream.subscribeForQuotes([symbol]);
  if (name === "coins") stream.subscribeForOrderbooks([symbol]);
  stream.connect();
  said[`${name}Known`] = await stream.waitForAuthentication(patience);
  await until(() => found.trade && found.quote && (name === "stocks" || found.book), name);
  said[name] = found;
}

const data = new marketData.Configuration({ ...credentials, basePath: ADDRESS });
const latest = await new marketData.StockApi(data).stockLatestQuotes({ symbols: "AAPL,MSFT" });
said.latest = Object.keys(latest.quotes).sort();
tell();
