/**
 * A small handwritten history that keeps every promise: two producers, three listeners (one reconnects, one loses a
 * result), a requester, and requests that end in different ways. invariants.test.ts mutates it.
 */
import type { Cursor, EventOf, HistoryEvent, Kind, Said, SummaryFacts } from "./history.js";

const SERVER = "s1";
const TOPIC = "a";
const EPOCH = "s1.1";
const TTL_MS = 100;

/** Returns a copy that a test may mutate. */
export function goodHistory(): HistoryEvent[] {
  const writer = new Writer();
  writer.everybodyComes();
  for (let n = 1; n <= 8; n++) writer.request(n);
  writer.comesBack();
  for (let n = 9; n <= 12; n++) writer.request(n);
  writer.expires(13);
  writer.everybodyLeaves();
  return writer.events;
}

const cursor = (sequence: number): Cursor => ({ topic: TOPIC, epoch: EPOCH, sequence });

class Writer {
  readonly events: HistoryEvent[] = [];
  #at = 1_000;
  #sequence = 0;
  #deliveries = 0;
  #away: EventOf<"delivered">[] = [];
  #isAway = false;
  #back = "l2#1";

  everybodyComes(): void {
    this.#note("planned", { seed: 0, restarts: false, forgets: false });
    this.#note("serverStarted", { serverId: SERVER });
    for (const producerId of ["p1", "p2"]) {
      const session = `${producerId}#1`;
      const registrations = [{ topic: TOPIC, group: "" }];
      this.#note("producerOpened", { session, producerId, registrations, isExact: true });
      this.#note("welcomed", { session, serverId: SERVER });
    }
    for (const listener of ["l1", "l2", "slow"]) this.#listen(`${listener}#1`, listener, []);
    this.#note("paused", { stream: "slow#1" });
  }

