/**
 * A second implementation of the core's contract, simple and slow. It keeps no counters: to count a producer's
 * outstanding assignments, it walks through all requests ever made.
 *
 * Where the contract leaves a choice, of a group's member or among the least busy targets, the model receives the
 * dispatcher's choice and checks that it was allowed.
 */
import type { Completion, NoProducersAction, SessionKey } from "../../src/core/vocabulary/model.js";

/** A message to a session or call. */
export interface SentMessage {
  /** Several keys only for the members of a listener group; exactly one of them gets the message. */
  readonly to: readonly SessionKey[];
  readonly what: string;
}

/** A producer's session. */
export interface ModelProducer {
  readonly kind: "producer";
  readonly key: SessionKey;
  readonly id: string;
  readonly backlogSize: number;
  readonly wantsDispositions: boolean;
  /** Group by topic or pattern. */
  readonly registrations: Map<string, string>;
  /** Assignments that wait for credit. */
  readonly queue: ModelTarget[];
  window: number;
  /** Costs of the assignments whose bytes its connection has not taken. */
  readonly unwritten: number[];
  /** Whether an assignment did not fit among them. */
  isFull: boolean;
  isDraining: boolean;
  isAging: boolean;
}

/** A listener's session. */
export interface ModelListener {
  readonly kind: "listener";
  readonly key: SessionKey;
  readonly id: string;
  readonly topics: Set<string>;
  readonly group: string;
  readonly includeLate: boolean;
  readonly includeSummaries: boolean;
}

/** A listener's stream that waits for its last part. */
export interface ModelOpening {
  readonly kind: "opening";
  readonly key: SessionKey;
  readonly id: string;
}

/** A caller's stream. */
export interface ModelCaller {
  readonly kind: "caller";
  readonly key: SessionKey;
  /** The requests that it gathers or has gathered, in the order in which it joined them. */
  readonly joined: Set<ModelRequest>;
  isFinished: boolean;
  isAging: boolean;
}

/** One target of a request. */
export interface ModelTarget {
  readonly request: ModelRequest;
  readonly group: string;
  holder: ModelProducer;
  attempt: number;
  state: "WAITING" | "OUT" | "ANSWERED" | "FAILED" | "MISSED" | "DEPARTED" | "SATURATED" | "CANCELLED";
  /** Position among all assignments ever sent. */
  sendIndex: number;
  resultCount: number;
  lastResultAt: number | undefined;
  hasAnsweredLate: boolean;
}

/** A request. It is kept forever after its acceptance. */
export interface ModelRequest {
  readonly id: string;
  readonly topic: string;
  readonly acceptedAt: number;
  readonly ttlMs: number;
  readonly completion: Completion;
  readonly selectedIds: readonly string[];
  readonly excludesListeners: boolean;
  readonly isWaiting: boolean;
  readonly content: string;
  readonly payloadBytes: number;
  /** What each assignment takes of a producer's window, in bytes. */
  readonly cost: number;
  readonly acceptance: string;
  readonly callers: Set<SessionKey>;
  readonly targets: ModelTarget[];
  phase: "GATHERING" | "RUNNING_ON" | "ENDED";
  stallsFrom: number | undefined;
  /** Position among all changes of a request's deadline. */
  timedAs: number;
  resultCount: number;
  errorCount: number;
  earlyReason: string | undefined;
  summary: string;
}

/** A submitted request. */
export interface Submitted {
  readonly key: SessionKey;
  readonly id: string;
  readonly hasCallersId: boolean;
  readonly topic: string;
  readonly ttlMs: number;
  readonly completion: Completion;
  readonly selectedIds: readonly string[];
  readonly maxTargets: number;
  readonly action: NoProducersAction;
  readonly gather: boolean;
  readonly excludesListeners: boolean;
  readonly content: string;
  readonly payloadBytes: number;
}

/** The targets of a request, according to its acceptance. */
export interface Chosen {
  readonly producerId: string;
  readonly group: string;
}

const MAX_TTL_MS = 10_000;
/** Cost of an assignment beside its payload and id, in bytes. */
const ASSIGNMENT_BYTES = 640;

/** Whether a pattern of this test covers a topic of this test. */
export function isCovered(pattern: string, topic: string): boolean {
  if (pattern === ">") return true;
  return pattern === "a.*" ? /^a\.[^.]+$/.test(topic) : pattern === topic;
}

