/**
 * Goal: every screen opens, in both themes, at a desk and in a hand: without a fault, without what
 * axe objects to, and without reaching past the page's edge. SCREENSHOTS names a folder for pictures.
 */
import { strict as assert } from "node:assert";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type { Screen } from "../src/lib/screen.ts";
import { axe, DESKTOP, enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const FEATURES = new URL("../src/features/", import.meta.url);
const server = new Server();
let browser: Browser;
const screens: Screen[] = [];
/** Stands in the example of a screen for an order that is there. */
const NO_ORDER = "00000000-0000-8000-8000-000000000000";
let order = NO_ORDER;

before(async () => {
  for (const noun of readdirSync(FEATURES)) {
    const found: { screens: Screen[] } = await import(new URL(`${noun}/route.ts`, FEATURES).href);
    screens.push(...found.screens);
  }
  browser = await openBrowser();
  await server.start();
  // So that there is something to see.
  const seen = [
    { symbol: "KO", side: "buy", qty: "300" },
    { symbol: "BTC/USD", side: "buy", qty: "0.25", time_in_force: "gtc" },
    { symbol: "NVDA", side: "buy", qty: "60" },
    { symbol: "SPY", side: "buy", notional: "9000" },
    { symbol: "KO", side: "sell", qty: "80" },
    { symbol: "AAPL", side: "buy", qty: "12", type: "limit", limit_price: "100.00" },
    { symbol: "KO", side: "sell", qty: "100", type: "stop", stop_price: "40.00" },
    { symbol: "NVDA", side: "sell", qty: "20", type: "trailing_stop", trail_percent: "5" },
  ];
  for (const one of seen) {
    const answered = await server.ask("POST", "/orders", one);
    assert.equal(answered.status, 201, await answered.clone().text());
    if (order === NO_ORDER) order = ((await answered.json()) as { id: string }).id;
  }
});
after(async () => {
  await browser?.close();
  await server.remove();
});

for (const [where, viewport] of [
  ["desk", DESKTOP],
  ["hand", PHONE],
] as const) {
  for (const dark of [false, true]) {
    const look = `${where}-${dark ? "dark" : "light"}`;
    test(`every screen, ${look}`, async () => {
      const { page, context, faults } = await openPage(browser, server, { viewport, dark });
      let entered = false;
      for (const screen of [...screens].sort(
        (a, b) => Number(b.public ?? 0) - Number(a.public ?? 0),
      )) {
        if (!screen.public && !entered) await enterAsDemo(page);
        entered ||= !screen.public;
        const path = (screen.example ?? screen.path).replace(NO_ORDER, order);
        await page.goto(path);
        await page.locator("h1").first().waitFor({ state: "attached" });
        await page.waitForLoadState("load");
        // Until nothing that is on its way is missing any more.
        await page.locator("main .waiting").first().waitFor({ state: "detached" });
        const folder = process.env.SCREENSHOTS;
        if (folder) {
          const name = `${screen.title.toLowerCase().replaceAll(/\W+/g, "-")}-${look}.png`;
          await page.waitForTimeout(1500);
          await page.screenshot({ path: join(folder, name) });
        }
        assert.deepEqual(await axe(page), [], path);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= viewport.width, `${path} reaches to ${wide}`);
        assert.match(await page.title(), /\w+ · Stockyard/);
      }
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
}
