import type { Clock } from "../../ports/clock.js";
import { EncodedStatuses } from "./encoded-statuses.js";
import { SpareBuffers } from "./spare-buffers.js";

/** Facts about the server that events carry. */
export interface EncodeFacts {
  readonly clock: Clock;
  readonly serverId: string;
  readonly heartbeatMs: number;
  readonly maxMessageBytes: number;
}

/** Facts, buffers and encoded statuses that all batches of one server share. */
export interface EncodeContext extends EncodeFacts {
  readonly spareBuffers: SpareBuffers;
  readonly statuses: EncodedStatuses;
}

/** Creates the context for the batches of one server. */
export function createEncodeContext(facts: EncodeFacts): EncodeContext {
  return { ...facts, spareBuffers: new SpareBuffers(), statuses: new EncodedStatuses() };
}
