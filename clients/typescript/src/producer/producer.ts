import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import { Callbacks } from "../connection/callbacks.js";
import type { Connection } from "../connection/connection.js";
import { type Peer, Session } from "../connection/session.js";
import type { StreamCall, StreamEvents } from "../connection/stream-call.js";
import { alreadyClosed, DispatcherError, errorOfStatus } from "../errors.js";
import { DispatcherServiceService, ProduceRequest } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import {
  DispositionState,
  type Fault,
  Hello,
  type ProducerMessage,
  RevocationReason,
  type Welcome,
} from "../gen/ate/dispatcher/v1/producer.js";
import { checkOptions, checkValue } from "../options/option-check.js";
import { TOPIC } from "../options/rules.js";
import { msFromDuration } from "../values/duration.js";
import { nameOf } from "../values/enum-names.js";
import { OutgoingBatch } from "../wire/outgoing-batch.js";
import { type ProducerEvent, readProducerEvents } from "../wire/wire.js";
import { pushReply, type ReplyContent } from "../wire/wire-items.js";
import { writeFailure } from "./handler-failure.js";
import { type HandlerResult, writeResult } from "./handler-result.js";
import { leaveHandler } from "./handler-scope.js";
import { Outstanding } from "./outstanding.js";
import {
  type CloseOptions,
  DEFAULT_GRACE_MS,
  type Producer,
  type ProducerOptions,
} from "./producer-options.js";
import { CLOSE_TABLE, CONCURRENCY, REGISTER_TABLE } from "./producer-rules.js";
import { Registrations } from "./registrations.js";

/** The implementation of {@link Producer}. Starts to connect when it is created. */
export class ProducerSession implements Producer, Peer {
  readonly kind = "producer";
  readonly #connection: Connection;
  readonly #options: ProducerOptions;
  readonly #callbacks: Callbacks;
  readonly #registrations: Registrations;
  readonly #outstanding: Outstanding;
  readonly #session: Session;
  #concurrency: number;
  #call: StreamCall | undefined;
  #outbox = new OutgoingBatch(() => true);
  /** The server's message limit, in bytes; 0 if the server did not send one. */
  #maxMessageBytes = 0;
  /** The Welcome of the current stream, until it ends or goes away; changes wait for the next one. */
  #welcomed: Welcome | undefined;

