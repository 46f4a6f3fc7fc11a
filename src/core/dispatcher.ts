/**
 * The core as a plain value: it takes one input at one instant and returns effects.
 *
 * This file only maps each input to its rule. `admission` accepts requests, `scatter` and `credit` assign them to
 * producers, `results` processes the replies, `gather` decides when a gather is complete, and `ending` ends requests.
 * `producers`, `listeners` and `callers` handle the sessions.
 */
import { admit } from "./rules/admission.js";
import { ageSession } from "./rules/aging.js";
import { cancelRequest, departCaller, finishSubmitting, openCaller } from "./rules/callers.js";
import { noteWritten } from "./rules/credit.js";
import { closeIfDrained, expireDrain, startDrain } from "./rules/draining.js";
import { armSweep, settleDue } from "./rules/due.js";
import {
  departListener,
  departOpening,
  openListener,
  takePart,
  updateListener,
  updateOwnTopics,
} from "./rules/listeners.js";
import {
  departProducer,
  deregisterTopics,
  drainProducer,
  faultUnknownMessage,
  openProducer,
  registerTopics,
  updateCredit,
} from "./rules/producers.js";
import { readReplay } from "./rules/replay.js";
import { takeResult } from "./rules/results.js";
import { accountOf, streamRefusal } from "./rules/sessions.js";
import type { StepContext } from "./rules/step-context.js";
import type { ProducerSession } from "./state/producer-session.js";
import { type AnySession, State } from "./state/state.js";
import { UNITS_PER_SLICE } from "./state/unfinished-work.js";
import { StateInspector } from "./views/inspector.js";
import { snapshotOf } from "./views/snapshot.js";
import type { Effect, Replay } from "./vocabulary/effect.js";
import type { HeldBytes } from "./vocabulary/held-bytes.js";
import type { Input, ProducerInput } from "./vocabulary/input.js";
import { InvariantError } from "./vocabulary/invariant.js";
import { DEFAULT_LIMITS, type Limits } from "./vocabulary/limits.js";
import type { Instant } from "./vocabulary/model.js";
import type { Refusal } from "./vocabulary/reason.js";
import type { ReplaySlice } from "./vocabulary/replay-slice.js";
import type { Inspector, Snapshot } from "./vocabulary/views.js";

/** Scatters requests to producers and gathers their results. A plain value: no timer, no I/O, no promise. */
export class Dispatcher {
  /** Lists the core's state in detail. */
  readonly inspector: Inspector;
  private readonly state: State;
  private latest: Instant = Number.NEGATIVE_INFINITY;

  /**
   * @param serverId - unique to this process; part of every epoch.
   * @param limits - bounds that override the defaults.
   * @param unitsPerSlice - units of work after which a step leaves the rest to a later one; tests choose few.
   */
  constructor(serverId: string, limits: Partial<Limits> = {}, unitsPerSlice = UNITS_PER_SLICE) {
    this.state = new State(serverId, { ...DEFAULT_LIMITS, ...limits }, unitsPerSlice);
    this.inspector = new StateInspector(this.state, () => this.latest);
  }

  /**
   * Applies one input at one instant and returns the effects to perform.
   *
   * Deadlines strictly before `now` are settled first. A result that arrives exactly at its deadline is therefore in
   * time, no matter which timer fired first.
   *
   * A step that has much to do leaves the rest to a later step, and returns the effect `continue`. Inputs of other
   * sessions may be applied before. An input of the same session is applied after its unfinished work; the end of the
   * session drops that.
   *
   * A peer's mistake never throws; it comes back as a `reject`, `fault` or `close` effect. Throws
   * {@link InvariantError} only for a bug in this package.
   *
   * @param input - the event to apply.
   * @param now - monotonic; must not run backwards between calls.
   * @returns effects, in the order in which they must be performed.
   */
  step(input: Input, now: Instant): readonly Effect[] {
    if (now < this.latest) throw new InvariantError(`time ran backwards, from ${this.latest} to ${now}`);
    this.latest = now;
    const step: StepContext = { now, effects: [] };
    settleDue(this.state, step);
    if (this.state.work.size > 0) this.finishWorkBefore(input, step);
    this.apply(input, step);
    closeIfDrained(this.state, step);
    armSweep(this.state, now);
    return step.effects;
  }

  /** No deadline is due before this instant; infinity if none is set. A step at a later instant settles them. */
  nextDeadline(): Instant {
    return this.state.wheel.next;
  }

  /**
   * Reads the next slice of a replay. Changes no state.
   *
   * @param replay - the effect that asked for the replay.
   * @param from - `next` of the previous slice; the first position of the replay for the first slice.
   * @param maxBytes - bound on the deliveries' cost, as the log counts it; a slice may always hold one delivery.
   */
  readReplay(replay: Replay, from: number, maxBytes: number): ReplaySlice {
    return readReplay(this.state, replay, from, maxBytes);
  }

