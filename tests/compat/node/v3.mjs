// A bot on @alpacahq/alpaca-trade-api 3, which most bots still run: only addresses and keys are set.
import Alpaca from "alpaca-trade-api-3";

import { said, tell, until } from "./telling.mjs";

const { ADDRESS, KEY_ID, SECRET } = process.env;
const alpaca = new Alpaca({
  keyId: KEY_ID,
  secretKey: SECRET,
  baseUrl: ADDRESS,
  dataBaseUrl: ADDRESS,
  dataStreamUrl: ADDRESS.replace(/^http/, "ws"),
  feed: "iex",
});

said.account = (await alpaca.getAccount()).status;
said.clock = (await alpaca.getClock()).is_open;

const heard = [];
let known = false;
alpaca.trade_ws.onConnect(() => {
  alpaca.trade_ws.subscribe(["trade_updates", "account_updates"]);
  known = true;
});
alpaca.trade_ws.onOrderUpdate((update) => heard.push(update));
alpaca.trade_ws.connect();
await until(() => known, "a sign-in");

const order = { symbol: "MSFT", qty: 2, side: "buy", type: "market", time_in_force: "day" };
const bought = await alpaca.createOrder(order);
await until(() => heard.length >= 2, "a fill");
const waiting = await alpaca.createOrder({
  ...order,
  type: "limit",
  limit_price: Number((Number(heard[1].price) * 0.97).toFixed(2)),
  time_in_force: "gtc",
  client_order_id: `v3-${Date.now()}`,
});
const replaced = await alpaca.replaceOrder(waiting.id, { qty: "1" });
await until(() => heard.length >= 5, "a replacement");
await alpaca.cancelOrder(replaced.id);
await until(() => heard.length >= 6, "a cancel");
said.updates = heard.map((update) => [update.event, update.order.status, update.order.id]);
said.orders = [bought.id, waiting.id, replaced.id];
said.fill = { qty: heard[1].qty, positionQty: heard[1].position_qty };
said.open = (await alpaca.getOrders({ status: "open" })).length;
said.position = (await alpaca.getPosition("MSFT")).qty;
try {
  await alpaca.createOrder({ ...order, qty: 2000 });
} catch (error) {
  said.refused = [error.response.status, error.response.data.code];
}
await alpaca.closePosition("MSFT");
await until(() => heard.length >= 8, "a closing");
said.positions = (await alpaca.getPositions()).filter((each) => each.symbol === "MSFT").length;

// Its stream of stocks insists on TLS, whatever the address says; that of coins does not.
const coins = alpaca.crypto_stream_v1beta3;
const found = {};
const note = (name) => (item) => (found[name] ??= item);
coins.onCryptoTrade(note("trade"));
coins.onCryptoQuote(note("quote"));
coins.onCryptoOrderbook(note("book"));
coins.onConnect(() => {
  coins.subscribeForTrades(["BTC/USD"]);
  coins.subscribeForQuotes(["BTC/USD"]);
  coins.subscribeForOrderbooks(["BTC/USD"]);
});
coins.onError((error) => (said.errors = [...(said.errors ?? []), String(error)]));
coins.connect();
await until(() => found.trade && found.quote && found.book, "market data");
said.found = found;
said.latest = (await alpaca.getLatestQuote("AAPL")).BidPrice > 0;
tell();
