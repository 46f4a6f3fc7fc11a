/** A service of two raw streams, without messages of its own: for grpc-js with nothing around it. */
import type { ServiceDefinition } from "@grpc/grpc-js";

const path = (method: string) => `/bench.Broadcast/${method}`;
const asItIs = (bytes: Buffer) => bytes;
const raw = {
  requestSerialize: asItIs,
  requestDeserialize: asItIs,
  responseSerialize: asItIs,
  responseDeserialize: asItIs,
};

/** Produce takes batches; Listen sends them on. */
export const BROADCAST = {
  produce: { path: path("Produce"), requestStream: true, responseStream: true, ...raw },
  listen: { path: path("Listen"), requestStream: false, responseStream: true, ...raw },
} as const satisfies ServiceDefinition;
