/** The inbox: what one was told, newest first. */
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { told } from "@/api/problem";
import { when } from "@/lib/format";
import { deleteItem, type InboxItem, inbox, inboxChanged, markItem, readAll } from "@/state/alerts";
import { say } from "@/state/notices";
import { Button, IconButton } from "@/ui/button";
import { Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { Icon } from "@/ui/icon";

const DONE = {
  onSuccess: () => inboxChanged(),
  onError: (error: unknown) => say("wrong", told(error).wrong, told(error).right),
};

export default function Inbox() {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(inbox);
  const reading = useMutation({ mutationFn: readAll, ...DONE });
  const items = data?.pages.flatMap((page) => page.items);
  const unread = data?.pages[0]?.unread ?? 0;
  return (
    <div className="mx-auto max-w-3xl space-y-4 p-3 sm:p-4 lg:p-6">
      <div className="flex min-h-10 items-center justify-between gap-3">
        <h1 className="font-semibold text-xl">Inbox</h1>
        {unread > 0 && (
          <Button busy={reading.isPending} onClick={() => reading.mutate()}>
            Call everything read
          </Button>
        )}
      </div>
      <section
        aria-label="What you were told"
        className="overflow-hidden rounded-xl border border-line bg-surface"
      >
        {items === undefined && error ? (
          <Empty title={told(error).wrong}>{told(error).right}</Empty>
        ) : items === undefined ? (
          <Waiting className="m-4 h-40" />
        ) : items.length === 0 ? (
          <Empty title="Nothing yet">
            An alert that fires is told here, and stays until you delete it.
          </Empty>
        ) : (
          <ul>
            {items.map((one) => (
              <One key={one.id} one={one} />
            ))}
          </ul>
        )}
        {hasNextPage && (
          <div className="border-line/60 border-t p-2 text-center">
            <Button kind="quiet" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Older
            </Button>
          </div>
        )}
      </section>
    </div>
  );
}

function One({ one }: { one: InboxItem }) {
  const go = useNavigate();
  const marking = useMutation({ mutationFn: (read: boolean) => markItem(one.id, read), ...DONE });
  const deleting = useMutation({ mutationFn: () => deleteItem(one.id), ...DONE });
  const fresh = one.read_at === null;
  const open = () => {
    if (fresh) marking.mutate(true);
    // Only paths of this app are in it.
    if (one.link?.startsWith("/") && !one.link.startsWith("//")) void go({ href: one.link });
  };
  return (
    <li className="flex items-start gap-3 border-line/60 border-b px-4 py-3 last:border-b-0">
      <span
        className={classes("mt-1.5 size-2 shrink-0 rounded-full", fresh && "bg-accent")}
        aria-hidden="true"
      />
      <button type="button" onClick={open} className="min-w-0 flex-1 text-left hover:text-accent">
        <span className={classes("block", fresh && "font-semibold")}>
          {one.title}
          {fresh && <span className="sr-only"> (not read)</span>}
        </span>
        <span className="block text-soft">{one.text}</span>
        <time dateTime={one.created_at} className="text-soft text-xs">
          {when(one.created_at)}
        </time>
      </button>
      <Button
        size="small"
        kind="quiet"
        className="max-sm:min-h-11"
        aria-label={`Call ${fresh ? "read" : "unread"}: ${one.title}`}
        onClick={() => marking.mutate(fresh)}
      >
        {fresh ? "Read" : "Unread"}
      </Button>
      <IconButton
        label={`Delete: ${one.title}`}
        className="size-8 max-sm:size-11"
        onClick={() => deleting.mutate()}
      >
        <Icon name="close" className="size-4" />
      </IconButton>
    </li>
  );
}
