/**
 * A request that is remembered by the id that its caller chose: what a repeated submission is answered with.
 *
 * The natural way is to keep the request itself with its summary. But each is a dozen objects and one more per target: 66,000
 * requests to 20 producers ended a process with a heap of 256 MiB. A request that has ended is kept in a few arrays
 * instead: its targets are objects that all requests of a producer share, an instant tells when each of them answered, and
 * there are states and failures only if not every target answered once. Then 66,000 of them need 40 MB.
 */

import type { Passing } from "../tables/age-queue.js";
import type { Due } from "../tables/due-buckets.js";
import type { Account } from "../tables/ledger.js";
import type {
  Acceptance,
  AssignmentState,
  Completion,
  EndReason,
  Failure,
  Instant,
  OutcomeState,
  Summary,
  Target,
} from "../vocabulary/model.js";
import { failureBytes, outcomeStateBytes, rememberedBytes } from "./costs.js";
import type { PendingRequest } from "./pending-request.js";
import type { AssignmentRecord, RequestRecord } from "./request-record.js";

/** The states that targets have at the end of a request; a position in this list stands for each of them. */
const STATES: readonly OutcomeState[] = [
  "ANSWERED",
  "FAILED",
  "MISSED",
  "DEPARTED",
  "SATURATED",
  "CANCELLED",
  "LATE",
];
/** Stands for a target without a result. Instants are never negative. */
const NO_RESULT = -1;
const NO_INSTANTS: readonly Instant[] = [];
const NO_ACCEPTANCE: Acceptance = { requestId: "", targets: [], listenerCount: 0, ttlMs: 0, deadlineAt: 0 };

/** A remembered request. */
export class RememberedRequest implements RequestRecord, Passing, Due {
  /** Whether it is forgotten. */
  isGone = false;
  acceptance: Acceptance;
  digest: string;
  readonly serial: number;
  readonly topic: string;
  readonly acceptedAt: Instant;
  /** When it may be forgotten. */
  readonly dueAt: Instant;
  bucketPlace = 0;
  readonly notes = undefined;
  /** The request before its end; then undefined. */
  pending: PendingRequest | undefined;
  endedAt: Instant | undefined = undefined;
  reason: EndReason | undefined = undefined;
  readonly completion: Completion;
  readonly requester: string;
  readonly identity: string;
  answeredCount = 0;
  failedCount = 0;
  resultCount = 0;
  errorCount = 0;
  private targets: readonly Target[];
  /** When the last result of each target arrived. */
  private resultAts: readonly Instant[] = NO_INSTANTS;
  /** State and number of results of each target, in one number; undefined if each answered with one result. */
  private states: readonly number[] | undefined = undefined;
  /** The failures by target; undefined if there are none. */
  private failures: readonly (Failure | undefined)[] | undefined = undefined;
  private heldBytes: number;

  /** @param account - the peer that is charged. */
  constructor(
    request: PendingRequest,
    readonly account: Account,
    idempotencyMs: number,
  ) {
    const { acceptance, acceptedAt, digest } = request;
    this.pending = request;
    this.acceptance = acceptance;
    this.digest = digest;
    this.serial = request.serial;
    this.topic = request.topic;
    this.acceptedAt = acceptedAt;
    this.completion = request.completion;
    this.requester = request.requester;
    this.identity = request.identity;
    this.dueAt = acceptedAt + Math.max(idempotencyMs, 2 * acceptance.ttlMs);
    this.targets = acceptance.targets;
    this.heldBytes = this.sizeWithoutOutcomes();
    account.charge(this.heldBytes);
  }

  get requestId(): string {
    return this.acceptance.requestId;
  }

  get deadlineAt(): Instant {
    return this.acceptance.deadlineAt;
  }

  /** Bytes that are charged for it. */
  get byteLength(): number {
    return this.heldBytes;
  }

  /** Keeps what the summary says, and nothing else of the request. */
  end(request: PendingRequest, { reason, outcomes = [] }: Summary): void {
    this.pending = undefined;
    this.endedAt = request.endedAt;
    this.reason = reason;
    this.answeredCount = request.answeredCount;
    this.failedCount = request.failedCount;
    this.resultCount = request.resultCount;
    this.errorCount = request.errorCount;
    const { assignments } = request;
    const isAsAccepted =
      assignments.length === this.targets.length &&
      assignments.every(({ producer }, i) => isSame(producer, this.targets[i]));
    if (!isAsAccepted) this.targets = assignments.map(({ producer, group }) => producer.targetIn(group));
    this.resultAts = assignments.map(({ lastResultAt }) => lastResultAt ?? NO_RESULT);
    if (outcomes.some(({ state, resultCount }) => state !== "ANSWERED" || resultCount !== 1)) {
      this.states = outcomes.map(
        ({ state, resultCount }) => resultCount * STATES.length + STATES.indexOf(state as OutcomeState),
      );
    }
    if (outcomes.some(({ failure }) => failure)) this.failures = assignments.map(({ failure }) => failure);
    this.recharge();
  }

  /** Releases it, and what it refers to: a queue may keep the object for a while. It must not be used afterwards. */
  forget(): void {
    this.isGone = true;
    this.account.release(this.heldBytes);
    this.pending = undefined;
    this.acceptance = NO_ACCEPTANCE;
    this.digest = "";
    this.targets = NO_ACCEPTANCE.targets;
    this.resultAts = NO_INSTANTS;
    this.states = undefined;
    this.failures = undefined;
  }

  /** The targets with their final states. */
  get assignments(): readonly AssignmentRecord[] {
    return this.targets.map((target, i): AssignmentRecord => {
      const packed = this.states?.[i] ?? STATES.length;
      const at = this.resultAts[i] ?? NO_RESULT;
      return {
        producer: target,
        group: target.group,
        state: STATES[packed % STATES.length] as AssignmentState,
        attempt: 1,
        assignedAt: 0,
        lastResultAt: at === NO_RESULT ? undefined : at,
        settledAt: undefined,
        resultCount: Math.floor(packed / STATES.length),
        failure: this.failures?.[i],
      };
    });
  }

  private sizeWithoutOutcomes(): number {
    return rememberedBytes(this, this.digest, this.completion, this.targets.length);
  }

  private recharge(): void {
    const before = this.heldBytes;
    this.heldBytes = this.sizeWithoutOutcomes();
    if (this.states) this.heldBytes += outcomeStateBytes(this.states.length);
    for (const failure of this.failures ?? []) if (failure) this.heldBytes += failureBytes(failure);
    this.account.charge(this.heldBytes);
    this.account.release(before);
  }
}

function isSame(producer: Pick<Target, "producerId" | "principal">, target: Target | undefined): boolean {
  return producer.producerId === target?.producerId && producer.principal === target.principal;
}
