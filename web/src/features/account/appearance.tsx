/** How the app looks and behaves in this browser. */
import { setConfirm, setSingleKeys, useSettings } from "@/state/settings";
import { setTheme, type Theme, useTheme } from "@/state/theme";
import { Card } from "@/ui/card";
import { Segmented } from "@/ui/choice";

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export function Appearance() {
  const { theme } = useTheme();
  const { confirm, singleKeys } = useSettings();
  return (
    <Card title="This browser">
      <p className="mb-1.5 font-medium text-[0.8125rem]" aria-hidden="true">
        Theme
      </p>
      <Segmented small label="Theme" options={THEMES} value={theme} onChange={setTheme} />
      <div className="mt-3 space-y-1">
        <Switch
          name="Confirm orders"
          words="The ticket shows an order once more before it is sent."
          on={confirm}
          onChange={setConfirm}
        />
        <Switch
          name="Single-letter keys"
          words="b buys, s sells, / searches; ? shows them all."
          on={singleKeys}
          onChange={setSingleKeys}
        />
      </div>
    </Card>
  );
}

function Switch({
  name,
  words,
  on,
  onChange,
}: {
  name: string;
  words: string;
  on: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <label className="flex min-h-11 items-start gap-3 py-1.5">
      <input
        type="checkbox"
        checked={on}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-0.5 size-5 shrink-0 accent-(--accent)"
      />
      <span>
        <span className="block font-medium">{name}</span>
        <span className="block text-[0.8125rem] text-soft">{words}</span>
      </span>
    </label>
  );
}
