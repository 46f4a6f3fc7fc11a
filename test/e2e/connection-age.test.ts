/**
 * A connection that reaches its maximum age: every long stream on it is told, finishes its work and ends with a status, and
 * nothing is lost.
 */
import { once } from "node:events";
import {
  GoAwayReason,
  ListenRequest,
  NoProducersAction,
  OutcomeState,
  type Summary,
  SummaryReason,
} from "ate-dispatcher-client/internal";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHeldServer } from "../support/held-clock.js";
import { startServer } from "../support/in-process.js";
import { connectRaw, framed } from "../support/raw-call.js";
import {
  connect,
  type ListenStream,
  millis,
  type RequestInit,
  type WireClient,
} from "../support/wire-client.js";

const AGE_MS = 31_000;
const GRACE_MS = 60_000;
const AGED = { code: "UNAVAILABLE", reason: "CONNECTION_AGE" };

/** A server whose connections have a maximum age. */
async function startAging() {
  const server = await startHeldServer({
    maxConnectionAgeMs: AGE_MS,
    maxConnectionAgeGraceMs: GRACE_MS,
    keepaliveTimeMs: 10_000,
    keepaliveTimeoutMs: 20_000,
    firstMessageTimeoutMs: 600_000,
    maxTtlMs: 600_000,
    defaultTtlMs: 600_000,
  });
  // In steps: the clock of a PING is held, and its socket is not, so its acknowledgement needs a real round trip.
  const pass = async (client: WireClient, wholeMs: number, stepMs: number): Promise<void> => {
    for (let ms = 0; ms < wholeMs; ms += stepMs) {
      server.advance(stepMs);
      await client.serverInfo();
    }
  };
  return {
    address: server.address,
    /** Advances the clock beyond the age of all connections; grpc-js varies it by a tenth. */
    reachAge: (client: WireClient) => pass(client, AGE_MS * 1.1, 8_000),
    /** Advances the clock beyond the grace. */
    passGrace: (client: WireClient) => pass(client, GRACE_MS, 500),
  };
}

describe("at the maximum age of its connection", () => {
  it("every long stream is told, and ends with CONNECTION_AGE", async () => {
    const { address, reachAge } = await startAging();
    const client = connect(address);
    const producer = await client.producer("p", ["age.streams"]);
    const listener = await client.listener({ topics: ["age.streams"] });
    const subscriber = client.subscribe();
    subscriber.send({ $case: "listen", value: { topics: ["age.streams"] } });
    await subscriber.next("ready");
    const submit = client.submit();
    submit.submit({ correlationId: "c", request: { topic: "nobody" } });
    await submit.next("acceptance");
    const watcher = client.watch();
    await watcher.next("server");
    await reachAge(client);

    for (const stream of [producer, listener, subscriber, submit] as readonly ListenStream[]) {
      expect(await stream.ended).toMatchObject(AGED);
      const told = stream.all("goAway").map(({ reason, grace }) => [reason, millis(grace)]);
      expect(told).toEqual([[GoAwayReason.CONNECTION_AGE, GRACE_MS]]);
    }
    expect(await watcher.ended).toMatchObject(AGED);
  });

  it("outstanding work finishes, and no new work arrives", async () => {
    const { address, reachAge } = await startAging();
    const client = connect(address);
    const producer = await client.producer("p", ["age.work"]);
    const caller = client.submit();
    caller.submit({ correlationId: "c", request: { topic: "age.work" }, gather: true });
    const gather = client.gather({ topic: "age.work" });
    const assignments = await producer.take("assignment", 2);
    await reachAge(client);
    await producer.next("goAway");
    await caller.next("goAway");
    await client.dispatch({ topic: "age.work" });
    for (const assignment of assignments) producer.answer(assignment, "in time");

    expect((await caller.next("summary")).reason).toBe(SummaryReason.ALL_ANSWERED);
    expect((await gather.next("summary")).reason).toBe(SummaryReason.ALL_ANSWERED);
    expect(await gather.ended).toMatchObject({ code: "OK" });
    expect(await caller.ended).toMatchObject(AGED);
    expect(await producer.ended).toMatchObject(AGED);
    expect(producer.all("assignment")).toHaveLength(2);
  });

  it("new streams of the same client are on a new connection", async () => {
    const { address, reachAge } = await startAging();
    const client = connect(address);
    const first = await client.producer("p", ["age.again"]);
    await reachAge(client);
    await first.ended;
    const second = await client.producer("p", ["age.again"]);
    const gather = client.gather({ topic: "age.again" });
    second.answer(await second.next("assignment"), "again");
    expect((await gather.next("summary")).reason).toBe(SummaryReason.ALL_ANSWERED);
    const [before, after] = (await client.producers()).map(({ peer }) => peer);
    expect(before).not.toBe("");
    expect(after).toBeUndefined();
  });

  it("a session that opens after the age, on a stream from before, is told at once", async () => {
    const { address, reachAge } = await startAging();
    const client = connect(address);
    const producer = client.produce();
    const subscriber = client.subscribe();
    await client.serverInfo();
    await reachAge(connect(address));
    producer.send({ $case: "hello", value: { registrations: [{ topic: "age.late" }] } });
    subscriber.send({ $case: "listen", value: { topics: ["age.late"] } });

    expect(await producer.ended).toMatchObject(AGED);
    expect(await subscriber.ended).toMatchObject(AGED);
    expect(producer.events.map(({ $case }) => $case)).toEqual(["welcome", "goAway"]);
    expect(subscriber.events.map(({ $case }) => $case)).toEqual(["ready", "goAway"]);
  });

  it("a stream that has work left when the grace ends gets CONNECTION_AGE, and its connection closes", async () => {
    const { address, reachAge, passGrace } = await startAging();
    const client = connect(address);
    const producer = await client.producer("p", ["age.stuck"]);
    const caller = client.submit();
    caller.submit({ correlationId: "c", request: { topic: "age.stuck" }, gather: true });
    await producer.next("assignment");
    await reachAge(client);
    await producer.next("goAway");
    await caller.next("goAway");
    await passGrace(client);

    expect(await producer.ended).toMatchObject(AGED);
    expect(await caller.ended).toMatchObject(AGED);
  });
});

