/**
 * What an account holds, as a fold over the stream's private frames (docs/reference/stream.md): pure
 * functions from a book and a frame to a book. What a frame does not tell (average cost, buying
 * power) is not guessed: the book says that it is `behind`, and who keeps it asks the server.
 */
import type { Schemas } from "@/api/client";
import { add, divide, multiply, sign, trim } from "@/lib/decimal";

export type Order = Schemas["Order"];
export type Position = Schemas["Position"];
export type Account = Schemas["Account"];
export type Execution = Schemas["Execution"];

/** A frame of the stream as it came. */
export interface Frame {
  readonly type: string;
  readonly event?: string;
  readonly token?: string;
  readonly prev?: string;
  readonly at?: string;
  readonly [name: string]: unknown;
}

export interface Book {
  /** The last event that is in it. */
  readonly token: string;
  readonly account: Account;
  readonly positions: ReadonlyMap<string, Position>;
  /** Every order that is open, or was since the page was opened; legs beside their parents. */
  readonly orders: ReadonlyMap<string, Order>;
  /** What was filled since the page was opened, newest first. */
  readonly fills: readonly Execution[];
  /** The account's and positions' sums are older than the orders and fills. */
  readonly behind: boolean;
}

export type Folded =
  | { readonly is: "folded"; readonly book: Book }
  /** It is in the book already, or none of an account's. */
  | { readonly is: "known" }
  /** Something between the book and the frame is missing. */
  | { readonly is: "gap" };

export const FILLS_MAX = 200;
export const ENDED_MAX = 500;
const PRIVATE = new Set(["order", "fill", "account", "request"]);
const OPEN = new Set<Order["status"]>([
  "accepted",
  "new",
  "partially_filled",
  "held",
  "pending_new",
  "pending_cancel",
]);

export const isOpen = (order: Order): boolean => OPEN.has(order.status);

/** -1, 0 or 1 as one event came before, is, or came after another. */
export function compareTokens(a: string, b: string): number {
  const [aSeq = "0", aIndex = "0"] = a.split("-");
  const [bSeq = "0", bIndex = "0"] = b.split("-");
  const bySeq = BigInt(aSeq) - BigInt(bSeq);
  if (bySeq !== 0n) return bySeq < 0n ? -1 : 1;
  return Math.sign(Number(aIndex) - Number(bIndex));
}

/** The book that a `resync` brings; fills and ended orders of the one before are kept. */
export function fromResync(frame: Frame, before?: Book): Book {
  const orders = new Map<string, Order>();
  for (const one of before?.orders.values() ?? []) {
    // What was open and is not among the open ones now has ended unseen: nobody knows how.
    if (!isOpen(one)) orders.set(one.id, one);
  }
  const put = (order: Order) => {
    for (const leg of order.legs ?? []) put(leg);
    orders.set(order.id, { ...order, legs: null });
  };
  (frame.orders as Order[]).forEach(put);
  const positions = (frame.positions as Position[]).map((one) => [one.symbol, one] as const);
  return {
    token: frame.token as string,
    account: frame.account as Account,
    positions: new Map(positions),
    orders,
    fills: before?.fills ?? [],
    behind: false,
  };
}

/** One private frame folded into a book. */
export function fold(book: Book, frame: Frame): Folded {
  if (!PRIVATE.has(frame.type) || frame.token === undefined) return { is: "known" };
  if (compareTokens(frame.token, book.token) <= 0) return { is: "known" };
  if (frame.prev !== book.token) return { is: "gap" };
  return { is: "folded", book: folded({ ...book, token: frame.token }, frame) };
}

function folded(book: Book, frame: Frame): Book {
  if (frame.type === "fill") return filled(book, frame.fill as Execution);
  if (frame.type === "order") return ordered(book, frame);
  if (frame.type === "account") return { ...book, behind: true };
  return book;
}

function ordered(book: Book, frame: Frame): Book {
  const told = frame.order as Partial<Order> & { id: string };
  const known = book.orders.get(told.id);
  // An order comes whole when it begins; later frames tell what changed.
  const whole = known !== undefined || told.client_order_id !== undefined;
  if (!whole) return { ...book, behind: true };
  const next = { ...known, ...told, legs: null } as Order;
  const orders = new Map(book.orders);
  // The newest comes last, also when it is told again.
  orders.set(told.id, frame.at && known ? { ...next, updated_at: frame.at } : next);
  return { ...book, orders: trimmed(orders), behind: true };
}

function filled(book: Book, fill: Execution): Book {
  const orders = new Map(book.orders);
  const order = orders.get(fill.order_id);
  if (order !== undefined) orders.set(order.id, withFill(order, fill));
  const positions = new Map(book.positions);
  const held = positions.get(fill.symbol);
  if (sign(fill.position_qty_after) === 0) positions.delete(fill.symbol);
  else if (held !== undefined)
    positions.set(fill.symbol, { ...held, qty: fill.position_qty_after });
  const account = { ...book.account, cash: fill.cash_after };
  const fills = [fill, ...book.fills].slice(0, FILLS_MAX);
  return { ...book, orders: trimmed(orders), positions, account, fills, behind: true };
}

function withFill(order: Order, fill: Execution): Order {
  const before = multiply(order.filled_avg_price ?? "0", order.filled_qty);
  const value = add(before, multiply(fill.price, fill.qty));
  const average = divide(value, fill.order_filled_qty, 6);
  const ended = fill.order_status === "filled";
  return {
    ...order,
    status: fill.order_status,
    lifecycle: ended ? "filled" : "partial",
    qty: fill.order_qty,
    filled_qty: fill.order_filled_qty,
    filled_avg_price: average === null ? order.filled_avg_price : trim(average, 2),
    fees: add(order.fees, fill.fees_total),
    updated_at: fill.executed_at,
    filled_at: ended ? fill.executed_at : order.filled_at,
  };
}

/** Without the oldest that ended, when there are very many. */
function trimmed(orders: Map<string, Order>): Map<string, Order> {
  let ended = 0;
  for (const one of orders.values()) if (!isOpen(one)) ended += 1;
  if (ended <= ENDED_MAX) return orders;
  for (const [id, one] of orders) {
    if (ended <= ENDED_MAX) break;
    if (isOpen(one)) continue;
    orders.delete(id);
    ended -= 1;
  }
  return orders;
}

/** The sums that the server was asked for, in the place of those that were behind. */
export function withSums(book: Book, account: Account, positions: readonly Position[]): Book {
  const held = positions.map((one) => [one.symbol, one] as const);
  return { ...book, account, positions: new Map(held), behind: false };
}
