import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { flagOf, variableOf } from "../src/config/names.js";
import { CONFIG_KEYS, DEFINITIONS } from "../src/config/schema.js";

/** Key, default, range and text. Other tables have fewer columns. */
const COLUMNS = 4;

/** Rows of the documented table of keys. The first cell of a row is a key in backticks. */
function rowsOf(path: string): readonly (readonly string[])[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => /^\| `[a-z][A-Za-z]*` \|/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === COLUMNS);
}

/** The rows that the schema yields, in the columns of a document. */
function rowsFor(column: "help" | "reason"): readonly (readonly string[])[] {
  return CONFIG_KEYS.map((key) => {
    const { shownDefault, range, [column]: text } = DEFINITIONS[key];
    return [`\`${key}\``, shownDefault, range, text];
  });
}

describe("the documentation of the configuration", () => {
  it("lists every key with its default, range and meaning, and no other key", () => {
    expect(rowsOf("docs/configuration.md")).toEqual(rowsFor("help"));
  });

  it("gives a reason for every default and limit, and lists no other key", () => {
    expect(rowsOf("docs/limits.md")).toEqual(rowsFor("reason"));
  });

  it("shows the flag and the environment variable of a key", () => {
    const text = readFileSync("docs/configuration.md", "utf8");

    expect(text).toContain(flagOf("maxTtlMs"));
    expect(text).toContain(variableOf("maxTtlMs"));
  });

  it("has one sentence of reason and one of help for every key", () => {
    for (const key of CONFIG_KEYS) {
      expect(DEFINITIONS[key].reason).toMatch(/^[A-Z].*\.$/);
      expect(DEFINITIONS[key].help).toMatch(/^[A-Z].*[^.]$/);
    }
  });
});
