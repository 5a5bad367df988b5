/**
 * Goal: orders are seen as they come, changed and canceled in place, told in full, and seen by
 * nobody else; ten thousand of them scroll like ten.
 */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
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

const LIMIT = { symbol: "AAPL", side: "buy", qty: "3", type: "limit", limit_price: "100.00" };
const rows = (page: Page) => page.getByRole("table", { name: "Orders" }).getByRole("row");

async function place(order: object): Promise<{ id: string }> {
  const answer = await server.ask("POST", "/orders", order);
  assert.equal(answer.status, 201, await answer.clone().text());
  return answer.json();
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

test("two orders come by themselves; one is changed, one canceled; two browsers agree", async () => {
  const pages = await Promise.all([openPage(browser, server), openPage(browser, server)]);
  for (const { page } of pages) {
    await enterAsDemo(page);
    await page.getByRole("link", { name: "Orders" }).click();
    await page.getByText("No open orders").waitFor();
  }
  await place({ ...LIMIT, time_in_force: "gtc" });
  await place({ ...LIMIT, symbol: "KO", limit_price: "40.00", qty: "7" });
  for (const { page } of pages) {
    await rows(page).getByText("100.00").waitFor();
    await rows(page).getByText("40.00").waitFor();
    await page.getByRole("tab", { name: "Open 2" }).waitFor();
  }
  const [{ page: first }, { page: second }] = pages as [(typeof pages)[0], (typeof pages)[0]];
  await first.getByRole("button", { name: "Change: Buy 3 AAPL" }).click();
  const dialog = first.getByRole("dialog");
  assert.equal(await dialog.getByRole("button", { name: "Replace order" }).isDisabled(), true);
  await dialog.getByLabel("Quantity", { exact: true }).fill("5");
  await dialog.getByLabel("Limit price", { exact: true }).fill("101.50");
  await dialog.getByRole("button", { name: "Replace order" }).click();
  await dialog.waitFor({ state: "detached" });
  for (const { page } of pages) {
    await rows(page).getByText("101.50").waitFor();
    assert.equal(await rows(page).count(), 3);
  }
  await second.getByRole("button", { name: "Cancel: Buy 7 KO" }).click();
  for (const { page } of pages) {
    await rows(page).getByText("40.00").waitFor({ state: "detached" });
    await page.getByRole("tab", { name: "Canceled" }).click();
    await rows(page).getByText("Replaced").waitFor();
    await rows(page).getByText("KO").waitFor();
    assert.equal(await rows(page).count(), 3, "a head and two orders");
  }
  await first.getByRole("tab", { name: "Open 1" }).click();
  await first.getByRole("button", { name: "Cancel all" }).click();
  await first.getByRole("button", { name: "Cancel 1 order" }).click();
  for (const { page, context, faults } of pages) {
    await page.getByRole("tab", { name: "Open", exact: true }).waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  }
});

test("an order tells its story, its fill and why; a bracket's legs stand below it", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  const filled = await place({ symbol: "KO", side: "buy", qty: "120" });
  await page.goto(`/orders/${filled.id}`);
  await page.getByRole("heading", { name: "Buy 120 KO" }).waitFor();
  await page
    .getByRole("list", { name: "Fills" })
    .getByText(/Bought .* KO at .* the ask/)
    .first()
    .waitFor();
  await page
    .getByRole("list", { name: "What happened" })
    .getByText(/Taken as new: buy 120 KO/)
    .waitFor();
  await page.getByText("120 of 120 filled").waitFor();
  assert.deepEqual(await axe(page), []);
  await picture(page, "order-filled");

  const waiting = await place({ ...LIMIT, time_in_force: "gtc" });
  await page.goto(`/orders/${waiting.id}`);
  await page.getByText("Not filled yet").waitFor();
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("dialog").getByLabel("Quantity", { exact: true }).fill("4");
  await page.getByRole("button", { name: "Replace order" }).click();
  await page.getByRole("heading", { name: "Buy 4 AAPL" }).waitFor();
  await page.getByRole("link", { name: /It replaces/ }).click();
  await page.getByRole("heading", { name: "Buy 3 AAPL" }).waitFor();
  await page.getByText("It gave way to order").waitFor();

  await place({
    symbol: "AAPL",
    side: "buy",
    qty: "2",
    type: "limit",
    limit_price: "90.00",
    time_in_force: "gtc",
    order_class: "bracket",
    take_profit: { limit_price: "400.00" },
    stop_loss: { stop_price: "80.00" },
  });
  await page.goto("/orders");
  await rows(page).getByText("Take profit").waitFor();
  await rows(page).getByText("Stop loss").waitFor();
  await picture(page, "orders-bracket");
  await page.getByRole("button", { name: "Open Buy 2 AAPL" }).click();
  await page.getByRole("link", { name: /Stop loss: Sell 2 AAPL/ }).waitFor();
  await picture(page, "order-bracket");
  // A leg's price can be changed while it waits, and its quantity cannot.
  await page.getByRole("link", { name: /Stop loss: Sell 2 AAPL/ }).click();
  await page.getByRole("heading", { name: "Sell 2 AAPL" }).waitFor();
  await page.getByRole("button", { name: "Change" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Stop price", { exact: true }).fill("81");
  assert.equal(await dialog.getByLabel("Quantity", { exact: true }).count(), 0);
  await picture(page, "order-change");
  await dialog.getByLabel("Stop price", { exact: true }).fill("95");
  await dialog.getByRole("button", { name: "Replace order" }).click();
  await dialog
    .getByText(/stop.loss/i)
    .first()
    .waitFor();
  await picture(page, "order-change-wrong");
  await dialog.getByLabel("Stop price", { exact: true }).fill("81");
  await dialog.getByRole("button", { name: "Replace order" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Stop 81.00").first().waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("somebody else's order, one that never was and nonsense look the same", async () => {
  const hers = await place({ ...LIMIT, time_in_force: "gtc" });
  const { page, context, faults } = await openPage(browser, server);
  await page.goto(`/sign-up?from=/orders/${hers.id}`);
  await page.getByLabel("Name").fill("Bob");
  await page.getByLabel("E-mail").fill("bob@example.com");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByText("There is no such order").waitFor();
  const seen = [];
  for (const id of [hers.id, "00000000-0000-8000-8000-000000000000", "nonsense"]) {
    await page.goto(`/orders/${id}`);
    await page.getByText("There is no such order").waitFor();
    await page.waitForLoadState("networkidle");
    seen.push(await page.locator("main").textContent());
  }
  assert.deepEqual(seen, [seen[0], seen[0], seen[0]]);
  assert.doesNotMatch(seen[0] ?? "", /AAPL|100/);
  await page.goto("/orders?tab=all");
  await page.getByText("No orders yet").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("ten thousand orders scroll like ten, and are exported as they are filtered", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  const [one] = (await (
    await server.ask("GET", "/orders?status=filled&limit=1")
  ).json()) as object[];
  const many = Array.from({ length: 10_000 }, (_, n) => {
    const name = `00000000-0000-8000-8000-${String(n).padStart(12, "0")}`;
    const at = new Date(Date.UTC(2026, 5, 1) - n * 60_000).toISOString();
    return { ...one, id: name, client_order_id: name, qty: `${(n % 500) + 1}`, created_at: at };
  });
  let asked = 0;
  await page.route(/\/api\/v1\/orders\?/, async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const begin = many.findIndex((other) => other.id === query.get("after")) + 1;
    asked += 1;
    await route.fulfill({ json: many.slice(begin, begin + Number(query.get("limit"))) });
  });
  await page.goto("/orders?tab=all&symbol=KO");
  await page.getByText(/The newest 250 orders/).waitFor();
  assert.equal(asked, 1);
  // Sorting needs all of them.
  await page.getByRole("button", { name: /^Filled/ }).click();
  await page.getByText(/^The newest 10,000 orders/).waitFor();
  await page.getByRole("button", { name: "Open Buy 500 KO" }).first().waitFor();
  const scrolled = await page.evaluate(async () => {
    const box = document.querySelector('[role="table"]') as HTMLElement;
    const frames: number[] = [];
    let [last, most] = [performance.now(), 0];
    for (let n = 0; n < 90; n += 1) {
      box.scrollTop += 6_000;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - last);
      last = now;
      most = Math.max(most, box.querySelectorAll('[role="row"]').length);
    }
    const half = frames.sort((a, b) => a - b)[45] ?? 0;
    return { half, most, end: box.scrollTop };
  });
  assert.ok(scrolled.end > 500_000, `scrolled to ${scrolled.end}`);
  assert.ok(scrolled.most < 60, `${scrolled.most} rows exist`);
  // 16 ms where nothing else runs.
  assert.ok(scrolled.half < 150, `half of the frames took ${scrolled.half} ms and more`);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export CSV" }).click(),
  ]);
  const lines = readFileSync(await file.path(), "utf8").split("\r\n");
  assert.equal(lines.length, 10_002, "a head, the orders, and the end");
  assert.match(lines[0] ?? "", /^id,client_order_id,created_at,symbol/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("what happened is listed as it happens, with filters, in a hand too", async () => {
  const { page, context, faults } = await openPage(browser, server, { viewport: PHONE });
  await enterAsDemo(page);
  await page.goto("/activity");
  await page.getByText("Bought 120 KO").first().waitFor();
  await server.ask("POST", "/account/deposits", { amount: "321.00" });
  await page.getByText("+$321.00").waitFor();
  await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "9999" });
  await page.getByText(/^Refused: /).waitFor();
  await picture(page, "activity-hand");
  await page.getByLabel("What").selectOption("transfer");
  await page.getByText("Bought 120 KO").first().waitFor({ state: "detached" });
  await page.getByText("Cash was deposited").nth(1).waitFor();
  await page.getByLabel("Until").fill("2020-01-01");
  await page.getByText("Nothing like this happened").waitFor();
  await page.getByRole("button", { name: "Show everything" }).click();
  await page
    .getByRole("link", { name: /Bought 120 KO/ })
    .first()
    .click();
  await page.getByText("120 of 120 filled").waitFor();
  await picture(page, "order-hand");
  assert.deepEqual(await axe(page), []);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= PHONE.width);
  await page.goto("/orders?tab=all");
  await page.getByRole("list", { name: "Orders" }).getByText("Buy 120 KO").waitFor();
  await page.getByRole("button", { name: "Filter and sort" }).click();
  await picture(page, "orders-hand-filters");
  assert.deepEqual(faults, []);
  await context.close();
});

test("the server is killed while an order is canceled: it is told, found out, and done once", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await place({ ...LIMIT, symbol: "KO", limit_price: "30.00", qty: "11", time_in_force: "gtc" });
  await page.goto("/orders?symbol=KO");
  const cancel = page.getByRole("button", { name: "Cancel: Buy 11 KO" });
  await cancel.waitFor();
  await server.end("SIGKILL");
  await cancel.click();
  await cancel.getByText("Finding out…").waitFor();
  await picture(page, "orders-unknown");
  await server.start();
  await page.getByText("No order matches these filters").waitFor({ timeout: 30_000 });
  await page.goto("/orders?tab=ended&symbol=KO");
  await page.getByRole("button", { name: "Open Buy 11 KO" }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
