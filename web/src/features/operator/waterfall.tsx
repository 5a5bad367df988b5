/** One request: what is known of it, and its parts where they lay in its time. */
import { useQuery } from "@tanstack/react-query";
import { told } from "@/api/problem";
import { Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Dialog } from "@/ui/dialog";
import { Notice } from "@/ui/notice";
import { type Seen, took, uncovered, waterfall } from "./durations";
import { one } from "./measured";

export function Waterfall({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { data, error } = useQuery({ ...one(id ?? ""), enabled: id !== null });
  return (
    <Dialog open={id !== null} onClose={onClose} title="Where the time went" wide>
      {error !== null ? (
        <Notice kind="wrong" title={told(error).wrong}>
          {told(error).right}
        </Notice>
      ) : data === undefined ? (
        <Waiting className="h-56" />
      ) : (
        <Shown seen={data} />
      )}
    </Dialog>
  );
}

function Shown({ seen }: { seen: Seen }) {
  const { request, spans, left_out } = seen;
  const bars = waterfall(spans, request.took_ns);
  const own = uncovered(spans, request.took_ns);
  return (
    <div className="space-y-4">
      <div>
        <p className="font-medium">
          <span className="text-soft">{request.method}</span> {request.route}
        </p>
        <p className="mt-0.5 flex flex-wrap items-baseline gap-x-3">
          <span className="tabular font-semibold text-lg">{took(request.took_ns)}</span>
          <span
            className={classes(
              "tabular font-medium",
              request.status >= 500 ? "text-down" : request.status >= 400 && "text-warn",
            )}
          >
            {request.status}
            {request.code && ` · ${request.code}`}
          </span>
          <span className="text-soft">{new Date(request.at).toLocaleString("en-US")}</span>
        </p>
      </div>
      {bars.length === 0 ? (
        <p className="text-soft">It did nothing but our own work.</p>
      ) : (
        <ol aria-label="Parts" className="space-y-2">
          {bars.map((bar) => (
            <li key={bar.key} className="grid gap-x-3 sm:grid-cols-[9rem_minmax(0,1fr)_4.5rem]">
              <span className="flex min-w-0 items-baseline justify-between gap-2 sm:block">
                <span className="block truncate font-medium">{bar.label}</span>
                {bar.word && <span className="block truncate text-soft text-xs">{bar.word}</span>}
              </span>
              <span className="relative my-1 block h-4 rounded bg-sunken" aria-hidden="true">
                <span
                  className={classes("absolute inset-y-0 rounded", bar.look)}
                  style={{ left: `${bar.left}%`, width: `${bar.width}%` }}
                />
              </span>
              <span className="tabular text-right max-sm:text-left max-sm:text-soft max-sm:text-xs">
                {took(bar.took)}
                <span className="sr-only"> after {took(bar.begun)}</span>
              </span>
            </li>
          ))}
        </ol>
      )}
      <p className="text-soft text-xs">
        Our own work around them, and waiting for the processor, took {took(own)}.
        {left_out > 0 && ` ${left_out} more parts were not kept.`}
      </p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 border-line border-t pt-3 text-[0.8125rem]">
        <Fact name="Request id" value={request.request_id} />
        <Fact name="Trace id" value={request.trace_id} />
        <Fact name="User" value={request.user_id} />
        <Fact name="Order" value={request.order_id} />
        <Fact
          name="Sent to the engine"
          value={request.command && `${request.command}, record ${request.seq}`}
          plain
        />
        <Fact name="Kept because" value={WHY[request.kept_for]} plain />
      </dl>
    </div>
  );
}

const WHY: Record<string, string> = {
  failed: "it failed",
  asked: "whoever asked follows it",
  slow: "it was among the slowest of its route",
  refused: "it was refused",
  sample: "it is one of many",
};

function Fact({
  name,
  value,
  plain = false,
}: {
  name: string;
  value: string | null | undefined;
  plain?: boolean;
}) {
  if (!value) return null;
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className={plain ? "" : "select-all break-all font-mono text-xs"}>{value}</dd>
    </>
  );
}
