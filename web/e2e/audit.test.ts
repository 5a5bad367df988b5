/**
 * Goal: whoever has an account sees what happened with it and from where; an administrator finds
 * who did what, and follows it from one entry to all of the same. SCREENSHOTS names a folder.
 */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
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

const PROMOTE = `
import sys, pathlib
from stockyard.people.directory import People
from stockyard.people.identity import Role
from stockyard.storage.sqlite import SqliteDatabase
database = SqliteDatabase(pathlib.Path(sys.argv[1]) / "people.db", durable=True)
people = People(database)
people.set_role(people.user_by_email(sys.argv[2]).id, Role.ADMIN)
database.close()
`;
const server = new Server();
let browser: Browser;

before(async () => {
  browser = await openBrowser();
  await server.start();
  const order = { symbol: "KO", side: "buy", qty: "7" };
  assert.equal((await server.ask("POST", "/orders", order)).status, 201);
  assert.equal((await server.ask("POST", "/orders", { ...order, qty: "9999" })).status, 403);
});
after(async () => {
  await browser?.close();
  await server.remove();
});

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

test("one's own history tells what happened and from where", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await goToAccount(page);
  await page.getByRole("link", { name: "Look at the history" }).click();
  await page.getByRole("heading", { name: "What happened with your account" }).waitFor();
  await page.getByText("Placed an order: buy 7 KO, market").waitFor();
  await page.getByText("refused: exceeds buying power").waitFor();
  await page.getByText("Signed in").first().waitFor();
  await picture(page, "history-desk");
  await page.getByLabel("What").selectOption("session");
  await page.getByText("Placed an order").first().waitFor({ state: "detached" });
  await page
    .getByText(/from 127\.0\.0\.1/)
    .first()
    .waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("From").fill("2030-01-01");
  await page.getByText("Nothing like this happened").waitFor();
  await page.goto("/operator/audit");
  await page.getByText("For administrators").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("an administrator finds who did what", async () => {
  await server.end();
  const python = process.env.E2E_PYTHON ?? "python3";
  const done = spawnSync(python, ["-c", PROMOTE, server.data, server.demo.email]);
  assert.equal(done.status, 0, String(done.stderr));
  await server.start();
  const { page, context, faults } = await openPage(browser, server, { viewport: DESKTOP });
  await enterAsDemo(page);
  await page.goto("/operator/audit");
  const entries = page.getByRole("list", { name: "Entries, newest first" });
  await entries.getByText("The server started").first().waitFor();
  await page.getByLabel("Kind").fill("order");
  const search = page.getByRole("form", { name: "Search the audit log" });
  await search.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/kind=order/);
  await entries.getByText("The server started").first().waitFor({ state: "detached" });
  const placed = entries.getByRole("listitem").filter({ hasText: "buy 7 KO" });
  await placed.locator("summary").click();
  await placed.getByText('"order.filled"').waitFor();
  await picture(page, "operator-audit-desk");
  assert.deepEqual(await axe(page), []);
  await placed.getByRole("button", { name: /^key:/ }).click();
  await page.waitForURL(/actor=key/);
  await entries.getByText("buy 9999 KO").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test("it fits a hand, in the dark", async () => {
  const { page, context, faults } = await openPage(browser, server, {
    viewport: PHONE,
    dark: true,
  });
  await enterAsDemo(page);
  for (const path of ["/operator/audit?kind=order", "/account/history"]) {
    await page.goto(path);
    await page.getByText("buy 7 KO").first().waitFor();
    const first = page.locator("summary").first();
    if (path.startsWith("/operator")) await first.click();
    assert.deepEqual(await axe(page), [], path);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= PHONE.width, `${path} reaches to ${wide}`);
    await picture(page, `${path.slice(1).replaceAll(/\W+/g, "-")}-hand`);
  }
  assert.deepEqual(faults, []);
  await context.close();
});
