/** Everything that happened to an order, in plain words, as a timeline. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { told } from "@/api/problem";
import { moment, words } from "@/lib/format";
import type { Order } from "@/state/folds";
import { story } from "@/state/queries";
import { Card, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Icon, type Icons } from "@/ui/icon";
import { Notice } from "@/ui/notice";

const LOOKS: Readonly<Record<string, { icon: Icons; look: string }>> = {
  filled: { icon: "check", look: "bg-up-wash text-up" },
  canceled: { icon: "close", look: "bg-sunken text-soft" },
  expired: { icon: "close", look: "bg-sunken text-soft" },
  rejected: { icon: "warn", look: "bg-down-wash text-down" },
  triggered: { icon: "pulse", look: "bg-warn-wash text-warn" },
  accepted: { icon: "plus", look: "bg-accent-wash text-accent" },
};
const OTHER = { icon: "chevron", look: "bg-sunken text-soft" } as const;
const HEADS: Readonly<Record<string, string>> = {
  accepted: "Taken",
  activated: "Came alive",
  rested: "Waits in the market",
  sent: "Sent",
  change_sent: "Change sent",
};
const UUID = /([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/;

const headOf = (event: string): string => {
  const text = HEADS[event] ?? words(event);
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** The text with the orders it names as links, and times as they are written here. */
function linked(text: string): ReactNode[] {
  return text.split(UUID).map((part, at) =>
    at % 2 === 0 ? (
      part.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => moment(time))
    ) : (
      <Link
        key={part}
        to="/orders/$id"
        params={{ id: part }}
        className="whitespace-nowrap font-medium text-accent underline underline-offset-2"
      >
        {part.slice(0, 8)}
      </Link>
    ),
  );
}

export function Story({ order }: { order: Order }) {
  const { data, error } = useQuery(story(order.id));
  return (
    <Card title="What happened">
      {error && !data ? (
        <Notice kind="wrong" title={told(error).wrong}>
          {told(error).right}
        </Notice>
      ) : data === undefined ? (
        <div className="space-y-3">
          {[0, 1, 2].map((one) => (
            <Waiting key={one} className="h-12" />
          ))}
        </div>
      ) : (
        <ol aria-label="What happened" className="mt-1">
          {data.map((one, at) => {
            const { icon, look } = LOOKS[one.event] ?? OTHER;
            return (
              <li key={one.token} className="relative flex gap-3 pb-5 last:pb-0">
                {at < data.length - 1 && (
                  <span
                    className="absolute top-8 bottom-0 left-[0.9375rem] w-px bg-line"
                    aria-hidden="true"
                  />
                )}
                <span
                  className={classes(
                    "flex size-8 shrink-0 items-center justify-center rounded-full",
                    look,
                  )}
                >
                  <Icon name={icon} className="size-4" />
                </span>
                <div className="min-w-0 pt-1">
                  <p className="flex flex-wrap items-baseline gap-x-2.5">
                    <span className="font-semibold">{headOf(one.event)}</span>
                    <time dateTime={one.at} className="tabular text-soft text-xs">
                      {moment(one.at)}
                    </time>
                  </p>
                  <p className="mt-0.5 text-pretty text-soft">{linked(one.text)}</p>
                </div>
              </li>
            );
          })}
        </ol>
      )}
    </Card>
  );
}
