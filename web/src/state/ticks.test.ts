import { expect, test, vi } from "vitest";
import { Ticks } from "./ticks";

test("a thousand changes are one repaint, of who shows them only", () => {
  const frames: (() => void)[] = [];
  const ticks = new Ticks<number>((draw) => frames.push(draw));
  const [ko, aapl] = [vi.fn(), vi.fn()];
  const end = ticks.listen("KO", ko);
  ticks.listen("AAPL", aapl);
  for (let n = 0; n < 1000; n += 1) ticks.put("KO", n);
  expect(frames.length).toBe(1);
  expect(ko).not.toHaveBeenCalled();
  frames[0]?.();
  expect(ko).toHaveBeenCalledTimes(1);
  expect(aapl).not.toHaveBeenCalled();
  expect(ticks.get("KO")).toBe(999);
  end();
  ticks.put("KO", 7);
  frames[1]?.();
  expect(ko).toHaveBeenCalledTimes(1);
});
