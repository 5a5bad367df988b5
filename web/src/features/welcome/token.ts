/** The token behind the # of a mail's link: read once, and out of the address at once. */
import { useState } from "react";

export function useToken(): string {
  const [token] = useState(() => {
    const found = location.hash.slice(1);
    if (found) history.replaceState(history.state, "", location.pathname);
    return found;
  });
  return token;
}
