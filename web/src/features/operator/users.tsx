/** Users: found by name, address, role and status; each leads to a page of its own. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { told } from "@/api/problem";
import { money, when } from "@/lib/format";
import { useSession } from "@/state/session";
import { Button } from "@/ui/button";
import { Card, Empty, Waiting } from "@/ui/card";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { type Column, Table } from "@/ui/table";
import { AddUser } from "./add";
import { type User, users, type Wanted } from "./asked";
import { Operator } from "./frame";
import { Marks } from "./marks";

const ROLES = [
  { value: "", label: "Any role" },
  { value: "user", label: "User" },
  { value: "instructor", label: "Instructor" },
  { value: "admin", label: "Admin" },
] as const;
const STATUSES = [
  { value: "", label: "Any status" },
  { value: "active", label: "Active" },
  { value: "suspended", label: "Suspended" },
  { value: "closed", label: "Closed" },
  { value: "pending", label: "Pending" },
] as const;

const columns: readonly Column<User>[] = [
  {
    name: "user",
    head: "User",
    width: "minmax(0,2fr)",
    cell: (one) => (
      <span className="block">
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium">{one.name}</span>
          <Marks user={one} />
        </span>
        <span className="block truncate text-soft text-xs">{one.email}</span>
      </span>
    ),
  },
  { name: "role", head: "Role", width: "6rem", wide: true, cell: (one) => one.role },
  {
    name: "streams",
    head: "Streams",
    width: "4.5rem",
    right: true,
    wide: true,
    cell: (one) => one.streams,
  },
  {
    name: "equity",
    head: "Equity",
    width: "8.5rem",
    right: true,
    cell: (one) => <span className="tabular-nums">{money(one.equity)}</span>,
  },
  {
    name: "since",
    head: "Since",
    width: "10rem",
    wide: true,
    indent: true,
    cell: (one) => <span className="text-soft">{when(one.created_at)}</span>,
  },
];

export default function Users() {
  return (
    <Operator>
      <Found />
    </Operator>
  );
}

function Found() {
  const [wanted, setWanted] = useState<Wanted>({ q: "", role: "", status: "" });
  const asked = useDeferredValue(wanted);
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    users(asked),
  );
  const go = useNavigate();
  const isAdmin = useSession((session) => session.user?.role === "admin");
  const shown = data?.pages.flatMap((page) => page.users);
  const total = data?.pages[0]?.total ?? 0;
  return (
    <Card
      title="Users"
      flush
      aside={
        <span className="flex items-center gap-3">
          <span className="text-[0.8125rem] text-soft">{data && `${total} found`}</span>
          {isAdmin && <AddUser />}
        </span>
      }
    >
      <div className="grid gap-3 px-4 pb-3 sm:grid-cols-[minmax(0,1fr)_10rem_10rem]">
        <Field
          label="Find"
          type="search"
          value={wanted.q}
          maxLength={200}
          autoComplete="off"
          placeholder="Name or e-mail address"
          onChange={(event) => setWanted({ ...wanted, q: event.target.value })}
        />
        {isAdmin && (
          <Select
            label="Role"
            options={ROLES}
            value={wanted.role}
            onChange={(role) => setWanted({ ...wanted, role })}
          />
        )}
        <Select
          label="Status"
          options={STATUSES}
          value={wanted.status}
          onChange={(status) => setWanted({ ...wanted, status })}
        />
      </div>
      {error && shown === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : shown === undefined ? (
        <Waiting className="m-4 h-40" />
      ) : shown.length === 0 ? (
        <Empty title="Nobody is like that">
          Look for less of the name, or any role and status.
        </Empty>
      ) : (
        <Table
          label="Users"
          columns={columns}
          rows={shown}
          rowKey={(one) => one.id}
          rowHeight={60}
          rowLabel={(one) => `${one.name}, ${one.email}`}
          onRow={(one) => void go({ to: "/operator/users/$id", params: { id: one.id } })}
        />
      )}
      {hasNextPage && (
        <div className="flex justify-center border-line/60 border-t p-2">
          <Button kind="quiet" busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {isFetchingNextPage ? "Asking…" : "Show more"}
          </Button>
        </div>
      )}
    </Card>
  );
}
