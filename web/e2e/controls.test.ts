/** Test controls in the browser: time and market do as they are told, where the server allows it. */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { enterAsDemo, openBrowser, openPage, Server } from "./rig.ts";

let server: Server;
let browser: Browser;
before(async () => {
  server = await new Server({ STOCKYARD_CONTROLS: "1" }).start();
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await server.remove();
});

const now = async () => (await (await server.ask("GET", "/sim/clock")).json()) as { now: string };

async function opened(): Promise<{ page: Page; faults: string[] }> {
  const { page, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.getByRole("link", { name: "Controls" }).click();
  await page.getByRole("heading", { name: "Test controls" }).waitFor();
  return { page, faults };
}

test("time stands, and goes a minute when told to", async () => {
  const { page, faults } = await opened();
  await page.getByText("Stop", { exact: true }).click();
  await page.getByText("standing still").waitFor();
  const begun = Date.parse((await now()).now);
  await page.getByRole("button", { name: "1 minute" }).click();
  await page.getByText("standing still").waitFor();
  await page.getByRole("button", { name: "1 minute", disabled: false }).waitFor();
  assert.equal(Date.parse((await now()).now) - begun, 60_000);
  assert.deepEqual(faults, []);
});

test("a symbol does as it is told, and is given back", async () => {
  const { page, faults } = await opened();
  await page.getByLabel("Symbol").selectOption("KO");
  await page.getByLabel("Bid").fill("60");
  await page.getByLabel("Ask").fill("60.02");
  await page.getByRole("button", { name: "Set the quote" }).click();
  await page.getByText("quote 60.00", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Halt" }).click();
  await page.getByText("halted", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Give back KO" }).click();
  await page.getByText("The simulation moves everything").waitFor();
  await page.getByLabel("Bid").fill("ten");
  await page.getByRole("button", { name: "Set the quote" }).click();
  await page.getByRole("alert").waitFor();
  assert.deepEqual(faults, []);
});

test("the next order meets what is planned, and the log tells it", async () => {
  const { page, faults } = await opened();
  await page.getByLabel("What happens to it").selectOption("reject");
  await page.getByLabel("Only in").fill("BTC/USD");
  await page.getByRole("button", { name: "Plan it" }).click();
  await page.getByText("BTC/USD · 1 of 1 left").waitFor();
  const order = {
    symbol: "BTC/USD",
    side: "buy",
    type: "market",
    qty: "0.01",
    time_in_force: "gtc",
  };
  const placed = await (await server.ask("POST", "/orders", order)).json();
  assert.equal(placed.status, "rejected");
  await page.getByText("BTC/USD · 0 of 1 left").waitFor();
  await page.getByRole("list", { name: "Inputs, newest first" }).getByText("PlaceOrder").waitFor();
  await page.getByRole("link", { name: "met this order" }).click();
  await page.waitForURL(`**/orders/${placed.id}`);
  assert.deepEqual(faults, []);
});

test("a fault stands there until it is forgotten", async () => {
  const { page, faults } = await opened();
  await page.getByLabel("Fault", { exact: true }).selectOption("late");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText("Answer 504, after doing it").waitFor();
  await page.getByRole("button", { name: /^Forget/ }).click();
  await page.getByText("Everything is answered").waitFor();
  assert.deepEqual(faults, []);
});
