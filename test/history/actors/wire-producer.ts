/**
 * A producer on generated messages only: it registers, answers by the seed, disconnects in every possible way, and
 * reconnects.
 */
import {
  DispositionState,
  ProduceRequest,
  ProduceResponse,
  RevocationReason,
} from "ate-dispatcher-client/internal";
import { millis, type ProducerCase, type ProducerInit } from "../../support/wire-client.js";
import type { ValueOf } from "../../support/wire-stream.js";
import { type Behaviour, behaviourOf } from "../behaviour.js";
import type { Registration } from "../history.js";
import { digestOf, makePayload } from "../payload.js";
import type { ProducerSpec } from "../plan.js";
import { BULK_TOPIC } from "../plan-actors.js";
import { openPort, openProcessPort, type Port } from "../port.js";
import { nameOf } from "../read.js";
import { RETRY_MS, type RunContext } from "../run-context.js";

type Assignment = ValueOf<ProducerCase, "assignment">;

/** A flood: number of results, their size in bytes, results per batch, and time between batches. */
const FLOOD = { count: 150, bytes: 16 * 1_024, perBatch: 5, everyMs: 25 };

interface Session {
  readonly name: string;
  readonly port: Port;
  readonly revoked: Set<string>;
  /** Assignments without a final result. */
  readonly owed: Set<string>;
  /** Number of results for each request, including partial ones. */
  readonly indexes: Map<string, number>;
  /** Whether messages can still arrive. */
  isSound: boolean;
  isLeaving: boolean;
  /** Results of each flood without a disposition. */
  readonly flooding: Map<string, number>;
  isLive: boolean;
  beatCount: number;
}

/** One producer, across its sessions. */
export class WireProducer {
  readonly #registrations: Map<string, string>;
  #session: Session | undefined;
  #backMs = RETRY_MS;

  constructor(
    private readonly context: RunContext,
    private readonly spec: ProducerSpec,
    private readonly address: () => string,
  ) {
    this.#registrations = new Map(spec.registrations.map(({ topic, group }) => [topic, group]));
  }

  /** Heartbeats of the current session; undefined without a session. */
  get beatCount(): number | undefined {
    return this.#session?.beatCount;
  }

