/**
 * Runs every scenario in every language, then some with a different language in each role, then the scenarios for
 * command-line tools, then sends odd and malformed messages to peers with stock stubs. Prints failures and tables. Exit
 * code 1 after a failure.
 *
 *   npm run conformance
 *   npm run conformance -- --with go --only backlog    one language or tool; scenarios whose names contain a word
 *   npm run conformance -- --seed 7                    repeats the messages of a run for stock stubs
 *   npm run conformance -- --report FILE               writes the counts of passed, failed and skipped, as JSON
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { BY_HAND, type HandScenario, runByHand } from "./by-hand.js";
import { TOOLS, type Tool } from "./hand-tool.js";
import { IS_STRICT, LANGUAGES, type Language } from "./languages.js";
import { loadScenarios } from "./load-scenarios.js";
import { mixedLanguages, nameOf, sameLanguage } from "./role-languages.js";
import { runScenario } from "./runner.js";
import type { Scenario } from "./scenario.js";
import { createSecured, type Secured } from "./secured.js";
import type { Kind } from "./stock-stubs/kind.js";
import { KINDS } from "./stock-stubs/kinds.js";
import { StockBed } from "./stock-stubs/stock-bed.js";
import { STOCK_PEERS, type StockPeerKind } from "./stock-stubs/stock-peers.js";
import { type Mark, type Row, renderTable } from "./table.js";
import { type RoleLanguages, TestBed } from "./test-bed.js";

const { values } = parseArgs({
  options: {
    with: { type: "string", multiple: true },
    only: { type: "string", default: "" },
    report: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});

const isWanted = ({ name }: { readonly name: string }) => values.with?.includes(name) ?? true;
const hasWord = ({ name }: { readonly name: string }) => name.includes(values.only);
const all = loadScenarios().filter(hasWord);
const scenarios = all.filter(({ secured }) => !secured);
const securedScenarios = all.filter(({ mixed, secured }) => mixed || secured);
const handScenarios = BY_HAND.filter(hasWord);
const kinds = KINDS.filter(hasWord);
const secured = createSecured();
/** Counts each run of a scenario; every other error counts as a failure. */
const counts = { passed: 0, failed: 0, skipped: 0 };

/** Whether nothing is missing; prints and counts what is. */
async function isAvailable({ name, missing }: Language | Tool | StockPeerKind): Promise<boolean> {
  const why = await missing();
  if (why === undefined) return true;
  counts[IS_STRICT ? "failed" : "skipped"] += 1;
  console.log(`${IS_STRICT ? "FAILED" : "SKIPPED"}  ${name}: ${why}`);
  return false;
}

