/**
 * Runs commands on the dispatcher and on the slow model, and compares the messages to every session after each step.
 */
import { Dispatcher } from "../../src/core/dispatcher.js";
import { selectorBytes } from "../../src/core/state/costs.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import {
  type Cursor,
  NO_CONTEXT,
  type RequestSpec,
  type SessionKey,
  type Summary,
} from "../../src/core/vocabulary/model.js";
import { stepToEnd } from "../support/step-to-end.js";
import type { ModelCommand } from "./model-commands.js";
import { checkNothingLeft, stateOf } from "./nothing-left.js";
import { type Chosen, type SentMessage, SlowModel } from "./slow-model.js";
import { StreamRules } from "./stream-rules.js";

type Of<K extends ModelCommand["kind"]> = Extract<ModelCommand, { readonly kind: K }>;

interface Assigned {
  readonly key: SessionKey;
  readonly requestId: string;
  readonly attempt: number;
  readonly assignment: number;
}

interface Sent {
  readonly spec: RequestSpec;
  readonly content: string;
}

/** Nothing expires during a run: no delivery, no id and no topic. All windows have the same size. */
const LIMITS = { maxTtlMs: 10_000, heartbeatMs: 1e15, retainedMs: 1e6, idempotencyMs: 1e7 };
/** Bytes of a replay slice: a few deliveries. */
const REPLAY_SLICE_BYTES = 1_000;
/** Longer than every retention time. */
const FOREVER_MS = 1e9;

/**
 * Runs all commands, closes everything and checks that no state is left. Throws where the two differ.
 *
 * @param windowBytes - the window of every producer.
 * @param unitsPerSlice - units of work that the dispatcher does in one step. The rest of its work is done before the next
 * command.
 */
export function runCommands(
  commands: readonly ModelCommand[],
  windowBytes: number,
  unitsPerSlice?: number,
): void {
  const run = new ModelRun(windowBytes, unitsPerSlice);
  for (const command of commands) run.perform(command);
  run.finish();
}

class ModelRun {
  private readonly dispatcher: Dispatcher;
  private readonly model: SlowModel;
  private readonly rules: StreamRules;
  private now = 0;
  private lastKey: SessionKey = 0;
  private requestCount = 0;
  private readonly assigned: Assigned[] = [];
  private readonly byAssignment = new Map<number, Assigned>();
  private readonly producerKeys: SessionKey[] = [];
  private readonly sent = new Map<string, Sent>();
  /** Bytes of payload and selector, by request id. */
  private readonly contentBytes = new Map<string, number>();
  /** The cursors that each listener has received, by listener id and topic. */
  private readonly positions = new Map<string, Map<string, Cursor>>();

  /** Whether deadlines are settled in slices, some of them after the input, unless they are settled before it. */
  private readonly isSliced: boolean;

  constructor(windowBytes: number, unitsPerSlice?: number) {
    this.isSliced = unitsPerSlice !== undefined;
    this.dispatcher = new Dispatcher("s", { ...LIMITS, producerBufferBytes: windowBytes }, unitsPerSlice);
    this.model = new SlowModel(windowBytes);
    this.rules = new StreamRules(windowBytes);
  }

