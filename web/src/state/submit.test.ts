/** Goal: no answer is never taken for a refusal, and nothing that was sent happens twice. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ProblemBody, ProblemError, UnreachableError } from "@/api/problem";
import { ABSENT_TIMES, type Keys, SLOW_MS, Submission, step, UNKNOWN_MS } from "./submit";

const problem = (status: number, code: string) =>
  new ProblemError({ status, code, wrong: "no", right: "else", field: null } as ProblemBody);

let sent: { args: string; keys: Keys; answer: (v: string) => void; fail: (e: unknown) => void }[];
let finds: (() => Promise<string | null>)[];
let one: Submission<string, string>;
const last = () => sent.at(-1) as (typeof sent)[number];
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const command = (args: string, keys: Keys) =>
  new Promise<string>((answer, fail) => sent.push({ args, keys, answer, fail }));

beforeEach(() => {
  vi.useFakeTimers();
  [sent, finds] = [[], []];
  one = new Submission(command, () => (finds.shift() ?? (async () => null))());
});
afterEach(() => vi.useRealTimers());

test("answered soon: sending, then done; the next one has other keys", async () => {
  one.send("a");
  expect(one.state).toMatchObject({ is: "sending" });
  last().answer("first");
  await pass(0);
  expect(one.state).toEqual({ is: "done", answer: "first" });
  const { keys } = last();
  one.send("b");
  expect(last().keys.client_order_id).not.toBe(keys.client_order_id);
  expect(last().keys.idempotency).not.toBe(keys.idempotency);
});

test("what is on its way cannot be sent again, nor forgotten", () => {
  one.send("a");
  one.send("a");
  one.reset();
  expect(sent).toHaveLength(1);
  expect(one.state.is).toBe("sending");
});

test("slow after a while, unknown after a longer one, and a late answer still counts", async () => {
  one.send("a");
  await pass(SLOW_MS);
  expect(one.state.is).toBe("slow");
  await pass(UNKNOWN_MS - SLOW_MS);
  expect(one.state.is).toBe("unknown");
  last().answer("late");
  await pass(0);
  expect(one.state).toEqual({ is: "done", answer: "late" });
});

test("a refusal says what was wrong, and is no reason to ask", async () => {
  one.send("a");
  last().fail(problem(403, "exceeds_buying_power"));
  await pass(60_000);
  expect(one.state).toMatchObject({ is: "denied", problem: { code: "exceeds_buying_power" } });
  expect(sent).toHaveLength(1);
});

test("nobody answers: it is asked until somebody knows", async () => {
  const down = () => Promise.reject(new UnreachableError());
  finds = [down, down, down, async () => "found"];
  one.send("a");
  last().fail(new UnreachableError());
  await pass(0);
  expect(one.state.is).toBe("unknown");
  await pass(60_000);
  expect(one.state).toEqual({ is: "done", answer: "found" });
  expect(sent).toHaveLength(1);
});

test("a fault of the server is no refusal either", async () => {
  finds = [async () => "found"];
  one.send("a");
  last().fail(problem(500, "internal_error"));
  await pass(5_000);
  expect(one.state).toEqual({ is: "done", answer: "found" });
});

test("it never arrived: that is said only when it is sure, and the keys stay", async () => {
  one.send("a");
  last().fail(new UnreachableError());
  await pass(1_500);
  expect(one.state.is).toBe("unknown");
  await pass(ABSENT_TIMES * 5_000);
  expect(one.state).toMatchObject({ is: "denied", problem: { code: "not_arrived" } });
  const { keys } = last();
  one.send("a");
  expect(last().keys).toEqual(keys);
});

test("while it may still arrive, not being known is no answer", async () => {
  one.send("a");
  await pass(600_000);
  expect(one.state.is).toBe("unknown");
  last().fail(new UnreachableError());
  await pass(60_000);
  expect(one.state).toMatchObject({ is: "denied", problem: { code: "not_arrived" } });
});

test("a server that could not take it is told in its own words, once it is sure", async () => {
  one.send("a");
  last().fail(problem(503, "journal_unavailable"));
  await pass(30_000);
  expect(one.state).toMatchObject({ is: "denied", problem: { code: "journal_unavailable" } });
});

test("what cannot be looked up is sent again under the same keys", async () => {
  one = new Submission(command);
  one.send("a");
  last().fail(new UnreachableError());
  await pass(1_500);
  expect(sent).toHaveLength(2);
  expect(sent[1]?.keys).toEqual(sent[0]?.keys);
  last().answer("second");
  await pass(0);
  expect(one.state).toEqual({ is: "done", answer: "second" });
});

test("the answer to an older sending changes nothing of the newer one", async () => {
  one.send("a");
  last().fail(problem(422, "invalid_qty"));
  await pass(0);
  one.send("b");
  await pass(SLOW_MS - 100);
  expect(one.state.is).toBe("sending");
  await pass(100);
  expect(one.state.is).toBe("slow");
});

test("what has ended moves only by being reset or sent anew", () => {
  const done = { is: "done", answer: 1 } as const;
  expect(step(done, { type: "waited", milliseconds: 9_000 })).toBe(done);
  expect(step(done, { type: "lost" })).toBe(done);
  expect(step(done, { type: "reset" })).toEqual({ is: "ready" });
  expect(step(done, { type: "send", at: 7 })).toEqual({ is: "sending", since: 7 });
});