  /** Counts and totals, for people and metrics. Takes time linear in the number of producers. */
  snapshot(): Snapshot {
    return snapshotOf(this.state);
  }

  /** What is held for each peer. Whoever keeps more for a peer than the core does charges it there. */
  get ledger(): HeldBytes {
    return this.state.ledger;
  }

  /**
   * Why a peer may open no further stream; undefined if it may. For streams that are no sessions: they are counted only.
   *
   * @param peer - the address of its connection, as the edge shows it.
   */
  streamRefusalOf(peer: string): Refusal | undefined {
    return streamRefusal(this.state, accountOf(this.state, peer));
  }

  /** Number of requests that have not ended. */
  get pendingCount(): number {
    return this.state.requests.size;
  }

  private apply(input: Input, step: StepContext): void {
    const { state } = this;
    switch (input.kind) {
      case "resultReturned":
      case "topicsRegistered":
      case "topicsDeregistered":
      case "creditUpdated":
      case "assignmentsWritten":
      case "messageMisunderstood":
      case "producerDraining":
        this.applyProducerInput(input, step);
        break;
      case "requestSubmitted":
        admit(state, input, step);
        break;
      case "producerOpened":
        openProducer(state, input, step);
        break;
      case "listenerOpened":
        openListener(state, input, step);
        break;
      case "topicsUpdated": {
        const session = state.sessions.get(input.session);
        if (session?.kind === "listener") updateOwnTopics(state, session, input, step);
        else if (session?.kind === "opening") takePart(state, session, input, step);
        break;
      }
      case "listenerUpdated":
        updateListener(state, input, step);
        break;
      case "callerOpened":
        openCaller(state, input, step);
        break;
      case "callerFinished": {
        const session = state.sessions.get(input.session);
        if (session?.kind === "caller") finishSubmitting(session, step);
        break;
      }
      case "cancelRequested":
        cancelRequest(state, input, step);
        break;
      case "sessionClosed": {
        const session = state.sessions.get(input.session);
        if (session) this.depart(session, step);
        break;
      }
      case "sessionEnded": {
        const session = state.sessions.get(input.session);
        if (session) this.depart(session, step);
        step.effects.push({ kind: "close", to: input.session, refusal: input.refusal });
        break;
      }
      case "sessionAging":
        state.work.begin(input.session, step, function* (step) {
          ageSession(state, input, step);
          yield 1;
        });
        break;
      case "watchStarted":
        state.watcherCount++;
        break;
      case "watchStopped":
        state.watcherCount--;
        break;
      case "streamsCounted":
        state.otherStreamCount = input.count;
        break;
      case "drainStarted":
        startDrain(state, input.graceMs, step);
        break;
      case "drainExpired":
        expireDrain(state, step);
        break;
      case "workContinued":
        state.work.continue(input.session, step);
        break;
      case "clockAdvanced":
        break;
    }
  }

  /** Applies an input of a producer's session. An input of a session that has ended is stale and is ignored. */
  private applyProducerInput(input: ProducerInput, step: StepContext): void {
    const { state } = this;
    const producer = state.sessions.get(input.session);
    if (producer?.kind !== "producer") return;
    switch (input.kind) {
      case "resultReturned":
        takeResult(state, producer, input, step);
        break;
      case "topicsRegistered":
        registerTopics(state, producer, input, step);
        break;
      case "topicsDeregistered":
        deregisterTopics(state, producer, input, step);
        break;
      case "creditUpdated":
        updateCredit(state, producer, input, step);
        break;
      case "assignmentsWritten":
        noteWritten(state, producer, input, step);
        break;
      case "messageMisunderstood":
        faultUnknownMessage(producer, input, step);
        break;
      case "producerDraining":
        drainProducer(state, producer, step);
        break;
    }
    if (producer.overLimit) this.endOverLimit(producer, producer.overLimit, step);
  }

  private endOverLimit(producer: ProducerSession, refused: Refusal, step: StepContext): void {
    departProducer(this.state, producer, step);
    step.effects.push({ kind: "close", to: producer.key, refusal: refused });
  }

  /**
   * Finishes the work of the session whose input comes next, so that the input finds the session as its peer expects it. The
   * runtime holds back what a session sends while it has unfinished work, so this is rare.
   */
  private finishWorkBefore(input: Input, step: StepContext): void {
    switch (input.kind) {
      case "workContinued":
      case "assignmentsWritten":
      case "sessionAging":
      case "sessionClosed":
      case "sessionEnded":
        return;
      default:
        if ("session" in input && input.session !== undefined) this.state.work.finish(input.session, step);
    }
  }

  private depart(session: AnySession, step: StepContext): void {
    if (session.kind === "producer") departProducer(this.state, session, step);
    else if (session.kind === "listener") departListener(this.state, session, step);
    else if (session.kind === "opening") departOpening(this.state, session, step);
    else departCaller(this.state, session, step);
  }
}