  perform(command: ModelCommand): void {
    switch (command.kind) {
      case "openProducer":
        this.openProducer(command);
        break;
      case "register":
        this.register(command);
        break;
      case "deregister":
        this.deregister(command);
        break;
      case "credit":
        this.setWindow(command);
        break;
      case "written": {
        // Passed deadlines are processed first, with the previous window.
        this.step({ kind: "clockAdvanced" }, () => {});
        const producer = pick(this.model.producers, command.which);
        if (!producer) break;
        const { key: session, unwritten } = producer;
        const bytes = unwritten.slice(0, command.count).reduce((sum, cost) => sum + cost, 0);
        if (bytes === 0) break;
        this.rules.written(session, bytes);
        this.step({ kind: "assignmentsWritten", session, bytes }, () =>
          this.model.written(session, command.count),
        );
        break;
      }
      case "drainProducer": {
        const session = pick(this.model.producers, command.which)?.key;
        if (session === undefined) break;
        this.step({ kind: "producerDraining", session }, () => this.model.drainProducer(session));
        break;
      }
      case "openListener":
        this.openListener(command);
        break;
      case "update":
        this.update(command);
        break;
      case "openCaller": {
        const session = ++this.lastKey;
        this.step({ kind: "callerOpened", session, peer: peerOf(session) }, () =>
          this.model.openCaller(session),
        );
        break;
      }
      case "finishCaller": {
        const session = pick(this.unfinishedCallers(), command.which)?.key;
        if (session === undefined) break;
        this.step({ kind: "callerFinished", session }, () => this.model.finishCaller(session));
        break;
      }
      case "close": {
        // The end of a replaced session is an input too, and must change nothing.
        const keys = [...this.model.sessions.map(({ key }) => key), ...this.producerKeys.slice(-2)];
        const session = pick(keys, command.which);
        if (session === undefined) break;
        this.step({ kind: "sessionClosed", session }, () => this.model.close(session));
        break;
      }
      case "age": {
        const session = pick(this.model.sessions, command.which)?.key;
        if (session === undefined) break;
        const input = { kind: "sessionAging" as const, session, graceMs: 0 };
        this.step(input, () => this.model.age(session));
        break;
      }
      case "request":
        this.request(command);
        break;
      case "reply":
        this.reply(command);
        break;
      case "cancel": {
        const session = ++this.lastKey;
        const requestId = pick(this.model.requests, command.which)?.id ?? "nothing";
        const input = { kind: "cancelRequested" as const, session, requestId };
        this.step(input, () => this.model.cancel(requestId, session));
        break;
      }
      case "advance":
        this.advance(command);
        break;
      case "drainServer":
        this.step({ kind: "drainStarted", graceMs: 0 }, () => this.model.startDrain());
        break;
      case "expireDrain":
        this.step({ kind: "drainExpired" }, () => this.model.expireDrain());
        break;
    }
  }

  /** Closes everything, lets every retention time pass, and checks that no state is left. */
  finish(): void {
    for (const { key: session } of [...this.model.sessions]) {
      this.step({ kind: "sessionClosed", session }, () => this.model.close(session));
    }
    for (const _ of ["requests", "topics"]) {
      this.now += FOREVER_MS;
      this.step({ kind: "clockAdvanced" }, () => {});
    }
    checkNothingLeft(this.dispatcher);
  }

  private openProducer({ id, topics, isGrouped, window, backlog, dispositions }: Of<"openProducer">): void {
    const session = ++this.lastKey;
    this.producerKeys.push(session);
    this.rules.setWindow(session, window);
    const registrations = topics.map((topic) => ({ topic, group: groupOf(id, isGrouped, topic) }));
    this.step(
      {
        kind: "producerOpened",
        session,
        sessionId: "",
        producerId: id,
        mintedId: "",
        displayName: "",
        labels: [],
        registrations,
        maxOutstanding: window,
        maxBacklog: backlog,
        reportDispositions: dispositions,
        peer: peerOf(session),
      },
      () =>
        this.model.openProducer({
          key: session,
          id,
          window,
          backlogSize: backlog,
          wantsDispositions: dispositions,
          registrations: new Map(registrations.map(({ topic, group }) => [topic, group])),
        }),
    );
  }

  private register({ which, topics, isGrouped }: Of<"register">): void {
    const producer = pick(this.model.producers, which);
    if (!producer) return;
    const { key: session, id } = producer;
    const registrations = topics.map((topic) => ({ topic, group: groupOf(id, isGrouped, topic) }));
    this.step({ kind: "topicsRegistered", session, registrations, correlationId: "" }, () =>
      this.model.register(session, topics, (topic) => groupOf(id, isGrouped, topic)),
    );
  }

  private deregister({ which, topics }: Of<"deregister">): void {
    const session = pick(this.model.producers, which)?.key;
    if (session === undefined) return;
    this.step({ kind: "topicsDeregistered", session, topics, correlationId: "" }, () =>
      this.model.deregister(session, topics),
    );
  }

  private setWindow({ which, window }: Of<"credit">): void {
    const producer = pick(this.model.producers, which);
    if (!producer) return;
    const { key: session } = producer;
    // Passed deadlines are processed first, with the previous window.
    this.rules.setWindow(session, Math.max(producer.window, window));
    this.step({ kind: "creditUpdated", session, maxOutstanding: window }, () =>
      this.model.setWindow(session, window),
    );
    this.rules.setWindow(session, window);
  }

