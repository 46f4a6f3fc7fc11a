/**
 * The core at work: clock, queue of inputs, outboxes and drain, seen from the edges as one {@link Runtime}.
 */
import { Dispatcher } from "../core/dispatcher.js";
import type { Fact } from "../core/vocabulary/fact.js";
import type { Input } from "../core/vocabulary/input.js";
import type { Limits } from "../core/vocabulary/limits.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import type { Inspector, Snapshot } from "../core/vocabulary/views.js";
import type { BatchFactory } from "../ports/batch.js";
import type { Clock } from "../ports/clock.js";
import type { InTurn, OutboxBound, QueueView, Runtime } from "../ports/runtime.js";
import type { Sink } from "../ports/sink.js";
import { Broadcast } from "./broadcast.js";
import { settleWithin } from "./drain.js";
import { Driver } from "./driver.js";
import { Intake } from "./intake.js";
import { Outbox, type OutboxServices } from "./outbox.js";
import { Performer } from "./perform.js";
import { type CallPlace, Places } from "./places.js";
import { type ReadReplay, ReplayQueue } from "./replay-queue.js";

/** A running dispatcher without its edges. */
export class DispatcherRuntime implements Runtime {
  private readonly core: Dispatcher;
  private readonly places = new Places();
  private readonly broadcast: Broadcast;
  private readonly driver: Driver;
  private readonly intake: Intake;
  private readonly watchers = new Set<(fact: Fact) => void>();
  private readonly outboxServices: OutboxServices;
  private readonly readReplay: ReadReplay = (...asked) => this.core.readReplay(...asked);
  private whenIdle: (() => void) | undefined;
  readonly inTurn: InTurn = (byteLength, takeUp) => this.intake.enter(byteLength, takeUp);

  constructor(serverId: string, limits: Partial<Limits>, newBatch: BatchFactory, clock: Clock) {
    this.core = new Dispatcher(serverId, limits);
    this.outboxServices = {
      newBatch,
      tellOverflow: (session) => this.driver.submit({ kind: "sessionClosed", session }),
    };
    this.broadcast = new Broadcast(newBatch, (key) => this.places.stream(key));
    const performer = new Performer(this.places, this.broadcast, (fact) => {
      for (const hear of this.watchers) hear(fact);
    });
    this.intake = new Intake(clock);
    this.driver = new Driver(this.core, clock, performer, (now) => {
      this.intake.noteWork(now);
      this.noteIdle();
    });
  }

  submit(input: Input): void {
    this.driver.submit(input);
  }

  submitAll(inputs: Iterable<Input>): void {
    this.driver.submitAll(inputs);
  }

  openStream(sink: Sink, bound: OutboxBound): SessionKey {
    const key = this.places.nextKey();
    const replays = new ReplayQueue(this.outboxServices.newBatch, this.readReplay);
    this.places.addStream(new Outbox(key, sink, bound, replays, this.outboxServices));
    return key;
  }

  openCall(take: CallPlace): SessionKey {
    const key = this.places.nextKey();
    this.places.addCall(key, take);
    return key;
  }

  close(session: SessionKey): void {
    this.places.remove(session);
    this.driver.submit({ kind: "sessionClosed", session });
  }

  watch(hear: (fact: Fact) => void): () => void {
    this.watchers.add(hear);
    this.driver.submit({ kind: "watchStarted" });
    return () => {
      if (this.watchers.delete(hear)) this.driver.submit({ kind: "watchStopped" });
    };
  }

  queueOf(session: SessionKey): QueueView {
    const outbox = this.places.stream(session);
    if (!outbox) return { queuedBytes: 0, deliveredCount: 0, droppedCount: 0 };
    const { byteLength: queuedBytes, deliveredCount, droppedCount } = outbox;
    return { queuedBytes, deliveredCount, droppedCount };
  }

  get inspector(): Inspector {
    return this.core.inspector;
  }

  get droppedCount(): number {
    return this.places.droppedCount;
  }

  /** What is held at the moment. */
  snapshot(): Snapshot & { readonly places: number } {
    return { ...this.core.snapshot(), places: this.places.size };
  }

  /** Takes no new requests, and resolves when the pending ones have ended or had their time. */
  async drain(graceMs: number): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.whenIdle = resolve;
    });
    this.driver.submit({ kind: "drainStarted", graceMs });
    await settleWithin(idle, graceMs, () => this.driver.submit({ kind: "drainExpired" }));
  }

  /** Stops the clock. */
  stop(): void {
    this.driver.stop();
  }

  private noteIdle(): void {
    if (this.whenIdle && this.core.pendingCount === 0) {
      this.whenIdle();
      this.whenIdle = undefined;
    }
  }
}
