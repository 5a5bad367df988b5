/** What stands around signing in and signing up: what this is, and a way to just look. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Told, told } from "@/api/problem";
import { house } from "@/state/queries";
import { signInAsDemo } from "@/state/session";
import { Button } from "@/ui/button";
import { Icon, Mark } from "@/ui/icon";
import { Notice } from "@/ui/notice";

const PROMISES = [
  ["Honest fills", "Each execution names the quote it saw and the rule that made it."],
  ["Nothing is lost", "What was acknowledged is on disk, and survives a pulled plug."],
  ["Yours alone", "It runs on your machine. No keys, no fees, no real money."],
] as const;

export function Frame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1.1fr)]">
      <aside className="relative hidden flex-col justify-between overflow-hidden bg-[#0a4c48] p-12 text-[#eaf6f3] lg:flex">
        <div className="flex items-center gap-3">
          <Mark className="size-9 rounded-xl ring-1 ring-[#ffffff]/20" />
          <span className="font-semibold text-lg tracking-tight">Stockyard</span>
        </div>
        <div className="relative z-10 max-w-md">
          <p className="text-balance font-semibold text-[2.5rem] leading-[1.1] tracking-tight">
            A brokerage you run yourself.
          </p>
          <ul className="mt-9 space-y-5">
            {PROMISES.map(([name, words]) => (
              <li key={name} className="flex gap-3">
                <Icon name="check" className="mt-px text-[#8fe0cd]" />
                <span>
                  <span className="block font-semibold">{name}</span>
                  <span className="text-pretty text-[#bfded8]">{words}</span>
                </span>
              </li>
            ))}
          </ul>
        </div>
        <p className="text-[#bfded8] text-[0.8125rem]">
          Paper trading. No order leaves this machine.
        </p>
        <Candles />
      </aside>
      <main className="flex flex-col justify-center px-5 py-10 sm:px-10">
        <div className="mx-auto w-full max-w-sm">
          <div className="mb-8 flex items-center gap-2.5 lg:hidden">
            <Mark className="size-8" />
            <span className="font-semibold text-base tracking-tight">Stockyard</span>
          </div>
          <h1 className="mb-6 font-semibold text-2xl tracking-tight">{title}</h1>
          {children}
        </div>
      </main>
    </div>
  );
}

const SHAPES = [
  [0, 150, 60, 128],
  [1, 118, 48, 96],
  [2, 132, 40, 100],
  [3, 96, 58, 86],
  [4, 104, 30, 64],
  [5, 66, 52, 50],
  [6, 78, 26, 44],
  [7, 38, 46, 22],
  [8, 50, 30, 24],
  [9, 18, 44, 4],
] as const;

function Candles() {
  return (
    <svg
      viewBox="0 0 300 220"
      className="absolute right-[-5rem] bottom-[-2rem] h-[40%] opacity-[0.1]"
      aria-hidden="true"
    >
      {SHAPES.map(([at, top, tall, wick]) => (
        <g key={at} fill="#fff">
          <rect x={at * 30 + 9} y={wick} width="2" height={tall + 44} rx="1" />
          <rect x={at * 30} y={top} width="20" height={tall} rx="3" />
        </g>
      ))}
    </svg>
  );
}

/** A way to another page of this kind. */
export function TextLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link
      to={to}
      className="inline-flex min-h-11 items-center font-medium text-accent underline underline-offset-4"
    >
      {children}
    </Link>
  );
}

/** The way in without an account, where the server offers one. */
export function Demo() {
  const { data } = useQuery(house);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Told | null>(null);
  if (!data?.demo) return null;
  const enter = async () => {
    setBusy(true);
    setFailed(null);
    try {
      await signInAsDemo();
    } catch (error) {
      setFailed(told(error));
      setBusy(false);
    }
  };
  return (
    <div className="mt-6">
      <div className="mb-6 flex items-center gap-3 text-[0.8125rem] text-soft">
        <span className="h-px flex-1 bg-line" />
        or
        <span className="h-px flex-1 bg-line" />
      </div>
      <Button size="large" className="w-full" busy={busy} onClick={enter}>
        Look around with the demo account
      </Button>
      {failed && (
        <Notice kind="wrong" title={failed.wrong} className="mt-3">
          {failed.right}
        </Notice>
      )}
    </div>
  );
}
