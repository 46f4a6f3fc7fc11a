/**
 * All deadlines of the process in one hashed timing wheel: setting, moving and clearing a deadline takes constant time.
 * Unlike a plain timing wheel, this one is exact: deadlines become due at their instant, not at the end of a tick.
 */
import type { Instant } from "../vocabulary/model.js";

/** Width of a slot, in milliseconds. */
const TICK_MS = 5;
/** Number of slots. Deadlines beyond one round share slots with nearer ones, and are skipped once per round. */
const SLOT_COUNT = 2_048;
/** Maximum number of entries that stay allocated when no deadline is set. */
const MAX_SPARE_ENTRIES = 1_024;
/** Marks the absence of an entry. */
const NONE = -1;
const NO_DEADLINES: readonly never[] = [];

/** An object that becomes due at an instant. */
export abstract class Deadline {
  /** When it is due; valid only while it is set. */
  at: Instant = 0;
  /** Its entry in the wheel; owned by the wheel. */
  wheelEntry = NONE;

  /** Whether it is set in a wheel. */
  get isSet(): boolean {
    return this.wheelEntry !== NONE;
  }
}

/** A set of deadlines. Each slot is a doubly linked list of entries; an entry is an index into parallel arrays. */
export class DeadlineWheel<D extends Deadline> {
  private readonly heads = new Int32Array(SLOT_COUNT).fill(NONE);
  private readonly deadlines: (D | undefined)[] = [];
  private readonly slots: number[] = [];
  private readonly previous: number[] = [];
  private readonly following: number[] = [];
  /** Serial number of the call that set each entry: orders deadlines of the same instant. */
  private readonly serials: number[] = [];
  private readonly free: number[] = [];
  /** Slots of earlier ticks hold no due deadline: the next search begins at this tick. */
  private tick = 0;
  private count = 0;
  private serial = 0;
  /** Lower bound of all deadlines; not exact after a deadline was cleared. */
  private earliest: Instant = Number.POSITIVE_INFINITY;

  /** Number of deadlines that are set. */
  get size(): number {
    return this.count;
  }

  /** Number of entries, used or free. */
  get entryCount(): number {
    return this.deadlines.length;
  }

  /** No deadline is due before this instant; infinity if none is set. */
  get next(): Instant {
    return this.earliest;
  }

  /** Sets a deadline, or moves it. */
  set(deadline: D, at: Instant): void {
    if (deadline.isSet) this.unlink(deadline.wheelEntry);
    // A deadline in the past goes into the current slot, which is searched next.
    const slot = Math.max(Math.floor(at / TICK_MS), this.tick) % SLOT_COUNT;
    const entry = this.free.pop() ?? this.deadlines.length;
    const head = this.heads[slot] ?? NONE;
    deadline.at = at;
    deadline.wheelEntry = entry;
    this.deadlines[entry] = deadline;
    this.slots[entry] = slot;
    this.serials[entry] = this.serial++;
    this.previous[entry] = NONE;
    this.following[entry] = head;
    if (head !== NONE) this.previous[head] = entry;
    this.heads[slot] = entry;
    this.count++;
    if (at < this.earliest) this.earliest = at;
  }

  /** Clears a deadline; does nothing if it is not set. */
  clear(deadline: D): void {
    if (!deadline.isSet) return;
    deadline.wheelEntry = this.unlink(deadline.wheelEntry);
    if (this.count === 0) this.reset();
  }

  /**
   * Removes and returns the deadlines strictly before `now`, earliest first. If more than `maxCount` are due, it returns
   * some of the first tick that has them, in this order, and the next call returns others.
   *
   * @param now - must not run backwards between calls.
   */
  takeDue(now: Instant, maxCount = Number.POSITIVE_INFINITY): readonly D[] {
    if (now <= this.earliest) return NO_DEADLINES;
    const due: D[] = [];
    const nowTick = Math.floor(now / TICK_MS);
    const lastTick = Math.min(nowTick, this.tick + SLOT_COUNT - 1);
    const serials: number[] = [];
    for (let tick = this.tick; tick <= lastTick && this.count > 0; tick++) {
      let entry = this.heads[tick % SLOT_COUNT] ?? NONE;
      while (entry !== NONE) {
        if (due.length === maxCount) {
          // The earliest deadline of those that are left is not known: it may be due.
          this.tick = tick;
          return inOrder(due, serials);
        }
        const following = this.following[entry] ?? NONE;
        const deadline = this.deadlines[entry];
        if (deadline && deadline.at < now) {
          serials.push(this.serials[entry] ?? 0);
          due.push(deadline);
          deadline.wheelEntry = this.unlink(entry);
        }
        entry = following;
      }
    }
    this.tick = Math.max(this.tick, nowTick);
    if (this.count === 0) this.reset();
    else this.earliest = this.findEarliest();
    return inOrder(due, serials);
  }

  /** Searches one round ahead. If it finds none, returns the end of the round: may be too early, but never too late. */
  private findEarliest(): Instant {
    const endOfRound = (this.tick + SLOT_COUNT) * TICK_MS;
    for (let tick = this.tick; tick < this.tick + SLOT_COUNT; tick++) {
      let earliest = endOfRound;
      let entry = this.heads[tick % SLOT_COUNT] ?? NONE;
      while (entry !== NONE) {
        const at = this.deadlines[entry]?.at ?? endOfRound;
        if (at < earliest) earliest = at;
        entry = this.following[entry] ?? NONE;
      }
      if (earliest < endOfRound) return earliest;
    }
    return endOfRound;
  }

  private unlink(entry: number): typeof NONE {
    const previous = this.previous[entry] ?? NONE;
    const following = this.following[entry] ?? NONE;
    if (previous !== NONE) this.following[previous] = following;
    else this.heads[this.slots[entry] ?? 0] = following;
    if (following !== NONE) this.previous[following] = previous;
    this.deadlines[entry] = undefined;
    this.free.push(entry);
    this.count--;
    return NONE;
  }

  private reset(): void {
    this.earliest = Number.POSITIVE_INFINITY;
    if (this.deadlines.length <= MAX_SPARE_ENTRIES) return;
    for (const column of [this.slots, this.previous, this.following, this.serials, this.free])
      column.length = 0;
    this.deadlines.length = 0;
  }
}

function inOrder<D extends Deadline>(due: D[], serials: readonly number[]): readonly D[] {
  if (due.length < 2) return due;
  const sorted = due.map((deadline, i) => ({ deadline, serial: serials[i] ?? 0 }));
  sorted.sort((a, b) => a.deadline.at - b.deadline.at || a.serial - b.serial);
  return sorted.map(({ deadline }) => deadline);
}
