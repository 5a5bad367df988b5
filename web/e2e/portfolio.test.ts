/**
 * Goal: the portfolio shows every range, how well it did, and what it has, as the server says; and
 * says what is wrong when it cannot.
 */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const server = new Server();
let browser: Browser;
const RANGES = ["1D", "1W", "1M", "3M", "6M", "YTD", "1Y", "5Y", "All"];

before(async () => {
  browser = await openBrowser();
  await server.start();
  const bought = await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "300" });
  assert.equal(bought.status, 201);
});
after(async () => {
  await browser?.close();
  await server.remove();
});

test("every range is drawn, with the figures the server tells", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.getByRole("link", { name: "Portfolio" }).click();
  await page.getByRole("heading", { level: 1, name: "Portfolio" }).waitFor();
  const card = page.getByRole("region", { name: "Worth over time" });
  for (const name of RANGES) {
    const answered = page.waitForResponse(
      (one) =>
        one.url().includes("/portfolio/history") &&
        one.url().endsWith(`range=${name.toUpperCase()}`),
    );
    await card.getByRole("radio", { name, exact: true }).check();
    // A month was asked for when the screen was opened.
    if (name !== "1M") assert.equal((await answered).status(), 200, name);
    else answered.catch(() => undefined);
    await card.locator("canvas").waitFor();
  }
  await card.getByRole("radio", { name: "Profit and loss" }).check();
  await card.locator("canvas").waitFor();
  const panel = page.getByRole("region", { name: "Performance" });
  for (const row of [/^Return/, /^Money/, /^Sharpe/, /^Sortino/, /^Deepest fall/]) {
    await panel.getByRole("rowheader", { name: row }).waitFor();
  }
  const told = (await (await server.ask("GET", "/portfolio")).json()) as {
    exposure: { largest_symbol: string };
  };
  assert.equal(told.exposure.largest_symbol, "KO");
  await page.getByRole("region", { name: "Exposure" }).getByText(/^KO/).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("what cannot be had is said, and asked for again", async () => {
  const { page, context } = await openPage(browser, server, { viewport: PHONE });
  await enterAsDemo(page);
  let broken = true;
  await page.route("**/api/v1/portfolio/performance*", (route) =>
    broken
      ? route.fulfill({
          status: 422,
          contentType: "application/problem+json",
          body: JSON.stringify({
            type: "x",
            title: "No",
            status: 422,
            detail: "no",
            code: "no",
            wrong: "the days are not there",
            right: "try again later",
            request_id: "1",
          }),
        })
      : route.fallback(),
  );
  await page.goto("/portfolio");
  const panel = page.getByRole("region", { name: "Performance" });
  await panel.getByText(/the days are not there/i).waitFor();
  broken = false;
  await panel.getByRole("button", { name: "Try again" }).click();
  await panel.getByRole("rowheader", { name: /^Sharpe/ }).waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.width, `it reaches to ${wide}`);
  await context.close();
});