export class SlowModel {
  phase: "OPEN" | "DRAINING" | "CLOSED" = "OPEN";
  readonly sessions: (ModelProducer | ModelListener | ModelOpening | ModelCaller)[] = [];
  readonly requests: ModelRequest[] = [];
  /** Every delivery that is numbered in its topic's order. */
  readonly deliveries: { readonly topic: string; readonly what: string }[] = [];
  private readonly byCallersId = new Map<string, ModelRequest>();
  private readonly sent: SentMessage[] = [];
  private now = 0;
  private sendIndex = 0;
  private timed = 0;

  /** @param windowBytes - the window of every producer. */
  constructor(private readonly windowBytes: number) {}

  /** Messages sent since they were taken last. */
  takeSent(): readonly SentMessage[] {
    return this.sent.splice(0);
  }

  get producers(): readonly ModelProducer[] {
    return this.sessions.filter((session) => session.kind === "producer");
  }

  get listeners(): readonly ModelListener[] {
    return this.sessions.filter((session) => session.kind === "listener");
  }

  get openings(): readonly ModelOpening[] {
    return this.sessions.filter((session) => session.kind === "opening");
  }

  get callers(): readonly ModelCaller[] {
    return this.sessions.filter((session) => session.kind === "caller");
  }

  get pending(): readonly ModelRequest[] {
    return this.requests.filter((request) => request.phase !== "ENDED");
  }

  /** The outstanding targets of a producer. */
  outstanding(producer: ModelProducer): readonly ModelTarget[] {
    const outstanding = this.allTargets().filter(
      (target) => target.holder === producer && target.state === "OUT",
    );
    return outstanding.sort((a, b) => a.sendIndex - b.sendIndex);
  }

  sequenceOf(topic: string): number {
    return this.deliveries.filter((delivery) => delivery.topic === topic).length;
  }

  /** The time at which a request ends if nothing else happens. */
  endsAt({ acceptedAt, ttlMs, completion, phase, stallsFrom }: ModelRequest): number {
    const deadline = acceptedAt + ttlMs;
    const { stallTimeoutMs } = completion;
    if (phase !== "GATHERING" || stallTimeoutMs === undefined || stallsFrom === undefined) return deadline;
    return Math.min(deadline, stallsFrom + Number(stallTimeoutMs));
  }

  /** Advances the time and ends every request whose deadline is before now. An input exactly at a deadline is in time. */
  advanceTo(now: number): void {
    this.now = now;
    for (;;) {
      const due = this.pending
        .map((request) => ({ request, at: this.endsAt(request) }))
        .filter(({ at }) => at < now)
        .sort((a, b) => a.at - b.at || a.request.timedAs - b.request.timedAs);
      if (due.length === 0) break;
      for (const { request, at } of due) {
        const isStalled = at < request.acceptedAt + request.ttlMs;
        if (isStalled) this.end(request, "STALLED", "COMPLETED");
        else this.end(request, request.targets.length === 0 ? "NO_PRODUCERS" : "EXPIRED", "EXPIRED");
      }
    }
  }

  openProducer(
    opened: Omit<ModelProducer, "kind" | "queue" | "unwritten" | "isFull" | "isDraining" | "isAging">,
  ): void {
    if (this.phase !== "OPEN") {
      this.send(opened.key, "close SHUTTING_DOWN");
      return;
    }
    const older = this.producers.find((session) => session.id === opened.id);
    if (older) {
      this.send(older.key, "close SESSION_REPLACED");
      this.close(older.key);
    }
    const producer: ModelProducer = {
      kind: "producer",
      queue: [],
      unwritten: [],
      isFull: false,
      isDraining: false,
      isAging: false,
      ...opened,
    };
    this.sessions.push(producer);
    this.send(producer.key, `welcome ${producer.window} ${producer.backlogSize}`);
    this.askHeld(producer, [...producer.registrations.keys()]);
  }

  register(key: SessionKey, topics: readonly string[], groupOf: (topic: string) => string): void {
    const producer = this.producer(key);
    if (!producer) return;
    if (topics.includes("a..b")) {
      this.send(key, "fault INVALID_FIELD");
    } else if (producer.isDraining) {
      this.send(key, producer.isAging ? "fault CONNECTION_AGE" : "fault PROTOCOL_VIOLATION");
    } else {
      for (const topic of topics) producer.registrations.set(topic, groupOf(topic));
      this.send(key, `registered ${topics}`);
      this.askHeld(producer, topics);
    }
  }

  deregister(key: SessionKey, topics: readonly string[]): void {
    const producer = this.producer(key);
    if (!producer) return;
    if (topics.includes("a..b")) {
      this.send(key, "fault INVALID_FIELD");
      return;
    }
    for (const topic of topics) producer.registrations.delete(topic);
    this.send(key, `deregistered ${topics}`);
  }

