/**
 * A reply and a cancellation race each other 10,000 times, over separate connections. Whichever the server reads first,
 * each request, each assignment and each reply ends exactly once, and all peers receive the same end.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { DispositionState, OutcomeState, type Summary, SummaryReason } from "ate-dispatcher-client/internal";
import { afterEach, describe, expect, it } from "vitest";
import { createProcesses } from "../support/processes.js";
import {
  connect,
  duration,
  type ListenStream,
  type ProduceStream,
  type SubmitStream,
  type WireClient,
} from "../support/wire-client.js";

const TOPIC = "crossing";
const PER_ROUND = 200;
const ROUNDS = 50;

/** How replies and cancellations of one round are sent. */
interface Shape {
  readonly goesFirst: "reply" | "cancel";
  /** Number of replies or cancellations per message. Between two messages the event loop runs once. */
  readonly perMessage: number;
  /** Whether cancellations are sent in the order of the replies, or in reverse, so that they meet in the middle. */
  readonly cancels: "inOrder" | "reversed";
  /** By `cancel_request_ids` of a stream, or by one call each. */
  readonly by: "stream" | "call";
}

const SHAPES: readonly Shape[] = [
  { goesFirst: "reply", perMessage: PER_ROUND, cancels: "inOrder", by: "stream" },
  { goesFirst: "cancel", perMessage: PER_ROUND, cancels: "inOrder", by: "stream" },
  { goesFirst: "reply", perMessage: 1, cancels: "inOrder", by: "stream" },
  { goesFirst: "cancel", perMessage: 1, cancels: "inOrder", by: "stream" },
  { goesFirst: "reply", perMessage: 10, cancels: "reversed", by: "stream" },
  { goesFirst: "cancel", perMessage: 10, cancels: "reversed", by: "stream" },
  { goesFirst: "reply", perMessage: 1, cancels: "reversed", by: "stream" },
  { goesFirst: "cancel", perMessage: 1, cancels: "reversed", by: "stream" },
  { goesFirst: "cancel", perMessage: 10, cancels: "inOrder", by: "call" },
  { goesFirst: "reply", perMessage: 10, cancels: "reversed", by: "call" },
];

const processes = createProcesses();
afterEach(() => processes.stopAll());

/** The peers of the topic, each on a connection of its own. */
interface Peers {
  readonly producer: ProduceStream;
  readonly caller: SubmitStream;
  readonly canceller: WireClient;
  readonly cancelStream: SubmitStream;
  readonly listener: ListenStream;
}

async function connectPeers(address: string): Promise<Peers> {
  const producer = await connect(address).producer("p", [TOPIC], {
    registrations: [{ topic: TOPIC }],
    maxOutstanding: PER_ROUND,
    reportDispositions: true,
  });
  const topics = [TOPIC];
  const listener = await connect(address).listener({ topics, includeLate: true, includeSummaries: true });
  const canceller = connect(address);
  return {
    producer,
    caller: connect(address).submit(),
    canceller,
    cancelStream: canceller.submit(),
    listener,
  };
}

/**
 * Runs one round: every request is replied to and cancelled at the same time.
 *
 * @returns the summaries that the cancelling calls returned.
 */
async function runRound(peers: Peers, round: number): Promise<readonly Summary[]> {
  const { producer, caller, canceller, cancelStream } = peers;
  const shape = SHAPES[round % SHAPES.length] as Shape;
  const ids = Array.from({ length: PER_ROUND }, (_, i) => `${round}-${i}`);
  caller.submit(
    ...ids.map((requestId) => ({
      correlationId: requestId,
      request: { requestId, topic: TOPIC, ttl: duration(60_000) },
      gather: true,
    })),
  );
  const assignments = await producer.take("assignment", PER_ROUND);
  const toCancel = assignments.map(({ requestId }) => requestId);
  if (shape.cancels === "reversed") toCancel.reverse();

  const calls: Promise<Summary>[] = [];
  const reply = (from: number, to: number) =>
    producer.send(
      ...assignments.slice(from, to).map(({ assignmentId }) => ({
        $case: "reply" as const,
        value: { assignmentId, result: { outcome: { $case: "value" as const, value: assignmentId } } },
      })),
    );
  const cancel = (from: number, to: number) => {
    const requestIds = toCancel.slice(from, to);
    if (shape.by === "stream") cancelStream.send({ cancelRequestIds: requestIds });
    else calls.push(...requestIds.map((requestId) => canceller.cancelRequest(requestId)));
  };
  const both = shape.goesFirst === "reply" ? [reply, cancel] : [cancel, reply];
  for (let from = 0; from < PER_ROUND; from += shape.perMessage) {
    for (const send of both) send(from, from + shape.perMessage);
    await nextTurn();
  }
  await Promise.all([
    producer.take("disposition", PER_ROUND),
    caller.take("acceptance", PER_ROUND),
    caller.take("summary", PER_ROUND),
  ]);
  return await Promise.all(calls);
}

