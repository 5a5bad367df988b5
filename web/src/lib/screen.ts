/**
 * What a screen tells the shell about itself. A screen is one folder in features/ with a `route.ts`
 * that exports `screens`; nothing else has to be changed to add one.
 */
import type { ComponentType } from "react";

export type IconName =
  | "home"
  | "search"
  | "chart"
  | "list"
  | "clock"
  | "layers"
  | "pie"
  | "pulse"
  | "person"
  | "star"
  | "bell"
  | "gear"
  | "flask"
  | "shield"
  | "page";

export interface Screen {
  /** As the router writes it: `/orders`, `/symbols/$symbol`, `/symbols/$` for the rest. */
  readonly path: `/${string}`;
  /** The page's title, before " · Stockyard". */
  readonly title: string;
  /** Seen by whoever has not signed in, and not by others, unless it is for `anybody`. */
  readonly public?: boolean;
  readonly anybody?: boolean;
  /** Its place in the navigation; without it the screen is reached from others. */
  readonly nav?: {
    readonly label: string;
    readonly icon: IconName;
    /** Smaller comes first. */
    readonly order: number;
    /** Among the few in a phone's bottom bar. */
    readonly phone?: boolean;
    /** Only where the server allows it, or for those who run it. */
    readonly where?: "controls" | "operator";
  };
  /** For the route smoke test: a path that the screen can be opened under. */
  readonly example?: string;
  readonly load: () => Promise<{ default: ComponentType }>;
}
