/** Draws the icons that phones want as pictures, from icon.svg: `npm run icons` after it has changed. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openBrowser } from "../e2e/rig.ts";

const file = (name: string) => fileURLToPath(new URL(`../public/${name}`, import.meta.url));
const drawing = readFileSync(file("icon.svg"), "utf8");
/** Whoever masks it cuts off up to a fifth at each side: the ground goes to the edge. */
const inner = drawing.replace(/<rect[^>]*#0e6a64"\/>/, "");

const browser = await openBrowser();
for (const [name, size, masked] of [
  ["icon-192.png", 192, false],
  ["icon-512.png", 512, false],
  ["icon-maskable.png", 512, true],
] as const) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const look = `width:${size}px;height:${size}px;display:block`;
  const shown = masked
    ? `<div style="${look};background:#0e6a64"><div style="padding:15%">${inner}</div></div>`
    : `<div style="${look}">${drawing}</div>`;
  await page.setContent(`<body style="margin:0;background:transparent">${shown}`);
  await page.screenshot({ path: file(name), omitBackground: true });
  await page.close();
}
await browser.close();
