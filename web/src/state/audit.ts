/** Who did what: the audit log, page by page, and what its entries say in words. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import type { paths } from "@/api/schema";
import { saveFile } from "@/lib/csv";
import { money, words } from "@/lib/format";

export type AuditEntry = Schemas["AuditEntry"];
type OwnQuery = NonNullable<paths["/api/v1/account/audit"]["get"]["parameters"]["query"]>;
export type AuditQuery = NonNullable<paths["/api/v1/admin/audit"]["get"]["parameters"]["query"]>;

const PAGE = 100;
const older = (last: readonly AuditEntry[]) =>
  last.length < PAGE ? undefined : last.at(-1)?.number;

/** What happened with one's own accounts, newest first. */
export const ownAudit = (query: OwnQuery) =>
  infiniteQueryOptions({
    queryKey: ["own-audit", query],
    queryFn: ({ pageParam }) => {
      const page = { ...query, limit: PAGE, ...(pageParam !== 0 && { after: pageParam }) };
      return call(api.GET("/api/v1/account/audit", { params: { query: page } }));
    },
    initialPageParam: 0,
    getNextPageParam: older,
  });

/** Everybody's, for administrators. */
export const wholeAudit = (query: AuditQuery) =>
  infiniteQueryOptions({
    queryKey: ["whole-audit", query],
    queryFn: ({ pageParam }) => {
      const page = { ...query, limit: PAGE, ...(pageParam !== 0 && { after: pageParam }) };
      return call(api.GET("/api/v1/admin/audit", { params: { query: page } }));
    },
    initialPageParam: 0,
    getNextPageParam: older,
    retry: false,
  });

/** Days that are over, each a signed file; oldest first. */
export const auditDays = queryOptions({
  queryKey: ["audit-days"],
  queryFn: () => call(api.GET("/api/v1/admin/audit/days")),
  retry: false,
});

export async function saveAuditDay(day: string): Promise<void> {
  const params = { path: { day } };
  const file = await call(
    api.GET("/api/v1/admin/audit/days/{day}", { params, parseAs: "blob" }) as Promise<{
      data?: Blob;
      error?: unknown;
      response: Response;
    }>,
  );
  saveFile(`audit-${day}.jsonl`, file);
}

/** The first or (`later` 1) the last moment of a local day, for the API; undefined for no day. */
export function dayEdge(day: string, later = 0): string | undefined {
  const at = day === "" ? Number.NaN : Date.parse(`${day}T00:00`);
  if (Number.isNaN(at)) return undefined;
  const edge = new Date(at);
  edge.setDate(edge.getDate() + later);
  return edge.toISOString();
}

const PLAIN: Readonly<Record<string, string>> = {
  "user.registered": "Signed up",
  "session.opened": "Signed in",
  "session.closed": "Signed out",
  "session.refused": "A sign-in failed",
  "session.ended": "Ended a session",
  "session.all_ended": "Signed out everywhere",
  "confirmation.refused": "A password was not confirmed",
  "second_factor.enabled": "Turned the second factor on",
  "second_factor.disabled": "Turned the second factor off",
  "second_factor.codes_renewed": "Made new recovery codes",
  "user.password_changed": "Changed the password",
  "user.email_changed": "Changed the e-mail address",
  "user.left": "Left this Stockyard",
  "api_key.created": "Made an API key",
  "api_key.revoked": "Revoked an API key",
  "watchlist.created": "Made a watchlist",
  "watchlist.changed": "Changed a watchlist",
  "watchlist.deleted": "Deleted a watchlist",
  "watchlist.symbol_added": "Put a symbol on a watchlist",
  "watchlist.symbol_removed": "Took a symbol off a watchlist",
  "account.open": "Opened an account",
  "account.reset": "Started the account again",
  "account.kind": "Chose the kind of account",
  "account.profile": "Chose how honest fills are",
  "account.lot_method": "Chose the lot method",
  "account.restrict": "Changed what the account restricts itself to",
  "account.preferences": "Changed preferences",
  "money.deposit": "Deposited cash",
  "money.withdraw": "Withdrew cash",
  "order.place": "Placed an order",
  "order.cancel": "Canceled an order",
  "order.cancel_all": "Canceled open orders",
  "order.replace": "Replaced an order",
  "order.filled": "An order was filled",
  "position.close": "Closed a position",
  "position.protect": "Protected a position",
  "position.leverage": "Chose the leverage of a position",
  "server.started": "The server started",
  "audit.day_sealed": "A day of the log was signed",
};

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? `${value}` : "";

/** What was asked of the engine: `after.asked`, where there is that. */
const asked = (entry: AuditEntry): Fields => fields(fields(entry.after).asked);

/** The rule that refused it, in words; empty where nothing did. */
export function refusal(entry: AuditEntry): string {
  const done = fields(entry.after).done;
  if (!Array.isArray(done)) return "";
  const denied = done.map(fields).find((one) => one.event === "denied");
  return denied === undefined ? "" : words(text(denied.code));
}

/** One line for what was done: `Placed an order: buy 10 AAPL, limit`. */
export function inWords(entry: AuditEntry): string {
  const plain = PLAIN[entry.kind] ?? fallback(entry.kind);
  const about = said(entry);
  return about === "" ? plain : `${plain}: ${about}`;
}

function fallback(kind: string): string {
  const [noun = "", ...rest] = kind.split(".");
  const told = words([noun, ...rest].join(" "));
  return told.charAt(0).toUpperCase() + told.slice(1);
}

function said(entry: AuditEntry): string {
  const what = asked(entry);
  const after = fields(entry.after);
  if (entry.kind === "order.place") {
    const size = text(what.qty) || (what.notional ? money(text(what.notional)) : "");
    const order = [text(what.side), size, text(what.symbol)].filter(Boolean).join(" ");
    const type = words(text(what.order_type));
    return type === "" ? order : `${order}, ${type}`;
  }
  if (entry.kind.startsWith("money.")) return money(text(what.amount));
  if (entry.kind === "order.filled") {
    return `${text(after.side)} ${text(after.qty)} ${text(after.symbol)} at ${text(after.price)}`;
  }
  if (entry.kind === "session.refused") return words(text(after.why));
  return text(after.name) || text(what.name) || text(what.symbol);
}

const BROWSERS = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;
const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"] as const;

/** A browser by its name and system; any other program as it calls itself. */
export function program(agent: string): string {
  if (!agent.startsWith("Mozilla/")) return agent;
  const browser = BROWSERS.find(([mark]) => agent.includes(mark))?.[1];
  const system = SYSTEMS.find((name) => agent.includes(name));
  if (browser === undefined) return agent;
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** Who did it, for an operator's eye: the kind of actor, and its id. */
export function actorParts(actor: string): { readonly kind: string; readonly id: string } {
  const at = actor.indexOf(":");
  return at < 0 ? { kind: actor, id: "" } : { kind: actor.slice(0, at), id: actor.slice(at + 1) };
}
