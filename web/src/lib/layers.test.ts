/** The import rule: app -> features -> state | ui -> api | lib, and no feature knows another. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SRC = fileURLToPath(new URL("..", import.meta.url));
const MAY: Record<string, readonly string[]> = {
  app: ["app", "features", "state", "ui", "api", "lib"],
  features: ["state", "ui", "api", "lib"],
  state: ["state", "api", "lib"],
  ui: ["ui", "lib"],
  api: ["api", "lib"],
  lib: ["lib"],
};
const IMPORT = /(?:from|import)\s*\(?\s*["']([^"']+)["']/g;

/** What is wrong with the imports of a file, whose path begins below src. */
function wrong(path: string, text: string): string[] {
  const [room = "", noun] = path.split("/");
  const allowed = MAY[room];
  if (allowed === undefined) return [`${path}: there is no room ${room}`];
  const found: string[] = [];
  for (const [, name = ""] of text.matchAll(IMPORT)) {
    let target: string;
    if (name.startsWith("@/")) target = name.slice(2);
    else if (name.startsWith(".")) target = relative(SRC, resolve(SRC, dirname(path), name));
    else continue;
    const [to = "", toNoun] = target.split("/");
    const own = room === "features" && to === "features" && noun === toNoun;
    if (!allowed.includes(to) && !own) found.push(`${path} imports ${target}`);
  }
  return found;
}

test("imports point one way", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  const sources = files.filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".test.ts"));
  expect(sources.length).toBeGreaterThan(10);
  expect(sources.flatMap((name) => wrong(name, readFileSync(join(SRC, name), "utf8")))).toEqual([]);
});

test("the check is awake", () => {
  expect(wrong("features/home/screen.tsx", 'import { x } from "../orders/row";')).toHaveLength(1);
  expect(wrong("features/home/screen.tsx", 'import x from "@/features/orders/row";')).toHaveLength(
    1,
  );
  expect(wrong("features/home/screen.tsx", 'import("./chart")')).toHaveLength(0);
  expect(wrong("ui/button.tsx", 'import { useSession } from "@/state/session";')).toHaveLength(1);
  expect(wrong("lib/time.ts", 'import { api } from "../api/client";')).toHaveLength(1);
  expect(wrong("state/session.ts", 'import { api } from "../api/client";')).toHaveLength(0);
  expect(wrong("helpers/x.ts", "")).toHaveLength(1);
});
