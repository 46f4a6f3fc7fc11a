/**
 * What the contract says of the core, written down once more: slowly, without a thought for speed or memory. Nothing is
 * counted on the way; whoever wants to know how much a producer owes goes through all requests there ever were.
 *
 * Where the contract leaves a choice, of a group's member or of the least busy targets, the model is told what was
 * chosen and says whether that was allowed.
 */
import type { Completion, NoProducersAction, SessionKey } from "../../src/core/vocabulary/model.js";

/** Something that a session or call is told. */
export interface Told {
  /** Several only for the members of a listener group, one of whom is told. */
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
  /** What waits for its turn. */
  readonly queue: ModelTarget[];
  window: number;
  isDraining: boolean;
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

/** A caller's stream. */
export interface ModelCaller {
  readonly kind: "caller";
  readonly key: SessionKey;
  isFinished: boolean;
}

/** One target of a request. */
export interface ModelTarget {
  readonly request: ModelRequest;
  readonly group: string;
  holder: ModelProducer;
  attempt: number;
  state: "WAITING" | "OUT" | "ANSWERED" | "FAILED" | "MISSED" | "DEPARTED" | "SATURATED" | "CANCELLED";
  /** Position among everything that was ever given out. */
  givenOut: number;
  resultCount: number;
  lastResultAt: number | undefined;
  hasAnsweredLate: boolean;
}

/** A request, from its acceptance on and for ever. */
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
  readonly acceptance: string;
  readonly callers: Set<SessionKey>;
  readonly targets: ModelTarget[];
  phase: "GATHERING" | "RUNNING_ON" | "ENDED";
  stallsFrom: number | undefined;
  /** Position among all the times a request was given a new time to end. */
  timedAs: number;
  resultCount: number;
  errorCount: number;
  earlyReason: string | undefined;
  summary: string;
}

/** A request as it is submitted. */
export interface Submitted {
  readonly key: SessionKey;
  readonly id: string;
  readonly hasCallersId: boolean;
  readonly topic: string;
  readonly ttlMs: number;
  readonly completion: Completion;
  readonly selectedIds: readonly string[];
  readonly mostTargets: number;
  readonly action: NoProducersAction;
  readonly gather: boolean;
  readonly excludesListeners: boolean;
  readonly content: string;
}

/** Who a request was scattered to, as the acceptance said. */
export interface Chosen {
  readonly producerId: string;
  readonly group: string;
}

const MAX_TTL_MS = 10_000;

/** Whether a pattern of this test covers a topic of this test. */
export function isCovered(pattern: string, topic: string): boolean {
  if (pattern === ">") return true;
  return pattern === "a.*" ? /^a\.[^.]+$/.test(topic) : pattern === topic;
}

export class SlowModel {
  phase: "OPEN" | "DRAINING" | "CLOSED" = "OPEN";
  readonly sessions: (ModelProducer | ModelListener | ModelCaller)[] = [];
  readonly requests: ModelRequest[] = [];
  /** Every delivery that has a place in its topic's order. */
  readonly deliveries: { readonly topic: string; readonly what: string }[] = [];
  private readonly byCallersId = new Map<string, ModelRequest>();
  private readonly told: Told[] = [];
  private now = 0;
  private givenOut = 0;
  private timed = 0;

  /** What was told since it was asked last. */
  takeTold(): readonly Told[] {
    return this.told.splice(0);
  }

  get producers(): readonly ModelProducer[] {
    return this.sessions.filter((session) => session.kind === "producer");
  }

  get listeners(): readonly ModelListener[] {
    return this.sessions.filter((session) => session.kind === "listener");
  }

  get callers(): readonly ModelCaller[] {
    return this.sessions.filter((session) => session.kind === "caller");
  }

  get pending(): readonly ModelRequest[] {
    return this.requests.filter((request) => request.phase !== "ENDED");
  }

  /** The targets that a producer owes. */
  outstanding(producer: ModelProducer): readonly ModelTarget[] {
    const owed = this.allTargets().filter((target) => target.holder === producer && target.state === "OUT");
    return owed.sort((a, b) => a.givenOut - b.givenOut);
  }

  sequenceOf(topic: string): number {
    return this.deliveries.filter((delivery) => delivery.topic === topic).length;
  }

  /** When a request ends if nothing else happens. */
  endsAt({ acceptedAt, ttlMs, completion, phase, stallsFrom }: ModelRequest): number {
    const deadline = acceptedAt + ttlMs;
    const { stallTimeoutMs } = completion;
    if (phase !== "GATHERING" || stallTimeoutMs === undefined || stallsFrom === undefined) return deadline;
    return Math.min(deadline, stallsFrom + Number(stallTimeoutMs));
  }

  /** Lets time go by: everything ends whose time was before now. What happens at that very time is still in time. */
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

