import { expect, test } from "vitest";
import { money } from "@/lib/format";
import { about, waitsFor } from "./words";

const BASE = { price: null, since: null } as const;

test("each kind says what it waits for", () => {
  const said = (one: Partial<Parameters<typeof waitsFor>[0]>) =>
    waitsFor({ ...BASE, kind: "price", direction: "above", value: "200.00", ...one });
  expect(said({ price: "bid" })).toBe("Bid at or above 200.00");
  expect(said({ direction: "below" })).toBe("Price at or below 200.00");
  expect(said({ kind: "volume", value: "1000" })).toBe("1,000 traded in the session");
  const loss = { kind: "pnl", direction: "below", value: "-50.00", since: "arming" } as const;
  expect(said(loss)).toBe(`Profit or loss at or below ${money("-50.00")} since armed`);
  const move = { kind: "percent", direction: "either", since: "previous_close" } as const;
  expect(said({ ...move, value: "2.5" })).toBe("Moves 2.5% on the day");
});

test("without a symbol it is about the account", () => {
  expect(about({ symbol: null })).toBe("The whole account");
  expect(about({ symbol: "KO" })).toBe("KO");
});
