/** The data directory: journal, snapshot, files and room, and the backups that were made of it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { told } from "@/api/problem";
import { age, moment, when, words } from "@/lib/format";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Notice } from "@/ui/notice";
import { again, backUp, storage } from "./asked";
import { bytes, daysLeft, lateness } from "./bytes";
import { Operator } from "./frame";

type Seen = Schemas["StorageSeen"];
type Backups = Schemas["BackupsSeen"];
type Backup = Schemas["BackupSeen"];

export default function Storage() {
  return (
    <Operator admin>
      <Shown />
    </Operator>
  );
}

function Shown() {
  const { data, error } = useQuery(storage);
  if (error && data === undefined) {
    return <Empty title={told(error).wrong}>{told(error).right}</Empty>;
  }
  if (data === undefined) return <Waiting className="h-72" />;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.4fr)]">
      <div className="min-w-0 space-y-4">
        <Journal seen={data} />
        <Archived seen={data} />
        <Files seen={data} />
      </div>
      <BackupsCard backups={data.backups} />
    </div>
  );
}

function Journal({ seen }: { seen: Seen }) {
  const { journal, snapshot, disk } = seen;
  const left = daysLeft(disk?.free_bytes ?? null, journal.bytes_per_day);
  return (
    <Card title="Journal" flush>
      <dl className="border-line/60 border-t">
        <Fact name="Inputs" value={journal.seq.toLocaleString("en-US")}>
          {journal.base
            ? `begins after input ${journal.base.seq.toLocaleString("en-US")} of ${moment(journal.base.at)}; what was before is pruned`
            : journal.first_at && `since ${moment(journal.first_at)}`}
        </Fact>
        <Fact name="Size" value={bytes(journal.bytes)}>
          {journal.free_bytes !== null &&
            journal.free_bytes > 0 &&
            `${bytes(journal.free_bytes)} of it wait to be used again; `}
          {journal.bytes_per_day === null
            ? "its growth is known after a minute"
            : `grows by ${bytes(journal.bytes_per_day)} a day, ${(journal.inputs_per_day ?? 0).toLocaleString("en-US")} inputs`}
        </Fact>
        <Fact
          name="Room on its disk"
          value={bytes(disk?.free_bytes ?? null)}
          wrong={left !== null && left < 14}
        >
          {disk && `of ${bytes(disk.bytes)}`}
          {left !== null && `, for ${left.toLocaleString("en-US")} days of journal`}
        </Fact>
        {seen.retention && <Kept retention={seen.retention} />}
        <Fact name="Snapshot" value={snapshot.seq.toLocaleString("en-US")}>
          a start goes on from there and replays {snapshot.behind.toLocaleString("en-US")} inputs
        </Fact>
        <Fact name="Query tables" value={seen.tables_seq.toLocaleString("en-US")}>
          the last input that they hold
        </Fact>
        {seen.start && <LastStart start={seen.start} />}
        {seen.troubles?.map((one) => (
          <Fact key={one.part} name={`Cannot be written: ${one.part}`} value="now" wrong>
            {one.reason}, since {moment(one.since)}
          </Fact>
        ))}
      </dl>
    </Card>
  );
}

function Kept({ retention }: { retention: NonNullable<Seen["retention"]> }) {
  const days = retention.keep_days;
  const word = days === 0 ? "everything" : days === 1 ? "1 day" : `${days} days`;
  const pruned = retention.pruned_seq;
  return (
    <Fact name="Kept of the journal" value={word} wrong={Boolean(retention.failed_at)}>
      {pruned > 0 &&
        `a state and its tables stand for the first ${pruned.toLocaleString("en-US")} inputs`}
      {pruned === 0 && days > 0 && "nothing is old enough to go yet"}
      {pruned === 0 && days === 0 && "STOCKYARD_JOURNAL_KEEP_DAYS says otherwise"}
      {retention.running_since && "; it is being pruned"}
      {retention.failed_at && `. Not pruned ${when(retention.failed_at)}: ${retention.failed_why}`}
    </Fact>
  );
}

function LastStart({ start }: { start: NonNullable<Seen["start"]> }) {
  const inputs = (count: number) => count.toLocaleString("en-US");
  return (
    <Fact name="Last start" value={`${start.seconds.toFixed(1)} s`} wrong={start.torn_bytes > 0}>
      the journal ended at {inputs(start.journal_seq)}, the query tables at{" "}
      {inputs(start.tables_seq)}; {inputs(start.replayed)} inputs were applied again
      {start.torn_bytes > 0 &&
        `. ${inputs(start.torn_bytes)} bytes of a write that was cut off were set aside: nobody had been told of it`}
    </Fact>
  );
}

function Fact({
  name,
  value,
  wrong = false,
  children,
}: {
  name: string;
  value: string;
  wrong?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className="flex items-baseline justify-between gap-3 border-line/60 border-b px-4 py-2.5 last:border-b-0">
      <dt className="min-w-0">
        <span className="font-medium">{name}</span>
        <span className="block text-[0.8125rem] text-soft">{children}</span>
      </dt>
      <dd className={classes("live tabular shrink-0 font-semibold", wrong && "text-down")}>
        {value}
      </dd>
    </div>
  );
}

function Archived({ seen }: { seen: Seen }) {
  const more = seen.archived_count - seen.archived.length;
  return (
    <Card
      title="Archived snapshots"
      flush
      aside={
        <span className="text-[0.8125rem] text-soft">
          {seen.archived_count.toLocaleString("en-US")}
        </span>
      }
    >
      {seen.archived.length === 0 ? (
        <p className="px-4 pb-4 text-soft">
          None yet. One is kept a day, and the past is read from the nearest.
        </p>
      ) : (
        <ul className="border-line/60 border-t">
          {seen.archived.map((one) => (
            <li
              key={`${one.seq} ${one.damage}`}
              className="flex items-baseline justify-between gap-3 border-line/60 border-b px-4 py-2 last:border-b-0"
            >
              <div className="min-w-0">
                <p>{one.at ? moment(one.at) : `Input ${one.seq.toLocaleString("en-US")}`}</p>
                <p
                  className={classes(
                    "break-words text-[0.8125rem]",
                    one.damage ? "text-down" : "text-soft",
                  )}
                >
                  {one.damage ??
                    `at input ${one.seq.toLocaleString("en-US")}, ${words(one.why)}, engine version ${one.engine_version}`}
                </p>
              </div>
              <span className="tabular shrink-0 text-soft">{bytes(one.bytes)}</span>
            </li>
          ))}
          {more > 0 && (
            <li className="px-4 py-2 text-[0.8125rem] text-soft">
              and {more.toLocaleString("en-US")} older ones
            </li>
          )}
        </ul>
      )}
    </Card>
  );
}

function Files({ seen }: { seen: Seen }) {
  const largest = Math.max(...seen.files.map((one) => one.bytes), 1);
  return (
    <Card
      title="Files"
      aside={<span className="truncate text-[0.8125rem] text-soft">{seen.directory}</span>}
    >
      {seen.files.length === 0 ? (
        <p className="text-soft">Everything is in memory: nothing lasts.</p>
      ) : (
        <ul className="space-y-2">
          {seen.files.map((one) => (
            <li key={one.name}>
              <div className="flex items-baseline justify-between gap-3">
                <span className="truncate">{one.name}</span>
                <span className="live tabular text-soft">{bytes(one.bytes)}</span>
              </div>
              <div className="mt-1 h-1 overflow-hidden rounded-full bg-sunken" aria-hidden="true">
                <div
                  className="h-full bg-accent"
                  style={{ width: `${Math.max(0.5, (one.bytes / largest) * 100)}%` }}
                />
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function BackupsCard({ backups }: { backups: Backups | null }) {
  if (backups === null) {
    return (
      <Card title="Backups" className="max-lg:order-first">
        <Empty title="None are made by schedule">
          Set STOCKYARD_BACKUP_DIR to a folder on another disk, or run{" "}
          <code className="text-ink">stockyard backup --to FOLDER</code> while this is served.
        </Empty>
      </Card>
    );
  }
  return (
    <Card title="Backups" flush className="max-lg:order-first">
      <div className="space-y-3 px-4 pb-3">
        <Standing backups={backups} />
        <p className="text-[0.8125rem] text-soft">
          One every {lateness(backups.every_hours)} in{" "}
          <span className="break-all">{backups.folder}</span>, where{" "}
          {bytes(backups.disk?.free_bytes ?? null)} are free; the newest {backups.keep} good ones
          stay.{" "}
          {backups.running_since
            ? `One is being made since ${when(backups.running_since)}.`
            : `The next one begins ${when(backups.next_at)}.`}
        </p>
        <Now running={backups.running_since !== null} />
      </div>
      <ul aria-label="Backups, newest first" className="border-line/60 border-t">
        {backups.backups.map((one) => (
          <Row key={one.name} one={one} />
        ))}
      </ul>
    </Card>
  );
}

function Now({ running }: { running: boolean }) {
  const beginning = useMutation({ mutationFn: backUp, retry: false, onSettled: again });
  return (
    <>
      <Button
        className="max-sm:min-h-11"
        busy={running || beginning.isPending}
        onClick={() => beginning.mutate()}
      >
        Back up now
      </Button>
      {beginning.error && (
        <Notice kind="wrong" title={told(beginning.error).wrong}>
          {told(beginning.error).right}
        </Notice>
      )}
    </>
  );
}

function Standing({ backups }: { backups: Backups }) {
  const late = backups.age_seconds;
  if (backups.failed_at) {
    return (
      <Notice kind="wrong" title={`No good backup ${when(backups.failed_at)}`}>
        <p className="break-words">{backups.failed_why}</p>
        <p>
          {late === null
            ? "There is no good one."
            : `The last good one is ${age(late * 1000)} old.`}
        </p>
      </Notice>
    );
  }
  if (late === null) {
    return (
      <Notice title="There is no backup yet">The first one is made soon after a start.</Notice>
    );
  }
  const overdue = late > backups.every_hours * 2 * 3600;
  return (
    <Notice kind={overdue ? "warn" : "well"} title={`The last good one is ${age(late * 1000)} old`}>
      {overdue ? "It should be younger: look into the server's log." : ""}
    </Notice>
  );
}

function Row({ one }: { one: Backup }) {
  const word = one.good ? (one.checked ? "whole" : "not verified") : "broken";
  return (
    <li className="flex items-start justify-between gap-3 border-line/60 border-b px-4 py-2.5 last:border-b-0">
      <div className="min-w-0">
        <p className="font-medium">{one.made_at ? moment(one.made_at) : one.name}</p>
        <p className="break-words text-[0.8125rem] text-soft">
          {one.seq !== null && `up to input ${one.seq.toLocaleString("en-US")}, `}
          {one.bytes !== null && bytes(one.bytes)}
          {one.has_secrets && ", with its keys"}
        </p>
        {[...one.broken, ...one.notes].map((line) => (
          <p key={line} className="break-words text-[0.8125rem] text-down">
            {line}
          </p>
        ))}
      </div>
      <span
        className={classes(
          "shrink-0 rounded px-1.5 py-px text-xs",
          one.good ? "bg-sunken text-soft" : "bg-down-wash text-down",
        )}
      >
        {word}
      </span>
    </li>
  );
}