  setWindow(key: SessionKey, window: number): void {
    const producer = this.producer(key);
    if (!producer) return;
    producer.window = window;
    this.handOut(producer);
  }

  /** The connection of a producer has taken its oldest assignments. */
  written(key: SessionKey, count: number): void {
    const producer = this.producer(key);
    if (!producer) return;
    producer.unwritten.splice(0, count);
    producer.isFull = false;
    this.handOut(producer);
  }

  drainProducer(key: SessionKey): void {
    const producer = this.producer(key);
    if (!producer || (producer.isDraining && !(producer.isAging && this.isBusy(producer)))) return;
    producer.isDraining = true;
    producer.isAging = false;
    producer.registrations.clear();
    this.giveUp([...producer.queue]);
    this.letGoIfDrained(producer);
  }

  /** The connection of a session has reached its maximum age. */
  age(key: SessionKey): void {
    const session = this.sessions.find((candidate) => candidate.key === key);
    if (!session || session.kind === "opening" || this.phase !== "OPEN") return;
    if (session.kind === "producer" ? session.isDraining : session.kind === "caller" && isLeaving(session)) {
      return;
    }
    this.send(key, "goaway CONNECTION_AGE");
    if (session.kind === "listener") {
      this.send(key, "close CONNECTION_AGE");
      this.close(key);
    } else if (session.kind === "caller") {
      session.isAging = true;
      this.closeIfFinished(key);
    } else {
      session.isDraining = true;
      session.isAging = true;
      session.registrations.clear();
      for (const target of [...session.queue]) {
        const successor = this.successor(target);
        const hasRoom = successor && successor.queue.length < successor.backlogSize;
        if (successor && (hasRoom || this.hasCredit(successor))) this.move(target, successor);
      }
      this.letGoIfDrained(session);
    }
  }

  /** The first part of a listener that opens in two. Its last part is {@link openListener}. */
  beginOpening(key: SessionKey, id: string): void {
    if (this.phase !== "OPEN") {
      this.send(key, "close SHUTTING_DOWN");
      return;
    }
    this.replaceListener(id);
    this.sessions.push({ kind: "opening", key, id });
  }

  private replaceListener(id: string): void {
    const older = this.listeners.find((session) => session.id === id);
    if (!older) return;
    this.send(older.key, "close SESSION_REPLACED");
    this.close(older.key);
  }

  /** @param isEstranged - whether the cursors are of another epoch: the listener then hears everything. */
  openListener(
    opened: Omit<ModelListener, "kind">,
    resumeFrom: ReadonlyMap<string, number>,
    isEstranged: boolean,
  ): void {
    if (this.phase !== "OPEN") {
      this.send(opened.key, "close SHUTTING_DOWN");
      return;
    }
    this.close(opened.key);
    this.replaceListener(opened.id);
    const listener: ModelListener = { kind: "listener", ...opened };
    this.sessions.push(listener);
    const isHeard = (topic: string) => [...listener.topics].some((pattern) => isCovered(pattern, topic));
    const resumed = new Map(
      [...resumeFrom]
        .filter(([topic]) => listener.group === "" && isHeard(topic))
        .map(([topic, sequence]) => [topic, isEstranged ? 0 : sequence]),
    );
    const begins = (topic: string) => resumed.get(topic) ?? this.sequenceOf(topic);
    this.send(listener.key, `ready ${this.positions([...listener.topics], begins)}`);
    if (isEstranged) {
      for (const topic of resumed.keys()) this.send(listener.key, `gap ${topic} EPOCH_CHANGED 0..0`);
    }
    for (const [topic, sequence] of resumed) {
      const missed = this.deliveries.filter((delivery) => delivery.topic === topic).slice(sequence);
      for (const { what } of missed) this.send(listener.key, what);
    }
  }

  updateListener(id: string, add: readonly string[], remove: readonly string[], call?: SessionKey): void {
    const listener = this.listeners.find((session) => session.id === id);
    if (!listener) {
      if (call !== undefined) this.send(call, "rejected LISTENER_NOT_FOUND");
      return;
    }
    for (const topic of remove) listener.topics.delete(topic);
    for (const topic of add) listener.topics.add(topic);
    const positions = this.positions(add, (topic) => this.sequenceOf(topic));
    this.send(listener.key, `topics +${add} -${remove} ${positions}`);
    if (call !== undefined) this.send(call, `updated ${[...listener.topics].sort()}`);
  }