describe("a client that closes its connection and still has streams on it", () => {
  it("keeps them, although the server sends PINGs", async () => {
    const { address } = await startServer({ keepaliveTimeMs: 10, keepaliveTimeoutMs: 30_000 });
    const session = connectRaw(address);
    const listen = session.request({
      ":method": "POST",
      ":path": "/ate.dispatcher.v1.DispatcherService/Listen",
      "content-type": "application/grpc",
      te: "trailers",
    });
    listen.end(framed(ListenRequest.encode(ListenRequest.fromPartial({ topics: ["left.open"] })).finish()));
    const heard = new Promise<void>((resolve) => {
      listen.on("data", (bytes: Buffer) => (bytes.includes("heard") ? resolve() : undefined));
    });
    await once(listen, "response");
    session.close();
    for (let i = 0; i < 3; i++) await once(session, "ping");
    const client = connect(address);
    const producer = await client.producer("p", ["left.open"]);
    const gather = client.gather({ topic: "left.open" });
    producer.answer(await producer.next("assignment"), "heard");
    await gather.next("summary");

    await heard;
  });
});

/** Whether the test is over. A peer must not open its stream again then. */
let isOver = false;

describe("over several ages of all connections", () => {
  it("no assignment departs, every gather ends, and every result is heard", async () => {
    const topic = "age.busy";
    isOver = false;
    const { address } = await startServer({
      maxConnectionAgeMs: 2_500,
      maxConnectionAgeGraceMs: 30_000,
      keepaliveTimeMs: 10,
      keepaliveTimeoutMs: 2_400,
    });
    const peers = [1, 2, 3].map((n) => producing(connect(address), `p${n}`, topic));
    const listener = listening(connect(address), topic);
    const callers = [1, 2, 3, 4].map((n) => gathering(connect(address), `${n}`, topic));
    // The hook of a later call runs first: before the clients close.
    onTestFinished(() => {
      isOver = true;
    });
    // Every producer and the listener have outlived two connections.
    await Promise.all([...peers, listener].map((peer) => peer.moved(2)));
    const summaries = (await Promise.all(callers.map((caller) => caller.stop()))).flat();
    const answered = summaries.flatMap(({ requestId, outcomes }) =>
      outcomes.map(({ producerId, state }) => [`${requestId} ${producerId}`, state] as const),
    );

    expect(new Set(answered.map(([, state]) => state))).toEqual(new Set([OutcomeState.ANSWERED]));
    expect(answered.length).toBeGreaterThan(20);
    await listener.hears(answered.map(([key]) => key));
    expect(listener.gapCount()).toBe(0);
  });
});

