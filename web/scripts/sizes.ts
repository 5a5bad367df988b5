/** How large the built app is: what is loaded first, and what each screen adds, gzipped. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../../src/stockyard/web/dist", import.meta.url));

interface Part {
  file: string;
  imports?: string[];
  isEntry?: boolean;
}

export interface Sizes {
  /** Bytes of the scripts without which nothing starts. */
  readonly first: number;
  /** What each screen adds, by the name of its file below src/features. */
  readonly more: Readonly<Record<string, number>>;
}

export function sizes(dist = DIST): Sizes {
  const parts: Record<string, Part> = JSON.parse(
    readFileSync(join(dist, ".vite/manifest.json"), "utf8"),
  );
  const gzipped = (file: string): number => {
    const path = join(dist, file);
    return statSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).size;
  };
  /** A part and all that it cannot start without. */
  const closure = (name: string, found = new Set<string>()): Set<string> => {
    const part = parts[name];
    if (part === undefined || found.has(part.file)) return found;
    found.add(part.file);
    for (const one of part.imports ?? []) closure(one, found);
    return found;
  };
  const size = (files: Iterable<string>) =>
    [...files].reduce((sum, file) => sum + gzipped(file), 0);
  const entry = Object.keys(parts).find((name) => parts[name]?.isEntry);
  if (entry === undefined) throw new Error("the build has no entry");
  const first = closure(entry);
  const screens = Object.keys(parts).filter((one) => one.startsWith("src/features/"));
  const more = screens
    .sort()
    .map((name) => [
      name.replace("src/features/", ""),
      size([...closure(name)].filter((file) => !first.has(file))),
    ]);
  return { first: size(first), more: Object.fromEntries(more) };
}