  /** Whether it was welcomed and is neither broken nor draining. */
  get isLive(): boolean {
    if (!this.#session) return false;
    const { isLive, isSound, isLeaving } = this.#session;
    return isLive && isSound && !isLeaving;
  }

  /** Whether an assignment is outstanding, so that a request notices its end. */
  get isBusy(): boolean {
    return (this.#session?.owed.size ?? 0) > 0;
  }

  /** Connects and sends Hello. */
  open(): void {
    const { context, spec } = this;
    if (context.isEnding) return;
    const name = context.fresh(spec.id);
    const receiver = {
      receive: (message: Buffer) => this.#receive(session, message),
      ended: (code: string, reason: string) => this.#ended(session, code, reason),
    };
    const opened = spec.make === "process" ? openProcessPort : openPort;
    const session: Session = {
      name,
      port: opened(this.address(), "Produce", receiver),
      revoked: new Set(),
      owed: new Set(),
      indexes: new Map(),
      isSound: true,
      isLeaving: false,
      flooding: new Map(),
      isLive: false,
      beatCount: 0,
    };
    this.#session = session;
    const registrations = this.#current();
    context.note("producerOpened", { session: name, producerId: spec.id, registrations, isExact: true });
    const { id: producerId, labels, maxOutstanding, maxBacklog } = spec;
    const hello = { producerId, labels, registrations, maxOutstanding, maxBacklog, reportDispositions: true };
    say(session, { $case: "hello", value: hello });
  }

  /** Cuts its connection. */
  breakOff(by: string, sever: () => void, backMs: number): void {
    this.#backMs = backMs;
    const session = this.#session;
    if (!session?.isSound) return;
    session.isSound = false;
    this.context.note("producerBroken", { session: session.name, by });
    sever();
  }

  /** Resets its stream or kills its process. */
  sever(backMs: number): void {
    this.breakOff("severProducer", () => this.#session?.port.sever(), backMs);
  }

  /** Drains, and reconnects later. */
  drain(backMs: number): void {
    this.#backMs = backMs;
    const session = this.#session;
    if (!session?.isSound || session.isLeaving) return;
    session.isLeaving = true;
    this.context.note("draining", { session: session.name });
    say(session, { $case: "drain", value: {} });
  }

  /** Opens a second session with the same id, which replaces the older one. */
  replace(): void {
    const older = this.#session;
    if (!older?.isSound || older.isLeaving) return;
    older.isLeaving = true;
    this.context.note("producerBroken", { session: older.name, by: "replaceProducer" });
    this.open();
  }

  register(registration: Registration): void {
    const session = this.#session;
    if (!session?.isSound || session.isLeaving) return;
    this.#registrations.set(registration.topic, registration.group);
    this.context.note("registering", { session: session.name, registrations: [registration] });
    say(session, { $case: "register", value: { registrations: [registration] } });
  }

  deregister(topic: string): void {
    const session = this.#session;
    if (!session?.isSound || session.isLeaving) return;
    this.#registrations.delete(topic);
    this.context.note("deregistering", { session: session.name, topics: [topic] });
    say(session, { $case: "deregister", value: { topics: [topic] } });
  }

  /** Closes the producer for good. */
  close(): void {
    this.#session?.port.close();
  }

  #current(): readonly Registration[] {
    return [...this.#registrations].map(([topic, group]) => ({ topic, group }));
  }

  #receive(session: Session, message: Buffer): void {
    const { context } = this;
    const { name } = session;
    for (const { message: said } of ProduceResponse.decode(message).messages) {
      switch (said?.$case) {
        case "welcome":
          this.#backMs = RETRY_MS;
          session.isLive = true;
          context.note("welcomed", { session: name, serverId: said.value.serverId });
          break;
        case "registered":
          context.note("registered", { session: name, topics: said.value.topics });
          break;
        case "deregistered":
          context.note("deregistered", { session: name, topics: said.value.topics });
          break;
        case "assignment":
          this.#assigned(session, said.value);
          break;
        case "revocation": {
          const reason = nameOf(RevocationReason, said.value.reason);
          for (const assignmentId of said.value.assignmentIds) {
            session.revoked.add(assignmentId);
            session.owed.delete(assignmentId);
            context.note("revoked", { session: name, assignmentId, reason });
          }
          break;
        }
        case "disposition": {
          const { assignmentId, state } = said.value;
          this.#hasPoured(session, assignmentId);
          context.note("disposed", { session: name, assignmentId, state: nameOf(DispositionState, state) });
          break;
        }
        case "heartbeat":
          session.beatCount++;
          break;
        case "drained":
          session.isSound = false;
          context.note("drained", { session: name });
          break;
      }
    }
  }

  #assigned(session: Session, assignment: Assignment): void {
    const { context, spec } = this;
    const { assignmentId, requestId, attempt, request } = assignment;
    const ttlMs = millis(assignment.ttl);
    const topic = request?.topic ?? "";
    session.owed.add(assignmentId);
    context.note("assigned", {
      ...{ session: session.name, assignmentId, requestId, topic, attempt, ttlMs },
      digest: digestOf("data", request?.data ?? new Uint8Array()),
    });
    if (topic === BULK_TOPIC) {
      session.flooding.set(assignmentId, FLOOD.count);
      this.#flood(session, assignment, FLOOD.count);
      return;
    }
    const behaviour = behaviourOf(context.plan.seed, requestId, spec.id, ttlMs);
    if (behaviour.kind === "silent") return;
    behaviour.atMs.forEach((atMs, i) => {
      const more = i < behaviour.atMs.length - 1;
      context.schedule.after(atMs, () => this.#answer(session, assignment, behaviour, more));
    });
  }

  #answer(
    session: Session,
    assignment: Assignment,
    behaviour: Extract<Behaviour, { readonly kind: "answers" }>,
    more: boolean,
  ): void {
    if (session.revoked.has(assignment.assignmentId) && !behaviour.isStubborn) return;
    const isError = behaviour.isError && !more;
    this.#reply(session, assignment, behaviour.bytes, more, isError);
    if (behaviour.isTwice && !more) this.#reply(session, assignment, behaviour.bytes, more, isError);
  }

  #reply(session: Session, assignment: Assignment, bytes: number, more: boolean, isError: boolean): void {
    if (!session.isSound) return;
    const { assignmentId, requestId } = assignment;
    const index = session.indexes.get(requestId) ?? 0;
    session.indexes.set(requestId, index + 1);
    if (!more) session.owed.delete(assignmentId);
    const producerId = this.spec.id;
    const label = { requestId, by: producerId, session: session.name, index };
    const payload = makePayload(label, isError ? 0 : bytes);
    const kind = isError ? "error" : "data";
    const content = isError ? payload.toString() : payload;
    this.context.note("replied", {
      ...{ session: session.name, assignmentId, requestId, producerId, index, more, isError },
      digest: digestOf(kind, content),
    });
    const outcome = isError
      ? { $case: "error" as const, value: { code: 9, message: payload.toString() } }
      : { $case: "data" as const, value: payload };
    say(session, { $case: "reply", value: { assignmentId, more, result: { outcome } } });
  }

  #flood(session: Session, assignment: Assignment, left: number): void {
    if (!session.isSound) return;
    for (let i = 1; i <= FLOOD.perBatch; i++) this.#reply(session, assignment, FLOOD.bytes, i < left, false);
    const rest = left - FLOOD.perBatch;
    if (rest > 0) this.context.schedule.after(FLOOD.everyMs, () => this.#flood(session, assignment, rest));
  }

  #hasPoured(session: Session, assignmentId: string): void {
    const left = (session.flooding.get(assignmentId) ?? 0) - 1;
    if (left === 0) this.context.floodCount++;
    if (left >= 0) session.flooding.set(assignmentId, left);
  }

  #ended(session: Session, code: string, reason: string): void {
    session.isSound = false;
    this.context.note("producerEnded", { session: session.name, code, reason });
    if (this.#session !== session) return;
    this.#session = undefined;
    const backMs = this.#backMs;
    this.#backMs = RETRY_MS;
    this.context.schedule.after(backMs, () => this.open());
  }
}

function say(session: Session, message: ProducerInit): void {
  const batch = ProduceRequest.fromPartial({ messages: [{ message }] });
  session.port.send(ProduceRequest.encode(batch).finish());
}
