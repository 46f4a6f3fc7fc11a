/**
 * Runs commands on a dispatcher that does little per step, with inputs of other sessions between the slices of long work.
 * Checks rules that hold for every order of the slices: what each stream may hear, and that no state is left.
 */
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { ProducerSession } from "../../src/core/state/producer-session.js";
import type { AnySession } from "../../src/core/state/state.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import { type Cursor, NO_CONTEXT, type SessionKey } from "../../src/core/vocabulary/model.js";
import type { ModelCommand } from "./model-commands.js";
import { checkNothingLeft, stateOf } from "./nothing-left.js";
import { isCovered } from "./slow-model.js";
import { StreamRules } from "./stream-rules.js";

type Of<K extends ModelCommand["kind"]> = Extract<ModelCommand, { readonly kind: K }>;

const LIMITS = { maxTtlMs: 10_000, heartbeatMs: 1e15, retainedMs: 1e6, idempotencyMs: 1e7 };
const FOREVER_MS = 1e9;

interface Stream {
  readonly kind: "producer" | "listener" | "caller";
  readonly key: SessionKey;
  readonly id: string;
  readonly isGrouped: boolean;
  /** Topics that a listener hears of. */
  readonly topics: Set<string>;
  /** The last position that a listener knows of each topic. */
  readonly positions: Map<string, number>;
  hasBegun: boolean;
  /** Whether its last part has not been sent. */
  isOpening: boolean;
  /** Whether it drains or its connection ages. */
  isLeaving: boolean;
}

/** How a dispatcher is bounded in a run. */
export interface RunBounds {
  readonly unitsPerSlice: number;
  /** The window of every producer. */
  readonly windowBytes: number;
}

/** @param slices - after each command, this many slices of unfinished work are done. */
export function runInterleaved(
  commands: readonly ModelCommand[],
  slices: readonly number[],
  bounds: RunBounds,
): void {
  const run = new InterleavedRun(bounds);
  for (const [i, command] of commands.entries()) {
    run.perform(command);
    run.continueWork(slices[i % slices.length] ?? 0);
  }
  run.finish();
}

class InterleavedRun {
  private readonly dispatcher: Dispatcher;
  private readonly rules: StreamRules;
  private readonly streams = new Map<SessionKey, Stream>();
  /** Sessions whose turn is asked for, in this order. */
  private readonly turns: SessionKey[] = [];
  private readonly assigned: { readonly key: SessionKey; readonly id: number }[] = [];
  /** Costs of the assignments that each producer was sent and has not taken, in bytes. */
  private readonly unwritten = new Map<SessionKey, number[]>();
  private readonly accepted: string[] = [];
  private readonly summaryCounts = new Map<string, number>();
  private now = 0;
  private lastKey: SessionKey = 0;

  constructor({ unitsPerSlice, windowBytes }: RunBounds) {
    this.dispatcher = new Dispatcher("s", { ...LIMITS, producerBufferBytes: windowBytes }, unitsPerSlice);
    this.rules = new StreamRules(windowBytes);
  }

