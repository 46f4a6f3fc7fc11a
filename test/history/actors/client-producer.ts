/** A producer of the TypeScript client, which reconnects and registers again automatically. */
import {
  type AssignmentContext,
  createClient,
  type DispatcherClient,
  type Producer,
} from "ate-dispatcher-client";
import { type Behaviour, behaviourOf } from "../behaviour.js";
import type { Registration } from "../history.js";
import { digestOf, makePayload } from "../payload.js";
import type { ProducerSpec } from "../plan.js";
import type { RunContext } from "../run-context.js";

const RECONNECT = { initialDelayMs: 50, maxDelayMs: 200 };

/** A registration to add, or to remove if it has no group. */
interface Change {
  readonly topic: string;
  readonly group: string | undefined;
}

/** One producer, across its sessions. */
export class ClientProducer {
  /** Whether it has a session. */
  isLive = false;
  readonly #client: DispatcherClient;
  readonly #indexes = new Map<string, number>();
  /** Confirmed registrations. */
  readonly #registrations: Map<string, string>;
  readonly #pending = new Set<Change>();
  #producer: Producer | undefined;
  #session = "";

  constructor(
    private readonly context: RunContext,
    private readonly spec: ProducerSpec,
    address: string,
  ) {
    this.#client = createClient({ address, reconnect: RECONNECT });
    this.#registrations = new Map(spec.registrations.map(({ topic, group }) => [topic, group]));
  }

  /** Connects; the client reconnects automatically. */
  open(): void {
    const { spec, context } = this;
    const { id, labels } = spec;
    this.#opening();
    this.#producer = this.#client.createProducer({
      id,
      labels,
      topics: spec.registrations,
      handler: (assignment) => this.#handle(assignment),
      onDisposition: (assignmentId, state) => {
        context.note("disposed", { session: this.#session, assignmentId, state });
      },
      onStatus: (status) => {
        this.isLive = status.type === "ready";
        if (status.type === "ready") {
          context.note("welcomed", { session: this.#session, serverId: status.serverId });
        } else if (status.type === "disconnected") {
          context.note("producerEnded", { session: this.#session, code: "", reason: status.error.reason });
          this.#opening();
        }
      },
    });
    // Only the run closes the producer; any other end shows up at the end of the run.
    this.#producer.closed.catch(() => undefined);
  }

  /** Cuts the connection. */
  breakOff(by: string, sever: () => void): void {
    this.context.note("producerBroken", { session: this.#session, by });
    sever();
  }

  register({ topic, group }: Registration): void {
    const confirmed = this.#producer?.register(topic, { group });
    void this.#change({ topic, group }, confirmed, () => {
      this.#registrations.set(topic, group);
      this.context.note("registered", { session: this.#session, topics: [topic] });
    });
  }

  deregister(topic: string): void {
    // From now on the next Hello omits the topic.
    this.#registrations.delete(topic);
    const confirmed = this.#producer?.deregister(topic);
    void this.#change({ topic, group: undefined }, confirmed, () => {
      this.#registrations.delete(topic);
      this.context.note("deregistered", { session: this.#session, topics: [topic] });
    });
  }

  async close(): Promise<void> {
    await this.#client.close({ graceMs: 1_000 });
  }

  /** The client sends unconfirmed changes again on the next stream, after Hello. */
  async #change(change: Change, confirmed: Promise<void> | undefined, confirm: () => void): Promise<void> {
    this.#pending.add(change);
    this.#noteChange(change);
    try {
      await confirmed;
      confirm();
    } catch {
      // The producer is closing.
    } finally {
      this.#pending.delete(change);
    }
  }

  #noteChange({ topic, group }: Change): void {
    const session = this.#session;
    if (group === undefined) this.context.note("deregistering", { session, topics: [topic] });
    else this.context.note("registering", { session, registrations: [{ topic, group }] });
  }

  #opening(): void {
    const { context, spec } = this;
    this.#session = context.fresh(spec.id);
    const registrations = [...this.#registrations].map(([topic, group]) => ({ topic, group }));
    context.note("producerOpened", {
      session: this.#session,
      producerId: spec.id,
      registrations,
      isExact: false,
    });
    for (const change of this.#pending) this.#noteChange(change);
  }

  async #handle(assignment: AssignmentContext): Promise<Uint8Array> {
    const { context, spec } = this;
    const session = this.#session;
    const { assignmentId, requestId, topic, attempt } = assignment;
    const ttlMs = assignment.remainingMs();
    const digest = digestOf("data", assignment.data);
    context.note("assigned", { session, assignmentId, requestId, topic, attempt, ttlMs, digest });
    const behaviour = behaviourOf(context.plan.seed, requestId, spec.id, ttlMs);
    // A silent producer waits until the revocation, which ends the wait.
    if (behaviour.kind === "silent") await this.#pass(ttlMs + 1_000, assignment);
    const times = behaviour.kind === "silent" ? [0] : behaviour.atMs;
    const last = times.length - 1;
    let before = 0;
    for (const [i, atMs] of times.entries()) {
      await this.#pass(atMs - before, assignment);
      before = atMs;
      if (i < last) await assignment.send(this.#write(session, assignment, behaviour, true) as Uint8Array);
    }
    const final = this.#write(session, assignment, behaviour, false);
    if (typeof final === "string") throw new Error(final);
    return final;
  }

  #write(
    session: string,
    { requestId, assignmentId }: AssignmentContext,
    behaviour: Behaviour,
    more: boolean,
  ) {
    const producerId = this.spec.id;
    const key = `${session}/${requestId}`;
    const index = this.#indexes.get(key) ?? 0;
    this.#indexes.set(key, index + 1);
    const isError = !more && behaviour.kind === "answers" && behaviour.isError;
    const bytes = behaviour.kind === "answers" && !isError ? behaviour.bytes : 0;
    const payload = makePayload({ requestId, by: producerId, session, index }, bytes);
    const content = isError ? payload.toString() : payload;
    const digest = digestOf(isError ? "error" : "data", content);
    this.context.note("replied", {
      session,
      assignmentId,
      requestId,
      producerId,
      index,
      more,
      isError,
      digest,
    });
    return content;
  }

  /** Waits for a time, or until the revocation. */
  async #pass(ms: number, { signal }: AssignmentContext): Promise<void> {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      this.context.schedule.after(ms, resolve);
    });
    signal.throwIfAborted();
  }
}
