import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type ScalarTag } from "yaml";
import { z } from "zod";
import { ROOT } from "./root.js";
import { type Scenario, scenarioSchema } from "./scenario.js";

/** Length of a topic in the scenarios with more topics than one message holds. */
const TOPIC_BYTES = 107;
const FOLDER = join(ROOT, "test/conformance/scenarios");

/**
 * `!text 1000` is a string of 1,000 characters; `!bytes 1000` is 1,000 bytes in base64. `!topic 7` is a topic of 107
 * bytes, and `!topics 0-99` is a list of 100 of them.
 */
const TAGS: readonly ScalarTag[] = [
  { tag: "!text", resolve: (length) => "0123456789".repeat(Math.ceil(Number(length) / 10)) },
  { tag: "!bytes", resolve: (length) => Buffer.alloc(Number(length), "conformance").toString("base64") },
  { tag: "!topic", resolve: (number) => longTopic(Number(number)) },
  {
    tag: "!topics",
    resolve: (range) => {
      const [first = 0, last = 0] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => longTopic(first + index));
    },
  },
];

/** Reads all scenarios, in the order of the files. @throws on an invalid scenario or a duplicate name. */
export function loadScenarios(): readonly Scenario[] {
  const scenarios = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .flatMap(read);
  const names = scenarios.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`two scenarios are named "${twice}"`);
  return scenarios;
}

function longTopic(number: number): string {
  return `many.${number}.`.padEnd(TOPIC_BYTES, "x");
}

function read(file: string): readonly Scenario[] {
  const parsed = z
    .array(z.unknown())
    .parse(parse(readFileSync(join(FOLDER, file), "utf8"), { customTags: [...TAGS] }));
  return parsed.map((one, index) => {
    const result = scenarioSchema.safeParse(one);
    if (result.success) return result.data;
    const { name = `number ${index + 1}` } = one as { readonly name?: string };
    throw new Error(`${file}, "${name}":\n${z.prettifyError(result.error)}`);
  });
}
