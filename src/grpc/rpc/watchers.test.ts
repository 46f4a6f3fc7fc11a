import { setImmediate as nextTurn } from "node:timers/promises";
import { type WatchEvent, WatchResponse } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import { anyLedger } from "../../../test/support/account.js";
import { Dispatcher } from "../../core/dispatcher.js";
import type { Fact } from "../../core/vocabulary/fact.js";
import type { Summary } from "../../core/vocabulary/model.js";
import { TopicFilter } from "../../core/vocabulary/topic-filter.js";
import type { ProducerView } from "../../core/vocabulary/views.js";
import type { Sink } from "../../ports/sink.js";
import { PeerCharge } from "../transport/peer-charge.js";
import type { Edge } from "./edge.js";
import { MAX_EVENTS } from "./event-log.js";
import { Watchers } from "./watchers.js";

/** Work that the watchers have caused. */
interface Work {
  snapshots: number;
  views: number;
}

/** Watchers with a runtime whose facts, and a ticker whose ticks, the test causes. */
function create() {
  let onFact: ((fact: Fact) => void) | undefined;
  let onTick: (() => void) | undefined;
  let answered = 0;
  const ledger = anyLedger();
  const work: Work = { snapshots: 0, views: 0 };
  const services = {
    clock: { now: () => 0, timeOfDay: (at: number) => at },
    logger: { error: (fields: object) => expect.fail(String((fields as { err: unknown }).err)) },
    runtime: {
      ledger,
      droppedCount: 0,
      queueOf: () => ({ queuedBytes: 0, deliveredCount: 0, droppedCount: 0 }),
      snapshot: () => {
        work.snapshots++;
        return new Dispatcher("s").snapshot();
      },
      inspector: {
        producer: (producerId: string, max: number): ProducerView => {
          work.views++;
          return { ...PRODUCER, producerId, registrationCount: max, answeredCount: answered };
        },
      },
      watch: (listener: (fact: Fact) => void) => {
        onFact = listener;
        return () => {
          onFact = undefined;
        };
      },
    },
  } as unknown as Edge;
  const ticker = {
    every: (tick: () => void) => {
      onTick = tick;
      return () => {
        onTick = undefined;
      };
    },
  };
  const watchers = new Watchers(services, { serverId: "s", version: "1", startedAt: 0, limits: {} }, ticker);
  return {
    watchers,
    ledger,
    work,
    fact: (fact: Fact) => onFact?.(fact),
    tick: () => onTick?.(),
    answer: (count: number) => {
      answered = count;
    },
    isWatching: () => onFact !== undefined || onTick !== undefined,
    join: (pattern = "") => {
      const reader = new Reader();
      const owner = new PeerCharge(ledger, { getPeer: () => "10.0.0.1:1" });
      const leave = watchers.join(reader, new TopicFilter(pattern), owner);
      const end = (): void => {
        leave();
        owner.end();
      };
      return Object.assign(reader, { leave: end });
    },
  };
}

const PRODUCER: ProducerView = {
  ...{
    producerId: "",
    principal: "",
    sessionId: "",
    displayName: "",
    labels: new Map(),
    registrations: [],
    registrationCount: 0,
  },
  ...{ maxOutstanding: 1, outstandingCount: 0, backlogCount: 0, isDraining: false, answeredCount: 0 },
  ...{
    failedCount: 0,
    missedCount: 0,
    latencyP50Ms: undefined,
    latencyP95Ms: undefined,
    openedAt: 0,
    peer: "",
  },
};

/** A peer whose transport accepts a message only when it reads. */
class Reader implements Sink {
  observe = (): (() => boolean) => () => true;
  readonly messages: Uint8Array[] = [];
  /** The parts of its messages. */
  readonly parts = new Set<Uint8Array>();
  private accept: (() => void) | undefined;

  write(parts: readonly Uint8Array[], sent: () => void): void {
    expect(this.accept, "a message is sent only when the last one is accepted").toBeUndefined();
    this.messages.push(Buffer.concat(parts));
    for (const part of parts) this.parts.add(part);
    this.accept = sent;
  }

  closing(): void {}
  end(): void {}
  fail(): void {}