  private openListener(command: Of<"openListener">): void {
    const { id, topics, isGrouped, resumes, isEstranged } = command;
    const session = ++this.lastKey;
    const group = isGrouped ? "lg" : "";
    // A late result or a summary goes to the group's member that has the request, if it includes them: not modelled.
    const includeLate = command.late && !isGrouped;
    const includeSummaries = command.summaries && !isGrouped;
    // A topic without a numbered delivery has nothing to resume.
    const known = [...(this.positions.get(id)?.values() ?? [])].filter(({ sequence }) => sequence > 0);
    const estrange = (cursor: Cursor, i: number): Cursor =>
      i % 2 === 0 ? { ...cursor, epoch: "other" } : { ...cursor, sequence: cursor.sequence + 1_000 };
    const cursors = !resumes ? [] : isEstranged ? known.map(estrange) : known;
    // Its last part carries the first cursor.
    const resumeFrom = command.isInParts ? [...cursors.slice(1), ...cursors.slice(0, 1)] : cursors;
    this.positions.set(id, new Map());
    const first = {
      kind: "listenerOpened" as const,
      session,
      sessionId: "",
      listenerId: id,
      mintedId: "",
      topics,
      resumeFrom,
      includeLate,
      includeSummaries,
      overflowAction: "DROP_OLDEST" as const,
      bufferBytes: 0,
      group,
      peer: peerOf(session),
    };
    const open = () =>
      this.model.openListener(
        { key: session, id, topics: new Set(topics), group, includeLate, includeSummaries },
        new Map(resumeFrom.map(({ topic, sequence }) => [topic, sequence])),
        isEstranged,
      );
    if (!command.isInParts) {
      this.step(first, open);
      return;
    }
    const part = { topics: topics.slice(1), resumeFrom: cursors.slice(1), cursorsFollow: true };
    this.step({ ...first, ...part }, () => this.model.beginOpening(session, id));
    const last = { add: topics.slice(0, 1), remove: [], resumeFrom: cursors.slice(0, 1) };
    this.step({ kind: "topicsUpdated", session, ...last }, () => {
      if (this.model.openings.some(({ key }) => key === session)) open();
    });
  }

  private update({ id, add, remove, byCall }: Of<"update">): void {
    const listener = this.model.listeners.find((session) => session.id === id);
    if (byCall) {
      const session = ++this.lastKey;
      this.step({ kind: "listenerUpdated", session, listenerId: id, add, remove }, () =>
        this.model.updateListener(id, add, remove, session),
      );
    } else if (listener) {
      this.step({ kind: "topicsUpdated", session: listener.key, add, remove }, () =>
        this.model.updateListener(id, add, remove),
      );
    }
  }

  private request(command: Of<"request">): void {
    const { topic, ttlMs, completion, selectedIds, maxTargets, callersId } = command;
    const caller = command.caller === undefined ? undefined : pick(this.unfinishedCallers(), command.caller);
    const session = caller?.key ?? ++this.lastKey;
    const gather = caller !== undefined && command.gather;
    const excludeListeners = gather && command.excludesListeners;
    const made: RequestSpec = {
      topic,
      ttlMs,
      requestId: callersId,
      completion,
      selector:
        selectedIds.length === 0 && maxTargets === 0
          ? undefined
          : { producerIds: selectedIds, principals: [], matchLabels: [], maxTargets },
      // Held requests of several topics are scattered topic by topic; the model only orders them by age.
      noProducersAction: command.action === "WAIT" && topic !== "c" ? "COMPLETE" : command.action,
      payload: new Uint8Array(command.payloadBytes),
    };
    const before = command.isRepeated ? this.sent.get(callersId) : undefined;
    const { spec, content } = before ?? { spec: made, content: `content ${++this.requestCount}` };
    if (callersId !== "") this.sent.set(callersId, { spec, content });
    const mintedId = `r${++this.requestCount}`;
    const requestId = callersId || mintedId;
    if (!this.model.pending.some(({ id }) => id === requestId))
      this.contentBytes.set(requestId, spec.payload.length + selectorBytes(spec.selector));
    this.step(
      {
        kind: "requestSubmitted",
        session,
        correlationId: caller ? "c" : undefined,
        spec,
        digest: content,
        mintedId,
        gather,
        excludeListeners,
        validateOnly: false,
        callDeadlineAt: undefined,
        context: NO_CONTEXT,
        peer: peerOf(session),
      },
      (effects) =>
        this.model.submit(
          {
            key: session,
            id: callersId || mintedId,
            hasCallersId: callersId !== "",
            topic: spec.topic,
            ttlMs: Number(spec.ttlMs ?? 0),
            completion: spec.completion,
            selectedIds: spec.selector?.producerIds ?? [],
            maxTargets: spec.selector?.maxTargets ?? 0,
            action: spec.noProducersAction === "UNKNOWN_ENUM_VALUE" ? "COMPLETE" : spec.noProducersAction,
            gather,
            excludesListeners: excludeListeners,
            content,
            payloadBytes: spec.payload.length,
          },
          chosenIn(effects),
        ),
    );
  }

