/** Goal: whoever opens the page gets in, stays in, and gets out; in a real browser. */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
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

test("somebody new opens an account, is remembered, signs out and in again", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await page.goto("/");
  await page.getByRole("link", { name: "Open an account" }).click();
  await page.getByLabel("Name").fill("Ann");
  await page.getByLabel("E-mail").fill("ann@example.com");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Open the account" }).click();
  assert.equal(new URL(page.url()).pathname, "/sign-up");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByRole("heading", { name: "Home" }).waitFor({ state: "attached" });
  await page.getByText("$100,000.00").first().waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Home" }).waitFor({ state: "attached" });
  await page.getByText("$100,000.00").first().waitFor();
  assert.equal(await page.title(), "Home · Stockyard");

  await page.getByRole("button", { name: "You and your settings" }).click();
  await page.getByText("ann@example.com").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();

  await page.getByLabel("E-mail").fill("ann@example.com");
  await page.getByLabel("Password", { exact: true }).fill("wrong horse battery");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").getByText("password is wrong").waitFor();
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Home" }).waitFor({ state: "attached" });
  await page.getByText("$100,000.00").first().waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("the e-mail address that is taken is told at its field", async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Demo");
  await page.getByLabel("E-mail").fill(server.demo.email);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.locator("[aria-invalid=true]").waitFor();
  await context.close();
});

test("a second tab follows when the first signs out, and a session that ended says so", async () => {
  const { page, context } = await openPage(browser, server);
  await enterAsDemo(page);
  const other = await context.newPage();
  await other.goto("/");
  await page.getByRole("button", { name: "You and your settings" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.close();
  await other.evaluate(() => localStorage.setItem("stockyard.token", "sy_nothing"));
  await other.goto("/");
  await other.getByText("Your session has ended").waitFor();
  await context.close();
});

test("after signing in one is where one wanted to be, and never elsewhere", async () => {
  const { page, context } = await openPage(browser, server);
  await page.goto("/sign-in?from=https://example.com/");
  await page.getByRole("button", { name: /demo account/ }).click();
  await page.getByText("Equity").first().waitFor();
  assert.equal(new URL(page.url()).origin, new URL(server.url).origin);
  await page.goto("/nothing/here");
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await context.close();
});

for (const dark of [false, true]) {
  test(`signing in and up is accessible, ${dark ? "dark" : "light"}`, async () => {
    const { page, context, faults } = await openPage(browser, server, { dark, viewport: PHONE });
    for (const path of ["/sign-in", "/sign-up"]) {
      await page.goto(path);
      await page.getByRole("button", { name: /demo account/ }).waitFor();
      assert.deepEqual(await axe(page), [], path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(wide, PHONE.width, path);
    }
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("the theme that was chosen stays", async () => {
  const { page, context } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.getByRole("button", { name: "You and your settings" }).click();
  await page.getByRole("button", { name: "Dark" }).click();
  await page.reload();
  const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  assert.equal(await scheme(), "dark");
  await context.close();
});

test("somebody new is led to a first trade and why it was filled, on a phone", async () => {
  const looks = { viewport: PHONE, tour: true };
  const { page, context, faults } = await openPage(browser, server, looks);
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Bob");
  await page.getByLabel("E-mail").fill("bob@example.com");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Open the account" }).click();
  const step = (number: number) =>
    page.getByRole("region", { name: `First trade, step ${number} of 4` });
  await step(1).getByText("Choose something to trade").waitFor();
  assert.deepEqual(await axe(page), []);
  await step(1).getByRole("button", { name: "Search" }).click();
  await page.getByRole("combobox", { name: /Search/ }).fill("coca");
  await page.getByRole("option", { name: /KO/ }).first().click();
  await step(2).waitFor();
  await page.reload();
  await step(2).getByRole("button", { name: "Buy one" }).click();
  assert.equal(await page.getByLabel("Quantity", { exact: true }).inputValue(), "1");
  await page.getByRole("button", { name: "Review: Buy 1 KO" }).click();
  await page.getByRole("button", { name: "Buy 1 KO", exact: true }).click();
  await page.getByRole("heading", { name: "Filled" }).waitFor();
  await page.keyboard.press("Escape");
  assert.deepEqual(await axe(page), []);
  await step(4).getByRole("button", { name: "See why" }).click();
  await page.getByRole("heading", { name: "Why this fill" }).waitFor();
  assert.equal(await page.getByRole("region", { name: /First trade/ }).count(), 0);
  await page.reload();
  await page.getByRole("heading", { name: "Why this fill" }).waitFor();
  assert.equal(await page.getByRole("region", { name: /First trade/ }).count(), 0);
  await page.getByRole("button", { name: "You and your settings" }).click();
  await page.getByRole("button", { name: "First trade, step by step" }).click();
  await step(1).getByRole("button", { name: "Leave the tour" }).click();
  assert.equal(await page.getByRole("region", { name: /First trade/ }).count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
});
