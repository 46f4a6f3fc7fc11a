import { Deadline } from "../tables/deadline-wheel.js";
import type { Account } from "../tables/ledger.js";
import type { RateLimit } from "../tables/rate-limit.js";
import type { Instant, SessionKey } from "../vocabulary/model.js";

/** To which account a session is charged, and when it was admitted. */
export interface Admitted {
  readonly account: Account;
  readonly at: Instant;
}

/** One open stream. As a deadline, it is due at its next heartbeat. */
export abstract class Session extends Deadline {
  /** The account of its peer. */
  readonly account: Account;
  readonly openedAt: Instant;
  private heldBytes = 0;
  private isReleased = false;

  constructor(
    readonly key: SessionKey,
    { account, at }: Admitted,
  ) {
    super();
    this.account = account;
    this.openedAt = at;
  }

  /** Bytes that are charged for it, without its registrations. */
  get ownBytes(): number {
    return this.heldBytes;
  }

  /** Charges bytes that are released at the end of the session, unless they are released earlier; nothing after the end. */
  charge(bytes: number): void {
    if (this.isReleased) return;
    this.heldBytes += bytes;
    this.account.charge(bytes);
  }

  /** Releases bytes. */
  release(bytes: number): void {
    if (this.isReleased) return;
    this.heldBytes -= bytes;
    this.account.release(bytes);
  }

  /** Releases all bytes. Registrations are released one by one. */
  releaseAll(): void {
    this.release(this.heldBytes);
    this.isReleased = true;
  }
}

/** A stream on which a caller gathers results. */
export class CallerSession extends Session {
  readonly kind = "caller";
  /** The identities of requests whose gathers have not ended. */
  readonly gathering = new Set<string>();
  /** Whether the caller submits no more requests; the stream then ends with its last gather. */
  isFinished = false;
  /** Whether its connection reached its maximum age: its requests are rejected, and the stream ends with its last gather. */
  isAging = false;
  /** The invalid requests that it may still send. Created for the first one. */
  invalidRequests: RateLimit | undefined = undefined;
}
