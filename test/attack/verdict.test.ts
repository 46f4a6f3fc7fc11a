import { describe, expect, it } from "vitest";
import type { Bounds, Measurement } from "./measurement.js";
import { verdictOf } from "./verdict.js";

const BOUNDS: Bounds = { budgetMb: 100, maxHeldMs: 20, p99FloorMs: 5, judgesLatency: true };

const GOOD: Measurement = {
  name: "an-attack",
  sentBytes: 100,
  decompressedBytes: 1_000,
  heldMs: 20,
  heldWallMs: 500,
  isStillHeld: false,
  rss: { before: 90, during: 215, after: 90 },
  serverBudgetMb: undefined,
  loggedBytes: 0,
  p99: { before: 10, during: 30, after: 15 },
  honest: { answered: 50, total: 50 },
  ended: undefined,
  isAllowed: false,
  problems: [],
  told: {},
  attackError: undefined,
};

describe("a verdict", () => {
  it("is good at the bounds", () => {
    expect(verdictOf(GOOD, BOUNDS)).toEqual([]);
  });

  it.each<[what: string, change: Partial<Measurement>, broken: string]>([
    ["the end of the process", { ended: "SIGABRT" }, "process ended: SIGABRT"],
    ["a loop held longer", { heldMs: 20.1 }, "loop held"],
    ["a loop that is still held", { isStillHeld: true, heldMs: 0 }, "loop is still held"],
    ["a peak beyond the budget and a quarter", { rss: { before: 90, during: 216, after: 90 } }, "memory"],
    ["latency during the attack", { p99: { before: 10, during: 31, after: 10 } }, "p99 during"],
    ["latency that stays", { p99: { before: 10, during: 30, after: 16 } }, "p99 after"],
    ["an unanswered request", { honest: { answered: 49, total: 50 } }, "1 unanswered"],
    ["a problem of an honest peer", { problems: ["newcomer: PENDING_LIMIT"] }, "newcomer: PENDING_LIMIT"],
    ["an attack that failed", { attackError: "no address" }, "void: no address"],
    ["an attack that sent nothing", { sentBytes: 0 }, "void: nothing was sent"],
  ])("names %s", (_, change, broken) => {
    expect(verdictOf({ ...GOOD, ...change }, BOUNDS)).toEqual([broken]);
  });

  it("lets neighbours notice what is allowed, but only while it lasts", () => {
    const noticed = { honest: { answered: 10, total: 50 }, p99: { before: 10, during: 5_000, after: 15 } };
    expect(verdictOf({ ...GOOD, ...noticed, isAllowed: true }, BOUNDS)).toEqual([]);
    const p99 = { before: 10, during: 5_000, after: 16 };
    expect(verdictOf({ ...GOOD, p99, isAllowed: true }, BOUNDS)).toEqual(["p99 after"]);
    expect(verdictOf({ ...GOOD, heldMs: 21, isAllowed: true }, BOUNDS)).toEqual(["loop held"]);
  });

  it("takes the budget of the server if none is named, and else 512 MiB", () => {
    const own = { ...BOUNDS, budgetMb: undefined };
    const held = (heldMb: number) => ({ ...GOOD, rss: { before: 90, during: 90 + heldMb, after: 90 } });
    expect(verdictOf({ ...held(126), serverBudgetMb: 100 }, own)).toEqual(["memory"]);
    expect(verdictOf({ ...held(126), serverBudgetMb: 101 }, own)).toEqual([]);
    expect(verdictOf(held(640), own)).toEqual([]);
    expect(verdictOf(held(641), own)).toEqual(["memory"]);
  });

  it("judges no latency if it is not asked to", () => {
    const slow = { ...GOOD, p99: { before: 10, during: 3_000, after: 3_000 } };
    expect(verdictOf(slow, { ...BOUNDS, judgesLatency: false })).toEqual([]);
  });

  it("compares no latency below the floor", () => {
    const p99 = { before: 1, during: 15, after: 7.5 };
    expect(verdictOf({ ...GOOD, p99 }, BOUNDS)).toEqual([]);
    expect(verdictOf({ ...GOOD, p99: { ...p99, during: 15.1 } }, BOUNDS)).toEqual(["p99 during"]);
  });
});
