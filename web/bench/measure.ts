/**
 * P9, the web app in a browser: its size, what its main thread does under a moving market, what it
 * remembers of an hour of ticks, and a list of 10,000 orders scrolled. `python -m bench P9` runs it:
 * `node bench/measure.ts home,markets,symbol <seconds for each> <seconds of memory> <orders>`, JSON on
 * stdout.
 */
import { pathToFileURL } from "node:url";
import type { Browser, CDPSession, Page } from "playwright-core";
import { enterAsDemo, openBrowser, openPage, Server } from "../e2e/rig.ts";
import { type Sizes, sizes } from "../scripts/sizes.ts";

const TIMES = 60;
/** As the threads of Chromium name what they do. */
const TASK = "ThreadControllerImpl::RunTask";
const SETTLE_MS = 1_500;
const SCREENS = { home: "/", markets: "/markets", symbol: "/symbols/BTC/USD" } as const;

export interface Work {
  readonly frames: number;
  /** Of the main thread, in milliseconds. */
  readonly perFrame: number;
  readonly longest: number;
  /** The share of the time that it was busy. */
  readonly busy: number;
}

export interface Measured {
  readonly sizes: Sizes;
  readonly screens: Readonly<Record<string, Work>>;
  readonly memory: { before: number; after: number; quotes: number };
  readonly list: Work & { rows: number; drawn: number };
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly args?: { name?: string };
}

