/** Fails when the first load is larger than it may be: the page's scripts, gzipped. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BYTES_MAX = 250_000;
const DIST = fileURLToPath(new URL("../../src/stockyard/web/dist", import.meta.url));

interface Part {
  file: string;
  imports?: string[];
  isEntry?: boolean;
}

const parts: Record<string, Part> = JSON.parse(
  readFileSync(join(DIST, ".vite/manifest.json"), "utf8"),
);

function gzipped(file: string): number {
  const path = join(DIST, file);
  return statSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).size;
}

/** A part and all that it cannot start without. */
function closure(name: string, found = new Set<string>()): Set<string> {
  const part = parts[name];
  if (part === undefined || found.has(part.file)) return found;
  found.add(part.file);
  for (const one of part.imports ?? []) closure(one, found);
  return found;
}

const size = (files: Iterable<string>) => [...files].reduce((sum, file) => sum + gzipped(file), 0);
const entry = Object.keys(parts).find((name) => parts[name]?.isEntry);
if (entry === undefined) throw new Error("the build has no entry");
const first = closure(entry);
console.log(`first load: ${size(first)} bytes of at most ${BYTES_MAX}`);
for (const name of Object.keys(parts)
  .filter((one) => one.startsWith("src/features/"))
  .sort()) {
  const more = [...closure(name)].filter((file) => !first.has(file));
  console.log(`  ${name}: ${size(more)} more`);
}
if (size(first) > BYTES_MAX) {
  console.error("The first load is too large: load what is not needed at once when it is.");
  process.exit(1);
}
