import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { BUILD_MS, buildExamples } from "../support/examples.js";
import { createProcesses } from "../support/processes.js";

const ROOT = new URL("../../", import.meta.url);
const processes = createProcesses();
afterEach(() => processes.stopAll());
beforeAll(() => buildExamples(processes), BUILD_MS);

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, ROOT));
}

/** Runs an example to its end. @returns its output, without the times. */
async function run(name: string, address?: string): Promise<readonly string[]> {
  const env = address === undefined ? {} : { ATE_DISPATCHER_ADDRESS: address };
  const example = processes.start(process.execPath, [pathOf(`dist-examples/${name}.js`)], { env });
  expect(await example.exit(), example.stderr.all.join("\n")).toEqual({ code: 0, signal: null });
  expect(example.stderr.all).toEqual([]);
  return example.stdout.all.map((line) => line.replace(/after \d+ ms/, "after # ms"));
}

/** The output of each example. The lines within one list may come in any order, since different peers print them. */
const OUTPUTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "first-success": [
    [
      "broken-1 fails: the index is being rebuilt",
      "near-1 found apples after # ms",
      "POLICY_MET: broken-1 FAILED, far-1 CANCELLED, near-1 ANSWERED",
      "far-1 stops: COMPLETED",
    ],
    [
      "broken-2 fails: the index is being rebuilt",
      "near-2 found pears after # ms",
      "POLICY_MET: broken-2 FAILED, far-2 CANCELLED, near-2 ANSWERED",
      "far-2 stops: COMPLETED",
    ],
  ],
  "fleet-query": [
    ["asked: edge-1, edge-2, edge-3, edge-4"],
    ['edge-1 says {"load":0.4}', 'edge-2 says {"load":0.7}'],
    ["EXPIRED"],
    ["silent: edge-3"],
    ["departed: edge-4"],
  ],
  "request-for-quotes": [
    ["acme offers 1240 after # ms", "bolt offers 1190 after # ms", "cord offers 1210 after # ms"],
    ["EXPIRED: 3 of 5, enough to decide"],
    ["too late: dyno, echo"],
    ["the best is bolt at 1190"],
  ],
};

/** Splits lines into lists of these lengths and sorts each list; the remaining lines are the last list. */
function sortedWithin(lengths: readonly number[], lines: readonly string[]): readonly (readonly string[])[] {
  const [length, ...rest] = lengths;
  if (length === undefined) return lines.length === 0 ? [] : [lines];
  return [lines.slice(0, length).sort(), ...sortedWithin(rest, lines.slice(length))];
}

describe("the examples", () => {
  it("are all tested here", () => {
    const names = readdirSync(pathOf("examples")).filter((name) => name.endsWith(".ts"));

    expect(names.map((name) => name.replace(/\.ts$/, ""))).toEqual(Object.keys(OUTPUTS).sort());
  });

  it.each(Object.keys(OUTPUTS))("%s prints the expected output and exits", async (name) => {
    const expected = OUTPUTS[name] ?? [];
    const lengths = expected.map(({ length }) => length);

    expect(sortedWithin(lengths, await run(name))).toEqual(sortedWithin(lengths, expected.flat()));
  });

  it("use a running dispatcher", async () => {
    const { address } = await processes.serve();

    expect(await run("first-success", address)).toHaveLength(OUTPUTS["first-success"]?.flat().length ?? 0);
    const { stdout } = await processes.run(["requests", "search", "--address", address]);
    expect(stdout.match(/POLICY_MET/g)).toHaveLength(2);
  });
});
