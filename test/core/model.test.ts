import fc from "fast-check";
import { describe, it } from "vitest";
import { runInterleaved } from "./interleaved-run.js";
import { beginning, command, ending } from "./model-commands.js";
import { runCommands } from "./model-run.js";

/** Raise it for a long search, and remove the seed to search elsewhere. A failure prints its seed and path. */
const RUNS = 300;
const MAX_COMMANDS = 60;
const SEED = 20_260_901;
/** A window for a few assignments, and one that is never full, in bytes. */
const WINDOWS = [2_000, 1e9];

const commands = fc
  .tuple(beginning, fc.noBias(fc.array(command, { maxLength: MAX_COMMANDS, size: "max" })), ending)
  .map((parts) => parts.flat());

/** Most runs do all work in one step, as a dispatcher mostly does. */
const unitsPerSlice = fc.constantFrom(undefined, undefined, 0, 1, 2, 5);

describe("the dispatcher", () => {
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
