/**
 * The streams of watchers, which all read one log of events. In each turn of the event loop, the watchers that can take a
 * message get their next events, one after the other, within a bound of work; the others wait for a later turn.
 */
import { type WatchEvent, WatchResponse } from "ate-dispatcher-client/internal";
import type { Fact, FactTopics } from "../../core/vocabulary/fact.js";
import type { Refusal } from "../../core/vocabulary/reason.js";
import type { TopicFilter } from "../../core/vocabulary/topic-filter.js";
import type { MessageOwner } from "../../ports/runtime.js";
import type { Sink } from "../../ports/sink.js";
import type { Ticker } from "../../ports/ticker.js";
import { guard } from "../transport/call.js";
import { acceptance, summary } from "../wire/encode-event.js";
import { listenerInfo, type ProcessFacts, producerInfo, serverInfo } from "../wire/encode-view.js";
import { timestamp } from "../wire/time.js";
import { ChangeLimiter } from "./change-limiter.js";
import type { Edge } from "./edge.js";
import { EventLog } from "./event-log.js";
import { type Turn, WatchFeed } from "./watch-feed.js";

/** Maximum number of registrations of a producer, and of topics of a listener, in an event. */
const MAX_LISTED = 100;
/** Work for all watchers in one turn of the event loop: about two milliseconds. */
const VISITS_PER_TURN = 20_000;
const MESSAGES_PER_TURN = 40;

/** Estimated sizes, in bytes: of an event without its lists, and of a target or outcome. */
const EVENT_BYTES = 256;
const TARGET_BYTES = 64;
/** Memory of a message on its way beside its bytes, in bytes; an estimate. */
const MESSAGE_BYTES = 1_024;

/** Events of this size are not copied into the message, so that watchers that do not read share them. */
const MIN_SHARED_BYTES = 4_096;

type Event = NonNullable<WatchEvent["event"]>;
type Services = Pick<Edge, "runtime" | "clock" | "logger">;

/** What an event is about, beside what it carries. */
type About = Partial<Pick<WatchEvent, "topic" | "principal">>;

interface Watcher {
  readonly sink: Sink;
  readonly owner: MessageOwner;
  readonly feed: WatchFeed;
  /** Whether it has not been sent anything yet. */
  isNew: boolean;
}

/** The open watchers. They are not sessions of the core, so the core does not end them on shutdown. */
export class Watchers {
  private readonly log: EventLog;
  private readonly producers = new ChangeLimiter();
  private readonly listeners = new ChangeLimiter();
  private readonly open = new Set<Watcher>();
  /** The watchers whose transport has accepted their last message; those that were visited last come last. */
  private readonly ready = new Set<Watcher>();
  private isScheduled = false;
  /** The state of the server, for all watchers that begin in this turn. */
  private greeting: Uint8Array | undefined;
  private unsubscribe: (() => void) | undefined;

  /** @param ticker - the period in which the state of the server is sent, and a change of a peer at most once. */
  constructor(
    private readonly services: Services,
    private readonly facts: ProcessFacts,
    private readonly ticker: Ticker,
  ) {
    this.log = new EventLog(services.runtime.ledger.common);
  }

  /**
   * Adds a watcher. It is sent the state of the server first.
   *
   * @param owner - is charged for its message on the way.
   * @returns a function that removes it.
   */
  join(sink: Sink, filter: TopicFilter, owner: MessageOwner): () => void {
    this.unsubscribe ??= this.subscribe();
    const watcher: Watcher = { sink, owner, feed: new WatchFeed(this.log, filter), isNew: true };
    this.open.add(watcher);
    this.ready.add(watcher);
    this.schedule();
    return () => this.leave(watcher);
  }

  /** Ends all streams. */
  end(refusal: Refusal): void {
    for (const { sink } of this.open) sink.end(refusal);
  }

  private leave(watcher: Watcher): void {
    this.ready.delete(watcher);
    if (!this.open.delete(watcher) || this.open.size > 0) return;
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    this.log.clear();
    this.producers.clear();
    this.listeners.clear();
  }

  private subscribe(): () => void {
    const unwatch = this.services.runtime.watch((fact) => this.note(fact));
    const stopTicking = this.ticker.every(() => this.tick());
    return () => {
      unwatch();
      stopTicking();
    };
  }

  private tick(): void {
    for (const [id, topics] of this.producers.tick()) this.logProducer(id, topics);
    for (const [id, topics] of this.listeners.tick()) this.logListener(id, topics);
    this.append("MANY", EVENT_BYTES, () => this.encodeServer(), true);
  }

  private note(fact: Fact): void {
    switch (fact.kind) {
      case "producerChanged":
        if (this.producers.note(fact.identity, fact.topics)) this.logProducer(fact.identity, fact.topics);
        break;
      case "listenerChanged":
        if (this.listeners.note(fact.identity, fact.topics)) this.logListener(fact.identity, fact.topics);
        break;
      case "producerLeft":
        this.producers.forget(fact.identity);
        this.logEvent(fact.topics, EVENT_BYTES, () => ({ $case: "producerLeft", value: fact.producerId }), {
          principal: fact.principal,
        });
        break;
      case "listenerLeft":
        this.listeners.forget(fact.identity);
        this.logEvent(fact.topics, EVENT_BYTES, () => ({ $case: "listenerLeft", value: fact.listenerId }), {
          principal: fact.principal,
        });
        break;
      case "requestAccepted": {
        const { topic, requester: principal, acceptance: accepted } = fact;
        const { clock } = this.services;
        const bytes = EVENT_BYTES + TARGET_BYTES * accepted.targets.length;
        const event = (): Event => ({ $case: "requestAccepted", value: acceptance(accepted, "", clock) });
        this.logEvent([topic], bytes, event, { topic, principal });
        break;
      }
      case "requestEnded": {
        const { topic, outcomes = [] } = fact.summary;
        let bytes = EVENT_BYTES;
        for (const { failure } of outcomes) bytes += TARGET_BYTES + (failure?.message.length ?? 0);
        this.logEvent([topic], bytes, () => ({ $case: "requestEnded", value: summary(fact.summary) }), {
          topic,
        });
        break;
      }
    }
  }

