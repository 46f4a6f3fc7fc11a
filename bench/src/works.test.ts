import { describe, expect, it } from "vitest";
import { GOALS, GROWTH } from "./goals.js";
import { findPeer, PEERS } from "./peers.js";
import { findWork, WORKS } from "./works.js";

describe("the registries", () => {
  it("name every work and peer once", () => {
    for (const names of [WORKS, PEERS].map((entries) => entries.map(({ name }) => name))) {
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("name only known peers, and use all of them", () => {
    const named = new Set(WORKS.flatMap(({ peers }) => peers));
    expect([...named].toSorted()).toEqual(PEERS.map(({ name }) => name).toSorted());
  });

  it.each([...GOALS, ...GROWTH])("contain both sides of $work $figure $ours", ({ work, ours, against }) => {
    expect(findWork(work).peers).toContain(ours);
    if ("peer" in against) expect(findWork(work).peers).toContain(findPeer(against.peer).name);
    if ("work" in against) expect(findWork(against.work).peers).toContain(ours);
  });
});