  get events(): readonly NonNullable<WatchEvent["event"]>[] {
    return this.messages.flatMap((message) =>
      WatchResponse.decode(message).events.flatMap(({ event }) => event ?? []),
    );
  }

  /** Reads until nothing more comes. @returns the events that were read. */
  async readAll() {
    const before = this.events.length;
    for (let quiet = 0; quiet < 3; quiet++) {
      await nextTurn();
      if (!this.accept) continue;
      const { accept } = this;
      this.accept = undefined;
      accept();
      quiet = 0;
    }
    return this.events.slice(before);
  }
}

function changed(identity: string, ...topics: string[]): Fact {
  return { kind: "producerChanged", identity, topics };
}

function ended(requestId: string, topic = "t", message = ""): Fact {
  const outcome = {
    producerId: "p",
    principal: "",
    group: "",
    state: "FAILED",
    latencyMs: 1,
    resultCount: 1,
  } as const;
  const outcomes = [{ ...outcome, failure: { code: 2, message } }];
  const summary: Summary = {
    ...{
      requestId,
      requester: "",
      topic,
      reason: "ALL_ANSWERED",
      satisfied: true,
      targetedCount: 1,
      answeredCount: 0,
    },
    ...{ failedCount: 1, elapsedMs: 1, outcomes },
  };
  return { kind: "requestEnded", summary };
}

const kinds = (events: readonly { $case: string }[]) => events.map(({ $case }) => $case);

describe("what watchers cause", () => {
  it("is charged: events to no peer, a message on its way to the peer of its watcher", async () => {
    const { join, fact, ledger } = create();
    const watcher = join();
    for (let i = 0; i < 100; i++) fact(ended(`r${i}`, "t", "e".repeat(1_000)));
    expect(ledger.common.heldBytes).toBeGreaterThan(100_000);
    await nextTurn();
    const sent = watcher.messages.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(ledger.of("10.0.0.1").heldBytes).toBeGreaterThan(sent);
    await watcher.readAll();
    expect(ledger.of("10.0.0.1").heldBytes).toBe(0);
    fact(ended("last"));
    await nextTurn();
    watcher.leave();
    expect([ledger.heldBytes, ledger.size]).toEqual([0, 0]);
  });
});

describe("a watcher", () => {
  it("is sent the state of the server at once and with each tick", async () => {
    const { join, tick } = create();
    const watcher = join();
    expect(kinds(await watcher.readAll())).toEqual(["server"]);

    tick();
    expect(kinds(await watcher.readAll())).toEqual(["server"]);
  });

  it("is sent a producer that changes 20,000 times once, and once more after a whole period, as it is then", async () => {
    const { join, fact, tick, answer, work } = create();
    const watcher = join();
    for (let i = 0; i < 20_000; i++) fact(changed("p"));
    expect(kinds(await watcher.readAll())).toEqual(["server", "producerChanged"]);

    answer(7);
    tick();
    tick();
    const later = await watcher.readAll();

    expect(kinds(later)).toEqual(["producerChanged", "server"]);
    expect(later[0]).toMatchObject({ value: { producerId: "p", answeredCount: 7n, registrationCount: 100 } });
    expect(work.views).toBe(2);
  });

  it("with a filter is sent the changes of its topics, and those of very many topics", async () => {
    const { join, fact } = create();
    const watcher = join("a.*");
    await watcher.readAll();
    fact(changed("other", "b.c"));
    fact(changed("by-topic", "a.b", "c"));
    fact(changed("by-pattern", "*.c"));
    fact({
      kind: "producerLeft",
      ...{ identity: "of-many", producerId: "of-many", principal: "" },
      topics: "MANY",
    });
    fact(ended("r", "a.b"));
    fact(ended("s", "a.b.c"));
    fact(changed("nothing"));

    const events = await watcher.readAll();

    expect(events).toMatchObject([
      { $case: "producerChanged", value: { producerId: "by-topic" } },
      { $case: "producerChanged", value: { producerId: "by-pattern" } },
      { $case: "producerLeft", value: "of-many" },
      { $case: "requestEnded", value: { requestId: "r" } },
    ]);
  });

  it("that does not read holds one message; when it reads again, it is told how many events it lost", async () => {
    const { join, fact } = create();
    const slow = join();
    await nextTurn();
    for (let i = 0; i < MAX_EVENTS + 1_000; i++) fact(ended(`r${i}`));
    await nextTurn();
    expect(slow.messages).toHaveLength(1);

    const events = await slow.readAll();

    const [first, second] = events;
    expect(first).toMatchObject({ $case: "lostCount" });
    const lost = Number(first?.$case === "lostCount" ? first.value : 0);
    expect(second).toMatchObject({ $case: "requestEnded", value: { requestId: `r${lost}` } });
    expect(events).toHaveLength(1 + MAX_EVENTS + 1_000 - lost);
    expect(Math.max(...slow.messages.map((message) => message.byteLength))).toBeLessThan(17 * 1_024);
  });

  it("that reads again is sent the latest state of the server only", async () => {
    const { join, tick, work } = create();
    const slow = join();
    await nextTurn();
    for (let i = 0; i < 300; i++) tick();

    expect(kinds(await slow.readAll())).toEqual(["server"]);
    expect(work.snapshots).toBe(2);
  });

  it("loses events that are too large to be kept, too", async () => {
    const { join, fact } = create();
    const slow = join();
    await nextTurn();
    for (let i = 0; i < 100; i++) fact(ended(`r${i}`, "t", "x".repeat(1_024 * 1_024)));

    const events = await slow.readAll();

    expect(events[0]).toEqual({ $case: "lostCount", value: 93n });
    expect(events).toHaveLength(8);
  });
});

