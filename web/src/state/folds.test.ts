/** Goal: the fold of what a real account's stream told is what the server says it is. */
import { expect, test } from "vitest";
import { type Book, compareTokens, type Frame, fold, fromResync, isOpen, withSums } from "./folds";
import recorded from "./recorded.json" with { type: "json" };

const frames = recorded as unknown as Frame[];
const events = frames.filter((one) => one.type !== "resync");
const last = frames.find((one) => one.type === "resync") as Frame;

const opened: Book = {
  token: "0-0",
  account: last.account as Book["account"],
  positions: new Map(),
  orders: new Map(),
  fills: [],
  behind: false,
};

function folded(book: Book, some: readonly Frame[]): Book {
  return some.reduce((before, frame) => {
    const found = fold(before, frame);
    expect(found.is).toBe("folded");
    return found.is === "folded" ? found.book : before;
  }, book);
}

test("all that happened, folded, is the account as the server has it", () => {
  const book = folded(opened, events);
  const server = fromResync(last);
  expect(book.token).toBe(server.token);
  expect(book.account.cash).toBe(server.account.cash);
  const open = [...book.orders.values()].filter(isOpen);
  expect(new Set(open.map((one) => one.id))).toEqual(
    new Set([...server.orders.values()].filter(isOpen).map((one) => one.id)),
  );
  for (const one of open) {
    const { id, status, qty, filled_qty, limit_price, stop_price, lifecycle } = one;
    expect(server.orders.get(id)).toMatchObject({
      status,
      qty,
      filled_qty,
      limit_price,
      stop_price,
      lifecycle,
    });
  }
  const filled = [...book.orders.values()].filter((one) => one.status === "filled");
  expect(filled.length).toBe(3);
  expect(filled[0]).toMatchObject({ filled_avg_price: "65.01", filled_qty: "100" });
  expect(book.fills.map((one) => one.side)).toEqual(["sell", "buy", "buy"]);
  expect(book.behind).toBe(true);
  expect(withSums(book, server.account, [...server.positions.values()]).behind).toBe(false);
});

test("a frame that comes twice counts once, and one that is missing is noticed", () => {
  const [first, second, third] = events as [Frame, Frame, Frame];
  const book = folded(opened, [first, second]);
  expect(fold(book, first).is).toBe("known");
  expect(fold(book, second).is).toBe("known");
  const later = events[3] as Frame;
  expect(fold(book, later).is).toBe("gap");
  expect(fold(book, third).is).toBe("folded");
});

test("a resync in the middle and the rest is the same as all", () => {
  const middle = folded(opened, events.slice(0, 9));
  const open = [...middle.orders.values()].filter(isOpen);
  const again = fromResync(
    { type: "resync", token: middle.token, account: middle.account, positions: [], orders: open },
    middle,
  );
  const whole = folded(opened, events);
  const resumed = folded(again, events.slice(9));
  expect(resumed.token).toBe(whole.token);
  expect(new Set(resumed.orders.keys())).toEqual(new Set(whole.orders.keys()));
});

test("tokens are compared as numbers, also large ones", () => {
  expect(compareTokens("99-1", "100-0")).toBe(-1);
  expect(compareTokens("9007199254740993-0", "9007199254740992-9")).toBe(1);
  expect(compareTokens("7-10", "7-9")).toBe(1);
  expect(compareTokens("7-1", "7-1")).toBe(0);
});
