import type { Assignment } from "./assignment.js";

/** Assignments that wait for their turn, first in first out; any of them can be taken out at the same cost. */
export class Backlog {
  private head: Assignment | undefined = undefined;
  private tail: Assignment | undefined = undefined;
  private count = 0;

  /** How many wait. */
  get size(): number {
    return this.count;
  }

  /** Whose turn is next. */
  get first(): Assignment | undefined {
    return this.head;
  }

  /** Whether it waits here; asked only of assignments of this backlog's producer. */
  has(assignment: Assignment): boolean {
    return assignment.backlogPrev !== undefined || assignment === this.head;
  }

  /** Adds one that is in no backlog. */
  push(assignment: Assignment): void {
    assignment.backlogPrev = this.tail;
    if (this.tail) this.tail.backlogNext = assignment;
    else this.head = assignment;
    this.tail = assignment;
    this.count++;
  }

  /** Takes out one that is in this backlog. */
  remove(assignment: Assignment): void {
    const { backlogPrev, backlogNext } = assignment;
    if (backlogPrev) backlogPrev.backlogNext = backlogNext;
    else this.head = backlogNext;
    if (backlogNext) backlogNext.backlogPrev = backlogPrev;
    else this.tail = backlogPrev;
    assignment.backlogPrev = undefined;
    assignment.backlogNext = undefined;
    this.count--;
  }

  /** Goes through them in their order; the one at hand may be removed meanwhile. */
  *[Symbol.iterator](): Generator<Assignment> {
    for (let at = this.head; at; ) {
      const following: Assignment | undefined = at.backlogNext;
      yield at;
      at = following;
    }
  }
}
