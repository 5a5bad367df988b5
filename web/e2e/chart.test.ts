/** Goal: a symbol's chart lives, shows what the account did, and its order lines can be dragged. */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const server = new Server();
let browser: Browser;

interface Order {
  readonly id: string;
  readonly status: string;
  readonly stop_price: string;
  readonly replaces: string | null;
}

before(async () => {
  browser = await openBrowser();
  await server.start();
});
after(async () => {
  await browser?.close();
  await server.remove();
});

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await server.ask(method, path, body)).json() as Promise<T>;
}

/** A stop this far below the market, in hundredths. */
async function stopBelow(symbol: string, hundredths: number): Promise<Order> {
  const { bid } = await ask<{ bid: string }>("GET", `/quotes/${symbol}`);
  const stop_price = ((Math.round(Number(bid) * 100) - hundredths) / 100).toFixed(2);
  return ask("POST", "/orders", {
    symbol,
    side: "sell",
    qty: "7",
    type: "stop",
    stop_price,
    time_in_force: "gtc",
  });
}

const chosen = { frame: "1m", fit: true };
async function openChart(page: Page, symbol: string): Promise<void> {
  await enterAsDemo(page);
  await page.evaluate(
    (kept) => localStorage.setItem("stockyard.chart", kept),
    JSON.stringify(chosen),
  );
  await page.goto(`/symbols/${symbol}`);
  await page.locator("[data-bar]").waitFor();
}

/** Pulls a line by so many pixels. */
async function pull(page: Page, line: string, pixels: number): Promise<void> {
  const handle = page.getByRole("slider", { name: line });
  await handle.and(page.locator("[data-placed]")).waitFor();
  const box = await handle.boundingBox();
  assert(box);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let step = 1; step <= 5; step += 1) await page.mouse.move(x, y + (pixels * step) / 5);
}

test("the last bar moves, the fill is told, and the line stays the kind that was chosen", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await openChart(page, "KO");
  const first = await page.locator("[data-bar]").textContent();
  await page.waitForFunction(
    (old) => document.querySelector("[data-bar]")?.textContent !== old,
    first,
  );
  await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "70" });
  await page.getByText(/You traded here: Bought 70 at/).waitFor({ state: "attached" });
  await page.getByRole("heading", { name: "Your position" }).waitFor();

  await page.getByRole("button", { name: "Chart" }).click();
  await page.getByRole("radio", { name: "Line" }).check();
  await page.getByRole("checkbox", { name: "Average of 50 bars" }).check();
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByText("Average of 50").waitFor();
  await page.getByRole("button", { name: "Chart" }).click();
  assert(await page.getByRole("radio", { name: "Line" }).isChecked());
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Show as a table" }).click();
  assert((await page.getByRole("table", { name: "The newest bars" }).getByRole("row").count()) > 1);
  assert.deepEqual(faults, []);
  await context.close();
});

test("a stop that is dragged asks first, is left by Escape, and is replaced once", async () => {
  const order = await stopBelow("KO", 60);
  const { page, context, faults } = await openPage(browser, server);
  await openChart(page, "KO");
  await pull(page, "Sell stop 7", -40);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  assert.equal(await page.getByRole("group", { name: "Change of an order" }).count(), 0);

  await pull(page, "Sell stop 7", 30);
  await page.mouse.up();
  const move = page.getByRole("button", { name: /^Move to/ });
  const price = (await move.textContent())?.replace("Move to ", "") ?? "";
  assert.notEqual(price, order.stop_price);
  assert.equal((await ask<Order>("GET", `/orders/${order.id}`)).stop_price, order.stop_price);
  await move.click();
  await page
    .getByRole("slider", { name: "Sell stop 7" })
    .and(page.locator(`[aria-valuetext="${price}"]`))
    .waitFor();
  const open = await ask<Order[]>("GET", "/orders?status=open&symbol=KO");
  assert.equal(open.length, 1);
  assert.equal(open[0]?.stop_price, price);
  assert.equal(open[0]?.replaces, order.id);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the same by keyboard and by the list, and what is denied stays where it was", async () => {
  const [order] = await ask<Order[]>("GET", "/orders?status=open&symbol=KO");
  assert(order);
  const { page, context, faults } = await openPage(browser, server);
  await openChart(page, "KO");
  const handle = page.getByRole("slider", { name: "Sell stop 7" });
  await handle.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const price = (Number(order.stop_price) - 0.02).toFixed(2);
  await page
    .getByRole("slider", { name: "Sell stop 7" })
    .and(page.locator(`[aria-valuetext="${price}"]`))
    .waitFor();
  const focused = () => handle.evaluate((one) => one === document.activeElement);
  assert(await focused(), "a line that was moved keeps the focus");
  await page
    .getByRole("group", { name: /Stop of Sell stop/ })
    .getByRole("button", { name: "Higher" })
    .click();
  await page.getByRole("button", { name: /^Move to/ }).click();
  const higher = (Number(price) + 0.01).toFixed(2);
  await page
    .getByRole("slider", { name: "Sell stop 7" })
    .and(page.locator(`[aria-valuetext="${higher}"]`))
    .waitFor();

  // A stop to sell must lie below the market.
  await page.getByRole("slider", { name: "Sell stop 7" }).focus();
  for (let times = 0; times < 12; times += 1) await page.keyboard.press("PageUp");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("Not moved.").waitFor();
  assert.equal(
    await page.getByRole("slider", { name: "Sell stop 7" }).getAttribute("aria-valuenow"),
    `${Number(higher)}`,
  );
  await page.getByRole("button", { name: "Close", exact: true }).click();
  assert.deepEqual(faults, []);
  await context.close();
});

