import { describe, expect, it } from "vitest";
import type { Paint } from "./output.js";
import { type Column, drawTable } from "./table.js";

const plain: Paint = (_, text) => text;
const tagged: Paint = (colour, text) => `<${colour}>${text}</>`;

const COLUMNS: readonly Column<{ readonly name: string; readonly value: number }>[] = [
  { title: "NAME", text: ({ name }) => name },
  {
    title: "VALUE",
    align: "right",
    text: ({ value }) => String(value),
    colour: ({ value }) => (value > 9 ? "red" : undefined),
  },
  { title: "REMARK", text: ({ value }) => (value > 9 ? "many" : "") },
];

describe("a table", () => {
  it("is as wide as its widest cells, with numbers to the right and no trailing spaces", () => {
    const items = [
      { name: "a-long-name", value: 1 },
      { name: "b", value: 1_000_000 },
    ];

    expect(drawTable(COLUMNS, items, plain)).toEqual([
      "NAME           VALUE  REMARK",
      "a-long-name        1",
      "b            1000000  many",
    ]);
  });

  it("has only its titles without items", () => {
    expect(drawTable(COLUMNS, [], plain)).toEqual(["NAME  VALUE  REMARK"]);
  });

  it("keeps its alignment with colours", () => {
    expect(drawTable(COLUMNS, [{ name: "b", value: 10 }], tagged)).toEqual([
      "<bold>NAME</>  <bold>VALUE</>  <bold>REMARK</>",
      "b     <red>   10</>  many",
    ]);
  });

  it("escapes control characters in a peer's text", () => {
    expect(drawTable(COLUMNS, [{ name: "\u001b[2J", value: 1 }], plain)[1]).toBe("\\u001b[2J      1");
  });
});
