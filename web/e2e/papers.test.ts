/**
 * Goal: statements, reports and histories are seen and taken away whole; a webhook made in the
 * browser is told of an order, signed with the secret that was shown.
 */
import { strict as assert } from "node:assert";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server as Receiver } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { axe, enterAsDemo, goToAccount, openBrowser, openPage, PHONE, Server } from "./rig.ts";

interface Got {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

const server = new Server({ STOCKYARD_WEBHOOKS_PRIVATE: "1" });
let browser: Browser;
let receiver: Receiver;
const got: Got[] = [];
let status = 200;
let heard: (() => void) | undefined;

before(async () => {
  browser = await openBrowser();
  await server.start();
  for (const side of ["buy", "sell"]) {
    const order = { symbol: "KO", side, qty: side === "buy" ? "30" : "10" };
    assert.equal((await server.ask("POST", "/orders", order)).status, 201);
  }
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += String(part);
    });
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(status).end();
      heard?.();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
});
after(async () => {
  await browser?.close();
  receiver?.close();
  await server.remove();
});

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** What the next download holds. */
async function taken(
  page: Page,
  press: () => Promise<void>,
): Promise<{ name: string; data: Buffer }> {
  const [file] = await Promise.all([page.waitForEvent("download"), press()]);
  return { name: file.suggestedFilename(), data: readFileSync(await file.path()) };
}

test("a month is summed up, and taken away as a paper", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.getByRole("link", { name: "Statements" }).click();
  await page.getByRole("heading", { name: "Cash", exact: true }).waitFor();
  await page.getByText("Purchases").waitFor();
  await page.getByLabel("Positions at the end").getByText("KO").waitFor();
  await picture(page, "statements");
  const press = (name: RegExp) => () => page.getByRole("button", { name }).click();
  const pdf = await taken(page, press(/Download [A-Z].* as PDF$/));
  assert.match(pdf.name, /^stockyard-statement-\d{4}-\d\d\.pdf$/);
  assert.equal(pdf.data.subarray(0, 5).toString(), "%PDF-");
  const html = await taken(page, press(/Download [A-Z].* as a web page$/));
  assert.match(html.data.toString(), /Cash at the end/);
  const tax = await taken(page, press(/tax report of \d{4} as CSV$/));
  assert.match(tax.data.toString(), /^symbol,side,qty/);
  assert.deepEqual(faults, []);
  await context.close();
});

test("histories are taken away in three formats, in a hand and in the dark too", async () => {
  const { page, context, faults } = await openPage(browser, server, {
    viewport: PHONE,
    dark: true,
  });
  await enterAsDemo(page);
  await page.goto("/statements");
  await page.getByText("Purchases").waitFor();
  await picture(page, "statements-hand");
  assert.deepEqual(await axe(page), []);
  const press = () => page.getByRole("button", { name: "Download", exact: true }).click();
  const csv = await taken(page, press);
  assert.match(csv.name, /^stockyard-activities-.*\.csv$/);
  assert.equal(csv.data.toString().split("\r\n").length, 3 + 2, "a head, three lines, the end");
  await page.getByLabel("What").selectOption("postings");
  await page.getByText("JSON", { exact: true }).click();
  const ledger = JSON.parse((await taken(page, press)).data.toString());
  assert.ok(ledger.length >= 3);
  await page.getByLabel("What").selectOption("orders");
  await page.getByText("Parquet", { exact: true }).click();
  const orders = await taken(page, press);
  assert.equal(orders.data.subarray(0, 4).toString(), "PAR1");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a webhook is made, tested, told of a fill, and switched off", async () => {
  const { page, context, faults } = await openPage(browser, server);
  const { port } = receiver.address() as AddressInfo;
  await enterAsDemo(page);
  await goToAccount(page);
  await page.getByRole("link", { name: "Webhooks" }).click();
  await page.getByText("No webhooks").waitFor();
  await page.getByRole("button", { name: "New webhook" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address").fill("ftp://nowhere");
  await dialog.getByRole("button", { name: "Make the webhook" }).click();
  await dialog.getByText("Send it to an address such as").waitFor();
  await dialog.getByLabel("Address").fill(`http://127.0.0.1:${port}/in`);
  await dialog.getByLabel("Name").fill("My bot");
  await picture(page, "webhook-new");
  await dialog.getByRole("button", { name: "Make the webhook" }).click();
  const secret = await dialog.getByLabel("Secret", { exact: true }).inputValue();
  assert.match(secret, /^whsec_/);
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  await page.getByRole("button", { name: "Send a test to My bot" }).click();
  const log = page.getByRole("list", { name: "Deliveries" });
  await log.getByText("Taken").waitFor();
  const told = new Promise<void>((done) => {
    heard = () => got.some((one) => one.body.includes('"type":"fill"')) && done();
  });
  await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "2" });
  await told;
  for (const { headers, body } of got) {
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    const made = createHmac("sha256", key).update(signed).digest("base64");
    assert.equal(headers["webhook-signature"], `v1,${made}`);
  }
  await log.getByText("fill.fill").waitFor();
  await log.getByRole("button", { name: "Show fill.fill" }).click();
  await log.getByText('"symbol": "KO"').waitFor();
  await picture(page, "webhooks");
  assert.deepEqual(await axe(page), []);
  status = 500;
  await page.getByRole("button", { name: "Send a test to My bot" }).click();
  await page.getByText(/\d+ (try|tries) failed in a row/).waitFor();
  await page.getByRole("button", { name: "Switch off: My bot" }).click();
  await page.getByRole("button", { name: "Switch on: My bot" }).waitFor();
  await page.setViewportSize(PHONE);
  await picture(page, "webhooks-hand");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No webhooks").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
