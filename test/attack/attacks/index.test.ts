import { describe, expect, it } from "vitest";
import { ATTACKS, attackNamed, CUT, LOCKED_OUT, LOOP, MEMORY } from "./index.js";

describe("the attacks", () => {
  it("have names of their own, of words and hyphens", () => {
    const names = ATTACKS.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
  });

  it("are found by their names", () => {
    expect(attackNamed("deep-patterns").name).toBe("deep-patterns");
    expect(() => attackNamed("none")).toThrow("there is no attack none");
  });

  it("are of every kind in the short mode", () => {
    const quick = [LOOP, MEMORY, CUT, LOCKED_OUT].map((kind) => kind.filter(({ isQuick }) => isQuick).length);
    expect(Math.min(...quick)).toBeGreaterThan(0);
  });
});