  private reply({ which, isAny, byAnybody, isNonsense, more, isError }: Of<"reply">): void {
    const isOut = ({ key, requestId, attempt }: Assigned) => {
      const producer = this.model.producers.find((session) => session.key === key);
      const outstanding = producer ? this.model.outstanding(producer) : [];
      return outstanding.some((target) => target.request.id === requestId && target.attempt === attempt);
    };
    const found = pick(isAny ? this.assigned : this.assigned.filter(isOut), which);
    const session = (byAnybody ? pick(this.producerKeys, which) : undefined) ?? found?.key;
    if (session === undefined) return;
    const own = found?.key === session && !isNonsense ? found : undefined;
    this.step(
      {
        kind: "resultReturned",
        session,
        assignment: isNonsense ? 0 : (found?.assignment ?? 0),
        assignmentText: "",
        more,
        failure: isError ? { code: 5, message: "no" } : undefined,
        payload: new Uint8Array(1),
      },
      () => this.model.reply(session, own?.requestId, own?.attempt ?? 0, more, isError),
    );
  }

  private advance({ byMs, toEndOf, beyondMs, isWoken }: Of<"advance">): void {
    const request = toEndOf === undefined ? undefined : pick(this.model.pending, toEndOf);
    const target = Math.max(this.now, request ? this.model.endsAt(request) + beyondMs : this.now + byMs);
    if (isWoken) {
      for (let wake = this.wake(); wake <= target; wake = this.wake()) {
        this.now = wake;
        this.step({ kind: "clockAdvanced" }, () => {});
      }
    }
    this.now = target;
  }

  private wake(): number {
    return Math.max(this.now, Math.floor(this.dispatcher.nextDeadline()) + 1);
  }

  private step(input: Input, applyToModel: (effects: readonly Effect[]) => void): void {
    const settled = this.isSliced ? stepToEnd(this.dispatcher, { kind: "clockAdvanced" }, this.now) : [];
    const applied = stepToEnd(this.dispatcher, input, this.now);
    const effects = [...settled, ...applied].flatMap((effect) => this.replayed(effect));
    this.model.advanceTo(this.now);
    if (this.isSliced) this.model.closeIfDrained();
    applyToModel(effects);
    this.model.closeIfDrained();
    for (const effect of effects) {
      if (effect.kind === "assign") this.learn(effect.to, effect);
    }
    const actual = effects.flatMap((effect) => this.messagesOf(effect));
    compare(actual, this.model.takeSent(), `${JSON.stringify(input)} at ${this.now}`);
    this.rules.check(input, effects);
    this.follow(effects);
    this.compareCounts();
  }

  /** The messages that a replay sends, if the listener takes everything at once. */
  private replayed(effect: Effect): readonly Effect[] {
    if (effect.kind !== "replay") return [effect];
    const audience = [effect.to];
    const sent: Effect[] = [];
    for (let next = effect.from; next <= effect.last; ) {
      const slice = this.dispatcher.readReplay(effect, next, REPLAY_SLICE_BYTES);
      if (slice.gap) sent.push(slice.gap);
      for (const delivery of slice.deliveries) sent.push({ ...delivery, audience, callers: [] });
      next = slice.next;
    }
    return sent;
  }

