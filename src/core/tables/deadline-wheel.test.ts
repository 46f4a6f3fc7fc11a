import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Deadline, DeadlineWheel } from "./deadline-wheel.js";
import { Heap } from "./heap.js";

class Alarm extends Deadline {
  constructor(readonly name: number) {
    super();
  }
}

/** Duration of one round of the wheel, in milliseconds; deadlines beyond it share slots with nearer ones. */
const ROUND_MS = 5 * 2_048;

describe("the deadline wheel", () => {
  it("behaves like a sorted list under any sequence of operations", () => {
    const offset = fc.oneof(
      fc.integer({ min: -50, max: 200 }),
      fc.double({ min: -20, max: 100, noNaN: true }),
      fc.integer({ min: ROUND_MS - 10, max: ROUND_MS + 10 }),
      fc.integer({ min: 0, max: 10 * ROUND_MS }),
    );
    const which = fc.nat(9);
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("set" as const), which, offset }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), which, offset }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("take" as const), which, offset }) },
    );
    fc.assert(
      fc.property(fc.nat(2 * ROUND_MS), fc.array(step, { maxLength: 60, size: "max" }), (start, steps) => {
        const wheel = new DeadlineWheel<Alarm>();
        const alarms = Array.from({ length: 10 }, (_, name) => new Alarm(name));
        let list: { readonly alarm: Alarm; readonly at: number }[] = [];
        let now = start;
        for (const { kind, which, offset } of steps) {
          const alarm = alarms[which] as Alarm;
          if (kind === "take") {
            now += Math.max(0, offset);
            const due = list.filter(({ at }) => at < now).sort((a, b) => a.at - b.at);
            list = list.filter(({ at }) => at >= now);
            expect(wheel.takeDue(now).map(({ name }) => name)).toEqual(due.map(({ alarm }) => alarm.name));
          } else {
            list = list.filter((entry) => entry.alarm !== alarm);
            if (kind === "set") {
              list.push({ alarm, at: now + offset });
              wheel.set(alarm, now + offset);
            } else {
              wheel.clear(alarm);
            }
          }

          const earliest = Math.min(Number.POSITIVE_INFINITY, ...list.map(({ at }) => at));
          expect({
            size: wheel.size,
            isNextEarlyEnough: wheel.next <= earliest,
            isIdle: wheel.next === Number.POSITIVE_INFINITY,
            set: alarms.filter(({ isSet }) => isSet).length,
          }).toEqual({
            size: list.length,
            isNextEarlyEnough: true,
            isIdle: list.length === 0,
            set: list.length,
          });
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it("knows exactly when the next deadline is due, after taking due ones", () => {
    const wheel = new DeadlineWheel<Alarm>();
    wheel.set(new Alarm(1), 100);
    wheel.set(new Alarm(2), 250.5);
    expect(wheel.next).toBe(100);

    wheel.takeDue(101);

    expect(wheel.next).toBe(250.5);
  });

  it("takes deadlines strictly before now, but not at now", () => {
    const wheel = new DeadlineWheel<Alarm>();
    const alarm = new Alarm(1);
    wheel.set(alarm, 100);

    expect(wheel.takeDue(100)).toEqual([]);
    expect(wheel.takeDue(100.001)).toEqual([alarm]);
  });

  it("takes equal deadlines in the order in which they were set", () => {
    const wheel = new DeadlineWheel<Alarm>();
    const [first, second, third] = [new Alarm(1), new Alarm(2), new Alarm(3)];
    for (const alarm of [second, first, third]) wheel.set(alarm, 100);
    wheel.set(second, 100);

    expect(wheel.takeDue(200)).toEqual([first, third, second]);
  });

  it("keeps a deadline that is several rounds away, and never wakes too late for it", () => {
    const wheel = new DeadlineWheel<Alarm>();
    const far = new Alarm(1);
    wheel.set(far, 7.5 * ROUND_MS);
    let wakes = 0;
    for (; far.isSet; wakes++) {
      const now = wheel.next;
      expect(now).toBeLessThanOrEqual(7.5 * ROUND_MS);
      wheel.takeDue(now + 1);
    }

    expect(wakes).toBeLessThanOrEqual(9);
  });

  it("takes a deadline that was set in the past at the next call", () => {
    const wheel = new DeadlineWheel<Alarm>();
    wheel.set(new Alarm(1), 5 * ROUND_MS);
    wheel.takeDue(3 * ROUND_MS);
    const past = new Alarm(2);
    wheel.set(past, ROUND_MS);

    expect(wheel.next).toBe(ROUND_MS);
    expect(wheel.takeDue(3 * ROUND_MS)).toEqual([past]);
  });

  it("takes all deadlines in order after a pause of many rounds", () => {
    const wheel = new DeadlineWheel<Alarm>();
    const alarms = Array.from({ length: 50 }, (_, name) => new Alarm(name));
    for (const [i, alarm] of [...alarms].reverse().entries()) wheel.set(alarm, (50 - i) * 3_333);

    expect(wheel.takeDue(100 * ROUND_MS)).toEqual(alarms);
    expect([wheel.size, wheel.next]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it("ignores a clear of a deadline that is not set", () => {
    const wheel = new DeadlineWheel<Alarm>();
    wheel.clear(new Alarm(1));

    expect([wheel.size, wheel.next]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it("releases the entries of a peak once no deadline is set, and remains usable", () => {
    const wheel = new DeadlineWheel<Alarm>();
    const alarms = Array.from({ length: 5_000 }, (_, name) => new Alarm(name));
    for (const alarm of alarms) wheel.set(alarm, alarm.name);
    expect(wheel.entryCount).toBe(5_000);
    for (const alarm of alarms.slice(0, 2_000)) wheel.clear(alarm);
    expect(wheel.takeDue(5_000).length).toBe(3_000);
    expect(wheel.entryCount).toBe(0);

    wheel.set(alarms[0] as Alarm, 6_000);
    wheel.set(alarms[1] as Alarm, 5_500);
    expect(wheel.takeDue(7_000).map(({ name }) => name)).toEqual([1, 0]);
  });

  it("returns at most as many as wanted, and the others with the next calls", () => {
    const instants = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 9 }), (ats, maxCount) => {
        const wheel = new DeadlineWheel<Alarm>();
        for (const [name, at] of ats.entries()) wheel.set(new Alarm(name), at);
        const [now, taken] = [30, [] as Alarm[]];
        for (let due = wheel.takeDue(now, maxCount); due.length > 0; due = wheel.takeDue(now, maxCount)) {
          expect(due.length).toBeLessThanOrEqual(maxCount);
          taken.push(...due);
        }

        const expected = [...ats.entries()].filter(([, at]) => at < now).sort(([, a], [, b]) => a - b);
        expect(taken.map(({ name }) => name)).toEqual(expected.map(([name]) => name));
        expect(wheel.size).toBe(ats.length - taken.length);
      }),
    );
  });

  it("moves each of 200,000 deadlines of one tick once, however often it is asked in that tick", () => {
    const push = vi.spyOn(Heap.prototype, "push");
    const wheel = new DeadlineWheel<Alarm>();
    for (let i = 0; i < 200_000; i++) wheel.set(new Alarm(i), 100 + (i % 500) / 100);
    let taken = 0;
    let maxMoved = 0;
    for (let now = 100; now < 106; now += 0.01) {
      const before = push.mock.calls.length;
      taken += wheel.takeDue(now).length;
      maxMoved = Math.max(maxMoved, push.mock.calls.length - before);
    }

    expect([taken, push.mock.calls.length]).toEqual([200_000, 200_000]);
    expect(maxMoved).toBeLessThanOrEqual(10_000);
    expect(wheel.next).toBe(Number.POSITIVE_INFINITY);
    push.mockRestore();
  });
});