/** A peer that opens its stream again when it ends. */
interface Moving {
  /** Resolves when the peer has moved to a new connection this many times. */
  moved(count: number): Promise<void>;
}

/** Counts how often a peer has moved. */
function countMoves() {
  let count = 0;
  const waiters: (() => void)[] = [];
  return {
    add: (): void => {
      count++;
      for (const wake of waiters) wake();
    },
    moved: (target: number) =>
      new Promise<void>((resolve) => {
        const check = (): void => (count >= target ? resolve() : undefined);
        waiters.push(check);
        check();
      }),
  };
}

/** A producer that answers each assignment a round trip later. */
function producing(client: WireClient, producerId: string, topic: string): Moving {
  const { add, moved } = countMoves();
  const serveStream = async (): Promise<void> => {
    const stream = await client.producer(producerId, [topic]);
    for (;;) {
      const assignment = await stream.next("assignment");
      void client.topics().then(() => stream.answer(assignment, producerId));
    }
  };
  const serve = (): void =>
    void serveStream().catch(() => {
      add();
      if (!isOver) serve();
    });
  serve();
  return { moved };
}

/** A listener that resumes from its cursors, and remembers what it has heard. */
function listening(client: WireClient, topic: string) {
  const { add, moved } = countMoves();
  const heard = new Set<string>();
  let gapCount = 0;
  let cursors: { readonly topic: string; readonly epoch: string; readonly sequence: bigint }[] = [];
  let wake = (): void => undefined;
  const listenStream = async (): Promise<void> => {
    const stream = client.listen({ topics: [topic], resumeFrom: cursors });
    const { cursors: live } = await stream.next("ready");
    const [epoch = ""] = live.map((cursor) => cursor.epoch);
    const follow = async (): Promise<void> => {
      for (;;) {
        const { requestId, producerId, sequence } = await stream.next("delivery");
        cursors = [{ topic, epoch, sequence }];
        heard.add(`${requestId} ${producerId}`);
        wake();
      }
    };
    if (cursors.length === 0) cursors = live.map((cursor) => ({ ...cursor }));
    await follow().catch(() => undefined);
    gapCount += stream.all("gap").length;
  };
  const listen = (): void =>
    void listenStream().finally(() => {
      add();
      if (!isOver) listen();
    });
  listen();
  return {
    moved,
    gapCount: () => gapCount,
    hears: (keys: readonly string[]) =>
      new Promise<void>((resolve) => {
        wake = () => (keys.every((key) => heard.has(key)) ? resolve() : undefined);
        wake();
      }),
  };
}

/** A caller that gathers one request after the other, in turn on a call of its own and on its Submit stream. */
function gathering(client: WireClient, name: string, topic: string) {
  const summaries: Summary[] = [];
  let isStopped = false;
  let submit = client.submit();
  const onSubmit = async (request: RequestInit): Promise<Summary> => {
    submit.submit({ correlationId: `${request.requestId}`, request, gather: true });
    return submit.next("summary");
  };
  const ask = async (request: RequestInit, isOnSubmit: boolean): Promise<Summary> => {
    try {
      return await (isOnSubmit ? onSubmit(request) : client.gather(request).next("summary"));
    } catch (error) {
      if (isOver) throw error;
      // The stream was too old. The same request_id makes this the same request.
      submit = client.submit();
      return ask(request, isOnSubmit);
    }
  };
  const run = (async () => {
    for (let i = 0; !isStopped; i++) {
      const noProducersAction = NoProducersAction.WAIT;
      summaries.push(await ask({ topic, requestId: `r${name}.${i}`, noProducersAction }, i % 2 === 0));
    }
  })();
  return {
    async stop(): Promise<readonly Summary[]> {
      isStopped = true;
      await run;
      return summaries;
    },
  };
}