  private learn(key: SessionKey, assign: Extract<Effect, { readonly kind: "assign" }>): void {
    const { requestId, attempt, assignment } = assign;
    const assigned = { key, requestId, attempt, assignment };
    if (this.byAssignment.has(assignment)) throw new Error(`assignment ${assignment} was sent twice`);
    this.assigned.push(assigned);
    this.byAssignment.set(assignment, assigned);
  }

  /** Keeps the cursors, as a listener does in order to resume. */
  private follow(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "ready" || effect.kind === "topicsChanged") {
        const id = this.listenerId(effect.to);
        const positions = id === undefined ? undefined : this.positions.get(id);
        if (effect.kind === "topicsChanged") for (const topic of effect.removed) positions?.delete(topic);
        for (const cursor of effect.cursors) positions?.set(cursor.topic, cursor);
      } else if (effect.kind === "deliver" && effect.sequence > 0) {
        const { topic, sequence } = effect;
        for (const key of effect.audience) {
          const positions = this.positions.get(this.listenerId(key) ?? "");
          const known = positions?.get(topic);
          if (known) positions?.set(topic, { ...known, sequence });
        }
      }
    }
  }

  private listenerId(key: SessionKey): string | undefined {
    return this.model.listeners.find((session) => session.key === key)?.id;
  }

  private compareCounts(): void {
    const { counts } = this.dispatcher.snapshot();
    const { model } = this;
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    const expected: Partial<typeof counts> = {
      producers: model.producers.length,
      listeners: model.listeners.length + model.openings.length,
      callers: model.callers.length,
      pendingRequests: model.pending.length,
      pendingBytes: sum(model.pending.map(({ id }) => this.contentBytes.get(id) ?? 0)),
      outstandingAssignments: sum(model.producers.map((producer) => model.outstanding(producer).length)),
      waitingAssignments: sum(model.producers.map(({ queue }) => queue.length)),
    };
    for (const [name, value] of Object.entries(expected)) {
      const actual = counts[name as keyof typeof counts];
      if (actual !== value) throw new Error(`${name} is ${actual} instead of ${value}`);
    }
    for (const { key, unwritten } of model.producers) {
      const session = stateOf(this.dispatcher).sessions.get(key);
      const actual = session?.kind === "producer" ? session.unwrittenBytes : undefined;
      if (actual !== sum(unwritten))
        throw new Error(`${actual} bytes of ${key} are not written, not ${sum(unwritten)}`);
    }
    const due = Math.min(Number.POSITIVE_INFINITY, ...model.pending.map((request) => model.endsAt(request)));
    const next = this.dispatcher.nextDeadline();
    if (next > due) throw new Error(`the next deadline is ${due}, not ${next}`);
  }

  private unfinishedCallers() {
    return this.model.callers.filter(({ isFinished }) => !isFinished);
  }

  private messagesOf(effect: Effect): { readonly to: SessionKey; readonly what: string }[] {
    switch (effect.kind) {
      case "observe":
        return [];
      case "deliver": {
        const { topic, sequence, requestId, producerId, group, latencyMs, ordinal, more } = effect;
        const from = `${requestId} ${producerId}/${group} after ${latencyMs}`;
        const what = `delivery ${topic} #${sequence} ${from} ordinal=${ordinal}${more ? " more" : ""}`;
        return [...effect.audience, ...effect.callers].map((to) => ({ to, what }));
      }
      case "summarize": {
        const what = `summary ${summary(effect.summary)}`;
        return [...effect.audience, ...effect.callers].map((to) => ({ to, what }));
      }
      case "revoke":
        return effect.assignments.map((id) => {
          const assigned = this.byAssignment.get(id);
          return {
            to: effect.to,
            what: `revoke ${assigned?.requestId} ${assigned?.attempt} ${effect.reason}`,
          };
        });
      default:
        return [{ to: effect.to, what: describe(effect) }];
    }
  }
}

