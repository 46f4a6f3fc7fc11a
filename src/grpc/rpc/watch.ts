/**
 * Handles Watch: streams facts as they happen and, once a second, the state of the server. A watcher that reads too
 * slowly loses events and gets their number.
 */
import { type WatchEvent, WatchRequest, WatchResponse } from "ate-dispatcher-client/internal";
import type { Fact } from "../../core/vocabulary/fact.js";
import { overlap } from "../../core/vocabulary/topic.js";
import type { Sink } from "../../ports/sink.js";
import type { Ticker } from "../../ports/ticker.js";
import { fail, guard, type OutgoingCall, sinkOf, subscribe } from "../transport/call.js";
import { decodeCold } from "../wire/decode-cold.js";
import { acceptance, summary } from "../wire/encode-event.js";
import { listenerInfo, type ProcessFacts, producerInfo, serverInfo } from "../wire/encode-view.js";
import { grpcStatus } from "../wire/status.js";
import { timestamp } from "../wire/time.js";
import type { Edge } from "./edge.js";
import { topicFilterRefusal } from "./topic-filter.js";

/** Limit of queued events of one watcher. Beyond it, new events are dropped and counted. */
const MAX_QUEUED_EVENTS = 1_000;

type Event = NonNullable<WatchEvent["event"]>;

/** The open streams of watchers. They are not sessions of the core, so the core does not end them on shutdown. */
export type Watchers = Set<Sink>;

/** Handles Watch. */
export function watch(
  edge: Edge,
  facts: ProcessFacts,
  ticker: Ticker,
  watchers: Watchers,
  call: OutgoingCall & { readonly request: Buffer },
): void {
  const { runtime, clock, logger } = edge;
  guard(
    logger,
    (status) => fail(call, status),
    () => {
      const { topic: pattern } = decodeCold(WatchRequest, call.request);
      const refused = topicFilterRefusal(pattern);
      if (refused) {
        fail(call, grpcStatus(refused));
        return;
      }
      const sink = sinkOf(call, edge);
      const enqueue = queueFor(sink, edge);
      const server = (): void => {
        enqueue({
          $case: "server",
          value: serverInfo(runtime.snapshot(), runtime.droppedCount, facts, clock),
        });
      };
      const unsubscribe = runtime.watch((fact) => {
        if (concerns(fact, pattern)) enqueue(eventOf(fact, edge), requestTopic(fact));
      });
      const stopTicking = ticker.every(server);
      watchers.add(sink);
      const leave = edge.connections?.joinWatcher(call, sink);
      subscribe(call, edge, {
        closed: () => {
          leave?.();
          unsubscribe();
          stopTicking();
          watchers.delete(sink);
        },
      });
      server();
    },
  );
}

/** Enqueues events for a watcher, and sends all events of an event-loop turn as one message. */
function queueFor(sink: Sink, { clock }: Edge): (event: Event, topic?: string) => void {
  let queued: WatchEvent[] = [];
  let lost = 0;
  let isSending = false;
  const event = (of: Event, topic = ""): WatchEvent => {
    return { time: timestamp(clock.timeOfDay(clock.now())), event: of, topic };
  };
  const flush = (): void => {
    const events = lost > 0 ? [event({ $case: "lostCount", value: BigInt(lost) }), ...queued] : queued;
    queued = [];
    lost = 0;
    isSending = events.length > 0;
    if (isSending) sink.write([WatchResponse.encode({ events }).finish()], () => setImmediate(flush));
  };
  return (of, topic) => {
    if (queued.length < MAX_QUEUED_EVENTS) queued.push(event(of, topic));
    else lost++;
    if (isSending) return;
    isSending = true;
    setImmediate(flush);
  };
}

function eventOf(fact: Fact, { runtime, clock }: Edge): Event {
  switch (fact.kind) {
    case "producerChanged":
      return { $case: "producerChanged", value: producerInfo(fact.producer, clock) };
    case "producerLeft":
      return { $case: "producerLeft", value: fact.producerId };
    case "listenerChanged": {
      const queue = runtime.queueOf(fact.listener.key);
      return { $case: "listenerChanged", value: listenerInfo(fact.listener, queue, clock) };
    }
    case "listenerLeft":
      return { $case: "listenerLeft", value: fact.listenerId };
    case "requestAccepted":
      return { $case: "requestAccepted", value: acceptance(fact.acceptance, "", clock) };
    case "requestEnded":
      return { $case: "requestEnded", value: summary(fact.summary) };
  }
}

function requestTopic(fact: Fact): string {
  if (fact.kind === "requestAccepted") return fact.topic;
  return fact.kind === "requestEnded" ? fact.summary.topic : "";
}

/** Whether a fact concerns a topic that overlaps with the pattern. */
function concerns(fact: Fact, pattern: string): boolean {
  return pattern === "" || topicsOf(fact).some((topic) => overlap(pattern, topic));
}

function topicsOf(fact: Fact): readonly string[] {
  switch (fact.kind) {
    case "producerChanged":
      return fact.producer.registrations.map(({ topic }) => topic);
    case "listenerChanged":
      return fact.listener.topics;
    case "requestAccepted":
      return [fact.topic];
    case "requestEnded":
      return [fact.summary.topic];
    case "producerLeft":
    case "listenerLeft":
      return fact.topics;
  }
}
