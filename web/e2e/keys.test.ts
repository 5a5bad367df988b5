/** Goal: everything is reached by keys, which say what they do and leave writing alone. */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
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

/** Goes on with the Tab key until it has the focus. */
async function tabTo(page: Page, one: Locator): Promise<void> {
  for (let tabs = 0; tabs < 40; tabs += 1) {
    if (await one.evaluate((found) => found === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail("the Tab key does not get there");
}

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

const finder = (page: Page) => page.getByRole("combobox", { name: /Search/ });

test("the search finds symbols, screens and actions, and puts the focus back", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.keyboard.press("/");
  await finder(page).pressSequentially("coca");
  const best = page.getByRole("option", { selected: true });
  await best.getByText("KO", { exact: true }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/symbols/KO");
  await page.keyboard.press("Control+k");
  await page.getByRole("group", { name: "Recent" }).getByText("KO", { exact: true }).waitFor();
  await finder(page).fill("orders");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/orders");
  await page.keyboard.press("/");
  await finder(page).fill("theme dark");
  await page.keyboard.press("Enter");
  await page.locator("html[data-theme=dark]").waitFor();
  await page.keyboard.press("/");
  await finder(page).fill("no such thing");
  await page.getByText("Nothing is called “no such thing”").waitFor();
  await page.keyboard.press("Escape");
  await finder(page).waitFor({ state: "detached" });
  const order = { symbol: "AAPL", side: "buy", qty: "1", type: "limit", limit_price: "1.00" };
  await server.ask("POST", "/orders", order);
  await page.getByText("1.00").first().waitFor();
  await page.keyboard.press("Control+k");
  await finder(page).fill("cancel all");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Cancel 1 order" }).press("Enter");
  await page.getByText("1 order canceled").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("by the keyboard alone: sign in, buy, and read why", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await page.goto("/sign-in");
  await tabTo(page, page.getByRole("button", { name: /demo account/ }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Home", level: 1 }).waitFor({ state: "attached" });
  await page.keyboard.press("b");
  await finder(page).waitFor();
  await page.keyboard.type("2 ko");
  await page.getByRole("option", { name: /^Buy 2 KO/ }).waitFor();
  await page.keyboard.press("Enter");
  const quantity = page.getByLabel("Quantity", { exact: true });
  await quantity.and(page.locator(":focus")).waitFor();
  assert.equal(await quantity.inputValue(), "2");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
  await tabTo(page, page.getByRole("button", { name: "Buy 2 KO", exact: true }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Filled" }).waitFor();
  await tabTo(page, page.getByRole("link", { name: "See the order" }));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/orders\/[0-9a-f-]{36}$/);
  await page.getByText(/why/i).first().waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("an account is chosen where there are several, and all follows it", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Bea");
  await page.getByLabel("E-mail").fill("bea@example.com");
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByRole("heading", { name: "Home", level: 1 }).waitFor({ state: "attached" });
  await page.getByText("$100,000.00").first().waitFor();
  assert.equal(await page.getByRole("button", { name: /^Account:/ }).count(), 0);
  await page.evaluate(async () => {
    const headers = {
      Authorization: `Bearer ${localStorage.getItem("stockyard.token")}`,
      "Content-Type": "application/json",
    };
    const post = (path: string, body: unknown) =>
      fetch(`/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    await post("/account/deposits", { amount: "5" });
    await post("/accounts", { name: "Second" });
  });
  await page.reload();
  await page.getByText("$100,005.00").first().waitFor();
  await page.getByRole("button", { name: /^Account:/ }).click();
  await page.getByRole("button", { name: /^Second/ }).click();
  await page.getByRole("button", { name: "Account: Second" }).waitFor();
  await page.getByText("$100,000.00").first().waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Account: Second" }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
