/**
 * Plays every scenario through every language, then some with a different language in each role, then the chapter with
 * tools by hand; prints what failed, and tables. Exit code 1 if something did.
 *
 *   npm run conformance
 *   npm run conformance -- --with go --only backlog    one language or tool; scenarios with that word in their names
 *   npm run conformance -- --report FILE               writes how many passed, failed and were skipped, as JSON
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { BY_HAND, type HandScenario, playByHand } from "./by-hand.js";
import { castOf, mixedCasts, nameOf } from "./casts.js";
import { TOOLS, type Tool } from "./hand-tool.js";
import { IS_STRICT, LANGUAGES, type Language } from "./languages.js";
import { loadScenarios } from "./load-scenarios.js";
import { play } from "./runner.js";
import type { Scenario } from "./scenario.js";
import { type Mark, type Row, renderTable } from "./table.js";
import { type Cast, Troupe } from "./troupe.js";

const { values } = parseArgs({
  options: {
    with: { type: "string", multiple: true },
    only: { type: "string", default: "" },
    report: { type: "string" },
  },
});

const isWanted = ({ name }: { readonly name: string }) => values.with?.includes(name) ?? true;
const hasWord = ({ name }: { readonly name: string }) => name.includes(values.only);
const scenarios = loadScenarios().filter(hasWord);
const chapter = BY_HAND.filter(hasWord);
/** One for each scenario, cast and tool, and a failure for whatever else went wrong. */
const counts = { passed: 0, failed: 0, skipped: 0 };

/** What is not there is told; a failure where everything must be there. */
async function isThere({ name, missing }: Language | Tool): Promise<boolean> {
  const why = await missing();
  if (why === undefined) return true;
  counts[IS_STRICT ? "failed" : "skipped"] += 1;
  console.log(`${IS_STRICT ? "FAILED" : "SKIPPED"}  ${name}: ${why}`);
  return false;
}

/** Plays scenarios with one cast. @returns a mark for each. */
async function playAll(cast: Cast, all: readonly Scenario[]): Promise<readonly Mark[]> {
  const began = performance.now();
  const marks: Mark[] = [];
  const troupe = await Troupe.assemble(cast);
  try {
    for (const scenario of all) {
      const outcome = await play(troupe, scenario);
      marks.push({ passed: "✓", failed: "✗", unsupported: "–" }[outcome.kind] as Mark);
      counts[outcome.kind === "unsupported" ? "skipped" : outcome.kind] += 1;
      if (outcome.kind === "passed") continue;
      console.log(`\n${outcome.kind}  ${nameOf(cast)}: ${scenario.name}\n${outcome.why}\n`);
    }
    await troupe.disband();
  } catch (error) {
    console.log(`\nfailed  ${nameOf(cast)}: ${error instanceof Error ? error.message : error}\n`);
    counts.failed += 1;
  }
  console.log(`${nameOf(cast)}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return marks;
}

async function table(
  title: string,
  casts: readonly Cast[],
  all: readonly Scenario[],
  names: readonly string[],
) {
  const columns: (readonly Mark[])[] = [];
  for (const cast of casts) columns.push(await playAll(cast, all));
  const rows = all.map(({ name }, row): Row => ({ name, marks: columns.map((marks) => marks[row] ?? "–") }));
  return renderTable(title, names, rows);
}

/** Plays the chapter with each tool. */
async function byHandTable(tools: readonly Tool[]): Promise<string> {
  const rows: Row[] = [];
  for (const scenario of chapter) {
    const marks: Mark[] = [];
    for (const tool of tools) marks.push(await markByHand(tool, scenario));
    rows.push({ name: scenario.name, marks });
  }
  return renderTable(
    "by hand",
    tools.map(({ name }) => name),
    rows,
  );
}

async function markByHand(tool: Tool, scenario: HandScenario): Promise<Mark> {
  try {
    await playByHand(tool, scenario);
    counts.passed += 1;
    return "✓";
  } catch (error) {
    console.log(
      `\nfailed  ${tool.name}: ${scenario.name}\n${error instanceof Error ? error.message : error}\n`,
    );
    counts.failed += 1;
    return "✗";
  }
}

async function thoseThere<T extends Language | Tool>(all: readonly T[]): Promise<readonly T[]> {
  const there: T[] = [];
  for (const one of all.filter(isWanted)) if (await isThere(one)) there.push(one);
  return there;
}

const languages = await thoseThere(LANGUAGES);
const tables: string[] = [];
if (languages.length > 0 && scenarios.length > 0) {
  tables.push(
    await table(
      "scenario",
      languages.map(castOf),
      scenarios,
      languages.map(({ name }) => name),
    ),
  );
}
const mixed = scenarios.filter((scenario) => scenario.mixed);
const casts = mixedCasts(languages);
if (casts.length > 0 && mixed.length > 0) {
  const initials = casts.map((cast) =>
    nameOf(cast)
      .replace(/(\w)\w*/g, "$1")
      .replaceAll(" > ", ""),
  );
  tables.push(await table("mixed: producers, listeners, requester", casts, mixed, initials));
} else if (casts.length === 0 && values.with === undefined) {
  console.log("SKIPPED  mixed runs: they take all three languages");
}
const tools = await thoseThere(TOOLS);
if (tools.length > 0 && chapter.length > 0) tables.push(await byHandTable(tools));
if (tables.length === 0) {
  console.log("nothing was played");
  counts.failed += 1;
}

console.log(`\n${tables.join("\n\n")}\n`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;
