import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Assignment } from "./assignment.js";
import { Backlog } from "./backlog.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";

/** A backlog reads only the links of an assignment. */
function waiting(id: number): Assignment {
  return new Assignment(id, {} as PendingRequest, {} as ProducerSession, "");
}

describe("a backlog", () => {
  it("is a queue that allows removal at any position", () => {
    const step = fc.record({ isPush: fc.boolean(), which: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const backlog = new Backlog();
        const list: Assignment[] = [];
        const taken: Assignment[] = [];
        for (const [id, { isPush, which }] of steps.entries()) {
          if (isPush) {
            // A removed assignment may be pushed again.
            const assignment = (which % 2 === 0 ? taken.pop() : undefined) ?? waiting(id);
            backlog.push(assignment);
            list.push(assignment);
          } else if (list.length > 0) {
            const [assignment] = list.splice(which % list.length, 1) as [Assignment];
            backlog.remove(assignment);
            taken.push(assignment);
          }

          expect([...backlog]).toEqual(list);
          expect(backlog.size).toBe(list.length);
          expect(backlog.first).toBe(list[0]);
          expect(list.every((assignment) => backlog.has(assignment))).toBe(true);
          expect(taken.some((assignment) => backlog.has(assignment))).toBe(false);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("allows the current assignment to be removed during an iteration", () => {
    const backlog = new Backlog();
    const assignments = [1, 2, 3, 4].map(waiting);
    for (const assignment of assignments) backlog.push(assignment);

    const seen: Assignment[] = [];
    for (const assignment of backlog) {
      seen.push(assignment);
      if (assignment.id !== 3) backlog.remove(assignment);
    }

    expect(seen).toEqual(assignments);
    expect([...backlog].map(({ id }) => id)).toEqual([3]);
  });
});
