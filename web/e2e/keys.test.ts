/** Goal: everything is reached by keys, which say what they do and leave writing alone. */
import { strict as assert } from "node:assert";
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

const path = (page: Page) => new URL(page.url()).pathname;

test("keys go from screen to screen, are listed, and can be switched off", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await page.waitForURL("**/markets");
  await page.getByLabel("Find a symbol").pressSequentially("g h?");
  assert.equal(path(page), "/markets");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByLabel("Find a symbol").blur();
  await page.keyboard.press("?");
  const list = page.getByRole("dialog", { name: "Keyboard" });
  await list.getByText("Go home").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  assert.equal(path(page), "/markets", "not while the list is open");
  await list.getByRole("switch", { name: "Single-key shortcuts" }).press("Space");
  await page.keyboard.press("Escape");
  await list.waitFor({ state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  await page.keyboard.press("?");
  assert.equal(path(page), "/markets");
  assert.equal(await list.count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test("b and s open the ticket of the symbol that is looked at", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/symbols/KO");
  await page.getByLabel("Quantity", { exact: true }).waitFor();
  await page.keyboard.press("s");
  await page.getByRole("radio", { name: /^Sell/ }).and(page.locator(":checked")).waitFor();
  assert.ok(await page.evaluate(() => document.activeElement?.closest("aside") !== null));
  assert.deepEqual(faults, []);
  await context.close();
});
