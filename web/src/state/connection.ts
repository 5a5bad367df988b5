/**
 * One WebSocket to /api/v1/stream. It comes back by itself, waiting longer each time; what is listened
 * to is counted, asked for in few frames, and asked for again after it came back. It keeps nothing of
 * what it hears, and knows nothing of React.
 */
import { COOKIE } from "@/api/client";
import type { Frame } from "./folds";

export type Link = "off" | "connecting" | "live" | "waiting";
export type Channel = "quotes" | "trades" | "bars" | "views" | "feeds";
export type Window = "1s" | "1m" | "5m" | "1h" | "1d";

/** What of a WebSocket is used. */
export interface Socket {
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

export interface Surroundings {
  readonly open: () => Socket;
  readonly token: () => string | null;
  readonly accountId: () => string | null;
  /** The last event that is known; null before the first. */
  readonly known: () => string | null;
  readonly heard: (frame: Frame) => void;
  readonly changed: (link: Link) => void;
  readonly random?: () => number;
}

export const FIRST_WAIT_MS = 250;
export const LONGEST_WAIT_MS = 15_000;
export const SILENCE_MS = 15_000;
export const PATIENCE_MS = 10_000;
const LINGER_MS = 1_500;
const GATHER_MS = 40;
const SYMBOLS_MAX = 200;
/** No event has this name, so the answer to resuming after it is the account as it is. */
export const NOTHING_KNOWN = "4611686018427387903-0";

type Timer = ReturnType<typeof setTimeout>;

export class Connection {
  readonly #world: Surroundings;
  #socket: Socket | null = null;
  #link: Link = "off";
  #failures = 0;
  #retry: Timer | undefined;
  #quiet: Timer | undefined;
  #gather: Timer | undefined;
  readonly #wanted = new Map<string, number>();
  readonly #lingering = new Map<string, Timer>();
  readonly #asked = new Set<string>();

  constructor(world: Surroundings) {
    this.#world = world;
  }

  get link(): Link {
    return this.#link;
  }

  /** Connects, or connects anew as somebody else. */
  start(): void {
    this.stop();
    this.#failures = 0;
    this.#connect();
  }

  stop(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#quiet);
    clearTimeout(this.#gather);
    this.#gather = undefined;
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
    this.#set("off");
  }

  /** Tries at once when it was waiting: the network is back, or somebody looks again. */
  hurry(): void {
    if (this.#link !== "waiting") return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  /** Something was missed: the account as it is comes next. */
  resync(): void {
    this.#send({ type: "resume", token: NOTHING_KNOWN });
  }

  /** Listens to a channel of a symbol until the returned function is called. */
  listen(channel: Channel, symbol = "", window: Window = "1m"): () => void {
    const name = [channel, channel === "bars" ? window : "", symbol].join("|");
    clearTimeout(this.#lingering.get(name));
    this.#lingering.delete(name);
    this.#wanted.set(name, (this.#wanted.get(name) ?? 0) + 1);
    this.#ask();
    let listening = true;
    return () => {
      if (!listening) return;
      listening = false;
      const left = (this.#wanted.get(name) ?? 1) - 1;
      this.#wanted.set(name, left);
      if (left > 0) return;
      // Whoever leaves a screen often comes right back.
      const end = setTimeout(() => {
        this.#wanted.delete(name);
        this.#lingering.delete(name);
        this.#ask();
      }, LINGER_MS);
      this.#lingering.set(name, end);
    };
  }

  #set(link: Link): void {
    if (this.#link === link) return;
    this.#link = link;
    this.#world.changed(link);
  }

  #connect(): void {
    this.#set("connecting");
    this.#asked.clear();
    const socket = this.#world.open();
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#came(data);
    socket.onclose = () => this.#lost();
    this.#listenForSilence();
  }

  #opened(): void {
    const token = this.#world.token();
    if (token === null) {
      this.#live();
      return;
    }
    const account = this.#world.accountId();
    this.#send({
      type: "auth",
      ...(token !== COOKIE && { token }),
      resume: this.#world.known() ?? NOTHING_KNOWN,
      ...(account !== null && { account_id: account }),
    });
  }

  #live(): void {
    this.#set("live");
    this.#ask();
  }

  #came(data: unknown): void {
    if (typeof data !== "string") return;
    this.#listenForSilence();
    const frame = JSON.parse(data) as Frame;
    if (frame.type === "pong") return;
    if (frame.type === "authenticated") this.#live();
    // It lasted: the next loss is a new one.
    if (frame.type !== "connected" && frame.type !== "error") this.#failures = 0;
    this.#world.heard(frame);
  }

  #lost(): void {
    clearTimeout(this.#quiet);
    this.#socket = null;
    this.#failures += 1;
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    // Not all browsers at once, after a restart of the server.
    const wait = longest * (0.5 + (this.#world.random ?? Math.random)() / 2);
    this.#set("waiting");
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  /** A line may be dead without having been closed: ask, and then give it up. */
  #listenForSilence(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      this.#send({ type: "ping" });
      this.#quiet = setTimeout(() => {
        const socket = this.#socket;
        if (socket === null) return;
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        this.#lost();
      }, PATIENCE_MS);
    }, SILENCE_MS);
  }

  #ask(): void {
    if (this.#link !== "live" || this.#gather !== undefined) return;
    this.#gather = setTimeout(() => {
      this.#gather = undefined;
      if (this.#link === "live") this.#askNow();
    }, GATHER_MS);
  }

  #askNow(): void {
    const more = [...this.#wanted.keys()].filter((name) => !this.#asked.has(name));
    const less = [...this.#asked].filter((name) => !this.#wanted.has(name));
    for (const [type, names] of [
      ["subscribe", more],
      ["unsubscribe", less],
    ] as const) {
      const groups = new Map<string, string[]>();
      for (const name of names) {
        const [channel = "", window = "", symbol = ""] = name.split("|");
        const key = `${channel}|${window}`;
        groups.set(key, [...(groups.get(key) ?? []), symbol]);
        if (type === "subscribe") this.#asked.add(name);
        else this.#asked.delete(name);
      }
      for (const [key, symbols] of groups) this.#askFor(type, key, symbols);
    }
  }

  #askFor(type: string, key: string, symbols: readonly string[]): void {
    const [channel = "", window = ""] = key.split("|");
    for (let begin = 0; begin < symbols.length; begin += SYMBOLS_MAX) {
      this.#send({
        type,
        channels: [channel],
        ...(channel !== "feeds" && { symbols: symbols.slice(begin, begin + SYMBOLS_MAX) }),
        ...(window !== "" && { window }),
      });
    }
  }

  #send(frame: object): void {
    if (this.#socket === null) return;
    try {
      this.#socket.send(JSON.stringify(frame));
    } catch {
      // It is closing: being told so brings it back.
    }
  }
}
