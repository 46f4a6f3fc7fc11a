import fc from "fast-check";
import { describe, it } from "vitest";
import { beginning, command, ending } from "./model-commands.js";
import { runCommands } from "./model-run.js";

/** Raise it for a long search, and remove the seed to search elsewhere. A failure prints its seed and path. */
const RUNS = 300;
const MAX_COMMANDS = 60;
const SEED = 20_260_901;
/** A window for a few assignments, and one that is never full, in bytes. */
const WINDOWS = [2_000, 1e9];

describe("the dispatcher", () => {
  it("sends every session exactly what the slow model sends, for any sequence of commands", () => {
    const commands = fc
      .tuple(beginning, fc.noBias(fc.array(command, { maxLength: MAX_COMMANDS, size: "max" })), ending)
      .map((parts) => parts.flat());
    fc.assert(
      fc.property(commands, fc.constantFrom(...WINDOWS), (all, windowBytes) => runCommands(all, windowBytes)),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
