// Multiplexes requests on one Submit stream and routes each response to its request. A stream that has ended is not
// reopened; the next request opens a new one.
import { status } from "@grpc/grpc-js";
import { createDeferred } from "../async/deferred.js";
import type { Connection } from "../connection/connection.js";
import { HeartbeatWatch } from "../connection/heartbeat-watch.js";
import type { StreamCall } from "../connection/stream-call.js";
import { DispatcherError, errorOfStatus } from "../errors.js";
import { DispatcherServiceService } from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import type { Acceptance } from "../values/acceptance.js";
import { msFromDuration } from "../values/duration.js";
import { OutgoingBatch } from "../wire/outgoing-batch.js";
import { readStreamEvents, type StreamEvent } from "../wire/wire.js";
import { type EncodedSubmission, pushSubmission, writeCancellation } from "../wire/wire-items.js";
import { Deadlines, givenUpAt, RESERVE_MS } from "./deadlines.js";
import type { PendingGather } from "./gather.js";
import { ReleasingMap } from "./releasing-map.js";

/** The limit of bytes queued for a congested stream. Beyond it, requests fail with CONGESTED. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/** Receives the response to a submission. */
export interface Submitter {
  /** The dispatcher accepted the request. */
  accepted(acceptance: Acceptance): void;
  /** The request was rejected; or the stream broke or gave no answer, which leaves unknown whether it was accepted. */
  failed(error: DispatcherError): void;
}

/** A submission or gather, and when it is given up, on the clock of performance.now. */
interface Pending<T> {
  readonly of: T;
  dueAt: number;
}

/** A gather, and how many results it had when it was due for the last time. */
interface FollowedGather extends Pending<PendingGather> {
  seenCount: number;
}

/** One Submit stream. */
export class SubmitStream {
  readonly #connection: Connection;
  readonly #call: StreamCall;
  readonly #outbox: OutgoingBatch;
  readonly #watch: HeartbeatWatch;
  readonly #ended = createDeferred<void>();
  /** By correlation id. */
  readonly #unanswered = new ReleasingMap<Pending<Submitter>>();
  /** By request id. */
  readonly #gathers = new ReleasingMap<FollowedGather>();
  readonly #deadlines = new Deadlines((now) => this.#giveUp(now));
  #lastId = 0;
  #isOpen = true;

