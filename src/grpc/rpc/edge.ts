import type { Clock } from "../../ports/clock.js";
import type { Logger } from "../../ports/logger.js";
import type { Runtime } from "../../ports/runtime.js";
import type { Watchdog } from "../../ports/watchdog.js";
import type { EdgeOptions } from "../options.js";
import type { GrpcJsInternals } from "../transport/grpc-js-internals.js";
import type { RequestIds } from "../wire/ids.js";

/** What every RPC's handler is given. */
export interface Edge {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: EdgeOptions;
  /** Mints the ids of requests whose callers give none. */
  readonly requestIds: RequestIds;
  /** Watches streams that were closed for peers that do not read them to the end. */
  readonly closing: Watchdog;
  /** Access to internals of the grpc-js server and its calls. */
  readonly internals: GrpcJsInternals;
}
