/**
 * Goal: an alert made from a symbol's chart fires and is told in passing, in the history and in the
 * inbox with its badge; watchlists keep their order and that of their symbols.
 */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
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

test("an alert from the chart fires, is told and is counted", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/symbols/KO");
  await page.getByRole("link", { name: "Alert", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "New alert" });
  assert.equal(await dialog.getByLabel("Symbol").inputValue(), "KO");
  await dialog.getByRole("button", { name: "Arm the alert" }).click();
  await dialog.getByText("Write a number.").waitFor();
  await dialog.getByLabel("Price", { exact: true }).last().fill("1.00");
  await dialog.getByLabel("Note").fill("Sell half");
  await dialog.getByRole("button", { name: "Arm the alert" }).click();
  await dialog.waitFor({ state: "detached" });
  // It is met by any price, and told wherever one is.
  const passing = page.getByRole("region", { name: "Notifications" });
  await passing.getByText("KO is at or above 1.00").waitFor();
  await page.getByRole("link", { name: "Inbox, 1 not read" }).waitFor();
  await page.getByRole("tab", { name: "History" }).click();
  const history = page.getByRole("list", { name: "History" });
  await history.getByText("KO is at or above 1.00").waitFor();
  await history.getByText("Sell half").waitFor();
  await page.getByRole("tab", { name: "Fired or off" }).click();
  await page.getByRole("button", { name: /^Arm again: KO/ }).click();
  await page.getByRole("link", { name: "Inbox, 2 not read" }).waitFor();
  await page.getByRole("link", { name: "Inbox, 2 not read" }).click();
  await page.getByRole("button", { name: "Call everything read" }).click();
  await page.getByRole("link", { name: "Inbox", exact: true }).waitFor();
  await page
    .getByRole("button", { name: /^Delete: KO/ })
    .first()
    .click();
  await page.waitForFunction(() => document.querySelectorAll("main li").length === 1);
  assert.deepEqual(faults, []);
  await context.close();
});

test("an alert is switched off, armed again and deleted; mail can be switched off", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/alerts");
  await page.getByRole("button", { name: "New alert" }).click();
  const dialog = page.getByRole("dialog", { name: "New alert" });
  await dialog.getByText("Profit", { exact: true }).click();
  await dialog.getByText("At or below", { exact: true }).click();
  await dialog.getByLabel("Dollars", { exact: true }).fill("-5000");
  await dialog.getByRole("button", { name: "Arm the alert" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: /^Switch off: The whole account/ }).click();
  await page.getByRole("tab", { name: "Fired or off" }).click();
  await page.getByRole("button", { name: /^Arm again: The whole account/ }).click();
  await page.getByRole("tab", { name: "Armed" }).click();
  await page.getByRole("button", { name: /^Delete: The whole account/ }).click();
  await page.getByText("No alert is armed").waitFor();
  await page.getByText("Mail of alerts", { exact: true }).click();
  await page.reload();
  const mail = page.getByRole("switch", { name: "Mail of alerts" });
  await mail.waitFor();
  assert.equal(await mail.isChecked(), false);
  assert.deepEqual(faults, []);
  await context.close();
});

test("watchlists keep their order and that of their symbols", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/watchlists");
  for (const name of ["Coins", "Drinks"]) {
    await page.getByRole("button", { name: "New list" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill(name);
    await page.getByRole("button", { name: "Make the list" }).click();
    await page.getByRole("heading", { name, level: 2 }).waitFor();
  }
  for (const symbol of ["KO", "MSFT"]) {
    await page.getByLabel("Add to Drinks").selectOption(symbol);
    await page.getByRole("list", { name: "Drinks" }).getByText(symbol, { exact: true }).waitFor();
  }
  await page.getByRole("button", { name: "Move MSFT up" }).click();
  await page.getByRole("button", { name: "Move Drinks up" }).click();
  await page.waitForFunction(() => {
    const heads = [...document.querySelectorAll("main h2")].map((one) => one.textContent);
    const rows = [...document.querySelectorAll("main ul[aria-label=Drinks] a")];
    return heads.join() === "Drinks,Coins" && rows.map((x) => x.textContent).join() === "MSFT,KO";
  });
  await page.reload();
  await page.getByRole("heading", { name: "Drinks" }).waitFor();
  assert.equal(await page.locator("main h2").first().textContent(), "Drinks");
  await page.getByRole("button", { name: "Take KO off Drinks" }).click();
  await page.getByRole("button", { name: "Delete Coins" }).click();
  await page.waitForFunction(() => document.querySelectorAll("main h2").length === 1);
  assert.deepEqual(faults, []);
  await context.close();
});
