import { Callbacks } from "../connection/callbacks.js";
import type { Connection } from "../connection/connection.js";
import { type Peer, Session } from "../connection/session.js";
import type { StreamCall, StreamEvents } from "../connection/stream-call.js";
import { alreadyClosed, type DispatcherError } from "../errors.js";
import {
  DispatcherServiceService,
  ListenRequest,
  SubscribeRequest,
} from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import {
  type Gap as GapMessage,
  GapReason,
  OverflowAction,
  type Ready,
  type TopicsChanged,
} from "../gen/ate/dispatcher/v1/listener.js";
import { checkValue } from "../options/option-check.js";
import { TEXT } from "../options/rules.js";
import { ReceivedResult, type ResultDelivery } from "../result/result-delivery.js";
import { msFromDuration } from "../values/duration.js";
import { nameOf } from "../values/enum-names.js";
import { readStreamEvents, type StreamEvent } from "../wire/wire.js";
import { Cursors } from "./cursors.js";
import { listenParts } from "./listen-parts.js";
import type { Listener, ListenerOptions } from "./listener-options.js";
import { ListenerTopics, type TopicsChange } from "./listener-topics.js";
import { ResultFeed } from "./result-feed.js";
import { checkPattern } from "./topic-pattern.js";

/** The implementation of {@link Listener}. Starts to connect when it is created. */
export class ListenerSession implements Listener, Peer {
  readonly kind = "listener";
  readonly #connection: Connection;
  readonly #options: ListenerOptions;
  readonly #callbacks: Callbacks;
  readonly #topics: ListenerTopics;
  readonly #cursors = new Cursors();
  readonly #feed: ResultFeed;
  readonly #session: Session;
  /** The stream, until it ends or goes away; changes of topics then wait for the next one. */
  #call: StreamCall | undefined;

  constructor(connection: Connection, options: ListenerOptions) {
    for (const topic of options.topics) checkPattern(topic);
    this.#connection = connection;
    this.#options = options;
    this.#callbacks = new Callbacks(options.onStatus);
    this.#topics = new ListenerTopics(options.topics);
    this.#session = new Session(this, this.#callbacks, connection);
    this.#feed = new ResultFeed(options.onResult, this.#callbacks, this.#session);
    this.#session.connect();
  }

  get id(): string | undefined {
    return this.#session.id;
  }

  get closed(): Promise<void> {
    return this.#session.closed;
  }

  ready(): Promise<void> {
    return this.#session.ready();
  }

  async add(...topics: string[]): Promise<void> {
    this.#session.ensureOpen();
    for (const topic of topics) checkPattern(topic);
    await this.#change(this.#topics.add(topics));
  }

  async remove(...topics: string[]): Promise<void> {
    this.#session.ensureOpen();
    for (const topic of topics) checkValue(topic, TEXT, "topic");
    await this.#change(this.#topics.remove(topics));
  }

  async close(): Promise<void> {
    this.#session.close();
    await this.#session.closed.catch(() => {});
  }

  [Symbol.asyncIterator](): AsyncIterator<ResultDelivery, undefined> {
    return this.#feed.iterate();
  }

  /** @internal */
  open(events: StreamEvents): StreamCall {
    const call = this.#connection.openBidi(DispatcherServiceService.subscribe.path, events);
    this.#call = call;
    this.#topics.streamBegins();
    this.#feed.streamBegins();
    const [first, ...others] = listenParts(this.#topics.current(), this.#cursors.resumePoints());
    const listen = ListenRequest.fromPartial({
      // A generated id is kept: the new session replaces the old one if only this side has noticed its loss.
      listenerId: this.#options.id ?? this.#session.id ?? "",
      topics: first.topics,
      resumeFrom: first.cursors,
      cursorsFollow: others.length > 0,
      includeLate: this.#options.includeLate ?? false,
      includeSummaries: this.#options.onSummary !== undefined,
      overflowAction: OverflowAction[this.#options.overflowAction ?? "UNSPECIFIED"],
      bufferBytes: this.#options.bufferBytes ?? 0,
      group: this.#options.group ?? "",
    });
    this.#send(call, { $case: "listen", value: listen });
    for (const [index, { topics, cursors }] of others.entries()) {
      const cursorsFollow = index < others.length - 1;
      const value = { addTopics: topics, removeTopics: [], resumeFrom: cursors, cursorsFollow };
      this.#send(call, { $case: "update", value });
    }
    return call;
  }

  /** @internal */
  receive(message: Buffer): void {
    for (const event of readStreamEvents(message, this.#connection.memory.texts)) this.#handle(event);
    this.#feed.flush();
  }

  /** @internal */
  drained(): void {}

  /** @internal */
  lost(): void {
    this.#call = undefined;
  }

  /** @internal */
  ended(error: DispatcherError | undefined): void {
    this.#topics.abandon(error ?? alreadyClosed(this.kind));
    this.#feed.end(error);
  }

  #handle(event: StreamEvent): void {
    switch (event.kind) {
      case "delivery":
        if (this.#cursors.take(event.topic, event.position)) this.#feed.push(new ReceivedResult(event));
        break;
      case "summary": {
        const { onSummary } = this.#options;
        if (onSummary !== undefined) this.#feed.pushCallback("onSummary", () => onSummary(event.value));
        break;
      }
      case "gap":
        this.#gap(event.value);
        break;
      case "ready":
        this.#ready(event.value);
        break;
      case "topicsChanged":
        this.#topicsChanged(event.value);
        break;
      case "heartbeat":
        this.#cursors.advance(event.value.cursors);
        this.#session.heartbeat(msFromDuration(event.value.interval));
        break;
      case "goAway":
        this.#call = undefined;
        this.#session.goingAway(event.value);
        break;
      default:
        break;
    }
  }

  #ready(ready: Ready): void {
    this.#cursors.streamBegins(ready.cursors);
    this.#topics.streamIsLive();
    this.#session.established({
      id: ready.listenerId,
      sessionId: ready.sessionId,
      serverId: ready.serverId,
      heartbeatMs: msFromDuration(ready.heartbeatInterval),
    });
  }

  #topicsChanged(change: TopicsChanged): void {
    this.#topics.changed(change);
    this.#cursors.advance(change.cursors);
    if (change.removed.length > 0) this.#cursors.retain(this.#topics.current());
  }

  #gap({ topic, reason, from, to, lostCount }: GapMessage): void {
    if (reason === GapReason.EPOCH_CHANGED) this.#cursors.epochChanged(topic);
    else this.#cursors.skip(topic, to);
    const { onGap } = this.#options;
    const gap = { topic, reason: nameOf(GapReason, reason), from, to, lostCount };
    if (onGap !== undefined) this.#feed.pushCallback("onGap", () => onGap(gap));
  }

  async #change({ updates, done }: TopicsChange): Promise<void> {
    for (const value of updates)
      if (this.#call !== undefined) this.#send(this.#call, { $case: "update", value });
    await this.#feed.readAhead(done);
  }

  #send(call: StreamCall, message: NonNullable<SubscribeRequest["message"]>): void {
    call.write(Buffer.from(SubscribeRequest.encode({ message }).finish()));
  }
}
