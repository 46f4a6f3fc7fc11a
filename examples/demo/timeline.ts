/** Draws one request: a bar for each producer up to its answer, and a mark at the TTL. */

/** One producer's answer. */
export interface Row {
  readonly producer: string;
  /** When the answer came, or would have come, in milliseconds after the request. */
  readonly atMs: number;
  /** When its assignment was revoked; undefined if the answer was in time. */
  readonly toldAtMs?: number;
  /** Listeners that got the answer. */
  readonly heardBy: readonly string[];
}

/** Colours a text, or returns it unchanged. */
export type Paint = (colour: "green" | "yellow" | "dim" | "bold" | "red", text: string) => string;

const BAR_WIDTH = 48;

/** Draws the answers to a request. @returns lines, aligned. */
export function drawTimeline(rows: readonly Row[], ttlMs: number, paint: Paint): readonly string[] {
  const lastMs = Math.max(0, ...rows.map(({ atMs }) => atMs));
  // A TTL far beyond the last answer would compress the bars; its mark is then drawn at the edge.
  const isNear = ttlMs <= lastMs * 2;
  const scaleMs = Math.max(lastMs, isNear ? ttlMs : 0) * 1.1 || 1;
  const column = (atMs: number) => Math.min(BAR_WIDTH - 1, Math.round((atMs / scaleMs) * BAR_WIDTH));
  const ttlColumn = isNear ? column(ttlMs) : BAR_WIDTH;
  const nameWidth = Math.max(0, ...rows.map(({ producer }) => producer.length));
  const lines = rows.map((row) => {
    const name = paint("bold", row.producer.padEnd(nameWidth));
    const label = `${String(Math.round(row.atMs)).padStart(4)} ms`;
    const isLate = row.toldAtMs !== undefined;
    const fate = isLate
      ? paint("yellow", `too late: told after ${Math.round(row.toldAtMs)} ms, nobody hears it`)
      : `→ ${row.heardBy.join(", ") || "nobody"}`;
    return `  ${name}  ${bar(column(row.atMs), ttlColumn, isLate, paint)}  ${label}  ${fate}`;
  });
  const mark = `${isNear ? "╵" : "▸"} TTL ${ttlMs} ms`;
  return [...lines, `  ${" ".repeat(nameWidth)}  ${" ".repeat(ttlColumn)}${paint("dim", mark)}`];
}

/** A bar of {@link BAR_WIDTH} columns and the TTL's column, whatever is in it. */
function bar(end: number, ttlColumn: number, isLate: boolean, paint: Paint): string {
  const inTime = isLate ? Math.min(end, ttlColumn) : end;
  const cells: string[] = [];
  for (let i = 0; i <= BAR_WIDTH; i++) {
    if (i === end) cells.push(isLate ? paint("yellow", "✗") : paint("green", "●"));
    else if (i === ttlColumn && i < BAR_WIDTH) cells.push(paint("dim", "┊"));
    else if (i < inTime) cells.push(paint("green", "━"));
    else if (i < end) cells.push(paint("yellow", "╌"));
    else cells.push(" ");
  }
  return cells.join("");
}