  perform(command: ModelCommand): void {
    switch (command.kind) {
      case "openProducer":
        this.openProducer(command);
        break;
      case "register":
      case "deregister": {
        const session = this.pick("producer", command.which);
        if (session === undefined) break;
        const { topics } = command;
        const registrations = topics.map((topic) => ({ topic, group: "" }));
        if (command.kind === "register")
          this.step({ kind: "topicsRegistered", session, registrations, correlationId: "" });
        else this.step({ kind: "topicsDeregistered", session, topics, correlationId: "" });
        break;
      }
      case "credit": {
        const session = this.pick("producer", command.which);
        if (session === undefined) break;
        this.rules.setWindow(session, 100);
        this.step({ kind: "creditUpdated", session, maxOutstanding: command.window });
        break;
      }
      case "written": {
        // The runtime reports this at any time, also of a session with unfinished work.
        const session = pick([...this.unwritten.keys()], command.which);
        const costs = session === undefined ? undefined : this.unwritten.get(session);
        const bytes = (costs?.splice(0, command.count) ?? []).reduce((sum, cost) => sum + cost, 0);
        if (session === undefined || bytes === 0) break;
        this.rules.written(session, bytes);
        this.step({ kind: "assignmentsWritten", session, bytes });
        break;
      }
      case "drainProducer": {
        const session = this.pick("producer", command.which);
        if (session === undefined) break;
        this.leave(session);
        this.step({ kind: "producerDraining", session });
        break;
      }
      case "openListener":
        this.openListener(command);
        break;
      case "update": {
        const listener = [...this.streams.values()].findLast(({ id }) => id === command.id);
        const { id: listenerId, add, remove } = command;
        if (listener?.isOpening) this.sendPart(listener, command);
        else if (command.byCall || !listener || !this.isReady(listener))
          this.step({ kind: "listenerUpdated", session: ++this.lastKey, listenerId, add, remove });
        else this.step({ kind: "topicsUpdated", session: listener.key, add, remove });
        break;
      }
      case "openCaller": {
        const session = this.open("caller", "", false);
        this.step({ kind: "callerOpened", session, peer: peerOf(session) });
        break;
      }
      case "finishCaller": {
        const session = this.pick("caller", command.which);
        if (session !== undefined) this.step({ kind: "callerFinished", session });
        break;
      }
      case "close": {
        const stream = pick([...this.streams.values()], command.which);
        if (stream) this.close(stream.key);
        break;
      }
      case "age": {
        const stream = pick([...this.streams.values()], command.which);
        if (stream) this.step({ kind: "sessionAging", session: stream.key, graceMs: 0 });
        break;
      }
      case "request":
        this.request(command);
        break;
      case "reply": {
        const found = pick(this.assigned, command.which);
        const stream = found && this.streams.get(found.key);
        if (!found || !stream || !this.isReady(stream)) break;
        const { more, isError } = command;
        this.step({
          ...{ kind: "resultReturned", session: found.key, assignment: found.id, assignmentText: "", more },
          ...{ failure: isError ? { code: 5, message: "no" } : undefined, payload: new Uint8Array(1) },
        });
        break;
      }
      case "cancel": {
        const requestId = pick(this.accepted, command.which) ?? "nothing";
        this.step({ kind: "cancelRequested", session: ++this.lastKey, requestId });
        break;
      }
      case "advance":
        this.now += command.byMs;
        this.step({ kind: "clockAdvanced" });
        break;
      case "drainServer":
        this.step({ kind: "drainStarted", graceMs: 0 });
        break;
      case "expireDrain":
        this.step({ kind: "drainExpired" });
        break;
    }
  }

  /** Does slices of unfinished work, the one asked for first. */
  continueWork(count: number): void {
    for (let i = 0; i < count; i++) {
      const session = this.turns.shift();
      if (session === undefined) return;
      this.step({ kind: "workContinued", session });
    }
  }

  /** Closes everything, lets every retention time pass, and checks that no state is left. */
  finish(): void {
    for (const key of [...this.streams.keys()]) this.close(key);
    this.continueWork(Number.POSITIVE_INFINITY);
    for (const _ of ["requests", "topics", "ids"]) {
      this.now += FOREVER_MS;
      this.step({ kind: "clockAdvanced" });
      this.continueWork(Number.POSITIVE_INFINITY);
    }
    checkNothingLeft(this.dispatcher);
    for (const id of new Set(this.accepted)) {
      if (this.summaryCounts.get(id) !== 1)
        throw new Error(`${id} ended ${this.summaryCounts.get(id) ?? 0} times`);
    }
  }

  private openProducer({ id, topics, isGrouped, window, backlog, dispositions }: Of<"openProducer">): void {
    const session = this.open("producer", id, isGrouped);
    this.rules.setWindow(session, window);
    this.step({
      ...{ kind: "producerOpened", session, sessionId: "", producerId: id, mintedId: "", displayName: "" },
      ...{ labels: [], registrations: topics.map((topic) => ({ topic, group: isGrouped ? "g" : "" })) },
      ...{
        maxOutstanding: window,
        maxBacklog: backlog,
        reportDispositions: dispositions,
        peer: peerOf(session),
      },
    });
  }

