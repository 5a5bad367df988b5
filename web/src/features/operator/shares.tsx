/** Where an average request's time goes, as one bar and in words. */
import { Card, Empty } from "@/ui/card";
import { classes } from "@/ui/classes";
import { partLabel, partLook, type Route, shares, took } from "./durations";

export function Shares({ route }: { route: Route | undefined }) {
  const found = route ? shares(route) : [];
  return (
    <Card title="Where the time goes">
      {route === undefined || found.length === 0 ? (
        <Empty title="Nothing measured yet" />
      ) : (
        <>
          <div className="flex h-3 overflow-hidden rounded-full bg-sunken" aria-hidden="true">
            {found.map((one) => (
              <div
                key={one.part}
                className={classes("border-surface border-r last:border-r-0", partLook(one.part))}
                style={{ width: `${one.percent}%` }}
              />
            ))}
          </div>
          <dl className="mt-3 space-y-1.5">
            {found.map((one) => (
              <div key={one.part} className="flex items-center gap-2">
                <span
                  className={classes("size-2.5 shrink-0 rounded-sm", partLook(one.part))}
                  aria-hidden="true"
                />
                <dt className="min-w-0 flex-1 truncate">{partLabel(one.part)}</dt>
                <dd className="tabular text-soft">{took(one.ns)}</dd>
                <dd className="tabular w-12 text-right font-medium">{one.percent.toFixed(0)} %</dd>
              </div>
            ))}
          </dl>
          <p className="mt-3 text-soft text-xs">
            Of an average request of {took(route.mean_ns)}. Parts that lie within each other, as a
            question outside within a cache, count twice.
          </p>
        </>
      )}
    </Card>
  );
}
