import type { Schemas } from "@/api/client";

type Kind = Schemas["StatementSum"]["kind"];

/** What postings are for. */
export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  deposit: "Deposits",
  withdrawal: "Withdrawals",
  reset: "Resets of the account",
  purchase: "Purchases",
  sale: "Sales",
  contract_result: "Results of contracts",
  fee: "Fees",
  debit_interest: "Interest on borrowed cash",
  borrow_fee: "Fees for borrowed shares",
  funding: "Funding of contracts",
  margin_moved: "Margin set apart",
  position_given_up: "Positions given up",
};

const MONTH = new Intl.DateTimeFormat("en-US", { month: "long", year: "numeric", timeZone: "UTC" });

/** November 2026. */
export const monthWords = (month: string): string =>
  MONTH.format(new Date(`${month}-15T12:00:00Z`));
