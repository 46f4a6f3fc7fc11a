/** A service of two raw streams, without message types: grpc-js alone. */
import type { ServiceDefinition } from "@grpc/grpc-js";

const path = (method: string) => `/bench.Broadcast/${method}`;
const identity = (bytes: Buffer) => bytes;
const raw = {
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};

/** Produce receives batches; Listen forwards them. */
export const BROADCAST = {
  produce: { path: path("Produce"), requestStream: true, responseStream: true, ...raw },
  listen: { path: path("Listen"), requestStream: false, responseStream: true, ...raw },
} as const satisfies ServiceDefinition;
