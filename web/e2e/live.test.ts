/** Goal: what happens is seen at once, a lost line is told and mended, and nothing is doubled. */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { enterAsDemo, openBrowser, openPage, Server } from "./rig.ts";

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

const rows = (page: Page, table: string) =>
  page.getByRole("table", { name: table }).getByRole("row");

test("a fill and a working order appear by themselves, in two browsers", async () => {
  const pages = await Promise.all([openPage(browser, server), openPage(browser, server)]);
  for (const { page } of pages) await enterAsDemo(page);
  await Promise.all(pages.map(({ page }) => page.getByText("Nothing held yet").waitFor()));
  await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "120" });
  const limit = { symbol: "AAPL", side: "buy", qty: "3", type: "limit", limit_price: "1.00" };
  await server.ask("POST", "/orders", { ...limit, time_in_force: "gtc" });
  for (const { page, context, faults } of pages) {
    await page.getByText("Bought 120 KO").first().waitFor();
    await rows(page, "Positions").getByText("120 long").waitFor();
    await rows(page, "Open orders").getByText("0 / 3").waitFor();
    assert.deepEqual(faults, []);
    await context.close();
  }
});

test("the server is killed and comes back: told, then mended, nothing doubled", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await rows(page, "Open orders").getByText("0 / 3").waitFor();
  await server.end("SIGKILL");
  await page.getByText(/No connection for/).waitFor();
  await server.start();
  await page.getByText(/No connection for/).waitFor({ state: "detached", timeout: 30_000 });
  await server.ask("POST", "/orders", { symbol: "KO", side: "sell", qty: "20" });
  await rows(page, "Positions").getByText("100 long").waitFor();
  assert.equal(await rows(page, "Positions").count(), 2);
  assert.equal(await rows(page, "Open orders").count(), 2);
  await page.getByText("Sold 20 KO").nth(1).waitFor();
  assert.equal(await page.getByText("Sold 20 KO").count(), 2, "the notice, and the latest fills");
  assert.deepEqual(faults, []);
  await context.close();
});

test("what cannot be asked for says so, and is asked for again", async () => {
  const { page, context } = await openPage(browser, server);
  const asked = /\/api\/v1\/(snapshot|account\/equity)/;
  await page.route(asked, (route) => route.abort());
  await enterAsDemo(page);
  const movers = page.getByRole("region", { name: "Movers" });
  await movers.getByText("The server cannot be reached").waitFor({ timeout: 30_000 });
  const equity = page.getByRole("region", { name: "Equity" });
  await equity.getByRole("alert").waitFor();
  await page.unroute(asked);
  await movers.getByRole("button", { name: "Try again" }).click();
  await movers.getByRole("listitem").first().waitFor();
  await equity.getByRole("button", { name: "Try again" }).click();
  await equity.locator("canvas").waitFor();
  await context.close();
});
