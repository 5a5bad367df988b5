/** Statements and reports, and histories as files. */
import { queryOptions } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { saveFile } from "@/lib/csv";

export type PaperForm = "html" | "pdf";
export type FileForm = "csv" | "json" | "parquet";
export type History = "activities" | "orders" | "postings";

export const statementMonths = queryOptions({
  queryKey: ["statements"],
  queryFn: () => call(api.GET("/api/v1/statements")),
  staleTime: 60_000,
});

/** One month; what is not over yet is asked for anew each time. */
export const statement = (month: Schemas["StatementMonth"]) =>
  queryOptions({
    queryKey: ["statements", month.month],
    queryFn: () =>
      call(
        api.GET("/api/v1/statements/{month}", { params: { path: { month: month.month } } }),
      ) as Promise<Schemas["Statement"]>,
    staleTime: month.is_over ? Number.POSITIVE_INFINITY : 0,
  });

export async function saveStatement(month: string, format: PaperForm): Promise<void> {
  const params = { path: { month }, query: { format } };
  const file = await call(
    api.GET("/api/v1/statements/{month}", { params, parseAs: "blob" }) as Promise<Blobbed>,
  );
  saveFile(`stockyard-statement-${month}.${format}`, file);
}

export async function saveTax(year: number, format: PaperForm | "csv"): Promise<void> {
  const params = { query: { year, format } };
  const file = await call(
    api.GET("/api/v1/reports/tax", { params, parseAs: "blob" }) as Promise<Blobbed>,
  );
  saveFile(`stockyard-tax-${year}.${format}`, file);
}

const PATHS = {
  activities: "/api/v1/exports/activities",
  orders: "/api/v1/exports/orders",
  postings: "/api/v1/exports/postings",
} as const;

export interface Stretch {
  readonly start?: string;
  readonly end?: string;
}

export async function saveHistory(
  what: History,
  format: FileForm,
  stretch: Stretch,
): Promise<void> {
  const params = { query: { format, ...stretch } };
  const file = await call(api.GET(PATHS[what], { params, parseAs: "blob" }) as Promise<Blobbed>);
  saveFile(`stockyard-${what}-${new Date().toISOString().slice(0, 10)}.${format}`, file);
}

type Blobbed = { data?: Blob; error?: unknown; response: Response };
