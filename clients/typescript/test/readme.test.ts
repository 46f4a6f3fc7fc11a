import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const README = read("../README.md");
const EXAMPLES = readdirSync(new URL("./readme/", import.meta.url)).sort();

describe("the README", () => {
  it("contains the compiled examples, in order", () => {
    const blocks = [...README.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

    expect(blocks).toEqual(EXAMPLES.map((name) => read(`./readme/${name}`)));
  });

  it("lists every reason that this library adds to those of the server", () => {
    const sources = readdirSync(new URL("../src/", import.meta.url), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.startsWith("gen"))
      .map((name) => read(`../src/${name}`));
    const reasons = sources.flatMap((source) =>
      [...source.matchAll(/reason: "([A-Z_]+)"(?! \|)/g)].map(([, name]) => name),
    );

    expect([...new Set(reasons)].filter((reason) => !README.includes(`\`${reason}\``))).toEqual([]);
  });
});

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}
