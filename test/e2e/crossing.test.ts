/**
 * A reply and a cancellation that cross on their way, 10,000 times, over connections of their own: whichever the server
 * reads first, each request, each assignment and each reply has exactly one end, and all of them tell the same.
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
  /** How many travel in one message; between two messages the event loop turns once. */
  readonly perMessage: number;
  /** Whether cancellations go in the order of the replies, or the other way round, so that they meet in the middle. */
  readonly cancels: "alike" | "reversed";
  /** By `cancel_request_ids` of the stream, or by a call each. */
  readonly by: "stream" | "call";
}

const SHAPES: readonly Shape[] = [
  { goesFirst: "reply", perMessage: PER_ROUND, cancels: "alike", by: "stream" },
  { goesFirst: "cancel", perMessage: PER_ROUND, cancels: "alike", by: "stream" },
  { goesFirst: "reply", perMessage: 1, cancels: "alike", by: "stream" },
  { goesFirst: "cancel", perMessage: 1, cancels: "alike", by: "stream" },
  { goesFirst: "reply", perMessage: 10, cancels: "reversed", by: "stream" },
  { goesFirst: "cancel", perMessage: 10, cancels: "reversed", by: "stream" },
  { goesFirst: "reply", perMessage: 1, cancels: "reversed", by: "stream" },
  { goesFirst: "cancel", perMessage: 1, cancels: "reversed", by: "stream" },
  { goesFirst: "cancel", perMessage: 10, cancels: "alike", by: "call" },
  { goesFirst: "reply", perMessage: 10, cancels: "reversed", by: "call" },
];

const processes = createProcesses();
afterEach(() => processes.stopAll());

/** Everybody on the topic, each on a connection of its own. */
interface Peers {
  readonly producer: ProduceStream;
  readonly requester: SubmitStream;
  readonly canceller: WireClient;
  readonly cancelStream: SubmitStream;
  readonly listener: ListenStream;
}

async function assemble(address: string): Promise<Peers> {
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
    requester: connect(address).submit(),
    canceller,
    cancelStream: canceller.submit(),
    listener,
  };
}

/**
 * Plays one round: every request of it is answered and cancelled at the same time.
 *
 * @returns what the cancelling calls were told.
 */
async function cross(peers: Peers, round: number): Promise<readonly Summary[]> {
  const { producer, requester, canceller, cancelStream } = peers;
  const shape = SHAPES[round % SHAPES.length] as Shape;
  const ids = Array.from({ length: PER_ROUND }, (_, i) => `${round}-${i}`);
  requester.submit(
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
    producer.say(
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
    requester.take("acceptance", PER_ROUND),
    requester.take("summary", PER_ROUND),
  ]);
  return await Promise.all(calls);
}

/** The only one that bears a key; fails if there is another. */
function keyed<T>(what: string, all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const one of all) {
    const key = keyOf(one);
    if (found.has(key)) throw new Error(`${key} has two of: ${what}`);
    found.set(key, one);
  }
  return found;
}

describe("a reply and a cancellation at the same instant,", () => {
  it("10,000 times: the server lives, and each request, assignment and reply has exactly one end", async () => {
    const server = await processes.serve();
    const peers = await assemble(server.address);
    const answers: Summary[] = [];
    for (let round = 0; round < ROUNDS; round++) answers.push(...(await cross(peers, round)));
    const { producer, requester, listener } = peers;
    await listener.take("summary", PER_ROUND * ROUNDS);
    const { counts, totals } = await peers.canceller.serverInfo();

    const ofRequest = ({ requestId }: { readonly requestId: string }) => requestId;
    const assignments = keyed("assignment", producer.all("assignment"), ofRequest);
    const dispositions = keyed("disposition", producer.all("disposition"), (one) => one.assignmentId);
    const revoked = producer.all("revocation").flatMap(({ assignmentIds }) => assignmentIds);
    const revocations = keyed("revocation", revoked, (id) => id);
    const summaries = keyed("summary", requester.all("summary"), ofRequest);
    const gathered = keyed("gathered result", requester.all("delivery"), ofRequest);
    const toldListener = keyed("listener's summary", listener.all("summary"), ofRequest);
    const toldCanceller = keyed("answer", answers, ofRequest);
    const heard = keyed("heard result", listener.all("delivery"), ofRequest);

    const seen = { ACCEPTED: 0, CANCELLED: 0 };
    const wrong: unknown[] = [];
    for (const [requestId, { assignmentId }] of assignments) {
      const disposition = dispositions.get(assignmentId)?.state;
      const isAccepted = disposition === DispositionState.ACCEPTED;
      seen[isAccepted ? "ACCEPTED" : "CANCELLED"]++;
      const summary = summaries.get(requestId);
      const outcomes = summary?.outcomes.map(({ state }) => state);
      const story = {
        requestId,
        disposition,
        reason: summary?.reason,
        outcomes,
        listenersReason: toldListener.get(requestId)?.reason,
        cancellersReason: (toldCanceller.get(requestId) ?? summary)?.reason,
        isGathered: gathered.has(requestId),
        heardLate: heard.get(requestId)?.late,
        isRevoked: revocations.has(assignmentId),
      };
      const reason = isAccepted ? SummaryReason.ALL_ANSWERED : SummaryReason.CANCELLED;
      const wanted = {
        requestId,
        disposition: isAccepted ? DispositionState.ACCEPTED : DispositionState.CANCELLED,
        reason,
        outcomes: [isAccepted ? OutcomeState.ANSWERED : OutcomeState.CANCELLED],
        listenersReason: reason,
        cancellersReason: reason,
        isGathered: isAccepted,
        heardLate: !isAccepted,
        isRevoked: !isAccepted,
      };
      if (JSON.stringify(story) !== JSON.stringify(wanted)) wrong.push({ story, wanted });
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    for (const all of [assignments, dispositions, summaries, toldListener, heard]) {
      expect(all.size).toBe(PER_ROUND * ROUNDS);
    }
    // Without crossings this would be a test of nothing.
    expect(Math.min(seen.ACCEPTED, seen.CANCELLED)).toBeGreaterThan((PER_ROUND * ROUNDS) / 10);
    expect(Number(totals.results)).toBe(seen.ACCEPTED);
    expect(Number(totals.cancelledResults)).toBe(seen.CANCELLED);
    expect(counts).toMatchObject({ pendingRequests: 0, outstandingAssignments: 0, waitingAssignments: 0 });
    // Warnings and errors are logged as JSON.
    expect(server.stderr.all.filter((line) => line.startsWith("{"))).toEqual([]);
  });
});
