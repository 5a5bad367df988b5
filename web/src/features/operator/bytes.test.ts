import { describe, expect, test } from "vitest";
import { bytes, daysLeft, lateness } from "./bytes";

describe("sizes", () => {
  test.each([
    [null, "—"],
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1_000, "1.0 kB"],
    [1_640_000, "1.6 MB"],
    [390_000_000_000, "390.0 GB"],
    [5e15, "5000.0 TB"],
  ])("%s", (size, text) => expect(bytes(size)).toBe(text));

  test("last as long as there is room", () => {
    expect(daysLeft(1000, 300)).toBe(3);
    expect(daysLeft(1000, 0)).toBeNull();
    expect(daysLeft(null, 300)).toBeNull();
    expect(daysLeft(1000, null)).toBeNull();
  });

  test.each([
    [0.01, "1 min"],
    [0.5, "30 min"],
    [1, "hour"],
    [6, "6 hours"],
    [24, "day"],
    [168, "7 days"],
  ])("every %s hours", (hours, text) => expect(lateness(hours)).toBe(text));
});
