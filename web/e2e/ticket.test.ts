/** Goal: whoever wants to trade can, sees what it costs, and never gets an order twice or none for one. */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const server = new Server();
let browser: Browser;

before(async () => {
  browser = await openBrowser();
  await server.start();
});
after(async () => {
  await browser?.close();
  await server.remove();
});

interface Placed {
  symbol: string;
  type: string;
  qty: string;
  limit_price: string | null;
  order_class: string;
  status: string;
  legs: { stop_price: string | null; limit_price: string | null }[] | null;
}

const orders = async (symbol: string): Promise<Placed[]> => {
  const answer = await server.ask("GET", `/orders?symbol=${encodeURIComponent(symbol)}`);
  return (await answer.json()) as Placed[];
};

/** The ticket of a symbol; `asks` as one who has switched the second look off. */
async function open(page: Page, symbol: string, asks = false): Promise<void> {
  await enterAsDemo(page);
  if (!asks) await page.evaluate(() => localStorage.setItem("stockyard.ticket.asks", "no"));
  await page.goto(`/symbols/${symbol}`);
}

const quantity = (page: Page) => page.getByLabel("Quantity", { exact: true });

test("a market order: its cost, a second look, the fill, and the way to the order", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await open(page, "KO", true);
  await quantity(page).fill("10");
  const estimate = page.getByRole("complementary", { name: "Order ticket" });
  await estimate.getByText(/^10 × /).waitFor();
  await page.getByRole("button", { name: "Review: Buy 10 KO" }).click();
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
  assert.deepEqual(await orders("KO"), [], "looking is not sending");
  await page.getByRole("button", { name: "Buy 10 KO", exact: true }).click();
  await page.getByRole("heading", { name: "Filled" }).waitFor();
  await page.getByText("10 of 10").waitFor();
  const [order] = await orders("KO");
  assert.equal(order?.status, "filled");
  const link = page.getByRole("link", { name: "See the order" });
  assert.match((await link.getAttribute("href")) ?? "", /^\/orders\/[0-9a-f-]{36}$/);
  await page.getByRole("button", { name: "Another order" }).click();
  await page.getByText("You hold 10 shares.").waitFor();
  assert.equal(await quantity(page).inputValue(), "");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a limit order waits, by the keyboard alone", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await open(page, "AAPL");
  await page.getByLabel("Order type").selectOption("limit");
  await quantity(page).focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Shift+ArrowUp");
  await page.getByLabel("Limit price", { exact: true }).fill("100,5");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Order placed" }).waitFor();
  await page.getByText("Buy 11 AAPL at 100.50 or less.").waitFor();
  const [order] = await orders("AAPL");
  assert.equal(order?.qty, "11");
  assert.equal(order?.limit_price, "100.50");
  assert.equal(order?.status, "new");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a bracket: its exits are fields, and what is wrong stands at its field", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await open(page, "MSFT");
  await quantity(page).fill("2");
  await page.getByLabel("Exits").selectOption("bracket");
  await page.getByLabel("Take profit at", { exact: true }).fill("1");
  await page.getByLabel("Stop loss at", { exact: true }).fill("100");
  const profit = page.getByLabel("Take profit at", { exact: true });
  await page.getByText(/The take-profit is no profit/).waitFor();
  assert.equal(await profit.getAttribute("aria-invalid"), "true");
  await page.getByRole("button", { name: "Buy 2 MSFT" }).click();
  assert.deepEqual(await orders("MSFT"), [], "what would be refused is not sent");
  assert.equal(await profit.evaluate((one) => one === document.activeElement), true);
  await profit.fill("9000");
  await page.getByText(/The take-profit is no profit/).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Buy 2 MSFT" }).click();
  await page.getByRole("heading", { name: "Filled" }).waitFor();
  const found = (await orders("MSFT")).find((one) => one.legs?.length);
  assert.equal(found?.order_class, "bracket");
  assert.equal(found.legs?.length, 2);
  assert.deepEqual(faults, []);
  await context.close();
});

