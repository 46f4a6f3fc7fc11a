import { Deadline } from "../tables/deadline-wheel.js";
import type { Instant, SessionKey } from "../vocabulary/model.js";

/** One open stream; as a deadline, its next heartbeat. */
export abstract class Session extends Deadline {
  constructor(
    readonly key: SessionKey,
    readonly openedAt: Instant,
  ) {
    super();
  }
}

/** A stream whose requester gathers results. */
export class CallerSession extends Session {
  readonly kind = "caller";
  /** Gathers that have not ended, by request_id. */
  readonly gathering = new Set<string>();
  /** Whether it will submit nothing more, so that the stream ends with its last gather. */
  isFinished = false;
}