test("what did not arrive is asked for, and then said; nothing has moved", async () => {
  const { page, context } = await openPage(browser, server);
  await openChart(page, "KO");
  await page.route("**/api/v1/orders/*", (route) =>
    route.request().method() === "PATCH" ? route.abort() : route.continue(),
  );
  const [order] = await ask<Order[]>("GET", "/orders?status=open&symbol=KO");
  await page.getByRole("slider", { name: "Sell stop 7" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Finding out…" }).waitFor();
  await page
    .getByRole("alert")
    .getByText(/Not moved. It did not reach the server/)
    .waitFor();
  const [now] = await ask<Order[]>("GET", "/orders?status=open&symbol=KO");
  assert.equal(now?.id, order?.id);
  await context.close();
});

for (const dark of [false, true]) {
  test(`lines, their list and what is asked are accessible, ${dark ? "dark" : "light"}`, async () => {
    const { page, context, faults } = await openPage(browser, server, { dark, viewport: PHONE });
    await openChart(page, "KO");
    await page.getByRole("slider", { name: "Sell stop 7" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("button", { name: /^Move to/ }).waitFor();
    await page.locator("main .waiting").first().waitFor({ state: "detached" });
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("by touch, without being asked where that was switched off", async () => {
  const [order] = await ask<Order[]>("GET", "/orders?status=open&symbol=KO");
  assert(order);
  const { page, context, faults } = await openPage(browser, server, { viewport: PHONE });
  await openChart(page, "KO");
  await page.getByRole("button", { name: "Chart" }).click();
  await page.getByRole("checkbox", { name: "Ask before an order is moved" }).uncheck();
  await page.keyboard.press("Escape");
  await pull(page, "Sell stop 7", 20);
  await page.mouse.up();
  await page.waitForFunction(
    (old) => document.querySelector("[role=slider]")?.getAttribute("aria-valuenow") !== old,
    `${Number(order.stop_price)}`,
  );
  await page.getByText("moved").waitFor({ state: "detached" });
  const [now] = await ask<Order[]>("GET", "/orders?status=open&symbol=KO");
  assert(now && now.id !== order.id && Number(now.stop_price) < Number(order.stop_price));
  assert.deepEqual(faults, []);
  await context.close();
});

test("markets are found by typing and by kind, and ranked by any column", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/markets");
  const table = page.getByRole("table", { name: "Symbols" });
  const names = () =>
    table
      .getByRole("button", { name: /^Open / })
      .evaluateAll((all) => all.map((one) => one.ariaLabel));
  await table.getByText("AAPL").waitFor();
  await page.getByRole("radio", { name: "Coins" }).check();
  await table.getByRole("button", { name: "Symbol", exact: true }).click();
  assert.deepEqual(
    await names(),
    ["SOL/USD", "ETH/USD", "BTC/USD", "ADA/USD"].map((one) => `Open ${one}`),
  );
  await table.getByRole("button", { name: "Price" }).click();
  // Ranked as soon as the prices are there.
  for (const late = Date.now() + 10_000; (await names())[0] !== "Open BTC/USD"; ) {
    assert.ok(Date.now() < late, `${await names()}`);
    await page.waitForTimeout(50);
  }
  assert.equal(
    await table.getByRole("columnheader", { name: /Price/ }).getAttribute("aria-sort"),
    "descending",
  );
  await page.getByLabel("Find a symbol").fill("carda");
  assert.deepEqual(await names(), ["Open ADA/USD"]);
  await table.getByRole("button", { name: "Open ADA/USD" }).click();
  await page.getByRole("heading", { name: /ADA\/USD/ }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
