// What the bots beside this file share: waiting for something, and printing what was seen.
export const patience = 20_000;
export const said = {};

/** Wait until something holds. */
export async function until(holds, what) {
  const end = Date.now() + patience;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}: ${JSON.stringify(said)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Say what was seen, and end with every socket still open. */
export function tell() {
  process.stdout.write(JSON.stringify(said) + "\n", () => process.exit(0));
}
