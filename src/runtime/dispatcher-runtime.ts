/**
 * Runs the core: joins clock, input queue, outboxes and drain, and offers them to the edges as one {@link Runtime}.
 */
import { Dispatcher } from "../core/dispatcher.js";
import type { Fact } from "../core/vocabulary/fact.js";
import type { HeldBytes } from "../core/vocabulary/held-bytes.js";
import type { Input } from "../core/vocabulary/input.js";
import type { Limits } from "../core/vocabulary/limits.js";
import type { Instant, SessionKey } from "../core/vocabulary/model.js";
import type { Refusal } from "../core/vocabulary/reason.js";
import type { Inspector, Snapshot } from "../core/vocabulary/views.js";
import type { ActivityLog } from "../ports/activity.js";
import type { BatchFactory } from "../ports/batch.js";
import type { Clock } from "../ports/clock.js";
import type {
  FromPeer,
  InputStream,
  OutboxBound,
  QueueView,
  Runtime,
  Schedule,
  TakeMessage,
} from "../ports/runtime.js";
import type { Sink } from "../ports/sink.js";
import { Broadcast } from "./broadcast.js";
import { settleWithin } from "./drain.js";
import { Driver } from "./driver.js";
import { Intake } from "./intake.js";
import { Outbox, type OutboxServices } from "./outbox.js";
import { Performer } from "./perform.js";
import { type ReadReplay, ReplayQueue } from "./replay-queue.js";
import { type EffectHandler, SessionTable } from "./session-table.js";
import { Slices } from "./slices.js";
import { StepLog } from "./step-log.js";

/** A running dispatcher without its edges. */
export class DispatcherRuntime implements Runtime {
  private readonly core: Dispatcher;
  private readonly sessions = new SessionTable();
  private readonly broadcast: Broadcast;
  private readonly driver: Driver;
  private readonly intake: Intake;
  private readonly slices: Slices;
  private readonly watchers = new Set<(fact: Fact) => void>();
  private readonly outboxServices: OutboxServices;
  private readonly readReplay: ReadReplay = (...range) => this.core.readReplay(...range);
  private resolveIdle: (() => void) | undefined;
  readonly schedule: Schedule = (...message) => this.intake.schedule(...message);

  constructor(
    serverId: string,
    limits: Partial<Limits>,
    newBatch: BatchFactory,
    clock: Clock,
    private readonly activity?: ActivityLog,
  ) {
    const log = activity && new StepLog(activity);
    this.core = new Dispatcher(serverId, limits);
    this.outboxServices = {
      newBatch,
      onOverflow: (session) => {
        log?.overflowed(session);
        this.submitOf(session, { kind: "sessionClosed", session });
      },
      onWritten: (session, bytes) => this.submitOf(session, { kind: "assignmentsWritten", session, bytes }),
    };
    this.broadcast = new Broadcast(newBatch, (key) => this.sessions.stream(key), this.core.ledger);
    const onFact = (fact: Fact): void => {
      for (const watcher of this.watchers) watcher(fact);
    };
    const performer = new Performer(this.sessions, this.broadcast, onFact, (session) =>
      this.slices.continueLater(session, this.sessions.peerOf(session)),
    );
    this.intake = new Intake(clock, () => this.slices);
    const onStep = (now: Instant): void => {
      this.intake.beginTurn(now);
      this.checkIdle();
    };
    this.driver = new Driver(this.core, clock, performer, onStep, log);
    this.slices = new Slices(clock, this.driver, this.intake, (session, bug) => this.fail(session, bug));
  }

  submit(input: Input): void {
    this.driver.submit(input);
  }

  receive(stream: InputStream, byteLength: number, take: TakeMessage): void {
    this.slices.receive(stream, byteLength, take);
  }

  inTurn(from: FromPeer, work: () => void): void {
    this.slices.inTurn(from, work);
  }

  get ledger(): HeldBytes {
    return this.core.ledger;
  }

  openStream(sink: Sink, bound: OutboxBound, address: string): SessionKey {
    const key = this.sessions.nextKey();
    const replays = new ReplayQueue(this.outboxServices.newBatch, this.readReplay);
    const stream = { key, sink, account: this.core.ledger.open(address) };
    this.sessions.addStream(new Outbox(stream, bound, replays, this.outboxServices));
    return key;
  }

  openCall(from: FromPeer, onEffect: EffectHandler): SessionKey {
    const key = this.sessions.nextKey();
    this.sessions.addCall(key, from, onEffect);
    return key;
  }

  close(session: SessionKey): void {
    const outbox = this.sessions.stream(session);
    this.sessions.remove(session);
    this.slices.drop(session);
    const tellCore = () => this.driver.submit({ kind: "sessionClosed", session });
    if (outbox) this.slices.inTurn(outbox, tellCore);
    else tellCore();
  }

  watch(onFact: (fact: Fact) => void): () => void {
    this.watchers.add(onFact);
    this.driver.submit({ kind: "watchStarted" });
    return () => {
      if (this.watchers.delete(onFact)) this.driver.submit({ kind: "watchStopped" });
    };
  }

  queueOf(session: SessionKey): QueueView {
    const outbox = this.sessions.stream(session);
    if (!outbox) return { queuedBytes: 0, deliveredCount: 0, droppedCount: 0 };
    const { byteLength: queuedBytes, deliveredCount, droppedCount } = outbox;
    return { queuedBytes, deliveredCount, droppedCount };
  }

  streamRefusalOf(peer: string): Refusal | undefined {
    return this.core.streamRefusalOf(peer);
  }

  get inspector(): Inspector {
    return this.core.inspector;
  }

  get droppedCount(): number {
    return this.sessions.droppedCount;
  }

  /** The counts and totals of the core, and the number of open streams and calls. */
  snapshot(): Snapshot & { readonly openSessionCount: number } {
    return { ...this.core.snapshot(), openSessionCount: this.sessions.size };
  }

  /** Rejects new requests. Resolves when all pending requests have ended; after the grace, the core ends them. */
  async drain(graceMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.resolveIdle = resolve;
    });
    this.driver.submit({ kind: "drainStarted", graceMs });
    await settleWithin(idle, graceMs, () => this.driver.submit({ kind: "drainExpired" }));
  }

  /** Stops the timer. */
  stop(): void {
    this.driver.stop();
  }

  /** Applies an input that follows from an event of a stream's transport, in which nothing may be thrown. */
  private submitOf(session: SessionKey, input: Input): void {
    try {
      this.driver.submit(input);
    } catch (bug) {
      this.fail(session, bug);
    }
  }

  /** Ends the stream of a session because of a bug. */
  private fail(session: SessionKey, bug: unknown): void {
    const outbox = this.sessions.stream(session);
    if (outbox) outbox.fail(bug);
    else if (this.activity) this.activity.failed(bug);
    else throw bug;
  }

  private checkIdle(): void {
    if (this.resolveIdle && this.core.pendingCount === 0) {
      this.resolveIdle();
      this.resolveIdle = undefined;
    }
  }
}
