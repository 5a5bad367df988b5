/** Goal: a request's parts stand where they lay in it, and what they leave is told. */
import { expect, test } from "vitest";
import { type Route, type Span, shares, took, uncovered, waterfall } from "./durations";

const span = (part: Span["part"], begun_ns: number, took_ns: number, word = ""): Span => ({
  part,
  begun_ns,
  took_ns,
  word,
});

test.each([
  [0, "0.00 µs"],
  [850, "0.85 µs"],
  [85_000, "85.0 µs"],
  [999_400, "999 µs"],
  [1_240_000, "1.24 ms"],
  [124_000_000, "124 ms"],
  [3_400_000_000, "3.40 s"],
  [2_000_000_000_000, "2,000 s"],
])("%i ns is told as %s", (ns, text) => {
  expect(took(ns)).toBe(text);
});

test("bars lie where their parts lay, and can all be seen", () => {
  const bars = waterfall(
    [span("waiting", 0, 250), span("journal", 250, 500), span("engine", 990, 1)],
    1_000,
  );
  expect(bars.map(({ left, width }) => [left, width])).toEqual([
    [0, 25],
    [25, 50],
    [99, 0.5],
  ]);
  expect(waterfall([span("database", 5, 5)], 0)[0]).toMatchObject({ left: 0, width: 0.5 });
  expect(waterfall([span("database", 2_000, 50)], 1_000)[0]).toMatchObject({ left: 99.5 });
});

test("what no part covers is told once, however parts overlap", () => {
  const spans = [
    span("outside", 120, 100),
    span("cache", 100, 200),
    span("serialisation", 600, 100),
  ];
  expect(uncovered(spans, 1_000)).toBe(700);
  expect(uncovered([], 1_000)).toBe(1_000);
  expect(uncovered([span("database", 0, 2_000)], 1_000)).toBe(0);
});

test("an average request's parts add up", () => {
  const route = {
    mean_ns: 1_000,
    parts: [
      { part: "journal", mean_ns: 600 },
      { part: "engine", mean_ns: 0 },
    ],
  } as Route;
  expect(shares(route)).toEqual([
    { part: "journal", ns: 600, percent: 60 },
    { part: "own", ns: 400, percent: 40 },
  ]);
  expect(shares({ mean_ns: 0, parts: [] } as unknown as Route)).toEqual([]);
});
