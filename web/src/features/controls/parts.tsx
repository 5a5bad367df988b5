/** What the cards of this screen have in common: a refusal, and a row with what can be done to it. */
import type { ReactNode } from "react";
import { Button } from "@/ui/button";
import { Notice } from "@/ui/notice";
import type { Use } from "./asked";

export function Refusal({ use }: { use: Use }) {
  if (use.problem === null) return null;
  return (
    <Notice kind="wrong" title={use.problem.wrong}>
      {use.problem.right}
    </Notice>
  );
}

/** A button of a card: `name` is also what it is busy with. */
export function Act({
  use,
  name,
  work,
  kind = "plain",
  disabled = false,
}: {
  use: Use;
  name: string;
  work: () => Promise<unknown>;
  kind?: "plain" | "main" | "danger";
  disabled?: boolean;
}) {
  return (
    <Button
      kind={kind}
      busy={use.busy === name}
      disabled={disabled}
      className="min-h-11"
      onClick={() => void use.act(name, work)}
    >
      {name}
    </Button>
  );
}

export function Line({ what, of, end }: { what: ReactNode; of: ReactNode; end: ReactNode }) {
  return (
    <li className="flex items-center gap-3 border-line/60 border-b px-4 py-2 last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className="font-medium">{what}</p>
        <p className="tabular text-pretty text-[0.8125rem] text-soft">{of}</p>
      </div>
      {end}
    </li>
  );
}