  openCaller(key: SessionKey): void {
    if (this.phase === "OPEN") {
      this.sessions.push({ kind: "caller", key, joined: new Set(), isFinished: false, isAging: false });
    } else this.send(key, "close SHUTTING_DOWN");
  }

  finishCaller(key: SessionKey): void {
    const caller = this.callers.find((session) => session.key === key);
    if (!caller) return;
    const isClosed = caller.isAging && !this.isGathering(key);
    caller.isFinished = true;
    if (!isClosed) this.closeIfFinished(key);
  }

  close(key: SessionKey): void {
    const at = this.sessions.findIndex((session) => session.key === key);
    const [session] = at < 0 ? [] : this.sessions.splice(at, 1);
    if (session?.kind === "producer") {
      const outstanding = this.outstanding(session);
      session.registrations.clear();
      this.giveUp([...outstanding, ...session.queue]);
    } else if (session?.kind === "caller") {
      for (const request of session.joined) {
        const isLast = request.callers.delete(key) && request.callers.size === 0;
        if (isLast && request.phase === "GATHERING") this.end(request, "CANCELLED", "CALLER_GONE");
      }
    }
  }

  submit(submitted: Submitted, chosen: readonly Chosen[] | undefined): void {
    const refused = this.refusal(submitted);
    const known = submitted.hasCallersId ? this.byCallersId.get(submitted.id) : undefined;
    if (refused !== undefined) this.send(submitted.key, `rejected ${refused}`);
    else if (known) this.repeat(known, submitted);
    else this.submitAnew(submitted, chosen);
  }

  cancel(id: string, call: SessionKey): void {
    const request = this.requests.find((candidate) => candidate.id === id);
    if (!request) {
      this.send(call, "rejected REQUEST_NOT_FOUND");
      return;
    }
    if (request.phase !== "ENDED") this.end(request, "CANCELLED", "REQUESTED");
    this.send(call, `cancelled ${request.summary}`);
  }

  /** @param request - undefined if the reply names no known assignment. */
  reply(
    key: SessionKey,
    request: string | undefined,
    attempt: number,
    more: boolean,
    isError: boolean,
  ): void {
    const producer = this.producer(key);
    if (!producer) return;
    const target = this.allTargets().find(
      (candidate) =>
        candidate.holder === producer &&
        candidate.request.id === request &&
        candidate.attempt === attempt &&
        candidate.sendIndex > 0,
    );
    const disposition = target ? dispositionOf(target) : "UNKNOWN";
    if (producer.wantsDispositions) this.send(key, `disposition ${disposition}`);
    if (disposition === "UNKNOWN") this.send(key, "fault ASSIGNMENT_NOT_FOUND");
    if (!target || disposition === "DUPLICATE" || disposition === "UNKNOWN") return;
    if (disposition === "ACCEPTED") this.takeInTime(target, more, isError);
    else this.takeLate(target, more);
  }

  startDrain(): void {
    if (this.phase !== "OPEN") return;
    this.phase = "DRAINING";
    for (const { key } of this.sessions) this.send(key, "goaway SHUTDOWN");
  }

  expireDrain(): void {
    for (const request of this.pending) this.end(request, "SHUTDOWN", "SHUTDOWN");
  }

  /** Ends every stream when a drain has no pending request left. Called at the end of every step. */
  closeIfDrained(): void {
    if (this.phase !== "DRAINING" || this.pending.length > 0) return;
    this.phase = "CLOSED";
    for (const { key } of this.sessions) this.send(key, "close SHUTTING_DOWN");
  }

  private refusal({ key, ttlMs, excludesListeners, gather }: Submitted): string | undefined {
    if (this.callers.some((caller) => caller.key === key && caller.isAging)) return "CONNECTION_AGE";
    if (this.phase !== "OPEN") return "SHUTTING_DOWN";
    const isValid = ttlMs > 0 && ttlMs <= MAX_TTL_MS && (gather || !excludesListeners);
    return isValid ? undefined : "INVALID_FIELD";
  }

  private submitAnew(submitted: Submitted, chosen: readonly Chosen[] | undefined): void {
    const singles = this.producersOn(submitted.topic, "", submitted.selectedIds);
    const groups = ["g", "h"]
      .map((group) => ({ group, members: this.producersOn(submitted.topic, group, submitted.selectedIds) }))
      .filter(({ members }) => members.length > 0);
    const hasNobody = singles.length === 0 && groups.length === 0;
    if (hasNobody && submitted.action === "FAIL") {
      this.send(submitted.key, "rejected NO_PRODUCERS");
      return;
    }
    if (!chosen) throw new Error("the dispatcher rejected a request that it should have accepted");
    this.checkChoice(chosen, singles, groups, submitted.maxTargets);
    const request = this.accept(submitted, chosen);
    if (hasNobody) {
      if (!request.isWaiting) this.end(request, "NO_PRODUCERS", "EXPIRED");
    } else {
      const holders = chosen.map(({ producerId, group }) => ({
        holder: this.producerById(producerId),
        group,
      }));
      this.scatter(request, holders);
    }
  }

