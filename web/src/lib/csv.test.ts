import { expect, test } from "vitest";
import { csv } from "./csv";

test("what divides fields is quoted, numbers stay, and formulas do not run", () => {
  expect(csv(["a", "b"], [["1,5", 'say "so"']])).toBe('a,b\r\n"1,5","say ""so"""\r\n');
  expect(csv(["a"], [["-12.50"], [null], ["=1+1"], ["-A1"]])).toBe(
    "a\r\n-12.50\r\n\r\n'=1+1\r\n'-A1\r\n",
  );
});
