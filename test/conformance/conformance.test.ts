/**
 * One test for each scenario and language, against the real server. `npm run conformance` shows the same as a table.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "./build.js";
import { BY_HAND, runByHand } from "./by-hand.js";
import { TOOLS, type Tool } from "./hand-tool.js";
import { IS_STRICT, LANGUAGES, type Preparable } from "./languages.js";
import { loadScenarios } from "./load-scenarios.js";
import { mixedLanguages, nameOf, sameLanguage } from "./role-languages.js";
import { runScenario } from "./runner.js";
import type { Scenario } from "./scenario.js";
import { createSecured, type Secured } from "./secured.js";
import { KINDS } from "./stock-stubs/kinds.js";
import { StockBed } from "./stock-stubs/stock-bed.js";
import { STOCK_PEERS } from "./stock-stubs/stock-peers.js";
import { type RoleLanguages, TestBed } from "./test-bed.js";

/** Time to compile, and to build the Go adapter and grpcurl with its dependencies. */
const PREPARE_TIMEOUT_MS = 600_000;

const all = loadScenarios();
const scenarios = all.filter(({ secured }) => !secured);
const mixed = scenarios.filter((scenario) => scenario.mixed);
const securedScenarios = all.filter((scenario) => scenario.mixed || scenario.secured);
const secured = createSecured();

beforeAll(compile, PREPARE_TIMEOUT_MS);

const missing = new Map<string, string>();
for (const one of [...LANGUAGES, ...TOOLS, ...STOCK_PEERS]) {
  const why = await one.missing();
  if (why === undefined) continue;
  missing.set(one.name, why);
  reportMissing(one.name, why);
}

for (const language of LANGUAGES.filter(isAvailable)) {
  testAll(sameLanguage(language), scenarios);
  testAll(sameLanguage(language), securedScenarios, secured);
}
if (LANGUAGES.every(isAvailable))
  for (const languages of mixedLanguages(LANGUAGES)) testAll(languages, mixed);
for (const tool of TOOLS.filter(isAvailable)) testByHand(tool);
testStockStubs();

function testAll(languages: RoleLanguages, all: readonly Scenario[], withSecurity?: Secured): void {
  const how = withSecurity ? ", secured" : "";
  describe(`run by ${nameOf(languages)}${how}`, () => {
    let bed: TestBed;
    beforeAll(async () => {
      for (const language of Object.values(languages)) await prepared(language);
      bed = await TestBed.start(languages, withSecurity);
    }, PREPARE_TIMEOUT_MS);
    afterAll(() => bed?.stop());

    for (const scenario of all) {
      it(`${nameOf(languages)}${how}: ${scenario.name}`, async () => {
        const outcome = await runScenario(bed, scenario);
        if (outcome.kind !== "passed") throw new Error(`${outcome.kind}: ${outcome.why}`);
      });
    }
  });
}

function testByHand(tool: Tool): void {
  describe(`by hand with ${tool.name}`, () => {
    beforeAll(() => prepared(tool), PREPARE_TIMEOUT_MS);

    for (const scenario of BY_HAND) {
      it(`${tool.name}: ${scenario.name}`, async () => {
        await runByHand(tool, scenario);
      });
      it(`${tool.name}, secured: ${scenario.name}`, async () => {
        await runByHand(tool, scenario, secured);
      });
    }
  });
}

function testStockStubs(): void {
  const peers = STOCK_PEERS.filter(isAvailable);
  const seed = Date.now() % 1_000_000;
  describe(`stock stubs, seed ${seed}`, () => {
    const bed = new StockBed(peers, seed);
    beforeAll(async () => {
      for (const peer of peers) await prepared(peer);
    }, PREPARE_TIMEOUT_MS);
    afterAll(async () => expect(await bed.close()).toEqual([]));

    for (const kind of KINDS) {
      it(`stock stubs: ${kind.name}`, async () => {
        expect([...(await bed.run(kind))].map(([name, problem]) => `${name}: ${problem}`)).toEqual([]);
      });
    }
  });
}

async function prepared(one: Preparable<unknown>): Promise<void> {
  await one.prepare();
}

/** Reports a missing tool: a failure if IS_STRICT, else a skipped test with a message. */
function reportMissing(name: string, why: string): void {
  if (IS_STRICT) {
    it(`${name}: is available`, () => {
      throw new Error(why);
    });
  } else {
    it.skip(`${name}: SKIPPED, ${why}`, () => {});
    process.stderr.write(`\nSKIPPED  conformance of ${name}: ${why}\n\n`);
  }
}

function isAvailable({ name }: { readonly name: string }): boolean {
  return !missing.has(name);
}
