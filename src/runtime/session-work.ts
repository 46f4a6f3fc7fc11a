import type { Instant, SessionKey } from "../core/vocabulary/model.js";
import type { Arrival, InputStream, MessageInputs, TakeMessage } from "../ports/runtime.js";
import { Fifo } from "./fifo.js";

/** Memory of a waiting message beside its bytes; an estimate. */
const MESSAGE_BYTES = 512;

/** One message of a stream, or its half-close, and how far it is processed. */
export class ArrivedMessage implements Arrival {
  /** The inputs that are left; undefined before the first is read. */
  inputs: MessageInputs | undefined = undefined;
  private arrivedAt: Instant = 0;

  /** @param waitedMs - how long it was queued so far. */
  constructor(
    readonly stream: InputStream,
    private readonly byteLength: number,
    readonly take: TakeMessage,
    public waitedMs: number,
  ) {}

  /** What it counts for while it waits, in bytes. */
  get cost(): number {
    return this.byteLength + MESSAGE_BYTES;
  }

  /** Begins to wait. */
  wait(now: Instant): void {
    this.arrivedAt = now - this.waitedMs;
  }

  /** Ends the wait. */
  goOn(now: Instant): void {
    this.waitedMs = now - this.arrivedAt;
  }
}

/** What waits of one session: the continuation of a step of the core, and behind it messages in the order of arrival. */
export class SessionWork {
  readonly messages = new Fifo<ArrivedMessage>();
  /** Whether the core has left work of the session. It goes ahead of all messages. */
  needsContinue = false;
  /** Whether the session is in one of the two queues, or gets its turn right now. */
  isQueued = false;
  /** The stream whose reading is paused. */
  paused: InputStream | undefined = undefined;
  /** Bytes of the messages. */
  byteLength = 0;

  /** @param peer - key of the peer. */
  constructor(
    readonly session: SessionKey,
    readonly peer: string,
  ) {}
}