test("an order that is denied says why, and keeps what was typed", async () => {
  const { page, context, faults } = await openPage(browser, server);
  // The estimate did not get through: the server decides.
  await page.route("**/orders/preview", (route) => route.abort());
  await open(page, "NVDA");
  await page.getByLabel("Order type").selectOption("limit");
  await quantity(page).fill("90000");
  await page.getByLabel("Limit price", { exact: true }).fill("120");
  await page.getByRole("button", { name: "Buy 90,000 NVDA" }).click();
  await page
    .getByRole("alert")
    .getByText(/needs more cash/)
    .waitFor();
  assert.equal(await quantity(page).inputValue(), "90000");
  assert.equal(await page.getByLabel("Limit price", { exact: true }).inputValue(), "120");
  await quantity(page).fill("1");
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Buy 1 NVDA" }).click();
  await page
    .getByRole("heading", { name: "Order placed" })
    .or(page.getByText("1 of 1"))
    .first()
    .waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("sizes come from what there is, and from what is held", async () => {
  const { page, context } = await openPage(browser, server);
  await open(page, "KO");
  await page.getByText("You hold 10 shares.").waitFor();
  await page.getByText("Sell", { exact: true }).click();
  await page.getByRole("button", { name: "50%" }).click();
  assert.equal(await quantity(page).inputValue(), "5");
  await page.getByText("Buy", { exact: true }).click();
  await page.getByRole("button", { name: "100%" }).click();
  await page.getByText(/Buying power after/).waitFor();
  await page.waitForFunction(
    () => Number(document.querySelector<HTMLInputElement>("aside input[inputmode]")?.value) > 500,
  );
  await context.close();
});

test("every type that the server offers can be placed from its fields", async () => {
  const { page, context, faults } = await openPage(browser, server);
  const types = (await (await server.ask("GET", "/order-types")).json()) as {
    type: string;
    title: string;
  }[];
  const [quote] = (await (await server.ask("GET", "/quotes?symbols=JPM")).json()) as {
    ask: string;
  }[];
  const at = (share: number) => (Number(quote?.ask) * share).toFixed(2);
  await open(page, "JPM");
  for (const { type } of types) {
    await page.getByLabel("Order type").selectOption(type);
    await quantity(page).fill("1");
    const values = {
      "Limit price": at(type === "limit" ? 0.9 : 1.12),
      "Stop price": at(1.1),
      "Trail by an amount": "5",
    };
    for (const [label, value] of Object.entries(values)) {
      const field = page.getByLabel(label, { exact: true });
      if (await field.isVisible()) await field.fill(value);
    }
    await page.getByRole("button", { name: "Buy 1 JPM" }).click();
    await page.getByRole("link", { name: "See the order" }).waitFor();
    await page.getByRole("button", { name: "Another order" }).click();
    await quantity(page).waitFor();
  }
  const placed = (await orders("JPM")).map((one) => one.type);
  assert.deepEqual([...placed].sort(), types.map((one) => one.type).sort());
  assert.deepEqual(faults, []);
  await context.close();
});

test("from anywhere: what to trade is typed, and the order's page is behind the link", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await open(page, "KO");
  await page.goto("/orders");
  await page.getByRole("tab", { name: "Canceled" }).click();
  await page.getByRole("button", { name: "New order" }).first().click();
  const sheet = page.getByRole("dialog", { name: "Order ticket" });
  await sheet.getByLabel("What do you want to trade?").fill("disney");
  await page.keyboard.press("Enter");
  await sheet.getByRole("heading", { name: "Trade DIS" }).waitFor();
  await page.keyboard.type("1");
  assert.equal(await sheet.getByLabel("Quantity", { exact: true }).inputValue(), "1");
  await page.keyboard.press("Enter");
  await sheet.getByRole("heading", { name: "Filled" }).waitFor();
  await sheet.getByRole("link", { name: "See the order" }).click();
  await sheet.waitFor({ state: "detached" });
  assert.match(new URL(page.url()).pathname, /^\/orders\/[0-9a-f-]{36}$/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("keys open it and put the cursor where typing goes on; going away leaves it behind", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await open(page, "V");
  await page.getByText("You hold no V.").waitFor();
  await page.keyboard.press("s");
  await page.keyboard.type("4");
  assert.equal(await quantity(page).inputValue(), "4");
  assert.equal(await page.getByRole("radio", { name: "Sell" }).isChecked(), true);
  await page.getByText(/^The account holds fewer/).waitFor();
  await page.getByRole("link", { name: "Markets" }).click();
  await page.getByRole("heading", { name: "Markets" }).waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.goBack();
  await quantity(page).waitFor();
  assert.equal(await quantity(page).inputValue(), "4", "what was typed is still there");
  assert.deepEqual(faults, []);
  await context.close();
});

test("the server is killed while the order is on its way: unknown, then known, and there is one", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await open(page, "DIS");
  await quantity(page).fill("7");
  // The order arrives, and its answer does not.
  await page.route("**/api/v1/orders", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    await route.fetch();
    await server.end("SIGKILL");
    await route.abort();
  });
  await page.getByRole("button", { name: "Buy 7 DIS" }).click();
  await page.getByRole("button", { name: "Asking the server…" }).waitFor();
  await page.getByText(/it cannot happen twice/).waitFor();
  await server.start();
  await page.getByRole("heading", { name: "Filled" }).waitFor({ timeout: 30_000 });
  await page.unroute("**/api/v1/orders");
  assert.equal((await orders("DIS")).filter((one) => one.qty === "7").length, 1);
  assert.deepEqual(faults, []);
  await context.close();
});

test("an order that never arrived is said to be none, and can be sent again", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await open(page, "WMT");
  await quantity(page).fill("3");
  await page.route("**/api/v1/orders", (route) =>
    route.request().method() === "POST" ? route.abort() : route.continue(),
  );
  await page.getByRole("button", { name: "Buy 3 WMT" }).click();
  await page
    .getByRole("alert")
    .getByText(/did not reach the server/)
    .waitFor();
  assert.equal(await quantity(page).inputValue(), "3");
  await page.unroute("**/api/v1/orders");
  await page.getByRole("button", { name: "Buy 3 WMT" }).click();
  await page.getByRole("heading", { name: "Filled" }).waitFor();
  assert.equal((await orders("WMT")).length, 1);
  assert.deepEqual(faults, []);
  await context.close();
});

for (const dark of [false, true]) {
  test(`in the hand: a sheet that takes the focus and gives it back, ${dark ? "dark" : "light"}`, async () => {
    const { page, context, faults } = await openPage(browser, server, { viewport: PHONE, dark });
    await open(page, "BTC/USD", true);
    const buy = page.getByRole("button", { name: "Buy", exact: true });
    await buy.click();
    const sheet = page.getByRole("dialog", { name: "Order ticket" });
    await sheet.getByLabel("Order type").selectOption("limit");
    await sheet.getByLabel("Exits").selectOption("bracket");
    await sheet.getByLabel("Time in force").selectOption("gtd");
    assert.deepEqual(await axe(page), []);
    assert.equal(await sheet.evaluate((one) => one.scrollWidth <= one.clientWidth), true);
    const submit = sheet.getByRole("button", { name: /^Review/ });
    const box = await submit.boundingBox();
    assert.ok(box && box.y + box.height <= PHONE.height, "the button is in sight");
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "detached" });
    assert.equal(await buy.evaluate((one) => one === document.activeElement), true);
    assert.deepEqual(faults, []);
    await context.close();
  });
}
