/**
 * Draws one request: a row per producer, from its assignment to its outcome, and the place of the TTL.
 *
 * ```
 *   p1  ━━━━━━━━━━━━━━━━━●        ┊                  ANSWERED   200 ms
 *   p2  ·····━━━━━━━━━━━━━━━━━━━━━┊╌╌╌╌╌╌╌╌╌╌○       LATE       500 ms  200 ms late, queued 60 ms
 *                                 ╵ TTL 300ms
 * ```
 */
import type { ProducerOutcome, RequestDetails, TimelineEvent } from "ate-dispatcher-client";
import { formatDurationMs } from "../config/quantity.js";
import { span } from "./numbers.js";
import { type Colour, type Paint, sanitize } from "./output.js";

/** The width of the bars, in columns. */
const WIDTH = 48;

/** One attempt of one producer. */
interface Attempt {
  readonly producerId: string;
  readonly number: number;
  readonly events: readonly TimelineEvent[];
}

/** The mark at the end of a bar. */
interface Mark {
  readonly glyph: string;
  readonly colour: Colour;
}

const MARKS: Readonly<Record<string, Mark>> = {
  ANSWERED: { glyph: "●", colour: "green" },
  FAILED: { glyph: "✗", colour: "red" },
  DEPARTED: { glyph: "╳", colour: "red" },
  SATURATED: { glyph: "■", colour: "red" },
  REVOKED: { glyph: "┤", colour: "yellow" },
  LATE: { glyph: "○", colour: "yellow" },
  PENDING: { glyph: "▸", colour: "cyan" },
};

/** Draws a request. @returns the lines; none if no producer was asked. */
export function drawWaterfall(request: RequestDetails, paint: Paint): readonly string[] {
  const attempts = attemptsOf(request.timeline);
  if (attempts.length === 0) return [];
  const outcomes = new Map(request.summary.outcomes.map((outcome) => [outcome.producerId, outcome]));
  const scale = scaleOf(request);
  const names = attempts.map(({ producerId }) => nameOf(producerId, outcomes.get(producerId)));
  const nameWidth = names.reduce((max, { length }) => Math.max(max, length), 0);
  const rows = attempts.map((attempt, i) => {
    const name = paint("bold", (names[i] ?? "").padEnd(nameWidth));
    const bar = barOf(attempt, request, scale, paint);
    return `  ${name}  ${bar}  ${outcomeText(attempt, outcomes.get(attempt.producerId), request, paint)}`.trimEnd();
  });
  const mark = `${scale.hasTtl ? "╵" : "▸"} TTL ${formatDurationMs(Math.round(request.ttlMs))}`;
  return [...rows, `  ${" ".repeat(nameWidth)}  ${" ".repeat(scale.ttlColumn)}${paint("dim", mark)}`];
}

/** Maps instants to columns. */
interface Scale {
  /** Whether the TTL is inside the drawing. If it is far later than all events, its mark is at the right edge. */
  readonly hasTtl: boolean;
  readonly ttlColumn: number;
  readonly columnOf: (atMs: number) => number;
}

function scaleOf({ timeline, ttlMs, summary, pending }: RequestDetails): Scale {
  const lastMs = timeline.reduce((max, { atMs }) => Math.max(max, atMs), pending ? summary.elapsedMs : 0);
  const hasTtl = ttlMs <= lastMs * 2;
  const wholeMs = Math.max(lastMs, hasTtl ? ttlMs : 0) || 1;
  const columnOf = (atMs: number) => Math.round((atMs / wholeMs) * (WIDTH - 1));
  return { hasTtl, columnOf, ttlColumn: hasTtl ? columnOf(ttlMs) : WIDTH };
}

function attemptsOf(timeline: readonly TimelineEvent[]): readonly Attempt[] {
  const byAttempt = new Map<string, { producerId: string; number: number; events: TimelineEvent[] }>();
  for (const event of timeline) {
    const { producerId, attempt: number } = event;
    if (producerId === "") continue;
    const key = `${number} ${producerId}`;
    const attempt = byAttempt.get(key) ?? { producerId, number, events: [] };
    attempt.events.push(event);
    byAttempt.set(key, attempt);
  }
  return [...byAttempt.values()];
}

