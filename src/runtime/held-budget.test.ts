import { describe, expect, it } from "vitest";
import { heldBudget, readMemory } from "./held-budget.js";

const GIB = 1_024 ** 3;

describe("the budget for what is held", () => {
  it.each([
    ["the heap's limit", { heapLimit: 2 * GIB, machine: 16 * GIB, constrained: 0 }, GIB],
    ["the memory of a small machine", { heapLimit: 4 * GIB, machine: GIB, constrained: 0 }, GIB / 2],
    ["the memory of a container", { heapLimit: 4 * GIB, machine: 16 * GIB, constrained: GIB }, GIB / 2],
    [
      "the machine, as there is no container",
      { heapLimit: 4 * GIB, machine: 2 * GIB, constrained: 2 ** 64 },
      GIB,
    ],
  ])("is half of %s", (_, memory, budget) => {
    expect(heldBudget(memory)).toBe(budget);
  });

  it("is a whole number for this process, of at most half of the heap's limit", () => {
    const memory = readMemory();
    const budget = heldBudget(memory);

    expect(Number.isSafeInteger(budget)).toBe(true);
    expect(budget).toBeGreaterThan(0);
    expect(2 * budget).toBeLessThanOrEqual(memory.heapLimit);
  });
});