/** Indexes items by their key. Throws if two items have the same key. */
function uniqueByKey<T>(what: string, all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const one of all) {
    const key = keyOf(one);
    if (found.has(key)) throw new Error(`${key} has more than one ${what}`);
    found.set(key, one);
  }
  return found;
}

describe("a reply and a cancellation at the same time,", () => {
  it("10,000 times: the server stays up, and each request, assignment and reply ends exactly once", async () => {
    const server = await processes.serve();
    const peers = await connectPeers(server.address);
    const cancelSummaries: Summary[] = [];
    for (let round = 0; round < ROUNDS; round++) cancelSummaries.push(...(await runRound(peers, round)));
    const { producer, caller, listener } = peers;
    await listener.take("summary", PER_ROUND * ROUNDS);
    const { counts, totals } = await peers.canceller.serverInfo();

    const ofRequest = ({ requestId }: { readonly requestId: string }) => requestId;
    const assignments = uniqueByKey("assignment", producer.all("assignment"), ofRequest);
    const dispositions = uniqueByKey("disposition", producer.all("disposition"), (one) => one.assignmentId);
    const revoked = producer.all("revocation").flatMap(({ assignmentIds }) => assignmentIds);
    const revocations = uniqueByKey("revocation", revoked, (id) => id);
    const summaries = uniqueByKey("summary", caller.all("summary"), ofRequest);
    const gathered = uniqueByKey("gathered result", caller.all("delivery"), ofRequest);
    const listenerSummaries = uniqueByKey("listener's summary", listener.all("summary"), ofRequest);
    const cancelResponses = uniqueByKey("cancel response", cancelSummaries, ofRequest);
    const received = uniqueByKey("received result", listener.all("delivery"), ofRequest);

    const counted = { ACCEPTED: 0, CANCELLED: 0 };
    const mismatches: unknown[] = [];
    for (const [requestId, { assignmentId }] of assignments) {
      const disposition = dispositions.get(assignmentId)?.state;
      const isAccepted = disposition === DispositionState.ACCEPTED;
      counted[isAccepted ? "ACCEPTED" : "CANCELLED"]++;
      const summary = summaries.get(requestId);
      const outcomes = summary?.outcomes.map(({ state }) => state);
      const actual = {
        requestId,
        disposition,
        reason: summary?.reason,
        outcomes,
        listenersReason: listenerSummaries.get(requestId)?.reason,
        cancellersReason: (cancelResponses.get(requestId) ?? summary)?.reason,
        isGathered: gathered.has(requestId),
        isReceivedLate: received.get(requestId)?.late,
        isRevoked: revocations.has(assignmentId),
      };
      const reason = isAccepted ? SummaryReason.ALL_ANSWERED : SummaryReason.CANCELLED;
      const expected = {
        requestId,
        disposition: isAccepted ? DispositionState.ACCEPTED : DispositionState.CANCELLED,
        reason,
        outcomes: [isAccepted ? OutcomeState.ANSWERED : OutcomeState.CANCELLED],
        listenersReason: reason,
        cancellersReason: reason,
        isGathered: isAccepted,
        isReceivedLate: !isAccepted,
        isRevoked: !isAccepted,
      };
      if (JSON.stringify(actual) !== JSON.stringify(expected)) mismatches.push({ actual, expected });
    }
    expect(mismatches.slice(0, 5)).toEqual([]);
    for (const all of [assignments, dispositions, summaries, listenerSummaries, received]) {
      expect(all.size).toBe(PER_ROUND * ROUNDS);
    }
    // Both sides must win often enough; otherwise the two did not race.
    expect(Math.min(counted.ACCEPTED, counted.CANCELLED)).toBeGreaterThan((PER_ROUND * ROUNDS) / 10);
    expect(Number(totals.results)).toBe(counted.ACCEPTED);
    expect(Number(totals.cancelledResults)).toBe(counted.CANCELLED);
    expect(counts).toMatchObject({ pendingRequests: 0, outstandingAssignments: 0, waitingAssignments: 0 });
    // Warnings and errors are logged as JSON.
    expect(server.stderr.all.filter((line) => line.startsWith("{"))).toEqual([]);
  });
});
