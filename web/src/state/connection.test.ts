/** Goal: the line comes back, asks for what is wanted in few frames, and never doubles. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection, type Link, NOTHING_KNOWN, type Socket } from "./connection";
import type { Frame } from "./folds";

class Line implements Socket {
  sent: Record<string, unknown>[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.closed = true;
  }
  say(frame: Frame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  enter(): void {
    this.onopen?.();
    this.say({ type: "authenticated" });
  }
}

let lines: Line[];
let links: Link[];
let heard: Frame[];
let known: string | null;
let connection: Connection;
const line = () => lines.at(-1) as Line;

beforeEach(() => {
  vi.useFakeTimers();
  [lines, links, heard, known] = [[], [], [], null];
  connection = new Connection({
    open: () => {
      lines.push(new Line());
      return line();
    },
    token: () => "sy_x",
    accountId: () => null,
    known: () => known,
    heard: (frame) => heard.push(frame),
    changed: (link) => links.push(link),
    random: () => 1,
  });
});
afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

test("it signs in, and goes on after what it knows", () => {
  connection.start();
  line().enter();
  expect(line().sent[0]).toEqual({ type: "auth", token: "sy_x", resume: NOTHING_KNOWN });
  expect(links).toEqual(["connecting", "live"]);
  known = "12-0";
  line().onclose?.({ code: 1006 });
  expect(connection.link).toBe("waiting");
  vi.advanceTimersByTime(250);
  line().enter();
  expect(line().sent[0]).toMatchObject({ resume: "12-0" });
  expect(lines.length).toBe(2);
});

test("it waits longer each time, and not when it is hurried", () => {
  connection.start();
  const waits = [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000];
  for (const wait of waits) {
    line().onclose?.({ code: 1006 });
    const before = lines.length;
    vi.advanceTimersByTime(wait - 1);
    expect(lines.length).toBe(before);
    vi.advanceTimersByTime(1);
    expect(lines.length).toBe(before + 1);
  }
  line().onclose?.({ code: 1006 });
  const before = lines.length;
  connection.hurry();
  connection.hurry();
  expect(lines.length).toBe(before + 1);
});

test("many who listen are one frame, and the last to leave ends it", () => {
  connection.start();
  line().enter();
  const ends = ["AAPL", "KO", "AAPL"].map((symbol) => connection.listen("quotes", symbol));
  connection.listen("bars", "KO", "5m");
  vi.advanceTimersByTime(100);
  expect(line().sent.slice(1)).toEqual([
    { type: "subscribe", channels: ["quotes"], symbols: ["AAPL", "KO"] },
    { type: "subscribe", channels: ["bars"], symbols: ["KO"], window: "5m" },
  ]);
  ends[0]?.();
  ends[0]?.();
  vi.advanceTimersByTime(5000);
  expect(line().sent.length).toBe(3);
  ends[2]?.();
  vi.advanceTimersByTime(5000);
  expect(line().sent.at(-1)).toEqual({
    type: "unsubscribe",
    channels: ["quotes"],
    symbols: ["AAPL"],
  });
});

test("who leaves and comes right back asks for nothing, and a new line asks for all again", () => {
  connection.start();
  line().enter();
  connection.listen("quotes", "KO")();
  connection.listen("quotes", "KO");
  vi.advanceTimersByTime(5000);
  expect(line().sent.length).toBe(2);
  line().onclose?.({ code: 1006 });
  vi.advanceTimersByTime(300);
  line().enter();
  vi.advanceTimersByTime(100);
  expect(line().sent[1]).toMatchObject({ type: "subscribe", symbols: ["KO"] });
});

test("a line that says nothing is asked, and then given up", () => {
  connection.start();
  line().enter();
  const first = line();
  vi.advanceTimersByTime(15_000);
  expect(first.sent.at(-1)).toEqual({ type: "ping" });
  first.say({ type: "pong" });
  vi.advanceTimersByTime(14_000);
  expect(connection.link).toBe("live");
  vi.advanceTimersByTime(12_000);
  expect(first.closed).toBe(true);
  expect(connection.link).not.toBe("live");
});
