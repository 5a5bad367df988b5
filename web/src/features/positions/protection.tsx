/** What closes a position by itself: a take-profit, a stop-loss, or a stop that trails. */
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { average, price, quantity, signedMoney } from "@/lib/format";
import { protect, unprotect } from "@/state/commands";
import type { Order, Position } from "@/state/folds";
import { priceStep, useAsset } from "@/state/instrument";
import { say } from "@/state/notices";
import { isPending, type Submit, useSubmit } from "@/state/submit";
import { useQuote } from "@/state/ticks";
import { worth } from "@/state/worth";
import { Card } from "@/ui/card";
import { Segmented } from "@/ui/choice";
import { Notice } from "@/ui/notice";
import { NumberField } from "@/ui/number_field";
import { SubmitButton } from "@/ui/submit_button";
import { away, bodyOf, type Exits, exitsOf, isEmpty, type StopKind, wonAt, wrongs } from "./exits";
import { statusWords, stopWords } from "./words";

export function Protection({ position }: { position: Position }) {
  const { symbol } = position;
  const setting = useSubmit((body: ReturnType<typeof bodyOf>, keys) => protect(symbol, body, keys));
  const removing = useSubmit((_: null, keys) => unprotect(symbol, keys));
  useEffect(() => {
    if (setting.state.is === "done") say("well", `${symbol} is protected`);
  }, [setting.state, symbol]);
  useEffect(() => {
    if (removing.state.is === "done") say("info", `${symbol} has no protection any more`);
  }, [removing.state, symbol]);
  const { take_profit: profit, stop_loss: stop } = position.protection ?? {};
  const verb = position.side === "long" ? "sells" : "buys it back";
  // Changed here or elsewhere, the form begins with what is there now.
  const version = [profit?.id, stop?.id].join(" ");
  return (
    <Card title="Protection">
      {profit || stop ? (
        <ul className="mb-4 space-y-2">
          {profit && <Standing name="Take profit" at={price(profit.limit_price)} order={profit} />}
          {stop && <Standing name="Stop loss" at={stopWords(stop)} order={stop} />}
        </ul>
      ) : (
        <p className="mb-4 text-soft">
          Nothing closes this position by itself. A take profit {verb} where you have won enough, a
          stop loss where you have lost enough.
        </p>
      )}
      <Form
        key={version}
        position={position}
        state={setting.state}
        onSend={(exits) => {
          removing.reset();
          setting.send(bodyOf(exits));
        }}
      />
      {(profit || stop) && (
        <SubmitButton
          className="mt-2"
          kind="danger"
          size="medium"
          state={removing.state}
          label="Remove protection"
          words={{ sending: "Removing…", done: "Removed" }}
          disabled={isPending(setting.state)}
          onPress={() => removing.send(null)}
        />
      )}
      {removing.state.is === "denied" && (
        <Notice kind="wrong" className="mt-3" title={removing.state.problem.wrong}>
          {removing.state.problem.right}
        </Notice>
      )}
    </Card>
  );
}

function Standing({ name, at, order }: { name: string; at: string; order: Order }) {
  return (
    <li className="flex items-baseline justify-between gap-3 rounded-lg bg-sunken px-3.5 py-2.5">
      <div>
        <p className="font-medium">{name}</p>
        <p className="text-soft text-xs">
          {quantity(order.qty)} · {order.time_in_force === "day" ? "today" : "until canceled"} ·{" "}
          {statusWords(order)}
          {order.type === "trailing_stop" && order.stop_price !== null && (
            <span className="live"> · now at {average(order.stop_price)}</span>
          )}
        </p>
      </div>
      <Link
        to={`/orders/${order.id}`}
        className="tabular font-semibold underline decoration-line-strong underline-offset-4 hover:text-accent"
      >
        {at}
        <span className="sr-only"> {name}, its order</span>
      </Link>
    </li>
  );
}

const STOPS: readonly { value: StopKind; label: string }[] = [
  { value: "none", label: "None" },
  { value: "price", label: "Price" },
  { value: "trail_percent", label: "Trail %" },
  { value: "trail_price", label: "Trail $" },
];
const TIFS = [
  { value: "gtc", label: "Until canceled" },
  { value: "day", label: "Today" },
] as const;