  private openListener({
    id,
    topics,
    isGrouped,
    late,
    summaries,
    resumes,
    isInParts,
  }: Of<"openListener">): void {
    const session = this.open("listener", id, isGrouped);
    const stream = this.streams.get(session);
    for (const topic of topics) stream?.topics.add(topic);
    if (stream) stream.isOpening = isInParts;
    const resumeFrom = resumes ? cursorsOfAnotherServer(topics) : [];
    this.step({
      ...{ kind: "listenerOpened", session, sessionId: "", listenerId: id, mintedId: "", topics, resumeFrom },
      ...{ includeLate: late, includeSummaries: summaries, overflowAction: "DROP_OLDEST", bufferBytes: 0 },
      ...{ group: isGrouped ? "lg" : "", cursorsFollow: isInParts, peer: peerOf(session) },
    });
  }

  /** A further part of a listener that opens, or the last one. */
  private sendPart(listener: Stream, { add, remove, byCall: cursorsFollow }: Of<"update">): void {
    for (const topic of remove) listener.topics.delete(topic);
    for (const topic of add) listener.topics.add(topic);
    listener.isOpening = cursorsFollow;
    const resumeFrom = cursorsOfAnotherServer(add);
    this.step({ kind: "topicsUpdated", session: listener.key, add, remove, resumeFrom, cursorsFollow });
  }

  private request(command: Of<"request">): void {
    const { topic, ttlMs, completion, selectedIds, maxTargets, action, callersId } = command;
    const caller = command.caller === undefined ? undefined : this.pick("caller", command.caller);
    const selector = { producerIds: selectedIds, principals: [], matchLabels: [], maxTargets };
    const session = caller ?? ++this.lastKey;
    this.step({
      ...{ kind: "requestSubmitted", session, peer: peerOf(session) },
      // The same id on another topic is a mistake, and otherwise a repetition.
      digest: callersId === "" ? "" : `content on ${topic}`,
      ...{ correlationId: caller === undefined ? undefined : "c", mintedId: `r${++this.lastKey}` },
      ...{ gather: caller !== undefined, excludeListeners: false, validateOnly: false },
      ...{ callDeadlineAt: undefined, context: NO_CONTEXT },
      spec: {
        ...{ topic, ttlMs, requestId: callersId, completion, selector, noProducersAction: action },
        payload: new Uint8Array(1),
      },
    });
  }

  private open(kind: Stream["kind"], id: string, isGrouped: boolean): SessionKey {
    const key = ++this.lastKey;
    const [topics, positions] = [new Set<string>(), new Map<string, number>()];
    const hasBegun = kind === "caller";
    const stream = {
      kind,
      key,
      id,
      isGrouped,
      topics,
      positions,
      hasBegun,
      isOpening: false,
      isLeaving: false,
    };
    this.streams.set(key, stream);
    return key;
  }

  private leave(session: SessionKey): void {
    const stream = this.streams.get(session);
    if (stream) stream.isLeaving = true;
  }

  private close(session: SessionKey): void {
    this.streams.delete(session);
    this.unwritten.delete(session);
    this.step({ kind: "sessionClosed", session });
  }

  /** A stream that has begun and has no unfinished work; the runtime holds back what others send. */
  private pick(kind: Stream["kind"], which: number): SessionKey | undefined {
    const ready = [...this.streams.values()].filter((stream) => stream.kind === kind && this.isReady(stream));
    return pick(ready, which)?.key;
  }

  private isReady({ key, hasBegun }: Stream): boolean {
    return hasBegun && !this.turns.includes(key);
  }

  private step(input: Input): void {
    const effects = this.dispatcher.step(input, this.now);
    this.rules.check(input, effects);
    for (const effect of effects) this.follow(effect);
    this.checkResources();
  }

  /** All unfinished work has a turn to come, also that of sessions that have ended, and all windows have what was not taken. */
  private checkResources(): void {
    const { sessions, work } = stateOf(this.dispatcher);
    for (const key of work["byKey"].keys()) {
      if (!this.turns.includes(key)) throw new Error(`the work of ${key} waits for no turn`);
    }
    for (const { key, kind, unwrittenBytes } of producersAmong(sessions.values())) {
      const bytes = (this.unwritten.get(key) ?? []).reduce((sum, cost) => sum + cost, 0);
      if (unwrittenBytes !== bytes)
        throw new Error(`${unwrittenBytes} bytes of ${kind} ${key} are not taken, not ${bytes}`);
    }
  }