  openProducer(opened: Omit<ModelProducer, "kind" | "queue" | "isDraining">): void {
    if (this.phase !== "OPEN") {
      this.tell(opened.key, "close SHUTTING_DOWN");
      return;
    }
    const older = this.producers.find((session) => session.id === opened.id);
    if (older) {
      this.tell(older.key, "close SESSION_REPLACED");
      this.close(older.key);
    }
    const producer: ModelProducer = { kind: "producer", queue: [], isDraining: false, ...opened };
    this.sessions.push(producer);
    this.tell(producer.key, `welcome ${producer.window} ${producer.backlogSize}`);
    this.askHeld(producer, [...producer.registrations.keys()]);
  }

  register(key: SessionKey, topics: readonly string[], groupOf: (topic: string) => string): void {
    const producer = this.producer(key);
    if (!producer) return;
    if (topics.includes("a..b")) {
      this.tell(key, "fault INVALID_FIELD");
    } else if (producer.isDraining) {
      this.tell(key, "fault PROTOCOL_VIOLATION");
    } else {
      for (const topic of topics) producer.registrations.set(topic, groupOf(topic));
      this.tell(key, `registered ${topics}`);
      this.askHeld(producer, topics);
    }
  }

  deregister(key: SessionKey, topics: readonly string[]): void {
    const producer = this.producer(key);
    if (!producer) return;
    for (const topic of topics) producer.registrations.delete(topic);
    this.tell(key, `deregistered ${topics}`);
  }

  setWindow(key: SessionKey, window: number): void {
    const producer = this.producer(key);
    if (!producer) return;
    producer.window = window;
    this.handOut(producer);
  }

  drainProducer(key: SessionKey): void {
    const producer = this.producer(key);
    if (!producer || producer.isDraining) return;
    producer.isDraining = true;
    producer.registrations.clear();
    this.giveUp([...producer.queue]);
    this.letGoIfDrained(producer);
  }

  openListener(opened: Omit<ModelListener, "kind">, resumeFrom: ReadonlyMap<string, number>): void {
    if (this.phase !== "OPEN") {
      this.tell(opened.key, "close SHUTTING_DOWN");
      return;
    }
    const older = this.listeners.find((session) => session.id === opened.id);
    if (older) {
      this.tell(older.key, "close SESSION_REPLACED");
      this.close(older.key);
    }
    const listener: ModelListener = { kind: "listener", ...opened };
    this.sessions.push(listener);
    const isHeard = (topic: string) => [...listener.topics].some((pattern) => isCovered(pattern, topic));
    const resumed = new Map([...resumeFrom].filter(([topic]) => listener.group === "" && isHeard(topic)));
    const begins = (topic: string) => resumed.get(topic) ?? this.sequenceOf(topic);
    this.tell(listener.key, `ready ${this.positions([...listener.topics], begins)}`);
    for (const [topic, sequence] of resumed) {
      const missed = this.deliveries.filter((delivery) => delivery.topic === topic).slice(sequence);
      for (const { what } of missed) this.tell(listener.key, what);
    }
  }

  updateListener(id: string, add: readonly string[], remove: readonly string[], call?: SessionKey): void {
    const listener = this.listeners.find((session) => session.id === id);
    if (!listener) {
      if (call !== undefined) this.tell(call, "rejected LISTENER_NOT_FOUND");
      return;
    }
    for (const topic of remove) listener.topics.delete(topic);
    for (const topic of add) listener.topics.add(topic);
    const positions = this.positions(add, (topic) => this.sequenceOf(topic));
    this.tell(listener.key, `topics +${add} -${remove} ${positions}`);
    if (call !== undefined) this.tell(call, `updated ${[...listener.topics].sort()}`);
  }

  openCaller(key: SessionKey): void {
    if (this.phase === "OPEN") this.sessions.push({ kind: "caller", key, isFinished: false });
    else this.tell(key, "close SHUTTING_DOWN");
  }

  finishCaller(key: SessionKey): void {
    const caller = this.callers.find((session) => session.key === key);
    if (!caller) return;
    caller.isFinished = true;
    this.closeIfFinished(key);
  }

  close(key: SessionKey): void {
    const at = this.sessions.findIndex((session) => session.key === key);
    const [session] = at < 0 ? [] : this.sessions.splice(at, 1);
    if (session?.kind === "producer") {
      const owed = this.outstanding(session);
      session.registrations.clear();
      this.giveUp([...owed, ...session.queue]);
    } else if (session?.kind === "caller") {
      for (const request of this.pending) {
        const isLast = request.callers.delete(key) && request.callers.size === 0;
        if (isLast && request.phase === "GATHERING") this.end(request, "CANCELLED", "CALLER_GONE");
      }
    }
  }

