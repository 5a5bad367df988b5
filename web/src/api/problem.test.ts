import { expect, test } from "vitest";
import { ProblemError, told, UnreachableError } from "./problem";

const body = {
  type: "urn:stockyard:problem:unknown_order",
  title: "Not Found",
  status: 404,
  detail: "",
  code: "unknown_order",
  wrong: "there is no such order in this account",
  right: "name one of GET /api/v1/orders",
  field: "order_id",
  required: null,
  available: null,
  retryable: null,
  request_id: null,
  instance: null,
};

test("a refusal is told in sentences", () => {
  const said = told(new ProblemError(body));
  expect(said.wrong).toBe("There is no such order in this account.");
  expect(said.field).toBe("order_id");
  expect(told(new ProblemError(body, 5)).right).toMatch(/\(in 5 s\)$/);
});

test("silence is told apart from a refusal, and a fault from both", () => {
  expect(told(new UnreachableError()).code).toBe("unreachable");
  expect(told(new TypeError("x")).code).toBe("fault");
});
