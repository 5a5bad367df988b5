/** What is drawn, chosen: the length of a bar, its shape, and what lies over it. */
import { setConfirm, useSettings } from "@/state/settings";
import { Button } from "@/ui/button";
import { Segmented } from "@/ui/choice";
import { Icon } from "@/ui/icon";
import { Menu } from "@/ui/menu";
import { type Prefs, prefer, usePrefs } from "./prefs";
import type { Frame } from "./series";

const FRAMES: readonly { value: Frame; label: string }[] = [
  { value: "1s", label: "1s" },
  { value: "1m", label: "1m" },
  { value: "5m", label: "5m" },
  { value: "15m", label: "15m" },
  { value: "1h", label: "1h" },
  { value: "4h", label: "4h" },
  { value: "1d", label: "1D" },
  { value: "1w", label: "1W" },
];
export const FRAME_WORDS: Readonly<Record<Frame, string>> = {
  "1s": "one second",
  "1m": "one minute",
  "5m": "five minutes",
  "15m": "fifteen minutes",
  "1h": "one hour",
  "4h": "four hours",
  "1d": "one day",
  "1w": "one week",
};
const KINDS = [
  { value: "candles", label: "Candles" },
  { value: "line", label: "Line" },
] as const;
type Switch = { [K in keyof Prefs]: Prefs[K] extends boolean ? K : never }[keyof Prefs];
const SWITCHES: readonly { name: Switch; label: string }[] = [
  { name: "volume", label: "Volume" },
  { name: "short", label: "Average of 20 bars" },
  { name: "long", label: "Average of 50 bars" },
  { name: "vwap", label: "VWAP of the day" },
  { name: "fills", label: "Your fills" },
  { name: "orders", label: "Your working orders" },
  { name: "position", label: "Your average cost" },
  { name: "fit", label: "Keep orders and cost in view" },
];

export function Settings({ frame }: { frame: Frame }) {
  const prefs = usePrefs();
  const confirm = useSettings((settings) => settings.confirm);
  return (
    <div className="flex min-w-0 items-center gap-2 max-sm:w-full">
      <div className="min-w-0 flex-1 overflow-x-auto rounded-lg">
        <Segmented
          small
          label="Length of a bar"
          options={FRAMES}
          value={frame}
          onChange={(value) => prefer({ frame: value })}
        />
      </div>
      <Menu
        label="What the chart shows"
        trigger={(props) => (
          <Button size="small" className="max-sm:size-10 max-sm:px-0" {...props}>
            <Icon name="gear" className="size-4" />
            <span className="max-sm:sr-only">Chart</span>
          </Button>
        )}
      >
        <div className="px-2 pb-1">
          <Segmented
            small
            label="Shape"
            options={KINDS}
            value={prefs.kind}
            onChange={(kind) => prefer({ kind })}
          />
        </div>
        {SWITCHES.map(({ name, label }) => (
          <Switched
            key={name}
            label={label}
            on={prefs[name]}
            onChange={(on) => prefer({ [name]: on })}
          />
        ))}
        <Switched label="Ask before an order is moved" on={confirm} onChange={setConfirm} />
      </Menu>
    </div>
  );
}

function Switched({
  label,
  on,
  onChange,
}: {
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <label className="flex min-h-10 cursor-pointer items-center gap-3 px-3.5 hover:bg-sunken max-sm:min-h-11">
      <input
        type="checkbox"
        className="size-4 shrink-0 accent-(--accent)"
        checked={on}
        onChange={() => onChange(!on)}
      />
      {label}
    </label>
  );
}
