import { Deadline } from "../tables/deadline-wheel.js";
import type { Instant, SessionKey } from "../vocabulary/model.js";

/** One open stream. As a deadline, it is due at its next heartbeat. */
export abstract class Session extends Deadline {
  constructor(
    readonly key: SessionKey,
    readonly openedAt: Instant,
  ) {
    super();
  }
}

/** A stream on which a caller gathers results. */
export class CallerSession extends Session {
  readonly kind = "caller";
  /** Requests whose gathers have not ended, by request_id. */
  readonly gathering = new Set<string>();
  /** Whether the caller submits no more requests; the stream then ends with its last gather. */
  isFinished = false;
  /** Whether its connection reached its maximum age: its requests are rejected, and the stream ends with its last gather. */
  isAging = false;
}
