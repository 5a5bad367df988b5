/** Goal: an operator sees the journal, how it grows, and whether backups are made; nobody else does. */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { axe, DESKTOP, enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

const ADMIN = `
import sys
from pathlib import Path
from stockyard.people.directory import People
from stockyard.storage.sqlite import SqliteDatabase
database = SqliteDatabase(Path(sys.argv[1]) / "people.db", durable=True)
people = People(database)
people.set_role(people.user_by_email(sys.argv[2]).id, "admin")
database.close()
`;
const python = process.env.E2E_PYTHON ?? "python3";
const backups = mkdtempSync(join(tmpdir(), "stockyard-backups-"));
const server = new Server({ STOCKYARD_JOURNAL_KEEP_DAYS: "30" });
let browser: Browser;

before(async () => {
  browser = await openBrowser();
  await server.start();
  await server.end();
  execFileSync(python, ["-c", ADMIN, server.data, server.demo.email]);
  execFileSync(python, [
    ...["-m", "stockyard", "prune", "--data", server.data, "--before", "999999999"],
  ]);
  // What a schedule would have made; the next one is due in a day. The server above had no folder:
  // its first backup would have been a second one, if it was done before the end.
  execFileSync(python, ["-m", "stockyard", "backup", "--data", server.data, "--to", backups]);
  await server.start({ STOCKYARD_BACKUP_DIR: backups });
});
after(async () => {
  await browser?.close();
  await server.remove();
  rmSync(backups, { recursive: true, force: true });
});

for (const [where, viewport, dark] of [
  ["desk", DESKTOP, false],
  ["hand", PHONE, true],
] as const) {
  test(`journal, files and backups, ${where}`, async () => {
    const { page, context, faults } = await openPage(browser, server, { viewport, dark });
    await enterAsDemo(page);
    await page.goto("/operator/storage");
    await page.getByText("The last good one is").waitFor();
    const list = page.getByRole("list", { name: "Backups, newest first" });
    assert.equal(await list.getByRole("listitem").count(), 1);
    await list.getByText("whole").waitFor();
    await page.getByText("journal.db", { exact: true }).waitFor();
    await page.getByText("30 days", { exact: true }).waitFor();
    await page.getByText(/stand for the first [\d,]+ inputs/).waitFor();
    assert.deepEqual(await axe(page), []);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= viewport.width, `it reaches to ${wide}`);
    const folder = process.env.SCREENSHOTS;
    if (folder)
      await page.screenshot({ path: join(folder, `storage-${where}.png`), fullPage: true });
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test("a backup is made when it is asked for", async () => {
  const { page, context, faults } = await openPage(browser, server, { viewport: PHONE });
  await enterAsDemo(page);
  await page.goto("/operator/storage");
  await page.getByRole("button", { name: "Back up now" }).click();
  const list = page.getByRole("list", { name: "Backups, newest first" });
  await list.getByText("whole").nth(1).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
