import { Alarm } from "../async/alarm.js";
import type { Connection } from "../connection/connection.js";
import { alreadyClosed, cancelled, DispatcherError, invalidArgument } from "../errors.js";
import {
  CancelRequestRequest,
  CancelRequestResponse,
  DispatcherServiceService,
  DispatchResponse,
} from "../gen/ate/dispatcher/v1/dispatcher_service.js";
import { Summary as SummaryMessage } from "../gen/ate/dispatcher/v1/summary.js";
import { checkOptions, checkValue } from "../options/option-check.js";
import { TEXT } from "../options/rules.js";
import { type Acceptance, acceptanceOf } from "../values/acceptance.js";
import { type Summary, summaryOf } from "../values/summary.js";
import { MAX_MESSAGE_BYTES } from "../wire/message-parts.js";
import { NO_ENTRIES } from "../wire/string-map.js";
import { type EncodedSubmission, maxSubmissionBytes, writeRequestCall } from "../wire/wire-items.js";
import { acceptedGivenUpAt, givenUpAt } from "./deadlines.js";
import { type Gather, PendingGather } from "./gather.js";
import { encodeRequest } from "./request.js";
import type { GatherOptions, RequestOptions } from "./request-options.js";
import { REQUEST_TABLE } from "./request-rules.js";
import { SubmitStream } from "./submit-stream.js";
import { openUnaryGather } from "./unary-gather.js";

/** A call that must end before the channel is closed. */
interface OpenCall {
  readonly ended: Promise<void>;
}

/** Receives the response to a submission, and the stream that it is on. */
interface StreamSubmitter {
  submitted?(stream: SubmitStream): void;
  accepted(acceptance: Acceptance, stream: SubmitStream): void;
  failed(error: DispatcherError): void;
}

/**
 * Sends requests. Small ones share one Submit stream, which is opened on first use and replaced after it breaks. A
 * request gets a call of its own if its `unary` option is set, or if some server could reject a message of its size.
 */
export class Requester {
  readonly #connection: Connection;
  readonly #openCalls = new Set<OpenCall>();
  readonly #gatheredIds = new Set<string>();
  #shared: SubmitStream | undefined;
  #isClosing = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Scatters a request whose results go to the listeners. */
  dispatch(topic: string, options: RequestOptions): Promise<Acceptance> {
    // One promise per dispatch, and no async function in between: promises took most of the time of a dispatch.
    return new Promise((resolve, reject) => {
      this.#ensureOpen();
      checkRequest(topic, options);
      if (options.signal?.aborted) throw cancelled("the dispatch was aborted", options.signal.reason);
      const submission = this.#encode(topic, options, false, false);
      if (isUnary(submission, options)) resolve(this.#dispatchUnary(submission, options, false));
      else this.#dispatchShared(submission, options, resolve, reject);
    });
  }

  /** Checks a request without sending it. @returns the acceptance that it would get. */
  async validate(topic: string, options: RequestOptions): Promise<Acceptance> {
    this.#ensureOpen();
    checkRequest(topic, options);
    return await this.#dispatchUnary(this.#encode(topic, options, false, false), options, true);
  }

  /** Scatters a request whose results return here. Never throws: the gather reports errors. */
  gather(topic: string, options: GatherOptions): Gather {
    try {
      checkRequest(topic, options);
    } catch (error) {
      const malformed = new PendingGather(undefined, undefined);
      malformed.failed(DispatcherError.from(error));
      return malformed;
    }
    const gather = new PendingGather(options.requestId, options.signal);
    if (options.signal?.aborted) return gather;
    try {
      this.#ensureOpen();
      this.#reserveId(options.requestId, gather);
      const submission = this.#encode(topic, options, true, options.excludeListeners ?? false);
      if (isUnary(submission, options)) this.#gatherUnary(submission, gather);
      else this.#gatherShared(submission, gather);
    } catch (error) {
      gather.failed(DispatcherError.from(error));
    }
    return gather;
  }

  /** Cancels a request. @param principal - whose request it is; "" for that of this client. */
  async cancel(requestId: string, principal = ""): Promise<Summary> {
    return await this.#connection.call(
      DispatcherServiceService.cancelRequest.path,
      CancelRequestRequest.encode({ requestId, principal }).finish(),
      (response) => summaryOf(CancelRequestResponse.decode(response).summary ?? SummaryMessage.create()),
    );
  }

