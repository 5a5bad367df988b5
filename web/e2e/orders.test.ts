/**
 * Goal: orders are seen as they come, changed and canceled in place, told in full, and seen by
 * nobody else; ten thousand of them scroll like ten.
 */
import { strict as assert } from "node:assert";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, enterAsDemo, openBrowser, openPage, Server } from "./rig.ts";

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
    seen.push(await page.locator("main").textContent());
  }
  assert.equal(new Set(seen).size, 1);
  assert.doesNotMatch(seen[0] ?? "", /AAPL|100/);
  await page.goto("/orders?tab=all");
  await page.getByText("No orders yet").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
