/**
 * The same scenarios through every language, against the real server: a test for each scenario and language. As a
 * table: `npm run conformance`.
 */
import { afterAll, beforeAll, describe, it } from "vitest";
import { compile } from "./build.js";
import { BY_HAND, playByHand } from "./by-hand.js";
import { castOf, mixedCasts, nameOf } from "./casts.js";
import { TOOLS, type Tool } from "./hand-tool.js";
import { IS_STRICT, LANGUAGES, type Preparable } from "./languages.js";
import { loadScenarios } from "./load-scenarios.js";
import { play } from "./runner.js";
import type { Scenario } from "./scenario.js";
import { type Cast, Troupe } from "./troupe.js";

/** Compiling, building the Go adapter, and grpcurl with everything it needs. */
const PREPARE_MS = 600_000;

const scenarios = loadScenarios();
const mixed = scenarios.filter((scenario) => scenario.mixed);

beforeAll(compile, PREPARE_MS);

const missing = new Map<string, string>();
for (const one of [...LANGUAGES, ...TOOLS]) {
  const why = await one.missing();
  if (why === undefined) continue;
  missing.set(one.name, why);
  itIsMissing(one.name, why);
}

for (const language of LANGUAGES.filter(isThere)) playsAll(castOf(language), scenarios);
if (LANGUAGES.every(isThere)) for (const cast of mixedCasts(LANGUAGES)) playsAll(cast, mixed);
for (const tool of TOOLS.filter(isThere)) playsChapter(tool);

function playsAll(cast: Cast, all: readonly Scenario[]): void {
  describe(`played by ${nameOf(cast)}`, () => {
    let troupe: Troupe;
    beforeAll(async () => {
      for (const language of Object.values(cast)) await prepared(language);
      troupe = await Troupe.assemble(cast);
    }, PREPARE_MS);
    afterAll(() => troupe?.disband());

    for (const scenario of all) {
      it(`${nameOf(cast)}: ${scenario.name}`, async () => {
        const outcome = await play(troupe, scenario);
        if (outcome.kind !== "passed") throw new Error(`${outcome.kind}: ${outcome.why}`);
      });
    }
  });
}

function playsChapter(tool: Tool): void {
  describe(`by hand with ${tool.name}`, () => {
    beforeAll(() => prepared(tool), PREPARE_MS);

    for (const scenario of BY_HAND) {
      it(`${tool.name}: ${scenario.name}`, async () => {
        await playByHand(tool, scenario);
      });
    }
  });
}

async function prepared(one: Preparable<unknown>): Promise<void> {
  await one.prepare();
}

/** Something missing is a failure where everything must be there; else it is skipped, aloud. */
function itIsMissing(name: string, why: string): void {
  if (IS_STRICT) {
    it(`${name}: is there`, () => {
      throw new Error(why);
    });
  } else {
    it.skip(`${name}: SKIPPED, ${why}`, () => {});
    process.stderr.write(`\nSKIPPED  conformance of ${name}: ${why}\n\n`);
  }
}

function isThere({ name }: { readonly name: string }): boolean {
  return !missing.has(name);
}
