/**
 * All deadlines of the process in one hashed timing wheel of linked lists: setting, moving and clearing one costs the
 * same however many there are. Unlike a plain wheel it is exact: what is due is known to the instant, not to the tick.
 */
import type { Instant } from "./model.js";

/** Width of a slot, in milliseconds. */
const TICK_MS = 5;
/** Slots; deadlines further away than all of them share slots and are passed over once a round. */
const SLOT_COUNT = 2_048;

const NOTHING: readonly Deadline[] = [];

/** Something that happens at an instant; linked into the wheel while set. */
export abstract class Deadline {
  /** When it is due; only meaningful while set. */
  at: Instant = 0;
  /** @internal */ wheelPrev: Deadline | undefined = undefined;
  /** @internal */ wheelNext: Deadline | undefined = undefined;
  /** @internal */ wheelSlot = -1;
  /** @internal */ wheelSerial = 0;

  /** Whether it is waiting to happen. */
  get isSet(): boolean {
    return this.wheelSlot >= 0;
  }
}

/** A set of deadlines. */
export class DeadlineWheel {
  private readonly slots: (Deadline | undefined)[] = new Array<Deadline | undefined>(SLOT_COUNT).fill(
    undefined,
  );
  /** Every slot before this tick's holds nothing that is due. */
  private tick = 0;
  private count = 0;
  private serial = 0;
  /** No deadline is earlier; may be too early after one was cleared. */
  private earliest: Instant = Number.POSITIVE_INFINITY;

  /** How many deadlines are set. */
  get size(): number {
    return this.count;
  }

  /** No deadline is due before this instant; infinity if none is set. */
  get next(): Instant {
    return this.earliest;
  }

  /** Sets a deadline, or moves it. */
  set(deadline: Deadline, at: Instant): void {
    if (deadline.wheelSlot >= 0) this.unlink(deadline);
    // A deadline in the past goes to the current slot, which is looked at next.
    const slot = Math.max(Math.floor(at / TICK_MS), this.tick) % SLOT_COUNT;
    const head = this.slots[slot];
    deadline.at = at;
    deadline.wheelSlot = slot;
    deadline.wheelSerial = this.serial++;
    deadline.wheelPrev = undefined;
    deadline.wheelNext = head;
    if (head) head.wheelPrev = deadline;
    this.slots[slot] = deadline;
    this.count++;
    if (at < this.earliest) this.earliest = at;
  }

  /** Clears a deadline; one that is not set is ignored. */
  clear(deadline: Deadline): void {
    if (deadline.wheelSlot < 0) return;
    this.unlink(deadline);
    if (this.count === 0) this.earliest = Number.POSITIVE_INFINITY;
  }

  /**
   * Takes out everything due strictly before `now`, in the order of the deadlines.
   *
   * @param now - must not run backwards between calls.
   */
  takeDue(now: Instant): readonly Deadline[] {
    if (now <= this.earliest) return NOTHING;
    const due: Deadline[] = [];
    const nowTick = Math.floor(now / TICK_MS);
    const lastTick = Math.min(nowTick, this.tick + SLOT_COUNT - 1);
    for (let tick = this.tick; tick <= lastTick && this.count > 0; tick++) {
      let deadline = this.slots[tick % SLOT_COUNT];
      while (deadline) {
        const following: Deadline | undefined = deadline.wheelNext;
        if (deadline.at < now) {
          this.unlink(deadline);
          due.push(deadline);
        }
        deadline = following;
      }
    }
    this.tick = Math.max(this.tick, nowTick);
    this.earliest = this.findEarliest();
    return due.sort((a, b) => a.at - b.at || a.wheelSerial - b.wheelSerial);
  }

  /** Looks one round ahead; beyond it, says the end of the round, which is early but never late. */
  private findEarliest(): Instant {
    if (this.count === 0) return Number.POSITIVE_INFINITY;
    const endOfRound = (this.tick + SLOT_COUNT) * TICK_MS;
    for (let tick = this.tick; tick < this.tick + SLOT_COUNT; tick++) {
      let earliest = endOfRound;
      for (let d = this.slots[tick % SLOT_COUNT]; d; d = d.wheelNext) if (d.at < earliest) earliest = d.at;
      if (earliest < endOfRound) return earliest;
    }
    return endOfRound;
  }

  private unlink(deadline: Deadline): void {
    const { wheelPrev, wheelNext } = deadline;
    if (wheelPrev) wheelPrev.wheelNext = wheelNext;
    else this.slots[deadline.wheelSlot] = wheelNext;
    if (wheelNext) wheelNext.wheelPrev = wheelPrev;
    deadline.wheelPrev = undefined;
    deadline.wheelNext = undefined;
    deadline.wheelSlot = -1;
    this.count--;
  }
}