describe("many watchers", () => {
  it("that do not read cause no work and hold one message each", async () => {
    const { join, fact, tick, work } = create();
    const all = Array.from({ length: 1_000 }, () => join());
    for (let turn = 0; turn < 30; turn++) await nextTurn();
    expect(work.snapshots).toBeLessThanOrEqual(30);
    const atFirst = { ...work };
    for (let i = 0; i < 300; i++) {
      tick();
      fact(changed(`p${i}`));
      fact(ended(`r${i}`));
      await nextTurn();
    }

    expect(work).toEqual(atFirst);
    expect(all.every(({ messages }) => messages.length === 1)).toBe(true);
  });

  it("share the encoding of each event", async () => {
    const { join, fact, tick, work } = create();
    const all = Array.from({ length: 50 }, () => join());
    await Promise.all(all.map((watcher) => watcher.readAll()));
    const { snapshots } = work;
    fact(changed("p"));
    tick();
    const events = await Promise.all(all.map((watcher) => watcher.readAll()));

    expect(events.every((each) => each.length === 2)).toBe(true);
    expect(work).toEqual({ views: 1, snapshots: snapshots + 1 });
  });

  it("share the bytes of large events, whether they read or not", async () => {
    const { join, fact } = create();
    const all = Array.from({ length: 50 }, () => join());
    await Promise.all(all.map((watcher) => watcher.readAll()));
    fact(ended("small"));
    fact(ended("large", "t", "x".repeat(1_024 * 1_024)));
    for (let turn = 0; turn < 3; turn++) await nextTurn();

    expect(all.every(({ events }) => kinds(events).at(-1) === "requestEnded")).toBe(true);
    const parts = new Set(all.flatMap((watcher) => [...watcher.parts]));
    expect([...parts].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(1_200_000);
  });

  it("take turns: each turn of the event loop has at most 100 messages", async () => {
    const { join, fact } = create();
    const all = Array.from({ length: 1_000 }, () => join());
    const sent = () => all.reduce((sum, { messages }) => sum + messages.length, 0);
    const perTurn: number[] = [];
    for (let before = 0; before < 1_000; before = sent()) {
      await nextTurn();
      perTurn.push(sent() - before);
    }
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(100);

    // Watchers that read nothing, or that an event does not concern, do not hold up the others.
    const last = join("wanted");
    await last.readAll();
    fact(ended("r", "wanted"));
    expect(kinds(await last.readAll())).toEqual(["requestEnded"]);
  });

  it("cost nothing once they have left", () => {
    const { join, isWatching } = create();
    const [first, second] = [join(), join()];
    first.leave();
    expect(isWatching()).toBe(true);
    second.leave();
    second.leave();

    expect(isWatching()).toBe(false);
  });
});