function Form({
  position,
  state,
  onSend,
}: {
  position: Position;
  state: Submit;
  onSend: (exits: Exits) => void;
}) {
  const [exits, setExits] = useState(() => exitsOf(position));
  const [tried, setTried] = useState(false);
  const change = (some: Partial<Exits>) => setExits((before) => ({ ...before, ...some }));
  const market = worth(position, useQuote(position.symbol)).price;
  const step = priceStep(useAsset(position.symbol), market);
  const found = wrongs(exits, position, market);
  const long = position.side === "long";
  const at = (percent: string) => (market === null ? "" : away(market, percent, long, step));
  const bad = Object.values(found).some((one) => one !== null);
  const send = () => {
    setTried(true);
    if (!bad && !isEmpty(exits)) onSend(exits);
  };
  const shown = (wrong: string | null, typed: string) => (typed !== "" || tried ? wrong : null);
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div>
        <NumberField
          label="Take profit at"
          value={exits.profit}
          step={step}
          least={step}
          wrong={shown(found.profit, exits.profit)}
          hint={
            <Won position={position} at={exits.profit} qty={exits.qty} otherwise="Empty: none." />
          }
          onChange={(profit) => change({ profit })}
        />
        <Quick
          name="Take profit"
          percents={["2", "5", "10"]}
          onPick={(percent) => change({ profit: at(percent) })}
        />
      </div>
      <div className="space-y-2">
        <p className="font-medium text-[0.8125rem]" aria-hidden="true">
          Stop loss
        </p>
        <Segmented
          small
          label="Stop loss"
          options={STOPS}
          value={exits.stop}
          onChange={(stop) => change({ stop })}
        />
        {exits.stop === "price" && (
          <>
            <NumberField
              label="Stop at"
              value={exits.stopPrice}
              step={step}
              least={step}
              wrong={shown(found.stop, exits.stopPrice)}
              hint={<Won position={position} at={exits.stopPrice} qty={exits.qty} />}
              onChange={(stopPrice) => change({ stopPrice })}
            />
            <Quick
              name="Stop loss"
              percents={["-2", "-5", "-10"]}
              onPick={(percent) => change({ stopPrice: at(percent) })}
            />
          </>
        )}
        {(exits.stop === "trail_percent" || exits.stop === "trail_price") && (
          <NumberField
            label={exits.stop === "trail_percent" ? "Trails by percent" : "Trails by dollars"}
            value={exits.trail}
            step={exits.stop === "trail_percent" ? "0.5" : step}
            least={exits.stop === "trail_percent" ? "0.5" : step}
            unit={exits.stop === "trail_percent" ? "%" : "$"}
            wrong={shown(found.stop, exits.trail)}
            hint={`It follows the best price ${long ? "up" : "down"} at this distance, and never goes back.`}
            onChange={(trail) => change({ trail })}
          />
        )}
      </div>
      <details>
        <summary className="min-h-8 max-sm:min-h-11 max-sm:content-center cursor-pointer font-medium text-[0.8125rem] text-soft hover:text-ink">
          Quantity, limit and how long
        </summary>
        <div className="mt-2 space-y-4">
          <NumberField
            label="Quantity"
            value={exits.qty}
            least="0"
            wrong={found.qty}
            hint="Empty: all of it that no other order would close."
            onChange={(qty) => change({ qty })}
          />
          {exits.stop === "price" && (
            <NumberField
              label="Limit of the stop"
              value={exits.stopLimit}
              step={step}
              least={step}
              wrong={found.stopLimit}
              hint="Empty: once triggered it closes at the market."
              onChange={(stopLimit) => change({ stopLimit })}
            />
          )}
          <Segmented
            small
            label="How long it stands"
            options={TIFS}
            value={exits.tif}
            onChange={(tif) => change({ tif })}
          />
        </div>
      </details>
      {tried && isEmpty(exits) && (
        <Notice kind="info">Enter a take profit, a stop loss, or both.</Notice>
      )}
      {state.is === "denied" && (
        <Notice kind="wrong" title={state.problem.wrong}>
          {state.problem.right}
        </Notice>
      )}
      <SubmitButton
        state={state}
        size="medium"
        label={position.protection ? "Change protection" : "Protect"}
        words={{ sending: "Setting…", done: "Protected" }}
        onPress={send}
      />
    </form>
  );
}

function Won({
  position,
  at,
  qty,
  otherwise = null,
}: {
  position: Position;
  at: string;
  qty: string;
  otherwise?: string | null;
}) {
  const won = wonAt(position, at, qty);
  if (won === null) return otherwise;
  return <span className="tabular">About {signedMoney(won)} from your cost, before fees.</span>;
}

function Quick({
  name,
  percents,
  onPick,
}: {
  name: string;
  percents: readonly string[];
  onPick: (percent: string) => void;
}) {
  return (
    <div className="mt-1.5 flex gap-1.5">
      {percents.map((one) => {
        const shown = one.startsWith("-") ? `−${one.slice(1)}%` : `+${one}%`;
        return (
          <button
            key={one}
            type="button"
            aria-label={`${name} at ${shown}`}
            onClick={() => onPick(one)}
            className="tabular min-h-8 max-sm:min-h-11 flex-1 rounded-md border border-line font-medium text-[0.8125rem] text-soft hover:bg-sunken hover:text-ink"
          >
            {shown}
          </button>
        );
      })}
    </div>
  );
}
