// Many requests on one stream: who waits for which answer. It lives as long as the link does and is never reopened;
// the next request opens another one.
import { status } from "@grpc/grpc-js";
import type { Acceptance } from "./acceptance.js";
import type { Connection } from "./connection.js";
import { createDeferred } from "./deferred.js";
import { msFromDuration } from "./duration.js";
import { DispatcherError, errorOfStatus } from "./errors.js";
import type { PendingGather } from "./gather.js";
import { DispatcherServiceService } from "./gen/ate/dispatcher/v1/dispatcher_service.js";
import { HeartbeatWatch } from "./heartbeat-watch.js";
import { OutgoingBatch } from "./outgoing-batch.js";
import { SlotMap } from "./slot-map.js";
import type { StreamCall } from "./stream-call.js";
import { readStreamEvents, type StreamEvent } from "./wire.js";
import { pushSubmission } from "./wire-items.js";
import { type EncodedSubmission, writeCancellation } from "./wire-writer.js";

/** How many bytes wait at most for a congested stream. */
const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/** Who waits for the answer to a submission. */
export interface Submitter {
  /** The request was taken. */
  accepted(acceptance: Acceptance): void;
  /** It was refused, or nobody can tell any more. */
  failed(error: DispatcherError): void;
}

/** One Submit stream. */
export class SubmitStream {
  readonly #call: StreamCall;
  readonly #outbox: OutgoingBatch;
  readonly #watch: HeartbeatWatch;
  readonly #ended = createDeferred<void>();
  /** By correlation id. */
  readonly #unanswered = new SlotMap<Submitter>();
  /** By request id. */
  readonly #gathers = new SlotMap<PendingGather>();
  #lastId = 0;
  #isOpen = true;

  /** @throws {DispatcherError} CANCELLED, reason CLOSED, if the connection is closed. */
  constructor(connection: Connection) {
    this.#call = connection.openBidi(DispatcherServiceService.submit.path, {
      onMessage: (message) => {
        this.#watch.heard();
        let hasSummary = false;
        for (const event of readStreamEvents(message)) {
          this.#handle(event);
          hasSummary ||= event.kind === "summary";
        }
        // Gathers that end bring the next ones. What acceptances bring is joined with what deliveries on other streams do.
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

  /** Resolves once it is over. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Submits a request; `submitter` is told the answer, and a gather also all that follows. */
  submit(submission: EncodedSubmission, submitter: Submitter): void {
    if (this.#outbox.queuedBytes > MAX_QUEUED_BYTES) {
      submitter.failed(congested());
      return;
    }
    this.#lastId += 1;
    const correlationId = String(this.#lastId);
    this.#unanswered.set(correlationId, submitter);
    pushSubmission(this.#outbox, correlationId, submission);
  }

  /** Tells `gather` all that happens to a request that was accepted. */
  follow(requestId: string, gather: PendingGather): void {
    this.#gathers.set(requestId, gather);
  }

  /** Cancels a request. */
  cancel(requestId: string): void {
    this.#outbox.push(writeCancellation(requestId));
  }

  /** Takes no more submissions; ends when those it took have ended. */
  end(): void {
    this.#isOpen = false;
    void this.#outbox.whenEmpty().then(() => this.#call.end());
  }

  /** Ends at once. */
  abort(error: DispatcherError): void {
    this.#call.abort(error);
  }

  #handle(event: StreamEvent): void {
    switch (event.kind) {
      case "acceptance":
        this.#unanswered.take(event.value.correlationId)?.accepted(event.value.acceptance);
        break;
      case "rejection":
        this.#unanswered.take(event.value.correlationId)?.failed(errorOfStatus(event.value.status));
        break;
      case "delivery":
        this.#gathers.get(event.value.requestId)?.delivered(event.value);
        break;
      case "summary":
        this.#gathers.take(event.value.requestId)?.summarized(event.value);
        break;
      case "heartbeat":
        this.#watch.setInterval(msFromDuration(event.value.interval));
        break;
      case "goAway":
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
    for (const submitter of this.#unanswered.takeAll()) submitter.failed(error);
    for (const gather of this.#gathers.takeAll()) gather.failed(error);
    this.#ended.resolve();
  }
}

/** What a stream ends with when its link breaks, whichever layer notices first. */
const BROKEN: ReadonlySet<status> = new Set([status.CANCELLED, status.UNKNOWN, status.INTERNAL]);

/** A broken link says nothing about the requests on it: they may be tried again. */
function lostError(cause: DispatcherError | undefined): DispatcherError {
  if (cause !== undefined && (!BROKEN.has(cause.code) || cause.reason === "CLOSED")) return cause;
  const details = `the stream broke; whether its requests were taken is unknown: ${cause?.details ?? "it ended"}`;
  return new DispatcherError({ code: status.UNAVAILABLE, reason: "STREAM_BROKEN", details, cause });
}

function congested(): DispatcherError {
  const details = `${MAX_QUEUED_BYTES} bytes wait to be sent; submit less at a time`;
  return new DispatcherError({
    code: status.RESOURCE_EXHAUSTED,
    reason: "CONGESTED",
    details,
    retryDelayMs: 100,
  });
}
