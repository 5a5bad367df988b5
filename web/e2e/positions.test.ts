/** Goal: a position is protected, changed and closed in the browser, and its lots are told. */
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
const protection = async () => {
  const answer = await server.ask("GET", "/positions/KO/protection");
  return (await answer.json()) as Record<
    string,
    { limit_price: string; stop_price: string } | null
  >;
};

test("what is held is told live, and what is not is taught", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/positions");
  await page.getByText("Nothing held yet").waitFor();
  await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "60" });
  await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "40" });
  await rows(page, "Positions").getByText("100 long").waitFor();
  await page.getByRole("link", { name: "KO", exact: true }).click();
  await page.getByRole("heading", { name: "KO", level: 1 }).waitFor();
  await rows(page, "Open lots").nth(2).waitFor();
  assert.equal(await rows(page, "Open lots").count(), 3);
  assert.equal(await page.title(), "KO · Stockyard");
  assert.deepEqual(faults, []);
  await context.close();
});

test("protection is refused in words, set, changed and removed", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/positions/KO");
  await page.getByLabel("Take profit at", { exact: true }).fill("1.00");
  await page.getByText(/taken above the market/).waitFor();
  await page.getByLabel("Take profit at", { exact: true }).fill("900.00");
  await page.getByRole("radio", { name: "Price" }).check({ force: true });
  await page.getByLabel("Stop at", { exact: true }).fill("5.00");
  await page.getByRole("button", { name: "Protect", exact: true }).click();
  await page.getByText("KO is protected").waitFor();
  await page.getByRole("link", { name: "5.00 Stop loss" }).waitFor();
  assert.equal((await protection()).take_profit?.limit_price, "900.00");

  await page.getByLabel("Stop at", { exact: true }).fill("6.00");
  await page.getByRole("button", { name: "Change protection" }).click();
  await page.getByRole("link", { name: "6.00 Stop loss" }).waitFor();
  assert.equal((await protection()).stop_loss?.stop_price, "6.00");

  await page.getByRole("button", { name: "Remove protection" }).click();
  await page.getByText("Nothing closes this position by itself").waitFor();
  assert.equal((await server.ask("GET", "/positions/KO/protection")).status, 404);
  assert.deepEqual(faults, []);
  await context.close();
});

test("half is closed, then the rest with what holds it, and both are told as closed lots", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/positions");
  await page.getByRole("button", { name: "Close KO" }).click();
  const dialog = page.getByRole("dialog", { name: "Close KO" });
  await dialog.getByLabel("Quantity", { exact: true }).fill("101");
  await dialog.getByText("You hold 100.").waitFor();
  await dialog.getByRole("radio", { name: "50%" }).check({ force: true });
  await dialog.getByRole("button", { name: "Sell 50 KO" }).click();
  await dialog.waitFor({ state: "detached" });
  await rows(page, "Positions").getByText("50 long").waitFor();

  await server.ask("PUT", "/positions/KO/protection", { stop_loss: { stop_price: "5.00" } });
  await page.getByText("stop 5.00").waitFor();
  await page.getByRole("button", { name: "Close KO" }).click();
  await dialog.getByText("Open orders hold 50").waitFor();
  await dialog.getByRole("button", { name: "Sell 50 KO" }).click();
  await page.getByText("Nothing held yet").waitFor();

  await page.goto("/positions/KO");
  await page.getByText("You hold no KO").waitFor();
  await rows(page, "Closed lots").nth(3).waitFor();
  assert.equal(await rows(page, "Closed lots").count(), 4, "50 of the first, and its 10, and 40");
  assert.deepEqual(faults, []);
  await context.close();
});

test("money comes in and goes out, and too much is refused in words", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/account");
  const amount = page.getByLabel("Amount", { exact: true });
  await amount.fill("2500.50");
  await page.getByRole("button", { name: "Deposit", exact: true }).click();
  await page.getByText("Deposited $2,500.50").waitFor();
  await page.getByRole("radio", { name: "Withdraw" }).check({ force: true });
  await amount.fill("99999999");
  await page.getByText(/At most \$\d.* may be withdrawn/).waitFor();
  await amount.fill("500.50");
  await page.getByRole("button", { name: "Withdraw", exact: true }).click();
  await page.getByText("Withdrew $500.50").waitFor();
  const { deposited } = (await (await server.ask("GET", "/account")).json()) as Record<
    string,
    string
  >;
  assert.equal(deposited, "102000.00");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a key is made, works, and does not work once it is revoked", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/account");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name", { exact: true }).fill("My bot");
  await page.getByRole("checkbox", { name: /Trade/ }).uncheck();
  await page.getByRole("button", { name: "Make the key" }).click();
  const key = await page.getByLabel("Key", { exact: true }).inputValue();
  const secret = await page.getByLabel("Secret", { exact: true }).inputValue();
  const headers = { "APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret };
  const read = async () => (await fetch(`${server.url}/api/v1/account`, { headers })).status;
  assert.equal(await read(), 200);
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.getByRole("button", { name: "Revoke My bot" }).click();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await page.getByText("My bot is revoked").waitFor();
  assert.equal(await read(), 401);
  assert.deepEqual(faults, []);
  await context.close();
});

test("the rules are changed, another account is opened, and one starts again", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/account");
  await page.getByRole("button", { name: "Change: Realism" }).click();
  await page.getByRole("radio", { name: /Brutal/ }).check();
  await page.getByRole("button", { name: "Use brutal" }).click();
  await page.getByText("Realism: brutal").waitFor();
  await page.getByText("Brutal", { exact: true }).waitFor();

  await page.getByRole("button", { name: "Open another" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ideas");
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByText("Ideas is open").waitFor();
  await page.getByRole("heading", { name: "Account Ideas" }).waitFor();
  await page.getByRole("button", { name: /Go to/ }).click();
  await page.getByRole("heading", { name: "Account Ideas" }).waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Reset the account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Cash to start with", { exact: true }).fill("5000");
  await dialog.getByLabel("I want to lose this and start again").check();
  await dialog.getByRole("button", { name: "Reset the account" }).click();
  await page.getByText("The account starts again").waitFor();
  await page.getByText("$5,000.00").first().waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("a deposit that gets no answer is asked after, and happens once", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.goto("/account");
  await page.getByLabel("Amount", { exact: true }).fill("111.00");
  await server.end("SIGKILL");
  await page.getByRole("button", { name: "Deposit", exact: true }).click();
  await page.getByText("No answer came").waitFor();
  await server.start();
  await page.getByText("Deposited $111.00").waitFor({ timeout: 30_000 });
  const { cash } = (await (await server.ask("GET", "/account")).json()) as Record<string, string>;
  assert.equal(cash, "5111.00");
  assert.deepEqual(faults, []);
  await context.close();
});
