/**
 * Text tables: titled columns of a common width, numbers aligned to the right.
 */
import { type Colour, type Paint, sanitize } from "./output.js";

/** One column of a table. */
export interface Column<T> {
  readonly title: string;
  /** The text of a cell. It may come from a peer, so the table escapes control characters. */
  readonly text: (item: T) => string;
  readonly align?: "right";
  readonly colour?: (item: T) => Colour | undefined;
}

/** Draws a table. @returns the title line, then one line per item. */
export function drawTable<T>(
  columns: readonly Column<T>[],
  items: readonly T[],
  paint: Paint,
): readonly [titles: string, ...rows: string[]] {
  const cells = items.map((item) => columns.map(({ text }) => sanitize(text(item))));
  const widths = columns.map(({ title }, i) =>
    cells.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), title.length),
  );
  const line = (texts: readonly string[], painted: (text: string, column: number) => string): string =>
    texts
      .map((text, i) => {
        const isRight = columns[i]?.align === "right";
        // The last column is not padded: trimEnd does not find spaces in front of a colour code.
        const width = i === columns.length - 1 && !isRight ? 0 : (widths[i] ?? 0);
        return painted(isRight ? text.padStart(width) : text.padEnd(width), i);
      })
      .join("  ")
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [
    line(titles, (text) => paint("bold", text)),
    ...cells.map((row, index) =>
      line(row, (text, i) => {
        const item = items[index];
        const colour = item === undefined ? undefined : columns[i]?.colour?.(item);
        return colour === undefined ? text : paint(colour, text);
      }),
    ),
  ];
}
