/** How the data is, in one glance: well or not, what is wrong, and the numbers that matter most. */
import { age } from "@/lib/format";
import { Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";
import { type Finding, findings } from "./findings";
import { type Health, useSince } from "./health";
import { rateWords } from "./pace";
import { Spark } from "./spark";

export function Status({ health }: { health: Health }) {
  const { data, ready, pace, now } = health;
  const found = data ? findings(data, ready) : [];
  const since = useSince(found, now);
  const worst = found[0]?.kind;
  const rates = pace.rates.get("ticks") ?? [];
  const market = ready?.checks.find((one) => one.name === "market")?.detail;
  const fresh = market?.match(/^(\d+) of (\d+)/);
  return (
    <section
      aria-label="How the data is"
      className="overflow-hidden rounded-xl border border-line bg-surface"
    >
      <div className="flex flex-wrap items-center justify-between gap-x-8 gap-y-3 px-4 py-4">
        <div className="flex items-center gap-3">
          <span
            className={classes(
              "flex size-10 items-center justify-center rounded-full",
              worst === "wrong"
                ? "bg-down-wash text-down"
                : worst
                  ? "bg-warn-wash text-warn"
                  : "bg-up-wash text-up",
            )}
          >
            <Icon name={worst ? "warn" : "check"} />
          </span>
          <div>
            <p className="font-semibold text-lg leading-tight" role="status">
              {data ? headline(found) : <Waiting className="h-6 w-48" />}
            </p>
            <p className="text-soft">
              {data
                ? worst
                  ? "What it means for orders is below."
                  : "Nothing to look after."
                : ""}
            </p>
          </div>
        </div>
        <div className="w-full sm:w-56">
          <Spark rates={rates} className="h-9" />
          <p className="mt-0.5 text-right text-soft text-xs">ticks a second, last two minutes</p>
        </div>
      </div>
      {found.length > 0 && (
        <ul className="border-line border-t">
          {found.map((one) => (
            <Told key={one.id} one={one} lasts={now - since(one)} />
          ))}
        </ul>
      )}
      <dl className="grid grid-cols-2 border-line border-t sm:grid-cols-4">
        <Figure name="Ticks a second" value={data && rateWords(rates.at(-1))} />
        <Figure
          name="Fresh quotes"
          value={ready && (fresh ? `${fresh[1]} of ${fresh[2]}` : "—")}
          note="symbols in session"
        />
        <Figure
          name="Open streams"
          value={data?.gateway.streams.toLocaleString("en-US")}
          note={data && `${data.gateway.users} ${data.gateway.users === 1 ? "user" : "users"}`}
        />
        <Figure
          name="Waiting for the journal"
          value={data?.market.waiting.toLocaleString("en-US")}
          note="inputs"
        />
      </dl>
    </section>
  );
}

function headline(found: readonly Finding[]): string {
  if (found.length === 0) return "Prices are coming in";
  if (found.length === 1) return "One thing is not well";
  return `${found.length} things are not well`;
}

function Told({ one, lasts }: { one: Finding; lasts: number }) {
  return (
    <li className="flex gap-2.5 border-line/60 border-b px-4 py-3 last:border-b-0">
      <Icon
        name="warn"
        className={classes("mt-px", one.kind === "wrong" ? "text-down" : "text-warn")}
      />
      <div className="min-w-0">
        <p className="font-medium">
          {one.what}
          <span className="font-normal text-soft">
            {" "}
            · {one.since === null ? "seen" : ""} for {age(lasts)}
          </span>
        </p>
        <p className="text-pretty text-soft">{one.means}</p>
      </div>
    </li>
  );
}

function Figure({
  name,
  value,
  note,
}: {
  name: string;
  value: string | undefined;
  note?: string | undefined;
}) {
  return (
    <div className="border-line px-4 py-3 odd:border-r nth-[n+3]:border-t sm:border-r sm:border-t-0! sm:last:border-r-0">
      <dt className="text-soft text-xs">{name}</dt>
      <dd className="mt-0.5">
        {value === undefined ? (
          <Waiting className="h-6 w-16" />
        ) : (
          <>
            <span className="live tabular font-semibold text-lg">{value}</span>
            {note && <span className="ml-1.5 text-soft text-xs">{note}</span>}
          </>
        )}
      </dd>
    </div>
  );
}
