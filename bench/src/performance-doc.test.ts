/** Keeps the tables of docs/performance.md equal to docs/benchmark.json. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type BenchmarkFile, readBenchmarkFile } from "./benchmark-file.js";
import { FIGURES, type FigureName } from "./figures.js";
import { figure as formatFigure } from "./report.js";
import { short, whole } from "./table.js";

const DOCUMENT = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
const {
  rows = [],
  goals = [],
  sweep,
}: BenchmarkFile = readBenchmarkFile(fileURLToPath(new URL("../../docs/benchmark.json", import.meta.url)));

/** Column titles of tables, and the peers that a column may hold, depending on the work. */
const PEERS_OF_COLUMN: Readonly<Record<string, readonly string[]>> = {
  ours: ["ours", "ours-gather", "ours-broadcast"],
  NATS: ["nats", "nats-request-many"],
  "plain grpc-js": ["naive"],
  "the original": ["seed"],
  "bare http2": ["http2"],
};

interface Table {
  readonly heads: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

function tables(): readonly Table[] {
  return [...DOCUMENT.matchAll(/^\|.*\n\|(?:---\|)+\n(?:\|.*\n)+/gm)].map(([text]) => {
    const [heads = [], , ...lines] = text
      .trimEnd()
      .split("\n")
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim().replaceAll("`", "")),
      );
    return { heads, lines };
  });
}

function figureNamed(title: string | undefined): FigureName | undefined {
  return (Object.keys(FIGURES) as FigureName[]).find((name) => FIGURES[name].title === title);
}

/** The text of a median; empty if no such peer does this work. */
function medianOf(work: string | undefined, peers: readonly string[], figure: FigureName): string {
  const row = rows.find((row) => row.work === work && peers.includes(row.peer));
  const median = row?.figures[figure]?.median;
  return median === undefined ? "" : formatFigure(median);
}

describe("the tables of performance.md", () => {
  it("by peer have the medians of the file", () => {
    const byPeer = tables().filter(({ heads }) => figureNamed(heads[0]) !== undefined);
    expect(byPeer).not.toEqual([]);
    for (const { heads, lines } of byPeer) {
      const [title, ...columns] = heads;
      const figure = figureNamed(title) as FigureName;
      for (const [work, ...cells] of lines) {
        expect(cells, work).toEqual(
          columns.map((column) => medianOf(work, PEERS_OF_COLUMN[column] ?? [], figure)),
        );
      }
    }
  });

  it("by figure have the medians of the file", () => {
    const byFigure = tables().filter(({ heads }) => heads[1] === "work");
    expect(byFigure).not.toEqual([]);
    for (const { heads, lines } of byFigure) {
      const figures = heads.slice(2).map((title) => figureNamed(title) as FigureName);
      for (const [, work, ...cells] of lines) {
        expect(cells, work).toEqual(figures.map((figure) => medianOf(work, ["ours"], figure)));
      }
    }
  });

  it("name every missed goal and no other", () => {
    const missed = tables().find(({ heads }) => heads[0] === "missed");
    const range = (value: number | null) => (value === null ? "" : short(value));
    expect(missed?.lines.map((cells) => cells.slice(0, 6))).toEqual(
      goals
        .filter(({ holds }) => holds === false)
        .map(({ work, peer, ours, theirs, ratio, ratioMin, ratioMax, goal }) => [
          ...[work, peer, formatFigure(ours), formatFigure(theirs)],
          `${range(ratio)} (${range(ratioMin)}–${range(ratioMax)})`,
          goal?.replace(">=", "≥").replace("<=", "≤"),
        ]),
    );
  });
});

describe("the text of performance.md", () => {
  it("has the figures of idle listeners and of the sweep", () => {
    const idle = (work: string) => `${medianOf(work, ["ours"], "rssKbPerStream")} KB`;
    expect(DOCUMENT).toContain(idle("idle own 5000"));
    expect(DOCUMENT).toContain(idle("idle shared 5000"));
    const {
      deliveriesPerSecond = 0,
      shedPerSecond = 0,
      unansweredPerSecond = 0,
    } = sweep?.overload.measurement ?? {};
    const found = [sweep?.knee ?? 0, deliveriesPerSecond, shedPerSecond, unansweredPerSecond].map(whole);
    for (const text of [...found, `${short(sweep?.goodput ?? 0)} of its best`])
      expect(DOCUMENT).toContain(text);
  });
});
