import { describe, expect, it } from "vitest";
import { readCommand } from "./options.js";
import { PEERS } from "./peers.js";
import { WORKS } from "./works.js";

describe("the command line", () => {
  it("measures everything by default", () => {
    expect(readCommand([])).toMatchObject({
      kind: "run",
      options: { rounds: 5, reducesRounds: true, works: WORKS, peers: PEERS },
    });
  });

  it("takes works and peers by name", () => {
    const command = readCommand([
      "--work",
      "gather 4",
      "--shape",
      "1x1/128",
      "--peer",
      "nats",
      "--rounds",
      "7",
    ]);
    expect(command).toMatchObject({
      kind: "run",
      options: {
        rounds: 7,
        reducesRounds: false,
        works: [{ name: "gather 4" }, { name: "1x1/128" }],
        peers: [{ name: "nats" }],
      },
    });
  });

  it("compares two commits by the main works if none is named", () => {
    expect(readCommand(["--compare", "main", "HEAD"])).toMatchObject({
      kind: "compare",
      before: "main",
      after: "HEAD",
      options: { works: WORKS.slice(0, 4), peers: [{ name: "ours" }] },
    });
  });

  it("plots from a file to a file", () => {
    expect(readCommand(["--plot", "a.json", "b.svg"])).toEqual({
      kind: "plot",
      json: "a.json",
      svg: "b.svg",
    });
  });

  it.each([
    [["--work", "2x2"], "no work is named 2x2; there are 4x4/128"],
    [["--rounds", "0"], "--rounds is 0; it takes a whole number from 1"],
    [["--compare", "main"], "2 positional arguments are expected, not 1"],
    [["main"], "0 positional arguments are expected, not 1"],
    [["--fast"], "Unknown option '--fast'"],
  ])("refuses %j", (args, message) => {
    expect(() => readCommand(args)).toThrow(message);
  });
});