  constructor(connection: Connection, options: ProducerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#concurrency = options.concurrency ?? 0;
    this.#callbacks = new Callbacks(options.onStatus);
    this.#registrations = new Registrations(
      options.topics.map((topic) =>
        typeof topic === "string" ? { topic, group: "" } : { topic: topic.topic, group: topic.group ?? "" },
      ),
    );
    this.#outstanding = new Outstanding(
      options.handler,
      {
        reply: (assignmentId, more, result) => this.#reply(assignmentId, more, result),
        fail: (assignmentId, error) => this.#fail(assignmentId, error),
        whenSent: () => this.#outbox.whenEmpty(),
      },
      connection.memory.texts,
    );
    if (this.#concurrency > 0) this.#outstanding.setLimit(this.#concurrency);
    this.#session = new Session(this, this.#callbacks, connection);
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

  async register(topic: string, options: { readonly group?: string } = {}): Promise<void> {
    this.#session.ensureOpen();
    checkValue(topic, TOPIC, "topic");
    checkOptions(options, REGISTER_TABLE, "options of register");
    const { message, done } = this.#registrations.register(topic, options.group ?? "");
    if (this.#welcomed !== undefined) this.#send(message);
    await done;
  }

  async deregister(topic: string): Promise<void> {
    this.#session.ensureOpen();
    checkValue(topic, TOPIC, "topic");
    const { message, done } = this.#registrations.deregister(topic);
    if (this.#welcomed !== undefined) this.#send(message);
    await done;
  }

  setConcurrency(concurrency: number): void {
    checkValue(concurrency, CONCURRENCY, "concurrency");
    this.#concurrency = concurrency;
    this.#outstanding.setLimit(this.#concurrency);
    if (this.#welcomed === undefined) return;
    this.#send({ message: { $case: "updateCredit", value: { maxOutstanding: this.#concurrency } } });
  }

  async close(options: CloseOptions = {}): Promise<void> {
    checkOptions(options, CLOSE_TABLE, "options of close");
    const { graceMs = DEFAULT_GRACE_MS } = options;
    const isLive = this.#session.isReady && !this.#session.isClosing;
    if (isLive) this.#send({ message: { $case: "drain", value: {} } });
    this.#session.closeWithin(graceMs);
    const closed = this.#session.closed.catch(() => {});
    // A handler that waited for the end of the session would wait for its own answer.
    await (leaveHandler() ? Promise.race([closed, this.#outstanding.whenOthersAnswered()]) : closed);
  }

  /** @internal */
  open(events: StreamEvents): StreamCall {
    const call = this.#connection.openBidi(DispatcherServiceService.produce.path, events);
    this.#call = call;
    this.#outbox = new OutgoingBatch((message) => call.write(message));
    const introduction = Hello.fromPartial({
      // A generated id is kept: the new session replaces the old one if only this side has noticed its loss. The server
      // would go on to assign requests to the old one.
      producerId: this.#options.id ?? this.#session.id ?? "",
      displayName: this.#options.displayName ?? "",
      labels: this.#options.labels ?? {},
      maxOutstanding: this.#concurrency,
      maxBacklog: this.#options.maxBacklog ?? 0,
      reportDispositions: this.#options.onDisposition !== undefined,
    });
    const registrations = this.#registrations.streamBegins(Hello.encode(introduction).finish().byteLength);
    this.#send({ message: { $case: "hello", value: { ...introduction, registrations } } });
    return call;
  }

  /** @internal */
  receive(message: Buffer): void {
    const receivedAt = performance.now();
    for (const event of readProducerEvents(message, this.#connection.memory.texts))
      this.#handle(event, receivedAt);
    this.#outbox.flushWhenSettled();
  }

  /** @internal */
  drained(): void {
    this.#outbox.drained();
  }

  /** @internal */
  lost(error: DispatcherError): void {
    this.#welcomed = undefined;
    this.#outbox.close();
    this.#outstanding.abandon(this.#session.isClosing ? alreadyClosed(this.kind) : sessionLost(error));
  }

  /** @internal */
  ended(error: DispatcherError | undefined): void {
    this.#registrations.abandon(error ?? alreadyClosed(this.kind));
  }

  #handle(event: ProducerEvent, receivedAt: number): void {
    switch (event.kind) {
      case "assignment":
        this.#outstanding.assign(event.value, receivedAt);
        break;
      case "revocation":
        this.#outstanding.revoke(event.value.assignmentIds, revoked(event.value.reason));
        break;
      case "disposition":
        this.#disposed(event.value.assignmentId, event.value.state);
        break;
      case "welcome":
        this.#welcome(event.value);
        break;
      case "heartbeat":
        this.#session.heartbeat(msFromDuration(event.value.interval));
        break;
      case "goAway":
        this.#welcomed = undefined;
        this.#session.goingAway(event.value);
        break;
      case "registered":
      case "deregistered":
        this.#registrations.confirmed(event.value.correlationId);
        this.#establish();
        break;
      case "fault":
        this.#fault(event.value);
        break;
      case "drained":
        this.#call?.end();
        break;
    }
  }

  #welcome(welcome: Welcome): void {
    this.#welcomed = welcome;
    this.#maxMessageBytes = welcome.maxMessageBytes;
    if (this.#concurrency === 0 && welcome.maxOutstanding > 0) {
      this.#outstanding.setLimit(welcome.maxOutstanding);
    }
    this.#session.heartbeat(msFromDuration(welcome.heartbeatInterval));
    for (const message of this.#registrations.unanswered()) this.#send(message);
    this.#establish();
  }

  /** The session is live when the server has confirmed Hello and the registrations that did not fit into it. */
  #establish(): void {
    if (this.#welcomed === undefined || this.#session.isReady || !this.#registrations.isComplete) return;
    const { producerId, sessionId, serverId, heartbeatInterval } = this.#welcomed;
    const heartbeatMs = msFromDuration(heartbeatInterval);
    this.#session.established({ id: producerId, sessionId, serverId, heartbeatMs });
  }

  #fault(fault: Fault): void {
    const error = errorOfStatus(fault.status);
    // In Hello, the same registrations would have ended the session.
    if (this.#registrations.isOfStream(fault)) this.#call?.abort(error);
    else if (!this.#registrations.rejected(fault)) this.#callbacks.status({ type: "fault", error });
  }

  #disposed(assignmentId: string, state: DispositionState): void {
    const { onDisposition } = this.#options;
    if (onDisposition === undefined) return;
    this.#callbacks.run("onDisposition", () => onDisposition(assignmentId, nameOf(DispositionState, state)));
  }

  #reply(assignmentId: string, more: boolean, result: HandlerResult | undefined): void {
    const content: ReplyContent =
      result instanceof Uint8Array
        ? { kind: "data", bytes: result }
        : { kind: "result", bytes: this.#encode((writer) => writeResult(writer, result)) };
    const limit = this.#maxMessageBytes > 0 ? this.#maxMessageBytes : Number.POSITIVE_INFINITY;
    const byteLength = pushReply(this.#outbox, assignmentId, more, content, limit);
    if (byteLength > limit) throw tooLarge(byteLength, limit);
  }

  /** An error result is small, so no limit of the server is asked. */
  #fail(assignmentId: string, error: unknown): void {
    const bytes = this.#encode((writer) => writeFailure(writer, error));
    pushReply(this.#outbox, assignmentId, false, { kind: "result", bytes }, Number.POSITIVE_INFINITY);
  }

  #encode(write: (writer: BinaryWriter) => void): Uint8Array {
    return this.#connection.memory.spareWriter.encode(write);
  }

  #send(message: ProducerMessage): void {
    this.#outbox.push(ProduceRequest.encode({ messages: [message] }).finish());
  }
}

function revoked(value: number): DispatcherError {
  const reason = nameOf(RevocationReason, value);
  const code = reason === "EXPIRED" ? status.DEADLINE_EXCEEDED : status.CANCELLED;
  return new DispatcherError({ code, reason, details: `the assignment was revoked: ${reason}` });
}

function sessionLost(cause: DispatcherError): DispatcherError {
  const details = `the session was lost: ${cause.details}`;
  return new DispatcherError({ code: status.UNAVAILABLE, reason: "SESSION_LOST", details, cause });
}

function tooLarge(bytes: number, limit: number): DispatcherError {
  const details = `the reply is ${bytes} bytes; the server's limit is ${limit}; send less, or send a reference`;
  return new DispatcherError({ code: status.RESOURCE_EXHAUSTED, reason: "RESULT_TOO_LARGE", details });
}
