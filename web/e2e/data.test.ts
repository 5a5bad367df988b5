/** Goal: who watches the data sees each source speak, what was refused and why, and what fails. */
import { strict as assert } from "node:assert";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { enterAsDemo, openBrowser, openPage, Server } from "./rig.ts";

const SECRET = ["feeder", "sesame"] as const;
const server = new Server({ INGEST_USERNAME: SECRET[0], INGEST_PASSWORD: SECRET[1] });
let browser: Browser;

before(async () => {
  browser = await openBrowser();
  await server.start();
});
after(async () => {
  await browser?.close();
  await server.remove();
});

async function send(event: number, tick: object): Promise<number> {
  const said = { symbol: "KO", source: "NYSE", event_id: `${event}`, ts: Date.now() };
  const answer = await fetch(`${server.url}/ingest/tick`, {
    method: "POST",
    headers: {
      Authorization: `Basic ${btoa(SECRET.join(":"))}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ ...said, ...tick }),
  });
  return answer.status;
}

test("a source that speaks is seen, what it said wrong is told, and a dead server is said", async () => {
  const { page, context, faults } = await openPage(browser, server);
  await enterAsDemo(page);
  await page.getByRole("link", { name: "Data" }).click();
  await page.getByText("Prices are coming in").waitFor();
  const sources = page.getByRole("table", { name: "Sources" });
  await sources.getByText("made here, by the built-in market").waitFor();
  const quote = { bid: "60.00", bid_size: "100", ask: "60.02", ask_size: "100" };
  assert.equal(await send(1, quote), 202);
  assert.equal(await send(2, { ...quote, ts: Date.now() + 60_000 }), 422);
  await sources.getByText("NYSE").waitFor();
  await page.getByText("What was left out, and why").click();
  await page.getByText("its time is more than 5 seconds ahead").first().waitFor();
  await page.getByRole("table", { name: /^Bars of a second/ }).waitFor({ timeout: 30_000 });
  await server.end("SIGKILL");
  await page.getByRole("alert").getByText("The server cannot be reached").waitFor();
  await server.start();
  await page.getByRole("alert").waitFor({ state: "detached", timeout: 30_000 });
  await page.getByText("Prices are coming in").waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
