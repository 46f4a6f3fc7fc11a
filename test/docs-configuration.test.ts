import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { flagOf, variableOf } from "../src/config/names.js";
import { CONFIG_KEYS, DEFINITIONS } from "../src/config/schema.js";

/** Key, default, range and text; other tables have fewer. */
const COLUMNS = 4;

/** Rows of the table of keys, whose first cell is a key in backticks: what the documentation claims. */
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

/** What the schema says, in the columns of a document. */
function rowsFor(column: "help" | "reason"): readonly (readonly string[])[] {
  return CONFIG_KEYS.map((key) => {
    const { shownDefault, range, [column]: text } = DEFINITIONS[key];
    return [`\`${key}\``, shownDefault, range, text];
  });
}

describe("the documentation of the configuration", () => {
  it("lists every key, its default, range and meaning, and nothing else", () => {
    expect(rowsOf("docs/configuration.md")).toEqual(rowsFor("help"));
  });

  it("gives a reason for every default and limit, and for nothing else", () => {
    expect(rowsOf("docs/limits.md")).toEqual(rowsFor("reason"));
  });

  it("shows the three spellings of a key as they are", () => {
    const text = readFileSync("docs/configuration.md", "utf8");

    expect(text).toContain(flagOf("maxTtlMs"));
    expect(text).toContain(variableOf("maxTtlMs"));
  });

  it("has a reason and a help text of one sentence for every key", () => {
    for (const key of CONFIG_KEYS) {
      expect(DEFINITIONS[key].reason).toMatch(/^[A-Z].*\.$/);
      expect(DEFINITIONS[key].help).toMatch(/^[A-Z].*[^.]$/);
    }
  });
});