  private accept(submitted: Submitted, chosen: readonly Chosen[]): ModelRequest {
    const { id, topic, ttlMs, content, payloadBytes } = submitted;
    const listenerCount = this.listenersOn(topic).length;
    const targets = chosen.map(({ producerId, group }) => `${producerId}/${group}`).sort();
    const request: ModelRequest = {
      id,
      topic,
      acceptedAt: this.now,
      ttlMs,
      completion: submitted.completion,
      selectedIds: submitted.selectedIds,
      excludesListeners: submitted.excludesListeners,
      isWaiting: submitted.action === "WAIT",
      content,
      payloadBytes,
      cost: ASSIGNMENT_BYTES + payloadBytes + id.length,
      acceptance: `accepted ${id} ${targets} listeners=${listenerCount} until ${this.now + ttlMs}`,
      callers: new Set(),
      targets: [],
      phase: "GATHERING",
      stallsFrom: undefined,
      timedAs: ++this.timed,
      resultCount: 0,
      errorCount: 0,
      earlyReason: undefined,
      summary: "",
    };
    this.requests.push(request);
    if (submitted.gather) this.join(request, submitted.key);
    if (submitted.hasCallersId) this.byCallersId.set(id, request);
    this.send(submitted.key, request.acceptance);
    return request;
  }

  private repeat(request: ModelRequest, { key, content, gather }: Submitted): void {
    if (request.content !== content) {
      this.send(key, "rejected REQUEST_ID_REUSED");
      return;
    }
    this.send(key, request.acceptance);
    if (!gather) return;
    if (request.phase === "GATHERING") this.join(request, key);
    else this.send(key, `summary ${request.summary}`);
  }

  private join(request: ModelRequest, key: SessionKey): void {
    request.callers.add(key);
    this.callers.find((caller) => caller.key === key)?.joined.add(request);
  }

  private checkChoice(
    chosen: readonly Chosen[],
    singles: readonly ModelProducer[],
    groups: readonly { readonly group: string; readonly members: readonly ModelProducer[] }[],
    maxTargets: number,
  ): void {
    const rank = (producer: ModelProducer) =>
      this.hasCredit(producer) ? 0 : producer.queue.length < producer.backlogSize ? 1 : 2;
    const load = (producer: ModelProducer) => this.outstanding(producer).length + producer.queue.length;
    const isBest = (member: ModelProducer, members: readonly ModelProducer[]) =>
      members.every((m) => rank(m) > rank(member) || (rank(m) === rank(member) && load(m) >= load(member)));
    // A member that is asked for its other group is not asked again. With a maximum of targets, that group may have been
    // left out afterwards, so any of its members is allowed.
    const isShared = groups.some(({ members }) => members.some((member) => groupsOf(member, groups) > 1));
    const allowed = [
      ...singles.map((producer) => ({ group: "", ids: [producer.id], load: load(producer) })),
      ...groups.flatMap(({ group, members }) => {
        const isAskedElsewhere = ({ id }: ModelProducer) =>
          chosen.some((target) => target.producerId === id && target.group !== group);
        const free = members.filter((member) => !isAskedElsewhere(member));
        const best = isShared && maxTargets > 0 ? free : free.filter((member) => isBest(member, free));
        return best[0] ? [{ group, ids: best.map(({ id }) => id), load: load(best[0]) }] : [];
      }),
    ];
    const isTwice = new Set(chosen.map(({ producerId }) => producerId)).size < chosen.length;
    const isTaken = ({ group, ids }: (typeof allowed)[number]) =>
      chosen.filter((target) => target.group === group && ids.includes(target.producerId)).length === 1;
    const taken = allowed.filter(isTaken);
    const others = allowed.filter((choice) => !isTaken(choice));
    const expectedCount = maxTargets === 0 ? allowed.length : Math.min(maxTargets, allowed.length);
    const isLeastBusy =
      (isShared && maxTargets > 0) || taken.every((a) => others.every((b) => a.load <= b.load));
    if (isTwice || chosen.length !== expectedCount || taken.length !== expectedCount || !isLeastBusy) {
      throw new Error(
        `chosen ${JSON.stringify(chosen)} of ${JSON.stringify(allowed)}, at maxTargets ${maxTargets}`,
      );
    }
  }