/** What the page's main thread does meanwhile. */
async function traced(browser: Browser, page: Page, during: () => Promise<unknown>): Promise<Work> {
  await page.evaluate(() => {
    const count = { frames: 0 };
    Object.assign(globalThis, { counted: count });
    const frame = () => {
      count.frames += 1;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const frames = () =>
    page.evaluate(() => (globalThis as unknown as { counted: { frames: number } }).counted.frames);
  await browser.startTracing(page, { categories: ["toplevel"] });
  const [begun, drawnBefore] = [performance.now(), await frames()];
  await during();
  const [took, drawn] = [performance.now() - begun, (await frames()) - drawnBefore];
  const trace = (await browser.stopTracing()).toString();
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const thread = mainThread(traceEvents);
  const tasks = traceEvents.filter(
    (one) =>
      one.name === TASK && one.ph === "X" && one.pid === thread.pid && one.tid === thread.tid,
  );
  const ms = tasks.map((one) => (one.dur ?? 0) / 1000);
  const busy = ms.reduce((sum, one) => sum + one, 0);
  return {
    frames: drawn,
    perFrame: busy / Math.max(1, drawn),
    longest: Math.max(0, ...ms),
    busy: busy / took,
  };
}

/** Of the renderer that worked most: the page's, where others only wait. */
function mainThread(events: readonly TraceEvent[]): { pid: number; tid: number } {
  const busy = new Map<string, number>();
  const names = new Set<string>();
  for (const one of events) {
    const key = `${one.pid} ${one.tid}`;
    if (one.name === "thread_name" && one.args?.name === "CrRendererMain") names.add(key);
    if (one.name === TASK) busy.set(key, (busy.get(key) ?? 0) + (one.dur ?? 0));
  }
  const [most] = [...names].sort((a, b) => (busy.get(b) ?? 0) - (busy.get(a) ?? 0));
  if (most === undefined) throw new Error("the trace has no page");
  const [pid = 0, tid = 0] = most.split(" ").map(Number);
  return { pid, tid };
}

async function heap(devtools: CDPSession): Promise<number> {
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  return usedSize;
}

/** Sixty times the quotes of a market that says each once a second: an hour of them in a minute. */
export async function memory(browser: Browser, server: Server, seconds: number) {
  const { page, context } = await openPage(browser, server);
  let quotes = 0;
  let full = false;
  await page.routeWebSocket(/\/stream$/, (route) => {
    const upstream = route.connectToServer();
    upstream.onMessage((message) => {
      route.send(message);
      const frame = JSON.parse(String(message));
      if (!full || frame.type !== "quotes") return;
      for (let n = 1; n < TIMES; n += 1) {
        quotes += frame.quotes.length;
        route.send(JSON.stringify({ ...frame, quotes: frame.quotes.map(moved) }));
      }
    });
  });
  await enterAsDemo(page);
  await page.goto(SCREENS.markets);
  await page.getByRole("table").first().waitFor();
  await page.waitForTimeout(SETTLE_MS);
  const devtools = await context.newCDPSession(page);
  const before = await heap(devtools);
  full = true;
  await page.waitForTimeout(seconds * 1000);
  const found = { before, after: await heap(devtools), quotes };
  await context.close();
  return found;
}

let turn = 0;
/** Another price, so that it is drawn. */
function moved(quote: { bid: string; ask: string }): object {
  turn += 1;
  const digit = String(turn % 10);
  return { ...quote, bid: quote.bid.slice(0, -1) + digit, ask: quote.ask.slice(0, -1) + digit };
}

/** A list of so many orders, all of them at hand, scrolled from end to end and back. */
export async function list(browser: Browser, server: Server, rows: number, seconds: number) {
  const { page, context } = await openPage(browser, server);
  await enterAsDemo(page);
  const [one] = (await (await server.ask("GET", "/orders?status=all&limit=1")).json()) as object[];
  const many = Array.from({ length: rows }, (_, n) => ({
    ...one,
    id: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
    client_order_id: `bench-${n}`,
  }));
  await page.route(/\/api\/v1\/orders\?/, (route) => route.fulfill({ json: many }));
  await page.goto("/orders?tab=all");
  const table = page.getByRole("table", { name: "Orders" }).first();
  await table.waitFor();
  await page.mouse.move(800, 600);
  const work = await traced(browser, page, async () => {
    const until = performance.now() + seconds * 1000;
    for (let n = 0; performance.now() < until; n += 1) {
      await page.mouse.wheel(0, n % 40 < 30 ? 900 : -900);
    }
  });
  const drawn = await table.getByRole("row").count();
  await context.close();
  return { ...work, rows, drawn };
}

/** What a screen's main thread does while prices move. */
export async function onScreen(browser: Browser, server: Server, name: string, seconds: number) {
  const { page, context } = await openPage(browser, server, { reducedMotion: false });
  await enterAsDemo(page);
  await page.goto(SCREENS[name as keyof typeof SCREENS]);
  // What is loaded once is no work of the ticks.
  await page.waitForTimeout(SETTLE_MS);
  const work = await traced(browser, page, () => page.waitForTimeout(seconds * 1000));
  await context.close();
  return work;
}

export async function measure(
  server: Server,
  names: readonly string[],
  screenSeconds: number,
  memorySeconds: number,
  rows: number,
): Promise<Measured> {
  const browser = await openBrowser();
  try {
    await server.ask("POST", "/orders", { symbol: "KO", side: "buy", qty: "10" });
    await server.ask("POST", "/orders", {
      symbol: "BTC/USD",
      side: "buy",
      qty: "0.1",
      time_in_force: "gtc",
    });
    const screens: Record<string, Work> = {};
    for (const name of names) {
      screens[name] = await onScreen(browser, server, name, screenSeconds);
    }
    return {
      sizes: sizes(),
      screens,
      memory: await memory(browser, server, memorySeconds),
      list: await list(browser, server, rows, screenSeconds),
    };
  } finally {
    await browser.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [names = "home,markets,symbol", ...numbers] = process.argv.slice(2);
  const [seconds = 10, memorySeconds = 60, rows = 10_000] = numbers.map(Number);
  const server = new Server();
  try {
    await server.start();
    const found = await measure(server, names.split(","), seconds, memorySeconds, rows);
    console.log(JSON.stringify(found));
  } finally {
    await server.remove();
  }
}
