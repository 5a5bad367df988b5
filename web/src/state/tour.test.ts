import { beforeEach, expect, test } from "vitest";
import { beginTour, leaveTour, reach, read, useTour } from "./tour";

beforeEach(() => useTour.setState({ step: null, order: null }));

test("it goes forward only, and nowhere before it begins or after it was left", () => {
  reach(2);
  expect(useTour.getState().step).toBe(null);
  beginTour();
  reach(3);
  reach(2);
  expect(useTour.getState().step).toBe(3);
  reach(4, "o-1");
  reach(4, "o-2");
  expect(useTour.getState()).toEqual({ step: 4, order: "o-1" });
  leaveTour();
  reach(2);
  expect(useTour.getState().step).toBe("left");
  beginTour();
  expect(useTour.getState()).toEqual({ step: 1, order: null });
});

test("what was kept is understood or forgotten", () => {
  expect([null, "1", "4", "left", "5", "x", ""].map(read)).toEqual([
    null,
    1,
    4,
    "left",
    null,
    null,
    null,
  ]);
});
