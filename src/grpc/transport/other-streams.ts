/**
 * Counts the streams that are no sessions of the core, because libraries handle them or they only watch. Each costs about as
 * much as a session, so they count as sessions of their peer, and of all peers.
 */
import { STREAM_BYTES } from "../../core/vocabulary/held-bytes.js";
import type { Refusal } from "../../core/vocabulary/reason.js";
import type { Runtime } from "../../ports/runtime.js";
import type { PeerConnection } from "./peer-connection.js";

const PATHS = new Set([
  "/ate.dispatcher.v1.IntrospectionService/Watch",
  "/grpc.health.v1.Health/Watch",
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
]);

/** Whether the streams of a method are no sessions. */
export function isOtherStream(path: string): boolean {
  return PATHS.has(path);
}

/** The open streams that are no sessions. */
export class OtherStreams {
  readonly #runtime: Pick<Runtime, "submit" | "streamRefusalOf">;
  #count = 0;

  constructor(runtime: Pick<Runtime, "submit" | "streamRefusalOf">) {
    this.#runtime = runtime;
  }

  /** Opens a stream. @returns why it may not be opened; undefined if it is open, and `close` must be called. */
  open(connection: PeerConnection): Refusal | undefined {
    const refused = connection.refusalOf(STREAM_BYTES) ?? this.#runtime.streamRefusalOf(connection.address);
    if (refused) return refused;
    connection.streamOpened();
    this.#add(1);
    return undefined;
  }

  /** A stream has closed. */
  close(connection: PeerConnection): void {
    connection.streamClosed();
    this.#add(-1);
  }

  #add(change: number): void {
    this.#count += change;
    this.#runtime.submit({ kind: "streamsCounted", count: this.#count });
  }
}
