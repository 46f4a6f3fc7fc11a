// The only file that subscribes to events of grpc-js. It hides their pitfalls: an error event without a listener ends
// the process, and so does an exception in a listener; messages may arrive after the error event; and an end event does
// not mean that the server ended the stream on purpose.
import { type Client, type ClientDuplexStream, type ClientReadableStream, status } from "@grpc/grpc-js";
import { DispatcherError } from "../errors.js";
import type { Link, LinkCall } from "./link.js";
import type { WaitingCall } from "./link-pool.js";

/** The events of a stream. */
export interface StreamEvents {
  /** A message arrived. If this throws, the stream is cancelled and ends with INTERNAL, reason MALFORMED_MESSAGE. */
  onMessage(message: Buffer): void;
  /** The stream is no longer congested, after {@link StreamCall.write} returned false. */
  onDrain?(): void;
  /** The stream has ended. Called exactly once, as the last event. `error` is undefined if the status is OK. */
  onEnd(error: DispatcherError | undefined): void;
}

/** The stream of a call with a response stream, as grpc-js makes it. */
export type ResponseStream = ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>;

/** One call with a response stream. It may have to wait for a connection that admits it. */
export class StreamCall implements LinkCall, WaitingCall {
  readonly #makeStream: (client: Client) => ResponseStream;
  readonly #events: StreamEvents;
  #link: Link | undefined;
  #stream: ResponseStream | undefined;
  /** Messages that were written before the stream was opened. */
  #unsent: Buffer[] = [];
  #error: DispatcherError | undefined;
  #hasEnded = false;
  #isEnding = false;
  #isPaused = false;
  #lastActivityAt = performance.now();

  /**
   * Calls `events` in a later turn, never during the constructor.
   *
   * @param makeStream - makes the call on a channel.
   */
  constructor(makeStream: (client: Client) => ResponseStream, events: StreamEvents) {
    this.#makeStream = makeStream;
    this.#events = events;
  }

  /** Whether the call has been made on a connection. */
  get isOpened(): boolean {
    return this.#stream !== undefined;
  }

  /** Makes the call. Does nothing if it has been aborted. */
  open(link: Link): void {
    if (this.#hasEnded) return;
    const stream = this.#makeStream(link.client);
    this.#link = link;
    this.#stream = stream;
    this.#lastActivityAt = performance.now();
    link.addCall(this);
    this.#subscribe(stream);
    if (this.#isPaused) stream.pause();
    const isWritten = this.#unsent.splice(0).map((message) => this.write(message));
    if (this.#isEnding) this.#endStream();
    // Writers were told that the stream is congested until it is open.
    else if (isWritten.at(-1) === true) setImmediate(() => this.#drained());
  }

  /** The call cannot be made. */
  refuse(error: DispatcherError): void {
    // In a later turn, because the caller may still be creating what receives the event.
    setImmediate(() => this.#finish(error));
  }

  /**
   * Writes a message.
   *
   * @returns false if the stream is congested, or not open yet: do not write until onDrain. After the end, drops the
   * message and returns true.
   */
  write(message: Buffer): boolean {
    if (this.#hasEnded) return true;
    if (this.#stream === undefined) {
      this.#unsent.push(message);
      return false;
    }
    return "write" in this.#stream ? this.#stream.write(message) : true;
  }

  /** Half-closes the stream: this side sends no further messages. */
  end(): void {
    if (this.#hasEnded || this.#isEnding) return;
    this.#isEnding = true;
    this.#endStream();
  }

  /** Stops reading, so that flow control stops the server. Up to 16 further messages may arrive. */
  pause(): void {
    if (this.#error !== undefined || this.#hasEnded) return;
    this.#isPaused = true;
    this.#stream?.pause();
  }

  /** Resumes reading. */
  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  /** Opens further calls on another connection, because the server is about to close this one. */
  leaveLink(): void {
    this.#link?.release();
  }

  /** Cancels the call, and calls onEnd with `error` before it returns. Does nothing if the call has ended. */
  abort(error: DispatcherError): void {
    if (this.#hasEnded) return;
    this.#stream?.cancel();
    this.#stream?.resume();
    this.#finish(error);
  }

  /**
   * Aborts the call because nothing arrived for too long. Retires its link, so that the next call opens a new channel,
   * unless the silence says nothing about the link: the call waits for a connection, or the peer has lowered its limit
   * and the stream waits in the HTTP/2 library.
   */
  abortDead(error: DispatcherError): void {
    if (this.#hasEnded) return;
    if (this.#link !== undefined && !this.#link.isOverLimit) {
      this.#link.retire(this.#lastActivityAt, error);
      this.abort(error);
      return;
    }
    const why = this.#link === undefined ? "is not connected" : "has lowered its limit of streams";
    const details = `the stream could not be opened: the peer ${why}`;
    this.abort(new DispatcherError({ code: status.UNAVAILABLE, reason: "NOT_CONNECTED", details }));
  }

  #subscribe(stream: ResponseStream): void {
    stream.on("data", (message: Buffer) => this.#receive(message));
    stream.on("drain", () => this.#drained());
    stream.on("error", (error) => {
      this.#error ??= DispatcherError.from(error);
      this.#link?.recordFailure(this.#error);
      // A paused stream would keep the messages from before the error, and would never emit `end`.
      stream.resume();
    });
    stream.on("end", () => this.#finish(this.#error));
    // If the stream itself fails, there is no `end`.
    stream.on("close", () => this.#finish(this.#error));
  }

  #drained(): void {
    if (!this.#hasEnded) this.#events.onDrain?.();
  }

  #endStream(): void {
    if (this.#stream !== undefined && "write" in this.#stream) this.#stream.end();
  }

  #receive(message: Buffer): void {
    if (this.#hasEnded) return;
    this.#lastActivityAt = this.#link?.recordActivity() ?? performance.now();
    try {
      this.#events.onMessage(message);
    } catch (cause) {
      const details = `a message from the server is malformed: ${DispatcherError.from(cause).details}`;
      this.abort(new DispatcherError({ code: status.INTERNAL, reason: "MALFORMED_MESSAGE", details, cause }));
    }
  }

  #finish(error: DispatcherError | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#unsent = [];
    this.#link?.removeCall(this);
    this.#events.onEnd(error);
  }
}
