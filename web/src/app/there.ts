/** Which places are there for whoever is signed in: the rail and the search offer the same. */
import type { Screen } from "@/lib/screen";
import { useControls } from "@/state/controls";
import { useSession } from "@/state/session";

type Place = Pick<NonNullable<Screen["nav"]>, "where">;

export function useThere(): (place: Place) => boolean {
  const controls = useControls();
  const operator = useSession(({ user }) => user !== null && user.role !== "user");
  const there = { controls, operator };
  return ({ where }) => where === undefined || there[where];
}
