import { expect, test } from "vitest";
import type { Screen } from "./screen";

const found = import.meta.glob<{ screens: Screen[] }>("../features/*/route.ts", { eager: true });
const folders = new Set(
  Object.keys(import.meta.glob("../features/*/*")).map((path) => path.split("/")[2]),
);
const screens = Object.values(found).flatMap((one) => one.screens);

test("every folder of features has a route", () => {
  expect(new Set(Object.keys(found).map((path) => path.split("/")[2]))).toEqual(folders);
});

test("no two screens have one path or one place in the navigation", () => {
  const paths = screens.map((one) => one.path);
  expect(new Set(paths).size).toBe(paths.length);
  const orders = screens.flatMap((one) => (one.nav ? [one.nav.order] : []));
  expect(new Set(orders).size).toBe(orders.length);
});

test("a screen with parameters gives an example", () => {
  for (const one of screens) {
    if (one.path.includes("$")) expect(one.example, one.path).toBeDefined();
  }
});

test("a phone's bottom bar holds at most five", () => {
  expect(screens.filter((one) => one.nav?.phone).length).toBeLessThanOrEqual(5);
});
