import { describe, expect, test } from "vitest";
import { type AuditEntry, actorParts, dayEdge, inWords, program, refusal } from "./audit";

function entry(kind: string, after: unknown = null): AuditEntry {
  return {
    number: 1,
    at: "2026-01-02T15:00:00Z",
    kind,
    actor: "user:ann",
    user_id: "ann",
    account_id: null,
    subject: null,
    address: null,
    user_agent: null,
    request_id: null,
    idempotency_key: null,
    seq: null,
    before: null,
    after,
  };
}

describe("an entry in words", () => {
  test.each([
    [
      entry("order.place", {
        asked: { side: "buy", qty: "10", symbol: "AAPL", order_type: "stop_limit" },
        done: [],
      }),
      "Placed an order: buy 10 AAPL, stop limit",
    ],
    [
      entry("order.place", { asked: { side: "buy", notional: "500.00", symbol: "SPY" } }),
      "Placed an order: buy $500.00 SPY",
    ],
    [entry("money.deposit", { asked: { amount: "1000.00" } }), "Deposited cash: $1,000.00"],
    [
      entry("order.filled", { side: "sell", qty: "3", symbol: "KO", price: "61.50" }),
      "An order was filled: sell 3 KO at 61.50",
    ],
    [
      entry("session.refused", { why: "invalid_credentials" }),
      "A sign-in failed: invalid credentials",
    ],
    [entry("api_key.created", { name: "bot" }), "Made an API key: bot"],
    [entry("session.closed"), "Signed out"],
    [entry("tea_pot.boiled_over"), "Tea pot boiled over"],
    [entry("odd", ["not", "fields"]), "Odd"],
  ])("%#", (one, wanted) => {
    expect(inWords(one)).toBe(wanted);
  });

  test("what refused it is told", () => {
    const done = [{ event: "denied", code: "exceeds_buying_power" }];
    expect(refusal(entry("order.place", { asked: {}, done }))).toBe("exceeds buying power");
    expect(refusal(entry("order.place", { asked: {}, done: [{ event: "order.accepted" }] }))).toBe(
      "",
    );
    expect(refusal(entry("session.opened"))).toBe("");
  });
});

test("a day has two edges, and what is no day has none", () => {
  const from = dayEdge("2026-03-01");
  const to = dayEdge("2026-03-01", 1);
  expect(Date.parse(to ?? "") - Date.parse(from ?? "")).toBe(86_400_000);
  expect(dayEdge("")).toBeUndefined();
  expect(dayEdge("soon")).toBeUndefined();
});

test("an actor has a kind and an id", () => {
  expect(actorParts("user:f7")).toEqual({ kind: "user", id: "f7" });
  expect(actorParts("anyone")).toEqual({ kind: "anyone", id: "" });
});

test("a browser is told by its name, a program by what it calls itself", () => {
  const webkit = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";
  expect(program(`${webkit} Chrome/156.0.0.0 Safari/537.36`)).toBe("Chrome on Linux");
  expect(program(`${webkit} Chrome/156.0.0.0 Safari/537.36 Edg/156`)).toBe("Edge on Linux");
  expect(program("Mozilla/5.0 (Unknown) Odd/1")).toBe("Mozilla/5.0 (Unknown) Odd/1");
  expect(program("APCA-PY/0.43")).toBe("APCA-PY/0.43");
});
