/**
 * Goal: whoever looks at a screen knows when the server cannot keep anything, and when it can again.
 * SCREENSHOTS names a folder for pictures.
 */
import { strict as assert } from "node:assert";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

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

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `standing-${name}.png`) });
}

test("a full disk is told above every screen, and that it is over", async () => {
  const { page, context } = await openPage(browser, server);
  await enterAsDemo(page);
  server.fill(true);
  await page.getByText("Orders cannot be taken just now").waitFor();
  await picture(page, "full");
  const order = { symbol: "AAPL", side: "buy", qty: "1" };
  const refused = await server.ask("POST", "/orders", order);
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  server.fill(false);
  await page.getByText("Orders cannot be taken just now").waitFor({ state: "detached" });
  assert.equal((await server.ask("POST", "/orders", order)).status, 201);
  await context.close();
});

test("what is served read-only says so, at a desk and in a hand", async () => {
  await server.end();
  await server.startReadOnly();
  for (const [name, looks] of [
    ["desk", {}],
    ["hand", { viewport: PHONE }],
    ["dark", { viewport: PHONE, dark: true }],
  ] as const) {
    const { page, context } = await openPage(browser, server, looks);
    await enterAsDemo(page);
    await page.getByText("Nothing can be changed here").waitFor();
    await picture(page, name);
    await context.close();
  }
  const refused = await server.ask("POST", "/orders", { symbol: "AAPL", side: "buy", qty: "1" });
  assert.equal(((await refused.json()) as { code: string }).code, "read_only");
});
