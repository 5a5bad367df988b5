/** The chart of a symbol: its bars as they move, and over them what the account has to do with it. */

import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { told } from "@/api/problem";
import { parse, toNumber } from "@/lib/decimal";
import type { Asset } from "@/state/instrument";
import { Button } from "@/ui/button";
import { Empty, Waiting } from "@/ui/card";
import { classes } from "@/ui/classes";
import { onColors } from "@/ui/colors";
import { useMoves } from "../moves";
import { Ask } from "./ask";
import { Chip, type Ground, type Handle } from "./chips";
import { Drawing, type Overlay } from "./drawing";
import { Legend } from "./legend";
import { marksOf, useOwn, useTraded } from "./own";
import { placeHandles } from "./place";
import { LONG, SHORT, usePrefs } from "./prefs";
import { averages, type Dot, type Frame, isByDay, sessionVwap, tradingDay } from "./series";
import type { Candles } from "./use_candles";
import { summary } from "./words";

export default function Chart({
  asset,
  frame,
  bars,
  drawing,
}: {
  asset: Asset;
  frame: Frame;
  bars: Candles;
  /** Where the canvas is put, for buttons that move it. */
  drawing: RefObject<Drawing | null>;
}) {
  const { symbol, calendar } = asset;
  const box = useRef<HTMLDivElement>(null);
  const over = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const prefs = usePrefs();
  const { candles, older } = bars;
  const { handles, levels, reach } = useOwn(symbol);
  const traded = useTraded(symbol);
  const places = parse(asset.price_increment)?.scale ?? 2;

  const overlays = useMemo(() => {
    const found = new Map<Overlay, readonly Dot[]>();
    if (prefs.short) found.set("short", averages(candles, SHORT));
    if (prefs.long) found.set("long", averages(candles, LONG));
    if (prefs.vwap && !isByDay(frame)) {
      found.set("vwap", sessionVwap(candles, tradingDay(calendar)));
    }
    return found;
  }, [candles, prefs.short, prefs.long, prefs.vwap, frame, calendar]);
  // Where an order traded does not move with every tick: only a new bar asks anew.
  const [newest, oldest] = [candles.at(-1)?.time, candles[0]?.time];
  // biome-ignore lint/correctness/useExhaustiveDependencies: of the bars only their times matter
  const { marks, did } = useMemo(() => marksOf(traded, candles), [traded, newest, oldest]);

  const now = useRef({ handles, levels, older });
  now.current = { handles, levels, older };

  useEffect(() => {
    if (box.current === null) return;
    const made = new Drawing(box.current, {
      places,
      byDay: isByDay(frame),
      bySecond: frame === "1s",
      painted: () => placeHandles(over.current, made, now.current.levels),
      pointed: setPointed,
      atStart: () => now.current.older(),
    });
    drawing.current = made;
    const stop = onColors(() => made.look());
    return () => {
      stop();
      drawing.current = null;
      made.remove();
    };
  }, [places, frame, drawing]);

  const { kind, volume, fills } = prefs;
  const some = candles.length > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new frame is a new canvas
  useEffect(() => {
    if (!some) return;
    const seen = fills ? marks : [];
    drawing.current?.show({ candles, kind, volume, overlays, marks: seen, levels, reach });
  }, [some, candles, kind, volume, overlays, marks, fills, levels, reach, places, frame]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: where the handles are is set by hand
  useEffect(() => {
    if (drawing.current) placeHandles(over.current, drawing.current, levels);
  }, [handles, levels]);

  const ground: Ground = useMemo(
    () => ({
      priceAt: (clientY) => {
        const area = over.current?.getBoundingClientRect();
        if (!area || !drawing.current) return null;
        const inside = Math.min(Math.max(clientY - area.top, 0), drawing.current.room().height);
        const found = drawing.current.price(inside);
        return found === null ? null : found.toFixed(places);
      },
    }),
    [places, drawing],
  );

  const at = pointed === null ? -1 : candles.findLastIndex((one) => one.time === pointed);
  const index = at < 0 ? candles.length - 1 : at;
  const said = candles[index] && fills ? did.get(candles[index].time) : undefined;
  return (
    <div className="relative h-full">
      <p className="sr-only">
        {summary(symbol, frame, candles)}
        {did.size > 0 && ` You traded here: ${[...did.values()].join("; ")}.`}
      </p>
      {/* The canvas has layers of its own, which stay under what lies over it. */}
      <div ref={box} aria-hidden="true" className="isolate h-full" />
      <Legend
        candle={candles[index]}
        before={candles[index - 1]}
        overlays={overlays}
        did={at < 0 ? undefined : said}
      />
      <div
        ref={over}
        className="pointer-events-none absolute inset-0 overflow-hidden *:pointer-events-auto"
      >
        {handles.map((one) => (
          <Chip key={one.root} handle={one} asset={asset} ground={ground} />
        ))}
      </div>
      <Asked handles={handles} drawing={drawing} />
      {!some && <Nothing bars={bars} symbol={symbol} />}
    </div>
  );
}

/** The changes that wait for a word, or could not be made; away from the lines they are about. */
function Asked({
  handles,
  drawing,
}: {
  handles: readonly Handle[];
  drawing: RefObject<Drawing | null>;
}) {
  const moves = useMoves((all) => all.moves);
  const asked = handles.flatMap((one) => {
    const move = moves.get(one.key);
    return move === undefined || move.is === "held" ? [] : [{ ...one, move }];
  });
  const [first] = asked;
  if (first === undefined) return null;
  const height = drawing.current?.room().height ?? 0;
  const top = drawing.current?.top(toNumber(first.move.price)) ?? 0;
  return (
    <div
      className={classes(
        "absolute inset-x-2 z-20 space-y-2 sm:inset-x-4",
        top > height / 2 ? "top-12" : "bottom-8",
      )}
    >
      {asked.map(({ key, order, move }) => (
        <Ask key={key} order={order} move={move} focus={false} />
      ))}
    </div>
  );
}

function Nothing({ bars, symbol }: { bars: Candles; symbol: string }) {
  const problem = bars.error ? told(bars.error) : null;
  if (bars.loading && problem === null) {
    return <Waiting className="absolute inset-x-4 inset-y-2" />;
  }
  return (
    <div className="absolute inset-0 grid place-items-center bg-surface">
      {problem ? (
        <Empty title={problem.wrong} action={<Button onClick={bars.again}>Try again</Button>}>
          {problem.right}
        </Empty>
      ) : (
        <Empty title="No trades yet">
          Every bar is made of trades. The first one of {symbol} draws itself here when it comes.
        </Empty>
      )}
    </div>
  );
}
