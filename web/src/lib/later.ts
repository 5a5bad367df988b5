/** Loads a part of the app, again and again for a minute: the server may just be coming back. */
const FIRST_WAIT_MS = 500;
const TRIES = 8;

export async function later<T>(load: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await load();
    } catch (error) {
      if (tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** (tried - 1)));
    }
  }
}
