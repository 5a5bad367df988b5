/** The audit log's signed days, to be taken to where whoever runs the server cannot write. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { told } from "@/api/problem";
import { number } from "@/lib/format";
import { auditDays, saveAuditDay } from "@/state/audit";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Notice } from "@/ui/notice";

const SHOWN_MAX = 400;

export function SignedDays() {
  const { data } = useQuery(auditDays);
  const saving = useMutation({ mutationFn: saveAuditDay, retry: false });
  if (!data?.length) return null;
  const shown = data.slice(-SHOWN_MAX).reverse();
  return (
    <Card title="Signed days" flush>
      <p className="max-w-prose text-pretty px-4 pb-3 text-soft">
        Each day that is over is a file with its signature. Keep them where nobody who runs this
        server can write: what is in them cannot be denied.
      </p>
      {saving.error && (
        <Notice kind="wrong" className="mx-4 mb-3" title={told(saving.error).wrong}>
          {told(saving.error).right}
        </Notice>
      )}
      <ul aria-label="Signed days, newest first" className="max-h-80 overflow-y-auto">
        {shown.map((one) => (
          <li
            key={one.day}
            className="flex items-center justify-between gap-3 border-line/60 border-t px-4 py-1.5"
          >
            <span className="min-w-0">
              <span className="block font-medium tabular-nums">{one.day}</span>
              <span className="block truncate text-soft text-xs">
                {number(`${one.last - one.first + 1}`)} entries · SHA-256 {one.sha256}
              </span>
            </span>
            {one.bytes === null ? (
              <span className="text-soft text-xs">Not here any more</span>
            ) : (
              <Button
                size="small"
                className="max-lg:min-h-11"
                aria-label={`Save ${one.day}`}
                busy={saving.isPending && saving.variables === one.day}
                onClick={() => saving.mutate(one.day)}
              >
                Save
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
