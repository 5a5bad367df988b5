/** Who is connected, and by what. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { told } from "@/api/problem";
import { when } from "@/lib/format";
import { Card, Empty, Waiting } from "@/ui/card";
import { present } from "./asked";
import { Operator } from "./frame";

export default function Presence() {
  return (
    <Operator>
      <Present />
    </Operator>
  );
}

function Present() {
  const { data, error } = useQuery(present);
  return (
    <Card
      title="Who is connected"
      flush
      aside={
        data && <span className="text-[0.8125rem] text-soft">{data.streams} open streams</span>
      }
    >
      {error && data === undefined ? (
        <Empty title={told(error).wrong}>{told(error).right}</Empty>
      ) : data === undefined ? (
        <Waiting className="m-4 h-40" />
      ) : data.users.length === 0 ? (
        <Empty title="Nobody">Nobody has a stream open now.</Empty>
      ) : (
        <ul className="border-line/60 border-t">
          {data.users.map((one) => (
            <li
              key={one.user_id ?? "nobody"}
              className="border-line/60 border-b px-4 py-3 last:border-b-0"
            >
              <p className="flex flex-wrap items-baseline gap-x-2">
                {one.user_id ? (
                  <Link
                    to="/operator/users/$id"
                    params={{ id: one.user_id }}
                    className="font-medium text-accent underline underline-offset-4"
                  >
                    {one.name}
                  </Link>
                ) : (
                  <span className="font-medium">Not signed in</span>
                )}
                <span className="text-soft">{one.email}</span>
              </p>
              <ul className="mt-1 text-[0.8125rem] text-soft">
                {one.streams.map((stream) => (
                  <li key={`${stream.since} ${stream.kind} ${stream.address}`}>
                    {stream.kind} from {stream.address}, since {when(stream.since)}
                    {stream.blocked && " · takes nothing now"}
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