  private scatter(
    request: ModelRequest,
    holders: readonly { readonly holder: ModelProducer; readonly group: string }[],
  ): void {
    for (const { holder, group } of holders) {
      const target: ModelTarget = {
        request,
        group,
        holder,
        attempt: 1,
        state: "WAITING",
        sendIndex: 0,
        resultCount: 0,
        lastResultAt: undefined,
        hasAnsweredLate: false,
      };
      request.targets.push(target);
      this.offer(target);
    }
    this.endIfOver(request);
  }

  private askHeld(producer: ModelProducer, patterns: readonly string[]): void {
    for (const request of this.pending) {
      if (!request.isWaiting || request.targets.length > 0) continue;
      if (!patterns.some((pattern) => isCovered(pattern, request.topic))) continue;
      if (request.selectedIds.length > 0 && !request.selectedIds.includes(producer.id)) continue;
      this.scatter(request, [{ holder: producer, group: groupsOn(producer, request.topic)[0] ?? "" }]);
    }
  }

  private offer(target: ModelTarget): void {
    const { holder } = target;
    if (this.hasCreditFor(target)) this.giveOut(target);
    else if (holder.queue.length < holder.backlogSize) holder.queue.push(target);
    else target.state = "SATURATED";
  }

  private giveOut(target: ModelTarget): void {
    const { request, holder, attempt } = target;
    target.state = "OUT";
    target.sendIndex = ++this.sendIndex;
    holder.unwritten.push(request.cost);
    this.send(holder.key, `assign ${request.id} ${attempt} until ${request.acceptedAt + request.ttlMs}`);
  }

  /** Sends waiting assignments while there is credit, except those whose TTL has passed. */
  private handOut(producer: ModelProducer): void {
    for (const target of [...producer.queue]) {
      if (target.request.acceptedAt + target.request.ttlMs < this.now) continue;
      if (!this.hasCreditFor(target)) return;
      producer.queue.splice(producer.queue.indexOf(target), 1);
      this.giveOut(target);
    }
  }

  private hasCredit(producer: ModelProducer): boolean {
    return this.outstanding(producer).length < producer.window && !producer.isFull;
  }

  /** Once an assignment does not fit, none overtakes it until bytes are taken. */
  private hasCreditFor({ holder, request }: ModelTarget): boolean {
    if (!this.hasCredit(holder)) return false;
    const bytes = holder.unwritten.reduce((sum, cost) => sum + cost, 0);
    holder.isFull = bytes > 0 && bytes + request.cost > this.windowBytes;
    return !holder.isFull;
  }

  /** A producer departs or drains: another member of the group takes over, or the target has departed. */
  private giveUp(targets: readonly ModelTarget[]): void {
    for (const target of targets) {
      const successor = this.successor(target);
      if (successor) {
        this.move(target, successor);
      } else {
        leaveQueue(target);
        target.state = "DEPARTED";
      }
      this.endIfOver(target.request);
    }
  }

  private successor(target: ModelTarget): ModelProducer | undefined {
    const { topic, selectedIds, targets: all } = target.request;
    const isAsked = (member: ModelProducer) =>
      all.some((other) => other !== target && other.holder === member);
    const members = target.group === "" ? [] : this.producersOn(topic, target.group, selectedIds);
    return members.find((member) => !isAsked(member));
  }

  private move(target: ModelTarget, successor: ModelProducer): void {
    leaveQueue(target);
    target.holder = successor;
    target.attempt++;
    target.state = "WAITING";
    target.sendIndex = 0;
    this.offer(target);
  }

  private takeInTime(target: ModelTarget, more: boolean, isError: boolean): void {
    const { request, holder } = target;
    request.resultCount++;
    if (isError) request.errorCount++;
    target.resultCount++;
    target.lastResultAt = this.now;
    const sequence = request.excludesListeners ? 0 : this.sequenceOf(request.topic) + 1;
    const what = this.delivery(target, more, request.resultCount, sequence);
    if (!request.excludesListeners) {
      this.deliveries.push({ topic: request.topic, what });
      const listeners = this.listenersOn(request.topic);
      for (const { key, topics } of listeners.filter(({ group }) => group === "")) {
        // A listener that did not name the topic gets its cursor when its numbering begins.
        if (sequence === 1 && !topics.has(request.topic)) this.send(key, "topics + - ");
        this.send(key, what);
      }
      const members = listeners.filter(({ group }) => group !== "").map(({ key }) => key);
      if (members.length > 0) this.sent.push({ to: members, what });
    }
    if (request.phase === "GATHERING") for (const key of request.callers) this.send(key, what);
    if (!more) {
      target.state = isError ? "FAILED" : "ANSWERED";
      this.handOut(holder);
      this.letGoIfDrained(holder);
    }
    this.endIfOver(request);
    if (request.phase === "GATHERING" && request.completion.stallTimeoutMs !== undefined) {
      request.stallsFrom = this.now;
      request.timedAs = ++this.timed;
    }
  }