function barOf(attempt: Attempt, request: RequestDetails, scale: Scale, paint: Paint): string {
  const { columnOf, hasTtl, ttlColumn } = scale;
  const { queuedAt, assignedAt, end, lateAt } = stepsOf(attempt);
  const endAt = end?.atMs ?? request.summary.elapsedMs;
  const mark = MARKS[lateAt !== undefined ? "LATE" : (end?.kind ?? "PENDING")] ?? {
    glyph: "?",
    colour: "dim",
  };
  const cells = Array<string>(WIDTH).fill(" ");
  const fill = (from: number, to: number, glyph: string, colour: Colour) => {
    for (let i = columnOf(from); i <= columnOf(to); i++) cells[i] = paint(colour, glyph);
  };
  if (queuedAt !== undefined) fill(queuedAt, assignedAt ?? endAt, "·", "dim");
  if (assignedAt !== undefined) fill(assignedAt, endAt, "━", lateAt === undefined ? mark.colour : "green");
  if (lateAt !== undefined) fill(endAt, lateAt, "╌", "yellow");
  for (const { kind, atMs } of attempt.events) {
    if (kind === "PARTIAL") cells[columnOf(atMs)] = paint("green", "•");
  }
  // The line of the TTL crosses the bars, but does not cover their end marks.
  if (hasTtl) cells[ttlColumn] = paint("dim", "┊");
  if (lateAt !== undefined || end?.kind !== "REVOKED")
    cells[columnOf(lateAt ?? endAt)] = paint(mark.colour, mark.glyph);
  return cells.join("");
}

/** The steps of an attempt, in milliseconds after the request's acceptance. */
interface Steps {
  readonly queuedAt: number | undefined;
  readonly assignedAt: number | undefined;
  /** The last step; undefined while the assignment is outstanding. */
  readonly end: TimelineEvent | undefined;
  readonly lateAt: number | undefined;
}

const ENDS = new Set(["ANSWERED", "FAILED", "DEPARTED", "SATURATED", "REVOKED"]);

function stepsOf({ events }: Attempt): Steps {
  const at = (kind: string) => events.find((event) => event.kind === kind)?.atMs;
  return {
    queuedAt: at("QUEUED"),
    assignedAt: at("ASSIGNED"),
    end: events.find(({ kind }) => ENDS.has(kind)),
    lateAt: events.findLast(({ kind }) => kind === "LATE")?.atMs,
  };
}

/** Describes the outcome of an attempt. */
function outcomeText(
  attempt: Attempt,
  outcome: ProducerOutcome | undefined,
  request: RequestDetails,
  paint: Paint,
): string {
  const { queuedAt, assignedAt, end, lateAt } = stepsOf(attempt);
  const isLast = end?.kind !== "DEPARTED" || outcome?.state === "DEPARTED";
  const state = isLast ? (outcome?.state ?? end?.kind ?? "PENDING") : "DEPARTED";
  const endAt = end?.atMs ?? request.summary.elapsedMs;
  const remarks: string[] = [];
  if (lateAt !== undefined) remarks.push(`${span(lateAt - endAt)} late`);
  if (queuedAt !== undefined) {
    const queued = `queued ${span((assignedAt ?? endAt) - queuedAt)}`;
    remarks.push(assignedAt === undefined ? `${queued}, never assigned` : queued);
  }
  if (attempt.number > 1) remarks.push(`attempt ${attempt.number}`);
  if (isLast && outcome !== undefined && outcome.resultCount > 1)
    remarks.push(`${outcome.resultCount} results`);
  if (isLast && outcome?.error) remarks.push(sanitize(outcome.error.message));
  const time = span(lateAt ?? endAt).padStart(9);
  return `${paint(colourOf(state), sanitize(state).padEnd(9))}  ${time}  ${remarks.join(", ")}`;
}

function colourOf(state: string): Colour {
  if (state === "ANSWERED") return "green";
  if (state === "PENDING") return "cyan";
  return state === "FAILED" || state === "DEPARTED" || state === "SATURATED" ? "red" : "yellow";
}

function nameOf(producerId: string, outcome: ProducerOutcome | undefined): string {
  const group = outcome?.group ?? "";
  return sanitize(group === "" ? producerId : `${producerId} (${group})`);
}
