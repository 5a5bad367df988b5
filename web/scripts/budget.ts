/** Fails when the first load is larger than it may be: the page's scripts, gzipped. */
import { sizes } from "./sizes.ts";

const BYTES_MAX = 250_000;

const { first, more } = sizes();
console.log(`first load: ${first} bytes of at most ${BYTES_MAX}`);
for (const [name, bytes] of Object.entries(more)) console.log(`  ${name}: ${bytes} more`);
if (first > BYTES_MAX) {
  console.error("The first load is too large: load what is not needed at once when it is.");
  process.exit(1);
}
