/** Those who run it, in the browser: an admin finds a user, limits and freezes them, looks at a day. */
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { enterAsDemo, openBrowser, openPage, PHONE, Server } from "./rig.ts";

let server: Server;
let browser: Browser;
let ann: Record<string, string>;
const SHOTS = process.env.SHOTS;
const WHO = { email: "ann@example.com", password: "correct horse battery" };

before(async () => {
  server = await new Server().start();
  await server.end();
  const python = process.env.E2E_PYTHON ?? "python3";
  const words = ["-m", "stockyard", "users", "role", server.demo.email, "admin"];
  const done = spawnSync(python, [...words, "--data", server.data], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /is admin/);
  await server.start();
  await post("/auth/register", { ...WHO, name: "Ann Able" });
  const { token } = (await (await post("/auth/login", WHO)).json()) as { token: string };
  ann = { Authorization: `Bearer ${token}` };
  assert.equal((await order("3")).status, 201);
  browser = await openBrowser();
});
after(async () => {
  await browser.close();
  await server.remove();
});

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${server.url}/api/v1${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

const order = (qty: string) => post("/orders", { symbol: "KO", side: "buy", qty }, ann);

const codeOf = async (answer: Response) => ((await answer.json()) as { code?: string }).code;

async function shot(page: Page, name: string): Promise<void> {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

async function atAnn(looks: Parameters<typeof openPage>[2] = {}) {
  const { page, faults } = await openPage(browser, server, looks);
  await enterAsDemo(page);
  await page.goto("/operator");
  await page.getByLabel("Find").fill("able");
  await page.getByText("1 found").waitFor();
  await shot(page, `users-${looks.viewport?.width ?? "wide"}${looks.dark ? "-dark" : ""}`);
  await page.getByRole("button", { name: "Ann Able" }).click();
  await page.getByRole("heading", { name: "Ann Able" }).waitFor();
  return { page, faults };
}

test("an admin limits a user, and the engine holds them to it", async () => {
  const { page, faults } = await atAnn();
  await page.getByRole("textbox", { name: "Order value" }).fill("none");
  await page.getByRole("button", { name: "Set the limits" }).click();
  await page.getByText("Dollars above 0, or nothing.").waitFor();
  await page.getByRole("textbox", { name: "Order value" }).fill("500");
  await page.getByRole("textbox", { name: "Symbols" }).fill("ko");
  await page.getByRole("button", { name: "Set the limits" }).click();
  await page.getByText("The limits of Ann Able are set").waitFor();
  await page.getByText("limited", { exact: true }).waitFor();
  assert.equal(await codeOf(await order("1000")), "order_value_above_limit");
  assert.equal((await order("1")).status, 201);
  await page.reload();
  await page.getByRole("textbox", { name: "Order value" }).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Order value" }).inputValue(), "500.00");
  assert.equal(await page.getByRole("textbox", { name: "Symbols" }).inputValue(), "KO");
  await shot(page, "user-wide");
  assert.deepEqual(faults, []);
});

test("an admin freezes trading, and lets it go on", async () => {
  const { page, faults } = await atAnn({ viewport: PHONE });
  await page.getByText("Trading is frozen").click();
  await page.getByRole("dialog").getByRole("button", { name: "Freeze" }).click();
  await page.getByText("frozen", { exact: true }).waitFor();
  assert.equal(await codeOf(await order("1")), "trading_frozen");
  await shot(page, "user-390");
  await page.getByText("Trading is frozen").click();
  await page.getByText("frozen", { exact: true }).waitFor({ state: "detached" });
  assert.equal((await order("1")).status, 201);
  assert.deepEqual(faults, []);
});

test("money is granted once, and the day is played again", async () => {
  const { page, faults } = await atAnn({ dark: true });
  await page.getByRole("textbox", { name: "Amount" }).fill("2500");
  await page.getByRole("button", { name: "Grant", exact: true }).click();
  await page.getByText("Ann Able was granted $2,500.00").waitFor();
  const steps = page.getByRole("slider", { name: "Event" });
  await page.getByText("CashDeposited: amount 2500").first().waitFor();
  await steps.fill("0");
  await page.getByText("$0.00").first().waitFor();
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.getByText("$100,000.00").first().waitFor();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await shot(page, "user-wide-dark");
  assert.deepEqual(faults, []);
});

test("who is connected and how feeds are is seen; a user sees none of it", async () => {
  const { page, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.getByRole("navigation", { name: "Main" }).getByText("Operator").click();
  await page.getByRole("link", { name: "Presence" }).click();
  await page.getByRole("link", { name: "Demo" }).waitFor();
  await shot(page, "presence");
  await page.getByRole("link", { name: "Feeds" }).click();
  await page.getByRole("heading", { name: "Circuit breakers" }).waitFor();
  await shot(page, "feeds");
  await page.evaluate(() => localStorage.clear());
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(WHO.email);
  await page.getByLabel("Password", { exact: true }).fill(WHO.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("navigation", { name: "Main" }).getByText("Orders").first().waitFor();
  assert.equal(await page.getByRole("link", { name: "Operator" }).count(), 0);
  await page.keyboard.press("/");
  await page.getByRole("combobox").fill("operator");
  await page.getByText("Nothing is called “operator”.").waitFor();
  await page.keyboard.press("Escape");
  await page.goto("/operator");
  await page.getByText("These pages are not for you").waitFor();
  await page.goto("/account");
  await page.getByRole("heading", { name: "What you are limited to" }).waitFor();
  await page.getByText("at most $500.00").waitFor();
  await shot(page, "own-limits");
  assert.deepEqual(faults, []);
});

test("an admin finds the operator's pages by searching, and takes a signed day away", async () => {
  const { page, context, faults } = await openPage(browser, server);
  // A day is signed once it is over: no test waits for that.
  const days = [{ day: "2026-11-20", first: 1, last: 412, sha256: "9f".repeat(32), bytes: 90_000 }];
  await page.route("**/api/v1/admin/audit/days", (route) => route.fulfill({ json: days }));
  await page.route("**/api/v1/admin/audit/days/2026-11-20", (route) =>
    route.fulfill({ body: "{}\n", contentType: "application/x-ndjson" }),
  );
  await enterAsDemo(page);
  await page.keyboard.press("/");
  await page.getByRole("combobox").fill("operator");
  await page.getByRole("option", { name: "Operator" }).click();
  await page.getByRole("heading", { name: "Operator" }).waitFor();
  await page.goto("/operator/audit");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save 2026-11-20" }).click();
  assert.equal((await saved).suggestedFilename(), "audit-2026-11-20.jsonl");
  await page.getByText("412 entries").scrollIntoViewIfNeeded();
  await shot(page, "audit-days");
  await page.setViewportSize(PHONE);
  await shot(page, "audit-days-390");
  await page.goto("/activity?symbol=KO");
  await page.getByLabel("Symbol").waitFor();
  await page.getByText("Nothing like this happened").waitFor();
  await shot(page, "activity-390");
  assert.deepEqual(faults, []);
  await context.close();
});