  private takeLate(target: ModelTarget, more: boolean): void {
    if (!more) target.hasAnsweredLate = true;
    if (target.request.excludesListeners) return;
    const what = this.delivery(target, more, 0, 0);
    for (const { key, includeLate } of this.listenersOn(target.request.topic)) {
      if (includeLate) this.send(key, what);
    }
  }

  private delivery(
    { request, holder, group }: ModelTarget,
    more: boolean,
    ordinal: number,
    sequence: number,
  ): string {
    const from = `${request.id} ${holder.id}/${group} after ${this.now - request.acceptedAt}`;
    return `delivery ${request.topic} #${sequence} ${from} ordinal=${ordinal}${more ? " more" : ""}`;
  }

  private endIfOver(request: ModelRequest): void {
    if (request.phase === "ENDED" || request.targets.length === 0) return;
    if (request.phase === "GATHERING" && request.completion.until.kind !== "all" && isGoalMet(request)) {
      this.end(request, "POLICY_MET", "COMPLETED");
    } else if (!request.targets.some(isOpen)) {
      this.end(request, "ALL_ANSWERED", "COMPLETED");
    }
  }

  private end(request: ModelRequest, reason: string, revocation: string): void {
    const open = request.targets.filter(isOpen);
    const isEarly = request.phase === "GATHERING" && (reason === "POLICY_MET" || reason === "STALLED");
    const runsOn = isEarly && request.completion.loserAction === "LET_RUN";
    const stateAtEnd = ({ state }: ModelTarget) => {
      if (state === "WAITING") return "SATURATED";
      if (state !== "OUT") return state;
      return reason === "EXPIRED" || runsOn ? "MISSED" : "CANCELLED";
    };
    request.summary = this.summarize(request, request.earlyReason ?? reason, stateAtEnd);
    const gatherers = request.phase === "GATHERING" ? [...request.callers] : [];
    for (const key of gatherers) this.send(key, `summary ${request.summary}`);
    if (runsOn && open.length > 0) {
      request.phase = "RUNNING_ON";
      request.earlyReason = reason;
      request.timedAs = ++this.timed;
    } else {
      request.phase = "ENDED";
      this.withdraw(request, open, stateAtEnd, revocation);
    }
    for (const key of gatherers) this.closeIfFinished(key);
  }

  private withdraw(
    request: ModelRequest,
    open: readonly ModelTarget[],
    stateAtEnd: (target: ModelTarget) => ModelTarget["state"],
    revocation: string,
  ): void {
    if (!request.excludesListeners) {
      for (const { key, includeSummaries } of this.listenersOn(request.topic)) {
        if (includeSummaries) this.send(key, `summary ${request.summary}`);
      }
    }
    const freed = open
      .filter(({ state, holder }) => state === "OUT" || holder.isDraining)
      .map(({ holder }) => holder);
    for (const target of open) {
      if (target.state === "OUT") {
        this.send(target.holder.key, `revoke ${request.id} ${target.attempt} ${revocation}`);
      }
      leaveQueue(target);
      target.state = stateAtEnd(target);
    }
    for (const producer of freed) {
      this.handOut(producer);
      this.letGoIfDrained(producer);
    }
  }

  private summarize(
    request: ModelRequest,
    reason: string,
    stateAtEnd: (target: ModelTarget) => string,
  ): string {
    const { id, completion, targets } = request;
    const counted = completion.countErrors ? request.resultCount : request.resultCount - request.errorCount;
    const isSatisfied = completion.minResults > 0 ? counted >= completion.minResults : isGoalMet(request);
    const outcomes = targets.map((target) => {
      const { holder, group, resultCount, lastResultAt } = target;
      const latency = lastResultAt === undefined ? "never" : lastResultAt - request.acceptedAt;
      return `${holder.id}/${group} ${stateAtEnd(target)} ${resultCount} ${latency}`;
    });
    const count = (state: string) => targets.filter((target) => target.state === state).length;
    const counts = `${count("ANSWERED")}+${count("FAILED")}`;
    return `${id} ${reason} ${isSatisfied} ${counts} after ${this.now - request.acceptedAt} [${outcomes}]`;
  }