  /** Logs a change of a producer. Its state is read when the first watcher is told; by then it may have left. */
  private logProducer(identity: string, topics: FactTopics): void {
    const { runtime, clock } = this.services;
    this.append(topics, EVENT_BYTES, () => {
      const view = runtime.inspector.producer(identity, MAX_LISTED);
      return view && this.encode({ $case: "producerChanged", value: producerInfo(view, clock) }, clock.now());
    });
  }

  private logListener(identity: string, topics: FactTopics): void {
    const { runtime, clock } = this.services;
    this.append(topics, EVENT_BYTES, () => {
      const view = runtime.inspector.listener(identity, MAX_LISTED);
      if (!view) return undefined;
      const value = listenerInfo(view, runtime.queueOf(view.key), clock);
      return this.encode({ $case: "listenerChanged", value }, clock.now());
    });
  }

  /** Logs an event that has happened now. @param about - what the event itself does not carry. */
  private logEvent(topics: FactTopics, byteLength: number, event: () => Event, about: About): void {
    const at = this.services.clock.now();
    this.append(topics, byteLength, () => this.encode(event(), at, about));
  }

  private append(
    topics: FactTopics,
    byteLength: number,
    encode: () => Uint8Array | undefined,
    isState = false,
  ): void {
    this.log.append({ topics, byteLength, encode, isState });
    this.schedule();
  }

  private encodeServer(): Uint8Array {
    const { runtime, clock } = this.services;
    const value = serverInfo(runtime.snapshot(), runtime.droppedCount, this.facts, clock);
    return this.encode({ $case: "server", value }, clock.now());
  }

  /** Encodes an event as a whole response: the concatenation of responses is a response with all their events. */
  private encode(event: Event, at: number, { topic = "", principal = "" }: About = {}): Uint8Array {
    const time = timestamp(this.services.clock.timeOfDay(at));
    return WatchResponse.encode({ events: [{ time, event, topic, principal }] }).finish();
  }

  private schedule(): void {
    if (this.isScheduled || this.ready.size === 0) return;
    this.isScheduled = true;
    setImmediate(() =>
      guard(
        this.services.logger,
        () => undefined,
        () => this.send(),
      ),
    );
  }

  /** Sends the ready watchers their next events, each at most one message, within the bounds of a turn. */
  private send(): void {
    this.isScheduled = false;
    const turn: Turn = { visits: VISITS_PER_TURN };
    let messages = 0;
    let left = this.ready.size;
    let isBehind = false;
    this.greeting = undefined;
    for (const watcher of this.ready) {
      if (left-- === 0) break;
      if (turn.visits <= 0 || messages === MESSAGES_PER_TURN) {
        isBehind = true;
        break;
      }
      turn.visits--;
      // Behind the others: the next turn begins with those that this one does not reach.
      this.ready.delete(watcher);
      const parts = this.next(watcher, turn);
      if (parts.length > 0) {
        messages++;
        this.write(watcher, joined(parts));
      } else {
        this.ready.add(watcher);
        isBehind ||= watcher.feed.isBehind;
      }
    }
    if (isBehind) this.schedule();
  }

  private next(watcher: Watcher, turn: Turn): Uint8Array[] {
    const parts: Uint8Array[] = [];
    if (watcher.isNew) {
      this.greeting ??= this.encodeServer();
      parts.push(this.greeting);
      watcher.isNew = false;
    }
    const lost = watcher.feed.skipLost();
    if (lost > 0) {
      const event: Event = { $case: "lostCount", value: BigInt(lost) };
      parts.push(this.encode(event, this.services.clock.now()));
    }
    parts.push(...watcher.feed.take(turn));
    return parts;
  }

  private write(watcher: Watcher, parts: readonly Uint8Array[]): void {
    let bytes = MESSAGE_BYTES;
    for (const { byteLength } of parts) bytes += byteLength;
    watcher.owner.charge(bytes);
    watcher.sink.write(parts, () => {
      watcher.owner.release(bytes);
      this.written(watcher);
    });
  }

  private written(watcher: Watcher): void {
    if (!this.open.has(watcher)) return;
    this.ready.add(watcher);
    if (watcher.feed.isBehind) this.schedule();
  }
}

/** The parts of a message: large events as they are, and the small ones between them in one copy. */
function joined(events: readonly Uint8Array[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const endSmall = (): void => {
    if (small.length > 0) parts.push(Buffer.concat(small));
    small = [];
  };
  for (const event of events) {
    if (event.byteLength < MIN_SHARED_BYTES) {
      small.push(event);
      continue;
    }
    endSmall();
    parts.push(event);
  }
  endSmall();
  return parts;
}
