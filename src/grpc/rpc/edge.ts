import type { Clock } from "../../ports/clock.js";
import type { Logger } from "../../ports/logger.js";
import type { Runtime } from "../../ports/runtime.js";
import type { EdgeOptions } from "../options.js";
import type { SinkServices } from "../transport/call.js";
import type { RequestIds } from "../wire/ids.js";

/** What every RPC's handler is given. */
export interface Edge extends SinkServices {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: EdgeOptions;
  /** Mints the ids of requests whose callers give none. */
  readonly requestIds: RequestIds;
}
