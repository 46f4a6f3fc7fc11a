import fc from "fast-check";
import { describe, it } from "vitest";
import { COMPLETE_ALL } from "../../src/core/vocabulary/model.js";
import { runInterleaved } from "./interleaved-run.js";
import { beginning, command, ending, type ModelCommand } from "./model-commands.js";
import { runCommands } from "./model-run.js";

/** A long search sets ATE_MODEL_RUNS, and ATE_MODEL_SEED to search elsewhere. A failure prints its seed and path. */
const RUNS = Number(process.env["ATE_MODEL_RUNS"] ?? 300);
const SEED = Number(process.env["ATE_MODEL_SEED"] ?? 20_260_901);
/** For each run on a busy machine, and for shrinking the one that fails. */
const TIMEOUT_MS = 100 * RUNS + 60_000;
const MAX_COMMANDS = 60;
/** A window for a few assignments, and one that is never full, in bytes. */
const WINDOWS = [2_000, 1e9];

const commands = fc
  .tuple(beginning, fc.noBias(fc.array(command, { maxLength: MAX_COMMANDS, size: "max" })), ending)
  .map((parts) => parts.flat());

/** Most runs do all work in one step, as a dispatcher mostly does. */
const unitsPerSlice = fc.constantFrom(undefined, undefined, 0, 1, 2, 5);

describe("the dispatcher", { timeout: TIMEOUT_MS }, () => {
  it("sends every session exactly what the slow model sends, for any sequence of commands", () => {
    fc.assert(
      fc.property(commands, fc.constantFrom(...WINDOWS), unitsPerSlice, (all, windowBytes, units) =>
        runCommands(all, windowBytes, units),
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it("keeps the promises to every stream with any inputs between the slices of long work", () => {
    const bounds = fc.record({
      unitsPerSlice: fc.integer({ min: 0, max: 3 }),
      windowBytes: fc.constantFrom(...WINDOWS),
    });
    const slices = fc.array(fc.nat(4), { minLength: 1, maxLength: MAX_COMMANDS });
    fc.assert(
      fc.property(commands, slices, bounds, (all, counts, each) => runInterleaved(all, counts, each)),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

/** Histories that a search has found, reduced by hand. */
describe("the slow model", () => {
  it("ends the gathers of a caller that departs in the order in which the caller joined them", () => {
    // The first one holds the credit, but was submitted by another caller: the second one ends while it waits.
    runCommands(
      [
        aProducer("p1", ["a"]),
        { kind: "openCaller" },
        aRequest({ callersId: "k1" }),
        aRequest({ caller: 0, gather: true }),
        aRequest({ callersId: "k1", isRepeated: true, caller: 0, gather: true }),
        { kind: "close", which: 1 },
      ],
      1e9,
    );
  });

  it("tells a listener that opens in parts of its gaps in the order of the parts", () => {
    const resumed = { resumes: true, isEstranged: true, isInParts: true };
    runCommands(
      [
        aProducer("p1", ["a", "c"]),
        aListener({}),
        ...(["a", "c"] as const).flatMap((topic) => [aRequest({ topic }), aReply()]),
        aListener(resumed),
      ],
      1e9,
    );
  });
});

function aProducer(id: "p1" | "p2" | "p3", topics: readonly string[]): ModelCommand {
  const [isGrouped, dispositions] = [false, false];
  return { kind: "openProducer", id, topics, isGrouped, window: 1, backlog: 1, dispositions };
}

function aListener(fields: Partial<Extract<ModelCommand, { readonly kind: "openListener" }>>): ModelCommand {
  return {
    ...{ kind: "openListener", id: "l1", topics: ["a", "c"], late: false, summaries: false },
    ...{ isGrouped: false, resumes: false, isEstranged: false, isInParts: false, ...fields },
  };
}

function aRequest(fields: Partial<Extract<ModelCommand, { readonly kind: "request" }>>): ModelCommand {
  return {
    ...{ kind: "request", topic: "a", ttlMs: 100, completion: COMPLETE_ALL, selectedIds: [], maxTargets: 0 },
    ...{ action: "COMPLETE", caller: undefined, gather: false, excludesListeners: false, callersId: "" },
    ...{ payloadBytes: 1, isRepeated: false, ...fields },
  };
}

function aReply(): ModelCommand {
  return {
    kind: "reply",
    which: 0,
    isAny: false,
    byAnybody: false,
    isNonsense: false,
    more: false,
    isError: false,
  };
}
