import type { RequestSubmitted } from "../../src/core/vocabulary/input.js";
import { COMPLETE_ALL, NO_CONTEXT, type RequestSpec } from "../../src/core/vocabulary/model.js";

/** A request that a call submits on topic `t`; the fields given override the defaults. */
export function submitted({
  spec,
  ...fields
}: Partial<Omit<RequestSubmitted, "spec">> & {
  readonly spec?: Partial<RequestSpec>;
} = {}): RequestSubmitted {
  return {
    kind: "requestSubmitted",
    session: 1,
    correlationId: undefined,
    spec: {
      topic: "t",
      ttlMs: undefined,
      requestId: "",
      completion: COMPLETE_ALL,
      selector: undefined,
      noProducersAction: "COMPLETE",
      payload: new Uint8Array(0),
      ...spec,
    },
    digest: "",
    mintedId: "r1",
    gather: false,
    excludeListeners: false,
    validateOnly: false,
    callDeadlineAt: undefined,
    context: NO_CONTEXT,
    ...fields,
  };
}
