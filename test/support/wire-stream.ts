/**
 * One open call as a queue of events that a test can await, kind by kind. Nothing here waits for time to pass.
 */
import type { ClientDuplexStream, ClientReadableStream, StatusObject } from "@grpc/grpc-js";
import { type Refused, readEnd } from "./wire-status.js";

/** A member of a generated oneof. */
export interface Tagged {
  readonly $case: string;
  readonly value: unknown;
}

/** The value of one member. */
export type ValueOf<E extends Tagged, K extends E["$case"]> = Extract<E, { readonly $case: K }>["value"];

interface Waiting {
  readonly kind: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type Call = ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>;

/** The receiving side of a stream. */
export class WireStream<E extends Tagged, C extends Call = Call> {
  /** Every event so far, in order. */
  readonly events: E[] = [];
  /** How many messages brought them. */
  messageCount = 0;
  /** The latest one of them, as it came. */
  lastMessage: Buffer = Buffer.alloc(0);
  /** How many of them the generated code could not read. */
  unreadableCount = 0;
  /** Resolves with the status of the stream's end. */
  readonly ended: Promise<Refused>;
  private wake: () => void = () => undefined;
  private unread: E[] = [];
  private waiting: Waiting[] = [];
  private end: Refused | undefined;

  /** @param read - the events of a message. */
  constructor(
    protected readonly call: C,
    read: (message: Buffer) => readonly (E | undefined)[],
  ) {
    const incoming: ClientReadableStream<Buffer> = call as ClientReadableStream<Buffer>;
    incoming.on("data", (message: Buffer) => {
      this.messageCount++;
      this.lastMessage = message;
      this.wake();
      try {
        for (const event of read(message)) if (event) this.receive(event);
      } catch {
        this.unreadableCount++;
      }
    });
    // The status, which always follows, says the same.
    incoming.on("error", () => undefined);
    this.ended = new Promise((resolve, reject) => {
      incoming.on("status", (status: StatusObject) => {
        try {
          this.finish(readEnd(status));
        } catch (error) {
          reject(error);
          return;
        }
        resolve(this.end as Refused);
      });
    });
    this.ended.catch(() => undefined);
  }

  /** The oldest event of a kind that was not taken yet. Fails if the stream ends before there is one. */
  next<K extends E["$case"]>(kind: K): Promise<ValueOf<E, K>> {
    const at = this.unread.findIndex((event) => event.$case === kind);
    const [found] = at === -1 ? [] : this.unread.splice(at, 1);
    if (found) return Promise.resolve(found.value as ValueOf<E, K>);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { kind, resolve: resolve as Waiting["resolve"], reject };
      if (this.end) reject(this.missing(kind, this.end));
      else this.waiting.push(waiting);
    });
  }

  /** So many events of a kind. */
  async take<K extends E["$case"]>(kind: K, count: number): Promise<readonly ValueOf<E, K>[]> {
    const values: ValueOf<E, K>[] = [];
    while (values.length < count) values.push(await this.next(kind));
    return values;
  }

  /** The next message, as it comes. */
  nextMessage(): Promise<Buffer> {
    return new Promise((resolve) => {
      this.wake = () => resolve(this.lastMessage);
    });
  }

  /** Everything of a kind that came so far, taken or not. */
  all<K extends E["$case"]>(kind: K): readonly ValueOf<E, K>[] {
    return this.events.flatMap((event) => (event.$case === kind ? [event.value as ValueOf<E, K>] : []));
  }

  /** Stops reading, so that the connection's windows fill up. */
  pause(): void {
    this.call.pause();
  }

  /** Reads on. */
  resume(): void {
    this.call.resume();
  }

  /** Resets the stream, as a client does whose deadline has passed or whose user has lost patience. */
  cancel(): void {
    this.call.cancel();
  }

  private receive(event: E): void {
    this.events.push(event);
    const at = this.waiting.findIndex(({ kind }) => kind === event.$case);
    const [waiting] = at === -1 ? [] : this.waiting.splice(at, 1);
    if (waiting) waiting.resolve(event.value);
    else this.unread.push(event);
  }

  private finish(end: Refused): void {
    this.end = end;
    for (const { kind, reject } of this.waiting.splice(0)) reject(this.missing(kind, end));
  }

  private missing(kind: string, { code, reason, message }: Refused): Error {
    const latest = this.events.slice(-20).map(({ $case }) => $case);
    const came = `${this.events.length} events came, the last ones ${latest.join(", ") || "none"}`;
    return new Error(`no ${kind} came before the end (${code} ${reason} ${message}); ${came}`);
  }
}