  /** A request that both producers answer; the slow listener loses the first of the results in a gap. */
  request(n: number): void {
    const requestId = `q${n}`;
    this.#ask(requestId);
    for (const producerId of ["p1", "p2"]) this.#assign(requestId, producerId);
    if (n === 3) this.#pauseOf("l2");
    for (const [i, producerId] of ["p1", "p2"].entries()) this.#answer(requestId, producerId, i + 1, n === 5);
    const state = "ANSWERED" as const;
    this.#end({
      ...{ requestId, topic: TOPIC, reason: "ALL_ANSWERED", satisfied: true, elapsedMs: 9 },
      ...{ targetedCount: 2, answeredCount: 2, failedCount: 0, missingCount: 0 },
      outcomes: ["p1", "p2"].map((producerId) => ({ producerId, group: "", state, resultCount: 1 })),
    });
    if (n % 4 === 0) this.#beat();
  }

  /** The second listener reconnects, and the server replays the results that it missed. */
  comesBack(): void {
    this.#isAway = false;
    this.#back = "l2#2";
    const from = this.#away[0]?.sequence ?? 0;
    this.#listen("l2#2", "l2", [cursor(from - 1)]);
    for (const { stream: _, at: _at, kind: _kind, ...facts } of this.#away) {
      this.#note("delivered", { stream: "l2#2", ...facts });
    }
  }

  /** A request that one producer answers after its TTL. */
  expires(n: number): void {
    const requestId = `q${n}`;
    this.#ask(requestId);
    for (const producerId of ["p1", "p2"]) this.#assign(requestId, producerId);
    this.#answer(requestId, "p1", 1, false);
    this.#at += TTL_MS;
    const missed = { producerId: "p2", group: "", state: "MISSED" as const, resultCount: 0 };
    this.#end({
      ...{ requestId, topic: TOPIC, reason: "EXPIRED", satisfied: false, elapsedMs: TTL_MS },
      ...{ targetedCount: 2, answeredCount: 1, failedCount: 0, missingCount: 1 },
      outcomes: [{ producerId: "p1", group: "", state: "ANSWERED", resultCount: 1 }, missed],
    });
    this.#reply(requestId, "p2", "LATE");
  }

  everybodyLeaves(): void {
    this.#note("settling", { serverId: SERVER });
    this.#beat();
    this.#note("quiet", {
      ...{ serverId: SERVER, pending: 0, outstanding: 0, waiting: 0 },
      totals: {
        ...{ acceptedRequests: 13, rejectedRequests: 0, assignments: 26, results: 25, lateResults: 1 },
        ...{ duplicateResults: 0, unknownResults: 0, cancelledResults: 0 },
        ...{ deliveries: this.#deliveries, droppedDeliveries: 2 },
      },
      topics: [cursor(this.#sequence)],
    });
    this.#note("empty", { producers: 0, listeners: 0, pending: 0 });
    this.#note("serverExited", { code: 0, complaints: [] });
  }

  #note<K extends Kind>(kind: K, said: Said<K>): void {
    this.#at += 1;
    this.events.push({ at: this.#at, kind, ...said } as unknown as HistoryEvent);
  }

  #listen(stream: string, listener: string, resumeFrom: readonly Cursor[]): void {
    this.#note("listenerOpened", {
      ...{ stream, listener, topics: [TOPIC], group: "", includeLate: false, includeSummaries: true },
      ...{ resumeFrom, bufferBytes: 0, isResumedByClient: false },
    });
    this.#note("ready", { stream, serverId: SERVER, cursors: [resumeFrom[0] ?? cursor(this.#sequence)] });
  }

  #ask(requestId: string): void {
    const caller = "r1";
    this.#note("submitted", {
      ...{
        caller,
        isRepeat: false,
        requestId,
        topic: TOPIC,
        ttlMs: TTL_MS,
        gather: true,
        digest: `of ${requestId}`,
      },
      ...{
        excludeListeners: false,
        letsRun: false,
        hasPolicy: false,
        selects: false,
        noProducers: "COMPLETE",
      },
    });
    const targets = ["p1", "p2"].map((producerId) => ({ producerId, group: "" }));
    this.#note("accepted", { caller, requestId, targets, ttlMs: TTL_MS });
  }

  #assign(requestId: string, producerId: string): void {
    this.#note("assigned", {
      ...{ session: `${producerId}#1`, assignmentId: `${requestId}-${producerId}`, requestId, topic: TOPIC },
      ...{ attempt: 1, ttlMs: TTL_MS, digest: `of ${requestId}` },
    });
  }

  #reply(requestId: string, producerId: string, state: string): void {
    const session = `${producerId}#1`;
    const assignmentId = `${requestId}-${producerId}`;
    this.#note("replied", {
      ...{ session, assignmentId, requestId, producerId, index: 0, more: false, isError: false },
      digest: `by ${producerId} for ${requestId}`,
    });
    this.#note("disposed", { session, assignmentId, state });
  }

  #answer(requestId: string, producerId: string, ordinal: number, isLostToSlow: boolean): void {
    this.#reply(requestId, producerId, "ACCEPTED");
    const facts = {
      ...{ requestId, topic: TOPIC, producerId, group: "", ordinal, more: false, late: false, latencyMs: 5 },
      ...{ sequence: ++this.#sequence, digest: `by ${producerId} for ${requestId}` },
      ...{ session: `${producerId}#1`, index: 0 },
    };
    this.#note("gathered", { caller: "r1", ...facts });
    this.#note("delivered", { stream: "l1#1", ...facts });
    this.#deliveries += 2;
    if (!this.#isAway) {
      this.#note("delivered", { stream: this.#back, ...facts });
      this.#deliveries++;
    } else {
      this.#away.push({ at: 0, kind: "delivered", stream: "", ...facts });
    }
    if (!isLostToSlow) {
      this.#note("delivered", { stream: "slow#1", ...facts });
      this.#deliveries++;
    } else if (ordinal === 2) {
      const [from, to] = [this.#sequence - 1, this.#sequence];
      this.#note("gap", { stream: "slow#1", topic: TOPIC, reason: "SLOW_LISTENER", from, to, lostCount: 2 });
    }
  }

  #pauseOf(listener: string): void {
    this.#isAway = true;
    this.#note("listenerBroken", { stream: `${listener}#1`, by: "severListener" });
    this.#note("listenerEnded", { stream: `${listener}#1`, code: "CANCELLED", reason: "" });
  }

  #end(summary: SummaryFacts): void {
    this.#note("callerTold", { caller: "r1", ...summary });
    this.#note("listenerTold", { stream: "l1#1", ...summary });
    if (!this.#isAway) this.#note("listenerTold", { stream: this.#back, ...summary });
    this.#note("listenerTold", { stream: "slow#1", ...summary });
  }

  #beat(): void {
    for (const stream of ["l1#1", "slow#1"])
      this.#note("heartbeat", { stream, cursors: [cursor(this.#sequence)] });
  }
}
