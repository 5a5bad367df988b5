/** Says above every screen what the server cannot do just now. */
import { moment } from "@/lib/format";
import { meaning, useStanding } from "@/state/standing";
import { Icon } from "@/ui/icon";

const LOOK =
  "flex items-center justify-center gap-2 bg-warn-wash px-4 py-2 text-center font-medium text-[0.8125rem] text-warn";

export function StandingBanner() {
  const found = useStanding();
  const frozen = found?.read_only ?? null;
  const told = (found?.troubles ?? []).flatMap(({ part, reason }) => {
    const words = meaning(part);
    return words === null ? [] : [`${words}: ${reason}.`];
  });
  return (
    <div role="status" data-standing={found?.status}>
      {frozen !== null && (
        <p className={LOOK}>
          <Icon name="warn" className="size-4 flex-none" />
          <span>
            Nothing can be changed here: {frozen.reason}. You see everything as it was at{" "}
            {moment(frozen.at)}.
          </span>
        </p>
      )}
      {told.length > 0 && (
        <p className={LOOK}>
          <Icon name="warn" className="size-4 flex-none" />
          <span>{told.join(" ")} What you see is right, and nothing is lost.</span>
        </p>
      )}
    </div>
  );
}
