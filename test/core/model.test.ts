import fc from "fast-check";
import { describe, it } from "vitest";
import { beginning, command, ending } from "./model-commands.js";
import { runCommands } from "./model-run.js";

/** Raise for a long search, and take the seed out for one that finds something new; a failure prints seed and path. */
const RUNS = 300;
const LONGEST_RUN = 60;
const SEED = 20_260_901;

describe("the dispatcher", () => {
  it("tells everybody what the slow model says, whatever happens in whatever order", () => {
    const commands = fc
      .tuple(beginning, fc.noBias(fc.array(command, { maxLength: LONGEST_RUN, size: "max" })), ending)
      .map((parts) => parts.flat());
    fc.assert(
      fc.property(commands, (all) => runCommands(all)),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