  private follow(effect: Effect): void {
    switch (effect.kind) {
      case "continue":
        if (this.turns.includes(effect.to)) throw new Error(`${effect.to} asks for two turns`);
        this.turns.push(effect.to);
        return;
      case "assign":
        this.assigned.push({ key: effect.to, id: effect.assignment });
        this.unwritten.set(effect.to, [...(this.unwritten.get(effect.to) ?? []), effect.cost]);
        break;
      case "accept": {
        const { requestId, targets } = effect.acceptance;
        // A request that is sent again gets the same acceptance.
        if (!this.accepted.includes(requestId))
          this.checkTargets(targets.map(({ producerId }) => producerId));
        this.accepted.push(requestId);
        return;
      }
      case "replay":
        this.streams.get(effect.to)?.positions.set(effect.topic, effect.last);
        return;
      case "summarize": {
        const { requestId } = effect.summary;
        if (effect.lane !== 0 || effect.callers.length > 0 || effect.audience.length === 0) {
          this.summaryCounts.set(requestId, 1);
        }
        return;
      }
      case "deliver":
        for (const key of effect.audience) this.hear(key, effect.topic, effect.sequence);
        return;
      case "observe":
        return;
    }
    const stream = this.streams.get(effect.to);
    if (!stream) return;
    if (effect.kind === "welcome" || effect.kind === "ready") stream.hasBegun = true;
    if (!stream.hasBegun && effect.kind !== "close") {
      throw new Error(`${effect.kind} comes before the first event of ${stream.kind} ${effect.to}`);
    }
    if (effect.kind === "topicsChanged") {
      for (const topic of effect.removed) stream.topics.delete(topic);
      for (const topic of effect.added) stream.topics.add(topic);
      for (const topic of stream.positions.keys()) {
        if (!isHeard(stream, topic)) stream.positions.delete(topic);
      }
    }
    // A member of a listener group hears only its share of a topic.
    if (!stream.isGrouped && (effect.kind === "ready" || effect.kind === "topicsChanged")) {
      for (const { topic, sequence } of effect.cursors) {
        const known = stream.positions.get(topic);
        if (known !== undefined && known !== sequence) {
          throw new Error(`${effect.to} is at ${topic}=${known}, and is told ${sequence}`);
        }
        stream.positions.set(topic, sequence);
      }
    }
    if (effect.kind === "close" || (effect.kind === "goAway" && effect.reason === "CONNECTION_AGE")) {
      this.leave(effect.to);
    }
  }

  /** A producer is asked once, and not any more once it leaves. */
  private checkTargets(ids: readonly string[]): void {
    if (new Set(ids).size < ids.length) throw new Error(`asked twice: ${ids}`);
    const isThere = (id: string) =>
      [...this.streams.values()].some((stream) => stream.id === id && !stream.isLeaving);
    if (!ids.every(isThere)) throw new Error(`asked although one has left: ${ids}`);
  }

  /** A listener without a group hears every delivery of a topic above its cursor, and a cursor before the first one. */
  private hear(key: SessionKey, topic: string, sequence: number): void {
    const stream = this.streams.get(key);
    if (!stream || stream.isGrouped || sequence === 0) return;
    const known = stream.positions.get(topic);
    if (known === undefined || sequence !== known + 1) {
      throw new Error(`${key} hears ${topic}=${sequence} after ${known ?? "no cursor"}`);
    }
    stream.positions.set(topic, sequence);
  }
}

function producersAmong(sessions: Iterable<AnySession>): readonly ProducerSession[] {
  return [...sessions].filter((session) => session.kind === "producer");
}

/** A listener that resumes from them hears of a gap on each, and then everything that is retained. */
function cursorsOfAnotherServer(topics: readonly string[]): readonly Cursor[] {
  return topics
    .filter((topic) => !topic.includes("*") && topic !== ">")
    .map((topic) => ({ topic, epoch: "other", sequence: 5 }));
}

/** The sessions and calls are of three peers, so that what one of them began may end by another. */
function peerOf(session: SessionKey): string {
  return `10.0.0.${session % 3}:${50_000 + session}`;
}

function isHeard({ topics }: Stream, topic: string): boolean {
  return [...topics].some((pattern) => isCovered(pattern, topic));
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % Math.max(1, from.length)];
}