  /** @throws {DispatcherError} CANCELLED, reason CLOSED, if the connection is closed. */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.#call = connection.openBidi(DispatcherServiceService.submit.path, {
      onMessage: (message) => {
        this.#watch.recordActivity();
        let hasSummary = false;
        for (const event of readStreamEvents(message, connection.memory.texts)) {
          this.#handle(event);
          hasSummary ||= event.kind === "summary";
        }
        // A gather that ends is often followed by the next one, so send that one at once. Requests that follow an
        // acceptance wait for the end of the turn, to share a message with those that follow deliveries on other
        // streams.
        if (hasSummary) this.#outbox.flushWhenSettled();
      },
      onDrain: () => this.#outbox.drained(),
      onEnd: (error) => this.#lost(lostError(error)),
    });
    this.#outbox = new OutgoingBatch((message) => this.#call.write(message));
    this.#watch = new HeartbeatWatch((error) => this.#call.abortDead(error));
    this.#watch.start();
  }

  /** Whether it takes submissions. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves when the stream has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Submits a request, and passes the response to `submitter`. See {@link follow} for the events of a gather. */
  submit(submission: EncodedSubmission, submitter: Submitter): void {
    if (this.#outbox.queuedBytes > MAX_QUEUED_BYTES) {
      submitter.failed(congested());
      return;
    }
    this.#lastId += 1;
    const correlationId = String(this.#lastId);
    const dueAt = givenUpAt(submission.ttlMs);
    this.#unanswered.set(correlationId, { of: submitter, dueAt });
    this.#deadlines.add(dueAt);
    pushSubmission(this.#outbox, correlationId, submission);
  }

  /** Passes the events of an accepted request to `gather`. @param dueAt - when the gather is given up. */
  follow(requestId: string, gather: PendingGather, dueAt: number): void {
    this.#gathers.set(requestId, { of: gather, dueAt, seenCount: 0 });
    this.#deadlines.add(dueAt);
  }

  /** Cancels a request. */
  cancel(requestId: string): void {
    this.#outbox.push(writeCancellation(requestId));
  }

  /** Takes no more submissions. The stream ends when its pending requests have ended. */
  end(): void {
    this.#isOpen = false;
    void this.#outbox.whenEmpty().then(() => this.#call.end());
  }

  #handle(event: StreamEvent): void {
    switch (event.kind) {
      case "acceptance":
        this.#unanswered.take(event.value.correlationId)?.of.accepted(event.value.acceptance);
        break;
      case "rejection":
        this.#unanswered.take(event.value.correlationId)?.of.failed(errorOfStatus(event.value.status));
        break;
      case "delivery":
        this.#gathers.get(event.value.requestId)?.of.delivered(event.value);
        break;
      case "summary":
        this.#gathers.take(event.value.requestId)?.of.summarized(event.value);
        break;
      case "heartbeat":
        this.#watch.setInterval(msFromDuration(event.value.interval));
        break;
      case "goAway":
        this.#call.leaveLink();
        this.end();
        break;
      default:
        break;
    }
  }

  #lost(error: DispatcherError): void {
    this.#isOpen = false;
    this.#watch.stop();
    this.#outbox.close();
    this.#deadlines.stop();
    for (const submitter of this.#unanswered.takeAll()) submitter.of.failed(error);
    for (const gather of this.#gathers.takeAll()) gather.of.failed(error);
    this.#ended.resolve();
  }

  /** Gives up what is due. @returns when the next request is due. */
  #giveUp(now: number): number {
    let nextAt = Number.POSITIVE_INFINITY;
    const isDue = ({ dueAt }: Pending<unknown>) => {
      if (dueAt > now) nextAt = Math.min(nextAt, dueAt);
      return dueAt <= now;
    };
    const isGatherDue = (gather: FollowedGather) => {
      const { deliveredCount } = gather.of;
      // The summary comes behind results that still arrive.
      if (gather.dueAt <= now && deliveredCount > gather.seenCount) gather.dueAt = now + RESERVE_MS;
      gather.seenCount = deliveredCount;
      return isDue(gather);
    };
    const due = [...this.#unanswered.takeIf(isDue), ...this.#gathers.takeIf(isGatherDue)];
    if (due.length > 0) {
      const error = this.#connection.noAnswer(
        "the request ended without an answer within its TTL and a reserve",
      );
      for (const { of } of due) of.failed(error);
    }
    return nextAt;
  }
}

/** Codes with which a stream may end when its connection breaks; they depend on the layer that notices first. */
const BROKEN_LINK_CODES: ReadonlySet<status> = new Set([status.CANCELLED, status.UNKNOWN, status.INTERNAL]);

/** Turns the codes of a broken connection into UNAVAILABLE: the requests may be retried. */
function lostError(cause: DispatcherError | undefined): DispatcherError {
  if (cause !== undefined && (!BROKEN_LINK_CODES.has(cause.code) || cause.reason === "CLOSED")) return cause;
  const details = `the stream broke; its requests may or may not have been accepted: ${cause?.details ?? "the server ended it"}`;
  return new DispatcherError({ code: status.UNAVAILABLE, reason: "STREAM_BROKEN", details, cause });
}

function congested(): DispatcherError {
  const details = `more than ${MAX_QUEUED_BYTES} bytes of requests are queued, the limit; send fewer requests at a time`;
  return new DispatcherError({
    code: status.RESOURCE_EXHAUSTED,
    reason: "CONGESTED",
    details,
    retryDelayMs: 100,
  });
}
