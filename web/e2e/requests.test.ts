/** Goal: an operator sees which route is slow and where one request's time went; nobody else does. */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, enterAsDemo, openBrowser, openPage, Server } from "./rig.ts";

const ADMIN = `
import sys
from pathlib import Path
from stockyard.people.directory import People
from stockyard.storage.sqlite import SqliteDatabase
database = SqliteDatabase(Path(sys.argv[1]) / "people.db", durable=True)
people = People(database)
people.set_role(people.user_by_email(sys.argv[2]).id, sys.argv[3])
database.close()
`;
const server = new Server();
let browser: Browser;

async function give(role: string): Promise<void> {
  await server.end();
  const python = process.env.E2E_PYTHON ?? "python3";
  execFileSync(python, ["-c", ADMIN, server.data, server.demo.email, role]);
  await server.start();
}

before(async () => {
  browser = await openBrowser();
  await server.start();
});
after(async () => {
  await browser?.close();
  await server.remove();
});

async function look(page: Page): Promise<void> {
  await enterAsDemo(page);
  await page.goto("/operator/requests");
  await page.getByRole("heading", { name: "Requests", level: 1 }).waitFor();
}

test("who is no administrator is told so", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await look(page);
  await page.getByRole("alert").getByText("this needs the scope admin").waitFor();
  assert.equal(await page.locator("main .waiting").count(), 0);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(faults, []);
  await context.close();
});

test("P99 by route, a waterfall of one request, and cache hit rates", async () => {
  await give("admin");
  for (let n = 0; n < 8; n++) {
    const placed = await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "1" });
    assert.equal(placed.status, 201);
    assert.equal((await server.ask("GET", "/company/AAPL")).status, 200);
  }
  const refused = await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "99999" });
  const named = refused.headers.get("X-Request-ID") ?? "";
  const { page, context, faults } = await openPage(browser, server);
  await look(page);
  const routes = page.getByRole("table", { name: "Routes" });
  await routes.getByText("/api/v1/company/{symbol}").waitFor();
  await page.getByText("87.5 %").first().waitFor();

  await routes.getByRole("button", { name: "Look at POST /api/v1/orders" }).click();
  await page.getByRole("button", { name: "All routes" }).waitFor();
  const single = page.getByRole("table", { name: "Single requests" });
  await page.getByText("Refused", { exact: true }).last().click();
  await single.getByText("exceeds_buying_power").waitFor();
  await page.getByLabel("Request id").fill(named);
  await single.getByRole("button").first().click();
  const dialog = page.getByRole("dialog", { name: "Where the time went" });
  await dialog.getByText(named, { exact: true }).waitFor();
  const parts = dialog.getByRole("list", { name: "Parts" });
  for (const part of ["In line", "Journal", "Engine"]) await parts.getByText(part).waitFor();
  await dialog.getByText("403 · exceeds_buying_power").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "All routes" }).click();
  assert.deepEqual(faults, []);
  await context.close();
});
