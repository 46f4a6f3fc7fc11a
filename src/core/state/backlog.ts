import type { Assignment } from "./assignment.js";

/** A FIFO queue of assignments that wait for credit; any of them can be removed in constant time. */
export class Backlog {
  private head: Assignment | undefined = undefined;
  private tail: Assignment | undefined = undefined;
  private count = 0;

  /** Number of waiting assignments. */
  get size(): number {
    return this.count;
  }

  /** The next assignment to send. */
  get first(): Assignment | undefined {
    return this.head;
  }

  /** Whether an assignment waits here. Must be an assignment of this backlog's producer. */
  has(assignment: Assignment): boolean {
    return assignment.backlogPrev !== undefined || assignment === this.head;
  }

  /** Appends an assignment that is in no backlog. */
  push(assignment: Assignment): void {
    assignment.backlogPrev = this.tail;
    if (this.tail) this.tail.backlogNext = assignment;
    else this.head = assignment;
    this.tail = assignment;
    this.count++;
  }

  /** Removes an assignment that is in this backlog. */
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

  /** Iterates in FIFO order; the current assignment may be removed during the iteration. */
  *[Symbol.iterator](): Generator<Assignment> {
    for (let at = this.head; at; ) {
      const following: Assignment | undefined = at.backlogNext;
      yield at;
      at = following;
    }
  }
}
