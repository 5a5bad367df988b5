/**
 * What the browser tests stand on: one real server with the built app, one real Chromium. The server
 * is the one that E2E_PYTHON finds (`python3` otherwise); CHROMIUM names another browser.
 */
import { strict as assert } from "node:assert";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const START_MS = 60_000;
const PYTHON = process.env.E2E_PYTHON ?? "python3";

export interface Demo {
  readonly url: string;
  readonly email: string;
  readonly password: string;
  readonly api_key: string;
  readonly api_secret: string;
}

/** One `stockyard serve` over a directory of its own. */
export class Server {
  readonly data = mkdtempSync(join(tmpdir(), "stockyard-web-"));
  demo!: Demo;
  #process!: ChildProcess;
  #output = "";
  #settings: Readonly<Record<string, string>>;
  #port = "0";

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.#settings = settings;
  }

  /** Starts it, again on the same port if it ran before, and waits until it answers. What `more`
   * sets holds from here on. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<this> {
    this.#settings = { ...this.#settings, ...more };
    const file = join(this.data, "demo.json");
    const before = existsSync(file) ? statSync(file).mtimeMs : 0;
    this.#spawn();
    await this.#until(async () => existsSync(file) && statSync(file).mtimeMs !== before);
    this.demo = JSON.parse(readFileSync(file, "utf8"));
    this.#port = new URL(this.demo.url).port;
    return this;
  }

  /** Starts it over what is there, changing nothing, where it ran before. */
  async startReadOnly(): Promise<this> {
    this.#spawn("--read-only");
    await this.#until(async () => {
      const answer = await fetch(`${this.url}/health`).catch(() => null);
      return answer?.ok ?? false;
    });
    return this;
  }

  #spawn(...more: readonly string[]): void {
    const words = ["-m", "stockyard", "serve", "--port", this.#port, "--data", this.data, ...more];
    this.#process = spawn(PYTHON, words, { env: { ...process.env, ...this.#settings } });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (text) => {
        this.#output += String(text);
      });
    }
  }

  async #until(answers: () => Promise<boolean>): Promise<void> {
    const until = Date.now() + START_MS;
    while (!(await answers())) {
      const running = this.#process.exitCode === null && Date.now() < until;
      assert(running, `the server did not start:\n${this.#output}`);
      await sleep(20);
    }
  }

  /** Lets it write no byte to any file any more, as on a full disk, or lets it again. */
  fill(full: boolean): void {
    const code =
      "import resource as r, sys; r.prlimit(int(sys.argv[1]), r.RLIMIT_FSIZE, (int(sys.argv[2]), -1))";
    const done = spawnSync(PYTHON, ["-c", code, String(this.#process.pid), full ? "0" : "-1"]);
    assert.equal(done.status, 0, String(done.stderr));
  }

  /** The address by the name under which the demo user is offered. */
  get url(): string {
    return this.demo.url.replace(/\/$/, "");
  }

  /** Asks the API with the demo user's key. */
  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        "Content-Type": "application/json",
        "APCA-API-KEY-ID": this.demo.api_key,
        "APCA-API-SECRET-KEY": this.demo.api_secret,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** Ends it as a power cut would (SIGKILL), or cleanly. */
  async end(signal: "SIGKILL" | "SIGTERM" = "SIGTERM"): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill(signal);
    await gone;
  }

  async remove(): Promise<void> {
    await this.end("SIGKILL");
    rmSync(this.data, { recursive: true, force: true });
  }
}

export function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export interface Looks {
  readonly viewport?: { width: number; height: number };
  readonly dark?: boolean;
  readonly reducedMotion?: boolean;
  /** Whether the service worker is installed: what it sees, `page.route` does not. */
  readonly worker?: boolean;
  /** Whether somebody new is led to a first trade. */
  readonly tour?: boolean;
}

/** A page of a fresh browser profile; what goes wrong in it is collected in `faults`. */
export async function openPage(
  browser: Browser,
  server: Server,
  {
    viewport = DESKTOP,
    dark = false,
    reducedMotion = true,
    worker = false,
    tour = false,
  }: Looks = {},
): Promise<{ page: Page; context: BrowserContext; faults: string[] }> {
  const context = await browser.newContext({
    baseURL: server.url,
    viewport,
    colorScheme: dark ? "dark" : "light",
    reducedMotion: reducedMotion ? "reduce" : "no-preference",
    ...(viewport.width < 700 && { hasTouch: true, isMobile: true, deviceScaleFactor: 2 }),
    locale: "en-US",
    serviceWorkers: worker ? "allow" : "block",
  });
  if (!tour) await context.addInitScript(() => localStorage.setItem("stockyard.tour", "left"));
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    const expected = /Failed to load resource|WebSocket connection/.test(message.text());
    if (message.type() === "error" && !expected) faults.push(message.text());
  });
  return { page, context, faults };
}

export async function enterAsDemo(page: Page): Promise<void> {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: /demo account/ }).click();
  await page.getByRole("heading", { name: "Home", level: 1 }).waitFor({ state: "attached" });
}

/** To the account, once what comes late is there: it may push away what is pressed. */
export async function goToAccount(page: Page): Promise<void> {
  await page.goto("/account");
  await page.getByText("Deposit and withdraw").waitFor();
}

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds on the page as it stands, in lines that name rule and element. */
export async function axe(page: Page): Promise<string[]> {
  // Not as a script of the page: its policy forbids that, and rightly.
  await page.evaluate(readFileSync(AXE, "utf8"));
  return page.evaluate(async (rules) => {
    // biome-ignore lint/suspicious/noExplicitAny: axe puts itself into the page
    const found = await (globalThis as any).axe.run(document, {
      runOnly: { type: "tag", values: rules },
    });
    return found.violations.flatMap(
      (one: { id: string; nodes: { target: string[]; failureSummary: string }[] }) =>
        one.nodes.map((node) => `${one.id}: ${node.target.join(" ")} (${node.failureSummary})`),
    );
  }, RULES);
}
