import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
import type { Deliver } from "../vocabulary/effect.js";
import { NO_CONTEXT, NO_LANE, NO_SESSIONS } from "../vocabulary/model.js";
import { RetainedLog } from "./retained-log.js";
import { TopicState } from "./topic-state.js";

/** Cost of an entry without its payload. */
const ENTRY_BYTES = 256;

function delivery(topic: TopicState, payloadBytes: number, receivedAt: number): Deliver {
  return {
    kind: "deliver",
    lane: NO_LANE,
    audience: NO_SESSIONS,
    callers: [],
    requestId: "r1",
    requester: "",
    topic: topic.name,
    producerId: "p1",
    principal: "",
    group: "",
    ordinal: 1,
    more: false,
    sequence: ++topic.sequence,
    latencyMs: 0,
    receivedAt,
    late: false,
    context: NO_CONTEXT,
    payload: new Uint8Array(payloadBytes),
  };
}

function sequences(entries: readonly Deliver[]): readonly number[] {
  return entries.map(({ sequence }) => sequence);
}

function topics(count: number): readonly TopicState[] {
  return Array.from({ length: count }, (_, i) => new TopicState(`t${i}`, anyAccount(), "e", i, 0));
}

describe("the retained log", () => {
  it("retains the newest deliveries of all topics within its limits, and replays each topic without a gap", () => {
    const step = fc.record({
      topic: fc.nat(2),
      bytes: fc.oneof(fc.nat(300), fc.constant(5_000)),
      pauseMs: fc.oneof(fc.constant(0), fc.nat(60)),
      isExpire: fc.boolean(),
    });
    const limits = { retainedBytes: 2_000, retainedMs: 100 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const log = new RetainedLog(limits, anyAccount());
        const all = topics(3);
        let list: Deliver[] = [];
        const bytesOf = (entries: readonly Deliver[]) =>
          entries.reduce((sum, { payload }) => sum + payload.byteLength + ENTRY_BYTES, 0);
        let now = 0;
        for (const { topic, bytes, pauseMs, isExpire } of steps) {
          now += pauseMs;
          if (isExpire) {
            list = list.filter(({ receivedAt }) => now - receivedAt <= limits.retainedMs);
            log.expire(now);
          } else {
            const state = all[topic] as TopicState;
            const entry = delivery(state, bytes, now);
            log.append(state.log, entry);
            list.push(entry);
            while (bytesOf(list) > limits.retainedBytes) list.shift();
          }

          const held = {
            size: list.length,
            bytes: bytesOf(list),
            topics: all.map((state) => {
              const own = list.filter((entry) => entry.topic === state.name);
              const after = (sequence: number) => own.filter((entry) => entry.sequence > sequence);
              const replays = [0, state.sequence - 2, state.sequence - 1, state.sequence].map(after);
              return { count: own.length, bytes: bytesOf(own), replays: replays.map(sequences) };
            }),
          };
          expect(held.bytes).toBeLessThanOrEqual(limits.retainedBytes);
          expect({
            size: log.size,
            bytes: log.byteLength,
            topics: all.map((state) => {
              const after = (sequence: number) => state.log.after(sequence);
              const replays = [0, state.sequence - 2, state.sequence - 1, state.sequence].map(after);
              return { count: state.log.count, bytes: state.log.byteLength, replays: replays.map(sequences) };
            }),
          }).toEqual(held);
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("retains deliveries up to the maximum age, and drops older ones", () => {
    const log = new RetainedLog({ retainedBytes: 10_000, retainedMs: 100 }, anyAccount());
    const [topic] = topics(1) as [TopicState];
    log.append(topic.log, delivery(topic, 0, 50));

    log.expire(150);
    expect(log.size).toBe(1);
    log.expire(151);
    expect(log.size).toBe(0);
  });

  it("retains nothing if its limit is 0 bytes", () => {
    const log = new RetainedLog({ retainedBytes: 0, retainedMs: 100 }, anyAccount());
    const [topic] = topics(1) as [TopicState];
    log.append(topic.log, delivery(topic, 0, 0));

    expect([log.size, log.byteLength, topic.log.after(0)]).toEqual([0, 0, []]);
  });

  it("drops the oldest deliveries of a quiet topic for newer ones of a busy topic", () => {
    const log = new RetainedLog({ retainedBytes: 3 * ENTRY_BYTES, retainedMs: 100 }, anyAccount());
    const [quiet, busy] = topics(2) as [TopicState, TopicState];
    log.append(quiet.log, delivery(quiet, 0, 0));
    for (let i = 0; i < 3; i++) log.append(busy.log, delivery(busy, 0, 0));

    expect(quiet.log.after(0)).toEqual([]);
    expect(busy.log.after(0).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it("keeps every payload intact while blocks are reused", () => {
    const log = new RetainedLog({ retainedBytes: 50_000, retainedMs: 100 }, anyAccount());
    const own = topics(3);
    // Some payloads exceed the limit of the whole log, so that nothing is retained.
    const bytes = (seed: number) => Buffer.alloc(seed % 50 === 49 ? 60_000 : 1_000 + (seed % 7), seed);
    const kept: { topic: TopicState; entry: Deliver }[] = [];
    for (let i = 0; i < 3_000; i++) {
      const topic = own[i % 3] as TopicState;
      const entry = { ...delivery(topic, 0, 0), payload: bytes(i) };
      log.append(topic.log, entry);
      kept.push({ topic, entry });
      if (i % 10 > 0) continue;
      const newest = kept.slice(kept.length - log.size);
      for (const state of own) {
        const expected = newest.filter(({ topic: { name } }) => name === state.name);
        const held = state.log.after(0);
        expect(sequences(held)).toEqual(sequences(expected.map(({ entry }) => entry)));
        const sameBytes = (each: Deliver, at: number) =>
          Buffer.compare(each.payload, expected[at]?.entry.payload ?? new Uint8Array(0)) === 0;
        expect(held.every(sameBytes)).toBe(true);
      }
    }
  });

  it("stays within its limits over a long time", () => {
    const log = new RetainedLog({ retainedBytes: 100 * ENTRY_BYTES, retainedMs: 100 }, anyAccount());
    const [topic, other] = topics(2) as [TopicState, TopicState];
    for (let i = 0; i < 150_000; i++) {
      const to = i % 3 === 0 ? other : topic;
      log.append(to.log, delivery(to, 0, i));
    }

    expect([log.size, log.byteLength]).toEqual([100, 100 * ENTRY_BYTES]);
    expect(topic.log.count + other.log.count).toBe(100);
    expect(topic.log.slotCount + other.log.slotCount).toBeLessThanOrEqual(100 + 2 * 1_024);
    expect(topic.log.after(0).at(-1)?.sequence).toBe(topic.sequence);
  });

  it("uses about two slots per retained delivery, however many topics share the log", () => {
    const log = new RetainedLog({ retainedBytes: 400 * ENTRY_BYTES, retainedMs: 100 }, anyAccount());
    const many = topics(100);
    for (let i = 0; i < 50_000; i++) {
      const to = many[i % many.length] as TopicState;
      log.append(to.log, delivery(to, 0, i));
    }

    for (const topic of many) {
      expect(topic.log.count).toBe(4);
      expect(topic.log.slotCount).toBeLessThanOrEqual(4 + 16);
      expect(sequences(topic.log.after(0))).toEqual([497, 498, 499, 500]);
    }
  });
});
