import { IdTable } from "../tables/id-table.js";
import type { ProducerOpened } from "../vocabulary/input.js";
import type { Instant } from "../vocabulary/model.js";
import type { Assignment } from "./assignment.js";
import { Backlog } from "./backlog.js";
import { Session } from "./session.js";

const LATENCY_SAMPLES = 128;

/** A connected producer: its registrations, its credit, what it owes and what waits for it. */
export class ProducerSession extends Session {
  readonly kind = "producer";
  readonly sessionId: string;
  readonly displayName: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly reportsDispositions: boolean;
  readonly peer: string;
  /** Group by topic or pattern. */
  readonly registrations = new Map<string, string>();
  readonly backlog = new Backlog();
  /** What it owes, and of the last ones that it owed those it has not answered, by assignment id. */
  readonly assignments = new IdTable<Assignment>();
  outstandingCount = 0;
  isDraining = false;
  answeredCount = 0;
  failedCount = 0;
  missedCount = 0;
  /** Ids of the last ones that are over, in a ring. */
  private readonly settled: number[] = [];
  private settledNext = 0;
  private readonly latencies: number[] = [];
  private latencyNext = 0;

  constructor(
    readonly producerId: string,
    opened: ProducerOpened,
    public maxOutstanding: number,
    readonly maxBacklog: number,
    openedAt: Instant,
  ) {
    super(opened.session, openedAt);
    this.sessionId = opened.sessionId;
    this.displayName = opened.displayName;
    this.labels = new Map(opened.labels);
    this.reportsDispositions = opened.reportDispositions;
    this.peer = opened.peer;
  }

  /** Whether it may be given work right now. */
  get hasCredit(): boolean {
    return this.outstandingCount < this.maxOutstanding;
  }

  /** Whether further work may wait for its turn. */
  get hasRoom(): boolean {
    return this.backlog.size < this.maxBacklog;
  }

  /** What it has to do, now and later. */
  get load(): number {
    return this.outstandingCount + this.backlog.size;
  }

  /** Remembers an assignment that is over, and forgets the one that has been over the longest. */
  rememberSettled({ id }: Assignment, isAnswered: boolean, most: number): void {
    const forgotten = this.settled[this.settledNext];
    if (forgotten !== undefined) this.assignments.delete(forgotten);
    this.settled[this.settledNext] = id;
    this.settledNext = (this.settledNext + 1) % most;
    if (isAnswered) this.assignments.delete(id);
  }

  /** Whether it has answered this assignment, as far back as is remembered. Looked for one by one: it is rarely asked. */
  hasAnswered(id: number): boolean {
    return this.settled.includes(id) && this.assignments.get(id) === undefined;
  }

  /** Notes how long a final answer took, in milliseconds. */
  noteLatency(latencyMs: number): void {
    this.latencies[this.latencyNext] = latencyMs;
    this.latencyNext = (this.latencyNext + 1) % LATENCY_SAMPLES;
  }

  /** The latency that this share of the recent answers stayed within; undefined before the first answer. */
  latencyPercentile(share: number): number | undefined {
    const sorted = [...this.latencies].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }
}