function describe(
  effect: Exclude<Effect, { readonly kind: "deliver" | "summarize" | "revoke" | "observe" }>,
): string {
  switch (effect.kind) {
    case "welcome":
      return `welcome ${effect.maxOutstanding} ${effect.maxBacklog}`;
    case "registered":
    case "deregistered":
      return `${effect.kind} ${effect.topics}`;
    case "assign":
      return `assign ${effect.requestId} ${effect.attempt} until ${effect.deadlineAt}`;
    case "dispose":
      return `disposition ${effect.state}`;
    case "fault":
      return `fault ${effect.refusal.reason}`;
    case "ready":
      return `ready ${positions(effect.cursors)}`;
    case "topicsChanged":
      return `topics +${effect.added} -${effect.removed} ${positions(effect.cursors)}`;
    case "accept": {
      const { requestId, targets, listenerCount, deadlineAt } = effect.acceptance;
      const names = targets.map(({ producerId, group }) => `${producerId}/${group}`).sort();
      return `accepted ${requestId} ${names} listeners=${listenerCount} until ${deadlineAt}`;
    }
    case "reject":
      return `rejected ${effect.refusal.reason}`;
    case "cancelled":
      return `cancelled ${summary(effect.summary)}`;
    case "updated":
      return `updated ${effect.topics}`;
    case "goAway":
      return `goaway ${effect.reason}`;
    case "close":
      return `close ${effect.refusal?.reason ?? "OK"}`;
    case "gap":
      return `gap ${effect.topic} ${effect.reason} ${effect.from}..${effect.last}`;
    case "drained":
    case "heartbeat":
    case "replay":
    case "continue":
      return effect.kind;
  }
}

function summary(of: Summary): string {
  const outcomes = (of.outcomes ?? []).map(
    ({ producerId, group, state, resultCount, latencyMs }) =>
      `${producerId}/${group} ${state} ${resultCount} ${latencyMs ?? "never"}`,
  );
  const counts = `${of.answeredCount}+${of.failedCount}`;
  return `${of.requestId} ${of.reason} ${of.satisfied} ${counts} after ${of.elapsedMs} [${outcomes}]`;
}

/** Leaves out topics without a numbered delivery: whether they are known makes no difference. */
function positions(cursors: readonly Cursor[]): string {
  return cursors
    .filter(({ sequence }) => sequence > 0)
    .map(({ topic, sequence }) => `${topic}=${sequence}`)
    .sort()
    .join();
}

/**
 * A group has at most two members, so that a failover has no choice. One producer is a member of both groups on topics
 * that it registered by name and by a pattern.
 */
function groupOf(producerId: string, isGrouped: boolean, topic: string): string {
  const isPattern = topic === ">" || topic === "a.*";
  if (!isGrouped || (isPattern && producerId !== "p1")) return "";
  return isPattern || producerId === "p3" ? "h" : "g";
}

function chosenIn(effects: readonly Effect[]): readonly Chosen[] | undefined {
  return effects.find((effect) => effect.kind === "accept")?.acceptance.targets;
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % Math.max(1, from.length)];
}

/** The messages to every session must be the same. Ordered messages must be in the order of the model. */
function compare(
  actual: readonly { readonly to: SessionKey; readonly what: string }[],
  expected: readonly SentMessage[],
  when: string,
): void {
  const unexpected = [...actual];
  const take = (to: SessionKey, what: string) => {
    const at = unexpected.findIndex((message) => message.to === to && message.what === what);
    if (at >= 0) unexpected.splice(at, 1);
    return at >= 0;
  };
  const missing = expected.filter(({ to, what }) => to.filter((key) => take(key, what)).length !== 1);
  if (missing.length > 0 || unexpected.length > 0) {
    throw new Error(
      `${when}\n  missing: ${JSON.stringify(missing)}\n  unexpected: ${JSON.stringify(unexpected)}`,
    );
  }
  const isOrdered = (what: string) => /^(assign|delivery|summary|topics|gap) /.test(what);
  for (const key of new Set(actual.map(({ to }) => to))) {
    const own = actual.filter(({ to, what }) => to === key && isOrdered(what)).map(({ what }) => what);
    const ordered = expected.filter(({ to, what }) => to.includes(key) && isOrdered(what));
    const inOrder = ordered.map(({ what }) => what).filter((what) => own.includes(what));
    if (own.join("\n") !== inOrder.join("\n")) {
      throw new Error(
        `${when}\n  order of ${key}: ${JSON.stringify(own)}\n  expected: ${JSON.stringify(inOrder)}`,
      );
    }
  }
}

/** The sessions and calls are of three peers, so that what one of them began may end by another. */
function peerOf(session: SessionKey): string {
  return `10.0.0.${session % 3}:${50_000 + session}`;
}
