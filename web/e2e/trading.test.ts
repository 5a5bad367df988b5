/**
 * Goal: a whole day of somebody new, in one piece: an account, money, orders of three kinds, fills
 * seen live in two browsers, a stop dragged, a server killed in between, and each fill explained.
 */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { enterAsDemo, openBrowser, openPage, Server } from "./rig.ts";

const server = new Server();
let browser: Browser;
const ANN = { email: "ann@example.com", password: "correct horse battery" };

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
const ticket = (page: Page) => page.getByRole("complementary", { name: "Order ticket" });

async function signUp(page: Page): Promise<void> {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("Ann");
  await page.getByLabel("E-mail").fill(ANN.email);
  await page.getByLabel("Password", { exact: true }).fill(ANN.password);
  await page.getByRole("button", { name: "Open the account" }).click();
  await page.getByText("$100,000.00").first().waitFor();
}

async function signIn(page: Page): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(ANN.email);
  await page.getByLabel("Password", { exact: true }).fill(ANN.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Home", level: 1 }).waitFor({ state: "attached" });
}

/** Looks at what the ticket would send, and sends it; the path of the order. */
async function send(page: Page, words: string): Promise<string> {
  await page.getByRole("button", { name: `Review: ${words}` }).click();
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
  await page.getByRole("button", { name: words, exact: true }).click();
  const link = ticket(page).getByRole("link", { name: "See the order" });
  const path = await link.getAttribute("href");
  assert(path);
  return path;
}

test("from an account to a closed position, seen from two browsers", async () => {
  const first = await openPage(browser, server);
  const second = await openPage(browser, server);
  const { page } = first;
  const other = second.page;
  await signUp(page);
  await signIn(other);

  await page.goto("/account");
  await page.getByLabel("Amount", { exact: true }).fill("2500");
  await page.getByRole("button", { name: "Deposit", exact: true }).click();
  await other.getByText("$102,500.00").first().waitFor();

  await page.goto("/symbols/KO");
  await page.getByLabel("Quantity", { exact: true }).fill("30");
  const bought = await send(page, "Buy 30 KO");
  await page.getByRole("heading", { name: "Filled" }).waitFor();
  await rows(other, "Positions").getByText("30 long").waitFor();
  await other.getByText("Bought 30 KO").first().waitFor();

  await page.goto("/symbols/AAPL");
  await page.getByLabel("Order type").selectOption("limit");
  await page.getByLabel("Quantity", { exact: true }).fill("4");
  await page.getByLabel("Limit price", { exact: true }).fill("100");
  await send(page, "Buy 4 AAPL");
  await page.getByRole("heading", { name: "Order placed" }).waitFor();
  await rows(other, "Open orders").getByText("0 / 4").waitFor();

  await page.evaluate(() =>
    localStorage.setItem("stockyard.chart", JSON.stringify({ frame: "1m", fit: true })),
  );
  await page.goto("/symbols/MSFT");
  const { bid } = (await (await server.ask("GET", "/quotes/MSFT")).json()) as { bid: string };
  await page.getByLabel("Quantity", { exact: true }).fill("2");
  await page.getByLabel("Exits").selectOption("bracket");
  const stop = Math.floor(Number(bid)) - 2;
  await page.getByLabel("Take profit at", { exact: true }).fill(`${stop + 20}`);
  await page.getByLabel("Stop loss at", { exact: true }).fill(`${stop}`);
  await send(page, "Buy 2 MSFT");
  await page.getByRole("heading", { name: "Filled" }).waitFor();

  await page.reload();
  const line = page.getByRole("slider", { name: "Sell stop 2" });
  await line.and(page.locator("[data-placed]")).waitFor();
  const box = await line.boundingBox();
  assert(box);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let step = 1; step <= 5; step += 1) await page.mouse.move(x, y + step * 5);
  await page.mouse.up();
  const move = page.getByRole("button", { name: /^Move to/ });
  const price = (await move.textContent())?.replace("Move to ", "") ?? "";
  await move.click();
  await line.and(page.locator(`[aria-valuetext="${price}"]`)).waitFor();
  await rows(other, "Open orders").getByText(price).waitFor();

  await server.end("SIGKILL");
  for (const one of [page, other]) await one.getByText(/No connection for/).waitFor();
  await server.start();
  for (const one of [page, other]) {
    await one.getByText(/No connection for/).waitFor({ state: "detached", timeout: 30_000 });
    await one.goto("/orders");
    await one.getByRole("tab", { name: "Open 3" }).waitFor();
    await rows(one, "Orders").getByText(price).waitFor();
    await one.goto("/positions");
    await rows(one, "Positions").getByText("30 long").waitFor();
    assert.equal(await rows(one, "Positions").count(), 4, "a head, two positions, their sum");
  }

  await page.getByRole("button", { name: "Close MSFT" }).click();
  const dialog = page.getByRole("dialog", { name: "Close MSFT" });
  await dialog
    .getByRole("button", { name: /^(Sell|Close)/ })
    .last()
    .click();
  await rows(other, "Positions").getByText("MSFT").waitFor({ state: "detached" });
  await other.goto("/orders");
  await other.getByRole("tab", { name: "Open 1" }).waitFor();

  await page.goto(bought);
  await page.getByRole("heading", { name: "Why this fill" }).waitFor();
  await page
    .getByText(/Bought 30 KO at .*: the ask, with .* the quote was/)
    .first()
    .waitFor();

  const stranger = await openPage(browser, server);
  await enterAsDemo(stranger.page);
  await stranger.page.goto(bought);
  await stranger.page.getByText("There is no such order").waitFor();
  assert.equal(await stranger.page.getByText("30").count(), 0);
  for (const { context, faults } of [first, second, stranger]) {
    assert.deepEqual(faults, []);
    await context.close();
  }
});
