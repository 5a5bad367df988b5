/**
 * Goal: whoever has an account goes back in time with the slider, by mouse and by keyboard, on a desk
 * and on a phone, and sees what there was. SCREENSHOTS names a folder.
 */
import { strict as assert } from "node:assert";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import {
  axe,
  DESKTOP,
  enterAsDemo,
  goToAccount,
  openBrowser,
  openPage,
  PHONE,
  Server,
} from "./rig.ts";

const server = new Server();
let browser: Browser;

before(async () => {
  browser = await openBrowser();
  await server.start();
  const order = { symbol: "KO", side: "buy", qty: "7" };
  assert.equal((await server.ask("POST", "/orders", order)).status, 201);
  const waits = { ...order, type: "limit", limit_price: "1.00", time_in_force: "gtc" };
  assert.equal((await server.ask("POST", "/orders", waits)).status, 201);
  assert.equal((await server.ask("POST", "/account/deposits", { amount: "500" })).status, 201);
});
after(async () => {
  await browser?.close();
  await server.remove();
});

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

test("the slider goes back through everything that changed the account", async () => {
  const { page, context, faults } = await openPage(browser, server, { viewport: DESKTOP });
  await enterAsDemo(page);
  await goToAccount(page);
  await page.getByRole("link", { name: "See the account as it was" }).click();
  await page.getByRole("heading", { name: "The account as it was" }).waitFor();
  const slider = page.getByRole("slider", { name: "Moment" });
  const figures = page.locator("dl");
  await page.getByText("Equity then").waitFor();
  await figures.getByText("$100,500.00").waitFor();
  await picture(page, "past-desk");
  assert.deepEqual(await axe(page), []);
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await page.getByText("7 KO").first().waitFor();
  await figures.getByText("$100,000.00").waitFor();
  await page.getByLabel("Orders that were open").getByText("buy 7 KO").waitFor();
  await page.getByRole("button", { name: "Earlier" }).click();
  await page.getByText("No order was waiting.").waitFor();
  await page.getByLabel("Positions then").getByText("KO").first().waitFor();
  await page.keyboard.press("Tab");
  await slider.focus();
  await page.keyboard.press("Home");
  await page.getByText("The account held nothing but cash.").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("any other time can be asked for, and what has not happened says so", async () => {
  const { page, context, faults } = await openPage(browser, server, {
    viewport: PHONE,
    dark: true,
  });
  await enterAsDemo(page);
  await page.goto("/account/past");
  await page.getByText("Equity then").waitFor();
  await picture(page, "past-phone");
  assert.deepEqual(await axe(page), []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(wide, false);
  await page.getByLabel("Or at any time").fill("2099-01-01T12:00:00");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("That has not happened yet").waitFor();
  await picture(page, "past-phone-ahead");
  await page.getByRole("button", { name: "Back to the slider" }).click();
  await page.getByText("Equity then").waitFor();
  assert.deepEqual(
    faults.filter((one) => !one.includes("422")),
    [],
  );
  await context.close();
});