/** Runs scenarios with one language per role. @returns a mark for each. */
async function runAll(
  languages: RoleLanguages,
  all: readonly Scenario[],
  secured?: Secured,
): Promise<readonly Mark[]> {
  const startedAt = performance.now();
  const marks: Mark[] = [];
  const bed = await TestBed.start(languages, secured);
  try {
    for (const scenario of all) {
      const outcome = await runScenario(bed, scenario);
      marks.push({ passed: "✓", failed: "✗", unsupported: "–" }[outcome.kind] as Mark);
      counts[outcome.kind === "unsupported" ? "skipped" : outcome.kind] += 1;
      if (outcome.kind === "passed") continue;
      console.log(`\n${outcome.kind}  ${nameOf(languages)}: ${scenario.name}\n${outcome.why}\n`);
    }
    await bed.stop();
  } catch (error) {
    console.log(`\nfailed  ${nameOf(languages)}: ${error instanceof Error ? error.message : error}\n`);
    counts.failed += 1;
  }
  console.log(`${nameOf(languages)}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return marks;
}

async function table(
  title: string,
  combinations: readonly RoleLanguages[],
  all: readonly Scenario[],
  names: readonly string[],
  secured?: Secured,
) {
  const columns: (readonly Mark[])[] = [];
  for (const languages of combinations) columns.push(await runAll(languages, all, secured));
  const rows = all.map(({ name }, row): Row => ({ name, marks: columns.map((marks) => marks[row] ?? "–") }));
  return renderTable(title, names, rows);
}

/** Runs the scenarios for command-line tools with each tool. */
async function byHandTable(title: string, tools: readonly Tool[], secured?: Secured): Promise<string> {
  const rows: Row[] = [];
  for (const scenario of handScenarios) {
    const marks: Mark[] = [];
    for (const tool of tools) marks.push(await markByHand(tool, scenario, secured));
    rows.push({ name: scenario.name, marks });
  }
  return renderTable(
    title,
    tools.map(({ name }) => name),
    rows,
  );
}

async function markByHand(tool: Tool, scenario: HandScenario, secured?: Secured): Promise<Mark> {
  try {
    await runByHand(tool, scenario, secured);
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

/** Sends each kind of messages to peers with stock stubs. */
async function stockTable(peers: readonly StockPeerKind[]): Promise<string> {
  const seed = Number(values.seed);
  console.log(`stock stubs: --seed ${seed}`);
  const startedAt = performance.now();
  const bed = new StockBed(peers, seed);
  const rows: Row[] = [];
  for (const kind of kinds) rows.push({ name: kind.name, marks: await stockMarks(bed, peers, kind) });
  for (const error of await bed.close()) {
    console.log(`\nfailed  stock stubs: the server logged an error: ${error}\n`);
    counts.failed += 1;
  }
  console.log(`stock stubs: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return renderTable(
    "stock stubs",
    peers.map(({ name }) => name),
    rows,
  );
}

async function stockMarks(bed: StockBed, peers: readonly StockPeerKind[], kind: Kind): Promise<Mark[]> {
  const problems = await bed.run(kind);
  return peers.map(({ name }) => {
    const problem = problems.get(name);
    counts[problem === undefined ? "passed" : "failed"] += 1;
    if (problem === undefined) return "✓";
    console.log(`\nfailed  ${name}: ${kind.name}\n${problem}\n`);
    return "✗";
  });
}

async function available<T extends Language | Tool | StockPeerKind>(
  all: readonly T[],
): Promise<readonly T[]> {
  const there: T[] = [];
  for (const one of all.filter(isWanted)) if (await isAvailable(one)) there.push(one);
  return there;
}

const languages = await available(LANGUAGES);
const tables: string[] = [];
if (languages.length > 0 && scenarios.length > 0) {
  tables.push(
    await table(
      "scenario",
      languages.map(sameLanguage),
      scenarios,
      languages.map(({ name }) => name),
    ),
  );
}
if (languages.length > 0 && securedScenarios.length > 0) {
  const names = languages.map(({ name }) => name);
  const title = "secured: TLS, tokens and a policy";
  tables.push(await table(title, languages.map(sameLanguage), securedScenarios, names, secured));
}
const mixed = scenarios.filter((scenario) => scenario.mixed);
const combinations = mixedLanguages(languages);
if (combinations.length > 0 && mixed.length > 0) {
  const initials = combinations.map((languages) =>
    nameOf(languages)
      .replace(/(\w)\w*/g, "$1")
      .replaceAll(" > ", ""),
  );
  tables.push(await table("mixed: producers, listeners, requester", combinations, mixed, initials));
} else if (combinations.length === 0 && values.with === undefined) {
  console.log("SKIPPED  mixed runs: they need all three languages");
}
const tools = await available(TOOLS);
if (tools.length > 0 && handScenarios.length > 0) {
  tables.push(await byHandTable("by hand", tools));
  tables.push(await byHandTable("by hand, secured", tools, secured));
}
const stockPeers = await available(STOCK_PEERS);
if (stockPeers.length > 0 && kinds.length > 0) tables.push(await stockTable(stockPeers));
if (tables.length === 0) {
  console.log("no scenario was run");
  counts.failed += 1;
}

console.log(`\n${tables.join("\n\n")}\n`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;
