/**
 * Draws the distance of each comparison from its goal, on one axis for all. Right of the line is better than the goal,
 * for figures where less is better, too.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { ComparisonRow } from "./compare.js";
import { short } from "./table.js";

/** The part of a file written by `--json` that is read here. */
export interface Report {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number };
  readonly run: { readonly rounds: number };
  readonly goals: readonly ComparisonRow[];
}

/** One line of the plot. */
interface Mark {
  readonly label: string;
  readonly value: string;
  /** Multiples of the goal, larger is better: of the medians, and the range within one round. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly holds: boolean;
}

const WIDTH = 1040;
const ROW = 22;
const TOP = 64;
const BOTTOM = 34;
const LEFT = 500;
const RIGHT = 150;
/** The axis, in multiples of the goal. */
const TICKS = [0.125, 0.25, 0.5, 1, 2, 4, 8];

/** Reads a report and writes the plot. */
export function runPlot(json: string, svg: string): void {
  writeFileSync(svg, plot(JSON.parse(readFileSync(json, "utf8")) as Report));
}

/** The plot as SVG. Its colours suit light and dark pages. */
export function plot({ date, machine, run, goals }: Report): string {
  const marks = goals.flatMap((row) => markOf(row) ?? []);
  const height = TOP + marks.length * ROW + BOTTOM;
  const axis = TICKS.map(
    (tick) =>
      `<line class="${tick === 1 ? "goal" : "grid"}" x1="${x(tick)}" y1="${TOP - 8}" x2="${x(tick)}" y2="${height - BOTTOM}"/>` +
      `<text class="small" x="${x(tick)}" y="${height - BOTTOM + 16}" text-anchor="middle">${tickText(tick)}</text>`,
  );
  const title = `Distance from the goal: ${marks.filter(({ holds }) => holds).length} of ${marks.length} hold`;
  const under = `${date.slice(0, 10)}, ${machine.cores} x ${machine.cpu}, ${run.rounds} rounds; dot: median, bar: range within one round`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="12" y="22">${escaped(title)}</text>`,
    `<text class="small" x="12" y="40">${escaped(under)}</text>`,
    ...axis,
    ...marks.map((mark, index) => draw(mark, TOP + index * ROW + ROW / 2)),
    "</svg>",
    "",
  ].join("\n");
}

const STYLE =
  "text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:15px;font-weight:600}.small{font-size:11px;fill:#6e7781}" +
  ".grid{stroke:#8c959f;stroke-opacity:.3}.goal{stroke:#6e7781;stroke-width:1.5}" +
  ".holds{fill:#2da44e;stroke:#2da44e}.missed{fill:#d4711a;stroke:#d4711a}" +
  "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9198a1}.goal{stroke:#9198a1}}";

/** Undefined for a row without a goal or a ratio. */
function markOf(row: ComparisonRow): Mark | undefined {
  const [sign, number] = (row.goal ?? "").split(" ");
  if (row.ratio === null || row.holds === null || sign === "=") return undefined;
  const goal = Number(number);
  const better = (ratio: number) => (sign === ">=" ? ratio / goal : goal / ratio);
  const ends = [row.ratioMin ?? row.ratio, row.ratioMax ?? row.ratio].map(better);
  return {
    label: `${row.work} / ${row.peer}`,
    value: `${short(row.ratio)} (goal ${row.goal})`,
    at: better(row.ratio),
    from: Math.min(...ends),
    to: Math.max(...ends),
    holds: row.holds,
  };
}

function draw({ label, value, at, from, to, holds }: Mark, y: number): string {
  const kind = holds ? "holds" : "missed";
  return (
    `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escaped(label)}</text>` +
    `<line class="${kind}" stroke-width="3" stroke-opacity=".4" x1="${x(from)}" y1="${y}" x2="${x(to)}" y2="${y}"/>` +
    `<circle class="${kind}" cx="${x(at)}" cy="${y}" r="4.5"/>` +
    `<text class="small" x="${WIDTH - RIGHT + 12}" y="${y + 4}">${escaped(value)}</text>`
  );
}

/** The x coordinate of a multiple of the goal; values beyond the axis are drawn at its end. */
function x(multiple: number): number {
  const [min, max] = [TICKS[0] as number, TICKS.at(-1) as number];
  const inside = Math.min(max, Math.max(min, multiple));
  const share = Math.log2(inside / min) / Math.log2(max / min);
  return Math.round((LEFT + share * (WIDTH - LEFT - RIGHT)) * 10) / 10;
}

function tickText(tick: number): string {
  if (tick === 1) return "goal";
  return tick < 1 ? `1/${1 / tick}` : `${tick}×`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