  private letGoIfDrained(producer: ModelProducer): void {
    if (!producer.isDraining || this.isBusy(producer)) return;
    if (!producer.isAging) this.send(producer.key, "drained");
    this.send(producer.key, producer.isAging ? "close CONNECTION_AGE" : "close OK");
  }

  private isBusy(producer: ModelProducer): boolean {
    return this.outstanding(producer).length > 0 || producer.queue.length > 0;
  }

  private closeIfFinished(key: SessionKey): void {
    const caller = this.callers.find((session) => session.key === key);
    if (!caller || !isLeaving(caller) || this.isGathering(key)) return;
    this.send(key, caller.isFinished ? "close OK" : "close CONNECTION_AGE");
  }

  private isGathering(key: SessionKey): boolean {
    return this.requests.some((request) => request.phase === "GATHERING" && request.callers.has(key));
  }

  private allTargets(): ModelTarget[] {
    return this.requests.flatMap(({ targets }) => targets);
  }

  private producersOn(
    topic: string,
    group: string,
    selectedIds: readonly string[],
  ): readonly ModelProducer[] {
    return this.producers.filter(
      (producer) =>
        groupsOn(producer, topic).includes(group) &&
        (selectedIds.length === 0 || selectedIds.includes(producer.id)),
    );
  }

  private listenersOn(topic: string): readonly ModelListener[] {
    return this.listeners.filter(({ topics }) => [...topics].some((pattern) => isCovered(pattern, topic)));
  }

  /** The cursors of the topics that the patterns cover and that have a numbered delivery. */
  private positions(patterns: readonly string[], sequenceOf: (topic: string) => number): string {
    return [...new Set(this.deliveries.map(({ topic }) => topic))]
      .filter((topic) => patterns.some((pattern) => isCovered(pattern, topic)))
      .map((topic) => `${topic}=${sequenceOf(topic)}`)
      .filter((position) => !position.endsWith("=0"))
      .sort()
      .join();
  }

  private producer(key: SessionKey): ModelProducer | undefined {
    return this.producers.find((session) => session.key === key);
  }

  private producerById(id: string): ModelProducer {
    const producer = this.producers.find((session) => session.id === id);
    if (!producer) throw new Error(`${id} is a target but not connected`);
    return producer;
  }

  private send(to: SessionKey, what: string): void {
    this.sent.push({ to: [to], what });
  }
}

/** The groups of a producer on a topic, the group of its name first; "" alone if one of its registrations has none. */
function groupsOn({ registrations }: ModelProducer, topic: string): readonly string[] {
  const names = [...registrations.keys()].filter((pattern) => isCovered(pattern, topic));
  const exactFirst = names.sort((a, b) => Number(b === topic) - Number(a === topic));
  const groups = exactFirst.map((pattern) => registrations.get(pattern) ?? "");
  return groups.includes("") ? [""] : [...new Set(groups)];
}

function groupsOf(
  producer: ModelProducer,
  groups: readonly { readonly members: readonly ModelProducer[] }[],
): number {
  return groups.filter(({ members }) => members.includes(producer)).length;
}

/** Whether a caller submits no more requests. */
function isLeaving({ isFinished, isAging }: ModelCaller): boolean {
  return isFinished || isAging;
}

function isOpen({ state }: ModelTarget): boolean {
  return state === "WAITING" || state === "OUT";
}

function leaveQueue(target: ModelTarget): void {
  const { queue } = target.holder;
  if (queue.includes(target)) queue.splice(queue.indexOf(target), 1);
}

function dispositionOf({ state, hasAnsweredLate }: ModelTarget): string {
  if (hasAnsweredLate || state === "ANSWERED" || state === "FAILED") return "DUPLICATE";
  if (state === "OUT") return "ACCEPTED";
  if (state === "MISSED") return "LATE";
  return state === "CANCELLED" ? "CANCELLED" : "UNKNOWN";
}

function isGoalMet({ completion, targets, resultCount, errorCount }: ModelRequest): boolean {
  const { until, countErrors } = completion;
  const isCounted = ({ state }: ModelTarget) => state === "ANSWERED" || (countErrors && state === "FAILED");
  const answered = targets.filter(isCounted).length;
  switch (until.kind) {
    case "all":
      return targets.length > 0 && answered === targets.length;
    case "resultCount":
      return resultCount - (countErrors ? 0 : errorCount) >= until.count;
    case "quorumPercent":
      return targets.length > 0 && answered * 100 >= targets.length * until.percent;
    case "firstSuccess":
      return resultCount > errorCount;
  }
}
