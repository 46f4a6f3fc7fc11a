import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, type ScalarTag } from "yaml";
import { z } from "zod";
import { ROOT } from "./root.js";
import { type Scenario, scenarioSchema } from "./scenario.js";

const FOLDER = join(ROOT, "test/conformance/scenarios");

/** `!text 1000` is a string of 1,000 characters; `!bytes 1000` is 1,000 bytes in base64. */
const TAGS: readonly ScalarTag[] = [
  { tag: "!text", resolve: (length) => "0123456789".repeat(Math.ceil(Number(length) / 10)) },
  { tag: "!bytes", resolve: (length) => Buffer.alloc(Number(length), "conformance").toString("base64") },
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
