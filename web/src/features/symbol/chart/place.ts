/** Puts the handles where their lines are, after every repaint; those out of sight wait at the edge. */
import type { Drawing, Level } from "./drawing";

const HEIGHT = 26;
const GAP = 6;
const EDGE = 14;
/** Above it stands the legend, which is higher where there is little room. */
const ABOVE = 48;
const ABOVE_NARROW = 66;
const NARROW = 480;

export function placeHandles(
  over: HTMLElement | null,
  drawing: Drawing,
  levels: readonly Level[],
): void {
  if (over === null) return;
  const { width, height } = drawing.room();
  if (height === 0) return;
  const found = levels.flatMap(({ id, price }) => {
    const chip = over.querySelector<HTMLElement>(`[data-line="${id}"]`);
    const top = drawing.top(price);
    // All widths are read before anything is moved.
    return chip && top !== null ? [{ chip, top, wide: chip.offsetWidth }] : [];
  });
  const taken: { top: number; left: number }[] = [];
  for (const { chip, top, wide } of found.sort((a, b) => a.top - b.top)) {
    const seen = Math.min(Math.max(top, width < NARROW ? ABOVE_NARROW : ABOVE), height - EDGE);
    const near = taken.filter((one) => Math.abs(one.top - seen) < HEIGHT);
    const right = Math.min(width - GAP, ...near.map((one) => one.left - GAP));
    const left = Math.max(GAP, right - wide);
    taken.push({ top: seen, left });
    chip.style.transform = `translate(${left}px, ${seen}px)`;
    chip.dataset.placed = "";
    if (top < 0) chip.dataset.out = "above";
    else if (top > height) chip.dataset.out = "below";
    else delete chip.dataset.out;
  }
}
