/** What the order would cost and do now, asked for again and again while it is looked at. */
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { ProblemError, told } from "@/api/problem";
import { add, compare, sign } from "@/lib/decimal";
import { money, price, quantity } from "@/lib/format";
import { preview } from "@/state/commands";
import { useSession } from "@/state/session";
import { Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { type Asset, type Body, fieldOf, type Shape, type Side } from "./form";
import { feeWords, gapWords } from "./words";

export type Preview = Schemas["Preview"];

const AFTER_MS = 250;
const AGAIN_MS = 3_000;

export interface Estimate {
  readonly preview: Preview | undefined;
  /** It is about another order than the one that is filled in. */
  readonly old: boolean;
  /** What would refuse it: at its field, and about the whole. */
  readonly atField: Readonly<Record<string, string>>;
  readonly whole: readonly { readonly wrong: string; readonly right: string }[];
  readonly unreachable: boolean;
}

/** `paused`: what was last heard stays as it is, while the order is on its way. */
export function useEstimate(body: Body | null, shape: Shape | null, paused: boolean): Estimate {
  const key = JSON.stringify(body);
  const [asked, setAsked] = useState(key);
  const accountId = useSession((session) => session.accountId);
  useEffect(() => {
    const end = setTimeout(() => setAsked(key), AFTER_MS);
    return () => clearTimeout(end);
  }, [key]);
  const wanted = asked !== "null";
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ["preview", accountId, asked],
    queryFn: ({ signal }) => preview(JSON.parse(asked) as Body, signal),
    enabled: wanted && !paused,
    staleTime: 0,
    gcTime: 30_000,
    refetchInterval: AGAIN_MS,
    placeholderData: keepPreviousData,
  });
  const old = asked !== key || isPlaceholderData || error !== null;
  const atField: Record<string, string> = {};
  const whole: { wrong: string; right: string }[] = [];
  const put = (said: string | null, wrong: string, right: string) => {
    const name = shape && fieldOf(said, shape);
    if (name) atField[name] ??= `${capital(wrong)}: ${right}.`;
    else whole.push({ wrong: `${capital(wrong)}.`, right: `${capital(right)}.` });
  };
  if (body !== null && !old && error === null) {
    for (const one of data?.denials ?? []) {
      put(one.field, one.wrong + gapWords(one.field, one.required, one.available), one.right);
    }
  } else if (body !== null && asked === key && error instanceof ProblemError) {
    const { wrong, right, field } = told(error);
    put(field, wrong.replace(/\.$/, ""), right.replace(/\.$/, ""));
  }
  return {
    preview: wanted && body !== null ? data : undefined,
    old,
    atField,
    whole,
    unreachable: error !== null && !(error instanceof ProblemError),
  };
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function EstimateLines({
  estimate,
  body,
  asset,
  margin,
  side,
}: {
  estimate: Estimate;
  body: Body | null;
  side: Side;
  asset: Asset | undefined;
  /** Whether the account may borrow. */
  margin: boolean;
}) {
  const { preview: found, old, unreachable } = estimate;
  const leverage = useQuery(leverageOf(asset)).data;
  const held = asset?.contract ? "Margin" : margin ? "Initial requirement" : "Held while open";
  const name = side === "sell" ? "Estimated proceeds" : "Estimated cost";
  return (
    <dl
      aria-label="Estimate"
      className={classes("space-y-1.5 text-[0.8125rem]", old && found && "opacity-60")}
    >
      <Line name={asset?.contract ? "Value" : name} about={found && at(found)}>
        {body && (found ? priced(found) : !unreachable && <Waiting className="h-4 w-20" />)}
      </Line>
      <Line name="Fees" about={found && feesOf(found)}>
        {found?.price && money(found.fees_total)}
      </Line>
      <Line name={held} about={heldAbout(found, body, leverage)}>
        {found?.price && money(found.reserved)}
      </Line>
      {found && sign(found.borrow_fee_per_day) > 0 && (
        <Line name="Borrow fee a day">{money(found.borrow_fee_per_day)}</Line>
      )}
      <Line name="Buying power after">{found?.price && money(found.buying_power_after)}</Line>
      {found?.accepted && compare(found.fillable_qty, found.qty) < 0 && (
        <p className="text-soft">
          {sign(found.fillable_qty) === 0
            ? "It would wait: nothing of it can be filled at this moment."
            : `${quantity(found.fillable_qty)} of ${quantity(found.qty)} can be filled at this moment.`}
        </p>
      )}
      {unreachable && (
        <p className="text-warn">
          The server cannot be reached for an estimate. It is asked again.
        </p>
      )}
    </dl>
  );
}

const leverageOf = (asset: Asset | undefined) =>
  queryOptions({
    queryKey: ["leverage", asset?.symbol],
    queryFn: () => {
      const params = { path: { symbol: asset?.symbol ?? "" } };
      return call(api.GET("/api/v1/positions/{symbol}/leverage", { params }));
    },
    enabled: !!asset?.contract,
  });

function heldAbout(
  found: Preview | undefined,
  body: Body | null,
  chosen: Schemas["Leverage"] | undefined,
): string {
  if (chosen) return `${chosen.leverage}× leverage, ${chosen.mode}`;
  if (!found || body?.limit_price) return "";
  const more = compare(found.reserved, add(found.value, found.fees_total)) > 0;
  return more ? "with room for the price to move" : "";
}

/** Without a price nothing is known, which is not nothing. */
const priced = (found: Preview) => found.price !== null && money(found.value);

const at = (found: Preview) =>
  found.price === null ? "" : `${quantity(found.qty)} × ${price(found.price)}`;

const feesOf = (found: Preview) => found.fees.map((one) => feeWords(one.kind)).join(", ");

function Line({
  name,
  about,
  children,
}: {
  name: string;
  about?: string | undefined;
  children: React.ReactNode;
}) {
  return (
    <div className="flex items-baseline justify-between gap-3">
      <dt className="text-soft">
        {name}
        {about && <span className="tabular block text-xs">{about}</span>}
      </dt>
      <dd className="tabular font-medium">{children || "—"}</dd>
    </div>
  );
}
