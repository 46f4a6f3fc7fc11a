/**
 * One open call as a queue of events. A test awaits the next event of a kind; no wait depends on time.
 */
import type { ClientDuplexStream, ClientReadableStream, StatusObject } from "@grpc/grpc-js";
import { type Refused, readEnd } from "./wire-status.js";

/** A case of a generated oneof. */
export interface Tagged {
  readonly $case: string;
  readonly value: unknown;
}

/** The value of one case. */
export type ValueOf<E extends Tagged, K extends E["$case"]> = Extract<E, { readonly $case: K }>["value"];

interface Waiter {
  readonly kind: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type Call = ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>;

/** The receiving side of a stream. */
export class WireStream<E extends Tagged, C extends Call = Call> {
  /** Every event received so far, in order. */
  readonly events: E[] = [];
  /** Number of messages that carried the events. */
  messageCount = 0;
  /** The latest message, as received. */
  lastMessage: Buffer = Buffer.alloc(0);
  /** Number of messages that the generated code could not decode. */
  unreadableCount = 0;
  /** Resolves with the final status of the stream. */
  readonly ended: Promise<Refused>;
  private wake: () => void = () => undefined;
  private unread: E[] = [];
  private waiters: Waiter[] = [];
  private end: Refused | undefined;

  /** @param read - decodes the events of a message. */
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
    // The status event, which always follows, has the same content.
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

  /** Takes the oldest event of a kind that was not taken yet. Rejects if the stream ends without one. */
  next<K extends E["$case"]>(kind: K): Promise<ValueOf<E, K>> {
    const at = this.unread.findIndex((event) => event.$case === kind);
    const [found] = at === -1 ? [] : this.unread.splice(at, 1);
    if (found) return Promise.resolve(found.value as ValueOf<E, K>);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { kind, resolve: resolve as Waiter["resolve"], reject };
      if (this.end) reject(this.missing(kind, this.end));
      else this.waiters.push(waiter);
    });
  }

  /** Takes `count` events of a kind. */
  async take<K extends E["$case"]>(kind: K, count: number): Promise<readonly ValueOf<E, K>[]> {
    const values: ValueOf<E, K>[] = [];
    while (values.length < count) values.push(await this.next(kind));
    return values;
  }

  /** Resolves with the next message, as received. */
  nextMessage(): Promise<Buffer> {
    return new Promise((resolve) => {
      this.wake = () => resolve(this.lastMessage);
    });
  }

  /** All events of a kind received so far, taken or not. */
  all<K extends E["$case"]>(kind: K): readonly ValueOf<E, K>[] {
    return this.events.flatMap((event) => (event.$case === kind ? [event.value as ValueOf<E, K>] : []));
  }

  /** Stops reading, so that the connection's flow-control windows fill up. */
  pause(): void {
    this.call.pause();
  }

  /** Resumes reading. */
  resume(): void {
    this.call.resume();
  }

  /** Resets the stream, as a client does when its deadline has passed or its user cancels. */
  cancel(): void {
    this.call.cancel();
  }

  private receive(event: E): void {
    this.events.push(event);
    const at = this.waiters.findIndex(({ kind }) => kind === event.$case);
    const [waiter] = at === -1 ? [] : this.waiters.splice(at, 1);
    if (waiter) waiter.resolve(event.value);
    else this.unread.push(event);
  }

  private finish(end: Refused): void {
    this.end = end;
    for (const { kind, reject } of this.waiters.splice(0)) reject(this.missing(kind, end));
  }

  private missing(kind: string, { code, reason, message }: Refused): Error {
    const latest = this.events.slice(-20).map(({ $case }) => $case);
    const received = `received ${this.events.length} events, most recently ${latest.join(", ") || "none"}`;
    return new Error(`no ${kind} before the stream ended (${code} ${reason} ${message}); ${received}`);
  }
}