  /** Rejects further requests. Resolves when the pending ones have ended, or are aborted after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#shared?.end();
    const alarm = new Alarm();
    alarm.set(graceMs, () => this.#connection.abortCalls(alreadyClosed("client")));
    await Promise.all([...this.#openCalls].map(({ ended }) => ended));
    alarm.clear();
  }

  async #dispatchUnary(
    { request, context, ttlMs }: EncodedSubmission,
    { signal }: RequestOptions,
    validateOnly: boolean,
  ): Promise<Acceptance> {
    const answer = this.#connection.call(
      DispatcherServiceService.dispatch.path,
      writeRequestCall(request, validateOnly),
      (response) => acceptanceOf(DispatchResponse.decode(response).acceptance),
      { context, signal, timeoutMs: givenUpAt(ttlMs) - performance.now() },
    );
    const settled = () => {};
    this.#track({ ended: answer.then(settled, settled) });
    return await answer;
  }

  #dispatchShared(
    submission: EncodedSubmission,
    { requestId, signal }: RequestOptions,
    resolve: (acceptance: Acceptance) => void,
    reject: (error: DispatcherError) => void,
  ): void {
    if (signal === undefined) {
      this.#submit(submission, { accepted: resolve, failed: reject });
      return;
    }
    const abort = () => {
      reject(cancelled("the dispatch was aborted", signal.reason));
      if (requestId !== undefined && stream !== undefined) this.#cancelOn(stream, requestId);
    };
    signal.addEventListener("abort", abort, { once: true });
    let stream: SubmitStream | undefined;
    this.#submit(submission, {
      submitted: (to) => {
        stream = to;
      },
      accepted: (acceptance, stream) => {
        signal.removeEventListener("abort", abort);
        if (signal.aborted) this.#cancelOn(stream, acceptance.requestId);
        resolve(acceptance);
      },
      failed: (error) => {
        signal.removeEventListener("abort", abort);
        reject(error);
      },
    });
  }

  #gatherShared(submission: EncodedSubmission, gather: PendingGather): void {
    this.#submit(submission, {
      submitted: (stream) => {
        gather.connected({ cancel: (requestId) => this.#cancelOn(stream, requestId) });
      },
      accepted: (acceptance, stream) => {
        stream.follow(acceptance.requestId, gather, acceptedGivenUpAt(acceptance.ttlMs, submission.ttlMs));
        gather.accepted(acceptance);
      },
      failed: (error) => gather.failed(error),
    });
  }

  #gatherUnary(submission: EncodedSubmission, gather: PendingGather): void {
    const cancel = (requestId: string) => void this.cancel(requestId).catch(() => {});
    this.#track(openUnaryGather(this.#connection, submission, gather, cancel));
  }

  /** Submits a request on the shared stream, and on the next one if the server did not accept it because of go_away. */
  #submit(submission: EncodedSubmission, submitter: StreamSubmitter): void {
    const stream = this.#stream();
    submitter.submitted?.(stream);
    stream.submit(submission, {
      accepted: (acceptance) => submitter.accepted(acceptance, stream),
      failed: (error) => {
        if (error.reason === "CONNECTION_AGE" && !this.#isClosing) {
          if (stream === this.#shared) stream.end();
          this.#submit(submission, submitter);
        } else {
          submitter.failed(error);
        }
      },
    });
  }

  #stream(): SubmitStream {
    if (this.#shared?.isOpen) return this.#shared;
    this.#shared = new SubmitStream(this.#connection);
    this.#track(this.#shared);
    return this.#shared;
  }

  /** Cancels a request on its stream, or by a call of its own if the stream takes no more messages. */
  #cancelOn(stream: SubmitStream, requestId: string): void {
    if (stream.isOpen) stream.cancel(requestId);
    else void this.cancel(requestId).catch(() => {});
  }

  /** Reserves the id: the results of two gathers with the same id could not be told apart on the shared stream. */
  #reserveId(requestId: string | undefined, gather: PendingGather): void {
    if (requestId === undefined) return;
    if (this.#gatheredIds.has(requestId)) {
      throw invalidArgument("requestId", "is in use by another gather of this client");
    }
    this.#gatheredIds.add(requestId);
    const release = () => void this.#gatheredIds.delete(requestId);
    gather.summary.then(release, release);
  }

  #track(call: OpenCall): void {
    this.#openCalls.add(call);
    void call.ended.then(() => this.#openCalls.delete(call));
  }

  #encode(
    topic: string,
    options: RequestOptions,
    gather: boolean,
    excludeListeners: boolean,
  ): EncodedSubmission {
    return {
      ttlMs: options.ttlMs,
      request: encodeRequest(topic, options, this.#connection.memory),
      gather,
      excludeListeners,
      context: options.context ?? NO_ENTRIES,
    };
  }

  #ensureOpen(): void {
    if (this.#isClosing) throw alreadyClosed("client");
  }
}

function checkRequest(topic: string, options: RequestOptions): void {
  checkValue(topic, TEXT, "topic");
  checkOptions(options, REQUEST_TABLE, "options of a request");
}

/** A server with a low message limit would end the shared stream because of one large request. */
function isUnary(submission: EncodedSubmission, { unary = false }: RequestOptions): boolean {
  return unary || maxSubmissionBytes(submission) > MAX_MESSAGE_BYTES;
}
