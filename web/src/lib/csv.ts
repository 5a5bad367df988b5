/** Tables as CSV (RFC 4180), and how a page hands a file over. */

/** What a spreadsheet would take for a formula gets a mark before it. */
function field(value: string | null | undefined): string {
  const text = value ?? "";
  const safe = /^[=+@\t\r]|^-(?!\d+(\.\d+)?$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(
  head: readonly string[],
  rows: readonly (readonly (string | null | undefined)[])[],
): string {
  return [head, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** Saves text as a file, as a link's download would. */
export function save(name: string, text: string, type = "text/csv"): void {
  saveFile(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

export function saveFile(name: string, file: Blob): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
