import type { Limits } from "../../core/vocabulary/limits.js";
import type { Caller } from "../../core/vocabulary/principal.js";
import type { Refusal } from "../../core/vocabulary/reason.js";
import type { ActivityLog } from "../../ports/activity.js";
import type { Clock } from "../../ports/clock.js";
import type { Runtime } from "../../ports/runtime.js";
import type { Watchdog } from "../../ports/watchdog.js";
import type { EdgeOptions } from "../options.js";
import type { DeadlineServices, MessageServices } from "../transport/call.js";
import type { SinkServices } from "../transport/call-sink.js";
import type { EntryLimits } from "../wire/entry-limits.js";
import type { RequestIds } from "../wire/ids.js";

/** Services that every RPC handler gets. */
export interface Edge extends SinkServices, MessageServices, DeadlineServices {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly activity: ActivityLog;
  readonly options: EdgeOptions & Pick<Limits, "producerBufferBytes" | "peerShare">;
  /** Ends streams whose opening messages do not arrive in time. */
  readonly opening: Watchdog;
  /** How many entries the messages of peers may have. */
  readonly entryLimits: EntryLimits;
  /**
   * Why a call is not answered because its connection has too many answers that its peer did not read; undefined if it is.
   * It is asked when the call has its turn: thousands may wait that arrived before the first of them was answered.
   */
  readonly unreadRefusalOf: (call: object) => Refusal | undefined;
  /** Who makes a call, and what they may do. It is asked once for each call, when the call begins. */
  readonly callerOf: (call: object) => Caller;
  /** Generates ids for requests without a request_id. */
  readonly requestIds: RequestIds;
}
