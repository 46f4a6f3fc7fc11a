import { IdTable } from "../tables/id-table.js";
import type { RateLimit } from "../tables/rate-limit.js";
import { groupName, identityOf } from "../vocabulary/identity.js";
import type { ProducerOpened } from "../vocabulary/input.js";
import type { Target } from "../vocabulary/model.js";
import type { Refusal } from "../vocabulary/reason.js";
import type { Assignment } from "./assignment.js";
import { Backlog } from "./backlog.js";
import { SETTLED_BYTES, settledBytes } from "./costs.js";
import { type Admitted, Session } from "./session.js";

const LATENCY_SAMPLES = 128;
const NO_LABELS: ReadonlyMap<string, string> = new Map();

/** A connected producer: its registrations, credit, assignments and backlog. */
export class ProducerSession extends Session {
  readonly kind = "producer";
  readonly sessionId: string;
  readonly displayName: string;
  labels: ReadonlyMap<string, string>;
  readonly reportsDispositions: boolean;
  readonly peer: string;
  /** "" for an anonymous one. */
  readonly principal: string;
  /** Under which it is kept: its principal with its id. */
  readonly identity: string;
  /** This producer as the target of a request that asks it without a group; shared by all of them. */
  readonly target: Target;
  /** The same by group, for the groups of its registrations; undefined before it is asked for one. */
  private groupTargets: Map<string, Target> | undefined = undefined;
  /** Group by topic or pattern, as it is kept; {@link groupName} shows it. */
  readonly registrations = new Map<string, string>();
  readonly backlog = new Backlog();
  /** Outstanding assignments, and recently settled ones that were not answered, by assignment id. */
  readonly assignments = new IdTable<Assignment>();
  outstandingCount = 0;
  /** Costs of the assignments that were sent and are not reported as written. */
  unwrittenBytes = 0;
  /** Whether the next assignment waits until earlier ones are reported as written. */
  isWindowFull = false;
  /** Whether what waits is sent in slices because bytes were written. The window counts as full between them. */
  isFilling = false;
  /** Whether Welcome was sent. Before, its registrations are being added. */
  isWelcome = false;
  /** Whether it has left its topics, although not all of its registrations are removed. */
  hasLeft = false;
  /** Whether it gets no more assignments, not even those that wait: it drains by its own wish, or its session has ended. */
  isClosed = false;
  /** Whether it hears nothing more: its session has ended, or its stream was told to end because it owes nothing. */
  isOver = false;
  isDraining = false;
  /** Whether it drains because its connection reached its maximum age, and not by its own wish. */
  isAging = false;
  /** The faults that it may still cause. Created for the first one. */
  faults: RateLimit | undefined = undefined;
  /** Limits the Faults for replies to unknown assignments; created with the first one. */
  unknownReplies: RateLimit | undefined = undefined;
  /** Why its session must end after this step, because it caused too many faults. */
  overLimit: Refusal | undefined = undefined;
  answeredCount = 0;
  failedCount = 0;
  missedCount = 0;
  /** Number of records of ended requests that refer to this session; only these records count it. */
  recordCount = 0;
  /** Whether the session has ended and its content is dropped. */
  isDropped = false;
  /** Ids of the assignments that were settled last, in a ring. */
  private readonly settledIds: number[] = [];
  private settledNext = 0;
  /** Number of settled assignments that were not answered. The ring has their ids, and {@link assignments} has them. */
  private unansweredCount = 0;
  private readonly latencies: number[] = [];
  private latencyNext = 0;

  constructor(
    readonly producerId: string,
    opened: ProducerOpened,
    public maxOutstanding: number,
    readonly maxBacklog: number,
    admitted: Admitted,
  ) {
    super(opened.session, admitted);
    this.sessionId = opened.sessionId;
    this.displayName = opened.displayName;
    this.labels = new Map(opened.labels);
    this.reportsDispositions = opened.reportDispositions;
    this.peer = opened.peer;
    this.principal = opened.principal ?? "";
    this.identity = identityOf(this.principal, producerId);
    this.target = { producerId, principal: this.principal, group: "" };
  }

  /** Whether it may be sent another assignment: it has credit, its window has room, and it is not closed. */
  get hasCredit(): boolean {
    return this.outstandingCount < this.maxOutstanding && !this.isWindowFull && !this.isClosed;
  }

  /** Whether its backlog has room for another assignment. */
  get hasRoom(): boolean {
    return this.backlog.size < this.maxBacklog;
  }

  /** Number of outstanding and waiting assignments. */
  get load(): number {
    return this.outstandingCount + this.backlog.size;
  }

  /** Drops what no request shows, after its end: requests that have ended may refer to the session. */
  dropContent(): void {
    this.releaseAll();
    this.isDropped = true;
    this.unansweredCount = 0;
    this.labels = NO_LABELS;
    this.assignments.clear();
    this.settledIds.length = 0;
    this.latencies.length = 0;
  }

  /** This producer as the target of a request. @param group - the group for which it is asked, as it is kept; "" for none. */
  targetIn(group: string): Target {
    if (group === "") return this.target;
    this.groupTargets ??= new Map();
    let target = this.groupTargets.get(group);
    if (!target) {
      target = { producerId: this.producerId, principal: this.principal, group: groupName(group) };
      this.groupTargets.set(group, target);
    }
    return target;
  }

  /** Call it when a group may have gone with its last registration. */
  forgetGroups(): void {
    this.groupTargets = undefined;
  }

  /** Remembers a settled assignment, and forgets the one that was settled first. @param max - size of the ring. */
  rememberSettled({ id }: Assignment, isAnswered: boolean, max: number): void {
    if (this.settledIds.length === 0) this.charge(settledBytes(max));
    const forgotten = this.settledIds[this.settledNext];
    if (forgotten !== undefined && this.unansweredCount > 0) this.forgetSettled(forgotten);
    this.settledIds[this.settledNext] = id;
    this.settledNext = (this.settledNext + 1) % max;
    if (isAnswered) {
      this.assignments.delete(id);
    } else {
      this.unansweredCount++;
      this.charge(SETTLED_BYTES);
    }
  }

  private forgetSettled(id: number): void {
    if (this.assignments.get(id) === undefined) return;
    this.assignments.delete(id);
    this.unansweredCount--;
    this.release(SETTLED_BYTES);
  }

  /** Whether it answered this assignment, as far as is remembered. Searches linearly, because calls are rare. */
  hasAnswered(id: number): boolean {
    return this.settledIds.includes(id) && this.assignments.get(id) === undefined;
  }

  /** Records the latency of a final answer, in milliseconds. */
  noteLatency(latencyMs: number): void {
    this.latencies[this.latencyNext] = latencyMs;
    this.latencyNext = (this.latencyNext + 1) % LATENCY_SAMPLES;
  }

  /** The latencies, in milliseconds, that 50 % and 95 % of recent answers did not exceed; undefined without an answer. */
  latencyPercentiles(): readonly [p50: number | undefined, p95: number | undefined] {
    const sorted = Float64Array.from(this.latencies).sort();
    const percentile = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return [percentile(0.5), percentile(0.95)];
  }
}
