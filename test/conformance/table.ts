/** One cell: passed, failed, or not run because a feature or toolchain is missing. */
export type Mark = "✓" | "✗" | "–";

/** One row: a scenario and its outcome in each column. */
export interface Row {
  readonly name: string;
  readonly marks: readonly Mark[];
}

const GAP = "  ";

/** Formats a table, with the number of passes per column at the end. */
export function renderTable(title: string, columns: readonly string[], rows: readonly Row[]): string {
  const passes = columns.map((_, column) => rows.filter(({ marks }) => marks[column] === "✓").length);
  const sums = passes.map((count) => `${count}/${rows.length}`);
  const widths = columns.map((name, column) => Math.max(name.length, sums[column]?.length ?? 0));
  const nameWidth = Math.max(title.length, ...rows.map(({ name }) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    [name.padEnd(nameWidth), ...cells.map((cell, column) => cell.padEnd(widths[column] ?? 0))]
      .join(GAP)
      .trimEnd();
  const rule = "─".repeat(nameWidth + widths.reduce((sum, width) => sum + GAP.length + width, 0));
  return [
    line(title, columns),
    rule,
    ...rows.map(({ name, marks }) => line(name, marks)),
    rule,
    line(`${rows.length} in all`, sums),
  ].join("\n");
}