  submit(submitted: Submitted, chosen: readonly Chosen[] | undefined): void {
    const refused = this.refusal(submitted);
    const known = submitted.hasCallersId ? this.byCallersId.get(submitted.id) : undefined;
    if (refused !== undefined) this.tell(submitted.key, `rejected ${refused}`);
    else if (known) this.repeat(known, submitted);
    else this.submitAnew(submitted, chosen);
  }

  cancel(id: string, call: SessionKey): void {
    const request = this.requests.find((candidate) => candidate.id === id);
    if (!request) {
      this.tell(call, "rejected REQUEST_NOT_FOUND");
      return;
    }
    if (request.phase !== "ENDED") this.end(request, "CANCELLED", "REQUESTED");
    this.tell(call, `cancelled ${request.summary}`);
  }

  /** @param request - undefined if the reply names no assignment that there ever was. */
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
        candidate.givenOut > 0,
    );
    const disposition = target ? dispositionOf(target) : "UNKNOWN";
    if (producer.wantsDispositions) this.tell(key, `disposition ${disposition}`);
    if (!target || disposition === "DUPLICATE" || disposition === "UNKNOWN") return;
    if (disposition === "ACCEPTED") this.takeInTime(target, more, isError);
    else this.takeLate(target, more);
  }

  startDrain(): void {
    if (this.phase !== "OPEN") return;
    this.phase = "DRAINING";
    for (const { key } of this.sessions) this.tell(key, "goaway");
  }

  expireDrain(): void {
    for (const request of this.pending) this.end(request, "SHUTDOWN", "SHUTDOWN");
  }

  /** Ends every stream once a drain has nothing left to wait for; looked at when all else has happened. */
  closeIfDrained(): void {
    if (this.phase !== "DRAINING" || this.pending.length > 0) return;
    this.phase = "CLOSED";
    for (const { key } of this.sessions) this.tell(key, "close SHUTTING_DOWN");
  }

  private refusal({ ttlMs, excludesListeners, gather }: Submitted): string | undefined {
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
      this.tell(submitted.key, "rejected NO_PRODUCERS");
      return;
    }
    if (!chosen) throw new Error("a request that should have been accepted was not");
    this.checkChoice(chosen, singles, groups, submitted.mostTargets);
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
    const { id, topic, ttlMs, content } = submitted;
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
      acceptance: `accepted ${id} ${targets} listeners=${listenerCount} until ${this.now + ttlMs}`,
      callers: new Set(submitted.gather ? [submitted.key] : []),
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
    if (submitted.hasCallersId) this.byCallersId.set(id, request);
    this.tell(submitted.key, request.acceptance);
    return request;
  }

  private repeat(request: ModelRequest, { key, content, gather }: Submitted): void {
    if (request.content !== content) {
      this.tell(key, "rejected REQUEST_ID_REUSED");
      return;
    }
    this.tell(key, request.acceptance);
    if (!gather) return;
    if (request.phase === "GATHERING") request.callers.add(key);
    else this.tell(key, `summary ${request.summary}`);
  }

  private checkChoice(
    chosen: readonly Chosen[],
    singles: readonly ModelProducer[],
    groups: readonly { readonly group: string; readonly members: readonly ModelProducer[] }[],
    most: number,
  ): void {
    const rank = (producer: ModelProducer) =>
      this.hasCredit(producer) ? 0 : producer.queue.length < producer.backlogSize ? 1 : 2;
    const load = (producer: ModelProducer) => this.outstanding(producer).length + producer.queue.length;
    const isBest = (member: ModelProducer, members: readonly ModelProducer[]) =>
      members.every((m) => rank(m) > rank(member) || (rank(m) === rank(member) && load(m) >= load(member)));
    const allowed = [
      ...singles.map((producer) => ({ group: "", ids: [producer.id], load: load(producer) })),
      ...groups.map(({ group, members }) => {
        const best = members.filter((member) => isBest(member, members));
        return { group, ids: best.map(({ id }) => id), load: load(best[0] as ModelProducer) };
      }),
    ];
    const isTaken = ({ group, ids }: (typeof allowed)[number]) =>
      chosen.filter((target) => target.group === group && ids.includes(target.producerId)).length === 1;
    const taken = allowed.filter(isTaken);
    const left = allowed.filter((choice) => !isTaken(choice));
    const wanted = most === 0 ? allowed.length : Math.min(most, allowed.length);
    const isLeastBusy = taken.every((a) => left.every((b) => a.load <= b.load));
    if (chosen.length !== wanted || taken.length !== wanted || !isLeastBusy) {
      throw new Error(`chosen ${JSON.stringify(chosen)} of ${JSON.stringify(allowed)}, at most ${most}`);
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
        givenOut: 0,
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
      this.scatter(request, [{ holder: producer, group: groupOn(producer, request.topic) ?? "" }]);
    }
  }

  private offer(target: ModelTarget): void {
    const { holder } = target;
    if (this.hasCredit(holder)) this.giveOut(target);
    else if (holder.queue.length < holder.backlogSize) holder.queue.push(target);
    else target.state = "SATURATED";
  }

  private giveOut(target: ModelTarget): void {
    const { request, holder, attempt } = target;
    target.state = "OUT";
    target.givenOut = ++this.givenOut;
    this.tell(holder.key, `assign ${request.id} ${attempt} until ${request.acceptedAt + request.ttlMs}`);
  }

  /** Hands out what waits, but nothing whose TTL has passed. */
  private handOut(producer: ModelProducer): void {
    for (const target of [...producer.queue]) {
      if (!this.hasCredit(producer)) return;
      if (target.request.acceptedAt + target.request.ttlMs < this.now) continue;
      producer.queue.splice(producer.queue.indexOf(target), 1);
      this.giveOut(target);
    }
  }

  private hasCredit(producer: ModelProducer): boolean {
    return this.outstanding(producer).length < producer.window;
  }

  /** A producer goes or drains: the other member of the group takes over, or the target has departed. */
  private giveUp(targets: readonly ModelTarget[]): void {
    for (const target of targets) {
      leaveQueue(target);
      const { topic, selectedIds, targets: all } = target.request;
      const isAsked = (member: ModelProducer) =>
        all.some((other) => other !== target && other.holder === member);
      const members = target.group === "" ? [] : this.producersOn(topic, target.group, selectedIds);
      const successor = members.find((member) => !isAsked(member));
      if (successor) {
        target.holder = successor;
        target.attempt++;
        target.state = "WAITING";
        target.givenOut = 0;
        this.offer(target);
      } else {
        target.state = "DEPARTED";
      }
    }
    for (const target of targets) this.endIfOver(target.request);
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
        // Who did not name the topic learns of it when its numbering begins.
        if (sequence === 1 && !topics.has(request.topic)) this.tell(key, "topics + - ");
        this.tell(key, what);
      }
      const members = listeners.filter(({ group }) => group !== "").map(({ key }) => key);
      if (members.length > 0) this.told.push({ to: members, what });
    }
    if (request.phase === "GATHERING") for (const key of request.callers) this.tell(key, what);
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
      if (includeLate) this.tell(key, what);
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
    for (const key of gatherers) this.tell(key, `summary ${request.summary}`);
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
        if (includeSummaries) this.tell(key, `summary ${request.summary}`);
      }
    }
    const freed = open.filter(({ state }) => state === "OUT").map(({ holder }) => holder);
    for (const target of open) {
      if (target.state === "OUT") {
        this.tell(target.holder.key, `revoke ${request.id} ${target.attempt} ${revocation}`);
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
    if (!producer.isDraining || this.outstanding(producer).length > 0) return;
    this.tell(producer.key, "drained");
    this.tell(producer.key, "close OK");
  }

  private closeIfFinished(key: SessionKey): void {
    const caller = this.callers.find((session) => session.key === key);
    const isGathering = this.requests.some(
      (request) => request.phase === "GATHERING" && request.callers.has(key),
    );
    if (caller?.isFinished && !isGathering) this.tell(key, "close OK");
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
        groupOn(producer, topic) === group && (selectedIds.length === 0 || selectedIds.includes(producer.id)),
    );
  }

  private listenersOn(topic: string): readonly ModelListener[] {
    return this.listeners.filter(({ topics }) => [...topics].some((pattern) => isCovered(pattern, topic)));
  }

  /** Where the topics stand that the patterns cover and that have numbered anything. */
  private positions(patterns: readonly string[], sequenceOf: (topic: string) => number): string {
    return [...new Set(this.deliveries.map(({ topic }) => topic))]
      .filter((topic) => patterns.some((pattern) => isCovered(pattern, topic)))
      .map((topic) => `${topic}=${sequenceOf(topic)}`)
      .sort()
      .join();
  }

  private producer(key: SessionKey): ModelProducer | undefined {
    return this.producers.find((session) => session.key === key);
  }

  private producerById(id: string): ModelProducer {
    const producer = this.producers.find((session) => session.id === id);
    if (!producer) throw new Error(`${id} was asked and is not connected`);
    return producer;
  }

  private tell(to: SessionKey, what: string): void {
    this.told.push({ to: [to], what });
  }
}

/** The group a producer is asked under on a topic; undefined if it is not on it. In this test patterns have no group. */
function groupOn({ registrations }: ModelProducer, topic: string): string | undefined {
  const exact = registrations.get(topic);
  if (exact !== undefined) return exact;
  return [...registrations.keys()].some((pattern) => isCovered(pattern, topic)) ? "" : undefined;
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
